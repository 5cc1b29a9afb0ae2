"""The table of pages against the truth: who may, which headers every answer carries, and that
looking changes nothing.

Set REBIND_WRITE_RIGHTS=1 to write rights_web.txt anew, and read the difference before you keep it.
"""

import os
from pathlib import Path

import pytest

from rebind.domain.units import DAY
from rebind.entrypoints.shared.routes import Auth, rights
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.web.app import table
from rebind.entrypoints.web.assets import Brand, Library
from rebind.entrypoints.web.faces import Faces
from rebind.entrypoints.web.routes import Route
from rebind.templates import pages
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import whole
from tests.entrypoints.test_web_journeys import sign_in
from tests.people import ANNA, ANNA_NEW, JOURNEYS, House

RIGHTS = Path(__file__).with_name("rights_web.txt")
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def lines(house: House) -> list[Route]:
    site = pages.site("Rebind", house.desk.policy)
    faces = Faces(house.desk, site, secure=False)
    return table(house.desk, JOURNEYS, faces, Library(Brand()), house.intake)


def filled(route: Route, request_id: str = "0" * 32) -> str:
    """The path of a route with something in the place of its words."""
    return (
        route.path.replace("{id}", request_id)
        .replace("{name}", next(iter(pages.assets())))
        .replace("{link}", "rn_nobody")
    )


def test_the_rights_are_as_agreed(lines: list[Route]) -> None:
    now = rights(lines)
    if os.environ.get("REBIND_WRITE_RIGHTS"):
        RIGHTS.write_text(now, encoding="utf-8")
    assert now == RIGHTS.read_text(encoding="utf-8"), (
        "who may do what has changed: if that is meant, run with REBIND_WRITE_RIGHTS=1"
    )


def test_every_line_stands_once_and_says_what_it_is_for(lines: list[Route]) -> None:
    assert len({(route.method, route.path) for route in lines}) == len(lines)
    assert all(route.summary and not route.summary.endswith(".") for route in lines)
    assert {route.method for route in lines} == {"GET", "POST"}


async def test_the_rights_are_true(house: House, lines: list[Route], both: App) -> None:
    """Without a session, and with that of somebody who signs in in the meantime."""
    for route in lines:
        stranger = Browser(both)
        await stranger.open("/sign-in")
        csrf = stranger.page.form("/sign-in").fields["csrf"]
        body = f"csrf={csrf}".encode() if route.method == "POST" else b""
        seen = await stranger.step(route.method, filled(route), body)
        if route.auth is Auth.SESSION:
            assert seen.status == 303, route.path
            assert seen.answer.headers["location"].startswith("/sign-in"), route.path
        else:
            assert not seen.answer.headers.get("location", "").startswith("/sign-in"), route.path
        if route.auth is Auth.REQUEST and route.method == "GET":
            assert seen.status == 404, route.path


async def test_every_answer_is_safe(house: House, lines: list[Route], both: App) -> None:
    browser = Browser(both)
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    for method in ("GET", "HEAD", "POST", "PUT"):
        for path in {filled(route) for route in lines} | {"/nowhere", "/assets/none.css"}:
            seen = await browser.step(method, path)
            headers = seen.answer.headers
            assert SAFE.items() <= headers.items(), (method, path)
            assert "permissions-policy" in headers
            assert "strict-transport-security" not in headers
            if headers.get("content-type", "").startswith("text/html"):
                assert headers["content-security-policy"] == CSP
            kept = headers["cache-control"]
            public = path.startswith("/assets/") or path == "/phone-hint"
            assert kept == "no-store" or (public and seen.status == 200), (method, path, kept)
            assert method != "HEAD" or seen.answer.body == b""


async def test_over_https_browsers_are_told_to_stay_there(
    house: House, reported: list[BaseException]
) -> None:
    browser = Browser(whole(house, reported, "https://id.example.com"))
    for path in ("/", "/profile", "/nowhere", "/phone-hint"):
        seen = await browser.step("GET", path)
        assert seen.answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_looking_changes_nothing(house: House, lines: list[Route], both: App) -> None:
    """GET and HEAD of every page, signed in and not: no act, no commit."""
    browser = Browser(both)
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    # That somebody was seen is kept, no finer than the policy says, and is no act.
    await browser.open("/profile")
    acts, commits = await house.acts(), house.engine.stats.commits
    stranger = Browser(both)
    for route in lines:
        for method in ("GET", "HEAD"):
            for who in (browser, stranger):
                seen = await who.step(method, filled(route))
                # What takes a fresh proof first says so.
                assert seen.status in (200, 302, 303, 403, 404), route.path
    assert await house.acts() == acts
    assert house.engine.stats.commits == commits


async def test_the_address_of_a_form_leads_to_its_page(
    lines: list[Route], browser: Browser
) -> None:
    """Whoever loads anew after a refusal, or comes back with a session, finds the page."""
    pages_shown = {route.path for route in lines if route.method == "GET"}
    for route in lines:
        if route.path in pages_shown:
            continue
        assert route.page in pages_shown, route.path
        seen = await browser.step("GET", filled(route))
        page = route.page.replace("{id}", "0" * 32).replace("{link}", "rn_nobody")
        assert (seen.status, seen.answer.headers["location"]) == (303, page)


async def test_every_page_of_the_account_has_a_way_out(
    house: House, lines: list[Route], both: App
) -> None:
    """OWASP ASVS 5.0 7.4.4: wherever somebody is signed in, signing out is one press away."""
    browser = Browser(both)
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    assert "/sign-out" in [form.action for form in begun.forms]
    shown = [
        route
        for route in lines
        if route.method == "GET" and route.auth in (Auth.SESSION, Auth.REQUEST)
    ]
    assert len(shown) > 10
    for route in shown:
        seen = await browser.open(filled(route, begun.path.rpartition("/")[2]))
        assert "/sign-out" in [form.action for form in seen.forms], route.path
    await browser.submit("/sign-out")
    assert (await browser.open("/profile")).path.startswith("/sign-in")


async def test_methods_that_are_not_served(browser: Browser) -> None:
    for method, path, allow in (
        ("POST", "/profile", "GET, HEAD"),
        ("PUT", "/sign-out", "POST"),
        ("DELETE", "/sign-in", "GET, HEAD, POST"),
        ("OPTIONS", "/sessions/end-others", "POST"),
    ):
        seen = await browser.step(method, path)
        assert (seen.status, seen.answer.headers["allow"]) == (405, allow)
        assert seen.answer.headers["content-type"].startswith("text/html")


async def test_head_is_get_without_its_body(house: House, browser: Browser) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    for path in ("/profile", "/sign-in", "/nowhere"):
        get, head = await browser.step("GET", path), await browser.step("HEAD", path)
        assert (head.status, head.answer.headers, head.answer.body) == (
            get.status, get.answer.headers, b""
        )  # fmt: skip


async def test_an_old_session_cookie_opens_nothing(house: House, browser: Browser) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    house.clock.push(31 * DAY)
    seen = await browser.open("/security")
    assert seen.path == "/sign-in?next=/security"
