"""The request: one journey on its way, its states, and the one table of moves between them.

What is stored are facts (`begun_at`, `wait_until`, `ready_at`, `expires_at`, `ended_at`,
`ended_as`); the state is derived here. The pictures in docs/journeys/ are made from `MOVES`, and
the flows ask `after` where a move leads.
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
    CASE = "case"  # moves nothing: the support desk is written to by somebody not signed in
    REAUTHENTICATE = "reauthenticate"  # moves nothing: a fresh proof before something is touched


REPLACING = frozenset({Kind.CHANGE, Kind.RECOVER})
"""The journeys that end in another number for the account, so that they wait, are told of, and can
be stopped and undone alike."""


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    WAITING = "waiting"  # enough was proved, and everybody has time to object
    READY = "ready"  # the wait is over; a fresh code to the new number is asked for
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    OBJECTED = "objected"
    EXPIRED = "expired"


class Move(StrEnum):
    """What can happen to a request."""

    PROVE = "prove"  # a proof was accepted, the decision still needs more
    WAIT = "wait"  # the decision was `wait until`
    RIPEN = "ripen"  # the wait is over, but the code to the new number has grown old
    APPLY = "apply"  # the decision was `apply now`
    REFUSE = "refuse"  # the decision was a final no
    CANCEL = "cancel"  # its owner stopped it, or their session was ended
    OBJECT = "object"  # somebody with standing stopped it
    PASS_TIME = "pass_time"


_STANDING = (State.OPEN, State.WAITING, State.READY)

MOVES: tuple[tuple[State, Move, State], ...] = (
    (State.OPEN, Move.PROVE, State.OPEN),
    (State.OPEN, Move.WAIT, State.WAITING),
    (State.OPEN, Move.PASS_TIME, State.EXPIRED),
    (State.WAITING, Move.PROVE, State.WAITING),
    (State.WAITING, Move.WAIT, State.WAITING),
    (State.WAITING, Move.RIPEN, State.READY),
    (State.READY, Move.PROVE, State.READY),
    (State.READY, Move.WAIT, State.WAITING),
    (State.READY, Move.PASS_TIME, State.EXPIRED),
    *((state, Move.APPLY, State.DONE) for state in _STANDING),
    *((state, Move.REFUSE, State.REFUSED) for state in _STANDING),
    *((state, Move.CANCEL, State.CANCELLED) for state in _STANDING),
    *((state, Move.OBJECT, State.OBJECTED) for state in _STANDING),
)
_AFTER = {(before, move): after for before, move, after in MOVES}


def state_of(
    ended_as: str | None, wait_until: Ms | None, ready_at: Ms | None, expires_at: Ms, now: Ms
) -> State:
    """The state that the stored facts mean at `now`. A wait does not run out by itself: whoever
    comes after its end finds it waiting until `upkeep` has looked."""
    if ended_as is not None:
        return State(ended_as)
    if wait_until is not None and ready_at is None:
        return State.WAITING
    if expires_at <= now:
        return State.EXPIRED
    return State.OPEN if wait_until is None else State.READY


def after(state: State, move: Move) -> State:
    """Where `move` leads from `state`. Raises KeyError where the table knows no such move: a flow
    that asks for one has a bug."""
    return _AFTER[state, move]


def may(state: State, move: Move) -> bool:
    """Whether the table knows that move."""
    return (state, move) in _AFTER
