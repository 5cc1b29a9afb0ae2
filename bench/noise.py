"""What this machine is, and whether it is quiet enough to measure on.

`python -m bench.noise` prints it. Every result carries it along, because figures of two machines,
or of a busy one, cannot be compared.
"""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests import clusters

LOAD_MAX: Final = 0.3
"""Load average of the last minute for each core, above which figures are not to be trusted."""


def facts() -> dict[str, str]:
    """What the figures depend on, by name."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "memory": _memory(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def warning(known: Mapping[str, str]) -> str | None:
    """Why the figures are not to be trusted, if they are not."""
    cores = int(known["cores"])
    if float(known["load"]) > LOAD_MAX * cores:
        return f"load average {known['load']} on {cores} cores: others are at work, figures are off"
    return None


def _line(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def _processor() -> str:
    return _line("/proc/cpuinfo", "model name") or platform.machine()


def _memory() -> str:
    kibibytes = _line("/proc/meminfo", "MemTotal").partition(" ")[0]
    return f"{int(kibibytes) / 2**20:.0f} GiB" if kibibytes.isdigit() else "unknown"


def _postgresql() -> str:
    folder = clusters.programs()
    if folder is None:
        return "not installed"
    said = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip().rpartition("PostgreSQL) ")[2] or said.stdout.strip()


def show() -> dict[str, str]:
    """Print the facts and the warning; the facts."""
    known = facts()
    for name, value in known.items():
        print(f"  {name:<11} {value}")
    warned = warning(known)
    if warned is not None:
        print(f"  WARNING     {warned}")
    return known


if __name__ == "__main__":
    show()
