"""The watermark: who looks at a document, and when, all over the picture that they see.

It does not keep anybody from photographing the screen; it says whose screen that was. It slants
across the whole page in rows, dark with a light edge, so that it shows on white and on black and
the document can still be read. Runs in the child only. Refuses no letter: what the font does not
have is drawn as an empty box. Neighbour: `child.py`.
"""

import io
from importlib import import_module
from math import cos, hypot, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FONT = Path(__file__).with_name("watermark.ttf")
"""DejaVu Sans, its Latin and Cyrillic letters: Pillow's own font has no Cyrillic ones, and a
machine may have no fonts. `watermark.txt` says its licence and how the file was made."""

LETTERS_MAX = 200
_ANGLE = 28
_INK, _EDGE = (0, 0, 0, 66), (255, 255, 255, 90)
"""Colour and opacity of 255."""

_SHARE, _SIZE_MIN = 34, 15
"""A letter's height is this part of the shorter side, and this many pixels at least."""

_GAP = 3
"""Letters' heights between two rows."""


def load() -> bytes:
    """The font; and what draws it is loaded, too."""
    for name in ("PIL.ImageDraw", "PIL.ImageFont"):
        import_module(name)
    return FONT.read_bytes()


def marked(picture: "Image", words: str, font: bytes) -> "Image":
    """The words in rows across the picture, which is changed."""
    from PIL import Image, ImageDraw, ImageFont

    words = words[:LETTERS_MAX]
    size = max(_SIZE_MIN, min(picture.size) // _SHARE)
    letters = ImageFont.truetype(io.BytesIO(font), size, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = letters.getbbox(words, stroke_width=1)
    width, height = int(right - left) + 2 * size, int(bottom - top)
    line = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    ImageDraw.Draw(line).text(
        (size - left, -top), words, _INK, letters, stroke_width=1, stroke_fill=_EDGE
    )
    slanting = line.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True)
    along, across = cos(radians(_ANGLE)), sin(radians(_ANGLE))
    step = height + _GAP * size
    # Rows of lines from the middle outwards, as far as the corners, every other one shifted.
    reach = hypot(*picture.size) / 2 + width
    rows, columns = int(reach / step) + 1, int(reach / width) + 1
    for row in range(-rows, rows + 1):
        for column in range(-columns, columns + 1):
            on, down = (column + row % 2 / 2) * width, row * step
            x = picture.width / 2 + on * along + down * across - slanting.width / 2
            y = picture.height / 2 - on * across + down * along - slanting.height / 2
            if -slanting.width < x < picture.width and -slanting.height < y < picture.height:
                picture.paste(slanting, (int(x), int(y)), slanting)
    return picture
