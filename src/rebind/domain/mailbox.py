"""E-mail addresses: what may be one, how two spellings are known to be one, how one is shown.

Whether anybody reads mail there is known only once a code was answered, so the syntax is not judged
further than what a mail server would take: no quoted names, nothing that cannot be seen. Neighbour:
`phone.py`.
"""

import re

_SPECIAL = r'\s@<>()\[\],;:"\\'
_SHAPE = re.compile(rf"[^{_SPECIAL}]{{1,64}}@[^{_SPECIAL}.]+(?:\.[^{_SPECIAL}.]+)+")
_LENGTH_MAX = 254
"""RFC 5321 4.5.3.1."""


def looks_right(address: str) -> bool:
    """Whether mail could go there."""
    if len(address) > _LENGTH_MAX or not address.isprintable():
        return False
    return _SHAPE.fullmatch(address) is not None


def canonical(address: str) -> str:
    """The spelling of an address that its blind index is made of: with small letters, where a
    letter has one of its own. Two mailboxes must never meet here, as straße and strasse, or a k and
    the sign for kelvin, would in `str.casefold`: codes go to the address as it was typed."""
    return "".join(map(_small, address))


def _small(letter: str) -> str:
    small = letter.lower()
    return small if small.upper() == letter else letter


def masked(address: str) -> str:
    """With everything but the first letter and the domain hidden: a•••@example.org."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
