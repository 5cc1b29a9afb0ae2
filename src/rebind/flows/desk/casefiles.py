"""Case files: how a case is begun, moved and spoken of, as values for a flow's batch.

What journeys, time, the person and the desk do to a case goes through here, so that its deadline
follows from its moments wherever they come from. Refuses nothing by itself: whether somebody may is
their flow's.
"""

from contextlib import suppress

import msgspec

from rebind.domain import cases as rules
from rebind.domain import mailbox
from rebind.domain.cases import CaseKind, CaseMove, CaseState, Clock, Side, Verdict
from rebind.domain.refusals import MESSAGE_EMPTY, MESSAGE_TOO_LONG, Refused
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import codes, hearing, intake, tokens
from rebind.flows.desk.desk import Desk
from rebind.store import accounts, case_drafts, case_threads, cases, emails
from rebind.store.cases import CaseRow
from rebind.store.outbox import Lane, Parcel
from rebind.store.statements import Missed, Write

TAIL_DIGITS = 4
"""By so many last digits the desk finds a case: what a person reads out on the telephone."""


class Named(msgspec.Struct, frozen=True):
    """What a message about a case has to know of it."""

    id: Id
    reference: str
    locale: str


class Access(msgspec.Struct, frozen=True):
    """A case, and which side of it has come."""

    row: CaseRow
    side: Side


class Wish(msgspec.Struct, frozen=True):
    """What a case is opened with. `claimed` is the number or mailbox by which the person says whose
    account it is, `contact` where answers go, `number` what the account is to have; `opened_by`
    the login of whoever at the desk opens it for a person."""

    kind: CaseKind
    locale: str
    account_id: Id | None = None
    request_id: Id | None = None
    opening_id: Id | None = None
    contact: str | None = None
    claimed: str | None = None
    number: str | None = None
    region: str | None = None
    opened_by: str | None = None


def reference(desk: Desk) -> str:
    """A number for a new case."""
    return rules.reference_of(desk.dice.secret())


def opened(
    desk: Desk, case_id: Id, wish: Wish, state: CaseState, now: Ms, called: str | None = None
) -> list[Write]:
    """A new case with the key of its documents. `called`: its number, where that was told."""
    seal = desk.seal
    contact, claimed, number = wish.contact, wish.claimed, wish.number
    row = CaseRow(
        id=case_id,
        reference=called or reference(desk),
        kind=wish.kind,
        state=state,
        version=1,
        round=1,
        locale=wish.locale,
        account_id=wish.account_id,
        request_id=wish.request_id,
        opening_id=wish.opening_id,
        opened_by=wish.opened_by,
        opened_at=now,
        due_at=rules.due_at(state, Clock(now), desk.calendar, desk.policy),
        answered_at=None,
        waiting_since=None,
        pauses="",
        decided_at=None,
        outcome=None,
        closed_at=None,
        assignee=None,
        locked_by=None,
        locked_until=None,
        second=None,
        contact_key=seal.index("email", mailbox.canonical(contact)) if contact else None,
        contact_sealed=seal.seal("cases.contact", case_id, contact) if contact else None,
        bounced_at=None,
        claimed_key=seal.index(*_named(claimed)) if claimed else None,
        claimed_sealed=seal.seal("cases.claimed", case_id, claimed) if claimed else None,
        number_key=seal.index("number", number) if number else None,
        number_sealed=seal.seal("cases.number", case_id, number) if number else None,
        region=wish.region,
        proved_at=None,
        key_sealed=intake.new_key(desk.dice, seal, case_id),
    )
    return [cases.open_case(row)]


def taken_up(desk: Desk, case_id: Id, opening_id: Id, wish: Wish) -> Write:
    """The person goes on with what the desk has written in their name, by that request: only now
    it has a number, and an account that it may be about."""
    key = sealed = None
    if wish.number is not None:
        key = desk.seal.index("number", wish.number)
        sealed = desk.seal.seal("cases.number", case_id, wish.number)
    return case_drafts.take_up(case_id, opening_id, wish.account_id, key, sealed, wish.region)


def found_by(desk: Desk, case_id: Id, *names: str | None) -> list[Write]:
    """Let a case be found by these numbers and mailboxes. A draft is not."""
    return cases.add_terms(case_id, terms(desk, [name for name in names if name]))


def _named(name: str) -> tuple[str, str]:
    """The index of a number or a mailbox, and what goes into it."""
    return ("email", mailbox.canonical(name)) if "@" in name else ("number", name)


def terms(desk: Desk, names: list[str]) -> list[bytes]:
    """By what somebody at the desk finds a case: under every live index key."""
    found = list[bytes]()
    for name in names:
        found += desk.seal.indexes(*_named(name))
        if "@" not in name:
            found += desk.seal.indexes("tail", name[-TAIL_DIGITS:])
    return found


def clock_of(row: CaseRow) -> Clock:
    """The moments of a case."""
    return Clock(
        row.opened_at,
        row.answered_at,
        row.waiting_since,
        row.decided_at,
        rules.pauses_of(row.pauses),
    )


def state_of(row: CaseRow) -> CaseState:
    """Where a case stands."""
    return CaseState(row.state)


def moved(desk: Desk, row: CaseRow, move: CaseMove, now: Ms) -> CaseRow | None:
    """The case after a move, with its clock and its deadline; None where it cannot make it."""
    state = rules.after(state_of(row), move)
    if state is None:
        return None
    clock, since = clock_of(row), _stands_still_since(row)
    if since is not None and (state != row.state or state is CaseState.WAITING):
        clock = msgspec.structs.replace(clock, pauses=rules.paused(clock, since, now))
    clock = msgspec.structs.replace(
        clock,
        waiting_since=now if state is CaseState.WAITING else None,
        answered_at=clock.answered_at or (now if move in _ANSWERS else None),
        decided_at=now if move is CaseMove.DECIDE else clock.decided_at,
    )
    return msgspec.structs.replace(
        row,
        state=state,
        due_at=rules.due_at(state, clock, desk.calendar, desk.policy),
        answered_at=clock.answered_at,
        waiting_since=clock.waiting_since,
        pauses=rules.pauses_text(clock.pauses),
        decided_at=clock.decided_at,
        closed_at=now if state is CaseState.CLOSED else None,
        # What was decided stays so; what was said since is decided by two people as the first was.
        round=row.round + (row.state in _ENDED and state not in _ENDED),
        second=None if state is CaseState.CLOSED else row.second,
    )


def _stands_still_since(row: CaseRow) -> Ms | None:
    """Since when the desk has had nothing to do; None where it has."""
    match state_of(row):
        case CaseState.WAITING:
            return row.waiting_since
        case CaseState.DECIDED:
            return row.decided_at
        case CaseState.CLOSED:
            return row.closed_at
        case _:
            return None


def move_by_person(desk: Desk, row: CaseRow, now: Ms) -> CaseMove | None:
    """What writing does to a case; None where it is closed for good."""
    if row.closed_at is None:
        return CaseMove.WRITE
    return CaseMove.REOPEN if now - row.closed_at < desk.policy.case_reopen_d * DAY else None


async def addresses(desk: Desk, row: CaseRow, side: Side) -> list[tuple[str, str]]:
    """(channel, address) where that side of a case is told: the contact; of a case from inside an
    account its mailboxes, or its number where it has none; of a contested request each side where
    the other does not read."""
    if row.kind == CaseKind.CONTESTED:
        heard = await hearing.of(desk, row)
        return heard.holder if side is Side.HOLDER else heard.person
    to = contact(desk, row)
    if to is not None:
        return [("mail", to)]
    if row.account_id is None:
        return []
    mails, history = await desk.engine.read(
        emails.of_account(row.account_id, desk.clock.now()), accounts.history(row.account_id, 1)
    )
    live = [mail for mail in emails.rows(mails) if mail.removed_at is None]
    if live:
        return [
            ("mail", desk.seal.unseal("emails.address", mail.id, mail.address_sealed))
            for mail in live
        ]
    return [
        ("sms", desk.seal.unseal("bindings.number", place, binding.number_sealed))
        for binding in accounts.bindings(history)
        if (place := accounts.place_of(row.account_id, binding.version))
    ]


def from_inside(row: CaseRow) -> bool:
    """Whether it was opened by a session of its account: what others wrote about the account is
    not the account's to read."""
    opened_by_person = row.kind in rules.OPENED_BY_PEOPLE
    return row.opening_id is None and row.opened_by is None and opened_by_person


async def contested(desk: Desk, account_id: Id, request_id: Id, side: Side) -> str | None:
    """What the link carries by which one side is heard in the case of a request that was stopped;
    None where there is none, or it was begun again since."""
    (found,) = await desk.engine.read(cases.of_account(account_id, _LATEST))
    for row in cases.rows(found):
        if row.request_id == request_id and row.kind == CaseKind.CONTESTED:
            return tokens.case_link(desk.seal, row.id, side)
    return None


_LATEST = 50
"""Cases of an account among which that one is looked for."""


async def side_of(desk: Desk, row: CaseRow, mark: bytes) -> Side | None:
    """Which side of a case reads the address of that mark; None: neither any more."""
    side = Side.HOLDER if row.kind == CaseKind.CONTESTED else Side.PERSON
    for channel, address in await addresses(desk, row, side):
        if channel == "mail" and tokens.is_mark_of(desk.seal, mark, row.id, address):
            return side
    return None


async def let_go(desk: Desk, row: CaseRow, login: str) -> None:
    """Give back what somebody at the desk kept while they wrote: what they did says so already."""
    if row.locked_by == login:
        with suppress(Missed):
            await desk.engine.write([cases.release(row.id, login)])


def outcome(row: CaseRow, verdict: Verdict, request_id: Id | None) -> CaseRow:
    """The case as it was decided; `request_id` is what the decision has begun."""
    return msgspec.structs.replace(
        row, outcome=verdict, second=None, request_id=request_id or row.request_id
    )


_ANSWERS = frozenset({CaseMove.ANSWER, CaseMove.ASK, CaseMove.DECIDE})
_ENDED = frozenset({CaseState.DECIDED, CaseState.CLOSED})


def contact(desk: Desk, row: CaseRow) -> str | None:
    """Where answers go, for a case that was opened signed out."""
    if row.contact_sealed is None:
        return None
    return desk.seal.unseal("cases.contact", row.id, row.contact_sealed)


def claimed(desk: Desk, row: CaseRow) -> str | None:
    """By what the person says whose account it is."""
    if row.claimed_sealed is None:
        return None
    return desk.seal.unseal("cases.claimed", row.id, row.claimed_sealed)


def number(desk: Desk, row: CaseRow) -> str | None:
    """The number that the account is to have."""
    if row.number_sealed is None:
        return None
    return desk.seal.unseal("cases.number", row.id, row.number_sealed)


def unfit(text: str) -> Refused | None:
    """Why this is no message. Refusals: message_empty, message_too_long."""
    if not text.strip():
        return Refused(MESSAGE_EMPTY)
    return Refused(MESSAGE_TOO_LONG) if len(text) > rules.MESSAGE_CHARACTERS_MAX else None


def said(desk: Desk, case_id: Id, side: Side, author: str | None, text: str, now: Ms) -> Write:
    """A message of the thread."""
    message_id = desk.dice.id(now)
    body = desk.seal.seal("case_messages.body", message_id, text)
    return case_threads.say(case_id, message_id, side, author, body, now)


def told(
    desk: Desk,
    case: Named,
    side: Side,
    message: str,
    channel: str,
    to: str,
    params: dict[str, str],
    now: Ms,
) -> Parcel:
    """A message about a case to one address, with the link for that side of it; a letter carries
    the token by which an answer finds the case."""
    by_mail = channel == "mail"
    key = desk.seal.index(*_named(to))
    return codes.parcel(
        desk,
        lane=Lane.NOTICE,
        message=message,
        channel=channel,
        to=to,
        address_key=key,
        locale=case.locale,
        params={
            "reference": case.reference,
            "case": tokens.case_link(desk.seal, case.id, side),
            "reply": tokens.reply_token(desk.seal, case.id, to) if by_mail else "",
            **params,
        },
        account_id=case.id,
        request_id=None,
        now=now,
        expires_at=now + _TRY_FOR,
    )


_TRY_FOR = 3 * DAY
"""As long as any other notice is tried."""
