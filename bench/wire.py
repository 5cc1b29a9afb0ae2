"""A lean HTTP/1.1 client: one kept-alive connection, one call at a time, answers with a length.

A full client would cost the driver more than the server spends; this one does what the benchmark
needs and nothing else.
"""

import asyncio
import re
from typing import Final, cast

import msgspec

WAIT_MAX_S: Final = 20.0
"""An answer that takes longer is a failure of the whole run."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


AGENT: Final = "User-Agent: bench/1\r\n"
"""What a program says of itself, where a browser says more."""

JSON: Final = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """An answer: `head` is everything before the body, as it came."""

    status: int
    head: bytes
    body: bytes


class Connection(asyncio.Protocol):
    """Made by `connect`; `call` is awaited one at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports write without being `WriteTransport`s by name.
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        whole = end + 4 + (int(length.group(1)) if length else 0)
        if len(self._buffer) < whole:
            return
        head, body = self._buffer[: end + 4], self._buffer[end + 4 : whole]
        self._buffer = self._buffer[whole:]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(int(head[9:12]), head, body))

    async def call(
        self,
        method: str,
        path: str,
        headers: str = "",
        body: bytes | None = None,
        *,
        kind: str = JSON,
        agent: str = AGENT,
        wait_s: float = WAIT_MAX_S,
    ) -> Answer:
        """`headers` and `agent` are whole lines, each with its line break; `kind` is what the body
        is."""
        if self._transport is None:
            raise ConnectionError("not connected")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{agent}{headers}"
        if body is not None:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(head.encode() + b"\r\n" + (body or b""))
        timer = loop.call_later(wait_s, _give_up, answer, wait_s)
        try:
            return await answer
        finally:
            timer.cancel()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _give_up(answer: "asyncio.Future[Answer]", wait_s: float) -> None:
    if not answer.done():
        answer.set_exception(ConnectionError(f"no answer within {wait_s:g} s"))


async def connect(port: int) -> Connection:
    """A connection to a server on the loopback."""
    loop = asyncio.get_running_loop()
    _transport, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    return connection
