"""casebook: what the support desk reads. The queue, a case with all that belongs to it, the pages
of a document, and what somebody searches for.

Looking leaves a line: who opened which case, who saw which page, who searched for whose number and
why. Nothing here changes a case. Numbers and mailboxes are masked wherever the desk does not need
them whole; nobody sees a code, a factor or a password. Neighbour: `casework.py` acts.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import cases as rules
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.cases import CaseKind, CaseState
from rebind.domain.evidence import Proof
from rebind.domain.letters import Manner
from rebind.domain.limits import SEARCH_OPERATOR
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import (
    CASE_UNKNOWN,
    DOCUMENT_GONE,
    MESSAGE_EMPTY,
    RIGHT_MISSING,
    Refused,
)
from rebind.domain.rows import Decision
from rebind.domain.units import Id, Ms
from rebind.flows.desk import accountviews, approving, casefiles, intake, seconds
from rebind.flows.desk.accountviews import AccountSeen
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.intake import Intake
from rebind.flows.desk.views import shown
from rebind.ports import Broken, Missing, Unkept, Unreadable
from rebind.store import case_queue, case_threads, cases, limits, trail
from rebind.store.case_threads import DecisionRow, DocumentRow
from rebind.store.cases import CaseRow
from rebind.store.statements import Query
from rebind.store.trail import TrailRow

PAGE = 50
"""Cases on one page of the queue."""

FOUND_MAX = 50
MESSAGES_MAX = 500
ACTS_MAX = 100
_NEWEST = b"\xff" * 16
_START: tuple[Ms, Id] = (0, b"")


class Summary(msgspec.Struct, frozen=True):
    """A case as one line of the queue."""

    id: Id
    reference: str
    kind: str
    state: str
    opened_at: Ms
    due_at: Ms | None
    assignee: str | None
    locked_by: str | None
    second: str | None
    outcome: str | None
    about: str


class Page(msgspec.Struct, frozen=True):
    """One page of the queue; `after` leads to the next one."""

    cases: tuple[Summary, ...]
    after: tuple[Ms, Id] | None


class Filter(msgspec.Struct, frozen=True):
    """Which cases: of a kind, in a state, or those of one person at the desk; `second`: those that
    wait for their decision."""

    kind: CaseKind | None = None
    state: CaseState | None = None
    assignee: str | None = None
    second: str | None = None


class Said(msgspec.Struct, frozen=True):
    """A message as the desk reads it; `text` is None where the words were taken away, `manner`
    how a letter came."""

    id: Id
    side: str
    author: str | None
    text: str | None
    at: Ms
    manner: tuple[Manner, ...] = ()


class CaseSeen(msgspec.Struct, frozen=True):
    """A case with all that belongs to it. `prospect`: what the rule would say to an approval;
    `carried`: a document that was found to match speaks for the account, as the rule asks;
    `stranded`: what was proposed can be confirmed by nobody any more; `acts`: what happened to the
    case, newest first."""

    row: CaseRow
    contact: str
    claimed: str
    number: str
    messages: tuple[Said, ...]
    documents: tuple[DocumentRow, ...]
    decisions: tuple[DecisionRow, ...]
    account: AccountSeen | None
    prospect: Decision | Refused
    promised: Ms
    carried: bool
    stranded: bool
    acts: tuple[TrailRow, ...]


async def queue(
    desk: Desk, who: Operator, wanted: Filter, after: tuple[Ms, Id] | None = None
) -> Page | Refused:
    """One page of the queue, the most urgent first. Refusals: right_missing."""
    if not who.may(Right.SEE_QUEUE):
        return Refused(RIGHT_MISSING)
    asked = case_queue.page(
        after or _START,
        PAGE + 1,
        kind=wanted.kind,
        state=wanted.state,
        assignee=wanted.assignee,
        second=wanted.second,
    )
    (found,) = await desk.engine.read(asked)
    rows = cases.rows(found)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    follows = (last.due_at or 0, last.id) if last is not None else None
    return Page(tuple(_summary(desk, row) for row in rows[:PAGE]), follows)


def _summary(desk: Desk, row: CaseRow) -> Summary:
    about = casefiles.claimed(desk, row) or casefiles.number(desk, row) or ""
    return Summary(
        row.id,
        row.reference,
        row.kind,
        row.state,
        row.opened_at,
        row.due_at,
        row.assignee,
        row.locked_by if (row.locked_until or 0) > desk.clock.now() else None,
        row.second,
        row.outcome,
        shown(about),
    )


async def search(desk: Desk, who: Operator, typed: str) -> list[Summary] | Refused:
    """By the number of a case, the last four digits of a telephone, or a mailbox. A full number is
    another matter: `search_number`. Refusals: right_missing, message_empty (none of these)."""
    if not who.may(Right.SEE_QUEUE):
        return Refused(RIGHT_MISSING)
    plain = typed.strip()
    reference = rules.reference_typed(plain)
    digits = plain.lstrip("*• ")
    asked: Query | None = None
    if "@" in plain:
        asked = cases.find(casefiles.terms(desk, [plain]), FOUND_MAX)
    elif len(digits) == casefiles.TAIL_DIGITS and digits.isascii() and digits.isdigit():
        asked = cases.find(desk.seal.indexes("tail", digits), FOUND_MAX)
    elif reference is not None:
        asked = cases.by_reference(reference)
    if asked is None:
        return Refused(MESSAGE_EMPTY)
    (found,) = await desk.engine.read(asked)
    return [_summary(desk, row) for row in cases.rows(found) if row.state != CaseState.DRAFT]


async def search_number(
    desk: Desk, caller: Caller, who: Operator, case_id: Id, number: str, reason: str
) -> list[Summary] | Refused:
    """The cases about a full number: for the sake of another case, with a reason, so many a day,
    and with a line. Refusals: right_missing, case_unknown, message_empty, message_too_long, those
    of `phone.parse`, too_many_requests."""
    if not who.may(Right.SEARCH_FULL_NUMBER):
        return Refused(RIGHT_MISSING)
    unfit = casefiles.unfit(reason)
    if unfit is not None:
        return unfit
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    now = desk.clock.now()
    key = who.actor.encode()
    found, counters = await desk.engine.read(
        cases.by_id(case_id), limits.rows([(SEARCH_OPERATOR.name, key, 0)])
    )
    row = cases.row(found)
    if row is None or row.state == CaseState.DRAFT:
        return Refused(CASE_UNKNOWN)
    counted, tally = limits.counted(counters), Tally(desk, now)
    tally.add(SEARCH_OPERATOR, (key,))
    refusal = tally.refused(counted)
    if refusal is not None:
        return refusal
    said = casefiles.said(
        desk, row.id, rules.Side.NOTE, who.login, f"{shown(phone.e164)}: {reason.strip()}", now
    )
    looked = line(caller, Act.CASE_SEARCHED, row.id, row.request_id, None, who.actor)
    refused = await desk.keep_or_refuse([*tally.writes(counted), said], [looked], now)
    if refused is not None:
        return refused
    keys = desk.seal.indexes("number", phone.e164)
    (rows,) = await desk.engine.read(cases.find(keys, FOUND_MAX))
    return [_summary(desk, each) for each in cases.rows(rows) if each.state != CaseState.DRAFT]


async def look(desk: Desk, caller: Caller, who: Operator, case_id: Id) -> CaseSeen | Refused:
    """A case with all that belongs to it; that it was opened leaves a line.
    Refusals: right_missing, case_unknown."""
    if not who.may(Right.SEE_CASE):
        return Refused(RIGHT_MISSING)
    found, said, papers, made, past = await desk.engine.read(
        cases.by_id(case_id),
        case_threads.said(case_id, MESSAGES_MAX),
        case_threads.documents_of(case_id),
        case_threads.decisions_of(case_id),
        trail.of_subject(case_id, _NEWEST, ACTS_MAX),
    )
    row = cases.row(found)
    if row is None or row.state == CaseState.DRAFT:
        return Refused(CASE_UNKNOWN)
    now = desk.clock.now()
    messages = [
        Said(
            each.id,
            each.side,
            each.author,
            None
            if each.redacted_at is not None
            else desk.seal.unseal("case_messages.body", each.id, each.body_sealed),
            each.at,
            tuple(Manner(word) for word in each.manner.split()),
        )
        for each in case_threads.messages(said)
    ]
    seen = line(caller, Act.CASE_SEEN, row.id, row.request_id, None, who.actor)
    await desk.keep([], [seen], now)
    number, claimed = casefiles.number(desk, row), casefiles.claimed(desk, row)
    contact = casefiles.contact(desk, row)
    documents, decisions = case_threads.documents(papers), case_threads.decisions(made)
    steps = [each for each in decisions if each.round == row.round]
    carrier = await approving.carrier(desk, row.account_id)
    account = await accountviews.of(desk, row, carrier, now)
    return CaseSeen(
        row,
        shown(contact) if contact else "",
        shown(claimed) if claimed else "",
        shown(number) if number else "",
        tuple(messages),
        tuple(documents),
        tuple(decisions),
        account,
        await approving.prospect(desk, row, carrier, now),
        rules.promised(casefiles.clock_of(row), desk.calendar, desk.policy),
        approving.carried(desk, documents),
        len(steps) == 1 and not await seconds.stands(desk, row, steps[0], now),
        trail.rows(past),
    )


async def page_of_document(
    desk: Desk,
    tools: Intake,
    caller: Caller,
    who: Operator,
    case_id: Id,
    document_id: Id,
    page: int,
    watermark: str,
) -> bytes | Refused:
    """One page of a document as a JPEG, burned into it the watermark with the number of the case;
    who saw it leaves a line first. Refusals: right_missing, case_unknown, document_gone."""
    if not who.may(Right.VIEW_DOCUMENT):
        return Refused(RIGHT_MISSING)
    found, papers = await desk.engine.read(cases.by_id(case_id), case_threads.documents_of(case_id))
    row = cases.row(found)
    if row is None or row.state == CaseState.DRAFT:
        return Refused(CASE_UNKNOWN)
    document = _among(case_threads.documents(papers), document_id, page)
    if document is None or document.blob is None or row.key_sealed is None:
        return Refused(DOCUMENT_GONE)
    why = f"{document_id.hex()}:{page}"
    viewed = line(caller, Act.DOCUMENT_VIEWED, row.id, row.request_id, why, who.actor)
    await desk.keep([], [viewed], desk.clock.now())
    key = intake.key_of(desk.seal, row.id, row.key_sealed)
    chunks = intake.opened(tools, key, row.id, document_id, document.blob)
    try:
        return await tools.papers.view(chunks, page, f"{watermark} · {row.reference}")
    except (Missing, Unkept, Broken, Unreadable):
        return Refused(DOCUMENT_GONE)


def _among(documents: Sequence[DocumentRow], document_id: Id, page: int) -> DocumentRow | None:
    for each in documents:
        if each.id == document_id and 0 <= page < each.pages:
            return each
    return None


def proved(row: CaseRow) -> tuple[Proof, ...]:
    """What whoever opened the case has shown."""
    found = [Proof.CODE_CONTACT] if row.contact_key is not None else []
    return (*found, Proof.CODE_NEW) if row.proved_at is not None else tuple(found)
