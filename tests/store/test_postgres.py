"""What only the engine on PostgreSQL has: connections that break, conflicts, one statement."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from rebind.store.engines import open_engine, postgres
from rebind.store.engines.postgres import PostgresEngine
from rebind.store.statements import Missed, Query, Statement, Unavailable, Write
from tests.clusters import Cluster
from tests.store import samples
from tests.store.samples import DRAWER, add, all_boxes, boxes, plain, put

SLEEP = Query(Statement("sleep", "SELECT pg_sleep(:seconds::bigint)"), {"seconds": 1})


async def opened(url: str, *, connections: int = 8, one_statement: bool = True) -> PostgresEngine:
    return await PostgresEngine.open(
        url,
        connections=connections,
        fraction=random.Random(7).random,
        one_statement=one_statement,
    )


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[PostgresEngine]:
    """An open engine on a fresh database."""
    engine = await opened(postgres_url)
    yield engine
    await engine.close()


@pytest.fixture
async def stepwise(postgres_url: str) -> AsyncIterator[PostgresEngine]:
    """The same for databases that want a batch step by step."""
    engine = await opened(postgres_url, one_statement=False)
    yield engine
    await engine.close()


def database(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def terminate(cluster: Cluster, url: str) -> None:
    """Cut off every connection to a database, as an operator may."""
    cluster.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE datname = '{database(url)}' AND pid <> pg_backend_pid()"
    )


async def test_batches_that_deadlock_are_tried_again(engine: PostgresEngine) -> None:
    await engine.write([put(1), put(2)])
    slowly = {slot: Write(samples.ADD_SLOWLY, {"name": DRAWER, "slot": slot}) for slot in (1, 2)}
    await asyncio.gather(
        engine.write([add(1), slowly[2]]),
        engine.write([add(2), slowly[1]]),
    )
    assert engine.stats.retries > 0
    assert await boxes(engine) == {1: 2, 2: 2}


async def test_batches_that_cannot_be_serialized_are_tried_again(
    cluster: Cluster, postgres_url: str
) -> None:
    cluster.sql(
        f"ALTER DATABASE {database(postgres_url)}"
        " SET default_transaction_isolation = 'repeatable read'"
    )
    engine = await opened(postgres_url)
    await engine.write([put(1), put(2)])
    slow = Write(samples.ADD_SLOWLY, {"name": DRAWER, "slot": 1})
    await asyncio.gather(*(engine.write([slow, add(2)]) for _ in range(3)))
    assert engine.stats.retries > 0
    assert await boxes(engine) == {1: 3, 2: 3}
    # A counted try is not: whoever lost must not be counted a second time by us.
    counted = Write(samples.COUNT_SLOWLY, slow.args)
    retries = engine.stats.retries
    ended = await asyncio.gather(
        *(engine.count(counted, all_boxes()) for _ in range(3)), return_exceptions=True
    )
    assert engine.stats.retries == retries
    lost = [end for end in ended if isinstance(end, Unavailable)]
    assert lost
    assert (await boxes(engine))[1] == 3 + 3 - len(lost)
    await engine.close()


async def test_a_terminated_connection_is_replaced(
    engine: PostgresEngine, cluster: Cluster, postgres_url: str
) -> None:
    await asyncio.gather(*(engine.write([put(slot)]) for slot in range(8)))
    terminate(cluster, postgres_url)
    assert len(await boxes(engine)) == 8
    await asyncio.sleep(0)
    await asyncio.gather(*(engine.write([add(slot)]) for slot in range(8)))
    assert await boxes(engine) == dict.fromkeys(range(8), 1)


async def test_a_call_that_is_cut_off_tells_so(
    engine: PostgresEngine, cluster: Cluster, postgres_url: str
) -> None:
    await engine.write([put(1)])
    late = Write(samples.ADD_LATE, {"name": DRAWER, "slot": 1})
    calls = [asyncio.ensure_future(engine.write([late])) for _ in range(3)]
    await asyncio.sleep(0.05)
    await asyncio.to_thread(terminate, cluster, postgres_url)
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(end, Unavailable) for end in ended)
    assert await boxes(engine) == {1: 0}


async def test_a_restart_of_the_server_is_survived(
    engine: PostgresEngine, cluster: Cluster
) -> None:
    await asyncio.gather(*(engine.write([put(slot)]) for slot in range(8)))
    cluster.restart()
    assert await boxes(engine) == dict.fromkeys(range(8), 0)
    await asyncio.gather(*(engine.write([add(slot)]) for slot in range(8)))
    assert await boxes(engine) == dict.fromkeys(range(8), 1)


async def test_nobody_waits_for_a_connection_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WAIT_MAX_MS", 100)
    engine = await opened(postgres_url, connections=1)
    await engine.write([put(1)])
    slow = asyncio.ensure_future(engine.read(SLEEP))
    await asyncio.sleep(0.02)
    with pytest.raises(Unavailable, match="in time"):
        await boxes(engine)
    await slow
    assert await boxes(engine) == {1: 0}
    await engine.close()


async def test_few_connections_serve_many(postgres_url: str) -> None:
    engine = await opened(postgres_url, connections=2)
    await engine.write([put(1)])
    await asyncio.gather(*(engine.write([add(1)]) for _ in range(100)))
    assert await boxes(engine) == {1: 100}
    await engine.close()


@pytest.mark.parametrize("wait_s", [0.0, 0.001, 0.01, 0.05])
async def test_whoever_is_cancelled_gives_the_connection_back(
    postgres_url: str, wait_s: float
) -> None:
    engine = await opened(postgres_url, connections=2)
    await engine.write([put(1)])
    for _ in range(3):
        writes = [asyncio.ensure_future(engine.write([add(1)])) for _ in range(4)]
        reads = [asyncio.ensure_future(engine.read(SLEEP)) for _ in range(2)]
        calls: list[asyncio.Future[Any]] = [*writes, *reads]
        await asyncio.sleep(wait_s)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert 1 in await boxes(engine)
    await asyncio.gather(*(engine.write([put(10 + n)]) for n in range(10)))
    await engine.close()
    assert engine._pool._slots == len(engine._pool._idle) == 0


async def test_a_statement_that_takes_too_long_is_given_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_WAIT_S", 0.1)
    engine = await opened(postgres_url)
    with pytest.raises(Unavailable):
        await engine.read(SLEEP)
    assert await boxes(engine) == {}
    await engine.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        await open_engine("postgresql://x:pw@127.0.0.1:1/x", connections=1, fraction=lambda: 0.5)
    with pytest.raises(ValueError, match="the database URL cannot be read"):
        await open_engine("postgresql://x:p/w@127.0.0.1:x/x", connections=1, fraction=lambda: 0.5)


async def test_step_by_step_keeps_the_same_promises(stepwise: PostgresEngine) -> None:
    await stepwise.write([put(1), put(2)])
    with pytest.raises(Missed, match=r"^box\.add$"):
        await stepwise.write([put(3), add(99), put(4)])
    await stepwise.write([add(1), samples.count(2, most=5), add(99, expect=None)])
    assert await boxes(stepwise) == {1: 1, 2: 1}
    with pytest.raises(Exception, match="23505"):
        await stepwise.write([put(3), put(1)])
    assert await boxes(stepwise) == {1: 1, 2: 1}
    ended = await asyncio.gather(
        *(stepwise.write([add(2), add(1, most=3)]) for _ in range(20)), return_exceptions=True
    )
    assert sum(end is None for end in ended) == 2
    assert await boxes(stepwise) == {1: 3, 2: 3}


async def test_step_by_step_survives_deadlocks_and_cancelling(stepwise: PostgresEngine) -> None:
    await stepwise.write([put(1), put(2)])
    slowly = {slot: Write(samples.ADD_SLOWLY, {"name": DRAWER, "slot": slot}) for slot in (1, 2)}
    await asyncio.gather(
        stepwise.write([slowly[1], slowly[2]]), stepwise.write([slowly[2], slowly[1]])
    )
    assert stepwise.stats.retries > 0
    call = asyncio.ensure_future(stepwise.write([add(1), slowly[2]]))
    await asyncio.sleep(0.05)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert await boxes(stepwise) == {1: 2, 2: 2}


async def test_shapes_are_composed_once_and_kept_within_bounds(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PLANS_MAX", 4)
    for slot in range(10):
        await engine.write([put(slot)])
    assert len(engine._batches) == 1
    for more in range(1, 10):
        await engine.write([add(slot) for slot in range(more)])
    assert len(engine._batches) == 4
    assert (await boxes(engine))[0] == 9


async def test_the_settings_of_a_connection(engine: PostgresEngine) -> None:
    names = ("jit", "plan_cache_mode", "application_name", "statement_timeout")
    told = await engine.read(
        *(Query(Statement("show", f"SELECT current_setting('{name}')"), {}) for name in names)
    )
    assert [plain(rows)[0][0] for rows in told] == ["off", "force_generic_plan", "rebind", "10s"]


def test_a_database_that_a_test_has_touched_is_lent_to_nobody(cluster: Cluster) -> None:
    used, altered, set_up = cluster.lend(), cluster.lend(), cluster.lend()
    cluster.sql("INSERT INTO acts VALUES ('x', 'x', 'x', 'x', 'x', 0)", used)
    cluster.sql("ALTER TABLE acts ADD COLUMN more integer", altered)
    cluster.sql(f"ALTER DATABASE {set_up} SET lock_timeout = '1s'")
    for name in (used, altered, set_up):
        cluster.take_back(name)
    lent = [cluster.lend() for _ in range(3)]
    assert used in lent
    assert not {altered, set_up} & set(lent)
    assert {cluster.sql("SELECT count(*) FROM acts", name) for name in lent} == {"0\n"}
    for name in lent:
        cluster.take_back(name)
