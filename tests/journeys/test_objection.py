"""objection: whoever has standing stops a waiting change, and nobody else does."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import objections
from rebind.flows.desk import RequestView
from rebind.flows.objections import NoticeView
from tests.journeys import databases
from tests.journeys.waits import c3, c4, c5, elsewhere, number_of, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    BORIS_MAIL,
    CLARA,
    THIEF,
    House,
    Someone,
    said,
)
from tests.races.invariants import broken


async def everything(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    return {
        table: sorted(await house.rows(f"SELECT * FROM {table}"), key=repr)
        for table in databases.TABLES
    }


@pytest.mark.parametrize("address", [ANNA, ANNA_MAIL])
async def test_an_address_of_the_account_stops_it_by_its_link(
    house: House, anna: Someone, address: str
) -> None:
    begun = await c5(house, anna)
    link = await house.link_to(address, "stop")
    # Mail scanners open links: looking changes nothing, however often.
    before = await everything(house)
    seen = await objections.look(house.desk, link)
    assert isinstance(seen, NoticeView)
    assert (seen.kind, seen.state, seen.until) == ("change", "waiting", begun.wait_until)
    assert (seen.old_masked, seen.new_masked) == ("+7••••••••67", "+7••••••••33")
    assert seen.to in {"+7••••••••67", "a•••@example.org"}
    assert await everything(house) == before
    stopped = await Someone(house, ANNA).stop_by(link)
    assert (said(stopped), stopped.needs) == ("objected", ())
    assert await row_of(house, begun) == ("objected", "C5")
    assert await told(house, "change_stopped") == sorted((ANNA, ANNA_NEW, ANNA_MAIL))
    why = "SELECT why FROM acts WHERE act = 'request_objected'"
    assert await house.value(why) == ("mailbox" if "@" in address else "number")
    # For good: neither its owner nor time goes on with it.
    assert said(await anna.prove(begun, code_new="000000")) == "request_finished"
    assert said(await anna.another_code(begun, Proof.CODE_CURRENT)) == "request_finished"
    assert said(await anna.cancel(begun)) == "request_finished"
    await house.pass_time(20 * DAY)
    assert await number_of(house, anna) == ANNA
    # Twice is no harm, and says that it is over.
    assert said(await Someone(house, ANNA).stop_by(link)) == "request_finished"
    assert (await house.acts()).count("request_objected") == 1
    assert await house.value("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 1


async def test_an_address_removed_lately_stops_it(house: House) -> None:
    """The thief at her telephone has removed her mailbox before he begins."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    await house.write("UPDATE emails SET removed_at = :now", now=house.clock.now() - 29 * DAY)
    begun = await c5(house, anna)
    assert begun.needs == ((Proof.CODE_CURRENT,),)
    link = await house.link_to(ANNA_MAIL, "stop")
    house.clock.push(2 * DAY)
    # By now it is thirty-one days ago.
    assert said(await Someone(house, ANNA).stop_by(link)) == "link_unknown"
    await house.write("UPDATE emails SET removed_at = :now", now=house.clock.now() - 29 * DAY)
    assert said(await Someone(house, ANNA).stop_by(link)) == "objected"


async def test_another_session_stops_it(house: House, anna: Someone) -> None:
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id)
    await tablet.sign_in()
    begun = await c5(house, tablet)
    assert said(await anna.object_to(begun)) == "objected"
    assert await house.value("SELECT why FROM acts WHERE act = 'request_objected'") == "session"
    assert said(await anna.object_to(begun)) == "request_finished"
    # Both sessions go on: only the request has ended.
    assert await number_of(house, tablet) == await number_of(house, anna) == ANNA


async def test_neither_a_stranger_nor_another_account_nor_probation(
    house: House, anna: Someone
) -> None:
    begun = await c5(house, anna)
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    assert said(await boris.object_to(begun)) == "request_unknown"
    assert said(await Someone(house, ANNA).object_to(begun)) == "session_required"
    house.clock.push(MINUTE)
    clara = await house.bring_in(CLARA)
    on_probation = clara.elsewhere()
    assert (await on_probation.sign_in()).session.level == "probation"
    waiting = begun.__class__(begun.id, "change", "waiting", (), 0)
    assert said(await on_probation.object_to(waiting)) == "session_on_probation"
    nothing = begun.__class__(b"\0" * 16, "change", "waiting", (), 0)
    assert said(await anna.object_to(nothing)) == "request_unknown"
    assert said(await anna.look_at(begun)) == "waiting"


async def test_the_new_number_has_no_say(house: House, anna: Someone) -> None:
    await c5(house, anna)
    await house.pass_time(14 * DAY)
    for sent in house.post.sms_to(ANNA_NEW):
        assert "/stop/" not in sent.words.text
        assert "/undo/" not in sent.words.text
    assert len(house.post.sms_to(ANNA_NEW)) == 3


def forged(link: str) -> list[str]:
    """What somebody makes of a link who has seen one."""
    raw = urlsafe_b64decode(link + "=" * (-len(link) % 4))
    flipped = bytes((*raw[:20], raw[20] ^ 1, *raw[21:]))
    other = bytes((raw[0] ^ 1, *raw[1:]))
    found = [urlsafe_b64encode(each).rstrip(b"=").decode() for each in (flipped, other)]
    return [*found, link[:-1], link + "A", link + "=", "", "é", "A" * 44, link.swapcase()]


async def test_a_link_is_of_one_request_and_one_address(house: House, anna: Someone) -> None:
    one = await c5(house, anna)
    link = await house.link_to(ANNA, "stop")
    by_mail = await house.link_to(ANNA_MAIL, "stop")
    boris = await elsewhere(house, (BORIS_MAIL,))
    two = await c3(house, boris)
    his = await house.link_to(BORIS_MAIL, "stop")
    assert len({link, by_mail, his}) == 3
    raw, other = (urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (link, his))
    crossed = urlsafe_b64encode(other[:16] + raw[16:]).rstrip(b"=").decode()
    for bad in (*forged(link), crossed):
        for outcome in (
            await objections.look(house.desk, bad),
            await Someone(house, ANNA).stop_by(bad),
            await Someone(house, ANNA).undo_by(bad),
        ):
            assert said(outcome) == "link_unknown", bad
    for who, waiting in ((anna, one), (boris, two)):
        assert said(await who.look_at(waiting)) == "waiting"


async def test_a_link_made_of_any_request_is_no_accident(house: House, anna: Someone) -> None:
    """A stranger knows the ids of requests of his own: none is a key to anything."""
    stranger = Someone(house, THIEF, address="203.0.113.5")
    own = [
        await stranger.begin(Kind.SIGN_IN),
        await Someone(house, CLARA, address="203.0.113.6").begin(Kind.ENROL),
        await Someone(house, BORIS, address="203.0.113.7").begin(Kind.UNDO, BORIS),
        await anna.begin(Kind.SIGN_IN),
    ]
    for request in own:
        link = urlsafe_b64encode(request.id + b"\x01" + b"\0" * 16).rstrip(b"=").decode()
        for outcome in (
            await objections.look(house.desk, link),
            await stranger.stop_by(link),
            await stranger.undo_by(link),
        ):
            assert said(outcome) == "link_unknown", request.kind


async def test_what_is_done_is_not_stopped(house: House, anna: Someone) -> None:
    begun = await c4(house, anna)
    link = await house.link_to(ANNA, "stop")
    await house.pass_time(DAY)
    assert said(await anna.look_at(begun)) == "done"
    assert said(await Someone(house, ANNA).stop_by(link)) == "request_finished"
    seen = await objections.look(house.desk, link)
    assert isinstance(seen, NoticeView)
    assert (seen.state, seen.until) == ("done", house.clock.now() + 72 * HOUR)
    # A month later the link of the notice says nothing any more, and breaks nothing.
    house.clock.push(31 * DAY)
    by_mail = await house.link_to(ANNA_MAIL, "undo")
    for old in (link, by_mail):
        assert said(await objections.look(house.desk, old)) == "link_unknown"
        assert said(await Someone(house, ANNA).undo_by(old)) == "link_unknown"


async def test_what_is_ready_can_still_be_stopped(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert said(await anna.look_at(begun)) == "ready"
    link = await house.link_to(ANNA_MAIL, "stop")
    assert said(await Someone(house, ANNA).stop_by(link)) == "objected"
    await anna.another_code(begun, Proof.CODE_NEW)
    assert said(await anna.prove(begun, code_new="000000")) == "request_finished"


async def test_what_has_only_begun_can_be_stopped_once_it_was_told(house: House) -> None:
    there = await elsewhere(house)
    begun = await there.begin(Kind.CHANGE, THIEF)
    other = Someone(house, BORIS, address="192.0.2.44")
    other.session = there.session
    assert said(await other.object_to(begun)) == "request_finished"
    await there.prove(begun, code_current=await house.code_to(BORIS))
    assert said(await Someone(house, BORIS).stop_by(await house.link_to(BORIS, "stop"))) == (
        "objected"
    )
    last = await there.prove(begun, code_new=await house.code_to(THIEF))
    assert said(last) == "request_finished"


async def test_an_objection_at_the_moment_of_a_reminder(house: House, anna: Someone) -> None:
    """The request moves while it is being stopped, and is stopped all the same."""
    begun = await c5(house, anna)
    link = await house.link_to(ANNA, "stop")
    house.clock.push(13 * DAY)
    stopped, _ = await asyncio.gather(Someone(house, ANNA).stop_by(link), house.upkeep.once())
    assert said(stopped) == "objected"
    assert await row_of(house, begun) == ("objected", "C5")
    assert not house.bugs


@pytest.mark.parametrize("turn", range(3))
async def test_an_objection_against_the_end_of_the_wait(
    house: House, anna: Someone, turn: int
) -> None:
    begun = await c4(house, anna)
    link = await house.link_to(ANNA_MAIL, "stop")
    house.clock.push(DAY)
    calls: list[Awaitable[Any]] = [
        Someone(house, ANNA).stop_by(link),
        house.upkeep.once(),
        house.upkeep.once(),
    ]
    outcomes = await asyncio.gather(*(calls[turn:] + calls[:turn]))
    words = [said(one) for one in outcomes if not isinstance(one, int)]
    await house.pass_time(0)
    ended, _row = await row_of(house, begun)
    assert (words, ended) in ((["objected"], "objected"), (["request_finished"], "done"))
    acts = Counter(await house.acts())
    assert acts["request_objected"] + acts["number_changed"] == 1
    assert await broken(house) == []


async def test_an_objection_against_the_fresh_code(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    link = await house.link_to(ANNA_MAIL, "stop")
    await anna.another_code(begun, Proof.CODE_NEW)
    code = await house.code_to(ANNA_NEW)
    stopped, done = await asyncio.gather(
        Someone(house, ANNA).stop_by(link), anna.prove(begun, code_new=code)
    )
    words = (said(stopped), said(done))
    assert words in (("objected", "request_finished"), ("request_finished", "done"))
    assert await number_of(house, anna) == (ANNA_NEW if words[1] == "done" else ANNA)
    assert await broken(house) == []


async def test_two_objections_at_once_count_once(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    links = [await house.link_to(address, "stop") for address in (ANNA, ANNA_MAIL)]
    outcomes = await asyncio.gather(
        *(Someone(house, ANNA).stop_by(link) for link in links * 3), anna.object_to(begun)
    )
    words = Counter(said(one) for one in outcomes)
    assert words == {"objected": 1, "request_finished": 6}
    assert len(await told(house, "change_stopped")) == 3


async def test_a_number_of_a_few_days_has_no_say_later(house: House) -> None:
    """A thief had the account for an hour, and Anna went back by herself: his number is told of
    her later changes for a month, but neither stops nor undoes them."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA)) == "done"
    house.post.sms.clear()
    await house.pass_time(10 * DAY)
    house.post.sms.clear()
    waiting = await c5(house, anna)
    assert THIEF in await told(house, "change_waiting")
    await house.deliver()
    assert "/stop/" not in house.post.sms_to(THIEF)[-1].words.text
    assert "/stop/" in house.post.sms_to(ANNA)[-1].words.text
    assert isinstance(waiting, RequestView)


async def test_a_number_that_is_anothers_by_now_has_no_say(house: House, boris: Someone) -> None:
    """Anna's first number is Boris's, five days after she gave it up: her matters are not his."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert said(await anna.change(CLARA)) == "done"
    await house.pass_time(5 * DAY)
    await boris.sign_in()
    assert said(await boris.change(ANNA)) == "done"
    house.clock.push(HOUR)
    await c5(house, anna)
    assert await told(house, "change_waiting") == sorted((CLARA, ANNA_NEW, ANNA_MAIL))
