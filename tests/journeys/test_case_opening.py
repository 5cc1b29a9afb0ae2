"""case_opening: the desk writes a case down for somebody, and what a bribed operator gets of it."""

from typing import Any

import msgspec
import pytest

from rebind.domain.cases import CaseKind, Reason, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.operators import Operator, Role
from rebind.domain.units import DAY, MINUTE
from rebind.flows import case_decisions, case_opening, casebook, cases
from rebind.flows.case_opening import DraftView, Heard
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.desk import RequestView, casefiles, tokens
from tests.desk import AT_DESK, LOST, NEW_MAIL, confirmed, entered, hired, with_passport
from tests.journeys.waits import told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone, said

HEARD = Heard(CaseKind.LOST_ACCESS, "The phone fell into the river.", NEW_MAIL, "en", ANNA)


@pytest.fixture
async def anna(house: House) -> Someone:
    """The holder of an account whose number the story takes for lost."""
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,))


@pytest.fixture
async def olga(house: House, anna: Someone) -> Operator:
    """Somebody at the desk."""
    return await hired(house, "olga", Role.OPERATOR)


async def opened(house: House, who: Operator, heard: Heard = HEARD) -> str:
    """A draft: what the link in the letter carries."""
    reference = await case_opening.write_down(house.desk, AT_DESK, who, heard)
    assert isinstance(reference, str), reference
    return await house.link_to(heard.contact, "support/draft")


async def taken_up(house: House, who: Someone, link: str, text: str = "") -> RequestView:
    """The person has typed their number, and codes are on their way."""
    begun = await case_opening.take_up(house.desk, who.caller(), link, who.number, text)
    assert isinstance(begun, RequestView), begun
    return begun


async def answered(house: House, who: Someone, begun: RequestView) -> str:
    """Both codes, right."""
    codes = {"code_contact": await house.code_to(NEW_MAIL), "code_new": await who.newest_code()}
    return said(await who.prove(begun, **codes))


async def answered_all(house: House, link: str) -> str:
    """The person has read it and answered both codes: what the link of the case carries."""
    lost = Someone(house, ANNA_NEW)
    assert await answered(house, lost, await taken_up(house, lost, link)) == "done"
    return await house.link_to(NEW_MAIL, "support")


async def seen(house: House, link: str) -> Any:
    return await case_opening.look(house.desk, link)


async def test_it_is_read_added_to_and_confirmed_like_ones_own(
    house: House, olga: Operator
) -> None:
    link = await opened(house, olga)
    letter = house.post.mail_to(NEW_MAIL)[-1].words
    assert HEARD.text not in letter.text
    assert ANNA[-4:] not in letter.text
    draft = await seen(house, link)
    assert isinstance(draft, DraftView)
    assert (draft.kind, draft.wants, draft.claimed) == ("lost_access", True, "+7••••••••67")
    assert [(each.text, each.by_desk) for each in draft.messages] == [(HEARD.text, True)]
    # Nobody at the desk finds it yet, whoever wrote it down among them.
    (case_id,) = (await house.rows("SELECT id FROM cases"))[0]
    found = await casebook.look(house.desk, AT_DESK, olga, case_id)
    assert said(found) == "case_unknown"
    for typed in (draft.reference, NEW_MAIL, ANNA[-4:]):
        assert await casebook.search(house.desk, olga, typed) == []
    lost = Someone(house, ANNA_NEW)
    begun = await taken_up(house, lost, link, "It was a lake.")
    assert begun.needs == ((Proof.CODE_CONTACT, Proof.CODE_NEW),)
    assert await answered(house, lost, begun) == "done"
    access = await entered(house, await house.link_to(NEW_MAIL, "support"))
    view = await cases.show(house.desk, access)
    words = [(each.text, each.ours, each.by_desk) for each in view.messages]
    assert words == [(HEARD.text, True, True), ("It was a lake.", True, False)]
    row = access.row
    assert (row.state, row.opened_by, row.reference) == ("new", "olga", draft.reference)
    assert not casefiles.from_inside(row)
    assert casefiles.number(house.desk, row) == ANNA_NEW
    assert (row.proved_at, row.account_id is None) == (house.clock.now(), False)
    assert await house.acts(case_id) == ["case_drafted", "case_opened"]
    assert len(await casebook.search(house.desk, olga, draft.reference)) == 1  # type: ignore[arg-type]
    # Nobody of the account has heard of anything.
    assert await told(house, "case_opened") == [NEW_MAIL]
    assert house.post.mail_to(ANNA_MAIL) == house.post.sms_to(ANNA) == []


async def test_opening_tells_a_bribed_operator_nothing(house: House, olga: Operator) -> None:
    """His own mailbox as the contact: known and unknown are one, and nothing has moved."""
    outcomes, letters = list[int](), list[str]()
    for claimed in (ANNA, BORIS, ANNA_MAIL, "nobody@example.org"):
        heard = msgspec.structs.replace(
            HEARD, claimed=claimed, contact=f"{len(letters)}@evil.example"
        )
        before = house.engine.stats.statements
        outcome = await case_opening.write_down(house.desk, AT_DESK, olga, heard)
        outcomes.append(house.engine.stats.statements - before)
        await house.deliver()
        letters.append(house.post.mail_to(heard.contact)[-1].words.text.replace(str(outcome), ""))
    assert len(set(outcomes)) == 1, "it costs the same"
    rows = await house.rows("SELECT account_id, number_key, state FROM cases")
    assert rows == [(None, None, "draft")] * 4
    assert len({len(each) for each in letters}) == 1
    # What the page says differs by what was typed alone.
    links = [await house.link_to(f"{n}@evil.example", "support/draft") for n in range(2)]
    views = [await seen(house, link) for link in links]
    plain = [
        msgspec.structs.replace(each, reference="", claimed="", contact="", link="", messages=())
        for each in views
    ]
    assert plain[0] == plain[1]
    assert house.post.mail_to(ANNA_MAIL) == house.post.sms_to(ANNA) == []


async def test_who_opened_it_is_never_the_second(house: House, olga: Operator) -> None:
    """A bribed supervisor opens a case for a friend and waits to be named; and somebody at the
    desk who proposes in their own case still needs another, who did neither."""
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    access = await entered(house, await answered_all(house, await opened(house, sonya)))
    case_id, desk = access.row.id, house.desk
    await with_passport(house, olga, case_id)

    async def proposes(who: Operator) -> str:
        return said(
            await case_decisions.propose(
                desk, AT_DESK, who, case_id, Verdict.FOR, Reason.DOCUMENTS_MATCH, fresh=True
            )
        )

    async def confirms(who: Operator) -> str:
        agreed = Reason.DOCUMENTS_MATCH
        return said(await confirmed(house, who, case_id, agreed))

    # She is the only supervisor, and opened it.
    assert await proposes(olga) == "no_second"
    assert await proposes(sonya) == "no_second"
    timur = await hired(house, "timur", Role.SUPERVISOR)
    assert await proposes(sonya) == "ok"
    assert await house.value("SELECT second FROM cases") == "timur"
    # Whatever the row says, whoever opened it does not confirm.
    await house.write("UPDATE cases SET second = 'sonya'")
    assert await confirms(sonya) == "case_not_yours"
    await house.write("UPDATE case_decisions SET operator = 'olga'")
    assert await confirms(sonya) == "case_not_yours"
    await house.write("UPDATE cases SET second = 'timur'")
    assert await confirms(timur) == "ok"


async def test_a_link_counts_once_and_for_the_newest_browser(house: House, olga: Operator) -> None:
    link = await opened(house, olga)
    thief, lost = Someone(house, THIEF, address="198.51.100.7"), Someone(house, ANNA_NEW)
    first = await taken_up(house, thief, link)
    codes = {"code_contact": await house.code_to(NEW_MAIL), "code_new": await thief.newest_code()}
    house.clock.push(MINUTE)
    second = await taken_up(house, lost, link)
    # What the first browser has proved is of another number than the case has by now.
    assert said(await thief.prove(first, **codes)) == "request_finished"
    assert await house.value("SELECT state FROM cases") == "draft"
    assert await answered(house, lost, second) == "done"
    access = await entered(house, await house.link_to(NEW_MAIL, "support"))
    assert casefiles.number(house.desk, access.row) == ANNA_NEW
    assert said(await seen(house, link)) == "case_draft_over"
    again = await case_opening.take_up(house.desk, thief.caller(), link, THIEF, "")
    assert said(again) == "case_draft_over"
    # The link of the draft is not that of the case, nor the other way round.
    assert said(await cases.by_link(house.desk, link)) == "case_unknown"
    for other in (tokens.case_link(house.seal, access.row.id, "person"), link[:-2] + "AA", ""):
        assert said(await seen(house, other)) == "case_unknown"


async def test_nobody_confirms_what_is_too_old(house: House, olga: Operator) -> None:
    link, upkeep = await opened(house, olga), CaseUpkeep(house.desk, house.intake, print)
    own = await cases.begin(house.desk, Someone(house, ANNA_NEW).caller(), LOST)
    assert isinstance(own, RequestView)
    house.clock.push(2 * DAY)
    await upkeep.once()
    assert await house.rows("SELECT opened_by FROM cases") == [("olga",)]
    house.clock.push(5 * DAY - MINUTE)
    lost = Someone(house, ANNA_NEW)
    begun = await taken_up(house, lost, link)
    house.clock.push(MINUTE)
    for outcome in (
        await seen(house, link),
        await case_opening.take_up(house.desk, lost.caller(), link, ANNA_NEW, ""),
    ):
        assert said(outcome) == "case_draft_over"
    await upkeep.once()
    # Whoever began before the end may finish after it.
    assert await answered(house, lost, begun) == "done"
    await opened(house, olga)
    house.clock.push(8 * DAY + MINUTE)
    await upkeep.once()
    assert await house.rows("SELECT state FROM cases") == [("new",)]
    assert await house.value("SELECT count(*) FROM case_messages") == 1


async def test_what_is_refused_before_anything_is_written(house: House, olga: Operator) -> None:
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        reader = await hired(house, role.value, role)
        refused = await case_opening.write_down(house.desk, AT_DESK, reader, HEARD)
        assert said(refused) == "right_missing"
    for changed, code in (
        ({"text": " "}, "message_empty"),
        ({"text": "x" * 5_001}, "message_too_long"),
        ({"kind": CaseKind.CONTESTED}, "case_kind"),
        ({"contact": "nobody"}, "email_malformed"),
        ({"claimed": ""}, "number_malformed"),
        ({"claimed": "12"}, "number_malformed"),
    ):
        heard = msgspec.structs.replace(HEARD, **changed)
        assert said(await case_opening.write_down(house.desk, AT_DESK, olga, heard)) == code
    assert await house.value("SELECT count(*) FROM cases") == 0
    link = await opened(house, olga)
    caller = Someone(house, ANNA_NEW).caller()
    for number, text, code in (
        ("", "", "number_malformed"),
        (ANNA_NEW, "x" * 5_001, "message_too_long"),
    ):
        assert said(await case_opening.take_up(house.desk, caller, link, number, text)) == code
    other = await opened(house, olga, msgspec.structs.replace(HEARD, kind=CaseKind.OTHER))
    # Of a case that is about no number none is taken.
    assert said(await case_opening.take_up(house.desk, caller, other, ANNA_NEW, "")) == "case_kind"


async def test_from_inside_nobody_reads_what_the_desk_wrote(
    house: House, anna: Someone, olga: Operator
) -> None:
    """Of a kind that is about no number, and of Anna's account: it is still not hers to read."""
    heard = msgspec.structs.replace(HEARD, kind=CaseKind.NOT_ME)
    link = await opened(house, olga, heard)
    lost = Someone(house, ANNA_NEW)
    begun = await case_opening.take_up(house.desk, lost.caller(), link, "", "")
    assert isinstance(begun, RequestView)
    assert begun.needs == ((Proof.CODE_CONTACT,),)
    done = await lost.prove(begun, code_contact=await house.code_to(NEW_MAIL))
    assert said(done) == "done"
    access = await entered(house, await house.link_to(NEW_MAIL, "support"))
    assert access.row.account_id == anna.account
    await anna.sign_in()
    assert await cases.of_account(house.desk, anna.caller()) == []
