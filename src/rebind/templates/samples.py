"""One sample, and more where wording differs, of every message and channel.

For: the tests, which render each in each language, and whoever wants to see them side by side.
Refuses nothing; it is data. A new message is not done before it stands here: a test compares this
list with the folders in `messages/`. Neighbour: `words.py`.
"""

from collections.abc import Iterator

import msgspec

_BASE = {"service": "Rebind", "domain": "example.com", "site": "https://example.com"}
_WHEN = {"when": "1764000000000"}
_UNTIL = {"until": "1764259200000"}
_STOP = {"stop": "AZqrPF1-fxCSNFZ4mrze8AFp3Kq0_TnXaLrW5yHc7Zb_"}
_UNDO = {"undo": "AZqrQ0c-d2mTkHs9vBxY1wHuR8f_YsKtM6zQjGdVbNh-"}
_REQUEST = {"request": "019aab3c5d7e7f10923456789abcdef0"}
_MASKED = {"old_masked": "+7•••••••••67", "new_masked": "+7•••••••••01"}

PURPOSES = (
    "enrol.code_new",
    "sign_in.code_current",
    "sign_in.code_email",
    "change.code_new",
    "change.code_current",
    "change.code_email",
    "recover.code_new",
    "recover.code_email",
    "claim.code_new",
    "claim.code_current",
    "handover.code_new",
    "handover.code_current",
    "handover.code_email",
    "undo.code_new",
    "undo.code_email",
    "case.code_contact",
    "case.code_new",
    "close.code_current",
    "close.code_email",
    "reauthenticate.code_new",
    "reauthenticate.code_current",
    "reauthenticate.code_email",
    "another.code_current",
)


TEXT = "Good day.\n\nPlease send us the page of your passport with the photograph."

TOLD = {
    "data_exported": "",
    "email_added": "a•••@example.org",
    "email_removed": "a•••@example.org",
    "passkey_added": "iPhone",
    "passkey_removed": "iPhone",
    "password_set": "",
    "password_removed": "",
    "recovery_codes_made": "",
    "recovery_code_used": "9",
    "sms_suspended": "",
    "request_resumed": "+7•••••••••33",
    "sms_restored": "",
    "totp_set": "",
    "totp_removed": "",
}
"""Acts that every address is told of, each with what it is about."""


class Sample(msgspec.Struct, frozen=True):
    """One message as a flow would ask for it. `name` says what is special about it."""

    message: str
    channel: str
    name: str
    params: dict[str, str]


def all_samples() -> Iterator[Sample]:
    """Every message × channel × wording."""
    for channel in ("sms", "mail"):
        for purpose in PURPOSES:
            params = {"code": "012345", "purpose": purpose, "minutes": "10"}
            yield Sample("code", channel, purpose, _BASE | params)
        for device in ("Chrome, Windows", ""):
            params = {"device": device}
            yield Sample("new_sign_in", channel, device, _BASE | _WHEN | params)
        for device in ("Chrome, Windows", ""):
            params = {"device": device, "role": "current" if channel == "sms" else "mail"}
            yield Sample("account_unlocked", channel, device, _BASE | _WHEN | params)
        for act, what in TOLD.items():
            params = {"act": act, "what": what, "role": "current" if channel == "sms" else "mail"}
            yield Sample("security_changed", channel, act, _BASE | _WHEN | params)
        case = _BASE | {"reference": "7K3M9-QXF2T", "case": _STOP["stop"], "reply": ""}
        for reply in ("", "ae4wq"):
            by_day = {"answer_by": "2026-01-14", "reply_by": "2026-01-14", "reply": reply}
            yield Sample("case_opened", channel, reply, case | by_day)
            yield Sample("case_answered", channel, reply, case | by_day | {"text": TEXT})
        if channel == "mail":
            draft = {"draft": _STOP["stop"], "reference": case["reference"]}
            yield Sample("case_drafted", channel, "", _BASE | _UNTIL | draft)
        yield Sample("case_answered", channel, "done", case | {"reply_by": "", "text": TEXT})
    for channel, role in (("sms", "new"), ("mail", "mail")):
        yield Sample("change_refused", channel, role, _BASE | _REQUEST | {"role": role})
    for channel, role in (("sms", "old"), ("sms", "new"), ("mail", "mail")):
        base = _BASE | _WHEN | _MASKED | _UNTIL | {"role": role}
        for message, name, params in _of_a_change():
            yield Sample(message, channel, f"{role}{name}", base | params)


def _of_a_change() -> Iterator[tuple[str, str, dict[str, str]]]:
    """What every address of an account is told of a change. The links are given for every role:
    leaving one out is the message's own affair."""
    for name, stop in (("", _STOP), (" without a link", {"stop": ""})):
        yield "change_begun", name, stop
        yield "recover_begun", name, stop
        yield "change_waiting", name, stop | {"again": ""}
        yield "change_waiting", f"{name} again", stop | {"again": "1"}
        yield "change_ready", name, stop | _REQUEST
        yield "account_closing", name, stop
    yield "account_closed", "", {}
    for why in ("", "number"):
        yield "account_kept", why, {"why": why}
    for why in ("", "late", "taken", "cancelled"):
        yield "change_ended", why, {"why": why}
    yield "change_stopped", "", {}
    for name, again in (("", {"again": ""}), (" again", {"again": "1"})):
        yield "number_changed", name, again | _UNDO
        yield "number_changed", f"{name} without a link", again | {"undo": "", "until": ""}
        yield "number_returned", name, again
        yield "number_returned", f"{name} with another way in", again | {"until": ""}
        yield "account_frozen", name, again | {"until": ""}
