"""What a limit is: one line of the page of limits, a row of its counter, and when that is spent.

A limit with `gaps_s` also asks for a growing pause between two unanswered acts; an answered code
ends the row of gaps. Refuses to count: the store does, in the transaction of what is counted.
Neighbour: `limits.py` is the page.
"""

from enum import StrEnum

import msgspec

from rebind.domain.refusals import Refusal, Refused
from rebind.domain.units import SECOND, Ms


class Key(StrEnum):
    """What a limit is counted by."""

    ACCOUNT = "account"
    ADDRESS = "address"  # a phone number or an e-mail address
    CASE = "case"  # one side of one case
    CLIENT = "client"  # the network address (IPv6: its /64)
    COUNTRY = "country"
    DEVICE = "device"  # a known device, with the account
    PAIR = "pair"  # a phone number or e-mail address as asked for from one network address
    SESSION = "session"  # one session; where its known device asks, that device
    WORK = "work"  # one proof-of-work challenge


class Limit(msgspec.Struct, frozen=True):
    """One line of the page. `amount` acts in `window_s` seconds; over that, `told`.

    `slots` spreads a counter that everybody shares over several rows, so that it is no bottleneck;
    each slot gets its share of the amount.
    """

    name: str
    key: Key
    amount: int
    window_s: int
    told: Refusal
    protects: str
    gaps_s: tuple[int, ...] = ()
    slots: int = 1

    @property
    def amount_per_slot(self) -> int:
        """The share of one row."""
        return max(1, self.amount // self.slots)

    @property
    def longest_gap(self) -> Ms:
        """After this much quiet beyond the last pause a row of unanswered acts is forgotten."""
        return max(self.gaps_s, default=0) * SECOND

    def streak_after(self, row: "Counted", now: Ms) -> int:
        """How many unanswered acts stand in a row once one more was done."""
        return 1 if row.next_at <= now - self.longest_gap else row.streak + 1

    def gap(self, streak: int) -> Ms:
        """The pause after `streak` unanswered acts in a row (the one just done included), in ms."""
        if not self.gaps_s:
            return 0
        return self.gaps_s[min(streak, len(self.gaps_s)) - 1] * SECOND


class Counted(msgspec.Struct, frozen=True):
    """A row of the counter as stored. A row that does not exist is `NOTHING_COUNTED`."""

    count: int
    resets_at: Ms
    streak: int
    next_at: Ms


NOTHING_COUNTED = Counted(0, 0, 0, 0)


def spent(limit: Limit, row: Counted, now: Ms) -> Refused | None:
    """The refusal with the time when the budget opens again, or None while there is room."""
    if row.next_at > now:
        return Refused(limit.told, row.next_at)
    if row.resets_at > now and row.count >= limit.amount_per_slot:
        return Refused(limit.told, row.resets_at)
    return None
