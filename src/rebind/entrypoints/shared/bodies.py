"""Reading a JSON body safely: typed, bounded in bytes and in time, without trusting what it says.

Refuses anything but JSON in UTF-8, unknown fields (where the struct forbids them) and the character
NUL, which PostgreSQL does not keep. What was wrong in detail is not told: the schema is public.
Neighbour: the forms of the web door are read as bytes by `whole`, with the same bounds.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from types import coroutine
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect

from rebind.domain.refusals import (
    BODY_MALFORMED,
    BODY_TOO_LARGE,
    CONTENT_TYPE_WRONG,
    Refusal,
)
from rebind.entrypoints.shared.callers import Headers

BODY_MAX = 16 * 1024
"""Bytes; the longest body that means anything has a few hundred."""

LETTER_MAX = 72 * 1024
"""Bytes of a body with a message to the support desk: its 5,000 characters, of which JSON and forms
may write each as twelve."""

BODY_WAIT_S = 30.0
"""For the whole body, its first byte included: whoever never begins it, or sends it a byte at a
time, must not hold us for ever."""

REFUSALS = (BODY_MALFORMED, BODY_TOO_LARGE, CONTENT_TYPE_WRONG)
"""What reading a body can come to."""

_Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[_Message]]
Decoder = msgspec.json.Decoder[Any]

_JSON = re.compile(rb'application/json(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
_NULS = (b"\0", b"\\u0000")


async def read(
    headers: Headers, receive: Receive, decoder: Decoder, most: int = BODY_MAX
) -> Any | Refusal:
    """The body as the decoder's type. Refusals: content_type_wrong, body_too_large,
    body_malformed. Raises `ClientDisconnect` when nobody waits for an answer any more."""
    if _JSON.fullmatch(headers.get(b"content-type", b"").strip()) is None:
        return CONTENT_TYPE_WRONG
    raw = await whole(headers, receive, most)
    return raw if isinstance(raw, Refusal) else _decoded(raw, decoder)


async def whole(headers: Headers, receive: Receive, most: int = BODY_MAX) -> bytes | Refusal:
    """The bytes of a body, whatever they are, up to so many. Refusals: body_too_large,
    body_malformed (for one that does not come to its end). Raises `ClientDisconnect`."""
    if said_too_large(headers, most):
        return BODY_TOO_LARGE
    raw, more = b"", True
    begun = receive().__await__()
    try:
        waits_for = next(begun)
    except StopIteration as there:
        # The usual case: the whole body came along with its head. A timer would cost more than all
        # the rest of the reading.
        raw, more = piece_of(there.value)
        first = None
    else:
        first = _resumed(begun, waits_for)
    if more:
        try:
            async with asyncio.timeout(BODY_WAIT_S):
                raw, more = await _rest(receive, raw, first, most)
        except TimeoutError:
            return BODY_MALFORMED
    return BODY_TOO_LARGE if more or len(raw) > most else raw


def said_too_large(headers: Headers, most: int) -> bool:
    """Whether the sender itself says that reading is of no use; a small figure is not believed."""
    length = headers.get(b"content-length", b"")
    return len(length) > len(str(most)) or (length.isdigit() and int(length) > most)


def piece_of(message: _Message) -> tuple[bytes, bool]:
    """The bytes of a message, and whether more follow. Raises `ClientDisconnect`."""
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


@coroutine
def _resumed(begun: Generator[Any, Any, _Message], waits_for: Any) -> Generator[Any, Any, _Message]:
    """What a wait comes to of which one step was taken already, and which asked for `waits_for`."""
    try:
        yield waits_for
    except BaseException:
        begun.close()
        raise
    return (yield from begun)


async def _rest(
    receive: Receive, so_far: bytes, first: Awaitable[_Message] | None, most: int
) -> tuple[bytes, bool]:
    """The pieces together, and whether reading stopped because they are too many bytes. `first` is
    a piece that is waited for already."""
    whole, more = bytearray(so_far), True
    while more and len(whole) <= most:
        piece, more = piece_of(await (receive() if first is None else first))
        first = None
        whole += piece
    return bytes(whole), more


def _decoded(raw: bytes, decoder: Decoder) -> Any | Refusal:
    if any(nul in raw for nul in _NULS):
        return BODY_MALFORMED
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BODY_MALFORMED
