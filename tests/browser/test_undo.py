"""It wasn't me: from an old address a change is taken back, by the link of a notice or without."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Person, Telling
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW

REQUEST = r"/requests/[0-9a-f]{32}"


async def changed(people: People, language: Locale) -> Person:
    """Somebody at Anna's unlocked browser, with her telephone in hand, changes her number."""
    thief = await people.holder(ANNA, language, emails=(ANNA_MAIL,))
    await thief.opens("/phone/change")
    await thief.sends(number=ANNA_NEW)
    codes = [await thief.inbox(number).code() for number in (ANNA, ANNA_NEW)]
    await thief.sends(code_current=codes[0], code_new=codes[1])
    await thief.is_at(REQUEST, "Your number was changed")
    return thief


async def is_back(anna: Person, thief: Person, house: OpenHouse) -> None:
    """The number is Anna's again, and whoever changed it is outside."""
    await anna.is_at(REQUEST, "Your old number is back")
    assert await house.number() == ANNA
    await thief.opens("/profile")
    await thief.is_at(r"/sign-in\?next=/profile", "Sign in")


async def test_by_the_link_of_a_notice(people: People, house: OpenHouse, told: Telling) -> None:
    thief = await changed(people, told[0])
    await house.pass_time(HOUR)
    anna = await people.somebody(*told)
    await anna.opens(await anna.inbox(ANNA).link())
    await anna.is_at("/undo/.+", "Was it not you?")
    await anna.presses("Undo the change")
    await anna.is_at(REQUEST, "Show that it is you")
    await anna.sends(code_new=await anna.inbox(ANNA).code())
    await is_back(anna, thief, house)


async def test_by_the_link_of_a_mail(people: People, house: OpenHouse, language: Locale) -> None:
    thief = await changed(people, language)
    anna = await people.somebody(language)
    await anna.opens(await anna.inbox(ANNA_MAIL).link())
    await anna.presses("Undo the change")
    await anna.sends(code_email=await anna.inbox(ANNA_MAIL).code())
    await is_back(anna, thief, house)


@pytest.mark.parametrize(("language", "address"), [("ru", ANNA), ("en", ANNA_MAIL)])
async def test_without_a_link(
    people: People, house: OpenHouse, language: Locale, address: str
) -> None:
    thief = await changed(people, language)
    await house.pass_time(2 * DAY)
    anna = await people.somebody(language)
    await anna.opens("/")
    await anna.follows("Undo a change of number")
    await anna.sends(address=address)
    proof = "code_email" if "@" in address else "code_new"
    await anna.sends(**{proof: await anna.inbox(address).code()})
    await is_back(anna, thief, house)


async def test_after_its_time_a_link_undoes_nothing(
    people: People, house: OpenHouse, language: Locale
) -> None:
    await changed(people, language)
    anna = await people.somebody(language)
    link = await anna.inbox(ANNA).link()
    await house.pass_time(3 * DAY + HOUR)
    await anna.opens(link)
    assert anna.status in (404, 410), anna.status
