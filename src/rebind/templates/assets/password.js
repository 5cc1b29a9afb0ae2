// How strong a password looks while it is typed. The server measures it, which knows the words that
// are expected of this person, and refuses what must not be one; here it is only shown. What is
// typed goes to the server of this page and nowhere else, and the page does without this file.
"use strict";

{
  const PAUSE_MS = 300; // Until somebody stops typing: a mark takes the server up to 0.07 s.

  for (const told of document.querySelectorAll("[data-strength]")) {
    const meter = told.querySelector("meter");
    const word = told.querySelector("[role=status]");
    const words = told.dataset.words.split("|");
    const form = told.closest("form");
    const field = form.elements.new_password;
    let asked = null;
    let timer = 0;

    const show = (mark) => {
      meter.value = mark ?? 0;
      word.textContent = mark === null ? "" : words[mark];
    };

    const ask = async () => {
      asked = new AbortController();
      const { signal } = asked;
      const csrf = form.elements.csrf.value;
      const body = new URLSearchParams({ csrf, new_password: field.value });
      try {
        const answer = await fetch(told.dataset.strength, { method: "POST", body, signal });
        const { strength } = await answer.json();
        if (!signal.aborted) show(strength);
      } catch {
        // Away, busy, or asked anew: the form itself will tell.
      }
    };

    field.addEventListener("input", () => {
      clearTimeout(timer);
      asked?.abort();
      if (field.value) timer = setTimeout(ask, PAUSE_MS);
      else show(null);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      asked?.abort();
    });
  }
}
