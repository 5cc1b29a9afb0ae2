"""Documentation is checked like code: its links lead somewhere, its commands and figures exist."""

import ast
import importlib
import re
from pathlib import Path

import msgspec
import pytest

from rebind import __version__
from scripts import blocks, catalogue_blocks, journey_pages, policy_page, settings_page
from scripts.blocks import Block
from tests.house.house import DOCS, ROOT, SRC, report, shown, tracked, tree

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^\$ make ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
SETTING = re.compile(r"`(REBIND_[A-Z0-9_]+)`")
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:md|po|py|txt))(?:::(\w+))?`")
FROM_THE_ROOT = ("bench", "docs", "scripts", "src", "tests")

BLOCKS = [*settings_page.BLOCKS, *catalogue_blocks.BLOCKS, *journey_pages.BLOCKS]


def test_relative_links_resolve() -> None:
    found = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for groups in LINK.findall(text):
            target = (groups[0] or groups[1]).partition("#")[0]
            if target and ":" not in target and not (page.parent / target).exists():
                found.append(f"{shown(page)}: {target}")
    report("A link of the documentation leads nowhere.", found)


def test_files_and_names_that_pages_tell_of_exist() -> None:
    found = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for file, name in NAMED.findall(page.read_text(encoding="utf-8")):
            base = ROOT if file.partition("/")[0] in FROM_THE_ROOT else SRC
            if not (base / file).exists():
                found.append(f"{shown(page)}: {file}")
            elif name and name not in defined(base / file):
                found.append(f"{shown(page)}: {file}::{name}")
    report("A page sends its readers to what is not there (`file.py::name`).", found)


def defined(path: Path) -> set[str]:
    """The names that a Python file defines: functions, classes, methods and constants."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page.stem}-{block.name}")
def test_what_is_made_from_the_code_says_what_the_code_says(block: Block) -> None:
    written = block.page.read_text(encoding="utf-8")
    assert written == blocks.renewed(written, block.name, block.made()), (
        f"{shown(block.page)}: the block “{block.name}” is made from the code: run `make docs`"
    )


def test_the_changelog_knows_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## .*\b{re.escape(__version__)}\b", changelog, re.MULTILINE), (
        f"CHANGELOG.md has no heading for version {__version__}: say what changed for its readers"
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_commands_of_the_front_pages_exist(page: str) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = "\n".join(match.group() for match in FENCE.finditer(text))
    report(
        f"{page} tells its readers to run what the Makefile does not know.",
        sorted(set(MAKE.findall(fences)) - targets),
    )


def test_every_setting_is_documented() -> None:
    settings = importlib.import_module("rebind.settings")
    known = {f"REBIND_{field.name.upper()}" for field in msgspec.structs.fields(settings.Settings)}
    page = DOCS / "running" / "settings.md"
    documented = set(SETTING.findall(page.read_text(encoding="utf-8"))) - {"REBIND_CONFIG"}
    report("A setting nobody is told of might as well not exist.", sorted(known - documented))
    report(f"{shown(page)} names settings that do not exist.", sorted(documented - known))


@pytest.mark.skipif(not policy_page.PAGE.exists(), reason="there is no page on the policy yet")
def test_the_policy_page_says_what_the_policy_says() -> None:
    written = policy_page.PAGE.read_text(encoding="utf-8")
    assert written == policy_page.page(), (
        f"{shown(policy_page.PAGE)} is made from domain/policy.py: run `make docs`"
    )
