"""loss: the phone is gone, codes to its number prove nothing; and the way back is the holder's."""

import asyncio
from typing import Any

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, checkup, loss, reauthentication
from rebind.flows.desk import RequestView
from rebind.store import emails as mailboxes
from tests.factors import (
    PASSWORD,
    RECOVERY_CODE,
    report_loss,
    set_password,
    set_recovery_code,
    set_totp,
    totp_now,
)
from tests.journeys.waits import answer_anew, c3, c5, number_of, row_of, told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, CLARA, House, Someone, said

THIEFS_MAIL = "thief@example.com"


@pytest.fixture
async def anna(house: House) -> Someone:
    """Signed in a day ago on her computer at home, which her account knows."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    await house.deliver()
    house.clock.push(DAY)
    return anna


async def reported(who: Someone, **proofs: str) -> None:
    assert said(await report_loss(who, **proofs)) == "ok"
    await who.house.deliver()


async def confirming(who: Someone, purpose: Purpose = Purpose.SMS_RESTORE) -> Any:
    return await reauthentication.begin(who.house.desk, who.caller(), purpose)


async def restored(who: Someone, view: RequestView) -> Any:
    return await loss.restore(who.house.desk, who.caller(), view.id)


async def add_mailbox(who: Someone, address: str, *, age: int, set_by: str) -> None:
    house, at = who.house, who.house.clock.now() - age
    email_id = house.dice.id(at)
    sealed = house.seal.seal("emails.address", email_id, address)
    key = house.seal.index("email", address)
    await house.engine.write([mailboxes.add(who.account, email_id, key, sealed, set_by, at)])


async def sms_off(house: House, who: Someone) -> bool:
    found = await house.value("SELECT sms_off_at FROM accounts WHERE id = :id", id=who.account)
    return found is not None


def ways(view: RequestView) -> set[tuple[str, ...]]:
    return {tuple(sorted(way)) for way in view.needs}


# the report


async def test_one_press_and_everybody_is_told(house: House, anna: Someone) -> None:
    before = len(await told(house, "security_changed"))
    await reported(anna)
    assert await sms_off(house, anna)
    after = await told(house, "security_changed")
    assert sorted(after[before:]) == sorted((ANNA, ANNA_MAIL))
    assert "о потере телефона" in house.post.mail_to(ANNA_MAIL)[-1].words.text
    assert (await house.acts(anna.account))[-3:] == [
        "request_begun",
        "proof_accepted",
        "sms_suspended",
    ]
    assert said(await report_loss(anna)) == "sms_off_already"
    assert len(await told(house, "security_changed")) == len(after)


async def test_addresses_of_the_last_thirty_days_are_told_too(house: House) -> None:
    """Her former number, unless somebody else has it by now; and a mailbox that was removed."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    house.clock.push(DAY)
    assert said(await anna.change(CLARA)) == "done"
    await house.pass_time(5 * DAY)
    stranger = Someone(house, ANNA, address="203.0.113.5")
    await stranger.enrol()
    await house.write("UPDATE emails SET removed_at = :now", now=house.clock.now())
    await house.deliver()
    await reported(anna)
    assert await told(house, "security_changed") == sorted((CLARA, ANNA_NEW, ANNA_MAIL))


async def test_sessions_stay_and_nothing_else_changes(house: House, anna: Someone) -> None:
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.account)
    await tablet.sign_in()
    await reported(tablet)
    for who in (anna, tablet):
        assert isinstance(await account.show(house.desk, who.caller()), account.AccountView)
    assert await number_of(house, anna) == ANNA


async def test_two_reports_at_once_are_one(house: House, anna: Someone) -> None:
    outcomes = [said(one) for one in await asyncio.gather(*(report_loss(anna) for _ in range(6)))]
    assert outcomes.count("ok") == 1
    assert set(outcomes) <= {"ok", "sms_off_already", "try_again"}
    assert (await house.acts(anna.account)).count("sms_suspended") == 1


# who may not


def copied(who: Someone) -> Someone:
    """A thief who has copied the session, and not the key of the device."""
    thief = who.elsewhere()
    thief.session = who.session
    return thief


async def test_no_stranger_silences_the_holder(house: House, anna: Someone) -> None:
    """Neither without a session, nor on probation, nor with one that ended."""
    assert said(await report_loss(anna.elsewhere())) == "session_required"
    boris = await house.bring_in(BORIS)
    house.clock.push(100 * DAY)
    there = boris.elsewhere()
    assert (await there.sign_in()).session.level == "probation"
    assert said(await report_loss(there)) == "session_on_probation"
    assert said(await report_loss(anna)) == "session_ended"
    assert not await sms_off(house, boris)
    assert not await sms_off(house, anna)


async def test_a_copied_session_keeps_nobody_outside(house: House, anna: Someone) -> None:
    """She has her number and a mailbox. Were it believed, no code would let her in anew. The thief
    is asked for the mailbox; a code to her number, which he may have as well, says nothing."""
    thief = copied(anna)
    view = await confirming(thief, Purpose.SMS_SUSPEND)
    assert (said(view), ways(view)) == ("open", {("code_email",)})
    assert said(await thief.another_code(view, Proof.CODE_CURRENT)) == "proof_not_offered"
    refused = await loss.suspend(house.desk, thief.caller(), view.id)
    assert said(refused) == "reauthentication_required"
    # Nor by a proof that was given for something else, in her own session at home.
    other = await confirming(anna, Purpose.PASSWORD_SET)
    await anna.another_code(other, Proof.CODE_CURRENT)
    assert said(await anna.prove(other, code_current=await house.code_to(ANNA))) == "done"
    refused = await loss.suspend(house.desk, thief.caller(), other.id)
    assert said(refused) == "reauthentication_required"
    assert not await sms_off(house, anna)
    # She herself, at a browser of a friend, has the mailbox, and need not wait.
    house.clock.push(HOUR)
    friends = anna.elsewhere("203.0.113.40")
    friends.session = anna.session
    view = await confirming(friends, Purpose.SMS_SUSPEND)
    await friends.another_code(view, Proof.CODE_EMAIL)
    assert said(await friends.prove(view, code_email=await house.code_to(ANNA_MAIL))) == "done"
    assert said(await loss.suspend(house.desk, friends.caller(), view.id)) == "ok"


@pytest.mark.parametrize("hours", [0, 30])
async def test_where_there_is_only_the_number_a_new_device_says_nothing(
    embedded: House, hours: int
) -> None:
    """A copied session, and the reverse: a thief with the telephone, signed in there (I3), were it
    days ago. The holder could not come in to end his session. At home it is one press."""
    house = embedded
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    thief = boris.elsewhere()
    assert (await thief.sign_in()).row == "I3"
    house.clock.push(hours * HOUR)
    assert said(await report_loss(thief)) == "no_way_offered"
    house.clock.push(HOUR)
    await boris.sign_in()
    assert said(await report_loss(copied(boris))) == "no_way_offered"
    await reported(boris)
    assert await sms_off(house, boris)
    house.clock.push(2 * MINUTE)
    view = await confirming(thief)
    assert said(view) == "no_way_offered", "what he has does not switch it on again"


@pytest.mark.parametrize("kind", ["mailbox", "password", "app"])
async def test_what_the_sim_has_set_reports_nothing(embedded: House, kind: str) -> None:
    """A thief with the telephone added a way in of his own by it, a week ago."""
    house = embedded
    boris = await house.bring_in(BORIS, since=house.clock.now() - 60 * DAY)
    await boris.sign_in()
    match kind:
        case "mailbox":
            await add_mailbox(boris, THIEFS_MAIL, age=8 * DAY, set_by="code_current")
        case "password":
            await set_password(boris, age=8 * DAY, set_by="code_current")
        case _:
            await set_totp(boris, age=8 * DAY, set_by="code_current")
    house.clock.push(HOUR)
    assert said(await report_loss(copied(boris))) == "no_way_offered"
    await reported(boris)


async def test_what_was_set_this_week_reports_nothing_elsewhere(embedded: House) -> None:
    """Silencing the number removes a way in: that takes something aged, as removing does."""
    house = embedded
    boris = await house.bring_in(BORIS, since=house.clock.now() - 60 * DAY)
    await boris.sign_in()
    await set_totp(boris, age=DAY)
    house.clock.push(HOUR)
    young = await report_loss(copied(boris))
    assert (said(young), young.until) == ("factor_too_young", house.clock.now() - HOUR + 6 * DAY)
    await reported(boris)


async def test_with_a_second_factor_nothing_weaker_reports_elsewhere(
    house: House, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    there = copied(anna)
    view = await confirming(there, Purpose.SMS_SUSPEND)
    assert ways(view) == {("totp",), ("recovery_code",)}
    assert said(await there.prove(view, password=PASSWORD)) == "proof_not_offered"
    assert said(await there.prove(view, recovery_code=RECOVERY_CODE)) == "done"
    assert said(await loss.suspend(house.desk, there.caller(), view.id)) == "ok"


async def test_whoever_has_just_signed_in_elsewhere_reports_at_once(
    house: House, anna: Someone
) -> None:
    """With nothing but a browser of a friend: her password a moment ago was proof enough; after
    ten minutes it is asked for again."""
    await set_password(anna, age=30 * DAY)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN, send=())
    assert said(await there.prove(begun, password=PASSWORD)) == "done"
    house.clock.push(10 * MINUTE + 1)
    assert said(await report_loss(there)) == "open"
    again = anna.elsewhere("203.0.113.41")
    begun = await again.begin(Kind.SIGN_IN, send=())
    assert said(await again.prove(begun, password=PASSWORD)) == "done"
    await reported(again)


async def test_a_number_that_came_meanwhile_is_not_silenced(house: House, anna: Someone) -> None:
    """The report was of the number before."""
    view = await confirming(anna, Purpose.SMS_SUSPEND)
    assert said(await anna.change(ANNA_NEW)) == "done"
    refused = await loss.suspend(house.desk, anna.caller(), view.id)
    assert said(refused) == "reauthentication_required"
    assert not await sms_off(house, anna)


# what a code to the number is worth then


async def test_no_code_to_the_number_signs_in(house: House, anna: Someone) -> None:
    """Nothing is sent, and whoever asks is told the same as of a number that nobody has."""
    await reported(anna)
    sms, seen = len(house.post.sms), []
    for number in (ANNA, CLARA):
        somebody = Someone(house, number, address="198.51.100.20")
        begun = await somebody.begin(Kind.SIGN_IN)
        wrong = await somebody.prove(begun, code_current="000000")
        house.clock.push(10 * MINUTE)
        again = await somebody.another_code(begun, Proof.CODE_CURRENT)
        seen.append((begun.needs, begun.state, said(wrong), said(again)))
        house.clock.push(HOUR)
    assert seen[0] == seen[1]
    at_home = Someone(house, ANNA, anna.device, anna.account)
    await at_home.begin(Kind.SIGN_IN)
    await house.deliver()
    assert len(house.post.sms) == sms


async def test_a_code_that_was_sent_before_opens_nothing(house: House, anna: Someone) -> None:
    thief = anna.elsewhere()
    begun = await thief.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    known = Someone(house, ANNA, anna.device, anna.account, "192.0.2.77")
    known_begun = await known.begin(Kind.SIGN_IN)
    known_code = await house.code_to(ANNA)
    await reported(anna)
    for somebody, request, right in ((thief, begun, code), (known, known_begun, known_code)):
        await somebody.prove(request, code_current=right)
        assert somebody.session is None


async def test_a_proof_of_before_counts_no_more(house: House, anna: Someone) -> None:
    """A sign-in that lacked only the code from her mailbox when she reported the loss."""
    thief = anna.elsewhere()
    begun = await thief.begin(Kind.SIGN_IN)
    half = await thief.prove(begun, code_current=await house.code_to(ANNA))
    assert half.needs == ((Proof.CODE_EMAIL,),)
    await thief.another_code(begun, Proof.CODE_EMAIL)
    mailed = await house.code_to(ANNA_MAIL)
    await reported(anna)
    await thief.prove(begun, code_email=mailed)
    assert thief.session is None


async def test_no_code_to_the_number_confirms_anything(house: House, anna: Someone) -> None:
    """From her own session on her own device: for nothing but the way back."""
    await set_password(anna, age=30 * DAY)
    await reported(anna)
    for purpose in (Purpose.PASSWORD_SET, Purpose.TOTP_SET, Purpose.PASSWORD_REMOVE):
        view = await confirming(anna, purpose)
        assert ways(view) == {("password",)}
        refused = await anna.another_code(view, Proof.CODE_CURRENT)
        assert said(refused) == "proof_not_offered"


async def test_no_code_to_the_number_changes_it(house: House, anna: Someone) -> None:
    """What is left on her own device without it: her mailbox and a day, or two weeks."""
    await reported(anna)
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    assert all(Proof.CODE_CURRENT not in way for way in begun.needs)
    codes = await house.code_to(ANNA), await house.code_to(ANNA_NEW)
    done = await anna.prove(begun, code_current=codes[0], code_new=codes[1])
    assert (said(done), done.row) == ("waiting", "C5")


async def test_a_change_that_waits_on_such_a_code_is_not_done(house: House) -> None:
    """The thief's change (C3) waits already when the holder reports the loss at home."""
    holder = await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY)
    thief = holder.elsewhere()
    assert (await thief.sign_in()).row == "I3"
    house.clock.push(HOUR)
    await holder.sign_in()
    house.clock.push(DAY)
    waiting = await c3(house, thief)
    await reported(holder)
    await house.pass_time(3 * DAY)
    assert said(await thief.look_at(waiting)) == "refused"
    assert (await row_of(house, waiting))[0] == "refused"
    assert await number_of(house, holder) == BORIS


async def test_a_lost_number_is_replaced_in_two_weeks(house: House, anna: Someone) -> None:
    """It is gone for good: her own device and the new number are enough, as without a report."""
    await reported(anna)
    waiting = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert said(await answer_anew(house, anna, waiting)) == "done"
    assert await house.value("SELECT count(*) FROM bindings WHERE released_at IS NULL") == 1


# the way back


async def test_the_sim_and_her_own_device_switch_it_on_again(house: House, anna: Someone) -> None:
    await reported(anna)
    view = await confirming(anna)
    assert ways(view) == {("code_current",)}
    assert said(await restored(anna, view)) == "reauthentication_required"
    assert said(await anna.another_code(view, Proof.CODE_CURRENT)) == "open"
    assert said(await anna.prove(view, code_current=await house.code_to(ANNA))) == "done"
    before = len(await told(house, "security_changed"))
    assert said(await restored(anna, view)) == "ok"
    assert not await sms_off(house, anna)
    assert len(await told(house, "security_changed")) == before + 2
    assert (await house.acts(anna.account))[-1] == "sms_restored"
    assert said(await restored(anna, view)) == "reauthentication_required"
    house.clock.push(10 * MINUTE)
    assert said(await anna.sign_in()) == "done"


async def test_the_sim_alone_does_not(house: House, anna: Someone) -> None:
    """A stolen session at another browser, and the SIM: her mailbox is asked too."""
    await reported(anna)
    thief = anna.elsewhere()
    thief.session = anna.session
    view = await confirming(thief)
    assert ways(view) == {("code_current", "code_email")}
    await thief.another_code(view, Proof.CODE_CURRENT)
    half = await thief.prove(view, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    assert said(await restored(thief, view)) == "reauthentication_required"
    assert await sms_off(house, anna)


async def test_a_password_or_an_app_do_without_the_sim(house: House, anna: Someone) -> None:
    await set_password(anna, age=30 * DAY)
    await reported(anna)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN, send=())
    assert said(await there.prove(begun, password=PASSWORD)) == "done"
    house.clock.push(HOUR)
    view = await confirming(there)
    assert ("password",) in ways(view)
    assert said(await there.prove(view, password=PASSWORD)) == "done"
    assert said(await restored(there, view)) == "ok"
    await reported(there, password=PASSWORD)
    await set_totp(anna)
    house.clock.push(HOUR)
    strong = await confirming(there)
    assert ways(strong) == {("totp",)}, "with a second factor nothing weaker serves"
    assert said(await there.prove(strong, totp=totp_now(there))) == "done"
    assert said(await restored(there, strong)) == "ok"


async def test_what_is_not_off_is_not_switched_on(house: House, anna: Someone) -> None:
    view = await confirming(anna)
    await anna.another_code(view, Proof.CODE_CURRENT)
    await anna.prove(view, code_current=await house.code_to(ANNA))
    assert said(await restored(anna, view)) == "sms_not_off"
    assert said(await restored(anna.elsewhere(), view)) == "session_required"


async def test_the_check_up_says_it_first_where_there_is_another_way_in(
    house: House, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    await reported(anna)
    found = await checkup.show(house.desk, anna.caller())
    assert isinstance(found, checkup.CheckupView)
    assert found.findings[0].finding == "sms_off"
    assert found.sms_off_at == house.clock.now()


async def test_the_way_back_is_gone_once(house: House, anna: Someone) -> None:
    """Six presses at once are one; and a few minutes late it is none."""
    await reported(anna)
    view = await confirming(anna)
    await anna.another_code(view, Proof.CODE_CURRENT)
    assert said(await anna.prove(view, code_current=await house.code_to(ANNA))) == "done"
    house.clock.push(10 * MINUTE - 1)
    outcomes = await asyncio.gather(*(restored(anna, view) for _ in range(6)))
    words = [said(each) for each in outcomes]
    assert words.count("ok") == 1
    assert set(words) <= {"ok", "try_again", "sms_not_off", "reauthentication_required"}
    await reported(anna)
    house.clock.push(HOUR)
    late = await confirming(anna)
    await anna.another_code(late, Proof.CODE_CURRENT)
    assert said(await anna.prove(late, code_current=await house.code_to(ANNA))) == "done"
    house.clock.push(10 * MINUTE)
    assert said(await restored(anna, late)) == "reauthentication_required"
    assert await sms_off(house, anna)


async def test_whoever_has_the_lost_telephone_undoes_nothing(house: House) -> None:
    """She reports the loss and moves to another number; neither his SIM nor its links take that
    back, and codes to her new number count like anybody's."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    assert said(await report_loss(anna)) == "ok"
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    waiting = await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert said(waiting) == "waiting"
    await house.deliver()
    assert not any("/stop/" in sent.words.text for sent in house.post.sms_to(ANNA))
    assert any("/stop/" in sent.words.text for sent in house.post.mail_to(ANNA_MAIL))
    await house.pass_time(14 * DAY)
    await anna.another_code(begun, Proof.CODE_NEW)
    done = await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert said(done) == "done"
    thief = anna.elsewhere()
    undoing = await thief.begin(Kind.UNDO, ANNA)
    stopped = await thief.prove(undoing, code_new=await house.code_to(ANNA))
    assert (stopped.state, stopped.needs) == ("open", ((Proof.CODE_EMAIL,),)), "hers, not his"
    anna.number = ANNA_NEW
    house.clock.push(HOUR)
    assert said(await anna.sign_in()) == "done"
