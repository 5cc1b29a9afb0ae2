"""recover: the telephone is gone. A mailbox, the second factor, a new number, and a wait."""

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR
from rebind.flows.desk import RequestView
from tests.factors import set_totp, totp_now
from tests.journeys.waits import answer_anew, number_of, row_of, told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone, said

EVERYBODY = sorted((ANNA, ANNA_NEW, ANNA_MAIL))


@pytest.fixture
async def lost(house: House) -> Someone:
    """Anna, a year with us, without her telephone, at a browser that nobody knows."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    return anna.elsewhere()


async def begun_with(house: House, who: Someone, name: str = ANNA) -> RequestView:
    """A recovery whose first code was answered."""
    begun = await who.begin(Kind.RECOVER, name)
    proved = await who.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(proved) == "open", proved
    return begun


async def waiting_for(house: House, who: Someone, name: str = ANNA) -> RequestView:
    """Row R2: a mailbox and the new number."""
    begun = await begun_with(house, who, name)
    assert said(await who.aim(begun, ANNA_NEW)) == "open"
    waiting = await who.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (said(waiting), waiting.row) == ("waiting", "R2")
    return begun


@pytest.mark.parametrize("name", [ANNA, ANNA_MAIL])
async def test_with_a_mailbox_it_waits_three_days(house: House, lost: Someone, name: str) -> None:
    begun = await lost.begin(Kind.RECOVER, name)
    assert begun.needs == ((Proof.CODE_EMAIL,),)
    proved = await lost.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert proved.needs == ((Proof.CODE_NEW,),)
    assert await told(house, "recover_begun") == sorted((ANNA, ANNA_MAIL))
    aimed = await lost.aim(begun, ANNA_NEW)
    assert aimed.number == "+7••••••••33"
    waiting = await lost.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (waiting.row, waiting.wait_until) == ("R2", house.clock.now() + 72 * HOUR)
    assert await told(house, "change_waiting") == EVERYBODY
    await house.pass_time(72 * HOUR)
    assert said(await lost.look_at(begun)) == "ready"
    done = await answer_anew(house, lost, begun)
    assert said(done) == "done"
    assert await row_of(house, begun) == ("done", "R2")
    # Whoever answered the last code is in; the old number heard of it and opens nothing.
    assert await number_of(house, lost) == ANNA_NEW
    assert ANNA in await told(house, "number_changed")
    assert said(await Someone(house, ANNA).sign_in()) == "code_wrong"


async def test_with_a_second_factor_it_waits_one_day_and_ends_by_itself(
    house: House, lost: Someone
) -> None:
    await set_totp(lost, age=30 * DAY)
    begun = await lost.begin(Kind.RECOVER, ANNA_MAIL)
    proved = await lost.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert proved.needs == ((Proof.TOTP, Proof.CODE_NEW),)
    proved = await lost.prove(begun, totp=totp_now(lost))
    assert proved.needs == ((Proof.CODE_NEW,),)
    await lost.aim(begun, ANNA_NEW)
    waiting = await lost.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (waiting.row, waiting.wait_until) == ("R1", house.clock.now() + 24 * HOUR)
    await house.pass_time(24 * HOUR)
    assert await row_of(house, begun) == ("done", "R1")


async def test_known_and_unknown_get_the_same(house: House, lost: Someone) -> None:
    """Nobody learns whether a number or a mailbox is somebody's, and nothing leaves for nobody."""
    await house.bring_in(BORIS)
    seen = set()
    for name in (ANNA, BORIS, THIEF, ANNA_MAIL, "nobody@example.org"):
        begun = await lost.begin(Kind.RECOVER, name)
        looked = await lost.look_at(begun)
        again = await lost.another_code(begun, Proof.CODE_EMAIL)
        wrong = await lost.prove(begun, code_email="000000")
        (code,) = looked.sent
        seen.add((begun.state, begun.needs, code.proof, said(again), said(wrong)))
        assert looked.number == code.to
        assert "@" not in code.to or "@" in name
    assert len(seen) == 1
    await house.deliver()
    assert {sent.to for sent in house.post.mail} <= {ANNA_MAIL}
    assert not [sent for sent in house.post.sms if sent.to in (BORIS, THIEF)]


async def test_the_new_number_is_named_after_the_first_proof_only(
    house: House, lost: Someone
) -> None:
    begun = await lost.begin(Kind.RECOVER, ANNA)
    assert said(await lost.aim(begun, ANNA_NEW)) == "proof_not_offered"
    assert said(await lost.another_code(begun, Proof.CODE_NEW)) == "proof_not_offered"
    await lost.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(await lost.aim(begun, ANNA)) == "number_is_own"
    await lost.aim(begun, THIEF)
    first = await house.code_to(THIEF)
    await lost.aim(begun, ANNA_NEW)
    # The code to the number that was named first counts no more.
    assert said(await lost.prove(begun, code_new=first)) == "code_wrong"
    await lost.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert said(await lost.aim(begun, THIEF)) in ("request_finished", "proof_not_offered")


async def test_a_taken_number_is_told_to_who_holds_it_only(house: House, lost: Someone) -> None:
    await house.bring_in(BORIS)
    begun = await begun_with(house, lost)
    assert said(await lost.aim(begun, BORIS)) == "open"
    assert said(await lost.prove(begun, code_new=await house.code_to(BORIS))) == "number_taken"


async def test_a_young_mailbox_leads_to_the_desk(house: House) -> None:
    """A thief who has added a mailbox yesterday gains nothing by it."""
    anna = await house.bring_in(ANNA, since=house.clock.now() - 60 * DAY, emails=(ANNA_MAIL,))
    await house.write("UPDATE emails SET set_at = :at", at=house.clock.now() - DAY)
    begun = await anna.elsewhere().begin(Kind.RECOVER, ANNA_MAIL)
    there = anna.elsewhere()
    refused = await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(refused) == "support_needed"


async def test_the_holder_stops_it(house: House, lost: Someone) -> None:
    """A thief reads Anna's mailbox; her telephone is in her hand."""
    thief = Someone(house, THIEF)
    begun = await thief.begin(Kind.RECOVER, ANNA_MAIL)
    await thief.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await thief.aim(begun, THIEF)
    assert said(await thief.prove(begun, code_new=await house.code_to(THIEF))) == "waiting"
    link = await house.link_to(ANNA, "stop")
    assert said(await lost.stop_by(link)) == "objected"
    assert await row_of(house, begun) == ("objected", "R2")


async def test_it_goes_on_in_another_browser(house: House, lost: Someone) -> None:
    waiting = await waiting_for(house, lost)
    house.clock.push(HOUR)
    there = lost.elsewhere("198.51.100.99")
    begun = await there.begin(Kind.RECOVER, ANNA)
    assert said(await there.resume(begun)) == "proof_not_offered"
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    looked = await there.look_at(begun)
    assert [each.id for each in looked.beside] == [waiting.id]
    resumed = await there.resume(begun)
    assert (resumed.id, said(resumed)) == (waiting.id, "waiting")
    # The browser that began it is out.
    assert said(await lost.look_at(waiting)) == "request_unknown"
    await house.pass_time(72 * HOUR)
    mine = Someone(house, ANNA_NEW)
    mine_token = RequestView(resumed.id, "recover", "ready", (), 0, begun.token)
    await there.another_code(mine_token, Proof.CODE_NEW)
    assert said(await there.prove(mine_token, code_new=await mine.newest_code())) == "done"
