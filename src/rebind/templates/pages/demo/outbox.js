// New messages appear on top by themselves, and codes are copied by a press. The page is whole
// without this file: it then loads itself anew. Nothing is made of strings here: what is new is
// taken from the page as the server renders it.
const EVERY_MS = 1000;
const list = document.querySelector("[data-newest]");
const live = document.querySelector("[data-live]");
const herald = document.querySelector("[data-herald]");
const waiting = live.textContent;
const title = document.title;
let newest = Number(list.dataset.newest);
let unread = 0;
let lost = false;

document.documentElement.classList.add("scripted");
live.hidden = false;

function say(isLost) {
  if (isLost === lost) return;
  lost = isLost;
  live.textContent = lost ? live.dataset.lost : waiting;
  live.parentElement.classList.toggle("lost", lost);
}

const address = (path) => {
  const query = new URLSearchParams(location.search);
  query.set("after", newest);
  return `${path}?${query}`;
};

// What arrived after the newest one, as the server shows it.
async function arrived() {
  const answer = await fetch(address("/demo/outbox"), { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  newest = Number(page.querySelector("[data-newest]").dataset.newest);
  return [...page.querySelectorAll("[data-serial]")].map((one) => document.importNode(one, true));
}

function show(messages) {
  const first = list.querySelector("[data-serial]");
  const before = first?.getBoundingClientRect().top;
  list.querySelector(".none")?.remove();
  for (const one of messages) one.classList.add("new");
  list.prepend(...messages); // Newest first already.
  slide(first, before, messages.length);
  const words = messages.map((one) => one.querySelector(".words").innerText).reverse();
  herald.textContent = words.join("; ");
  if (document.hidden) {
    unread += messages.length;
    document.title = `(${unread}) ${title}`;
  }
}

// What was there glides to its new place; whoever has scrolled keeps what they read where it is.
function slide(first, before, amount) {
  if (!first) return;
  const by = first.getBoundingClientRect().top - before;
  if (scrollY > 0) {
    if (!CSS.supports("overflow-anchor", "auto")) scrollBy(0, by);
    return;
  }
  if (!by || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const one of [...list.children].slice(amount, amount + 20)) {
    one.animate([{ transform: `translateY(${-by}px)` }, { transform: "none" }], {
      duration: 240,
      easing: "ease-out",
    });
  }
}

async function look() {
  try {
    const answer = await fetch(address("/demo/outbox.json"), { cache: "no-store" });
    if (!answer.ok) throw new Error("no answer");
    // Another start of the demo, another outbox.
    if (lost) location.reload();
    if ((await answer.json()).length) show(await arrived());
  } catch {
    say(true);
  }
  setTimeout(look, EVERY_MS);
}
setTimeout(look, EVERY_MS);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = title;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.firstChild.data;
  if (before === button.dataset.copied) return;
  button.firstChild.data = button.dataset.copied;
  setTimeout(() => { button.firstChild.data = before; }, 1500);
});
