"""The engine on PostgreSQL: a batch is one statement, a read is one statement.

A batch becomes data-modifying CTEs and a closing SELECT that casts the name of a missed guard to
an integer, which fails the statement as a whole and says which guard it was. A database that cannot
do this (`one_statement=False`) gets BEGIN, the steps and COMMIT instead. Statements are composed
once for each shape of batch and then stay prepared.

It is the only module that knows the driver, and it repeats neither a detail nor a hint of the
server's errors, since those quote values. Its neighbours are `pool`, and `sqlite` on the other
database.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import asyncpg

from rebind.store.engines.base import (
    PLANS_MAX,
    RETRIES_MAX,
    WAIT_MAX_MS,
    Fraction,
    Rejected,
    Stats,
    pause_ms,
)
from rebind.store.engines.plans import (
    BatchKey,
    Plan,
    arguments,
    batch_plan,
    count_plan,
    read_plan,
)
from rebind.store.engines.pool import Pool
from rebind.store.statements import (
    Missed,
    Query,
    Rows,
    Statement,
    Unavailable,
    Value,
    Write,
)

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_K = TypeVar("_K")
_R = TypeVar("_R")

CONNECT_WAIT_S: Final = 5.0
STATEMENT_WAIT_S: Final = 10.0
"""A call that takes longer is given up with its connection; the server stops it as well."""

_SETTINGS: Final = {
    "application_name": "rebind",
    # Every query reaches its rows by a key: compiling or planning it anew costs more than it saves.
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": str(int(STATEMENT_WAIT_S * 1000)),
}

_CONFLICTS: Final = frozenset({"40001", "40P01"})

# Classes of SQLSTATE that speak of the server and not of the statement: connection, transaction
# rollback, resources, intervention, system, internal; then "read only", as after a failover.
_SERVER: Final = ("08", "40", "53", "57", "58", "XX", "25006")

_BAD_NUMBER: Final = "22P02"


class PostgresEngine:
    """Made by `open`, within a running loop, and bound to that loop."""

    dialect = "postgresql"

    def __init__(self, pool: "Pool[_Connection]", fraction: Fraction, one_statement: bool) -> None:
        self.stats = Stats()
        self._pool = pool
        self._fraction = fraction
        self._one_statement = one_statement
        self._batches: dict[BatchKey, Plan] = {}
        self._reads: dict[tuple[Statement, ...], Plan] = {}
        self._counts: dict[tuple[Statement, ...], Plan] = {}
        self._singles: dict[Statement, Plan] = {}

    @classmethod
    async def open(
        cls, url: str, *, connections: int, fraction: Fraction, one_statement: bool = True
    ) -> "PostgresEngine":
        """Open one connection at once, the others when they are needed. Raises `Unavailable`."""

        async def one() -> _Connection:
            return await connect(url, settings=_SETTINGS, wait_s=STATEMENT_WAIT_S)

        pool: Pool[_Connection] = Pool(one, connections, WAIT_MAX_MS)
        pool.release(await pool.acquire())
        return cls(pool, fraction, one_statement)

    async def read(self, *queries: Query) -> list[Rows]:
        """One statement, and a second try when the connection was lost. See `Engine.read`."""
        key = tuple([query.statement for query in queries])
        plan = self._reads.get(key)
        if plan is None:
            plan = _keep(self._reads, key, read_plan(key))
        values = arguments(plan, queries)
        self.stats.statements += len(queries)
        try:
            records = await self._fetch(plan, values)
        except _Lost:
            # Reading twice harms nobody, and a server that was restarted leaves dead connections.
            self.stats.retries += 1
            records = await self._fetch(plan, values)
        return [records] if len(queries) == 1 else _lists(records)

    async def write(self, writes: Sequence[Write]) -> None:
        """One statement, tried again after a conflict. See `Engine.write`."""
        if not writes:
            return
        key = tuple([(write.statement, write.expect) for write in writes])
        plan = self._batches.get(key)
        if plan is None:
            plan = _keep(self._batches, key, batch_plan(key))
        self.stats.statements += len(writes)
        if self._one_statement:
            values = arguments(plan, writes)
            await self._persist(lambda: self._fetch(plan, values))
        else:
            await self._persist(lambda: self._steps(plan, writes))

    async def count(self, counted: Write, *queries: Query) -> list[Rows]:
        """One statement, never tried again. See `Engine.count`."""
        if not queries:
            return [await self._fetch_single(counted)]
        key = (counted.statement, *[query.statement for query in queries])
        plan = self._counts.get(key)
        if plan is None:
            plan = _keep(self._counts, key, count_plan(key))
        self.stats.statements += len(key)
        return _lists(await self._fetch(plan, arguments(plan, (counted, *queries))))

    async def take(self, taking: Write) -> Rows:
        """A conflict means that nothing was taken, so it is tried again. See `Engine.take`."""
        return await self._persist(lambda: self._fetch_single(taking))

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._pool.close()

    async def _fetch_single(self, write: Write) -> Rows:
        plan = self._single(write.statement)
        self.stats.statements += 1
        return await self._fetch(plan, arguments(plan, (write,)))

    def _single(self, statement: Statement) -> Plan:
        plan = self._singles.get(statement)
        if plan is None:
            plan = _keep(self._singles, statement, read_plan((statement,)))
        return plan

    async def _persist(self, attempt: Callable[[], Awaitable[_R]]) -> _R:
        """Try again after a conflict with another transaction, a bounded number of times."""
        tries = 0
        while True:
            try:
                return await attempt()
            except _Conflict:
                if tries >= RETRIES_MAX:
                    raise
            await asyncio.sleep(pause_ms(tries, self._fraction) / 1000)
            tries += 1
            self.stats.retries += 1

    async def _fetch(self, plan: Plan, values: Sequence[Value]) -> Rows:
        connection = await self._pool.acquire()
        self.stats.round_trips += 1
        try:
            # A Record is read by position and unpacked like the tuple that `Rows` promises.
            rows: Any = await connection.fetch(plan.sql, *values)
        except BaseException as error:
            self._look_at(connection, error)
            _raise_told(plan, error)
        finally:
            self._pool.release(connection)
        found: Rows = rows
        return found

    async def _steps(self, plan: Plan, writes: Sequence[Write]) -> None:
        """The batch as a transaction of single statements."""
        connection = await self._pool.acquire()
        trips = self.stats
        try:
            trips.round_trips += 1
            await connection.execute("BEGIN")
            for write in writes:
                single = self._single(write.statement)
                trips.round_trips += 1
                tag = await connection.execute(single.sql, *arguments(single, (write,)))
                if write.expect is not None and int(tag.rpartition(" ")[2]) != write.expect:
                    raise Missed(write.statement.name)
            trips.round_trips += 1
            await connection.execute("COMMIT")
        except BaseException as error:
            self._look_at(connection, error)
            if not connection.is_closed():
                await _roll_back(connection)
            _raise_told(plan, error)
        finally:
            self._pool.release(connection)

    def _look_at(self, connection: _Connection, error: BaseException) -> None:
        """After an error: cut a connection that must not be lent again."""
        if _lost(error):
            # What cut this one has probably cut the others, which cannot know it yet.
            self._pool.forget_idle()
        if not _unharmed(error):
            connection.terminate()


async def connect(
    url: str, *, settings: Mapping[str, str] | None = None, wait_s: float | None = None
) -> _Connection:
    """One connection. Raises `Unavailable`, and ValueError for a URL that cannot be read, without
    repeating any of it. Upgrades connect here too, and without `wait_s`: they may take long."""
    try:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_WAIT_S,
            command_timeout=wait_s,
            server_settings=dict(settings or {}),
            statement_cache_size=PLANS_MAX,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        why = " ".join(part for part in (type(error).__name__, _sqlstate(error)) if part)
        raise Unavailable(f"cannot connect: {why}") from None
    except (ValueError, asyncpg.InterfaceError):
        raise ValueError("the database URL cannot be read") from None


class _Conflict(Unavailable):
    """The batch lost to another transaction and was undone by the server; it may be tried again."""


class _Lost(Unavailable):
    """The connection broke."""


def _keep(plans: dict[_K, Plan], key: _K, plan: Plan) -> Plan:
    if len(plans) >= PLANS_MAX:
        del plans[next(iter(plans))]
    plans[key] = plan
    return plan


def _lists(records: Rows) -> list[Rows]:
    return [[] if column is None else column for column in records[0]]


async def _roll_back(connection: _Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except BaseException:
        # Whatever the reason, a connection inside a transaction must not go back to the pool.
        connection.terminate()
        raise


def _sqlstate(error: BaseException) -> str:
    state: Any = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _lost(error: BaseException) -> bool:
    """Whether the connection broke, or the server is about to break it."""
    if isinstance(error, asyncpg.PostgresError):
        return _sqlstate(error).startswith(("08", "57P"))
    if isinstance(error, ValueError):
        return False
    # The driver stumbles in its own state when the server said goodbye to an idle connection.
    broken = (asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)
    return isinstance(error, broken)


def _unharmed(error: BaseException) -> bool:
    """Whether the connection can be lent again; not when it was lost or cancelled half-way."""
    if isinstance(error, asyncpg.PostgresError):
        return _sqlstate(error)[:2] not in ("08", "57", "58", "XX")
    # The driver refuses an argument before it sends anything.
    return isinstance(error, Missed | Rejected | ValueError | OverflowError | TypeError)


def _raise_told(plan: Plan, error: BaseException) -> NoReturn:
    """Raise what the flows understand, without what the server quotes."""
    state = _sqlstate(error)
    if state == _BAD_NUMBER and (guard := plan.missed(str(error.args[0]))) is not None:
        raise Missed(guard) from None
    if state in _CONFLICTS:
        raise _Conflict(f"{plan.name}: {state}") from None
    if _lost(error):
        raise _Lost(f"{plan.name}: the connection was lost {state}".rstrip()) from None
    if state.startswith(_SERVER):
        raise Unavailable(f"{plan.name}: {state}") from None
    if isinstance(error, asyncpg.PostgresError):
        raise Rejected(plan.name, _why(error, state)) from None
    if isinstance(error, ValueError | OverflowError | TypeError):
        raise Rejected(plan.name, f"an argument does not fit ({type(error).__name__})") from None
    if isinstance(error, OSError):
        raise Unavailable(f"{plan.name}: {type(error).__name__}") from None
    raise error


def _why(error: asyncpg.PostgresError, state: str) -> str:
    """What was wrong with a statement. Only class 42 (names and syntax) never quotes a value."""
    constraint: Any = getattr(error, "constraint_name", None)
    column: Any = getattr(error, "column_name", None)
    said = str(error.args[0]) if state.startswith("42") else ""
    return " ".join(part for part in (state, constraint, column, said) if part)
