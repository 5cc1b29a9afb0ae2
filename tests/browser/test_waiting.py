"""A change without the old number waits: everybody hears of it, and anybody of them can stop it."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Person, Telling
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, Someone

REQUEST = r"/requests/[0-9a-f]{32}"
WAITS = "The change of number is waiting"


async def waits(anna: Person) -> None:
    """Anna's SIM card is lost: she begins with her new one, on the browser that is known."""
    await anna.opens("/phone/change")
    await anna.sends(number=ANNA_NEW, without_current="yes")
    await anna.is_at(REQUEST, "Confirm the change of number")
    await anna.sends(code_new=await anna.inbox(ANNA_NEW).code())
    await anna.is_at(REQUEST, WAITS)


async def test_the_wait_runs_out_and_a_fresh_code_changes_the_number(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    await waits(anna)
    await anna.opens("/profile")
    await anna.reads("A change of number is waiting")
    await house.pass_time(14 * DAY + HOUR)
    assert await house.number() == ANNA
    await anna.opens("/profile")
    await anna.follows("Look at the change")
    await anna.is_at(REQUEST, "One last code")
    await anna.presses("Send a code to the new number")
    await anna.sends(code_new=await anna.inbox(ANNA_NEW).code())
    await anna.is_at(REQUEST, "Your number was changed")
    assert await house.number() == ANNA_NEW


async def test_afterwards_the_new_number_signs_in_and_the_old_one_does_not(
    people: People, house: OpenHouse
) -> None:
    anna = await people.holder(ANNA)
    await anna.opens("/phone/change")
    await anna.sends(number=ANNA_NEW)
    codes = [await anna.inbox(number).code() for number in (ANNA, ANNA_NEW)]
    await anna.sends(code_current=codes[0], code_new=codes[1])
    await anna.opens("/settings")
    await anna.presses("Sign out")
    await house.pass_time(HOUR)
    before = len(await anna.inbox(ANNA).messages())
    await anna.opens("/sign-in")
    await anna.sends(number=ANNA)
    await anna.is_at(REQUEST, "Enter the code")
    assert len(await anna.inbox(ANNA).messages()) == before
    await anna.opens("/sign-in")
    await anna.sends(number=ANNA_NEW)
    await anna.sends(code_current=await anna.inbox(ANNA_NEW).code())
    await anna.is_at("/profile", "My profile")


@pytest.mark.parametrize(("language", "address"), [("ru", ANNA), ("en", ANNA_MAIL)])
async def test_the_old_number_and_the_mailbox_can_stop_it(
    people: People, house: OpenHouse, language: Locale, address: str
) -> None:
    anna = await people.holder(ANNA, language, emails=(ANNA_MAIL,))
    await waits(anna)
    # Whoever reads there opens the link on another machine, signed in nowhere.
    reader = await people.somebody(language)
    await reader.opens(await reader.inbox(address).link())
    await reader.is_at("/stop/.+", "Stop the change of number?")
    assert "request_objected" not in await house.acts()
    await reader.presses("This wasn't me — stop it")
    await reader.is_at("/stop/.+", "The change was stopped")
    await anna.opens("/profile")
    assert ANNA[-2:] in await anna.text()
    await house.pass_time(15 * DAY)
    assert await house.number() == ANNA


async def test_another_session_can_stop_it(people: People, house: OpenHouse, told: Telling) -> None:
    anna = await people.holder(ANNA, *told)
    at_work = await people.somebody(told[0])
    await people.signed_in(at_work, Someone(house, ANNA))
    # Somebody else is at Anna's browser; she sees it at work.
    await waits(anna)
    await at_work.opens("/")
    await at_work.reads("A change of number is waiting")
    await at_work.follows("Look at the change")
    await at_work.is_at(REQUEST, WAITS)
    await at_work.presses("This wasn't me — stop it")
    await at_work.reads("Look at your sessions and end whatever you do not know.")
    await anna.opens("/profile")
    assert "33" not in await anna.text()


async def test_with_a_code_from_the_mailbox_it_waits_one_day(
    people: People, house: OpenHouse, language: Locale
) -> None:
    anna = await people.holder(ANNA, language, emails=(ANNA_MAIL,))
    await anna.opens("/phone/change")
    await anna.sends(number=ANNA_NEW, without_current="yes")
    await anna.unfolds("Use a code from my e-mail")
    await anna.presses("Send a code to my e-mail")
    await anna.sends(
        code_new=await anna.inbox(ANNA_NEW).code(), code_email=await anna.inbox(ANNA_MAIL).code()
    )
    await anna.is_at(REQUEST, WAITS)
    await house.pass_time(DAY + HOUR)
    await anna.opens("/phone")
    assert await house.number() == ANNA_NEW


async def test_its_owner_cancels_it(people: People, told: Telling) -> None:
    anna = await people.holder(ANNA, *told)
    await waits(anna)
    await anna.unfolds("Cancel the change")
    await anna.presses("Yes, cancel it")
    await anna.is_at(REQUEST, "Cancelled")
