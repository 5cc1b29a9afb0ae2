"""figures: how the support desk is doing, as counts and times that name nobody.

Each page costs the same however large the service is: at most `ROWS_MAX` rows are read, all of them
over an index, and where there are more the newest (of open cases the most urgent) stand for the
rest, which the page says. Times are working hours of the desk's calendar. Neighbour: `casebook.py`
reads one case.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from rebind.domain import cases as rules
from rebind.domain.calendar import Calendar
from rebind.domain.cases import CaseKind, CaseState, Verdict
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import RIGHT_MISSING, Refused
from rebind.domain.request import Kind, State
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk.desk import Desk
from rebind.store import case_queue, request_figures
from rebind.store.case_queue import Decided
from rebind.store.request_figures import NewRequest

DAYS = 14
"""Days of the plots that go by days."""

DECIDED_D = 28
"""Decisions of so many days stand in the times and shares: four of each weekday."""

AGES_D = (1, 3, 7, 14)
"""Where one group of ages ends and the next begins, in days."""

OPEN_MAX = {CaseState.NEW: 300, CaseState.OPEN: 300, CaseState.WAITING: 150}
DECIDED_MAX, CONTESTED_MAX, REQUESTS_MAX = 300, 150, 800
ROWS_MAX = 2_000
"""All rows that one page may read; the figures above add up to it."""

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
    """A count for each day, oldest first. `since`: the first day that was read whole."""

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
    read = await desk.engine.read(
        *(case_queue.waiting_longest(state, most) for state, most in OPEN_MAX.items()),
        case_queue.decided_since(now - DECIDED_D * DAY, DECIDED_MAX),
        case_queue.of_kind(CaseKind.CONTESTED, CONTESTED_MAX),
        request_figures.newest(REQUESTS_MAX),
    )
    *opened, found, stopped, begun = read
    decided, requests = case_queue.decided(found), request_figures.rows(begun)
    outcomes = Counter(each.outcome for each in decided)
    ages = zip(OPEN_MAX.items(), map(case_queue.deadlines, opened), strict=True)
    contested = {case_id for _due, case_id in case_queue.deadlines(stopped)}
    contested |= {each.id for each in decided if each.kind == CaseKind.CONTESTED}
    cut = len(requests) >= REQUESTS_MAX
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
        _by_day(desk.calendar, contested, now, whole_since=None),
        _of_kind(desk.calendar, requests, Kind.CHANGE, now, cut=cut),
        _of_kind(desk.calendar, requests, Kind.RECOVER, now, cut=cut),
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


def _of_kind(
    calendar: Calendar, requests: Sequence[NewRequest], kind: Kind, now: Ms, *, cut: bool
) -> Days:
    """Requests that led to another number, by the day on which they were begun."""
    done = {each.id for each in requests if each.kind == kind and each.ended_as == State.DONE}
    oldest = begun_at(requests[-1].id) if cut else None
    return _by_day(calendar, done, now, whole_since=oldest)


def _by_day(calendar: Calendar, ids: set[Id], now: Ms, *, whole_since: Ms | None) -> Days:
    """`whole_since`: of the time before nothing was read."""
    today = calendar.local_day(now)
    first = today - timedelta(days=DAYS - 1)
    if whole_since is not None:
        # The day in which reading ended is not whole; today is shown all the same.
        first = max(first, min(today, calendar.local_day(whole_since) + timedelta(days=1)))
    counts = Counter(calendar.local_day(begun_at(each)) for each in ids)
    span = (today - first).days + 1
    days = [first + timedelta(days=n) for n in range(span)]
    return Days(tuple((day, counts[day]) for day in days), first)
