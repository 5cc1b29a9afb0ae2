"""What a document is: by its first bytes, and by nothing that anybody says of it.

Runs in the child, and loads nothing. Refuses all but JPEG, PNG, HEIC and PDF, each of them only
from its very first byte. What stands behind a document that begins as one of these (polyglots)
never matters: of every document only the pixels are kept. Neighbours: `pictures.py`, `pages.py`.
"""

from typing import Literal, TypeAlias

from rebind.providers.papers.limits import TYPE_UNKNOWN, Unfit

Kind: TypeAlias = Literal["JPEG", "PNG", "HEIF", "PDF"]

HEAD = 12
"""How many bytes tell it."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
"""Still pictures in HEVC (ISO/IEC 23008-12, annexes B and C); AVIF and sequences are not taken."""


def kind_of(head: bytes) -> Kind:
    """By the first `HEAD` bytes. Raises `Unfit`."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"%PDF-"):
        return "PDF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "HEIF"
    raise Unfit(TYPE_UNKNOWN)
