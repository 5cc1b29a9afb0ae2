"""Reads database URLs, for the engines and for upgrades alike. It never shows one in an error: a
URL may hold a password."""

from pathlib import Path

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def is_postgres(url: str) -> bool:
    """Whether the URL names a PostgreSQL database."""
    return url.startswith(_POSTGRES)


def sqlite_path(url: str) -> Path:
    """The file that a `sqlite:///` URL names; a fourth slash makes the path absolute.

    A database in memory is refused: reader and writer are two connections to one file."""
    path = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or path in ("", ":memory:"):
        raise ValueError("a database URL must be sqlite:///<file> or postgresql://<address>")
    return Path(path)
