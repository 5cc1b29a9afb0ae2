"""Sample contexts of the pages of the authenticator app and recovery codes, as `samples.py` lists
them with all others.

For: tests and pictures. Refuses nothing; it is data. The structs have the fields of the views of
`flows.totp` and `flows.recovery_codes`, which templates may not import. Neighbour: `samples.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain import recovery_codes, totp
from rebind.domain.units import DAY, Ms
from rebind.templates.pages.views import Form
from rebind.templates.qr import qr_address

_TOTP, _CODES = "/security/totp", "/security/recovery-codes"
_PERMIT = "0f" * 16
_SECRET = totp.secret(bytes(range(20)))


class Totp(msgspec.Struct, frozen=True):
    """As `flows.totp.TotpView`."""

    set_at: Ms | None = None
    young_until: Ms | None = None


class Setup(msgspec.Struct, frozen=True):
    """As `flows.totp.Setup`."""

    secret: str = _SECRET
    grouped: str = totp.grouped(_SECRET)
    uri: str = totp.uri(_SECRET, "Rebind", "+7…67")
    replaces: bool = False


class Codes(msgspec.Struct, frozen=True):
    """As `flows.recovery_codes.RecoveryCodesView`."""

    left: int = 0
    made_at: Ms | None = None
    of_use: bool = False


_Fields = tuple[str, str, str, bool, dict[str, Any]]


def all_samples(account: object, now: Ms) -> Iterator[_Fields]:
    """The fields of each `Sample`."""
    refused = Form({}, {"": "First confirm that it is you."})
    yield from _totp(account, refused, now)
    yield from _codes(account, refused, now)


def _totp(account: object, refused: Form, now: Ms) -> Iterator[_Fields]:
    plain: dict[str, Any] = {"account": account, "setup": None, "qr": "", "done": None}
    for name, shown, done, form in (
        ("none", Totp(), None, Form()),
        ("set", Totp(now, now + 7 * DAY), "set", Form()),
        ("old", Totp(now - 90 * DAY), None, refused),
        ("removed", Totp(), "removed", Form()),
    ):
        given = {**plain, "totp": shown, "done": done, "form": form}
        yield "security/totp", name, _TOTP, True, given
    fields = {"permit": _PERMIT, "end_others": "yes"}
    wrong = Form(fields, {"code": "The code of the app does not match."})
    for name, setup, form in (
        ("new", Setup(), Form(fields)),
        ("wrong", Setup(replaces=True), wrong),
    ):
        given = {**plain, "setup": setup, "qr": qr_address(setup.uri), "form": form}
        yield "security/totp", name, f"{_TOTP}?permit={_PERMIT}", True, given


def _codes(account: object, refused: Form, now: Ms) -> Iterator[_Fields]:
    plain: dict[str, Any] = {"account": account, "codes": (), "form": Form()}
    for name, found, form in (
        ("useless", Codes(), refused),
        ("none", Codes(of_use=True), Form()),
        ("left", Codes(7, now - 90 * DAY, True), Form()),
    ):
        given = {**plain, "found": found, "form": form}
        yield "security/recovery_codes", name, _CODES, True, given
    permit = Form({"permit": _PERMIT})
    for name, found in (("first", Codes(of_use=True)), ("again", Codes(3, now, True))):
        given = {**plain, "found": found, "form": permit}
        yield "security/recovery_codes", name, f"{_CODES}?permit={_PERMIT}", True, given
    made = [recovery_codes.made(bytes([n]) * 16) for n in range(1, recovery_codes.CODES + 1)]
    shown = {**plain, "codes": tuple(map(recovery_codes.grouped, made))}
    yield "security/recovery_codes", "made", _CODES, True, shown
