// The page that shows recovery codes once: printing it, and saving them without leaving it.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}

// What answers such a form is a file: the page stays, and the button may be pressed again.
for (const form of document.querySelectorAll("form[data-stays]")) {
  form.addEventListener("submit", () => setTimeout(() => form.removeAttribute("aria-busy"), 1000));
}
