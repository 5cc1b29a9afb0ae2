"""The machine's clock.

For: telling flows what time it is. Refuses: nothing, and corrects nothing; keeping the machine's
clock right is the administrator's work (NTP). Neighbour: `ports.Clock`; rules never see a clock,
they get `now` as an argument.
"""

import time

from rebind.domain.units import Ms

_NANOSECONDS_PER_MS = 1_000_000


class SystemClock:
    """Wall time. Not monotonic time: moments are stored and compared across processes."""

    def now(self) -> Ms:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // _NANOSECONDS_PER_MS
