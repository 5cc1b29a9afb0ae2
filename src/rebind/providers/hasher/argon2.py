"""argon2id (RFC 9106), away from the event loop and only so many at a time.

For: each hash takes 32 MiB and 60 ms of a core, so a crowd must not take all of either: few threads
of its own, a queue with an end, and `Busy` beyond it. Refuses to say by its time whether there was
a hash to compare with, and to make a password readable: that is `domain/passwords.py`. Loads
argon2-cffi with the first password. Neighbours: `ports.Hasher`; `leaks/`, who are asked first.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from rebind.ports import Broken, Busy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 32_768
"""OWASP Password Storage Cheat Sheet asks for 19,456 at least. From 32 MiB on, glibc takes the
memory of a hash from the system and gives it back at once (M_MMAP_THRESHOLD ends there); 19 MiB
stayed with the process for good, once for each thread."""

PASSES = 2
"""OWASP Password Storage Cheat Sheet: 2 passes at 19 MiB, so more than its least at 32 MiB."""

LANES = 1
"""OWASP Password Storage Cheat Sheet: 1. Cores are better spent on people than on one hash."""

SALT_BYTES = 16
"""RFC 9106 3.1: 16 bytes recommended for passwords."""

HASH_BYTES = 32
"""RFC 9106 4: 256 bits."""

WAITING_MAX = 64
"""Hashes that may wait for a thread: ours, 4 s of work for one core."""

_DUMMY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"
    f"${'A' * math.ceil(SALT_BYTES * 4 / 3)}${'A' * math.ceil(HASH_BYTES * 4 / 3)}"
)
"""A hash of nothing: zeros for the salt and for the hash, as no password has them but by a chance
of 1 in 2²⁵⁶."""

_FIRST_GUESS_S = 0.1

Result = TypeVar("Result")


class Argon2:
    """One for the life of the process, used from one event loop. `parallel` is how many hashes run
    at a time (half of the cores, if not said), `waiting_max` how many more may wait."""

    def __init__(self, parallel: int | None = None, waiting_max: int = WAITING_MAX) -> None:
        self._parallel = max(1, (os.cpu_count() or 1) // 2) if parallel is None else parallel
        if self._parallel < 1 or waiting_max < 0:
            raise ValueError("at least one hash has to run, and fewer than none cannot wait")
        self._waiting_max = waiting_max
        self._waiting = 0
        self._took_s = _FIRST_GUESS_S
        self._turn = asyncio.Semaphore(self._parallel)
        self._threads = ThreadPoolExecutor(self._parallel, thread_name_prefix="argon2")
        self._made: PasswordHasher | None = None

    async def hash(self, password: str) -> str:
        """The hash with its parameters and a fresh salt, in the PHC format. Raises `Busy`."""
        return await self._done(lambda: self._hasher().hash(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password; without a hash the same work, and False. Raises `Busy`;
        `Broken` where what is called a hash is none."""
        matches = await self._done(lambda: self._matches(hashed or _DUMMY, password))
        return matches and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's. Raises `Broken`."""
        from argon2.exceptions import InvalidHashError

        try:
            return self._hasher().check_needs_rehash(hashed)
        except InvalidHashError:
            raise Broken("what is kept as a password's hash is none") from None

    async def close(self) -> None:
        """Wait for what is running; nothing can be hashed afterwards."""
        await asyncio.to_thread(self._threads.shutdown)

    def _matches(self, hashed: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

        try:
            return self._hasher().verify(hashed, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            # Without what the library says: it could quote the hash.
            raise Broken("what is kept as a password's hash is none") from None

    def _hasher(self) -> "PasswordHasher":
        if self._made is None:
            from argon2 import PasswordHasher, Type

            self._made = PasswordHasher(
                PASSES, MEMORY_KIB, LANES, HASH_BYTES, SALT_BYTES, type=Type.ID
            )
        return self._made

    async def _done(self, work: Callable[[], Result]) -> Result:
        """In a thread of ours, when it is our turn. Whoever gives up waiting leaves the queue; a
        hash that has begun runs to its end and keeps its place until then."""
        if self._turn.locked() and self._waiting >= self._waiting_max:
            raise self._busy()
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            running = self._threads.submit(self._timed, work)
        except BaseException:
            self._turn.release()
            raise
        running.add_done_callback(self._releaser(asyncio.get_running_loop()))
        return await asyncio.wrap_future(running)

    def _timed(self, work: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self._took_s = time.perf_counter() - began

    def _releaser(self, loop: asyncio.AbstractEventLoop) -> Callable[["Future[Result]"], None]:
        def release(_running: "Future[Result]") -> None:
            # The loop is closed when the process ends; then nobody waits for a turn.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._turn.release)

        return release

    def _busy(self) -> Busy:
        busy = Busy("too many passwords wait to be hashed")
        busy.retry_s = max(1, math.ceil(self._waiting * self._took_s / self._parallel))
        return busy
