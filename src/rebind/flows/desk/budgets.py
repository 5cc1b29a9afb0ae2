"""Budgets: which counters an act spends, whether there is room, and the writes that count it.

A flow names what it will count, reads those rows with everything else, asks `refused`, and puts
`writes` into its batch. The guard in each write is the limit itself, so a race cannot overspend.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping

import msgspec

from rebind.domain import work
from rebind.domain.budget import NOTHING_COUNTED, Counted, Limit, spent
from rebind.domain.limits import (
    ASK_CLIENT,
    CODE_ADDRESS,
    CODE_COUNTRY,
    CODE_DEVICE,
    CODE_DEVICE_DAY,
    CODE_WORK,
    WORK_ONCE,
    WRONG_CLIENT,
)
from rebind.domain.refusals import WORK_INVALID, Refused
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import limits as store
from rebind.store.limits import Place
from rebind.store.statements import Write

Rows = Mapping[Place, Counted]
"""Counters as they were read; a place without a row has nothing counted."""


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

    def refused(self, rows: Rows) -> Refused | None:
        """The first budget that has no room left."""
        for place, (limit, _by) in self._counts.items():
            refusal = spent(limit, rows.get(place, NOTHING_COUNTED), self._now)
            if refusal is not None:
                return refusal
        return None

    def writes(self, rows: Rows) -> list[Write]:
        """The guarded writes, in the order of their keys, so that batches do not deadlock."""
        return [
            store.count(limit, place[1], place[2], by, rows.get(place), self._now)
            for place, (limit, by) in sorted(self._counts.items(), key=lambda item: item[0])
        ]


class Sending(msgspec.Struct, frozen=True):
    """One code that is about to be sent to an address, and whose budgets it spends.

    `region` is the country of a number, None for a mailbox. `device_id` is the known device that
    asks for a code to its own account. `trusted`: a known device asks, if for another number."""

    address_keys: tuple[bytes, ...]
    region: str | None
    device_id: Id | None = None
    trusted: bool = False


class _Budget(msgspec.Struct, frozen=True):
    limit: Limit
    keys: tuple[bytes, ...]
    slot: int = 0
    counted: bool = True

    def places(self) -> list[Place]:
        return [(self.limit.name, key, self.slot) for key in self.keys]


def _of_strangers(desk: Desk, caller: Caller, sending: Sending, request_id: Id) -> list[_Budget]:
    """What a code costs that no known device asks for: each spent one asks for work."""
    address = _Budget(CODE_ADDRESS, sending.address_keys)
    if sending.trusted:
        # Nothing that strangers spend together stands in a known device's way (invariant 7).
        return [address]
    client = client_keys(desk, caller)
    budgets = [_Budget(ASK_CLIENT, client), _Budget(WRONG_CLIENT, client, counted=False), address]
    if sending.region is not None:
        country = desk.seal.indexes("country", sending.region)
        budgets.append(_Budget(CODE_COUNTRY, country, request_id[-1] % CODE_COUNTRY.slots))
    return budgets


def _paid_budget(desk: Desk, caller: Caller, sending: Sending) -> _Budget:
    """Codes paid with work, for this address from this network."""
    pairs = zip(sending.address_keys, client_keys(desk, caller), strict=False)
    return _Budget(CODE_WORK, tuple(address + client for address, client in pairs))


def client_keys(desk: Desk, caller: Caller) -> tuple[bytes, ...]:
    """The keys of the caller's network address."""
    return desk.seal.indexes("client", caller.client)


def places_to_read(
    desk: Desk, caller: Caller, sendings: Iterable[Sending], request_id: Id
) -> list[Place]:
    """Every counter that asking for these codes could spend."""
    found: dict[Place, None] = {}
    for sending in sendings:
        budgets = _of_strangers(desk, caller, sending, request_id)
        budgets.append(_paid_budget(desk, caller, sending))
        if sending.device_id is not None:
            own = (sending.device_id,)
            budgets += [_Budget(CODE_DEVICE, own), _Budget(CODE_DEVICE_DAY, own)]
        for budget in budgets:
            found.update(dict.fromkeys(budget.places()))
    mac = _mac_in(caller.work)
    if mac is not None:
        found[(WORK_ONCE.name, _work_key(mac), 0)] = None
    return list(found)


def spent_under(
    desk: Desk, limit: Limit, keys: Iterable[bytes], rows: Rows, now: Ms, slot: int = 0
) -> Refused | None:
    """Whether a budget is spent under any live key; a key that was just brought in has counted
    less than the one before it."""
    in_force = desk.limits[limit]
    for key in keys:
        refusal = spent(in_force, rows.get((limit.name, key, slot), NOTHING_COUNTED), now)
        if refusal is not None:
            return refusal
    return None


def count_sending(
    desk: Desk,
    caller: Caller,
    tally: Tally,
    sending: Sending,
    request_id: Id,
    rows: Rows,
    now: Ms,
) -> Refused | None:
    """Add one code to the tally: to the known device's own budgets while they last, else to those
    of strangers, where a spent one may be paid for with work.

    Refusals: too_many_codes, too_many_requests (both with work on offer), work_invalid."""
    if sending.device_id is not None:
        own = (sending.device_id,)
        if spent_under(desk, CODE_DEVICE_DAY, own, rows, now) is None:
            tally.add(CODE_DEVICE, own)
            tally.add(CODE_DEVICE_DAY, own)
            return spent_under(desk, CODE_DEVICE, own, rows, now)
    budgets = _of_strangers(desk, caller, sending, request_id)
    for budget in budgets:
        refusal = spent_under(desk, budget.limit, budget.keys, rows, now, budget.slot)
        if refusal is not None:
            return _pay(desk, caller, tally, sending, refusal, rows, now)
    for budget in budgets:
        if budget.counted:
            tally.add(budget.limit, budget.keys, slot=budget.slot)
    return None


def count_asking(
    desk: Desk,
    caller: Caller,
    tally: Tally,
    sending: Sending,
    rows: Rows,
    now: Ms,
    *,
    trusted: bool,
) -> Refused | None:
    """Add a journey that begins without a code: from an unknown device it spends its network's
    budget. Refusals: too_many_requests (with work on offer), work_invalid."""
    if trusted:
        return None
    keys = client_keys(desk, caller)
    for limit in (ASK_CLIENT, WRONG_CLIENT):
        refusal = spent_under(desk, limit, keys, rows, now)
        if refusal is not None:
            return _pay(desk, caller, tally, sending, refusal, rows, now)
    tally.add(ASK_CLIENT, keys)
    return None


def _pay(
    desk: Desk,
    caller: Caller,
    tally: Tally,
    sending: Sending,
    refusal: Refused,
    rows: Rows,
    now: Ms,
) -> Refused | None:
    """Take solved work in place of a spent budget, or offer it."""
    paid, address_key = _paid_budget(desk, caller, sending), sending.address_keys[0]
    worked_enough = spent_under(desk, CODE_WORK, paid.keys, rows, now)
    if worked_enough is not None:
        return worked_enough
    if caller.work is None:
        return msgspec.structs.replace(refusal, work=_challenge(desk, address_key, now))
    challenge_key = _paid(desk, caller.work, address_key, now)
    if challenge_key is None:
        return Refused(WORK_INVALID)
    tally.add(CODE_WORK, paid.keys)
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
