"""Prepared answers: whole in each language, and saying nothing that a thief could use."""

import re
from typing import get_args

import pytest

from rebind.domain.cases import MESSAGE_CHARACTERS_MAX
from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.macros import FOLDER, MACROS, prepared, title

KNOWN = {"reference": "7K3M9-QXF2T", "service": "Bazaar", "answer_by": "14"}
DETAILS = re.compile(
    r"\b(name did|surname|birth|does not match|do not match|expired|signature"
    r"|фамили|имя|отчеств|дата рождения|не совпад|подпис|просроч)",
    re.IGNORECASE,
)
"""Words of which no prepared answer has any: they would tell what was compared."""


def test_every_text_is_in_the_list() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(MACROS)
    assert set(LOCALES) == set(get_args(Locale))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MACROS)
def test_a_prepared_answer_is_whole(name: str, locale: Locale) -> None:
    text = prepared(name, locale, **KNOWN)
    assert 40 < len(text) < MESSAGE_CHARACTERS_MAX / 2
    assert not re.search(r"[{}%]|  |None", text)
    assert not DETAILS.search(text), "it never says which detail did not match"
    assert title(name, locale)
    plain = re.sub("|".join(KNOWN.values()), "", text)
    other = "[A-Za-z]" if locale == "ru" else "[А-Яа-яЁё]"
    assert not re.search(other, plain), plain


def test_what_is_not_in_the_list_is_not_prepared() -> None:
    with pytest.raises(LookupError):
        prepared("../messages/code/sms", "en", **KNOWN)
