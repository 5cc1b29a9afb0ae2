"""The words of the evidence rule: what is asked, what is known, what a row is, what is decided.

The rows themselves stand in the file of their journey (`enrol.py`, `sign_in.py`, `change.py`,
`recover.py`, `undo.py`); `decision.py` reads them all. Everything here is a frozen value.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof
from rebind.domain.policy import Policy
from rebind.domain.refusals import Refusal
from rebind.domain.request import Kind
from rebind.domain.units import Ms


class Strength(StrEnum):
    """What a row asks for: a proof, or a proof of a certain quality. `aged`: when it was given.
    `earlier`: already when the request began that is to be undone, or that a lock answers to."""

    CODE_NEW = "code_new"
    EARLIER_NUMBER = "earlier_number"
    CODE_CURRENT = "code_current"
    EMAIL = "email"
    AGED_EMAIL = "aged_email"
    EARLIER_EMAIL = "earlier_email"
    PASSWORD = "password"
    LONG_PASSWORD = "long_password"  # enough without a second factor
    AGED_PASSWORD = "aged_password"
    EARLIER_PASSWORD = "earlier_password"
    SECOND_FACTOR = "second_factor"
    AGED_SECOND_FACTOR = "aged_second_factor"
    EARLIER_SECOND_FACTOR = "earlier_second_factor"
    PASSKEY = "passkey"
    KNOWN_DEVICE = "known_device"
    CODE_CONTACT = "code_contact"
    OPERATOR_APPROVAL = "operator_approval"


class Gives(StrEnum):
    """What an applied row gives. The order is from best to least."""

    THE_ACT = "the_act"  # the thing that was asked for
    FULL = "full"  # a full session
    FRESH = "fresh"  # a full session that is fresh for a day
    PROBATION = "probation"  # a session that sees masked data and changes nothing
    FREEZE = "freeze"  # both numbers held, a case


class NumberStanding(StrEnum):
    """How the number that is asked for stands in the reservation rows."""

    FREE = "free"
    OWN = "own"  # the account's live number
    PREVIOUS = "previous"  # held for this very account: the way back
    TAKEN = "taken"  # live on another account, or held for one
    NONE = "none"  # the journey names no new number


class AccountState(StrEnum):
    """What an account may do. `number_required` lost its number in a claim."""

    ACTIVE = "active"
    NUMBER_REQUIRED = "number_required"
    LOCKED = "locked"
    CLOSING = "closing"
    CLOSED = "closed"


class Level(StrEnum):
    """The level of a session."""

    FULL = "full"
    PROBATION = "probation"


class Purpose(StrEnum):
    """What a re-authentication is for. The value is stored and spoken in the API."""

    ACCOUNT_CLOSE = "account_close"
    DATA_EXPORT = "data_export"
    EMAIL_ADD = "email_add"
    EMAIL_REMOVE = "email_remove"
    PASSKEY_ADD = "passkey_add"
    PASSKEY_REMOVE = "passkey_remove"
    PASSWORD_REMOVE = "password_remove"
    PASSWORD_SET = "password_set"
    RECOVERY_CODES = "recovery_codes"
    REQUEST_RESUME = "request_resume"
    REQUEST_STOP = "request_stop"
    SMS_RESTORE = "sms_restore"
    SMS_SUSPEND = "sms_suspend"
    TOTP_REMOVE = "totp_remove"
    TOTP_SET = "totp_set"


class SessionFacts(msgspec.Struct, frozen=True):
    """The session in which a request was begun."""

    level: Level
    opened_at: Ms


class LockFacts(msgspec.Struct, frozen=True):
    """Why and since when an account is locked. `earlier_than` is when the undone request began:
    only what is older lifts the lock. A frozen account is for the support desk."""

    locked_at: Ms
    earlier_than: Ms
    frozen: bool = False


class UndoFacts(msgspec.Struct, frozen=True):
    """The finished request that an undo wants to take back. `led_back`: it was itself the way back
    to the number before."""

    begun_at: Ms
    done_at: Ms
    old_number_since: Ms
    rested_on_second_factor: bool = False
    rested_on_approval: bool = False
    old_number_has_new_holder: bool = False
    led_back: bool = False
    old_number_lost: bool = False


class Ask(msgspec.Struct, frozen=True):
    """What somebody wants. `purpose` is that of a re-authentication. `support`: the request comes
    from a case, or opens one; `contested`: a supervisor has heard both sides of it."""

    kind: Kind
    number: NumberStanding = NumberStanding.NONE
    session: SessionFacts | None = None
    undo: UndoFacts | None = None
    purpose: Purpose | None = None
    support: bool = False
    contested: bool = False


class AccountFacts(msgspec.Struct, frozen=True):
    """What the rule knows of an account. For enrol: of the account that is to be. `sms_off`: the
    telephone was reported lost, and codes to the number prove nothing. `seen_at`: when somebody was
    last there in a full session."""

    enrolled_at: Ms
    region: str
    confirmed_at: Ms
    state: AccountState = AccountState.ACTIVE
    number_changed_at: Ms | None = None
    probation_since: Ms | None = None
    lock: LockFacts | None = None
    factors: tuple[Factor, ...] = ()
    sms_off: bool = False
    seen_at: Ms | None = None


class Case(msgspec.Struct, frozen=True):
    """Everything that a decision rests on, in one value."""

    ask: Ask
    evidence: tuple[Evidence, ...]
    account: AccountFacts
    carrier: CarrierFacts
    policy: Policy
    now: Ms


Way = frozenset[Strength]


class Row(msgspec.Struct, frozen=True):
    """One row of the default policy. Each way is enough by itself; `applies` reads the account's
    condition, never the evidence; `wait` is how long, once it has begun at that moment. `as_one`:
    its proofs need not be independent of one another, and the row gives what is due where they are
    not."""

    name: str
    kind: Kind
    ways: tuple[Way, ...]
    gives: Gives
    applies: Callable[[Case], bool]
    wait: Callable[[Case, Ms], Ms] | None = None
    as_one: bool = False


Ways = tuple[tuple[Proof, ...], ...]


class Apply(msgspec.Struct, frozen=True, tag=True):
    """Do it now. `row` names the row that it rests on."""

    row: str
    gives: Gives


class Wait(msgspec.Struct, frozen=True, tag=True):
    """It may be done at `until`, if nobody objects. `ways` would lead to an earlier outcome."""

    row: str
    until: Ms
    ways: Ways = ()


class Need(msgspec.Struct, frozen=True, tag=True):
    """One of these ways is still needed, each as the proofs missing for it, quickest first."""

    ways: Ways


class Refuse(msgspec.Struct, frozen=True, tag=True):
    """No. `until` is when asking again makes sense, where time alone mends it."""

    refusal: Refusal
    until: Ms | None = None


Decision = Apply | Wait | Need | Refuse
