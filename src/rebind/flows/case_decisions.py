"""case_decisions: two different people decide a case. The first proposes; the system names the
second, a supervisor who did not open it and whom no one administrator has let in together with the
first; the second agrees or not.

What a decision leads to is written by `approving`, in the very batch that keeps the second step:
fifty who confirm at once are one. Neighbour: `casework.py`.
"""

from collections.abc import Sequence

from rebind.domain.acts import Act, Line
from rebind.domain.cases import (
    REASONS,
    CaseKind,
    CaseMove,
    CaseState,
    Reason,
    Side,
    Verdict,
)
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import (
    CASE_CLOSED,
    CASE_INCOMPLETE,
    CASE_KIND,
    CASE_LOCKED,
    CASE_MOVED,
    CASE_NOT_YOURS,
    CASE_UNKNOWN,
    DOCUMENT_MISSING,
    REAUTHENTICATION_REQUIRED,
    RIGHT_MISSING,
    Refused,
)
from rebind.domain.units import Id, Ms
from rebind.flows.desk import approving, casefiles, seconds
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.store import case_threads, cases
from rebind.store.case_threads import DecisionRow
from rebind.store.cases import CaseRow
from rebind.store.statements import Missed, Write

_FIRST, _SECOND = 1, 2
_DECIDABLE = frozenset({CaseState.NEW, CaseState.OPEN, CaseState.WAITING})


async def propose(
    desk: Desk,
    caller: Caller,
    who: Operator,
    case_id: Id,
    verdict: Verdict,
    reason: Reason,
    *,
    fresh: bool,
) -> Refused | None:
    """The first step. An approval wants a document that carries it, an account and a number that
    has answered a code, and somebody who has just proved who they are (`fresh`). It takes the place
    of a proposal that nobody can confirm any more.

    Refusals: right_missing, reauthentication_required, case_unknown, case_closed, case_kind (a
    reason that does not belong to the verdict), case_locked (with the time), case_incomplete,
    document_missing, decided_before, no_second, case_moved."""
    if not who.may(Right.PROPOSE_DECISION):
        return Refused(RIGHT_MISSING)
    if verdict is Verdict.FOR and not fresh:
        return Refused(REAUTHENTICATION_REQUIRED)
    row, made = await _read(desk, case_id)
    if row is None:
        return Refused(CASE_UNKNOWN)
    if row.state not in _DECIDABLE:
        return Refused(CASE_CLOSED)
    if reason not in REASONS[verdict]:
        return Refused(CASE_KIND)
    now = desk.clock.now()
    if row.locked_by not in (None, who.login) and (row.locked_until or 0) > now:
        return Refused(CASE_LOCKED, row.locked_until)
    before = _of_round(row, made)
    if len(before) == _SECOND or (before and await seconds.stands(desk, row, before[0], now)):
        return Refused(CASE_MOVED)
    if verdict is Verdict.FOR and row.kind == CaseKind.LOST_ACCESS:
        lacking = await _lacking(desk, row)
        if lacking is not None:
            return lacking
    second = await seconds.named(desk, who, row, verdict, now)
    if isinstance(second, Refused):
        return second
    writes = [
        cases.name_second(row.id, row.version, second),
        *(case_threads.withdraw(row.id, row.round) for _stranded in before),
        case_threads.decide(row.id, row.round, _FIRST, verdict, reason, who.login, now),
    ]
    refused = await _keep(desk, writes, _line(caller, who, row, Act.CASE_PROPOSED, verdict), now)
    if refused is None:
        # So that the second person finds it free.
        await casefiles.let_go(desk, row, who.login)
    return refused


async def confirm(
    desk: Desk,
    caller: Caller,
    who: Operator,
    case_id: Id,
    seen: int,
    reason: Reason,
    *,
    fresh: bool,
) -> Refused | None:
    """The second step: this person decides as the first did, and it is done. `seen` is the version
    of the case that they have looked at: what was written or found since, they have not weighed.
    `fresh`: they have proved who they are within the last `reauthentication_ttl_s`; a session
    alone, which may be stolen or left open, decides nothing.

    Refusals: right_missing, reauthentication_required, case_unknown, case_not_yours, case_kind,
    case_incomplete, document_missing, case_moved."""
    row, first = await _proposed(desk, who, case_id)
    if row is None or isinstance(first, Refused):
        return first if isinstance(first, Refused) else Refused(CASE_UNKNOWN)
    if row.version != seen:
        return Refused(CASE_MOVED)
    if not fresh:
        return Refused(REAUTHENTICATION_REQUIRED)
    verdict, now = Verdict(first.verdict), desk.clock.now()
    # Whoever proposed may have been caught since, and roles and invitations change.
    if not await seconds.stands(desk, row, first, now):
        return Refused(CASE_NOT_YOURS)
    if reason not in REASONS[verdict]:
        return Refused(CASE_KIND)
    if verdict is Verdict.FOR and row.kind == CaseKind.LOST_ACCESS:
        lacking = await _lacking(desk, row)
        if lacking is not None:
            return lacking
    brought = await approving.effects(desk, caller, row, verdict, now)
    if isinstance(brought, Refused):
        return brought
    then = casefiles.moved(desk, row, CaseMove.DECIDE, now)
    if then is None:
        return Refused(CASE_CLOSED)
    then = casefiles.outcome(then, verdict, brought.request_id)
    writes = [
        cases.move(row, then),
        case_threads.decide(row.id, row.round, _SECOND, verdict, reason, who.login, now),
        *brought.writes,
    ]
    lines = [_line(caller, who, row, Act.CASE_CONFIRMED, verdict), *brought.lines]
    return await _keep_all(desk, writes, lines, now)


async def reject(
    desk: Desk, caller: Caller, who: Operator, case_id: Id, text: str
) -> Refused | None:
    """The second step, the other way: the proposal is gone, the case goes on, and a note says why.
    Refusals: right_missing, case_unknown, case_not_yours, message_empty, message_too_long,
    case_moved."""
    row, first = await _proposed(desk, who, case_id)
    if row is None or isinstance(first, Refused):
        return first if isinstance(first, Refused) else Refused(CASE_UNKNOWN)
    unfit = casefiles.unfit(text)
    if unfit is not None:
        return unfit
    now = desk.clock.now()
    writes = [
        cases.name_second(row.id, row.version, None),
        case_threads.withdraw(row.id, row.round),
        casefiles.said(desk, row.id, Side.NOTE, who.login, text.strip(), now),
    ]
    return await _keep(desk, writes, _line(caller, who, row, Act.CASE_REJECTED, first.verdict), now)


async def _read(desk: Desk, case_id: Id) -> tuple[CaseRow | None, list[DecisionRow]]:
    found, made = await desk.engine.read(cases.by_id(case_id), case_threads.decisions_of(case_id))
    row = cases.row(found)
    known = row is not None and row.state != CaseState.DRAFT
    return (row if known else None), case_threads.decisions(made)


def _of_round(row: CaseRow, made: Sequence[DecisionRow]) -> list[DecisionRow]:
    return [each for each in made if each.round == row.round]


async def _proposed(
    desk: Desk, who: Operator, case_id: Id
) -> tuple[CaseRow | None, DecisionRow | Refused]:
    """The case with the proposal that waits for this very person."""
    if not who.may(Right.CONFIRM_DECISION):
        return None, Refused(RIGHT_MISSING)
    row, made = await _read(desk, case_id)
    if row is None:
        return None, Refused(CASE_UNKNOWN)
    steps = _of_round(row, made)
    if row.state not in _DECIDABLE or len(steps) != 1:
        return None, Refused(CASE_MOVED)
    return (row, steps[0]) if row.second == who.login else (None, Refused(CASE_NOT_YOURS))


async def _lacking(desk: Desk, row: CaseRow) -> Refused | None:
    """What row R4 asks for beside the two people."""
    if row.account_id is None or row.number_key is None or row.proved_at is None:
        return Refused(CASE_INCOMPLETE)
    (found,) = await desk.engine.read(case_threads.documents_of(row.id))
    carried = approving.carried(desk, case_threads.documents(found))
    return None if carried else Refused(DOCUMENT_MISSING)


def _line(caller: Caller, who: Operator, row: CaseRow, act: Act, why: str) -> Line:
    return line(caller, act, row.id, row.request_id, why, who.actor)


async def _keep(desk: Desk, writes: Sequence[Write], said: Line, now: Ms) -> Refused | None:
    return await _keep_all(desk, writes, [said], now)


async def _keep_all(
    desk: Desk, writes: Sequence[Write], lines: Sequence[Line], now: Ms
) -> Refused | None:
    try:
        await desk.keep(writes, lines, now)
    except Missed:
        return Refused(CASE_MOVED)
    return None
