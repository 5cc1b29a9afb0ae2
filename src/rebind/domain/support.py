"""Writing to the support desk without being signed in: rows S1 and S2.

They open a conversation and nothing else. A code shows that the desk's answers reach whoever
writes; who wants a new number shows besides to hold it, so that no one else is sent what is said.
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, NumberStanding, Row, Strength

S = Strength


def _names_number(case: Case) -> bool:
    return case.ask.number is not NumberStanding.NONE


ROWS = (
    Row(
        name="S1",
        kind=Kind.CASE,
        ways=(frozenset({S.CODE_CONTACT}),),
        gives=Gives.THE_ACT,
        applies=lambda case: not _names_number(case),
    ),
    Row(
        name="S2",
        kind=Kind.CASE,
        ways=(frozenset({S.CODE_CONTACT, S.CODE_NEW}),),
        gives=Gives.THE_ACT,
        applies=_names_number,
    ),
)
