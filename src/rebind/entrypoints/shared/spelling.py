"""How moments and ids are written outside: RFC 3339 in UTC with milliseconds, and 32 hex digits.

Inside they are whole milliseconds and 16 bytes (`domain/units.py`).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from rebind.domain.units import MINUTE, SECOND, Id, Ms

ID_PATTERN = "^[0-9a-f]{32}$"
"""For descriptions; `read_id` is what decides."""

NO_ID: Id = bytes(16)
"""What no row is called: a UUIDv7 is never zero. What is no id at all is asked for under this
name, so that it takes the same way and gets the same answer as an id that nobody has."""

_ID = re.compile(r"[0-9a-f]{32}")


def moment(at: Ms) -> str:
    """“2026-01-05T08:00:00.000Z”."""
    minute, rest = divmod(at, MINUTE)
    return f"{_minute(minute)}:{rest // SECOND:02}.{rest % SECOND:03}Z"


@lru_cache(maxsize=1024)
def _minute(minute: int) -> str:
    """“2026-01-05T08:00”. Most moments that are told lie in few minutes: now, and an hour on."""
    return datetime.fromtimestamp(minute * 60, UTC).isoformat()[:16]


def read_id(text: str) -> Id:
    """The id that a text spells; `NO_ID` where it spells none."""
    return bytes.fromhex(text) if _ID.fullmatch(text) else NO_ID
