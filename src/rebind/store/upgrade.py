"""Brings a database to the schema of this code: `python -m rebind.store.upgrade <url>`.

The tools for it cost 21 MiB and half a second, so whoever has other work calls `upgrade`, which
runs this module in a child process; the URL travels in the environment, because it may hold a
password and arguments are seen by every user. SQLite files that hold anything are copied first.
PostgreSQL is locked against a second upgrade. Everything happens in one transaction.

It never goes back: the way back is the copy. Its neighbours are `version`, which only looks, and
`schema`, which the migrations must lead to.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rebind.store.engines.urls import is_postgres, sqlite_path
from rebind.store.version import SCHEMA_VERSION, Standing, compared

if TYPE_CHECKING:
    import sqlalchemy as sa

URL_VARIABLE: Final = "REBIND_UPGRADE_URL"

_LOCK_WAIT_S: Final = 30.0

_ADVISORY_LOCK: Final = 0x5265_6269_6E64
"""Any number will do, as long as every Rebind takes the same: "Rebind" in ASCII."""

_ALREADY: Final = f"already at {SCHEMA_VERSION}"
_DONE: Final = f"upgraded to {SCHEMA_VERSION}"


class UpgradeFailed(Exception):
    """The database is as it was before. The text is the child's."""


def upgrade(url: str) -> str:
    """Upgrade in a child process; returns what it did. Raises `UpgradeFailed`."""
    done = subprocess.run(
        # -P: the current folder must not be able to put a module of its own in our way.
        [sys.executable, "-P", "-m", "rebind.store.upgrade"],
        env={**os.environ, URL_VARIABLE: url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UpgradeFailed(done.stderr.strip() or f"the child ended with {done.returncode}")
    return done.stdout.strip()


def upgrade_here(url: str) -> str:
    """Upgrade in this process, which then has loaded the tools."""
    if is_postgres(url):
        return asyncio.run(_upgrade_postgres(url))
    return _upgrade_sqlite(sqlite_path(url))


def _upgrade_sqlite(path: Path) -> str:
    import sqlalchemy as sa

    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    file = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
    try:
        if not _must_upgrade(_sqlite_version(file)):
            return _ALREADY
        copy = _copy(file, path)
        file.execute("PRAGMA foreign_keys=OFF")
        engine = sa.create_engine("sqlite://", creator=lambda: file, poolclass=sa.StaticPool)
        # The driver begins a transaction too late and weaker than we need it.
        sa.event.listen(engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            _migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise UpgradeFailed("rows would point to rows that do not exist")
    finally:
        file.close()
    return _DONE if copy is None else f"{_DONE}; the file as it was: {copy}"


def _sqlite_version(file: sqlite3.Connection) -> str | None:
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    if file.execute(table).fetchone() is None:
        return None
    found = file.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])


def _copy(file: sqlite3.Connection, path: Path) -> Path | None:
    """Copy a file that holds any table, readable by its owner alone. Nothing is copied half."""
    if file.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
        return None
    copy = path.with_name(f"{path.name}.before-{SCHEMA_VERSION}.bak")
    half = copy.with_name(f"{copy.name}.half")
    half.unlink(missing_ok=True)
    # SQLite fills an empty file that is there already, and leaves its mode alone.
    handle = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        file.execute("VACUUM INTO ?", (str(half),))
        os.fsync(handle)
    finally:
        os.close(handle)
    # A copy that an earlier, failed upgrade left is older than this one, of the same schema.
    half.replace(copy)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return copy


async def _upgrade_postgres(url: str) -> str:
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import create_async_engine

    from rebind.store.engines import postgres

    # The creator reads the URL as the running server does; SQLAlchemy would read it its own way.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: postgres.connect(url),
        poolclass=sa.NullPool,
    )
    try:
        async with engine.begin() as connection:
            # Let go with the transaction; whoever comes second then finds nothing left to do.
            await connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(CAST(:lock AS bigint))"),
                {"lock": _ADVISORY_LOCK},
            )
            known = await connection.scalar(sa.text("SELECT to_regclass('alembic_version')::text"))
            version = (
                await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
                if known
                else None
            )
            if not _must_upgrade(version):
                return _ALREADY
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()
    return _DONE


def _must_upgrade(version: str | None) -> bool:
    found = compared(version)
    if found is Standing.NEW:
        raise UpgradeFailed(
            f"the database is at {version}, which a newer Rebind made; this one knows"
            f" {SCHEMA_VERSION}"
        )
    return found is not Standing.CURRENT


def _migrate(connection: "sa.Connection") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rebind.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, SCHEMA_VERSION)


def _said(error: BaseException) -> str:
    # The driver's own error is below SQLAlchemy's, which would add the statement and a link.
    original: Any = getattr(error, "orig", None) or error
    if isinstance(original, UpgradeFailed):
        return str(original)
    return f"{type(original).__name__}: {original}"


def main() -> int:
    """The child process, or an operator at a shell."""
    url = os.environ.get(URL_VARIABLE) or (sys.argv[1] if len(sys.argv) == 2 else "")
    if not url:
        sys.stderr.write(f"usage: python -m rebind.store.upgrade <url>, or set {URL_VARIABLE}\n")
        return 2
    try:
        sys.stdout.write(upgrade_here(url) + "\n")
    except Exception as error:
        sys.stderr.write(_said(error) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
