"""cases: writing to the support desk, and reading what it says, from the person's side.

Signed out, the case is a draft until the contact has answered a code (and the new number another
one, where one is wanted): a request of its own kind, so that codes are counted and compared as
everywhere. Signed in it is opened at once. Nothing said here proves anything about an account.
Neighbour: `casework.py`, the other side.
"""

import msgspec

from rebind.domain import mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.cases import (
    MESSAGE_CHARACTERS_MAX,
    OPENED_BY_PEOPLE,
    READ_BY,
    CaseKind,
    CaseState,
    Side,
)
from rebind.domain.evidence import Proof
from rebind.domain.limits import CASES_ACCOUNT
from rebind.domain.refusals import (
    CASE_KIND,
    CASE_UNKNOWN,
    EMAIL_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    NUMBER_MALFORMED,
    SESSION_ON_PROBATION,
    Refusal,
    Refused,
)
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import (
    budgets,
    callers,
    casefiles,
    caseviews,
    codes,
    opening,
    tokens,
    views,
)
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.casefiles import Access, Wish
from rebind.flows.desk.caseviews import CaseView
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, cases, emails, limits, outbox
from rebind.store.statements import Query

OPEN_MAX = 50
"""Cases of an account that are listed."""


class Letter(msgspec.Struct, frozen=True):
    """What somebody writes to the desk with, as typed. `claimed`: whose account it is, a number or
    a mailbox; `number`: which it is to have, or which is in use elsewhere."""

    kind: CaseKind
    text: str
    contact: str = ""
    claimed: str = ""
    number: str = ""


async def begin(desk: Desk, caller: Caller, letter: Letter) -> RequestView | Refused:
    """Write to the desk without being signed in: codes leave to the contact, and to the number.

    Refusals: case_kind, message_empty, message_too_long, email_malformed, those of `phone.parse`;
    too_many_codes, too_many_requests, work_invalid.
    """
    wish = _wish(desk, caller, letter)
    if isinstance(wish, Refused):
        return wish
    now = desk.clock.now()
    case_id, request_id = desk.dice.id(now), desk.dice.id(now)
    contact = wish.contact or ""
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
    wish = msgspec.structs.replace(
        wish, account_id=account.id if account else None, opening_id=request_id
    )
    writes = [
        *tally.writes(counted),
        opening.begin(desk, Kind.CASE, request_id, subject, about, now),
        *codes.send(desk, caller, Kind.CASE, nobody, request_id, targets, now),
        *casefiles.opened(desk, case_id, wish, CaseState.DRAFT, now),
        casefiles.said(desk, case_id, Side.PERSON, None, letter.text.strip(), now),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, nobody, request_id, Kind.CASE, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    ways = tuple(target.proof for target in targets)
    return refusal or RequestView(
        request_id,
        Kind.CASE,
        State.OPEN,
        (ways,),
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=views.shown(wish.number or contact),
    )


def _wish(desk: Desk, caller: Caller, letter: Letter) -> Wish | Refused:
    """What was typed, understood; numbers are needed where the kind is about one."""
    refusal = _unfit(letter.text)
    if refusal is not None:
        return Refused(refusal)
    if letter.kind not in OPENED_BY_PEOPLE:
        return Refused(CASE_KIND)
    contact = letter.contact.strip()
    if not mailbox.looks_right(contact):
        return Refused(EMAIL_MALFORMED)
    wish = Wish(letter.kind, caller.locale, contact=contact)
    if letter.kind in _WITH_NUMBER:
        phone = phones.parse(letter.number, desk.policy.countries, caller.home)
        if not isinstance(phone, phones.Phone):
            return Refused(phone)
        wish = msgspec.structs.replace(wish, number=phone.e164, region=phone.region)
    elif letter.number:
        return Refused(CASE_KIND)
    claimed = letter.claimed.strip()
    if "@" in claimed:
        return msgspec.structs.replace(wish, claimed=claimed)
    if claimed:
        old = phones.parse(claimed, desk.policy.countries, caller.home)
        if not isinstance(old, phones.Phone):
            return Refused(old)
        return msgspec.structs.replace(wish, claimed=old.e164)
    return Refused(NUMBER_MALFORMED) if letter.kind is CaseKind.LOST_ACCESS else wish


_WITH_NUMBER = frozenset({CaseKind.LOST_ACCESS, CaseKind.NUMBER_IN_USE})


def _unfit(text: str) -> Refusal | None:
    """Why this is no message."""
    if not text.strip():
        return MESSAGE_EMPTY
    return MESSAGE_TOO_LONG if len(text) > MESSAGE_CHARACTERS_MAX else None


def _account_of(desk: Desk, wish: Wish) -> Query:
    """The account that the person names; of a number in use that which has it."""
    name = wish.claimed or wish.number or ""
    if "@" in name:
        return emails.account_of(desk.seal.index("email", mailbox.canonical(name)), None)
    return accounts.by_number(desk.seal.index("number", name), None)


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Rows S1 and S2: the draft becomes a case, and the contact is told its number, its link and by
    when we answer."""
    row = dossier.row
    if row.case_id is None or row.case_contact is None:
        raise LookupError("this request opens no case")
    proved_at = now if Proof.CODE_NEW in dossier.proofs() else None
    due_at = desk.calendar.due(now, desk.policy.case_answer_bd)
    contact = desk.seal.unseal("cases.contact", row.case_id, row.case_contact)
    told = casefiles.told(
        desk,
        casefiles.Named(row.case_id, row.case_reference or "", row.case_locale or caller.locale),
        Side.PERSON,
        "case_opened",
        "mail",
        contact,
        {"answer_by": desk.calendar.local_day(due_at).isoformat()},
        now,
    )
    claimed = None
    if row.case_claimed is not None:
        claimed = desk.seal.unseal("cases.claimed", row.case_id, row.case_claimed)
    writes = [
        cases.submit(row.case_id, due_at, proved_at, now),
        *casefiles.found_by(desk, row.case_id, contact, claimed, dossier.number(desk)),
        outbox.put([told]),
    ]
    opened = line(caller, Act.CASE_OPENED, row.case_id, row.id, row.case_kind, "stranger")
    return Finished(writes, [opened])


async def open_signed_in(desk: Desk, caller: Caller, letter: Letter) -> CaseView | Refused:
    """Write to the desk from inside an account; answers go to its own addresses.

    Refusals: session_required, session_ended, session_on_probation, case_kind, message_empty,
    message_too_long, too_many_cases.
    """
    refusal = _unfit(letter.text)
    if refusal is not None:
        return Refused(refusal)
    if letter.kind not in OPENED_BY_PEOPLE or letter.kind is CaseKind.LOST_ACCESS:
        return Refused(CASE_KIND)
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    case_id = desk.dice.id(now)
    places = [(CASES_ACCOUNT.name, who.account_id, 0)]
    (counters,) = await desk.engine.read(limits.rows(places))
    counted, tally = limits.counted(counters), Tally(desk, now)
    tally.add(CASES_ACCOUNT, (who.account_id,))
    spent = tally.refused(counted)
    if spent is not None:
        return spent
    wish = Wish(letter.kind, caller.locale, who.account_id, claimed=who.number(desk))
    writes = [
        *tally.writes(counted),
        *casefiles.opened(desk, case_id, wish, CaseState.NEW, now),
        *casefiles.found_by(desk, case_id, wish.claimed),
        casefiles.said(desk, case_id, Side.PERSON, None, letter.text.strip(), now),
    ]
    opened = line(caller, Act.CASE_OPENED, case_id, None, letter.kind)
    refused = await desk.keep_or_refuse(writes, [opened], now)
    if refused is not None:
        return refused
    access = await by_session(desk, caller, case_id)
    return access if isinstance(access, Refused) else await show(desk, access)


async def by_link(desk: Desk, link: str) -> Access | Refused:
    """The case that a link opens, and for which side. Refusals: case_unknown."""
    case_id = tokens.linked_case(link)
    if case_id is None:
        return Refused(CASE_UNKNOWN)
    (found,) = await desk.engine.read(cases.by_id(case_id))
    row = cases.row(found)
    if row is None or row.state == CaseState.DRAFT:
        return Refused(CASE_UNKNOWN)
    for side in READ_BY:
        if tokens.case_linked_to(desk.seal, link, side):
            return Access(row, side)
    return Refused(CASE_UNKNOWN)


async def by_session(desk: Desk, caller: Caller, case_id: Id) -> Access | Refused:
    """A case that was opened from inside the account of a session. Refusals: session_required,
    session_ended, session_on_probation, case_unknown."""
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    (found,) = await desk.engine.read(cases.by_id(case_id))
    row = cases.row(found)
    if row is None or row.account_id != who.account_id or not casefiles.from_inside(row):
        return Refused(CASE_UNKNOWN)
    return Access(row, Side.PERSON)


async def entered(desk: Desk, caller: Caller, case_id: Id) -> Access | Refused:
    """A case by whatever the caller shows: its link, or a session of the account from inside which
    it was opened. Refusals: session_required, session_ended, session_on_probation, case_unknown."""
    link = caller.bearer or ""
    if tokens.linked_case(link) is None:
        return await by_session(desk, caller, case_id)
    access = await by_link(desk, link)
    if isinstance(access, Access) and access.row.id != case_id:
        return Refused(CASE_UNKNOWN)
    return access


async def of_account(desk: Desk, caller: Caller) -> list[CaseView] | Refused:
    """The cases that were opened from inside this account, newest first, without their threads; for
    whoever shows the link of a case that one alone. Refusals: session_required, session_ended,
    session_on_probation, case_unknown."""
    link = caller.bearer or ""
    if tokens.linked_case(link) is not None:
        access = await by_link(desk, link)
        return access if isinstance(access, Refused) else [caseviews.of(desk, access)]
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    (found,) = await desk.engine.read(cases.of_account(who.account_id, OPEN_MAX))
    mine = [row for row in cases.rows(found) if casefiles.from_inside(row)]
    return [caseviews.of(desk, Access(row, Side.PERSON)) for row in mine]


async def show(desk: Desk, access: Access) -> CaseView:
    """The case with its thread, as this side may read it."""
    return await caseviews.whole(desk, access)


JOURNEY = Journey(finish)
