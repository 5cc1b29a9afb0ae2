"""The business calendar: the days of a country, zones with summer time, an administrator's file."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebind.domain.calendar import Calendar
from rebind.domain.units import DAY, HOUR, Ms
from rebind.providers.calendar.business_days import Days, Unknown, built, of_country, wrong

HOURS = "09:00-18:00"
NOW = 1_767_600_000_000
RUSSIA = of_country("RU", 2026)


def at(year: int, month: int, day: int, hour: int = 12) -> Ms:
    """A moment in Moscow."""
    return int(datetime(year, month, day, hour - 3, tzinfo=UTC).timestamp() * 1_000)


async def moscow(file: str | None = None) -> Calendar:
    return await built("RU", "Europe/Moscow", HOURS, file, NOW, RUSSIA)


async def test_the_promise_over_the_new_year() -> None:
    calendar = await moscow()
    since = at(2025, 12, 30)
    assert calendar.due(since, 1) == at(2026, 1, 12, 18)
    assert calendar.due(since, 3) == at(2026, 1, 14, 18)
    assert calendar.local_day(calendar.due(since, 1)) == date(2026, 1, 12)


async def test_a_saturday_may_be_a_working_day() -> None:
    calendar = await moscow()
    assert calendar.is_working(date(2025, 11, 1))
    assert not calendar.is_working(date(2025, 11, 3))
    assert calendar.due(at(2025, 10, 31), 1) == at(2025, 11, 1, 18)


async def test_an_evening_belongs_to_its_day() -> None:
    """Whatever the hour, the first working day after the day on which it was said."""
    calendar = await moscow()
    for hour in (0, 3, 9, 17, 20):
        day = at(2026, 2, 3, 3) + hour * HOUR
        assert calendar.due(day, 1) == at(2026, 2, 4, 18) or hour == 0


async def test_the_library_is_asked_in_a_process_of_its_own() -> None:
    calendar = await built("RU", "Europe/Moscow", HOURS, None, NOW)
    assert calendar == await moscow()
    with pytest.raises(Unknown):
        await built("ZZ", "Europe/Moscow", HOURS, None, NOW)


async def test_summer_time_moves_the_closing_hour() -> None:
    calendar = await built("DE", "Europe/Berlin", HOURS, None, NOW, Days([5, 6], [], []))
    friday = int(datetime(2026, 3, 27, 12, tzinfo=UTC).timestamp() * 1_000)
    monday = datetime(2026, 3, 30, 16, tzinfo=UTC).timestamp() * 1_000
    assert calendar.due(friday, 1) == monday
    assert calendar.due(friday - 7 * DAY, 1) == monday - 7 * DAY + HOUR


async def test_a_file_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "days.toml"
    file.write_text('working = ["2026-01-10"]\noff = ["2026-01-13"]\n')
    calendar = await moscow(str(file))
    assert calendar.due(at(2025, 12, 30), 3) == at(2026, 1, 14, 18)
    assert calendar.due(at(2025, 12, 30), 1) == at(2026, 1, 10, 18)


@pytest.mark.parametrize(
    ("country", "zone", "hours", "text", "word"),
    [
        ("Russia", "Europe/Moscow", HOURS, None, "calendar_country"),
        ("RU", "Europe/Moskau", HOURS, None, "calendar_zone"),
        ("RU", "../etc/passwd", HOURS, None, "calendar_zone"),
        ("RU", "Europe/Moscow", "18:00-09:00", None, "calendar_hours"),
        ("RU", "Europe/Moscow", "9-18", None, "calendar_hours"),
        ("RU", "Europe/Moscow", HOURS, "off = 3", "calendar_file"),
        ("RU", "Europe/Moscow", HOURS, "of = []", "calendar_file"),
    ],
)
def test_what_makes_no_calendar(
    country: str, zone: str, hours: str, text: str | None, word: str, tmp_path: Path
) -> None:
    file = None
    if text is not None:
        file = str(tmp_path / "days.toml")
        Path(file).write_text(text)
    (line,) = wrong(country, zone, hours, file)
    assert line.startswith(word)


PAUSES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 400), st.integers(1, 5), PAUSES)
def test_a_pause_makes_nothing_earlier(day: int, days: int, gaps: list[tuple[int, int]]) -> None:
    calendar = Calendar(((0, 180),), off=frozenset(RUSSIA.off), working=frozenset(RUSSIA.working))
    opened, pauses, since = at(2025, 1, 1) + day * DAY, [], at(2025, 1, 1) + day * DAY
    for before, length in gaps:
        pauses.append((since + before * DAY, since + (before + length) * DAY))
        since = pauses[-1][1]
    due = calendar.due_with_pauses(opened, days, pauses)
    assert due >= calendar.due(opened, days)
    assert due >= calendar.due_with_pauses(opened, days, pauses[:-1])
    assert calendar.is_working(calendar.local_day(due))
    assert (due + 3 * HOUR) % DAY == 18 * HOUR
