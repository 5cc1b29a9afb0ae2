"""All limits on one page: what is counted, by which key, how much, in which window, against what.

Counting happens in the store, in the same transaction as what is counted: when the store cannot
count, nothing is sent. What a stranger types must not lock the holder out (invariant 7): whatever a
stranger can spend is kept apart from the counters of known devices, and a spent sending budget
offers proof of work.

Neighbour: `budget.py` says what a line is, and when it is spent.
"""

from collections.abc import Mapping

import msgspec

from rebind.domain import work
from rebind.domain.budget import Key, Limit
from rebind.domain.refusals import (
    PROOFS_CLOSED,
    SMS_SIGN_IN_CLOSED,
    TOO_MANY_CASES,
    TOO_MANY_CODES,
    TOO_MANY_MESSAGES,
    TOO_MANY_REQUESTS,
    TOO_MANY_UPLOADS,
    WORK_INVALID,
)

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
CODE_DEVICE_DAY = Limit(
    "code_device_day",
    Key.DEVICE,
    30,
    _DAY_S,
    TOO_MANY_CODES,
    "Known devices used as a pump: beyond this they spend what strangers spend.",
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
    "SMS pumping: traffic to one country's numbers for a share of the fee. Spent, each further "
    "code asks for work; it never stands in a known device's way.",
    slots=16,
)
CODE_WORK = Limit(
    "code_work",
    Key.PAIR,
    10,
    _DAY_S,
    TOO_MANY_CODES,
    "Codes paid with work where another budget is spent. Counted for each network by itself, so "
    "that a stranger who works hard does not work in the holder's place.",
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
ENROL_ADDRESS = Limit(
    "enrol_address",
    Key.ADDRESS,
    50,
    _DAY_S,
    TOO_MANY_CODES,
    "Guessing the code by which a number is enrolled, request after request, from many networks: "
    "whoever guesses right has an account with somebody else's number.",
)
UNDO_ADDRESS = Limit(
    "undo_address",
    Key.ADDRESS,
    20,
    _DAY_S,
    TOO_MANY_CODES,
    "Guessing the code that takes a change back, request after request: five tries each. Whoever "
    "has the link of a notice is not counted, so that a stranger cannot spend it for the holder.",
)
CASES_ACCOUNT = Limit(
    "cases_account", Key.ACCOUNT, 5, _DAY_S, TOO_MANY_CASES, "One account with case after case."
)
MESSAGES_CASE = Limit(
    "messages_case", Key.CASE, 30, _DAY_S, TOO_MANY_MESSAGES, "A case written full by its link."
)
UPLOADS_CASE = Limit(
    "uploads_case",
    Key.CASE,
    60,
    _DAY_S,
    TOO_MANY_UPLOADS,
    "The scanner and the cleaning child kept busy by the link of a case: each document that is "
    "sent counts before it is read, also one that is refused.",
)
CONFIRM_SESSION = Limit(
    "confirm_session", Key.SESSION, 30, 3_600, TOO_MANY_REQUESTS, "One session confirming for ever."
)
OPEN_OPERATOR = Limit(
    "open_operator",
    Key.ADDRESS,
    40,
    _DAY_S,
    TOO_MANY_REQUESTS,
    "Somebody at the desk who makes us write to strangers, in the name of cases for them.",
)
OPEN_MAILBOX = Limit(
    "open_mailbox", Key.ADDRESS, 3, _DAY_S, TOO_MANY_REQUESTS, "The same, all to one mailbox."
)
OPERATOR_CLIENT = Limit(
    "operator_client",
    Key.CLIENT,
    60,
    3_600,
    TOO_MANY_REQUESTS,
    "One machine that guesses the ways into the console, login after login; a right answer is "
    "given back.",
)
OPERATOR_LOGIN = Limit(
    "operator_login",
    Key.ADDRESS,
    15,
    _DAY_S,
    PROOFS_CLOSED,
    "Guessing the password of somebody at the desk from browsers that they never used; closes the "
    "password for such browsers only. Passkeys are never closed.",
)
SEARCH_OPERATOR = Limit(
    "search_operator", Key.ADDRESS, 20, _DAY_S, TOO_MANY_REQUESTS, "The desk looking up strangers."
)
RECOVER_ADDRESS = Limit(
    "recover_address",
    Key.ADDRESS,
    20,
    _DAY_S,
    TOO_MANY_CODES,
    "Guessing the code to a mailbox that begins a recovery, request after request: five tries "
    "each. A spent one leaves the support desk.",
)
WRONG_CLIENT = Limit(
    "wrong_client",
    Key.CLIENT,
    300,
    3_600,
    TOO_MANY_REQUESTS,
    "One machine that guesses codes of many requests. Spent, each further code asks for work; a "
    "right code of a neighbour is taken all the same.",
)
WRONG_PROOF = Limit(
    "wrong_proof",
    Key.ADDRESS,
    15,
    _DAY_S,
    PROOFS_CLOSED,
    "Guessing the password behind one number or mailbox from unknown devices; closes sign-in by "
    "password for unknown devices only.",
)
WRONG_FACTOR = Limit(
    "wrong_factor",
    Key.ACCOUNT,
    15,
    _DAY_S,
    PROOFS_CLOSED,
    "Guessing a second factor, or a password or code from inside a stolen session: by whoever has "
    "given a first proof already, on a device that the account does not know.",
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
    CODE_DEVICE_DAY,
    CODE_ACCOUNT,
    CODE_COUNTRY,
    CODE_WORK,
    WORK_ONCE,
    WRONG_ADDRESS,
    ENROL_ADDRESS,
    UNDO_ADDRESS,
    RECOVER_ADDRESS,
    CASES_ACCOUNT,
    MESSAGES_CASE,
    UPLOADS_CASE,
    CONFIRM_SESSION,
    SEARCH_OPERATOR,
    OPEN_OPERATOR,
    OPEN_MAILBOX,
    OPERATOR_CLIENT,
    OPERATOR_LOGIN,
    WRONG_CLIENT,
    WRONG_PROOF,
    WRONG_FACTOR,
    WRONG_DEVICE,
)


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator may set for one limit in the policy file; `dangers` has the bounds."""

    amount: int | None = None
    window_s: int | None = None
    gaps_s: tuple[int, ...] | None = None


AMOUNT_MAX = 1_000_000_000
WINDOW_MIN_S = 60
"""A shorter one would hold nobody up."""

CEILINGS = {
    "wrong_address": 100,
    "enrol_address": 100,
    "undo_address": 20,
    "operator_login": 100,
    "wrong_proof": 100,
    "wrong_factor": 100,
    "wrong_device": 100,
    "work_once": 1,
}
"""More would sell the account: NIST SP 800-63B-4 3.2.2 lets 100 failures be; for an address that is
in a day. Work counts once, or it would be no price."""


_A_DAY = CEILINGS.keys() - {"wrong_device", "work_once"}


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


def dangers(overrides: Mapping[str, Override]) -> list[str]:
    """What an administrator may not set: each line names the limit and the figure. Names that do
    not exist are the matter of `in_force`."""
    return [
        f"limits.{limit.name}: {line}"
        for limit in LIMITS
        if limit.name in overrides
        for line in _dangers(limit, overrides[limit.name])
    ]


def _dangers(limit: Limit, override: Override) -> list[str]:
    found = []
    amount = limit.amount if override.amount is None else override.amount
    window_s = limit.window_s if override.window_s is None else override.window_s
    ceiling = CEILINGS.get(limit.name, AMOUNT_MAX)
    if not 1 <= amount <= ceiling:
        found.append(f"amount must be between 1 and {ceiling:,}")
    elif limit.name in _A_DAY and amount * _DAY_S > ceiling * window_s:
        found.append(f"amount and window_s allow more than {ceiling} a day")
    if override.window_s is not None:
        # A limit without a window counts in a row, until a right code ends it.
        if limit.window_s == 0:
            found.append("window_s: this limit has no window")
        elif not WINDOW_MIN_S <= window_s <= AMOUNT_MAX:
            found.append(f"window_s must be between {WINDOW_MIN_S} and {AMOUNT_MAX:,}")
        elif limit is WORK_ONCE and window_s < work.TTL_S:
            found.append(f"window_s must be at least {work.TTL_S}, as long as a challenge is valid")
    gaps = override.gaps_s or ()
    if any(gap < 0 or gap > _DAY_S for gap in gaps) or list(gaps) != sorted(gaps):
        found.append(f"gaps_s must ascend, each between 0 and {_DAY_S:,}")
    return found
