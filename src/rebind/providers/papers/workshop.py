"""The workshop: starts a child for each document, feeds it, and takes its answer.

For: `ports.Papers`. The document flows through: nothing of it is kept here, nothing is written to a
file. People's uploads are slow and opening a document is quick, so that children wait for their
documents beside one another and only a few of them work. Refuses what is too long or takes too
long, and believes no child: what it answers is looked at as if the document had written it. A child
that does not answer in time is ended. Neighbour: `child.py`, the other end of the pipe.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from rebind.ports import PaperFacts, Unreadable
from rebind.providers.papers.limits import (
    DAMAGED,
    JPEG,
    PDF,
    TOO_MANY_BYTES,
    TOO_SLOW,
    WORDS,
    Limits,
)
from rebind.providers.papers.signs import FINDINGS

SECONDS_MAX = 40.0
"""From the end of the document to the answer. The slowest honest one, a HEIC of 50 megapixels or 20
pages, takes 2 to 5 s on one core; this leaves room for a machine that is busy."""

AT_ONCE = 2
"""Children that work at the same time: each takes 0.1 to 0.6 GiB meanwhile."""

CHILDREN_MAX = 16
"""Children that exist for what people send, most of them waiting for it to arrive: slow senders do
not stand in the way of others. Each has 15 MiB and what has arrived; one more upload is not read
until one of them has ended."""

PIECE = 64 * 1_024
_HEADER_MAX = 4 * 1_024
_CPU_SHARE = 0.6
"""Of the seconds: who computes longer has not merely waited for a busy machine."""


class _Header(msgspec.Struct):
    size: int
    why: str | None = None
    media: str = ""
    pages: int = 0
    findings: list[str] = []


class _Cleaned:
    """A harmless copy on its way out of the child."""

    def __init__(self, facts: PaperFacts, out: asyncio.StreamReader, seconds_max: float) -> None:
        self.facts = facts
        self._out = out
        self._seconds_max = seconds_max

    async def chunks(self) -> AsyncIterator[bytes]:
        """The copy, piece by piece. Raises `Unreadable` where the child broke off."""
        left = self.facts.size
        while left > 0:
            async with _in_time(self._seconds_max):
                piece = await self._out.read(min(PIECE, left))
            if not piece:
                raise Unreadable(DAMAGED)
            left -= len(piece)
            yield piece


class Workshop:
    """Opens documents, `at_once` at a time. `limits` are those of a document; `seconds_max` is for
    the work on it, however long it took to arrive; `children_max` of them may arrive at a time."""

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008 – a value that nobody can change
        *,
        seconds_max: float = SECONDS_MAX,
        at_once: int = AT_ONCE,
        children_max: int = CHILDREN_MAX,
    ) -> None:
        self._limits = limits
        self._seconds_max = seconds_max
        self._works = asyncio.Semaphore(at_once)
        self._places = asyncio.Semaphore(children_max)
        self._children: set[asyncio.subprocess.Process] = set()

    @asynccontextmanager
    async def clean(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[_Cleaned]:
        """Look at a document and make it harmless. Raises `Unreadable`, and whatever `chunks`
        raises."""
        async with self._places, self._child() as child:
            header = await self._asked(child, {"limits": self._limits}, self._limits, chunks)
            facts = PaperFacts(
                header.media, header.pages, header.size, tuple(sorted(set(header.findings)))
            )
            if not self._believable(facts):
                raise Unreadable(DAMAGED)
            yield _Cleaned(facts, _output(child), self._seconds_max)

    async def view(self, chunks: AsyncIterator[bytes], page: int, watermark: str) -> bytes:
        """One page (from 0) of a harmless copy as a JPEG, the watermark burned in; white space in
        it becomes one space. Raises `Unreadable`, and whatever `chunks` raises."""
        # What is read here is what we have made: as long as a copy may be.
        limits = self._limits._replace(bytes_max=self._limits.result_bytes_max)
        job = {"limits": limits, "page": page, "watermark": " ".join(watermark.split())}
        async with self._child() as child:
            header = await self._asked(child, job, limits, chunks)
            if not 0 < header.size <= limits.result_bytes_max:
                raise Unreadable(DAMAGED)
            try:
                async with _in_time(self._seconds_max):
                    return await _output(child).readexactly(header.size)
            except asyncio.IncompleteReadError:
                raise Unreadable(DAMAGED) from None

    async def close(self) -> None:
        """End what is under way."""
        for child in list(self._children):
            await _end(child)

    def _believable(self, facts: PaperFacts) -> bool:
        """Whether a child that does its work could say this."""
        pages_max = {JPEG: 1, PDF: self._limits.pages_max}.get(facts.media, 0)
        return (
            1 <= facts.pages <= pages_max
            and 0 < facts.size <= self._limits.result_bytes_max
            and FINDINGS.issuperset(facts.findings)
        )

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[asyncio.subprocess.Process]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-W", "ignore", "-m", "rebind.providers.papers.child"),
            str(max(1, int(self._seconds_max * _CPU_SHARE))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        self._children.add(child)
        try:
            yield child
        finally:
            self._children.discard(child)
            await _end(child)

    async def _asked(
        self,
        child: asyncio.subprocess.Process,
        job: dict[str, Any],
        limits: Limits,
        chunks: AsyncIterator[bytes],
    ) -> _Header:
        """Feed the child and read the first line of its answer."""
        await self._fed(child, msgspec.json.encode(job) + b"\n", limits.bytes_max, chunks)
        # Only with the end of its input does a child begin to work.
        async with self._works:
            _input(child).close()
            try:
                async with _in_time(self._seconds_max):
                    line = await _output(child).readline()
            except ValueError:
                raise Unreadable(DAMAGED) from None
        try:
            if len(line) > _HEADER_MAX:
                raise Unreadable(DAMAGED)
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.DecodeError:
            raise Unreadable(await self._died_of(child)) from None
        if header.why is not None:
            raise Unreadable(header.why if header.why in WORDS else DAMAGED)
        return header

    async def _fed(
        self,
        child: asyncio.subprocess.Process,
        job: bytes,
        bytes_max: int,
        chunks: AsyncIterator[bytes],
    ) -> None:
        """Everything into the child, no faster than it reads."""
        into, size = _input(child), 0
        # A child that has seen enough hangs up: its answer says why.
        with suppress(BrokenPipeError, ConnectionResetError):
            into.write(job)
            async for chunk in chunks:
                size += len(chunk)
                if size > bytes_max:
                    raise Unreadable(TOO_MANY_BYTES)
                into.write(chunk)
                async with _in_time(self._seconds_max):
                    await into.drain()

    async def _died_of(self, child: asyncio.subprocess.Process) -> str:
        """Why a child said nothing: the kernel ended it after its time, or the document did."""
        try:
            async with _in_time(self._seconds_max):
                code = await child.wait()
        except Unreadable as slow:
            return slow.why
        return TOO_SLOW if code == -signal.SIGXCPU else DAMAGED


@asynccontextmanager
async def _in_time(seconds_max: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds_max):
            yield
    except TimeoutError:
        raise Unreadable(TOO_SLOW) from None


def _input(child: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    if child.stdin is None:
        raise ValueError("the child has no input")
    return child.stdin


def _output(child: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if child.stdout is None:
        raise ValueError("the child has no output")
    return child.stdout


async def _end(child: asyncio.subprocess.Process) -> None:
    """Nothing of a child is left behind."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    _input(child).close()
    # Whatever it still said, so that its end of the pipe is seen and the pipe given back.
    while await _output(child).read(PIECE):
        pass
    await child.wait()
