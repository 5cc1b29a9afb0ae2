// What makes pages more pleasant where scripts run. Every page does all it does without this file;
// nothing here decides anything. Numbers are read by the server (/phone-hint), never here.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// --- A form is sent once, however often somebody presses

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
});
// A page that comes back from the browser's memory is a fresh one.
addEventListener("pageshow", () => {
  for (const form of all("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// --- Codes: digits only; sent by itself when it is the only thing to type (the page says so)

const codes = all("input[data-code]");

function tidy(field) {
  const digits = field.value.replace(/\D/g, "").slice(0, Number(field.dataset.code));
  if (digits !== field.value) field.value = digits;
  return digits.length === Number(field.dataset.code);
}

for (const field of codes) {
  field.addEventListener("input", () => {
    if (tidy(field) && "alone" in field.dataset) field.form.requestSubmit();
  });
}

// --- Codes that the browser reads from the SMS itself (WebOTP)

const texted = codes.filter((field) => "sms" in field.dataset);

if (texted.length && "OTPCredential" in window) {
  const stop = new AbortController();
  document.addEventListener("submit", () => stop.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: stop.signal })
    .then((message) => {
      const here = texted.includes(document.activeElement) ? document.activeElement : texted[0];
      const field = here.value ? texted.find((one) => !one.value) : here;
      if (!message || !field) return;
      field.value = message.code;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    })
    .catch(() => {}); // Nobody allowed it, or the page was left: one types, as everywhere else.
}

// --- Passwords: shown to whoever asks, and masked again before they are sent

for (const button of all("button[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false));
}

// --- Passkeys: not offered where the browser has none (passkeys.js uses them)

if (!("PublicKeyCredential" in window)) {
  for (const each of all("[data-needs-passkeys]")) each.hidden = true;
}

// --- Until the next code can be sent

const root = document.documentElement;
const opened = Date.now();
const server = Number(root.dataset.now);
const now = () => server + Date.now() - opened; // The clock here may be wrong, its pace is not.

const herald = document.createElement("p");
herald.className = "unseen";
herald.setAttribute("role", "status");
document.body.append(herald);

for (const button of all("button[data-again]")) {
  const told = button.parentElement.querySelector("[data-countdown]");
  const again = Number(button.dataset.again);
  button.disabled = true;
  const tick = () => {
    const left = Math.ceil((again - now()) / 1000);
    if (left > 0 && button.disabled) {
      const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      told.textContent = told.dataset.countdown.replace("{time}", clock);
      setTimeout(tick, 1000 - (now() % 1000));
      return;
    }
    button.disabled = false;
    told.textContent = "";
    herald.textContent = told.dataset.free;
  };
  if (told) tick();
}

// --- A number: easier to read while it is typed, and how the server reads it

function spaced(typed) {
  const digits = typed.replace(/\D/g, "");
  if (!typed.trim().startsWith("+") || !digits) return typed;
  if (digits[0] === "7") {
    const [, a, b, c, d] = digits.match(/^7(\d{0,3})(\d{0,3})(\d{0,2})(\d*)/);
    return `+7${a && ` ${a}`}${b && ` ${b}`}${c && `-${c}`}${d && `-${d}`}`;
  }
  return `+${digits.slice(0, 2)} ${digits.slice(2).replace(/(\d{3})(?=\d{2})/g, "$1 ")}`.trim();
}

for (const field of all("input[data-phone]")) {
  const hint = document.getElementById(`${field.id}-hint`);
  const first = hint.textContent;
  const end = field.value.length;
  if (document.activeElement === field) field.setSelectionRange(end, end);
  let asked = null;
  let timer = 0;

  const ask = async (final) => {
    asked?.abort();
    if (field.value.replace(/\D/g, "").length < 5) {
      hint.textContent = first;
      return;
    }
    asked = new AbortController();
    try {
      const address = `/phone-hint?number=${encodeURIComponent(field.value)}`;
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok) return;
      const read = await answer.json();
      if (read.shown) hint.textContent = `${read.shown} · ${read.country}`;
      // Whoever is still typing has made no mistake yet.
      else hint.textContent = (final && read.error) || first;
    } catch {
      // Away, or asked anew: the form itself will tell.
    }
  };

  field.addEventListener("input", (event) => {
    const atEnd = field.selectionStart === field.value.length;
    if (atEnd && !String(event.inputType).startsWith("delete")) field.value = spaced(field.value);
    clearTimeout(timer);
    timer = setTimeout(ask, 250, false);
  });
  field.addEventListener("change", () => {
    clearTimeout(timer);
    ask(true);
  });
}

// --- Where too much was asked, work buys the next try (SHA-256, about a second)

const ROUND = new Uint32Array(64);
const START = new Uint32Array(8);
for (let prime = 2, found = 0; found < 64; prime += 1) {
  let whole = true;
  for (let by = 2; by * by <= prime; by += 1) whole &&= prime % by !== 0;
  if (!whole) continue;
  if (found < 8) START[found] = (Math.sqrt(prime) % 1) * 2 ** 32;
  ROUND[found] = (Math.cbrt(prime) % 1) * 2 ** 32;
  found += 1;
}

const turn = (x, by) => (x >>> by) | (x << (32 - by));

// The first word of the digest: the work never asks for more than 32 bits.
function digest(text) {
  const bytes = new TextEncoder().encode(text);
  const blocks = (bytes.length + 72) >> 6;
  const view = new DataView(new ArrayBuffer(blocks * 64));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(bytes.length, 128);
  view.setUint32(blocks * 64 - 4, bytes.length * 8);
  const state = START.slice();
  const w = new Uint32Array(64);
  for (let block = 0; block < blocks; block += 1) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      if (i < 16) w[i] = view.getUint32(block * 64 + i * 4);
      else {
        const x = w[i - 15];
        const y = w[i - 2];
        w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3));
        w[i] += w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
      }
      const s = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
  }
  return state[0];
}

for (const told of all("[data-work]")) {
  const { work, bits, done } = told.dataset;
  told.classList.add("begun");
  let nonce = 0;
  const some = () => {
    for (const until = nonce + 2000; nonce < until; nonce += 1) {
      if (digest(`${work}:${nonce}`) >>> (32 - Number(bits))) continue;
      for (const field of all('input[name="work"]')) field.value = `${work}.${nonce}`;
      for (const button of all("button[data-again]")) button.disabled = false;
      told.textContent = done;
      return;
    }
    setTimeout(some); // The page stays alive in between.
  };
  some();
}

// --- Moments: the reader's own clock, beside what the page says

for (const time of all("time[datetime]")) {
  const options = { dateStyle: "long", timeStyle: "short" };
  const here = new Date(time.dateTime).toLocaleString(root.lang, options);
  time.title = here;
}
