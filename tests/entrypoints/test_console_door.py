"""The console against the truth: who may, that nobody else can, by GET or by POST, and that what a
browser keeps and is shown is safe.

Set REBIND_WRITE_RIGHTS=1 to write rights_console.txt anew, and read the difference before you keep
it.
"""

import json
import os
from html import unescape
from pathlib import Path
from re import findall
from time import perf_counter

import pytest

from rebind.domain.operators import Role, matrix, may
from rebind.domain.units import HOUR, MINUTE, SECOND
from rebind.entrypoints.console import app as console
from rebind.entrypoints.console.faces import Faces
from rebind.entrypoints.console.routes import Route, rights
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App, application
from rebind.flows import operators
from rebind.flows.desk import tokens
from rebind.store.statements import Unavailable
from rebind.templates import pages
from tests.authenticator import Authenticator
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import PUBLIC_URL
from tests.operators import PASSWORD, Colleague, add_colleague, code_of, with_password
from tests.people import SITE, House

RIGHTS = Path(__file__).with_name("rights_console.txt")
SESSION, VISITOR = "__Host-rebind-console-session", "__Host-rebind-console-visitor"
ID = "0" * 32


@pytest.fixture
def lines(house: House) -> list[Route]:
    faces = Faces(house.desk, pages.site("Rebind", house.desk.policy), secure=False)
    return console.table(house.desk, house.intake, faces.paragraph, PUBLIC_URL)[0]


@pytest.fixture
def desk(house: House, reported: list[BaseException]) -> App:
    """The console, alone."""
    site = pages.site("Rebind", house.desk.policy)
    table = console.build(house.desk, site, intake=house.intake, public_url=PUBLIC_URL)
    problems = Problems(house.clock, house.desk.policy.code_digits)
    return application(table, [], problems, Unavailable, reported.append)


def at_desk(app: App, who: Colleague | None) -> Browser:
    """A browser, with the session of somebody."""
    browser = Browser(app)
    if who is not None:
        assert who.caller.bearer is not None
        browser.jar[SESSION] = who.caller.bearer
    return browser


def filled(route: Route) -> str:
    """The path of a route with something in the place of its words."""
    words = {"token": "ri_nobody", "login": "olga", "whose": "olga", "page": "0"}
    return route.path.format(**{"id": ID, "document": ID, "message": ID, **words})


async def csrf(browser: Browser, path: str = "/console/own") -> str:
    seen = await browser.open(path)
    return next(form.fields["csrf"] for form in seen.forms)


def test_the_rights_are_as_agreed(lines: list[Route]) -> None:
    now = f"{rights(lines)}\n{matrix()}"
    if os.environ.get("REBIND_WRITE_RIGHTS"):
        RIGHTS.write_text(now, encoding="utf-8")
    assert now == RIGHTS.read_text(encoding="utf-8"), (
        "who may do what has changed: if that is meant, run with REBIND_WRITE_RIGHTS=1"
    )


def test_every_line_stands_once_and_says_what_it_is_for(lines: list[Route]) -> None:
    assert len({(route.method, route.path) for route in lines}) == len(lines)
    assert all(route.summary and not route.summary.endswith(".") for route in lines)
    shown = {route.path for route in lines if route.method == "GET"}
    for route in lines:
        assert route.path.startswith("/console")
        assert route.path in shown or route.page in shown, "whoever loads anew finds the page"


async def test_nobody_passes_without_the_right(house: House, lines: list[Route], desk: App) -> None:
    """Every line refuses every role without its right, with a form of their own in hand; and lets
    pass every role that has it."""
    await add_colleague(house, "nobody", Role.AUDITOR)
    for role in Role:
        who = await add_colleague(house, f"one.{role}", role)
        token = await csrf(browser := at_desk(desk, who))
        before = await house.rows("SELECT login, role, disabled_at, invite_hash FROM operators")
        for route in lines:
            if route.right is None or route.path.endswith(("/sessions/end", "/remove")):
                continue
            body = f"csrf={token}".encode() if route.method == "POST" else b""
            seen = await browser.step(route.method, filled(route), body)
            allowed = may(role, route.right)
            assert (seen.status == 403) is not allowed, (role, route.method, route.path)
            if not allowed:
                assert "right_missing" in seen.words, route.path
        after = await house.rows("SELECT login, role, disabled_at, invite_hash FROM operators")
        assert before == after


async def test_the_signed_out_are_sent_to_sign_in(lines: list[Route], desk: App) -> None:
    for bearer in (None, "ro_AAAA", "rs_AAAA"):
        stranger = Browser(desk)
        await stranger.open("/console/sign-in")
        token = stranger.page.forms[0].fields["csrf"]
        if bearer is not None:
            stranger.jar[SESSION] = bearer
        for route in lines:
            body = f"csrf={token}".encode() if route.method == "POST" else b""
            seen = await stranger.step(route.method, filled(route), body)
            if route.right is not None:
                assert seen.status == 303, route.path
                to = seen.answer.headers["location"]
                assert to.startswith("/console/sign-in?next=/console"), route.path


async def test_what_protects_the_desk_takes_a_fresh_proof(
    house: House, lines: list[Route], desk: App
) -> None:
    ada = await add_colleague(house, "ada", Role.ADMINISTRATOR)
    browser = at_desk(desk, ada)
    token = await csrf(browser)
    house.clock.push(10 * MINUTE + SECOND)
    for route in lines:
        if route.fresh:
            body = f"csrf={token}".encode() if route.method == "POST" else b""
            seen = await browser.step(route.method, filled(route), body)
            to = seen.answer.headers["location"]
            assert (seen.status, to.partition("?")[0]) == (303, "/console/confirm"), route.path
    fresh = {route.path for route in lines if route.fresh}
    changing = {route.path for route in lines if route.method == "POST" and route.right}
    calm = ("/console/own/sessions", "/console/audit", "/console/cases")
    assert {path for path in changing if not path.startswith(calm)} <= fresh


async def test_every_answer_is_safe(house: House, lines: list[Route], desk: App) -> None:
    browser = at_desk(desk, await add_colleague(house, "max", Role.AUDITOR))
    for method in ("GET", "HEAD", "PUT"):
        for path in {filled(route) for route in lines}:
            headers = (await browser.step(method, path)).answer.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            if headers.get("content-type", "").startswith("text/html"):
                csp = headers["content-security-policy"]
                assert "script-src 'self'" in csp
                assert "frame-ancestors 'none'" in csp


async def test_looking_changes_nothing(house: House, lines: list[Route], desk: App) -> None:
    browsers = [Browser(desk)]
    for role in Role:
        browsers.append(at_desk(desk, await add_colleague(house, f"one.{role}", role)))
    acts, commits = await house.acts(), house.engine.stats.commits
    for route in lines:
        for browser in browsers:
            seen = await browser.step("GET", filled(route))
            assert seen.status in (200, 303, 403, 404), route.path
    assert await house.acts() == acts
    assert house.engine.stats.commits == commits


async def test_forms_of_others_change_nothing(house: House, desk: App) -> None:
    browser = at_desk(desk, await add_colleague(house, "ada", Role.ADMINISTRATOR))
    token = await csrf(browser, "/console/operators/new")
    fields = {"csrf": token, "login": "eve", "name": "Eve", "role": "supervisor"}
    for more in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        seen = await browser.send("/console/operators/new", fields, **more)
        assert "form_foreign" in seen.words or seen.status == 403
    for bad in ("", "rf_AAAA", "x" * 500):
        seen = await browser.send("/console/operators/new", {**fields, "csrf": bad})
        assert seen.status == 403, seen.words
    # A form of the web door is tied to another cookie.
    foreign = tokens.form(house.seal, tokens.new_visitor(house.dice)) or ""
    seen = await browser.send("/console/operators/new", {**fields, "csrf": foreign})
    assert seen.status == 403
    assert not await house.rows("SELECT login FROM operators WHERE login = 'eve'")


async def test_somebody_joins_by_passkey_and_comes_back(house: House, desk: App) -> None:
    invitation = await operators.add(house.desk, "olga", "Olga", Role.SUPERVISOR)
    assert isinstance(invitation, operators.Invitation)
    browser, pocket = Browser(desk), Authenticator(SITE, "localhost")
    seen = await browser.open(invitation.path)
    assert "Olga" in seen.words
    answer = pocket.register(options(seen.answer.body))
    form = seen.form(invitation.path, way="passkey")
    seen = await browser.send(invitation.path, {**form.fields, "answer": answer})
    assert seen.path == "/console/figures"
    assert "Olga" in seen.words
    kept = next(each for each in browser.jar if each == SESSION)
    assert kept.startswith("__Host-")
    again = await Browser(desk).open(invitation.path)
    assert (again.status, "invitation_unknown" in again.words) == (404, True)

    await browser.submit("/console/sign-out")
    seen = await browser.open("/console/audit")
    assert seen.path == "/console/sign-in?next=/console/audit"
    form = seen.form("/console/sign-in/passkey")
    answer = pocket.sign(options(seen.answer.body))
    seen = await browser.send("/console/sign-in/passkey", {**form.fields, "answer": answer})
    # A supervisor is brought back to what was asked for, and refused there by name.
    assert (seen.path, seen.status) == ("/console/audit", 403)
    assert (await browser.open("/console")).path == "/console/figures"


async def test_time_does_not_tell_who_works_here(house: House, desk: App, long_step: float) -> None:
    """However long a password takes to compare, a stranger hears of it on a step."""
    assert isinstance(
        await operators.add(house.desk, "ada", "Ada", Role.ADMINISTRATOR), operators.Invitation
    )
    browser = Browser(desk)
    for login in ("ada", "nobody"):
        await browser.open("/console/sign-in")
        began = perf_counter()
        seen = await browser.submit(
            "/console/sign-in", login=login, password="wrong", code="000000"
        )
        assert (seen.status, perf_counter() - began >= long_step) == (403, True)


async def test_somebody_signs_in_with_password_and_code_and_confirms(
    house: House, desk: App
) -> None:
    invitation = await operators.add(house.desk, "ada", "Ada", Role.ADMINISTRATOR)
    assert isinstance(invitation, operators.Invitation)
    _caller, secret = await with_password(house, invitation)
    house.clock.push(MINUTE)
    browser = Browser(desk)
    await browser.open("/console/sign-in")
    seen = await browser.submit(
        "/console/sign-in", login="ada", password="wrong", code=code_of(house, secret)
    )
    assert (seen.status, "We do not say which part was wrong" in seen.words) == (403, True)
    assert PASSWORD not in seen.answer.body.decode()
    seen = await browser.submit(
        "/console/sign-in", login="Ada ", password=PASSWORD, code=code_of(house, secret)
    )
    assert seen.path == "/console/figures"
    house.clock.push(HOUR // 2)
    first = browser.jar[SESSION]
    seen = await browser.open("/console/operators/new")
    assert seen.path == "/console/confirm?next=/console/operators/new"
    seen = await browser.submit("/console/sign-in", password=PASSWORD, code=code_of(house, secret))
    assert seen.path == "/console/operators/new"
    assert browser.jar[SESSION] != first
    seen = await browser.submit(
        "/console/operators/new", login="Olga", name=" Olga  Petrova ", role="operator"
    )
    (link,) = findall(rf"{PUBLIC_URL}(/console/join/\S+)", seen.words)
    assert "Olga Petrova" in (await Browser(desk).open(link)).words
    old = Browser(desk)
    old.jar[SESSION] = first
    assert (await old.open("/console/own")).path.startswith("/console/sign-in")


async def test_an_administrator_changes_a_role_and_shuts_somebody_out(
    house: House, desk: App
) -> None:
    ada = await add_colleague(house, "ada", Role.ADMINISTRATOR)
    olga = await add_colleague(house, "olga", Role.OPERATOR)
    browser, hers = at_desk(desk, ada), at_desk(desk, olga)
    assert (await hers.open("/console/audit")).status == 403
    await browser.open("/console/operators/olga")
    await browser.submit("/console/operators/olga/role", role="auditor")
    assert (await hers.open("/console/audit/olga")).status == 200
    assert "Somebody at the desk got another role" in hers.page.words
    await hers.submit("/console/audit/olga/export")
    told = [json.loads(line) for line in hers.page.answer.body.splitlines()]
    assert [told[0]["act"], told[1]["actor"]] == ["audit_exported", "operator:ada"]
    await browser.open("/console/operators/olga")
    await browser.submit("/console/operators/olga/disable")
    assert (await hers.open("/console")).path.startswith("/console/sign-in")
    seen = await browser.open("/console/operators/ada")
    assert not [form for form in seen.forms if "/operators/ada" in form.action]


async def test_what_people_say_stays_text(house: House, desk: App) -> None:
    browser = at_desk(desk, await add_colleague(house, "ada", Role.ADMINISTRATOR))
    evil = "<script>alert(1)</script>"
    await browser.open("/console/operators/new")
    await browser.submit("/console/operators/new", login="eve", name=evil, role="operator")
    seen = await browser.open("/console/operators")
    assert evil not in seen.answer.body.decode()
    assert evil in seen.words
    assert (await browser.open(f"/console/operators/{evil[:8]}")).status == 404


def options(body: bytes) -> dict[str, object]:
    """What a page hands to the browser's passkeys."""
    (found,) = findall(r'data-options="([^"]+)"', body.decode())
    return dict(json.loads(unescape(found)))
