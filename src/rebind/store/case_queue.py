"""The queue of the support desk: which cases wait for whom, page by page, each over an index of its
own, so that a page costs the same however many cases there are. Neighbour: `cases.py`.

Also what the first page of the console draws: counts of open cases by age and how long answers and
decisions took, over the cases of the last weeks only.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.cases import COLUMNS
from rebind.store.statements import Query, Rows, Statement, Value

_FILTERS = {
    (): "",
    ("state",): "AND c.state = :state",
    ("kind",): "AND c.kind = :kind",
    ("kind", "state"): "AND c.kind = :kind AND c.state = :state",
    ("assignee",): "AND c.assignee = :assignee",
    ("second",): "AND c.second = :second",
}


def _page(names: tuple[str, ...], condition: str) -> Statement:
    return Statement(
        "_".join(("case_queue", *names)),
        f"""
        SELECT {COLUMNS} FROM cases c
        WHERE c.due_at IS NOT NULL AND (c.due_at, c.id) > (:due_at, :after) {condition}
        ORDER BY c.due_at, c.id LIMIT :limit
        """,  # noqa: S608  names of this file
    )


_PAGES = {names: _page(names, condition) for names, condition in _FILTERS.items()}
# The state stands in the order, and as a range, so that PostgreSQL cannot but walk the index of one
# state: with `=` its plan for any state walks the whole queue, past all others, to a rare one.
_OPEN_BY_AGE = Statement(
    "case_queue.open_by_age",
    """
    SELECT due_at, id FROM cases
    WHERE due_at IS NOT NULL AND state >= :state AND state <= :state
    ORDER BY state, due_at, id LIMIT :limit
    """,
)
_DECIDED_SINCE = Statement(
    "case_queue.decided_since",
    """
    SELECT id, kind, outcome, opened_at, answered_at, decided_at, pauses FROM cases
    WHERE decided_at IS NOT NULL AND decided_at >= :since ORDER BY decided_at DESC LIMIT :limit
    """,
)


class Decided(msgspec.Struct, frozen=True):
    """A case that was decided, and how long it took."""

    id: Id
    kind: str
    outcome: str | None
    opened_at: Ms
    answered_at: Ms | None
    decided_at: Ms
    pauses: str


def page(
    after: tuple[Ms, Id],
    limit: int,
    *,
    kind: str | None = None,
    state: str | None = None,
    assignee: str | None = None,
    second: str | None = None,
) -> Query:
    """The next cases of the queue, the most urgent first, after (due_at, id). One of `assignee` and
    `second`, or `kind` and `state`."""
    wanted: dict[str, Value] = {
        name: value
        for name, value in (
            ("assignee", assignee),
            ("kind", kind),
            ("second", second),
            ("state", state),
        )
        if value is not None
    }
    due_at, case_id = after
    args: dict[str, Value] = {**wanted, "due_at": due_at, "after": case_id, "limit": limit}
    return Query(_PAGES[tuple(wanted)], args)


def waiting_longest(state: str, limit: int) -> Query:
    """The most urgent cases in a state: their deadlines and ids, which say when each was opened."""
    return Query(_OPEN_BY_AGE, {"state": state, "limit": limit})


def decided_since(since: Ms, limit: int) -> Query:
    """The cases that were decided since, newest first."""
    return Query(_DECIDED_SINCE, {"since": since, "limit": limit})


def decided(rows: Rows) -> list[Decided]:
    """What that read."""
    return [Decided(*row) for row in rows]


def deadlines(rows: Rows) -> list[tuple[Ms, Id]]:
    """What `waiting_longest` read."""
    return [(row[0], row[1]) for row in rows]
