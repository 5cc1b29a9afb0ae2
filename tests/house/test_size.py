"""Files, functions and lines stay small enough to be read in one go."""

import ast

from tests.house.house import SRC, modules, report, shown, tree

FILE_LINES = 400
FUNCTION_LINES = 70
LINE_COLUMNS = 100
BESIDE_THE_CODE = {".css", ".html", ".j2", ".js", ".sql"}
"""For Python the linter counts columns (E501); for these nobody else does."""


def test_files_are_short() -> None:
    found = []
    for path in modules():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found.append(f"{shown(path)}: {lines} lines")
    report(f"A file of more than {FILE_LINES} lines holds two subjects: divide it.", found)


def test_functions_are_short() -> None:
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    found.append(f"{shown(path)}:{node.lineno} {node.name}: {lines} lines")
    report(
        f"A function of more than {FUNCTION_LINES} lines hides a step that deserves a name.", found
    )


def test_lines_are_short() -> None:
    found = []
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in BESIDE_THE_CODE:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > LINE_COLUMNS:
                found.append(f"{shown(path)}:{number}: {len(line)} columns")
    report(f"Lines end by column {LINE_COLUMNS}, so that two files fit side by side.", found)
