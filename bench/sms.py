"""The SMS centre of the benchmark: takes `POST {"to", "text", "id"}` from the worker and hands
codes to whoever waits for them.

It parses as little HTTP as the worker's client needs, because it shares a core with the driver.
"""

import asyncio
import re
from time import perf_counter
from typing import cast

import msgspec

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CODE = re.compile(r"#(\d{6,10})\b")
_TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class _Message(msgspec.Struct):
    to: str
    text: str


_decoder = msgspec.json.Decoder(_Message)


class Centre:
    """Every message that arrived, as a count, and the people who wait."""

    def __init__(self) -> None:
        self.received = 0
        self.last_at = 0.0
        self.port = 0
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a port of the loopback."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def expect(self, number: str) -> "asyncio.Future[str]":
        """The next code to this number; to be asked for before the code is."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        return future

    def take(self, raw: bytes) -> None:
        """One message."""
        self.received += 1
        self.last_at = perf_counter()
        message = _decoder.decode(raw)
        found = _CODE.search(message.text)
        waiter = self._waiting.pop(message.to, None) if found else None
        if found and waiter is not None and not waiter.done():
            waiter.set_result(found.group(1))


class _Line(asyncio.Protocol):
    """One connection of the worker."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports write without being `WriteTransport`s by name.
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._buffer) < whole:
                return
            raw, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._centre.take(raw)
            if self._transport is not None:
                self._transport.write(_TAKEN)
