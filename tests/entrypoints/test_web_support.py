"""The pages of the support desk from the person's side, walked without scripts: letters, the case,
documents as they arrive, and what is refused in which words."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from rebind.domain.cases import CaseMove, Side, Verdict
from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared import streams
from rebind.entrypoints.shared.serving import App
from rebind.flows import cases
from rebind.flows.desk import approving, casefiles
from rebind.flows.desk.casefiles import Access
from rebind.providers.blobs.folder import FolderBlobs
from rebind.providers.papers import workshop
from rebind.store import cases as store
from tests import uploads
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import sign_in
from tests.entrypoints.test_web_refusals import bare
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone

MAIL = "new.anna@example.net"
TEXT = "My phone fell into the river.\r\n\r\nWhat now? <b>Всё</b> http://example.com/"
KEPT = TEXT.replace("\r\n", "\n")
LOST = {"message": TEXT, "contact": MAIL, "claimed": ANNA, "number": ANNA_NEW}
EVIL = "<script>alert(1)</script>\n[x](http://evil.example/) http://evil.example/"


@pytest.fixture
def folder(house: House, tmp_path: Path) -> Path:
    """Where documents rest in this story."""
    return tmp_path / "documents"


@pytest.fixture
def papers(house: House, folder: Path) -> None:
    """Real documents: opened in a child, kept in a folder. Before the doors are built."""
    house.intake = msgspec.structs.replace(
        house.intake, papers=workshop.Workshop(), blobs=FolderBlobs(folder)
    )


async def asked(browser: Browser, kind: str = "lost_access", **typed: str) -> Seen:
    """A letter, sent."""
    await browser.open(f"/support/new?kind={kind}")
    return await browser.submit("/support/new", **(typed or LOST))


async def opened(house: House, browser: Browser) -> str:
    """The address of a case whose codes were answered."""
    page = await asked(browser)
    codes = {"code_contact": await house.code_to(MAIL), "code_new": await house.code_to(ANNA_NEW)}
    done = await browser.submit(f"{page.path}/proofs", **codes)
    (link,) = (link for link in done.links if link.startswith("/support/"))
    return link


async def sent(
    browser: Browser,
    case: str,
    file: bytes,
    kind: str = "identity",
    *,
    fields: Sequence[tuple[str, str]] | None = None,
    file_first: bool = False,
    whole: bool = True,
) -> Seen:
    """A document, sent by the form of the case; back on its page."""
    page = await browser.open(case)
    csrf = page.form(f"{case}/documents").fields["csrf"]
    written = [("csrf", csrf), ("kind", kind)] if fields is None else [*fields]
    name = "../../etc/passwd\0<b>.html"
    body = uploads.form(written, file, name, file_first=file_first, whole=whole)
    return await raw(browser, case, uploads.pieces(body, 1000))


async def raw(browser: Browser, case: str, pieces: Sequence[bytes], **headers: str) -> Seen:
    """A body for the documents of a case, piece by piece."""
    jar = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    given = {**uploads.MULTIPART, **browser.headers, "cookie": jar, **headers}
    answer = await browser.ask("POST", f"{case}/documents", pieces, given)
    if answer.status == 303:
        return await browser.open(answer.headers["location"])
    words = " ".join(re.sub("<[^>]*>", " ", answer.body.decode()).split())
    return Seen(case, answer, (), (), words, (), "en")


def files(folder: Path) -> list[bytes]:
    """What lies in a folder."""
    return [path.read_bytes() for path in folder.iterdir()]


async def access_to(house: House, case: str) -> Access:
    found = await cases.by_link(house.desk, case.rpartition("/")[2])
    assert isinstance(found, Access)
    return found


async def moved(house: House, case: str, *moves: CaseMove) -> None:
    """What the desk does to a case; `casework` has its own stories."""
    for move in moves:
        row = (await access_to(house, case)).row
        then = casefiles.moved(house.desk, row, move, house.clock.now())
        assert then is not None
        await house.engine.write([store.move(row, then)])


async def test_the_ladder_first_and_then_the_letters(house: House, browser: Browser) -> None:
    page = await browser.open("/support")
    first = [page.links.index(link) for link in ("/sign-in", "/recover", "/undo")]
    then = page.links.index("/support/new?kind=lost_access")
    assert max(first) < then
    for kind in ("contested", "frozen", "", "<b>"):
        assert (await browser.open(f"/support/new?kind={kind}")).path == "/support"
    await sign_in(house, browser, await house.bring_in(ANNA))
    inside = await browser.open("/support")
    assert {"/phone", "/cases"} <= set(inside.links)
    assert "/support" in (await browser.open("/profile")).links


async def test_a_letter_becomes_a_case_by_two_codes(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    page = await asked(browser)
    assert page.path.startswith("/requests/")
    assert {"code_contact", "code_new"} <= page.forms[1].fields.keys()
    house.clock.push(2 * 60_000)
    await browser.submit(f"{page.path}/codes", proof="code_contact")
    code = await house.code_to(MAIL)
    half = await browser.submit(f"{page.path}/proofs", code_contact=code)
    assert (half.status, half.path) == (200, page.path)
    done = await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    (reference,) = await house.rows("SELECT reference FROM cases")
    assert f"It is case {reference[0]}. We answer by Monday 12 January." in done.words
    case = next(link for link in done.links if link.startswith("/support/"))
    assert case.rpartition("/")[2] == await house.link_to(MAIL, "support")
    shown = await Browser(browser.app, "198.51.100.9").open(case)
    assert "We answer by Monday 12 January." in shown.words
    assert "<b>Всё</b>" in shown.words
    assert not [link for link in shown.links if "example" in link]


@pytest.mark.parametrize(
    ("field", "typed", "status"),
    [
        ("contact", "nobody", 422),
        ("claimed", "12", 422),
        ("number", "abc", 422),
        ("message", " \r\n ", 400),
        ("message", "ы" * 5_001, 400),
    ],
)
async def test_what_was_typed_stays_after_a_refusal(
    house: House, browser: Browser, field: str, typed: str, status: int
) -> None:
    seen = await asked(browser, **{**LOST, field: typed})
    assert (seen.status, seen.path) == (status, "/support/new")
    assert f'id="{field}-mistake"'.encode() in seen.answer.body
    kept = seen.form("/support/new").fields
    for name, value in {**LOST, field: typed}.items():
        if name != "message":
            assert kept[name] == value.strip()
    if field != "message":
        assert "http://example.com/" in seen.words
    assert await house.value("SELECT count(*) FROM cases") == 0


async def test_nobody_learns_whether_there_is_an_account(house: House, both: App) -> None:
    await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    answers = []
    for claimed in (ANNA, BORIS, ANNA_MAIL, "no.one@example.org"):
        browser = Browser(both, "192.0.2.77")
        page = await asked(browser, **{**LOST, "claimed": claimed})
        wrong = await browser.submit(f"{page.path}/proofs", code_contact="000000")
        answers.append([bare(page), bare(wrong)])
        house.clock.push(HOUR)
    assert all(each == answers[0] for each in answers)


async def test_from_inside_only_the_message_is_asked_for(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA, locale="en")
    await sign_in(house, browser, anna)
    form = (await browser.open("/support/new?kind=not_me")).form("/support/new")
    assert set(form.typed) == {"message"}
    case = await browser.submit("/support/new", message="Who was that?")
    assert case.path.startswith("/support/")
    assert case.path in (await browser.open("/cases")).links
    lost = await browser.open("/support/new?kind=lost_access")
    assert "/support/new" not in [form.action for form in lost.forms]
    for _more in range(10):
        await asked(browser, "other", message="Once more")
    again = browser.page
    assert (again.status, again.answer.headers.get("retry-after") is not None) == (429, True)


async def test_what_comes_next_has_a_day(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    await moved(house, case, CaseMove.ASK)
    assert "Please answer by Monday 19 January" in (await browser.open(case)).words
    written = await browser.submit(f"{case}/messages", message="Here it is.\r\nAnna")
    assert (written.status, written.path) == (200, case)
    assert "You hear from us by Wednesday 14 January." in written.words
    empty = await browser.submit(f"{case}/messages", message=" ")
    assert (empty.status, b'id="message-mistake"' in empty.answer.body) == (400, True)
    await moved(house, case, CaseMove.CLOSE)
    closed = await browser.open(case)
    assert "Open the case again" in closed.words
    again = await browser.submit(f"{case}/messages", message="One more thing")
    late = {**again.form(f"{case}/messages").fields, "message": "Too late"}
    assert await house.value("SELECT state FROM cases") == "open"
    await moved(house, case, CaseMove.CLOSE)
    house.clock.push(15 * DAY)
    ended = await browser.open(case)
    assert f"{case}/messages" not in [form.action for form in ended.forms]
    assert (await browser.send(f"{case}/messages", late)).status == 409


async def test_the_correspondence_is_kept_without_us(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    await browser.open(case)
    await browser.submit(f"{case}/messages", message=EVIL)
    row = (await access_to(house, case)).row
    now = house.clock.now()
    await house.engine.write(
        [
            casefiles.said(house.desk, row.id, side, "olga", text, now)
            for side, text in ((Side.DESK, "Good day."), (Side.NOTE, "A secret of the desk"))
        ]
    )
    page = (await browser.step("GET", f"{case}/correspondence.html")).answer
    data = (await browser.step("GET", f"{case}/correspondence.json")).answer
    name = f'attachment; filename="{row.reference}.'
    for answer in (page, data):
        assert answer.status == 200
        assert answer.headers["content-disposition"].startswith(name)
        assert answer.headers["cache-control"] == "no-store"
        assert case.rpartition("/")[2].encode() not in answer.body
        assert b"secret of the desk" not in answer.body
    html = page.body.decode()
    assert html.startswith("<!doctype html>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert not re.search(r"<script|<a |<img|<link|href=|src=", html)
    said = json.loads(data.body)["case"]["messages"]
    assert [each["by"] for each in said] == ["person", "person", "support"]
    assert [each["text"] for each in said] == [KEPT, EVIL, "Good day."]
    shown = await browser.open(case)
    assert b"<script>alert" not in shown.answer.body
    assert not [link for link in shown.links if "evil" in link]


async def test_links_that_open_nothing(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    before = await house.rows("SELECT * FROM cases")
    other = Browser(browser.app)
    for path in (case[:-2] + ("AA" if case[-2:] != "AA" else "BB"), "/support/x", "/support/%00"):
        for more in ("", "/correspondence.html", "/correspondence.json"):
            assert (await other.open(path + more)).status == 404
    for _visit in range(2):
        await other.open(case)
        await other.open(f"{case}/recovery")
    assert await house.rows("SELECT * FROM cases") == before


async def test_an_approval_is_gone_on_with_from_the_case(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    refused = await browser.open(case)
    csrf = refused.forms[1].fields["csrf"]
    assert (await browser.send(f"{case}/recovery", {"csrf": csrf})).status == 409
    access, now = await access_to(house, case), house.clock.now()
    caller = Someone(house, ANNA).caller()
    brought = await approving.effects(house.desk, caller, access.row, Verdict.FOR, now)
    assert isinstance(brought, approving.Effects)
    await house.desk.keep(brought.writes, brought.lines, now)
    decided = msgspec.structs.replace(access.row, request_id=brought.request_id)
    await house.engine.write([store.move(access.row, decided)])
    await house.pass_time(0)
    phone = Browser(browser.app, "198.51.100.9")
    await phone.open(case)
    assert "We have agreed; now it waits" in phone.page.words
    waits = await phone.submit(f"{case}/recovery")
    assert (waits.status, "Your recovery is waiting" in waits.words) == (200, True)
    await house.pass_time(72 * HOUR)
    await phone.open(case)
    ready = await phone.submit(f"{case}/recovery")
    await phone.submit(f"{ready.path}/codes", proof="code_new")
    done = await phone.submit(f"{ready.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    assert "You have your account back" in done.words
    assert "is its number now" in (await phone.open(case)).words


async def test_both_sides_of_a_contested_change_are_heard_apart(
    house: House, both: App, browser: Browser
) -> None:
    """Each from its own page, and neither reads what the other wrote."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await browser.open("/recover")
    page = await browser.submit("/recover", name=ANNA_MAIL)
    await browser.submit(f"{page.path}/proofs", code_email=await house.code_to(ANNA_MAIL))
    await browser.submit(f"{page.path}/number", number=THIEF)
    await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(THIEF))
    holder = Browser(both)
    link = await house.link_to(anna.number, "stop")
    await holder.open(f"/stop/{link}")
    stopped = await holder.submit(f"/stop/{link}")
    assert stopped.status == 200
    sides: list[str] = []
    for who, seen in ((holder, stopped), (browser, await browser.open(page.path))):
        (case,) = {each for each in seen.links if re.match("/support/(?!new)", each)}
        await who.open(case)
        await who.submit(f"{case}/messages", message=f"It is mine, says {case[-4:]}")
        sides.append(case)
    of_holder, of_thief = sides
    for who, case, other in ((holder, of_holder, of_thief), (browser, of_thief, of_holder)):
        words = (await who.open(case)).words
        assert case[-4:] in words
        assert f"says {other[-4:]}" not in words


@pytest.mark.usefixtures("papers")
async def test_a_document_is_kept_encrypted(house: House, folder: Path, browser: Browser) -> None:
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    seen = await sent(browser, case, uploads.photograph())
    assert (seen.status, seen.path) == (200, case), seen.words
    assert "Passport: the page with the photograph 1 page" in seen.words
    (kept,) = files(folder)
    assert b"\x89PNG" not in kept
    assert await house.rows("SELECT kind, media, pages FROM case_documents") == [
        ("identity", "image/jpeg", 1)
    ]
    for file in (b"<!doctype html><script>alert(1)</script>", b"<svg xmlns='a'><script/></svg>"):
        refused = await sent(browser, case, file)
        assert refused.status == 415
        assert "This kind of file cannot be used" in refused.words
    assert files(folder) == [kept]


async def test_forms_that_are_not_taken(house: House, tmp_path: Path, browser: Browser) -> None:
    """Nothing of them is read further than it must be, and nothing is kept."""
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    csrf = (await browser.open(case)).forms[1].fields["csrf"]
    right, kind = ("csrf", csrf), ("kind", "identity")
    wrong_ones: tuple[tuple[int, tuple[tuple[str, str], ...], str], ...] = (
        (403, (("csrf", "rf_other"), kind), ""),
        (403, (kind,), ""),
        (400, (right, kind), "first"),
        (400, (right, ("kind", "<b>")), ""),
        (400, (right,), ""),
        (400, (right, kind, kind), ""),
        (400, (right, kind), "cut off"),
        (400, (right, kind, ("x", "y" * 5_000)), ""),
        # Of parts that say nothing 20 MB held up everybody for four seconds.
        (400, (right, kind, *((str(n), "") for n in range(100))), ""),
    )
    for status, fields, more in wrong_ones:
        first, whole = more == "first", more != "cut off"
        refused = await sent(
            browser, case, b"%PDF-1.4 x", fields=fields, file_first=first, whole=whole
        )
        assert refused.status == status, (fields, more, refused.words)
    body = uploads.form([right, kind], b"%PDF-1.4 x")
    twice = body[: -len(f"--{uploads.BOUNDARY}--\r\n")] + body
    for wrong in (twice, b"", b"\r\n" * 100, body.replace(b"form-data;", b"attachment;")):
        assert (await raw(browser, case, [wrong])).status == 400
    for content_type in ("multipart/form-data", "application/json", "multipart/form-data; b=x"):
        answer = await raw(browser, case, [body], **{"content-type": content_type})
        assert answer.status == 400
    foreign = await raw(browser, case, [body], **{"sec-fetch-site": "cross-site"})
    assert foreign.status == 403
    assert await house.value("SELECT count(*) FROM case_documents") == 0


async def test_100_megabytes_end_the_connection(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what it says of itself before a byte is read; else at the byte that is one too many."""
    await house.bring_in(ANNA)
    case = await opened(house, browser)
    csrf = (await browser.open(case)).forms[1].fields["csrf"]
    taken = 0

    def endless(piece: bytes) -> list[bytes]:
        class Pieces(list[bytes]):
            def pop(self, _at: object = -1) -> bytes:
                nonlocal taken
                taken += 1
                return super().pop(0)

        return Pieces([piece] * 1_600)

    early = await raw(browser, case, [b"x"], **{"content-length": str(100 * 2**20)})
    begun = uploads.form([("csrf", csrf), ("kind", "identity")], b"%PDF-", whole=False)
    late = await raw(browser, case, [begun, *endless(b"x" * uploads.PIECE)])
    for seen in (early, late):
        assert (seen.status, seen.answer.headers["connection"]) == (413, "close")
        assert "This file is too large" in seen.words
    monkeypatch.setattr(streams, "PIECE_WAIT_S", 0.01)
    jar = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    slow = await browser.ask(
        "POST", f"{case}/documents", [begun], {**uploads.MULTIPART, "cookie": jar}, pause_s=0.05
    )
    assert (slow.status, slow.headers["connection"]) == (400, "close")
    assert await house.value("SELECT count(*) FROM case_documents") == 0
