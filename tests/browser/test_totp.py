"""The authenticator app and recovery codes: set up from what the page shows, kept, and signed in
with; with a pointer, by keys alone, and without scripts."""

import re

from pyotp import TOTP

from rebind.domain.units import HOUR, SECOND
from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import PHONE, People, Person, Telling, Way
from tests.factors import set_totp
from tests.people import ANNA, ANNA_MAIL, another

REQUEST = r"/requests/[0-9a-f]{32}"
CODE = re.compile(r"(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}")
STEP = 30 * SECOND


class App:
    """Her authenticator app, by the clock of the house."""

    def __init__(self, house: OpenHouse, secret: str) -> None:
        self._house, self.secret = house, secret

    def shows(self) -> str:
        return TOTP(self.secret).at(self._house.clock.now() // 1_000)


async def typed_off(anna: Person) -> App:
    """The app with the key that stands on the page in letters, which is that of the picture."""
    letters = await anna.page.locator("#secret").inner_text()
    secret = "".join(letters.split())
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    link = await anna.page.locator("a[href^='otpauth:']").get_attribute("href")
    assert link is not None
    assert f"secret={secret}" in link
    picture = anna.page.locator("img.qr")
    box = await picture.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 160, "a camera can read it"
    assert await picture.get_attribute("alt") == anna.word(
        "The key as a QR code; it stands below in letters"
    )
    return App(anna.house, secret)


async def signs_out(anna: Person) -> None:
    await anna.opens("/settings")
    await anna.presses("Sign out")
    # The next code may leave an hour later at any rate.
    anna.house.clock.push(HOUR)


async def by_number(anna: Person) -> None:
    """As far as the second factor."""
    await anna.opens("/sign-in")
    await anna.sends(number=ANNA)
    await anna.sends(code_current=await anna.inbox(ANNA).code())
    await anna.is_at(REQUEST, "One more step")


async def test_an_app_is_set_up_paper_is_kept_and_both_sign_in(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    await anna.opens("/security/totp")
    await anna.is_at("/security/totp", "Authenticator app")
    await anna.presses("Set up an authenticator app")
    await anna.is_at(r"/security/totp\?permit=[0-9a-f]{32}", "Set up an authenticator app")
    app = await typed_off(anna)
    await anna.sends(code=another(app.shows()))
    assert anna.status == 422
    await anna.reads("The code of the app does not match")
    assert (await typed_off(anna)).secret == app.secret, "and need not be scanned again"
    await anna.sends(code=app.shows())
    await anna.is_at(r"/security/totp\?done=set", "Authenticator app")
    await anna.reads("The app was set up")
    house.clock.push(STEP)

    await anna.presses("Make recovery codes")
    await anna.is_at(REQUEST, "Confirm that it is you to make recovery codes")
    await anna.sends(totp=app.shows())
    await anna.is_at(r"/security/recovery-codes\?permit=[0-9a-f]{32}", "Make recovery codes")
    await anna.presses("Show ten new codes")
    await anna.is_at("/security/recovery-codes", "Your recovery codes")
    codes = CODE.findall(await anna.text())
    assert len(set(codes)) == 10
    await keeps(anna, codes)
    await anna.follows("I have kept them")
    await anna.is_at("/security", "Security settings")

    await signs_out(anna)
    await by_number(anna)
    await anna.sends(totp=app.shows())
    await anna.is_at("/profile", "My profile")
    await signs_out(anna)
    await by_number(anna)
    await anna.unfolds("Use a recovery code")
    await anna.sends(recovery_code=codes[4].lower().replace("-", " "))
    await anna.is_at("/profile", "My profile")
    await anna.opens("/security/recovery-codes")
    assert "9" in await anna.text()
    assert not CODE.findall(await anna.text())


async def keeps(anna: Person, codes: list[str]) -> None:
    """Save them, twice, and print them: the page stays."""
    button = anna.page.get_by_role("button", name=anna.word("Download"))
    for _ in range(2):
        async with anna.page.expect_download() as download:
            await anna._activate(button)
        file = await (await download.value).path()
        assert CODE.findall(file.read_text(encoding="utf-8")) == codes
        await anna.page.locator("form[aria-busy]").wait_for(state="detached")
    printing = anna.page.get_by_role("button", name=anna.word("Print"))
    if anna.way is Way.NO_SCRIPT:
        assert await printing.count() == 0, "a button that does nothing is not there"
        return
    await anna.page.evaluate("window.print = () => { window.printed = true }")
    await anna._activate(printing)
    assert await anna.page.evaluate("window.printed")
    await anna.page.emulate_media(media="print")
    for each in (button, printing):
        assert not await each.is_visible(), "on paper there is nothing to press"
    assert CODE.findall(await anna.text()) == codes
    await anna.page.emulate_media(media="screen")


async def test_another_app_and_none_by_the_keyboard_alone(
    people: People, house: OpenHouse, language: Locale
) -> None:
    """On a telephone's screen; the box that ends other sessions is ticked, and may be cleared."""
    someone = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=language)
    await set_totp(someone, age=30 * 24 * HOUR)
    anna = await people.somebody(language, Way.KEYBOARD, PHONE)
    old = App(house, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    await by_number(anna)
    await anna.sends(totp=old.shows())
    house.clock.push(HOUR)
    await anna.opens("/security/totp")
    await anna.presses("Set up another app instead")
    await anna.is_at(REQUEST, "Confirm that it is you to set up an authenticator app")
    await anna.sends(totp=old.shows())
    await anna.reads("This replaces the app that you have now")
    new = await typed_off(anna)
    box = anna.page.locator("input[name=end_others]")
    assert await box.is_checked()
    await anna._activate(box, key="Space")
    await anna.sends(code=new.shows())
    await anna.is_at(r"/security/totp\?done=set", "Authenticator app")
    house.clock.push(STEP)
    # The new one is of this minute, and removes nothing.
    await anna.presses("Remove the app")
    assert anna.status == 409
    await anna.is_at("/security/confirm", "Authenticator app")
    house.clock.push(8 * 24 * HOUR)
    await signs_out(anna)
    await by_number(anna)
    await anna.sends(totp=new.shows())
    house.clock.push(HOUR)
    await anna.opens("/security/totp")
    await anna.presses("Remove the app")
    await anna.sends(totp=new.shows())
    await anna.is_at(r"/security/totp\?done=removed", "Authenticator app")
    await anna.reads("No app is set up")


async def test_without_anything_to_stand_in_for_paper_is_not_offered(
    people: People, language: Locale
) -> None:
    anna = await people.holder(ANNA, language, emails=(ANNA_MAIL,))
    await anna.opens("/security/recovery-codes")
    await anna.reads("There are no recovery codes")
    await anna.follows("Authenticator app")
    await anna.is_at("/security/totp", "Authenticator app")
