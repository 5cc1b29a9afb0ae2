"""The request: one journey on its way, its states, and the one table of moves between them.

What is stored are facts (`begun_at`, `expires_at`, `ended_at`, `ended_as`); the state is derived
here. The pictures in docs/journeys/ are made from `MOVES`.
"""

from enum import StrEnum

from rebind.domain.units import Ms


class Kind(StrEnum):
    """The journeys that can move a binding or open a session. The value is stored and spoken."""

    ENROL = "enrol"
    SIGN_IN = "sign_in"
    CHANGE = "change"
    RECOVER = "recover"
    CLAIM = "claim"
    HANDOVER = "handover"
    UNDO = "undo"
    CLOSE = "close"


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Move(StrEnum):
    """What can happen to a request."""

    PROVE = "prove"  # a proof was accepted, the decision still needs more
    APPLY = "apply"  # the decision was `apply now`
    REFUSE = "refuse"  # the decision was a final no
    CANCEL = "cancel"  # its owner stopped it, or their session was ended
    PASS_TIME = "pass_time"


MOVES: tuple[tuple[State, Move, State], ...] = (
    (State.OPEN, Move.PROVE, State.OPEN),
    (State.OPEN, Move.APPLY, State.DONE),
    (State.OPEN, Move.REFUSE, State.REFUSED),
    (State.OPEN, Move.CANCEL, State.CANCELLED),
    (State.OPEN, Move.PASS_TIME, State.EXPIRED),
)


def state_of(ended_as: str | None, expires_at: Ms, now: Ms) -> State:
    """The state that the stored facts mean at `now`."""
    if ended_as is not None:
        return State(ended_as)
    return State.EXPIRED if expires_at <= now else State.OPEN


def moved(state: State, move: Move) -> State | None:
    """Where `move` leads from `state`; None where the table knows no such move."""
    for before, act, after in MOVES:
        if before is state and act is move:
            return after
    return None
