"""The floors of the house: who may import whom, and what a running server never loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.house import ROOT, SRC

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

LOADED = """
import importlib, sys
importlib.import_module("rebind.main")
print(*sorted({"sqlalchemy", "alembic"} & sys.modules.keys()))
"""


def test_every_import_goes_down() -> None:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, (
        "Imports go down the stairs only (ARCHITECTURE.md, pyproject.toml):\n" + done.stdout
    )


@pytest.mark.skipif(not (SRC / "main.py").exists(), reason="there is no front hall yet")
def test_a_server_does_not_load_the_migration_tools() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "", (
        f"rebind.main loads {done.stdout.strip()}: they cost every process 21 MiB and half a "
        "second; upgrades run in a process of their own"
    )
