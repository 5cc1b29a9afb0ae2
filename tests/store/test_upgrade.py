"""Upgrades: what a database is found as, what is copied before, and what is refused."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rebind.store.engines import open_engine
from rebind.store.schema import metadata
from rebind.store.statements import Query, Statement
from rebind.store.upgrade import URL_VARIABLE, UpgradeFailed, upgrade, upgrade_here
from rebind.store.version import SCHEMA_VERSION, Standing, standing
from tests.clusters import Cluster
from tests.store.samples import boxes, put


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgres_url(cluster: Cluster) -> Iterator[str]:
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


async def found(url: str) -> Standing:
    engine = await open_engine(url, connections=1, fraction=lambda: 0.5)
    answer = await standing(engine)
    await engine.close()
    return answer


async def say_version(url: str, version: str, cluster: Cluster) -> None:
    """Put another version on a migrated database."""
    said = f"UPDATE alembic_version SET version_num = '{version}'"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(said)
    else:
        cluster.sql(said, url.rpartition("/")[2])


async def test_an_empty_database_becomes_current(empty_url: str) -> None:
    assert await found(empty_url) is Standing.EMPTY
    assert upgrade(empty_url) == f"upgraded to {SCHEMA_VERSION}"
    assert await found(empty_url) is Standing.CURRENT
    assert upgrade(empty_url) == f"already at {SCHEMA_VERSION}"
    engine = await open_engine(empty_url, connections=1, fraction=lambda: 0.5)
    await engine.write([put(1)])
    assert await boxes(engine) == {1: 0}
    await engine.close()


async def test_a_new_database_holds_nobody(empty_url: str) -> None:
    """No account, password or session that anybody could have from the package."""
    upgrade(empty_url)
    engine = await open_engine(empty_url, connections=1, fraction=lambda: 0.5)
    for table in metadata.tables:
        statement = Statement("tests.count", f"SELECT COUNT(*) FROM {table}")
        (rows,) = await engine.read(Query(statement, {}))
        assert rows[0][0] == 0, table
    await engine.close()


async def test_other_versions_are_told_apart(database_url: str, cluster: Cluster) -> None:
    await say_version(database_url, "0000", cluster)
    assert await found(database_url) is Standing.OLD
    await say_version(database_url, "9999", cluster)
    assert await found(database_url) is Standing.NEW
    with pytest.raises(UpgradeFailed, match="9999, which a newer Rebind made"):
        upgrade(database_url)


async def test_two_upgrades_at_once_do_not_collide(empty_url: str) -> None:
    told = await asyncio.gather(*(asyncio.to_thread(upgrade, empty_url) for _ in range(3)))
    assert f"upgraded to {SCHEMA_VERSION}" in told
    assert await found(empty_url) is Standing.CURRENT


def test_a_file_that_holds_anything_is_copied_first(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE keepsake (word TEXT)")
        file.execute("INSERT INTO keepsake VALUES ('here')")
    copy = tmp_path / f"kept.db.before-{SCHEMA_VERSION}.bak"
    copy.write_bytes(b"left by an upgrade that failed")
    assert upgrade(f"sqlite:///{path}").endswith(str(copy))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master")]
        assert names == ["keepsake"]
        assert file.execute("SELECT word FROM keepsake").fetchall() == [("here",)]
    assert not list(tmp_path.glob("*.half"))


def test_an_upgrade_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as file, file:
        # It stands in the way of the last table, when all the others are made.
        file.execute("CREATE TABLE acts (id INTEGER)")
    with pytest.raises(UpgradeFailed, match="table acts already exists"):
        upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master")]
    assert names == ["acts"]


def test_a_failed_upgrade_of_postgres_leaves_everything_as_it_was(
    empty_postgres_url: str, cluster: Cluster
) -> None:
    name = empty_postgres_url.rpartition("/")[2]
    cluster.sql("CREATE TABLE acts (id bigint)", name)
    with pytest.raises(UpgradeFailed, match='relation "acts" already exists'):
        upgrade(empty_postgres_url)
    tables = cluster.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name)
    assert tables.split() == ["acts"]


def test_a_new_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    assert upgrade_here(f"sqlite:///{path}") == f"upgraded to {SCHEMA_VERSION}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "url",
    ["postgresql://x:my-password@127.0.0.1:1/x", "postgresql://x:my-password@127.0.0.1:x/x",
     "mysql://x:my-password@127.0.0.1/x"],
)  # fmt: skip
def test_failures_are_told_without_the_password(url: str) -> None:
    with pytest.raises(UpgradeFailed) as failed:
        upgrade(url)
    assert str(failed.value).count("\n") == 0
    assert "my-password" not in str(failed.value)


def test_it_can_be_run_by_hand(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rebind.store.upgrade"]
    clean = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr
    url = f"sqlite:///{tmp_path / 'by-hand.db'}"
    done = subprocess.run([*command, url], env=clean, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"upgraded to {SCHEMA_VERSION}\n")


def test_a_server_on_sqlite_loads_no_other_driver_and_no_tools(sqlite_url: str) -> None:
    script = (
        "import asyncio, sys\n"
        "from rebind.store.engines import open_engine\n"
        "from rebind.store.version import standing\n"
        "import rebind.store.upgrade\n"
        "async def main():\n"
        "    engine = await open_engine(sys.argv[1], connections=1, fraction=lambda: 0.5)\n"
        "    print(await standing(engine))\n"
        "    await engine.close()\n"
        "asyncio.run(main())\n"
        "print(*sorted({'asyncpg', 'sqlalchemy', 'alembic'} & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, sqlite_url], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["Standing.CURRENT", ""]
