"""casework: what the support desk does to a case. It answers, asks, notes, looks, and decides by
two different people.

Nobody here reads a code, sets a password, chooses a number or moves one: an approval is evidence
for the rule (`approving`), and time does the rest. Each act is guarded by the case as it was read,
so that of fifty who decide at once one counts. Who may do what: `domain/operators.py`; the door
asks, and each flow asks again. Neighbour: `casebook.py` reads.
"""

from collections.abc import Sequence

from rebind.domain.acts import Act
from rebind.domain.cases import (
    ANSWERED_TO,
    CaseKind,
    CaseMove,
    CaseState,
    DocumentVerdict,
    Fact,
    Reason,
    Side,
)
from rebind.domain.operators import Operator, Right, Role
from rebind.domain.refusals import (
    CASE_CLOSED,
    CASE_KIND,
    CASE_LOCKED,
    CASE_MOVED,
    CASE_UNKNOWN,
    DOCUMENT_GONE,
    DOCUMENT_MISSING,
    DOCUMENT_UNSEEN,
    OPERATOR_UNKNOWN,
    RIGHT_MISSING,
    Refused,
)
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import casefiles
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.store import case_threads, cases, operators, outbox, trail
from rebind.store.cases import CaseRow
from rebind.store.outbox import Parcel
from rebind.store.statements import Missed, Write

FIRST, SECOND_STEP = 1, 2
"""The two steps of a decision."""


async def _case(desk: Desk, who: Operator, right: Right, case_id: Id) -> CaseRow | Refused:
    """The case, for somebody with that right, while nobody else is answering it."""
    if not who.may(right):
        return Refused(RIGHT_MISSING)
    (found,) = await desk.engine.read(cases.by_id(case_id))
    row = cases.row(found)
    if row is None or row.state == CaseState.DRAFT:
        return Refused(CASE_UNKNOWN)
    now = desk.clock.now()
    if row.locked_by not in (None, who.login) and (row.locked_until or 0) > now:
        return Refused(CASE_LOCKED, row.locked_until)
    return row


async def _keep(
    desk: Desk,
    caller: Caller,
    who: Operator,
    row: CaseRow,
    writes: Sequence[Write],
    *acts: tuple[Act, str | None],
) -> Refused | None:
    """Keep one batch with its lines, the operator as the actor."""
    now = desk.clock.now()
    lines = [line(caller, act, row.id, row.request_id, why, who.actor) for act, why in acts]
    try:
        await desk.keep(writes, lines, now)
    except Missed:
        return Refused(CASE_MOVED)
    return None


async def take(desk: Desk, caller: Caller, who: Operator, case_id: Id) -> Refused | None:
    """Keep a case for oneself while one answers it; again before the time is over keeps it longer.
    Refusals: right_missing, case_unknown, case_locked (with the time)."""
    row = await _case(desk, who, Right.LOCK, case_id)
    if isinstance(row, Refused):
        return row
    now = desk.clock.now()
    until = now + desk.policy.case_lock_s * SECOND
    kept = line(caller, Act.CASE_KEPT, row.id, row.request_id, None, who.actor)
    try:
        await desk.keep([cases.lock(row.id, who.login, until, now)], [kept], now)
    except Missed:
        return Refused(CASE_LOCKED, until)
    return None


async def release(desk: Desk, caller: Caller, who: Operator, case_id: Id) -> Refused | None:
    """Give a case back that one keeps, before the time is over. Whoever keeps it is the only one
    who can; nothing happens where nobody does. Refusals: right_missing, case_unknown, case_locked
    (somebody else keeps it), case_moved."""
    row = await _case(desk, who, Right.LOCK, case_id)
    if isinstance(row, Refused) or row.locked_by != who.login:
        return row if isinstance(row, Refused) else None
    given = cases.release(row.id, who.login)
    return await _keep(desk, caller, who, row, [given], (Act.CASE_LET_GO, None))


async def assign(
    desk: Desk, caller: Caller, who: Operator, case_id: Id, to: str | None
) -> Refused | None:
    """Give a case to somebody at the desk, to oneself, or back to the queue (None); whoever gives
    it away keeps it no longer. Refusals: right_missing, case_unknown, case_locked,
    operator_unknown, case_moved."""
    row = await _case(desk, who, Right.ASSIGN, case_id)
    if isinstance(row, Refused):
        return row
    if to is not None:
        (found,) = await desk.engine.read(operators.by_login(to))
        there = operators.row(found)
        if there is None or there.disabled_at is not None or there.role not in _DESK:
            return Refused(OPERATOR_UNKNOWN)
    assigned = cases.assign(row.id, row.version, to)
    refused = await _keep(desk, caller, who, row, [assigned], (Act.CASE_ASSIGNED, to))
    if refused is None and to != who.login:
        await casefiles.let_go(desk, row, who.login)
    return refused


_DESK = frozenset({Role.OPERATOR, Role.SUPERVISOR})


async def answer(
    desk: Desk,
    caller: Caller,
    who: Operator,
    case_id: Id,
    text: str,
    *,
    asks: bool = False,
    to: Side = Side.DESK,
) -> Refused | None:
    """Say something to one side of a case, and keep it no longer; `asks`: it is their turn then,
    and the clock stands still. Refusals: right_missing, case_unknown, case_locked, message_empty,
    message_too_long, case_kind (there is no such side), case_moved, case_closed."""
    row = await _case(desk, who, Right.WRITE_ANSWER, case_id)
    if isinstance(row, Refused):
        return row
    refused = casefiles.unfit(text) or _not_heard(row, to)
    if refused is not None:
        return refused
    now = desk.clock.now()
    then = casefiles.moved(desk, row, CaseMove.ASK if asks else CaseMove.ANSWER, now)
    if then is None:
        return Refused(CASE_CLOSED)
    said = casefiles.said(desk, row.id, to, who.login, text.strip(), now)
    told = await _told(desk, then, to, text.strip(), now)
    writes = [cases.move(row, then), said, *([outbox.put(told)] if told else [])]
    act = (Act.CASE_ANSWERED, "asked" if asks else None)
    refused = await _keep(desk, caller, who, row, writes, act)
    if refused is None:
        await casefiles.let_go(desk, row, who.login)
    return refused


async def _told(desk: Desk, row: CaseRow, to: Side, text: str, now: Ms) -> list[Parcel]:
    """The answer, to where that side is told."""
    case = casefiles.Named(row.id, row.reference, row.locale)
    waits = row.state == CaseState.WAITING and row.due_at is not None
    by = desk.calendar.local_day(row.due_at).isoformat() if waits and row.due_at else ""
    params = {"text": text, "reply_by": by}
    side = ANSWERED_TO[to]
    return [
        casefiles.told(desk, case, side, _ANSWERED, channel, address, params, now)
        for channel, address in await casefiles.addresses(desk, row, side)
    ]


def _not_heard(row: CaseRow, to: Side) -> Refused | None:
    """There is a holder's side only where a holder has stopped something: its letters carry the
    link by which one speaks as the holder."""
    sides = ANSWERED_TO if row.kind == CaseKind.CONTESTED else (Side.DESK,)
    return None if to in sides else Refused(CASE_KIND)


async def note(desk: Desk, caller: Caller, who: Operator, case_id: Id, text: str) -> Refused | None:
    """Write something that only the desk reads. Refusals: right_missing, case_unknown,
    case_locked, message_empty, message_too_long."""
    row = await _case(desk, who, Right.WRITE_NOTE, case_id)
    if isinstance(row, Refused):
        return row
    refused = casefiles.unfit(text)
    if refused is not None:
        return refused
    now = desk.clock.now()
    noted = casefiles.said(desk, row.id, Side.NOTE, who.login, text.strip(), now)
    return await _keep(desk, caller, who, row, [noted], (Act.CASE_NOTED, None))


async def redact(
    desk: Desk, caller: Caller, who: Operator, case_id: Id, message_id: Id
) -> Refused | None:
    """Take the words of a message away, for what should never have been sent: a password, a card
    number. A letter with these words that has not left yet stays here. Nobody takes away what they
    have said themselves.

    Refusals: right_missing, case_unknown, case_locked, case_moved."""
    row = await _case(desk, who, Right.REDACT, case_id)
    if isinstance(row, Refused):
        return row
    (found,) = await desk.engine.read(case_threads.message(row.id, message_id))
    messages, now = case_threads.messages(found), desk.clock.now()
    if any(each.author == who.login for each in messages):
        return Refused(RIGHT_MISSING)
    empty = desk.seal.seal("case_messages.body", message_id, "")
    writes = [
        case_threads.redact(row.id, message_id, empty, now),
        *(outbox.recall(row.id, _ANSWERED, each.at, "redacted", now) for each in messages),
    ]
    return await _keep(desk, caller, who, row, writes, (Act.CASE_REDACTED, message_id.hex()))


_ANSWERED = "case_answered"
"""The letter with an answer of the desk."""


async def check_document(
    desk: Desk,
    caller: Caller,
    who: Operator,
    case_id: Id,
    document_id: Id,
    verdict: DocumentVerdict,
    fact: Fact | None,
) -> Refused | None:
    """Say what a document shows: all that remains of it in the end. `fact`: what was stored at
    least 30 days before the case and which it matches. Whoever says so has looked at it themselves:
    a page of it was opened for them. What a decision rests on stays as it is.

    Refusals: right_missing, case_unknown, case_locked, case_closed, document_gone, document_unseen,
    document_missing (it cannot show that), case_moved."""
    row = await _case(desk, who, Right.CHECK_DOCUMENT, case_id)
    if isinstance(row, Refused):
        return row
    if row.state in _ENDED:
        return Refused(CASE_CLOSED)
    found, seen = await desk.engine.read(
        case_threads.documents_of(row.id),
        trail.done_by(row.id, Act.DOCUMENT_VIEWED, who.actor, document_id.hex()),
    )
    documents = {each.id: each for each in case_threads.documents(found)}
    document = documents.get(document_id)
    if document is None or document.destroyed_at is not None:
        return Refused(DOCUMENT_GONE)
    if not seen:
        return Refused(DOCUMENT_UNSEEN)
    matches = verdict is DocumentVerdict.MATCHES
    if matches != (fact is not None) or (
        fact is not None and fact not in desk.papers.shows(document.kind)
    ):
        return Refused(DOCUMENT_MISSING)
    now = desk.clock.now()
    checked = case_threads.check(row.id, document_id, verdict, fact, who.login, now)
    return await _keep(
        desk,
        caller,
        who,
        row,
        [cases.touch(row.id, row.version), checked],
        (Act.DOCUMENT_CHECKED, f"{verdict}:{document_id.hex()}"),
    )


async def close(
    desk: Desk, caller: Caller, who: Operator, case_id: Id, reason: Reason
) -> Refused | None:
    """End a case that needs no decision. Refusals: right_missing, case_unknown, case_locked,
    case_kind (a contested request wants one), case_closed, case_moved (so does what was proposed:
    one alone does not take it from the second)."""
    row = await _case(desk, who, Right.WRITE_ANSWER, case_id)
    if isinstance(row, Refused):
        return row
    if row.kind in _DECIDED_ONLY and row.outcome is None:
        return Refused(CASE_KIND)
    if row.second is not None:
        return Refused(CASE_MOVED)
    now = desk.clock.now()
    then = casefiles.moved(desk, row, CaseMove.CLOSE, now)
    if then is None:
        return Refused(CASE_CLOSED)
    act = (Act.CASE_CLOSED, reason)
    refused = await _keep(desk, caller, who, row, [cases.move(row, then)], act)
    if refused is None:
        await casefiles.let_go(desk, row, who.login)
    return refused


_DECIDED_ONLY = frozenset({CaseKind.CONTESTED, CaseKind.FROZEN})
_ENDED = frozenset({CaseState.DECIDED, CaseState.CLOSED})
