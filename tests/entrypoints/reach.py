"""Which refusals a handler can come to, read from the sources without running them.

Every function, method and constant of doors, flows, rules and store is a node; names that it speaks
are its edges. A method is followed by its name alone, so the answer errs on the side of too much;
what is known never to be told stands in the tests with its reason.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import rebind
from rebind.domain import refusals
from rebind.domain.refusals import Refusal
from rebind.flows.desk.desk import _MISSED

SOURCES = Path(rebind.__file__).parent
FLOORS = ("entrypoints/api", "flows", "domain", "store")
NOT_READ = {"migrations", "engines"}
CATALOGUE = "rebind.domain.refusals"

Node = tuple[str, str]
"""(module, name); a method is called `Class.method`."""


class Graph:
    """The sources as nodes and edges."""

    def __init__(self) -> None:
        self._speaks: dict[Node, set[Node]] = {}
        self._methods: dict[str, set[Node]] = {}
        self._statements: dict[Node, str] = {}
        for floor in FLOORS:
            for path in sorted((SOURCES / floor).rglob("*.py")):
                if NOT_READ.isdisjoint(path.parts) and "refusals" not in path.parts:
                    self._read(path)

    def _read(self, path: Path) -> None:
        parts = path.relative_to(SOURCES.parent).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = dict(_imported(tree))
        for name, _node in _definitions(tree):
            names.setdefault(name, (module, name))
        for name, node in _definitions(tree):
            place = (module, name)
            self._speaks[place] = set(_spoken(node, names))
            if "." in name and not module.startswith("rebind.entrypoints"):
                self._methods.setdefault(name.partition(".")[2], set()).add(place)
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Statement":
                    self._statements[place] = str(getattr(call.args[0], "value", ""))

    def refusals(self, start: Iterable[Node], cut: Iterable[str]) -> set[Refusal]:
        """What can be told from `start` on, without passing a node whose name is in `cut`."""
        found, seen, ahead = set[Refusal](), set[Node](), list(start)
        assert all(node in self._speaks for node in ahead), ahead
        while ahead:
            node = ahead.pop()
            if node in seen or node[1] in cut:
                continue
            seen.add(node)
            if node[0] == CATALOGUE:
                refusal = getattr(refusals, node[1], None)
                found |= {refusal} if isinstance(refusal, Refusal) else set()
                continue
            if self._statements.get(node) in _MISSED:
                found.add(_MISSED[self._statements[node]])
            for other in self._speaks.get(node, ()):
                ahead += self._methods.get(other[1], ()) if other[0] == "" else [other]
        return found


@cache
def graph() -> Graph:
    """The graph, read once."""
    return Graph()


def _imported(tree: ast.Module) -> Iterator[tuple[str, Node]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node
            case ast.ClassDef():
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield f"{node.name}.{inner.name}", inner
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _spoken(node: ast.AST, names: dict[str, Node]) -> Iterator[Node]:
    """Names that stand for nodes: `name`, `module.name`, and `anything.method`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            yield names[each.id]
        elif isinstance(each, ast.Attribute):
            if isinstance(each.value, ast.Name) and each.value.id in names:
                module, name = names[each.value.id]
                yield f"{module}.{name}", each.attr
            else:
                yield "", each.attr
