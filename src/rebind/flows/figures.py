"""figures: how the support desk is doing, as counts and times that name nobody.

Each page costs the same however large the service is: at most `ROWS_MAX` rows are read, all of them
over an index. What is told by the day was counted when it was done, and is exact; of cases, where
there are more, the newest (of open ones the most urgent) stand for the rest, which the page says.
Times are working hours of the desk's calendar. Neighbour: `casebook.py` reads one case.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from rebind.domain import cases as rules
from rebind.domain.calendar import Calendar
from rebind.domain.cases import CaseState, Verdict
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import RIGHT_MISSING, Refused
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk.desk import Desk
from rebind.store import case_queue, daily_counts
from rebind.store.case_queue import Decided
from rebind.store.daily_counts import Daily

DAYS = 14
"""Days of the plots that go by days."""

DECIDED_D = 28
"""Decisions of so many days stand in the times and shares: four of each weekday."""

AGES_D = (1, 3, 7, 14)
"""Where one group of ages ends and the next begins, in days."""

OPEN_MAX = {CaseState.NEW: 300, CaseState.OPEN: 300, CaseState.WAITING: 150}
DECIDED_MAX = 300
ROWS_MAX = 1_750
"""All rows that one page may read: those above, and the counts of `DAYS` days."""

_PERCENT = 90


class Ages(msgspec.Struct, frozen=True):
    """Cases of one state by age, a count for each group; `more`: there are others, less urgent."""

    state: str
    counts: tuple[int, ...]
    more: bool


class Times(msgspec.Struct, frozen=True):
    """How long something took in working hours: half of the cases at most `median`, nine of ten at
    most `ninetieth`. None where there was none."""

    median: Ms | None
    ninetieth: Ms | None


class Days(msgspec.Struct, frozen=True):
    """A count for each day, oldest first. `since`: the first of them, which is later than `DAYS`
    days ago where counting began later."""

    days: tuple[tuple[date, int], ...]
    since: date


class Figures(msgspec.Struct, frozen=True):
    """All of them. `decided` are the cases behind times and shares; `more`: there were others."""

    ages: tuple[Ages, ...]
    answer: Times
    decision: Times
    decided: int
    decided_for: int
    decided_against: int
    decided_more: bool
    objections: Days
    changes: Days
    recoveries: Days


async def show(desk: Desk, who: Operator) -> Figures | Refused:
    """The figures of now. Refusals: right_missing."""
    if not who.may(Right.SEE_FIGURES):
        return Refused(RIGHT_MISSING)
    now = desk.clock.now()
    today = desk.calendar.local_day(now)
    earliest = today - timedelta(days=DAYS - 1)
    *opened, found, begun, counted = await desk.engine.read(
        *(case_queue.waiting_longest(state, most) for state, most in OPEN_MAX.items()),
        case_queue.decided_since(now - DECIDED_D * DAY, DECIDED_MAX),
        daily_counts.first(),
        daily_counts.since(earliest),
    )
    decided = case_queue.decided(found)
    outcomes = Counter(each.outcome for each in decided)
    ages = zip(OPEN_MAX.items(), map(case_queue.deadlines, opened), strict=True)
    # Of the days before the first that was counted nobody knows.
    since = max(earliest, daily_counts.first_day(begun) or today)
    counts = daily_counts.counts(counted)
    return Figures(
        tuple(
            _ages(state, most, [each for _due, each in rows], now) for (state, most), rows in ages
        ),
        _times([_to_answer(desk.calendar, each) for each in decided]),
        _times([_to_decision(desk.calendar, each) for each in decided]),
        len(decided),
        outcomes[Verdict.FOR],
        outcomes[Verdict.AGAINST],
        len(decided) >= DECIDED_MAX,
        _by_day(counts, Daily.OBJECTION, since, today),
        _by_day(counts, Daily.CHANGE, since, today),
        _by_day(counts, Daily.RECOVERY, since, today),
    )


def begun_at(row_id: Id) -> Ms:
    """Ids are time-ordered and begin with their moment (RFC 9562 5.7)."""
    return int.from_bytes(row_id[:6], "big")


def _ages(state: CaseState, most: int, ids: Sequence[Id], now: Ms) -> Ages:
    groups = Counter(sum(now - begun_at(each) >= days * DAY for days in AGES_D) for each in ids)
    counts = tuple(groups[group] for group in range(len(AGES_D) + 1))
    return Ages(state, counts, len(ids) >= most)


def _to_answer(calendar: Calendar, case: Decided) -> Ms | None:
    if case.answered_at is None:
        return None
    return calendar.worked(case.opened_at, case.answered_at)


def _to_decision(calendar: Calendar, case: Decided) -> Ms:
    """Without the time in which it was the person's turn."""
    pauses = rules.pauses_of(case.pauses)
    theirs = sum(calendar.worked(since, until) for since, until in pauses)
    return max(0, calendar.worked(case.opened_at, case.decided_at) - theirs)


def _times(found: Sequence[Ms | None]) -> Times:
    """By nearest rank: each figure is one that a case really took."""
    ordered = sorted(each for each in found if each is not None)
    if not ordered:
        return Times(None, None)
    median, ninetieth = (ordered[-(-len(ordered) * share // 100) - 1] for share in (50, _PERCENT))
    return Times(median, ninetieth)


def _by_day(
    counts: Mapping[tuple[date, Daily], int], what: Daily, since: date, today: date
) -> Days:
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    return Days(tuple((day, counts.get((day, what), 0)) for day in days), since)
