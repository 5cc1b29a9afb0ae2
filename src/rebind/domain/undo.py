"""undo: "it wasn't me". Rows U1 and U2, within 72 h of a finished change.

An undo rests on an address that was the account's before: the old number, or an e-mail, if it was
aged when the undone request began; so a number to which a thief has moved an account the day before
does not take back the holder's return. U1 puts the old number back. U2 freezes, where the undone
request rested on something that an SMS to an old address must not beat, or where the old number has
a new holder or was reported lost: its telephone often reads the mailbox, too.
"""

from rebind.domain.evidence import Factor, Proof, aged
from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Row, Strength, UndoFacts
from rebind.domain.units import HOUR, Ms

ON_SECOND_FACTOR = frozenset({"C1", "R1", "H1"})
ON_APPROVAL = frozenset({"R4", "K6"})
"""Rows that rest on what an SMS to an old address must not beat."""


def facts_of(
    begun_at: Ms,
    done_at: Ms,
    old_number_since: Ms,
    row: str | None,
    new_holder: bool,
    led_back: bool = False,
    lost: bool = False,
    heard: bool = False,
) -> UndoFacts:
    """A finished request as the rule takes it: `row` is the one that it rested on; `lost`: the
    telephone of the number that it replaced was reported lost; `heard`: it was stopped once, and
    two people at the desk let it go on, which is an approval whatever its row."""
    return UndoFacts(
        begun_at,
        done_at,
        old_number_since,
        row in ON_SECOND_FACTOR,
        heard or row in ON_APPROVAL,
        new_holder,
        led_back,
        lost,
    )


def in_time(case: Case) -> bool:
    """Whether the undo window of the finished request is still open."""
    undo = case.ask.undo
    return undo is not None and case.now - undo.done_at < case.policy.undo_h * HOUR


def leads_astray(case: Case) -> bool:
    """Whether it would take a holder's return back to a number that was the account's for a few
    days only: no address brings that one back, not even an aged mailbox."""
    undo = case.ask.undo
    if undo is None or not undo.led_back:
        return False
    number = Factor(Proof.CODE_NEW, undo.old_number_since)
    return not aged(number, case.account.enrolled_at, case.policy, undo.begun_at)


def _must_freeze(case: Case) -> bool:
    undo = case.ask.undo
    return undo is not None and (
        undo.rested_on_second_factor
        or undo.rested_on_approval
        or undo.old_number_has_new_holder
        or undo.old_number_lost
    )


_OLD_ADDRESS = (
    frozenset({Strength.EARLIER_NUMBER}),
    frozenset({Strength.EARLIER_EMAIL}),
)

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
