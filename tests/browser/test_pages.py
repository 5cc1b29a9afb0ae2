"""Every page in every state, as the samples show it: also those that no story comes to.

Each is looked at in both languages, and so on both screens; with axe in Russian, on the telephone,
where there is least room. A story looks at the pages that it comes to as the door serves them, with
everything in both languages; here they stand side by side, whatever it takes to get there.
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


@pytest.mark.parametrize("group", dict.fromkeys(map(group_of, all_pages("en"))))
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
