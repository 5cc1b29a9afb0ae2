"""The business calendar: which local days the support desk works, and until when.

Pure: the days and the hours are handed in by a provider, with the moments at which the zone moves
its clocks. A promise of n business days ends with the closing hour of the n-th working day after
the day on which it was given.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from rebind.domain.units import MINUTE, Ms

_EPOCH = date(1970, 1, 1)


class Calendar(msgspec.Struct, frozen=True):
    """`offsets`: (from when, minutes east of UTC), ascending. `working` and `off` are the days that
    differ from `weekend` (0 is Monday). `closes`: minutes of the day."""

    offsets: tuple[tuple[Ms, int], ...] = ((0, 0),)
    weekend: frozenset[int] = frozenset({5, 6})
    working: frozenset[date] = frozenset()
    off: frozenset[date] = frozenset()
    opens: int = 9 * 60
    closes: int = 18 * 60

    def is_working(self, day: date) -> bool:
        """Whether somebody is at the desk on that day."""
        return day in self.working or (day not in self.off and day.weekday() not in self.weekend)

    def local_day(self, at: Ms) -> date:
        """The local date of a moment."""
        return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at + self._east(at))).date()

    def due(self, since: Ms, business_days: int) -> Ms:
        """The closing of the n-th working day after the local day of `since`."""
        return self._closing(self._later(self.local_day(since), business_days))

    def due_with_pauses(
        self, opened_at: Ms, business_days: int, pauses: Sequence[tuple[Ms, Ms]]
    ) -> Ms:
        """The same, with as many working days more as lay between the days on which each pause
        began and ended."""
        more = sum(self._between(self.local_day(a), self.local_day(b)) for a, b in pauses)
        return self.due(opened_at, business_days + more)

    def worked(self, since: Ms, until: Ms) -> Ms:
        """For how long between two moments somebody was at the desk."""
        open_for, day, last = (self.closes - self.opens) * MINUTE, self.local_day(since), until
        worked, closing = 0, self._closing(day)
        while closing - open_for < last:
            if self.is_working(day):
                worked += max(0, min(last, closing) - max(since, closing - open_for))
            day += timedelta(days=1)
            closing = self._closing(day)
        return worked

    def _later(self, day: date, working_days: int) -> date:
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def _between(self, begun: date, ended: date) -> int:
        days = (begun + timedelta(days=n + 1) for n in range((ended - begun).days))
        return sum(self.is_working(day) for day in days)

    def _closing(self, day: date) -> Ms:
        noon = (datetime.combine(day, time(12), UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
        midnight = noon * 1440 * MINUTE
        return midnight + self.closes * MINUTE - self._east(midnight + 720 * MINUTE)

    def _east(self, at: Ms) -> Ms:
        place = bisect_right(self.offsets, at, key=lambda pair: pair[0]) - 1
        return self.offsets[max(0, place)][1] * MINUTE
