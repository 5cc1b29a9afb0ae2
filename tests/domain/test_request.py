"""A request's states are what its facts mean; its moves are one table."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain.request import MOVES, Kind, Move, State, after, may, state_of
from rebind.domain.units import HOUR, Ms
from tests.domain.told import NOON

STANDING = (State.OPEN, State.WAITING, State.READY)
ENDED = (State.DONE, State.REFUSED, State.CANCELLED, State.OBJECTED, State.EXPIRED)
MOMENTS = (None, NOON - HOUR, NOON, NOON + HOUR)

# what the stored facts mean


def test_an_open_request_expires_at_its_very_moment() -> None:
    assert state_of(None, None, None, NOON + 1, NOON) is State.OPEN
    assert state_of(None, None, None, NOON, NOON) is State.EXPIRED
    assert state_of(None, None, None, NOON - 1, NOON) is State.EXPIRED


@pytest.mark.parametrize("wait_until", [NOON - HOUR, NOON, NOON + 1])
@pytest.mark.parametrize("expires_at", [NOON - 1, NOON, NOON + HOUR])
def test_a_wait_does_not_run_out_by_itself(wait_until: Ms, expires_at: Ms) -> None:
    """Not at its end, and not where time looked a week too late: it is for `upkeep` to say."""
    assert state_of(None, wait_until, None, expires_at, NOON) is State.WAITING


def test_what_is_ready_expires_at_its_very_moment() -> None:
    for expires_at, state in ((NOON + 1, State.READY), (NOON, State.EXPIRED)):
        assert state_of(None, NOON - 2 * HOUR, NOON - HOUR, expires_at, NOON) is state


@pytest.mark.parametrize("state", ENDED)
def test_what_has_ended_stays_as_it_ended(state: State) -> None:
    for wait_until, ready_at, expires_at in product(MOMENTS, MOMENTS, (NOON - 1, NOON + 1)):
        assert state_of(state.value, wait_until, ready_at, expires_at, NOON) is state


def test_no_unknown_end_is_read_as_something_else() -> None:
    with pytest.raises(ValueError, match="finished"):
        state_of("finished", None, None, NOON + 1, NOON)


moments = st.integers(NOON - 100 * HOUR, NOON + 100 * HOUR)
facts = st.tuples(
    st.none() | st.sampled_from([state.value for state in ENDED]),
    st.none() | moments,
    st.none() | moments,
    moments,
)


@given(facts, moments, moments)
def test_time_alone_does_nothing_but_expire(
    stored: tuple[str | None, Ms | None, Ms | None, Ms], one: Ms, other: Ms
) -> None:
    before, later = state_of(*stored, min(one, other)), state_of(*stored, max(one, other))
    if before is not later:
        assert later is State.EXPIRED
        assert after(before, Move.PASS_TIME) is State.EXPIRED


# the table


def test_the_table_has_one_answer_to_each_move() -> None:
    assert len({(before, move) for before, move, _ in MOVES}) == len(MOVES)
    assert {move for _, move, _ in MOVES} == set(Move)


def test_after_and_may_say_what_the_table_says() -> None:
    table = {(before, move): then for before, move, then in MOVES}
    for state, move in product(State, Move):
        assert may(state, move) is ((state, move) in table)
        if may(state, move):
            assert after(state, move) is table[state, move]
        else:
            with pytest.raises(KeyError):
                after(state, move)


def test_every_state_can_be_reached_from_the_beginning() -> None:
    reached, grown = {State.OPEN}, True
    while grown:
        more = {then for before, _, then in MOVES if before in reached}
        reached, grown = reached | more, not more <= reached
    assert reached == set(State)


def test_what_stands_can_be_left_and_what_has_ended_cannot() -> None:
    assert {before for before, _, _ in MOVES} == set(STANDING)
    assert {*STANDING, *ENDED} == set(State)


@pytest.mark.parametrize("state", STANDING)
@pytest.mark.parametrize(
    ("move", "then"),
    [
        (Move.PROVE, None),
        (Move.WAIT, State.WAITING),
        (Move.APPLY, State.DONE),
        (Move.REFUSE, State.REFUSED),
        (Move.CANCEL, State.CANCELLED),
        (Move.OBJECT, State.OBJECTED),
    ],
)
def test_whatever_stands_is_proved_decided_and_stopped_alike(
    state: State, move: Move, then: State | None
) -> None:
    """To prove more leaves it where it is."""
    assert after(state, move) is (then or state)


def test_a_wait_ends_in_one_way_and_what_is_ready_in_its_time() -> None:
    assert [before for before, move, _ in MOVES if move is Move.RIPEN] == [State.WAITING]
    assert after(State.WAITING, Move.RIPEN) is State.READY
    assert [state for state in STANDING if may(state, Move.PASS_TIME)] == [State.OPEN, State.READY]


@pytest.mark.parametrize(
    ("state", "move"),
    [(State.DONE, Move.APPLY), (State.OBJECTED, Move.OBJECT), (State.CANCELLED, Move.CANCEL)],
)
def test_only_one_move_makes_each_end(state: State, move: Move) -> None:
    assert {each for _, each, then in MOVES if then is state} == {move}


def test_the_words_that_are_stored_and_spoken() -> None:
    """They stand in rows and in the API: renaming one needs a migration."""
    assert [kind.value for kind in Kind] == [
        "enrol",
        "sign_in",
        "change",
        "recover",
        "claim",
        "handover",
        "undo",
        "close",
        "case",
        "reauthenticate",
    ]
    assert [state.value for state in State] == [
        "open",
        "waiting",
        "ready",
        "done",
        "refused",
        "cancelled",
        "objected",
        "expired",
    ]
