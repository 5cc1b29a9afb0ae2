"""case_drafts: what is written to the desk, or by it in somebody's name, and not confirmed yet.

A draft becomes a case by the request that confirms it, once; of several that were begun for one
draft by the newest alone. What nobody confirms goes, with its words. Neighbour: `cases.py`.
"""

from functools import cache

from rebind.domain.units import Id, Ms, first_id
from rebind.store.statements import Statement, Value, Write

_SUBMIT = Statement(
    "cases.submit",
    """
    UPDATE cases SET version = version + 1, state = 'new', opened_at = :now, due_at = :due_at,
        proved_at = :proved_at
    WHERE id = :id AND state = 'draft' AND opening_id = :opening_id
    """,
)
_TAKE_UP = Statement(
    "cases.take_up",
    """
    UPDATE cases SET version = version + 1, opening_id = :opening_id, account_id = :account_id,
        number_key = :number_key, number_sealed = :number_sealed, region = :region
    WHERE id = :id AND state = 'draft' AND opened_by IS NOT NULL
    """,
)


def take_up(
    case_id: Id,
    opening_id: Id,
    account_id: Id | None,
    number_key: bytes | None,
    number_sealed: bytes | None,
    region: str | None,
) -> Write:
    """The person goes on with what the desk has written in their name: from now on that request
    alone makes a case of the draft. Misses where it is one already."""
    args: dict[str, Value] = {
        "id": case_id,
        "opening_id": opening_id,
        "account_id": account_id,
        "number_key": number_key,
        "number_sealed": number_sealed,
        "region": region,
    }
    return Write(_TAKE_UP, args)


def submit(case_id: Id, opening_id: Id, due_at: Ms, proved_at: Ms | None, now: Ms) -> Write:
    """The draft is a case from now on. Misses where it is one already, or another request was begun
    for it since."""
    args: dict[str, Value] = {
        "id": case_id,
        "opening_id": opening_id,
        "due_at": due_at,
        "proved_at": proved_at,
        "now": now,
    }
    return Write(_SUBMIT, args)


@cache
def _forget(by_desk: bool) -> tuple[Statement, Statement]:
    whose = "NOT NULL" if by_desk else "NULL"
    which = f"id < :before AND id >= :since AND state = 'draft' AND opened_by IS {whose}"
    words = f"DELETE FROM case_messages WHERE case_id IN (SELECT id FROM cases WHERE {which})"  # noqa: S608
    return (
        Statement("case_messages.forget_drafts", words),
        Statement("cases.forget_drafts", f"DELETE FROM cases WHERE {which}"),  # noqa: S608
    )


def forget_drafts(before: Ms, since: Ms, *, by_desk: bool) -> list[Write]:
    """Remove what was written between these moments and never confirmed: by people, or by the desk
    in their name."""
    args: dict[str, Value] = {"before": first_id(before), "since": first_id(since)}
    return [Write(statement, args, expect=None) for statement in _forget(by_desk)]
