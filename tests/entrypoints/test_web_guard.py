"""What keeps forms of strangers away: cookies, the token in each form, what browsers say of where a
form came from, and where a page may lead."""

import re
from urllib.parse import urlencode

import pytest

from rebind.entrypoints.shared import forms, guard
from rebind.entrypoints.shared.callers import Headers
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.web import cookies
from rebind.flows.desk import tokens
from tests.entrypoints.browsers import Browser
from tests.entrypoints.test_web_journeys import (
    DEVICE,
    REQUEST,
    SESSION,
    VISITOR,
    enrol,
    newest_code,
    sign_in,
)
from tests.people import ANNA, BORIS, House

TOKEN = re.compile(r"rf_[A-Za-z0-9_-]{23}")
ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Lax"


async def test_cookies_are_for_this_host_and_for_no_script(house: House, both: App) -> None:
    """Every cookie of a whole life, by its attributes."""
    browser, lines = Browser(both), list[str]()
    seen = await browser.step("GET", "/sign-up")
    lines += seen.cookies
    fields = seen.form("/sign-up").fields | {"number": ANNA}
    begun = await browser.step("POST", "/sign-up", _coded(fields))
    lines += begun.cookies
    page = await browser.open(begun.answer.headers["location"])
    fields = page.forms[-1].fields | {"code_new": await newest_code(house, ANNA)}
    for form in page.forms:
        if form.action.endswith("/proofs"):
            fields = form.fields | {"code_new": await newest_code(house, ANNA)}
    done = await browser.step("POST", f"{page.path}/proofs", _coded(fields))
    lines += done.cookies
    profile = await browser.step("GET", "/profile")
    lines += profile.cookies
    out = await browser.step("POST", "/sign-out", _coded(profile.form("/sign-out").fields))
    lines += out.cookies
    assert {line.partition("=")[0] for line in lines} == {
        SESSION, DEVICE, REQUEST, VISITOR, "__Host-rebind-language"
    }  # fmt: skip
    for line in lines:
        assert ATTRIBUTES in line
        assert "Domain" not in line
    ages = {line.partition("=")[0]: line.partition("Max-Age=")[2] for line in lines[:-3]}
    assert ages[SESSION] == str(400 * 24 * 3600)
    assert ages[DEVICE] == str(400 * 24 * 3600)
    assert ages[REQUEST] == "3600"
    assert ages[VISITOR] == ""


def _coded(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


async def test_a_visitor_is_another_one_after_signing_in_and_out(
    house: House, browser: Browser
) -> None:
    await browser.open("/sign-up")
    before, form = browser.jar[VISITOR], browser.page.form("/sign-up").fields["csrf"]
    await enrol(house, browser, ANNA)
    inside = browser.jar[VISITOR]
    assert inside != before
    stale = await browser.send("/phone/change", {"csrf": form, "number": BORIS})
    assert stale.status == 403
    await browser.open("/profile")
    await browser.submit("/sign-out")
    assert browser.jar[VISITOR] not in (before, inside)


async def test_a_session_is_always_a_new_one(house: House, browser: Browser) -> None:
    """A session that somebody planted is not taken over."""
    browser.jar[SESSION] = "rs_planted"
    await enrol(house, browser, ANNA)
    assert browser.jar[SESSION] != "rs_planted"


async def test_a_new_session_ends_the_one_that_the_browser_carried(
    house: House, browser: Browser
) -> None:
    """OWASP ASVS 5.0 7.2.4: also where it was somebody else's."""
    anna, boris = await house.bring_in(ANNA), await house.bring_in(BORIS)
    await sign_in(house, browser, anna)
    before = browser.jar[SESSION]
    form = browser.page.forms[0].fields
    begun = await browser.send("/sign-in", {"csrf": form["csrf"], "number": BORIS})
    browser.jar[DEVICE] = str(boris.device)
    code = await newest_code(house, BORIS)
    inside = await browser.submit(f"{begun.path}/proofs", code_current=code)
    assert inside.status == 200, inside.words
    assert browser.jar[SESSION] != before
    assert (await house.acts(anna.account))[-1] == "session_ended"
    (why,) = await house.rows("SELECT ended_why FROM sessions WHERE ended_at IS NOT NULL")
    assert why == ("by_sign_in",)
    browser.jar[SESSION] = before
    assert (await browser.open("/profile")).path.startswith("/sign-in")


async def test_signing_in_again_does_not_stop_ones_own_change(
    house: House, browser: Browser
) -> None:
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=BORIS, without_current="yes")
    await browser.submit(f"{begun.path}/proofs", code_new=await newest_code(house, BORIS))
    form = browser.page.forms[0].fields
    again = await browser.send("/sign-in", {"csrf": form["csrf"], "number": ANNA})
    code = await newest_code(house, ANNA)
    inside = await browser.submit(f"{again.path}/proofs", code_current=code)
    assert inside.path == "/profile"
    assert begun.path in inside.links, "it waits as before"
    assert await house.value("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL") == 2


async def test_a_password_is_read_whole_and_of_any_script() -> None:
    """Neither cut off nor stripped: 128 characters of any script fit (OWASP ASVS 5.0 6.2.8)."""
    for typed in (" \t ", "\u2003a b\xa0", "\U0001f989" * 128, "密" * 128, "a\tb"):
        for name in ("password", "new_password"):
            body = urlencode({name: typed, "csrf": "x"}).encode()
            assert len(body) < 16 * 1024
            assert forms.parsed(body) == {name: typed, "csrf": "x"}
    form = forms.blank(("name", "password"), {"name": "anna", "password": "secret"})
    assert form.values == {"name": "anna"}


@pytest.mark.parametrize("token", ["", "rf_", "x", "rf_" + "A" * 23, "rf_" + "A" * 5_000, None])
async def test_a_form_without_its_token_does_nothing(
    house: House, browser: Browser, token: str | None
) -> None:
    await browser.open("/sign-up")
    fields = {"number": ANNA} if token is None else {"number": ANNA, "csrf": token}
    seen = await browser.send("/sign-up", fields)
    assert (seen.status, seen.path) == (403, "/sign-up")
    # Nothing is lost: the same form, with a token that holds.
    form = seen.form("/sign-up")
    assert form.fields["number"] == ANNA
    assert TOKEN.fullmatch(form.fields["csrf"])
    assert await house.acts() == []
    assert (await browser.submit("/sign-up")).path.startswith("/requests/")


async def test_a_form_of_another_visitor_does_nothing(
    house: House, browser: Browser, both: App
) -> None:
    other = Browser(both)
    await other.open("/sign-up")
    await browser.open("/sign-up")
    stolen = other.page.form("/sign-up").fields["csrf"]
    assert (await browser.send("/sign-up", {"number": ANNA, "csrf": stolen})).status == 403
    browser.jar.pop(VISITOR)
    assert (await browser.send("/sign-up", {"number": ANNA, "csrf": stolen})).status == 403
    browser.jar[VISITOR] = "rv_nobody"
    assert (await browser.send("/sign-up", {"number": ANNA, "csrf": stolen})).status == 403
    assert await house.acts() == []


@pytest.mark.parametrize(
    "said",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "x"},
        {"origin": "https://evil.example.org"},
        {"origin": "http://localhost:8081", "host": "localhost:8080"},
        {"origin": "https://localhost.evil.example.org", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    house: House, browser: Browser, said: dict[str, str]
) -> None:
    """Even where it has the token, and without giving back what the other site typed."""
    page = await browser.open("/sign-up")
    fields = {**page.form("/sign-up").fields, "number": ANNA}
    seen = await browser.send("/sign-up", fields, **said)
    assert seen.status == 403
    assert ANNA not in seen.answer.body.decode()
    assert await house.acts() == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"},
        {"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_forms_of_ours_pass(browser: Browser, said: dict[str, str]) -> None:
    page = await browser.open("/sign-up")
    fields = {**page.form("/sign-up").fields, "number": ANNA}
    assert (await browser.send("/sign-up", fields, **said)).path.startswith("/requests/")


def test_whoever_says_nothing_of_where_from_is_judged_by_the_token() -> None:
    said: Headers = {}
    assert not guard.foreign(said, b"http://localhost:8080")
    assert guard.foreign({b"origin": b"http://localhost:1"}, b"http://localhost:8080")


ELSEWHERE = [
    "//evil.example.org", "/\\evil.example.org", "\\\\evil.example.org",
    "https://evil.example.org", "javascript:alert(1)", "/%0d%0a\r\n", "/a b", "/\tevil", "evil", "",
    "/" * 300, "/\x00", "/é", "///evil.example.org", '/"><script>', "/x\\y", "/pro\nfile",
]  # fmt: skip


@pytest.mark.parametrize("to", ELSEWHERE)
async def test_no_way_leads_elsewhere(browser: Browser, to: str) -> None:
    assert guard.own_path(to) is None
    page = await browser.open("/")
    fields = page.form("/language").fields
    seen = await browser.step("POST", "/language", _coded({**fields, "lang": "ru", "next": to}))
    if seen.status == 303:
        assert seen.answer.headers["location"] == "/"
    else:
        # Control characters are refused before anybody looks at what they mean.
        assert seen.status == 400
        assert "location" not in seen.answer.headers


@pytest.mark.parametrize(
    "way", ["/phone", "/history?before=1&x=%20y", "/requests/a-b_c~d", "/a/../b"]
)
def test_ways_of_ours_are_ways(way: str) -> None:
    assert guard.own_path(way) == way


async def test_a_way_as_long_as_any_locks_nobody_out(house: House, browser: Browser) -> None:
    """A link that somebody made up leads to signing in; its way is kept with the request."""
    anna = await house.bring_in(ANNA)
    inside = await sign_in(house, browser, anna, "?next=/phone?" + "%26" * 190)
    assert (inside.status, SESSION in browser.jar) == (200, True)


async def test_a_foreign_way_after_signing_in_is_forgotten(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA)
    inside = await sign_in(house, browser, anna, "?next=//evil.example.org")
    assert inside.path == "/profile"
    planted = browser.jar[REQUEST].rpartition(".")[0] + ".%2F%2Fevil.example.org"
    assert planted != browser.jar[REQUEST]


MALFORMED = [
    (b"number=%00", {}),
    (b"number=%ff%fe", {}),
    (b"number=a%0Ab", {}),
    (b"number=x%C2%85y", {}),
    (b"number=1&number=2", {}),
    ("number=\u0417".encode(), {}),
    (b"&".join(b"a%d=1" % each for each in range(17)), {}),
    (b"number", {}),
    (b"number=1", {"content-type": "text/plain"}),
    (b'{"number":"1"}', {"content-type": "application/json"}),
    (b"number=1", {"content-type": "multipart/form-data; boundary=x"}),
]


@pytest.mark.parametrize(("body", "more"), MALFORMED)
async def test_what_no_form_sends_is_refused_with_a_page(
    house: House, browser: Browser, body: bytes, more: dict[str, str]
) -> None:
    seen = await browser.step("POST", "/sign-in", body, **more)
    assert seen.status == 400
    assert seen.answer.headers["content-type"] == "text/html; charset=utf-8"
    assert await house.acts() == []


async def test_a_form_may_not_be_large(browser: Browser) -> None:
    seen = await browser.step("POST", "/sign-in", b"number=" + b"1" * 20_000)
    assert seen.status == 413
    assert seen.answer.headers["connection"] == "close"


def test_blanks_around_what_is_typed_do_not_count() -> None:
    assert forms.parsed(b"number=%20%2B7%C2%A0916%09&b=") == {"number": "+7\xa0916", "b": ""}


def test_only_cookies_of_ours_are_read() -> None:
    header = b"a=1; __Host-rebind-session=s; __Host-rebind-session=t;__Host-rebind-device=d=e; x"
    assert cookies.read(header) == {"session": "s", "device": "d=e"}
    assert cookies.read(b"__Host-rebind-session=" + b"s" * 5_000) == {}
    assert cookies.read(b"rebind-session=s") == {}
    assert cookies.read(None) == {}


async def test_headers_of_programs_have_no_say_here(house: House, browser: Browser) -> None:
    """A page is opened by its cookies, the API by its header: neither opens the other."""
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    assert anna.session is not None
    page = await browser.open("/profile", authorization=f"Bearer {anna.session}")
    assert page.path.startswith("/sign-in")
    browser.jar[SESSION] = anna.session
    assert (await browser.open("/profile")).path == "/profile"
    api = await browser.step("GET", "/api/v1/account")
    assert api.answer.code == "session_required"


def test_a_token_of_one_visitor_is_no_token_of_another(house: House) -> None:
    seal, dice = house.seal, house.dice
    one, other = tokens.new_visitor(dice), tokens.new_visitor(dice)
    assert tokens.form_is_of(seal, one, tokens.form(seal, one))
    assert not tokens.form_is_of(seal, other, tokens.form(seal, one))
    assert tokens.form(seal, None) is None
    assert not tokens.form_is_of(seal, None, None)
