"""A house for every story, on both databases, and the people who need not be introduced."""

import random
from collections.abc import AsyncIterator

import pytest

from rebind.store.engines import StoreEngine, open_engine
from tests.people import ANNA, ANNA_MAIL, BORIS, House, Someone


@pytest.fixture
def house(engine: StoreEngine) -> House:
    """An empty house."""
    return House(engine)


@pytest.fixture
async def embedded(sqlite_url: str) -> AsyncIterator[House]:
    """An empty house on SQLite alone, for stories that end before they reach the store."""
    engine = await open_engine(sqlite_url, connections=1, fraction=random.Random(7).random)
    yield House(engine)
    await engine.close()


@pytest.fixture
async def anna(house: House) -> Someone:
    """Anna has had her account for a year, with an e-mail, and signs in on her own telephone."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    return anna


@pytest.fixture
async def boris(house: House) -> Someone:
    """Boris has a number and nothing else; he signed in at home."""
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    return boris
