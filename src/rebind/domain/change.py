"""change: rows C1 to C5. The number of an account is replaced, never merely removed.

Every row asks for a code answered on the new number: an account never gets a number that nobody
showed to hold. On an account with a second factor only C1 applies.
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Row, Strength
from rebind.domain.sign_in import has_second_factor
from rebind.domain.units import HOUR, Ms

S = Strength


def _without_second_factor(case: Case) -> bool:
    return not has_second_factor(case)


def _wait_c3(case: Case, _begins: Ms) -> Ms:
    return case.policy.wait_c3_h * HOUR


def _wait_c4(case: Case, _begins: Ms) -> Ms:
    return case.policy.wait_c4_h * HOUR


def _wait_c5(case: Case, _begins: Ms) -> Ms:
    return case.policy.wait_c5_h * HOUR


ROWS = (
    Row(
        name="C1",
        kind=Kind.CHANGE,
        ways=(frozenset({S.AGED_SECOND_FACTOR, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=has_second_factor,
    ),
    Row(
        name="C2",
        kind=Kind.CHANGE,
        ways=(
            frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE, S.CODE_NEW}),
            frozenset({S.CODE_CURRENT, S.AGED_PASSWORD, S.CODE_NEW}),
        ),
        gives=Gives.THE_ACT,
        applies=_without_second_factor,
    ),
    Row(
        name="C3",
        kind=Kind.CHANGE,
        ways=(frozenset({S.CODE_CURRENT, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=_without_second_factor,
        wait=_wait_c3,
    ),
    Row(
        name="C4",
        kind=Kind.CHANGE,
        ways=(
            frozenset({S.KNOWN_DEVICE, S.AGED_EMAIL, S.CODE_NEW}),
            frozenset({S.AGED_PASSWORD, S.AGED_EMAIL, S.CODE_NEW}),
        ),
        gives=Gives.THE_ACT,
        applies=_without_second_factor,
        wait=_wait_c4,
    ),
    Row(
        name="C5",
        kind=Kind.CHANGE,
        ways=(frozenset({S.KNOWN_DEVICE, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=_without_second_factor,
        wait=_wait_c5,
    ),
)
