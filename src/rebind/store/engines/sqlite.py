"""The engine on one SQLite file: group commit for writes, a connection of its own for reads.

Statements run inline in the loop's thread, because handing each to a thread costs more than it
takes. Only COMMIT, which waits for the disk, runs in a thread; writes that arrive meanwhile form
the next group, and one fsync serves them all. Nobody is told "done" before that fsync returned.

It refuses databases in memory, never blocks the loop on a foreign lock, and knows nothing of
tables. Its neighbour on the other database is `postgres`; `base` is what they share.
"""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from rebind.store.engines.base import PLANS_MAX, WAIT_MAX_MS, Fraction, Rejected, Stats, pause_ms
from rebind.store.statements import Missed, Query, Rows, Unavailable, Write

GROUP_MAX: Final = 128
"""How many calls share a COMMIT at the most: more would hold the loop longer than an fsync does."""

WAITING_MAX: Final = 10_000
"""How many calls may wait for a group; the next one is turned away instead of piling up."""

_SETUP_WAIT_S: Final = 5.0

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

# What the machine did, not what we said: the file cannot be read, written or grown.
_MACHINE: Final = _BUSY | {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}

_COMMON = ("PRAGMA synchronous=FULL", "PRAGMA cache_size=-65536", "PRAGMA temp_store=MEMORY")
_WRITER = (
    "PRAGMA journal_mode=WAL",
    *_COMMON,
    "PRAGMA wal_autocheckpoint=10000",
    "PRAGMA journal_size_limit=67108864",
)
_READER = (*_COMMON, "PRAGMA query_only=ON")


class _Job:
    """One call that writes, from its queueing until its future is resolved.

    A `guarded` job is undone as a whole when a write misses. An unguarded one is a single
    statement whose rows are handed back, which SQLite itself keeps whole or not at all."""

    __slots__ = ("changed", "failure", "future", "guarded", "rows", "writes")

    def __init__(
        self, writes: Sequence[Write], guarded: bool, future: asyncio.Future[Rows]
    ) -> None:
        self.writes = writes
        self.guarded = guarded
        self.future = future
        self.rows: Rows = ()
        self.failure: Exception | None = None
        # Spent tries and empty queues change nothing: then there is nothing to wait for either.
        self.changed = False


class SqliteEngine:
    """Made by `open`, within a running loop, and bound to that loop."""

    dialect = "sqlite"

    def __init__(
        self, writer: sqlite3.Connection, reader: sqlite3.Connection, fraction: Fraction
    ) -> None:
        self.stats = Stats()
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._reader = reader
        self._fraction = fraction
        # One cursor each is enough, since every statement is finished before the next begins.
        self._writing = writer.cursor()
        self._reading = reader.cursor()
        self._waiting: deque[_Job] = deque()
        self._group: list[_Job] = []
        # True from the first queued call until the queue is found empty: a group is scheduled,
        # waits for a foreign lock, or is being committed.
        self._busy = False
        self._attempts = 0
        self._waited_ms = 0.0
        self._closed = False
        self._drained: asyncio.Future[None] | None = None
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self._committer = threading.Thread(
            target=self._commit_orders, name="rebind-commit", daemon=True
        )
        self._committer.start()

    @classmethod
    async def open(cls, path: Path, *, fraction: Fraction) -> "SqliteEngine":
        """Open the file, readable by its owner alone if it must be made. Raises `Unavailable`."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            writer = _connect(path, _WRITER)
            try:
                reader = _connect(path, _READER)
            except BaseException:
                writer.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"cannot open {path}: {error}") from None
        return cls(writer, reader, fraction)

    async def read(self, *queries: Query) -> list[Rows]:
        """All queries inline, in one snapshot. See `Engine.read`."""
        if self._closed:
            raise Unavailable("the engine is closed")
        self.stats.round_trips += 1
        self.stats.statements += len(queries)
        attempt, waited = 0, 0.0
        while True:
            try:
                return self._read(queries)
            except sqlite3.Error as error:
                if not _is_busy(error) or waited >= WAIT_MAX_MS:
                    raise _told(_names(queries), error) from None
            except Exception as error:
                raise _told(_names(queries), error) from None
            pause = pause_ms(attempt, self._fraction)
            attempt, waited = attempt + 1, waited + pause
            self.stats.retries += 1
            await asyncio.sleep(pause / 1000)

    async def write(self, writes: Sequence[Write]) -> None:
        """One batch inside the next group. See `Engine.write`."""
        if writes:
            await self._queue(writes, guarded=True)

    async def count(self, counted: Write, *queries: Query) -> list[Rows]:
        """The count is on the disk before the queries are read. See `Engine.count`."""
        rows = await self._queue((counted,), guarded=False)
        return [rows, *await self.read(*queries)] if queries else [rows]

    async def take(self, taking: Write) -> Rows:
        """See `Engine.take`."""
        return await self._queue((taking,), guarded=False)

    async def close(self) -> None:
        """Finish the queue, stop the thread, fold the log into the file."""
        if self._closed:
            return
        self._closed = True
        if self._busy:
            self._drained = self._loop.create_future()
            await self._drained
        self._orders.put(False)
        self._committer.join()
        self._reader.close()
        self._writer.close()

    def _read(self, queries: Sequence[Query]) -> list[Rows]:
        execute = self._reading.execute
        if len(queries) == 1:
            return [execute(queries[0].statement.sql, queries[0].args).fetchall()]
        execute("BEGIN")
        try:
            return [execute(query.statement.sql, query.args).fetchall() for query in queries]
        finally:
            # Ending a read never fails for want of a lock, and an error may have ended it already.
            if self._reader.in_transaction:
                execute("COMMIT")

    def _queue(self, writes: Sequence[Write], *, guarded: bool) -> asyncio.Future[Rows]:
        if self._closed:
            raise Unavailable("the engine is closed")
        if len(self._waiting) >= WAITING_MAX:
            raise Unavailable("too many calls wait to be written")
        future: asyncio.Future[Rows] = self._loop.create_future()
        self._waiting.append(_Job(writes, guarded, future))
        self.stats.round_trips += 1
        if not self._busy:
            # Not at once: whatever else is ready in this turn of the loop shares the commit.
            self._busy = True
            self._loop.call_soon(self._begin)
        return future

    def _begin(self) -> None:
        """Begin a group with those that wait, or try again soon when the file is locked."""
        waiting = self._waiting
        while waiting and waiting[0].future.done():
            waiting.popleft()
        if not waiting:
            self._rest()
            return
        try:
            self._writing.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if _is_busy(error) and self._waited_ms < WAIT_MAX_MS:
                pause = pause_ms(self._attempts, self._fraction)
                self._attempts += 1
                self._waited_ms += pause
                self.stats.retries += 1
                self._loop.call_later(pause / 1000, self._begin)
                return
            self._group.extend(waiting)
            waiting.clear()
            self._resolve(error)
            return
        self._attempts, self._waited_ms = 0, 0.0
        group = self._group
        while waiting and len(group) < GROUP_MAX:
            job = waiting.popleft()
            # Whoever was cancelled while waiting no longer wants it written.
            if not job.future.done():
                group.append(job)
        self._run_group(group)

    def _run_group(self, group: list[_Job]) -> None:
        """Run the jobs of a group; order its COMMIT if there is anything to keep."""
        alone = len(group) == 1
        kept = False
        try:
            for job in group:
                self._run(job, alone)
                kept = kept or (job.changed and job.failure is None)
                if not self._writer.in_transaction:
                    # A full disk or a failed read undoes the whole transaction, neighbours too.
                    self._resolve(job.failure or Unavailable("the transaction was lost"))
                    return
        except sqlite3.Error as error:
            self._undo(error)
            return
        if kept:
            self._orders.put(True)
        else:
            self._undo(None)

    def _run(self, job: _Job, alone: bool) -> None:
        """Run one job. When it fails, nothing of it stays, and its neighbours are unharmed."""
        # Alone in its group it needs no savepoint: then the whole transaction is undone.
        saved = job.guarded and not alone
        cursor = self._writing
        execute = cursor.execute
        if saved:
            execute("SAVEPOINT job")
        name = ""
        try:
            for write in job.writes:
                name = write.statement.name
                execute(write.statement.sql, write.args)
                touched = cursor.rowcount
                if cursor.description is not None:
                    # With RETURNING the statement is not finished before its rows are fetched.
                    job.rows = cursor.fetchall()
                    touched = len(job.rows)
                # Less than zero: the driver does not count a statement that begins with WITH.
                job.changed = job.changed or touched != 0
                if job.guarded and write.expect is not None and touched != write.expect:
                    if touched < 0:
                        touched = execute("SELECT changes()").fetchone()[0]
                        if touched == write.expect:
                            continue
                    job.failure = Missed(name)
                    break
        except Exception as error:
            job.failure = _told(name, error)
        self.stats.statements += len(job.writes)
        if saved and self._writer.in_transaction:
            if job.failure is not None:
                execute("ROLLBACK TO job")
            execute("RELEASE job")

    def _undo(self, error: Exception | None) -> None:
        """Roll the group back and tell its jobs: `error`, or each its own failure."""
        if self._writer.in_transaction:
            try:
                self._writing.execute("ROLLBACK")
            except sqlite3.Error as worse:
                error = error or worse
        self._resolve(error)

    def _resolve(self, error: Exception | None) -> None:
        """Tell the jobs of the group how it ended, then go on with those that wait.

        Even a guard that missed is told only now: it may have missed because of a neighbour whose
        write was then lost with the commit."""
        group, self._group = self._group, []
        for job in group:
            if job.future.done():
                continue
            if error is not None:
                job.future.set_exception(Unavailable(f"not kept: {_why(error)}"))
            elif job.failure is not None:
                job.future.set_exception(job.failure)
            else:
                job.future.set_result(job.rows)
        # After the waiters have run, so that what they write next joins the next group.
        self._loop.call_soon(self._begin)

    def _rest(self) -> None:
        self._busy = False
        self._attempts, self._waited_ms = 0, 0.0
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _commit_orders(self) -> None:
        """The thread: one COMMIT for each order. The loop keeps off the writer meanwhile."""
        orders, cursor = self._orders, self._writer.cursor()
        while orders.get():
            error: Exception | None = None
            try:
                cursor.execute("COMMIT")
            except Exception as failed:
                error = failed
            # A loop that was closed under us has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._committed, error)

    def _committed(self, error: Exception | None) -> None:
        self.stats.commits += 1
        if error is None:
            self._resolve(None)
        else:
            self._undo(error)


def _connect(path: Path, pragmas: Sequence[str]) -> sqlite3.Connection:
    # Threads may share the connection because they never use it at the same time.
    connection = sqlite3.connect(
        path,
        timeout=_SETUP_WAIT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=PLANS_MAX,
    )
    try:
        for pragma in pragmas:
            connection.execute(pragma).fetchall()
        # From here on a foreign lock is met with patience of our own, not by blocking the loop.
        connection.execute("PRAGMA busy_timeout=0")
    except BaseException:
        connection.close()
        raise
    return connection


def _names(queries: Sequence[Query]) -> str:
    return "+".join(query.statement.name for query in queries)


def _code(error: Exception) -> int:
    code: Any = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else -1


def _is_busy(error: Exception) -> bool:
    return _code(error) in _BUSY


def _why(error: Exception) -> str:
    # Messages of SQLite name tables and columns, never values; those of Python may show a value.
    return str(error) if isinstance(error, sqlite3.Error | Unavailable) else type(error).__name__


def _told(statement: str, error: Exception) -> Exception:
    if _code(error) in _MACHINE:
        return Unavailable(f"{statement}: {_why(error)}")
    return Rejected(statement, _why(error))
