"""Drafting a case: what was typed is understood, and codes leave to whoever has to confirm it.

The same whoever typed: the person, or the desk in their name. Until the codes are answered it is a
draft, which nobody reads. Refuses to tell whether there is an account: it is looked up in silence,
and noted. Neighbours: `casefiles.py` writes the case down, `opening.py` the request.
"""

import msgspec

from rebind.domain import mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act, Line
from rebind.domain.cases import MESSAGE_CHARACTERS_MAX, OPENED_BY_PEOPLE, CaseKind
from rebind.domain.evidence import Proof
from rebind.domain.phone import Phone
from rebind.domain.refusals import (
    CASE_KIND,
    EMAIL_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    NUMBER_MALFORMED,
    Refusal,
    Refused,
)
from rebind.domain.request import Kind, State
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import budgets, codes, opening, tokens, views
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.casefiles import Wish
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, emails, limits
from rebind.store.statements import Query, Write

WITH_NUMBER = frozenset({CaseKind.LOST_ACCESS, CaseKind.NUMBER_IN_USE})
"""The kinds that are about a number, which answers a code."""


class Asked(msgspec.Struct, frozen=True):
    """Codes are about to leave: the writes and the line for the flow's batch, the wish with whose
    account it is about, and what the owner of the request sees."""

    wish: Wish
    writes: list[Write]
    begun: Line
    view: RequestView


def unfit(text: str) -> Refusal | None:
    """Why this is no message."""
    if not text.strip():
        return MESSAGE_EMPTY
    return MESSAGE_TOO_LONG if len(text) > MESSAGE_CHARACTERS_MAX else None


def wish(kind: CaseKind, locale: str, contact: str) -> Wish | Refused:
    """What somebody writes about, and where an answer reaches them. Refusals: case_kind,
    email_malformed."""
    if kind not in OPENED_BY_PEOPLE:
        return Refused(CASE_KIND)
    plain = contact.strip()
    if not mailbox.looks_right(plain):
        return Refused(EMAIL_MALFORMED)
    return Wish(kind, locale, contact=plain)


def numbered(desk: Desk, wish: Wish, number: str, home: str | None) -> Wish | Refused:
    """The wish with its number as it was typed, where the kind is about one; `home` is the region
    of numbers without a country code. Refusals: those of `phone.parse`, case_kind."""
    if wish.kind not in WITH_NUMBER:
        return Refused(CASE_KIND) if number else wish
    phone = phones.parse(number, desk.policy.countries, home)
    if not isinstance(phone, Phone):
        return Refused(phone)
    return msgspec.structs.replace(wish, number=phone.e164, region=phone.region)


def claimed(desk: Desk, wish: Wish, typed: str, home: str | None) -> Wish | Refused:
    """The wish with whose account it is about, a number or a mailbox as it was typed. Refusals:
    those of `phone.parse`; number_malformed where access is lost and nothing is named."""
    plain = typed.strip()
    if "@" in plain:
        return msgspec.structs.replace(wish, claimed=plain)
    if not plain:
        return Refused(NUMBER_MALFORMED) if wish.kind is CaseKind.LOST_ACCESS else wish
    phone = phones.parse(plain, desk.policy.countries, home)
    if not isinstance(phone, Phone):
        return Refused(phone)
    return msgspec.structs.replace(wish, claimed=phone.e164)


async def ask(desk: Desk, caller: Caller, case_id: Id, wish: Wish, now: Ms) -> Asked | Refused:
    """Codes to the contact and to the number, within the budgets of whoever calls: a request that
    makes a case of the draft. Refusals: too_many_codes, too_many_requests, work_invalid."""
    request_id, contact = desk.dice.id(now), wish.contact or ""
    mail_keys = desk.seal.indexes("email", mailbox.canonical(contact))
    sendings = [Sending(mail_keys, None)]
    targets = [Target(Proof.CODE_CONTACT, contact, mail_keys[0])]
    about = About("", b"", "", case_id=case_id)
    if wish.number is not None:
        keys = desk.seal.indexes("number", wish.number)
        sendings.append(Sending(keys, wish.region))
        targets.append(Target(Proof.CODE_NEW, wish.number, keys[0]))
        about = About(wish.number, keys[0], wish.region or "", case_id=case_id)
    places = budgets.places_to_read(desk, caller, sendings, request_id)
    found, counters = await desk.engine.read(_account_of(desk, wish), limits.rows(places))
    counted, tally = limits.counted(counters), Tally(desk, now)
    for sending in sendings:
        refusal = budgets.count_sending(desk, caller, tally, sending, request_id, counted, now)
        if refusal is not None:
            return refusal
    refusal = tally.refused(counted)
    if refusal is not None:
        return refusal
    account = accounts.found_by_name(found)
    token, owner_hash = tokens.new_request(desk.dice)
    # The request is nobody's: whose account the case is about, it does not say.
    nobody = desk.dice.id(now)
    subject = Subject(nobody, 0, None, tokens.device(desk.seal, caller.device), owner_hash)
    ways = tuple(target.proof for target in targets)
    return Asked(
        msgspec.structs.replace(
            wish, account_id=account.id if account else None, opening_id=request_id
        ),
        [
            *tally.writes(counted),
            opening.begin(desk, Kind.CASE, request_id, subject, about, now),
            *codes.send(desk, caller, Kind.CASE, nobody, request_id, targets, now),
        ],
        line(caller, Act.REQUEST_BEGUN, nobody, request_id, Kind.CASE, "stranger"),
        RequestView(
            request_id,
            Kind.CASE,
            State.OPEN,
            (ways,),
            now + desk.policy.request_ttl_s * SECOND,
            token,
            number=views.shown(wish.number or contact),
        ),
    )


def _account_of(desk: Desk, wish: Wish) -> Query:
    """The account that the person names; of a number in use that which has it."""
    name = wish.claimed or wish.number or ""
    if "@" in name:
        return emails.account_of(desk.seal.index("email", mailbox.canonical(name)), None)
    return accounts.by_number(desk.seal.index("number", name), None)
