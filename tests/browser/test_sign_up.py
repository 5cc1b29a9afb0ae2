"""Opening an account: a number, a code, and one is inside."""

from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Telling
from tests.people import ANNA, another

OTHER: dict[Locale, Locale] = {"ru": "en", "en": "ru"}
IN_OTHER: dict[Locale, str] = {"ru": "English", "en": "Русский"}
REQUEST = r"/requests/[0-9a-f]{32}"


async def test_a_number_and_a_code_open_an_account(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.somebody(*told)
    await anna.opens("/")
    await anna.follows("Open an account")
    await anna.sends(number=ANNA)
    await anna.is_at(REQUEST, "Confirm your number")
    await anna.sends(code_new=await anna.inbox(ANNA).code())
    await anna.is_at("/profile", "My profile")
    assert await house.value("SELECT count(*) FROM accounts") == 1


async def test_a_wrong_code_is_told_and_the_next_one_is_taken(
    people: People, language: Locale
) -> None:
    anna = await people.somebody(language)
    await anna.opens("/sign-up")
    await anna.sends(number=ANNA)
    code = await anna.inbox(ANNA).code()
    await anna.sends(code_new=another(code))
    await anna.is_at(REQUEST + "/proofs", "Confirm your number")
    assert anna.status == 403
    assert await anna.page.locator("input[name=code_new]").input_value() == ""
    # The page of a refused form has an address to come back to, in another language too.
    await anna.presses(IN_OTHER[language])
    anna.locale = OTHER[language]
    await anna.is_at(REQUEST, "Confirm your number")
    await anna.sends(code_new=code)
    await anna.is_at("/profile", "My profile")


async def test_what_is_no_number_stays_in_the_field(people: People, language: Locale) -> None:
    anna = await people.somebody(language)
    await anna.opens("/sign-up")
    await anna.sends(number="+7 916 12")
    assert anna.status == 422
    field = anna.page.locator("input[name=number]")
    assert await field.input_value() == "+7 916 12"
    assert await field.get_attribute("aria-invalid") == "true"
