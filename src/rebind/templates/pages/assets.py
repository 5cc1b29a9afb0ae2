"""Style, script and icon: bytes that may be kept for ever, under names that change with them.

For: the door, which serves them at /assets/<name> as immutable, and the pages, which name them.
Refuses a build step: what stands in the folder is what is sent, compressed once. The
administrator's own logo and brand.css are not here. Neighbour: the folder `templates/assets`.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent.parent / "assets"
PREFIX = "/assets/"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(msgspec.Struct, frozen=True):
    """One file: `file` is its name in the folder, `name` the one in its address."""

    file: str
    name: str
    media_type: str
    body: bytes
    gzipped: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every file by the name in its address."""
    found = (_read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES)
    return {asset.name: asset for asset in found}


@cache
def urls() -> dict[str, str]:
    """Name in the folder → address."""
    return {asset.file: PREFIX + asset.name for asset in assets().values()}


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return Asset(
        path.name,
        f"{path.stem}.{digest}{path.suffix}",
        _TYPES[path.suffix],
        body,
        # No moment of compression inside: the same file gives the same bytes on every machine.
        gzip.compress(body, 9, mtime=0),
    )
