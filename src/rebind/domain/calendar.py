"""The business calendar: which local days the support desk works, and until when.

For: promises of the support desk, which are said as a day ("by Wednesday 14 January"), and figures
of how long it took. A promise of n business days ends with the closing hour of the n-th working day
after the local day on which it was given: whatever is given in the evening or on a day off counts
from that day. Refuses to look anything up: the days and hours are handed in, with the moments at
which the zone moves its clocks. Neighbours: `providers/calendar/` reads them, `cases.py` promises.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from rebind.domain.units import DAY, MINUTE, Ms

_EPOCH = date(1970, 1, 1)


class Calendar(msgspec.Struct, frozen=True):
    """`offsets`: (from when, minutes east of UTC), ascending; the first holds before it, too.
    `working` and `off` are the days that differ from `weekend` (0 is Monday). `opens` and `closes`:
    minutes of the local day, `opens` the smaller."""

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
        return _EPOCH + timedelta(days=(at + self._east(at)) // DAY)

    def due(self, since: Ms, business_days: int) -> Ms:
        """The closing of the n-th working day after the local day of `since`."""
        return self._moment(self._later(self.local_day(since), business_days), self.closes)

    def due_with_pauses(
        self, opened_at: Ms, business_days: int, pauses: Sequence[tuple[Ms, Ms]]
    ) -> Ms:
        """The same, for a clock that stood still in `pauses` (which do not overlap): later by the
        working days after the local day on which each began, up to and with the one on which it
        ended. So a pause within one day moves nothing, one that is cut in two moves as much as
        before, and a longer one never less."""
        more = sum(self._between(self.local_day(a), self.local_day(b)) for a, b in pauses)
        return self.due(opened_at, business_days + more)

    def worked(self, since: Ms, until: Ms) -> Ms:
        """For how long between two moments somebody was at the desk."""
        worked, day = 0, self.local_day(since)
        while (opening := self._moment(day, self.opens)) < until:
            if self.is_working(day):
                closing = self._moment(day, self.closes)
                worked += max(0, min(until, closing) - max(since, opening))
            day += timedelta(days=1)
        return worked

    def _later(self, day: date, working_days: int) -> date:
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def _between(self, begun: date, ended: date) -> int:
        days = (begun + timedelta(days=n + 1) for n in range((ended - begun).days))
        return sum(self.is_working(day) for day in days)

    def _moment(self, day: date, minute: int) -> Ms:
        """When the clocks of the zone show that minute of a day."""
        shown = (day - _EPOCH).days * DAY + minute * MINUTE
        # What they show is not yet UTC, so the first look may take the other side of a change.
        return shown - self._east(shown - self._east(shown))

    def _east(self, at: Ms) -> Ms:
        place = bisect_right(self.offsets, at, key=lambda pair: pair[0]) - 1
        return self.offsets[max(0, place)][1] * MINUTE
