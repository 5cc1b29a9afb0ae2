"""seed: made-up accounts by the million, for developing and measuring.

Account `i` always gets the same number, and the same device, which counts as the one that enrolled
it; so whoever measures can sign in as anybody. Never for a real service: it skips no rule of the
store (numbers stay unique), but nobody proved anything.
"""

from collections.abc import Callable
from hashlib import blake2b

from rebind.domain.acts import Act, Door, Line
from rebind.domain.rows import AccountState
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk.desk import Desk
from rebind.store import accounts, bulk
from rebind.store.statements import Value

CHUNK = 250
"""Accounts a batch: few enough for the parameters of one PostgreSQL statement."""

SEEDED_MAX = 10_000_000
_NEVER_LOCKED_NOR_CLOSED = (None,) * 5
"""Nor frozen, nor without SMS."""


def number(i: int) -> str:
    """The number of account `i`: a mobile number of Russia."""
    return f"+7916{i:07d}"


def account_id(i: int) -> Id:
    """The id of account `i`, in the order of `i` like ids drawn one after the other."""
    return _id("account", i)


def device_id(i: int) -> Id:
    """The id of the device that enrolled account `i`."""
    return _id("device", i)


def _id(what: str, i: int) -> Id:
    tail = blake2b(f"seed {what} {i}".encode(), digest_size=10).digest()
    head = (1_700_000_000_000 + i).to_bytes(6, "big")
    return head + bytes((0x70 | tail[0] & 0x0F, tail[1], 0x80 | tail[2] & 0x3F)) + tail[3:]


async def fill(desk: Desk, wanted: int, advance: Callable[[int], None]) -> None:
    """Add accounts 0 to `wanted` - 1. `advance` is told how many more are there."""
    now = desk.clock.now()
    for first in range(0, wanted, CHUNK):
        chunk = range(first, min(first + CHUNK, wanted))
        await _chunk(desk, chunk, now)
        advance(len(chunk))


async def _chunk(desk: Desk, chunk: range, now: Ms) -> None:
    since = now - 30 * DAY
    active = AccountState.ACTIVE.value
    account_rows, binding_rows, device_rows = [], [], []
    number_rows: list[tuple[Value, ...]] = []
    for i in chunk:
        account, e164 = account_id(i), number(i)
        keys = desk.seal.indexes("number", e164)
        sealed = desk.seal.seal("bindings.number", accounts.place_of(account, 1), e164)
        account_rows.append(
            (account, active, "en", since, 1, None, None, 1, *_NEVER_LOCKED_NOR_CLOSED)
        )
        binding_rows.append((account, 1, sealed, keys[0], "RU", since, since, None, None))
        device_rows.append((account, device_id(i), since, 1, since, None, 0))
        number_rows.extend((key, account, 1, since, None) for key in keys)
    line = Line(
        Act.ACCOUNT_IMPORTED, account_id(chunk[0]), "system", Door.COMMAND_LINE, None, "seed"
    )
    await desk.keep(
        [
            bulk.insert("accounts", account_rows),
            bulk.insert("bindings", binding_rows),
            bulk.insert("devices", device_rows),
            bulk.insert("numbers", number_rows),
        ],
        [line],
        now,
    )
