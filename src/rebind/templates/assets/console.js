// The console by the keyboard. Everything can be reached without this file; nothing here decides
// anything. Keys are read by their place on the keyboard, so that they are the same in Russian.
//
//   [data-go="o"]    a link: `g`, then that key, goes there
//   [data-find]      a field: `/` goes into it
//   [data-rows]      a list or table: `j` and `k` move over its first links, Enter opens
//   [data-key="a"]   a field: that key goes into it
//   [data-keys]      a button: opens and closes the list of keys, as `?` does
"use strict";

{
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const dialog = document.getElementById("keys");
  let going = 0;

  const typing = (element) =>
    element.isContentEditable || /^(input|select|textarea)$/i.test(element.tagName);

  function toggle() {
    if (dialog?.open) dialog.close();
    else dialog?.showModal();
  }
  for (const button of every("[data-keys]")) button.addEventListener("click", toggle);

  function step(by) {
    const links = every("[data-rows] :is(tbody tr, li)")
      .map((row) => row.querySelector("a"))
      .filter(Boolean);
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const key = event.code.replace(/^Key/, "").toLowerCase();
    if (going && event.timeStamp - going < 1500) {
      going = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (key === "g") going = event.timeStamp;
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "slash" && event.shiftKey) toggle();
    else {
      const wanted = key === "slash" ? "[data-find]" : `[data-key="${CSS.escape(key)}"]`;
      const field = document.querySelector(wanted);
      if (!field) return;
      event.preventDefault();
      field.focus();
      if (key === "slash") field.select();
    }
  });
}
