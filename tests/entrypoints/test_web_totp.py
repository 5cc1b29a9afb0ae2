"""The pages of the authenticator app and of recovery codes, walked by somebody with a browser."""

import re
from html import unescape

import pytest
from pyotp import TOTP

from rebind.domain.units import DAY, HOUR, SECOND
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import sign_in
from tests.factors import SHORT_PASSWORD, set_password, set_recovery_code, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, House, Someone, another

LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])
CONFIRM, PATH, CODES = "/security/confirm", "/security/totp", "/security/recovery-codes"
CODE = re.compile(r"\b(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}\b")
STEP = 30 * SECOND


@pytest.fixture
async def anna(house: House) -> Someone:
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,))


@pytest.fixture
async def browser(house: House, both: App, anna: Someone) -> Browser:
    """Hers, in which she has signed in a while ago."""
    browser = Browser(both)
    await sign_in(house, browser, anna)
    return browser


def secret_on(page: Seen) -> str:
    """The secret that a page shows, as somebody would type it."""
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.answer.body.decode())
    assert found, page.words
    return found.group(1).replace(" ", "")


def shown(house: House, secret: str) -> str:
    return TOTP(secret).at(house.clock.now() // 1_000)


async def confirmed(house: House, browser: Browser, page: str, purpose: str, **proofs: str) -> Seen:
    """Press a button of a page, and give what is asked for: by default a code to the number."""
    await browser.open(page)
    asked = await browser.submit(CONFIRM, purpose=purpose)
    if not asked.path.startswith("/requests/"):
        return asked
    if not proofs:
        await browser.submit(f"{asked.path}/codes", proof="code_current")
        proofs = {"code_current": await house.code_to(ANNA)}
    return await browser.submit(f"{asked.path}/proofs", **proofs)


@LANGUAGES
async def test_an_app_is_set_up_and_removed(
    house: House, both: App, anna: Someone, language: str
) -> None:
    await house.write("UPDATE accounts SET locale = :locale", locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    page = await confirmed(house, browser, PATH, "totp_set")
    assert (page.status, page.lang) == (200, language)
    assert re.fullmatch(PATH + r"\?permit=[0-9a-f]{32}", page.path)
    assert page.answer.headers["cache-control"] == "no-store"
    secret = secret_on(page)
    body = unescape(page.answer.body.decode())
    assert "otpauth://totp/Rebind:%2B7" in body
    assert f"?secret={secret}&issuer=Rebind" in body
    assert 'src="data:image/svg+xml' in body
    form = page.form(PATH)
    assert form.fields["end_others"] == "yes", "ending other sessions is proposed"
    code = shown(house, secret)
    done = await browser.submit(PATH, code=f"{code[:3]} {code[3:]}")
    assert (done.status, done.path) == (200, PATH + "?done=set")
    assert (await house.acts(anna.account))[-2:] == ["totp_set", "sessions_ended"]
    house.clock.push(8 * DAY)
    gone = await confirmed(house, browser, PATH, "totp_remove", totp=shown(house, secret))
    assert (gone.status, gone.path) == (200, PATH + "?done=removed")
    assert (await house.acts(anna.account))[-1] == "totp_removed"


@LANGUAGES
async def test_a_wrong_code_is_told_at_its_field_and_the_key_stays(
    house: House, both: App, anna: Someone, language: str
) -> None:
    await house.write("UPDATE accounts SET locale = :locale", locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    page = await confirmed(house, browser, PATH, "totp_set")
    secret = secret_on(page)
    fields = page.form(PATH).fields
    del fields["end_others"]
    wrong = another(shown(house, secret))
    again = await browser.send(PATH, {**fields, "code": wrong})
    assert (again.status, again.path) == (422, PATH)
    assert b'id="code-mistake"' in again.answer.body
    assert secret_on(again) == secret
    assert wrong not in again.words, "what was typed is not given back"
    assert "end_others" not in again.form(PATH).fields, "but what was chosen is"
    done = await browser.submit(PATH, code=shown(house, secret))
    assert done.path == PATH + "?done=set"
    assert (await house.acts(anna.account))[-1] == "totp_set"


async def test_without_a_proof_the_page_says_how_it_stands(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await browser.open(PATH)
    assert page.status == 200
    page.form(CONFIRM, purpose="totp_set")
    for permit in ("", "x", "0" * 32):
        refused = await browser.open(f"{PATH}?permit={permit}")
        assert refused.status == 403
        refused.form(CONFIRM, purpose="totp_set")
    assert await house.value("SELECT count(*) FROM totps") == 0


async def test_a_proof_that_is_over_leads_back_to_the_beginning(
    house: House, browser: Browser
) -> None:
    page = await confirmed(house, browser, PATH, "totp_set")
    secret = secret_on(page)
    house.clock.push(HOUR)
    late = await browser.submit(PATH, code=shown(house, secret))
    assert late.status == 403
    late.form(CONFIRM, purpose="totp_set")
    assert b'id="secret"' not in late.answer.body


async def test_why_it_cannot_be_removed_is_told_on_its_page(
    house: House, browser: Browser, anna: Someone
) -> None:
    await set_totp(anna)
    young = await browser.open(PATH)
    refused = await browser.submit(CONFIRM, purpose="totp_remove")
    assert refused.status == 409
    refused.form(CONFIRM, purpose="totp_remove")
    assert young.status == 200
    house.clock.push(8 * DAY)
    await set_password(anna, SHORT_PASSWORD, alone=False)
    kept = await confirmed(house, browser, PATH, "totp_remove", totp=totp_now(anna))
    assert kept.status == 409
    assert "15" in kept.words
    kept.form(CONFIRM, purpose="totp_remove")
    assert (await house.acts(anna.account)).count("totp_removed") == 0


@LANGUAGES
async def test_codes_are_shown_once_and_given_as_a_file(
    house: House, both: App, anna: Someone, language: str
) -> None:
    await house.write("UPDATE accounts SET locale = :locale", locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    await set_totp(anna, age=30 * DAY)
    page = await confirmed(house, browser, CODES, "recovery_codes", totp=totp_now(anna))
    assert re.fullmatch(CODES + r"\?permit=[0-9a-f]{32}", page.path)
    assert await house.value("SELECT count(*) FROM recovery_codes") == 0, "by GET nothing is made"
    made = await browser.submit(CODES)
    assert (made.status, made.path, made.lang) == (200, CODES, language)
    assert made.answer.headers["cache-control"] == "no-store"
    codes = CODE.findall(made.words)
    assert len(set(codes)) == 10
    assert "/security" in made.links
    file = await browser.submit(CODES + "/file")
    headers = file.answer.headers
    assert file.status == 200
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["content-disposition"] == 'attachment; filename="rebind-recovery-codes.txt"'
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    text = file.answer.body.decode()
    assert text.startswith("Rebind\n")
    assert CODE.findall(text) == codes
    # Opened again there are none to be seen, nor made by sending the form once more.
    seen = await browser.open(CODES)
    assert not CODE.findall(seen.words)
    assert "10" in seen.words
    again = await browser.send(CODES, page.form(CODES).fields)
    assert again.status == 403
    assert not CODE.findall(again.words)
    assert await house.value("SELECT count(*) FROM recovery_codes") == 10


async def test_a_file_is_made_of_ten_codes_and_nothing_else(
    house: House, both: App, browser: Browser
) -> None:
    page = await browser.open(CODES)
    csrf = page.forms[0].fields["csrf"]
    code = "ABCDE-FGHJK-MNPQR-STVWX-YZ234"
    for codes in ("", code, " ".join([code] * 11), " ".join([code] * 9 + ["<script>"]), "x" * 400):
        refused = await browser.send(CODES + "/file", {"csrf": csrf, "codes": codes})
        assert refused.status == 400, codes
        assert "content-disposition" not in refused.answer.headers
    foreign = await browser.send(CODES + "/file", {"csrf": "x", "codes": " ".join([code] * 10)})
    assert foreign.status in {400, 403}
    outside = Browser(both, "198.51.100.7")
    landing = await outside.open("/")
    fields = {"csrf": landing.forms[0].fields["csrf"], "codes": " ".join([code] * 10)}
    assert (await outside.send(CODES + "/file", fields)).path.startswith("/sign-in")


async def test_without_a_second_factor_none_are_offered(house: House, browser: Browser) -> None:
    page = await browser.open(CODES)
    assert not [form for form in page.forms if form.action == CONFIRM]
    assert {"/security/passkeys", PATH} <= set(page.links)
    csrf = page.forms[0].fields["csrf"]
    asked = await browser.send(CONFIRM, {"csrf": csrf, "purpose": "recovery_codes", "about": ""})
    assert asked.status == 409
    assert not [form for form in asked.forms if form.action == CODES]
    assert await house.value("SELECT count(*) FROM recovery_codes") == 0


async def test_new_ones_say_that_the_old_ones_end(
    house: House, browser: Browser, anna: Someone
) -> None:
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    page = await confirmed(house, browser, CODES, "recovery_codes", totp=totp_now(anna))
    assert b'class="alert info"' in page.answer.body
    made = await browser.submit(CODES)
    assert len(CODE.findall(made.words)) == 10


async def test_after_setting_one_up_codes_are_one_button_away(
    house: House, browser: Browser
) -> None:
    page = await confirmed(house, browser, PATH, "totp_set")
    secret = secret_on(page)
    done = await browser.submit(PATH, code=shown(house, secret))
    done.form(CONFIRM, purpose="recovery_codes")
    house.clock.push(STEP)
    asked = await browser.submit(CONFIRM, purpose="recovery_codes")
    ready = await browser.submit(f"{asked.path}/proofs", totp=shown(house, secret))
    assert ready.path.startswith(CODES)


async def test_signing_in_with_it(house: House, both: App, browser: Browser, anna: Someone) -> None:
    """A code to the number, then one of the app, typed with a blank between; and a printed one."""
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    for field, typed in (("totp", ""), ("recovery_code", "abcde fghjk mnpqr stvwx yz234")):
        there = Browser(both, "198.51.100.7")
        await there.open("/sign-in")
        begun = await there.submit("/sign-in", number=ANNA)
        half = await there.submit(f"{begun.path}/proofs", code_current=await house.code_to(ANNA))
        assert half.path == begun.path
        code = totp_now(anna)
        given = {field: typed or f"{code[:3]} {code[3:]}"}
        inside = await there.submit(f"{begun.path}/proofs", **given)
        assert inside.path == "/profile", inside.words
        house.clock.push(HOUR)
