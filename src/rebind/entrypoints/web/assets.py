"""/assets: style, script and icon of the pages, and what the administrator puts beside them.

The name of a file holds a hash of its bytes, so that it may be kept for ever. The administrator's
style sheet may be anything; their picture, when it is an SVG, runs nothing. Neighbour:
`templates/pages/assets.py` reads our own files.
"""

import gzip
import hashlib
from collections.abc import Mapping

import msgspec

from rebind.domain.refusals import PATH_UNKNOWN, Refused
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.routes import Bytes, Outcome, Route, Visit
from rebind.templates.pages import assets

PREFIX = "/assets/"
LOGO_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
"""What a logo may be, by the end of its name."""

_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
_INERT = (b"content-security-policy", b"default-src 'none'; sandbox")
_CSS, _SVG = "text/css; charset=utf-8", "image/svg+xml"


class Brand(msgspec.Struct, frozen=True):
    """The administrator's own style sheet, and their logo with the end of its name."""

    css: bytes | None = None
    logo: bytes | None = None
    logo_suffix: str = ".svg"


class _File(msgspec.Struct, frozen=True):
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    gzipped: bytes | None


class Library:
    """All files by the names in their addresses. `css` and `logo` are the addresses of the
    administrator's files."""

    def __init__(self, brand: Brand) -> None:
        found = {
            each.name: _file(each.media_type, each.body, each.gzipped) for each in assets().values()
        }
        self.css = self.logo = None
        if brand.css is not None:
            self.css = _added(found, "brand", ".css", _CSS, brand.css)
        if brand.logo is not None:
            suffix = brand.logo_suffix
            self.logo = _added(found, "logo", suffix, LOGO_TYPES[suffix], brand.logo)
        self._files: Mapping[str, _File] = found

    async def show(self, visit: Visit) -> Outcome:
        """One file, compressed for whoever reads that."""
        file = self._files.get(visit.words["name"])
        if file is None:
            return Refused(PATH_UNKNOWN)
        if file.gzipped is None or not visit.zips:
            return Bytes(file.headers, file.body)
        return Bytes((*file.headers, (b"content-encoding", b"gzip")), file.gzipped)


def _added(found: dict[str, _File], stem: str, suffix: str, media_type: str, body: bytes) -> str:
    name = f"{stem}.{hashlib.blake2b(body, digest_size=8).hexdigest()}{suffix}"
    text = media_type in (_CSS, _SVG)
    found[name] = _file(media_type, body, gzip.compress(body, 9, mtime=0) if text else None)
    return PREFIX + name


def _file(media_type: str, body: bytes, gzipped: bytes | None) -> _File:
    headers = [(b"content-type", media_type.encode()), _FOR_EVER]
    if gzipped is not None:
        headers.append((b"vary", b"accept-encoding"))
    if media_type == _SVG:
        headers.append(_INERT)
    return _File(tuple(headers), body, gzipped)


def routes(library: Library) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="GET",
            path=PREFIX + "{name}",
            handler=library.show,
            auth=Auth.NONE,
            summary="Style, script and pictures of the pages",
        )
    ]
