"""The business calendar of a country, as a value for the rules (`domain/calendar.py`).

Made of three things: the days of the country, which `country.py` asks of the `holidays` library in
a process of its own; the changes of the clocks in a zone, from the system's time zones; and a file
in which an administrator says which days are otherwise. Refuses settings by name: `wrong` looks at
them without the library, `built` once it was asked.
"""

import asyncio
import re
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from rebind.domain.calendar import Calendar
from rebind.domain.units import MINUTE, Ms

YEARS_BACK, YEARS_AHEAD = 10, 5
"""Around the year of the start: figures look back, promises ahead."""

_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Days(msgspec.Struct, frozen=True):
    """What a country says: its weekend (0 is Monday), and the days that differ from it."""

    weekend: frozenset[int]
    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()


class Unknown(Exception):
    """The library knows no such country or part of one, or could not be asked."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    working: frozenset[date] = frozenset()
    off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if both := self.working & self.off:
            raise ValueError(f"{min(both)} is both working and off")


def wrong(country: str, zone: str, hours: str, file: str | None) -> list[str]:
    """Why these settings make no calendar, a line each."""
    found = []
    if _COUNTRY.fullmatch(country) is None:
        found.append("calendar_country: write ISO 3166 codes in capitals, such as RU or DE-BY")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(f"calendar_zone: there is no zone {zone}")
    try:
        _minutes(hours)
    except ValueError:
        found.append("calendar_hours: write 09:00-18:00, the beginning before the end")
    try:
        _file(file)
    except (OSError, ValueError) as error:
        found.append(f"calendar_file: {error}")
    return found


async def built(country: str, zone: str, hours: str, file: str | None, now: Ms) -> Calendar:
    """The calendar, from ten years back to five ahead. Raises `Unknown`."""
    year = (_EPOCH + timedelta(milliseconds=now)).year
    first, last = year - YEARS_BACK, year + YEARS_AHEAD
    return of(await _asked(country, first, last), offsets(zone, first, last), hours, file)


def of(days: Days, clocks: tuple[tuple[Ms, int], ...], hours: str, file: str | None) -> Calendar:
    """The calendar of days that are known; the file has the last word."""
    override = _file(file)
    opens, closes = _minutes(hours)
    return Calendar(
        clocks,
        days.weekend,
        (days.working - override.off) | override.working,
        (days.off - override.working) | override.off,
        opens,
        closes,
    )


def offsets(zone: str, first: int, last: int) -> tuple[tuple[Ms, int], ...]:
    """From when the clocks of a zone stand how far east of UTC, in minutes, in these years."""
    info = ZoneInfo(zone)

    def east(minute: int) -> int:
        local = (_EPOCH + timedelta(minutes=minute)).astimezone(info).utcoffset()
        return int((local or timedelta()).total_seconds() // 60)

    def minute_of(year: int) -> int:
        return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(minutes=1)

    begin, end = minute_of(first), minute_of(last + 1)
    found = [(begin * MINUTE, east(begin))]
    for after in range(begin + 1_440, end, 1_440):
        before = found[-1][1]
        if east(after) == before:
            continue
        low, high = after - 1_440, after
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if east(middle) == before else (low, middle)
        found.append((high * MINUTE, east(high)))
    return tuple(found)


def _minutes(hours: str) -> tuple[int, int]:
    """When the desk opens and closes, in minutes of the day. Raises ValueError."""
    found = _HOURS.fullmatch(hours)
    if found is None:
        raise ValueError(hours)
    from_h, from_m, to_h, to_m = map(int, found.groups())
    opens, closes = from_h * 60 + from_m, to_h * 60 + to_m
    if opens >= closes:
        raise ValueError(hours)
    return opens, closes


def _file(path: str | None) -> _File:
    """What an administrator says. Raises OSError and ValueError (TOML, UTF-8 and msgspec's own are
    such)."""
    if path is None:
        return _File()
    read = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    return msgspec.convert(read, _File)


async def _asked(country: str, first: int, last: int) -> Days:
    """What the library says, in a process that sees neither our environment nor our folder."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "rebind.providers.calendar.country",
        country,
        str(first),
        str(last),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        env={},
    )
    said, complained = await child.communicate()
    if child.returncode != 0:
        why = complained.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unknown(f"calendar_country: the holidays of {country} are not known ({why})")
    return msgspec.json.decode(said, type=Days)
