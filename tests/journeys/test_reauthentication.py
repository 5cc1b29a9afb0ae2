"""reauthentication: a fresh proof, for one act and one thing, once, and for a few minutes."""

import asyncio
from typing import Any

import pytest

from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import reauthentication
from rebind.flows.desk import RequestView, permits
from rebind.flows.desk.permits import Permit
from tests.factors import PASSWORD, set_password, set_recovery_code, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS_MAIL, House, Someone, said

SETTING = (
    Purpose.PASSWORD_SET,
    Purpose.PASSKEY_ADD,
    Purpose.TOTP_SET,
    Purpose.RECOVERY_CODES,
)
REMOVING = (Purpose.PASSWORD_REMOVE, Purpose.TOTP_REMOVE)


@pytest.fixture
async def anna(house: House) -> Someone:
    """Signed in a day ago, on her own telephone."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(DAY)
    return anna


async def confirm(who: Someone, purpose: Purpose, about: str = "") -> Any:
    return await reauthentication.begin(who.house.desk, who.caller(), purpose, about)


async def begun(who: Someone, purpose: Purpose, about: str = "") -> RequestView:
    view = await confirm(who, purpose, about)
    assert isinstance(view, RequestView), view
    return view


async def by_sms(who: Someone, view: RequestView) -> Any:
    assert said(await who.another_code(view, Proof.CODE_CURRENT)) == "open"
    return await who.prove(view, code_current=await who.house.code_to(who.number))


async def permit(who: Someone, view: RequestView, purpose: Purpose, about: str = "") -> Any:
    found = await permits.read(who.house.desk, who.caller(), view.id, purpose, about)
    return found[0] if isinstance(found, tuple) else found


async def spend(who: Someone, found: Permit) -> Any:
    house = who.house
    return await permits.spend(
        house.desk, who.caller(), found, Act.PASSWORD_SET, [], house.clock.now()
    )


def needs(view: RequestView) -> set[tuple[str, ...]]:
    return {tuple(sorted(way)) for way in view.needs}


# who has to show what


async def test_a_code_on_a_known_device_is_enough_without_a_second_factor(anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    assert (view.kind, view.state, view.purpose) == ("reauthenticate", "open", "password_set")
    assert needs(view) == {("code_current",)}
    assert said(await by_sms(anna, view)) == "done"
    assert isinstance(await permit(anna, view, Purpose.PASSWORD_SET), Permit)


async def test_the_password_is_enough_and_a_stolen_session_is_not(anna: Someone) -> None:
    await set_password(anna, age=30 * DAY)
    thief = anna.elsewhere()
    thief.session = anna.session
    view = await begun(thief, Purpose.TOTP_SET)
    assert needs(view) == {("password",), ("code_current", "code_email")}
    assert said(await thief.prove(view, password="a guess of fifteen")) == "proof_wrong"
    assert said(await thief.prove(view, password=PASSWORD)) == "done"


@pytest.mark.parametrize("purpose", SETTING)
async def test_with_a_second_factor_nothing_weaker_serves(anna: Someone, purpose: Purpose) -> None:
    await set_password(anna, age=30 * DAY)
    await set_totp(anna)
    await set_recovery_code(anna)
    view = await begun(anna, purpose)
    assert needs(view) == {("totp",), ("recovery_code",)}
    assert said(await anna.prove(view, password=PASSWORD)) == "proof_not_offered"
    assert said(await anna.another_code(view, Proof.CODE_CURRENT)) == "proof_not_offered"
    assert said(await anna.prove(view, totp=totp_now(anna))) == "done"


@pytest.mark.parametrize("purpose", REMOVING)
async def test_removing_takes_an_aged_factor(anna: Someone, purpose: Purpose) -> None:
    """Of a second factor of this week the time is told; a code and a mailbox do not remove it."""
    await set_password(anna, age=30 * DAY)
    await set_totp(anna)
    refused = await confirm(anna, purpose)
    assert said(refused) == "factor_too_young"
    assert refused.until == anna.house.clock.now() + 7 * DAY
    anna.house.clock.push(7 * DAY)
    view = await begun(anna, purpose)
    assert needs(view) == {("totp",)}
    assert said(await anna.prove(view, totp=totp_now(anna))) == "done"


async def test_a_young_password_removes_nothing(house: House) -> None:
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    house.clock.push(HOUR)
    await set_password(anna)
    assert needs(await begun(anna, Purpose.PASSWORD_REMOVE)) == {("code_current",)}
    thief = anna.elsewhere()
    thief.session = anna.session
    assert said(await confirm(thief, Purpose.PASSWORD_REMOVE)) == "no_way_offered"


@pytest.mark.parametrize("purpose", [Purpose.PASSWORD_SET, Purpose.PASSKEY_ADD, Purpose.TOTP_SET])
async def test_a_stolen_sim_locks_nobody_out_for_a_day(house: House, purpose: Purpose) -> None:
    """I3: whoever has the number alone gets in; but what keeps the holder outside waits a day."""
    anna = await house.bring_in(ANNA, since=house.clock.now() - 30 * DAY)
    thief = anna.elsewhere()
    assert said(await thief.sign_in()) == "done"
    opened = house.clock.now()
    house.clock.push(MINUTE)
    refused = await confirm(thief, purpose)
    assert (said(refused), refused.until) == ("session_too_young", opened + DAY)
    house.clock.push(DAY - MINUTE - 1)
    assert said(await confirm(thief, purpose)) == "session_too_young"
    house.clock.push(1)
    view = await begun(thief, purpose)
    assert needs(view) == {("code_current",)}
    assert said(await by_sms(thief, view)) == "done"
    found = await permit(thief, view, purpose)
    assert found.set_by == "code_current", "and is no second proof beside such a code for 30 days"


async def test_what_two_proofs_set_neither_could_have_set_alone(anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    assert (await permit(anna, view, Purpose.PASSWORD_SET)).set_by == ""


async def test_after_signing_in_just_now_nothing_is_asked_again(house: House) -> None:
    clara = Someone(house, "+447400123456")
    await clara.enrol()
    house.clock.push(5 * MINUTE)
    view = await begun(clara, Purpose.PASSWORD_SET)
    assert (view.state, view.needs) == ("done", ())
    assert isinstance(await permit(clara, view, Purpose.PASSWORD_SET), Permit)
    house.clock.push(6 * MINUTE)
    assert said(await begun(clara, Purpose.PASSWORD_SET)) == "open"


async def test_a_session_on_probation_begins_nothing(house: House) -> None:
    anna = await house.bring_in(ANNA)
    house.clock.push(100 * DAY)
    there = anna.elsewhere()
    done = await there.sign_in()
    assert done.session.level == "probation"
    assert said(await confirm(there, Purpose.EMAIL_ADD, BORIS_MAIL)) == "session_on_probation"
    assert said(await confirm(anna, Purpose.PASSWORD_SET)) == "session_required"


# what it is good for


async def test_it_counts_for_its_act_and_its_thing_only(anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    for purpose in Purpose:
        assert said(await permit(anna, view, purpose)) == "reauthentication_required", "not done"
    await by_sms(anna, view)
    for purpose in set(Purpose) - {Purpose.PASSWORD_SET}:
        assert said(await permit(anna, view, purpose)) == "reauthentication_required"
    assert said(await permit(anna, view, Purpose.PASSWORD_SET, "x")) == "reauthentication_required"


async def test_a_mailbox_is_confirmed_for_itself(house: House, anna: Someone) -> None:
    view = await begun(anna, Purpose.EMAIL_ADD, BORIS_MAIL.upper())
    assert needs(view) == {("code_current", "code_new")}
    await anna.another_code(view, Proof.CODE_CURRENT)
    await anna.another_code(view, Proof.CODE_NEW)
    codes = await house.code_to(ANNA), await house.code_to(BORIS_MAIL)
    assert said(await anna.prove(view, code_current=codes[0], code_new=codes[1])) == "done"
    wrong = await permit(anna, view, Purpose.EMAIL_ADD, "thief@example.org")
    assert said(wrong) == "reauthentication_required"
    assert isinstance(await permit(anna, view, Purpose.EMAIL_ADD, BORIS_MAIL), Permit)


async def test_a_code_for_one_is_wrong_for_another(house: House, anna: Someone) -> None:
    first = await begun(anna, Purpose.PASSWORD_SET)
    await anna.another_code(first, Proof.CODE_CURRENT)
    code = await house.code_to(ANNA)
    house.clock.push(2 * MINUTE)
    second = await begun(anna, Purpose.TOTP_SET)
    await anna.another_code(second, Proof.CODE_CURRENT)
    assert said(await anna.prove(second, code_current=code)) == "code_wrong"
    house.clock.push(5 * MINUTE)
    entering = await anna.begin(Kind.SIGN_IN)
    assert said(await anna.prove(entering, code_current=code)) == "code_wrong"
    assert said(await anna.prove(first, code_current=code)) == "done"


async def test_it_is_spent_once(anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    found = await permit(anna, view, Purpose.PASSWORD_SET)
    told = await asyncio.gather(*(spend(anna, found) for _ in range(8)))
    assert [said(each) for each in told].count("ok") == 1
    assert {said(each) for each in told} <= {"ok", "try_again", "reauthentication_required"}
    again = await permit(anna, view, Purpose.PASSWORD_SET)
    assert said(again) == "reauthentication_required"


async def test_it_is_over_after_a_few_minutes(house: House, anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    house.clock.push(10 * MINUTE - 1)
    found = await permit(anna, view, Purpose.PASSWORD_SET)
    assert isinstance(found, Permit)
    house.clock.push(1)
    late = await permit(anna, view, Purpose.PASSWORD_SET)
    assert said(late) == "reauthentication_required"
    assert said(await spend(anna, found)) == "reauthentication_required"


async def test_it_is_of_its_session(house: House, anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    other = Someone(house, ANNA, anna.device, anna.account)
    house.clock.push(2 * MINUTE)
    await other.sign_in()
    for bearer in (other.session, "", None):
        caller = other.caller(bearer)
        found = await permits.read(house.desk, caller, view.id, Purpose.PASSWORD_SET)
        if bearer:
            assert said(found) == "reauthentication_required"
    await house.write("UPDATE sessions SET ended_at = :now", now=house.clock.now())
    ended = await permit(anna, view, Purpose.PASSWORD_SET)
    assert said(ended) == "session_ended"


async def test_a_change_of_number_ends_it(house: House, anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    house.clock.push(2 * MINUTE)
    assert said(await anna.change(ANNA_NEW)) == "done"
    moved = await permit(anna, view, Purpose.PASSWORD_SET)
    assert said(moved) == "reauthentication_required"


async def test_nothing_is_begun_for_what_is_not_there(anna: Someone) -> None:
    for purpose, about, word in (
        (Purpose.EMAIL_ADD, "", "email_malformed"),
        (Purpose.EMAIL_ADD, "no mailbox", "email_malformed"),
        (Purpose.EMAIL_ADD, ANNA_MAIL, "email_is_own"),
        (Purpose.PASSKEY_REMOVE, "", "factor_unknown"),
        (Purpose.PASSWORD_SET, "more", "factor_unknown"),
    ):
        assert said(await confirm(anna, purpose, about)) == word


async def test_everybody_is_told_and_the_trail_says_by_what(house: House, anna: Someone) -> None:
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    before = len(house.post.sms_to(ANNA)), len(house.post.mail_to(ANNA_MAIL))
    assert said(await spend(anna, await permit(anna, view, Purpose.PASSWORD_SET))) == "ok"
    await house.deliver()
    after = len(house.post.sms_to(ANNA)), len(house.post.mail_to(ANNA_MAIL))
    assert after == (before[0] + 1, before[1] + 1)
    lines = await house.rows(
        "SELECT act, why FROM acts WHERE request_id = :id ORDER BY id", id=view.id
    )
    assert lines == [
        ("request_begun", "password_set"),
        ("code_asked", "code_current"),
        ("proof_accepted", "code_current"),
        ("password_set", "A2"),
    ]


async def test_wrong_second_factors_are_counted(house: House, anna: Someone) -> None:
    """A stolen session guesses; the holder's own telephone has a row of its own."""
    await set_totp(anna, age=30 * DAY)
    thief = anna.elsewhere()
    thief.session = anna.session
    told = []
    for _ in range(16):
        view = await begun(thief, Purpose.PASSWORD_SET)
        told.append(said(await thief.prove(view, totp="000000")))
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"]
    view = await begun(anna, Purpose.PASSWORD_SET)
    assert said(await anna.prove(view, totp=totp_now(anna))) == "done"


async def test_it_does_not_outlive_a_rise_of_the_accounts_level(
    house: House, anna: Someone
) -> None:
    """Proved by a code, it would still count after an app was set up: whoever keeps one in reserve
    would pass by the second factor."""
    view = await begun(anna, Purpose.PASSWORD_SET)
    await by_sms(anna, view)
    await set_totp(anna)
    assert said(await permit(anna, view, Purpose.PASSWORD_SET)) == "reauthentication_required"


async def test_a_known_device_counts_before_it_compares(house: House, anna: Someone) -> None:
    """An unlocked telephone in the wrong hands guesses in bursts: a hundred, and no more."""
    await set_totp(anna, age=30 * DAY)
    view = await begun(anna, Purpose.PASSWORD_SET)
    told = [
        said(each)
        for each in await asyncio.gather(*(anna.prove(view, totp="000000") for _ in range(130)))
    ]
    assert told.count("proof_wrong") <= 115, "100 on the device, 15 as a stranger"
    wrong = await house.value("SELECT wrong_in_row FROM devices WHERE full_since IS NOT NULL")
    assert wrong == 100
    assert "proofs_closed" in told
