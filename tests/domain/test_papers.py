"""papers: kinds of documents by configuration, and what must never speak for an account."""

from pathlib import Path

import pytest

from rebind.domain import papers
from rebind.domain.cases import DocumentKind, Fact
from rebind.domain.papers import BUILT_IN, Setting
from rebind.settings import Unfit, rules

BILL = '[documents.bill]\nen = "A bill"\nru = "Квитанция"\nshows = ["orders", "number_history"]\n'
NOTHING_LEFT = "no kind is left that can carry an approval"


def off(*kinds: str) -> str:
    return "".join(f"[documents.{kind}]\noff = true\n" for kind in kinds)


def reasons(folder: Path, text: str) -> list[str]:
    """Why a policy file with these words is refused."""
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Unfit) as unfit:
        rules(str(path))
    return unfit.value.reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[documents.bill]\n", "documents.bill: en is missing"),
        ("[documents.bill]\n", "documents.bill: ru is missing"),
        ("[documents.bill]\n", "documents.bill: shows is missing"),
        (BILL.replace("A bill", "b" * 81), "documents.bill: en must be one line of 80"),
        (BILL.replace("A bill", "a\\nb"), "documents.bill: en must be one line"),
        (BILL.replace("Квитанция", " "), "documents.bill: ru is missing"),
        (BILL.replace("orders", "palm"), "documents.bill: shows: there is no fact palm; there are"),
        (BILL.replace('"orders", "number_history"', ""), "documents.bill: shows is missing"),
        (BILL.replace("documents.bill", "documents.Bill"), "documents.Bill: call it by small"),
        (BILL.replace("documents.bill", 'documents."a/b"'), "documents.a/b: call it by small"),
        (BILL.replace("documents.bill", f"documents.{'b' * 41}"), "call it by small"),
        (BILL + "size = 3\n", "size"),
        (BILL + BILL.replace("bill]", "gas]"), "two kinds have the same name, en = 'A bill'"),
        (BILL.replace("bill]", "identity]"), "documents.identity: is built in"),
        ("".join(BILL.replace("bill]", f"b{n}]") for n in range(21)), "21 kinds are added"),
        (off("identity", "another"), NOTHING_LEFT),
        (off("identity", "another") + BILL.replace('"orders", ', ""), NOTHING_LEFT),
        (off("identity", "another") + BILL + "off = true\n", NOTHING_LEFT),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    assert [line for line in reasons(tmp_path, text) if reason in line], reasons(tmp_path, text)


def test_kinds_are_added_and_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(BILL + off("operator_statement"), encoding="utf-8")
    found = rules(str(path)).papers
    assert found.offered == ("identity", "operator_contract", "bill", "another")
    assert found.shows("bill") == {Fact.ORDERS, Fact.NUMBER_HISTORY}
    assert [found.name("bill", language) for language in ("en", "ru")] == ["A bill", "Квитанция"]
    assert found.name("identity", "en") is None
    (warning,) = papers.warnings(found)
    assert warning.startswith("documents.bill: shows number_history beside facts of the account")
    assert rules(None).papers is BUILT_IN
    assert BUILT_IN.offered == tuple(DocumentKind)
    # Without passports: a bill of the shop does.
    path.write_text(BILL + off("identity", "another"), encoding="utf-8")
    assert rules(str(path)).papers.carry_approval([("bill", Fact.ORDERS)])


def test_a_kind_that_went_shows_nothing_of_an_account() -> None:
    """Of one that is switched off what it says of the number is left; of one that is not in the
    file any more nothing. What was found before counts no longer either."""
    bill = Setting("A bill", "Квитанция", ("orders", "number_history"))
    gone = papers.in_force({"bill": Setting(bill.en, bill.ru, bill.shows, off=True)})
    assert "bill" not in gone.offered
    assert gone.shows("bill") == {Fact.NUMBER_HISTORY}
    assert gone.name("bill", "ru") == "Квитанция"
    assert (BUILT_IN.shows("bill"), BUILT_IN.name("bill", "ru")) == (frozenset(), "bill")
    there, checked = papers.in_force({"bill": bill}), [("bill", "orders")]
    assert there.carry_approval(checked)
    assert not gone.carry_approval(checked)
    assert not BUILT_IN.carry_approval(checked)


def test_the_history_of_a_number_never_speaks_for_an_account() -> None:
    for kind in BUILT_IN.offered:
        assert not BUILT_IN.carry_approval([(kind, Fact.NUMBER_HISTORY), (kind, None)])
        shows = BUILT_IN.shows(kind) - {Fact.NUMBER_HISTORY}
        assert BUILT_IN.carry_approval([(kind, fact) for fact in shows]) is bool(shows)
    assert not BUILT_IN.carry_approval([("operator_contract", Fact.NAME)])
