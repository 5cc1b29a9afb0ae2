"""What bribed people at the support desk tried, and whoever lets them in: each a story that must
not come true."""

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
from rebind.domain.operators import Operator, Role
from rebind.domain.units import DAY, Id
from rebind.flows import case_decisions, casebook, cases, casework, correspondence, operators
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.casebook import CaseSeen
from tests.desk import AT_DESK, NEW_MAIL, entered, hired, with_passport, written
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
        return said(await case_decisions.propose(desk, AT_DESK, who, about, verdict, reason))

    async def confirm(
        self, login: str, reason: Reason = DOCUMENTS, case_id: Id | None = None
    ) -> str:
        desk, who = self.house.desk, self.people[login]
        about = case_id or self.case_id
        return said(await case_decisions.confirm(desk, AT_DESK, who, about, reason))

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


# puppets


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
