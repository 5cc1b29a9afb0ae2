"""imports: accounts that an administrator brings in, with evidence `imported`.

Used by `rebind accounts import` and by the demo. A number that is
bound already is refused like everywhere else.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act, Door, Line
from rebind.domain.refusals import Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Desk
from rebind.store import accounts, devices, emails, numbers
from rebind.store.statements import Write

IMPORTED = "imported"


class Person(msgspec.Struct, frozen=True):
    """Somebody to bring in. `since` is when the account was opened and the number confirmed;
    `with_device` gives them a device that counts as the one that enrolled. `account_id` and
    `device_id` are drawn where they are not given."""

    number: str
    locale: str
    since: Ms
    emails: tuple[str, ...] = ()
    with_device: bool = False
    account_id: Id | None = None
    device_id: Id | None = None


class Imported(msgspec.Struct, frozen=True):
    """An account that exists now."""

    account_id: Id
    number: str
    device: str | None


async def bring_in(desk: Desk, person: Person) -> Imported | Refused:
    """One account with its number and verified addresses. Refusals: those of `phone.parse`,
    number_taken."""
    phone = phones.parse(person.number, desk.policy.countries)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    now = desk.clock.now()
    account_id = person.account_id or desk.dice.id(person.since)
    keys = desk.seal.indexes("number", phone.e164)
    sealed = desk.seal.seal("bindings.number", accounts.place_of(account_id, 1), phone.e164)
    writes: list[Write] = [
        accounts.open_account(account_id, person.locale, person.since),
        accounts.bind(account_id, 1, sealed, keys[0], phone.region, person.since, person.since),
        *_addresses(desk, account_id, person.emails, person.since),
    ]
    device = None
    if person.with_device:
        device_id = person.device_id or desk.dice.id(person.since)
        device = tokens.device_key(desk.seal, device_id)
        writes.append(devices.meet(account_id, device_id, True, True, person.since))
    writes += numbers.reserve(keys, account_id, 1, now)
    brought = Line(Act.ACCOUNT_IMPORTED, account_id, "system", Door.COMMAND_LINE, None, IMPORTED)
    refusal = await desk.keep_or_refuse(writes, [brought], now)
    return refusal or Imported(account_id, phone.e164, device)


async def number_of(desk: Desk, account_id: Id) -> str | None:
    """The live number of an account, or None where there is no such account."""
    (found,) = await desk.engine.read(accounts.history(account_id, 1))
    for binding in accounts.bindings(found):
        place = accounts.place_of(account_id, binding.version)
        return desk.seal.unseal("bindings.number", place, binding.number_sealed)
    return None


def _addresses(desk: Desk, account_id: Id, addresses: Sequence[str], since: Ms) -> list[Write]:
    writes = []
    for address in addresses:
        email_id = desk.dice.id(since)
        key = desk.seal.index("email", mailbox.canonical(address))
        sealed = desk.seal.seal("emails.address", email_id, address)
        writes.append(emails.add(account_id, email_id, key, sealed, "", since))
    return writes
