"""The watchman is watched: each broken invariant is seen when somebody breaks it."""

import pytest

from rebind.domain.request import Kind
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, DARIA, THIEF, House, Someone, said
from tests.races.invariants import broken

HARM = {
    "1: a number is live on two accounts": (
        "UPDATE bindings SET number_key = (SELECT number_key FROM bindings"
        " WHERE released_at IS NULL ORDER BY number_key LIMIT 1) WHERE released_at IS NULL"
    ),
    "1: a live binding without its": "DELETE FROM numbers WHERE held_until IS NULL",
    "1: a live reservation without its": (
        "UPDATE numbers SET held_until = NULL WHERE held_until IS NOT NULL"
    ),
    "2: an active account": "UPDATE bindings SET released_at = NULL",
    "2: the live binding is not": "UPDATE accounts SET number_version = number_version + 1",
    "2: a lock without": "UPDATE accounts SET locked_at = 1 WHERE state = 'active'",
    "3: a number that became": "UPDATE evidence SET last_at = 1",
    "3: a weak change": "UPDATE requests SET policy_row = 'C5' WHERE kind = 'change'",
    "6: an undo without its line": "DELETE FROM acts WHERE act = 'number_returned'",
    "6: an undo without notices": "DELETE FROM outbox WHERE message = 'number_returned'",
    "6: a request that waits": "DELETE FROM outbox WHERE message = 'change_waiting'",
    "6: a notice before": "UPDATE requests SET first_proof_at = NULL",
    "6: what has ended badly": "UPDATE requests SET due_at = 1 WHERE ended_as = 'objected'",
    "6: a wait that time": "UPDATE requests SET due_at = NULL",
    "6: a wait that nothing": (
        "UPDATE acts SET act = 'request_cancelled', door = 'time' WHERE act = 'request_waiting'"
    ),
    "9: a locked account": (
        "UPDATE sessions SET ended_at = NULL, number_version ="
        " (SELECT number_version FROM accounts a WHERE a.id = account_id)"
    ),
    "3: a binding that nobody": (
        "UPDATE challenges SET consumed_at = NULL WHERE proof = 'code_new'"
    ),
    "4: a released number": "UPDATE bindings SET bound_at = bound_at - 1 WHERE version = 2",
    "5: a code was tried": "UPDATE challenges SET tries = 6",
    "5: a request that ended well": "UPDATE challenges SET consumed_at = NULL",
    "6: a change without its line": "DELETE FROM acts WHERE act = 'number_changed'",
    "6: a change without notices": "DELETE FROM outbox WHERE channel = 'sms'",
    "9: a session of an account": "DELETE FROM numbers",
    "9: a session older": "UPDATE sessions SET ended_at = NULL",
    "10: a message kept": "UPDATE outbox SET state = 'sent'",
    "14: a number confirmed without": "UPDATE bindings SET confirmed_at = confirmed_at + 1",
    "14: a number confirmed by SMS": "UPDATE acts SET why = 'I3' WHERE why = 'I1'",
}


@pytest.fixture
async def lived(house: House) -> House:
    """A house in which a little has happened, and all is well."""
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    tablet = Someone(house, ANNA, anna.device, anna.id)
    house.clock.push(60_000)
    await tablet.sign_in()
    house.clock.push(60_000)
    assert said(await anna.change(ANNA_NEW)) == "done"
    await Someone(house, CLARA).enrol()
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    await Someone(house, DARIA).begin(Kind.ENROL)
    # Of Boris's wishes one was stopped and one still waits; Nina was robbed and has it back.
    stopped = await c5(house, boris, "+79162000001")
    assert said(await boris.object_to(stopped)) == "objected"
    await c5(house, boris, "+79162000002")
    nina = await house.bring_in("+79162000003")
    await nina.sign_in()
    house.clock.push(60_000)
    assert said(await nina.change(THIEF)) == "done"
    house.clock.push(60_000)
    begun = await Someone(house, "+79162000003").begin(Kind.UNDO)
    code = await house.code_to("+79162000003")
    assert said(await Someone(house, "+79162000003").prove(begun, code_new=code)) == "done"
    assert await broken(house) == []
    return house


@pytest.mark.parametrize("words", HARM)
async def test_harm_is_seen(lived: House, words: str) -> None:
    await lived.write(HARM[words])
    assert any(found.startswith(words) for found in await broken(lived))
