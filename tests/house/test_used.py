"""Closed lists hold nothing that is not used: a refusal nobody gives is a promise nobody keeps."""

import ast
from pathlib import Path

import pytest

from rebind.domain import refusals
from rebind.domain.acts import Act
from tests.house.house import SRC, modules, report, tree

FLOWS = modules(SRC / "flows")
JOURNEYS = [path for path in FLOWS if "desk" not in path.parts and path.name != "__init__.py"]
DOORS = modules(SRC / "entrypoints")


@pytest.mark.skipif(not DOORS, reason="refusals are given by flows and doors; no door exists yet")
def test_every_refusal_is_given_by_somebody() -> None:
    named = {
        name: value for name, value in vars(refusals).items() if isinstance(value, refusals.Refusal)
    }
    assert len(named) == len(refusals.CATALOGUE), "each refusal has a name of its own in its module"
    given = words(
        [path for path in modules() if "refusals" not in path.parts],
        owner="refusals",
        module="rebind.domain.refusals",
    )
    report(
        "Nobody gives these refusals: remove them, or find the place that should refuse.",
        sorted(named.keys() - given),
    )


@pytest.mark.skipif(not JOURNEYS, reason="acts are written by flows; no flow exists yet")
def test_every_act_is_written_by_a_flow() -> None:
    written = words(FLOWS, owner="Act", module="rebind.domain.acts")
    report(
        "No flow writes these acts: remove them, or find the flow that forgets its audit line.",
        sorted({act.name for act in Act} - written),
    )


def words(paths: list[Path], owner: str, module: str) -> set[str]:
    """Names spoken as `owner.NAME` (or `….owner.NAME`), or imported from `module`."""
    spoken = set()
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and last_word(node.value) == owner:
                spoken.add(node.attr)
            if isinstance(node, ast.ImportFrom) and node.module == module:
                spoken.update(alias.name for alias in node.names)
    return spoken


def last_word(node: ast.expr) -> str | None:
    """`Act` of `Act` and of `acts.Act`."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
