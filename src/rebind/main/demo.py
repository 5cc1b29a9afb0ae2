"""The people of the demo: who they are, and how they are found again at the next start."""

import hashlib

from rebind.domain.units import DAY
from rebind.entrypoints.web.demo import DemoPerson
from rebind.flows import imports
from rebind.flows.desk import Desk, tokens

PEOPLE = (
    ("Anna", "+79161234567", "+79031112233", "anna@example.org", "ru"),
    ("Boris", "+79267654321", "+79651112233", "boris@example.org", "ru"),
    ("Clara", "+447400123456", "+447400654321", "clara@example.org", "en"),
)
"""(name, first number, number to change to, e-mail, language)."""


def _id(what: str, name: str) -> bytes:
    """An id that stays the same from start to start, so that the demo finds its people again."""
    return hashlib.blake2b(f"demo {what} {name}".encode(), digest_size=16).digest()


async def bring_in(desk: Desk) -> None:
    """Bring in who is not there yet, with accounts that are a year old."""
    for name, number, _other, email, locale in PEOPLE:
        if await imports.number_of(desk, _id("account", name)) is None:
            await imports.bring_in(
                desk,
                imports.Person(
                    number=number,
                    locale=locale,
                    since=desk.clock.now() - 365 * DAY,
                    emails=(email,),
                    with_device=True,
                    account_id=_id("account", name),
                    device_id=_id("device", name),
                ),
            )


async def people(desk: Desk) -> list[DemoPerson]:
    found = []
    for name, first, other, email, _locale in PEOPLE:
        number = await imports.number_of(desk, _id("account", name))
        if number is not None:
            device = tokens.device_key(desk.seal, _id("device", name))
            away = other if number == first else first
            found.append(DemoPerson(name, number, away, email, device))
    return found
