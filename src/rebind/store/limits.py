"""limits: counters, written in the same transaction as what they count.

A row is named by the limit, a 16-byte key and a slot. The guard is the limit itself: over the
amount, or within the pause, the upsert touches nothing and the whole batch is undone.
"""

from collections.abc import Sequence
from functools import cache

from rebind.domain.budget import NOTHING_COUNTED, Counted, Limit
from rebind.domain.limits import (
    ENROL_ADDRESS,
    WRONG_ADDRESS,
    WRONG_FACTOR,
    WRONG_PROOF,
)
from rebind.domain.units import SECOND, Id, Ms
from rebind.store.statements import Query, Rows, Statement, Value, Write

Place = tuple[str, bytes, int]
"""(name of the limit, key, slot): one row."""

_COUNT = Statement(
    "limits.count",
    """
    INSERT INTO limits (name, key, slot, count, resets_at, streak, next_at)
    VALUES (:name, :key, :slot, :by, :resets_at, 1, :next_at)
    ON CONFLICT (name, key, slot) DO UPDATE SET
        count = CASE WHEN limits.resets_at <= :now THEN :by ELSE limits.count + :by END,
        resets_at = CASE WHEN limits.resets_at <= :now THEN :resets_at ELSE limits.resets_at END,
        streak = CASE WHEN limits.next_at <= :quiet_since THEN 1 ELSE limits.streak + 1 END,
        next_at = :next_at
    WHERE (limits.resets_at <= :now OR limits.count + :by <= :amount) AND limits.next_at <= :now
    """,
)
_FORGIVE = Statement(
    "limits.forgive",
    "UPDATE limits SET streak = 0, next_at = 0 WHERE name = :name AND key = :key AND slot = 0",
)


_GIVE_BACK = Statement(
    "limits.give_back",
    """
    UPDATE limits SET count = count - 1
    WHERE name = :name AND key = :key AND slot = 0 AND count > 0
    """,
)
_COLUMNS = "SELECT name, key, slot, count, resets_at, streak, next_at FROM limits WHERE "


@cache
def _rows_of(places: int, of_account: bool) -> Statement:
    """Reads that many rows by their primary keys, and the row of an account's live number."""
    each = [f"(name = :n{i} AND key = :k{i} AND slot = :s{i})" for i in range(places)]
    if of_account:
        each.append(
            "(name = :current AND slot = 0 AND key = (SELECT b.number_key FROM accounts a"
            " JOIN bindings b ON b.account_id = a.id AND b.version = a.number_version"
            " WHERE a.id = :account_id))"
        )
    return Statement("limits.rows", _COLUMNS + " OR ".join(each))


_OF_REQUEST = Statement(
    "limits.of_request",
    _COLUMNS  # noqa: S608  a constant of this file
    + "slot = 0 AND ("
    "(name IN (:code, :enrol, :proof)"
    " AND key = (SELECT number_key FROM requests WHERE id = :request_id))"
    " OR (name = :factor AND key = (SELECT account_id FROM requests WHERE id = :request_id)))",
)


def rows(places: Sequence[Place], account: tuple[Limit, Id] | None = None) -> Query:
    """Read the counters at those places; with `account`, also that limit's counter of the number
    that the account has now, whose key the caller cannot know yet."""
    args: dict[str, Value] = {}
    for i, (name, key, slot) in enumerate(places):
        args[f"n{i}"], args[f"k{i}"], args[f"s{i}"] = name, key, slot
    if account is not None:
        args["current"], args["account_id"] = account[0].name, account[1]
    return Query(_rows_of(len(places), account is not None), args)


def of_request(request_id: Id) -> Query:
    """Read the counters of wrong tries at what a request is about: its number or mailbox, and its
    account."""
    names = {
        "code": WRONG_ADDRESS.name,
        "enrol": ENROL_ADDRESS.name,
        "proof": WRONG_PROOF.name,
        "factor": WRONG_FACTOR.name,
    }
    return Query(_OF_REQUEST, {"request_id": request_id, **names})


def counted(found: Rows) -> dict[Place, Counted]:
    """The rows by place; a place without a row has nothing counted."""
    return {
        (name, bytes(key), slot): Counted(count, resets_at, streak, next_at)
        for name, key, slot, count, resets_at, streak, next_at in found
    }


def count(
    limit: Limit,
    key: bytes,
    slot: int,
    by: int,
    row: Counted | None,
    now: Ms,
    *,
    guarded: bool = True,
) -> Write:
    """Count `by` acts. `row` is what was read; it sets the pause after this act. Not `guarded`, a
    spent budget stops the counting and nothing else."""
    gap = limit.gap(limit.streak_after(row or NOTHING_COUNTED, now))
    return Write(
        _COUNT,
        {
            "name": limit.name,
            "key": key,
            "slot": slot,
            "by": by,
            "amount": limit.amount_per_slot,
            "now": now,
            "resets_at": now + limit.window_s * SECOND,
            "next_at": now + gap if gap else 0,
            "quiet_since": now - limit.longest_gap,
        },
        expect=1 if guarded else None,
    )


def give_back(limit: Limit, key: bytes) -> Write:
    """Take back one act that was counted before it was known to be right."""
    return Write(_GIVE_BACK, {"name": limit.name, "key": key}, expect=None)


def forgive(limit: Limit, key: bytes) -> Write:
    """End the row of growing pauses: a code was answered."""
    return Write(_FORGIVE, {"name": limit.name, "key": key}, expect=None)
