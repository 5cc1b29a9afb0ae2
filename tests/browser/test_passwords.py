"""A password: set, shown, measured, pasted, and signed in with."""

import pytest
from playwright.async_api import expect

from rebind.domain.units import DAY, MINUTE
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import DEVICE, PHONE, People, Person, Telling, Way
from tests.factors import PASSWORD, set_password
from tests.people import ANNA, ANNA_MAIL

HOME, FORM = "/security/password", r"/security/password\?permit=[0-9a-f]{32}"
CHANGED = "двенадцать лодок на тихой реке"
FIELD = "input[name=new_password]"


async def comes_to_the_form(anna: Person) -> None:
    """Signed in a moment ago: she is asked for nothing more."""
    await anna.opens(HOME)
    await anna.presses("Set a password")
    await anna.is_at(FORM, "Set a password")


async def test_she_sets_one_and_signs_in_with_it(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    await comes_to_the_form(anna)
    await anna.sends(new_password="short")
    assert anna.status == 422
    await anna.reads("Without a second factor this password is too short")
    await anna.sends(new_password=PASSWORD)
    await anna.is_at(HOME + r"\?done=set", "Password")
    await anna.reads("Your password is set")
    elsewhere = await people.somebody(*told)
    await elsewhere.opens("/sign-in")
    await elsewhere.follows("Sign in with a password")
    await elsewhere.sends(name=ANNA_MAIL, password=PASSWORD)
    await elsewhere.is_at("/profile", "My profile")


async def test_she_changes_it_by_the_old_one_and_removes_it(
    people: People, house: OpenHouse, told: Telling
) -> None:
    someone = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=told[0])
    await set_password(someone, age=30 * DAY)
    anna = await people.somebody(*told)
    await people.remember(anna, DEVICE, someone.device)
    await people.signed_in(anna, someone)
    house.clock.push(20 * MINUTE)
    await anna.opens(HOME)
    await anna.presses("Change the password")
    await anna.sends(password=PASSWORD)
    await anna.is_at(FORM, "Change the password")
    await anna.sends(new_password=CHANGED)
    await anna.reads("Your password is set")
    await anna.presses("Remove the password")
    await anna.presses("Send a code by SMS")
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at(HOME + r"\?done=removed", "Password")
    await anna.reads("The password was removed")


async def test_it_is_pasted_and_shown(people: People, language: Locale) -> None:
    """What is pasted is taken whole; it is masked again before it is sent."""
    anna = await people.holder(ANNA, language)
    await anna.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await comes_to_the_form(anna)
    long = f" {CHANGED * 4}"[:127] + "!"
    await anna.page.evaluate("text => navigator.clipboard.writeText(text)", long)
    field = anna.page.locator(FIELD)
    await field.focus()
    await anna.page.keyboard.press("ControlOrMeta+V")
    assert await field.input_value() == long
    show = anna.page.get_by_role("button", name=anna.word("Show the password"))
    await expect(field).to_have_attribute("type", "password")
    await show.click()
    await expect(field).to_have_attribute("type", "text")
    await expect(show).to_have_attribute("aria-pressed", "true")
    await show.click()
    await expect(field).to_have_attribute("type", "password")
    await anna.presses("Save the password")
    await anna.reads("Your password is set")
    elsewhere = await people.somebody(language)
    await elsewhere.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await elsewhere.opens("/sign-in/password")
    await elsewhere.page.locator("input[name=name]").fill(ANNA)
    await elsewhere.page.evaluate("text => navigator.clipboard.writeText(text)", long)
    await elsewhere.page.locator("input[name=password]").focus()
    async with elsewhere.page.expect_navigation():
        await elsewhere.page.keyboard.press("ControlOrMeta+V")
        await elsewhere.page.keyboard.press("Enter")
    await elsewhere.is_at("/profile", "My profile")


async def test_what_keeps_passwords_knows_the_fields(people: People) -> None:
    anna = await people.holder(ANNA)
    await comes_to_the_form(anna)
    name = anna.page.locator("input[autocomplete=username]")
    assert await name.input_value() == ANNA
    assert not await name.is_visible()
    await expect(anna.page.locator(FIELD)).to_have_attribute("autocomplete", "new-password")
    somebody = await people.somebody()
    await somebody.opens("/sign-in/password")
    fields = somebody.page.locator("main input:visible")
    words = [await field.get_attribute("autocomplete") for field in await fields.all()]
    assert words == ["username", "current-password"]


@pytest.mark.parametrize("way", [Way.POINTER, Way.KEYBOARD])
async def test_the_meter_says_how_strong_it_looks(
    people: People, language: Locale, way: Way
) -> None:
    """In a word as well as in colour; nothing moves under the finger, nothing is kept."""
    anna = await people.holder(ANNA, language, way, screen=PHONE)
    await comes_to_the_form(anna)
    words = anna.word("Falls at once|Weak|Fair|Good|Strong").split("|")
    meter, said = anna.page.locator("meter"), anna.page.locator("[data-strength] [role=status]")
    button = anna.page.locator("main form button:not([type=button])").first
    before = await button.bounding_box()
    for typed, word in (("qwertyuiop", words[0]), (PASSWORD, words[4])):
        await anna.page.locator(FIELD).fill(typed)
        await expect(said).to_have_text(word)
        assert await button.bounding_box() == before
    assert await meter.evaluate("one => one.value") == 4
    await anna.page.locator(FIELD).fill("")
    await expect(said).to_have_text("")
    assert await meter.evaluate("one => one.value") == 0
    await anna.looks()


async def test_without_a_script_there_is_no_meter_and_no_button(people: People) -> None:
    anna = await people.holder(ANNA, "en", Way.NO_SCRIPT)
    await comes_to_the_form(anna)
    assert not await anna.page.locator("meter").is_visible()
    assert not await anna.page.locator("[data-reveal]").is_visible()
