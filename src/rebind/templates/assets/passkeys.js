// Passkeys: between a form and the browser (WebAuthn Level 3). The server says in `data-options`
// what it wants; what the browser answers goes into the form's hidden field, and the form is sent
// like any other. Nothing here decides anything, and no page but those of passkeys loads it.
//
//   form[data-passkey="create" | "get" | "conditional"][data-options]
//     makes one, uses one; "conditional" also offers them where fields are filled in by themselves
//     (autocomplete="username webauthn").
//   input[type=hidden][data-answer], or named "answer", inside that form: takes the answer.
//   [data-passkey-error][hidden][data-cancelled][data-impossible][data-known], inside or outside:
//     tells what went wrong, in the words of its attributes (data-known: it is there already).
//   [data-needs-passkeys]: hidden where the browser has none.
//   [data-signal]: what whoever keeps passkeys may be told about them (5.1.10).
"use strict";

{
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const can = "PublicKeyCredential" in window && "credentials" in navigator;

  // --- Bytes and base64url, where the browser leaves that to us

  const bytes = (text) => {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
  };
  const text = (buffer) => {
    const raw = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return raw.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));

  function creation(said) {
    if (PublicKeyCredential.parseCreationOptionsFromJSON) {
      return PublicKeyCredential.parseCreationOptionsFromJSON(said);
    }
    return {
      ...said,
      challenge: bytes(said.challenge),
      user: { ...said.user, id: bytes(said.user.id) },
      excludeCredentials: named(said.excludeCredentials),
    };
  }

  function request(said) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) {
      return PublicKeyCredential.parseRequestOptionsFromJSON(said);
    }
    return {
      ...said,
      challenge: bytes(said.challenge),
      allowCredentials: named(said.allowCredentials),
    };
  }

  const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature",
    "userHandle"];

  function written(credential) {
    try {
      return JSON.stringify(credential.toJSON());
    } catch {
      // An older browser, or a password manager that stands in for it and has half of it.
      const { id, rawId, type, response } = credential;
      const said = {};
      for (const part of PARTS) if (response[part]) said[part] = text(response[part]);
      if (response.getTransports) said.transports = response.getTransports();
      return JSON.stringify({ id, rawId: text(rawId), type, response: said });
    }
  }

  // --- Asking; one question at a time, and the one that nobody sees gives way

  let waiting = null;

  function ask(form, mediation) {
    waiting?.abort();
    waiting = new AbortController();
    const said = JSON.parse(form.dataset.options);
    const { signal } = waiting;
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: creation(said), signal });
    }
    return navigator.credentials.get({ publicKey: request(said), signal, mediation });
  }

  const answer = (form) => form.querySelector("input[data-answer], input[name=answer]");

  function send(form, credential, button) {
    answer(form).value = written(credential);
    form.removeAttribute("aria-busy"); // app.js holds back what is sent twice; this is the once.
    form.requestSubmit(button);
  }

  function tell(form, wrong) {
    const told = form.querySelector("[data-passkey-error]")
      ?? document.querySelector("[data-passkey-error]");
    form.removeAttribute("aria-busy");
    if (!told) return;
    const { cancelled, impossible, known } = told.dataset;
    told.textContent = "";
    told.hidden = false;
    // Filled in after it is seen, so that it is read out the second time too.
    requestAnimationFrame(() => {
      if (wrong === "NotAllowedError" || wrong === "AbortError") told.textContent = cancelled;
      else told.textContent = (wrong === "InvalidStateError" && known) || impossible;
    });
  }

  for (const form of every("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      if (answer(form).value || form.getAttribute("aria-busy") === "true") return;
      event.preventDefault();
      const button = event.submitter;
      try {
        if (!can) throw new DOMException("", "NotSupportedError");
        // Asked before anything is awaited: some browsers only listen to a hand on the button.
        send(form, await ask(form), button);
      } catch (error) {
        // Not before app.js has marked the form, for the mark is taken off again here.
        setTimeout(() => tell(form, error.name));
      }
    });
  }
  // A page that comes back from the browser's memory asks anew.
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of every("form[data-passkey]")) answer(form).value = "";
  });

  // --- Offered beside what the browser fills in

  async function offer(form) {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    try {
      send(form, await ask(form, "conditional"));
    } catch {
      // Nobody chose one, or somebody pressed a button instead.
    }
  }

  // --- What whoever keeps the passkeys may be told

  async function signal(said) {
    const { kind, rpId, userId, credentialId } = said;
    const all = said.allAcceptedCredentialIds;
    const calls = {
      AllAcceptedCredentials: all && { rpId, userId, allAcceptedCredentialIds: all },
      CurrentUserDetails: said.name !== undefined
        && { rpId, userId, name: said.name, displayName: said.displayName ?? said.name },
      UnknownCredential: credentialId && { rpId, credentialId },
    };
    for (const [name, about] of Object.entries(calls)) {
      if (!about || (kind && kind.toLowerCase() !== name.toLowerCase())) continue;
      try {
        await PublicKeyCredential[`signal${name}`]?.(about);
      } catch {
        // They do without it.
      }
    }
  }

  if (can) {
    for (const form of every('form[data-passkey="conditional"]').slice(0, 1)) offer(form);
    for (const told of every("[data-signal]")) signal(JSON.parse(told.dataset.signal));
  } else {
    for (const each of every("[data-needs-passkeys]")) each.hidden = true;
  }
}
