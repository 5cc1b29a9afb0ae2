"""A change that waits goes on from another session of the same account, and is never better for it:
not in the hands of a thief, not in the holder's, and not twice."""

import asyncio
from typing import Any

import msgspec
import pytest

from rebind.domain.cases import Reason, Verdict
from rebind.domain.evidence import CarrierFacts, Evidence, Proof
from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.rows import Apply, Decision, Need, Purpose, Wait
from rebind.domain.units import DAY, HOUR, Id
from rebind.flows import case_decisions, change, reauthentication, requests, sessions
from rebind.flows.desk import RequestView, tokens
from rebind.flows.desk import dossier as dossiers
from tests.desk import AT_DESK, confirmed, hired
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.journeys.waits import answer_anew, c3, c5, elsewhere, number_of, row_of, told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone, said
from tests.races.invariants import broken


@pytest.fixture
async def anna(house: House) -> Someone:
    """On her own telephone, with an old password; the SIM of it is lost."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await set_password(anna, age=90 * DAY)
    await anna.sign_in()
    house.clock.push(HOUR)
    return anna


async def asked(
    who: Someone, request: RequestView, purpose: Purpose = Purpose.REQUEST_RESUME
) -> RequestView:
    """What is asked for before one goes on with that request."""
    about = request.id.hex()
    view = await reauthentication.begin(who.house.desk, who.caller(), purpose, about)
    assert isinstance(view, RequestView), view
    return view


async def by_sms(who: Someone, request: RequestView) -> RequestView:
    """A fresh proof by a code to the present number."""
    view = await asked(who, request)
    await who.another_code(view, Proof.CODE_CURRENT)
    assert said(await who.prove(view, code_current=await who.newest_code())) == "done"
    return view


async def permitted(
    who: Someone, request: RequestView, purpose: Purpose = Purpose.REQUEST_RESUME, **proofs: str
) -> RequestView:
    """A fresh proof for it: the password and a code to the mailbox, or these."""
    view = await asked(who, request, purpose)
    if not proofs:
        await who.another_code(view, Proof.CODE_EMAIL)
        proofs = {"password": PASSWORD, "code_email": await who.house.code_to(ANNA_MAIL)}
    assert said(await who.prove(view, **proofs)) == "done"
    return view


async def resumed(who: Someone, request: RequestView, permit: RequestView | None = None) -> Any:
    permit = permit or await permitted(who, request)
    return await change.resume(who.house.desk, who.caller(), request.id, permit.id)


async def listed(who: Someone) -> RequestView:
    """The one thing that waits on the account, as this session sees it."""
    found = await requests.standing_on(who.house.desk, who.caller())
    assert isinstance(found, list), found
    (only,) = found
    return only


async def laptop_of(anna: Someone, password: str = PASSWORD) -> Someone:
    """She has signed in at a browser that nobody knows, where she reads her mail."""
    laptop = anna.elsewhere()
    begun = await laptop.begin(Kind.SIGN_IN, ANNA_MAIL)
    assert said(await laptop.prove(begun, password=password)) == "done"
    return laptop


async def decided(house: House, request_id: Id) -> Decision:
    """What the rule says of a request now."""
    now = house.clock.now()
    found = await house.engine.read(*dossiers.queries(house.desk, request_id, None, now))
    dossier = dossiers.read(found)
    assert isinstance(dossier, dossiers.Dossier)
    silence = Evidence(Proof.SILENCE, now, now)
    return dossier.decide(house.desk, (*dossier.evidence, silence), CarrierFacts(), now)


def place(decision: Decision) -> tuple[int, int]:
    """How good it is: smaller is earlier or better."""
    match decision:
        case Apply():
            return 0, 0
        case Need():
            return 1, 0
        case Wait(until=until):
            return 2, until
        case _:
            return 3, 0


# what it is for


async def test_the_wait_ends_at_another_device(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    laptop = await laptop_of(anna)
    seen = await listed(laptop)
    assert (seen.id, seen.state, seen.elsewhere) == (begun.id, "ready", True)
    assert said(await laptop.look_at(begun)) == "request_unknown"
    here = await resumed(laptop, begun)
    assert (said(here), here.needs) == ("ready", ((Proof.CODE_NEW,),))
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    assert "+7••••••••33" in house.post.mail_to(ANNA_MAIL)[-1].words.text
    resumed_line = "SELECT act FROM acts WHERE request_id = :id ORDER BY id DESC LIMIT 1"
    assert await house.value(resumed_line, id=begun.id) == "request_resumed"
    assert said(await anna.look_at(begun)) == "request_unknown", "there it is another one's by now"
    seen = await listed(laptop)
    assert not seen.elsewhere
    assert said(await answer_anew(house, laptop, begun)) == "done"
    assert await row_of(house, begun) == ("done", "C5")
    assert await number_of(house, laptop) == ANNA_NEW
    assert said(await sessions.listed(house.desk, anna.caller())) == "session_ended"
    assert await broken(house) == []


async def test_the_session_in_which_it_began_has_run_out(house: House, anna: Someone) -> None:
    """Nobody came for so long; then she signs in anew, on the telephone that everybody knows."""
    begun = await c5(house, anna)
    await house.pass_time(15 * DAY)
    await house.write("UPDATE sessions SET expires_at = :now", now=house.clock.now())
    assert said(await sessions.listed(house.desk, anna.caller())) == "session_ended"
    again = Someone(house, ANNA, anna.device, anna.id)
    await again.sign_in()
    permit = await permitted(again, begun, password=PASSWORD)
    assert said(await resumed(again, begun, permit)) == "ready"
    assert said(await answer_anew(house, again, begun)) == "done"
    assert again.session is not None
    assert await number_of(house, again) == ANNA_NEW
    assert await broken(house) == []


async def test_by_the_highest_level_that_the_account_has(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    await set_totp(anna, age=60 * DAY)
    laptop = anna.elsewhere()
    entering = await laptop.begin(Kind.SIGN_IN, ANNA_MAIL)
    await laptop.prove(entering, password=PASSWORD, totp=totp_now(laptop))
    house.clock.push(HOUR)
    view = await asked(laptop, begun)
    assert view.needs == ((Proof.TOTP,),)
    assert said(await laptop.prove(view, totp=totp_now(laptop))) == "done"
    assert said(await resumed(laptop, begun, view)) == "waiting"


# who must not


async def test_a_stolen_session_gains_nothing(house: House, anna: Someone) -> None:
    """He holds a session of hers; then a copy of her SIM as well; her password he never has."""
    begun = await c5(house, anna)
    thief = anna.elsewhere("203.0.113.66")
    entering = await thief.begin(Kind.SIGN_IN, ANNA)
    await thief.prove(entering, code_current=await house.code_to(ANNA))
    await thief.another_code(entering, Proof.CODE_EMAIL)
    await thief.prove(entering, code_email=await house.code_to(ANNA_MAIL))
    stop = await permitted(thief, begun, Purpose.REQUEST_STOP, password=PASSWORD)
    house.clock.push(HOUR)
    another_one = await permitted(thief, await c5(house, anna, THIEF))
    for permit in (begun, stop, another_one):
        refused = await resumed(thief, begun, permit)
        assert said(refused) == "reauthentication_required"
    house.clock.push(HOUR)
    # And had he all that it takes: the code goes to the number that she has.
    assert said(await resumed(thief, begun)) == "waiting"
    await house.pass_time(14 * DAY)
    before = len(house.post.sms_to(ANNA_NEW))
    assert said(await thief.another_code(begun, Proof.CODE_NEW)) == "ready"
    await house.deliver()
    assert len(house.post.sms_to(ANNA_NEW)) == before + 1
    assert said(await thief.prove(begun, code_new="000000")) == "code_wrong"
    assert said(await anna.object_to(begun)) == "objected"
    assert await number_of(house, anna) == ANNA


async def test_another_account_s_change_is_nobody_s(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    house.clock.push(DAY)
    assert said(await resumed(boris, begun, await by_sms(boris, begun))) == "request_unknown"


async def test_a_young_session_with_one_stolen_proof_takes_nothing_over(
    house: House, anna: Someone
) -> None:
    """Whoever takes a change over could cancel it, and nobody would be heard."""
    begun = await c5(house, anna)
    laptop = await laptop_of(anna)
    view = await asked(laptop, begun)
    assert (Proof.PASSWORD,) not in view.needs
    assert said(await laptop.prove(view, password=PASSWORD)) == "open"
    assert said(await resumed(laptop, begun, view)) == "reauthentication_required"


async def test_a_thief_s_change_does_not_become_quicker_in_the_holder_s_hands(
    house: House,
) -> None:
    """He has read both codes on a device that nobody knows: three days. On hers, which everybody
    knows, the same codes would be done at once."""
    thief = await elsewhere(house)
    waiting = await c3(house, thief)
    boris = await _at_home(house, thief)
    before = await decided(house, waiting.id)
    house.clock.push(HOUR)
    here = await resumed(boris, waiting, await by_sms(boris, waiting))
    assert (said(here), here.row, here.wait_until) == ("waiting", "C3", waiting.wait_until)
    assert place(await decided(house, waiting.id)) == place(before)
    # Nor by going on a second time, from where it then is.
    house.clock.push(HOUR)
    tablet = Someone(house, BORIS, boris.device, boris.id)
    await tablet.sign_in()
    assert said(await resumed(tablet, waiting, await by_sms(tablet, waiting))) == "waiting"
    assert place(await decided(house, waiting.id)) == place(before)
    # Everybody was told both times, and it dies with the session that began it, as it should.
    assert await told(house, "security_changed") == [BORIS, BORIS]
    ended = await sessions.end(
        house.desk, tablet.caller(), await _session_of(house, thief), not_mine=True
    )
    assert ended is None
    assert await row_of(house, waiting) == ("cancelled", "C3")


async def _at_home(house: House, there: Someone) -> Someone:
    """The same person at the device of the first day."""
    device = await house.value("SELECT device_id FROM devices WHERE enrolled = 1")
    home = Someone(house, BORIS, tokens.device_key(house.seal, bytes(device)), there.id)
    await home.sign_in()
    return home


async def _session_of(house: House, who: Someone) -> Id:
    found = await sessions.listed(house.desk, who.caller())
    assert isinstance(found, list), found
    return next(each.id for each in found if each.current)


async def test_an_older_session_shortens_nothing(house: House, anna: Someone) -> None:
    """A password and both codes, in a session of this very hour at a strange browser: three days.
    In one that is two days old the same would be done at once."""
    old = await laptop_of(anna)
    house.clock.push(2 * DAY)
    young = await laptop_of(anna)
    begun = await young.begin(Kind.CHANGE, ANNA_NEW)
    codes = {
        "password": PASSWORD,
        "code_current": await house.code_to(ANNA),
        "code_new": await house.code_to(ANNA_NEW),
    }
    waiting = await young.prove(begun, **codes)
    assert (said(waiting), waiting.row) == ("waiting", "C2")
    house.clock.push(HOUR)
    before = await decided(house, begun.id)
    assert said(await resumed(old, begun)) == "waiting"
    assert place(await decided(house, begun.id)) == place(before)
    await house.write("DELETE FROM sessions WHERE id = :id", id=await _session_of(house, young))
    assert place(await decided(house, begun.id)) == place(before), "cleared away, it stays young"
    await house.pass_time(71 * HOUR - 1)
    assert await number_of(house, old) == ANNA


# at once, and too late


async def test_going_on_twice_at_once_is_once(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    house.clock.push(DAY)
    laptops = [await laptop_of(anna), await laptop_of(anna)]
    house.clock.push(2 * DAY)
    permits = [
        await permitted(each, begun, password=PASSWORD) for each in laptops for _turn in range(2)
    ]
    tried = await asyncio.gather(
        *(
            resumed(who, begun, permit)
            for who, permit in zip([laptops[0]] * 2 + [laptops[1]] * 2, permits, strict=True)
        )
    )
    found = sorted(map(said, tried))
    assert found.count("waiting") >= 1
    assert set(found) <= {"waiting", "try_again", "reauthentication_required"}
    owners = [said(await each.look_at(begun)) for each in laptops]
    assert sorted(owners) == ["request_unknown", "waiting"], found
    spent = (
        "SELECT count(*) FROM requests WHERE purpose = 'request_resume' AND spent_at IS NOT NULL"
    )
    assert await house.value(spent) == found.count("waiting")
    used = next(
        permit for permit, one in zip(permits, tried, strict=True) if said(one) == "waiting"
    )
    again = [said(await resumed(each, begun, used)) for each in laptops]
    assert again == ["reauthentication_required"] * 2


@pytest.mark.parametrize("ends", ["objection", "session", "expired", "open", "cancelled"])
async def test_what_is_over_does_not_go_on(house: House, anna: Someone, ends: str) -> None:
    laptop = await laptop_of(anna)
    house.clock.push(2 * DAY)
    if ends == "open":
        begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=())
        permit = await permitted(laptop, begun, password=PASSWORD)
        assert said(await resumed(laptop, begun, permit)) == "nothing_waits"
        return
    begun = await c5(house, anna)
    if ends == "expired":
        await house.pass_time(14 * DAY)
        await house.pass_time(7 * DAY)
        laptop = await laptop_of(anna)
        house.clock.push(2 * DAY)
    permit = await permitted(laptop, begun, password=PASSWORD)
    if ends == "objection":
        await laptop.object_to(begun)
    elif ends == "session":
        # Ended by its holder: what it began has died with it.
        assert await sessions.end(house.desk, anna.caller(), await _session_of(house, anna)) is None
    elif ends == "cancelled":
        await anna.cancel(begun)
    expected = "request_expired" if ends == "expired" else "request_finished"
    assert said(await resumed(laptop, begun, permit)) == expected


# which session's end is its end


async def test_it_lives_and_dies_with_the_session_that_has_it(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    laptop, third = await laptop_of(anna), await laptop_of(anna)
    house.clock.push(2 * DAY)
    desk = house.desk
    first, second = await _session_of(house, anna), await _session_of(house, laptop)
    permit = await permitted(laptop, begun, password=PASSWORD)
    assert said(await resumed(laptop, begun, permit)) == "waiting"
    # She signs out where she began it, or ends that session from where it goes on: it goes on.
    assert await sessions.end(desk, laptop.caller(), first) is None
    assert said(await laptop.look_at(begun)) == "waiting"
    # From anywhere else the end of the session that has it is the end of it.
    assert await sessions.end(desk, third.caller(), second) is None
    assert await row_of(house, begun) == ("cancelled", "C5")


@pytest.mark.parametrize("how", ["from the third", "not mine", "signed out", "all others"])
async def test_where_it_began_is_ended(house: House, anna: Someone, how: str) -> None:
    """Whoever holds two sessions does not keep a change alive by moving it to the second."""
    begun = await c5(house, anna)
    laptop, third = await laptop_of(anna), await laptop_of(anna)
    house.clock.push(2 * DAY)
    desk, first = house.desk, await _session_of(house, anna)
    permit = await permitted(laptop, begun, password=PASSWORD)
    assert said(await resumed(laptop, begun, permit)) == "waiting"
    match how:
        case "from the third":
            assert await sessions.end(desk, third.caller(), first) is None
        case "not mine":
            assert await sessions.end(desk, laptop.caller(), first, not_mine=True) is None
        case "signed out":
            assert await sessions.end(desk, anna.caller(), first) is None
        case _:
            assert await sessions.end_others(desk, laptop.caller()) is None
    ended = None if how in ("signed out", "all others") else "cancelled"
    assert (await row_of(house, begun))[0] == ended


async def test_what_support_has_let_go_on_goes_on_elsewhere(house: House, anna: Someone) -> None:
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    begun = await c5(house, anna)
    laptop = await laptop_of(anna)
    house.clock.push(DAY)
    assert said(await laptop.object_to(begun)) == "objected"
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'contested'")
    for step in (
        case_decisions.propose(
            house.desk, AT_DESK, olga, case_id, Verdict.FOR, Reason.HOLDER_CONFIRMED, fresh=True
        ),
        confirmed(house, sonya, case_id, Reason.HOLDER_CONFIRMED),
    ):
        assert said(await step) == "ok"
    await house.pass_time(HOUR)
    goes_on = await listed(laptop)
    assert (goes_on.state, goes_on.contested, goes_on.elsewhere) == ("waiting", True, True)
    permit = await permitted(laptop, goes_on, password=PASSWORD)
    here = await resumed(laptop, goes_on, permit)
    assert (said(here), here.wait_until) == ("waiting", goes_on.wait_until)
    # Stopped and heard again, it would still be known where it began.
    where = "SELECT begun_session_id, begun_device_id FROM requests WHERE id = :id"
    ((session_id, device_id),) = await house.rows(where, id=goes_on.id)
    assert bytes(session_id) == await _session_of(house, anna)
    assert device_id is not None


async def test_a_recovery_that_goes_on_elsewhere_is_of_the_device_where_it_does(
    house: House,
) -> None:
    """Else "this was not me" of the one browser would make a stranger of the other."""
    at_home = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    begun = await at_home.begin(Kind.RECOVER)
    await at_home.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await at_home.aim(begun, ANNA_NEW)
    assert said(await at_home.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "waiting"
    await house.pass_time(72 * HOUR)
    there = at_home.elsewhere()
    again = await there.begin(Kind.RECOVER)
    await there.prove(again, code_email=await house.code_to(ANNA_MAIL))
    here = await there.resume(again)
    assert (said(here), here.id) == ("ready", begun.id)
    mine = msgspec.structs.replace(here, token=again.token)
    assert said(await answer_anew(house, there, mine)) == "done"
    devices = await house.rows("SELECT device_id FROM sessions WHERE ended_at IS NULL")
    assert [bytes(each) for (each,) in devices] == [tokens.device(house.seal, there.device)]
    assert there.device not in (None, at_home.device)
