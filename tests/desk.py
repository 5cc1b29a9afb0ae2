"""The people at the support desk, hired in one line, and a case that is ready for them."""

from rebind.domain.acts import Door
from rebind.domain.cases import CaseKind, DocumentKind, DocumentVerdict, Fact, Reason
from rebind.domain.operators import Operator, Role
from rebind.domain.refusals import Refused
from rebind.domain.units import DAY, Id
from rebind.flows import case_decisions, casebook, cases, casework
from rebind.flows.cases import Letter
from rebind.flows.desk import Caller, RequestView
from rebind.flows.desk.casefiles import Access
from rebind.store import case_threads
from rebind.store.case_threads import DocumentRow
from tests.people import ANNA, ANNA_NEW, House, Someone, said

NEW_MAIL = "new.anna@example.net"
LOST = Letter(CaseKind.LOST_ACCESS, "My phone fell into the river.", NEW_MAIL, ANNA, ANNA_NEW)
AT_DESK = Caller(Door.CONSOLE, "ru", "192.0.2.77", "192.0.2.77", "Tests/1.0")


async def hired(house: House, login: str, role: Role, created_by: str | None = None) -> Operator:
    """Somebody who works at the desk and may sign in."""
    at = house.clock.now() - 90 * DAY
    name = house.seal.seal("operators.name", login.encode(), login.capitalize())
    await house.write(
        "INSERT INTO operators (login, name_sealed, role, locale, created_by, created_at,"
        " wrong_in_row) VALUES (:login, :name, :role, 'ru', :by, :at, 0)",
        login=login,
        name=name,
        role=role.value,
        by=created_by,
        at=at,
    )
    return Operator(login, login.capitalize(), role, created_by, at)


async def written(house: House, who: Someone, letter: Letter = LOST) -> str:
    """A case whose codes were answered: what its link carries."""
    begun = await cases.begin(house.desk, who.caller(), letter)
    assert isinstance(begun, RequestView), begun
    codes = {"code_contact": await house.code_to(letter.contact)}
    if letter.number:
        codes["code_new"] = await house.code_to(letter.number)
    assert said(await who.prove(begun, **codes)) == "done"
    return await house.link_to(letter.contact, "support")


async def entered(house: House, link: str) -> Access:
    """The case that a link opens."""
    access = await cases.by_link(house.desk, link)
    assert isinstance(access, Access), access
    return access


async def version_of(house: House, case_id: Id) -> int:
    """What the page of a case says when it is opened now."""
    return int(await house.value("SELECT version FROM cases WHERE id = :id", id=case_id))


async def confirmed(house: House, who: Operator, case_id: Id, reason: Reason) -> Refused | None:
    """The second step, by somebody who has just looked at the case."""
    seen = await version_of(house, case_id)
    return await case_decisions.confirm(house.desk, AT_DESK, who, case_id, seen, reason, fresh=True)


async def opened(house: House, who: Operator, case_id: Id, document_id: Id) -> bytes | Refused:
    """Somebody opens the first page of a document. That they did is kept before it is fetched, also
    of one of which there is only a row."""
    return await casebook.page_of_document(
        house.desk, house.intake, AT_DESK, who, case_id, document_id, 0, who.login
    )


async def with_passport(
    house: House,
    who: Operator,
    case_id: Id,
    *,
    kind: str = DocumentKind.IDENTITY,
    fact: Fact | None = None,
) -> Id:
    """A document in the case that somebody has opened and found to match; only its row, for stories
    that nobody sees its pages in."""
    document_id = house.dice.id(house.clock.now())
    row = DocumentRow(
        document_id, kind, "image/jpeg", 1, 10, "", 0, document_id.hex(), None,
        house.clock.now(), None, None, None, None, None,
    )  # fmt: skip
    await house.engine.write([case_threads.add_document(case_id, row)])
    number = kind in (DocumentKind.OPERATOR_CONTRACT, DocumentKind.OPERATOR_STATEMENT)
    fact = fact or (Fact.NUMBER_HISTORY if number else Fact.NAME)
    assert said(await opened(house, who, case_id, document_id)) == "document_gone"
    checked = await casework.check_document(
        house.desk, AT_DESK, who, case_id, document_id, DocumentVerdict.MATCHES, fact
    )
    assert checked is None, checked
    return document_id
