"""The business calendar of a country, as a value for the rules (`domain/calendar.py`).

The days come from the `holidays` library, which knows the working Saturdays of Russia, and from an
administrator's file. The library costs 19 MiB and a fifth of a second, so that it is asked in a
child process, once at the start; what comes back are two short lists of days. Refuses nothing at
that time: `wrong` has looked at the settings before, without the library.
"""

import asyncio
import re
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from rebind.domain.calendar import Calendar
from rebind.domain.units import MINUTE, Ms

YEARS_BACK, YEARS_AHEAD = 10, 5
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    working: list[date] = []
    off: list[date] = []


class Days(msgspec.Struct, frozen=True):
    """What a country says: its weekend (0 is Monday), its holidays, its moved working days."""

    weekend: list[int]
    off: list[date]
    working: list[date]


class Unknown(Exception):
    """The library knows no such country or part of one, or could not be asked."""


def wrong(country: str, zone: str, hours: str, file: str | None) -> list[str]:
    """Why these settings make no calendar, a line each."""
    found = []
    if _COUNTRY.fullmatch(country) is None:
        found.append("calendar_country: write ISO 3166 codes in capitals, such as RU or DE-BY")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(f"calendar_zone: there is no zone {zone}")
    if _minutes(hours) is None:
        found.append("calendar_hours: write 09:00-18:00, the beginning before the end")
    try:
        _file(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        found.append(f"calendar_file: {error}")
    return found


def _minutes(hours: str) -> tuple[int, int] | None:
    found = _HOURS.fullmatch(hours)
    if found is None:
        return None
    opens, closes = (
        int(found[1]) * 60 + int(found[2]),
        int(found[3]) * 60 + int(found[4]),
    )
    return (opens, closes) if opens < closes else None


def _file(path: str | None) -> _File:
    if path is None:
        return _File()
    read = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    return msgspec.convert(read, _File, strict=False)


async def built(
    country: str, zone: str, hours: str, file: str | None, now: Ms, days: Days | None = None
) -> Calendar:
    """The calendar, from ten years back to five ahead. `days`: of the country, where they are known
    already. Raises `Unknown`."""
    year = (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=now)).year
    days = days or await _asked(country, year)
    override, minutes = _file(file), _minutes(hours)
    if minutes is None:
        raise ValueError("these hours were looked at before")
    return Calendar(
        offsets(zone, year - YEARS_BACK, year + YEARS_AHEAD),
        frozenset(days.weekend),
        (frozenset(days.working) - frozenset(override.off)) | frozenset(override.working),
        (frozenset(days.off) - frozenset(override.working)) | frozenset(override.off),
        *minutes,
    )


def offsets(zone: str, first: int, last: int) -> tuple[tuple[Ms, int], ...]:
    """When the clocks of a zone stand how far east of UTC, in minutes, from a year to another."""
    info, epoch = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC)

    def east(minute: int) -> int:
        local = (epoch + timedelta(minutes=minute)).astimezone(info).utcoffset()
        return int((local or timedelta()).total_seconds() // 60)

    def minute_of(year: int) -> int:
        return (datetime(year, 1, 1, tzinfo=UTC) - epoch) // timedelta(minutes=1)

    at, end = minute_of(first), minute_of(last + 1)
    found = [(0, east(at))]
    while at < end:
        after = at + 1_440
        if east(after) != east(at):
            low, high = at, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if east(middle) == east(at) else (low, middle)
            found.append((high * MINUTE, east(high)))
        at = after
    return tuple(found)


async def _asked(country: str, year: int) -> Days:
    """What the library says, in a process of its own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rebind.providers.calendar.business_days",
        country,
        str(year),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _nothing = await child.communicate()
    if child.returncode != 0:
        raise Unknown(f"calendar_country: nothing is known of the holidays of {country}")
    return msgspec.json.decode(said, type=Days)


def of_country(country: str, year: int) -> Days:
    """The days of a country around a year. Loads the library."""
    import holidays

    name, _dash, part = country.partition("-")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    known: Any = holidays.country_holidays(name, subdiv=part or None, years=years)
    weekend = sorted(known.weekend)
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    plain = [(day, day.weekday() not in weekend, known.is_working_day(day)) for day in days]
    return Days(
        weekend,
        [day for day, usually, works in plain if usually and not works],
        [day for day, usually, works in plain if works and not usually],
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(of_country(sys.argv[1], int(sys.argv[2]))))
