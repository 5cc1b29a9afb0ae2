"""recover: rows R1, R2 and R4. The telephone is gone, and with it the number.

Begun by somebody who is not signed in, proved by an aged mailbox and, where there is one, the
second factor; every row asks for a code answered on the new number and waits, so that the holder
hears of it and can object. Whatever is less (R3) is for the support desk, whose approval by two
people is row R4. Refuses what a code to the lost number alone has set lately (`strengths.py`).
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Row, Strength
from rebind.domain.sign_in import has_second_factor
from rebind.domain.units import DAY, HOUR, Ms

S = Strength
BY_SUPPORT = "R4"
"""The row after which nothing counts any more that the account had set before."""


def _with_second_factor(case: Case) -> bool:
    return not case.ask.support and has_second_factor(case)


def _without_second_factor(case: Case) -> bool:
    return not case.ask.support and not has_second_factor(case)


def _holder_about(case: Case, begins: Ms) -> bool:
    """Whether the account looks as if its holder were there: seen within 30 days before the wait
    began, or since; or with a second factor, which a mere lost telephone does not explain. That the
    number was confirmed says the same of an account that was imported and not used here yet."""
    account = case.account
    seen_at = max(account.confirmed_at, account.seen_at or account.confirmed_at)
    return begins - seen_at < case.policy.holder_seen_d * DAY or has_second_factor(case)


def _wait_r1(case: Case, _begins: Ms) -> Ms:
    return case.policy.wait_r1_h * HOUR


def _wait_r2(case: Case, _begins: Ms) -> Ms:
    return case.policy.wait_r2_h * HOUR


def _wait_r4(case: Case, begins: Ms) -> Ms:
    """By who was there when it began, not by now: else time alone would end it earlier than people
    were told."""
    if _holder_about(case, begins):
        return case.policy.wait_r4_seen_d * DAY
    return case.policy.wait_r4_h * HOUR


ROWS = (
    Row(
        name="R1",
        kind=Kind.RECOVER,
        ways=(frozenset({S.AGED_EMAIL, S.AGED_SECOND_FACTOR, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=_with_second_factor,
        wait=_wait_r1,
    ),
    Row(
        name="R2",
        kind=Kind.RECOVER,
        ways=(frozenset({S.AGED_EMAIL, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=_without_second_factor,
        wait=_wait_r2,
    ),
    Row(
        name="R4",
        kind=Kind.RECOVER,
        ways=(frozenset({S.OPERATOR_APPROVAL, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=lambda case: case.ask.support,
        wait=_wait_r4,
    ),
)
