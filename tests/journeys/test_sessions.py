"""sessions: who is signed in where, and ending it."""

import pytest

from rebind.domain.assurance import Aal
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, sessions
from rebind.flows.sessions import SessionView
from tests.factors import PASSWORD, set_password
from tests.people import ANNA, ANNA_NEW, BORIS, House, Someone, said


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
    assert newest.expires_at == newest.opened_at + 21 * DAY


async def test_the_list_says_how_each_was_opened(
    house: House, anna: Someone, tablet: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    elsewhere = anna.elsewhere()
    begun = await elsewhere.begin(Kind.SIGN_IN)
    code = await elsewhere.newest_code()
    assert said(await elsewhere.prove(begun, code_current=code, password=PASSWORD)) == "done"
    newest, *older = await listed(house, anna)
    assert newest.proofs == (Proof.CODE_CURRENT, Proof.PASSWORD)
    assert newest.aal == Aal.AAL2
    assert {one.proofs for one in older} == {(Proof.CODE_CURRENT, Proof.KNOWN_DEVICE)}
    assert {one.aal for one in older} == {Aal.AAL1}


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
    """However often it is used."""
    for _week in range(3):
        house.clock.push(10 * DAY - (1 if _week == 2 else 0))
        assert await alive(house, anna)
    (own,) = await listed(house, anna)
    house.clock.push(1)
    assert not await alive(house, anna)
    refused = await sessions.end(house.desk, anna.caller(), own.id)
    assert said(refused) == "session_ended"


async def test_a_session_that_nobody_uses_ends_to_the_millisecond(
    house: House, anna: Someone
) -> None:
    """Each call that counts as seen moves its end; what is idle too long is in no list."""
    house.clock.push(21 * DAY - 1)
    assert await alive(house, anna)
    house.clock.push(7 * DAY)
    assert await alive(house, anna)
    await anna.sign_in()
    tablet = await listed(house, anna)
    assert len(tablet) == 2
    house.clock.push(2 * DAY + 2)
    assert [one.current for one in await listed(house, anna)] == [True]
    house.clock.push(21 * DAY)
    assert not await alive(house, anna)
    assert said(await sessions.listed(house.desk, anna.caller())) == "session_ended"


async def test_there_is_room_for_as_many_sessions_as_somebody_opens(
    house: House, anna: Someone
) -> None:
    """None is turned out by another; all others are ended in one go."""
    for _ in range(12):
        house.clock.push(HOUR)
        await anna.sign_in()
    assert len(await listed(house, anna)) == 13
    assert said(await sessions.end_others(house.desk, anna.caller())) == "ok"
    assert len(await listed(house, anna)) == 1


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


async def stranger(house: House, boris: Someone) -> Someone:
    """Somebody inside his account, who has nothing but his number, on a device of their own."""
    thief = boris.elsewhere()
    await thief.sign_in()
    assert await alive(house, thief)
    return thief


@pytest.mark.parametrize("reported", [True, False])
async def test_a_device_that_is_not_his_does_not_become_known(
    house: House, boris: Someone, reported: bool
) -> None:
    """Ended only, it begins its days anew; reported, it begins none."""
    thief = await stranger(house, boris)
    (theirs,) = [one for one in await listed(house, boris) if not one.current]
    house.clock.push(DAY)
    ended = await sessions.end(house.desk, boris.caller(), theirs.id, not_mine=reported)
    assert said(ended) == "ok"
    assert not await alive(house, thief)
    (why,) = await house.rows("SELECT ended_why FROM sessions WHERE ended_at IS NOT NULL")
    assert why == ("not_holders" if reported else "by_holder",)
    await thief.sign_in()
    house.clock.push(8 * DAY)
    # From now on the account has something beside its number: only known devices do without.
    await set_password(boris, age=30 * DAY)
    assert said(await thief.sign_in()) == ("open" if reported else "done")
    assert said(await boris.sign_in()) == "done", "his own telephone is his"


async def test_from_an_unknown_device_nothing_is_said_of_others(
    house: House, boris: Someone
) -> None:
    """A stolen token makes no strangers of the holder's own devices."""
    thief = await stranger(house, boris)
    (his,) = [one for one in await listed(house, thief) if not one.current]
    ended = await sessions.end(house.desk, thief.caller(), his.id, not_mine=True)
    assert said(ended) == "ok"
    assert await house.rows("SELECT reported_at FROM devices") == [(None,), (None,)]


async def test_a_browser_that_gets_another_session_leaves_its_old_one(
    house: House, anna: Someone
) -> None:
    before = anna.caller()
    await sessions.leave_behind(house.desk, before)
    assert not await alive(house, anna)
    acts = await house.acts(anna.account)
    assert acts[-1] == "session_ended"
    # Nothing is left to leave; nor is a token that is none anybody's.
    await sessions.leave_behind(house.desk, before)
    await sessions.leave_behind(house.desk, Someone(house, ANNA).caller())
    assert await house.acts(anna.account) == acts


async def test_a_session_whose_change_waits_is_not_left(house: House, anna: Someone) -> None:
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    waits = await anna.prove(begun, code_new=await anna.newest_code(ANNA_NEW))
    assert said(waits) == "waiting"
    await sessions.leave_behind(house.desk, anna.caller())
    assert await alive(house, anna)
    assert said(await anna.look_at(begun)) == "waiting"


async def test_an_administrator_ends_the_sessions_of_one(
    house: House, anna: Someone, boris: Someone
) -> None:
    """With whatever they began and still waits."""
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    await anna.prove(begun, code_new=await anna.newest_code(ANNA_NEW))
    assert await sessions.end_of_account(house.desk, anna.account)
    assert not await alive(house, anna)
    assert await alive(house, boris)
    (line,) = await house.rows(
        "SELECT actor, door, why FROM acts WHERE act = 'sessions_ended' AND subject_id = :id",
        id=anna.account,
    )
    assert line == ("system", "command_line", "by_administrator")
    assert await house.value("SELECT ended_as FROM requests WHERE id = :id", id=begun.id) == (
        "cancelled"
    )
    assert not await sessions.end_of_account(house.desk, anna.account)
    assert not await sessions.end_of_account(house.desk, b"\0" * 16)


async def test_an_administrator_ends_the_sessions_of_all(
    house: House, anna: Someone, boris: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "BATCH", 1)
    assert await sessions.end_of_everybody(house.desk) == 2
    assert not await alive(house, anna)
    assert not await alive(house, boris)
    assert await sessions.end_of_everybody(house.desk) == 0
    await anna.sign_in()
    assert await alive(house, anna)
