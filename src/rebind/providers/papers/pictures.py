"""Photographs made harmless: decoded, and encoded again as a JPEG that has nothing but pixels.

The picture is turned as it was meant and laid on white. Everything that was beside it is gone:
metadata, previews, comments, and the colour profile too, of which nobody at the desk needs the last
shade and which is one more thing to parse. Runs in the child only. Refuses what is too large before
a pixel of it is decoded, and what breaks off. Neighbour: `signs.py` looks for signs of manipulation
before they are gone.
"""

import io
from importlib import import_module
from typing import TYPE_CHECKING

from rebind.providers.papers import signs
from rebind.providers.papers.kinds import Kind
from rebind.providers.papers.limits import (
    DAMAGED,
    JPEG,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    Copy,
    Limits,
    Unfit,
)

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE_MAX = 4_000
"""Longest side of the copy: a passport page of 125 mm that fills it has 800 dots an inch."""

QUALITIES = (85, 70, 50)
"""Of the copy; the lower ones where it would be too large for its place."""

_ORIENTATION = 0x112


def load(kind: Kind) -> None:
    """Everything that Pillow would otherwise load when it is needed."""
    from PIL import Image, ImageFile

    # How things are turned; what telephones with several cameras write; how metadata is read.
    for name in ("PIL.ImageOps", "PIL.MpoImagePlugin", "PIL.TiffImagePlugin"):
        import_module(name)
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # `_decoded` looks itself, before anything is decoded.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)


def clean(data: bytes, kind: Kind, bounds: Limits) -> Copy:
    """The copy. Raises `Unfit`."""
    picture = _decoded(data, kind, bounds)
    # Smaller first: what comes after takes a part of the memory and of the time.
    small = _shrunk(picture)
    findings = signs.of_picture(picture, small, data, kind)
    body = jpeg(_upright(small, _orientation(picture)), bounds.result_bytes_max)
    return Copy(JPEG, 1, findings, body)


def page(data: bytes, kind: Kind, number: int, bounds: Limits) -> "Image":
    """The copy again; a picture is its own only page. Raises `Unfit`."""
    if number != 0:
        raise Unfit(DAMAGED)
    return _decoded(data, kind, bounds).convert("RGB")


def jpeg(picture: "Image", bytes_max: int) -> bytes:
    """An RGB picture that carries nothing, as a JPEG. Raises `Unfit`."""
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= bytes_max:
            return out.getvalue()
    raise Unfit(TOO_MANY_BYTES)


def _decoded(data: bytes, kind: Kind, bounds: Limits) -> "Image":
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
        if picture.width * picture.height > bounds.pixels_max:
            raise Unfit(TOO_MANY_PIXELS)
        picture.load()
    except (MemoryError, Unfit):
        raise
    except Exception:
        # The decoders have no common word for damage.
        raise Unfit(DAMAGED) from None
    return picture


def _shrunk(picture: "Image") -> "Image":
    """No larger than needed, in one of few modes."""
    from PIL import Image

    if picture.mode.startswith("I"):
        # Sixteen bits of grey, of which the upper eight are kept.
        small = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    elif picture.mode in ("RGB", "RGBA", "L", "LA", "CMYK"):
        small = picture
    else:
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    longest = max(small.size)
    if longest <= SIDE_MAX:
        return small
    width, height = (max(1, round(side * SIDE_MAX / longest)) for side in small.size)
    return small.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _orientation(picture: "Image") -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Metadata that cannot be read turns nothing.
        return 1


def _upright(small: "Image", orientation: int) -> "Image":
    """As it was meant to be seen, without transparency, with nothing that hung on it."""
    from PIL import Image, ImageOps

    fresh = Image.new("RGB", small.size, "white")
    if small.has_transparency_data:
        over = small.convert("RGBA")
        fresh.paste(over, mask=over.getchannel("A"))
    else:
        fresh.paste(small.convert("RGB"))
    fresh.getexif()[_ORIENTATION] = orientation
    turned = ImageOps.exif_transpose(fresh)
    turned.info.clear()
    return turned
