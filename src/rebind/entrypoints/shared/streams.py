"""A body that is too large to be held: read once, piece by piece, bounded in bytes and in time.

For: documents, at the API's door and at that of the pages. It is never kept anywhere, neither in
memory nor in a temporary folder. Refuses what says itself that it is too large before a byte of it
is read, what turns out to be, and whoever sends so slowly that they only hold us. Neighbours:
`bodies.py` for everything else, `web/uploads.py` for the form around a file.
"""

import asyncio
from collections.abc import AsyncIterator

from rebind.domain.refusals import BODY_MALFORMED, DOCUMENT_TOO_LARGE, Refusal
from rebind.entrypoints.shared import bodies
from rebind.entrypoints.shared.bodies import Receive
from rebind.entrypoints.shared.callers import Headers

PIECE_WAIT_S = 30.0
"""For the next piece: a mobile network may lose somebody for so long."""

STREAM_WAIT_S = 600.0
"""For the whole: 20 MiB at 280 kbit/s, slower than any network on which people send pictures."""

REFUSALS = (BODY_MALFORMED, DOCUMENT_TOO_LARGE)
"""What reading a stream can come to."""


class Broken(Exception):
    """The stream cannot be read to its end; nothing of it is to be kept."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class Stream:
    """The body of one request. Whoever reads it raises `Broken`, and `ClientDisconnect` when nobody
    waits for an answer any more."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._until = asyncio.get_running_loop().time() + STREAM_WAIT_S
        self._more = True

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is left of it."""
        while self._more:
            piece = await self._next()
            if piece:
                yield piece

    async def _next(self) -> bytes:
        soon = asyncio.get_running_loop().time() + PIECE_WAIT_S
        try:
            async with asyncio.timeout_at(min(soon, self._until)):
                piece, self._more = bodies.piece_of(await self._receive())
        except TimeoutError:
            raise Broken(BODY_MALFORMED) from None
        self._left -= len(piece)
        if self._left < 0:
            raise Broken(DOCUMENT_TOO_LARGE)
        return piece

    async def ended(self) -> bool:
        """Read what is left and keep nothing of it, within the same bounds: a browser that is still
        sending does not read an answer. Whether the end was reached; else only closing the
        connection ends it."""
        try:
            async for _piece in self.pieces():
                pass
        except Broken:
            return False
        return True


def opened(headers: Headers, receive: Receive, most: int) -> Stream | Refusal:
    """The body as a stream of at most so many bytes. Refusals: document_too_large, by what its
    sender says."""
    if bodies.said_too_large(headers, most):
        return DOCUMENT_TOO_LARGE
    return Stream(receive, most)


def closing(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer to somebody who is still sending: the connection ends with it."""
    ends = (b"connection", b"close")
    return headers if ends in headers else [*headers, ends]
