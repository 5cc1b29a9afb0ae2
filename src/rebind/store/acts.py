"""acts: the audit trail, append-only. There is no statement here that changes or removes a line."""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.acts import Line
from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Value, Write

_COLUMNS = ("subject_id", "id", "act", "actor", "door", "at", "request_id", "why")

_OF_SUBJECT = Statement(
    "acts.of_subject",
    """
    SELECT id, act, actor, door, at, why FROM acts
    WHERE subject_id = :subject_id AND id < :before ORDER BY id DESC LIMIT :limit
    """,
)


class StoredAct(msgspec.Struct, frozen=True):
    """A line as its account reads it."""

    id: Id
    act: str
    actor: str
    door: str
    at: Ms
    why: str | None


@cache
def _append(lines: int) -> Statement:
    values = ", ".join(
        "(" + ", ".join(f":{column}{i}" for column in _COLUMNS) + ")" for i in range(lines)
    )
    return Statement("acts.append", f"INSERT INTO acts ({', '.join(_COLUMNS)}) VALUES {values}")  # noqa: S608


@cache
def _names(lines: int) -> tuple[str, ...]:
    return tuple(f"{column}{i}" for i in range(lines) for column in _COLUMNS)


def append(lines: Sequence[tuple[Id, Line]], now: Ms) -> Write:
    """Add lines, each with its new id."""
    values: list[Value] = []
    for line_id, line in lines:
        values += (
            line.subject_id,
            line_id,
            line.act.value,
            line.actor,
            line.door.value,
            now,
            line.request_id,
            line.why,
        )
    args: dict[str, Value] = dict(zip(_names(len(lines)), values, strict=True))
    return Write(_append(len(lines)), args, expect=len(lines))


def of_subject(subject_id: Id, before: Id, limit: int) -> Query:
    """The newest lines of an account older than the id `before`."""
    return Query(_OF_SUBJECT, {"subject_id": subject_id, "before": before, "limit": limit})


def stored(rows: Rows) -> list[StoredAct]:
    """The lines that `of_subject` read."""
    return [StoredAct(*row) for row in rows]
