"""What both engines promise alike (`store/statements.py`)."""

import asyncio
import traceback

import pytest

from rebind.store.engines import Rejected, StoreEngine
from rebind.store.statements import Missed, Query, Statement, Unavailable, Write
from tests.store import samples
from tests.store.samples import DRAWER, KEY, add, all_boxes, boxes, plain, put, put_or_add


async def test_a_batch_is_kept_as_a_whole(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2, count=7), put(3)])
    assert await boxes(engine) == {1: 0, 2: 7, 3: 0}


async def test_a_missed_guard_undoes_the_batch_and_is_named(engine: StoreEngine) -> None:
    await engine.write([put(1)])
    with pytest.raises(Missed) as missed:
        await engine.write([put(2), put(3), add(99), put(4)])
    assert missed.value.guard == "box.add"
    assert await boxes(engine) == {1: 0}


async def test_a_single_write_that_misses_is_undone_too(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2)])
    every = Statement("box.every", "UPDATE limits SET count = 9 WHERE name = :name")
    with pytest.raises(Missed, match=r"^box\.every$"):
        await engine.write([Write(every, {"name": DRAWER})])
    assert await boxes(engine) == {1: 0, 2: 0}


async def test_none_accepts_any_number_of_rows(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2), add(99, expect=None)])
    await engine.write([Write(samples.EMPTY, {"name": DRAWER}, expect=None)])
    assert await boxes(engine) == {}
    await engine.write([Write(samples.EMPTY, {"name": DRAWER}, expect=None)])


async def test_guards_may_ask_for_two_rows_or_for_none(engine: StoreEngine) -> None:
    two = Write(samples.PUT_MANY, {"name": DRAWER, "key": KEY, "slot": 1}, expect=2)
    await engine.write([two, add(50, expect=0)])
    with pytest.raises(Missed, match=r"^box\.add$"):
        await engine.write([add(1, expect=0)])
    assert await boxes(engine) == {1: 0, 2: 0}


async def test_a_write_with_rows_of_its_own_is_counted(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2)])
    await engine.write([samples.count(1, most=5), add(2)])
    with pytest.raises(Missed, match=r"^box\.count$"):
        await engine.write([add(2), samples.count(1, most=1)])
    assert await boxes(engine) == {1: 1, 2: 1}


async def test_a_write_that_begins_with_a_read_is_counted(engine: StoreEngine) -> None:
    copy = Statement(
        "box.copy",
        "WITH one AS (SELECT count FROM limits WHERE name = :name AND slot = :slot)"
        " UPDATE limits SET count = (SELECT count FROM one)"
        " WHERE name = :name AND slot = :other -- the other box",
    )
    await engine.write([put(1, count=5), put(2)])
    await engine.write([Write(copy, {"name": DRAWER, "slot": 1, "other": 2}), put(3)])
    with pytest.raises(Missed, match=r"^box\.copy$"):
        await engine.write([put(4), Write(copy, {"name": DRAWER, "slot": 1, "other": 77})])
    assert await boxes(engine) == {1: 5, 2: 5, 3: 0}


async def test_an_upsert_guards_by_its_where(engine: StoreEngine) -> None:
    for _ in range(3):
        await engine.write([put_or_add(1, by=2, most=6)])
    with pytest.raises(Missed, match=r"^box\.put_or_add$"):
        await engine.write([put(2), put_or_add(1, by=2, most=6)])
    assert await boxes(engine) == {1: 6}


async def test_a_count_is_kept_on_its_own(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2, count=8)])
    other = Query(samples.FIRST_OR_EQUAL, {"name": DRAWER, "n": 2})
    counted, seen, nothing = await engine.count(
        samples.count(1, most=5), other, all_boxes("no such drawer")
    )
    assert plain(counted) == [(1, 1)]
    assert plain(seen) == [(2, 8)]
    assert plain(nothing) == []
    assert (await boxes(engine))[1] == 1


async def test_a_count_that_is_spent_gives_no_row_but_still_reads(engine: StoreEngine) -> None:
    await engine.write([put(1, count=5)])
    counted, seen = await engine.count(samples.count(1, most=5), all_boxes())
    assert plain(counted) == []
    assert plain(seen) == [(1, 5)]
    assert plain((await engine.count(samples.count(1, most=6)))[0]) == [(1, 6)]


async def test_reads_come_back_in_their_order(engine: StoreEngine) -> None:
    assert [plain(rows) for rows in await engine.read(all_boxes())] == [[]]
    assert [plain(rows) for rows in await engine.read(all_boxes(), all_boxes("x"))] == [[], []]
    await engine.write([put(slot) for slot in (3, 1, 2)])
    await engine.write([put(5, count=5, name="x")])
    found = await engine.read(all_boxes(), all_boxes("x"), all_boxes("y"))
    assert [plain(rows) for rows in found] == [[(1, 0), (2, 0), (3, 0)], [(5, 5)], []]


async def test_one_parameter_may_stand_in_two_places(engine: StoreEngine) -> None:
    await engine.write([put(1, count=4), put(2, count=1), put(3, count=9)])
    (rows,) = await engine.read(Query(samples.FIRST_OR_EQUAL, {"name": DRAWER, "n": 1}))
    assert plain(rows) == [(1, 4), (2, 1)]


async def test_nulls_and_bytes_go_in_and_out_unchanged(engine: StoreEngine) -> None:
    account, device = bytes(range(16)), bytes(range(240, 256))
    device_args = {"account": account, "device": device, "full_since": None, "reported_at": 5}
    await engine.write([put(1), Write(samples.MEET, device_args)])
    devices = Query(samples.DEVICES, {"account": account})
    for found in ((await engine.read(devices))[0], (await engine.read(all_boxes(), devices))[1]):
        assert plain(found) == [(device, None, 5)]
        assert type(found[0][0]) is bytes
    ((key,),) = (await engine.read(Query(samples.KEYS, {"name": DRAWER})))[0]
    assert key == KEY


async def test_extreme_numbers_and_words_survive(engine: StoreEngine) -> None:
    word = "Ёлка 'quoted' \"twice\" :name $1 -- \N{CAT FACE}"
    await engine.write([put(-(2**63), count=2**63 - 1, name=word)])
    assert await boxes(engine, word) == {-(2**63): 2**63 - 1}


async def test_an_empty_batch_is_nothing(engine: StoreEngine) -> None:
    await engine.write([])
    assert engine.stats.round_trips == 0


async def test_every_call_is_one_round_trip(engine: StoreEngine) -> None:
    await engine.write([put(1), put(2), put(3)])
    before = engine.stats.round_trips
    await engine.write([add(1), add(2), put(4), add(99, expect=None)])
    assert engine.stats.round_trips == before + 1
    await engine.read(all_boxes(), all_boxes("x"), all_boxes("y"))
    assert engine.stats.round_trips == before + 2
    await engine.take(samples.take(1, now=1, until=2))
    assert engine.stats.round_trips == before + 3
    await engine.count(samples.count(1, most=9), all_boxes())
    # On SQLite the count waits for the disk, then the read for nothing.
    assert engine.stats.round_trips == before + (4 if engine.dialect == "postgresql" else 5)
    assert engine.stats.statements == 3 + 4 + 3 + 1 + 2


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(put(1), id="twice the same key"),
        pytest.param(put(2**63), id="a number too large"),
        pytest.param(put(5, name="half a \ud800 character"), id="no character"),
        pytest.param(Write(samples.PUT, {"name": "secret-name"}), id="an argument is missing"),
        pytest.param(Write(Statement("bad", "DELETE FROM nowhere"), {}), id="no such table"),
        pytest.param(Write(Statement("bad", "DELETE OF"), {}), id="no such language"),
    ],
)
async def test_a_bug_is_refused_as_a_whole_and_tells_no_value(
    engine: StoreEngine, broken: Write
) -> None:
    await engine.write([put(1)])
    with pytest.raises(Rejected) as refused:
        await engine.write([put(2), broken])
    assert broken.statement.name in str(refused.value)
    told = "".join(traceback.format_exception(refused.value))
    for value in (DRAWER, "secret-name", "half a", str(2**63), repr(KEY)):
        assert value not in told
    await engine.write([put(3)])
    assert await boxes(engine) == {1: 0, 3: 0}


async def test_a_query_with_a_bug_is_refused(engine: StoreEngine) -> None:
    bad = Query(Statement("bad", "SELECT nothing FROM limits"), {})
    for queries in ((bad,), (all_boxes(), bad)):
        with pytest.raises(Rejected, match="bad"):
            await engine.read(*queries)
        assert await boxes(engine) == {}


async def test_readers_see_batches_whole(engine: StoreEngine) -> None:
    """Two queries of one read belong to one moment, however many writers there are."""
    await engine.write([put(1), put(2)])
    done = False

    async def write() -> None:
        nonlocal done
        for _ in range(100):
            await engine.write([add(1), add(2)])
        done = True

    async def read() -> None:
        while not done:
            first, second = await engine.read(all_boxes(), all_boxes())
            assert plain(first) == plain(second)
            assert first[0][1] == first[1][1]
            await asyncio.sleep(0)

    await asyncio.gather(write(), read())


async def test_a_closed_engine_says_so(engine: StoreEngine) -> None:
    await engine.write([put(1)])
    await engine.close()
    for call in (engine.read(all_boxes()), engine.write([put(2)]), engine.take(add(1))):
        with pytest.raises(Unavailable):
            await call
    await engine.close()
