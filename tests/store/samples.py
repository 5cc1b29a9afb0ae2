"""Sentences that the store suite says to both engines, on tables that really exist.

`limits` serves as a drawer of numbered boxes (`slot`) that hold a count; `devices` has columns that
may be null; `challenges` has tries.
"""

from rebind.store.engines import StoreEngine
from rebind.store.statements import Query, Rows, Statement, Write

PUT = Statement(
    "box.put",
    "INSERT INTO limits (name, key, slot, count, resets_at, streak, next_at)"
    " VALUES (:name, :key, :slot, :count, 0, 0, 0)",
)
PUT_MANY = Statement(
    "box.put_many",
    "INSERT INTO limits (name, key, slot, count, resets_at, streak, next_at)"
    " VALUES (:name, :key, :slot, 0, 0, 0, 0), (:name, :key, :slot + 1, 0, 0, 0, 0)",
)
ADD = Statement(
    "box.add",
    "UPDATE limits SET count = count + :by WHERE name = :name AND slot = :slot"
    " AND count + :by <= :most",
)
ADD_SLOWLY = Statement(
    "box.add_slowly",
    "UPDATE limits SET count = count + 1 WHERE name = :name AND slot = :slot"
    " AND (SELECT pg_sleep(0.1)) IS NOT NULL",
)
ADD_LATE = Statement("box.add_late", ADD_SLOWLY.sql.replace("0.1", "30"))
"""Never done before somebody ends it, however busy the machine is."""

PUT_OR_ADD = Statement(
    "box.put_or_add",
    "INSERT INTO limits (name, key, slot, count, resets_at, streak, next_at)"
    " VALUES (:name, :key, :slot, :by, 0, 0, 0)"
    " ON CONFLICT (name, key, slot) DO UPDATE SET count = limits.count + :by"
    " WHERE limits.count + :by <= :most",
)
COUNT_SLOWLY = Statement("box.count_slowly", ADD_SLOWLY.sql + " RETURNING count")
EMPTY = Statement("box.empty", "DELETE FROM limits WHERE name = :name")
COUNT = Statement(
    "box.count",
    "UPDATE limits SET count = count + 1 WHERE name = :name AND slot = :slot AND count < :most"
    " RETURNING slot, count",
)
TAKE = Statement(
    "box.take",
    "UPDATE limits SET next_at = :until WHERE name = :name AND next_at <= :now AND slot IN ("
    " SELECT slot FROM limits WHERE name = :name AND next_at <= :now ORDER BY slot LIMIT :amount)"
    " RETURNING slot",
)
BOXES = Statement("box.all", "SELECT slot, count FROM limits WHERE name = :name ORDER BY slot")
KEYS = Statement("box.keys", "SELECT key FROM limits WHERE name = :name ORDER BY slot")
FIRST_OR_EQUAL = Statement(
    "box.first_or_equal",
    "SELECT slot, count FROM limits WHERE name = :name AND (slot = :n OR count = :n) ORDER BY slot",
)

MEET = Statement(
    "device.meet",
    "INSERT INTO devices (account_id, device_id, full_since, enrolled, seen_at, reported_at,"
    " wrong_in_row) VALUES (:account, :device, :full_since, 0, 0, :reported_at, 0)",
)
DEVICES = Statement(
    "device.all",
    "SELECT device_id, full_since, reported_at FROM devices WHERE account_id = :account",
)

KEY = b"\x00key \xff with any byte"
DRAWER = "drawer"
MOST = 1_000_000


def put(slot: int, count: int = 0, name: str = DRAWER) -> Write:
    """A new box."""
    return Write(PUT, {"name": name, "key": KEY, "slot": slot, "count": count})


def add(slot: int, by: int = 1, most: int = MOST, expect: int | None = 1) -> Write:
    """Add to a box that is there and not full."""
    return Write(ADD, {"name": DRAWER, "slot": slot, "by": by, "most": most}, expect)


def put_or_add(slot: int, by: int, most: int) -> Write:
    """Add to a box, which need not be there."""
    return Write(PUT_OR_ADD, {"name": DRAWER, "key": KEY, "slot": slot, "by": by, "most": most})


def count(slot: int, most: int) -> Write:
    """Count one, and tell how many there are."""
    return Write(COUNT, {"name": DRAWER, "slot": slot, "most": most})


def take(amount: int, now: int, until: int) -> Write:
    """Take boxes that nobody has taken until later than `now`."""
    return Write(TAKE, {"name": DRAWER, "now": now, "until": until, "amount": amount}, expect=None)


def all_boxes(name: str = DRAWER) -> Query:
    """(slot, count) of every box."""
    return Query(BOXES, {"name": name})


def plain(rows: Rows) -> list[tuple[object, ...]]:
    """Rows as tuples, whatever the driver made of them."""
    return [tuple(row) for row in rows]


async def boxes(engine: StoreEngine, name: str = DRAWER) -> dict[int, int]:
    """What the boxes hold, by slot."""
    (rows,) = await engine.read(all_boxes(name))
    return {row[0]: row[1] for row in rows}
