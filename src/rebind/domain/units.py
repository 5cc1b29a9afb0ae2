"""Units of time and the two plain types that every floor shares.

Moments and durations are whole milliseconds (moments: UTC since 1970). They are integers because
they are compared in SQL, in rules and in tests alike; doors turn them into RFC 3339 text.
"""

from typing import TypeAlias

Ms: TypeAlias = int
"""A moment (since 1970-01-01 UTC) or a duration, in milliseconds."""

Id: TypeAlias = bytes
"""A time-ordered 128-bit identifier (UUIDv7, RFC 9562 5.7), 16 bytes."""

SECOND: Ms = 1_000
MINUTE: Ms = 60 * SECOND
HOUR: Ms = 60 * MINUTE
DAY: Ms = 24 * HOUR


def first_id(at: Ms) -> Id:
    """The least id of a moment: where ids begin that were made then or later (RFC 9562 5.7)."""
    return (at << 80).to_bytes(16)
