"""Sample contexts of the pages of passwords, as `samples.py` lists them with all others.

For: tests and pictures. Refuses nothing; it is data. The structs have the fields of the views of
`flows.passwords`, which templates may not import. Neighbour: `samples.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain.units import DAY, Ms
from rebind.templates.pages.views import Form

_PATH = "/security/password"
_PERMIT = "0f" * 16


class Password(msgspec.Struct, frozen=True):
    """As `flows.passwords.PasswordView`."""

    set_at: Ms | None = None
    alone: bool = False
    young_until: Ms | None = None


class Choosing(msgspec.Struct, frozen=True):
    """As `flows.passwords.Choosing`."""

    number: str = "+79161234567"
    words: tuple[str, ...] = ("Rebind", "+79161234567", "anna@example.org")
    characters_min: int = 15
    characters_max: int = 128
    with_second_factor: bool = False
    changes: bool = False


def all_samples(account: object, now: Ms) -> Iterator[tuple[str, str, str, bool, dict[str, Any]]]:
    """The fields of each `Sample`."""
    refused = Form({}, {"": "First confirm that it is you."})
    plain: dict[str, Any] = {"account": account, "done": None, "form": Form()}
    for name, password, more in (
        ("none", Password(), {}),
        ("set", Password(now, True, now + 7 * DAY), {"done": "set"}),
        ("short", Password(now - 90 * DAY), {"form": refused}),
        ("removed", Password(), {"done": "removed"}),
    ):
        yield "security/password", name, _PATH, True, {**plain, "password": password, **more}
    permit = {"permit": _PERMIT}
    wrong = Form(permit, {"new_password": "This password is too short."})
    for name, choosing, form in (
        ("first", Choosing(), Form(permit)),
        ("short", Choosing(characters_min=8, with_second_factor=True, changes=True), wrong),
    ):
        given = {"account": account, "choosing": choosing, "form": form}
        yield "security/password_new", name, f"{_PATH}?permit={_PERMIT}", True, given
