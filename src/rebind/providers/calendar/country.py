"""The days of a country, asked of the `holidays` library in a process of its own.

The library loads a module for each country of the world: 14 MiB and 0.1 s that a server would carry
for three short lists. So `business_days.py` starts this, once, reads a line of JSON and forgets the
library. Refuses to judge: what the library does not know ends the process with its words. Weekends
are the library's too, and those that a country has changed are told as days that differ.
"""

import json
import sys
from datetime import date, timedelta
from typing import Any


def days(country: str, first: int, last: int) -> dict[str, list[Any]]:
    """The weekend (0 is Monday), and the days of these years that differ from it either way.
    `country`: ISO 3166-1, or 3166-2 with the part after the dash. Loads the library."""
    import holidays

    name, _dash, part = country.partition("-")
    known: Any = holidays.country_holidays(
        name, subdiv=part or None, years=range(first, last + 1), expand=False
    )
    weekend = sorted(known.weekend)
    off, working, day = list[str](), list[str](), date(first, 1, 1)
    while day.year <= last:
        usual, works = day.weekday() not in weekend, known.is_working_day(day)
        if usual != works:
            (working if works else off).append(day.isoformat())
        day += timedelta(days=1)
    return {"weekend": weekend, "off": off, "working": working}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(days(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
