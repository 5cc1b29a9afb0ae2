"""daily_counts: how much was done on each day of the desk's calendar, for the console's figures.

Counted by the very batch that does it, so the counts are exact on a service of any size, and read
as a handful of rows. An index over finished requests would say the same, and cost every sign-in
what few of them are for (docs/decisions/0018-counts-by-day.md). Each count is spread over
slots, so that two who finish at the same moment do not wait for each other. They name nobody and
stay: at most `SLOTS` rows for each thing and day. Neighbour: `flows/figures.py` shows them.
"""

from datetime import date
from enum import StrEnum

from rebind.domain.units import Id
from rebind.store.statements import Query, Rows, Statement, Write

SLOTS = 16

_ADD = Statement(
    "daily_counts.add",
    """
    INSERT INTO daily_counts (day, what, slot, amount) VALUES (:day, :what, :slot, 1)
    ON CONFLICT (day, what, slot) DO UPDATE SET amount = daily_counts.amount + 1
    """,
)
_SINCE = Statement(
    "daily_counts.since",
    """
    SELECT day, what, CAST(SUM(amount) AS BIGINT) FROM daily_counts
    WHERE day >= :since GROUP BY day, what
    """,
)
_FIRST = Statement("daily_counts.first", "SELECT MIN(day) FROM daily_counts")


class Daily(StrEnum):
    """What is counted. The value is stored."""

    CHANGE = "change"  # a number took the place of another
    OBJECTION = "objection"  # what waited was stopped, and became a case
    RECOVERY = "recovery"  # the same as a change, for somebody who could not sign in


def add(day: date, what: Daily, request_id: Id) -> Write:
    """One more, done by that request. Never misses."""
    slot = request_id[-1] % SLOTS
    return Write(_ADD, {"day": day.isoformat(), "what": what.value, "slot": slot})


def since(day: date) -> Query:
    """The counts from that day on."""
    return Query(_SINCE, {"since": day.isoformat()})


def counts(rows: Rows) -> dict[tuple[date, Daily], int]:
    """What `since` read; a day without a count had none."""
    return {(date.fromisoformat(day), Daily(what)): amount for day, what, amount in rows}


def first() -> Query:
    """The day on which anything was counted for the first time."""
    return Query(_FIRST, {})


def first_day(rows: Rows) -> date | None:
    """What `first` read; None where nothing was counted yet."""
    day = rows[0][0]
    return None if day is None else date.fromisoformat(day)
