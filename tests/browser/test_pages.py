"""Every page in every state, as the samples show it: also those that no story comes to.

Each is looked at in Russian, whose words are longer, on both screens and with axe on the telephone,
where there is least room; those that nobody passes by in English as well. A story looks at the
pages that it comes to as the door serves them, with everything, in the language of the story.
"""

import pytest
from playwright.async_api import Browser

from rebind.templates.catalogue import Locale
from rebind.templates.pages.samples import Sample
from scripts.page_samples import all_pages, show
from tests.browser import looks
from tests.browser.people import new_context


def group_of(sample: Sample) -> str:
    """By its folder; the many states of a request by its kind."""
    folder = sample.page.partition("/")[0]
    return f"{folder} {sample.name.partition('-')[0]}" if folder == "requests" else folder


GROUPS = tuple(dict.fromkeys(map(group_of, all_pages("en"))))
ENGLISH = (
    "landing",
    "sign_up",
    "sign_in",
    "account",
    "phone",
    "requests change",
    "requests recover",
)
LOOKED_AT = [*(("ru", group) for group in GROUPS), *(("en", group) for group in ENGLISH)]


@pytest.mark.parametrize(("language", "group"), LOOKED_AT)
async def test_everybody_can_use_it(browser: Browser, group: str, language: Locale) -> None:
    found = []
    async with new_context(browser, language) as context:
        page = await context.new_page()
        watch = looks.Watch(page)
        for sample in all_pages(language):
            if group_of(sample) == group:
                await show(page, sample, language)
                wrong = await looks.found(page, watch, deep=language == "ru")
                found += [f"{sample.page} {sample.name}: {each}" for each in wrong]
    assert not found, "\n  ".join(["", *found])
