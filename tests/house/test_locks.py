"""The lock files hold what pyproject.toml asks for, and every entry can be verified."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.house import ROOT, report

RUNTIME = "requirements.lock"
DEV = "requirements-dev.lock"


def asked(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for, as far as that lock has to hold it."""
    page: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*page["project"]["dependencies"], *page["build-system"]["requires"]]
    if lock == DEV:
        lines += page["project"]["optional-dependencies"]["dev"]
    return [Requirement(line) for line in lines]


def pinned(lock: str) -> dict[str, str]:
    """Name → exact version."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_the_lock_holds_what_is_asked_for(lock: str) -> None:
    pins = pinned(lock)
    found = []
    for requirement in asked(lock):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is not in {lock}")
        elif version not in requirement.specifier:
            found.append(f"{requirement} is asked for, {lock} holds {version}")
    report("pyproject.toml was changed without its locks: run `make lock`.", found)


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_every_entry_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.M)
    found = [entry.split()[0] for entry in entries if entry.strip() and "--hash=" not in entry]
    report(f"An entry of {lock} without a hash trusts the network: run `make lock`.", found)


def test_people_test_what_runs() -> None:
    run, dev = pinned(RUNTIME), pinned(DEV)
    found = [f"{name}: {run[name]} runs, {dev.get(name)} is tested" for name in run]
    report(
        "Both locks hold the same version of what runs: run `make lock`.",
        [line for name, line in zip(run, found, strict=True) if dev.get(name) != run[name]],
    )
