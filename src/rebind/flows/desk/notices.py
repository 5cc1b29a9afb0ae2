"""Notices: an act that matters is told to every address of the account (invariant 6): the old
number, the new number, every e-mail, and whatever was removed in the last 30 days."""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.codes import parcel
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.dossier import Dossier
from rebind.store.outbox import Lane, Parcel

_TRY_FOR = 3 * DAY
"""A notice that could not be delivered for three days is given up, into the dead letters."""


FALLBACK_LOCALE = "en"
"""For an account that says nothing of its language, which none does not."""

NEW = "new"
"""The role of a number that is not yet, or only just, the account's."""

BRIEF = "brief"
"""The role of a number that was the account's for a few days only, and is so no more."""

LOST = "lost"
"""The role of the present number while its telephone is reported lost."""

_WITHOUT_SAY = frozenset({NEW, BRIEF, LOST})
"""The roles of those who are told, and neither object nor undo."""


class Addressee(msgspec.Struct, frozen=True):
    """One address to be told. `role` chooses the wording."""

    channel: str
    address: str
    address_key: bytes
    role: str


def own_addresses(desk: Desk, dossier: Dossier) -> list[Addressee]:
    """Every address of the account: its number now, every e-mail, and what was given up in the last
    30 days. Those that were the account's long enough may object and undo."""
    number = dossier.current_number(desk)
    key = desk.seal.index("number", number)
    return [
        Addressee("sms", number, key, "old" if dossier.sms_off_at is None else LOST),
        *mailboxes(desk, dossier),
        *former_numbers(desk, dossier, {key}),
    ]


def sent_to(desk: Desk, dossier: Dossier, link: str) -> Addressee | None:
    """Which of the account's addresses a link was sent to."""
    if dossier.row.current_sealed is None:
        return None
    for each in own_addresses(desk, dossier):
        if each.role not in _WITHOUT_SAY and tokens.linked_to(desk.seal, link, each.address):
            return each
    return None


def mailboxes(desk: Desk, dossier: Dossier) -> list[Addressee]:
    """Every e-mail of the account, those removed lately included, each address once."""
    found = {}
    for email in dossier.emails:
        address = desk.seal.unseal("emails.address", email.id, email.address_sealed)
        found[email.address_key] = Addressee("mail", address, email.address_key, "mail")
    return list(found.values())


def former_numbers(desk: Desk, dossier: Dossier, besides: set[bytes]) -> list[Addressee]:
    """Numbers released in the last 30 days, but for those in `besides`, each once. What an undo has
    taken back was never the holder's, and what another account has by now is its holder's."""
    found = dict[bytes, Addressee]()
    for old in dossier.released:
        elsewhere = old.holder is not None and old.holder != old.account_id
        if old.number_key in besides or old.reason == Kind.UNDO or elsewhere:
            continue
        since = dossier.had_since(desk.policy, old.version, old.number_key, old.bound_at)
        role = former_role(desk, dossier, since, old.released_at)
        if role != BRIEF or old.number_key not in found:
            number = dossier.released_number(desk, old)
            found[old.number_key] = Addressee("sms", number, old.number_key, role)
    return list(found.values())


def former_role(desk: Desk, dossier: Dossier, bound_at: Ms, released_at: Ms) -> str:
    """What a number is to the account that had it from then till then: like any other factor it has
    a say only once it is aged (invariant 15)."""
    policy, enrolled_at = desk.policy, dossier.row.enrolled_at or 0
    if bound_at - enrolled_at <= policy.aged_at_enrolment_h * HOUR:
        return "old"
    return "old" if released_at - bound_at >= policy.aged_after_d * DAY else BRIEF


def parcels(
    desk: Desk,
    message: str,
    addressees: list[Addressee],
    locale: str,
    params: dict[str, str],
    account_id: Id,
    request_id: Id,
    now: Ms,
    link: str | None = None,
) -> list[Parcel]:
    """The outbox rows of one notice to all these addresses. `link` names the parameter in which
    each address of the account gets a link of its own, but for those without a say."""
    return [
        parcel(
            desk,
            lane=Lane.NOTICE,
            message=message,
            channel=to.channel,
            to=to.address,
            address_key=to.address_key,
            locale=locale,
            params={**params, "role": to.role, **_link(desk, link, request_id, to)},
            account_id=account_id,
            request_id=request_id,
            now=now,
            expires_at=now + _TRY_FOR,
        )
        for to in addressees
    ]


def security(desk: Desk, dossier: Dossier, act: Act, what: str, now: Ms) -> list[Parcel]:
    """The notice of something that protects the account and was set, used up or removed, to its
    every address. `what` names it, where there are several."""
    row = dossier.row
    return parcels(
        desk,
        "security_changed",
        own_addresses(desk, dossier),
        row.account_locale or FALLBACK_LOCALE,
        {"act": act.value, "what": what, "when": str(now)},
        row.account_id,
        row.id,
        now,
    )


def _link(desk: Desk, name: str | None, request_id: Id, to: Addressee) -> dict[str, str]:
    if name is None:
        return {}
    if to.role in _WITHOUT_SAY:
        return {name: ""}
    return {name: tokens.notice_link(desk.seal, request_id, to.address)}
