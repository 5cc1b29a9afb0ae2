"""The watchman is watched: each broken invariant is seen when somebody breaks it."""

import pytest

from rebind.domain.request import Kind
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, DARIA, House, Someone, said
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
    await house.bring_in(BORIS)
    await Someone(house, DARIA).begin(Kind.ENROL)
    assert await broken(house) == []
    return house


@pytest.mark.parametrize("words", HARM)
async def test_harm_is_seen(lived: House, words: str) -> None:
    await lived.write(HARM[words])
    assert any(found.startswith(words) for found in await broken(lived))
