"""How the pages of the console put a case into words, for people who see many of them: short names,
deadlines by how near they are, and what a finding in a document does not prove.

For: the filters of `rendering.py`. Refuses to decide what is near or what a document shows. What
the person reads of a case stands in `casewords.py`, its neighbour.
"""

from datetime import date

import msgspec

from rebind.domain.cases import (
    CaseKind,
    CaseState,
    DocumentVerdict,
    Fact,
    Reason,
    Side,
    Verdict,
)
from rebind.domain.evidence import Proof, SimAnswer, SubscriberAnswer
from rebind.domain.letters import Manner
from rebind.domain.units import DAY, HOUR, MINUTE, Ms
from rebind.templates.catalogue import Catalogue, Locale

_catalogue = Catalogue()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


NEAR_H = 8
"""A deadline is near when it falls within so many hours: a working day. Ours."""

WORDS: dict[str, dict[str, str]] = {
    "kind": {
        CaseKind.LOST_ACCESS: _("Lost access"),
        CaseKind.NUMBER_IN_USE: _("Number in use"),
        CaseKind.NOT_ME: _("It was not me"),
        CaseKind.OTHER: _("Other"),
        CaseKind.CONTESTED: _("Contested"),
        CaseKind.FROZEN: _("Frozen account"),
    },
    "state": {
        CaseState.NEW: _("new"),
        CaseState.OPEN: _("our turn"),
        CaseState.WAITING: _("their turn"),
        CaseState.DECIDED: _("decided"),
        CaseState.CLOSED: _("closed"),
    },
    "side": {
        Side.PERSON: _("The person"),
        Side.HOLDER: _("The holder, who objected"),
        Side.DESK: _("To the person"),
        Side.DESK_TO_HOLDER: _("To the holder, who objected"),
        Side.NOTE: _("Note, for the desk only"),
        Side.BOUNCE: _("A letter of ours came back"),
    },
    "letter": {
        Manner.MAIL: _("by e-mail"),
        Manner.FROM_OTHER: _("from another address"),
        Manner.ATTACHED: _("what was attached was not taken"),
        Manner.CUT: _("very long, the rest was cut off"),
    },
    "verdict": {Verdict.FOR: _("for the person"), Verdict.AGAINST: _("against")},
    "reason": {
        Reason.DOCUMENTS_MATCH: _("The documents match"),
        Reason.KNOWN_FACTS_MATCH: _("Facts known before match"),
        Reason.HOLDER_CONFIRMED: _("The holder has confirmed it"),
        Reason.NOT_ENOUGH: _("Not enough was shown"),
        Reason.DOCUMENTS_DO_NOT_MATCH: _("The documents do not match"),
        Reason.DOCUMENTS_ALTERED: _("The documents were altered"),
        Reason.HOLDER_OBJECTS: _("The holder objects"),
        Reason.SUSPECTED_FRAUD: _("Suspected fraud"),
        Reason.NO_ANSWER: _("No answer came"),
        Reason.SOLVED_OTHERWISE: _("It was solved otherwise"),
    },
    "found": {
        DocumentVerdict.MATCHES: _("matches"),
        DocumentVerdict.DOES_NOT_MATCH: _("does not match"),
        DocumentVerdict.UNREADABLE: _("cannot be read"),
    },
    "proof": {
        Proof.CODE_NEW: _("a code to the new number"),
        Proof.CODE_CURRENT: _("a code to the present number"),
        Proof.CODE_EMAIL: _("a code to the e-mail of the account"),
        Proof.CODE_CONTACT: _("a code to the contact"),
        Proof.PASSWORD: _("the password"),
        Proof.TOTP: _("the authenticator app"),
        Proof.PASSKEY: _("a passkey"),
        Proof.RECOVERY_CODE: _("a recovery code"),
        Proof.KNOWN_DEVICE: _("a known device"),
        Proof.OTHER_DEVICE: _("another known device"),
        Proof.OPERATOR_APPROVAL: _("the approval of two people"),
        Proof.HOLDER_AGREES: _("the holder's consent"),
        Proof.SILENCE: _("a wait without objection"),
    },
    "sim": {
        SimAnswer.SAME: _("unchanged since the number was confirmed"),
        SimAnswer.CHANGED: _("was changed"),
        SimAnswer.UNKNOWN: _("not known"),
    },
    "subscriber": {
        SubscriberAnswer.SAME: _("the same since the number was confirmed"),
        SubscriberAnswer.RECYCLED: _("another one since the number was confirmed"),
        SubscriberAnswer.UNKNOWN: _("not known"),
    },
    "fact": {
        Fact.NAME: _("the name in the account"),
        Fact.NUMBER_HISTORY: _("the history of numbers"),
        Fact.ORDERS: _("earlier orders"),
        Fact.PAYMENT: _("a means of payment"),
        Fact.EARLIER_DOCUMENT: _("a document of an earlier case"),
    },
}
"""Closed lists of the domain, as the desk reads them."""

FINDINGS: dict[str, tuple[str, str]] = {
    "edited_picture": (
        _("A program for editing pictures has written it."),
        _("People crop and turn photographs with such programs; what was changed is not known."),
    ),
    "dates_differ": (
        _("It was saved on another day than it was taken."),
        _("Sending and turning a picture can do that too."),
    ),
    "preview_differs": (
        _("Its small preview shows something else than the picture."),
        _("Cropping leaves an old preview behind as well."),
    ),
    "no_camera": (
        _("Nothing in it says which camera took it."),
        _("Messengers remove that from every picture. It proves no forgery."),
    ),
    "data_behind": (
        _("More data stood behind the picture; we have removed it."),
        _("Some cameras and messengers add data there."),
    ),
    "place_removed": (
        _("It said where it was taken; we have removed that."),
        _("It says nothing about the document."),
    ),
    "edited_pdf": (
        _("A program for editing has written the PDF."),
        _("People put scans together with such programs."),
    ),
    "changed_pdf": (
        _("It was saved again after it was made."),
        _("A signature or a printer's settings can be the reason."),
    ),
    "laid_over": (
        _("Text or shapes lie over a page, or over the picture that it is."),
        _("Scanning apps print their name there, and people mark what matters."),
    ),
    "active_removed": (
        _("Scripts, links, forms or attachments were in it; we have removed them."),
        _("Forms of operators have links and fields of their own."),
    ),
}
"""What a sign in a document says, and what it does not prove."""

_OTHER_FINDING = (_("Something that this release has no words for."), _("It proves nothing."))


class Deadline(msgspec.Struct, frozen=True):
    """How near a deadline is, in words; `level` is the colour: bad, wait or nothing."""

    level: str
    words: str


def word(name: str, of: str, locale: Locale) -> str:
    """The name of something in a closed list; `of` says which."""
    return _catalogue.text(locale, WORDS[of][name])


def finding(name: str, locale: Locale) -> tuple[str, str]:
    """What a sign in a document says, and what it does not prove."""
    says, proves_not = FINDINGS.get(name, _OTHER_FINDING)
    return _catalogue.text(locale, says), _catalogue.text(locale, proves_not)


def deadline(due_at: Ms | None, state: str, now: Ms, locale: Locale) -> Deadline | None:
    """Of a case: by when we must act, or what happens by itself. None where nothing does."""
    if due_at is None:
        return None
    away = _away(abs(due_at - now), locale)
    if state not in (CaseState.NEW, CaseState.OPEN):
        text = _("closes in {time}") if due_at > now else _("closes now")
        return Deadline("", _catalogue.text(locale, text).format(time=away))
    if due_at <= now:
        return Deadline("bad", _catalogue.text(locale, _("late by {time}")).format(time=away))
    level = "wait" if due_at - now <= NEAR_H * HOUR else ""
    return Deadline(level, _catalogue.text(locale, _("due in {time}")).format(time=away))


def ago(moment: Ms, now: Ms, locale: Locale) -> str:
    """“3 days”: how old something is."""
    return _away(max(0, now - moment), locale)


def _away(span: Ms, locale: Locale) -> str:
    """In the unit that one thinks in: days from two on, hours from one on, else minutes."""
    ngettext = _catalogue.translations(locale).ngettext
    if span >= 2 * DAY:
        count, one, many = span // DAY, "{count} day", "{count} days"
    elif span >= HOUR:
        count, one, many = span // HOUR, "{count} hour", "{count} hours"
    else:
        count, one, many = span // MINUTE, "{count} minute", "{count} minutes"
    return ngettext(one, many, count).format(count=count)


def hours(span: Ms | None, locale: Locale) -> str:
    """“3.5”, and a dash where there is nothing to tell."""
    if span is None:
        return "–"
    told = f"{span / HOUR:.1f}"
    return told.replace(".", ",") if locale == "ru" else told


def short_day(day: date, locale: Locale) -> str:
    """“24.11.”, under a bar where there is little room."""
    return f"{day:%d.%m}" if locale == "ru" else f"{day.day}/{day.month}"


def grouped_age(group: int, borders: tuple[int, ...], locale: Locale) -> str:
    """“1–3 days”, of cases that are at least one and less than three days old."""
    if group == 0:
        text = _("under {high} d")
    elif group == len(borders):
        text = _("{low}+ d")
    else:
        text = _("{low}–{high} d")
    low = borders[group - 1] if group else 0
    high = borders[group] if group < len(borders) else 0
    return _catalogue.text(locale, text).format(low=low, high=high)
