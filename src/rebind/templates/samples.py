"""One sample, and more where wording differs, of every message and channel.

For: the tests, which render each in each language, and whoever wants to see them side by side.
Refuses nothing; it is data. A new message is not done before it stands here: a test compares this
list with the folders in `messages/`. Neighbour: `words.py`.
"""

from collections.abc import Iterator

import msgspec

_BASE = {"service": "Rebind", "domain": "example.com"}
_WHEN = {"when": "1764000000000"}
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
    "undo.code_current",
    "undo.code_email",
    "close.code_current",
    "close.code_email",
    "another.code_current",
)


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
    for channel, role in (("sms", "old"), ("sms", "new"), ("mail", "mail")):
        yield Sample("number_changed", channel, role, _BASE | _WHEN | _MASKED | {"role": role})
