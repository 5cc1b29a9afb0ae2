"""Sealed values, blind indexes and macs under the key ring.

For: `ports.Seal`. Refuses to open what was moved to another row or column, and says nothing about
a value in an error. Neighbours: `ring.py` holds the keys and their states, `nonces.py` draws the
nonces.

Every place (table.column), index kind and mac kind works under a subkey of its own, derived from
the ring's secret with keyed BLAKE2b: a value of one kind can never be taken for one of another, and
the bound on random nonces (2^32 values under one key, NIST SP 800-38D 8.3) counts per column.
"""

from hashlib import blake2b
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rebind.ports import Broken
from rebind.providers.seal.nonces import NONCE_BYTES, nonce
from rebind.providers.seal.ring import Key, KeyRing, Use

TAG_BYTES = 16
INDEX_BYTES = 16
MAC_BYTES = 16
"""128 bits, as many as a token has; with its version byte a mac takes 17 bytes."""

_TEXT_AT = 1 + NONCE_BYTES
_SEALED_BYTES_MIN = _TEXT_AT + TAG_BYTES


class _Place:
    """What sealing in one table.column needs, made once: associated data and a key per version."""

    __slots__ = ("ciphers", "current", "name", "prefix", "version")

    def __init__(self, ring: KeyRing, place: str) -> None:
        chosen = ring.chosen(Use.SEAL)
        self.name = place.encode()
        # The length goes first, so that no place and row read like another place and row.
        self.prefix = len(self.name).to_bytes(2, "big") + self.name
        self.ciphers = {key.version: AESGCM(_subkey(key, Use.SEAL, place)) for key in ring.seal}
        self.current = self.ciphers[chosen.version]
        self.version = bytes((chosen.version,))


class AesSeal:
    """AES-256-GCM, blind index and mac. Safe to use from threads. One object lives as long as the
    process; after a rotation step `reload` hands it the new ring."""

    def __init__(self, ring: KeyRing) -> None:
        self.reload(ring)

    def reload(self, ring: KeyRing) -> None:
        """Work under `ring` from now on."""
        # The ring first, then the tables; `_new_…` reads them in the opposite order. So a thread
        # that meets a reload may put old keys into an old table, never into a new one.
        self._ring = ring
        # Kinds and places are words of our own code, a few dozen: the tables stay small.
        self._places: dict[str, _Place] = {}
        self._indexers: dict[str, tuple[tuple[bytes, blake2b], ...]] = {}
        self._maccers: dict[str, tuple[bytes, dict[int, blake2b]]] = {}

    def seal(self, place: str, row: bytes, plain: str) -> bytes:
        """Version byte, nonce, ciphertext, tag."""
        at = self._places.get(place) or self._new_place(place)
        fresh = nonce()
        return at.version + fresh + at.current.encrypt(fresh, plain.encode(), at.prefix + row)

    def unseal(self, place: str, row: bytes, sealed: bytes) -> str:
        """The plain text, or `Broken`, which names the place only."""
        if len(sealed) < _SEALED_BYTES_MIN:
            raise Broken(f"{place}: a sealed value was cut short")
        at = self._places.get(place) or self._new_place(place)
        cipher = at.ciphers.get(sealed[0])
        if cipher is None:
            raise Broken(f"{place}: seal key version {sealed[0]} is not in the key ring")
        try:
            return cipher.decrypt(sealed[1:_TEXT_AT], sealed[_TEXT_AT:], at.prefix + row).decode()
        except (InvalidTag, UnicodeDecodeError):
            raise Broken(f"{place}: a sealed value does not open (moved or damaged)") from None

    def index(self, kind: str, value: str) -> bytes:
        """The blind index that look-ups use now: version byte and keyed hash."""
        indexers = self._indexers.get(kind) or self._new_indexers(kind)
        version, indexer = indexers[0]
        hasher = indexer.copy()
        hasher.update(value.encode())
        return version + hasher.digest()

    def indexes(self, kind: str, value: str) -> tuple[bytes, ...]:
        """Under every live index key, the one of `index` first."""
        text = value.encode()
        found = []
        for version, indexer in self._indexers.get(kind) or self._new_indexers(kind):
            hasher = indexer.copy()
            hasher.update(text)
            found.append(version + hasher.digest())
        return tuple(found)

    def mac(self, kind: str, *parts: bytes) -> bytes:
        """Version byte and keyed hash, under the current mac key."""
        version, maccers = self._maccers.get(kind) or self._new_maccers(kind)
        return version + _over(maccers[version[0]], parts)

    def matches(self, mac: bytes, kind: str, *parts: bytes, bits: int = 8 * MAC_BYTES) -> bool:
        """Whether `mac` was made of these parts, under the key version that it names. `bits` says
        how much of it was kept: whoever shortens one says so here, and no length is believed."""
        kept = bits // 8
        if len(mac) != 1 + kept:
            return False
        maccer = (self._maccers.get(kind) or self._new_maccers(kind))[1].get(mac[0])
        return maccer is not None and compare_digest(mac[1:], _over(maccer, parts)[:kept])

    def _new_place(self, place: str) -> _Place:
        places = self._places
        return places.setdefault(place, _Place(self._ring, place))

    def _new_indexers(self, kind: str) -> tuple[tuple[bytes, blake2b], ...]:
        indexers, ring = self._indexers, self._ring
        lookup = ring.chosen(Use.INDEX)
        keys = [lookup, *(key for key in ring.index if key is not lookup)]
        return indexers.setdefault(
            kind,
            tuple(
                (
                    bytes((key.version,)),
                    blake2b(key=_subkey(key, Use.INDEX, kind), digest_size=INDEX_BYTES),
                )
                for key in keys
            ),
        )

    def _new_maccers(self, kind: str) -> tuple[bytes, dict[int, blake2b]]:
        maccers, ring = self._maccers, self._ring
        version = bytes((ring.chosen(Use.MAC).version,))
        return maccers.setdefault(
            kind,
            (
                version,
                {
                    key.version: blake2b(key=_subkey(key, Use.MAC, kind), digest_size=MAC_BYTES)
                    for key in ring.mac
                },
            ),
        )


def _subkey(key: Key, use: Use, name: str) -> bytes:
    """The key of one use and one name under one version of the ring."""
    return blake2b(
        name.encode(),
        key=key.secret,
        person=b"rebind." + use.value.encode(),
        digest_size=32,
    ).digest()


def _over(maccer: blake2b, parts: tuple[bytes, ...]) -> bytes:
    hasher = maccer.copy()
    for part in parts:
        hasher.update(len(part).to_bytes(4, "big") + part)
    return hasher.digest()
