"""sign_in: rows I1 to I5, and L1 and L2 on an account that an undo has locked.

SMS alone never opens an account on an unknown device, but for I3: an account that has nothing else,
whose number was confirmed recently. Where it was not (I4), the session is on probation. A lock is
lifted by what is older than the undone request, and by SMS only after a day, where there is nothing
else and the number is not in doubt as in I4: its new holder could have made the undo.
"""

from rebind.domain.evidence import Proof, SubscriberAnswer, aged, independent, stale
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import AccountFacts, Case, Gives, LockFacts, Row, Strength
from rebind.domain.units import DAY, HOUR, Ms

S = Strength
_SECOND = frozenset({Proof.TOTP, Proof.PASSKEY})


def has_second_factor(case: Case) -> bool:
    """Whether a passkey or TOTP is set. Recovery codes only stand in for one. Of what two people at
    the desk have let go on: whether an aged one was there when they did; else whoever was heard in
    vain could set one with what was in dispute, and no evidence would be enough any more."""
    account, heard_at = case.account, approved_at(case) if case.ask.contested else None
    return any(
        factor.proof in _SECOND
        and (heard_at is None or aged(factor, account.enrolled_at, case.policy, heard_at))
        for factor in account.factors
    )


def approved_at(case: Case) -> Ms | None:
    """When the support desk last said yes."""
    approvals = (item for item in case.evidence if item.proof is Proof.OPERATOR_APPROVAL)
    return max((item.first_at for item in approvals), default=None)


def phone_only(case: Case) -> bool:
    """Whether the account has no proof that would count beside a code to its number."""
    return not any(
        independent(factor, Proof.CODE_CURRENT, case.policy, case.now)
        for factor in case.account.factors
        if factor.proof is not Proof.RECOVERY_CODE
    )


def number_doubtful(case: Case) -> bool:
    """Whether the number may belong to somebody else by now: stale and not vouched for by the
    operator, or recycled by the operator's own word."""
    if case.carrier.subscriber is SubscriberAnswer.SAME:
        return False
    if case.carrier.subscriber is SubscriberAnswer.RECYCLED:
        return True
    account = case.account
    if _outlived_probation(case):
        return False
    return stale(account.confirmed_at, account.region, case.policy, case.now)


def _outlived_probation(case: Case) -> bool:
    """Profile lenient: a probation of which every address was told ends by time. Strict: never."""
    since = case.account.probation_since
    if case.policy.profile != "lenient" or since is None:
        return False
    return case.now - since >= case.policy.probation_lenient_d * DAY


def _open(case: Case) -> bool:
    return case.account.lock is None


def _without_second_factor(case: Case) -> bool:
    return _open(case) and not has_second_factor(case)


def _with_second_factor(case: Case) -> bool:
    return _open(case) and has_second_factor(case)


def _phone_only_without_factor(case: Case) -> bool:
    return _without_second_factor(case) and phone_only(case)


def _factor_of_the_phone(case: Case) -> bool:
    """Whether whatever the account has beside its number was set lately by codes to it, a second
    factor among it. That is asked for, and makes the code worth no more than it is: else its holder
    would stay outside until the factor has grown independent."""
    return _with_second_factor(case) and phone_only(case)


def sms_lifts_at(account: AccountFacts, lock: LockFacts, policy: Policy) -> Ms | None:
    """From when a code to the number alone lifts a lock: never, where there is a second factor, or
    something older than the undone request that counts beside such a code by then."""
    lifts_at = lock.locked_at + policy.unlock_sms_h * HOUR
    for factor in account.factors:
        if factor.proof in _SECOND:
            return None
        older = aged(factor, account.enrolled_at, policy, lock.earlier_than)
        if older and independent(factor, Proof.CODE_CURRENT, policy, lifts_at):
            return None
    return lifts_at


def locked(case: Case) -> bool:
    """Whether there is a lock that a sign-in may lift: not where the account is frozen."""
    return case.account.lock is not None and not case.account.lock.frozen


def _locked_without_second_factor(case: Case) -> bool:
    return locked(case) and not has_second_factor(case)


def _locked_long_enough(case: Case) -> bool:
    lock = case.account.lock
    if lock is None or lock.frozen:
        return False
    lifts_at = sms_lifts_at(case.account, lock, case.policy)
    return lifts_at is not None and lifts_at <= case.now and not number_doubtful(case)


ROWS = (
    Row(
        name="I1",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),),
        gives=Gives.FULL,
        applies=_without_second_factor,
    ),
    Row(
        name="I1",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE, S.SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=_factor_of_the_phone,
        as_one=True,
    ),
    Row(
        name="I2",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=_with_second_factor,
    ),
    Row(
        name="I2",
        kind=Kind.SIGN_IN,
        ways=(
            frozenset({S.CODE_CURRENT, S.PASSWORD}),
            frozenset({S.CODE_CURRENT, S.EMAIL}),
        ),
        gives=Gives.FULL,
        applies=_without_second_factor,
    ),
    Row(
        name="I3",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT}),),
        gives=Gives.FRESH,
        applies=lambda case: _phone_only_without_factor(case) and not number_doubtful(case),
    ),
    Row(
        name="I3",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.SECOND_FACTOR}),),
        gives=Gives.FRESH,
        applies=lambda case: _factor_of_the_phone(case) and not number_doubtful(case),
        as_one=True,
    ),
    Row(
        name="I4",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT}),),
        gives=Gives.PROBATION,
        applies=lambda case: _phone_only_without_factor(case) and number_doubtful(case),
    ),
    Row(
        name="I4",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.SECOND_FACTOR}),),
        gives=Gives.PROBATION,
        applies=lambda case: _factor_of_the_phone(case) and number_doubtful(case),
        as_one=True,
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.PASSKEY}),),
        gives=Gives.FULL,
        applies=_open,
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.PASSWORD, S.SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=_with_second_factor,
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.LONG_PASSWORD}),),
        gives=Gives.FULL,
        applies=_without_second_factor,
    ),
    Row(
        name="L1",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.EARLIER_SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=locked,
    ),
    Row(
        name="L1",
        kind=Kind.SIGN_IN,
        ways=(
            frozenset({S.CODE_CURRENT, S.EARLIER_PASSWORD}),
            frozenset({S.CODE_CURRENT, S.EARLIER_EMAIL}),
            frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),
        ),
        gives=Gives.FULL,
        applies=_locked_without_second_factor,
    ),
    Row(
        name="L2",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT}),),
        gives=Gives.FRESH,
        applies=_locked_long_enough,
    ),
)
