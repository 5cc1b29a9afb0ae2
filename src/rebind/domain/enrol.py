"""enrol: a number and a code make an account.

E1 opens it. E2 (the number is taken) is told only now, to somebody who has just proved the number.
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Gives, Row, Strength

ROWS = (
    Row(
        name="E1",
        kind=Kind.ENROL,
        ways=(frozenset({Strength.CODE_NEW}),),
        gives=Gives.FULL,
        applies=lambda case: True,
    ),
)
