"""PDFs made harmless: each page is drawn, and a new PDF is made of the pictures.

So no script, link, form, attachment, layer, hidden text or earlier version of a page can be in the
copy: there is nothing in it but JPEGs, one a page, and what is needed to show them. What a person
would see on the page is on the picture, filled fields and stamps too. Runs in the child only.
Refuses what asks for a password, has too many pages, or cannot be drawn. Neighbours: `pictures.py`
encodes the pages, `signs.py` looks at the PDF before they are drawn.
"""

import codecs
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from rebind.providers.papers import signs
from rebind.providers.papers.kinds import Kind
from rebind.providers.papers.limits import (
    DAMAGED,
    ENCRYPTED,
    PDF,
    TOO_MANY_BYTES,
    TOO_MANY_PAGES,
    Copy,
    Limits,
    Unfit,
)
from rebind.providers.papers.pictures import SIDE_MAX, jpeg

if TYPE_CHECKING:
    from PIL.Image import Image

DPI = 200
"""Small print of a contract stays legible; faxes had it (ITU-T T.30, 200 × 200)."""

_POINTS = 72
_SIZE_MAX = 100_000
"""Points, 35 m: pdfium reads no more than 14,400 out of honest files (PDF 1.7, annex C)."""


class Page(NamedTuple):
    """A drawn page: its JPEG, its size in pixels and in points."""

    body: bytes
    pixels: tuple[int, int]
    points: tuple[float, float]


def load() -> None:
    """The library. It has neither V8 nor XFA in it: scripts could not run if they wanted to."""
    import_module("pypdfium2.raw")
    codecs.lookup("utf-16-le")  # In which pdfium gives texts.


def clean(data: bytes, _kind: Kind, bounds: Limits) -> Copy:
    """The copy. Raises `Unfit`."""
    document = _opened(data)
    count = len(document)
    if count > bounds.pages_max:
        raise Unfit(TOO_MANY_PAGES)
    findings = signs.of_pdf(document, data)
    drawn, left = list[Page](), bounds.result_bytes_max
    for number in range(count):
        # A page may take its share of what the pages before it have left.
        made = _drawn(document, number, left // (count - number))
        drawn.append(made)
        left -= len(made.body)
    body = bound(drawn)
    if len(body) > bounds.result_bytes_max:
        raise Unfit(TOO_MANY_BYTES)
    return Copy(PDF, count, findings, body)


def page(data: bytes, _kind: Kind, number: int, _bounds: Limits) -> "Image":
    """A page of the copy. Raises `Unfit`."""
    document = _opened(data)
    if not 0 <= number < len(document):
        raise Unfit(DAMAGED)
    return _picture(document, number)[0]


def _opened(data: bytes) -> Any:
    import pypdfium2  # type: ignore[import-untyped]
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
        if not len(document):
            raise Unfit(DAMAGED)
        # Without it the values of filled fields are not drawn.
        document.init_forms()
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise Unfit(ENCRYPTED if locked else DAMAGED) from None
    return document


def _picture(document: Any, number: int) -> "tuple[Image, tuple[float, float]]":
    """A page, and its size in points. One as large as a house is drawn no larger than others."""
    import pypdfium2

    try:
        found = document[number]
        width, height = found.get_size()
        if not 0 < min(width, height) <= max(width, height) <= _SIZE_MAX:
            raise Unfit(DAMAGED)
        scale = min(DPI / _POINTS, SIDE_MAX / max(width, height))
        picture: Image = found.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
        found.close()
    except pypdfium2.PdfiumError:
        raise Unfit(DAMAGED) from None
    return picture, (width, height)


def _drawn(document: Any, number: int, bytes_max: int) -> Page:
    picture, points = _picture(document, number)
    return Page(jpeg(picture, bytes_max), picture.size, points)


def bound(drawn: list[Page]) -> bytes:
    """A PDF of pictures (ISO 32000-1, 7.5): a catalogue, the pages, and three objects for each."""
    kids = " ".join(f"{3 + 3 * each} 0 R" for each in range(len(drawn)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(drawn)}/Kids[{kids}]>>".encode(),
    ]
    for each in drawn:
        at = len(objects) + 1
        (width, height), (across, up) = each.pixels, each.points
        show = f"{across:.2f} 0 0 {up:.2f} 0 0 cm/P Do"
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {across:.2f} {up:.2f}]/Contents {at + 1} 0 R"
            f"/Resources<</XObject<</P {at + 2} 0 R>>>>>>".encode(),
            f"<</Length {len(show)}>>stream\n{show}\nendstream".encode(),
            f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB"
            f"/BitsPerComponent 8/Filter/DCTDecode/Length {len(each.body)}>>stream\n".encode()
            + each.body
            + b"\nendstream",
        ]
    parts, begins, at = [b"%PDF-1.4\n"], list[int](), len(b"%PDF-1.4\n")
    for number, one in enumerate(objects, 1):
        begins.append(at)
        parts += [f"{number} 0 obj\n".encode(), one, b"\nendobj\n"]
        at += sum(len(part) for part in parts[-3:])
    table = "".join(f"{begin:010d} 00000 n \n" for begin in begins)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n"
    return b"".join([*parts, end.encode(), trailer.encode()])
