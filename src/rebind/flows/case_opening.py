"""case_opening: the desk opens a case for somebody who telephones or stands at the counter.

It saves them the typing and nothing else. What is written stays a draft that nobody reads, until
the person has followed the link in a letter to their mailbox, added what is missing, typed the new
number themselves (nobody at the desk can choose one) and answered the same codes as everybody. So
it proves no less than a case of their own. Refuses to look an account up for whoever opens: known
and unknown are the same, and cost the same. Neighbours: `cases.py` is where people write
themselves, and what makes a case of the draft (rows S1 and S2); `domain/operators.py::confirms`
keeps whoever opened it from being the second who decides.
"""

import msgspec

from rebind.domain import mailbox
from rebind.domain.acts import Act
from rebind.domain.cases import CaseKind, CaseState, Side
from rebind.domain.limits import OPEN_MAILBOX, OPEN_OPERATOR
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import (
    CASE_DRAFT_OVER,
    CASE_UNKNOWN,
    MESSAGE_TOO_LONG,
    RIGHT_MISSING,
    Refused,
)
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import casefiles, caseviews, codes, drafting, tokens, views
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.casefiles import Wish
from rebind.flows.desk.caseviews import MessageView
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.views import RequestView
from rebind.store import case_threads, cases, limits, outbox
from rebind.store.cases import CaseRow
from rebind.store.outbox import Lane, Parcel

_DRAFT = "draft"
"""For what its link is made: it opens the draft, and never the case that becomes of it."""

_MESSAGES_MAX = 50


class Heard(msgspec.Struct, frozen=True):
    """What somebody at the desk writes down, as typed. `text`: what it is about, in the words of
    the person; `locale`: their language; `claimed`: whose account it is, a number or a mailbox."""

    kind: CaseKind
    text: str
    contact: str
    locale: str
    claimed: str = ""


class DraftView(msgspec.Struct, frozen=True):
    """What the desk wrote, as the person sees it who is to confirm it before `until`. `wants`: a
    number is to be typed."""

    reference: str
    kind: str
    contact: str
    claimed: str
    wants: bool
    messages: tuple[MessageView, ...]
    until: Ms
    link: str


async def write_down(desk: Desk, caller: Caller, who: Operator, heard: Heard) -> str | Refused:
    """Open a case for a person, as a draft; a letter with a link leaves to their mailbox. Returns
    the number of the case, to be told to them. What is typed says nothing of any account, and no
    account is looked up.

    Refusals: right_missing, message_empty, message_too_long, case_kind, email_malformed, those of
    `phone.parse`, too_many_requests.
    """
    if not who.may(Right.OPEN_CASE_FOR_PERSON):
        return Refused(RIGHT_MISSING)
    wish = _understood(desk, caller, heard)
    if isinstance(wish, Refused):
        return wish
    now = desk.clock.now()
    keys = desk.seal.indexes("email", mailbox.canonical(wish.contact or ""))
    places = [(OPEN_OPERATOR.name, who.actor.encode(), 0)]
    places += [(OPEN_MAILBOX.name, key, 0) for key in keys]
    (counters,) = await desk.engine.read(limits.rows(places))
    counted, tally = limits.counted(counters), Tally(desk, now)
    tally.add(OPEN_OPERATOR, (who.actor.encode(),))
    tally.add(OPEN_MAILBOX, keys)
    spent = tally.refused(counted)
    if spent is not None:
        return spent
    case_id, reference = desk.dice.id(now), casefiles.reference(desk)
    wish = msgspec.structs.replace(wish, opened_by=who.login)
    writes = [
        *tally.writes(counted),
        *casefiles.opened(desk, case_id, wish, CaseState.DRAFT, now, reference),
        casefiles.said(desk, case_id, Side.PERSON, who.login, heard.text.strip(), now),
        outbox.put([_letter(desk, case_id, reference, wish, now)]),
    ]
    drafted = line(caller, Act.CASE_DRAFTED, case_id, None, heard.kind, who.actor)
    return await desk.keep_or_refuse(writes, [drafted], now) or reference


def _understood(desk: Desk, caller: Caller, heard: Heard) -> Wish | Refused:
    """What was typed. Which number the account is to have, is not among it."""
    unfit = drafting.unfit(heard.text)
    if unfit is not None:
        return Refused(unfit)
    wish = drafting.wish(heard.kind, heard.locale, heard.contact)
    if isinstance(wish, Refused):
        return wish
    home = desk.policy.home_by_language.get(heard.locale, caller.home)
    return drafting.claimed(desk, wish, heard.claimed, home)


def _until(desk: Desk, opened_at: Ms) -> Ms:
    """How long a draft can be confirmed that was opened then."""
    return opened_at + desk.policy.case_confirm_d * DAY


def _letter(desk: Desk, case_id: Id, reference: str, wish: Wish, now: Ms) -> Parcel:
    """The link, to the mailbox of the person and to nobody else; nothing of what was written, for
    the mailbox may be mistyped. It is of use as long as its link leads on."""
    contact, until = wish.contact or "", _until(desk, now)
    return codes.parcel(
        desk,
        lane=Lane.NOTICE,
        message="case_drafted",
        channel="mail",
        to=contact,
        address_key=desk.seal.index("email", mailbox.canonical(contact)),
        locale=wish.locale,
        params={
            "reference": reference,
            "draft": tokens.case_link(desk.seal, case_id, _DRAFT),
            "until": str(until),
        },
        account_id=case_id,
        request_id=None,
        now=now,
        expires_at=until,
    )


async def look(desk: Desk, link: str) -> DraftView | Refused:
    """What the desk has written down. Refusals: case_unknown (no link of ours), case_draft_over
    (too old, or a case by now)."""
    row = await _draft(desk, link)
    if isinstance(row, Refused):
        return row
    (said,) = await desk.engine.read(case_threads.said(row.id, _MESSAGES_MAX))
    claimed = casefiles.claimed(desk, row)
    return DraftView(
        row.reference,
        row.kind,
        views.shown(casefiles.contact(desk, row) or ""),
        views.shown(claimed) if claimed else "",
        row.kind in drafting.WITH_NUMBER,
        tuple(caseviews.message(desk, each, Side.PERSON) for each in case_threads.messages(said)),
        _until(desk, row.opened_at),
        link,
    )


async def take_up(
    desk: Desk, caller: Caller, link: str, number: str, text: str
) -> RequestView | Refused:
    """The person goes on with it: types the number, where one is wanted, adds what they like, and
    codes leave. Whoever begins again begins anew: the newest request alone makes a case of it.

    Refusals: case_unknown, case_draft_over, message_too_long, case_kind, those of `phone.parse`;
    too_many_codes, too_many_requests, work_invalid.
    """
    row = await _draft(desk, link)
    if isinstance(row, Refused):
        return row
    added = text.strip()
    if added and drafting.unfit(added) is not None:
        return Refused(MESSAGE_TOO_LONG)
    contact, claimed = casefiles.contact(desk, row), casefiles.claimed(desk, row)
    written = Wish(CaseKind(row.kind), row.locale, contact=contact, claimed=claimed)
    wish = drafting.numbered(desk, written, number, caller.home)
    if isinstance(wish, Refused):
        return wish
    now = desk.clock.now()
    asked = await drafting.ask(desk, caller, row.id, wish, now)
    if isinstance(asked, Refused):
        return asked
    writes = [*asked.writes, casefiles.taken_up(desk, row.id, asked.view.id, asked.wish)]
    if added:
        writes.append(casefiles.said(desk, row.id, Side.PERSON, None, added, now))
    refused = await desk.keep_or_refuse(writes, [asked.begun], now)
    return refused or asked.view


async def _draft(desk: Desk, link: str) -> CaseRow | Refused:
    """The draft that a link opens, while it can be confirmed."""
    case_id = tokens.linked_case(link)
    if case_id is None or not tokens.case_linked_to(desk.seal, link, _DRAFT):
        return Refused(CASE_UNKNOWN)
    (found,) = await desk.engine.read(cases.by_id(case_id))
    row = cases.row(found)
    if row is None or row.state != CaseState.DRAFT:
        return Refused(CASE_DRAFT_OVER)
    if _until(desk, row.opened_at) <= desk.clock.now():
        return Refused(CASE_DRAFT_OVER)
    return row
