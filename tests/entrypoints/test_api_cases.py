"""Cases over the API: opened from inside and from outside, read by a link or a session, and the
body of a document, which is never held."""

import msgspec
import pytest

from rebind.domain import papers
from rebind.domain.cases import DOCUMENT_BYTES_MAX
from rebind.domain.limits import Override, in_force
from rebind.domain.papers import Setting
from rebind.entrypoints.shared.serving import App
from tests import uploads
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import whole
from tests.entrypoints.visitors import Visitor
from tests.people import ANNA, ANNA_NEW, BORIS, House
from tests.workshops import Workshop

PATH = "/api/v1/cases"
MAIL = "new.anna@example.net"
TEXT = "My phone fell into the river.\n\nWhat now?"
LOST = {
    "kind": "lost_access",
    "message": TEXT,
    "contact": MAIL,
    "claimed": ANNA,
    "number": "+7 903 111-22-33",
}


@pytest.fixture
def workshop(house: House) -> Workshop:
    """The child process of this story."""
    found = Workshop()
    house.intake = msgspec.structs.replace(house.intake, papers=found)
    return found


async def opened(house: House, visitor: Visitor) -> str:
    """The path of a case that was opened from outside; its link is the bearer from then on."""
    await house.bring_in(ANNA)
    answer = await visitor.post(PATH, LOST)
    assert answer.status == 201, answer.json
    request = answer.json["request"]
    assert request["needs"] == [["code_contact", "code_new"]]
    visitor.bearer = request["token"]
    proofs = [
        {"proof": "code_contact", "code": await house.code_to(MAIL)},
        {"proof": "code_new", "code": await house.code_to(ANNA_NEW)},
    ]
    done = await visitor.post(f"/api/v1/requests/{request['id']}/proofs", proofs)
    assert done.json["case"] == await house.link_to(MAIL, "support")
    visitor.bearer = done.json["case"]
    (found,) = (await visitor.get(PATH)).json["cases"]
    return f"{PATH}/{found['id']}"


async def test_a_case_by_its_link(house: House, visitor: Visitor, app: App) -> None:
    case = await opened(house, visitor)
    shown = (await visitor.get(case)).json
    assert (shown["state"], shown["answer_by"], shown["link"]) == (
        "new", "2026-01-12", visitor.bearer
    )  # fmt: skip
    said = await visitor.post(f"{case}/messages", {"message": "More \U0001f4f1\n" + "ы" * 4_990})
    assert [each["by"] for each in said.json["messages"]] == ["person", "person"]
    kept = (await visitor.get(f"{case}/correspondence")).json
    assert kept["case"]["messages"] == said.json["messages"]
    assert (kept["service"], "link" in kept["case"]) == ("Rebind", False)
    assert (await visitor.post(f"{case}/recovery")).code == "nothing_waits"
    # The link of one case opens no other, and nothing without it.
    other = case[:-1] + ("0" if case[-1] != "0" else "1")
    assert (await visitor.get(other)).code == "case_unknown"
    stranger = Visitor(app)
    assert (await stranger.get(case)).code == "session_required"
    stranger.bearer = f"{visitor.bearer}"[:-2] + "__"
    assert (await stranger.get(case)).code in ("case_unknown", "session_required")


async def test_kinds_of_documents_are_those_in_force(
    workshop: Workshop, house: House, reported: list[BaseException]
) -> None:
    """The description names them and no other; one that is switched off is refused, and what was
    sent before is still told of."""
    bill = Setting("A bill", "Квитанция", ("orders",))
    house.desk = msgspec.structs.replace(
        house.desk, papers=papers.in_force({"bill": bill, "another": Setting(off=True)})
    )
    visitor = Visitor(whole(house, reported))
    case, body = await opened(house, visitor), uploads.pieces(b"%PDF-")
    path = "/api/v1/cases/{id}/documents/{kind}"
    posted = (await visitor.get("/openapi.json")).json["paths"][path]["post"]
    (pattern,) = (
        each["schema"]["pattern"] for each in posted["parameters"] if each.get("name") == "kind"
    )
    assert pattern == "^(identity|operator_contract|operator_statement|bill)$"
    taken = await visitor.ask("POST", f"{case}/documents/bill", body)
    assert [each["kind"] for each in taken.json["documents"]] == ["bill"]
    refused = await visitor.ask("POST", f"{case}/documents/another", body)
    assert (refused.status, refused.code) == (400, "document_kind")
    house.desk = msgspec.structs.replace(house.desk, papers=papers.BUILT_IN)
    there = Browser(whole(house, reported))
    page = await there.open(f"/support/{visitor.bearer}")
    # In a language that the administrator has not to be asked for any more: as it is stored.
    assert "bill 1 page" in page.words
    assert (await visitor.get(case)).json["documents"] == taken.json["documents"]


async def test_a_case_takes_so_much_a_day(
    workshop: Workshop, house: House, reported: list[BaseException]
) -> None:
    few = in_force({"messages_case": Override(amount=1), "uploads_case": Override(amount=1)})
    house.desk = msgspec.structs.replace(house.desk, limits=few)
    visitor = Visitor(whole(house, reported))
    case = await opened(house, visitor)
    assert (await visitor.post(f"{case}/messages", {"message": "Hello?"})).status == 200
    again = await visitor.post(f"{case}/messages", {"message": "Hello?"})
    assert (again.status, again.code) == (429, "too_many_messages")
    assert again.headers["retry-after"] == "86400"
    paper = f"{case}/documents/identity"
    workshop.refusing = "damaged"
    refused = await visitor.ask("POST", paper, uploads.pieces(b"cat"))
    assert refused.code == "document_unreadable"
    again = await visitor.ask("POST", paper, uploads.pieces(b"%PDF-"))
    assert (again.status, again.code) == (429, "too_many_uploads")
    assert again.headers["retry-after"] == "86400"
    # On the page nothing of what was typed is lost.
    browser = Browser(visitor.app)
    page = f"/support/{visitor.bearer}"
    await browser.open(page)
    seen = await browser.submit(f"{page}/messages", message="A long letter\nabout an order")
    assert (seen.status, "That were many messages for one day" in seen.words) == (429, True)
    assert "A long letter\nabout an order</textarea>" in seen.answer.body.decode()


async def test_a_case_from_inside(house: House, visitor: Visitor) -> None:
    anna, boris = await house.bring_in(ANNA), await house.bring_in(BORIS)
    for someone in (anna, boris):
        await someone.sign_in()
    visitor.bearer = anna.session
    assert (await visitor.get(PATH)).json == {"cases": []}
    letter = {"kind": "not_me", "message": TEXT}
    for more in ({"contact": MAIL}, {"number": ANNA}, {"claimed": ANNA}):
        assert (await visitor.post(PATH, {**letter, **more})).code == "body_malformed"
    case = (await visitor.post(PATH, letter)).json["case"]
    assert case["messages"][0]["text"] == TEXT
    (listed,) = (await visitor.get(PATH)).json["cases"]
    assert (listed["id"], "messages" in listed) == (case["id"], False)
    assert (await visitor.get(f"{PATH}/{case['id']}")).json == case
    visitor.bearer = boris.session
    assert (await visitor.get(PATH)).json == {"cases": []}
    assert (await visitor.get(f"{PATH}/{case['id']}")).code == "case_unknown"
    lost = await visitor.post(PATH, {"kind": "lost_access", "message": TEXT})
    assert lost.code == "case_kind"


async def test_a_document_is_the_body_itself(
    workshop: Workshop, house: House, visitor: Visitor
) -> None:
    case = await opened(house, visitor)
    path = f"{case}/documents/identity"
    whole = uploads.pieces(b"%PDF-" * 100_000)
    taken = await visitor.ask("POST", path, whole, {"content-type": "text/html"})
    assert taken.status == 201, taken.json
    (paper,) = taken.json["documents"]
    assert (paper["kind"], paper["destroyed_at"], taken.json["room"]) == ("identity", None, 11)
    workshop.refusing = "type_unknown"
    assert (await visitor.ask("POST", path, whole)).code == "document_type"
    workshop.refusing = None
    assert (await visitor.ask("POST", f"{case}/documents/cat", whole)).code == "document_kind"
    piece = b"x" * 2**20
    late = await visitor.ask("POST", path, [piece] * 21)
    said = {"content-length": str(DOCUMENT_BYTES_MAX + 1)}
    early = await visitor.ask("POST", path, [], said)
    for answer in (late, early):
        assert (answer.code, answer.headers["connection"]) == ("document_too_large", "close")
    assert await house.value("SELECT count(*) FROM case_documents") == 1
    assert workshop.opened == 0
