// Documents, with a bar that shows how far they are. Without this file the form sends one file at a
// time, and says the same. Nothing is decided here: what is too large is refused by the server too,
// which says why in its page.
"use strict";

for (const form of document.querySelectorAll("form[data-upload]")) {
  const field = form.querySelector('input[type="file"]');
  const bar = form.querySelector("progress");
  const told = form.querySelector("[data-upload-error]");
  field.multiple = true;

  const tell = (words) => {
    told.textContent = words;
    told.hidden = !words;
    bar.hidden = Boolean(words);
    if (words) form.removeAttribute("aria-busy");
  };

  const send = (file) => new Promise((done, lost) => {
    const whole = new FormData();
    // The fields come before the file: the server reads them in this order.
    for (const name of ["csrf", "kind"]) whole.append(name, form.elements[name].value);
    whole.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.total ? (100 * event.loaded) / event.total : 0;
    });
    request.addEventListener("load", () => done(request));
    request.addEventListener("error", lost);
    request.send(whole);
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // Whether it was sent already is known here, not to all forms.
    if (form.getAttribute("aria-busy") === "true") return;
    if ([...field.files].some((file) => file.size > Number(form.dataset.upload))) {
      tell(told.dataset.large);
      return;
    }
    form.setAttribute("aria-busy", "true");
    tell("");
    try {
      for (const file of field.files) {
        const answer = await send(file);
        if (answer.status >= 400) {
          const page = answer.response;
          const why = page?.querySelector('[role="alert"]') ?? page?.querySelector(".lead");
          tell(why?.textContent.trim() || told.dataset.lost);
          return;
        }
      }
      location.assign(form.dataset.page);
    } catch {
      tell(told.dataset.lost);
    }
  });
}
