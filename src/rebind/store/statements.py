"""SQL as values: a statement with a name, a query, a guarded write.

A flow collects writes and hands them to the engine as one batch. Each write says how many rows it
must touch; any other count undoes the whole batch and names the guard. Within one batch each row
may be written once at the most (on PostgreSQL the batch is a single statement), and writes should
come ordered by table, so that two batches do not wait for each other crosswise.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

Value: TypeAlias = bytes | int | str | None
Args: TypeAlias = Mapping[str, Value]
Rows: TypeAlias = Sequence[tuple[Any, ...]]


class Statement(msgspec.Struct, frozen=True, eq=False):
    """Portable SQL with `:name` parameters. `name` ("table.what") appears in refusals of guards, in
    metrics and in errors; never a value does. A parameter used twice must have one type."""

    name: str
    sql: str


class Query(msgspec.Struct, frozen=True):
    """One SELECT with its arguments. Columns are read by position."""

    statement: Statement
    args: Args


class Write(msgspec.Struct, frozen=True):
    """One INSERT, UPDATE or DELETE with the number of rows that it must touch; None: any."""

    statement: Statement
    args: Args
    expect: int | None = 1


class Missed(Exception):
    """A guard touched another number of rows than it had to: somebody else was first. Nothing of
    the batch was kept."""

    def __init__(self, guard: str) -> None:
        super().__init__(guard)
        self.guard = guard


class Unavailable(Exception):
    """The database did not answer or could not keep a batch; nothing of it may be assumed."""


class Engine(Protocol):
    """What the two engines offer; the contract suite in tests/store runs on both."""

    async def read(self, *queries: Query) -> list[Rows]:
        """All queries in one round trip; one list of rows for each."""

    async def write(self, writes: Sequence[Write]) -> None:
        """One batch in one transaction (one round trip on PostgreSQL). Raises `Missed`.

        Serialization failures and deadlocks are tried again here; guards make that safe."""

    async def count(self, counted: Write, *queries: Query) -> list[Rows]:
        """A counted try: `counted` (an UPDATE … RETURNING) is committed on its own before this
        returns; its returned rows come first, then those of the queries. Never tried again."""

    async def take(self, taking: Write) -> Rows:
        """An UPDATE … RETURNING in a transaction of its own, for workers that claim rows.
        `expect` is ignored. Safe to run from several workers at once."""

    async def close(self) -> None:
        """Wait for what was begun, then give back connections."""
