"""The demo: somebody to be, and the messages that would have left."""

from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import People, Telling, Way
from tests.people import ANNA


async def test_one_may_be_anna_on_her_own_device(
    people: People, house: OpenHouse, told: Telling
) -> None:
    await house.stage.bring_in()
    visitor = await people.somebody(*told)
    async with house.working():
        await visitor.opens("/demo/people")
        await visitor.follows("Anna")
        await visitor.opens("/demo/people/anna")
        await visitor.page.locator("form[action='/demo/people/anna'] button").focus()
        async with visitor.page.expect_navigation():
            await visitor.page.keyboard.press("Enter")
    assert visitor.path == "/profile"


async def test_a_message_appears_by_itself_and_nothing_jumps(
    people: People, house: OpenHouse, language: Locale
) -> None:
    reader, anna = await people.somebody(language), await people.somebody(language)
    await reader.opens("/demo/outbox")
    await anna.opens("/sign-up")
    await anna.sends(number=ANNA)
    await house.deliver()
    await reader.page.locator("[data-serial] mark").first.wait_for()
    assert (
        await reader.page.locator("[data-serial] mark").inner_text()
        == await anna.inbox(ANNA).code()
    )
    await reader.looks()


async def test_without_scripts_a_message_is_there_after_a_reload(
    people: People, house: OpenHouse
) -> None:
    reader = await people.somebody("ru", Way.NO_SCRIPT)
    anna = await people.somebody("ru")
    await anna.opens("/sign-up")
    await anna.sends(number=ANNA)
    await house.deliver()
    await reader.opens("/demo/outbox")
    assert await anna.inbox(ANNA).code() in await reader.text()
