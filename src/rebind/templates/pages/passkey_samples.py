"""Sample contexts of the pages of passkeys, as `samples.py` lists them with all others.

For: tests and pictures. Refuses nothing; it is data. The structs have the fields of the views of
`flows.passkeys`, which templates may not import. Neighbour: `samples.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.templates.pages.views import Form

_PATH = "/security/passkeys"
_PERMIT = "0f" * 16
_SIGNAL = {"rpId": "example.com", "userId": "AAAA", "allAcceptedCredentialIds": [], "name": "+7"}
_OPTIONS = {"challenge": "AAAA", "user": {"id": "AAAA"}, "excludeCredentials": []}


class Passkey(msgspec.Struct, frozen=True):
    """As `flows.passkeys.PasskeyView`."""

    id: Id
    name: str
    set_at: Ms
    used_at: Ms | None = None
    backed_up: bool = False
    young_until: Ms | None = None


def all_samples(account: object, now: Ms) -> Iterator[tuple[str, str, str, bool, dict[str, Any]]]:
    """The fields of each `Sample`."""
    old = Passkey(b"\1" * 16, "iPhone", now - 90 * DAY, now - HOUR, backed_up=True)
    new = Passkey(b"\2" * 16, "Chrome, Windows", now - HOUR, young_until=now + 7 * DAY)
    long = Passkey(b"\3" * 16, "W" * 40 + " & <b>" + "i" * 18, now - 9 * DAY)
    plain: dict[str, Any] = {
        "account": account,
        "passkeys": (),
        "full": False,
        "signal": _SIGNAL,
        "done": None,
        "form": Form(),
    }
    refused = Form({}, {"": "Your password is too short to stand alone."})
    for name, more in (
        ("none", {}),
        ("added", {"passkeys": (old, new), "done": "added"}),
        ("removed", {"passkeys": (new,), "done": "removed"}),
        ("refused", {"passkeys": (old, long), "form": refused}),
        ("full", {"passkeys": (old,), "full": True}),
    ):
        yield "security/passkeys", name, _PATH, True, {**plain, **more}
    blank = {"permit": _PERMIT, "name": ""}
    wrong = Form({**blank, "name": "Telephone"}, {"": "This passkey could not be taken."})
    for name, form in (("", Form(blank)), ("refused", wrong)):
        given = {"account": account, "form": form, "options": _OPTIONS}
        yield "security/passkey_new", name, f"{_PATH}/new?permit={_PERMIT}", True, given
