"""Where a picture ends, how often a PDF was saved, and what is in a PDF beside its pages.

For `signs.py`, which puts it into words. Runs in the child only. Refuses to go on counting in files
that were made to be counted for long: each search has an end.
"""

import ctypes
import re
import zlib
from typing import Any

from rebind.providers.papers.kinds import Kind

_BEHIND_MAX = 64
"""Some cameras leave a few bytes of padding."""

_MARKER = re.compile(rb"\xff+[^\xff\x00\xd0-\xd7]")
"""In the data of a JPEG: a marker that is neither a stuffed 0 nor a restart (ITU-T T.81, B.1.1)."""

_OBJECTS_MAX = 20_000
"""Things on a page that are looked at."""

_COVERS = 0.6
"""A page with a picture over this share of it is a scan."""

_INVISIBLE = 3
"""How text recognition writes over scans (ISO 32000-1, table 106)."""

_MARKUP = frozenset((3, 5, 6, 7, 13, 15, 28))
"""Annotations that cover: text, squares, circles, polygons, stamps, ink, redactions
(fpdf_annot.h)."""

_ACTING = frozenset((2, 17, 18, 19, 21, 25, 26))
"""Links, attachments, sounds, films, screens, 3D, rich media."""

_PACKED = re.compile(rb"/ObjStm\b[^>]{0,400}>>\s{0,4}stream\r?\n")
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|SubmitForm|ImportData|GoToR|GoToE|URI|EmbeddedFiles?|RichMedia|XFA)"
    rb"[\s/<(\[\]>]"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACKED_MAX, _UNPACKED_MAX = 200, 4 * 1_024 * 1_024
"""Object streams that are looked into, and how far into all of them."""


def stands_behind(data: bytes, kind: Kind) -> bool:
    """Whether data stands behind the end of a picture."""
    ends = {"JPEG": _jpeg_end, "PNG": _png_end, "HEIF": _heif_end}
    return len(data) - ends[kind](data) > _BEHIND_MAX if kind in ends else False


def _jpeg_end(data: bytes) -> int:
    """Behind the EOI of the first picture, past those in the segments before it."""
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        at = found.end()
        marker = data[at - 1]
        if marker == 0xD9:
            return at
        at += int.from_bytes(data[at : at + 2], "big")
    return len(data)


def _png_end(data: bytes) -> int:
    at = 8
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if name == b"IEND":
            return at
    return len(data)


def _heif_end(data: bytes) -> int:
    """Behind the last box that fits in (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 16 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length == 0:
            return len(data)
        if length < 8 or at + length > len(data) or not name.isalnum():
            return at
        at += length
    return at


def revisions(document: Any, data: bytes) -> int:
    """How often a PDF was saved into the same file. One that was made to be read from the web has
    two ends and was saved once (ISO 32000-1, annex F)."""
    from pypdfium2 import raw  # type: ignore[import-untyped]

    ends = int(raw.FPDF_GetTrailerEnds(document, None, 0))
    return ends - (1 if b"/Linearized" in data[:1_024] else 0)


def is_active(document: Any, data: bytes) -> bool:
    """Whether scripts, forms, attachments, or actions that go anywhere are in a PDF."""
    from pypdfium2 import raw

    if document.get_formtype() != raw.FORMTYPE_NONE:
        return True
    if raw.FPDFDoc_GetJavaScriptActionCount(document) > 0 or document.count_attachments() > 0:
        return True
    # What stands in streams is content and compressed; three letters turn up in it by chance.
    between = [part.partition(b"stream")[0] for part in data.split(b"endstream")]
    plain = b" ".join([*between, *_unpacked(data)])
    return _ACTIVE.search(_ESCAPED.sub(_letter, plain)) is not None


def _letter(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped[1].decode())


def _unpacked(data: bytes) -> list[bytes]:
    """The objects that stand packed in streams (ISO 32000-1, 7.5.7)."""
    found, left = list[bytes](), _UNPACKED_MAX
    for number, begin in enumerate(_PACKED.finditer(data)):
        if number == _PACKED_MAX or left <= 0:
            break
        try:
            packed = data[begin.end() : begin.end() + _UNPACKED_MAX]
            found.append(zlib.decompressobj().decompress(packed, left))
        except zlib.error:
            continue
        left -= len(found[-1])
    return found


def of_pages(document: Any) -> tuple[bool, bool]:
    """Whether text or shapes were laid over a page, and whether something on one acts."""
    over = active = False
    for number in range(len(document)):
        page = document[number]
        kinds = _annotations(page)
        active = active or not kinds.isdisjoint(_ACTING)
        over = over or not kinds.isdisjoint(_MARKUP) or _text_over_scan(page)
        page.close()
    return over, active


def _annotations(page: Any) -> set[int]:
    from pypdfium2 import raw

    kinds = set()
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _OBJECTS_MAX)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if annotation:
            kinds.add(int(raw.FPDFAnnot_GetSubtype(annotation)))
            raw.FPDFPage_CloseAnnot(annotation)
    return kinds


def _text_over_scan(page: Any) -> bool:
    """Whether visible text follows a picture that covers most of the page."""
    from pypdfium2 import raw

    across, up = page.get_size()
    scan = False
    for number in range(min(raw.FPDFPage_CountObjects(page), _OBJECTS_MAX)):
        each = raw.FPDFPage_GetObject(page, number)
        kind = raw.FPDFPageObj_GetType(each)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            edges = [ctypes.c_float() for _edge in range(4)]
            raw.FPDFPageObj_GetBounds(each, *edges)
            left, bottom, right, top = (edge.value for edge in edges)
            scan = scan or (right - left) * (top - bottom) > _COVERS * across * up
        elif scan and kind == raw.FPDF_PAGEOBJ_TEXT and not _hidden(each):
            return True
    return False


def _hidden(text: Any) -> bool:
    from pypdfium2 import raw

    return int(raw.FPDFTextObj_GetTextRenderMode(text)) == _INVISIBLE
