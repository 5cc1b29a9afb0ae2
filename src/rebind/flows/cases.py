"""cases: writing to the support desk, and reading what it says, from the person's side.

Signed out, the case is a draft until the contact has answered a code (and the new number another
one, where one is wanted): a request of its own kind, so that codes are counted and compared as
everywhere. Signed in it is opened at once. Nothing said here proves anything about an account.
Neighbours: `casework.py`, the other side; `case_opening.py`, where the desk writes for a person.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.cases import OPENED_BY_PEOPLE, READ_BY, CaseKind, CaseState, Side
from rebind.domain.evidence import Proof
from rebind.domain.limits import CASES_ACCOUNT
from rebind.domain.refusals import CASE_KIND, CASE_UNKNOWN, SESSION_ON_PROBATION, Refused
from rebind.domain.rows import Apply
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers, casefiles, caseviews, drafting, tokens
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.casefiles import Access, Wish
from rebind.flows.desk.caseviews import CaseView
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.views import RequestView
from rebind.store import case_drafts, cases, limits, outbox

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
    case_id = desk.dice.id(now)
    asked = await drafting.ask(desk, caller, case_id, wish, now)
    if isinstance(asked, Refused):
        return asked
    writes = [
        *asked.writes,
        *casefiles.opened(desk, case_id, asked.wish, CaseState.DRAFT, now),
        casefiles.said(desk, case_id, Side.PERSON, None, letter.text.strip(), now),
    ]
    refusal = await desk.keep_or_refuse(writes, [asked.begun], now)
    return refusal or asked.view


def _wish(desk: Desk, caller: Caller, letter: Letter) -> Wish | Refused:
    """What was typed, understood; numbers are needed where the kind is about one."""
    unfit = drafting.unfit(letter.text)
    if unfit is not None:
        return Refused(unfit)
    wish = drafting.wish(letter.kind, caller.locale, letter.contact)
    if not isinstance(wish, Refused):
        wish = drafting.numbered(desk, wish, letter.number, caller.home)
    if not isinstance(wish, Refused):
        wish = drafting.claimed(desk, wish, letter.claimed, caller.home)
    return wish


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
        case_drafts.submit(row.case_id, row.id, due_at, proved_at, now),
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
    refusal = drafting.unfit(letter.text)
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
