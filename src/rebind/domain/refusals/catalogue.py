"""Every way in which Rebind says no: one closed list of stable codes.

A refusal is a value, never an exception of the rules. Doors turn it into problem+json (RFC 9457) or
a page; `templates` translates `title` and `text` (English here is the source of the catalogues).
A text never says which part of a secret was wrong, and never whether a number is known to us.
"""

from enum import StrEnum

import msgspec

from rebind.domain.units import Ms


class Level(StrEnum):
    """How loudly a refusal is logged. Most are everyday; some are worth an operator's look."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


class Refusal(msgspec.Struct, frozen=True):
    """One entry of the catalogue. `status` is the HTTP status; `text` may use `{until}` (a "
    "time)."""

    code: str
    status: int
    title: str
    text: str
    level: Level = Level.INFO


class Refused(msgspec.Struct, frozen=True):
    """A refusal given to one person: with the moment when asking again makes sense, if there is
    one, and with a proof-of-work challenge where solving one opens the
    door earlier (invariant 7)."""

    refusal: Refusal
    until: Ms | None = None
    work: str | None = None


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


CATALOGUE: dict[str, Refusal] = {}


def entry(code: str, status: int, title: str, text: str, level: Level = Level.INFO) -> Refusal:
    """Add one entry. Raises ValueError where its code stands there already."""
    refusal = Refusal(code, status, title, text, level)
    if code in CATALOGUE:
        raise ValueError(f"refusal {code} stands twice in the catalogue")
    CATALOGUE[code] = refusal
    return refusal
