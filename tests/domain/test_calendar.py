"""The business calendar as a rule: when a promise ends, when its clock stands still, how long
somebody was at the desk. The days of Russia around two New Years are written out here."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebind.domain.calendar import Calendar
from rebind.domain.units import DAY, HOUR, MINUTE, Ms

MOSCOW_EAST: Ms = 3 * HOUR
RUSSIA = Calendar(
    offsets=((0, 180),),
    working=frozenset({date(2025, 11, 1)}),
    off=frozenset(
        {date(2025, 11, 3), date(2025, 11, 4), date(2025, 12, 31)}
        | {date(2026, 1, day) for day in range(1, 10)}
        | {date(2026, 2, 23), date(2026, 3, 9)}
    ),
)


def at(month: int, day: int, hour: int = 12, minute: int = 0, *, year: int = 2026) -> Ms:
    """A moment by the clocks of Moscow."""
    shown = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return int(shown.timestamp()) * 1_000 - MOSCOW_EAST


@pytest.mark.parametrize(
    ("since", "days", "by"),
    [
        (at(12, 30, year=2025), 1, at(1, 12, 18)),
        (at(12, 30, year=2025), 3, at(1, 14, 18)),
        (at(10, 31, year=2025), 1, at(11, 1, 18, year=2025)),
        (at(11, 1, year=2025), 1, at(11, 5, 18, year=2025)),
        # The hour says nothing: the day begins and ends at midnight of the desk.
        (at(2, 3, 0), 1, at(2, 4, 18)),
        (at(2, 3, 23, 59), 1, at(2, 4, 18)),
        (at(2, 4, 0), 1, at(2, 5, 18)),
        # A weekend and a holiday belong to nobody: what comes on them counts from them.
        (at(2, 20, 19), 1, at(2, 24, 18)),
        (at(2, 22), 1, at(2, 24, 18)),
        (at(3, 6), 2, at(3, 11, 18)),
    ],
)
def test_a_promise_ends_when_the_nth_working_day_does(since: Ms, days: int, by: Ms) -> None:
    assert RUSSIA.due(since, days) == by


@pytest.mark.parametrize(
    ("pauses", "by"),
    [
        ([], at(2, 6, 18)),
        # Within a day, whatever the hours; and over days off.
        ([(at(2, 4, 0), at(2, 4, 23, 59))], at(2, 6, 18)),
        ([(at(2, 6, 19), at(2, 8, 20))], at(2, 6, 18)),
        # Over one midnight into a working day, then over five days of which three are working.
        ([(at(2, 4, 23), at(2, 5, 1))], at(2, 9, 18)),
        ([(at(2, 4), at(2, 9))], at(2, 11, 18)),
        # Two that meet are as one; and one that began when time was already up.
        ([(at(2, 4), at(2, 6)), (at(2, 6), at(2, 9))], at(2, 11, 18)),
        ([(at(2, 10), at(2, 12))], at(2, 10, 18)),
    ],
)
def test_the_clock_stands_still_while_it_is_the_persons_turn(
    pauses: list[tuple[Ms, Ms]], by: Ms
) -> None:
    assert RUSSIA.due_with_pauses(at(2, 3), 3, pauses) == by


@pytest.mark.parametrize(
    ("since", "until", "worked"),
    [
        (at(2, 3, 10), at(2, 3, 11, 30), 90 * MINUTE),
        (at(2, 3, 7), at(2, 3, 23), 9 * HOUR),
        (at(2, 3, 17), at(2, 4, 10), 2 * HOUR),
        (at(2, 6, 17), at(2, 9, 10), 2 * HOUR),
        (at(12, 30, year=2025), at(1, 12, 12), 9 * HOUR),
        (at(2, 7), at(2, 8), 0),
        (at(2, 3, 11), at(2, 3, 10), 0),
    ],
)
def test_how_long_somebody_was_at_the_desk(since: Ms, until: Ms, worked: Ms) -> None:
    assert RUSSIA.worked(since, until) == worked


BEGINNING = at(10, 1, year=2025)
MOMENTS = st.integers(BEGINNING, BEGINNING + 200 * DAY)
GAPS = st.lists(st.tuples(st.integers(0, 10 * DAY), st.integers(0, 10 * DAY)), max_size=4)


def pauses_after(since: Ms, gaps: list[tuple[Ms, Ms]]) -> list[tuple[Ms, Ms]]:
    """Pauses one after another: after how long each begins, and how long it lasts."""
    found = []
    for before, length in gaps:
        found.append((since + before, since + before + length))
        since = found[-1][1]
    return found


@settings(max_examples=150, deadline=None)
@given(MOMENTS, st.integers(1, 10), GAPS, st.integers(0, 10 * DAY), st.floats(0, 1))
def test_pauses_only_ever_move_a_promise_later(
    opened: Ms, days: int, gaps: list[tuple[Ms, Ms]], longer: Ms, share: float
) -> None:
    pauses = pauses_after(opened, [*gaps, (DAY, 3 * DAY)])
    due = RUSSIA.due_with_pauses(opened, days, pauses)
    assert due == RUSSIA.due_with_pauses(opened, days, list(reversed(pauses)))
    assert due >= RUSSIA.due_with_pauses(opened, days, pauses[:-1]) >= RUSSIA.due(opened, days)

    begun, ended = pauses[-1]
    cut = begun + int((ended - begun) * share)
    assert due == RUSSIA.due_with_pauses(opened, days, [*pauses[:-1], (begun, cut), (cut, ended)])
    assert due <= RUSSIA.due_with_pauses(opened, days, [*pauses[:-1], (begun, ended + longer)])

    day = RUSSIA.local_day(due)
    assert RUSSIA.is_working(day)
    assert due == at(day.month, day.day, 18, year=day.year)


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.integers(0, 20 * DAY), st.integers(0, 20 * DAY), st.integers(1, 10))
def test_time_at_the_desk_adds_up(since: Ms, first: Ms, second: Ms, days: int) -> None:
    between, until = since + first, since + first + second
    whole = RUSSIA.worked(since, until)
    assert whole == RUSSIA.worked(since, between) + RUSSIA.worked(between, until)
    assert 0 <= whole <= first + second
    assert RUSSIA.due(since, days) <= RUSSIA.due(between, days) < RUSSIA.due(between, days + 1)
    # From one closing to another lie as many whole days as were promised.
    closing = RUSSIA.due(since, 1)
    assert RUSSIA.worked(closing, RUSSIA.due(closing, days)) == days * 9 * HOUR


CHANGES = {
    # When, in UTC, the clocks are changed, and how many minutes east they stand then. Besides ours:
    # zones that change at noon in UTC, at midnight or by half an hour, and the one farthest east.
    "Europe/Berlin": [(2026, 3, 29, 1, 0, 120), (2026, 10, 25, 1, 0, 60)],
    "America/Adak": [(2026, 3, 8, 12, 0, -540), (2026, 11, 1, 11, 0, -600)],
    "Africa/Cairo": [(2026, 4, 23, 22, 0, 180), (2026, 10, 29, 21, 0, 120)],
    "Australia/Lord_Howe": [(2026, 4, 4, 15, 0, 630), (2026, 10, 3, 15, 30, 660)],
    "Pacific/Kiritimati": [],
}


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize(("opens", "closes"), [(9 * 60, 18 * 60), (0, 23 * 60 + 59)])
def test_days_begin_and_end_by_the_clocks_of_the_desk(zone: str, opens: int, closes: int) -> None:
    """Each day of a year, compared with the time zones of Python."""
    info = ZoneInfo(zone)

    def moment(day: date, minute: int) -> Ms:
        shown = datetime(day.year, day.month, day.day, tzinfo=info) + timedelta(minutes=minute)
        # Of a minute that is shown twice the desk closes at the second.
        return int(shown.replace(fold=minute == closes).timestamp()) * 1_000

    first = date(2026, 1, 1)
    begin = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000
    east = datetime(2026, 1, 1, tzinfo=info).utcoffset() or timedelta()
    offsets = [(begin - DAY, int(east.total_seconds()) // 60)]
    for year, month, day, hour, minute, after in CHANGES[zone]:
        changed = datetime(year, month, day, hour, minute, tzinfo=UTC)
        offsets.append((int(changed.timestamp()) * 1_000, after))
    calendar = Calendar(tuple(offsets), weekend=frozenset(), opens=opens, closes=closes)

    for today in (first + timedelta(days=n) for n in range(365)):
        closing = moment(today + timedelta(days=1), closes)
        assert calendar.due(moment(today, 12 * 60), 1) == closing, today
        assert calendar.local_day(closing) == today + timedelta(days=1)
        opening, evening = moment(today, opens), moment(today, closes)
        assert calendar.worked(opening, evening) == evening - opening
