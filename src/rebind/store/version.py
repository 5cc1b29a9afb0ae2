"""Which schema this code needs, and a cheap look at the one that a database has.

A server looks before it starts and serves on `Standing.CURRENT` only. This module never migrates:
that is the work of `upgrade`, which alone loads the tools for it. On SQLite the front hall
(`main/furnishing.py`) calls it by itself, on PostgreSQL an administrator does.
"""

from enum import Enum, auto
from typing import Final

from rebind.store.engines.base import StoreEngine
from rebind.store.statements import Query, Statement

SCHEMA_VERSION: Final = "0004"
"""The newest file in `migrations/versions`."""

_HAS_VERSION: Final = {
    "sqlite": Statement(
        "schema.has_version",
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    ),
    "postgresql": Statement(
        "schema.has_version", "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    ),
}
_VERSION: Final = Statement("schema.version", "SELECT version_num FROM alembic_version")


class Standing(Enum):
    """How the schema of a database stands to this code."""

    EMPTY = auto()
    """There is none yet."""
    OLD = auto()
    """It must be upgraded first."""
    CURRENT = auto()
    NEW = auto()
    """A newer Rebind upgraded it; this one must not touch it."""


async def standing(engine: StoreEngine) -> Standing:
    """Look at the database. Raises `Unavailable`."""
    (known,) = await engine.read(Query(_HAS_VERSION[engine.dialect], {}))
    if not known:
        return Standing.EMPTY
    (versions,) = await engine.read(Query(_VERSION, {}))
    return compared(versions[0][0] if versions else None)


def compared(version: str | None) -> Standing:
    """Versions are numbers of equal length, so that they compare as text."""
    if version is None:
        return Standing.EMPTY
    if version == SCHEMA_VERSION:
        return Standing.CURRENT
    return Standing.OLD if version < SCHEMA_VERSION else Standing.NEW
