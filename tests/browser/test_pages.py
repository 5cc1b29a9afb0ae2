"""Every page in every state, as the samples show it: also those that no story comes to.

Each is looked at in both languages, and so on both screens. A story looks at the pages that it
comes to as the door serves them; here they stand side by side, whatever it takes to get there.
"""

import pytest

from rebind.templates.catalogue import Locale
from scripts.page_samples import all_pages, show
from tests.browser.people import People

GROUPS: dict[str, list[str]] = {}
for one in all_pages("en"):
    # The many states of a request go by the kind of request.
    GROUPS.setdefault(f"{one.page} {one.name.partition('-')[0]}".strip(), []).append(one.name)


@pytest.mark.parametrize("group", GROUPS)
async def test_everybody_can_use_it(people: People, group: str, language: Locale) -> None:
    somebody = await people.somebody(language)
    found = []
    for sample in all_pages(language):
        if sample.page == group.partition(" ")[0] and sample.name in GROUPS[group]:
            await show(somebody.page, sample, language)
            try:
                await somebody.looks()
            except AssertionError as wrong:
                found.append(f"{sample.page} {sample.name}: {wrong}")
    assert not found, "\n".join(found)
