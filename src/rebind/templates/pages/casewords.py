"""How pages put a case into words: what it is about, where it stands, what a document is.

For: the filters of `rendering.py`. Refuses to say what the desk has found or decided, or who did:
that is its own to say, in a message. Neighbour: `tellings.py` has the words of everything else.
"""

from rebind.domain.cases import CaseKind, CaseState, DocumentKind
from rebind.domain.papers import Papers
from rebind.templates.catalogue import Catalogue, Locale

_catalogue = Catalogue()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


KINDS: dict[str, str] = {
    CaseKind.LOST_ACCESS: _("I have no access to my account"),
    CaseKind.NUMBER_IN_USE: _("My number is on somebody else's account"),
    CaseKind.NOT_ME: _("Something happened that was not me"),
    CaseKind.OTHER: _("Something else"),
    CaseKind.CONTESTED: _("A change of number that was stopped"),
    CaseKind.FROZEN: _("An account that is frozen"),
}
"""What a case is about, in the words of whoever opened it."""

STATES: dict[str, str] = {
    CaseState.NEW: _("We have your message"),
    CaseState.OPEN: _("It is our turn"),
    CaseState.WAITING: _("It is your turn"),
    CaseState.DECIDED: _("Decided"),
    CaseState.CLOSED: _("Closed"),
}
"""Where it stands, as the person sees it. Nobody sees a draft."""

DOCUMENTS: dict[str, str] = {
    DocumentKind.IDENTITY: _("Passport: the page with the photograph"),
    DocumentKind.OPERATOR_CONTRACT: _("The operator's contract for the number"),
    DocumentKind.OPERATOR_STATEMENT: _("The operator's statement about the number"),
    DocumentKind.ANOTHER: _("Another document"),
}
"""What a document of a built-in kind is, as its sender says."""


def kind(name: str, locale: Locale) -> str:
    """What a case is about."""
    return _catalogue.text(locale, KINDS[name])


def state(name: str, locale: Locale) -> str:
    """Where a case stands."""
    return _catalogue.text(locale, STATES[name])


def document(name: str, papers: Papers, locale: Locale) -> str:
    """What a document is: in our words, or in those of the administrator who added its kind."""
    return papers.name(name, locale) or _catalogue.text(locale, DOCUMENTS[name])
