"""Case views: a case as one side of it sees it, with what it may read and nothing else.

For: the flows of people, and through them the doors. Addresses are masked; a document is only said
to be there; what two people decided and why, and who they are, is the desk's. Neighbour:
`casefiles.py` moves cases.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from rebind.domain.cases import DOCUMENTS_MAX, READ_BY, CaseState, Side
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import casefiles, tokens, views
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.desk import Desk
from rebind.store import case_threads
from rebind.store.case_threads import MessageRow

MESSAGES_MAX = 500
"""More than anybody reads; beyond it only the oldest are shown."""


class MessageView(msgspec.Struct, frozen=True):
    """One message as this side may read it. `text` is None where the words were taken away.
    `by_desk`: these are the words of this side, as somebody at the desk has written them down."""

    ours: bool
    text: str | None
    at: Ms
    by_desk: bool = False


class DocumentView(msgspec.Struct, frozen=True):
    """One document: that it is there, never what is in it."""

    kind: str
    pages: int
    at: Ms
    destroyed_at: Ms | None


class CaseView(msgspec.Struct, frozen=True):
    """A case as one side of it sees it. `answer_by`: a day by which we have promised to act;
    `reply_by`: by when the person should, or it closes; `open_until`: of a closed case, till when
    it can be opened again. `room`: how many documents it still takes from this side."""

    id: Id
    reference: str
    kind: str
    state: str
    opened_at: Ms
    messages: tuple[MessageView, ...]
    documents: tuple[DocumentView, ...]
    answer_by: date | None
    reply_by: date | None
    closed_at: Ms | None
    contact: str
    may_write: bool
    link: str
    number: str = ""
    room: int = 0
    open_until: Ms | None = None


async def whole(desk: Desk, access: Access) -> CaseView:
    """The case with its thread, as this side may read it."""
    row = access.row
    said, papers = await desk.engine.read(
        case_threads.said(row.id, MESSAGES_MAX), case_threads.documents_of(row.id)
    )
    messages = [
        message(desk, each, access.side)
        for each in case_threads.messages(said)
        if each.side in READ_BY[access.side]
    ]
    documents = [
        DocumentView(each.kind, each.pages, each.added_at, each.destroyed_at)
        for each in case_threads.documents(papers)
        if access.side is Side.PERSON
    ]
    return of(desk, access, messages, documents)


def message(desk: Desk, row: MessageRow, side: Side) -> MessageView:
    """One message that this side may read."""
    ours, text = row.side == side, None
    if row.redacted_at is None:
        text = desk.seal.unseal("case_messages.body", row.id, row.body_sealed)
    return MessageView(ours, text, row.at, ours and row.author is not None)


def of(
    desk: Desk,
    access: Access,
    messages: Sequence[MessageView] = (),
    documents: Sequence[DocumentView] = (),
) -> CaseView:
    """The case itself, with as much of its thread as was read."""
    row, state, now = access.row, casefiles.state_of(access.row), desk.clock.now()
    day = None if row.due_at is None else desk.calendar.local_day(row.due_at)
    acts = state in (CaseState.NEW, CaseState.OPEN)
    contact, number = casefiles.contact(desk, row), casefiles.number(desk, row)
    return CaseView(
        row.id,
        row.reference,
        row.kind,
        row.state,
        row.opened_at,
        tuple(messages),
        tuple(documents),
        day if acts else None,
        day if state is CaseState.WAITING else None,
        row.closed_at,
        views.shown(contact) if contact else "",
        casefiles.move_by_person(desk, row, now) is not None,
        tokens.case_link(desk.seal, row.id, access.side),
        views.shown(number) if number else "",
        max(0, DOCUMENTS_MAX - len(documents)) if access.side is Side.PERSON else 0,
        None if row.closed_at is None else row.closed_at + desk.policy.case_reopen_d * DAY,
    )
