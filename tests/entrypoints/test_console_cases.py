"""Cases at the console, page by page: what is found, said, looked at and decided there, and what
somebody else's role or hands get instead."""

from re import findall, search

import msgspec
import pytest

from rebind.domain import papers
from rebind.domain.cases import Fact
from rebind.domain.evidence import CarrierFacts, SimAnswer, SubscriberAnswer
from rebind.domain.operators import Role
from rebind.domain.papers import Setting
from rebind.domain.units import DAY, HOUR, MINUTE, Id
from rebind.entrypoints.console import app as console
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App, application
from rebind.flows import operators
from rebind.flows.desk import Desk
from rebind.flows.desk.casefiles import Access
from rebind.store.statements import Unavailable
from rebind.templates import pages
from tests.desk import NEW_MAIL, entered, version_of, with_passport, written
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import PUBLIC_URL
from tests.operators import PASSWORD, Colleague, add_colleague, code_of, with_password
from tests.people import ANNA, ANNA_NEW, House, Someone

BOX = '<textarea[^>]*id="answer-message"'
SESSION = "__Host-rebind-console-session"


class Office:
    """Who works there, each at a browser, and Anna's case."""

    def __init__(self, house: House, app: App, access: Access) -> None:
        self.house, self.app, self.access = house, app, access
        self.people: dict[str, Browser] = {}
        self.colleagues: dict[str, Colleague] = {}
        self.case = f"/console/cases/{access.row.id.hex()}"

    async def hires(self, login: str, role: Role) -> Browser:
        self.colleagues[login] = await add_colleague(self.house, login, role)
        self.people[login] = Browser(self.app)
        return await self.returns(login)

    async def returns(self, login: str) -> Browser:
        """Sign in, now that the last session may have ended."""
        who = self.colleagues[login] = await self.colleagues[login].sign_in()
        assert who.caller.bearer is not None
        self.people[login].jar[SESSION] = who.caller.bearer
        return self.people[login]

    async def passport(self) -> Id:
        """One that Olga has looked at and found to match."""
        olga = await self.colleagues["olga"].operator()
        return await with_passport(self.house, olga, self.access.row.id)

    async def does(self, login: str, act: str, /, **fields: str) -> Browser:
        """Open the case and send one of its forms, with a token of that page."""
        browser = self.people[login]
        seen = await browser.open(self.case)
        if act == "confirm":
            fields["seen"] = str(await version_of(self.house, self.access.row.id))
        await browser.send(f"{self.case}/{act}", {"csrf": seen.forms[0].fields["csrf"], **fields})
        return browser

    async def second(self) -> str:
        query = "SELECT second FROM cases WHERE id = :id"
        return str(await self.house.value(query, id=self.access.row.id))

    async def acts(self) -> list[str]:
        return await self.house.acts(self.access.row.id)


def door(house: House, desk: Desk, reported: list[BaseException]) -> App:
    """The console of a desk."""
    site = pages.site("Rebind", desk.policy, papers=desk.papers)
    table = console.build(desk, site, intake=house.intake, public_url=PUBLIC_URL)
    problems = Problems(house.clock, desk.policy.code_digits)
    return application(table, [], problems, Unavailable, reported.append)


@pytest.fixture
async def office(house: House, reported: list[BaseException]) -> Office:
    app = door(house, house.desk, reported)
    await house.bring_in(ANNA)
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    office = Office(house, app, access)
    await office.hires("olga", Role.OPERATOR)
    return office


async def test_the_queue_shows_what_is_due_and_nothing_in_full(office: Office) -> None:
    olga = office.people["olga"]
    seen = await olga.open("/console/cases")
    for words in ("Lost access", "+7••••••••67", "due in", office.access.row.reference):
        assert words in seen.words
    assert "4567" not in seen.words
    assert office.case in seen.links
    assert office.case not in (await olga.open("/console/cases?tab=mine")).links
    await office.does("olga", "assign", login="olga")
    assert office.case in (await olga.open("/console/cases?tab=mine")).links
    kinds = {"lost_access": True, "other": False, "what": True}
    for kind, there in kinds.items():
        seen = await olga.open(f"/console/cases?tab=new&kind={kind}")
        assert (office.case in seen.links) is there, kind
    office.house.clock.push(9 * DAY)
    await office.returns("olga")
    assert "late by" in (await olga.open("/console/cases?after=x-1")).words


async def test_a_page_of_the_queue_leads_to_the_next(office: Office) -> None:
    await office.house.write(
        "INSERT INTO cases (id, reference, kind, state, version, round, locale, opened_at, due_at,"
        " pauses) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
        " SELECT CAST('case' || substr('000000000000' || i, -12) AS BLOB), 'R' || i, 'other',"
        " 'new', 1, 1, 'ru', :at, :at, '' FROM n",
        at=office.house.clock.now(),
    )
    olga = office.people["olga"]
    first = await olga.open("/console/cases?tab=new&kind=other")
    (further,) = [link for link in first.links if "after=" in link]
    then = await olga.open(further)
    links = [link for seen in (first, then) for link in seen.links]
    cases = [link for link in links if link.count("/") == 3 and not link.endswith("/new")]
    assert len(cases) == len(set(cases)) == 60


async def test_searching_leads_to_the_case_and_leaves_no_trace_in_addresses(
    office: Office,
) -> None:
    olga = office.people["olga"]
    for typed in ("4567", NEW_MAIL, office.access.row.reference.lower()):
        await olga.open("/console/cases")
        seen = await olga.submit("/console/cases/search", typed=typed)
        assert seen.path == office.case, typed
    for typed, said in (("0000", "There is no such case"), (ANNA, "That is none of these.")):
        await olga.open("/console/cases")
        assert said in (await olga.submit("/console/cases/search", typed=typed)).words
    assert "case_searched" not in await office.acts()
    await office.does("olga", "search", number=ANNA, reason="An older case?")
    assert office.access.row.reference in olga.page.words
    assert "case_searched" in await office.acts()
    await office.does("olga", "search", number="12", reason="An older case?")
    assert olga.page.status == 422
    assert "An older case?" in olga.page.answer.body.decode()


async def test_an_answer_is_prepared_sent_and_read(office: Office) -> None:
    house, olga = office.house, office.people["olga"]
    seen = await olga.open(f"{office.case}?macro=documents_needed")
    text = search(rf"(?s){BOX}[^>]*>\n?(.*?)</textarea>", seen.answer.body.decode())
    assert text is not None
    assert office.access.row.reference in text[1]
    assert "{" not in text[1]
    await office.does("olga", "answer", message=text[1], then="wait")
    assert olga.page.path == f"{office.case}?done=asked"
    assert "it is their turn now" in olga.page.words
    await house.deliver()
    letter = house.post.mail_to(NEW_MAIL)[-1].words
    assert office.access.row.reference in letter.text
    # As long as a message may be, in letters that forms write as twelve signs each.
    await office.does("olga", "answer", message="Ж" * 5_000, then="on")
    assert olga.page.path == f"{office.case}?done=answered"
    await office.does("olga", "answer", message="Ж" * 5_001, then="on")
    assert (olga.page.status, "Ж" * 5_001 in olga.page.answer.body.decode()) == (400, True)
    await office.does("olga", "note", message="Ask for\r\nthe contract.")
    assert "Ask for" in (await olga.open(office.case)).words


async def test_one_writes_at_a_time(office: Office) -> None:
    pavel = await office.hires("pavel", Role.OPERATOR)
    await office.does("olga", "lock")
    assert "is kept for you" in office.people["olga"].page.words
    await office.does("pavel", "answer", message="I too have something to say", then="on")
    assert pavel.page.status == 409
    assert "Somebody else is answering this case" in pavel.page.words
    assert "I too have something to say" in pavel.page.answer.body.decode()
    assert "olga has it until" in pavel.page.words
    assert "olga is writing" in (await pavel.open("/console/cases")).words
    # A button leads there without scripts, and the case is free again.
    page = await office.people["olga"].open(office.case)
    assert f'formaction="{office.case}/release"' in page.answer.body.decode()
    await office.does("pavel", "release")
    assert pavel.page.status == 409
    await office.does("olga", "release")
    assert "You keep the case no longer" in office.people["olga"].page.words
    assert "olga has it until" not in (await pavel.open(office.case)).words


async def test_the_page_says_what_the_operator_of_the_number_says(
    office: Office, reported: list[BaseException]
) -> None:
    house, olga = office.house, office.people["olga"]
    swapped = house.clock.now() - 3 * DAY
    house.carrier.answers[ANNA] = CarrierFacts(
        SimAnswer.CHANGED, swapped, SubscriberAnswer.RECYCLED
    )
    said = "SIM was changed: 2026-01-02 08:00 UTC (3 days)"
    assert said in (words := (await olga.open(office.case)).words), words
    assert "Subscriber another one since the number was confirmed" in words
    house.carrier.answers.clear()
    assert "SIM not known Subscriber not known" in (await olga.open(office.case)).words
    olga.app = door(house, msgspec.structs.replace(house.desk, carrier=None), reported)
    assert "What the operator says of the number Not asked." in (await olga.open(office.case)).words


async def test_a_document_is_held_against_what_its_kind_shows(
    office: Office, reported: list[BaseException]
) -> None:
    house, olga = office.house, office.people["olga"]
    bill = Setting("Gas invoice", "Квитанция", ("orders",))
    desk = house.desk
    house.desk = msgspec.structs.replace(desk, papers=papers.in_force({"bill": bill}))
    who = await office.colleagues["olga"].operator()
    document_id = await with_passport(
        house, who, office.access.row.id, kind="bill", fact=Fact.ORDERS
    )
    here = f"{office.case}/documents/{document_id.hex()}"
    olga.app = door(house, house.desk, reported)
    assert "Gas invoice" in (await olga.open(office.case)).words
    offered = set(
        findall('value="(matches:[a-z_]+)"', (await olga.open(here)).answer.body.decode())
    )
    assert offered == {"matches:orders"}
    assert (await olga.submit(f"{here}/check", found="matches:name")).status == 409
    # The kind was taken out of the file: it has the name that it is stored under.
    olga.app = door(house, desk, reported)
    seen = await olga.open(here)
    assert (seen.status, "bill" in seen.words, "Gas invoice" in seen.words) == (200, True, False)
    assert b'value="matches:' not in seen.answer.body
    assert (await olga.submit(f"{here}/check", found="matches:orders")).status == 409
    await olga.open(here)
    assert "does not match" in (await olga.submit(f"{here}/check", found="does_not_match")).words


async def test_two_people_decide_and_the_page_says_what_follows(office: Office) -> None:
    for login in ("sonya", "timur"):
        await office.hires(login, Role.SUPERVISOR)
    olga = office.people["olga"]
    await office.does("olga", "decision", decision="for:documents_match")
    assert olga.page.status == 409
    assert "No document that was found to match carries this approval" in olga.page.words
    await office.passport()
    seen = await olga.open(office.case)
    assert "Row R4: it waits until" in seen.words
    assert "A checked document speaks for the account." in seen.words
    await office.does("olga", "decision", decision="for:documents_match")
    second = await office.second()
    assert f"It waits for {second}." in olga.page.words
    other = "timur" if second == "sonya" else "sonya"
    await office.does(other, "confirm", reason="documents_match")
    assert (office.people[other].page.status, await office.second()) == (403, second)
    seen = await office.people[second].open("/console/cases?tab=decide")
    assert office.case in seen.links
    await office.does(second, "reject", message="Ask for the contract first.")
    assert "The proposal was rejected" in office.people[second].page.words
    await office.does("olga", "decision", decision="for:documents_match")
    second = await office.second()
    there = office.people[second]
    shown = await there.open(office.case)
    await office.house.write("UPDATE cases SET version = version + 1")
    await there.submit(f"{office.case}/confirm", reason="documents_match")
    assert "This case has moved on meanwhile" in there.page.words
    forged = {"csrf": shown.forms[0].fields["csrf"], "reason": "documents_match"}
    for version in ("", "-1", "9" * 10, "x"):
        assert (
            await there.send(f"{office.case}/confirm", {**forged, "seen": version})
        ).status == 400
    await there.submit(f"{office.case}/confirm", reason="documents_match")
    assert "It is decided" in there.page.words
    assert await office.house.value("SELECT count(*) FROM requests WHERE kind = 'recover'") == 1
    for verdict in ("for:not_enough", "for", "maybe:documents_match", ""):
        await office.does("olga", "decision", decision=verdict)
        assert olga.page.status == 400


async def test_who_only_reads_finds_no_form(office: Office) -> None:
    vera = await office.hires("vera", Role.AUDITOR)
    seen = await vera.open(office.case)
    assert {form.action for form in seen.forms} == {"/console/language", "/console/sign-out"}
    for act in ("answer", "note", "lock", "assign", "decision", "confirm", "close", "search"):
        await office.does("vera", act, message="Hello", login="vera")
        assert vera.page.status == 403
    assert (await office.people["olga"].open("/console/figures")).status == 200
    ada = await office.hires("ada", Role.ADMINISTRATOR)
    assert (await ada.open(office.case)).status == 403
    assert "Open cases by age" in (await ada.open("/console")).words


async def test_words_are_taken_away_by_a_supervisor_alone(office: Office) -> None:
    sonya = await office.hires("sonya", Role.SUPERVISOR)
    seen = await sonya.open(office.case)
    (redact,) = [form for form in seen.forms if form.action.endswith("/redact")]
    assert "My phone fell into the river." in seen.words
    refused = await office.people["olga"].send(redact.action, redact.fields)
    assert refused.status == 403
    seen = await sonya.send(redact.action, redact.fields)
    assert "My phone fell into the river." not in seen.words
    assert "These words were taken away." in seen.words
    # Their own words stay: there is no such button, and a form made by hand is refused.
    await office.does("sonya", "note", message="I never said that.")
    seen = await sonya.open(office.case)
    assert not [form for form in seen.forms if form.action.endswith("/redact")]
    note = await office.house.value("SELECT id FROM case_messages WHERE side = 'note'")
    by_hand = f"{office.case}/messages/{note.hex()}/redact"
    assert (await sonya.send(by_hand, redact.fields)).status == 403


async def test_the_page_names_other_cases_about_the_account(office: Office) -> None:
    house, olga = office.house, office.people["olga"]
    assert "There are no others." in (await olga.open(office.case)).words
    newer = []
    for _case in range(11):
        house.clock.push(HOUR)
        newer.append(await entered(house, await written(house, Someone(house, ANNA_NEW))))
    # Nobody has confirmed this one, and it is nobody's business yet.
    await house.write(
        "UPDATE cases SET state = 'draft' WHERE id = :id", id=(drafted := newer.pop()).row.id
    )
    await office.returns("olga")
    seen = await olga.open(office.case)
    there = [link for link in seen.links if link.startswith("/console/cases/")]
    expected = [f"/console/cases/{each.row.id.hex()}" for each in reversed(newer)]
    assert [link for link in there if link in expected] == expected
    assert (drafted.row.id.hex() in " ".join(there), office.case in there) == (False, False)
    seen = await olga.open(expected[0])
    assert "Other cases about the account " + newer[-2].row.reference in seen.words
    assert f"{office.access.row.reference} Lost access new" in seen.words
    assert len(set(seen.links) & {office.case, *expected}) == 10


async def test_a_document_is_looked_at_with_a_watermark_and_checked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, olga = office.house, office.people["olga"]
    document_id = await office.passport()
    here = f"{office.case}/documents/{document_id.hex()}"
    seen = await olga.open(here)
    assert "A careful forger leaves no signs." in seen.words
    marks: list[str] = []

    async def view(chunks: object, page: int, watermark: str) -> bytes:
        marks.append(f"{page} {watermark}")
        return b"\xff\xd8"

    monkeypatch.setattr(house.intake.papers, "view", view)
    seen = await olga.open(f"{here}/pages/0")
    assert (seen.status, seen.answer.headers["content-type"]) == (200, "image/jpeg")
    assert seen.answer.headers["cache-control"] == "no-store"
    assert marks == [f"0 Olga (olga) · 2026-01-05 08:00 UTC · {office.access.row.reference}"]
    assert "document_viewed" in await office.acts()
    for page in ("1", "-1", "x", "9999"):
        assert (await olga.open(f"{here}/pages/{page}")).status == 410
    # Whoever has opened the page about it, and none of its own, has not seen it.
    pavel = await office.hires("pavel", Role.OPERATOR)
    await pavel.open(here)
    blind = await pavel.submit(f"{here}/check", found="unreadable")
    assert (blind.status, "You have not looked at this document yet" in blind.words) == (409, True)
    await olga.open(here)
    await olga.submit(f"{here}/check", found="unreadable")
    assert "cannot be read" in olga.page.words
    for found in ("matches", "matches:number_history", ""):
        await olga.open(here)
        assert (await olga.submit(f"{here}/check", found=found)).status in (400, 409)


async def test_a_case_is_given_away_and_closed(office: Office) -> None:
    await office.hires("pavel", Role.OPERATOR)
    olga = office.people["olga"]
    await office.does("olga", "assign", login="Pavel")
    assert "With pavel" in olga.page.words
    await office.does("olga", "assign", login="nobody")
    assert "There is nobody with this login" in olga.page.words
    await office.does("olga", "close", reason="documents_match")
    assert olga.page.status == 400
    await office.does("olga", "close", reason="solved_otherwise")
    assert "The case was closed" in olga.page.words
    assert f"{office.case}/answer" not in {form.action for form in olga.page.forms}


async def test_both_sides_are_heard_each_apart(office: Office) -> None:
    """A case about a request that was stopped: who is answered is chosen, never presumed."""
    house = office.house
    await house.write("UPDATE cases SET kind = 'contested' WHERE id = :id", id=office.access.row.id)
    olga = office.people["olga"]
    seen = await olga.open(office.case)
    assert "only a second factor stops it then" in seen.words
    assert f"{office.case}/close" not in {form.action for form in seen.forms}
    await office.does("olga", "answer", message="To the holder.", to="desk_to_holder", then="on")
    await office.does("olga", "answer", message="To neither.", to="note", then="on")
    assert olga.page.status == 400
    sides = await house.rows("SELECT side FROM case_messages ORDER BY id")
    assert [side for (side,) in sides] == ["person", "desk_to_holder"]


async def test_figures_tell_what_happened(office: Office) -> None:
    for login in ("sonya", "timur"):
        await office.hires(login, Role.SUPERVISOR)
    # On the first working day of the year, an hour after the desk has opened.
    office.house.clock.push(7 * DAY - HOUR)
    await office.returns("olga")
    await office.does("olga", "answer", message="We look at it.", then="on")
    await office.does("olga", "decision", decision="against:not_enough")
    second = await office.second()
    await office.returns(second)
    await office.does(second, "confirm", reason="not_enough")
    words = (await office.people["olga"].open("/console/figures")).words
    for said in ("First answer, median 1.0 h", "Against 1 (100 %)", "For the person 0 (0 %)"):
        assert said in words


# a decision takes a proof of the last minutes

CHOICE, WHY = "for:documents_match", "documents_match"
CONFIRM = "/console/confirm"


async def _case_with_passport(office: Office) -> None:
    await office.passport()
    await office.hires("sonya", Role.SUPERVISOR)


async def test_a_stolen_session_decides_nothing(office: Office) -> None:
    """Her cookie, or her desk left unlocked over lunch: no key of hers."""
    await _case_with_passport(office)
    olga, sonya = office.people["olga"], office.people["sonya"]
    office.house.clock.push(10 * MINUTE + 1)
    thief = await office.does("olga", "decision", decision=CHOICE)
    assert thief.page.path.partition("?")[0] == CONFIRM
    assert "case_proposed" not in await office.acts()
    # What decides nothing asks for nothing.
    await office.does("olga", "note", message="He looks alike.")
    assert olga.page.path == f"{office.case}?done=noted"
    await office.returns("olga")
    await office.does("olga", "decision", decision=CHOICE)
    assert olga.page.path == f"{office.case}?done=proposed"
    thief = await office.does("sonya", "confirm", reason=WHY)
    assert thief.page.path.partition("?")[0] == CONFIRM
    # Whoever else has a key confirms who they are, and not that they are she.
    await office.hires("mark", Role.SUPERVISOR)
    sonya.jar[SESSION] = office.people["mark"].jar[SESSION]
    await office.does("sonya", "confirm", reason=WHY)
    assert (sonya.page.status, "case_confirmed" in await office.acts()) == (403, False)
    await office.returns("sonya")
    await office.does("sonya", "confirm", reason=WHY)
    assert sonya.page.path == f"{office.case}?done=confirmed"
    assert "case_confirmed" in await office.acts()


async def test_against_needs_no_proof_to_propose_and_one_to_confirm(office: Office) -> None:
    await office.hires("sonya", Role.SUPERVISOR)
    office.house.clock.push(11 * MINUTE)
    await office.does("olga", "decision", decision="against:not_enough")
    assert office.people["olga"].page.path == f"{office.case}?done=proposed"
    sonya = await office.does("sonya", "confirm", reason="not_enough")
    assert sonya.page.path.partition("?")[0] == CONFIRM


async def test_without_a_script_she_confirms_by_her_app_and_comes_back_to_her_choice(
    office: Office,
) -> None:
    house = office.house
    await office.passport()
    invitation = await operators.add(house.desk, "sonya", "Sonya", Role.SUPERVISOR)
    assert isinstance(invitation, operators.Invitation)
    caller, secret = await with_password(house, invitation)
    await office.does("olga", "decision", decision=CHOICE)
    assert await office.second() == "sonya"
    browser = office.people["sonya"] = Browser(office.app)
    assert caller.bearer is not None
    browser.jar[SESSION] = caller.bearer
    house.clock.push(11 * MINUTE)
    asked = await office.does("sonya", "confirm", reason=WHY)
    assert "confirm" in asked.page.form("/console/sign-in").fields
    typed = {"password": PASSWORD, "code": code_of(house, secret)}
    wrong = await browser.submit("/console/sign-in", **{**typed, "code": "000000"})
    assert wrong.status == 403
    house.clock.push(MINUTE)
    back = await browser.submit("/console/sign-in", **{**typed, "code": code_of(house, secret)})
    assert back.path == f"{office.case}?reason={WHY}"
    assert "Nothing is decided yet" in back.words
    assert search(rf'<option value="{WHY}" selected>', back.answer.body.decode())
    assert "case_confirmed" not in await office.acts()
    done = await browser.submit(f"{office.case}/confirm", reason=WHY)
    assert done.path == f"{office.case}?done=confirmed"
