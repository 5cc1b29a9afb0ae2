"""The list of common passwords that comes with Rebind.

For: a look-up of some microseconds without a network. The list holds the first 32 bits of hashes,
sorted; it is mapped, so memory is used for what is looked at only. Refuses to hold passwords in the
clear, and to be complete: one in about twelve thousand passwords that are not in it is taken for
one that is. `scripts/blocklist.py` makes it anew, docs/decisions/0012-passwords.md says of what.
Neighbours: `ports.Leaks`; `both.py`, who may ask `ranges.py` after it.
"""

import mmap
import struct
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from rebind.domain.passwords import MIN_SECOND_FACTOR, bare, unit

FILE = Path(__file__).with_name("common.bin")

KEY_BYTES = 4
"""32 bits of a hash: n entries take 4n bytes, and n in 2³² other passwords are taken for one."""

_HEAD = struct.Struct(">8sII")
"""The name of the format with its version, the number of keys, the CRC-32 of all keys."""

_MAGIC = b"rbcommn\x01"
_PERSON = b"rebind common"


class Damaged(Exception):
    """The file is none of ours, or not whole."""


class Common:
    """The list, open for the life of the process. Raises `Damaged`, or `OSError`."""

    def __init__(self, path: Path = FILE) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._map) < _HEAD.size:
            raise Damaged("the list of common passwords has no head")
        head: tuple[bytes, int, int] = _HEAD.unpack_from(self._map)
        magic, self._count, self._crc = head
        if magic != _MAGIC or len(self._map) != _HEAD.size + KEY_BYTES * self._count:
            raise Damaged("the list of common passwords is of another format, or was cut")

    def __len__(self) -> int:
        return self._count

    async def knows(self, password: str) -> bool:
        """Whether it is in the list, in any case: as it is, said several times, or with a run of
        keys before or behind it."""
        told = folded(password)
        return any(self._has(key(one)) for one in {told, unit(told), bare(told)})

    def whole(self) -> bool:
        """Whether every key is as it was written, in order and only once. Reads the whole file."""
        keys = [self._at(index) for index in range(self._count)]
        ordered = all(one < other for one, other in pairwise(keys))
        return ordered and crc32(memoryview(self._map)[_HEAD.size :]) == self._crc

    def close(self) -> None:
        """Give back the file."""
        self._map.close()

    def _has(self, wanted: bytes) -> bool:
        index = bisect_left(range(self._count), wanted, key=self._at)
        return index < self._count and self._at(index) == wanted

    def _at(self, index: int) -> bytes:
        begins = _HEAD.size + KEY_BYTES * index
        return self._map[begins : begins + KEY_BYTES]


def folded(password: str) -> str:
    """How a password stands in the list: NFC, without differences of case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", password).casefold())


def key(told: str) -> bytes:
    """The part of a hash that stands for a folded password. It is no secret and hides nothing: the
    passwords behind it are public."""
    return blake2b(told.encode(), digest_size=KEY_BYTES, person=_PERSON).digest()


def packed(passwords: Iterable[str]) -> bytes:
    """The file for these passwords, the same bytes whatever their order. What no rule would let
    through for its length is left out."""
    told = {folded(password) for password in passwords}
    keys = b"".join(sorted({key(one) for one in told if len(one) >= MIN_SECOND_FACTOR}))
    return _HEAD.pack(_MAGIC, len(keys) // KEY_BYTES, crc32(keys)) + keys
