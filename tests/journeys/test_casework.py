"""casework: what the desk does to a case, and what two people decide."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from rebind.domain import cases as rules
from rebind.domain import papers
from rebind.domain.cases import (
    CaseKind,
    CaseState,
    Clock,
    DocumentKind,
    DocumentVerdict,
    Fact,
    Reason,
    Verdict,
)
from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer, SubscriberAnswer
from rebind.domain.operators import Operator, Role
from rebind.domain.papers import Setting
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind
from rebind.domain.rows import Wait
from rebind.domain.units import DAY, HOUR, MINUTE, Id
from rebind.flows import case_decisions, casebook, cases, casework, correspondence
from rebind.flows.casebook import CaseSeen, Filter, Page
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView, approving
from tests.desk import AT_DESK, NEW_MAIL, confirmed, entered, hired, with_passport, written
from tests.journeys.waits import told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, RUSSIA, House, Someone, said


class Desk:
    """Two operators, two supervisors, an auditor, and Anna's case."""

    def __init__(self, house: House, case_id: Id, link: str, **people: Operator) -> None:
        self.house, self.case_id, self.link = house, case_id, link
        self.olga, self.pavel = people["olga"], people["pavel"]
        self.sonya, self.timur = people["sonya"], people["timur"]
        self.vera = people["vera"]

    async def propose(self, who: Operator, verdict: Verdict = Verdict.FOR) -> str:
        reason = rules.REASONS[verdict][0]
        desk = self.house.desk
        return said(
            await case_decisions.propose(
                desk, AT_DESK, who, self.case_id, verdict, reason, fresh=True
            )
        )

    async def confirm(self, who: Operator, reason: Reason = Reason.DOCUMENTS_MATCH) -> str:
        return said(await confirmed(self.house, who, self.case_id, reason))

    async def answer(self, text: str, who: Operator | None = None, *, asks: bool = False) -> str:
        desk, who = self.house.desk, who or self.olga
        return said(await casework.answer(desk, AT_DESK, who, self.case_id, text, asks=asks))

    async def second(self) -> Operator:
        login = await self.house.value("SELECT second FROM cases WHERE id = :id", id=self.case_id)
        return self.sonya if login == "sonya" else self.timur

    async def seen(self, who: Operator | None = None) -> CaseSeen:
        found = await casebook.look(self.house.desk, AT_DESK, who or self.olga, self.case_id)
        assert isinstance(found, CaseSeen), found
        return found

    async def due_is_what_the_acts_say(self) -> None:
        """The stored deadline follows from what happened, by itself."""
        found = await self.house.rows(
            "SELECT act, at, why FROM acts WHERE subject_id = :id ORDER BY id", id=self.case_id
        )
        ((state, due_at, opened_at),) = await self.house.rows(
            "SELECT state, due_at, opened_at FROM cases WHERE id = :id", id=self.case_id
        )
        clock, since, decided = Clock(opened_at), None, False
        for act, at, why in found:
            if act == "case_opened":
                clock = Clock(at)
            elif act in ("case_answered", "case_written", "case_confirmed", "case_closed"):
                if decided and act == "case_answered":
                    continue
                # The clock stands still while the desk has nothing to do.
                pauses = rules.paused(clock, since, at) if since is not None else clock.pauses
                clock = Clock(clock.opened_at, decided_at=clock.decided_at, pauses=pauses)
                idle = act in ("case_confirmed", "case_closed") or why == "asked"
                since, decided = at if idle else None, act == "case_confirmed"
                if decided:
                    clock = msgspec.structs.replace(clock, decided_at=at)
        clock = Clock(clock.opened_at, None, since, clock.decided_at, clock.pauses)
        assert due_at == rules.due_at(CaseState(state), clock, RUSSIA, self.house.desk.policy)


@pytest.fixture
async def desk(house: House) -> Desk:
    await house.bring_in(ANNA)
    people = {
        "olga": await hired(house, "olga", Role.OPERATOR),
        "pavel": await hired(house, "pavel", Role.OPERATOR),
        "sonya": await hired(house, "sonya", Role.SUPERVISOR),
        "timur": await hired(house, "timur", Role.SUPERVISOR),
        "vera": await hired(house, "vera", Role.AUDITOR),
    }
    link = await written(house, Someone(house, ANNA_NEW))
    access = await entered(house, link)
    return Desk(house, access.row.id, link, **people)


async def test_a_conversation_and_its_deadlines(house: House, desk: Desk) -> None:
    await desk.due_is_what_the_acts_say()
    assert await desk.answer("Please send your passport.", asks=True) == "ok"
    await desk.due_is_what_the_acts_say()
    assert await told(house, "case_answered") == [NEW_MAIL]
    letter = house.post.mail_to(NEW_MAIL)[-1].words
    assert "Please send your passport." in letter.text
    view = await cases.show(house.desk, await entered(house, desk.link))
    assert (view.state, view.answer_by) == ("waiting", None)
    # The clock stands still while it is her turn: nine days, of which three are working days.
    await house.pass_time(9 * DAY)
    access = await entered(house, desk.link)
    assert (
        await correspondence.write(house.desk, Someone(house, ANNA).caller(), access, "Here")
        is None
    )
    await desk.due_is_what_the_acts_say()
    view = await cases.show(house.desk, await entered(house, desk.link))
    assert (view.state, str(view.answer_by)) == ("open", "2026-01-19")
    assert [each.ours for each in view.messages] == [True, False, True]
    assert await desk.answer("Thank you.") == "ok"
    await desk.due_is_what_the_acts_say()


async def test_two_people_decide_and_time_does_the_rest(house: House, desk: Desk) -> None:
    assert await desk.propose(desk.olga) == "document_missing"
    # What an operator of telephones has signed proves the number, never the account.
    await with_passport(house, desk.olga, desk.case_id, kind=DocumentKind.OPERATOR_CONTRACT)
    assert await desk.propose(desk.olga) == "document_missing"
    await with_passport(house, desk.olga, desk.case_id)
    prospect = (await desk.seen()).prospect
    assert isinstance(prospect, Wait)
    assert (prospect.row, prospect.until) == ("R4", house.clock.now() + 72 * HOUR)
    assert await desk.propose(desk.olga) == "ok"
    assert await desk.propose(desk.pavel) == "case_moved"
    second = await desk.second()
    other = desk.timur if second is desk.sonya else desk.sonya
    assert await desk.confirm(desk.olga) == "right_missing"
    assert await desk.confirm(other) == "case_not_yours"
    assert await desk.confirm(second, Reason.NOT_ENOUGH) == "case_kind"
    # Nothing has happened to the account so far, and nobody of it was told.
    assert await told(house, "change_waiting") == []
    assert await desk.confirm(second) == "ok"
    await desk.due_is_what_the_acts_say()
    await house.pass_time(0)
    assert await told(house, "change_waiting") == sorted((ANNA, ANNA_NEW, NEW_MAIL))
    state, outcome = (
        await house.rows("SELECT state, outcome FROM cases WHERE id = :id", id=desk.case_id)
    )[0]
    assert (state, outcome) == ("decided", "for")


async def test_the_holder_stops_what_was_approved(house: House, desk: Desk) -> None:
    """A thief with a forged passport has talked two people into it; Anna reads her SMS."""
    await with_passport(house, desk.olga, desk.case_id)
    await desk.propose(desk.olga)
    assert await desk.confirm(await desk.second()) == "ok"
    await house.pass_time(0)
    link = await house.link_to(ANNA, "stop")
    assert said(await Someone(house, ANNA).stop_by(link)) == "objected"
    await house.pass_time(8 * DAY)
    assert await told(house, "number_changed") == []
    kinds = await house.rows("SELECT kind FROM cases ORDER BY id")
    assert [kind for (kind,) in kinds] == ["lost_access", "contested"]


async def test_the_second_may_say_no(house: House, desk: Desk) -> None:
    await desk.propose(desk.olga, Verdict.AGAINST)
    second = await desk.second()
    rejected = await case_decisions.reject(
        house.desk, AT_DESK, second, desk.case_id, "Ask for the contract first."
    )
    assert rejected is None
    assert await desk.confirm(second) == "case_moved"
    assert (await desk.seen()).messages[-1].side == "note"
    assert await desk.propose(desk.pavel, Verdict.AGAINST) == "ok"
    assert await desk.confirm(await desk.second(), Reason.NOT_ENOUGH) == "ok"
    assert await house.value("SELECT count(*) FROM requests WHERE kind = 'recover'") == 0


async def test_what_is_written_after_a_decision_is_decided_anew(house: House, desk: Desk) -> None:
    """The first decision stays what it was; the days since are not the desk's."""
    assert await desk.propose(desk.olga, Verdict.AGAINST) == "ok"
    assert await desk.confirm(await desk.second(), Reason.NOT_ENOUGH) == "ok"
    await desk.due_is_what_the_acts_say()
    caller = Someone(house, ANNA).caller()

    async def writes(text: str) -> None:
        access = await entered(house, desk.link)
        assert await correspondence.write(house.desk, caller, access, text) is None
        await desk.due_is_what_the_acts_say()
        due = await house.value("SELECT due_at FROM cases WHERE id = :id", id=desk.case_id)
        assert due > house.clock.now() + DAY

    await house.pass_time(13 * DAY)
    assert await desk.answer("Write to us where the parcel is.") == "ok"
    await desk.due_is_what_the_acts_say()
    await writes("You have mistaken me for somebody else.")
    assert await desk.propose(desk.olga, Verdict.AGAINST) == "ok"
    assert await desk.confirm(await desk.second(), Reason.NOT_ENOUGH) == "ok"
    rounds = await house.rows(
        "SELECT round, step FROM case_decisions WHERE case_id = :id ORDER BY round, step",
        id=desk.case_id,
    )
    assert [round_ for round_, _step in rounds] == [1, 1, 2, 2]
    # It closes by itself; who writes within two weeks of that finds it open, and not late.
    await house.pass_time(14 * DAY)
    await desk.due_is_what_the_acts_say()
    await house.pass_time(13 * DAY)
    await writes("I have found the contract.")
    # Nor is an answer late that was asked for twice.
    for days in (5, 6):
        assert await desk.answer("Please send it.", asks=True) == "ok"
        await house.pass_time(days * DAY)
    await writes("Here it is.")


async def test_fifty_decisions_at_once_are_one(house: House, desk: Desk) -> None:
    await with_passport(house, desk.olga, desk.case_id)
    proposed = await asyncio.gather(*(desk.propose(desk.olga) for _ in range(50)))
    assert sorted(proposed) == ["case_moved"] * 49 + ["ok"]
    second = await desk.second()
    confirmed = await asyncio.gather(*(desk.confirm(second) for _ in range(50)))
    assert sorted(confirmed) == ["case_moved"] * 49 + ["ok"]
    assert await house.value("SELECT count(*) FROM requests WHERE kind = 'recover'") == 1
    assert await house.value("SELECT count(*) FROM case_decisions") == 2


async def test_puppets_of_one_administrator_do_not_decide_together(house: House) -> None:
    await house.bring_in(ANNA)
    await hired(house, "root", Role.ADMINISTRATOR)
    olga = await hired(house, "olga", Role.OPERATOR, "root")
    await hired(house, "sonya", Role.SUPERVISOR, "root")
    await house.write("UPDATE operators SET created_at = :at", at=house.clock.now() - 29 * DAY)
    olga = Operator("olga", "Olga", Role.OPERATOR, "root", house.clock.now() - 29 * DAY)
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    refused = await case_decisions.propose(
        house.desk, AT_DESK, olga, access.row.id, Verdict.AGAINST, Reason.NOT_ENOUGH, fresh=True
    )
    assert said(refused) == "no_second"
    house.clock.push(DAY)
    proposed = await case_decisions.propose(
        house.desk, AT_DESK, olga, access.row.id, Verdict.AGAINST, Reason.NOT_ENOUGH, fresh=True
    )
    assert proposed is None


async def test_one_answers_at_a_time(house: House, desk: Desk) -> None:
    assert await casework.take(house.desk, AT_DESK, desk.olga, desk.case_id) is None
    assert await desk.answer("Hello", desk.pavel) == "case_locked"
    assert await desk.answer("Hello", desk.olga) == "ok"
    house.clock.push(11 * 60_000)
    assert await desk.answer("Hello", desk.pavel) == "ok"


async def test_who_keeps_a_case_gives_it_back(house: House, desk: Desk) -> None:
    async def acts(act: Awaitable[object]) -> str:
        return said(await act)

    def let_go(who: Operator) -> Awaitable[object]:
        return casework.release(house.desk, AT_DESK, who, desk.case_id)

    def take(who: Operator) -> Awaitable[object]:
        return casework.take(house.desk, AT_DESK, who, desk.case_id)

    assert await acts(take(desk.olga)) == "ok"
    # Nobody breaks it: not a colleague, and not a supervisor either.
    for other in (desk.pavel, desk.sonya):
        assert await acts(let_go(other)) == "case_locked"
        assert await acts(take(other)) == "case_locked"
    assert await acts(let_go(desk.vera)) == "right_missing"
    assert await acts(let_go(desk.olga)) == "ok"
    assert await desk.answer("Hello", desk.pavel) == "ok"
    # Once more is no harm, and no act.
    assert await acts(let_go(desk.olga)) == "ok"
    kept = [act for act in await house.acts(desk.case_id) if act in ("case_kept", "case_let_go")]
    assert kept == ["case_kept", "case_let_go"]


async def test_what_is_said_or_given_away_is_kept_no_longer(house: House, desk: Desk) -> None:
    def propose() -> Awaitable[object]:
        return case_decisions.propose(
            house.desk,
            AT_DESK,
            desk.olga,
            desk.case_id,
            Verdict.AGAINST,
            Reason.NOT_ENOUGH,
            fresh=True,
        )

    def assign(to: str | None) -> Awaitable[object]:
        return casework.assign(house.desk, AT_DESK, desk.olga, desk.case_id, to)

    def close() -> Awaitable[object]:
        return casework.close(house.desk, AT_DESK, desk.olga, desk.case_id, Reason.SOLVED_OTHERWISE)

    def answer() -> Awaitable[object]:
        return casework.answer(house.desk, AT_DESK, desk.olga, desk.case_id, "Thank you.")

    query = "SELECT locked_by FROM cases WHERE id = :id"
    steps: tuple[tuple[Callable[[], Awaitable[object]], str | None], ...] = (
        (lambda: assign("olga"), "olga"),
        (answer, None),
        (lambda: assign("pavel"), None),
        (lambda: assign(None), None),
        (propose, None),
        (close, None),
    )
    for act, keeps in steps:
        if act is close:
            # What was proposed has to be gone before.
            second = await desk.second()
            rejected = case_decisions.reject(house.desk, AT_DESK, second, desk.case_id, "Not yet.")
            assert said(await rejected) == "ok"
        assert await casework.take(house.desk, AT_DESK, desk.olga, desk.case_id) is None
        assert said(await act()) == "ok"
        assert await house.value(query, id=desk.case_id) == keeps


async def test_what_the_operator_of_the_number_says_is_asked_once(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands beside the facts of the account, and the same answer is what the rule is asked
    with."""
    assert (await desk.seen()).account is not None
    house.carrier.asked.clear()
    swapped = house.clock.now() - DAY
    answer = CarrierFacts(SimAnswer.CHANGED, swapped, SubscriberAnswer.SAME)
    house.carrier.answers[ANNA] = answer

    async def says() -> CarrierFacts | None:
        seen = await desk.seen()
        assert isinstance(seen.prospect, Wait)
        assert seen.account is not None
        return seen.account.carrier

    assert await says() == answer
    assert [number for number, _since in house.carrier.asked] == [ANNA]

    # One who is down, and one who never answers, know nothing; the page is there all the same.
    async def refuses() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(approving, "CARRIER_S", 0.01)
    for trouble in (refuses, asyncio.Event().wait):
        house.carrier.meanwhile.append(trouble)
        assert await says() == CarrierFacts()
    house.desk = msgspec.structs.replace(house.desk, carrier=None)
    assert await says() is None


async def test_a_kind_of_the_administrators_own_carries_an_approval(
    house: House, desk: Desk
) -> None:
    bill = Setting("A bill", "Квитанция", ("orders", "number_history"))
    plain, ours = house.desk, papers.in_force({"bill": bill, "another": Setting(off=True)})
    house.desk = msgspec.structs.replace(plain, papers=ours)
    access, caller = await entered(house, desk.link), Someone(house, ANNA_NEW).caller()
    body = Unread()
    for kind in ("another", "cat", ""):
        refused = await correspondence.add_document(
            house.desk, house.intake, caller, access, kind, body
        )
        assert said(refused) == "document_kind", kind
    bill_id = await with_passport(
        house, desk.olga, desk.case_id, kind="bill", fact=Fact.NUMBER_HISTORY
    )

    async def matches(fact: Fact) -> str:
        verdict = DocumentVerdict.MATCHES
        args = (desk.olga, desk.case_id, bill_id, verdict, fact)
        return said(await casework.check_document(house.desk, AT_DESK, *args))

    # The history of the number alone never does.
    assert await desk.propose(desk.olga) == "document_missing"
    assert await matches(Fact.NAME) == "document_missing"
    assert await matches(Fact.ORDERS) == "ok"
    assert (await desk.seen()).carried
    # Taken out of the file again: what it showed carries nothing, and nothing more can be found.
    house.desk = plain
    assert not (await desk.seen()).carried
    assert await desk.propose(desk.olga) == "document_missing"
    assert await matches(Fact.ORDERS) == "document_missing"
    for verdict in (DocumentVerdict.UNREADABLE, DocumentVerdict.DOES_NOT_MATCH):
        args = (desk.olga, desk.case_id, bill_id, verdict, None)
        assert await casework.check_document(house.desk, AT_DESK, *args) is None
    view = await cases.show(house.desk, await entered(house, desk.link))
    assert [each.kind for each in view.documents] == ["bill"]
    house.desk = msgspec.structs.replace(plain, papers=ours)
    assert await matches(Fact.ORDERS) == "ok"
    assert await desk.propose(desk.olga) == "ok"


class Unread:
    """A body that nobody reads."""

    def __aiter__(self) -> "Unread":
        return self

    async def __anext__(self) -> bytes:
        raise AssertionError("a document of no kind was read")


async def test_who_may_not(house: House, desk: Desk) -> None:
    for act in (
        casework.answer(house.desk, AT_DESK, desk.vera, desk.case_id, "Hello"),
        casework.note(house.desk, AT_DESK, desk.vera, desk.case_id, "Hello"),
        casework.take(house.desk, AT_DESK, desk.vera, desk.case_id),
        casework.redact(house.desk, AT_DESK, desk.olga, desk.case_id, bytes(16)),
        casework.close(house.desk, AT_DESK, desk.vera, desk.case_id, Reason.SOLVED_OTHERWISE),
        casebook.search_number(house.desk, AT_DESK, desk.vera, desk.case_id, ANNA, "why"),
    ):
        assert said(await act) == "right_missing"
    assert await desk.seen(desk.vera) is not None


async def test_the_queue_and_what_is_found(house: House, desk: Desk) -> None:
    page = await casebook.queue(house.desk, desk.olga, Filter(kind=CaseKind.LOST_ACCESS))
    assert isinstance(page, Page)
    (summary,) = page.cases
    # Masked, as everything in a list; found by the end of a number, a mailbox, the case's number.
    assert summary.about == "+7••••••••67"
    for typed in ("4567", "**4567", "2233", NEW_MAIL, summary.reference, summary.reference.lower()):
        found = await casebook.search(house.desk, desk.olga, typed)
        assert not isinstance(found, Refused)
        assert [each.id for each in found] == [desk.case_id], typed
    assert said(await casebook.search(house.desk, desk.olga, ANNA)) == "message_empty"
    found = await casebook.search_number(
        house.desk, AT_DESK, desk.olga, desk.case_id, ANNA, "Is there an older case?"
    )
    assert not isinstance(found, Refused)
    assert [each.id for each in found] == [desk.case_id]
    assert "case_searched" in await house.acts(desk.case_id)
    for _search in range(19):
        house.clock.push(1)
        await casebook.search_number(house.desk, AT_DESK, desk.olga, desk.case_id, ANNA, "again")
    spent = await casebook.search_number(
        house.desk, AT_DESK, desk.olga, desk.case_id, ANNA, "again"
    )
    assert said(spent) == "too_many_requests"


async def test_what_should_not_stand_there_is_taken_away(house: House, desk: Desk) -> None:
    seen = await desk.seen(desk.sonya)
    message = seen.messages[0]
    gone = await casework.redact(house.desk, AT_DESK, desk.sonya, desk.case_id, message.id)
    assert gone is None
    assert (await desk.seen()).messages[0].text is None
    view = await cases.show(house.desk, await entered(house, desk.link))
    assert view.messages[0].text is None
    again = await casework.redact(house.desk, AT_DESK, desk.sonya, desk.case_id, message.id)
    assert said(again) == "case_moved"


async def test_words_taken_away_do_not_leave_later(house: House, desk: Desk) -> None:
    """The mail server was away when the answer was written; what is said after it leaves."""
    await house.deliver()
    house.post.refuse(NEW_MAIL, 1)
    for text in ("The card is 4111 1111 1111 1111.", "Please send page three."):
        house.clock.push(MINUTE)
        assert await desk.answer(text) == "ok"
    await house.deliver()
    message = next(each for each in (await desk.seen()).messages if "4111" in (each.text or ""))
    gone = await casework.redact(house.desk, AT_DESK, desk.sonya, desk.case_id, message.id)
    assert gone is None
    await house.pass_time(HOUR)
    await house.deliver()
    letters = [sent.words.text for sent in house.post.mail_to(NEW_MAIL)]
    assert "Please send page three." in letters[-1]
    assert not any("4111" in letter for letter in letters)
    kept = await house.rows("SELECT payload_sealed, last_error FROM outbox WHERE state = 'dead'")
    assert kept == [(None, "redacted")]


async def test_a_document_shows_only_what_it_can(house: House, desk: Desk) -> None:
    document_id = await with_passport(house, desk.olga, desk.case_id)
    for verdict, fact in (
        (DocumentVerdict.MATCHES, None),
        (DocumentVerdict.MATCHES, Fact.NUMBER_HISTORY),
        (DocumentVerdict.UNREADABLE, Fact.NAME),
    ):
        refused = await casework.check_document(
            house.desk, AT_DESK, desk.olga, desk.case_id, document_id, verdict, fact
        )
        assert said(refused) == "document_missing"


async def test_a_case_without_account_is_never_approved(house: House, desk: Desk) -> None:
    letter = Letter(
        CaseKind.LOST_ACCESS, "Hello", "other@example.net", "+79162000099", "+79162000098"
    )
    access = await entered(house, await written(house, Someone(house, ANNA_NEW), letter))
    await with_passport(house, desk.olga, access.row.id)
    refused = await case_decisions.propose(
        house.desk,
        AT_DESK,
        desk.olga,
        access.row.id,
        Verdict.FOR,
        Reason.DOCUMENTS_MATCH,
        fresh=True,
    )
    assert said(refused) == "case_incomplete"


async def test_what_was_stopped_goes_on_after_both_sides_were_heard(house: House) -> None:
    """Anna recovers; somebody with her old SIM stops it. A supervisor hears both: a week more."""
    await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    lost = Someone(house, ANNA_NEW)
    begun = await lost.begin(Kind.RECOVER, ANNA_MAIL)
    await lost.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await lost.aim(begun, ANNA_NEW)
    assert said(await lost.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "waiting"
    finder = Someone(house, ANNA)
    assert said(await finder.stop_by(await house.link_to(ANNA, "stop"))) == "objected"
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'contested'")
    for step in (
        case_decisions.propose(
            house.desk, AT_DESK, olga, case_id, Verdict.FOR, Reason.HOLDER_CONFIRMED, fresh=True
        ),
        confirmed(house, sonya, case_id, Reason.HOLDER_CONFIRMED),
    ):
        assert said(await step) == "ok"
    now = house.clock.now()
    await house.pass_time(0)
    again = await house.rows(
        "SELECT id, policy_row, wait_until FROM requests WHERE contested IS NOT NULL"
    )
    assert [row[1:] for row in again] == [("R2", now + 7 * DAY)]
    # The links of the messages stop it no more.
    stopped = await finder.stop_by(await house.link_to(ANNA, "stop"))
    assert said(stopped) == "heard_already"
    await house.pass_time(7 * DAY)
    there = RequestView(again[0][0], Kind.RECOVER, "ready", (), 0, begun.token)
    await lost.another_code(there, Proof.CODE_NEW)
    assert said(await lost.prove(there, code_new=await house.code_to(ANNA_NEW))) == "done"
