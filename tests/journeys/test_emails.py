"""emails: a mailbox more, a mailbox less, what each is worth and when; and thieves with theirs."""

import asyncio
from typing import Any

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import emails, reauthentication
from rebind.flows.desk import RequestView
from rebind.flows.emails import EMAILS_MAX, EmailView
from rebind.store import emails as store
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.journeys.waits import c3, c5, elsewhere, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    BORIS_MAIL,
    THIEF,
    House,
    Someone,
    said,
)

SECOND, THIRD, FOURTH = (f"anna.{nth}@example.net" for nth in ("second", "third", "fourth"))
THIEFS_MAIL = "thief@example.com"
PAUSE = 70 * MINUTE
"""After that long no code has to wait for those before it."""


@pytest.fixture
async def anna(house: House) -> Someone:
    """Signed in a day ago on her own telephone, with one mailbox of a year."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(DAY)
    return anna


async def confirming(who: Someone, purpose: Purpose, about: str) -> RequestView:
    view = await reauthentication.begin(who.house.desk, who.caller(), purpose, about)
    assert isinstance(view, RequestView), view
    return view


async def proved(who: Someone, view: RequestView, **more: str) -> Any:
    """Answer a code to the number, and where a mailbox is added one to that."""
    assert said(await who.another_code(view, Proof.CODE_CURRENT)) == "open"
    given = {"code_current": await who.house.code_to(who.number), **more}
    return await who.prove(view, **given)


async def permitted(who: Someone, address: str) -> RequestView:
    """A fresh proof for adding a mailbox that they read, a while after the last code."""
    who.house.clock.push(PAUSE)
    view = await confirming(who, Purpose.EMAIL_ADD, address)
    assert said(await who.another_code(view, Proof.CODE_NEW)) == "open"
    done = await proved(who, view, code_new=await who.house.code_to(address))
    assert said(done) == "done", done
    return view


async def both_permitted(who: Someone, *addresses: str) -> list[RequestView]:
    """Fresh proofs for several mailboxes, all of which may still be spent."""
    who.house.clock.push(PAUSE)
    views = []
    for address in addresses:
        view = await confirming(who, Purpose.EMAIL_ADD, address)
        assert said(await who.another_code(view, Proof.CODE_NEW)) == "open"
        assert said(await who.prove(view, code_new=await who.house.code_to(address))) == "open"
        views.append(view)
    for view in views:
        assert said(await proved(who, view)) == "done"
        who.house.clock.push(3 * MINUTE)
    return views


async def add(who: Someone, view: RequestView, address: str) -> Any:
    return await emails.add(who.house.desk, who.caller(), view.id, address)


async def added(who: Someone, address: str) -> EmailView:
    """One more mailbox of theirs."""
    found = await add(who, await permitted(who, address), address)
    assert isinstance(found, EmailView), found
    return found


async def listed(who: Someone) -> list[EmailView]:
    found = await emails.listed(who.house.desk, who.caller())
    assert isinstance(found, emails.Emails), found
    return list(found.emails)


async def names(who: Someone) -> list[str]:
    return [each.address for each in await listed(who)]


async def id_of(who: Someone, address: str) -> bytes:
    return next(each.id for each in await listed(who) if each.address == address)


async def removed(who: Someone, address: str, pause: int = PAUSE) -> Any:
    """Remove a mailbox by a code to the number on their own device, a while after the last."""
    who.house.clock.push(pause)
    email_id = await id_of(who, address)
    view = await confirming(who, Purpose.EMAIL_REMOVE, email_id.hex())
    assert said(await proved(who, view)) == "done"
    return await emails.remove(who.house.desk, who.caller(), view.id, email_id)


async def set_by(house: House, address_id: bytes) -> str:
    return str(await house.value("SELECT set_by FROM emails WHERE id = :id", id=address_id))


async def thief_inside(house: House) -> tuple[Someone, Someone]:
    """Boris has a number and nothing else; a thief with his SIM has just come in at a browser that
    nobody knows (I3)."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    await boris.sign_in()
    house.clock.push(HOUR)
    thief = boris.elsewhere()
    done = await thief.sign_in()
    assert (said(done), done.row) == ("done", "I3")
    house.clock.push(2 * MINUTE)
    return boris, thief


# what a mailbox takes


async def test_a_second_mailbox_and_who_is_told(house: House, anna: Someone) -> None:
    view = await added(anna, SECOND)
    now = house.clock.now()
    assert (view.address, view.primary, view.set_at) == (SECOND, False, now)
    assert view.counts_from == now + 7 * DAY
    assert await names(anna) == [ANNA_MAIL, SECOND]
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    (text,) = [
        sent.words.text for sent in house.post.mail_to(ANNA_MAIL) if "a•••@" in sent.words.text
    ]
    assert SECOND not in text
    assert (await house.acts(anna.account))[-1] == "email_added"
    await added(anna, THIRD)
    everybody = sorted((*(ANNA, ANNA_MAIL) * 2, SECOND))
    assert await told(house, "security_changed") == everybody, "notices go to all of them"


async def test_without_a_code_to_it_a_mailbox_is_nobodys(house: House, anna: Someone) -> None:
    view = await confirming(anna, Purpose.EMAIL_ADD, SECOND)
    refused = await add(anna, view, SECOND)
    assert said(refused) == "reauthentication_required"
    await proved(anna, view)
    assert said(await add(anna, view, SECOND)) == "reauthentication_required"
    other = await permitted(anna, THIRD)
    assert said(await add(anna, other, SECOND)) == "reauthentication_required"
    assert said(await add(anna.elsewhere(), other, THIRD)) == "session_required"
    assert await names(anna) == [ANNA_MAIL]


async def test_the_code_that_verifies_a_mailbox_lives_a_day_to_the_millisecond(
    house: House, anna: Someone
) -> None:
    early, late = (
        await confirming(anna, Purpose.EMAIL_ADD, SECOND),
        await confirming(anna, Purpose.EMAIL_ADD, THIRD),
    )
    for view in (early, late):
        assert said(await anna.another_code(view, Proof.CODE_NEW)) == "open"
    codes = {view.id: await house.code_to(to) for view, to in ((early, SECOND), (late, THIRD))}
    house.clock.push(DAY - 1)
    assert said(await anna.prove(early, code_new=codes[early.id])) == "open"
    house.clock.push(1)
    assert said(await anna.prove(late, code_new=codes[late.id])) in (
        "code_expired",
        "request_expired",
    )
    assert said(await anna.look_at(early)) == "expired", "what it was for is over by then too"


async def test_the_code_that_verifies_a_mailbox_counts_once(house: House, anna: Someone) -> None:
    view = await confirming(anna, Purpose.EMAIL_ADD, SECOND)
    assert said(await anna.another_code(view, Proof.CODE_NEW)) == "open"
    code = await house.code_to(SECOND)
    assert said(await anna.prove(view, code_new=code)) == "open"
    assert said(await anna.prove(view, code_new=code)) == "code_expired"
    again = await confirming(anna, Purpose.EMAIL_ADD, SECOND)
    assert said(await anna.another_code(again, Proof.CODE_NEW)) in ("open", "too_many_codes")
    assert said(await anna.prove(again, code_new=code)) in ("code_wrong", "code_not_sent")
    done = await proved(anna, view)
    assert said(done) == "done"
    assert isinstance(await add(anna, view, SECOND), EmailView)
    assert said(await add(anna, view, SECOND)) == "reauthentication_required"


async def test_two_adds_at_once(house: House, anna: Someone) -> None:
    """The same mailbox twice becomes one; of two mailboxes the second is told to try again."""
    same = await permitted(anna, SECOND)
    outcomes = await asyncio.gather(*(add(anna, same, SECOND) for _ in range(6)))
    assert sum(isinstance(each, EmailView) for each in outcomes) == 1
    assert await names(anna) == [ANNA_MAIL, SECOND]
    first, second = await both_permitted(anna, THIRD, FOURTH)
    both = await asyncio.gather(add(anna, first, THIRD), add(anna, second, FOURTH))
    for view, outcome in ((first, both[0]), (second, both[1])):
        if not isinstance(outcome, EmailView):
            assert said(outcome) == "try_again"
            assert isinstance(await add(anna, view, view.about), EmailView)
    assert len(await names(anna)) == 4


async def test_the_same_mailbox_again_is_hers_already(house: House, anna: Someone) -> None:
    """Also where it was added meanwhile, by another re-authentication and in other letters."""
    anna.house.clock.push(PAUSE)
    views = [await confirming(anna, Purpose.EMAIL_ADD, typed) for typed in (SECOND, SECOND.upper())]
    assert views[0].about == views[1].about == SECOND
    for view in views:
        assert said(await anna.another_code(view, Proof.CODE_NEW)) == "open"
        assert said(await anna.prove(view, code_new=await house.code_to(SECOND))) == "open"
        house.clock.push(2 * MINUTE)
    for view in views:
        assert said(await proved(anna, view)) == "done"
        house.clock.push(2 * MINUTE)
    assert isinstance(await add(anna, views[0], SECOND), EmailView)
    assert said(await add(anna, views[1], SECOND)) == "email_is_own"


async def test_somebody_elses_mailbox_is_told_to_nobody(house: House, anna: Someone) -> None:
    """Boris shares a mailbox with Anna: his account says nothing of hers, nor hers of his."""
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    house.clock.push(5 * MINUTE)
    view = await added(boris, ANNA_MAIL)
    assert view.address == ANNA_MAIL
    before = await told(house, "security_changed")
    house.clock.push(5 * MINUTE)
    await added(anna, SECOND)
    after = await told(house, "security_changed")
    assert after.count(BORIS) == before.count(BORIS)


async def test_ten_mailboxes_and_no_more(house: House) -> None:
    many = tuple(f"anna{i}@example.org" for i in range(EMAILS_MAX))
    anna = await house.bring_in(ANNA, emails=many)
    await anna.sign_in()
    house.clock.push(DAY)
    view = await permitted(anna, SECOND)
    assert said(await add(anna, view, SECOND)) == "too_many_factors"
    found = await emails.listed(house.desk, anna.caller())
    assert isinstance(found, emails.Emails)
    assert found.full
    assert said(await removed(anna, many[3], 2 * MINUTE)) == "ok"
    assert isinstance(await add(anna, view, SECOND), EmailView), "nothing was spent by the refusal"


# which one is named first


async def test_the_oldest_is_named_first_until_another_is(house: House, anna: Someone) -> None:
    await added(anna, SECOND)
    house.clock.push(2 * MINUTE)
    third = await added(anna, THIRD)
    assert await names(anna) == [ANNA_MAIL, SECOND, THIRD]
    assert said(await emails.make_primary(house.desk, anna.caller(), third.id)) == "ok"
    assert await names(anna) == [THIRD, ANNA_MAIL, SECOND]
    assert (await house.acts(anna.account))[-1] == "email_made_primary"
    house.clock.push(2 * MINUTE)
    oldest = await id_of(anna, ANNA_MAIL)
    assert said(await emails.make_primary(house.desk, anna.caller(), oldest)) == "ok"
    assert await names(anna) == [ANNA_MAIL, SECOND, THIRD]
    assert said(await removed(anna, ANNA_MAIL)) == "ok"
    assert await names(anna) == [THIRD, SECOND], "the one that was named first before it"


async def test_only_ones_own_mailbox_is_named_first(
    house: House, anna: Someone, boris: Someone
) -> None:
    hers = await id_of(anna, ANNA_MAIL)
    for stranger, word in ((boris, "factor_unknown"), (anna.elsewhere(), "session_required")):
        assert said(await emails.make_primary(house.desk, stranger.caller(), hers)) == word
    unknown = house.dice.id(house.clock.now())
    assert said(await emails.make_primary(house.desk, anna.caller(), unknown)) == "factor_unknown"


async def test_on_probation_no_mailbox_is_seen(house: House) -> None:
    boris = await house.bring_in(BORIS)
    house.clock.push(100 * DAY)
    there = boris.elsewhere()
    assert (await there.sign_in()).session.level == "probation"
    assert said(await emails.listed(house.desk, there.caller())) == "session_on_probation"
    made = await emails.make_primary(house.desk, there.caller(), bytes(16))
    assert said(made) == "session_on_probation"


# removing one


@pytest.mark.parametrize(("beyond", "heard"), [(-1, True), (0, False)])
async def test_a_removed_mailbox_is_told_for_thirty_days(
    house: House, anna: Someone, beyond: int, heard: bool
) -> None:
    """To the millisecond; of its own removal too."""
    await added(anna, SECOND)
    house.clock.push(8 * DAY)
    assert said(await removed(anna, ANNA_MAIL)) == "ok"
    gone = house.clock.now()
    assert await names(anna) == [SECOND]
    before = await told(house, "security_changed")
    assert before.count(ANNA_MAIL) == 1
    house.clock.push(25 * DAY)
    await anna.sign_in()
    house.clock.push(gone + 30 * DAY - 5 * MINUTE - PAUSE - house.clock.now())
    view = await permitted(anna, THIRD)
    house.clock.push(5 * MINUTE + beyond)
    assert isinstance(await add(anna, view, THIRD), EmailView)
    after = await told(house, "security_changed")
    assert len(after) == len(before) + 2 + heard
    assert after.count(ANNA_MAIL) == 1 + heard


async def test_removing_takes_a_fresh_proof_for_that_mailbox(house: House, anna: Someone) -> None:
    await added(anna, SECOND)
    house.clock.push(2 * MINUTE)
    hers, other = await id_of(anna, ANNA_MAIL), await id_of(anna, SECOND)
    view = await confirming(anna, Purpose.EMAIL_REMOVE, other.hex())
    desk = house.desk
    undone = await emails.remove(desk, anna.caller(), view.id, other)
    assert said(undone) == "reauthentication_required"
    assert said(await proved(anna, view)) == "done"
    wrong = await emails.remove(desk, anna.caller(), view.id, hers)
    assert said(wrong) == "reauthentication_required"
    assert said(await emails.remove(desk, anna.caller(), view.id, other)) == "ok"
    again = await emails.remove(desk, anna.caller(), view.id, other)
    assert said(again) == "reauthentication_required"
    unknown = house.dice.id(house.clock.now())
    house.clock.push(2 * MINUTE)
    nothing = await confirming(anna, Purpose.EMAIL_REMOVE, unknown.hex())
    await proved(anna, nothing)
    assert said(await emails.remove(desk, anna.caller(), nothing.id, unknown)) == "factor_unknown"


async def test_a_removed_mailbox_proves_nothing_at_once(house: House, anna: Someone) -> None:
    """Neither at a sign-in that is under way with its code, nor in a change that rests on it."""
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    await there.prove(entering, code_current=await house.code_to(ANNA))
    await there.another_code(entering, Proof.CODE_EMAIL)
    code = await house.code_to(ANNA_MAIL)
    moving = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    moving_code = await house.code_to(ANNA_NEW)
    await house.deliver()
    house.clock.push(2 * MINUTE)
    assert said(await anna.another_code(moving, Proof.CODE_EMAIL)) == "open"
    assert said(await anna.prove(moving, code_email=await house.code_to(ANNA_MAIL))) == "open"
    assert said(await removed(anna, ANNA_MAIL, 2 * MINUTE)) == "ok"
    assert there.session is None
    outcome = await there.prove(entering, code_email=code)
    # What she has left is her number, which alone opens an account that has nothing else.
    assert (said(outcome), outcome.row) == ("done", "I3")
    waiting = await anna.prove(moving, code_new=moving_code)
    assert (said(waiting), waiting.row) == ("waiting", "C5"), "and not the day of C4"


async def test_a_removed_mailbox_still_stops_a_change(house: House, anna: Someone) -> None:
    """A thief in a full session on her device removes it first; it hears of the change, and the
    link in its notice stops it."""
    assert said(await removed(anna, ANNA_MAIL)) == "ok"
    house.clock.push(2 * MINUTE)
    waiting = await c5(house, anna, THIEF)
    assert ANNA_MAIL in await told(house, "change_waiting")
    link = await house.link_to(ANNA_MAIL, "stop")
    assert said(await anna.stop_by(link)) == "objected"
    assert (await row_of(house, waiting))[0] == "objected"


async def test_an_undo_brings_a_removed_mailbox_back_and_suspends_a_new_one(
    house: House, anna: Someone
) -> None:
    """A thief with her telephone in his hand: his mailbox in, hers out, her number changed."""
    await added(anna, THIEFS_MAIL)
    house.clock.push(2 * MINUTE)
    assert said(await removed(anna, ANNA_MAIL)) == "ok"
    house.clock.push(2 * MINUTE)
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    holder = Someone(house, ANNA, None, anna.account)
    begun = await holder.begin(Kind.UNDO, ANNA_MAIL)
    assert said(await holder.prove(begun, code_email=await house.code_to(ANNA_MAIL))) == "done"
    live = await house.rows(
        "SELECT address_key FROM emails WHERE removed_at IS NULL AND suspended_at IS NULL"
    )
    assert live == [(house.seal.index("email", ANNA_MAIL),)]
    house.clock.push(PAUSE)
    entering = await holder.begin(Kind.SIGN_IN)
    await holder.prove(entering, code_current=await house.code_to(ANNA))
    await holder.another_code(entering, Proof.CODE_EMAIL)
    done = await holder.prove(entering, code_email=await house.code_to(ANNA_MAIL))
    assert (said(done), done.row) == ("done", "L1")
    assert await names(holder) == [ANNA_MAIL]


# what a mailbox is worth


async def test_a_code_by_email_alone_never_signs_in(house: House, anna: Someone) -> None:
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN, ANNA_MAIL)
    assert begun.needs == ((Proof.PASSWORD,), (Proof.PASSKEY,))
    refused = await there.another_code(begun, Proof.CODE_EMAIL)
    assert said(refused) == "proof_not_offered"
    await house.deliver()
    assert not [sent for sent in house.post.mail_to(ANNA_MAIL) if sent.has_code]


async def test_a_mailbox_is_no_second_factor(house: House, anna: Someone) -> None:
    """With an app set, neither the sign-in nor a re-authentication asks for a mailbox."""
    await set_totp(anna, age=30 * DAY)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    asked = await there.prove(begun, code_current=await house.code_to(ANNA))
    assert asked.needs == ((Proof.TOTP,),)
    assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
    view = await confirming(anna, Purpose.EMAIL_ADD, SECOND)
    assert view.needs == ((Proof.TOTP, Proof.CODE_NEW),)
    await anna.another_code(view, Proof.CODE_NEW)
    code = await house.code_to(SECOND)
    assert said(await anna.prove(view, code_new=code, totp=totp_now(anna))) == "done"
    assert isinstance(await add(anna, view, SECOND), EmailView)


@pytest.mark.parametrize(("young", "row"), [("", "C4"), ("mailbox", ""), ("password", "")])
async def test_c4_takes_an_aged_password_and_an_aged_mailbox(
    house: House, young: str, row: str
) -> None:
    """At a browser that nobody knows, without the old number: a day's wait, or no way at all."""
    boris = await elsewhere(house)
    await set_password(boris, age=HOUR if young == "password" else 10 * DAY)
    mail_age = HOUR if young == "mailbox" else 10 * DAY
    house.clock.push(-mail_age)
    mail = await house_mail(house, boris)
    house.clock.push(mail_age)
    assert mail
    begun = await boris.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    way = tuple(sorted((Proof.PASSWORD, Proof.CODE_EMAIL, Proof.CODE_NEW)))
    offered = {tuple(sorted(each)) for each in begun.needs}
    assert (way in offered) == bool(row)
    if not row:
        assert said(await boris.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
        return
    assert said(await boris.another_code(begun, Proof.CODE_EMAIL)) == "open"
    mailed = await house.code_to(BORIS_MAIL)
    done = await boris.prove(begun, code_new=code, code_email=mailed, password=PASSWORD)
    assert (said(done), done.row) == ("waiting", row)
    assert done.wait_until == house.clock.now() + DAY


async def house_mail(house: House, who: Someone) -> bytes:
    """A mailbox that was set just now by nothing in particular."""
    now = house.clock.now()
    email_id = house.dice.id(now)
    sealed = house.seal.seal("emails.address", email_id, BORIS_MAIL)
    key = house.seal.index("email", BORIS_MAIL)
    await house.engine.write([store.add(who.account, email_id, key, sealed, "", now)])
    return email_id


# thieves with mailboxes


async def test_a_thief_with_the_sim_adds_a_mailbox_and_gains_nothing(house: House) -> None:
    """For 30 days it is no second proof beside a code to the number; the holder is told of it, and
    comes in by his number as before."""
    boris, thief = await thief_inside(house)
    mail = await added(thief, THIEFS_MAIL)
    assert await set_by(house, mail.id) == "code_current"
    assert BORIS in await told(house, "security_changed")
    for days in (1, 8, 20):
        house.clock.push(days * DAY)
        holder = boris.elsewhere()
        done = await holder.sign_in()
        assert (said(done), done.row) == ("done", "I3"), "no code from the thief's mailbox is asked"


async def test_nor_does_his_mailbox_move_the_number(house: House) -> None:
    """C3 in three days is all that he has: his mailbox makes nothing quicker when it is aged."""
    _boris, thief = await thief_inside(house)
    await added(thief, THIEFS_MAIL)
    house.clock.push(7 * DAY - 2 * HOUR)
    waiting = await c3(house, thief)
    assert all(Proof.CODE_EMAIL not in way for way in waiting.needs)


async def test_a_thief_with_the_sim_cannot_remove_the_holders_mailbox(house: House) -> None:
    """It was set by a code to the number itself ten days ago, so that I3 is open to the thief."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    there = boris.elsewhere()
    await there.sign_in()
    house.clock.push(2 * MINUTE)
    mail = await added(there, BORIS_MAIL)
    house.clock.push(10 * DAY)
    thief = boris.elsewhere("203.0.113.9")
    done = await thief.sign_in()
    assert (said(done), done.row) == ("done", "I3")
    house.clock.push(2 * MINUTE)
    view = await reauthentication.begin(
        house.desk, thief.caller(), Purpose.EMAIL_REMOVE, mail.id.hex()
    )
    assert said(view) == "no_way_offered"
    bogus = await emails.remove(house.desk, thief.caller(), bytes(16), mail.id)
    assert said(bogus) == "reauthentication_required"
    # The holder removes the thief's, on the telephone that the account knows.
    await added(thief, THIEFS_MAIL)
    await boris.sign_in()
    house.clock.push(10 * MINUTE)
    assert said(await removed(boris, THIEFS_MAIL)) == "ok"
    assert await names(boris) == [BORIS_MAIL]


async def test_a_stolen_session_adds_no_mailbox_without_the_number(
    house: House, anna: Someone
) -> None:
    thief = anna.elsewhere()
    thief.session = anna.session
    view = await confirming(thief, Purpose.EMAIL_ADD, THIEFS_MAIL)
    assert {tuple(sorted(way)) for way in view.needs} == {
        ("code_current", "code_email", "code_new")
    }
    await thief.another_code(view, Proof.CODE_NEW)
    assert said(await thief.prove(view, code_new=await house.code_to(THIEFS_MAIL))) == "open"
    assert said(await add(thief, view, THIEFS_MAIL)) == "reauthentication_required"
