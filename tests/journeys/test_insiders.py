"""What bribed people at the support desk tried, and whoever lets them in: each a story that must
not come true."""

import asyncio
from typing import Any

import pytest

from rebind.domain.cases import (
    CaseKind,
    CaseState,
    DocumentVerdict,
    Fact,
    Reason,
    Side,
    Verdict,
)
from rebind.domain.evidence import Proof
from rebind.domain.operators import Operator, Role
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, Id
from rebind.flows import (
    case_decisions,
    casebook,
    cases,
    casework,
    correspondence,
    operator_joining,
    operator_sessions,
    operators,
    recover,
)
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.casebook import CaseSeen
from rebind.flows.desk import RequestView, tokens
from rebind.store import erasure
from rebind.store import operators as store
from tests.desk import (
    AT_DESK,
    NEW_MAIL,
    confirmed,
    entered,
    hired,
    opened,
    version_of,
    with_passport,
    written,
)
from tests.operators import (
    PASSWORD,
    Colleague,
    add_colleague,
    code_of,
    taken_up,
    with_password,
)
from tests.people import ANNA, ANNA_NEW, House, Someone, said

DOCUMENTS, ENOUGH = Reason.DOCUMENTS_MATCH, Reason.NOT_ENOUGH
SUPERVISORS = ("sonya", "timur", "ulla", "vadim", "wera", "xenia")


class Office:
    """Olga and Pavel answer, six supervisors decide; and the case about Anna's account."""

    def __init__(self, house: House, case_id: Id, link: str, people: dict[str, Operator]) -> None:
        self.house, self.case_id, self.link, self.people = house, case_id, link, people

    async def propose(
        self, login: str, verdict: Verdict = Verdict.FOR, case_id: Id | None = None
    ) -> str:
        reason = DOCUMENTS if verdict is Verdict.FOR else ENOUGH
        desk, who = self.house.desk, self.people[login]
        about = case_id or self.case_id
        return said(
            await case_decisions.propose(desk, AT_DESK, who, about, verdict, reason, fresh=True)
        )

    async def confirm(
        self, login: str, reason: Reason = DOCUMENTS, case_id: Id | None = None
    ) -> str:
        about = case_id or self.case_id
        return said(await confirmed(self.house, self.people[login], about, reason))

    async def reject(self, login: str, text: str = "Not like this.") -> str:
        desk, who = self.house.desk, self.people[login]
        return said(await case_decisions.reject(desk, AT_DESK, who, self.case_id, text))

    async def close(self, login: str) -> str:
        desk, who = self.house.desk, self.people[login]
        reason = Reason.SOLVED_OTHERWISE
        return said(await casework.close(desk, AT_DESK, who, self.case_id, reason))

    async def wrote(self, text: str = "Hello?") -> str:
        access = await entered(self.house, self.link)
        caller = Someone(self.house, ANNA_NEW).caller()
        return said(await correspondence.write(self.house.desk, caller, access, text))

    async def second(self, case_id: Id | None = None) -> str:
        query = "SELECT second FROM cases WHERE id = :id"
        return str(await self.house.value(query, id=case_id or self.case_id))

    async def seen(self) -> CaseSeen:
        desk, who = self.house.desk, self.people["olga"]
        found = await casebook.look(desk, AT_DESK, who, self.case_id)
        assert isinstance(found, CaseSeen), found
        return found

    async def leaves(self, login: str) -> None:
        """Shut out from the command line."""
        assert await operators.shut_out(self.house.desk, login) is None


@pytest.fixture
async def office(house: House) -> Office:
    await house.bring_in(ANNA)
    people = {login: await hired(house, login, Role.OPERATOR) for login in ("olga", "pavel")}
    for login in SUPERVISORS:
        people[login] = await hired(house, login, Role.SUPERVISOR)
    link = await written(house, Someone(house, ANNA_NEW))
    access = await entered(house, link)
    await with_passport(house, people["olga"], access.row.id)
    return Office(house, access.row.id, link, people)


# whom the system names


async def test_nobody_proposes_until_their_friend_is_drawn(office: Office) -> None:
    """Olga is bribed, and so is one supervisor of six. Whoever is named says no; Olga proposes
    again, and again: she never gets to choose among them."""
    named = []
    for _proposal in range(8):
        assert await office.propose("olga") == "ok"
        named.append(await office.second())
        assert await office.reject(named[-1]) == "ok"
    assert len(set(named)) == 1


async def test_nor_closes_the_case_for_another_draw(office: Office) -> None:
    """She closes it before the second has looked, and the thief writes: the case is open again.
    A proposal that waits is not swept aside; after a no the same supervisor is asked again."""
    named = []
    for _round in range(6):
        assert await office.propose("olga") == "ok"
        named.append(await office.second())
        assert await office.close("olga") == "case_moved"
        assert await office.reject(named[-1]) == "ok"
        assert await office.close("olga") == "ok"
        assert await office.wrote() == "ok"
    assert len(set(named)) == 1


async def test_nor_opens_another_case_about_the_account(office: Office) -> None:
    """The thief writes once more, in a case of its own, about the same account."""
    assert await office.propose("olga") == "ok"
    again = []
    for _case in range(5):
        office.house.clock.push(HOUR)
        link = await written(office.house, Someone(office.house, ANNA_NEW))
        case_id = (await entered(office.house, link)).row.id
        assert await office.propose("olga", Verdict.AGAINST, case_id) == "ok"
        again.append(await office.second(case_id))
    assert set(again) == {await office.second()}


async def test_what_waits_for_somebody_who_left_is_proposed_anew(office: Office) -> None:
    """The named supervisor is shut out: the case hangs on nobody."""
    assert await office.propose("olga") == "ok"
    gone = await office.second()
    assert not (await office.seen()).stranded
    assert await office.propose("pavel") == "case_moved"
    await office.leaves(gone)
    assert (await office.seen()).stranded
    assert await office.propose("pavel", Verdict.AGAINST) == "ok"
    assert not (await office.seen()).stranded
    second = await office.second()
    assert second != gone
    assert await office.confirm(second, ENOUGH) == "ok"
    steps = await office.house.rows("SELECT operator FROM case_decisions ORDER BY step")
    assert [login for (login,) in steps] == ["pavel", second]


@pytest.mark.parametrize("harm", ["shut out", "another role", "let in anew"])
async def test_what_somebody_proposed_who_was_caught_is_not_confirmed(
    office: Office, harm: str
) -> None:
    """Olga took money. She is shut out; her proposal is still on the table. Or it never was hers:
    an administrator had let himself in as her, and she is back."""
    assert await office.propose("olga") == "ok"
    second = await office.second()
    if harm == "shut out":
        await office.leaves("olga")
    elif harm == "let in anew":
        office.house.clock.push(HOUR)
        assert isinstance(await operators.reset(office.house.desk, "olga"), operators.Invitation)
    else:
        await office.house.engine.write(
            [store.change_role("olga", Role.OPERATOR.value, Role.AUDITOR)]
        )
    assert await office.confirm(second) == "case_not_yours"
    assert await office.house.value("SELECT count(*) FROM requests WHERE kind = 'recover'") == 0
    assert await office.propose("pavel", Verdict.AGAINST) == "ok"


async def objected(office: Office) -> tuple[str, Id]:
    """A forged passport has gone through, and Anna has stopped what it began: who confirmed it, and
    the case in which both sides are heard."""
    assert await office.propose("olga") == "ok"
    first = await office.second()
    assert await office.confirm(first) == "ok"
    await office.house.pass_time(0)
    link = await office.house.link_to(ANNA, "stop")
    assert said(await Someone(office.house, ANNA).stop_by(link)) == "objected"
    case_id = await office.house.value("SELECT id FROM cases WHERE kind = 'contested'")
    return first, case_id


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_whoever_approved_it_does_not_judge_the_objection(
    office: Office, verdict: Verdict
) -> None:
    first, case_id = await objected(office)
    assert await office.propose("olga", verdict, case_id) == "ok"
    second = await office.second(case_id)
    assert second != first
    # Not even when nobody else is left.
    reason = DOCUMENTS if verdict is Verdict.FOR else ENOUGH
    for login in set(SUPERVISORS) - {first}:
        await office.leaves(login)
    await office.house.write(
        "UPDATE cases SET second = :login WHERE id = :id", login=first, id=case_id
    )
    assert await office.confirm(first, reason, case_id) == "case_not_yours"
    assert await office.propose("pavel", verdict, case_id) == "no_second"


async def test_nor_approves_the_same_once_more_beside_it(office: Office) -> None:
    """Instead of the contested case they take up the first one again, or a new one: what a holder
    has stopped, the same supervisor does not let through by another door."""
    first, _case_id = await objected(office)
    office.house.clock.push(HOUR)
    assert await office.close("olga") == "ok"
    assert await office.wrote() == "ok"
    assert await office.propose("olga") == "ok"
    assert await office.second() != first
    link = await written(office.house, Someone(office.house, ANNA_NEW))
    again = (await entered(office.house, link)).row.id
    await with_passport(office.house, office.people["olga"], again)
    assert await office.propose("olga", case_id=again) == "ok"
    assert await office.second(again) != first


async def taken_back(office: Office) -> tuple[set[str], Id]:
    """A forged passport has gone through, Anna has stopped it, others have let it go on; it is
    done, and Anna takes it back: the four of them, and the case of the frozen account."""
    house = office.house
    first, contested = await objected(office)
    assert await office.propose("pavel", Verdict.FOR, contested) == "ok"
    second = await office.second(contested)
    assert await office.confirm(second, DOCUMENTS, contested) == "ok"
    await house.pass_time(0)
    await house.pass_time(7 * DAY)
    thief = Someone(house, ANNA_NEW)
    access = await entered(house, tokens.case_link(house.seal, contested, Side.PERSON))
    ready = await recover.by_case(house.desk, thief.caller(), access)
    assert isinstance(ready, RequestView), ready
    assert said(await thief.another_code(ready, Proof.CODE_NEW)) == "ready"
    assert said(await thief.prove(ready, code_new=await house.code_to(ANNA_NEW))) == "done"
    anna = Someone(house, ANNA, address="192.0.2.44")
    undo = await anna.begin(Kind.UNDO, ANNA)
    done = await anna.prove(undo, code_new=await house.code_to(ANNA))
    assert isinstance(done, RequestView)
    assert done.row == "U2"
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'frozen'")
    return {"olga", first, "pavel", second}, case_id


async def test_whoever_approved_it_does_not_judge_what_was_taken_back(office: Office) -> None:
    """What they would decide is done at once, and nobody could stop it: so they neither propose nor
    confirm, whichever way, nor does whoever let it go on after an objection."""
    house = office.house
    four, case_id = await taken_back(office)
    assert len(four) == 4
    for login in four:
        for verdict in Verdict:
            assert await office.propose(login, verdict, case_id) == "decided_before", login
    office.people["roman"] = await hired(house, "roman", Role.OPERATOR)
    assert await office.propose("roman", Verdict.AGAINST, case_id) == "ok"
    assert await office.second(case_id) not in four
    # Not even when nobody else is left.
    supervisor = min(four & set(SUPERVISORS))
    sets = "UPDATE cases SET second = :login WHERE id = :id"
    await house.write(sets, login=supervisor, id=case_id)
    assert await office.confirm(supervisor, ENOUGH, case_id) == "case_not_yours"
    # Nor what one of them had proposed before anybody asked.
    other = min(set(SUPERVISORS) - four)
    await house.write(sets, login=other, id=case_id)
    by = "UPDATE case_decisions SET operator = :login WHERE case_id = :id"
    await house.write(by, login="olga", id=case_id)
    assert await office.confirm(other, ENOUGH, case_id) == "case_not_yours"
    for login in set(SUPERVISORS) - four:
        await office.leaves(login)
    assert await office.propose("roman", Verdict.FOR, case_id) == "no_second"
    assert await house.value("SELECT frozen_at FROM accounts") is not None


async def test_a_supervisor_who_proposed_it_does_not_judge_the_objection(office: Office) -> None:
    """Whoever proposes has let it through as well: they are not named to hear both sides."""
    first = max(SUPERVISORS)
    assert await office.propose(first) == "ok"
    assert await office.confirm(await office.second()) == "ok"
    await office.house.pass_time(0)
    link = await office.house.link_to(ANNA, "stop")
    assert said(await Someone(office.house, ANNA).stop_by(link)) == "objected"
    case_id = await office.house.value("SELECT id FROM cases WHERE kind = 'contested'")
    assert await office.propose("olga", Verdict.FOR, case_id) == "ok"
    sets = "UPDATE cases SET second = :login WHERE id = :id"
    await office.house.write(sets, login=first, id=case_id)
    assert await office.confirm(first, DOCUMENTS, case_id) == "case_not_yours"


# puppets


async def administrator(house: House, by: Colleague, login: str) -> Colleague:
    return await puppet(house, by, login, Role.ADMINISTRATOR)


async def puppet(house: House, by: Colleague, login: str, role: Role) -> Colleague:
    """An invitation that its administrator takes up."""
    invitation = await operators.invite(house.desk, by.caller, login, login.title(), role)
    assert isinstance(invitation, operators.Invitation), invitation
    return await taken_up(house, invitation)


async def decides_on(house: House, who: Colleague) -> str:
    """What becomes of a proposal of theirs."""
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    operator = await who.operator()
    proposed = await case_decisions.propose(
        house.desk, AT_DESK, operator, access.row.id, Verdict.AGAINST, ENOUGH, fresh=True
    )
    return said(proposed)


async def test_puppets_that_let_puppets_in(house: House) -> None:
    """Ada makes two administrators of her own, and each of them lets one puppet in: no two of the
    four are two people."""
    await house.bring_in(ANNA)
    ada = await add_colleague(house, "ada", Role.ADMINISTRATOR)
    left, right = await administrator(house, ada, "left"), await administrator(house, ada, "right")
    olga = await puppet(house, left, "olga", Role.OPERATOR)
    await puppet(house, right, "sonya", Role.SUPERVISOR)
    assert await decides_on(house, olga) == "no_second"


async def test_an_administrator_who_becomes_a_colleague_of_their_puppet(house: House) -> None:
    """Ada lets a supervisor in whose phone is in her own pocket, and has another puppet make an
    operator of herself."""
    await house.bring_in(ANNA)
    ada = await add_colleague(house, "ada", Role.ADMINISTRATOR)
    helper = await administrator(house, ada, "helper")
    await puppet(house, ada, "sonya", Role.SUPERVISOR)
    changed = await operators.change_role(house.desk, helper.caller, "ada", Role.OPERATOR)
    assert changed is None
    assert await decides_on(house, ada) == "no_second"


async def test_whoever_hands_an_invitation_over_knows_no_secret_of_it(house: House) -> None:
    """Ada looks at the page of the link before she gives it to Olga, and notes what an app would
    be given there: it is not what Olga's app has."""
    invitation = await operators.add(house.desk, "olga", "Olga", Role.OPERATOR)
    assert isinstance(invitation, operators.Invitation), invitation
    noted = await operator_joining.invited(house.desk, invitation.token)
    assert isinstance(noted, operator_joining.Joining), noted
    browser, secret = await with_password(house, invitation)
    assert secret != noted.app.secret
    house.clock.push(HOUR)
    offer = operator_sessions.offer(house.desk)
    tried = await operator_sessions.by_password(
        house.desk, browser, offer.id, "olga", PASSWORD, code_of(house, noted.app.secret)
    )
    assert said(tried) == "proof_wrong"


# what is done to a case


async def test_nobody_is_given_the_voice_of_the_holder(office: Office) -> None:
    """Olga answers the thief as if he were the other side of a contested request: the link in that
    letter would let him write as "the holder, who objected", and say that all is well."""
    olga, desk = office.people["olga"], office.house.desk
    answered = await casework.answer(
        desk, AT_DESK, olga, office.case_id, "Write here.", to=Side.DESK_TO_HOLDER
    )
    assert said(answered) == "case_kind"
    await office.house.deliver()
    letters = [mail.words.text for mail in office.house.post.mail_to(NEW_MAIL)]
    assert not any("Write here" in letter for letter in letters)


async def test_what_a_decision_rests_on_stays_as_it_was(office: Office) -> None:
    """It is decided, and Olga makes the record of the passport say something else."""
    (paper,) = (await office.seen()).documents
    assert await office.propose("olga") == "ok"
    assert await office.confirm(await office.second()) == "ok"
    for verdict, fact in (
        (DocumentVerdict.DOES_NOT_MATCH, None),
        (DocumentVerdict.MATCHES, Fact.PAYMENT),
    ):
        checked = await casework.check_document(
            office.house.desk, AT_DESK, office.people["pavel"], office.case_id, paper.id,
            verdict, fact,
        )  # fmt: skip
        assert said(checked) == "case_closed"
    (still,) = (await office.seen()).documents
    assert (still.verdict, still.fact, still.checked_by) == ("matches", "name", "olga")


async def test_nobody_says_what_a_document_shows_that_they_have_not_seen(office: Office) -> None:
    """Pavel has read the case and trusts Olga, who says on the telephone that all is well. Another
    document that he has opened, or another case, is no help."""
    house, pavel = office.house, office.people["pavel"]
    (paper,) = (await office.seen()).documents
    other = await with_passport(house, pavel, office.case_id)
    assert isinstance(await casebook.look(house.desk, AT_DESK, pavel, office.case_id), CaseSeen)

    async def finds(verdict: DocumentVerdict, fact: Fact | None = None) -> str:
        args = (pavel, office.case_id, paper.id, verdict, fact)
        return said(await casework.check_document(house.desk, AT_DESK, *args))

    assert await finds(DocumentVerdict.MATCHES, Fact.NAME) == "document_unseen"
    assert await finds(DocumentVerdict.UNREADABLE) == "document_unseen"
    # A page that it does not have is not looked at.
    for page, document in ((9, paper.id), (0, other)):
        refused = await casebook.page_of_document(
            house.desk, house.intake, AT_DESK, pavel, office.case_id, document, page, "pavel"
        )
        assert said(refused) == "document_gone"
    assert await finds(DocumentVerdict.DOES_NOT_MATCH) == "document_unseen"
    await opened(house, pavel, office.case_id, paper.id)
    assert await finds(DocumentVerdict.DOES_NOT_MATCH) == "ok"


@pytest.mark.parametrize("kind", [CaseKind.CONTESTED, CaseKind.FROZEN])
async def test_silence_does_not_end_what_two_people_are_to_decide(
    office: Office, kind: CaseKind
) -> None:
    """Olga may not close it; so she asks something that nobody can answer, and waits."""
    house, olga = office.house, office.people["olga"]
    await house.write("UPDATE cases SET kind = :kind WHERE id = :id", kind=kind, id=office.case_id)
    assert await office.close("olga") == "case_kind"
    asked = await casework.answer(house.desk, AT_DESK, olga, office.case_id, "Which?", asks=True)
    assert asked is None
    house.clock.push(60 * DAY)
    time = CaseUpkeep(house.desk, house.intake, house.bugs.append)
    while await time.once():
        pass
    state = await house.value("SELECT state FROM cases WHERE id = :id", id=office.case_id)
    assert state == CaseState.WAITING
    # Once they have, it ends like every other.
    await house.write("UPDATE cases SET outcome = 'against' WHERE id = :id", id=office.case_id)
    house.clock.push(60 * DAY)
    while await time.once():
        pass
    state = await house.value("SELECT state FROM cases WHERE id = :id", id=office.case_id)
    assert state == CaseState.CLOSED


async def test_an_account_that_was_closed_meanwhile_is_not_given_away(office: Office) -> None:
    """The case is older than the account: what nobody owns any more begins no recovery, neither
    when the second confirms nor when time takes it up."""
    house, now = office.house, office.house.clock.now()
    account_id = await house.value("SELECT id FROM accounts")
    gone = [erasure.close(account_id, 1, now), *erasure.erase(account_id)]
    assert await office.propose("olga") == "ok"
    second = await office.second()
    await house.engine.write(gone)
    assert said((await office.seen()).prospect) == "case_incomplete"
    assert await office.confirm(second) == "case_incomplete"
    assert await house.value("SELECT count(*) FROM requests WHERE kind = 'recover'") == 0


async def test_an_account_that_closes_before_time_looks(office: Office) -> None:
    assert await office.propose("olga") == "ok"
    assert await office.confirm(await office.second()) == "ok"
    house, now = office.house, office.house.clock.now()
    account_id = await house.value("SELECT id FROM accounts")
    await house.engine.write([erasure.close(account_id, 1, now), *erasure.erase(account_id)])
    await house.pass_time(0)
    ended = await house.value("SELECT ended_as FROM requests WHERE kind = 'recover'")
    assert ended == "cancelled"


async def test_nobody_confirms_what_they_have_not_seen(office: Office) -> None:
    """The page of the case is open before the second, while somebody writes "it was not me"."""
    assert await office.propose("olga") == "ok"
    second, house = await office.second(), office.house
    seen = await version_of(house, office.case_id)
    assert await office.wrote("I have found my SIM. Somebody else writes here.") == "ok"
    stale = await case_decisions.confirm(
        house.desk, AT_DESK, office.people[second], office.case_id, seen, DOCUMENTS, fresh=True
    )
    assert said(stale) == "case_moved"
    assert await office.confirm(second) == "ok"


async def test_a_no_says_why(office: Office) -> None:
    assert await office.propose("olga", Verdict.AGAINST) == "ok"
    second = await office.second()
    assert await office.reject(second, " \n ") == "message_empty"
    assert await office.reject(second, "x" * 5_001) == "message_too_long"
    assert await office.reject(second) == "ok"


async def test_nobody_decides_while_somebody_else_is_answering(office: Office) -> None:
    """Pavel writes to the person that a document is missing; meanwhile Olga proposes."""
    taken = await casework.take(office.house.desk, AT_DESK, office.people["pavel"], office.case_id)
    assert taken is None
    assert await office.propose("olga") == "case_locked"
    assert await office.propose("pavel") == "ok"


async def test_what_was_proposed_in_a_round_before_waits_for_nobody(office: Office) -> None:
    """Time closes the case while a proposal waits; the person writes: nobody is asked to decide
    what nobody proposed."""
    assert await office.propose("olga") == "ok"
    olga, house = office.people["olga"], office.house
    await casework.answer(house.desk, AT_DESK, olga, office.case_id, "Still there?", asks=True)
    house.clock.push(15 * DAY)
    while await CaseUpkeep(house.desk, house.intake, house.bugs.append).once():
        pass
    assert await office.wrote() == "ok"
    assert await office.second() == "None"


async def test_fifty_who_propose_anew_are_one(office: Office) -> None:
    assert await office.propose("olga") == "ok"
    await office.leaves(await office.second())
    tries: list[Any] = [office.propose(("olga", "pavel")[turn % 2]) for turn in range(50)]
    assert sorted(await asyncio.gather(*tries)) == ["case_moved"] * 49 + ["ok"]
    assert await office.house.value("SELECT count(*) FROM case_decisions") == 1


async def test_words_of_an_insider_stay_where_they_belong(office: Office) -> None:
    """Notes, reasons and proposals are not what the person reads, nor what they take along."""
    house = office.house
    await casework.note(
        house.desk, AT_DESK, office.people["olga"], office.case_id, "The surname differs."
    )
    assert await office.propose("olga") == "ok"
    assert await office.reject(await office.second(), "The photo is another man's.") == "ok"
    view = await cases.show(house.desk, await entered(house, office.link))
    assert [each.text for each in view.messages] == ["My phone fell into the river."]
