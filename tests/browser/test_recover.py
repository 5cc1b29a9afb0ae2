"""The telephone is gone, and its number with it. What the account still has leads back, slowly
enough for the holder to object."""

from rebind.domain.units import DAY, HOUR
from tests.browser.house import OpenHouse
from tests.browser.people import People, Person, Way
from tests.factors import set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, THIEF

REQUEST = r"/requests/[0-9a-f]{32}"
WAITS, BACK = "Your recovery is waiting", "You have your account back"


async def names(who: Person, name: str) -> None:
    """What the account is called, and the code from its e-mail."""
    await who.is_at("/recover", "No access to the number")
    await who.sends(name=name)
    await who.is_at(REQUEST, "Enter the code from the e-mail")
    await who.sends(code_email=await who.inbox(ANNA_MAIL).code())


async def aims(who: Person, number: str) -> None:
    """The new number, and the code that was sent there."""
    await who.is_at(REQUEST, "Your new number")
    await who.sends(number=number)
    await who.is_at(REQUEST, "Confirm the new number")
    await who.sends(code_new=await who.inbox(number).code())
    await who.is_at(REQUEST, WAITS)


async def finishes(who: Person) -> None:
    """The last code, once the wait is over."""
    await who.is_at(REQUEST, "One last code")
    await who.presses("Send a code to the new number")
    await who.sends(code_new=await who.inbox(ANNA_NEW).code())
    await who.is_at(REQUEST, BACK)


async def test_a_lost_sim_card_and_an_e_mail(people: People, house: OpenHouse) -> None:
    at_work = await people.holder(ANNA, "ru", emails=(ANNA_MAIL,))
    anna = await people.somebody("ru", Way.NO_SCRIPT)
    await anna.opens("/recover")
    await names(anna, "8 916 123-45-67")
    await aims(anna, ANNA_NEW)
    await house.pass_time(72 * HOUR)
    assert await house.number() == ANNA
    await anna.opens("/recover")
    await anna.follows("Go on with it")
    await finishes(anna)
    assert await house.number() == ANNA_NEW
    await at_work.opens("/profile")
    assert at_work.path.startswith("/sign-in")
    told = await anna.inbox(ANNA).messages()
    assert any(f"{house.url}/undo/" in message.text for message in told)
    await at_work.sends(number=ANNA_NEW)
    await at_work.sends(code_current=await anna.inbox(ANNA_NEW).code())
    assert at_work.path == "/profile"


async def test_with_an_authenticator_app_it_takes_a_day(people: People, house: OpenHouse) -> None:
    phone = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await set_totp(phone, age=30 * DAY)
    anna = await people.somebody("en", Way.KEYBOARD)
    await anna.opens("/recover")
    await names(anna, ANNA_MAIL)
    await anna.is_at(REQUEST, "One more step")
    await anna.sends(totp=totp_now(phone))
    await aims(anna, ANNA_NEW)
    waits = anna.path
    await house.pass_time(24 * HOUR)
    await anna.opens(waits)
    await anna.is_at(REQUEST, BACK)
    assert await house.number() == ANNA_NEW
    await anna.follows("Sign in")
    assert anna.path == "/sign-in"


async def test_it_goes_on_in_the_browser_of_the_new_phone(people: People, house: OpenHouse) -> None:
    await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="ru")
    in_a_cafe = await people.somebody("ru", Way.NO_SCRIPT)
    await in_a_cafe.opens("/recover")
    await names(in_a_cafe, ANNA_MAIL)
    await aims(in_a_cafe, ANNA_NEW)
    waits = in_a_cafe.path
    await house.pass_time(72 * HOUR)
    phone = await people.somebody("ru")
    await phone.opens(await phone.inbox(ANNA_NEW).link())
    await phone.is_at(waits, "This was not begun in this browser")
    await phone.follows("Go on here")
    await names(phone, ANNA_MAIL)
    await phone.reads("A recovery of this account waits already")
    await phone.presses("Go on with it here")
    assert phone.path == waits
    await finishes(phone)
    assert await house.number() == ANNA_NEW


async def test_a_thief_who_reads_the_mailbox(people: People, house: OpenHouse) -> None:
    """Her telephone is in her hand: it tells her, and she stops it."""
    await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    thief = await people.somebody("ru")
    await thief.opens("/sign-in")
    await thief.follows("No access to the number")
    await names(thief, ANNA_MAIL)
    await aims(thief, THIEF)
    waits = thief.path
    anna = await people.somebody("en", Way.KEYBOARD)
    await anna.opens(await anna.inbox(ANNA).link())
    await anna.is_at("/stop/.+", "Did you not ask for this?")
    await anna.presses("This wasn't me — stop it")
    await anna.is_at("/stop/.+", "The change was stopped")
    await anna.reads("Change the password of your e-mail: somebody else may read it.")
    await house.pass_time(30 * DAY)
    await thief.opens(waits)
    await thief.is_at(REQUEST, "The recovery was stopped")
    assert await house.number() == ANNA
