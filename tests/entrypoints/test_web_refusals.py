"""Saying no on a page: with its status, what was typed, and a way on; and that nobody can see from
a page whether a number is known."""

import hashlib
import re

import pytest

from rebind.domain import work
from rebind.domain.units import MINUTE
from rebind.entrypoints.api.app import build
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.web import app as web
from rebind.entrypoints.web.routes import Page, Visit
from rebind.store.statements import Unavailable
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.conftest import PUBLIC_URL
from tests.entrypoints.test_web_journeys import newest_code, sign_in
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, JOURNEYS, House, another

VARIES = re.compile(
    r"challenge&#34;:&#34;[\w-]+|[0-9a-f]{32}|r[vf]_[\w-]+|\d\d:\d\d|[+•\d -]{8,}|\d+"
)


def bare(seen: Seen) -> tuple[object, ...]:
    """A page without what differs for everybody: ids, tokens, the number typed, times."""
    page = VARIES.sub("…", seen.answer.body.decode())
    headers = {name: VARIES.sub("…", value) for name, value in seen.answer.headers.items()}
    return seen.status, VARIES.sub("…", seen.path), page, headers


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
@pytest.mark.parametrize(
    "typed", ["", "abc", "12", "+7", "+71234567890", "8-800-FLOWERS", "+78005553535", '"><b>x']
)
async def test_a_number_that_is_none_is_told_at_its_field(
    house: House, both: App, path: str, typed: str, language: str
) -> None:
    browser = Browser(both, language=language)
    await browser.open(path)
    seen = await browser.submit(path, number=typed)
    assert (seen.status, seen.path, seen.lang) == (422, path, language)
    assert seen.form(path).fields["number"] == typed
    assert b'id="number-mistake"' in seen.answer.body
    assert await house.acts() == []


async def test_known_and_unknown_numbers_look_the_same(house: House, both: App) -> None:
    """Signing in, opening an account and undoing, to the byte of the page and of each header."""
    await house.bring_in(ANNA)
    for path, field in (("/sign-in", "number"), ("/sign-up", "number"), ("/undo", "address")):
        answers = []
        for number in (ANNA, BORIS):
            browser = Browser(both, "198.51.100.1")
            await browser.open(path)
            begun = await browser.submit(path, **{field: number})
            assert begun.path.startswith("/requests/"), begun.words
            wrong = {
                name: another(await newest_code(house, ANNA)) if path == "/sign-in" else "000000"
                for form in begun.forms
                if form.action.endswith("/proofs")
                for name in form.typed
            }
            told = await browser.submit(f"{begun.path}/proofs", **wrong)
            assert told.status == 403
            house.clock.push(10 * MINUTE)
            answers.append((bare(begun), bare(told)))
        assert answers[0] == answers[1], path


async def test_a_hint_knows_nobody(house: House, browser: Browser) -> None:
    await house.bring_in(ANNA)
    known = await browser.step("GET", "/phone-hint?number=%2B7%20916%20123-45-67")
    unknown = await browser.step("GET", "/phone-hint?number=%2B79161234568")
    assert known.answer.json == {
        "canonical": ANNA, "shown": "+7 916 123-45-67", "country": "Russia", "error": None
    }  # fmt: skip
    assert unknown.answer.json["country"] == "Russia"
    assert known.answer.headers | {"content-length": ""} == unknown.answer.headers | {
        "content-length": ""
    }
    assert known.cookies == ()
    assert known.answer.headers["vary"] == "cookie, accept-language"
    browser.language = "ru"
    russian = await browser.step("GET", "/phone-hint?number=%2B77011234567")
    assert russian.answer.json["country"] == "Казахстан"
    for query in ("", "?number=", "?number=abc", "?x=1", "?number=%ff", "?number=1&number=2"):
        seen = await browser.step("GET", "/phone-hint" + query)
        assert (seen.status, seen.answer.json["canonical"]) == (200, None)
        assert seen.answer.json["error"]


async def test_a_spent_budget_offers_work(house: House, browser: Browser) -> None:
    """The form is given back with work; once it is solved, the same form is taken."""
    seen = await spend(house, browser)
    assert seen.status == 429
    assert int(seen.answer.headers["retry-after"]) > 0
    html = seen.answer.body.decode()
    found = re.search(r'data-work="([^"]+)"', html)
    assert found is not None, seen.words
    assert f'data-bits="{work.BITS}"' in html
    form = seen.form("/sign-in")
    assert form.fields["number"]
    solved = f"{found[1]}.{_nonce(found[1])}"
    passed = await browser.send("/sign-in", {**form.fields, "work": solved})
    assert passed.path.startswith("/requests/"), passed.words


async def spend(house: House, browser: Browser) -> Seen:
    """Ask until the page says that it was enough."""
    for _ in range(200):
        await browser.open("/sign-in")
        seen = await browser.submit("/sign-in", number=ANNA)
        if seen.status == 429 and b"data-work" in seen.answer.body:
            return seen
        house.clock.push(10_000)
    raise AssertionError("nobody ever had enough")


def _nonce(challenge: str) -> str:
    for number in range(1 << 24):
        digest = hashlib.sha256(f"{challenge}:{number}".encode()).digest()
        if int.from_bytes(digest[:8], "big") >> (64 - work.BITS) == 0:
            return str(number)
    raise AssertionError


async def test_a_change_that_is_refused_is_told_on_its_form(house: House, browser: Browser) -> None:
    await house.bring_in(BORIS)
    await sign_in(house, browser, await house.bring_in(ANNA))
    await browser.open("/phone/change")
    own = await browser.submit("/phone/change", number=ANNA, without_current="yes")
    assert own.status == 409
    assert own.form("/phone/change").fields["number"] == ANNA
    assert own.form("/phone/change").fields["without_current"] == "yes"
    # That the number is somebody's is told to nobody who has not shown to hold it.
    begun = await browser.submit("/phone/change", number=BORIS)
    assert begun.status == 200
    codes = await newest_code(house, ANNA), await newest_code(house, BORIS)
    taken = await browser.submit(f"{begun.path}/proofs", code_current=codes[0], code_new=codes[1])
    assert taken.status == 409


async def test_what_was_cancelled_cannot_be_answered(house: House, browser: Browser) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=CLARA)
    proofs, code = begun.form(f"{begun.path}/proofs"), await newest_code(house, CLARA)
    await browser.submit(f"{begun.path}/cancel")
    late = await browser.send(proofs.action, {**proofs.fields, "code_new": code})
    assert late.status == 409
    assert b"internal" not in late.answer.body


async def test_an_address_that_nobody_has(browser: Browser) -> None:
    for path in (
        "/nowhere",
        "/sign-in/",
        "/requests/",
        "/requests/x/y/z",
        "/assets/",
        "/demo",
        "/%00",
    ):
        for method in ("GET", "POST"):
            seen = await browser.step(method, path)
            assert seen.status == 404, path
            assert seen.answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "/" in seen.links
    for path in ("/api", "/api/v1", "/api/v1/nothing", "/api/v1/requests/"):
        seen = await browser.step("GET", path, accept="text/html")
        assert (seen.status, seen.answer.code) in ((404, "path_unknown"), (404, None))
    for accepts in ("application/json", "*/*", ""):
        program = await browser.step("GET", "/nowhere", accept=accepts)
        assert program.answer.code == "path_unknown"


async def test_a_request_that_nobody_has(browser: Browser) -> None:
    for request_id in ("0" * 32, "x", "0" * 31, "G" * 32):
        seen = await browser.open(f"/requests/{request_id}")
        assert (seen.status, seen.answer.headers["cache-control"]) == (404, "no-store")


async def test_a_database_away_is_a_page(house: House, browser: Browser) -> None:
    await browser.open("/sign-in")
    browser.jar["__Host-rebind-session"] = "rs_" + "A" * 64
    await house.engine.close()
    seen = await browser.open("/profile")
    assert seen.status == 503
    assert seen.answer.headers["retry-after"] == "5"
    assert seen.answer.headers["content-type"] == "text/html; charset=utf-8"
    api = await browser.step("GET", "/api/v1/account", authorization="Bearer rs_" + "A" * 64)
    assert (api.status, api.answer.code) == (503, "unavailable")


async def test_a_bug_tells_nothing_and_is_reported(
    house: House, reported: list[BaseException]
) -> None:
    door = web.build(
        house.desk, JOURNEYS, intake=house.intake, service="Rebind", public_url=PUBLIC_URL
    )
    pages = {**door.pages}

    async def breaks(*_args: object) -> None:
        raise ValueError(ANNA)

    pages["/settings"] = breaks
    app = build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        unavailable=Unavailable,
        report=reported.append,
        pages=pages,
        tell=door.tell,
    )
    seen = await Browser(app).open("/settings")
    assert seen.status == 500
    assert seen.answer.headers["content-type"] == "text/html; charset=utf-8"
    assert ANNA.encode() not in seen.answer.body
    assert len(reported) == 1


async def test_every_refusal_given_is_heard(house: House) -> None:
    heard: list[str] = []
    door = web.build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        service="Rebind",
        public_url=PUBLIC_URL,
        heard=lambda refusal: heard.append(refusal.code),
    )
    app = build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        unavailable=Unavailable,
        report=lambda error: None,
        pages=door.pages,
        tell=door.tell,
    )
    browser = Browser(app)
    await browser.open("/sign-in")
    await browser.submit("/sign-in", number="12")
    await browser.step("POST", "/sign-in", b"number=1")
    await browser.open("/nowhere")
    assert heard == ["number_impossible", "form_stale", "path_unknown"] or heard[1:] == [
        "form_stale", "path_unknown"
    ]  # fmt: skip


def test_a_visit_reads_its_query_or_nothing(house: House) -> None:
    caller = None
    visit = Visit(caller, {}, "/", {}, b"a=1&b=%ff")  # type: ignore[arg-type]
    assert visit.asked("a") is None
    assert Visit(caller, {}, "/", {}, b"a=1&b=2").asked("b") == "2"  # type: ignore[arg-type]
    assert Page("landing").refused is None


async def test_wrong_codes_close_the_page_of_their_request(house: House, browser: Browser) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=ANNA_NEW)
    wrong = another(await newest_code(house, ANNA_NEW))
    fields = begun.form(f"{begun.path}/proofs").fields
    statuses = [
        (await browser.send(f"{begun.path}/proofs", {**fields, "code_new": wrong})).status
        for _ in range(6)
    ]
    assert statuses[:5] == [403] * 5
    assert statuses[5] in (403, 409, 410, 422, 429)
