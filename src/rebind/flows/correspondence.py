"""correspondence: what a person adds to a case: words on its page, a letter in reply, documents.

Whoever comes here has access to the case already (`cases.by_link`, `cases.by_session`), or a letter
that carries its token. A case that was closed lately is opened again by it; one that was closed
long ago takes nothing. Each side of a case has so many messages a day (`MESSAGES_CASE`), whichever
way they come, so that a link does not bury the desk; and may try so many times to send a document
(`UPLOADS_CASE`), for each is scanned and opened, also one that is refused. A document is looked at
and cleaned before anybody sees it.
"""

from collections.abc import AsyncIterator
from hashlib import blake2b

from rebind.domain.acts import Act, Door
from rebind.domain.budget import Limit
from rebind.domain.cases import (
    DOCUMENTS_MAX,
    MESSAGE_CHARACTERS_MAX,
    CaseMove,
    CaseState,
    Side,
)
from rebind.domain.letters import Letter, Manner, Reason, Received
from rebind.domain.limits import MESSAGES_CASE, UPLOADS_CASE
from rebind.domain.refusals import (
    CASE_CLOSED,
    DOCUMENT_KIND,
    DOCUMENTS_ENOUGH,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    TRY_AGAIN,
    Refused,
)
from rebind.domain.units import MINUTE, Id, Ms
from rebind.flows.desk import casefiles, intake
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.intake import Intake
from rebind.store import case_threads, cases, limits
from rebind.store.case_threads import DocumentRow
from rebind.store.cases import CaseRow
from rebind.store.statements import Missed, Rows, Write

_TURNS = 4
"""How often a case is read anew that moves while somebody writes."""


async def write(desk: Desk, caller: Caller, access: Access, text: str) -> Refused | None:
    """Say something in a case. Refusals: message_empty, message_too_long, case_closed,
    too_many_messages (with the time)."""
    if not text.strip():
        return Refused(MESSAGE_EMPTY)
    if len(text) > MESSAGE_CHARACTERS_MAX:
        return Refused(MESSAGE_TOO_LONG)
    now = desk.clock.now()
    said = casefiles.said(desk, access.row.id, access.side, None, text.strip(), now)
    return await _added(desk, caller, access, [said], Act.CASE_WRITTEN, None, now, counts=True)


async def add_document(
    desk: Desk,
    tools: Intake,
    caller: Caller,
    access: Access,
    kind: str,
    body: AsyncIterator[bytes],
) -> Refused | None:
    """Take a document in: cleaned, encrypted under the key of the case, and only then spoken of.

    Refusals: document_kind (not one of those in force), case_closed, documents_enough (of the
    holder at once: what is sent stands on the other side's page), too_many_uploads (with the time);
    document_type, document_too_large, document_unreadable, document_infected, scanner_unavailable,
    document_not_kept, try_again (several of them at a time).
    """
    row, now = access.row, desk.clock.now()
    if kind not in desk.papers.offered:
        return Refused(DOCUMENT_KIND)
    if casefiles.move_by_person(desk, row, now) is None or row.key_sealed is None:
        return Refused(CASE_CLOSED)
    (found,) = await desk.engine.read(case_threads.documents_of(row.id))
    if access.side is not Side.PERSON or _full(found):
        return Refused(DOCUMENTS_ENOUGH)
    spent = await _tried(desk, row.id, access.side, now)
    if spent is not None:
        return spent
    document_id = desk.dice.id(now)
    key = intake.key_of(desk.seal, row.id, row.key_sealed)
    taken = await intake.take_in(tools, key, row.id, document_id, body)
    if isinstance(taken, Refused):
        return taken
    document = DocumentRow(
        id=document_id,
        kind=kind,
        media=taken.facts.media,
        pages=taken.facts.pages,
        size=taken.facts.size,
        findings=" ".join(taken.facts.findings),
        scanned=int(taken.scanned),
        blob=taken.blob,
        added_by=None,
        added_at=now,
        destroyed_at=None,
        verdict=None,
        fact=None,
        checked_by=None,
        checked_at=None,
    )
    added = case_threads.add_document(row.id, document)
    refused = await _added(desk, caller, access, [added], Act.DOCUMENT_ADDED, kind, now)
    if refused is not None:
        await intake.forget(tools, taken.blob)
    return refused


def _full(documents: Rows) -> bool:
    return len(case_threads.documents(documents)) >= DOCUMENTS_MAX


async def _added(
    desk: Desk,
    caller: Caller,
    access: Access,
    writes: list[Write],
    act: Act,
    why: str | None,
    now: Ms,
    *,
    counts: bool = False,
) -> Refused | None:
    """Keep what was added, and move the case; read anew where it moved under our hands: others may
    have sent documents while this one arrived. `counts`: it spends the budget of its side."""
    row = access.row
    for _turn in range(_TURNS):
        move = casefiles.move_by_person(desk, row, now)
        then = casefiles.moved(desk, row, move, now) if move is not None else None
        if then is None:
            return Refused(CASE_CLOSED)
        counted = await _counted(desk, MESSAGES_CASE, row.id, access.side, now) if counts else []
        if isinstance(counted, Refused):
            return counted
        actor = "holder" if row.account_id is not None and row.opening_id is None else "stranger"
        lines = [line(caller, act, row.id, row.request_id, why, actor)]
        if move is CaseMove.REOPEN:
            lines.append(line(caller, Act.CASE_REOPENED, row.id, row.request_id, None, actor))
        try:
            await desk.keep([*counted, *writes, cases.move(row, then)], lines, now)
        except Missed as missed:
            if missed.guard not in ("cases.move", "limits.count"):
                raise
        else:
            return None
        found, documents = await desk.engine.read(
            cases.by_id(row.id), case_threads.documents_of(row.id)
        )
        again = cases.row(found)
        if again is None:
            return Refused(CASE_CLOSED)
        if act is Act.DOCUMENT_ADDED and _full(documents):
            return Refused(DOCUMENTS_ENOUGH)
        row = again
    return Refused(TRY_AGAIN)


async def _counted(
    desk: Desk, limit: Limit, case_id: Id, side: Side, now: Ms
) -> list[Write] | Refused:
    """One message or document more of that side, counted; or that there were enough. A side cannot
    spend what is the other's. Refusals: too_many_messages, too_many_uploads."""
    key = case_id + side.encode()
    (found,) = await desk.engine.read(limits.rows([(limit.name, key, 0)]))
    rows, tally = limits.counted(found), Tally(desk, now)
    tally.add(limit, (key,))
    return tally.refused(rows) or tally.writes(rows)


async def _tried(desk: Desk, case_id: Id, side: Side, now: Ms) -> Refused | None:
    """Count a document by itself, before a byte of it is read: whatever becomes of it, it costs a
    scan and a child. Refusals: too_many_uploads."""
    counted = await _counted(desk, UPLOADS_CASE, case_id, side, now)
    if isinstance(counted, Refused):
        return counted
    try:
        await desk.engine.write(counted)
    except Missed:
        return Refused(UPLOADS_CASE.told, now + MINUTE)
    return None


async def receive(desk: Desk, letter: Letter, case_id: Id, mark: bytes) -> Received:
    """A letter in reply to one of ours. `mark` is of the address that ours went to, and says which
    side writes. What a machine wrote is no answer: that a letter came back is noted for the desk,
    other machines are left alone. A letter beyond the budget of its side is not lost: the server
    that brings it is asked to come again, as with every letter that cannot be taken now."""
    now = desk.clock.now()
    (found,) = await desk.engine.read(cases.by_id(case_id))
    row = cases.row(found)
    side = await casefiles.side_of(desk, row, mark) if row is not None else None
    if row is None or side is None or row.state == CaseState.DRAFT:
        return Received.UNKNOWN
    # The same letter has the same id, so that one that comes twice is one.
    letter_id = blake2b(letter.message_id.encode(), digest_size=16).digest()
    (before,) = await desk.engine.read(case_threads.message(case_id, letter_id))
    if case_threads.messages(before):
        return Received.DOUBLE
    caller = Caller(Door.MAIL, row.locale)
    if letter.reason is not None:
        return await _noted(desk, caller, row, letter, letter_id, now)
    body = desk.seal.seal("case_messages.body", letter_id, letter.text[:MESSAGE_CHARACTERS_MAX])
    said = case_threads.say(case_id, letter_id, side, None, body, now, _manner(letter))
    access = Access(row, side)
    act = Act.CASE_WRITTEN
    refused = await _added(desk, caller, access, [said], act, "mail", now, counts=True)
    if refused is None:
        return Received.TAKEN
    return Received.CLOSED if refused.refusal is CASE_CLOSED else Received.TRY_LATER


def _manner(letter: Letter) -> str:
    """How it came, as the desk is told beside its words."""
    came = {
        Manner.MAIL: True,
        Manner.FROM_OTHER: letter.from_other,
        Manner.ATTACHED: letter.attachments > 0,
        Manner.CUT: letter.cut or len(letter.text) > MESSAGE_CHARACTERS_MAX,
    }
    return " ".join(manner for manner, so in came.items() if so)


async def _noted(
    desk: Desk, caller: Caller, row: CaseRow, letter: Letter, letter_id: Id, now: Ms
) -> Received:
    """What a machine has answered. Nobody waits for what it says: beyond the budget it is taken and
    forgotten."""
    if letter.reason is not Reason.BOUNCED:
        return Received.TAKEN
    counted = await _counted(desk, MESSAGES_CASE, row.id, Side.BOUNCE, now)
    if isinstance(counted, Refused):
        return Received.TAKEN
    text = letter.text[:MESSAGE_CHARACTERS_MAX] or letter.subject
    body = desk.seal.seal("case_messages.body", letter_id, text)
    note = case_threads.say(row.id, letter_id, Side.BOUNCE, None, body, now)
    said = line(caller, Act.CASE_BOUNCED, row.id, row.request_id)
    try:
        await desk.keep([*counted, note, cases.bounced(row.id, now)], [said], now)
    except Missed:
        return Received.TRY_LATER
    return Received.TAKEN
