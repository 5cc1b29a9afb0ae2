"""Documents as they rest: AES-256-GCM over a stream, segment by segment.

For: `ports.Envelope`. The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015), as in Tink's streaming AEAD:
each segment is sealed under a nonce of a random prefix, its place and whether it is the last. So a
stream that was cut, reordered, made longer or mixed with another one does not open. Refuses to hold
more than a segment. Neighbours: `vault.py` seals short values; `flows/desk/intake.py` keeps the
keys of cases under it.

    version (1) | salt (16) | prefix (7) | segment | segment | … | last segment

The key of a stream is derived from the key of its case and the salt: no number of documents in one
case brings two prefixes together under one key. Each segment holds 64 KiB of the document (the last
one what is left, perhaps nothing) and a tag of 16 bytes.
"""

import os
from collections.abc import AsyncIterator
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rebind.domain.units import Id
from rebind.ports import Broken

SEGMENT_BYTES = 65_536
TAG_BYTES = 16

_VERSION = b"\x01"
_SALT_BYTES = 16
_PREFIX_BYTES = 7
_HEADER_BYTES = len(_VERSION) + _SALT_BYTES + _PREFIX_BYTES
_SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES


class StreamEnvelope:
    """Keeps nothing between two documents: one serves the whole process."""

    async def sealed(
        self, key: bytes, case_id: Id, document_id: Id, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The header, then a piece for each segment."""
        header = _VERSION + os.urandom(_SALT_BYTES + _PREFIX_BYTES)
        stream = _Stream(key, header, case_id + document_id)
        yield header
        async for segment, last in _segments(chunks, SEGMENT_BYTES):
            yield stream.seal(segment, last)

    async def opened(
        self, key: bytes, case_id: Id, document_id: Id, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """A piece for each segment, or `Broken`."""
        stream: _Stream | None = None
        async for segment, last in _segments(chunks, _SEALED_BYTES, _HEADER_BYTES):
            if stream is None:
                if len(segment) < _HEADER_BYTES or not segment.startswith(_VERSION):
                    raise Broken("a document has no header of ours")
                stream = _Stream(key, segment[:_HEADER_BYTES], case_id + document_id)
                yield stream.open(segment[_HEADER_BYTES:], last)
            else:
                yield stream.open(segment, last)


class _Stream:
    """The key of one stream, and the place of the next segment in it."""

    def __init__(self, key: bytes, header: bytes, associated: bytes) -> None:
        salt = header[len(_VERSION) : -_PREFIX_BYTES]
        derived = blake2b(salt, key=key, person=b"rebind.stream", digest_size=32).digest()
        self._cipher = AESGCM(derived)
        self._prefix = header[-_PREFIX_BYTES:]
        self._associated = associated
        self._place = 0

    def seal(self, plain: bytes, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), plain, self._associated)

    def open(self, sealed: bytes, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last), sealed, self._associated)
        except InvalidTag:
            raise Broken("a document does not open (cut, moved, changed, or another key)") from None

    def _nonce(self, last: bool) -> bytes:
        """96 bits: 56 of the prefix, 32 of the place, 8 that say whether it is the last. Four
        thousand million segments, 256 TiB, end in OverflowError."""
        place = self._place.to_bytes(4, "big")
        self._place += 1
        return self._prefix + place + bytes((last,))


async def _segments(
    chunks: AsyncIterator[bytes], size: int, before: int = 0
) -> AsyncIterator[tuple[bytes, bool]]:
    """Pieces of exactly `size` bytes, each with whether it is the last; the last may be shorter, or
    empty where nothing came. The first is longer by `before`."""
    waiting = bytearray()
    size_now = size + before
    async for chunk in chunks:
        waiting += chunk
        # A full piece waits for the next byte: only then it is known not to be the last.
        while len(waiting) > size_now:
            yield bytes(waiting[:size_now]), False
            del waiting[:size_now]
            size_now = size
    yield bytes(waiting), True
