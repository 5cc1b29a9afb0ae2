"""What a second hostile reader tried on the ways in, each as a story that must not come true."""

from typing import Any

import pytest

from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import emails, loss, passwords, reauthentication, recovery_codes
from rebind.flows.desk import RequestView, permits
from rebind.store import emails as store
from tests.factors import (
    PASSWORD,
    RECOVERY_CODE,
    report_loss,
    set_password,
    set_recovery_code,
    set_totp,
    totp_now,
)
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, CLARA, House, Someone, another, said

THIEFS_MAIL = "thief@example.com"
THIEFS_PASSWORD = "eleven crows on a rusty gate"
PAUSE = 70 * MINUTE
"""After that long no code has to wait for those before it."""


async def confirming(who: Someone, purpose: Purpose, about: str = "") -> Any:
    return await reauthentication.begin(who.house.desk, who.caller(), purpose, about)


def ways(view: RequestView) -> set[tuple[str, ...]]:
    return {tuple(sorted(way)) for way in view.needs}


async def by_sms(who: Someone, view: RequestView, **more: str) -> str:
    assert said(await who.another_code(view, Proof.CODE_CURRENT)) == "open"
    return said(await who.prove(view, code_current=await who.house.code_to(who.number), **more))


async def signs_in(who: Someone, name: str | None = None, **proofs: str) -> Any:
    return await who.prove(await who.begin(Kind.SIGN_IN, name, send=()), **proofs)


async def adds_mailbox(who: Someone, address: str, **proofs: str) -> str:
    """With a code to it, and what is given; who could have set it by now."""
    view = await confirming(who, Purpose.EMAIL_ADD, address)
    assert said(await who.another_code(view, Proof.CODE_NEW)) == "open"
    given = {"code_new": await who.house.code_to(address), **proofs}
    assert said(await who.prove(view, **given)) == "done"
    added = await emails.add(who.house.desk, who.caller(), view.id, address)
    assert isinstance(added, emails.EmailView), added
    return str(await who.house.value("SELECT set_by FROM emails WHERE id = :id", id=added.id))


async def chooses(who: Someone, view: RequestView, password: str) -> str:
    return said(await passwords.choose(who.house.desk, who.caller(), view.id, password))


async def sms_thief(house: House) -> tuple[Someone, Someone]:
    """Boris has a number and nothing else. A thief with his SIM came in a day ago (I3), and has
    chosen a password since."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    thief = boris.elsewhere()
    assert (await thief.sign_in()).row == "I3"
    house.clock.push(DAY)
    view = await confirming(thief, Purpose.PASSWORD_SET)
    assert await by_sms(thief, view) == "done"
    assert await chooses(thief, view, THIEFS_PASSWORD) == "ok"
    house.clock.push(PAUSE)
    return boris, thief


# a chain that begins with the SIM


async def test_what_the_sim_has_set_sets_nothing_beside_the_sim(house: House) -> None:
    """The thief's password was set by a code to the number, and his mailbox by that password: still
    the holder comes in by the number alone, and no code from the thief's mailbox is asked for."""
    boris, thief = await sms_thief(house)
    set_by = await adds_mailbox(thief, THIEFS_MAIL, password=THIEFS_PASSWORD)
    assert set_by == "code_current password"
    house.clock.push(PAUSE)
    holder = boris.elsewhere("203.0.113.5")
    done = await holder.sign_in()
    assert (said(done), getattr(done, "row", None)) == ("done", "I3")


async def test_two_proofs_of_which_one_set_the_other_are_one(house: House) -> None:
    """He gives the password and the code together: neither hides what the other hangs on."""
    boris, _thief = await sms_thief(house)
    there = boris.elsewhere("203.0.113.7")
    begun = await there.begin(Kind.SIGN_IN)
    code = await house.code_to(BORIS)
    assert said(await there.prove(begun, code_current=code, password=THIEFS_PASSWORD)) == "done"
    house.clock.push(MINUTE)
    view = await confirming(there, Purpose.EMAIL_ADD, THIEFS_MAIL)
    house.clock.push(PAUSE)
    await there.another_code(view, Proof.CODE_CURRENT)
    await there.another_code(view, Proof.CODE_NEW)
    given = {
        "code_current": await house.code_to(BORIS),
        "code_new": await house.code_to(THIEFS_MAIL),
        "password": THIEFS_PASSWORD,
    }
    assert said(await there.prove(view, **given)) == "done"
    added = await emails.add(house.desk, there.caller(), view.id, THIEFS_MAIL)
    assert isinstance(added, emails.EmailView), added
    set_by = await house.value("SELECT set_by FROM emails WHERE id = :id", id=added.id)
    assert set_by == "code_current"


async def test_two_things_that_the_sim_has_set_are_one_proof(house: House) -> None:
    """His password and his mailbox, each set by a code to the number, are a week old when its
    holder has long reported the loss: together they move the number no more than the SIM would."""
    boris, thief = await sms_thief(house)
    view = await confirming(thief, Purpose.EMAIL_ADD, THIEFS_MAIL)
    await thief.another_code(view, Proof.CODE_NEW)
    code = await house.code_to(THIEFS_MAIL)
    assert await by_sms(thief, view, code_new=code) == "done"
    added = await emails.add(house.desk, thief.caller(), view.id, THIEFS_MAIL)
    assert isinstance(added, emails.EmailView), added
    assert said(await boris.sign_in()) == "done"
    assert said(await report_loss(boris)) == "ok"
    house.clock.push(6 * DAY)
    there = boris.elsewhere("203.0.113.8")
    assert said(await signs_in(there, password=THIEFS_PASSWORD)) == "done"
    house.clock.push(2 * DAY)
    moving = await there.ask(Kind.CHANGE, CLARA, send=(Proof.CODE_NEW,))
    assert said(moving) == "no_way_offered"


async def test_a_password_that_the_sim_has_set_does_not_bring_the_sim_back(house: House) -> None:
    """The holder reports the loss; the thief, inside still, has nothing that is not of that SIM."""
    boris, thief = await sms_thief(house)
    assert said(await boris.sign_in()) == "done"
    assert said(await report_loss(boris)) == "ok"
    house.clock.push(MINUTE)
    view = await confirming(thief, Purpose.SMS_RESTORE)
    if isinstance(view, RequestView):
        await thief.prove(view, password=THIEFS_PASSWORD)
        assert said(await loss.restore(house.desk, thief.caller(), view.id)) != "ok"
    assert said(view) == "no_way_offered"


@pytest.mark.parametrize(
    ("since_days", "row", "level"), [(30, "I3", "full"), (100, "I4", "probation")]
)
async def test_an_app_that_the_number_has_set_does_not_shut_its_holder_out(
    house: House, since_days: int, row: str, level: str
) -> None:
    """Set up on a device of two days by an SMS alone, it is no second proof beside an SMS for a
    month; but a code and the app together are worth what the code is worth by itself."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - since_days * DAY)
    await set_totp(boris, age=DAY, set_by="code_current")
    for who, opened in ((boris.elsewhere(), (row, level)), (boris, ("I1", "full"))):
        begun = await who.begin(Kind.SIGN_IN)
        half = await who.prove(begun, code_current=await house.code_to(BORIS))
        assert (said(half), half.needs) == ("open", ((Proof.TOTP,),))
        done = await who.prove(begun, totp=totp_now(who))
        assert (said(done), done.row, done.session.level) == ("done", *opened)
        house.clock.push(PAUSE)


# a password in the wrong hands


async def phished(house: House) -> tuple[Someone, Someone]:
    """Anna has a number, a mailbox, a telephone that her account knows, and a long password of a
    month, which is all that the thief has."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await set_password(anna, age=30 * DAY)
    thief = anna.elsewhere()
    done = await signs_in(thief, password=PASSWORD)
    assert (said(done), done.row) == ("done", "I5")
    house.clock.push(MINUTE)
    return anna, thief


@pytest.mark.parametrize("purpose", [Purpose.TOTP_SET, Purpose.PASSKEY_ADD, Purpose.PASSWORD_SET])
async def test_a_stolen_password_locks_nobody_out_for_a_day(house: House, purpose: Purpose) -> None:
    _anna, thief = await phished(house)
    view = await confirming(thief, purpose)
    assert said(view) == "open", "the password alone is not enough yet"
    assert ways(view) == {
        ("code_current", "password"),
        ("code_email", "password"),
        ("code_current", "code_email"),
    }
    assert said(await thief.prove(view, password=PASSWORD)) == "open"
    # Whoever has more than the password goes on at once.
    assert await by_sms(thief, view) == "done"
    found = await permits.read(house.desk, thief.caller(), view.id, purpose)
    assert isinstance(found, tuple)
    assert found[0].set_by == ""


async def test_after_a_day_the_password_is_enough(house: House) -> None:
    _anna, thief = await phished(house)
    house.clock.push(DAY - MINUTE - 1)
    assert ("password",) not in ways(await confirming(thief, Purpose.TOTP_SET))
    house.clock.push(1)
    assert ("password",) in ways(await confirming(thief, Purpose.TOTP_SET))


async def test_a_stolen_password_and_a_report_of_loss_shut_nobody_out(house: House) -> None:
    """He reports her telephone lost, so that no code signs her in, and wants the password gone."""
    anna, thief = await phished(house)
    assert said(await report_loss(thief, password=PASSWORD)) == "ok"
    for purpose in (Purpose.PASSWORD_REMOVE, Purpose.PASSWORD_SET, Purpose.TOTP_SET):
        view = await confirming(thief, purpose)
        done = await thief.prove(view, password=PASSWORD)
        assert said(done) == "open", purpose
        assert (Proof.CODE_EMAIL,) in done.needs
    at_home = Someone(house, ANNA, anna.device, anna.id)
    assert said(await signs_in(at_home, password=PASSWORD)) == "done"
    view = await confirming(at_home, Purpose.SMS_RESTORE)
    assert said(await at_home.prove(view, password=PASSWORD)) == "done"
    assert said(await loss.restore(house.desk, at_home.caller(), view.id)) == "ok"


async def test_where_nothing_else_is_there_the_time_is_told(house: House) -> None:
    boris = await house.bring_in(BORIS)
    await set_password(boris, age=30 * DAY)
    there = boris.elsewhere()
    opened = house.clock.now()
    assert said(await signs_in(there, password=PASSWORD)) == "done"
    house.clock.push(MINUTE)
    assert said(await report_loss(there, password=PASSWORD)) == "ok"
    refused = await confirming(there, Purpose.PASSKEY_ADD)
    assert (said(refused), refused.until) == ("session_too_young", opened + DAY)


# a telephone in the wrong hands


async def lost_and_moved(house: House) -> tuple[Someone, Someone]:
    """She reports her telephone lost and moves to another number, by her mailbox and a day."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    assert said(await report_loss(anna)) == "ok"
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    await anna.another_code(begun, Proof.CODE_NEW)
    assert said(await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "done"
    await house.deliver()
    return anna, anna.elsewhere()


async def test_a_lost_number_that_an_undo_brings_back_is_lost_still(house: House) -> None:
    """The mailbox is open on the lost telephone: it takes the change back, but the code to the
    number that returns opens nothing."""
    anna, thief = await lost_and_moved(house)
    undoing = await thief.begin(Kind.UNDO, ANNA_MAIL)
    done = await thief.prove(undoing, code_email=await house.code_to(ANNA_MAIL))
    house.clock.push(PAUSE)
    begun = await thief.begin(Kind.SIGN_IN)
    await house.deliver()
    half = await thief.prove(begun, code_current=await house.code_to(ANNA))
    if said(half) == "open":
        await thief.another_code(begun, Proof.CODE_EMAIL)
        await thief.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert thief.session is None
    assert done.row == "U2"
    held = await house.value("SELECT frozen_at FROM accounts WHERE id = :id", id=anna.account)
    assert held is not None, "support decides, and both numbers are held"


async def test_a_mailbox_that_the_lost_sim_has_set_takes_nothing_back(house: House) -> None:
    """The thief's, which she has removed, but which may object and undo for thirty days."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    now = house.clock.now()
    email_id = house.dice.id(now)
    sealed = house.seal.seal("emails.address", email_id, THIEFS_MAIL)
    key = house.seal.index("email", THIEFS_MAIL)
    await house.engine.write([store.add(anna.account, email_id, key, sealed, "code_current", now)])
    house.clock.push(8 * DAY)
    assert said(await report_loss(anna)) == "ok"
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    await anna.another_code(begun, Proof.CODE_NEW)
    assert said(await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "done"
    thief = anna.elsewhere()
    undoing = await thief.begin(Kind.UNDO, THIEFS_MAIL)
    done = await thief.prove(undoing, code_email=await house.code_to(THIEFS_MAIL))
    assert said(done) == "open"


# paper in the wrong hands


async def test_a_code_of_an_old_sheet_counts_no_more_once_there_is_a_new_one(
    house: House, anna: Someone
) -> None:
    """The thief confirms with a found code and keeps that in reserve; she makes new codes."""
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    house.clock.push(HOUR)
    thief = anna.elsewhere()
    thief.session = anna.session
    kept = await confirming(thief, Purpose.PASSWORD_SET)
    assert said(await thief.prove(kept, recovery_code=RECOVERY_CODE)) == "done"
    moving = await thief.begin(Kind.CHANGE, CLARA, send=(Proof.CODE_NEW,))
    view = await confirming(anna, Purpose.RECOVERY_CODES)
    assert said(await anna.prove(view, totp=totp_now(anna))) == "done"
    made = await recovery_codes.make(house.desk, anna.caller(), view.id)
    assert isinstance(made, tuple)
    assert await chooses(thief, kept, THIEFS_PASSWORD) == "reauthentication_required"
    assert said(moving) == "open"


# a token in the wrong hands


async def test_a_stolen_token_guesses_few_codes(house: House) -> None:
    """Request after request, five tries each: fifteen a day are compared, and no more; on his own
    telephone the holder is not concerned."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    await boris.sign_in()
    house.clock.push(DAY)
    thief = boris.elsewhere()
    thief.session = boris.session
    told = list[str]()
    for _ in range(4):
        view = await confirming(thief, Purpose.PASSWORD_SET)
        assert said(await thief.another_code(view, Proof.CODE_CURRENT)) == "open"
        code = await house.code_to(BORIS)
        for by in range(1, 6):
            told.append(said(await thief.prove(view, code_current=another(code, by))))
        house.clock.push(PAUSE)
    assert told == ["code_wrong"] * 15 + ["proofs_closed"] * 5
    own = await confirming(boris, Purpose.PASSWORD_SET)
    assert await by_sms(boris, own) == "done"


# proofs that are over


async def test_a_session_remembers_no_proof_that_fell_before_it_was_opened(
    house: House, anna: Someone
) -> None:
    """A password that she has changed while the thief was still entering with it, and a code to the
    number whose loss she has reported meanwhile."""
    house.clock.push(DAY)
    await set_password(anna, "nine owls", age=30 * DAY, alone=False)
    thief = anna.elsewhere()
    begun = await thief.begin(Kind.SIGN_IN)
    assert said(await thief.prove(begun, password="nine owls")) == "open"
    house.clock.push(2 * MINUTE)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert await by_sms(anna, view) == "done"
    assert await chooses(anna, view, PASSWORD) == "ok"
    house.clock.push(5 * MINUTE)
    await thief.another_code(begun, Proof.CODE_CURRENT)
    assert said(await thief.prove(begun, code_current=await house.code_to(ANNA))) == "open"
    await thief.another_code(begun, Proof.CODE_EMAIL)
    done = await thief.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(done) == "done"
    proofs = await house.value("SELECT proofs FROM sessions ORDER BY id DESC LIMIT 1")
    assert proofs == "code_current code_email"


@pytest.mark.parametrize("typed", ["\ud800" * 20, "\x00" * 20, "\u0378" * 20, "x" * 8_000])
async def test_what_is_no_password_is_wrong_like_any_other(
    house: House, anna: Someone, typed: str
) -> None:
    await set_password(anna, age=30 * DAY)
    assert said(await signs_in(anna.elsewhere(), password=typed)) == "proof_wrong"


# sessions that are over


async def test_what_other_sessions_began_ends_with_them(house: House, anna: Someone) -> None:
    """A new password ends all other sessions, and the change that one of them has begun."""
    house.clock.push(DAY)
    thief = Someone(house, ANNA, anna.device, anna.id, "203.0.113.9")
    await thief.sign_in()
    waiting = await c5(house, thief, CLARA)
    house.clock.push(PAUSE)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert await by_sms(anna, view) == "done"
    assert await chooses(anna, view, PASSWORD) == "ok"
    ended = await house.value("SELECT ended_as FROM requests WHERE id = :id", id=waiting.id)
    assert ended == "cancelled"


async def test_a_permit_does_not_outlive_its_session_by_a_moment(
    house: House, anna: Someone
) -> None:
    """She ends the thief's session between the reading of his permit and its use."""
    house.clock.push(DAY)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert await by_sms(anna, view) == "done"
    found = await permits.read(house.desk, anna.caller(), view.id, Purpose.PASSWORD_SET)
    assert isinstance(found, tuple)
    await house.write("UPDATE sessions SET ended_at = :now", now=house.clock.now())
    spent = await permits.spend(
        house.desk, anna.caller(), found[0], Act.PASSWORD_SET, [], house.clock.now()
    )
    assert said(spent) == "reauthentication_required"
