"""The workshop: starts a child for each document, feeds it, and takes its answer.

For: `ports.Papers`. The document flows through; nothing of it is kept here and nothing is written
to a file. Refuses what is too long, too slow or too much at once: a child that does not answer in
time is ended with all that it may have started. Neighbour: `child.py`, the other end of the pipe.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from rebind.ports import PaperFacts, Unreadable

BYTES_MAX = 20 * 1_024 * 1_024
"""What people photograph and scan; a 50-megapixel JPEG has 15 to 20 MB."""

SECONDS_MAX = 40.0
AT_ONCE = 2
"""Children at work at the same time: each may take a gigabyte."""

CHILDREN_MAX = 16
"""Children that may wait for documents which are still on their way, at whatever pace: one that has
only read takes little, and slow senders do not stand in the way of others."""

PIECE = 64 * 1_024
_HEADER_MAX = 16 * 1_024


class _Header(msgspec.Struct):
    size: int
    why: str | None = None
    media: str = ""
    pages: int = 0
    findings: list[str] = []


class _Copy:
    """A harmless copy on its way out of the child."""

    def __init__(self, facts: PaperFacts, out: asyncio.StreamReader) -> None:
        self.facts = facts
        self._out = out

    async def chunks(self) -> AsyncIterator[bytes]:
        """The copy, piece by piece. Raises `Unreadable` where the child broke off."""
        left = self.facts.size
        while left > 0:
            piece = await self._out.read(min(PIECE, left))
            if not piece:
                raise Unreadable("damaged")
            left -= len(piece)
            yield piece


class Workshop:
    """Opens documents, so many at a time."""

    def __init__(
        self,
        *,
        bytes_max: int = BYTES_MAX,
        seconds_max: float = SECONDS_MAX,
        at_once: int = AT_ONCE,
    ) -> None:
        self._bytes_max, self._seconds_max = bytes_max, seconds_max
        self._children_max = asyncio.Semaphore(CHILDREN_MAX)
        self._places = asyncio.Semaphore(at_once)
        self._children: set[asyncio.subprocess.Process] = set()

    @asynccontextmanager
    async def clean(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[_Copy]:
        """Look at a document and make it harmless. Raises `Unreadable`, and whatever `chunks`
        raises."""
        async with self._child("clean") as child:
            header = await self._answer(child, b"", chunks)
            facts = PaperFacts(
                header.media, header.pages, header.size, tuple(sorted(header.findings))
            )
            yield _Copy(facts, _output(child))

    async def view(self, chunks: AsyncIterator[bytes], page: int, watermark: str) -> bytes:
        """One page of a harmless copy as a JPEG, the watermark burned in. Raises `Unreadable`."""
        words = " ".join(watermark.split())
        async with self._child("view") as child:
            header = await self._answer(child, f"{page}\n{words}\n".encode(), chunks)
            try:
                return await _output(child).readexactly(header.size)
            except asyncio.IncompleteReadError:
                raise Unreadable("damaged") from None

    async def close(self) -> None:
        """End what is under way."""
        for child in list(self._children):
            await _end(child)

    @asynccontextmanager
    async def _child(self, work: str) -> AsyncIterator[asyncio.subprocess.Process]:
        async with self._children_max:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "rebind.providers.papers.child",
                work,
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

    async def _answer(
        self, child: asyncio.subprocess.Process, head: bytes, chunks: AsyncIterator[bytes]
    ) -> _Header:
        """Feed the child, at the pace of whoever sends, and read the first line of its answer: it
        begins to work when it has everything, and only then its time runs."""
        into = await self._fed(child, head, chunks)
        try:
            async with self._places, asyncio.timeout(self._seconds_max):
                with suppress(BrokenPipeError, ConnectionResetError):
                    into.close()
                    await into.wait_closed()
                line = await _output(child).readline()
        except TimeoutError:
            raise Unreadable("too_slow") from None
        except ValueError:
            raise Unreadable("damaged") from None
        if len(line) > _HEADER_MAX:
            raise Unreadable("damaged")
        try:
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.DecodeError:
            # The child died of it: out of time, out of memory, or worse.
            raise Unreadable("damaged") from None
        if header.why is not None:
            raise Unreadable(header.why)
        return header

    async def _fed(
        self, child: asyncio.subprocess.Process, head: bytes, chunks: AsyncIterator[bytes]
    ) -> asyncio.StreamWriter:
        """Everything into the child, no faster than it reads; its input is open still."""
        into = child.stdin
        if into is None:
            raise ValueError("the child has no input")
        size = 0
        # A child that has seen enough closes its end: its answer says why.
        with suppress(BrokenPipeError, ConnectionResetError):
            into.write(head)
            async for chunk in chunks:
                size += len(chunk)
                if size > self._bytes_max:
                    raise Unreadable("too_many_bytes")
                into.write(chunk)
                await into.drain()
        return into


def _output(child: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if child.stdout is None:
        raise ValueError("the child has no output")
    return child.stdout


async def _end(child: asyncio.subprocess.Process) -> None:
    """Nothing of a child is left behind."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
