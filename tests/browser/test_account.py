"""The account from inside: sessions, history, language."""

import pytest

from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Telling, Way
from tests.people import ANNA, Someone

OTHER: dict[Locale, Locale] = {"ru": "en", "en": "ru"}
IN_OTHER: dict[Locale, str] = {"ru": "English", "en": "Русский"}


async def test_another_session_is_ended(people: People, house: OpenHouse, told: Telling) -> None:
    anna = await people.holder(ANNA, *told)
    at_a_friends = await people.somebody(told[0])
    await people.signed_in(at_a_friends, Someone(house, ANNA))
    await at_a_friends.opens("/profile")
    await anna.opens("/security")
    await anna.follows("Sessions")
    await anna.presses("End")
    await anna.is_at("/sessions", "Sessions")
    await anna.reads("Your account is open only here.")
    await at_a_friends.opens("/profile")
    await at_a_friends.is_at(r"/sign-in\?next=/profile", "Sign in")


async def test_all_other_sessions_are_ended(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told)
    for _ in range(2):
        await Someone(house, ANNA).sign_in()
    await anna.opens("/sessions")
    await anna.unfolds("End all other sessions")
    await anna.presses("Yes, end them")
    await anna.reads("Your account is open only here.")


async def test_what_happened_is_told_in_words(people: People, language: Locale) -> None:
    anna = await people.holder(ANNA, language)
    await anna.opens("/security")
    await anna.follows("History")
    await anna.reads("Somebody signed in")
    await anna.reads("The account was brought in from another service")


async def test_another_language_is_for_the_browser_and_for_the_account(
    people: People, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told)
    await anna.opens("/settings")
    await anna.presses(IN_OTHER[told[0]])
    anna.locale = OTHER[told[0]]
    await anna.is_at("/settings", "Settings")
    await anna.presses("Sign out")
    await anna.is_at("/", "Your number is the key to your account")


@pytest.mark.parametrize("way", [Way.POINTER, Way.NO_SCRIPT])
async def test_a_stranger_chooses_a_language_on_any_page(people: People, way: Way) -> None:
    somebody = await people.somebody("en", way)
    await somebody.opens("/sign-in")
    await somebody.presses("Русский")
    somebody.locale = "ru"
    await somebody.is_at("/sign-in", "Sign in")
    await somebody.sends(number="1")
    assert somebody.status == 422
    await somebody.presses("English")
    somebody.locale = "en"
    await somebody.is_at("/sign-in", "Sign in")


async def test_an_address_that_nobody_has_is_a_page_too(people: People, language: Locale) -> None:
    somebody = await people.somebody(language)
    await somebody.opens("/nowhere")
    assert somebody.status == 404
    await somebody.opens("/requests/" + "0" * 32)
    assert somebody.status in (401, 404)
