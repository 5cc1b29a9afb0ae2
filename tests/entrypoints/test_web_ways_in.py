"""Signing in with a password or a passkey, a second factor on the page of the request, and whether
the account behind a number is theirs at all."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import DEVICE, LANGUAGES, REQUEST, SESSION, sign_in
from tests.entrypoints.test_web_refusals import bare
from tests.factors import (
    PASSWORD,
    RECOVERY_CODE,
    SHORT_PASSWORD,
    set_password,
    set_recovery_code,
    set_totp,
    totp_now,
)
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House, Someone

UNSURE = "__Host-rebind-unsure"
FORM = "/sign-in/password"


@pytest.fixture
async def anna(house: House) -> Someone:
    """Somebody with a mailbox and a password, at no browser yet."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await set_password(anna, age=30 * DAY)
    return anna


async def enter(browser: Browser, name: str, password: str, after: str = "") -> Seen:
    await browser.open(FORM + after)
    return await browser.submit(FORM, name=name, password=password)


@LANGUAGES
@pytest.mark.parametrize("name", [ANNA, "8 (916) 123-45-67", ANNA_MAIL, f"  {ANNA_MAIL.upper()} "])
async def test_a_number_or_a_mailbox_and_the_password_let_her_in(
    both: App, anna: Someone, name: str, language: str
) -> None:
    if name.startswith("8") and language == "en":
        pytest.skip("only Russian pages know a home")
    browser = Browser(both, language=language)
    inside = await enter(browser, name, PASSWORD)
    assert (inside.status, inside.path) == (200, "/profile")
    assert {SESSION, DEVICE} <= browser.jar.keys()


async def test_whoever_signs_in_with_a_password_is_brought_back(
    browser: Browser, anna: Someone
) -> None:
    asked = await browser.open("/sessions")
    assert "/sign-in/password?next=/sessions" in asked.links
    assert (await enter(browser, ANNA, PASSWORD, "?next=/sessions")).path == "/sessions"
    assert (await browser.open(FORM)).path == "/profile"


async def test_the_same_page_in_the_same_words_whoever_it_is(
    house: House, both: App, anna: Someone
) -> None:
    """Unknown, known without a password, and known with another one; to the byte."""
    await house.bring_in(BORIS)
    for names in ((ANNA, BORIS, ANNA_NEW), (ANNA_MAIL, "nobody@example.com")):
        seen: list[tuple[object, ...]] = []
        for name in names:
            browser = Browser(both, f"198.51.100.{len(seen) + 10}")
            refused = await enter(browser, name, "something else entirely")
            assert (refused.status, refused.path) == (403, FORM)
            assert SESSION not in browser.jar
            assert REQUEST not in browser.jar
            status, path, page, headers = bare(refused)
            assert isinstance(page, str)
            seen.append((status, path, page.replace(name, "…"), headers))
        assert all(each == seen[0] for each in seen)


async def test_a_password_is_never_given_back(browser: Browser, anna: Someone) -> None:
    for name, password in ((ANNA, "not this one at all"), ("+7 12", PASSWORD)):
        refused = await enter(browser, name, password)
        assert refused.status in (403, 422)
        assert password not in refused.answer.body.decode()
        assert refused.form(FORM).fields["name"] == name


@pytest.mark.parametrize(
    "password",
    [
        "  blanks at both ends count  ",
        "пароль из четырёх тихих сов",
        "密" * 40,
        "🦉🪔 " * 32,
        "x" * 128,
    ],
)
async def test_a_password_is_read_as_it_was_typed(
    house: House, browser: Browser, password: str
) -> None:
    await set_password(await house.bring_in(ANNA), password, age=30 * DAY)
    assert len(password) <= 128
    if password != password.strip():
        assert (await enter(browser, ANNA, password.strip())).status == 403
    assert (await enter(browser, ANNA, password)).path == "/profile"


async def test_with_an_authenticator_app_its_code_is_asked_next(
    house: House, browser: Browser, anna: Someone
) -> None:
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    asked = await enter(browser, ANNA_MAIL, PASSWORD, "?next=/history")
    assert asked.path.startswith("/requests/")
    assert SESSION not in browser.jar
    assert {name for form in asked.forms for name in form.typed} == {"totp", "recovery_code"}
    wrong = await browser.submit(f"{asked.path}/proofs", totp=totp_now(anna, -9))
    assert wrong.status == 403
    assert b'id="totp-mistake"' in wrong.answer.body
    house.clock.push(60_000)
    inside = await browser.submit(f"{asked.path}/proofs", totp=f" {totp_now(anna)} ")
    assert inside.path == "/history"


async def test_a_recovery_code_stands_in_for_the_app(browser: Browser, anna: Someone) -> None:
    await set_password(anna, SHORT_PASSWORD, age=30 * DAY, alone=False)
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    asked = await enter(browser, ANNA, SHORT_PASSWORD)
    typed = RECOVERY_CODE.lower().replace("-", " ")
    inside = await browser.submit(f"{asked.path}/proofs", recovery_code=typed)
    assert inside.path == "/profile"


async def test_beside_the_code_a_password_and_a_passkey_are_offered(
    house: House, browser: Browser, anna: Someone
) -> None:
    """The same for a number that nobody has: what is behind it is not known yet."""
    for number in (ANNA, BORIS):
        await browser.open("/sign-in")
        begun = await browser.submit("/sign-in", number=number)
        proofs = [form for form in begun.forms if form.action.endswith("/proofs")]
        typed = [set(form.typed) - {"username"} for form in proofs]
        assert typed == [{"code_current"}, {"password"}, set()]
        assert "passkey" in proofs[-1].fields
        house.clock.push(HOUR)
    await browser.open("/sign-in")
    begun = await browser.submit("/sign-in", number=ANNA)
    assert (await browser.submit(f"{begun.path}/proofs", password=PASSWORD)).path == "/profile"


async def test_a_sign_in_with_a_passkey_begins_without_a_name(browser: Browser) -> None:
    await browser.open("/sign-in?next=/phone")
    begun = await browser.submit("/sign-in/passkey")
    assert begun.path.startswith("/requests/")
    assert begun.form(f"{begun.path}/proofs").typed == []
    empty = await browser.submit(f"{begun.path}/proofs")
    assert empty.status == 403
    fields = begun.form(f"{begun.path}/proofs").fields | {"passkey": '{"id":"x"}'}
    forged = await browser.send(f"{begun.path}/proofs", fields)
    assert forged.status == 403
    assert SESSION not in browser.jar


# --- Is this your account?


async def test_a_code_alone_first_asks_whether_the_account_is_theirs(
    house: House, browser: Browser
) -> None:
    anna = await house.bring_in(ANNA, since=house.clock.now() - 20 * DAY)
    check = await sign_in(house, browser, anna.elsewhere(), "?next=/phone")
    assert check.path == "/sign-in/check?next=/phone"
    assert ANNA not in check.answer.body.decode()
    for path in ("/profile", "/security", "/phone/change", "/sessions"):
        assert (await browser.open(path)).path.startswith("/sign-in/check?next=")
    await browser.open("/sign-in/check?next=/phone")
    assert (await browser.submit("/sign-in/check", mine="yes")).path == "/phone"
    assert UNSURE not in browser.jar
    assert (await browser.open("/profile")).path == "/profile"


async def test_whose_it_is_not_goes_out_again(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA, since=house.clock.now() - 800 * DAY)
    check = await sign_in(house, browser, anna.elsewhere())
    assert check.path == "/sign-in/check"
    out = await browser.submit("/sign-in/check", mine="no")
    assert (out.status, out.path) == (200, "/sign-in/not-mine")
    assert not {SESSION, UNSURE, REQUEST} & browser.jar.keys()
    assert await house.value("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL") == 0
    assert "session_ended" in await house.acts(anna.account)
    assert (await browser.open("/profile")).path.startswith("/sign-in?")


async def test_the_question_shows_the_ways_in_and_no_address_in_full(
    house: House, browser: Browser
) -> None:
    """A mailbox that a code by SMS has set protects nothing by itself, but its owner knows it."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await house.write(
        "UPDATE emails SET set_by = 'code_current', set_at = :at", at=house.clock.now()
    )
    check = await sign_in(house, browser, anna.elsewhere())
    assert check.path == "/sign-in/check", check.words
    assert "a•••@example.org" in check.words
    assert ANNA_MAIL not in check.answer.body.decode()


async def test_on_her_own_browser_nothing_is_asked(house: House, browser: Browser) -> None:
    assert (await sign_in(house, browser, await house.bring_in(ANNA))).path == "/profile"
    assert UNSURE not in browser.jar
