"""Signs of manipulation, read before a document is made harmless and they are gone.

Each is a stable word, for whoever looks at the document at the desk; docs/security/documents.md
says what each means, and what it does not prove. None refuses a document: people crop photographs,
and a careful forger leaves none of these.
"""

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

EDITED_PICTURE = "edited_picture"  # a program for editing pictures has written it
DATES_DIFFER = "dates_differ"  # it was changed on another day than it was taken
PREVIEW_DIFFERS = "preview_differs"  # its small preview shows something else
NO_CAMERA = "no_camera"  # nothing says which camera took it
DATA_BEHIND = "data_behind"  # more data stood behind the picture
PLACE_REMOVED = "place_removed"  # it said where it was taken
EDITED_PDF = "edited_pdf"  # a program for editing has written the PDF
CHANGED_PDF = "changed_pdf"  # it was saved again after it was made
ACTIVE_REMOVED = "active_removed"  # scripts, links, forms or attachments were in it

FINDINGS = (
    EDITED_PICTURE,
    DATES_DIFFER,
    PREVIEW_DIFFERS,
    NO_CAMERA,
    DATA_BEHIND,
    PLACE_REMOVED,
    EDITED_PDF,
    CHANGED_PDF,
    ACTIVE_REMOVED,
)

_EDITORS = re.compile(
    r"photoshop|gimp|lightroom|affinity|pixelmator|snapseed|picsart|canva|paint\.net|corel|figma"
    r"|facetune|illustrator|inkscape|acrobat pro|pdf ?editor|sejda|ilovepdf|smallpdf|foxit phantom"
    r"|nitro|wondershare|libreoffice draw",
    re.IGNORECASE,
)
_ACTIVE = (
    b"/JavaScript",
    b"/JS",
    b"/OpenAction",
    b"/AA",
    b"/Launch",
    b"/EmbeddedFile",
    b"/AcroForm",
    b"/XFA",
    b"/SubmitForm",
    b"/URI",
    b"/RichMedia",
)
_SOFTWARE, _CHANGED, _MAKE, _GPS, _EXIF, _TAKEN = 0x131, 0x132, 0x10F, 0x8825, 0x8769, 0x9003
_JPEG_END, _PNG_END = b"\xff\xd9", b"IEND\xaeB`\x82"
_TAIL_ALLOWED = 64
"""Some cameras leave a few bytes of padding."""

_PREVIEW_SIDE, _PREVIEW_FAR = 12, 48
"""Side of the compared pictures, and how far apart their greys may be on the average (of 255)."""


def of_trailer(data: bytes, kind: str) -> list[str]:
    """Whether something stands behind the end of a picture."""
    end = {"JPEG": _JPEG_END, "PNG": _PNG_END}.get(kind)
    if end is None:
        return []
    behind = len(data) - data.rfind(end) - len(end)
    return [DATA_BEHIND] if behind > _TAIL_ALLOWED or data.count(b"%PDF-") else []


def of_picture(picture: "Image", data: bytes, kind: str) -> list[str]:
    """What a picture says of itself."""
    exif = picture.getexif()
    inner: dict[int, Any] = dict(exif.get_ifd(_EXIF))
    found = []
    told = f"{exif.get(_SOFTWARE, '')} {_xmp(data)}"
    if _EDITORS.search(told):
        found.append(EDITED_PICTURE)
    taken, changed = _day(inner.get(_TAKEN)), _day(exif.get(_CHANGED))
    if taken and changed and taken != changed:
        found.append(DATES_DIFFER)
    if kind in ("JPEG", "HEIF") and not exif.get(_MAKE):
        found.append(NO_CAMERA)
    if exif.get_ifd(_GPS):
        found.append(PLACE_REMOVED)
    if _preview_differs(picture, data):
        found.append(PREVIEW_DIFFERS)
    return found


def _xmp(data: bytes) -> str:
    begin = data.find(b"<x:xmpmeta")
    return "" if begin < 0 else data[begin : begin + 20_000].decode("utf-8", "replace")


def _day(moment: Any) -> str:
    return str(moment or "")[:10]


def _preview_differs(picture: "Image", data: bytes) -> bool:
    """Whether the preview in a JPEG is of another picture: some programs leave the old one."""
    from PIL import Image

    head = data[:65_536]
    begin = head.find(b"\xff\xd8\xff", 2)
    if begin < 0:
        return False
    end = head.find(_JPEG_END, begin)
    try:
        preview = Image.open(io.BytesIO(head[begin : end + 2]), formats=["JPEG"])
        ours, theirs = (
            each.convert("L").resize((_PREVIEW_SIDE, _PREVIEW_SIDE)).tobytes()
            for each in (picture, preview)
        )
    except Exception:
        # A preview that cannot be read says nothing.
        return False
    apart = sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(ours)
    return apart > _PREVIEW_FAR


def of_pdf(data: bytes, told: dict[str, str]) -> list[str]:
    """What a PDF says of itself."""
    found = []
    if _EDITORS.search(f"{told.get('Producer', '')} {told.get('Creator', '')}"):
        found.append(EDITED_PDF)
    made, changed = told.get("CreationDate", "")[:10], told.get("ModDate", "")[:10]
    if data.count(b"%%EOF") > 1 or (made and changed and made != changed):
        found.append(CHANGED_PDF)
    if any(word in data for word in _ACTIVE):
        found.append(ACTIVE_REMOVED)
    return found
