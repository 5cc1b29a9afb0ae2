"""ended: what waited and will not happen is told to whoever was told that it waits, once, and
without a word too many."""

import asyncio
import re

import pytest

from rebind.domain.cases import Reason, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import case_decisions, closing, reauthentication, sessions
from rebind.flows.desk import RequestView
from tests.desk import AT_DESK, NEW_MAIL, confirmed, entered, hired, with_passport, written
from tests.journeys.waits import c4, c5, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    CLARA,
    DARIA,
    THIEF,
    House,
    Sent,
    Someone,
    said,
)
from tests.races.invariants import broken

TAKEN = "another account"


@pytest.fixture
async def english(embedded: House) -> Someone:
    """Anna, who reads English, on one database: what is told does not depend on which."""
    anna = await embedded.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await anna.sign_in()
    embedded.clock.push(HOUR)
    return anna


async def words(house: House, to: str) -> str:
    """The newest message to an address."""
    await house.deliver()
    sent: list[Sent] = house.post.mail_to(to) if "@" in to else house.post.sms_to(to)
    return sent[-1].words.text


async def enrolled(house: House, number: str) -> None:
    """Somebody else has that number for an account of their own."""
    assert said(await Someone(house, number, address="192.0.2.99").enrol()) == "open"


async def test_a_number_that_was_taken_is_said_so_to_that_number_alone(english: Someone) -> None:
    house = english.house
    begun = await c5(house, english, CLARA)
    house.clock.push(HOUR)
    await enrolled(house, CLARA)
    await house.pass_time(14 * DAY)
    assert await row_of(house, begun) == ("refused", "C5")
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, CLARA))
    assert TAKEN in await words(house, CLARA)
    for address in (ANNA, ANNA_MAIL):
        text = await words(house, address)
        assert re.search(r"\+4[4*•]\S+56\b", text)
        assert "will not" in text
        assert TAKEN not in text
        assert "/stop/" not in text
    await house.pass_time(30 * DAY)
    assert len(await told(house, "change_ended")) == 3
    assert await broken(house) == []


async def test_a_week_without_a_fresh_code_is_told_once(house: House, anna: Someone) -> None:
    """Two workers look at the same moment; both databases."""
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert said(await anna.look_at(begun)) == "ready"
    await house.deliver()
    house.clock.push(7 * DAY)
    beside = House(house.engine, beside=house)
    await asyncio.gather(*(each.upkeep.once() for each in (house, beside) * 2))
    assert not house.bugs + beside.bugs
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, ANNA_NEW))
    whys = await house.rows("SELECT why FROM acts WHERE act = 'request_cancelled'")
    assert whys == [("expired",)]
    assert said(await anna.look_at(begun)) == "expired"


async def test_that_no_code_came_is_no_secret(english: Someone) -> None:
    house = english.house
    await c5(house, english)
    for by in (14 * DAY, 7 * DAY):
        await house.pass_time(by)
    for address in (ANNA_MAIL, ANNA_NEW):
        assert "in time" in await words(house, address)


async def test_where_nobody_was_reached_only_who_was_is_told(english: Someone) -> None:
    """Who would not hear that it waits would not hear that it does not; the new number answers."""
    house = english.house
    for address in (ANNA, ANNA_MAIL):
        house.post.refuse(address, 99, "unknown subscriber", final=True)
    begun = await c5(house, english)
    await house.pass_time(14 * DAY)
    assert await row_of(house, begun) == ("refused", "C5")
    rows = await house.rows("SELECT address_key FROM outbox WHERE message = 'change_ended'")
    assert [bytes(key) for (key,) in rows] == [house.seal.index("number", ANNA_NEW)]
    text = await words(house, ANNA_NEW)
    assert "/support/new" in text
    assert TAKEN not in text
    assert "•" not in text


async def test_who_took_an_earlier_notice_is_told(english: Someone) -> None:
    """They were told of two weeks; that of a day did not reach them, and may do so by now."""
    house = english.house
    begun = await c5(house, english)
    await house.pass_time(HOUR)
    await english.another_code(begun, Proof.CODE_EMAIL)
    code = await house.code_to(ANNA_MAIL)
    for address in (ANNA, ANNA_MAIL):
        house.post.refuse(address, 1, "unknown subscriber", final=True)
    assert (await english.prove(begun, code_email=code)).row == "C4"
    await house.pass_time(DAY)
    assert await row_of(house, begun) == ("refused", "C4")
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, ANNA_NEW))


async def test_another_change_overtakes_what_waits(house: House, anna: Someone) -> None:
    """The old SIM turns up: one number is hers now, the other will not be. Of a wait for the very
    number that she has now nobody is told anything."""
    other, same = await c5(house, anna, CLARA), await c5(house, anna, ANNA_NEW)
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    assert said(await anna.look_at(same)) == said(await anna.look_at(other)) == "cancelled"
    await house.pass_time(MINUTE)
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_NEW, ANNA_MAIL, CLARA))
    ids = await house.rows("SELECT DISTINCT request_id FROM outbox WHERE message = 'change_ended'")
    assert [bytes(id_) for (id_,) in ids] == [other.id]
    await house.pass_time(30 * DAY)
    assert len(await told(house, "change_ended")) == 4
    assert await house.value("SELECT count(*) FROM requests WHERE due_at IS NOT NULL") == 0
    assert await broken(house) == []


async def test_a_thief_does_not_lull_her_by_letting_one_of_two_die(english: Someone) -> None:
    """Each of two stolen sessions has begun a change. That one of them is over is no good news, and
    she is not told so; of the last one she is."""
    house = english.house
    there = Someone(house, ANNA, english.device, english.id)
    for to in (DARIA, THIEF):
        there.session = None
        await there.sign_in()
        house.clock.push(HOUR)
        await c5(house, there, to)
    found = await sessions.listed(house.desk, there.caller())
    assert isinstance(found, list)
    first = sorted(found, key=lambda each: each.opened_at)[1]
    assert said(await sessions.end(house.desk, there.caller(), first.id)) == "ok"
    await house.pass_time(0)
    assert await told(house, "change_ended") == [DARIA]
    assert said(await sessions.end_others(house.desk, english.caller())) == "ok"
    await house.pass_time(0)
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, DARIA, THIEF))


async def test_what_ends_with_its_session_is_told(english: Someone) -> None:
    house = english.house
    there = Someone(house, ANNA, english.device, english.id)
    await there.sign_in()
    house.clock.push(HOUR)
    await c5(house, there)
    assert said(await sessions.end_others(house.desk, english.caller())) == "ok"
    await house.pass_time(0)
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, ANNA_NEW))


async def test_an_objection_is_told_by_that_alone(english: Someone) -> None:
    house = english.house
    await c5(house, english, CLARA)
    link = await house.link_to(ANNA_MAIL, "stop")
    assert said(await english.stop_by(link)) == "objected"
    await house.pass_time(30 * DAY)
    assert await told(house, "change_ended") == []


async def test_what_a_stolen_session_takes_back_is_told_to_its_owner(english: Someone) -> None:
    """Whoever has her session need not object and be heard: they could cancel what she waits for
    without a word. So that is told too, at once, and where to look for them."""
    house = english.house
    mine = await c5(house, english)
    assert said(await english.cancel(mine)) == "cancelled"
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, ANNA_NEW))
    for address in (ANNA, ANNA_MAIL):
        assert "cancelled by whoever had begun it" in await words(house, address)
    assert "/sessions" in await words(house, ANNA_MAIL)
    assert "begin anew" in await words(house, ANNA_NEW)
    await house.pass_time(30 * DAY)
    assert len(await told(house, "change_ended")) == 3
    assert await broken(house) == []


async def test_what_did_not_wait_yet_is_taken_back_without_a_word(english: Someone) -> None:
    begun = await english.begin(Kind.CHANGE, ANNA_NEW)
    assert said(await english.cancel(begun)) == "cancelled"
    await english.house.pass_time(DAY)
    assert await told(english.house, "change_ended") == []


async def test_cancelling_one_of_two_lulls_nobody(english: Someone) -> None:
    house = english.house
    there = Someone(house, ANNA, english.device, english.id)
    await there.sign_in()
    house.clock.push(HOUR)
    theirs = await c5(house, there, THIEF)
    await c5(house, english, DARIA)
    assert said(await there.cancel(theirs)) == "cancelled"
    assert await told(house, "change_ended") == [THIEF]


async def test_a_refusal_on_the_page_is_told_to_the_others_too(english: Someone) -> None:
    """Whoever answers the fresh code sees it; the addresses still wait for the change."""
    house = english.house
    begun = await c5(house, english, CLARA)
    await house.pass_time(14 * DAY)
    await english.another_code(begun, Proof.CODE_NEW)
    code = await house.code_to(CLARA)
    house.clock.push(MINUTE)
    await enrolled(house, CLARA)
    assert said(await english.prove(begun, code_new=code)) == "number_taken"
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, CLARA))
    assert TAKEN not in await words(house, ANNA_MAIL)
    await house.pass_time(10 * DAY)
    assert len(await told(house, "change_ended")) == 3


async def test_a_recovery_is_told_of_to_the_mailbox_that_began_it(english: Someone) -> None:
    house, there = english.house, english.elsewhere()
    begun = await there.begin(Kind.RECOVER, ANNA_MAIL)
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await there.aim(begun, DARIA)
    assert said(await there.prove(begun, code_new=await house.code_to(DARIA))) == "waiting"
    house.clock.push(HOUR)
    await enrolled(house, DARIA)
    await house.pass_time(3 * DAY)
    assert await row_of(house, begun) == ("refused", "R2")
    assert await told(house, "change_ended") == sorted((ANNA, ANNA_MAIL, DARIA))
    assert "If you began it" in await words(house, ANNA_MAIL)
    assert TAKEN not in await words(house, ANNA_MAIL)


async def test_what_the_desk_agreed_to_and_never_waited_is_told_to_who_asked(
    embedded: House,
) -> None:
    """The number is another account's before time takes the recovery up. The account heard nothing
    of it, and hears nothing."""
    house = embedded
    await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    case_id = (await entered(house, await written(house, Someone(house, ANNA_NEW)))).row.id
    await with_passport(house, olga, case_id)
    reason = Reason.DOCUMENTS_MATCH
    for step in (
        case_decisions.propose(house.desk, AT_DESK, olga, case_id, Verdict.FOR, reason, fresh=True),
        confirmed(house, sonya, case_id, reason),
    ):
        assert said(await step) == "ok"
    house.clock.push(HOUR)
    await enrolled(house, ANNA_NEW)
    await house.pass_time(0)
    assert await told(house, "change_waiting") == []
    assert await told(house, "change_ended") == sorted((ANNA_NEW, NEW_MAIL))
    assert TAKEN in await words(house, ANNA_NEW)
    assert TAKEN not in await words(house, NEW_MAIL)


async def closes(who: Someone) -> RequestView:
    """An account that is going to be closed."""
    house = who.house
    permit = await reauthentication.begin(house.desk, who.caller(), Purpose.ACCOUNT_CLOSE, "")
    assert isinstance(permit, RequestView), permit
    await who.another_code(permit, Proof.CODE_CURRENT)
    assert said(await who.prove(permit, code_current=await who.newest_code())) == "done"
    begun = await closing.begin(house.desk, who.caller(), permit.id)
    assert isinstance(begun, RequestView), begun
    return begun


async def test_a_closing_that_a_change_ended_is_told(english: Someone) -> None:
    house = english.house
    await closes(english)
    house.clock.push(HOUR)
    assert said(await english.change(ANNA_NEW)) == "done"
    await house.pass_time(MINUTE)
    everybody = sorted((ANNA, ANNA_NEW, ANNA_MAIL))
    assert await told(house, "account_kept") == everybody
    for address in everybody:
        assert "number" in await words(house, address)
    assert "5 January 2026, 10:00" in await words(house, ANNA_MAIL)
    await house.pass_time(31 * DAY)
    assert await told(house, "account_kept") == everybody
    assert await told(house, "change_ended") == []


async def test_a_closing_that_is_taken_back_is_told(english: Someone) -> None:
    begun = await closes(english)
    assert said(await english.cancel(begun)) == "cancelled"
    assert await told(english.house, "account_kept") == sorted((ANNA, ANNA_MAIL))
    await english.house.pass_time(31 * DAY)
    assert await told(english.house, "account_closed") == []


async def test_of_a_closed_account_only_the_number_that_waits_is_told(english: Someone) -> None:
    """Its own addresses heard that it is closed, and are nobody's any more."""
    house = english.house
    await closes(english)
    await house.pass_time(29 * DAY + 12 * HOUR)
    await english.sign_in()
    await c4(house, english)
    await house.pass_time(12 * HOUR)
    assert await told(house, "account_closed") == sorted((ANNA, ANNA_MAIL))
    assert await told(house, "change_ended") == [ANNA_NEW]
    assert not house.bugs
