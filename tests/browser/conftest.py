"""A browser for every story, a house with an open door, and people who walk in.

Colour of the calls: one event loop for a whole process of the run holds the browser's driver, the
server and the story (`loop_scope="session"`), and everything is awaited. So a story may push the
clock, read a phone and look into the tables without a second thread, and Playwright's other,
blocking API, which runs a loop of its own beside pytest-asyncio's, is not used anywhere.

One browser serves all stories of a process; each person has a fresh context in it: cookies of their
own, a language, a screen. Where Chromium is not installed stories are skipped, but never under CI:
there a missing browser is a failure.
"""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from rebind.store.engines import open_engine
from rebind.templates.catalogue import Locale
from scripts import chromium
from tests.browser import looks
from tests.browser.house import Door, OpenHouse, listening
from tests.browser.people import People, Telling, Way

HERE = Path(__file__).parent

TELLINGS: list[Telling] = [
    ("ru", Way.POINTER),
    ("en", Way.KEYBOARD),
    ("ru", Way.NO_SCRIPT),
]
"""Both languages, both screens, and each way to use a browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All stories of this folder share the event loop that the browser belongs to."""
    for item in items:
        if item.path.is_relative_to(HERE) and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this process of the run."""
    found = chromium.program()
    if found is None:
        missing = "Chromium is not installed: no page is tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    async with chromium.running(found) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What has been looked at in one process of the run is not looked at in another."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "looked-at"
    folder.mkdir(exist_ok=True)
    looks.remembers_in(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def door() -> AsyncIterator[Door]:
    """The address of this process of the run."""
    async with listening() as door:
        yield door


@pytest_asyncio.fixture(loop_scope="session")
async def house(sqlite_url: str, door: Door) -> AsyncIterator[OpenHouse]:
    """An empty house whose web door is open."""
    engine = await open_engine(sqlite_url, connections=1, fraction=random.Random(7).random)
    house = OpenHouse(engine, door.url)
    door.leads_to = house.application()
    yield house
    door.leads_to = None
    await engine.close()
    assert not house.bugs, house.bugs


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest) -> Locale:
    """The language of a story: each is told in both."""
    spoken: Locale = request.param
    return spoken


@pytest.fixture(params=TELLINGS, ids="-".join)
def told(request: pytest.FixtureRequest) -> Telling:
    """Language and way of a story that everybody must be able to walk."""
    telling: Telling = request.param
    return telling


@pytest_asyncio.fixture(loop_scope="session")
async def people(browser: Browser, house: OpenHouse) -> AsyncIterator[People]:
    """Whoever a story needs; their browsers are closed at its end."""
    found = People(browser, house)
    yield found
    await found.leave()
