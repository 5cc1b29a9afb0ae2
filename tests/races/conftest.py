"""Two processes of one service on one database: whatever is raced, is raced between both."""

import random
from collections.abc import AsyncIterator

import pytest

from rebind.store.engines import StoreEngine, open_engine
from tests.people import House


@pytest.fixture
def house(engine: StoreEngine) -> House:
    """The first process."""
    return House(engine)


@pytest.fixture
async def beside(house: House, database_url: str) -> AsyncIterator[House]:
    """The second process."""
    opened = await open_engine(database_url, connections=8, fraction=random.Random(8).random)
    yield House(opened, beside=house)
    await opened.close()
