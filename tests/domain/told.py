"""Words in which the stories of tests/domain are told: people's accounts, proofs and times.

Times are milliseconds; `NOON` is the moment of every story, and the rest is counted from it.
"""

import msgspec

from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof
from rebind.domain.policy import Policy
from rebind.domain.refusals import Refusal
from rebind.domain.request import Kind
from rebind.domain.rows import (
    AccountFacts,
    AccountState,
    Apply,
    Ask,
    Decision,
    Level,
    LockFacts,
    Need,
    NumberStanding,
    Purpose,
    Refuse,
    SessionFacts,
    UndoFacts,
    Wait,
    Ways,
)
from rebind.domain.units import DAY, HOUR, Ms

NOON: Ms = 20_000 * DAY + 12 * HOUR
DEFAULT = Policy()

CODE_NEW, CODE_CURRENT, CODE_EMAIL = Proof.CODE_NEW, Proof.CODE_CURRENT, Proof.CODE_EMAIL
PASSWORD, TOTP, PASSKEY = Proof.PASSWORD, Proof.TOTP, Proof.PASSKEY
RECOVERY_CODE = Proof.RECOVERY_CODE
KNOWN_DEVICE, OTHER_DEVICE, SILENCE = Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE, Proof.SILENCE
CODE_CONTACT, APPROVAL = Proof.CODE_CONTACT, Proof.OPERATOR_APPROVAL

OLD_SESSION = SessionFacts(Level.FULL, NOON - 10 * DAY)
SIGN_IN = Ask(Kind.SIGN_IN)
ENROL = Ask(Kind.ENROL, NumberStanding.FREE)
CHANGE = Ask(Kind.CHANGE, NumberStanding.FREE, OLD_SESSION)
LOST = Ask(Kind.RECOVER)
"""The telephone is gone, and no new number is named yet."""
RECOVER = Ask(Kind.RECOVER, NumberStanding.FREE)
BY_DESK = Ask(Kind.RECOVER, NumberStanding.FREE, support=True)
LETTER = Ask(Kind.CASE)
LETTER_WITH_NUMBER = Ask(Kind.CASE, NumberStanding.FREE)
SAME_OPERATOR = CarrierFacts()


def confirm(purpose: Purpose, session: SessionFacts = OLD_SESSION) -> Ask:
    """A fresh proof for one purpose."""
    return Ask(Kind.REAUTHENTICATE, session=session, purpose=purpose)


def factor(proof: Proof, set_at: Ms = NOON - 200 * DAY, *set_by: Proof) -> Factor:
    """Something that an account has set; without a date, long ago."""
    return Factor(proof, set_at, frozenset(set_by))


def account(
    *factors: Factor,
    confirmed_at: Ms = NOON - DAY,
    region: str = "RU",
    number_changed_at: Ms | None = None,
    seen_at: Ms | None = None,
) -> AccountFacts:
    """An account of a year, with a number that was confirmed yesterday."""
    return AccountFacts(
        enrolled_at=NOON - 365 * DAY,
        region=region,
        confirmed_at=confirmed_at,
        number_changed_at=number_changed_at,
        factors=factors,
        seen_at=seen_at,
    )


BEGUN: Ms = NOON - 30 * HOUR
"""When the change began that is undone, or that an undo has taken back."""


def undo(
    standing: NumberStanding = NumberStanding.PREVIOUS,
    *,
    begun_at: Ms = BEGUN,
    done_at: Ms = NOON - 20 * HOUR,
    old_number_since: Ms = NOON - 300 * DAY,
    rested_on: str | None = None,
) -> Ask:
    """To take back a change that began the day before yesterday; the number before it was old.
    `rested_on` names what is true of it in `UndoFacts`."""
    facts = UndoFacts(begun_at, done_at, old_number_since)
    if rested_on is not None:
        facts = msgspec.structs.replace(facts, **{rested_on: True})
    return Ask(Kind.UNDO, standing, undo=facts)


def locked(
    *factors: Factor,
    at: Ms = NOON - HOUR,
    earlier_than: Ms = BEGUN,
    frozen: bool = False,
    state: AccountState = AccountState.LOCKED,
) -> AccountFacts:
    """The account of a year after an undo an hour ago."""
    who = account(*factors)
    return AccountFacts(
        who.enrolled_at,
        who.region,
        who.confirmed_at,
        state,
        lock=LockFacts(at, earlier_than, frozen),
        factors=factors,
    )


def given(*proofs: Proof | Evidence, of: AccountFacts, at: Ms = NOON) -> tuple[Evidence, ...]:
    """Proofs given at one moment, each by the first factor of its kind that the account has."""
    found = []
    for proof in proofs:
        if isinstance(proof, Evidence):
            found.append(proof)
            continue
        behind = next((f for f in of.factors if f.proof is proof), None)
        found.append(Evidence(proof, at, at, behind))
    return tuple(found)


def decided(
    ask: Ask,
    who: AccountFacts,
    *proofs: Proof | Evidence,
    carrier: CarrierFacts = SAME_OPERATOR,
    policy: Policy = DEFAULT,
    at: Ms = NOON,
    now: Ms = NOON,
) -> Decision:
    """What the rule says to these proofs, given at `at`."""
    return decide(ask, given(*proofs, of=who, at=at), who, carrier, policy, now)


def row_of(decision: Decision) -> str:
    """The row that was applied at once."""
    assert isinstance(decision, Apply), decision
    return decision.row


def waits(decision: Decision) -> tuple[str, Ms]:
    """The row that waits, and how long from NOON."""
    assert isinstance(decision, Wait), decision
    return decision.row, decision.until - NOON


def needs(decision: Decision) -> Ways:
    assert isinstance(decision, Need), decision
    return decision.ways


def refusal(decision: Decision) -> Refusal:
    assert isinstance(decision, Refuse), decision
    return decision.refusal
