"""Somebody telephones: the desk writes it down by the keyboard alone, the person reads it, types
the new number and answers two codes, and only then is it in the queue."""

import re

from rebind.domain.operators import Role
from tests.browser.house import OpenHouse
from tests.browser.people import DESK, People, Way
from tests.browser.test_console import CASE, SESSION
from tests.browser.test_support import MAIL, REQUEST
from tests.operators import add_colleague
from tests.people import ANNA, ANNA_NEW

DRAFT = r"/support/draft/[\w-]{44}"
TEXT = "Телефон упал в реку."


async def test_on_the_telephone(people: People, house: OpenHouse) -> None:
    await house.bring_in(ANNA)
    colleague = await add_colleague(house, "olga", Role.OPERATOR)
    await house.write("UPDATE operators SET locale = 'ru'")
    olga = await people.somebody("ru", Way.KEYBOARD, DESK)
    await people.remember(olga, SESSION, colleague.caller.bearer)
    await olga.opens("/console/figures")
    keys = olga.page.keyboard
    async with olga.page.expect_navigation():
        for key in "gn":
            await keys.press(key)
    await olga.looks()
    await olga.is_at("/console/cases/new", "Open a case for somebody")
    await keys.press("ArrowDown")
    for typed in (ANNA, MAIL, TEXT):
        await keys.press("Tab")
        await keys.type(typed)
    await olga.presses("Send the link")
    await olga.reads("Case %(sent)s is written down")
    await olga.opens("/console/cases")
    await olga.reads("Nothing waits here")
    anna = await people.somebody("ru")
    await anna.opens(await anna.inbox(MAIL).link())
    await anna.is_at(DRAFT, "Support opened this for you")
    assert TEXT in await anna.text()
    await anna.page.locator("textarea").fill("Это было озеро.")
    await anna.sends(number=ANNA_NEW)
    await anna.is_at(REQUEST, "Confirm where we reach you")
    code = await anna.inbox(MAIL).code()
    await anna.sends(code_contact=code, code_new=await anna.inbox(ANNA_NEW).code())
    await anna.is_at(REQUEST, "We have your message")
    await anna.follows("To my case")
    await anna.reads("You, as support wrote it down")
    await olga.opens("/console/cases")
    await keys.press("j")
    async with olga.page.expect_navigation():
        await keys.press("Enter")
    await olga.looks()
    assert re.fullmatch(CASE, olga.path)
    await olga.reads("The person, as the desk wrote it down")
    assert "Это было озеро." in await olga.text()
