"""Answers that could tell of somebody else leave on a step of time, so that how long the work took
tells nothing.

However alike the answers are, looking somebody up who is there takes some ten microseconds longer
than looking up nobody. So such an answer waits for the next of few moments, counted from when its
work began: 5, 10, 20, … ms (predictive mitigation: Askarov, Zhang and Myers, "Predictive Black-Box
Mitigation of Timing Channels", CCS 2010). Nothing is computed meanwhile.

The timers of an event loop count whole milliseconds from when they are set, so that the end of the
work would still be heard in the last one; the kernel's own timer does not. Neighbours:
`serving.py` and the places of the pages and of the console. docs/decisions/0019 has the figures.
"""

import asyncio
import ctypes
import os
import struct
import sys
import weakref
from collections.abc import Awaitable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from time import perf_counter
from typing import Final, TypeVar

from rebind.entrypoints.shared.routes import Auth

T = TypeVar("T")

FIRST_S: Final = 0.005
"""Seconds; more than most answers of a quiet server take that hash no password."""

LONGEST_S: Final = 0.32
"""Seconds; steps double up to here, and whatever takes longer waits for a multiple of it."""


def step_after(took_s: float) -> float:
    """The first step that has not passed after so many seconds of work."""
    step = FIRST_S
    while step < took_s and step < LONGEST_S:
        step *= 2
    return step if took_s <= step else -(-took_s // LONGEST_S) * LONGEST_S


def tells(auth: Auth, method: str) -> bool:
    """Whether the time of an answer could tell somebody about a name that is not theirs: where one
    may be named, and in all that follows from it, however often it is asked for. What takes a
    session is one's own, and pages that anyone opens are the same for everybody."""
    return auth is not Auth.SESSION and (auth is not Auth.NONE or method == "POST")


class Steps:
    """The waiting answers of one table. Each event loop that it serves has a timer of its own,
    which is given back with the loop."""

    def __init__(self) -> None:
        self._timers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Timer] = (
            weakref.WeakKeyDictionary()
        )

    async def after(self, work: Awaitable[T]) -> T:
        """What the work says, on the first step after its end."""
        began = perf_counter()
        said = await work
        await self._leave(began)
        return said

    async def _leave(self, began: float) -> None:
        moment = began + step_after(perf_counter() - began)
        if sys.platform != "linux":
            # Up to the millisecond only: better than nothing where nobody runs a service.
            await asyncio.sleep(moment - perf_counter())
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(loop)
        if timer is None:
            timer = self._timers[loop] = _Timer(loop)
        await timer.until(moment)


class _Timer:
    """A timer of the kernel (timerfd_create(2)) that the event loop listens to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        weakref.finalize(self, os.close, self._fd)
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._turns = count()
        loop.add_reader(self._fd, self._rung)

    async def until(self, moment: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (moment, next(self._turns), woken))
        if self._waiting[0][2] is woken:
            self._set(moment)
        await woken

    def _set(self, moment: float) -> None:
        """Ring at that moment; at once, where it has passed."""
        whole = int(moment)
        at = struct.pack(_ITIMERSPEC, 0, 0, whole, max(int((moment - whole) * 1e9), 1))
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, at, None)

    def _rung(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._fd, 8)
        now = perf_counter()
        while self._waiting and self._waiting[0][0] <= now:
            woken = heappop(self._waiting)[2]
            if not woken.done():
                woken.set_result(None)
        if self._waiting:
            self._set(self._waiting[0][0])


_MONOTONIC: Final = 1
"""CLOCK_MONOTONIC, which `time.perf_counter` reads on Linux."""
_ABSOLUTE: Final = 1
"""TFD_TIMER_ABSTIME."""
_ITIMERSPEC: Final = "@llll"
"""struct itimerspec: how often again, and when; each as seconds and nanoseconds."""
