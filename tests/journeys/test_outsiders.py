"""What somebody outside tried on recovery, on the support desk and on the end of an account, each
as a story that must not come true."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from rebind.domain.cases import DOCUMENTS_MAX, CaseKind, DocumentKind, Reason, Side, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, Id
from rebind.flows import (
    case_decisions,
    cases,
    casework,
    correspondence,
    objections,
    reauthentication,
    recover,
)
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView, intake, tokens
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.caseviews import CaseView
from rebind.flows.objections import NoticeView
from rebind.flows.retention import Retention
from tests.desk import AT_DESK, confirmed, entered, hired, written
from tests.factors import set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, JOURNEYS, THIEF, House, Someone, said


async def recovers(house: House, who: Someone, to: str = ANNA_NEW) -> RequestView:
    """Row R2: a mailbox of Anna's and a new number; it waits."""
    begun = await who.begin(Kind.RECOVER, ANNA_MAIL)
    assert said(await who.prove(begun, code_email=await house.code_to(ANNA_MAIL))) == "open"
    assert said(await who.aim(begun, to)) == "open"
    waiting = await who.prove(begun, code_new=await house.code_to(to))
    assert (said(waiting), waiting.row) == ("waiting", "R2")
    return begun


async def both_heard(house: House, case_id: Id) -> None:
    """Two people at the desk decide for whoever asked."""
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    why = Reason.HOLDER_CONFIRMED
    assert None is await case_decisions.propose(
        house.desk, AT_DESK, olga, case_id, Verdict.FOR, why, fresh=True
    )
    assert None is await confirmed(house, sonya, case_id, why)
    await house.pass_time(0)


async def contested(house: House) -> tuple[Someone, RequestView, Id]:
    """Anna recovers from a stolen telephone, whose thief has stopped it."""
    await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    anna = Someone(house, ANNA_NEW)
    begun = await recovers(house, anna)
    thief = Someone(house, ANNA, address="203.0.113.66")
    assert said(await thief.stop_by(await house.link_to(ANNA, "stop"))) == "objected"
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'contested'")
    return anna, begun, case_id


async def going_on(house: House, token: str | None) -> RequestView:
    """The recovery that the desk has let go on, for whoever has its token."""
    request_id = await house.value("SELECT id FROM requests WHERE contested IS NOT NULL")
    return RequestView(request_id, Kind.RECOVER, "waiting", (), 0, token)


# what the desk has decided between two sides


async def test_a_stolen_telephone_does_not_take_back_what_the_desk_has_decided(
    house: House,
) -> None:
    """Heard on both sides, Anna gets her account; the thief has her old SIM still, and a code to it
    is all that an undo asks for. The desk looks again instead (row U2)."""
    anna, begun, case_id = await contested(house)
    await both_heard(house, case_id)
    there = await going_on(house, begun.token)
    await house.pass_time(7 * DAY)
    assert said(await anna.another_code(there, Proof.CODE_NEW)) == "ready"
    assert said(await anna.prove(there, code_new=await house.code_to(ANNA_NEW))) == "done"
    thief = Someone(house, ANNA, address="203.0.113.66")
    undo = await thief.begin(Kind.UNDO, ANNA)
    done = await thief.prove(undo, code_new=await house.code_to(ANNA))
    assert (said(done), done.row) == ("done", "U2")
    frozen = await house.rows("SELECT number_version FROM accounts WHERE frozen_at IS NOT NULL")
    assert frozen == [(2,)], "the new number stays until the desk has looked"


async def test_a_stolen_mailbox_does_not_stop_what_the_desk_has_decided(house: House) -> None:
    """The thief reads the mailbox as well. His message stops it no more; so he begins a recovery of
    his own, has Anna's handed over to him, and would cancel it."""
    anna, begun, case_id = await contested(house)
    link = (await anna.look_at(begun)).case
    await both_heard(house, case_id)
    there = await going_on(house, begun.token)
    house.clock.push(HOUR)
    thief = Someone(house, ANNA, address="203.0.113.66")
    his = await thief.begin(Kind.RECOVER, ANNA)
    assert said(await thief.prove(his, code_email=await house.code_to(ANNA_MAIL))) == "open"
    assert (await thief.look_at(his)).beside == ()
    assert said(await thief.resume(his)) == "nothing_waits"
    assert said(await anna.look_at(there)) == "waiting"
    # Her own link to the case leads on with it, in whatever browser.
    elsewhere = Someone(house, ANNA_NEW, address="198.51.100.99")
    resumed = await recover.by_case(house.desk, elsewhere.caller(), await entered(house, link))
    assert said(resumed) == "waiting"


async def confirming(who: Someone, purpose: Purpose, about: str = "") -> RequestView:
    begun = await reauthentication.begin(who.house.desk, who.caller(), purpose, about)
    assert isinstance(begun, RequestView), begun
    return begun


async def stops_with_a_second_factor(house: House, who: Someone, request: RequestView) -> str:
    """From a session, by a re-authentication with the authenticator app."""
    begun = await confirming(who, Purpose.REQUEST_STOP, request.id.hex())
    assert said(await who.prove(begun, totp=totp_now(who))) == "done"
    caller, desk = who.caller(), house.desk
    return said(await objections.by_permit(desk, JOURNEYS, caller, request.id, begun.id))


@pytest.mark.parametrize(("age", "told"), [(0, "heard_already"), (30 * DAY, "objected")])
async def test_a_second_factor_of_today_does_not_stop_what_the_desk_has_decided(
    house: House, age: int, told: str
) -> None:
    """The thief has Anna's telephone, which the account knows, with her SIM in it. That sets up an
    authenticator app: one that was not there when both sides were heard, and says nothing more."""
    thief = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    begun = await recovers(house, Someone(house, ANNA_NEW, address="198.51.100.7"))
    assert said(await thief.stop_by(await house.link_to(ANNA, "stop"))) == "objected"
    await both_heard(house, await house.value("SELECT id FROM cases"))
    there = await going_on(house, begun.token)
    house.clock.push(HOUR)
    assert (await thief.sign_in()).row == "I1"
    house.clock.push(HOUR)
    setting = await confirming(thief, Purpose.TOTP_SET)
    await thief.another_code(setting, Proof.CODE_CURRENT)
    assert said(await thief.prove(setting, code_current=await thief.newest_code())) == "done"
    await set_totp(thief, age=age)
    assert await stops_with_a_second_factor(house, thief, there) == told


@pytest.mark.parametrize("heard", [False, True])
async def test_nor_does_it_make_the_evidence_too_little(house: House, heard: bool) -> None:
    """On an account with a second factor no recovery goes without it. The thief sets one up before
    the desk has decided, or after: its decision would come to nothing by itself."""
    thief = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    anna = Someone(house, ANNA_NEW, address="198.51.100.7")
    begun = await recovers(house, anna)
    assert said(await thief.stop_by(await house.link_to(ANNA, "stop"))) == "objected"
    if not heard:
        await set_totp(thief)
    house.clock.push(HOUR)
    await both_heard(house, await house.value("SELECT id FROM cases"))
    if heard:
        await set_totp(thief)
    there = await going_on(house, begun.token)
    await house.pass_time(7 * DAY)
    assert said(await anna.another_code(there, Proof.CODE_NEW)) == "ready"
    assert said(await anna.prove(there, code_new=await house.code_to(ANNA_NEW))) == "done"


@pytest.mark.parametrize("address", [ANNA, ANNA_MAIL])
async def test_whoever_began_it_is_not_heard_as_the_holder(house: House, address: str) -> None:
    """The thief reads Anna's mailbox, and by it has begun to recover. Her message to stop it goes
    there too: by its link he would be both sides of the case, also by stopping it himself."""
    await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await recovers(house, Someone(house, THIEF), THIEF)
    links = {to: await house.link_to(to, "stop") for to in (ANNA, ANNA_MAIL)}
    stopped = await Someone(house, ANNA).stop_by(links[address])
    assert said(stopped) == "objected"
    assert (stopped.case is not None) == (address == ANNA)
    for to, link in links.items():
        seen = await objections.look(house.desk, link)
        assert isinstance(seen, NoticeView)
        assert (seen.case is not None) == (to == ANNA), to


# what is sent to the desk


async def sides(house: House) -> tuple[Access, Access]:
    """A contested case as the one who began and as the holder who stopped it see it."""
    _thief, _begun, case_id = await contested(house)
    links = [tokens.case_link(house.seal, case_id, side) for side in (Side.PERSON, Side.HOLDER)]
    return await entered(house, links[0]), await entered(house, links[1])


async def paper() -> AsyncIterator[bytes]:
    yield b"%PDF-1.4 passport"


async def test_many_documents_at_once_are_not_more_than_one_after_the_other(house: House) -> None:
    """Each upload looks how many there are before the others have ended."""
    link = await written(house, Someone(house, ANNA_NEW))
    access, caller = await entered(house, link), Someone(house, ANNA_NEW).caller()

    on_the_way, all_there = asyncio.Semaphore(0), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        on_the_way.release()
        await all_there.wait()
        yield b"%PDF-1.4 passport"

    async def send(body: AsyncIterator[bytes]) -> str:
        kind = DocumentKind.IDENTITY
        return said(
            await correspondence.add_document(house.desk, house.intake, caller, access, kind, body)
        )

    told = [await send(paper()) for _ in range(DOCUMENTS_MAX - 1)]
    sending = [asyncio.ensure_future(send(slowly())) for _ in range(3)]
    for _each in sending:
        await on_the_way.acquire()
    all_there.set()
    told += await asyncio.gather(*sending)
    (count,) = await house.rows("SELECT count(*) FROM case_documents")
    assert count == (DOCUMENTS_MAX,)
    assert told.count("ok") == DOCUMENTS_MAX


async def test_who_sends_slowly_does_not_stand_in_the_way_of_others(house: House) -> None:
    """The workshop has room for sixteen papers on their way. Somebody with one case sends a byte of
    many each half minute."""
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    caller = Someone(house, ANNA_NEW).caller()
    begun, never = list[int](), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.append(1)
        yield b"%"
        await never.wait()

    async def send(body: AsyncIterator[bytes]) -> str:
        kind = DocumentKind.IDENTITY
        return said(
            await correspondence.add_document(house.desk, house.intake, caller, access, kind, body)
        )

    sending = [asyncio.ensure_future(send(slowly())) for _ in range(16)]
    done, waiting = await asyncio.wait(sending, timeout=0.5)
    assert {each.result() for each in done} == {"try_again"}
    assert len(begun) == len(waiting) == intake.AT_ONCE
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)
    assert await send(paper()) == "ok", "nothing is left of those that broke off"


async def test_what_the_holder_sends_is_not_told_to_the_thief(house: House) -> None:
    thief, holder = await sides(house)
    refused = await correspondence.add_document(
        house.desk,
        house.intake,
        Someone(house, ANNA).caller(),
        holder,
        DocumentKind.IDENTITY,
        paper(),
    )
    assert said(refused) == "documents_enough"
    assert (await cases.show(house.desk, thief)).documents == ()


async def test_a_stranger_does_not_hide_the_cases_of_an_account(house: House) -> None:
    """Anybody may say that a case is about an account, many times, and need not even confirm it:
    those are not among the newest of its holder, nor do they hide where the holder is heard."""
    anna, begun, case_id = await contested(house)
    inside = await house.bring_in(BORIS)
    await inside.sign_in()
    letter = Letter(CaseKind.OTHER, "Where is my order?")
    assert isinstance(await cases.open_signed_in(house.desk, inside.caller(), letter), CaseView)
    for n in range(cases.OPEN_MAX):
        for claimed in (ANNA, BORIS):
            stranger = Someone(house, THIEF, address=f"203.0.{n}.{len(claimed)}")
            about = Letter(CaseKind.NOT_ME, "Hello", f"x{n}.{claimed[-4:]}@example.com", claimed)
            assert said(await cases.begin(house.desk, stranger.caller(), about)) == "open"
    mine = await cases.of_account(house.desk, inside.caller())
    assert isinstance(mine, list)
    assert [each.kind for each in mine] == [CaseKind.OTHER]
    link = (await anna.look_at(begun)).case
    assert link is not None
    assert (await entered(house, link)).row.id == case_id


# what is kept, and for how long


async def test_a_case_that_is_gone_is_not_found_by_its_numbers(house: House) -> None:
    """A year later nothing of a case is there but, in a stolen database, who had written."""
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    olga, desk = await hired(house, "olga", Role.OPERATOR), house.desk
    why = Reason.SOLVED_OTHERWISE
    assert await casework.close(desk, AT_DESK, olga, access.row.id, why) is None
    assert await house.value("SELECT count(*) FROM case_terms") > 0
    bugs: list[BaseException] = []
    time, keeper = CaseUpkeep(desk, house.intake, bugs.append), Retention(desk, bugs.append)
    house.clock.push((desk.policy.keep_cases_d + 1) * DAY)
    while await time.once():
        pass
    while await keeper.once():
        pass
    for table in ("cases", "case_messages", "case_terms"):
        assert await house.value(f"SELECT count(*) FROM {table}") == 0, table
    assert not bugs


async def test_what_a_case_decides_about_is_kept_as_long_as_the_case(house: House) -> None:
    """The desk and two sides write to one another for a month more than requests are kept."""
    _anna, begun, case_id = await contested(house)
    bugs: list[BaseException] = []
    house.clock.push((house.desk.policy.keep_requests_d + 1) * DAY)
    keeper = Retention(house.desk, bugs.append)
    while await keeper.once():
        pass
    await both_heard(house, case_id)
    assert (await going_on(house, begun.token)).kind == Kind.RECOVER
    assert not bugs
