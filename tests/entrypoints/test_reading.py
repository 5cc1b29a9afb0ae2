"""What counts as a code in a message, and what only looks like one."""

import re

import pytest

from rebind.entrypoints.shared.reading import code_pattern

CODE = re.compile(code_pattern(6))


@pytest.mark.parametrize(
    "text",
    [
        "https://id.example/stop/aB-123456_c9",
        "https://id.example/undo/123456aBc",
        "https://id.example/undo/aBc-123456",
        "https://id.example/reply/aBc.123456",
        "@id.example #123456",
        "R-123456-7",
        "1234567",
        "12345",
    ],
)
def test_digits_of_something_else_are_no_code(text: str) -> None:
    assert CODE.findall(f"Look: {text} ") == []
    assert CODE.findall(text) == []


@pytest.mark.parametrize("text", ["123456", "Code: 123456.", "Код 123456, никому", "(123456)"])
def test_a_code_among_words(text: str) -> None:
    assert CODE.findall(text) == ["123456"]
