"""The words of the console: one for everything that a case can be, and no deadline in digits."""

import pytest

from rebind.domain.cases import CaseKind, CaseState, DocumentVerdict, Fact, Reason, Side, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.letters import Manner
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.providers.papers.signs import FINDINGS
from rebind.templates.pages import deskwords

LISTS = {
    "kind": CaseKind,
    "side": Side,
    "verdict": Verdict,
    "reason": Reason,
    "found": DocumentVerdict,
    "fact": Fact,
    "proof": Proof,
    "letter": Manner,
}


def test_everything_has_a_name() -> None:
    for of, closed in LISTS.items():
        assert set(deskwords.WORDS[of]) == set(closed), of
    # Nobody at the desk sees a draft.
    assert set(deskwords.WORDS["state"]) == set(CaseState) - {CaseState.DRAFT}


def test_every_sign_says_what_it_does_not_prove() -> None:
    assert set(deskwords.FINDINGS) == set(FINDINGS)
    assert "nothing" in deskwords.finding("of_a_later_release", "en")[1]


@pytest.mark.parametrize(
    ("away", "state", "level", "words"),
    [
        (-3 * DAY, "new", "bad", "late by 3 days"),
        (0, "open", "bad", "late by 0 minutes"),
        (MINUTE, "open", "wait", "due in 1 minute"),
        (8 * HOUR, "new", "wait", "due in 8 hours"),
        (8 * HOUR + 1, "new", "", "due in 8 hours"),
        (47 * HOUR, "open", "", "due in 47 hours"),
        (2 * DAY, "waiting", "", "closes in 2 days"),
        (-MINUTE, "decided", "", "closes now"),
    ],
)
def test_deadlines(away: int, state: str, level: str, words: str) -> None:
    found = deskwords.deadline(DAY * 100 + away, state, DAY * 100, "en")
    assert found == deskwords.Deadline(level, words)
    assert deskwords.deadline(None, state, 0, "en") is None


def test_figures_in_words() -> None:
    assert deskwords.hours(HOUR * 5 // 2, "ru") == "2,5"
    assert deskwords.hours(None, "en") == "–"
    ages = [deskwords.grouped_age(group, (1, 3), "en") for group in range(3)]
    assert ages == ["under 1 d", "1–3 d", "3+ d"]
