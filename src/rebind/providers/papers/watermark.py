"""The watermark: who looks at a document, and when, all over the picture that they see.

It does not keep anybody from photographing the screen; it says whose screen that was. It slants
across the whole page in rows, dark with a light edge, so that it shows on white and on black and the
document can still be read. Runs in the child only. Refuses no letter: what the font does not have
is drawn as an empty box. Neighbour: `child.py`.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FONT = Path(__file__).with_name("watermark.ttf")
"""DejaVu Sans, its Latin and Cyrillic letters: Pillow's own font has no Cyrillic ones, and a
machine may have no fonts. `watermark.txt` says its licence and how the file was made."""

LETTERS_MAX = 200
_ANGLE = 28
_INK, _EDGE = (0, 0, 0, 80), (255, 255, 255, 70)
"""Colour and opacity of 255."""

_SHARE, _SIZE_MIN = 34, 15
"""A letter's height is this part of the shorter side, and this many pixels at least."""


def load() -> bytes:
    """The font, and what draws it."""
    from PIL import ImageDraw, ImageFont

    assert ImageDraw and ImageFont
    return FONT.read_bytes()


def marked(picture: "Image", words: str, font: bytes) -> "Image":
    """The picture with the words in rows across all of it."""
    from PIL import Image, ImageDraw, ImageFont

    if not words.strip():
        return picture
    size = max(_SIZE_MIN, min(picture.size) // _SHARE)
    letters = ImageFont.truetype(io.BytesIO(font), size, layout_engine=ImageFont.Layout.BASIC)
    words = words[:LETTERS_MAX]
    left, top, right, bottom = letters.getbbox(words, stroke_width=1)
    width, height = int(right - left) + 4 * size, int(bottom - top) + 5 * size
    tile = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    ImageDraw.Draw(tile).text(
        (2 * size, 2 * size), words, _INK, letters, stroke_width=1, stroke_fill=_EDGE
    )
    # Turned in a square that covers the picture however it lies.
    side = int((picture.width**2 + picture.height**2) ** 0.5) + 2
    sheet = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    for row, down in enumerate(range(0, side, height)):
        for across in range(-(row % 2) * width // 2, side, width):
            sheet.paste(tile, (across, down))
    sheet = sheet.rotate(_ANGLE, Image.Resampling.BILINEAR)
    x, y = (side - picture.width) // 2, (side - picture.height) // 2
    picture.paste(sheet.crop((x, y, x + picture.width, y + picture.height)), (0, 0), None)
    return picture
