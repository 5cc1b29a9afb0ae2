"""Many at once: what one may have, one gets, on both engines and between processes' engines."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from rebind.store.engines import StoreEngine, open_engine
from rebind.store.statements import Missed
from tests.store import samples
from tests.store.samples import add, boxes, put, put_or_add


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[StoreEngine]:
    """A second engine on the same database, as another process has it."""
    opened = await open_engine(database_url, connections=8, fraction=random.Random(8).random)
    yield opened
    await opened.close()


async def test_of_a_hundred_tries_at_once_five_count(
    engine: StoreEngine, other: StoreEngine
) -> None:
    await engine.write([put(1)])
    tries = [
        one.count(samples.count(1, most=5), samples.all_boxes())
        for one in (engine, other)
        for _ in range(50)
    ]
    answers = await asyncio.gather(*tries)
    counted = [rows[0][0][1] for rows in answers if rows[0]]
    assert sorted(counted) == [1, 2, 3, 4, 5]
    assert await boxes(engine) == {1: 5}


async def test_of_many_who_consume_one_does(engine: StoreEngine, other: StoreEngine) -> None:
    await engine.write([put(1)])
    ended = await asyncio.gather(
        *(one.write([add(1, most=1), put(100 + n)]) for n in range(20) for one in (engine, other)),
        return_exceptions=True,
    )
    # The same box number from both engines is a bug of that batch only where it got that far.
    assert sum(end is None for end in ended) == 1
    assert all(isinstance(end, Missed) for end in ended if end is not None)
    assert (await boxes(engine))[1] == 1
    assert len(await boxes(engine)) == 2


async def test_upserts_of_one_row_respect_its_limit(
    engine: StoreEngine, other: StoreEngine
) -> None:
    ended = await asyncio.gather(
        *(one.write([put_or_add(1, by=1, most=7)]) for _ in range(25) for one in (engine, other)),
        return_exceptions=True,
    )
    assert Counter(type(end) for end in ended) == {type(None): 7, Missed: 43}
    assert await boxes(engine) == {1: 7}


async def test_what_one_worker_took_no_other_gets(engine: StoreEngine, other: StoreEngine) -> None:
    await engine.write([put(slot) for slot in range(200)])
    taken: list[int] = []

    async def work(one: StoreEngine) -> None:
        while rows := await one.take(samples.take(7, now=1, until=100)):
            taken.extend(row[0] for row in rows)

    await asyncio.gather(*(work(one) for one in (engine, other) for _ in range(4)))
    # A worker that met another one may go home early; what is left is taken by the next.
    await work(engine)
    assert sorted(taken) == list(range(200))


async def test_batches_in_opposite_order_all_end_well(
    engine: StoreEngine, other: StoreEngine
) -> None:
    await engine.write([put(slot) for slot in range(4)])
    there = [add(slot) for slot in range(4)]
    back = list(reversed(there))
    await asyncio.gather(
        *(one.write(batch) for _ in range(20) for one, batch in ((engine, there), (other, back)))
    )
    assert await boxes(engine) == dict.fromkeys(range(4), 40)
