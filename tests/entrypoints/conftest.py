"""A whole service behind its doors, on a fresh SQLite file."""

import random
from collections.abc import AsyncIterator

import pytest

from rebind.entrypoints.api.app import build
from rebind.entrypoints.shared import steps
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.web import app as web
from rebind.store.engines import open_engine
from rebind.store.statements import Unavailable
from tests.entrypoints.browsers import Browser
from tests.entrypoints.visitors import Visitor
from tests.people import JOURNEYS, House


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    """The house without a door."""
    engine = await open_engine(sqlite_url, connections=1, fraction=random.Random(7).random)
    yield House(engine)
    await engine.close()


@pytest.fixture
def reported() -> list[BaseException]:
    """What was reported as a bug: stays empty in every test that does not put one there."""
    return []


@pytest.fixture
def app(house: House, reported: list[BaseException]) -> App:
    """Its JSON API."""
    return build(
        house.desk, JOURNEYS, intake=house.intake, unavailable=Unavailable, report=reported.append
    )


@pytest.fixture
def visitor(app: App) -> Visitor:
    """Somebody without an account."""
    return Visitor(app)


PUBLIC_URL = "http://localhost:8080"


@pytest.fixture
def both(house: House, reported: list[BaseException]) -> App:
    """The whole service: its JSON API and its pages."""
    return whole(house, reported)


def whole(house: House, reported: list[BaseException], public_url: str = PUBLIC_URL) -> App:
    """The JSON API and the pages of a house."""
    door = web.build(
        house.desk, JOURNEYS, intake=house.intake, service="Rebind", public_url=public_url
    )
    return build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        unavailable=Unavailable,
        report=reported.append,
        pages=door.pages,
        tell=door.tell,
    )


@pytest.fixture
def browser(both: App) -> Browser:
    """Somebody without an account, at a browser that nobody knows."""
    return Browser(both)


@pytest.fixture
def long_step(monkeypatch: pytest.MonkeyPatch) -> float:
    """The first step of answers that wait, in seconds: longer than any takes that does not."""
    monkeypatch.setattr(steps, "FIRST_S", 0.25)
    return steps.FIRST_S
