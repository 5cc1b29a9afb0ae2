"""A letter's octets: what is kept of them while they come in, and how they are parsed.

For: 25 MB of photographs in bounded memory, and a parser that a hostile letter can neither stop nor
hold up. Refuses letters with more parts than people send, and lets no header be longer than a
header is. Neighbours: `line.py` hands in line by line; `domain/letters.py` says what was read.
"""

import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import Any

LETTER_BYTES_MAX = 25 * 1024 * 1024
"""What mail services take at most, so that a letter with photographs is answered and not bounced;
the photographs themselves are not kept."""

KEPT_BYTES_MAX = 4 * 1024 * 1024
KEPT_LINE_ENDS_MAX = 80_000
RUN_BYTES_MAX = 256 * 1024
"""Of one part in base64 so much is kept: more than a text that anybody reads, less than a photo."""

PARTS_MAX = 100
HEADER_CHARACTERS_MAX = 2_000
"""Twice the line that RFC 5322 2.1.1 allows. The parser of the standard library takes time in the
square of a header's length."""

_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=]{40,}+(?:\r\n)?")


class Kept:
    """A letter as it comes in. `full` says that its end was left out."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._line_ends = 0
        self._run_bytes = 0
        self.full = False

    def add(self, piece: bytes) -> None:
        """One line, or a piece of one that is longer than lines are."""
        if self.full:
            return
        # Encoded lines in a row are one part; of a long one the rest is left out, so that the text
        # after it is still found.
        self._run_bytes = self._run_bytes + len(piece) if _BASE64_LINE.fullmatch(piece) else 0
        if self._run_bytes > RUN_BYTES_MAX:
            return
        # The parser takes either sign for the end of a line.
        self._line_ends += piece.count(b"\n") + piece.count(b"\r")
        self.full = (
            len(self._octets) + len(piece) > KEPT_BYTES_MAX or self._line_ends > KEPT_LINE_ENDS_MAX
        )
        if not self.full:
            self._octets += piece

    def octets(self) -> bytes:
        """What was kept."""
        return bytes(self._octets)


class Unreadable(Exception):
    """No letter that people write: too many parts, or parts in parts in parts."""


class _Bounded(EmailPolicy):
    """The standard library's newest reading of headers, for letters of strangers: each header is
    cut to a length, raw UTF-8 is read as such (RFC 6532), and what the library's own grammar
    stumbles over is taken as it stands."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        raw = value[:HEADER_CHARACTERS_MAX].encode("utf-8", "surrogateescape")
        return name[:HEADER_CHARACTERS_MAX], raw.decode("utf-8", "replace")

    def header_fetch_parse(self, name: str, value: str) -> Any:
        try:
            return super().header_fetch_parse(name, value)
        except Exception:
            # Its grammar raises IndexError, ValueError and RecursionError for what strangers write.
            return value


_POLICY: Any = _Bounded()


def parsed(octets: bytes) -> EmailMessage:
    """The message. Raises `Unreadable`."""
    parts = 0

    def part(policy: Any) -> EmailMessage:
        nonlocal parts
        parts += 1
        if parts > PARTS_MAX:
            raise Unreadable
        return EmailMessage(policy)

    # The library calls this with the policy, as its documentation says; its types do not know.
    make: Any = part
    parser: BytesParser[EmailMessage] = BytesParser(make, policy=_POLICY)
    return parser.parsebytes(octets)
