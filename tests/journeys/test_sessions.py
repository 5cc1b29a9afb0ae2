"""sessions: who is signed in where, and ending it."""

import pytest

from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, sessions
from rebind.flows.sessions import SessionView
from tests.people import ANNA, BORIS, House, Someone, said


@pytest.fixture
async def tablet(house: House, anna: Someone) -> Someone:
    """Anna's second session, an hour after the first, from another network."""
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id, "2001:db8::7")
    await tablet.sign_in()
    return tablet


async def listed(house: House, who: Someone) -> list[SessionView]:
    found = await sessions.listed(house.desk, who.caller())
    assert isinstance(found, list), found
    return found


async def alive(house: House, who: Someone) -> bool:
    return not said_refused(await account.show(house.desk, who.caller()))


def said_refused(outcome: object) -> bool:
    return not isinstance(outcome, account.AccountView)


async def test_the_list_shows_where_and_since_when(
    house: House, anna: Someone, tablet: Someone
) -> None:
    newest, oldest = await listed(house, tablet)
    assert (newest.current, oldest.current) == (True, False)
    assert (newest.address, oldest.address) == ("2001:db8::7", "192.0.2.10")
    assert newest.opened_at - oldest.opened_at == HOUR
    assert newest.agent == "Tests/1.0"
    assert newest.expires_at == newest.opened_at + 30 * DAY


async def test_one_session_is_ended(house: House, anna: Someone, tablet: Someone) -> None:
    own = next(one for one in await listed(house, tablet) if one.current)
    assert said(await sessions.end(house.desk, anna.caller(), own.id)) == "ok"
    assert not await alive(house, tablet)
    assert await alive(house, anna)
    assert said(await sessions.end(house.desk, anna.caller(), own.id)) == "session_unknown"
    assert len(await listed(house, anna)) == 1


async def test_all_others_are_ended(house: House, anna: Someone, tablet: Someone) -> None:
    assert said(await sessions.end_others(house.desk, tablet.caller())) == "ok"
    assert not await alive(house, anna)
    assert [one.current for one in await listed(house, tablet)] == [True]
    assert (await house.acts(anna.account))[-1] == "sessions_ended"
    assert said(await sessions.end_others(house.desk, anna.caller())) == "session_ended"


async def test_signing_out_ends_ones_own(house: House, anna: Someone) -> None:
    (own,) = await listed(house, anna)
    assert said(await sessions.end(house.desk, anna.caller(), own.id)) == "ok"
    assert not await alive(house, anna)
    ended = await house.rows("SELECT ended_at, ended_why FROM sessions")
    assert ended == [(house.clock.now(), "by_holder")]


async def test_nobody_ends_somebody_elses_session(
    house: House, anna: Someone, boris: Someone
) -> None:
    (of_anna,) = await listed(house, anna)
    before = await house.acts()
    assert said(await sessions.end(house.desk, boris.caller(), of_anna.id)) == "session_unknown"
    assert said(await sessions.end(house.desk, boris.caller(), b"\0" * 16)) == "session_unknown"
    assert await house.acts() == before
    assert await alive(house, anna)
    # Nor does her id under his secret open anything.
    assert boris.session is not None
    assert anna.session is not None
    mixed = anna.session[:45] + boris.session[45:]
    assert not await alive(house, _with(house, mixed))


def _with(house: House, bearer: str) -> Someone:
    who = Someone(house, BORIS)
    who.session = bearer
    return who


async def test_a_session_lives_thirty_days_to_the_millisecond(house: House, anna: Someone) -> None:
    house.clock.push(30 * DAY - 1)
    assert await alive(house, anna)
    (own,) = await listed(house, anna)
    house.clock.push(1)
    assert not await alive(house, anna)
    refused = await sessions.end(house.desk, anna.caller(), own.id)
    assert said(refused) == "session_ended"


async def test_last_seen_is_kept_no_finer_than_ten_minutes(house: House, anna: Someone) -> None:
    begun = house.clock.now()
    house.clock.push(10 * MINUTE - 1)
    (own,) = await listed(house, anna)
    assert own.seen_at == begun
    house.clock.push(1)
    before = await house.acts()
    (own,) = await listed(house, anna)
    assert own.seen_at == house.clock.now()
    # Being seen is no act.
    assert await house.acts() == before


async def test_a_closed_account_has_no_sessions(house: House, anna: Someone) -> None:
    await house.write("UPDATE accounts SET state = 'closed'")
    assert not await alive(house, anna)


async def test_every_flow_of_a_session_asks_for_one(house: House, anna: Someone) -> None:
    stranger = Someone(house, ANNA).caller()
    desk = house.desk
    for outcome in (
        await sessions.listed(desk, stranger),
        await sessions.end(desk, stranger, b"\0" * 16),
        await sessions.end_others(desk, stranger),
        await account.show(desk, stranger),
        await account.bindings(desk, stranger),
        await account.happened(desk, stranger),
    ):
        assert said(outcome) == "session_required"
