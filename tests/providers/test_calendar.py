"""The business calendar: the days of a country, zones with summer time, an administrator's file."""

import asyncio
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rebind.domain.calendar import Calendar
from rebind.domain.units import DAY, HOUR, MINUTE, Ms
from rebind.providers.calendar import country
from rebind.providers.calendar.business_days import Days, Unknown, built, of, offsets, wrong

HOURS = "09:00-18:00"
WEEKDAYS = Days(frozenset({5, 6}))


def at(year: int, month: int, day: int, hour: int = 12) -> Ms:
    """A moment in UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1_000


NOW = at(2026, 1, 5)


@pytest.fixture(scope="module")
def russia() -> Calendar:
    """As a server builds it, the library in a process of its own."""
    return asyncio.run(built("RU", "Europe/Moscow", HOURS, None, NOW))


def test_the_promise_over_the_new_year(russia: Calendar) -> None:
    since = at(2025, 12, 30)
    assert russia.due(since, 1) == at(2026, 1, 12, 15)
    assert russia.due(since, 3) == at(2026, 1, 14, 15)
    assert russia.local_day(russia.due(since, 1)) == date(2026, 1, 12)


def test_the_library_knows_the_days_that_were_moved(russia: Calendar) -> None:
    """Decrees of the government: a Saturday is worked so that a Monday or a Friday is not."""
    for saturday, instead in (
        (date(2024, 4, 27), date(2024, 4, 29)),
        (date(2024, 12, 28), date(2024, 12, 30)),
        (date(2025, 11, 1), date(2025, 11, 3)),
    ):
        assert russia.is_working(saturday)
        assert not russia.is_working(instead)
    assert russia.due(at(2025, 10, 31), 1) == at(2025, 11, 1, 15)
    # A holiday on a Sunday, moved to the Monday; and one moved from the New Year to its eve.
    assert not russia.is_working(date(2026, 3, 9))
    assert not russia.is_working(date(2025, 12, 31))


def test_weekends_are_those_of_the_country_as_they_were() -> None:
    """The Emirates moved theirs from Friday and Saturday in 2022; parts of a country have holidays
    of their own."""
    friday, sunday = "2021-06-18", "2021-06-20"
    emirates = country.days("AE", 2021, 2026)
    assert emirates["weekend"] == [5, 6]
    assert friday in emirates["off"]
    assert sunday in emirates["working"]
    assert "2026-06-19" not in emirates["off"]
    epiphany = "2026-01-06"
    assert epiphany in country.days("DE-BY", 2026, 2026)["off"]
    assert epiphany not in country.days("DE", 2026, 2026)["off"]


@pytest.mark.parametrize("unknown", ["ZZ", "DE-XX"])
async def test_a_country_that_the_library_does_not_know_is_named(unknown: str) -> None:
    with pytest.raises(Unknown, match=f"^calendar_country: the holidays of {unknown} are not"):
        await built(unknown, "Europe/Berlin", HOURS, None, NOW)


def test_summer_time_moves_the_closing_hour() -> None:
    berlin = of(WEEKDAYS, offsets("Europe/Berlin", 2016, 2031), HOURS, None)
    assert berlin.due(at(2026, 3, 20), 1) == at(2026, 3, 23, 17)
    assert berlin.due(at(2026, 3, 27), 1) == at(2026, 3, 30, 16)
    assert berlin.due(at(2026, 10, 23), 1) == at(2026, 10, 26, 17)
    assert berlin.worked(at(2026, 3, 27, 7), at(2026, 3, 30, 8)) == 10 * HOUR


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Europe/Berlin", "Africa/Casablanca"])
def test_the_changes_of_the_clocks_are_found_to_the_minute(zone: str) -> None:
    """Moscow changes its clocks no longer, Casablanca's follow the moon."""
    info, found = ZoneInfo(zone), offsets(zone, 2016, 2031)

    def east(moment: Ms) -> int:
        shown = datetime.fromtimestamp(moment // 1_000, info).utcoffset()
        assert shown is not None
        return int(shown.total_seconds()) // 60

    for (_begun, before), (changed, after) in pairwise(found):
        assert (east(changed - MINUTE), east(changed)) == (before, after)
    for moment in range(at(2016, 1, 1), at(2032, 1, 1), 7 * DAY):
        assert [e for begun, e in found if begun <= moment][-1] == east(moment)


def test_a_file_has_the_last_word(tmp_path: Path) -> None:
    """Days as text or as TOML's own."""
    file = tmp_path / "days.toml"
    file.write_text('working = ["2026-01-10", 2026-01-09]\noff = [2026-01-13, "2026-01-17"]\n')
    days = Days(frozenset({5, 6}), frozenset({date(2026, 1, 9)}), frozenset({date(2026, 1, 17)}))
    calendar = of(days, ((0, 0),), "08:30-17:15", str(file))
    worked = [day for day in range(8, 20) if calendar.is_working(date(2026, 1, day))]
    assert worked == [8, 9, 10, 12, 14, 15, 16, 19]
    assert calendar.due(at(2026, 1, 12), 1) == at(2026, 1, 14, 17) + 15 * MINUTE


@pytest.mark.parametrize(
    ("country", "zone", "hours", "text", "reason"),
    [
        ("Russia", "Europe/Moscow", HOURS, None, "calendar_country: write ISO 3166"),
        ("DE-", "Europe/Moscow", HOURS, None, "calendar_country: write ISO 3166"),
        ("RU", "Europe/Moskau", HOURS, None, "calendar_zone: there is no zone Europe/Moskau"),
        ("RU", "Europe", HOURS, None, "calendar_zone: there is no zone Europe"),
        ("RU", "", HOURS, None, "calendar_zone: there is no zone"),
        ("RU", "../etc/passwd", HOURS, None, "calendar_zone: there is no zone"),
        ("RU", "Europe/Moscow", "18:00-09:00", None, "calendar_hours: write"),
        ("RU", "Europe/Moscow", "09:00-09:00", None, "calendar_hours: write"),
        ("RU", "Europe/Moscow", "09:00-24:00", None, "calendar_hours: write"),
        ("RU", "Europe/Moscow", "9-18", None, "calendar_hours: write"),
        ("RU", "Europe/Moscow", HOURS, "off = 3", "calendar_file: Expected `array`"),
        ("RU", "Europe/Moscow", HOURS, "of = []", "calendar_file: Object contains unknown"),
        ("RU", "Europe/Moscow", HOURS, "off = [", "calendar_file: "),
        ("RU", "Europe/Moscow", HOURS, 'off = ["2026-02-30"]', "calendar_file: Invalid"),
        (
            "RU",
            "Europe/Moscow",
            HOURS,
            "off = [2026-03-09]\nworking = [2026-03-09]",
            "calendar_file: 2026-03-09 is both working and off",
        ),
    ],
)
def test_what_makes_no_calendar(
    country: str, zone: str, hours: str, text: str | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "days.toml"
    if text is not None:
        file.write_text(text)
    (line,) = wrong(country, zone, hours, None if text is None else str(file))
    assert line.startswith(reason)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.toml"):
        (line,) = wrong("DE-BY", "Europe/Berlin", HOURS, str(path))
        assert line.startswith("calendar_file: ")
        assert str(path) in line
