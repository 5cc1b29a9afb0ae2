"""Making a document harmless: whatever it is, what comes out are pixels, drawn anew.

A photograph is decoded and encoded again, turned as it was meant, without anything that was beside
the picture. The pages of a PDF are drawn and put into a new PDF, so that no script, link, form,
attachment or earlier version of a page can be in it: there is nothing in it but pictures. Runs in
the child only. Refuses everything that is not, by its content, a JPEG, PNG, HEIC or PDF.
Neighbour: `signs.py` looks for signs of manipulation before they are gone.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rebind.providers.papers import signs

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 50_000_000
"""A telephone of today takes 12 to 50 megapixels."""

SIDE_MAX = 4_000
PAGES_MAX = 20
DPI, PAGE_SIDE_MAX = 170, 2_400
"""Of a drawn page: small print of a contract stays legible."""

QUALITY = 85
RESULT_MAX = 24 * 1_024 * 1_024
FONT = Path(__file__).with_name("watermark.ttf")
"""DejaVu Sans, its Latin and Cyrillic letters (Bitstream Vera licence, free to pass on)."""

JPEG, PDF = "image/jpeg", "application/pdf"


class Unfit(Exception):
    """The document is not taken; `why` is a word of `ports.Unreadable`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Copy(NamedTuple):
    """The harmless copy, and what was seen on the way."""

    media: str
    pages: int
    findings: list[str]
    body: bytes


def kind_of(data: bytes) -> str:
    """What a document is, by its first bytes alone. Raises `Unfit`."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"%PDF-"):
        return "PDF"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "HEIF"
    raise Unfit("type_unknown")


def clean(data: bytes) -> Copy:
    """A harmless copy of a document. Raises `Unfit`."""
    kind = kind_of(data)
    if kind == "PDF":
        return _pdf(data)
    findings = signs.of_trailer(data, kind)
    picture = _decoded(data, kind)
    findings += signs.of_picture(picture, data, kind)
    return Copy(JPEG, 1, findings, _jpeg(_upright(picture)))


def _decoded(data: bytes, kind: str) -> "Image":
    from PIL import Image, ImageFile

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # We look ourselves, before anything is decoded.
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
        if picture.width * picture.height > PIXELS_MAX:
            raise Unfit("too_many_pixels")
        picture.load()
    except Unfit:
        raise
    except MemoryError:
        raise Unfit("too_many_pixels") from None
    except Exception:
        raise Unfit("damaged") from None
    return picture


def _upright(picture: "Image") -> "Image":
    """As it was meant to be seen, without transparency, no larger than needed."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        over = turned.convert("RGBA")
        plain = Image.new("RGB", over.size, "white")
        plain.paste(over, mask=over.getchannel("A"))
    else:
        plain = turned.convert("RGB")
    plain.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    return plain


def _jpeg(picture: "Image") -> bytes:
    from PIL import Image

    # A fresh picture, so that nothing which hung on the old one is written along.
    fresh = Image.frombytes("RGB", picture.size, picture.tobytes())
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=QUALITY, optimize=True)
    return _bounded(out)


def _bounded(out: io.BytesIO) -> bytes:
    if out.tell() > RESULT_MAX:
        raise Unfit("too_many_bytes")
    return out.getvalue()


def _pdf(data: bytes) -> Copy:
    """Every page drawn anew, in a new PDF."""
    import pypdfium2  # type: ignore[import-untyped]

    try:
        document = pypdfium2.PdfDocument(data)
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        raise Unfit("encrypted" if "assword" in str(error) else "damaged") from None
    if not 1 <= pages <= PAGES_MAX:
        raise Unfit("too_many_pages" if pages else "damaged")
    findings = signs.of_pdf(data, document.get_metadata_dict())
    drawn = []
    for number in range(pages):
        try:
            drawn.append(_drawn(document[number]))
        except (pypdfium2.PdfiumError, ValueError, OSError):
            raise Unfit("damaged") from None
    out = io.BytesIO()
    drawn[0].save(
        out, "PDF", save_all=True, append_images=drawn[1:], resolution=DPI, quality=QUALITY
    )
    return Copy(PDF, pages, findings, _bounded(out))


def _drawn(page: object) -> "Image":
    """One page as a picture. A page as large as a house is drawn no larger than others."""
    width, height = page.get_size()  # type: ignore[attr-defined]
    longest = max(width, height)
    if not min(width, height) >= 1 or longest > 100_000:
        raise Unfit("damaged")
    scale = min(DPI / 72, PAGE_SIDE_MAX / longest)
    picture: Image = page.render(scale=scale, may_draw_forms=False).to_pil()  # type: ignore[attr-defined]
    return picture.convert("RGB")


def view(data: bytes, page: int, watermark: str) -> bytes:
    """One page of a harmless copy, the watermark all over it. Raises `Unfit`."""
    if kind_of(data) == "PDF":
        import pypdfium2

        document = pypdfium2.PdfDocument(data)
        if not 0 <= page < len(document):
            raise Unfit("damaged")
        picture = _drawn(document[page])
    else:
        picture = _decoded(data, "JPEG").convert("RGB")
    return _jpeg(_marked(picture, watermark))


def _marked(picture: "Image", words: str) -> "Image":
    """The words in rows across the whole picture, slanting, light on dark and dark on light."""
    from PIL import Image, ImageDraw, ImageFont

    size = max(14, min(picture.size) // 28)
    font = ImageFont.truetype(FONT, size)
    left, top, right, bottom = font.getbbox(words)
    width, height = int(right - left) + 3 * size, int(bottom - top) + 3 * size
    tile = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(tile).text(
        (size, size), words, (0, 0, 0, 90), font, stroke_width=1, stroke_fill=(255, 255, 255, 90)
    )
    side = int((picture.width**2 + picture.height**2) ** 0.5) + width
    sheet = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    for row, y in enumerate(range(0, side, height)):
        for x in range(-(row % 2) * width // 2, side, width):
            sheet.paste(tile, (x, y))
    sheet = sheet.rotate(28, Image.Resampling.BILINEAR)
    x, y = (side - picture.width) // 2, (side - picture.height) // 2
    over = sheet.crop((x, y, x + picture.width, y + picture.height))
    return Image.alpha_composite(picture.convert("RGBA"), over).convert("RGB")
