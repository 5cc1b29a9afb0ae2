"""docs/security/asvs.md makes no empty claims: every requirement of OWASP ASVS 5.0.0 V6 and V7 has
a row, and every row a test that exists, or a reason why it does not apply."""

import ast
import re
from collections import Counter
from pathlib import Path

import msgspec

from rebind.domain.assurance import Aal
from rebind.domain.decision import ROWS
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from tests.house.house import DOCS, ROOT, report, shown, tree

PAGE = DOCS / "security" / "asvs.md"
VERSION = "5.0.0"
LEVELS_BY_SECTION = {
    "6.1": (1, 2, 2),
    "6.2": (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2),
    "6.3": (1, 1, 2, 2, 3, 3, 3, 3),
    "6.4": (1, 1, 2, 2, 3, 3),
    "6.5": (2, 2, 2, 2, 2, 3, 3, 3),
    "6.6": (2, 2, 2, 3),
    "6.7": (3, 3),
    "6.8": (2, 2, 2, 2),
    "7.1": (2, 2, 2),
    "7.2": (1, 1, 1, 1),
    "7.3": (2, 2),
    "7.4": (1, 1, 2, 2, 2),
    "7.5": (2, 2, 3),
    "7.6": (2, 2),
}
"""The level of each requirement, in the order of its number: 6.1.1, 6.1.2, … Copied from the
release: OWASP/ASVS, tag v5.0.0_release, the folder 5.0/en, 0x15-V6-Authentication.md and
0x16-V7-Session-Management.md."""

LEVELS = {
    f"{section}.{place}": level
    for section, levels in LEVELS_BY_SECTION.items()
    for place, level in enumerate(levels, 1)
}
WAITS = "PENDING"
DOES_NOT_APPLY = re.compile(r"does not apply: \w+")
CELL = re.compile(r"(?<!\\)\|")
NUMBER = re.compile(r"\d+\.\d+\.\d+")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+(?:::\w+)?)`")
NEVER_RUNS = re.compile(r"\bmark\.(skip|xfail)\b")
HALF_NAMED = re.compile(r"`tests/[^`]*`")

WAYS_IN = {
    Kind.ENROL: "enrol.md",
    Kind.SIGN_IN: "sign_in.md",
    Kind.REAUTHENTICATE: "reauthentication.md",
    Kind.RECOVER: "recover.md",
}
KNOWS, HAS, SAYS = "something that one knows", "something that one has", "somebody's word"
PROOFS = {
    Proof.CODE_NEW: HAS,
    Proof.CODE_CURRENT: HAS,
    Proof.CODE_EMAIL: HAS,
    Proof.CODE_CONTACT: HAS,
    Proof.PASSWORD: KNOWS,
    Proof.TOTP: HAS,
    Proof.PASSKEY: HAS,
    Proof.RECOVERY_CODE: HAS,
    Proof.KNOWN_DEVICE: HAS,
    Proof.OTHER_DEVICE: HAS,
    Proof.OPERATOR_APPROVAL: SAYS,
    Proof.HOLDER_AGREES: SAYS,
    Proof.SILENCE: SAYS,
}
"""What each proof is. Nothing here is a fact about a person that others could find out (6.4.2), and
nothing is a measurement of a body (6.5.7)."""


class Line(msgspec.Struct, frozen=True):
    """One row of the page."""

    number: str
    level: str
    requirement: str
    how: str
    shown_by: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """The tests that it names, each as its file and what stands behind `::`."""
        return NAMED.findall(self.shown_by)


def table() -> list[Line]:
    """The rows of the page, in its order: every line of a table but its head."""
    found = []
    for text in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in CELL.split(text)[1:-1]]
        if text.startswith("|") and cells[0] != "#" and set(cells[0]) != {"-"}:
            assert len(cells) == 5, f"{shown(PAGE)}: five cells a row, not {len(cells)}: {text}"
            found.append(Line(*cells))
    return found


def test_the_page_says_of_which_release_it_speaks() -> None:
    assert f"# OWASP ASVS {VERSION}:" in PAGE.read_text(encoding="utf-8")


def test_every_requirement_has_its_row() -> None:
    lines = table()
    found = [f"{number} (level {LEVELS[number]})" for number in LEVELS.keys() - _numbers(lines)]
    found += [f"{line.number}: no such number" for line in lines if line.number not in LEVELS]
    times = Counter(line.number for line in lines)
    found += [f"{number}: {count} rows" for number, count in times.items() if count > 1]
    found += [
        f"{line.number}: level {line.level}, not {LEVELS[line.number]}"
        for line in lines
        if line.number in LEVELS and line.level != str(LEVELS[line.number])
    ]
    report(f"Each requirement of ASVS {VERSION} V6 and V7 has one row, with its level.", found)
    assert [line.number for line in lines] == list(LEVELS), "the rows stand in the order of ASVS"


def _numbers(lines: list[Line]) -> set[str]:
    return {line.number for line in lines if NUMBER.fullmatch(line.number)}


def test_every_row_says_something() -> None:
    found = [
        line.number
        for line in table()
        if len(line.requirement) < 20 or (len(line.how) < 20 and not line.how.startswith("As "))
    ]
    report("A row says what is asked for and how it is met, in words.", found)


def test_every_row_is_shown_or_does_not_apply() -> None:
    found = []
    for line in table():
        excused = DOES_NOT_APPLY.match(line.shown_by) is not None
        if not line.tests and not excused:
            found.append(f"{line.number}: neither a test nor a reason why it does not apply")
        if line.tests and excused:
            found.append(f"{line.number}: it applies or it does not")
    report("Whoever claims to meet a requirement names the test that shows it.", found)


def test_every_named_test_exists() -> None:
    found = []
    for line in table():
        found += [
            f"{line.number}: {file}::{name}"
            for file, name in line.tests
            if name not in _tests(ROOT / file)
        ]
        whole = {f"`{file}::{name}`" for file, name in line.tests}
        halves = set(HALF_NAMED.findall(line.shown_by)) - whole
        found += [f"{line.number}: {half} is no `file.py::test`" for half in sorted(halves)]
    report("A test that is named has to be there, and to run.", found)


def _tests(path: Path) -> set[str]:
    """The tests of a file, of its classes as `Class::test`, without those that never run."""
    if not path.is_file():
        return set()
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{name}" for name in _running(node.body)}
    return found | _running(tree(path).body)


def _running(body: list[ast.stmt]) -> set[str]:
    return {
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(NEVER_RUNS.search(ast.unparse(each)) for each in node.decorator_list)
    }


def test_nothing_is_still_to_come() -> None:
    found = [
        f"{line.number}: {line.shown_by.partition(WAITS)[2].strip()[:160]}"
        for line in table()
        if WAITS in line.shown_by
    ]
    report("The evidence of these rows is still to come.", found)
    assert WAITS not in PAGE.read_text(encoding="utf-8")


def test_every_way_in_is_documented() -> None:
    """6.1.3: each row of the rule that lets somebody in, and the levels of assurance."""
    found = []
    for kind, name in WAYS_IN.items():
        page = DOCS / "journeys" / name
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        rows = {row.name for row in ROWS if row.kind is kind}
        found += [f"{shown(page)}: row {row}" for row in sorted(rows) if f"| {row} |" not in text]
    words = (DOCS / "journeys" / WAYS_IN[Kind.SIGN_IN]).read_text(encoding="utf-8")
    found += [f"{WAYS_IN[Kind.SIGN_IN]}: {level}" for level in Aal if f"`{level}`" not in words]
    report("A way in that no page tells of is a way in that nobody has thought about.", found)


def test_no_proof_is_a_hint_or_a_secret_question() -> None:
    """6.4.2, 6.5.7: whoever adds a proof says here what it is, and thinks of these two."""
    assert set(PROOFS) == set(Proof)
    assert {proof for proof, kind in PROOFS.items() if kind is KNOWS} == {Proof.PASSWORD}
