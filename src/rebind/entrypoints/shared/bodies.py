"""Reading a JSON body safely: typed, bounded in bytes and in time, without trusting what it says.

Refuses anything but JSON in UTF-8, unknown fields (where the struct forbids them) and the character
NUL, which PostgreSQL does not keep. What was wrong in detail is not told: the schema is public.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
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

BODY_WAIT_S = 30.0
"""For the whole body: whoever sends it a byte at a time must not hold a connection for ever."""

REFUSALS = (BODY_MALFORMED, BODY_TOO_LARGE, CONTENT_TYPE_WRONG)
"""What reading a body can come to."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Decoder = msgspec.json.Decoder[Any]

_JSON = re.compile(rb'application/json(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
_NULS = (b"\0", b"\\u0000")


async def read(headers: Headers, receive: Receive, decoder: Decoder) -> Any | Refusal:
    """The body as the decoder's type. Refusals: content_type_wrong, body_too_large,
    body_malformed. Raises `ClientDisconnect` when nobody waits for an answer any more."""
    if _JSON.fullmatch(headers.get(b"content-type", b"").strip()) is None:
        return CONTENT_TYPE_WRONG
    if _said_too_large(headers.get(b"content-length", b"")):
        return BODY_TOO_LARGE
    raw, more = await _piece(receive)
    if more:
        try:
            async with asyncio.timeout(BODY_WAIT_S):
                raw, more = await _rest(receive, raw)
        except TimeoutError:
            return BODY_MALFORMED
    if more or len(raw) > BODY_MAX:
        return BODY_TOO_LARGE
    return _decoded(raw, decoder)


def _said_too_large(length: bytes) -> bool:
    """Whether the sender itself says that reading is of no use; a small figure is not believed."""
    return len(length) > len(str(BODY_MAX)) or (length.isdigit() and int(length) > BODY_MAX)


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


async def _rest(receive: Receive, first: bytes) -> tuple[bytes, bool]:
    """The pieces together, and whether reading stopped because they are too many bytes."""
    whole, more = bytearray(first), True
    while more and len(whole) <= BODY_MAX:
        piece, more = await _piece(receive)
        whole += piece
    return bytes(whole), more


def _decoded(raw: bytes, decoder: Decoder) -> Any | Refusal:
    if any(nul in raw for nul in _NULS):
        return BODY_MALFORMED
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BODY_MALFORMED
