"""The demo's outbox: messages that would have left, kept in memory for the page /demo/outbox.

For: letting somebody try every journey without an operator or a mail server, and scripts and
browser tests read the codes. Refuses to outlive the process or to grow: it holds the newest 500.
It exists in demo mode only. Neighbours: `sms/demo.py` and `mail/demo.py` deliver into it, the demo
page shows it.
"""

from collections import deque
from itertools import islice

import msgspec

from rebind.domain.units import Ms
from rebind.ports import Clock

KEPT_MAX = 500


class Delivered(msgspec.Struct, frozen=True):
    """One message that would have left. `serial` grows by one with each arrival, so that a page
    which has shown up to `serial` asks for what came after it."""

    serial: int
    id: str
    channel: str
    to: str
    subject: str
    text: str
    html: str
    at: Ms


class DemoOutbox:
    """Newest first, bounded. A message that is handed over twice is kept once, as a careful
    operator would do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Delivered] = deque(maxlen=KEPT_MAX)
        self._serial = 0

    def deliver(
        self, message_id: str, channel: str, to: str, text: str, subject: str = "", html: str = ""
    ) -> None:
        """Keep one message; the oldest goes when the outbox is full."""
        if any(one.id == message_id for one in self._kept):
            return
        self._serial += 1
        self._kept.appendleft(
            Delivered(self._serial, message_id, channel, to, subject, text, html, self._clock.now())
        )

    @property
    def serial(self) -> int:
        """The serial of the newest message, 0 before the first."""
        return self._serial

    def newest(
        self, to: str | None = None, after: int = 0, amount: int = KEPT_MAX
    ) -> list[Delivered]:
        """Newest first: those to `to` (a number or an e-mail address, however it is written), that
        arrived after the serial `after`."""
        wanted = None if to is None else _plain(to)
        found = (
            one
            for one in self._kept
            if one.serial > after and (wanted is None or _plain(one.to) == wanted)
        )
        return list(islice(found, amount))


def _plain(to: str) -> str:
    """An address as it is compared. Only digits of a number count: a plus sign in a query string
    arrives as a space."""
    if "@" in to:
        return to.strip().casefold()
    return "".join(filter(str.isdigit, to))
