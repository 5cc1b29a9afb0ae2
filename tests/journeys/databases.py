"""What no flow and no engine does: whole sentences to the database itself, and all that rests in
it, as whoever steals the disk would read it."""

import sqlite3
from pathlib import Path

import asyncpg

from rebind.store.schema import metadata

TABLES = sorted(metadata.tables)


def path_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(url.removeprefix("sqlite:///"))


async def run(url: str, sql: str) -> None:
    """Run a sentence as the administrator of the database."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(path_of(url), isolation_level=None)
        try:
            connection.execute(sql)
        finally:
            connection.close()
        return
    server = await asyncpg.connect(url)
    try:
        await server.execute(sql)
    finally:
        await server.close()


async def everything(url: str) -> dict[str, bytes]:
    """All that rests in a database, by where it was found: the files and a dump, or every table
    as text, as bytes and as COPY writes it."""
    if url.startswith("sqlite"):
        path = path_of(url)
        found = {one.name: one.read_bytes() for one in sorted(path.parent.glob(path.name + "*"))}
        connection = sqlite3.connect(path)
        try:
            found["dump"] = "\n".join(connection.iterdump()).encode()
        finally:
            connection.close()
        return found
    found = {}
    server = await asyncpg.connect(url)
    try:
        for table in TABLES:
            for kind in ("text", "csv", "binary"):
                chunks = bytearray()
                await server.copy_from_table(table, output=_into(chunks), format=kind)
                found[f"{table} as {kind}"] = bytes(chunks)
    finally:
        await server.close()
    return found


def _into(chunks: bytearray):  # type: ignore[no-untyped-def]
    async def write(data: bytes) -> None:
        chunks.extend(data)

    return write
