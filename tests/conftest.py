"""Databases for every test that wants one: real, migrated, fresh, and one of each kind.

`engine` and `database_url` run a test twice, on SQLite and on PostgreSQL. Whoever needs people,
clocks or a running service finds them in the conftest of the folder.
"""

import random
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rebind.store.engines import StoreEngine, open_engine
from rebind.store.upgrade import upgrade
from tests import clusters

CONNECTIONS = 8


@pytest.fixture(scope="session")
def cluster() -> Iterator[clusters.Cluster]:
    """The PostgreSQL of this process of the run."""
    running = clusters.started()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "rebind.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "rebind.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(cluster: clusters.Cluster) -> Iterator[str]:
    """An empty, migrated PostgreSQL database."""
    name = cluster.lend()
    yield cluster.url(name)
    cluster.take_back(name)


@pytest.fixture
def empty_postgres_url(cluster: clusters.Cluster) -> Iterator[str]:
    """A fresh PostgreSQL database without a schema."""
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[StoreEngine]:
    """An open engine on a fresh database of each kind."""
    opened = await open_engine(
        database_url, connections=CONNECTIONS, fraction=random.Random(7).random
    )
    yield opened
    await opened.close()
