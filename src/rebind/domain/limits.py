"""All limits on one page: what is counted, by which key, how much, in which window, against what.

Counting happens in the store, in the same transaction as what is counted: when the store cannot
count, nothing is sent. What a stranger types must not lock the holder out (invariant 7): whatever a
stranger can spend is kept apart from the counters of known devices, and a spent sending budget
offers proof of work.

A limit with `gaps_s` also asks for a growing pause between two unanswered acts; an answered code
ends the row of gaps.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rebind.domain.refusals import (
    SMS_SIGN_IN_CLOSED,
    TOO_MANY_CODES,
    TOO_MANY_REQUESTS,
    WORK_INVALID,
    Refusal,
    Refused,
)
from rebind.domain.units import SECOND, Ms


class Key(StrEnum):
    """What a limit is counted by."""

    ACCOUNT = "account"
    ADDRESS = "address"  # a phone number or an e-mail address
    CLIENT = "client"  # the network address (IPv6: its /64)
    COUNTRY = "country"
    DEVICE = "device"  # a known device, with the account
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

_GAPS = (60, 120, 240, 480, 960, 1920)
_DAY_S = 86_400

ASK_CLIENT = Limit(
    "ask_client",
    Key.CLIENT,
    600,
    600,
    TOO_MANY_REQUESTS,
    "One machine that begins journeys or asks for codes by the thousand.",
)
CODE_ADDRESS = Limit(
    "code_address",
    Key.ADDRESS,
    5,
    600,
    TOO_MANY_CODES,
    "A number or mailbox flooded with codes from devices that it does not know.",
    gaps_s=_GAPS,
)
CODE_DEVICE = Limit(
    "code_device",
    Key.DEVICE,
    5,
    600,
    TOO_MANY_CODES,
    "The same from a known device: its own budget, so that a stranger cannot spend it.",
    gaps_s=_GAPS,
)
CODE_ACCOUNT = Limit(
    "code_account",
    Key.ACCOUNT,
    30,
    _DAY_S,
    TOO_MANY_CODES,
    "One account made to ring many strangers' numbers.",
)
CODE_COUNTRY = Limit(
    "code_country",
    Key.COUNTRY,
    16_000,
    3_600,
    TOO_MANY_CODES,
    "SMS pumping: traffic to one country's numbers for a share of the fee.",
    slots=16,
)
CODE_WORK = Limit(
    "code_work",
    Key.ADDRESS,
    3,
    _DAY_S,
    TOO_MANY_CODES,
    "Further codes for a number whose budget a stranger has spent, each paid with work.",
)
WORK_ONCE = Limit("work_once", Key.WORK, 1, 900, WORK_INVALID, "One solved challenge used twice.")
WRONG_ADDRESS = Limit(
    "wrong_address",
    Key.ADDRESS,
    15,
    _DAY_S,
    SMS_SIGN_IN_CLOSED,
    "Guessing sign-in codes of one number from unknown devices, request after request; closes "
    "sign-in by SMS for unknown devices only.",
)
WRONG_CLIENT = Limit(
    "wrong_client",
    Key.CLIENT,
    300,
    3_600,
    TOO_MANY_REQUESTS,
    "One machine that guesses codes of many requests.",
)
WRONG_DEVICE = Limit(
    "wrong_device",
    Key.DEVICE,
    100,
    0,
    SMS_SIGN_IN_CLOSED,
    "Guessing on a stolen known device: NIST SP 800-63B-4 3.2.2, 100 failures in a row. Counted in "
    "the device's own row, per account; a right code ends the row, a spent one ends *known*.",
)

LIMITS: tuple[Limit, ...] = (
    ASK_CLIENT,
    CODE_ADDRESS,
    CODE_DEVICE,
    CODE_ACCOUNT,
    CODE_COUNTRY,
    CODE_WORK,
    WORK_ONCE,
    WRONG_ADDRESS,
    WRONG_CLIENT,
    WRONG_DEVICE,
)


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator may set for one limit in the policy file."""

    amount: int | None = None
    window_s: int | None = None
    gaps_s: tuple[int, ...] | None = None


class Limits(msgspec.Struct, frozen=True):
    """The page in force: the defaults with the administrator's overrides."""

    by_name: Mapping[str, Limit]

    def __getitem__(self, limit: Limit) -> Limit:
        """The line in force for a line of the default page."""
        return self.by_name[limit.name]


def in_force(overrides: Mapping[str, Override]) -> Limits:
    """The page with overrides. Raises ValueError naming a limit that does not exist."""
    unknown = set(overrides) - {limit.name for limit in LIMITS}
    if unknown:
        raise ValueError(f"no such limit: {', '.join(sorted(unknown))}")
    page = {}
    for limit in LIMITS:
        changes = {
            field: value
            for field, value in msgspec.structs.asdict(
                overrides.get(limit.name, Override())
            ).items()
            if value is not None
        }
        page[limit.name] = msgspec.structs.replace(limit, **changes)
    return Limits(page)


def spent(limit: Limit, row: Counted, now: Ms) -> Refused | None:
    """The refusal with the time when the budget opens again, or None while there is room."""
    if row.next_at > now:
        return Refused(limit.told, row.next_at)
    if row.resets_at > now and row.count >= limit.amount_per_slot:
        return Refused(limit.told, row.resets_at)
    return None
