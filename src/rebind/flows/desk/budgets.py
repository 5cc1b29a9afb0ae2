"""Budgets: which counters an act spends, whether there is room, and the writes that count it.

A flow names what it will count, reads those rows with everything else, asks `refused`, and puts
`writes` into its batch. The guard in each write is the limit itself, so a race cannot overspend.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from rebind.domain import work
from rebind.domain.limits import (
    ASK_CLIENT,
    CODE_ADDRESS,
    CODE_COUNTRY,
    CODE_DEVICE,
    CODE_WORK,
    NOTHING_COUNTED,
    WORK_ONCE,
    Counted,
    Limit,
    spent,
)
from rebind.domain.refusals import WORK_INVALID, Refused
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import limits as store
from rebind.store.limits import Place
from rebind.store.statements import Write


class Tally:
    """What one act is going to count. Places that are counted twice are added up: a batch may
    write each row once."""

    def __init__(self, desk: Desk, now: Ms) -> None:
        self._desk = desk
        self._now = now
        self._counts: dict[Place, tuple[Limit, int]] = {}

    def add(self, limit: Limit, keys: Iterable[bytes], by: int = 1, slot: int = 0) -> None:
        """Count `by` under every key (one for each live index key)."""
        in_force = self._desk.limits[limit]
        for key in keys:
            place = (limit.name, key, slot)
            before = self._counts.get(place)
            self._counts[place] = (in_force, by + (before[1] if before else 0))

    def refused(self, rows: dict[Place, Counted]) -> Refused | None:
        """The first budget that has no room left."""
        for place, (limit, _by) in self._counts.items():
            refusal = spent(limit, rows.get(place, NOTHING_COUNTED), self._now)
            if refusal is not None:
                return refusal
        return None

    def writes(self, rows: dict[Place, Counted]) -> list[Write]:
        """The guarded writes, in the order of their keys, so that batches do not deadlock."""
        return [
            store.count(limit, place[1], place[2], by, rows.get(place), self._now)
            for place, (limit, by) in sorted(self._counts.items(), key=lambda item: item[0])
        ]


class Sending(msgspec.Struct, frozen=True):
    """One code that is about to be sent to an address, for its budget. `region` is the country of
    a number, None for a mailbox."""

    address_keys: tuple[bytes, ...]
    region: str | None
    device_id: Id | None
    """The known device that asks, if one does."""


def client_keys(desk: Desk, caller: Caller) -> tuple[bytes, ...]:
    """The keys of the caller's network address."""
    return desk.seal.indexes("client", caller.client)


def slot_of(limit: Limit, request_id: Id) -> int:
    """Which slot of a spread counter a request counts in."""
    return request_id[-1] % limit.slots


def country_place(desk: Desk, region: str, request_id: Id) -> Place:
    """The counter of a country's numbers that a request uses."""
    key = desk.seal.indexes("country", region)[0]
    return (CODE_COUNTRY.name, key, slot_of(CODE_COUNTRY, request_id))


def places_to_read(
    desk: Desk, caller: Caller, sendings: Iterable[Sending], request_id: Id
) -> list[Place]:
    """Every counter that asking for these codes could spend."""
    found: dict[Place, None] = {}
    for key in client_keys(desk, caller):
        found[(ASK_CLIENT.name, key, 0)] = None
    for sending in sendings:
        for key in sending.address_keys:
            found[(CODE_ADDRESS.name, key, 0)] = None
            if caller.work is not None:
                found[(CODE_WORK.name, key, 0)] = None
        if sending.region is not None:
            found[country_place(desk, sending.region, request_id)] = None
        if sending.device_id is not None:
            found[(CODE_DEVICE.name, sending.device_id, 0)] = None
    mac = _mac_in(caller.work)
    if mac is not None:
        found[(WORK_ONCE.name, _work_key(mac), 0)] = None
    return list(found)


def count_sending(
    desk: Desk,
    caller: Caller,
    tally: Tally,
    sending: Sending,
    request_id: Id,
    rows: dict[Place, Counted],
    now: Ms,
) -> Refused | None:
    """Add one code to the tally: to the known device's own budget, else to the country's and the
    address's; a spent address may be paid for with work. Refusals: too_many_codes (with work on
    offer), work_invalid."""
    if sending.device_id is not None:
        # Nothing that strangers spend stands in a known device's way (invariant 7).
        tally.add(CODE_DEVICE, (sending.device_id,))
        return None
    if sending.region is not None:
        slot = slot_of(CODE_COUNTRY, request_id)
        tally.add(CODE_COUNTRY, desk.seal.indexes("country", sending.region), slot=slot)
    address_key = sending.address_keys[0]
    row = rows.get((CODE_ADDRESS.name, address_key, 0), NOTHING_COUNTED)
    refusal = spent(desk.limits[CODE_ADDRESS], row, now)
    if refusal is None:
        tally.add(CODE_ADDRESS, sending.address_keys)
        return None
    if caller.work is None:
        return msgspec.structs.replace(refusal, work=_challenge(desk, address_key, now))
    challenge_key = _paid(desk, caller.work, address_key, now)
    if challenge_key is None:
        return Refused(WORK_INVALID)
    tally.add(CODE_WORK, sending.address_keys)
    tally.add(WORK_ONCE, (challenge_key,))
    return None


def _challenge(desk: Desk, address_key: bytes, now: Ms) -> str:
    """A challenge for this address. Nothing is stored until it comes back solved."""
    ends = str(now + work.TTL_S * SECOND)
    mac = desk.seal.mac("work", address_key, ends.encode())
    return f"{ends}-{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _mac_in(solved: str | None) -> bytes | None:
    """The keyed hash in a solution as it was sent, not yet looked at."""
    mac_text = (solved or "").partition(".")[0].partition("-")[2]
    try:
        return urlsafe_b64decode(mac_text + "=" * (-len(mac_text) % 4)) or None
    except ValueError:
        return None


def _work_key(mac: bytes) -> bytes:
    """Under which key a challenge is marked as used, however its solution was spelled."""
    return mac[:16]


def _paid(desk: Desk, solved: str, address_key: bytes, now: Ms) -> bytes | None:
    """The key under which a valid solution is marked as used, or None."""
    challenge, _, nonce = solved.partition(".")
    ends = challenge.partition("-")[0]
    if not (ends.isascii() and ends.isdigit() and len(ends) <= 15 and int(ends) > now):
        return None
    mac = _mac_in(solved)
    if mac is None or not desk.seal.matches(mac, "work", address_key, ends.encode()):
        return None
    return _work_key(mac) if work.solved(challenge, nonce) else None
