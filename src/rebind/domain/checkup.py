"""checkup: what protects an account now, and what it still lacks, most important first.

Pure: it reads what the account has set, how old that is, and how its number stands. It decides
nothing: what a factor is worth in a request is the evidence rule's to say. Neighbours:
`evidence.py` says what *aged* and *stale* mean, `flows/checkup.py` reads the rows.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from rebind.domain.evidence import Factor, Proof, stale
from rebind.domain.policy import Policy
from rebind.domain.rows import AccountFacts
from rebind.domain.units import DAY, HOUR, Ms

RECOVERY_CODES_FEW = 3
"""So many or fewer are left: time for new ones. Rebind's own choice."""

SESSIONS_MANY = 6
"""From so many on, a person should look which of them are still theirs. Rebind's own choice."""


class Finding(StrEnum):
    """What is missing, or should be known. The order is that of importance; the value is spoken in
    the API."""

    NO_OTHER_WAY_IN = "no_other_way_in"  # without the number nobody comes in
    SMS_OFF = "sms_off"  # the phone was reported lost: codes to the number prove nothing
    NUMBER_UNCONFIRMED = "number_unconfirmed"  # for so long that it may be somebody else's by now
    NO_EMAIL = "no_email"  # nothing but the number can be told, object or undo
    NO_SECOND_FACTOR = "no_second_factor"  # codes by SMS can be taken over (63B-4 3.1.3.3)
    NO_RECOVERY_CODES = "no_recovery_codes"  # nothing stands in for a second factor that is lost
    ONE_EMAIL = "one_email"  # when it is lost, nothing but the number is told
    PASSWORD_SHORT = "password_short"  # it is no way in alone
    FEW_RECOVERY_CODES = "few_recovery_codes"
    FACTOR_YOUNG = "factor_young"  # it neither moves the number nor removes anything yet
    MANY_SESSIONS = "many_sessions"


_SECOND = frozenset({Proof.PASSKEY, Proof.TOTP})
_ORDER = (Proof.PASSKEY, Proof.TOTP, Proof.RECOVERY_CODE, Proof.PASSWORD, Proof.CODE_EMAIL)


class Having(msgspec.Struct, frozen=True):
    """What an account has: its facts with every live factor and mailbox, how many recovery codes
    are left, and how many sessions are open."""

    account: AccountFacts
    recovery_codes: int = 0
    sessions: int = 1


class Found(msgspec.Struct, frozen=True):
    """One finding. `proof` is the kind of factor that it is about, `until` from when that counts,
    `amount` how many there are, where that matters."""

    finding: Finding
    proof: Proof | None = None
    until: Ms | None = None
    amount: int | None = None


class Guard(msgspec.Struct, frozen=True):
    """One kind of what the account has set. `amount`: how many there are, of recovery codes those
    left; `set_at`: the oldest; `counts_from`: when the first of them counts, or counted, for moving
    the number, removing something or lifting a lock (invariant 15)."""

    proof: Proof
    amount: int
    set_at: Ms
    counts_from: Ms


def counts_from(factor: Factor, enrolled_at: Ms, policy: Policy) -> Ms:
    """The moment from which a factor is *aged*."""
    if factor.set_at - enrolled_at <= policy.aged_at_enrolment_h * HOUR:
        return factor.set_at
    return factor.set_at + policy.aged_after_d * DAY


def guards(having: Having, policy: Policy) -> tuple[Guard, ...]:
    """What protects the account, strongest kind first."""
    account, found = having.account, []
    for proof in _ORDER:
        same = [factor for factor in account.factors if factor.proof is proof]
        if same:
            amount = having.recovery_codes if proof is Proof.RECOVERY_CODE else len(same)
            counted = min(counts_from(factor, account.enrolled_at, policy) for factor in same)
            found.append(Guard(proof, amount, min(each.set_at for each in same), counted))
    return tuple(found)


def enters_without_number(factors: tuple[Factor, ...]) -> bool:
    """Whether the account can be entered when its number is gone (row I5): a passkey, a long
    password, or a short one beside an authenticator app. A mailbox alone never signs in."""
    kinds = {factor.proof for factor in factors}
    if Proof.PASSKEY in kinds or {Proof.PASSWORD, Proof.TOTP} <= kinds:
        return True
    return any(factor.proof is Proof.PASSWORD and factor.alone for factor in factors)


def findings(having: Having, policy: Policy, now: Ms) -> tuple[Found, ...]:
    """What is missing, most important first."""
    order = list(Finding)
    return tuple(sorted(_found(having, policy, now), key=lambda one: order.index(one.finding)))


def _found(having: Having, policy: Policy, now: Ms) -> Iterator[Found]:
    account = having.account
    kinds = [factor.proof for factor in account.factors]
    if not enters_without_number(account.factors):
        yield Found(Finding.NO_OTHER_WAY_IN)
    if account.sms_off:
        yield Found(Finding.SMS_OFF)
    elif stale(account.confirmed_at, account.region, policy, now):
        yield Found(Finding.NUMBER_UNCONFIRMED)
    match kinds.count(Proof.CODE_EMAIL):
        case 0:
            yield Found(Finding.NO_EMAIL)
        case 1:
            yield Found(Finding.ONE_EMAIL)
    if _SECOND.isdisjoint(kinds):
        yield Found(Finding.NO_SECOND_FACTOR)
    elif having.recovery_codes == 0:
        yield Found(Finding.NO_RECOVERY_CODES)
    elif having.recovery_codes <= RECOVERY_CODES_FEW:
        yield Found(Finding.FEW_RECOVERY_CODES, amount=having.recovery_codes)
    if any(each.proof is Proof.PASSWORD and not each.alone for each in account.factors):
        yield Found(Finding.PASSWORD_SHORT, Proof.PASSWORD)
    for guard in guards(having, policy):
        if guard.counts_from > now:
            yield Found(Finding.FACTOR_YOUNG, guard.proof, guard.counts_from)
    if having.sessions >= SESSIONS_MANY:
        yield Found(Finding.MANY_SESSIONS, amount=having.sessions)
