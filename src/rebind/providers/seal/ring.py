"""The key ring: versioned 256-bit secrets for three uses, and the rules of their life.

For: saying which key seals, which still opens, which index key is looked up and which are written
besides. Refuses to show a secret (`repr`, `describe` and errors hold none) and to be in a state in
which something written could not be found again. Pure values: `ring_file.py` reads and writes them,
`vault.py` works with them, `rebind keys` calls `added`, `promoted` and `retired` between steps.

A rotation while the service runs: `added` (everybody reloads and can open it) → `promoted` (it is
used for what is new) → what is old is written anew → `retired`.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from rebind.domain.units import Ms

SECRET_BYTES = 32
VERSION_MAX = 255
"""A version is one byte in front of every sealed value and every mac."""

FORMAT = 1

Draw: TypeAlias = Callable[[int], bytes]
"""Draws that many random bytes: `os.urandom`, or the dice of a test."""


class RingError(Exception):
    """The key ring cannot be used. The message is meant for the administrator; it names the file
    or the version, never a secret."""


class Use(StrEnum):
    """What a key is for. No secret serves two uses."""

    SEAL = "seal"
    INDEX = "index"
    MAC = "mac"


class KeyState(StrEnum):
    """Where a key version stands in its life. `NEXT` belongs to seal and mac: it opens already,
    and nothing is made under it before every process has it."""

    NEXT = "next"  # seal, mac: opens; not used yet
    CURRENT = "current"  # seal, mac: used for everything new
    OLDER = "older"  # seal, mac: still opens what was made under it
    LIVE = "live"  # index: written, but not looked up
    LOOKUP = "lookup"  # index: written and looked up


_STATES = {
    Use.SEAL: frozenset({KeyState.NEXT, KeyState.CURRENT, KeyState.OLDER}),
    Use.INDEX: frozenset({KeyState.LIVE, KeyState.LOOKUP}),
    Use.MAC: frozenset({KeyState.NEXT, KeyState.CURRENT, KeyState.OLDER}),
}
_CHOSEN = {Use.SEAL: KeyState.CURRENT, Use.INDEX: KeyState.LOOKUP, Use.MAC: KeyState.CURRENT}
_NEW = {Use.SEAL: KeyState.NEXT, Use.INDEX: KeyState.LIVE, Use.MAC: KeyState.NEXT}
_FORMER = {Use.SEAL: KeyState.OLDER, Use.INDEX: KeyState.LIVE, Use.MAC: KeyState.OLDER}


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one use."""

    version: int
    state: KeyState
    made_at: Ms
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(version={self.version}, state={self.state.value})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # Tracebacks of `rich` print fields by this method and would print the secret.
        return [("version", self.version), ("state", self.state.value)]

    @property
    def fingerprint(self) -> str:
        """Eight characters by which two administrators can compare rings."""
        return blake2b(key=self.secret, person=b"rebind.shown", digest_size=4).hexdigest()


class KeyRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys. Build one with `new` or `decoded`: both check it."""

    format: int
    seal: tuple[Key, ...]
    index: tuple[Key, ...]
    mac: tuple[Key, ...]

    def keys(self, use: Use) -> tuple[Key, ...]:
        """The versions of one use, in the order in which they were made."""
        match use:
            case Use.SEAL:
                return self.seal
            case Use.INDEX:
                return self.index
            case Use.MAC:
                return self.mac

    def chosen(self, use: Use) -> Key:
        """The key that new things are made with and, for the index, looked up with."""
        return next(key for key in self.keys(use) if key.state is _CHOSEN[use])

    def key(self, use: Use, version: int) -> Key:
        """One version; `RingError` where the ring does not have it."""
        for key in self.keys(use):
            if key.version == version:
                return key
        raise RingError(f"the key ring has no {use.value} key of version {version}")


class KeyLine(msgspec.Struct, frozen=True):
    """One line of `rebind keys list`."""

    use: str
    version: int
    state: str
    made_at: Ms
    fingerprint: str


def new(draw: Draw, now: Ms) -> KeyRing:
    """A ring with one fresh version for each use. `draw` is `os.urandom`."""
    ring = KeyRing(
        FORMAT,
        *(
            (Key(1, _CHOSEN[use], now, draw(SECRET_BYTES)),)
            for use in (Use.SEAL, Use.INDEX, Use.MAC)
        ),
    )
    return checked(ring)


def added(ring: KeyRing, use: Use, draw: Draw, now: Ms) -> KeyRing:
    """The ring with one more version of `use`, known but not yet chosen. A version number is never
    given twice while a later one stands, so an old value cannot meet a wrong key."""
    keys = ring.keys(use)
    version = max(key.version for key in keys) + 1
    if version > VERSION_MAX:
        raise RingError(f"the {use.value} key has used up its {VERSION_MAX} versions")
    return _with(ring, use, (*keys, Key(version, _NEW[use], now, draw(SECRET_BYTES))))


def promoted(ring: KeyRing, use: Use, version: int) -> KeyRing:
    """The ring with `version` chosen; the one chosen before stays, so what it made still opens."""
    ring.key(use, version)

    def moved(key: Key) -> Key:
        if key.version == version:
            return msgspec.structs.replace(key, state=_CHOSEN[use])
        if key.state is _CHOSEN[use]:
            return msgspec.structs.replace(key, state=_FORMER[use])
        return key

    return _with(ring, use, tuple(moved(key) for key in ring.keys(use)))


def retired(ring: KeyRing, use: Use, version: int) -> KeyRing:
    """The ring without `version`. What only that key opens is lost: the caller has to have written
    everything anew before. The newest version stays, so that its number is not given again."""
    key = ring.key(use, version)
    if key.state is _CHOSEN[use]:
        raise RingError(f"version {version} of the {use.value} key is in use and cannot be retired")
    if version == max(one.version for one in ring.keys(use)):
        raise RingError(f"version {version} of the {use.value} key is the newest: promote it first")
    return _with(ring, use, tuple(one for one in ring.keys(use) if one is not key))


def describe(ring: KeyRing) -> tuple[KeyLine, ...]:
    """What may be shown of the ring."""
    return tuple(
        KeyLine(use.value, key.version, key.state.value, key.made_at, key.fingerprint)
        for use in Use
        for key in ring.keys(use)
    )


def checked(ring: KeyRing) -> KeyRing:
    """The ring itself, or `RingError` with what is wrong in it."""
    if ring.format != FORMAT:
        raise RingError(f"it has format {ring.format}, this version of Rebind knows {FORMAT}")
    secrets: set[bytes] = set()
    for use in Use:
        keys = ring.keys(use)
        _check_use(use, keys)
        secrets.update(key.secret for key in keys)
    if len(secrets) != sum(len(ring.keys(use)) for use in Use):
        raise RingError("one secret stands in it twice")
    return ring


def _check_use(use: Use, keys: tuple[Key, ...]) -> None:
    versions = [key.version for key in keys]
    if len(set(versions)) != len(versions):
        raise RingError(f"a version of the {use.value} key stands in it twice")
    for key in keys:
        if not 1 <= key.version <= VERSION_MAX:
            raise RingError(f"{use.value} key version {key.version} is not within 1–{VERSION_MAX}")
        if key.state not in _STATES[use]:
            raise RingError(f"a {use.value} key cannot be “{key.state.value}”")
        if len(key.secret) != SECRET_BYTES:
            raise RingError(f"{use.value} key {key.version} is not {8 * SECRET_BYTES} bits long")
    chosen = sum(key.state is _CHOSEN[use] for key in keys)
    if chosen != 1:
        raise RingError(
            f"exactly one {use.value} key has to be “{_CHOSEN[use].value}”, {chosen} are"
        )


def _with(ring: KeyRing, use: Use, keys: tuple[Key, ...]) -> KeyRing:
    return checked(msgspec.structs.replace(ring, **{use.value: keys}))
