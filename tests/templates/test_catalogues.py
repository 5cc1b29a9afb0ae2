"""The catalogues hold exactly the texts of the sources, each translated."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from rebind.domain.refusals import CATALOGUE
from rebind.templates import catalogues
from rebind.templates.catalogue import LOCALES, Catalogue, Locale, path

PLACES = re.compile(r"%\(\w+\)s|\{\w*\}")


SPOKEN_SO = {"API", "HEIC", "HTML", "JPEG", "JSON", "PDF", "PNG", "UTF", "application", "json"}
"""Latin words that stand in Russian as they are."""


def catalog(locale: Locale) -> Catalog:
    with path(locale).open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def messages(found: Catalog) -> Iterator[Message]:
    return (message for message in found if message.id)


def source(message: Message) -> str:
    """The English text, of two forms the plural."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def forms(message: Message) -> list[str]:
    """The translation, or all its forms."""
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or [""])


@pytest.mark.parametrize("locale", LOCALES)
def test_a_catalogue_is_as_the_tool_would_write_it(locale: Locale) -> None:
    assert path(locale).read_text() == catalogues.updated(locale).decode(), (
        "texts in the sources were added, changed or taken out; run "
        "`python -m rebind.templates.catalogues` and translate what is empty"
    )


def test_russian_holds_every_text_of_the_sources_and_no_other() -> None:
    wanted = {str(message.id) for message in messages(catalogues.extracted())}
    found = {str(message.id) for message in messages(catalog("ru"))}
    assert wanted - found == set(), "texts without an entry in the Russian catalogue"
    assert found - wanted == set(), "entries of texts that are gone"
    assert len(wanted) > 100


@pytest.mark.parametrize("locale", LOCALES)
def test_every_entry_is_translated_by_a_person(locale: Locale) -> None:
    for message in messages(catalog(locale)):
        assert not message.fuzzy, message.id
        assert all(forms(message)), f"not translated: {message.id}"
        if message.pluralizable:
            assert len(forms(message)) == {"ru": 3, "en": 2}[locale]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_has_the_places_of_its_source(locale: Locale) -> None:
    for message in messages(catalog(locale)):
        for form in forms(message):
            assert sorted(PLACES.findall(form)) == sorted(PLACES.findall(source(message)))


def test_russian_is_written_with_care() -> None:
    for message in messages(catalog("ru")):
        for form in forms(message):
            words = PLACES.sub("", form)
            if re.search("[A-Za-z]", PLACES.sub("", source(message))):
                assert re.search("[А-Яа-яЁё]", words) or words.strip() == "", form
            latin = set(re.findall("[A-Za-z]{2,}", words))
            assert latin <= SPOKEN_SO, form
            assert not re.search(r"  |\s[.,:;!?]", form), form
            assert '"' not in words, form
            # «Вы» in capitals is for letters to one person; interfaces write it small.
            assert not re.search(r"[а-яё,] (Вы|Вас|Вам|Ваш\w*)\b", words), form
            ends = source(message)[-1] in ".?:"
            assert ends == (form[-1] in ".?:"), "a sentence stays one, a title too: " + form


def test_every_refusal_is_told_in_russian() -> None:
    catalogue = Catalogue()
    for refusal in CATALOGUE.values():
        for text in (refusal.title, refusal.text):
            assert catalogue.text("ru", text) != text
            assert catalogue.text("en", text) == text
