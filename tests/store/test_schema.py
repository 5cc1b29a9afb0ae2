"""The tables that migrations make are the tables of `schema.py`, to the letter, on both databases;
and every sentence of the store is one that both databases understand."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from rebind import store
from rebind.store.bulk import COLUMNS
from rebind.store.engines.base import numbered
from rebind.store.engines.urls import sqlite_path
from rebind.store.schema import metadata
from rebind.store.statements import Statement
from rebind.store.version import SCHEMA_VERSION
from tests.clusters import Cluster

NOT_OURS = "alembic_version"


def sqlite_texts(file: sqlite3.Connection) -> set[tuple[str, str]]:
    found = file.execute(
        f"SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> '{NOT_OURS}'"
    )
    # A column that was added later stands in the line of the one before it.
    return {(name, " ".join(sql.split())) for name, sql in found}


def postgres_lines(cluster: Cluster, url: str) -> list[str]:
    """The schema as pg_dump writes it, without comments and the random word of each dump."""
    text = cluster.run("pg_dump", "-s", "-O", "-x", "-T", NOT_OURS, url)
    return [line for line in text.splitlines() if line and not line.startswith(("--", "\\"))]


def test_built_fresh_is_migrated_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    engine = sa.create_engine(f"sqlite:///{fresh}")
    metadata.create_all(engine)
    engine.dispose()
    with (
        closing(sqlite3.connect(fresh)) as built,
        closing(sqlite3.connect(sqlite_path(sqlite_url))) as migrated,
    ):
        assert sqlite_texts(migrated) == sqlite_texts(built)
        # Tables of both kinds of thrift: no hidden row numbers, no value of another type.
        tables = built.execute("SELECT wr, strict FROM pragma_table_list WHERE schema = 'main'"
                               " AND name NOT LIKE 'sqlite%'").fetchall()  # fmt: skip
        assert tables == [(1, 1)] * len(metadata.tables)


async def test_built_fresh_is_migrated_on_postgres(postgres_url: str, cluster: Cluster) -> None:
    name = cluster.create()
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=partial(asyncpg.connect, cluster.url(name))
    )
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    built = postgres_lines(cluster, cluster.url(name))
    assert any("fillfactor='90'" in line for line in built)
    assert postgres_lines(cluster, postgres_url) == built
    cluster.drop(name)


def test_the_newest_migration_is_the_version_that_the_code_needs() -> None:
    config = Config()
    config.set_main_option("script_location", "rebind.store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_VERSION]


def test_bulk_writes_know_all_columns_in_their_order() -> None:
    for table, columns in COLUMNS.items():
        assert columns == tuple(metadata.tables[table].columns.keys())


def sentences() -> Iterator[Statement]:
    """Every statement of the store: those that stand there, and two sizes of those that are made
    for a number of rows."""
    for found in pkgutil.iter_modules(store.__path__):
        if found.ispkg or found.name in ("schema", "upgrade", "version"):
            continue
        module = importlib.import_module(f"rebind.store.{found.name}")
        for value in vars(module).values():
            if isinstance(value, Statement):
                yield value
            elif hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                yield from made(value)


def made(make: Any) -> Iterator[Statement]:
    parameters = signature(make).parameters.values()
    if not all(each.annotation in (int, bool) for each in parameters):
        return
    for size in (1, 2):
        statement = make(*(size == 2 if each.annotation is bool else size for each in parameters))
        if isinstance(statement, Statement):
            yield statement


SENTENCES = [pytest.param(each, id=f"{each.name}-{n}") for n, each in enumerate(sentences())]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sqlite_understands(sentence: Statement, sqlite_template: Path) -> None:
    names = numbered(sentence.sql)
    nothing = dict.fromkeys(parameters_of(sentence))
    assert names.count == len(nothing)
    with closing(sqlite3.connect(sqlite_template)) as file:
        file.execute(f"EXPLAIN {sentence.sql}", nothing).fetchall()


WHOLE = {
    "accounts.first",
    "operator_passkeys.by_credential",
    "operators.in_role",
    "operators.let_in",
    "outbox.waiting",
}
"""The first looks whether there is anybody at all; `outbox.waiting` counts what still waits to be
sent: its index holds nothing else. The desk has few people, however many accounts there are."""


def test_every_sentence_reaches_its_rows_by_a_key(sqlite_template: Path) -> None:
    """What one act costs must not grow with the number of accounts."""
    walked = set()
    with closing(sqlite3.connect(sqlite_template)) as file:
        for sentence in sentences():
            nothing = dict.fromkeys(parameters_of(sentence))
            plan = file.execute(f"EXPLAIN QUERY PLAN {sentence.sql}", nothing).fetchall()
            if any(words.startswith("SCAN") and "CONSTANT" not in words for *_, words in plan):
                walked.add(sentence.name)
    assert walked == WHOLE


async def test_postgres_understands(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    misunderstood = []
    for sentence in sentences():
        try:
            await connection.prepare(numbered(sentence.sql).sql)
        except asyncpg.PostgresError as error:
            misunderstood.append(f"{sentence.name}: {error}")
    await connection.close()
    assert misunderstood == []


def parameters_of(sentence: Statement) -> list[str]:
    """The names of a statement's parameters, in their order."""
    asked: list[str] = []

    class Asked(dict[str, None]):
        def __missing__(self, name: str) -> None:
            asked.append(name)

    numbered(sentence.sql).pick(Asked())
    return asked
