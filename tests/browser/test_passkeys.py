"""Passkeys in a real browser, whose authenticator is Chromium's virtual one: the script between the
pages and the browser is walked here, and nowhere else."""

import json
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import CDPSession

from rebind.domain.units import DAY, HOUR
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.templates.catalogue import Locale
from tests.browser.house import Door, OpenHouse
from tests.browser.people import People, Person, Way
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW

REQUEST = r"/requests/[0-9a-f]{32}"
PASSKEYS = "/security/passkeys"
NEW = r"/security/passkeys/new\?permit=[0-9a-f]{32}"


@pytest_asyncio.fixture(loop_scope="session")
async def house(house: OpenHouse, door: Door) -> OpenHouse:
    """The house, whose passkeys are those of the address at which it really stands."""
    passkeys = WebAuthn(house.url, "Rebind")
    house.desk = msgspec.structs.replace(house.desk, passkeys=passkeys)
    door.leads_to = house.application()
    return house


@pytest.fixture
async def people(house: OpenHouse, people: People) -> People:
    """Whoever comes to that house."""
    assert house.desk.passkeys is not None
    return people


class Lock:
    """The authenticator of a person's device, which opens to them, or does not."""

    def __init__(self, devtools: CDPSession, authenticator_id: str) -> None:
        self._devtools, self._id = devtools, authenticator_id

    async def opens(self, does: bool) -> None:
        """From now on the person is recognised, or not."""
        await self._ask("setUserVerified", isUserVerified=does)

    async def kept(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        found = await self._ask("getCredentials")
        return list(found["credentials"])

    async def _ask(self, what: str, **more: Any) -> dict[str, Any]:
        said = {"authenticatorId": self._id, **more}
        answer: dict[str, Any] = await self._devtools.send(f"WebAuthn.{what}", said)
        return answer


async def lock_of(person: Person) -> Lock:
    """Give a person's browser an authenticator of its own."""
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Lock(devtools, made["authenticatorId"])


async def makes_one(person: Person, name: str = "") -> None:
    """Add a passkey, from the list on."""
    await person.opens(PASSKEYS)
    await person.presses("Add a passkey")
    await person.is_at(NEW, "Add a passkey")
    await person.sends(name=name)
    await person.is_at(r"/security/passkeys\?done=added", "Passkeys")


async def signs_in_by_it(person: Person) -> None:
    """No name is typed and no code."""
    await person.opens("/sign-in")
    await person.presses("Sign in with a passkey")
    await person.is_at(REQUEST, "Sign in with a passkey")
    await person.presses("Use a passkey")
    await person.is_at("/profile", "My profile")


async def test_from_the_first_to_the_last(
    people: People, house: OpenHouse, language: Locale
) -> None:
    """She makes one, names it, signs in by it, changes her number with it, and removes it."""
    anna = await people.holder(ANNA, language, emails=(ANNA_MAIL,))
    lock = await lock_of(anna)
    await makes_one(anna, "My telephone")
    await anna.reads("The passkey was added")
    assert "My telephone" in await anna.text()
    (kept,) = await lock.kept()
    assert (kept["isResidentCredential"], kept["rpId"]) == (True, "localhost")

    await anna.unfolds("Rename")
    await anna.sends(name="Old telephone")
    await anna.is_at(PASSKEYS, "Passkeys")
    assert "Old telephone" in await anna.text()

    await anna.presses("Sign out")
    await house.pass_time(8 * DAY)
    codes = len(await anna.inbox(ANNA).messages())
    await signs_in_by_it(anna)
    assert len(await anna.inbox(ANNA).messages()) == codes

    await anna.opens("/phone/change")
    await anna.sends(number=ANNA_NEW)
    await anna.is_at(REQUEST, "Confirm the change of number")
    if await anna.page.locator("input[name=code_new]").count() == 0:
        await anna.presses("Send a code to the new number")
    code = await anna.inbox(ANNA_NEW).code()
    await anna.page.locator("input[name=code_new]").first.fill(code)
    await anna.presses("Use a passkey")
    assert await house.number() == ANNA_NEW

    await house.pass_time(HOUR)
    await anna.opens(PASSKEYS)
    await anna.presses("Remove")
    await anna.presses("Use a passkey")
    await anna.is_at(r"/security/passkeys\?done=removed", "Passkeys")
    await anna.reads("No passkey yet")
    assert await house.value("SELECT count(*) FROM passkeys WHERE removed_at IS NULL") == 0


async def test_whoever_is_not_recognised_neither_makes_nor_uses_one(
    people: People, house: OpenHouse, language: Locale
) -> None:
    anna = await people.holder(ANNA, language)
    lock = await lock_of(anna)
    await anna.opens(PASSKEYS)
    await anna.presses("Add a passkey")
    await lock.opens(False)
    await tries(anna, "Make the passkey")
    await anna.reads("It was not confirmed, or took too long. Nothing was added; try again.")
    assert await house.value("SELECT count(*) FROM passkeys") == 0
    # The same page takes it once she is.
    await lock.opens(True)
    await anna.presses("Make the passkey")
    await anna.is_at(r"/security/passkeys\?done=added", "Passkeys")

    await anna.presses("Sign out")
    await anna.opens("/sign-in")
    await anna.presses("Sign in with a passkey")
    await lock.opens(False)
    await tries(anna, "Use a passkey")
    sessions = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"
    assert await house.value(sessions) == 0
    await lock.opens(True)
    await anna.presses("Use a passkey")
    await anna.is_at("/profile", "My profile")


async def tries(person: Person, label: str) -> None:
    """Press a button after which the page stays and says what went wrong."""
    here = person.path
    await person.page.get_by_role("button", name=person.word(label)).click()
    await person.page.locator("[data-passkey-error]:not(:empty)").first.wait_for()
    assert person.path == here
    await person.looks()


async def test_a_device_that_has_one_is_told_so(people: People, language: Locale) -> None:
    anna = await people.holder(ANNA, language)
    lock = await lock_of(anna)
    await makes_one(anna)
    await anna.presses("Add a passkey")
    if anna.path.startswith("/requests/"):
        await anna.presses("Use a passkey")
    await tries(anna, "Make the passkey")
    await anna.reads("This device has a passkey for your account already.")
    assert len(await lock.kept()) == 1


async def test_what_was_removed_is_offered_no_more(people: People, house: OpenHouse) -> None:
    """The list tells the browser which passkeys are still good (Signal API), and it forgets the
    others."""
    anna = await people.holder(ANNA, "en")
    lock = await lock_of(anna)
    await makes_one(anna)
    supported = "() => 'signalAllAcceptedCredentials' in PublicKeyCredential"
    if not await anna.page.evaluate(supported):
        pytest.skip("this Chromium has no Signal API")
    await house.write("UPDATE passkeys SET removed_at = 1")
    await anna.opens(PASSKEYS)
    said = await anna.page.locator("[data-signal]").get_attribute("data-signal")
    assert json.loads(said or "")["allAcceptedCredentialIds"] == []
    for _ in range(50):
        if not await lock.kept():
            return
        await anna.page.wait_for_timeout(20)
    raise AssertionError(await lock.kept())


async def test_where_scripts_do_not_run_the_page_says_so(people: People, language: Locale) -> None:
    anna = await people.holder(ANNA, language, Way.NO_SCRIPT)
    await anna.opens(PASSKEYS)
    await anna.reads("Browsers make passkeys by a script only. Allow scripts here to add one.")
    add = anna.page.get_by_role("button", name=anna.word("Add a passkey"))
    assert await add.locator("visible=true").count() == 0
