"""What the demo's outbox makes of a message: its code is marked, and only our own links lead on."""

import pytest

from rebind.entrypoints.web.demo import parts

SITE = "http://localhost:8080"
CODE = "Rebind. Code to sign in: 453876. Never tell it.\n@localhost #453876"


def kinds(text: str) -> list[tuple[str, str]]:
    return [(part.kind, part.href or part.text) for part in parts(text, SITE, 6)]


def test_nothing_of_a_message_is_lost() -> None:
    for text in (CODE, "", "no code", f"{SITE}/undo/A-b_c\n{SITE}/stop/x 123456"):
        assert "".join(part.text for part in parts(text, SITE, 6)) == text


def test_the_code_is_marked_where_people_read_it() -> None:
    assert [found for found in kinds(CODE) if found[0] != "words"] == [("code", "453876")]


@pytest.mark.parametrize(
    "text", ["+79161453876", "45387", "4538761", "+7453876", "a453876", "2026-453876", "#453876"]
)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert kinds(text) == [("words", text)]


@pytest.mark.parametrize(
    "path", ["/stop/AaIE-_0", "/undo/453876", f"/requests/{'0' * 32}", "/sign-in", "/sessions"]
)
def test_a_link_of_ours_leads_on_within_the_site(path: str) -> None:
    assert kinds(f"Stop it: {SITE}{path}.") == [
        ("words", "Stop it: "),
        ("link", path),
        ("words", "."),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8081/stop/x",
        "https://evil.example/stop/x",
        f"{SITE}/sign-out",
        f"{SITE}/language",
        f"{SITE}/stop/x/y",
        f"{SITE}.evil.example/stop/x",
        "javascript:alert(1)",
    ],
)
def test_no_other_link_leads_anywhere(url: str) -> None:
    assert {kind for kind, _ in kinds(url)} == {"words"}
