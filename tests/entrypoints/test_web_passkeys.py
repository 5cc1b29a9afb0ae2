"""Passkeys through the pages, as a browser sends their forms; the script is walked elsewhere."""

import html
import json
import re
from typing import Any

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.authenticator import Authenticator
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import LANGUAGES, SESSION, sign_in
from tests.factors import SHORT_PASSWORD, set_password
from tests.people import ANNA, ANNA_MAIL, BORIS, SITE, House, Someone

PASSKEYS = "/security/passkeys"
NEW = PASSKEYS + "/new"
CONFIRM = "/security/confirm"


@pytest.fixture
def key() -> Authenticator:
    """What keeps her passkeys."""
    return Authenticator(SITE, "localhost")


@pytest.fixture
async def anna(house: House, browser: Browser) -> Someone:
    """Anna, who has signed in a moment ago in `browser`, which she knows."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await sign_in(house, browser, anna)
    # Signing in pushes the clock; what she signed in with counts for ten minutes.
    return anna


def handed(page: Seen, name: str) -> Any:
    """What a page hands to the script, in the attribute of that name."""
    found = re.search(rf'{name}="([^"]*)"', page.answer.body.decode())
    assert found is not None, page.words
    return json.loads(html.unescape(found[1]))


async def scripted(browser: Browser, action: str, **answers: str) -> Seen:
    """Send the form to `action` with what a script writes into its hidden fields."""
    form = browser.page.form(action)
    assert answers.keys() <= form.fields.keys()
    return await browser.send(action, {**form.fields, **answers})


async def confirmed(
    house: House, browser: Browser, key: Authenticator | None = None, **typed: str
) -> Seen:
    """Press the button of something sensitive, and prove what is asked."""
    page = await browser.submit(CONFIRM, **typed)
    if not page.path.startswith("/requests/"):
        return page
    proofs = f"{page.path}/proofs"
    if key is not None:
        return await scripted(browser, proofs, passkey=key.sign(handed(page, "data-options")))
    await browser.submit(f"{page.path}/codes", proof="code_current")
    return await browser.submit(proofs, code_current=await house.code_to(ANNA))


async def added(
    house: House, browser: Browser, key: Authenticator, name: str = "", by: Any = None
) -> Seen:
    """One more passkey: the browser then stands on the list."""
    await browser.open(PASSKEYS)
    page = await confirmed(house, browser, by, purpose="passkey_add", about="")
    assert page.path.startswith(f"{NEW}?permit="), page.words
    made = key.register(handed(page, "data-options"))
    return await scripted(browser, NEW, credential=made, name=name)


@LANGUAGES
async def test_one_is_made_renamed_and_removed(
    house: House, both: App, key: Authenticator, language: str
) -> None:
    anna = await house.bring_in(ANNA, locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    listed = await browser.open(PASSKEYS)
    assert (listed.status, listed.lang) == (200, language)
    assert handed(listed, "data-signal")["allAcceptedCredentialIds"] == []
    page = await added(house, browser, key, "Telephone")
    assert (page.status, page.path) == (200, PASSKEYS + "?done=added")
    assert "Telephone" in page.words
    told = handed(page, "data-signal")
    assert (told["rpId"], len(told["allAcceptedCredentialIds"])) == ("localhost", 1)
    one = await house.value("SELECT id FROM passkeys")
    named = await browser.submit(f"{PASSKEYS}/{one.hex()}/name", name="Old telephone")
    assert (named.path, "Old telephone" in named.words) == (PASSKEYS, True)
    await house.pass_time(8 * DAY)
    await browser.open(PASSKEYS)
    gone = await confirmed(house, browser, key, purpose="passkey_remove", about=one.hex())
    assert (gone.status, gone.path) == (200, PASSKEYS + "?done=removed")
    assert "Old telephone" not in gone.words
    assert handed(gone, "data-signal")["allAcceptedCredentialIds"] == []
    assert {"passkey_added", "passkey_renamed", "passkey_removed"} <= set(
        await house.acts(anna.account)
    )


@pytest.mark.parametrize("done", ["added", "removed"])
async def test_after_a_change_the_other_sessions_may_be_ended(
    house: House, both: App, browser: Browser, anna: Someone, key: Authenticator, done: str
) -> None:
    """OWASP ASVS 5.0 7.4.3."""
    elsewhere = Browser(both, "198.51.100.7")
    page = await added(house, browser, key)
    if done == "removed":
        await house.pass_time(8 * DAY)
        await browser.open(PASSKEYS)
        one = (await house.value("SELECT id FROM passkeys")).hex()
        page = await confirmed(house, browser, key, purpose="passkey_remove", about=one)
    assert page.path == f"{PASSKEYS}?done={done}"
    await anna.sign_in() if done == "removed" else await _by_passkey(elsewhere, key)
    live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"
    assert await house.value(live) >= 2
    await browser.open(f"{PASSKEYS}?done={done}")
    await browser.submit("/sessions/end-others")
    assert await house.value(live) == 1
    assert (await browser.open(PASSKEYS)).status == 200


async def _by_passkey(browser: Browser, key: Authenticator) -> Seen:
    """Sign in without a name."""
    await browser.open("/sign-in")
    page = await browser.submit("/sign-in/passkey")
    assert page.path.startswith("/requests/"), page.words
    answer = key.sign(handed(page, "data-options"))
    return await scripted(browser, f"{page.path}/proofs", passkey=answer)


@pytest.mark.usefixtures("anna")
async def test_it_signs_in_without_a_name(
    house: House, both: App, browser: Browser, key: Authenticator
) -> None:
    await added(house, browser, key)
    elsewhere = Browser(both, "198.51.100.7")
    inside = await _by_passkey(elsewhere, key)
    assert (inside.status, inside.path) == (200, "/profile")
    assert SESSION in elsewhere.jar


@pytest.mark.usefixtures("anna")
async def test_what_does_not_match_signs_nobody_in(
    house: House, both: App, browser: Browser, key: Authenticator
) -> None:
    await added(house, browser, key)
    elsewhere = Browser(both, "198.51.100.7")
    await elsewhere.open("/sign-in")
    page = await elsewhere.submit("/sign-in/passkey")
    answer = key.sign({**handed(page, "data-options"), "challenge": "AAAA"})
    for wrong in (answer, "{}", "[" * 4_000):
        seen = await scripted(elsewhere, f"{page.path}/proofs", passkey=wrong)
        assert (seen.status, seen.path) == (403, f"{page.path}/proofs")
        assert wrong not in html.unescape(seen.answer.body.decode())
    assert SESSION not in elsewhere.jar


@pytest.mark.usefixtures("anna")
async def test_one_that_was_not_taken_may_be_tried_again(
    house: House, browser: Browser, key: Authenticator
) -> None:
    await browser.open(PASSKEYS)
    page = await confirmed(house, browser, purpose="passkey_add", about="")
    wrong = await scripted(browser, NEW, credential="{}", name="<b>Mine</b>")
    assert (wrong.status, wrong.path) == (422, NEW)
    form = wrong.form(NEW)
    assert (form.fields["name"], form.fields["credential"]) == ("<b>Mine</b>", "")
    assert handed(wrong, "data-options") == handed(page, "data-options")
    made = key.register(handed(wrong, "data-options"))
    assert (await scripted(browser, NEW, credential=made)).path == PASSKEYS + "?done=added"
    assert await house.value("SELECT count(*) FROM passkeys") == 1


@pytest.mark.usefixtures("anna")
async def test_without_a_proof_for_it_there_is_no_form(house: House, browser: Browser) -> None:
    for permit in ("", "?permit=", "?permit=x", f"?permit={'0' * 32}"):
        seen = await browser.open(NEW + permit)
        assert (seen.status, seen.forms == ()) == (403, False), permit
        assert "data-options" not in seen.answer.body.decode()
    csrf = (await browser.open(PASSKEYS)).form(CONFIRM).fields["csrf"]
    sent = await browser.send(NEW, {"csrf": csrf, "permit": "0" * 32, "credential": "{}"})
    assert sent.status == 403
    await house.pass_time(DAY)
    await browser.open(PASSKEYS)
    asked = await browser.submit(CONFIRM, purpose="passkey_add", about="")
    assert asked.path.startswith("/requests/")


@pytest.mark.usefixtures("anna")
async def test_what_is_in_the_way_of_removing_is_told_on_the_list(
    house: House, browser: Browser, key: Authenticator, anna: Someone
) -> None:
    await added(house, browser, key, "Telephone")
    one = (await house.value("SELECT id FROM passkeys")).hex()
    await house.pass_time(DAY)
    await browser.open(PASSKEYS)
    young = await browser.submit(CONFIRM, purpose="passkey_remove", about=one)
    assert young.status == 409
    assert "Telephone" in young.words
    await set_password(anna, SHORT_PASSWORD, alone=False)
    await house.pass_time(8 * DAY)
    await browser.open(PASSKEYS)
    short = await confirmed(house, browser, key, purpose="passkey_remove", about=one)
    assert short.status == 409
    assert "Telephone" in short.words
    assert await house.value("SELECT count(*) FROM passkeys WHERE removed_at IS NULL") == 1


@pytest.mark.usefixtures("anna")
async def test_names_of_others_are_left_alone(
    house: House, both: App, browser: Browser, key: Authenticator
) -> None:
    await added(house, browser, key, "Hers")
    one = (await house.value("SELECT id FROM passkeys")).hex()
    boris = Browser(both, "198.51.100.7")
    await sign_in(house, boris, await house.bring_in(BORIS, locale="en"))
    page = await boris.open(PASSKEYS)
    fields = {"csrf": page.form(CONFIRM).fields["csrf"], "name": "His"}
    seen = await boris.send(f"{PASSKEYS}/{one}/name", fields)
    assert seen.status == 404
    assert "Hers" not in seen.words
    assert "Hers" in (await browser.open(PASSKEYS)).words


@pytest.mark.usefixtures("anna")
async def test_a_name_is_shown_as_it_was_typed(
    house: House, browser: Browser, key: Authenticator
) -> None:
    name = '"><script>alert(1)</script>'
    page = await added(house, browser, key, name)
    body = page.answer.body.decode()
    assert name not in body
    assert html.escape(name, quote=True).replace("&quot;", "&#34;") in body
    history = await browser.open("/history")
    assert "script>alert" not in history.answer.body.decode()


async def test_whoever_is_not_signed_in_signs_in_first(house: House, browser: Browser) -> None:
    seen = await browser.open(NEW + "?permit=" + "0" * 32)
    assert seen.path.startswith("/sign-in?next=")
    boris = await house.bring_in(BORIS)
    await sign_in(house, browser, boris)
    await house.pass_time(HOUR)
    assert (await browser.open(PASSKEYS)).status == 200
