"""Which place keeps the documents, read from one line of the settings.

For: the settings, which refuse what cannot be, and the front hall, which builds what is named.
Refuses to guess: a line that is neither a folder nor a whole S3 address names no place. Neighbours:
`folder.py`, `s3.py`.
"""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec


class Malformed(ValueError):
    """This names no place for documents."""


class Folder(msgspec.Struct, frozen=True):
    """A folder of this machine, or one that is mounted."""

    path: Path


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of any service that speaks S3. Without an endpoint it is Amazon's. `prefix` begins
    every name, so that one bucket can serve several; it is empty or ends without a slash."""

    name: str
    region: str
    endpoint: str | None = None
    prefix: str = ""


def parsed(text: str) -> Folder | Bucket:
    """A path, or `s3://bucket/prefix?endpoint=https://…&region=…`. Raises `Malformed`."""
    if "://" not in text:
        if not text or "\0" in text:
            raise Malformed("must be the path of a folder, or s3://bucket?endpoint=…&region=…")
        return Folder(Path(text).resolve())
    try:
        parts = urlsplit(text)
        asked = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise Malformed("is no address") from None
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.fragment:
        raise Malformed("must be the path of a folder, or s3://bucket?endpoint=…&region=…")
    if asked.keys() - {"endpoint", "region"} or any(len(each) > 1 for each in asked.values()):
        raise Malformed("of S3 only endpoint and region can be said, each once")
    region = asked.get("region", [""])[0]
    if not region:
        raise Malformed("S3 needs its region, also where the service has only one (us-east-1)")
    endpoint = asked.get("endpoint", [None])[0]
    if endpoint is not None and not _is_endpoint(endpoint):
        raise Malformed("endpoint must be an http or https address without a path")
    prefix = parts.path.strip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise Malformed("a prefix has letters, digits, dots, dashes and slashes")
    return Bucket(parts.netloc, region, endpoint, prefix)


def wrong(text: str, key_ring: Path, access_key: str | None, secret_key: str | None) -> list[str]:
    """What cannot be in these settings, a line each."""
    try:
        place = parsed(text)
    except Malformed as malformed:
        return [f"blobs: {malformed}"]
    found = []
    if (access_key is None) != (secret_key is None):
        found.append("blobs_access_key, blobs_secret_key: belong together")
    if isinstance(place, Folder):
        if access_key is not None:
            found.append("blobs_access_key: is for S3, but blobs names a folder")
        if key_ring.is_relative_to(place.path):
            found.append("blobs: the key ring lies in this folder; documents rest apart from keys")
    return found


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return False
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""S3 User Guide, bucket naming rules."""

_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
