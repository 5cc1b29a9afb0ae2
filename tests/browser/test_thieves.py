"""Thieves, and the holder who still has the account at the end of each story.

The pages that they come to are walked in both languages by other stories.
"""

from rebind.domain.units import DAY, HOUR, MINUTE
from tests.browser.house import OpenHouse
from tests.browser.people import SESSION, People, Person
from tests.people import ANNA, ANNA_MAIL, THIEF

REQUEST = r"/requests/[0-9a-f]{32}"
THIRTY_DAYS = 30 * DAY


async def still_hers(anna: Person, house: OpenHouse) -> None:
    """Anna's number is the account's, and she gets in with it at her own browser."""
    assert await house.number() == ANNA
    await anna.context.clear_cookies(name=SESSION)
    await anna.opens("/sign-in")
    await anna.sends(number=ANNA)
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at("/profile", "My profile")


async def test_a_stolen_session_cookie(people: People, house: OpenHouse) -> None:
    """The cookie of her session is copied to another machine, without that of her browser."""
    anna = await people.holder(ANNA, emails=(ANNA_MAIL,))
    await anna.opens("/profile")
    thief = await people.somebody()
    cookies = {one["name"]: one["value"] for one in await anna.context.cookies()}
    await people.remember(thief, SESSION, cookies[SESSION])
    await thief.opens("/phone/change")
    await thief.sends(number=THIEF, without_current="yes")
    if thief.status == 200:
        await thief.sends(code_new=await thief.inbox(THIEF).code())
    assert await thief.heading() != thief.word("Your number was changed")
    await house.pass_time(THIRTY_DAYS)
    await still_hers(anna, house)


async def test_an_unlocked_phone_for_ten_minutes(people: People, house: OpenHouse) -> None:
    """The thief has her browser, her SIM card and its SMS; then she has her phone again."""
    anna = await people.holder(ANNA, "en", emails=(ANNA_MAIL,))
    await anna.opens("/phone/change")
    await anna.sends(number=THIEF)
    codes = [await anna.inbox(number).code() for number in (ANNA, THIEF)]
    await anna.sends(code_current=codes[0], code_new=codes[1])
    await anna.is_at(REQUEST, "Your number was changed")
    await house.pass_time(10 * MINUTE)
    # She reads the SMS about it, or the mail.
    await anna.opens(await anna.inbox(ANNA).link())
    await anna.presses("Undo the change")
    await anna.sends(code_new=await anna.inbox(ANNA).code())
    await anna.is_at(REQUEST, "Your old number is back")
    await house.pass_time(HOUR)
    await anna.follows("Sign in")
    await anna.sends(number=ANNA)
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    if await anna.heading() == anna.word("Enter the code"):
        await anna.presses("Send a code to my e-mail")
        await anna.sends(code_email=await anna.inbox(ANNA_MAIL).code())
    await anna.is_at("/profile", "My profile")
    assert await house.number() == ANNA


async def test_one_code_relayed_in_real_time(people: People, house: OpenHouse) -> None:
    """She tells the code of a sign-in to somebody who rings her up; the account has only SMS."""
    anna = await people.holder(ANNA)
    thief = await people.somebody()
    await thief.opens("/sign-in")
    await thief.sends(number=ANNA)
    await thief.sends(code_current=await anna.inbox(ANNA).code())
    await thief.is_at("/sign-in/check", "Is this your account?")
    await thief.presses("Yes, it is mine: go on")
    await thief.is_at("/profile", "My profile")
    await thief.opens("/phone/change")
    await thief.sends(number=THIEF, without_current="yes")
    if thief.status == 200:
        await thief.sends(code_new=await thief.inbox(THIEF).code())
    assert await thief.heading() != thief.word("Your number was changed")
    # She was told that somebody signed in on a device that she does not know.
    assert len(await anna.inbox(ANNA).messages()) > 1
    await anna.opens("/sessions")
    await anna.unfolds("End all other sessions")
    await anna.presses("Yes, end them")
    await thief.opens("/profile")
    await thief.is_at(r"/sign-in\?next=/profile", "Sign in")
    await house.pass_time(THIRTY_DAYS)
    await still_hers(anna, house)
