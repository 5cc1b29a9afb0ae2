"""Documentation is checked like code: its links lead somewhere, its commands and figures exist."""

import importlib
import re

import msgspec
import pytest

from rebind import __version__
from scripts import policy_page
from tests.house.house import DOCS, ROOT, SRC, report, shown, tracked

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^\$ make ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
SETTING = re.compile(r"`(REBIND_[A-Z0-9_]+)`")


def test_relative_links_resolve() -> None:
    found = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for groups in LINK.findall(text):
            target = (groups[0] or groups[1]).partition("#")[0]
            if target and ":" not in target and not (page.parent / target).exists():
                found.append(f"{shown(page)}: {target}")
    report("A link of the documentation leads nowhere.", found)


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


@pytest.mark.skipif(not (SRC / "settings.py").exists(), reason="there are no settings yet")
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
