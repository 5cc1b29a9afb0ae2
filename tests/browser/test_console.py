"""Everything is lost: a person writes, two people at the desk look, answer and decide, time passes,
and a code to the new number ends it. Told from both sides of the desk."""

import re
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Locator

from rebind.domain.operators import Role
from rebind.domain.units import DAY, HOUR
from rebind.providers.blobs.folder import FolderBlobs
from tests import uploads
from tests.browser.house import Door, OpenHouse
from tests.browser.people import DESK, People, Person
from tests.browser.test_support import chooses, writes
from tests.operators import add_colleague
from tests.people import ANNA, ANNA_NEW
from tests.workshops import Workshop

SESSION = "__Host-rebind-console-session"
CASE, REQUEST = r"/console/cases/[0-9a-f]{32}(\?done=[a-z]+)?", r"/requests/[0-9a-f]{32}"


@pytest.fixture
def papers(house: OpenHouse, door: Door, tmp_path: Path) -> None:
    """Documents rest in a folder of this story; who opens them is played."""
    folder = FolderBlobs(tmp_path / "documents")
    house.intake = msgspec.structs.replace(house.intake, papers=Workshop(), blobs=folder)
    door.leads_to = house.application()


async def at_desk(people: People, house: OpenHouse, login: str, role: Role) -> Person:
    """Somebody at the desk, signed in, before a large screen."""
    colleague = await add_colleague(house, login, role)
    await house.write("UPDATE operators SET locale = 'ru'")
    person = await people.somebody("ru", screen=DESK)
    await people.remember(person, SESSION, colleague.caller.bearer)
    return person


def choice(who: Person, name: str) -> Locator:
    """A list to choose from."""
    return who.page.locator(f"select[name={name}]")


async def sends_a_passport(anna: Person) -> None:
    await writes(anna)
    await chooses(anna, uploads.photograph(400))
    await anna.presses("Send the document")


async def answers_and_proposes(olga: Person) -> None:
    """By the keyboard, as far as one can: `j` and Enter open the case, `a` leads to the answer."""
    await olga.opens("/console")
    await olga.is_at("/console/figures", "Figures")
    await olga.follows("Cases")
    await olga.page.keyboard.press("j")
    async with olga.page.expect_navigation():
        await olga.page.keyboard.press("Enter")
    await olga.looks()
    assert re.fullmatch(CASE, olga.path)
    box = olga.page.locator("#answer-message")
    await olga.page.keyboard.press("a")
    assert await box.evaluate("one => one === document.activeElement")
    await olga.unfolds("Prepared answers")
    async with olga.page.expect_response(lambda answer: answer.url.endswith("/lock")):
        await olga.page.locator("[data-macro]").first.click()
    await olga.page.locator("[data-locked]:visible button[formaction$='/release']").wait_for()
    assert olga.word("Hello. Thank you for writing to %(service)s.")[:10] in await box.input_value()
    await olga.presses("Send and wait for the person")
    await olga.reads("The answer was sent; it is their turn now")
    await olga.follows("Passport: the page with the photograph")
    seen = await olga.page.locator(".paper img").evaluate(
        "one => one.decode().then(() => one.naturalWidth)"
    )
    assert seen == 400
    await choice(olga, "found").select_option("matches:name")
    await olga.presses("Keep what I found")
    await olga.reads("A checked document speaks for the account.")
    await choice(olga, "decision").select_option("for:documents_match")
    await olga.presses("Propose the decision")
    await olga.reads("It was proposed; a second person decides")


async def confirms(sonya: Person) -> None:
    await sonya.opens("/console/cases?tab=decide")
    async with sonya.page.expect_navigation():
        await sonya.page.locator("[data-rows] a").first.click()
    await sonya.looks()
    await sonya.reads("This waits for you.")
    await choice(sonya, "reason").first.select_option("documents_match")
    await sonya.presses("Confirm")
    await sonya.reads("It is decided")


async def test_everything_is_lost(people: People, house: OpenHouse, papers: None) -> None:
    at_work = await people.holder(ANNA, "ru")
    # It lies in a drawer: nobody was there for longer than a month.
    await house.write("UPDATE sessions SET seen_at = :at", at=house.clock.now() - 31 * DAY)
    await house.write("UPDATE bindings SET confirmed_at = :at", at=house.clock.now() - 31 * DAY)
    anna = await people.somebody("ru")
    await sends_a_passport(anna)
    case = anna.path
    olga = await at_desk(people, house, "olga", Role.OPERATOR)
    sonya = await at_desk(people, house, "sonya", Role.SUPERVISOR)
    await answers_and_proposes(olga)
    await confirms(sonya)
    await house.pass_time(0)
    assert any("/stop/" in message.text for message in await anna.inbox(ANNA).messages())
    await anna.opens(case)
    await anna.reads("We have agreed; now it waits")
    await house.pass_time(71 * HOUR)
    await anna.opens(case)
    await anna.reads("We have agreed; now it waits")
    await house.pass_time(HOUR)
    assert await house.number() == ANNA
    await anna.opens(case)
    await anna.presses("Confirm the new number")
    await anna.is_at(REQUEST, "One last code")
    await anna.presses("Send a code to the new number")
    await anna.sends(code_new=await anna.inbox(ANNA_NEW).code())
    await anna.is_at(REQUEST, "You have your account back")
    assert await house.number() == ANNA_NEW
    assert any("/undo/" in message.text for message in await anna.inbox(ANNA).messages())
    await at_work.opens("/profile")
    assert at_work.path.startswith("/sign-in")
    await at_work.sends(number=ANNA_NEW)
    await at_work.sends(code_current=await anna.inbox(ANNA_NEW).code())
    assert at_work.path == "/profile"
