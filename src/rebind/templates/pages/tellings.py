"""How pages put values into words: numbers, countries, spans of time, acts, devices.

For: the filters of `rendering.py`. Refuses to decide: what may be seen in full was decided by the
flow that gave it. Neighbours: `moments.py` for moments, `refusals.py` for refusals.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar

import phonenumbers

from rebind.domain.acts import Act, Door
from rebind.domain.agents import in_words
from rebind.domain.evidence import CODES, Proof
from rebind.domain.phone import masked
from rebind.domain.request import Kind
from rebind.domain.units import SECOND, Id, Ms
from rebind.templates import moments
from rebind.templates.catalogue import Catalogue, Locale

if TYPE_CHECKING:
    from babel import Locale as Language

_catalogue = Catalogue()
_DOT = "•"


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


ACTS: dict[str, str] = {
    Act.ACCOUNT_CLOSED: _("The account was closed"),
    Act.ACCOUNT_FROZEN: _("The account was frozen until support decides"),
    Act.ACCOUNT_IMPORTED: _("The account was brought in from another service"),
    Act.ACCOUNT_LOCKED: _("The account was locked"),
    Act.ACCOUNT_OPENED: _("The account was opened"),
    Act.ACCOUNT_UNLOCKED: _("The account was unlocked"),
    Act.AUDIT_EXPORTED: _("A copy of an audit trail was taken along"),
    Act.CASE_ANSWERED: _("The desk answered"),
    Act.CASE_ASSIGNED: _("The case was given to somebody"),
    Act.CASE_BOUNCED: _("A letter of the desk came back"),
    Act.CASE_CLOSED: _("The case was closed"),
    Act.CASE_CONFIRMED: _("The second person confirmed the decision"),
    Act.CASE_DRAFTED: _("The desk wrote a case down for somebody"),
    Act.CASE_KEPT: _("Somebody at the desk kept the case while writing"),
    Act.CASE_LET_GO: _("The case was given back before the time was over"),
    Act.CASE_NOTED: _("A note was written"),
    Act.CASE_OPENED: _("The case was opened"),
    Act.CASE_PROPOSED: _("A decision was proposed"),
    Act.CASE_REDACTED: _("The words of a message were taken away"),
    Act.CASE_REJECTED: _("The second person did not confirm the decision"),
    Act.CASE_REOPENED: _("The case was opened again"),
    Act.CASE_SEARCHED: _("A full number was searched for"),
    Act.CASE_SEEN: _("Somebody at the desk looked at the case"),
    Act.CASE_WRITTEN: _("The person wrote"),
    Act.CLOSING_BEGUN: _("The closing of the account was begun"),
    Act.CODE_ASKED: _("A code was asked for"),
    Act.CODE_WRONG: _("A wrong code was entered"),
    Act.DATA_EXPORTED: _("A copy of your data was taken along"),
    Act.DOCUMENTS_DESTROYED: _("The documents were destroyed"),
    Act.DOCUMENT_ADDED: _("A document was added"),
    Act.DOCUMENT_CHECKED: _("A document was checked"),
    Act.DOCUMENT_VIEWED: _("A page of a document was looked at"),
    Act.EMAIL_ADDED: _("An e-mail address was added"),
    Act.EMAIL_MADE_PRIMARY: _("Another e-mail address was made the main one"),
    Act.EMAIL_REMOVED: _("An e-mail address was removed"),
    Act.LANGUAGE_CHANGED: _("The language was changed"),
    Act.NOTICES_REPEATED: _("A notice was sent again"),
    Act.NUMBER_CHANGED: _("The phone number was changed"),
    Act.NUMBER_CONFIRMED: _("The phone number was confirmed"),
    Act.NUMBER_RETURNED: _("The old phone number was put back"),
    Act.OPERATOR_DISABLED: _("Somebody at the desk was shut out"),
    Act.OPERATOR_INVITED: _("Somebody was invited to the desk"),
    Act.OPERATOR_JOINED: _("An invitation to the desk was taken up"),
    Act.OPERATOR_PASSKEY_ADDED: _("A passkey for the console was added"),
    Act.OPERATOR_PASSKEY_REMOVED: _("A passkey for the console was removed"),
    Act.OPERATOR_PASSWORD_REMOVED: _("The password for the console was removed"),
    Act.OPERATOR_PASSWORD_SET: _("The password for the console was set"),
    Act.OPERATOR_PROOF_WRONG: _("A sign-in to the console did not match"),
    Act.OPERATOR_ROLE_CHANGED: _("Somebody at the desk got another role"),
    Act.OPERATOR_SIGNED_IN: _("Somebody signed in to the console"),
    Act.OPERATOR_SIGNED_OUT: _("Sessions at the console were ended"),
    Act.PASSKEY_ADDED: _("A passkey was added"),
    Act.PASSKEY_REMOVED: _("A passkey was removed"),
    Act.PASSKEY_RENAMED: _("A passkey was renamed"),
    Act.PASSWORD_REMOVED: _("The password was removed"),
    Act.PASSWORD_SET: _("The password was set"),
    Act.PROOF_ACCEPTED: _("A proof was accepted"),
    Act.PROOF_WRONG: _("A proof did not match"),
    Act.RECOVERY_CODES_MADE: _("New recovery codes were made"),
    Act.RECOVERY_CODE_USED: _("A recovery code was used"),
    Act.REQUEST_BEGUN: _("A request was begun"),
    Act.REQUEST_CANCELLED: _("A request was cancelled"),
    Act.REQUEST_OBJECTED: _("A change was stopped"),
    Act.REQUEST_READY: _("The wait of a change was over"),
    Act.REQUEST_REFUSED: _("A request was refused"),
    Act.REQUEST_RESUMED: _("What waits was continued somewhere else"),
    Act.REQUEST_WAITING: _("A change began to wait"),
    Act.SESSION_ENDED: _("A session was ended"),
    Act.SESSION_OPENED: _("Somebody signed in"),
    Act.SESSIONS_ENDED: _("Sessions were ended"),
    Act.SMS_RESTORED: _("Codes by SMS were switched on again"),
    Act.SMS_SUSPENDED: _("Codes by SMS were switched off: the phone was lost"),
    Act.TOTP_REMOVED: _("The authenticator app was removed"),
    Act.TOTP_SET: _("An authenticator app was set up"),
}
"""What happened, as the holder of the account reads it."""

DOORS: dict[str, str] = {
    Door.API: _("in an app"),
    Door.COMMAND_LINE: _("by the administrator"),
    Door.CONSOLE: _("by support"),
    Door.MAIL: _("by e-mail"),
    Door.TIME: _("by itself, when it was time"),
    Door.WEB: _("on the website"),
}
"""The way in, as a reader of the history knows it."""

_SMS, _ASK_SMS = _("Code from the SMS"), _("Send a code by SMS")
_LABELS: dict[tuple[str, str], str] = {
    (Proof.CODE_EMAIL, ""): _("Code from the e-mail"),
    (Proof.CODE_NEW, ""): _SMS,
    (Proof.CODE_CURRENT, ""): _SMS,
    (Proof.CODE_NEW, Kind.CHANGE): _("Code sent to the new number"),
    (Proof.CODE_CURRENT, Kind.CHANGE): _("Code sent to your present number"),
    (Proof.CODE_NEW, Kind.REAUTHENTICATE): _("Code sent to the new e-mail address"),
    (Proof.CODE_NEW, Kind.RECOVER): _("Code sent to the new number"),
    (Proof.CODE_NEW, Kind.CASE): _("Code sent to the number"),
    (Proof.CODE_CONTACT, ""): _("Code from the e-mail"),
}
_ASKED: dict[tuple[str, str], str] = {
    (Proof.CODE_EMAIL, ""): _("Send a code to my e-mail"),
    (Proof.CODE_NEW, ""): _ASK_SMS,
    (Proof.CODE_CURRENT, ""): _ASK_SMS,
    (Proof.CODE_NEW, Kind.CHANGE): _("Send a code to the new number"),
    (Proof.CODE_CURRENT, Kind.CHANGE): _("Send a code to my present number"),
    (Proof.CODE_NEW, Kind.REAUTHENTICATE): _("Send a code to the new e-mail address"),
    (Proof.CODE_NEW, Kind.RECOVER): _("Send a code to the new number"),
    (Proof.CODE_NEW, Kind.CASE): _("Send a code to the number"),
    (Proof.CODE_CONTACT, ""): _("Send a code to my e-mail"),
}
"""By proof and journey; a change and a recovery have two numbers, every other journey one, and a
re-authentication may be for a mailbox that is new."""

_OTHER_ACT = _("Something in the account was changed")


def act(name: str, locale: Locale) -> str:
    """What happened, in words."""
    return _catalogue.text(locale, ACTS.get(name, _OTHER_ACT))


@cache
def code_label(kind: str, proof: Proof, locale: Locale) -> str:
    """What the field of a code is called."""
    return _catalogue.text(locale, _LABELS.get((proof, kind)) or _LABELS[proof, ""])


@cache
def code_asked(kind: str, proof: Proof, locale: Locale) -> str:
    """What the button that sends a code is called."""
    return _catalogue.text(locale, _ASKED.get((proof, kind)) or _ASKED[proof, ""])


Way = tuple[Proof, ...]


def door(name: str, locale: Locale) -> str:
    """Where it was done, in words."""
    return _catalogue.text(locale, DOORS.get(name, name))


class Sent(Protocol):
    """A code that was sent, as far as pages ask."""

    @property
    def proof(self) -> Proof: ...


SentCode = TypeVar("SentCode", bound=Sent)


def proofs(needs: Sequence[Way]) -> list[Proof]:
    """Every code that any way needs, once."""
    return list(dict.fromkeys(proof for way in needs for proof in way if proof in CODES))


def sent_for(sent: Sequence[SentCode], proof: Proof) -> SentCode | None:
    """The code that was sent for a proof."""
    return next((code for code in sent if code.proof == proof), None)


def missing_in(way: Way, sent: Sequence[Sent]) -> list[Proof]:
    """The codes of a way that were not sent."""
    return [proof for proof in way if proof in CODES and sent_for(sent, proof) is None]


def any_for(sent: Sequence[Sent], wanted: Way, but: Way = ()) -> bool:
    """Whether a code was sent for any of the proofs, leaving out those in `but`."""
    return any(code.proof in wanted and code.proof not in but for code in sent)


def began(request_id: Id) -> Ms:
    """When a request was begun: ids are time-ordered and begin with their moment."""
    return int.from_bytes(request_id[:6], "big")


def device(agent: str) -> str:
    """ "Chrome, Windows", or nothing where neither is known."""
    return _device(agent)


@lru_cache(maxsize=1024)
def _device(agent: str) -> str:
    return in_words(agent)


@lru_cache(maxsize=1024)
def number(e164: str) -> str:
    """“+7 916 123-45-67”. A masked number stays as it is."""
    if _DOT in e164:
        return e164
    parsed = phonenumbers.parse(e164)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=64)
def how_to_type(home: str | None, locale: Locale) -> str:
    """What a phone field takes, by an example: with the country code, or without it where the page
    knows a home."""
    if home is None:
        return _catalogue.text(locale, _("With the country code: +7 916 123-45-67."))
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(home, kind)
    if example is None:
        return how_to_type(None, locale)
    text = _catalogue.text(locale, _("For example {number}. Of other countries with their code."))
    shown = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return text.format(number=shown)


def hidden(e164: str) -> str:
    """The number where the full one is not needed."""
    return e164 if _DOT in e164 else masked(e164)


@cache
def country(region: str, locale: Locale) -> str:
    """The country of a region such as RU."""
    return str(_language(locale).territories.get(region, region))


@cache
def _language(locale: Locale) -> "Language":
    from babel import Locale as Language

    return Language.parse(locale)


@cache
def span(hours: int, locale: Locale) -> str:
    """“3 days”, “36 hours”."""
    ngettext = _catalogue.translations(locale).ngettext
    if hours >= 48 and hours % 24 == 0:
        days = hours // 24
        return ngettext("{count} day", "{count} days", days).format(count=days)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)


@cache
def minutes(count: int, locale: Locale) -> str:
    """“10 minutes”."""
    ngettext = _catalogue.translations(locale).ngettext
    return ngettext("{count} minute", "{count} minutes", count).format(count=count)


def day(moment: Ms, locale: Locale) -> str:
    """“24 November 2025”: of a moment long ago the hour says nothing."""
    return moments.at(moment, locale).rpartition(", ")[0]


def iso(moment: Ms) -> str:
    """“2025-11-24T16:00:00Z”."""
    return f"{datetime.fromtimestamp(moment // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
