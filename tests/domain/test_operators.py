"""operators: who at the desk may do what, and who may decide beside whom."""

import pytest

from rebind.domain import operators as rules
from rebind.domain.operators import RIGHTS, LetIn, Operator, Right, Role, apart, confirms, may
from rebind.domain.policy import Policy
from rebind.domain.units import DAY, SECOND
from tests.house.house import DOCS

NOW = 1_767_600_000_000
OLD, NEW = NOW - 90 * DAY, NOW - DAY
ADMINISTRATORS = {
    "ada": LetIn(None, OLD), "eva": LetIn("ada", OLD), "left": LetIn("ada", NEW),
    "right": LetIn("ada", NEW), "far": LetIn("left", NEW), "round": LetIn("about", NEW),
    "about": LetIn("round", NEW),
}  # fmt: skip
WRITES = {
    Right.WRITE_ANSWER, Right.WRITE_NOTE, Right.ASSIGN, Right.LOCK, Right.REDACT,
    Right.OPEN_CASE_FOR_PERSON, Right.CHECK_DOCUMENT, Right.PROPOSE_DECISION,
    Right.CONFIRM_DECISION, Right.INVITE_OPERATOR, Right.CHANGE_ROLE, Right.DISABLE_OPERATOR,
}  # fmt: skip
OF_CASES = {
    Right.SEE_QUEUE, Right.SEE_CASE, Right.WRITE_ANSWER, Right.WRITE_NOTE, Right.ASSIGN,
    Right.LOCK, Right.REDACT, Right.OPEN_CASE_FOR_PERSON, Right.VIEW_DOCUMENT,
    Right.CHECK_DOCUMENT, Right.SEARCH_FULL_NUMBER, Right.PROPOSE_DECISION,
    Right.CONFIRM_DECISION, Right.SEE_AUDIT, Right.EXPORT_AUDIT,
}  # fmt: skip


def of(role: Role) -> set[Right]:
    return {right for right in Right if may(role, right)}


def someone(login: str, by: str | None = None, days_ago: int = 90, **more: Role) -> Operator:
    role = more.get("role", Role.SUPERVISOR)
    return Operator(login, login.title(), role, by, NOW - days_ago * DAY)


def test_every_right_is_said_to_be_somebodys() -> None:
    assert RIGHTS.keys() == set(Right)
    assert all(RIGHTS.values())


def test_an_auditor_reads_and_writes_nothing() -> None:
    assert not of(Role.AUDITOR) & WRITES
    assert {Right.SEE_CASE, Right.VIEW_DOCUMENT, Right.SEE_AUDIT} <= of(Role.AUDITOR)


def test_an_administrator_sees_no_case_and_only_they_let_people_in() -> None:
    assert not of(Role.ADMINISTRATOR) & OF_CASES
    for right in (Right.INVITE_OPERATOR, Right.CHANGE_ROLE, Right.DISABLE_OPERATOR):
        assert RIGHTS[right] == {Role.ADMINISTRATOR}


def test_only_a_supervisor_is_the_second() -> None:
    assert RIGHTS[Right.CONFIRM_DECISION] == {Role.SUPERVISOR}
    assert of(Role.OPERATOR) < of(Role.SUPERVISOR)


def test_the_page_shows_the_matrix_that_is_in_force() -> None:
    page = (DOCS / "running" / "console.md").read_text(encoding="utf-8")
    assert rules.matrix() in page, "docs/running/console.md: put the text of `matrix()` there"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (someone("olga"), someone("sam"), True),
        (someone("olga"), someone("olga"), False),
        (someone("olga", "ada", 90), someone("sam", "ada", 90), True),
        (someone("olga", "ada", 90), someone("sam", "ada", 30), True),
        (someone("olga", "ada", 90), someone("sam", "ada", 29), False),
        (someone("olga", "ada", 1), someone("sam", "ada", 90), False),
        (someone("olga", "ada", 1), someone("sam", "eva", 1), True),
        (someone("olga", "ada", 1), someone("sam", None, 1), True),
        (someone("olga", None, 1), someone("sam", None, 1), True),
        (someone("olga", "left", 1), someone("sam", "right", 1), False),
        (someone("olga", "far", 1), someone("sam", "ada", 1), False),
        (someone("olga", "far", 1), someone("sam", "eva", 1), True),
        (someone("olga", "round", 1), someone("sam", "about", 1), False),
        (someone("olga", "round", 90), someone("sam", "about", 90), True),
        (someone("ada"), someone("sam", "ada", 1), False),
        (someone("ada"), someone("sam", "ada", 30), True),
        (someone("ada"), someone("sam", "left", 1), False),
        (someone("ada"), someone("sam", "eva", 1), True),
    ],
)
def test_two_people_are_two(first: Operator, second: Operator, together: bool) -> None:
    assert apart(first, second, ADMINISTRATORS, Policy(), NOW) is together
    assert apart(second, first, ADMINISTRATORS, Policy(), NOW) is together
    assert confirms(second, first, None, ADMINISTRATORS, Policy(), NOW) is together


def test_whoever_opened_the_case_or_is_no_supervisor_does_not_confirm() -> None:
    olga, sam = someone("olga", role=Role.OPERATOR), someone("sam")
    assert confirms(sam, olga, None, {}, Policy(), NOW)
    assert not confirms(sam, olga, "sam", {}, Policy(), NOW)
    assert not confirms(olga, sam, None, {}, Policy(), NOW)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("olga", "olga"), (" Olga.K ", "olga.k"), ("o", None), ("1olga", None), ("ольга", None),
     ("a" * 32, "a" * 32), ("a" * 33, None), ("olga\n", "olga"), ("ol ga", None)],
)  # fmt: skip
def test_logins(typed: str, kept: str | None) -> None:
    assert rules.login_typed(typed) == kept


def test_names_stand_on_one_line() -> None:
    assert rules.name_typed(" Olga \n Petrova\u202e ") == "Olga Petrova"
    assert rules.name_typed("\t ") is None


def test_actors_are_told_apart_from_others() -> None:
    assert rules.login_of(rules.actor("olga")) == "olga"
    assert rules.login_of("holder") is None
    assert len(rules.subject("olga")) == 16
    assert rules.subject("olga") != rules.subject("sam")


def test_pauses_grow_and_end() -> None:
    waits = [rules.next_try_at(wrong, NOW) - NOW for wrong in (5, 6, 7, 12, 13, 14, 99)]
    assert waits == [each * SECOND for each in (1, 2, 4, 128, 256, 300, 300)]
    assert rules.next_try_at(4, NOW) == rules.next_try_at(50, None) == 0
