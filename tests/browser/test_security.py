"""The security settings in a browser: the check-up, a second mailbox, a lost phone."""

from rebind.domain.units import DAY
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Person, Telling
from tests.people import ANNA, ANNA_MAIL, BORIS

SECOND = "anna.second@example.net"


async def sent(person: Person, button: str, address: str) -> str:
    """Ask for a code by its button, and read it where it arrives."""
    await person.presses(button)
    return await person.inbox(address).code()


async def test_a_second_mailbox_is_added(people: People, house: OpenHouse, told: Telling) -> None:
    """Security settings → E-mail addresses → the new one → both codes."""
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    house.clock.push(DAY)
    await anna.opens("/security")
    await anna.follows("E-mail addresses")
    await anna.is_at("/security/emails", "E-mail addresses")
    await anna.sends(about="anna@")
    assert anna.status == 422
    await anna.sends(about=SECOND)
    to_number = await sent(anna, "Send a code by SMS", ANNA)
    to_mailbox = await sent(anna, "Send a code to the new e-mail address", SECOND)
    await anna.sends(code_current=to_number, code_new=to_mailbox)
    await anna.is_at(r"/security/emails\?done=added", "E-mail addresses")
    assert SECOND in await anna.text()
    await anna.presses("End all other sessions")
    await anna.is_at("/sessions", "Sessions")


async def test_the_phone_is_lost_and_found(people: People, house: OpenHouse, told: Telling) -> None:
    """One press; then nobody comes in by a code; then the way back on her own device."""
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    house.clock.push(DAY)
    await anna.opens("/security")
    await anna.follows("My phone is lost")
    await anna.presses("Switch off codes by SMS")
    await anna.is_at("/security/lost-phone", "My phone is lost")
    await anna.reads("The way back")
    before = len(await anna.inbox(ANNA).messages())
    thief = await people.somebody(told[0])
    await thief.opens("/sign-in")
    await thief.sends(number=ANNA)
    assert len(await anna.inbox(ANNA).messages()) == before
    house.clock.push(DAY)
    await anna.presses("I have my number again")
    code = await sent(anna, "Send a code by SMS", ANNA)
    await anna.sends(code_current=code)
    await anna.is_at(r"/security\?done=sms_restored", "Security settings")
    await anna.reads("Codes by SMS work again")


async def test_the_check_up_says_what_comes_first(people: People, language: Locale) -> None:
    boris = await people.holder(BORIS, language)
    await boris.opens("/security")
    await boris.reads("Add a second way in before you give up this number")
    await boris.follows("Add a passkey")
    await boris.is_at("/security/passkeys", "Passkeys")
    await boris.opens("/phone/change")
    await boris.reads("Add a second way in before you give up this number")
