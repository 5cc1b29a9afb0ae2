"""sign_in: rows I1 to I5.

SMS alone never opens an account on an unknown device, but for I3: an account that has nothing else,
whose number was confirmed recently. Where it was not (I4), the session is on probation.
"""

from rebind.domain.evidence import Proof, SubscriberAnswer, independent, stale
from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Row, Strength
from rebind.domain.units import DAY

S = Strength


def has_second_factor(case: Case) -> bool:
    """Whether a passkey or TOTP is set. Recovery codes only stand in for one."""
    return any(f.proof in (Proof.TOTP, Proof.PASSKEY) for f in case.account.factors)


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


def _phone_only_without_factor(case: Case) -> bool:
    return phone_only(case) and not has_second_factor(case)


ROWS = (
    Row(
        name="I1",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),),
        gives=Gives.FULL,
        applies=lambda case: not has_second_factor(case),
    ),
    Row(
        name="I2",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT, S.SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=has_second_factor,
    ),
    Row(
        name="I2",
        kind=Kind.SIGN_IN,
        ways=(
            frozenset({S.CODE_CURRENT, S.PASSWORD}),
            frozenset({S.CODE_CURRENT, S.EMAIL}),
        ),
        gives=Gives.FULL,
        applies=lambda case: not has_second_factor(case),
    ),
    Row(
        name="I3",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT}),),
        gives=Gives.FRESH,
        applies=lambda case: _phone_only_without_factor(case) and not number_doubtful(case),
    ),
    Row(
        name="I4",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.CODE_CURRENT}),),
        gives=Gives.PROBATION,
        applies=lambda case: _phone_only_without_factor(case) and number_doubtful(case),
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.PASSKEY}),),
        gives=Gives.FULL,
        applies=lambda case: True,
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.PASSWORD, S.SECOND_FACTOR}),),
        gives=Gives.FULL,
        applies=has_second_factor,
    ),
    Row(
        name="I5",
        kind=Kind.SIGN_IN,
        ways=(frozenset({S.PASSWORD}),),
        gives=Gives.FULL,
        applies=lambda case: not has_second_factor(case),
    ),
)
