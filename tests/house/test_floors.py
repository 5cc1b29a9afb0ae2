"""The floors of the house: who may import whom, and what a running server never loads."""

import subprocess
import sys
from pathlib import Path

from tests.house.house import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

LOADED = """
import asyncio, sys
import rebind.main.running
from rebind.main.furnishing import furnish
from rebind.settings import Settings

async def ready():
    place = sys.argv[1]
    settings = Settings(
        database_url=f"sqlite:///{place}/data/rebind.sqlite3",
        secret_key_file=f"{place}/keys/ring.json",
        sms="http://127.0.0.1:9/sms",
        mail="smtp://127.0.0.1:9",
        mail_from="a@example.org",
    )
    async with furnish(settings):
        heavy = {"sqlalchemy", "alembic", "aiohttp", "jinja2", "babel", "asyncpg"}
        print(*sorted(heavy & sys.modules.keys()))

asyncio.run(ready())
"""
"""A server on SQLite, ready to serve."""


def test_every_import_goes_down() -> None:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, (
        "Imports go down the stairs only (ARCHITECTURE.md, pyproject.toml):\n" + done.stdout
    )


def test_a_server_loads_no_tools_that_it_does_not_need(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.strip() == "", (
        f"a server on SQLite loads {done.stdout.strip()} before its first call: upgrades run in a "
        "process of their own, and drivers, templates and clients are loaded where they are used"
    )
