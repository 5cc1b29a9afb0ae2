"""The operating system's dice: ids, codes, tokens and jitter.

For: every random value that a flow asks for. Refuses to be seeded. Neighbours: `words.py`, which
draws in blocks; `ports.Dice`, which says what is promised.
"""

import os
import secrets

from rebind.domain.units import Id, Ms
from rebind.providers.dice.words import word

SECRET_BYTES = 16
"""128 bits: OWASP ASVS 5.0 7.2.3."""

KEY_BYTES = 32
"""AES-256 (FIPS 197)."""

CODE_DIGITS_MAX = 12

_MOMENT_MAX = 1 << 48
_TAIL_BITS = 74
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << _LOW_BITS
_MOMENTS_KEPT_MAX = 256


class SystemDice:
    """UUIDv7 after RFC 9562 with the "monotonic random" tail of its section 6.2, method 2.

    Requests that began in different milliseconds take turns in one loop, so the last tail is
    remembered for each of the latest moments, not only for the newest: ids of one millisecond stay
    in the order in which they were made. Made for the loop's thread; from several threads at once
    ids are still unique, but their order within a millisecond is not promised.
    """

    def __init__(self) -> None:
        self._tails: dict[Ms, int] = {}

    def id(self, now: Ms) -> Id:
        """A new UUIDv7 for the moment `now`, greater than every earlier one of that moment."""
        tails = self._tails
        tail = tails.get(now)
        if tail is None:
            tail = self._first_tail(now)
        else:
            # The step is random too (1 to 2^32), so that an id does not tell the next one.
            tail += (word() >> 32) + 1
        tails[now] = tail
        return (
            (now << 80) | _VERSION_7 | (tail >> _LOW_BITS << 64) | _VARIANT | (tail & _LOW_MASK)
        ).to_bytes(16, "big")

    def code(self, digits: int) -> str:
        """Uniform over all codes of that length: `randbelow` rejects instead of folding."""
        if not 1 <= digits <= CODE_DIGITS_MAX:
            raise ValueError(f"a code has 1 to {CODE_DIGITS_MAX} digits, not {digits}")
        return f"{secrets.randbelow(10**digits):0{digits}d}"

    def secret(self) -> bytes:
        """128 bits that nothing else has seen."""
        return os.urandom(SECRET_BYTES)

    def key(self) -> bytes:
        """256 bits that nothing else has seen."""
        return os.urandom(KEY_BYTES)

    def fraction(self) -> float:
        """Uniform in [0, 1) with the 53 bits that a float can hold."""
        return (word() >> 11) * 2.0**-53

    def _first_tail(self, now: Ms) -> int:
        """A tail of 73 random bits. The 74th stays clear: 2^41 ids fit into the millisecond before
        the tail could run over, which no machine makes."""
        if not 0 <= now < _MOMENT_MAX:
            raise ValueError("the moment does not fit into a UUIDv7")
        tails = self._tails
        if len(tails) >= _MOMENTS_KEPT_MAX:
            del tails[next(iter(tails))]
        high, low = word(), word()
        return ((high << 64) | low) >> (128 - _TAIL_BITS + 1)
