"""A fresh proof before something that protects the account is touched: the button, the page of the
request, and going on to what it was for."""

import pytest

from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import LANGUAGES, REQUEST, sign_in
from tests.factors import PASSWORD, set_password, set_recovery_code, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, BORIS_MAIL, House, Someone

CONFIRM = "/security/confirm"


@pytest.fixture
async def anna(house: House) -> Someone:
    """Somebody with a mailbox, signed in nowhere."""
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")


async def inside(house: House, browser: Browser, anna: Someone) -> Seen:
    """At her own browser, signed in an hour ago."""
    await sign_in(house, browser, anna)
    house.clock.push(HOUR)
    return await browser.open("/profile")


async def confirm(browser: Browser, purpose: str, about: str = "") -> Seen:
    csrf = browser.page.forms[0].fields["csrf"]
    return await browser.send(CONFIRM, {"csrf": csrf, "purpose": purpose, "about": about})


async def test_every_purpose_leads_somewhere(house: House, browser: Browser, anna: Someone) -> None:
    """No act that takes a fresh proof is without a page that goes on with it."""
    await set_password(anna, age=30 * DAY)
    await inside(house, browser, anna)
    mailbox = await house.value("SELECT id FROM emails")
    abouts = {
        Purpose.EMAIL_ADD: BORIS_MAIL,
        Purpose.EMAIL_REMOVE: mailbox.hex(),
        Purpose.PASSKEY_REMOVE: "0" * 32,
    }
    for purpose in Purpose:
        seen = await confirm(browser, purpose, abouts.get(purpose, ""))
        assert seen.status in (200, 404, 409), (purpose, seen.words)
        assert "form_malformed" not in seen.words, purpose


async def test_the_page_says_what_the_proof_is_for(house: House, both: App, anna: Someone) -> None:
    await set_password(anna, age=30 * DAY)
    browser = Browser(both)
    await inside(house, browser, anna)
    headings = set()
    for purpose in (Purpose.PASSWORD_SET, Purpose.TOTP_SET, Purpose.RECOVERY_CODES):
        asked = await confirm(browser, purpose)
        assert asked.path.startswith("/requests/")
        assert "Confirm that it is you to" in asked.words
        headings.add(asked.words.partition(" · ")[0])
    assert len(headings) == 3


async def test_proved_she_goes_on_to_the_form_with_the_permit(
    house: House, browser: Browser, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    await inside(house, browser, anna)
    asked = await confirm(browser, "totp_set")
    wrong = await browser.submit(f"{asked.path}/proofs", password="something else")
    assert wrong.status == 403
    assert b'id="password-mistake"' in wrong.answer.body
    assert "something else" not in wrong.answer.body.decode()
    on = await browser.submit(f"{asked.path}/proofs", password=PASSWORD)
    permit = asked.path.rpartition("/")[2]
    assert on.path == f"/security/totp?permit={permit}"
    assert on.status == 200


async def test_whoever_has_just_signed_in_goes_on_at_once(
    house: House, browser: Browser, anna: Someone
) -> None:
    """On a known device with a code to the number, within the last minutes."""
    await sign_in(house, browser, anna)
    house.clock.push(-5 * MINUTE)
    on = await confirm(browser, "password_set")
    assert on.path.startswith("/security/password?permit=")


async def test_by_a_password_alone_at_a_new_browser_a_code_is_asked_for_too(
    house: House, browser: Browser, anna: Someone
) -> None:
    """Each of the ways of two proofs has a name of its own; and the one with an SMS leads on."""
    await set_password(anna, age=30 * DAY)
    await browser.open("/sign-in/password")
    entered = await browser.submit("/sign-in/password", name=ANNA, password=PASSWORD)
    assert entered.path == "/profile"
    asked = await confirm(browser, "totp_set")
    assert asked.path.startswith("/requests/")
    assert "Use a password and a code from my e-mail" in asked.words
    assert "Use codes from an SMS and from my e-mail" in asked.words
    sent = await browser.submit(f"{asked.path}/codes", proof="code_email")
    assert "Use a password and a code from an SMS" in sent.words
    half = await browser.submit(f"{asked.path}/proofs", password=PASSWORD)
    on = await browser.submit(f"{half.path}/proofs", code_email=await house.code_to(ANNA_MAIL))
    assert on.path.startswith("/security/totp?permit=")


async def test_codes_have_a_button_before_they_have_a_field(
    house: House, browser: Browser, anna: Someone
) -> None:
    await inside(house, browser, anna)
    asked = await confirm(browser, "password_set")
    assert not [form for form in asked.forms if "code_current" in form.typed]
    sent = await browser.submit(f"{asked.path}/codes", proof="code_current")
    assert sent.path == asked.path
    on = await browser.submit(f"{asked.path}/proofs", code_current=await house.code_to(ANNA))
    assert on.path.startswith("/security/password?permit=")


async def test_a_code_may_come_without_the_one_that_is_late(
    house: House, browser: Browser, anna: Someone
) -> None:
    """Adding a mailbox takes two proofs: neither field insists on being filled in."""
    await inside(house, browser, anna)
    await set_totp(anna, age=30 * DAY)
    asked = await confirm(browser, "email_add", BORIS_MAIL)
    assert BORIS_MAIL not in asked.answer.body.decode()
    await browser.submit(f"{asked.path}/codes", proof="code_new")
    page = await browser.open(asked.path)
    (form,) = [form for form in page.forms if {"totp", "code_new"} <= set(form.typed)]
    assert b" required" not in _inputs(page)
    half = await browser.send(form.action, {**form.fields, "totp": totp_now(anna)})
    assert (half.status, half.path) == (200, asked.path)
    assert not [each for each in half.forms if "totp" in each.typed]
    done = await browser.submit(form.action, code_new=await house.code_to(BORIS_MAIL))
    assert done.path.startswith("/security/emails"), done.words
    assert await house.value("SELECT COUNT(*) FROM emails") == 2


def _inputs(page: Seen) -> bytes:
    body = page.answer.body
    return b"".join(each for each in body.split(b"<input")[1:] if b'name="totp"' in each[:200])


async def test_a_lost_answer_loses_nothing(house: House, browser: Browser, anna: Someone) -> None:
    """The proof was taken and the page never came: opening it anew does nothing, its button does.
    Once used it is no proof any more."""
    await set_password(anna, age=30 * DAY)
    await inside(house, browser, anna)
    asked = await confirm(browser, "password_remove")
    fields = asked.form(f"{asked.path}/proofs").fields | {"password": PASSWORD}
    csrf = fields["csrf"]
    await browser.send(f"{asked.path}/proofs", fields)
    assert "password_removed" in await house.acts(anna.account)
    again = await browser.open(asked.path)
    assert (again.status, again.path) == (200, asked.path)
    assert again.form(f"{CONFIRM}/{asked.path.rpartition('/')[2]}").typed == []
    spent = await browser.send(f"{CONFIRM}/{asked.path.rpartition('/')[2]}", {"csrf": csrf})
    assert spent.status == 403
    assert (await house.acts(anna.account)).count("password_removed") == 1


async def test_a_request_that_is_not_confirmed_leads_nowhere(
    house: House, browser: Browser, anna: Someone
) -> None:
    await inside(house, browser, anna)
    asked = await confirm(browser, "totp_set")
    csrf = asked.forms[0].fields["csrf"]
    request = asked.path.rpartition("/")[2]
    assert (await browser.send(f"{CONFIRM}/{request}", {"csrf": csrf})).path == asked.path
    assert (await browser.send(f"{CONFIRM}/{'0' * 32}", {"csrf": csrf})).status == 404
    for purpose in ("", "everything", "Password_set"):
        assert (await confirm(browser, purpose)).status == 400


async def test_it_is_cancelled_and_begun_anew(
    house: House, browser: Browser, anna: Someone
) -> None:
    await inside(house, browser, anna)
    asked = await confirm(browser, "totp_set")
    ended = await browser.submit(f"{asked.path}/cancel")
    assert "/security" in ended.links
    assert (await confirm(browser, "totp_set")).path.startswith("/requests/")


@LANGUAGES
async def test_with_a_second_factor_nothing_less_is_asked_for(
    house: House, both: App, anna: Someone, language: str
) -> None:
    """Each way that leads on has a field, and no other has."""
    await house.write("UPDATE accounts SET locale = :locale", locale=language)
    browser = Browser(both, language=language)
    await inside(house, browser, anna)
    await set_password(anna, age=30 * DAY)
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    asked = await confirm(browser, "password_set")
    assert asked.lang == language
    typed = [set(form.typed) for form in asked.forms if form.action.endswith("/proofs")]
    assert typed == [{"totp"}, {"recovery_code"}]
    assert REQUEST not in browser.jar or browser.jar[REQUEST].partition(".")[0] not in asked.path
