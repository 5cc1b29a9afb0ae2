"""Through the pages: a password is set, changed and removed; what the form says, and never says."""

import json
import re
from html.parser import HTMLParser

import pytest

from rebind.domain.policy import Policy
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.entrypoints.shared.serving import App
from rebind.templates import pages
from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.pages.samples import Sample, all_samples, common
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import LANGUAGES, SESSION, sign_in
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, BORIS, House, Someone

HOME, CONFIRM = "/security/password", "/security/confirm"
STRENGTH = HOME + "/strength"
ANOTHER = "twelve slow boats on a river"
NEW_AT_THE_DESK = {"console/join", "console/own_new"}
"""Pages of the console on which the only password is one that is being chosen."""

SECRETS = {"password", "new_password"}


@pytest.fixture
async def anna(house: House) -> Someone:
    """Somebody with a mailbox, signed in nowhere."""
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")


async def form(house: House, browser: Browser, anna: Someone) -> Seen:
    """Signed in a moment ago, as far as the field of the new password."""
    await sign_in(house, browser, anna)
    house.clock.push(-5 * MINUTE)
    await browser.open(HOME)
    seen = await browser.submit(CONFIRM, purpose="password_set")
    assert seen.path.startswith(HOME + "?permit="), seen.words
    return seen


async def enter(app: App, name: str, password: str) -> Seen:
    browser = Browser(app, "198.51.100.7")
    await browser.open("/sign-in/password")
    return await browser.submit("/sign-in/password", name=name, password=password)


@LANGUAGES
async def test_a_first_password(house: House, both: App, language: str) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=language)
    browser = Browser(both, language=language)
    page = await form(house, browser, anna)
    assert page.lang == language
    assert "15" in page.words
    done = await browser.submit(HOME, new_password=PASSWORD)
    assert (done.status, done.path) == (200, HOME + "?done=set")
    assert PASSWORD not in done.answer.body.decode()
    for name in (ANNA, ANNA_MAIL):
        assert (await enter(both, name, PASSWORD)).path == "/profile"
    assert (await enter(both, ANNA, ANOTHER)).status == 403


async def test_what_is_not_taken_is_told_at_the_field(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await form(house, browser, anna)
    permit = page.path.partition("=")[2]
    for typed in ("fourteen chars", "password12345678", "9161234567 9161234567", "herons\x07 " * 3):
        seen = await browser.submit(HOME, new_password=typed)
        body = seen.answer.body.decode()
        assert (seen.status, seen.path) == (422, HOME)
        assert 'id="new_password-mistake"' in body
        assert 'aria-invalid="true"' in body
        assert typed not in body
        assert seen.form(HOME).fields["permit"] == permit
    assert (await browser.submit(HOME, new_password=PASSWORD)).path == HOME + "?done=set"


async def test_it_is_taken_as_it_was_typed(house: House, both: App, anna: Someone) -> None:
    """Blanks at the ends too, and 128 characters of any script."""
    browser = Browser(both)
    long = (" Семь серых цапель на закате и очень старый лодочник" * 3)[:127] + " "
    assert len(long) == 128
    await form(house, browser, anna)
    assert (await browser.submit(HOME, new_password=long)).path == HOME + "?done=set"
    for wrong in (long.strip(), long[:-1], long[1:], long.lower()):
        assert (await enter(both, ANNA, wrong)).status == 403
    assert (await enter(both, ANNA, long)).path == "/profile"


async def test_the_form_says_the_rules_and_her_own_words(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await form(house, browser, anna)
    for told in ("At least 15 characters", "Rebind", "+7••••••••67", ANNA_MAIL, "up to 128"):
        assert told in page.words
    body = page.answer.body.decode()
    # For what keeps passwords: the name to keep it under, in full, and that this one is new.
    assert f'autocomplete="username" value="{ANNA}" hidden' in body
    assert 'autocomplete="new-password"' in body
    # A field that cuts what is pasted would keep another password than the person's.
    (field,) = re.findall(r'<input[^>]* name="new_password"[^>]*>', body)
    assert "maxlength" not in field
    assert "onpaste" not in body


async def test_with_a_second_factor_eight_are_enough(
    house: House, browser: Browser, anna: Someone
) -> None:
    await set_totp(anna, age=30 * DAY)
    await set_password(anna, age=30 * DAY)
    await sign_in_by_app(house, browser, anna)
    await browser.open(HOME)
    asked = await browser.submit(CONFIRM, purpose="password_set")
    page = await browser.submit(f"{asked.path}/proofs", totp=totp_now(anna))
    assert page.path.startswith(HOME + "?permit="), page.words
    assert "At least 8 characters" in page.words
    assert (await browser.submit(HOME, new_password="nine owls")).path == HOME + "?done=set"
    assert "alone it signs nobody in" in browser.page.words


async def sign_in_by_app(house: House, browser: Browser, anna: Someone) -> None:
    await browser.open("/sign-in/password")
    half = await browser.submit("/sign-in/password", name=ANNA, password=PASSWORD)
    await browser.submit(f"{half.path}/proofs", totp=totp_now(anna))
    assert SESSION in browser.jar
    house.clock.push(HOUR)


async def test_it_is_changed_by_the_old_one_and_removed(
    house: House, both: App, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    browser = Browser(both)
    await sign_in(house, browser, anna)
    house.clock.push(HOUR)
    shown = await browser.open(HOME)
    assert "A password is set" in shown.words
    asked = await browser.submit(CONFIRM, purpose="password_set")
    assert asked.path.startswith("/requests/")
    assert (await browser.submit(f"{asked.path}/proofs", password=PASSWORD)).path.startswith(HOME)
    assert (await browser.submit(HOME, new_password=ANOTHER)).path == HOME + "?done=set"
    assert (await enter(both, ANNA, PASSWORD)).status == 403
    house.clock.push(MINUTE)
    asked = await browser.submit(CONFIRM, purpose="password_remove")
    # The one of a minute ago removes nothing; her own device with a code does.
    await browser.submit(f"{asked.path}/codes", proof="code_current")
    gone = await browser.submit(f"{asked.path}/proofs", code_current=await house.code_to(ANNA))
    assert (gone.status, gone.path) == (200, HOME + "?done=removed")
    assert "No password yet" in gone.words
    # Ending whatever somebody opened with it is on offer.
    assert (await browser.submit("/sessions/end-others")).path == "/sessions"
    assert (await enter(both, ANNA, ANOTHER)).status == 403


async def test_a_permit_that_has_served_leads_to_the_beginning(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await form(house, browser, anna)
    assert (await browser.submit(HOME, new_password=PASSWORD)).path == HOME + "?done=set"
    for path in (page.path, f"{HOME}?permit=nobody", f"{HOME}?permit={'0' * 32}"):
        again = await browser.open(path)
        assert again.status == 403
        assert "First confirm that it is you" in again.words
        again.form(CONFIRM, purpose="password_set")
    csrf = browser.page.forms[0].fields["csrf"]
    sent = {"csrf": csrf, "permit": page.path.partition("=")[2], "new_password": ANOTHER}
    refused = await browser.send(HOME, sent)
    assert (refused.status, ANOTHER in refused.answer.body.decode()) == (403, False)
    assert (await browser.send(HOME, {**sent, "csrf": "rf_no"})).status == 403


async def test_a_young_session_on_a_strange_device_is_told_when(
    house: House, browser: Browser
) -> None:
    boris = await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY, locale="en")
    boris.device = None
    await sign_in(house, browser, boris)
    if browser.page.path.startswith("/sign-in/check"):
        await browser.submit("/sign-in/check", mine="yes")
    await browser.open(HOME)
    refused = await browser.submit(CONFIRM, purpose="password_set")
    assert (refused.status, refused.path) == (409, CONFIRM)
    assert "This device is still too new for that" in refused.words
    refused.form(CONFIRM, purpose="password_set")


async def test_the_meter(house: House, browser: Browser, anna: Someone) -> None:
    page = await form(house, browser, anna)
    csrf = page.form(HOME).fields["csrf"]
    marks = []
    for typed in ("", "qwertyuiop", ANNA_MAIL, "owls lamp", PASSWORD):
        fields = {"csrf": csrf, "new_password": typed}
        seen = await browser.send(STRENGTH, fields)
        assert seen.status == 200
        assert seen.answer.headers["content-type"] == "application/json"
        assert seen.answer.headers["cache-control"] == "no-store"
        assert (typed or "-") not in seen.answer.body.decode()
        marks.append(json.loads(seen.answer.body)["strength"])
    assert marks[:3] == [0, 0, 0]
    assert (0 < marks[3] < 4, marks[4]) == (True, 4)
    # Not for other sites, and not for whoever is signed in nowhere.
    assert (await browser.send(STRENGTH, {"new_password": PASSWORD})).status == 403
    elsewhere = await browser.send(
        STRENGTH, {"csrf": csrf, "new_password": PASSWORD}, origin="https://evil.example"
    )
    assert elsewhere.status == 403
    assert (await browser.open(STRENGTH)).path == HOME
    del browser.jar[SESSION]
    nobody = await browser.step("POST", STRENGTH, f"csrf={csrf}&new_password=x".encode())
    assert nobody.status == 303


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.found.append(dict(attrs))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_password_is_masked_and_never_given_back(locale: Locale) -> None:
    """On every page in every state: masked, without a value, known to what keeps passwords."""
    site, seen = pages.site("Rebind", Policy()), set[str]()
    for sample in all_samples():
        fields = _Fields()
        fields.feed(_rendered(sample, locale, site))
        for field in fields.found:
            name = field.get("name") or ""
            if name not in SECRETS:
                assert field.get("type") != "password", (sample.page, name)
                continue
            seen.add(name)
            assert field["type"] == "password", sample.page
            assert "value" not in field, sample.page
            new = name == "new_password" or sample.page in NEW_AT_THE_DESK
            wanted = "new-password" if new else "current-password"
            assert field["autocomplete"] == wanted, sample.page
            named = [each for each in fields.found if each.get("autocomplete") == "username"]
            assert named, sample.page
    assert seen == SECRETS


def _rendered(sample: Sample, locale: Locale, site: pages.Site) -> str:
    return pages.render(sample.page, locale, site=site, **common(sample))
