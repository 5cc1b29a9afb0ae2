"""How pages put proofs into words: what is asked for, the ways that lead on, how somebody came in.

For: the filters of `rendering.py`. Refuses to decide which proofs count: the flow gave the ways.
Neighbour: `tellings.py` has the words of everything else, codes included.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from rebind.domain.evidence import CODES, SECOND_FACTORS, Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.templates.catalogue import Catalogue, Locale
from rebind.templates.pages.tellings import Sent, Way, sent_for

_catalogue = Catalogue()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


GIVEN_HERE = CODES | SECOND_FACTORS | {Proof.PASSWORD}
"""What can be given on a page. A known device is known or it is not."""

_ALL_ALIKE = frozenset({Kind.SIGN_IN, Kind.REAUTHENTICATE})
"""Of a change some ways wait and others do not."""

PURPOSES: dict[str, str] = {
    Purpose.ACCOUNT_CLOSE: _("Confirm that it is you to close the account"),
    Purpose.DATA_EXPORT: _("Confirm that it is you to take your data along"),
    Purpose.EMAIL_ADD: _("Confirm that it is you to add an e-mail address"),
    Purpose.EMAIL_REMOVE: _("Confirm that it is you to remove an e-mail address"),
    Purpose.PASSKEY_ADD: _("Confirm that it is you to add a passkey"),
    Purpose.PASSKEY_REMOVE: _("Confirm that it is you to remove a passkey"),
    Purpose.PASSWORD_REMOVE: _("Confirm that it is you to remove the password"),
    Purpose.PASSWORD_SET: _("Confirm that it is you to set a password"),
    Purpose.RECOVERY_CODES: _("Confirm that it is you to make recovery codes"),
    Purpose.REQUEST_RESUME: _("Confirm that it is you to go on with the change here"),
    Purpose.REQUEST_STOP: _("Confirm with your second factor to stop what support has let go on"),
    Purpose.SMS_RESTORE: _("Confirm that it is you to switch codes by SMS on again"),
    Purpose.SMS_SUSPEND: _("Confirm that it is you to switch off codes by SMS"),
    Purpose.TOTP_REMOVE: _("Confirm that it is you to remove the authenticator app"),
    Purpose.TOTP_SET: _("Confirm that it is you to set up an authenticator app"),
}
"""What a re-authentication is for, as the heading of its page."""

_ENTERED_WITH: dict[str, str] = {
    Proof.CODE_CURRENT: _("code by SMS"),
    Proof.CODE_EMAIL: _("code by e-mail"),
    Proof.KNOWN_DEVICE: _("known device"),
    Proof.PASSKEY: _("passkey"),
    Proof.PASSWORD: _("password"),
    Proof.RECOVERY_CODE: _("recovery code"),
    Proof.TOTP: _("authenticator app"),
}
"""How somebody signed in, as parts of a list."""

_BY = (
    (Proof.PASSKEY, _("Use a passkey")),
    (Proof.TOTP, _("Use an authenticator app")),
    (Proof.RECOVERY_CODE, _("Use a recovery code")),
)
_PASSWORD_INSTEAD = _("Use a password instead")
_PASSWORD_AND_MAIL = _("Use a password and a code from my e-mail")
_PASSWORD_AND_SMS = _("Use a password and a code from an SMS")
_MAIL, _SMS = _("Use a code from my e-mail"), _("Use a code from an SMS")
_BOTH_CODES = _("Use codes from an SMS and from my e-mail")
_NO_PRESENT = _("I cannot receive codes at my present number")
_PRESENT = _("Use a code sent to my present number")


@cache
def purpose(name: str | None, locale: Locale) -> str:
    """The heading of a re-authentication."""
    return _catalogue.text(locale, PURPOSES.get(name or "", _("Confirm that it is you")))


@cache
def entered_with(proof: Proof, locale: Locale) -> str:
    """One proof of a session, in words."""
    return _catalogue.text(locale, _ENTERED_WITH.get(proof, proof))


@cache
def way_called(way: Way, kind: str, locale: Locale) -> str:
    """What a way beside the first one is called."""
    return _catalogue.text(locale, _way_called(way, kind))


def _way_called(way: Way, kind: str) -> str:
    for proof, words in _BY:
        if proof in way:
            return words
    mail, current = Proof.CODE_EMAIL in way, Proof.CODE_CURRENT in way
    if Proof.PASSWORD in way and current and kind == Kind.REAUTHENTICATE:
        return _PASSWORD_AND_SMS
    if Proof.PASSWORD in way:
        return _PASSWORD_AND_MAIL if mail else _PASSWORD_INSTEAD
    if kind == Kind.REAUTHENTICATE and mail and current:
        return _BOTH_CODES
    if mail:
        return _MAIL
    if kind == Kind.CHANGE:
        return _PRESENT if current else _NO_PRESENT
    return _SMS


def ways(needs: Sequence[Way], sent: Sequence[Sent], kind: str = "") -> list[Way]:
    """The ways of a request that can be gone on its page: quickest first, but before them one for
    which every code was sent, since that is the one being gone, and printed codes last. Where every
    way leads to the same, none asks for more than another one. A recovery asks for the code to its
    new number last, because the number is named only then."""
    offered = [way for way in needs if way and GIVEN_HERE.issuperset(way)]
    if kind == Kind.RECOVER:
        offered = [_but_the_new_number(way) or way for way in offered]
    if kind in _ALL_ALIKE:
        sets = [frozenset(way) for way in offered]
        offered = [way for way in offered if not any(each < frozenset(way) for each in sets)]
    under_way = {code.proof for code in sent}

    def place(way: Way) -> tuple[bool, bool]:
        coded = CODES.intersection(way)
        return not coded or not coded <= under_way, Proof.RECOVERY_CODE in way

    return sorted(offered, key=place)


def stage(needs: Sequence[Way], sent: Sequence[Sent]) -> str:
    """What an open recovery asks for now: the code of the `email`, a second `factor`, the new
    `number`, the `code` sent there; or `nothing`, where no way leads on from here."""
    if not needs:
        return "nothing"
    if any(Proof.CODE_EMAIL in way for way in needs):
        return "email"
    if all(map(_but_the_new_number, needs)):
        return "factor"
    return "number" if sent_for(sent, Proof.CODE_NEW) is None else "code"


def _but_the_new_number(way: Way) -> Way:
    return tuple(proof for proof in way if proof is not Proof.CODE_NEW)


def fields(way: Way, sent: Sequence[Sent]) -> list[Proof]:
    """The proofs of a way for which there is something to type: of codes, those that were sent."""
    known = {code.proof for code in sent}
    typed = (proof for proof in way if proof is not Proof.PASSKEY)
    return [proof for proof in typed if proof not in CODES or proof in known]


def wrong_in(way: Way, errors: Mapping[str, str], but: Way = ()) -> bool:
    """Whether something typed for this way was wrong, leaving out the proofs in `but`."""
    return any(proof in errors and proof not in but for proof in way)


def waits(way: Way) -> bool:
    """Whether a change by this way waits: it has neither the present number nor a second factor."""
    return Proof.CODE_CURRENT not in way and SECOND_FACTORS.isdisjoint(way)
