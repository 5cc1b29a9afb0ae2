"""undo: "it wasn't me". Rows U1 and U2, within 72 h of a finished change.

U1 puts the old number back. U2 freezes, where the undone request rested on something that an SMS
to an old address must not beat, or where the old number has a new holder.
"""

from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Row, Strength
from rebind.domain.units import HOUR


def in_time(case: Case) -> bool:
    """Whether the undo window of the finished request is still open."""
    undo = case.ask.undo
    return undo is not None and case.now - undo.done_at < case.policy.undo_h * HOUR


def _must_freeze(case: Case) -> bool:
    undo = case.ask.undo
    return undo is not None and (
        undo.rested_on_second_factor or undo.rested_on_approval or undo.old_number_has_new_holder
    )


_OLD_ADDRESS = (frozenset({Strength.CODE_NEW}), frozenset({Strength.EMAIL}))

ROWS = (
    Row(
        name="U1",
        kind=Kind.UNDO,
        ways=_OLD_ADDRESS,
        gives=Gives.THE_ACT,
        applies=lambda case: in_time(case) and not _must_freeze(case),
    ),
    Row(
        name="U2",
        kind=Kind.UNDO,
        ways=_OLD_ADDRESS,
        gives=Gives.FREEZE,
        applies=lambda case: in_time(case) and _must_freeze(case),
    ),
)
