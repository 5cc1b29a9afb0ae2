"""recovery_codes: ten codes on paper, for the day that the second factor is lost. Pure.

For: making them of random bytes that are given, reading them as people type them, and the hash
under which they rest. Each has 125 bits: nobody guesses one from its hash, so it needs neither a
slow hash nor a key (OWASP ASVS 5.0 6.5.2: a standard hash function from 112 bits on; NIST
SP 800-63B-4 3.1.2.2 draws the line there too), and goes on holding when keys are rotated. Refuses
to say which were used: `store/recovery_codes.py` does. Neighbour: `totp.py`, for which they stand.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

from rebind.domain.units import Id

CODES = 10
"""Of one set; a new set ends the old one."""

RANDOM_BYTES = 16
"""For each code; 3 of the 128 bits are left over."""

CHARACTERS = 25
BITS = 5 * CHARACTERS

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, which look like 1 and 0, and no U, so that no word comes up."""

TYPED_CHARACTERS_MAX = 100
"""Of what is read at all."""

_GROUP = 5
_LOOK_ALIKE = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_CODE = re.compile(f"[{ALPHABET}]{{{CHARACTERS}}}")


def made(random: bytes) -> str:
    """A code of `RANDOM_BYTES` random bytes, in its one spelling: 25 characters, no dashes."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"{len(random)} random bytes, not {RANDOM_BYTES}")
    number = int.from_bytes(random, "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(CHARACTERS))


def grouped(code: str) -> str:
    """A code as it is shown: five groups of five."""
    return "-".join(code[at : at + _GROUP] for at in range(0, CHARACTERS, _GROUP))


def printed(codes: Sequence[str]) -> str:
    """A set of codes as text for a file or a sheet of paper: numbered, one a line."""
    lines = (f"{place:>2}. {grouped(code)}\n" for place, code in enumerate(codes, 1))
    return "".join(lines)


def canonical(typed: str) -> str | None:
    """The one spelling of a code that somebody typed: case, blanks and dashes are of no matter, O
    is read as 0, I and L as 1. None for what is no code."""
    if len(typed) > TYPED_CHARACTERS_MAX or not (plain := _BETWEEN.sub("", typed)).isascii():
        return None
    code = plain.upper().translate(_LOOK_ALIKE)
    return code if _CODE.fullmatch(code) else None


def hashed(account_id: Id, code: str) -> bytes:
    """BLAKE2b-256 of a code in its one spelling, and of whose it is, so that rows of two accounts
    are never alike. 32 bytes."""
    return blake2b(account_id + code.encode(), digest_size=32, person=b"recovery code").digest()
