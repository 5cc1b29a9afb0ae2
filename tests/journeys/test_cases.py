"""cases: somebody writes to the support desk, from outside and from inside an account."""

import msgspec
import pytest

from rebind.domain.cases import CaseKind, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR
from rebind.flows import cases, correspondence, recover
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView, approving, tokens
from rebind.flows.desk.caseviews import CaseView
from rebind.store import cases as store
from tests.desk import LOST, NEW_MAIL, entered, written
from tests.journeys.waits import number_of, told
from tests.people import ANNA, ANNA_NEW, DARIA, House, Someone, said


@pytest.fixture
async def stranger(house: House) -> Someone:
    """Somebody at a browser that nobody knows; Anna's account is there, with nothing but a number
    that she has lost."""
    await house.bring_in(ANNA)
    return Someone(house, ANNA_NEW)


async def seen(house: House, link: str) -> CaseView:
    """The case as whoever has the link sees it."""
    return await cases.show(house.desk, await entered(house, link))


async def test_a_case_is_a_draft_until_its_codes_are_answered(
    house: House, stranger: Someone
) -> None:
    begun = await cases.begin(house.desk, stranger.caller(), LOST)
    assert isinstance(begun, RequestView)
    assert begun.needs == ((Proof.CODE_CONTACT, Proof.CODE_NEW),)
    assert await house.value("SELECT state FROM cases") == "draft"
    first = await stranger.prove(begun, code_contact=await house.code_to(NEW_MAIL))
    assert (said(first), first.needs) == ("open", ((Proof.CODE_NEW,),))
    done = await stranger.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert said(done) == "done"
    assert await told(house, "case_opened") == [NEW_MAIL]
    # Nobody of the account hears of it, and nothing has happened to it.
    assert await house.value("SELECT count(*) FROM outbox WHERE lane = 1") == 1
    view = await seen(house, await house.link_to(NEW_MAIL, "support"))
    assert (view.kind, view.state) == ("lost_access", "new")
    assert [each.text for each in view.messages] == [LOST.text]
    # Monday 5 January is a holiday: the first working day is the 12th.
    assert str(view.answer_by) == "2026-01-12"


async def test_what_is_refused_before_anything_is_written(house: House, stranger: Someone) -> None:
    for letter, code in (
        (Letter(CaseKind.OTHER, "  ", NEW_MAIL), "message_empty"),
        (Letter(CaseKind.OTHER, "x" * 5_001, NEW_MAIL), "message_too_long"),
        (Letter(CaseKind.OTHER, "Hello", "nobody"), "email_malformed"),
        (Letter(CaseKind.OTHER, "Hello", NEW_MAIL, number=ANNA), "case_kind"),
        (Letter(CaseKind.CONTESTED, "Hello", NEW_MAIL), "case_kind"),
        (Letter(CaseKind.LOST_ACCESS, "Hello", NEW_MAIL, number=ANNA_NEW), "number_malformed"),
        (Letter(CaseKind.LOST_ACCESS, "Hello", NEW_MAIL, ANNA), "number_malformed"),
    ):
        assert said(await cases.begin(house.desk, stranger.caller(), letter)) == code
    assert await house.value("SELECT count(*) FROM cases") == 0


async def test_words_and_a_link_of_ones_own(house: House, stranger: Someone) -> None:
    link = await written(house, stranger)
    access = await entered(house, link)
    assert await correspondence.write(house.desk, stranger.caller(), access, "And one more") is None
    view = await seen(house, link)
    assert [each.text for each in view.messages] == [LOST.text, "And one more"]
    # Another side's link, and one that was changed, open nothing.
    for other in (
        tokens.case_link(house.seal, access.row.id, "desk"),
        link[:-2] + ("AA" if link[-2:] != "AA" else "BB"),
        tokens.notice_link(house.seal, access.row.id, NEW_MAIL),
    ):
        assert said(await cases.by_link(house.desk, other)) == "case_unknown"


async def test_from_inside_only_ones_own_cases(house: House, stranger: Someone) -> None:
    """What a stranger wrote about Anna's account is not Anna's to read, nor the other way round."""
    link = await written(house, stranger)
    anna = await house.bring_in("+79162000003")
    await anna.sign_in()
    opened = await cases.open_signed_in(
        house.desk, anna.caller(), Letter(CaseKind.NOT_ME, "Who was that?")
    )
    assert isinstance(opened, CaseView)
    mine = await cases.of_account(house.desk, anna.caller())
    assert [each.id for each in mine] == [opened.id]  # type: ignore[union-attr]
    access = await entered(house, link)
    assert said(await cases.by_session(house.desk, anna.caller(), access.row.id)) == "case_unknown"


async def approved(house: House, link: str) -> RequestView:
    """What two people have decided, without the people: `casework` has its own stories."""
    access = await entered(house, link)
    now = house.clock.now()
    caller = Someone(house, ANNA).caller()
    brought = await approving.effects(house.desk, caller, access.row, Verdict.FOR, now)
    assert isinstance(brought, approving.Effects), brought
    await house.desk.keep(brought.writes, brought.lines, now)
    assert brought.request_id is not None
    decided = msgspec.structs.replace(access.row, request_id=brought.request_id)
    await house.engine.write([store.move(access.row, decided)])
    await house.pass_time(0)
    return RequestView(brought.request_id, Kind.RECOVER, "open", (), 0)


async def test_an_approval_waits_and_ends_in_the_new_number(
    house: House, stranger: Someone
) -> None:
    link = await written(house, stranger)
    request = await approved(house, link)
    row = await house.rows(
        "SELECT policy_row, wait_until FROM requests WHERE id = :id", id=request.id
    )
    assert row == [("R4", house.clock.now() + 72 * HOUR)]
    assert await told(house, "change_waiting") == sorted((ANNA, ANNA_NEW, NEW_MAIL))
    await house.pass_time(72 * HOUR)
    assert ANNA_NEW in await told(house, "change_ready")
    access = await entered(house, link)
    ready = await recover.by_case(house.desk, stranger.caller(), access)
    assert isinstance(ready, RequestView)
    assert ready.state == "ready"
    await stranger.another_code(ready, Proof.CODE_NEW)
    assert said(await stranger.prove(ready, code_new=await house.code_to(ANNA_NEW))) == "done"
    assert await number_of(house, stranger) == ANNA_NEW


async def test_whoever_was_seen_lately_gets_a_week(house: House, stranger: Someone) -> None:
    daria = await house.bring_in(DARIA)
    assert said(await daria.sign_in()) == "done"
    link = await written(house, stranger, msgspec.structs.replace(LOST, claimed=DARIA))
    request = await approved(house, link)
    until = await house.value("SELECT wait_until FROM requests WHERE id = :id", id=request.id)
    assert until == house.clock.now() + 7 * DAY


async def test_what_only_the_contact_was_told_was_told_to_nobody(
    house: House, stranger: Someone
) -> None:
    """A thief's own mailbox and number hear of it; the account's number takes no message."""
    link = await written(house, stranger)
    house.post.refuse(ANNA, 9, "absent", final=True)
    request = await approved(house, link)
    await house.pass_time(72 * HOUR)
    ended = await house.rows("SELECT ended_as FROM requests WHERE id = :id", id=request.id)
    assert ended == [("refused",)]
