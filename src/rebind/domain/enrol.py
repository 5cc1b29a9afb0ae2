"""enrol: a number and a code make an account.

E1 opens it. E2 (the number is taken) is told only now, to somebody who has just proved the number.
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, NumberStanding, Row, Strength

_FREE_AS_FAR_AS_TOLD = frozenset({NumberStanding.FREE, NumberStanding.TAKEN})


def _may_be_free(case: Case) -> bool:
    """Whether the number is one that E1 may open. Until it was proved, a taken number is asked for
    the same code as a free one; then `decide` tells E2 before any row is looked at."""
    return case.ask.number in _FREE_AS_FAR_AS_TOLD


ROWS = (
    Row(
        name="E1",
        kind=Kind.ENROL,
        ways=(frozenset({Strength.CODE_NEW}),),
        gives=Gives.FULL,
        applies=_may_be_free,
    ),
)
