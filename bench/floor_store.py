"""The databases of the floor: the drivers as they are, with our statements.

`bound` takes the steps of one call; `read`, `write` and `count` run one of them by its number. What
they refuse is a bug of the benchmark and ends the call.
"""

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.replay import Step
from rebind.store.engines.base import numbered
from rebind.store.engines.plans import batch_plan, count_plan, read_plan
from rebind.store.engines.postgres import _SETTINGS, connect
from rebind.store.engines.sqlite import _WRITER
from rebind.store.engines.urls import is_postgres, sqlite_path
from rebind.store.statements import Statement

CONNECTIONS: Final = 16
"""As many as the driver has users, so that nobody waits for one (our server has 8)."""

_BUSY_WAIT_S = 5.0


class RawSqlite:
    """One connection; every write commits inline."""

    flat = False

    def __init__(self, connection: sqlite3.Connection, steps: Sequence[Step] = ()) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._steps = [[(_questions(sql), guard) for _, sql, guard in s.statements] for s in steps]

    def bound(self, steps: Sequence[Step]) -> "RawSqlite":
        """The store for the steps of one call."""
        return RawSqlite(self._connection, steps)

    async def read(self, place: int, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Queries in one snapshot."""
        return self._read(self._steps[place], rows)

    async def count(self, place: int, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """A counted try, committed, then queries."""
        execute, steps = self._cursor.execute, self._steps[place]
        execute("BEGIN IMMEDIATE")
        counted = execute(steps[0][0], rows[0]).fetchall()
        execute("COMMIT")
        return [counted, *self._read(steps[1:], rows[1:])]

    async def write(self, place: int, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """One guarded transaction."""
        cursor = self._cursor
        execute = cursor.execute
        execute("BEGIN IMMEDIATE")
        try:
            for (sql, guard), row in zip(self._steps[place], rows, strict=True):
                execute(sql, row)
                if guard is not None and cursor.rowcount != guard:
                    raise RuntimeError(f"missed: {sql}")
            execute("COMMIT")
        except BaseException:
            execute("ROLLBACK")
            raise
        return []

    async def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _read(self, steps: Sequence[tuple[str, Any]], rows: Sequence[Sequence[Any]]) -> list[Any]:
        execute = self._cursor.execute
        if len(steps) == 1:
            return [execute(steps[0][0], rows[0]).fetchall()]
        execute("BEGIN")
        found = [execute(sql, row).fetchall() for (sql, _), row in zip(steps, rows, strict=True)]
        execute("COMMIT")
        return found


class RawPostgres:
    """A stack of connections; every step is one statement."""

    flat = True

    def __init__(self, idle: list[Any], steps: Sequence[Step] = ()) -> None:
        self._idle = idle
        self._steps = [_composed(step) for step in steps]
        self._single = [step.how == "read" and len(step.statements) == 1 for step in steps]

    def bound(self, steps: Sequence[Step]) -> "RawPostgres":
        """The store for the steps of one call."""
        return RawPostgres(self._idle, steps)

    async def read(self, place: int, row: Sequence[Any]) -> list[Any]:
        """One statement; the lists of rows that it gives."""
        records = await self._fetch(place, row)
        if self._single[place]:
            return [records]
        return [column or () for column in records[0]]

    count = read

    async def write(self, place: int, row: Sequence[Any]) -> list[Any]:
        """One guarded statement."""
        await self._fetch(place, row)
        return []

    async def close(self) -> None:
        """Close every connection."""
        for connection in self._idle:
            await connection.close()

    async def _fetch(self, place: int, row: Sequence[Any]) -> Any:
        connection = self._idle.pop()
        try:
            return await connection.fetch(self._steps[place], *row)
        finally:
            self._idle.append(connection)


RawStore = RawSqlite | RawPostgres


async def opened(url: str) -> RawStore:
    """The raw store of a database."""
    if not is_postgres(url):
        return RawSqlite(_sqlite(sqlite_path(url)))
    return RawPostgres([await connect(url, settings=_SETTINGS) for _ in range(CONNECTIONS)])


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_WAIT_S, isolation_level=None, cached_statements=1024
    )
    for pragma in _WRITER:
        connection.execute(pragma).fetchall()
    return connection


def _questions(sql: str) -> str:
    """`$n` as SQLite spells it."""
    return re.sub(r"\$(\d+)", r"?\1", numbered(sql).sql)


def _composed(step: Step) -> str:
    statements = [Statement(name, sql) for name, sql, _ in step.statements]
    match step.how:
        case "read":
            return read_plan(statements).sql
        case "count":
            return count_plan(statements).sql
        case _:
            guards = [guard for _, _, guard in step.statements]
            return batch_plan(tuple(zip(statements, guards, strict=True))).sql
