"""A developer's tool: bring the catalogues up to date with the sources.

    python -m rebind.templates.catalogues

For: finding every text that people read and writing it into each .po file: new ones with an empty
translation, those that are gone taken out. Refuses to guess: there is no fuzzy matching, and a test
fails until a person has translated what is empty. Neighbour: `catalogue.py` reads the files.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rebind
from rebind.templates.catalogue import LOCALES, Locale, path

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

_METHODS = [
    ("domain/refusals/**.py", "python"),
    ("entrypoints/console/**.py", "python"),
    ("entrypoints/shared/problems.py", "python"),
    ("templates/**.py", "python"),
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("templates/**.txt", "jinja2.ext:babel_extract"),
]
_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
}
_HEAD = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""
"""The header without moments and people: git knows them better."""


def extracted() -> "Catalog":
    """Every text of the sources. Files are named, lines are not: they would change each day."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    # The same options as in `words.py`: other white space would be another text.
    options = {"lstrip_blocks": "true", "trimmed": "true", "silent": "false"}
    found = Catalog()
    for file, _line, message, comments, context in extract_from_dir(
        Path(rebind.__file__).parent,
        method_map=_METHODS,
        options_map={pattern: options for pattern, method in _METHODS if method != "python"},
        keywords=_KEYWORDS,
        strip_comment_tags=True,
    ):
        found.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return found


def updated(locale: Locale) -> bytes:
    """The file of a language as it should be, with the translations that it has."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    with path(locale).open("rb") as file:
        catalog = read_po(file, locale=locale)
    wanted = extracted()
    if locale == "en":
        # The sources are English; the file holds only what has more than one form.
        for message in [one for one in wanted if one.id and not one.pluralizable]:
            wanted.delete(message.id)
    catalog.update(wanted, no_fuzzy_matching=True)
    if locale == "en":
        for message in catalog:
            if message.id:
                message.string = message.id
    catalog.obsolete.clear()
    text = io.BytesIO()
    write_po(text, catalog, width=100, sort_output=True, include_lineno=False)
    _head, _blank, entries = text.getvalue().partition(b"\n\n")
    head = _HEAD.format(language=locale, plural_forms=Catalog(locale=locale).plural_forms)
    return head.encode() + entries.strip(b"\n") + b"\n"


def main() -> None:
    """Update the files of all languages."""
    for locale in LOCALES:
        text = updated(locale)
        path(locale).write_bytes(text)


if __name__ == "__main__":
    main()
