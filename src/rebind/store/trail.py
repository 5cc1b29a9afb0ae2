"""trail: the audit trail as an auditor reads it: with who did it, and on what.

A line stands under what was acted on; what somebody at the desk did stands under their own id too,
with the other id in the place of the request (`flows/desk/desk.py` writes both). Neighbour:
`acts.py` appends, and reads for people themselves.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement

_OF_SUBJECT = Statement(
    "trail.of_subject",
    """
    SELECT id, act, actor, door, at, request_id, why FROM acts
    WHERE subject_id = :subject_id AND id < :before ORDER BY id DESC LIMIT :limit
    """,
)


_DONE_BY = Statement(
    "trail.done_by",
    """
    SELECT 1 FROM acts
    WHERE subject_id = :subject_id AND act = :act AND actor = :actor AND why LIKE :why LIMIT 1
    """,
)


class TrailRow(msgspec.Struct, frozen=True):
    """One line, in the order of the SELECT."""

    id: Id
    act: str
    actor: str
    door: str
    at: Ms
    request_id: Id | None
    why: str | None


def of_subject(subject_id: Id, before: Id, limit: int) -> Query:
    """The newest lines about something, older than the id `before`."""
    return Query(_OF_SUBJECT, {"subject_id": subject_id, "before": before, "limit": limit})


def done_by(subject_id: Id, act: str, actor: str, why: str) -> Query:
    """A row where that person has done that to something; `why` begins with those letters and
    digits."""
    return Query(_DONE_BY, {"subject_id": subject_id, "act": act, "actor": actor, "why": f"{why}%"})


def rows(found: Rows) -> tuple[TrailRow, ...]:
    """What that read."""
    return tuple(TrailRow(*each) for each in found)
