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
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import asyncpg
import msgspec

from rebind.store.engines.base import (
    PLANS_MAX,
    RETRIES_MAX,
    WAIT_MAX_MS,
    Fraction,
    Numbered,
    Refused,
    Stats,
    numbered,
    pause_ms,
    returns,
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
_GUARD = re.compile(r"\bguard (\d+)\b")


class _Plan(msgspec.Struct, frozen=True):
    """One composed statement: the parts in their order, and the names for errors."""

    sql: str
    parts: tuple[Numbered, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return "+".join(self.names)


_BatchKey: TypeAlias = tuple[tuple[Statement, int | None], ...]


class PostgresEngine:
    """Made by `open`, within a running loop, and bound to that loop."""

    dialect = "postgresql"

    def __init__(self, pool: "Pool[_Connection]", fraction: Fraction, one_statement: bool) -> None:
        self.stats = Stats()
        self._pool = pool
        self._fraction = fraction
        self._one_statement = one_statement
        self._batches: dict[_BatchKey, _Plan] = {}
        self._reads: dict[tuple[Statement, ...], _Plan] = {}
        self._counts: dict[tuple[Statement, ...], _Plan] = {}
        self._singles: dict[Statement, _Plan] = {}

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
            plan = _keep(self._reads, key, _read_plan(key))
        arguments = _arguments(plan, queries)
        self.stats.statements += len(queries)
        try:
            records = await self._fetch(plan, arguments)
        except _Lost:
            # Reading twice harms nobody, and a server that was restarted leaves dead connections.
            self.stats.retries += 1
            records = await self._fetch(plan, arguments)
        return [records] if len(queries) == 1 else _lists(records)

    async def write(self, writes: Sequence[Write]) -> None:
        """One statement, tried again after a conflict. See `Engine.write`."""
        if not writes:
            return
        key = tuple([(write.statement, write.expect) for write in writes])
        plan = self._batches.get(key)
        if plan is None:
            plan = _keep(self._batches, key, _batch_plan(key))
        self.stats.statements += len(writes)
        if self._one_statement:
            arguments = _arguments(plan, writes)
            await self._persist(lambda: self._fetch(plan, arguments))
        else:
            await self._persist(lambda: self._steps(plan, writes))

    async def count(self, counted: Write, *queries: Query) -> list[Rows]:
        """One statement, never tried again. See `Engine.count`."""
        if not queries:
            return [await self._fetch_single(counted)]
        key = (counted.statement, *[query.statement for query in queries])
        plan = self._counts.get(key)
        if plan is None:
            plan = _keep(self._counts, key, _count_plan(key))
        self.stats.statements += len(key)
        return _lists(await self._fetch(plan, _arguments(plan, (counted, *queries))))

    async def take(self, taking: Write) -> Rows:
        """A conflict means that nothing was taken, so it is tried again. See `Engine.take`."""
        return await self._persist(lambda: self._fetch_single(taking))

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._pool.close()

    async def _fetch_single(self, write: Write) -> Rows:
        plan = self._single(write.statement)
        self.stats.statements += 1
        return await self._fetch(plan, _arguments(plan, (write,)))

    def _single(self, statement: Statement) -> _Plan:
        plan = self._singles.get(statement)
        if plan is None:
            plan = _keep(self._singles, statement, _read_plan((statement,)))
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

    async def _fetch(self, plan: _Plan, arguments: Sequence[Value]) -> Rows:
        connection = await self._pool.acquire()
        self.stats.round_trips += 1
        try:
            # A Record is read by position and unpacked like the tuple that `Rows` promises.
            rows: Any = await connection.fetch(plan.sql, *arguments)
        except BaseException as error:
            if _may_have_broken(error):
                connection.terminate()
            _raise_told(plan, error)
        finally:
            self._pool.release(connection)
        found: Rows = rows
        return found

    async def _steps(self, plan: _Plan, writes: Sequence[Write]) -> None:
        """The batch as a transaction of single statements."""
        connection = await self._pool.acquire()
        trips = self.stats
        try:
            trips.round_trips += 1
            await connection.execute("BEGIN")
            for write in writes:
                single = self._single(write.statement)
                trips.round_trips += 1
                tag = await connection.execute(single.sql, *_arguments(single, (write,)))
                if write.expect is not None and int(tag.rpartition(" ")[2]) != write.expect:
                    raise Missed(write.statement.name)
            trips.round_trips += 1
            await connection.execute("COMMIT")
        except BaseException as error:
            if _may_have_broken(error):
                connection.terminate()
            else:
                await _roll_back(connection)
            _raise_told(plan, error)
        finally:
            self._pool.release(connection)


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


def _keep(plans: dict[_K, _Plan], key: _K, plan: _Plan) -> _Plan:
    if len(plans) >= PLANS_MAX:
        del plans[next(iter(plans))]
    plans[key] = plan
    return plan


def _numbered_all(statements: Sequence[Statement]) -> tuple[Numbered, ...]:
    parts: list[Numbered] = []
    first = 1
    for statement in statements:
        part = numbered(statement.sql, first)
        first += part.count
        parts.append(part)
    return tuple(parts)


def _plan(sql: str, parts: tuple[Numbered, ...], statements: Sequence[Statement]) -> _Plan:
    return _Plan(sql, parts, tuple(statement.name for statement in statements))


def _read_plan(statements: Sequence[Statement]) -> _Plan:
    parts = _numbered_all(statements)
    sql = parts[0].sql if len(parts) == 1 else "SELECT " + _columns(parts)
    return _plan(sql, parts, statements)


def _count_plan(statements: Sequence[Statement]) -> _Plan:
    parts = _numbered_all(statements)
    sql = (
        f"WITH counted AS (\n{parts[0].sql}\n) "  # noqa: S608 - composed of our own statements
        f"SELECT (SELECT array_agg(counted) FROM counted), {_columns(parts[1:])}"
    )
    return _plan(sql, parts, statements)


def _columns(parts: Sequence[Numbered]) -> str:
    # The line breaks end a comment that a statement may close with.
    return ", ".join(
        f"(SELECT array_agg(t) FROM (\n{part.sql}\n) t)"  # noqa: S608 - as above
        for part in parts
    )


def _batch_plan(key: _BatchKey) -> _Plan:
    statements = [statement for statement, _ in key]
    parts = _numbered_all(statements)
    steps: list[str] = []
    guards: list[str] = []
    for place, (part, (statement, expect)) in enumerate(zip(parts, key, strict=True)):
        returning = "" if returns(statement.sql) else "\nRETURNING 1"
        steps.append(f"w{place} AS (\n{part.sql}{returning}\n)")
        if expect is not None:
            missed = f"(SELECT count(*) FROM w{place}) <> {int(expect)}"  # noqa: S608 - as above
            guards.append(f"WHEN {missed} THEN 'guard {place}'")
    # A division by zero would not do: it is folded while planning and fails every time.
    verdict = f"CAST(CASE {' '.join(guards)} ELSE '1' END AS integer)" if guards else "1"
    return _plan(f"WITH {', '.join(steps)} SELECT {verdict}", parts, statements)


def _arguments(plan: _Plan, items: Sequence[Query | Write]) -> list[Value]:
    arguments: list[Value] = []
    for part, item in zip(plan.parts, items, strict=True):
        try:
            arguments.extend(part.pick(item.args))
        except KeyError as missing:
            raise Refused(item.statement.name, f"no argument {missing}") from None
    return arguments


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


def _may_have_broken(error: BaseException) -> bool:
    """Whether the connection cannot be lent again: lost, cancelled half-way or told to go."""
    if isinstance(error, asyncpg.PostgresError):
        return _sqlstate(error)[:2] in ("08", "57", "58", "XX")
    # The driver refuses an argument before it sends anything.
    return not isinstance(error, Missed | Refused | ValueError | OverflowError | TypeError)


def _raise_told(plan: _Plan, error: BaseException) -> NoReturn:
    """Raise what the flows understand, without what the server quotes."""
    state = _sqlstate(error)
    if state == _BAD_NUMBER and (guard := _GUARD.search(str(error.args[0]))) is not None:
        raise Missed(plan.names[int(guard.group(1))]) from None
    if state in _CONFLICTS:
        raise _Conflict(f"{plan.name}: {state}") from None
    if state.startswith(_SERVER):
        lost = state.startswith(("08", "57P"))
        raise (_Lost if lost else Unavailable)(f"{plan.name}: {state}") from None
    if isinstance(error, asyncpg.PostgresError):
        raise Refused(plan.name, _why(error, state)) from None
    if isinstance(error, ValueError | OverflowError | TypeError):
        raise Refused(plan.name, f"an argument does not fit ({type(error).__name__})") from None
    if isinstance(error, asyncpg.InterfaceError | ConnectionError):
        raise _Lost(f"{plan.name}: the connection was lost") from None
    if isinstance(error, OSError):
        raise Unavailable(f"{plan.name}: {type(error).__name__}") from None
    raise error


def _why(error: asyncpg.PostgresError, state: str) -> str:
    """What was wrong with a statement. Only class 42 (names and syntax) never quotes a value."""
    constraint: Any = getattr(error, "constraint_name", None)
    column: Any = getattr(error, "column_name", None)
    said = str(error.args[0]) if state.startswith("42") else ""
    return " ".join(part for part in (state, constraint, column, said) if part)
