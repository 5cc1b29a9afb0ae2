"""Where things stand in this house, for the tests that keep its rules."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "rebind"
DOCS = ROOT / "docs"

Public = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules(folder: Path = SRC) -> list[Path]:
    """Every Python file below `folder`."""
    return sorted(folder.rglob("*.py"))


def shown(path: Path) -> str:
    """A path as a reader of a failure wants it: from the root of the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def tracked() -> tuple[Path, ...]:
    """The text files of the project that are, or are about to be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert listed.returncode == 0, f"the house tests need a git checkout: {listed.stderr}"
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and is_text(path))


def is_text(path: Path) -> bool:
    """Whether a file reads as text (pictures and archives do not)."""
    return b"\0" not in path.read_bytes()[:8192]


def public(body: list[ast.stmt]) -> Iterator[Public]:
    """Public classes and functions of a module, and public methods of its public classes."""
    for node in body:
        if isinstance(node, Public) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def report(rule: str, found: list[str]) -> None:
    """Fail with the reason of the rule first and every place where it is broken after it."""
    assert not found, "\n  ".join([f"{rule}", *found])
