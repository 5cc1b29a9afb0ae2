"""The catalogues of translations, read from their .po files when a language is first spoken.

For: one place that knows which languages there are and turns an English text into one of them.
Refuses a build step: the .po file is compiled in memory, so what a translator wrote is what runs.
Neighbours: `catalogues.py` keeps the files complete; `words.py` and `refusals.py` speak through it.
"""

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

Locale: TypeAlias = Literal["ru", "en"]

LOCALES: tuple[Locale, ...] = ("ru", "en")
FALLBACK: Locale = "en"
FOLDER = Path(__file__).parent / "locale"


def known(locale: str) -> Locale:
    """The language that we have for a tag such as `ru`, `ru-RU` or `en_GB`; English for others."""
    primary = locale.replace("_", "-").partition("-")[0].lower()
    for one in LOCALES:
        if one == primary:
            return one
    return FALLBACK


def path(locale: Locale) -> Path:
    """Where the translations of a language stand."""
    return FOLDER / locale / "LC_MESSAGES" / "rebind.po"


class Catalogue:
    """The translations of all languages. Languages are loaded once, and only when needed: Babel
    costs memory and start-up time, and a server that speaks only English hardly needs it."""

    def translations(self, locale: str) -> gettext.GNUTranslations:
        """For `gettext`, `ngettext` and their relatives."""
        return _loaded(known(locale))

    def text(self, locale: str, english: str) -> str:
        """An English text of ours in that language."""
        return self.translations(locale).gettext(english)


@cache
def _loaded(locale: Locale) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path(locale).open("rb") as file:
        catalog = read_po(file, locale=locale, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
