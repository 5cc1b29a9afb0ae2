"""A request's states are what its facts mean; its moves are one table."""

from itertools import product

import pytest

from rebind.domain.request import MOVES, Kind, Move, State, moved, state_of
from tests.domain.told import NOON


def test_an_open_request_expires_at_its_very_moment() -> None:
    assert state_of(None, NOON + 1, NOON) is State.OPEN
    assert state_of(None, NOON, NOON) is State.EXPIRED
    assert state_of(None, NOON - 1, NOON) is State.EXPIRED


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED, State.CANCELLED, State.EXPIRED])
def test_what_has_ended_stays_as_it_ended(state: State) -> None:
    for expires_at in (NOON - 1, NOON + 1):
        assert state_of(state.value, expires_at, NOON) is state


def test_no_unknown_end_is_read_as_something_else() -> None:
    with pytest.raises(ValueError, match="finished"):
        state_of("finished", NOON + 1, NOON)


def test_the_table_has_one_answer_to_each_move() -> None:
    assert len({(before, move) for before, move, _ in MOVES}) == len(MOVES)
    assert {move for _, move, _ in MOVES} == set(Move)


def test_every_state_can_be_reached_and_only_open_can_be_left() -> None:
    assert {after for _, _, after in MOVES} == set(State)
    for state, move in product(State, Move):
        after = moved(state, move)
        assert (after is None) == (state is not State.OPEN)
        if after is not None:
            assert (state, move, after) in MOVES


def test_only_a_decision_to_apply_makes_a_request_done() -> None:
    assert [move for _, move, after in MOVES if after is State.DONE] == [Move.APPLY]


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
    ]
    assert [state.value for state in State] == ["open", "done", "refused", "cancelled", "expired"]
