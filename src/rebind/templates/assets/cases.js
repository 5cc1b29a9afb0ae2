// One case in the console. Everything can be done without this file: a prepared answer is a link
// that loads the page with its text, keeping a case is a button.
//
//   [data-macro="…"]   a link: its text goes into the box of the answer
//   [data-lock]        a form: sent by itself when somebody begins to write
"use strict";

{
  const box = document.getElementById("answer-message");

  for (const link of document.querySelectorAll("[data-macro]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const written = box.value.trim();
      box.value = written ? `${written}\n\n${link.dataset.macro}` : link.dataset.macro;
      box.focus();
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  const form = document.querySelector("[data-lock]");
  const button = form?.querySelector("[data-keep]");

  async function keep() {
    box.removeEventListener("input", keep);
    button.hidden = true;
    let kept = false;
    try {
      // The answer leads back to the page, which is open already: nobody follows it.
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
      kept = answer.type === "opaqueredirect";
    } catch {
      // Nobody was reached: it is said below, and the button is still there after loading anew.
    }
    form.querySelector(kept ? "[data-locked]" : "[data-unlocked]").hidden = false;
  }
  if (box && button) box.addEventListener("input", keep);
}
