"""Signing in: a code by SMS, and where the browser is unknown what the account has besides."""

import re

import pytest

from rebind.domain.units import DAY, MINUTE
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import PHONE, People, Person, Telling, Way
from tests.factors import PASSWORD, set_password, set_recovery_code, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, BORIS

REQUEST = r"/requests/[0-9a-f]{32}"

WEB_OTP = """
window.OTPCredential = class {};
navigator.credentials.get = (options) => new Promise((got) => {
  if (options.otp) window.smsArrives = (code) => got({ type: "otp", code });
});
"""
"""A browser that reads the code out of the SMS by itself (WebOTP): no SMS arrives at this one."""


async def asks_for_a_code(somebody: Person, number: str) -> None:
    """As far as the field of the code."""
    await somebody.opens("/sign-in")
    await somebody.sends(number=number)
    await somebody.is_at(REQUEST, "Enter the code")


async def test_a_code_lets_her_in_at_her_own_browser(people: People, told: Telling) -> None:
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,), signed_in=False)
    await anna.opens("/")
    await anna.follows("Sign in")
    await anna.sends(number=ANNA)
    await anna.is_at(REQUEST, "Enter the code")
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at("/profile", "My profile")
    await anna.follows("Settings")
    await anna.presses("Sign out")
    await anna.is_at("/", "Your number is the key to your account")
    await anna.opens("/security")
    await anna.is_at(r"/sign-in\?next=/security", "Sign in")


async def test_at_an_unknown_browser_her_mailbox_is_asked_as_well(
    people: People, house: OpenHouse, told: Telling
) -> None:
    await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=told[0])
    anna = await people.somebody(*told)
    await asks_for_a_code(anna, ANNA)
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at(REQUEST, "Enter the code")
    await anna.presses("Send a code to my e-mail")
    await anna.sends(code_email=await anna.inbox(ANNA_MAIL).code())
    await anna.is_at("/profile", "My profile")


async def test_a_number_of_nobody_looks_like_any_other(
    people: People, house: OpenHouse, language: Locale
) -> None:
    await house.bring_in(BORIS)
    boris, nobody = await people.somebody(language), await people.somebody(language)
    await asks_for_a_code(boris, BORIS)
    await asks_for_a_code(nobody, ANNA)
    # The end of the number that was typed is told, and how long until the next code.
    seen = [re.sub(r"•\d\d|\d:\d\d", "…", await one.text()) for one in (boris, nobody)]
    assert seen[0] == seen[1]
    assert await nobody.inbox(ANNA).messages() == []


async def test_whoever_was_sent_to_sign_in_comes_back(people: People, language: Locale) -> None:
    anna = await people.holder(ANNA, language, signed_in=False)
    await anna.opens("/sessions")
    await anna.sends(number=ANNA)
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at("/sessions", "Sessions")


@pytest.mark.parametrize("pasted", ["{0}", "{1} {2}", " {1}-{2} "])
async def test_a_code_may_be_pasted_as_it_stands(people: People, pasted: str) -> None:
    anna = await people.holder(ANNA, signed_in=False)
    await anna.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await asks_for_a_code(anna, ANNA)
    code = await anna.inbox(ANNA).code()
    clip = pasted.format(code, code[:3], code[3:])
    await anna.page.evaluate("text => navigator.clipboard.writeText(text)", clip)
    await anna.page.locator("input[name=code_current]").focus()
    async with anna.page.expect_navigation():
        await anna.page.keyboard.press("ControlOrMeta+V")
    await anna.is_at("/profile", "My profile")


async def test_the_browser_takes_the_code_out_of_the_sms(people: People) -> None:
    anna = await people.holder(ANNA, signed_in=False)
    await anna.context.add_init_script(WEB_OTP)
    await asks_for_a_code(anna, ANNA)
    await anna.page.wait_for_function("() => Boolean(window.smsArrives)")
    async with anna.page.expect_navigation():
        await anna.page.evaluate("code => smsArrives(code)", await anna.inbox(ANNA).code())
    await anna.looks()
    await anna.is_at("/profile", "My profile")


async def test_a_code_that_came_too_late_is_replaced(
    people: People, house: OpenHouse, language: Locale
) -> None:
    anna = await people.holder(ANNA, language, signed_in=False)
    await asks_for_a_code(anna, ANNA)
    late = await anna.inbox(ANNA).code()
    await house.pass_time(11 * MINUTE)
    await anna.sends(code_current=late)
    assert anna.status == 403
    await anna.presses("Send the code again")
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at("/profile", "My profile")


async def test_whoever_asked_too_often_works_for_the_next_code(
    people: People, language: Locale
) -> None:
    """The next code would take a minute; her device works for it by itself, about a second."""
    anna = await people.somebody(language)
    for status in (200, 429):
        await anna.opens("/sign-in")
        await anna.sends(number=ANNA)
        assert anna.status == status
    assert await anna.page.locator("input[name=number]").input_value() != ""
    await anna.sends(number=ANNA)
    await anna.is_at(REQUEST, "Enter the code")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/phone/change"])
async def test_what_is_said_of_a_number_moves_nothing_under_the_finger(
    people: People, language: Locale, path: str
) -> None:
    """No browser counts a jump within half a second of typing; whoever presses a button does."""
    anna = await people.holder(ANNA, language, screen=PHONE, signed_in=path == "/phone/change")
    await anna.opens(path)
    button = anna.page.locator("main form button:not([type=button])").first
    before = await button.bounding_box()
    async with anna.page.expect_response("**/phone-hint?*"):
        await anna.page.locator("input[name=number]").fill(BORIS)
    await anna.looks()
    assert await button.bounding_box() == before


async def test_a_password_and_a_second_factor_by_the_keyboard_alone(
    people: People, house: OpenHouse, language: Locale
) -> None:
    """On a telephone's screen: the page of the password, then the code of the app."""
    someone = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=language)
    await set_password(someone, age=30 * DAY)
    await set_totp(someone, age=30 * DAY)
    await set_recovery_code(someone, age=30 * DAY)
    anna = await people.somebody(language, Way.KEYBOARD, PHONE)
    await anna.opens("/sign-in")
    await anna.follows("Sign in with a password")
    await anna.is_at("/sign-in/password", "Sign in with a password")
    await anna.sends(name=ANNA_MAIL, password="not this one at all")
    assert anna.status == 403
    await anna.reads("That does not match")
    assert await anna.page.locator("input[name=password]").input_value() == ""
    assert await anna.page.locator("input[name=name]").input_value() == ANNA_MAIL
    await anna.sends(name=ANNA_MAIL, password=PASSWORD)
    await anna.is_at(REQUEST, "One more step")
    await anna.unfolds("Use a recovery code")
    await anna.sends(recovery_code="AAAAA-AAAAA")
    assert anna.status == 403
    await anna.sends(totp=totp_now(someone))
    await anna.is_at("/profile", "My profile")


async def test_a_password_is_shown_to_whoever_asks(people: People, language: Locale) -> None:
    """And masked again when it is sent, so that no browser remembers it as a text."""
    anna = await people.somebody(language, Way.KEYBOARD, PHONE)
    await anna.opens("/sign-in/password")
    field = anna.page.locator("#password")
    await field.fill(PASSWORD)
    reveal = anna.page.locator("button[data-reveal]")
    await anna._activate(reveal, key="Space")
    assert await field.get_attribute("type") == "text"
    assert await reveal.get_attribute("aria-pressed") == "true"
    await anna._activate(reveal, key="Space")
    assert await field.get_attribute("type") == "password"


async def test_without_scripts_a_password_is_as_good(people: People, house: OpenHouse) -> None:
    await set_password(await house.bring_in(ANNA), age=30 * DAY)
    anna = await people.somebody("ru", Way.NO_SCRIPT)
    await anna.opens("/sign-in/password")
    await anna.sends(name=ANNA, password=PASSWORD)
    await anna.is_at("/profile", "My profile")


async def test_a_code_that_sends_itself_says_so(people: People, language: Locale) -> None:
    """WCAG 2.2, 3.2.2; and only where there is a script that sends it."""
    anna = await people.holder(ANNA, language, signed_in=False)
    await asks_for_a_code(anna, ANNA)
    await anna.reads("It is sent as soon as it is complete.")
    field = anna.page.locator("input[name=code_current]")
    told = await field.get_attribute("aria-describedby")
    assert told is not None
    hint = await anna.page.locator(f"#{told.split()[0]}").inner_text()
    assert anna.word("It is sent as soon as it is complete.") in " ".join(hint.split())


@pytest.mark.parametrize("way", [Way.KEYBOARD, Way.NO_SCRIPT])
async def test_a_code_alone_first_asks_whose_account_it_is(
    people: People, house: OpenHouse, language: Locale, way: Way
) -> None:
    await house.bring_in(BORIS, locale=language)
    boris = await people.somebody(language, way, PHONE)
    await asks_for_a_code(boris, BORIS)
    await boris.sends(code_current=await boris.inbox(BORIS).code())
    await boris.is_at("/sign-in/check", "Is this your account?")
    await boris.opens("/security")
    await boris.is_at(r"/sign-in/check\?next=/security", "Is this your account?")
    await boris.presses("Yes, it is mine: go on")
    await boris.is_at("/security", "Security settings")


async def test_whoever_has_somebody_elses_number_goes_out_again(
    people: People, house: OpenHouse, language: Locale
) -> None:
    await house.bring_in(BORIS, locale=language)
    stranger = await people.somebody(language, screen=PHONE)
    await asks_for_a_code(stranger, BORIS)
    await stranger.sends(code_current=await stranger.inbox(BORIS).code())
    await stranger.presses("No, it is not mine")
    await stranger.is_at("/sign-in/not-mine", "You have left that account")
    await stranger.opens("/profile")
    await stranger.is_at(r"/sign-in\?next=/profile", "Sign in")
