"""Signs of manipulation, read before a document is made harmless and they are gone.

Each is a stable word, for whoever looks at the document at the desk; docs/security/documents.md
says what each means, and what it does not prove. None refuses a document: people crop photographs,
and a careful forger leaves none of these. What cannot be read says nothing. Runs in the child only.
Neighbours: `pictures.py` and `pages.py` ask; `traces.py` finds where a file ends.
"""

import io
import re
from typing import TYPE_CHECKING, Any

from rebind.providers.papers import traces
from rebind.providers.papers.kinds import Kind

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
LAID_OVER = "laid_over"  # text or shapes lie over a page that is a picture, or over the page
ACTIVE_REMOVED = "active_removed"  # scripts, links, forms or attachments were in it

FINDINGS = frozenset(
    (
        EDITED_PICTURE,
        DATES_DIFFER,
        PREVIEW_DIFFERS,
        NO_CAMERA,
        DATA_BEHIND,
        PLACE_REMOVED,
        EDITED_PDF,
        CHANGED_PDF,
        LAID_OVER,
        ACTIVE_REMOVED,
    )
)

_EDITORS = re.compile(
    r"photoshop|gimp\b|lightroom|affinity|pixelmator|snapseed|picsart|canva\b|paint\.net|coreldraw"
    r"|figma|facetune|illustrator|inkscape|krita|photopea|acrobat pro|pdf ?editor|pdfescape|sejda"
    r"|ilovepdf|smallpdf|phantompdf|nitro p|wondershare|pdfelement|pdf-xchange|libreoffice draw",
    re.IGNORECASE,
)
_TOLD = re.compile(
    rb"<(?:xmp|xap|pdf):(?:CreatorTool|Producer)>([^<]{1,200})"
    rb"|(?:xmp|xap|pdf):(?:CreatorTool|Producer)=[\"']([^\"'<]{1,200})"
    rb"|stEvt:softwareAgent=[\"']([^\"'<]{1,200})"
)
"""Where XMP (ISO 16684-1) names programs: as elements, as attributes, in its history."""

_SOFTWARE, _CHANGED, _MAKE = 0x131, 0x132, 0x10F
_EXIF, _GPS, _TAKEN = 0x8769, 0x8825, 0x9003
_PREVIEW = -1  # Pillow's name for the second table, which nothing names in EXIF.
_PREVIEW_AT, _PREVIEW_LENGTH, _EXIF_HEAD = 0x201, 0x202, 6
_DAY = re.compile(r"(\d{4}):(\d\d):(\d\d)")

_GRID = 16
"""Previews are compared in so many squares each way."""

_FAR, _FAR_SHARE = 60, 0.03
"""A square differs by so much of 255, after both were made equally light; from this share on it is
another picture. A face on a passport page is 4 to 8 of 100 squares."""


def of_picture(picture: "Image", small: "Image", data: bytes, kind: Kind) -> list[str]:
    """What a picture says of itself; `small` is the same, perhaps smaller."""
    found = []
    # With several pictures in one file the second one stands behind the first, and may.
    if picture.format != "MPO" and traces.stands_behind(data, kind):
        found.append(DATA_BEHIND)
    if _EDITORS.search(_programs(picture, data)):
        found.append(EDITED_PICTURE)
    try:
        exif = picture.getexif()
        inner: dict[int, Any] = dict(exif.get_ifd(_EXIF))
        place, preview = dict(exif.get_ifd(_GPS)), dict(exif.get_ifd(_PREVIEW))
    except Exception:
        return found
    taken, changed = _day(inner.get(_TAKEN)), _day(exif.get(_CHANGED))
    if taken and changed and taken != changed:
        found.append(DATES_DIFFER)
    if kind in ("JPEG", "HEIF") and not str(exif.get(_MAKE, "")).strip("\0 "):
        found.append(NO_CAMERA)
    if place:
        found.append(PLACE_REMOVED)
    if _differs(small, _preview(picture, preview)):
        found.append(PREVIEW_DIFFERS)
    return found


def _programs(picture: "Image", data: bytes) -> str:
    """The programs that are named anywhere: in EXIF, XMP, and the texts of a PNG."""
    told = [str(picture.info.get(name, "")) for name in ("Software", "software", "Comment")]
    try:
        told.append(str(picture.getexif().get(_SOFTWARE, "")))
    except Exception:
        told.append("")
    return " ".join([*told, _in_xmp(data)])


def _in_xmp(data: bytes) -> str:
    named = (b" ".join(each) for each in _TOLD.findall(data))
    return b" ".join(named).decode("utf-8", "replace")


def _day(moment: Any) -> str | None:
    found = _DAY.match(str(moment or ""))
    return found[0] if found is not None and found[1] != "0000" else None


def _preview(picture: "Image", told: dict[int, Any]) -> "Image | None":
    """The preview in the metadata of a JPEG (EXIF 2.32, 4.5.5)."""
    from PIL import Image

    exif: bytes = picture.info.get("exif", b"")
    begin, length = told.get(_PREVIEW_AT), told.get(_PREVIEW_LENGTH)
    if not isinstance(begin, int) or not isinstance(length, int):
        return None
    begin += _EXIF_HEAD if exif.startswith(b"Exif\0\0") else 0
    try:
        preview = Image.open(io.BytesIO(exif[begin : begin + length]), formats=["JPEG"])
        if max(preview.size) > 1_024:
            return None
        preview.load()
    except Exception:
        return None
    return preview


def _differs(picture: "Image", preview: "Image | None") -> bool:
    """Whether a preview is of another picture: some programs leave the old one. Lighter and darker
    does not count, nor do the bars that cameras add above and below."""
    from PIL import Image

    if preview is None:
        return False
    scale = min(preview.width / picture.width, preview.height / picture.height)
    width, height = picture.width * scale, picture.height * scale
    if min(width, height) < _GRID:
        return False
    x, y = (preview.width - width) / 2, (preview.height - height) / 2
    size, box = (_GRID, _GRID), Image.Resampling.BOX
    ours = picture.convert("L").resize(size, box).tobytes()
    theirs = preview.convert("L").resize(size, box, (x, y, x + width, y + height)).tobytes()
    lighter = (sum(theirs) - sum(ours)) / len(ours)
    far = sum(abs(b - a - lighter) > _FAR for a, b in zip(ours, theirs, strict=True))
    return far > _FAR_SHARE * len(ours)


def of_pdf(document: Any, data: bytes) -> list[str]:
    """What a PDF says of itself; `document` is the one of pypdfium2."""
    found = []
    told = document.get_metadata_dict()
    named = f"{told.get('Producer', '')} {told.get('Creator', '')} {_in_xmp(data)}"
    if _EDITORS.search(named):
        found.append(EDITED_PDF)
    made, changed = told.get("CreationDate", "")[:10], told.get("ModDate", "")[:10]
    if (made and changed and made != changed) or traces.revisions(document, data) > 1:
        found.append(CHANGED_PDF)
    over, active = traces.of_pages(document)
    if over:
        found.append(LAID_OVER)
    if active or traces.is_active(document, data):
        found.append(ACTIVE_REMOVED)
    return found
