"""Retention: what is old enough to go, found by primary key, some rows at a time.

Ids are ordered by time, so the oldest requests and messages stand first. Tables that are ordered by
account are walked from end to end, a stretch at a time; `sweeps` remembers how far (no index by
time has to be kept for what happens once a day). Every delete names rows by their key.
"""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.units import Id, Ms, first_id
from rebind.store.statements import Query, Rows, Statement, Value, Write


class Walk(msgspec.Struct, frozen=True):
    """A table that is walked: the columns of its key, where the walk begins, and which rows go;
    `:before` is the moment before which they are old."""

    table: str
    keys: tuple[str, ...]
    begin: tuple[Value, ...]
    gone: str


ACTS = Walk("acts", ("subject_id", "id"), (b"", b""), "at < :before")
SESSIONS = Walk("sessions", ("account_id", "id"), (b"", b""), "expires_at < :before")
OPERATOR_SESSIONS = Walk(
    "operator_sessions", ("login", "id"), ("", b""), "expires_at < :before OR ended_at < :before"
)
LIMITS = Walk("limits", ("name", "key", "slot"), ("", b"", -1), "resets_at < :before")
EMAILS = Walk("emails", ("account_id", "id"), (b"", b""), "removed_at < :before")
WALKS = (ACTS, SESSIONS, OPERATOR_SESSIONS, LIMITS, EMAILS)


def _stretch(walk: Walk) -> tuple[Statement, Statement]:
    keys = ", ".join(walk.keys)
    after = ", ".join(f":{key}" for key in walk.keys)
    last = ", ".join(f":last_{key}" for key in walk.keys)
    ahead = Statement(
        f"{walk.table}.stretch",
        f"SELECT {keys} FROM {walk.table} WHERE ({keys}) > ({after}) ORDER BY {keys} LIMIT :limit",  # noqa: S608
    )
    forget = Statement(
        f"{walk.table}.forget_stretch",
        f"DELETE FROM {walk.table} WHERE ({keys}) > ({after}) AND ({keys}) <= ({last})"  # noqa: S608
        f" AND ({walk.gone})",
    )
    return ahead, forget


_STRETCHES = {walk.table: _stretch(walk) for walk in WALKS}

_OLD_REQUESTS = Statement(
    "requests.old",
    """
    SELECT id FROM requests
    WHERE id < :before AND due_at IS NULL AND expires_at < :now
      AND (stands_until IS NULL OR stands_until < :now)
      AND NOT EXISTS (
        SELECT 1 FROM cases c JOIN requests d ON d.id = c.request_id
        WHERE c.account_id = requests.account_id AND c.closed_at IS NULL
          AND (d.id = requests.id OR d.about_id = requests.id))
    ORDER BY id LIMIT :limit
    """,
)
_OLD_OUTBOX = Statement(
    "outbox.old",
    "SELECT id FROM outbox WHERE id < :before AND state <> 'due' ORDER BY id LIMIT :limit",
)
_OLD_CASES = Statement(
    "cases.old",
    """
    SELECT id FROM cases WHERE id < :before AND state = 'closed' AND closed_at < :closed_before
      AND key_sealed IS NULL
    ORDER BY id LIMIT :limit
    """,
)
_OF_REQUESTS = (("challenges", "request_id"), ("evidence", "request_id"), ("requests", "id"))
_OF_CASES = (
    ("case_messages", "case_id"),
    ("case_documents", "case_id"),
    ("case_decisions", "case_id"),
    ("cases", "id"),
)
_DELETES = {
    table: Statement(f"{table}.forget", f"DELETE FROM {table} WHERE {key} = :id")  # noqa: S608
    for table, key in (*_OF_REQUESTS, *_OF_CASES, ("outbox", "id"))
}
_BEGIN_SWEEP = Statement(
    "sweeps.keep",
    """
    INSERT INTO sweeps (name, position, begun_at, ended_at)
    VALUES (:name, :position, :now, :ended_at)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position,
        begun_at = CASE WHEN sweeps.ended_at IS NULL THEN sweeps.begun_at
            ELSE excluded.begun_at END,
        ended_at = excluded.ended_at
    """,
)
_SWEEP = Statement(
    "sweeps.of", "SELECT position, begun_at, ended_at FROM sweeps WHERE name = :name"
)


class Sweep(msgspec.Struct, frozen=True):
    """How far a walk has come, and when it was last at the end."""

    position: bytes
    begun_at: Ms
    ended_at: Ms | None


def old_requests(before: Ms, now: Ms, limit: int) -> Query:
    """Requests that nothing follows from any more. What a case that is not closed decides about is
    none of them, nor what an undo was about of which such a case decides."""
    return Query(_OLD_REQUESTS, {"before": first_id(before), "now": now, "limit": limit})


def old_messages(before: Ms, limit: int) -> Query:
    """Rows of messages that were sent or given up."""
    return Query(_OLD_OUTBOX, {"before": first_id(before), "limit": limit})


def old_cases(before: Ms, limit: int) -> Query:
    """Cases that were closed long ago, whose documents are gone."""
    return Query(_OLD_CASES, {"before": first_id(before), "closed_before": before, "limit": limit})


def ids(rows: Rows) -> list[Id]:
    """What those read."""
    return [row[0] for row in rows]


def forget_requests(found: Sequence[Id]) -> list[Write]:
    """Delete requests with their codes and evidence."""
    return _forget(_OF_REQUESTS, found)


def forget_cases(found: Sequence[Id]) -> list[Write]:
    """Delete cases with all that was said in them."""
    return _forget(_OF_CASES, found)


@cache
def _forget_terms(terms: int) -> Statement:
    wanted = ", ".join(f":term{i}" for i in range(terms))
    return Statement(
        "case_terms.forget_case",
        f"DELETE FROM case_terms WHERE term_key IN ({wanted}) AND case_id = :case_id",  # noqa: S608
    )


def forget_terms(case_id: Id, terms: Sequence[bytes]) -> Write:
    """Let a case be found by these terms no more; at least one."""
    args: dict[str, Value] = {f"term{i}": term for i, term in enumerate(terms)}
    return Write(_forget_terms(len(terms)), {**args, "case_id": case_id}, expect=None)


def forget_messages(found: Sequence[Id]) -> list[Write]:
    """Delete rows of messages."""
    return _forget((("outbox", "id"),), found)


def _forget(tables: Sequence[tuple[str, str]], found: Sequence[Id]) -> list[Write]:
    return [
        Write(_DELETES[table], {"id": each}, expect=None)
        for table, _key in tables
        for each in found
    ]


def ahead(walk: Walk, after: Sequence[Value], limit: int) -> Query:
    """The keys of the next stretch of a walk."""
    args = dict(zip(walk.keys, after, strict=True))
    return Query(_STRETCHES[walk.table][0], {**args, "limit": limit})


def forget_stretch(walk: Walk, after: Sequence[Value], last: Sequence[Value], before: Ms) -> Write:
    """Delete what is old between two keys."""
    args: dict[str, Value] = dict(zip(walk.keys, after, strict=True))
    args.update({f"last_{key}": value for key, value in zip(walk.keys, last, strict=True)})
    return Write(_STRETCHES[walk.table][1], {**args, "before": before}, expect=None)


def sweep_of(name: str) -> Query:
    """How far a walk has come."""
    return Query(_SWEEP, {"name": name})


def sweep(rows: Rows) -> Sweep | None:
    """What that read."""
    return Sweep(*rows[0]) if rows else None


def keep(name: str, position: bytes, now: Ms, *, ended: bool) -> Write:
    """Remember how far a walk has come."""
    args: dict[str, Value] = {"name": name, "position": position, "now": now}
    return Write(_BEGIN_SWEEP, {**args, "ended_at": now if ended else None})
