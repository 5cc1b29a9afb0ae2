"""What is in the tree is finished, and tells nothing about the machine it was written on."""

import re

from tests.house.house import DOCS, SRC, report, shown, tracked

# Written with a class of one letter each, so that this file does not find itself.
UNFINISHED = re.compile(
    r"\b(TOD[O]|FIXM[E]|XX[X])\b|not (yet )?implemente[d]|NotImplementedErro[r]|placeholde[r]",
    re.IGNORECASE,
)
HTML_PLACEHOLDER = re.compile(r"\bplaceholder=|::placeholder|:placeholder-shown")
MACHINE = re.compile(r"/roo[t]/|/hom[e]/[a-z_]|/wor[k]/|/User[s]/[A-Za-z]|\b[A-Z]:\\User[s]")
TEMPORARY = re.compile(r"/tm[p]/")
INDEX = re.compile(r"https?:/[/]|--(extra-)?index-ur[l]|--find-link[s]|--trusted-hos[t]|file:/[/]")


def test_nothing_is_left_for_later() -> None:
    found = []
    for path in tracked():
        if path.is_relative_to(SRC):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if UNFINISHED.search(HTML_PLACEHOLDER.sub("", line)):
                    found.append(f"{shown(path)}:{number}: {line.strip()}")
    report("Finish it, or leave it out and say so in the docs: half a thing misleads.", found)


def test_no_paths_of_a_machine() -> None:
    found = []
    for path in tracked():
        strict = path.is_relative_to(SRC) or path.is_relative_to(DOCS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE.search(line) or (strict and TEMPORARY.search(line)):
                found.append(f"{shown(path)}:{number}: {line.strip()[:120]}")
    report("A path of one machine is wrong on every other one.", found)


def test_locks_name_no_registry() -> None:
    found = [
        f"{shown(path)}:{number}: {line}"
        for path in tracked()
        if path.suffix == ".lock"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if INDEX.search(line)
    ]
    report("Lock files hold versions and hashes only; the index is the reader's choice.", found)
