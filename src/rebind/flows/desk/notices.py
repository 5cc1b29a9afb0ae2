"""Notices: an act that matters is told to every address of the account (invariant 6): the old
number, the new number, every e-mail, and whatever was removed in the last 30 days."""

import msgspec

from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk.codes import parcel
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.dossier import Dossier
from rebind.store import accounts
from rebind.store.outbox import Lane, Parcel

_TRY_FOR = 3 * DAY
"""A notice that could not be delivered for three days is given up, into the dead letters."""


class Addressee(msgspec.Struct, frozen=True):
    """One address to be told. `role` chooses the wording."""

    channel: str
    address: str
    address_key: bytes
    role: str


def mailboxes(desk: Desk, dossier: Dossier) -> list[Addressee]:
    """Every e-mail of the account, those removed lately included, each address once."""
    found = {}
    for email in dossier.emails:
        address = desk.seal.unseal("emails.address", email.id, email.address_sealed)
        found[email.address_key] = Addressee("mail", address, email.address_key, "mail")
    return list(found.values())


def former_numbers(desk: Desk, dossier: Dossier, besides: set[bytes]) -> list[Addressee]:
    """Numbers released in the last 30 days, but for those in `besides`, each once."""
    found = {}
    for old in dossier.released:
        if old.number_key in besides:
            continue
        place = accounts.place_of(old.account_id, old.version)
        number = desk.seal.unseal("bindings.number", place, old.number_sealed)
        found[old.number_key] = Addressee("sms", number, old.number_key, "old")
    return list(found.values())


def parcels(
    desk: Desk,
    message: str,
    addressees: list[Addressee],
    locale: str,
    params: dict[str, str],
    account_id: Id,
    request_id: Id,
    now: Ms,
) -> list[Parcel]:
    """The outbox rows of one notice to all these addresses."""
    return [
        parcel(
            desk,
            lane=Lane.NOTICE,
            message=message,
            channel=to.channel,
            to=to.address,
            address_key=to.address_key,
            locale=locale,
            params={**params, "role": to.role},
            account_id=account_id,
            request_id=request_id,
            now=now,
            expires_at=now + _TRY_FOR,
        )
        for to in addressees
    ]
