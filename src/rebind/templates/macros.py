"""Prepared answers of the support desk: `macros/<name>.txt`, put into the language of the case.

For: the box in which somebody at the desk writes; what is filled in is read, changed and sent by a
person. What stands in braces is what a text may know: `reference`, `service`, `answer_by` (a day in
words) and `documents` (what we ask for). Refuses to say which detail of anybody's did not match: a
test reads every text. Neighbours: `words.py` renders messages in the same way.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rebind.templates.catalogue import Catalogue, Locale

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "macros"

_catalogue = Catalogue()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


MACROS: dict[str, str] = {
    "documents_needed": _("We need documents"),
    "documents_unreadable": _("A document cannot be read"),
    "email_first": _("Recover by e-mail first"),
    "sim_again": _("Have the SIM issued again"),
    "number_in_use": _("The number is another account's"),
    "approved": _("Approved, and what happens now"),
    "not_enough": _("It is not enough"),
    "closed": _("We close the case"),
}
"""What each is called at the desk, in the order in which they stand there."""

_DOCUMENTS = _(
    "the page of your passport with the photograph, and the operator's contract or statement for "
    "the new number"
)


def title(name: str, locale: Locale) -> str:
    """What a prepared answer is called, in the language of the desk."""
    return _catalogue.text(locale, MACROS[name])


def prepared(name: str, locale: Locale, *, reference: str, service: str, answer_by: str) -> str:
    """The text, in the language of the person. Raises `LookupError` where there is none of that
    name."""
    if name not in MACROS:
        raise LookupError(name)
    template = _environment(locale).get_template(f"{name}.txt")
    documents = _catalogue.text(locale, _DOCUMENTS)
    text = template.render(
        reference=reference, service=service, answer_by=answer_by, documents=documents
    )
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


@cache
def _environment(locale: Locale) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        # What is filled in is text; the page that shows it escapes it.
        autoescape=False,  # noqa: S701
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        _catalogue.translations(locale), newstyle=True
    )
    return environment
