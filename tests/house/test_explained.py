"""What others build on is explained where it stands."""

import ast

from rebind.domain.acts import Act
from rebind.domain.refusals import CATALOGUE
from tests.house.house import SRC, modules, public, report, shown, tree


def test_every_module_says_what_it_is_for() -> None:
    found = [shown(path) for path in modules() if not ast.get_docstring(tree(path))]
    report(
        "A module begins by saying what it is for, what it refuses to do, and what stands beside.",
        found,
    )


def test_public_words_of_the_lower_floors_are_explained() -> None:
    paths = [SRC / "ports.py", *modules(SRC / "domain"), *modules(SRC / "flows")]
    found = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in paths
        for node in public(tree(path).body)
        if not ast.get_docstring(node)
    ]
    report("Everybody builds on these floors: a public name has a docstring that says why.", found)


def test_every_act_is_explained() -> None:
    path = SRC / "domain" / "acts.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [
        act.name
        for act in Act
        if not any(f'{act.name} = "{act.value}"' in line and "# " in line for line in lines)
    ]
    report("An act stands in audit trails for years: a comment on its line explains it.", found)


def test_acts_are_alphabetical() -> None:
    words = [act.name.split("_") for act in Act]
    assert words == sorted(words), "Acts stand in alphabetical order, so that nobody adds one twice"


def test_every_refusal_is_explained() -> None:
    found = []
    for refusal in CATALOGUE.values():
        if not 400 <= refusal.status <= 499:
            found.append(f"{refusal.code}: status {refusal.status}; a 5xx is a bug, not a refusal")
        if not refusal.title or refusal.title.endswith("."):
            found.append(f"{refusal.code}: the title is a short phrase without a full stop")
        if not refusal.text.endswith("."):
            found.append(f"{refusal.code}: the text is whole sentences that say what to do next")
    report("Whoever is refused must learn what happened and what can be done.", found)
