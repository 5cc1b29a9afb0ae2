"""What only the engine on SQLite has: groups that share a commit, foreign locks, a full disk."""

import asyncio
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rebind.store.engines import open_engine, sqlite
from rebind.store.engines.sqlite import GROUP_MAX, SqliteEngine
from rebind.store.engines.urls import sqlite_path
from rebind.store.statements import Missed, Statement, Unavailable, Write
from tests.store import samples
from tests.store.samples import add, all_boxes, boxes, put


@pytest.fixture
async def engine(sqlite_url: str) -> AsyncIterator[SqliteEngine]:
    """An open engine on a fresh file."""
    opened = await SqliteEngine.open(sqlite_path(sqlite_url), fraction=random.Random(7).random)
    yield opened
    await opened.close()


@contextmanager
def locked(url: str) -> Iterator[sqlite3.Connection]:
    """A neighbour who writes to the file and does not finish."""
    with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as neighbour:
        neighbour.execute("BEGIN IMMEDIATE")
        yield neighbour


async def test_writes_that_wait_together_share_a_commit(engine: SqliteEngine) -> None:
    await asyncio.gather(*(engine.write([put(slot)]) for slot in range(64)))
    assert len(await boxes(engine)) == 64
    assert engine.stats.commits == 1


async def test_writes_that_come_during_a_commit_form_the_next_group(engine: SqliteEngine) -> None:
    async def person(first: int) -> None:
        for slot in range(first, first + 10):
            await engine.write([put(slot)])

    await asyncio.gather(*(person(first) for first in range(0, 640, 10)))
    assert len(await boxes(engine)) == 640
    assert 10 <= engine.stats.commits <= 40


async def test_a_group_is_bounded(engine: SqliteEngine) -> None:
    await asyncio.gather(*(engine.write([put(slot)]) for slot in range(3 * GROUP_MAX)))
    assert engine.stats.commits == 3


async def test_a_miss_leaves_its_neighbours_alone(engine: SqliteEngine) -> None:
    ended = await asyncio.gather(
        engine.write([put(1), put(2)]),
        engine.write([put(3), add(99), put(4)]),
        engine.write([put(5), put(1)]),
        engine.count(samples.count(1, most=5)),
        engine.write([add(1), put(6)]),
        return_exceptions=True,
    )
    assert engine.stats.commits == 1
    assert [type(end).__name__ for end in ended] == [
        "NoneType", "Missed", "Rejected", "list", "NoneType",
    ]  # fmt: skip
    assert await boxes(engine) == {1: 2, 2: 0, 6: 0}


async def test_a_group_of_misses_needs_no_commit(engine: SqliteEngine) -> None:
    ended = await asyncio.gather(
        *(engine.write([put(slot), add(99)]) for slot in range(5)), return_exceptions=True
    )
    assert all(isinstance(end, Missed) for end in ended)
    assert engine.stats.commits == 0
    assert await boxes(engine) == {}


async def test_calls_that_change_nothing_need_no_commit(engine: SqliteEngine) -> None:
    await engine.write([put(1, count=5)])
    assert await engine.count(samples.count(1, most=5)) == [[]]
    assert await engine.take(samples.take(5, now=-1, until=1)) == []
    await engine.write([add(99, expect=None)])
    assert engine.stats.commits == 1
    assert len(await engine.take(samples.take(5, now=1, until=2))) == 1
    assert engine.stats.commits == 2


async def test_a_neighbours_lock_is_waited_for(engine: SqliteEngine, sqlite_url: str) -> None:
    loop = asyncio.get_running_loop()
    with locked(sqlite_url) as neighbour:
        loop.call_later(0.3, neighbour.execute, "COMMIT")
        began = loop.time()
        writing = asyncio.gather(*(engine.write([put(slot)]) for slot in range(8)))
        # Neither the loop nor readers wait meanwhile.
        assert await boxes(engine) == {}
        assert loop.time() - began < 0.2
        await writing
        assert loop.time() - began >= 0.25
    assert engine.stats.retries > 0
    assert len(await boxes(engine)) == 8


async def test_a_lock_that_stays_is_given_up(
    engine: SqliteEngine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAIT_MAX_MS", 60)
    with locked(sqlite_url):
        ended = await asyncio.gather(
            engine.write([put(1)]), engine.take(add(1)), return_exceptions=True
        )
        assert all(isinstance(end, Unavailable) for end in ended)
    await engine.write([put(2)])
    assert await boxes(engine) == {2: 0}


async def test_a_full_disk_keeps_nothing_by_halves(engine: SqliteEngine) -> None:
    await engine.write([put(1)])
    size = engine._writer.execute("PRAGMA page_count").fetchone()[0]
    engine._writer.execute(f"PRAGMA max_page_count={size + 4}").fetchall()
    writing = [
        engine.write([put(slot), put(slot + 1, name="n" * 4000)]) for slot in range(10, 60, 2)
    ]
    ended = await asyncio.gather(*writing, engine.write([add(1)]), return_exceptions=True)
    # The whole transaction was lost, so that whoever shared it is told so.
    assert all(isinstance(end, Unavailable) for end in ended)
    assert await boxes(engine) == {1: 0}
    assert not engine._writer.in_transaction
    engine._writer.execute("PRAGMA max_page_count=1000000").fetchall()
    await engine.write([put(2), add(1)])
    assert await boxes(engine) == {1: 1, 2: 0}


async def test_a_commit_that_fails_is_told_to_everybody(
    engine: SqliteEngine,
) -> None:
    """The commit order finds no transaction, as after an error that undid it behind our back."""
    await engine.write([put(1)])
    first = asyncio.ensure_future(engine.write([put(2)]))
    second = asyncio.ensure_future(engine.write([put(3), add(99)]))
    real = engine._orders.put

    class Losing:
        """Undoes the transaction just before its commit is ordered."""

        def put(self, order: bool) -> None:
            engine._writing.execute("ROLLBACK")
            real(order)

    kept, engine._orders = engine._orders, Losing()  # type: ignore[assignment]
    ended = await asyncio.gather(first, second, return_exceptions=True)
    engine._orders = kept
    assert [type(end) for end in ended] == [Unavailable, Unavailable]
    await engine.write([put(4)])
    assert await boxes(engine) == {1: 0, 4: 0}


async def test_whoever_is_cancelled_while_waiting_is_not_written(engine: SqliteEngine) -> None:
    waiting = [asyncio.ensure_future(engine.write([put(slot)])) for slot in range(4)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await boxes(engine) == {0: 0, 3: 0}


async def test_whoever_is_cancelled_during_the_commit_harms_nobody(engine: SqliteEngine) -> None:
    for base in range(0, 100, 10):
        waiting = [asyncio.ensure_future(engine.write([put(base + n)])) for n in range(3)]
        for _ in range(base % 7):
            await asyncio.sleep(0)
        waiting[1].cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert ended[0] is None
        assert ended[2] is None
    found = await boxes(engine)
    assert {base + n for base in range(0, 100, 10) for n in (0, 2)} <= found.keys()


async def test_a_queue_that_is_too_long_turns_callers_away(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAITING_MAX", 3)
    ended = await asyncio.gather(
        *(engine.write([put(slot)]) for slot in range(5)), return_exceptions=True
    )
    assert [type(end) for end in ended] == [type(None)] * 3 + [Unavailable] * 2


async def test_closing_waits_for_those_who_came_before(sqlite_url: str) -> None:
    engine = await SqliteEngine.open(sqlite_path(sqlite_url), fraction=lambda: 0.5)
    waiting = [asyncio.ensure_future(engine.write([put(slot)])) for slot in range(300)]
    await asyncio.sleep(0)
    await engine.close()
    assert [task.result() for task in waiting] == [None] * 300
    with closing(sqlite3.connect(sqlite_path(sqlite_url))) as file:
        assert file.execute("SELECT count(*) FROM limits").fetchone() == (300,)
    assert not sqlite_path(sqlite_url).with_name("rebind.db-wal").exists()


async def test_the_file_waits_for_the_disk(engine: SqliteEngine) -> None:
    def pragma(name: str) -> object:
        return engine._writer.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("busy_timeout") == 0
    assert pragma("wal_autocheckpoint") == 10_000


async def test_a_new_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    opened = await open_engine(f"sqlite:///{path}", connections=1, fraction=lambda: 0.5)
    await opened.write([Write(Statement("table", "CREATE TABLE t (id INTEGER)"), {}, None)])
    modes = {name: os.stat(tmp_path / name).st_mode & 0o777 for name in os.listdir(tmp_path)}
    assert modes == dict.fromkeys(("new.db", "new.db-wal", "new.db-shm"), 0o600)
    await opened.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.db"
    nonsense.write_bytes(b"this was never a database" * 100)
    for path in (tmp_path / "no" / "folder.db", tmp_path, nonsense):
        with pytest.raises(Unavailable):
            await SqliteEngine.open(path, fraction=lambda: 0.5)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://x"])
async def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be sqlite:///"):
        await open_engine(url, connections=1, fraction=lambda: 0.5)


async def test_reads_do_not_write(engine: SqliteEngine) -> None:
    with pytest.raises(Exception, match="readonly"):
        engine._reader.execute("DELETE FROM limits")
    assert (await engine.read(all_boxes()))[0] == []
