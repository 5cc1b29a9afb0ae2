"""What a document may be at most, and the words for those that are not taken.

For both ends of the pipe: the parent hands the limits down, the child keeps them. Refuses to load
anything: it is read at every start of a child. Neighbours: `workshop.py`, `raster.py`, `pages.py`.
"""

from typing import NamedTuple

TYPE_UNKNOWN, DAMAGED, ENCRYPTED, TOO_SLOW = "type_unknown", "damaged", "encrypted", "too_slow"
TOO_MANY_BYTES, TOO_MANY_PIXELS, TOO_MANY_PAGES = (
    "too_many_bytes",
    "too_many_pixels",
    "too_many_pages",
)
WORDS = frozenset(
    (
        TYPE_UNKNOWN,
        DAMAGED,
        ENCRYPTED,
        TOO_SLOW,
        TOO_MANY_BYTES,
        TOO_MANY_PIXELS,
        TOO_MANY_PAGES,
    )
)
"""What `ports.Unreadable` may say."""

JPEG, PDF = "image/jpeg", "application/pdf"


class Limits(NamedTuple):
    """`bytes_max`: what is sent; a telephone's photograph of 50 megapixels has 15 to 20 MB.
    `pixels_max`: of a picture, before anything of it is decoded; telephones take 12 to 50
    megapixels. `pages_max`: a contract with an operator has 2 to 12. `result_bytes_max`: of the
    copy; 20 scanned pages have 5 to 20 MB."""

    bytes_max: int = 20 * 1_024 * 1_024
    pixels_max: int = 50_000_000
    pages_max: int = 20
    result_bytes_max: int = 24 * 1_024 * 1_024


class Unfit(Exception):
    """The document is not taken; `why` is one of `WORDS`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Copy(NamedTuple):
    """The harmless copy, and what was seen on the way."""

    media: str
    pages: int
    findings: list[str]
    body: bytes
