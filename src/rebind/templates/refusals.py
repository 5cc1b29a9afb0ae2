"""Refusals in a person's language, and which language that is.

For: the doors, which turn a `Refused` into problem+json or a page. Refuses to fail over a figure
that was not given: a refusal in imperfect words is better than an error page. Neighbour:
`domain/refusals/` holds the English texts.
"""

from rebind.domain.refusals import CATALOGUE, Refused
from rebind.domain.units import Ms
from rebind.templates import moments
from rebind.templates.catalogue import FALLBACK, LOCALES, Catalogue, Locale

_HEADER_CHARACTERS_MAX = 1_000
_catalogue = Catalogue()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


_SOME_TIME = _("some time")
"""Stands in “after {until}” where no moment is known."""


class _Figures(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def explain(refused: Refused, locale: str, now: Ms, **figures: object) -> tuple[str, str]:
    """Title and text of a refusal. `figures` fill the places in the text, such as `digits`;
    `until` is filled from the refusal itself."""
    refusal = refused.refusal
    title = _catalogue.text(locale, refusal.title)
    text = _catalogue.text(locale, refusal.text)
    if "{" not in text:
        return title, text
    if refused.until is None:
        until = _catalogue.text(locale, _SOME_TIME)
    else:
        until = moments.until(refused.until, locale, now)
    return title, text.format_map(_Figures(figures, until=until))


def told(code: str, locale: str) -> tuple[str, str]:
    """Title and text of a refusal without figures, for a page that says the same before anybody is
    refused. Raises `LookupError` where there is no such code."""
    refusal = CATALOGUE[code]
    return _catalogue.text(locale, refusal.title), _catalogue.text(locale, refusal.text)


def negotiate(accept_language: str | None) -> Locale:
    """The language of ours that a browser likes best (RFC 9110 12.5.4); English where it likes
    none, says nothing, or says something that is not a list of languages."""
    best, best_weight = FALLBACK, 0.0
    for part in (accept_language or "")[:_HEADER_CHARACTERS_MAX].split(","):
        tag, _semicolon, parameter = part.partition(";")
        primary = tag.strip().partition("-")[0].lower()
        weight = _weight(parameter)
        for locale in LOCALES:
            # The first of equals wins: lists without weights are in order of liking.
            if locale == primary and weight > best_weight:
                best, best_weight = locale, weight
    return best


def _weight(parameter: str) -> float:
    """The q of one language: 1 where there is none, 0 where it cannot be read."""
    if not parameter.strip():
        return 1.0
    name, _equals, value = parameter.partition("=")
    try:
        weight = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
