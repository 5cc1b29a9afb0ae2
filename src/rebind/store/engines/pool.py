"""A small pool of PostgreSQL connections.

The driver's own pool resets a connection on every release, which costs a hidden round trip. This
one hands a connection straight to whoever has waited longest, opens a new one in place of a broken
one, and turns callers away after a bounded wait. It knows nothing of statements and imports no
driver: `postgres` says how to connect.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, Protocol, TypeVar

from rebind.domain.units import Ms
from rebind.store.statements import Unavailable

CLOSE_WAIT_S: Final = 10.0
"""How long `close` waits for calls under way before it cuts them off."""


class _Connection(Protocol):
    """As much of a connection as a pool must know."""

    def is_closed(self) -> bool: ...

    def terminate(self) -> None: ...

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's
        ...


C = TypeVar("C", bound=_Connection)


class Pool(Generic[C]):
    """`connect` opens one connection, or raises `Unavailable`."""

    def __init__(self, connect: Callable[[], Awaitable[C]], size: int, wait_ms: Ms) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect = connect
        self._size = size
        self._wait_s = wait_ms / 1000
        # A stack: the connection used last is the warmest.
        self._idle: list[C] = []
        self._lent: set[C] = set()
        # Connections that exist or are being opened, idle or lent.
        self._slots = 0
        self._waiting: deque[asyncio.Future[C | None]] = deque()
        self._closed = False
        self._drained: asyncio.Future[None] | None = None

    async def acquire(self) -> C:
        """A connection that was alive when last looked at. Raises `Unavailable`."""
        if self._closed:
            raise Unavailable("the engine is closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._lent.add(connection)
                return connection
            self._slots -= 1
        if self._slots < self._size:
            self._slots += 1
            return await self._open()
        handed = await self._turn()
        if handed is None:
            return await self._open()
        return handed

    def release(self, connection: C) -> None:
        """Give it back; one that is closed leaves its place to a new one."""
        self._lent.discard(connection)
        self._pass_on(None if connection.is_closed() else connection)

    def forget_idle(self) -> None:
        """Cut idle connections, so that the next callers open new ones."""
        while self._idle:
            self._idle.pop().terminate()
            self._slots -= 1

    async def close(self) -> None:
        """Turn new callers away, let those under way finish for a while, then close."""
        self._closed = True
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(Unavailable("the engine is closed"))
        if self._slots > len(self._idle):
            self._drained = self._loop.create_future()
            await asyncio.wait([self._drained], timeout=CLOSE_WAIT_S)
        for connection in self._lent:
            connection.terminate()
        while self._idle:
            connection = self._idle.pop()
            self._slots -= 1
            try:
                await connection.close(timeout=1)
            except Exception:
                # Closing politely is a courtesy; the server notices a cut as well.
                connection.terminate()

    async def _open(self) -> C:
        """Open a connection in a slot that is ours already."""
        try:
            connection = await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        self._lent.add(connection)
        return connection

    async def _turn(self) -> C | None:
        """Wait for a connection, or for a free slot (None)."""
        waiter: asyncio.Future[C | None] = self._loop.create_future()
        self._waiting.append(waiter)
        timer = self._loop.call_later(self._wait_s, _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # It was handed over in the same turn of the loop in which we were cancelled.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                handed = waiter.result()
                if handed is not None:
                    self._lent.discard(handed)
                self._pass_on(handed)
            raise
        finally:
            timer.cancel()

    def _pass_on(self, connection: C | None) -> None:
        """Hand a connection, or the right to open one, to the next in line; else keep it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                if connection is not None:
                    self._lent.add(connection)
                waiter.set_result(connection)
                return
        if connection is None:
            self._slots -= 1
        else:
            self._idle.append(connection)
        drained = self._drained
        if drained is not None and not drained.done() and self._slots == len(self._idle):
            drained.set_result(None)


def _give_up(waiter: "asyncio.Future[C | None]") -> None:
    if not waiter.done():
        waiter.set_exception(Unavailable("no database connection became free in time"))
