"""cases: the support desk's conversation with a person, from the first word to the last.

Kinds, states and the one table of moves between them; who may be read by whom; when somebody must
act next. It decides nothing about an account: that is the rule's (`recover.py`), on the strength of
what two people at the desk have decided here.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from rebind.domain.calendar import Calendar
from rebind.domain.policy import Policy
from rebind.domain.units import DAY, Ms

MESSAGE_CHARACTERS_MAX = 5_000
"""A letter of two pages; what is longer is a document."""

DOCUMENTS_MAX = 12
"""Documents of one case: every page of a passport and a contract, photographed one by one."""


DOCUMENT_BYTES_MAX = 20 * 1024 * 1024
"""Of one document as it is sent: a photograph of 50 megapixels, or ten scanned pages."""


class CaseKind(StrEnum):
    """What a case is about. The value is stored and spoken."""

    LOST_ACCESS = "lost_access"  # the number is gone, and nothing else is at hand
    NUMBER_IN_USE = "number_in_use"  # my number is on somebody else's account
    NOT_ME = "not_me"  # something happened on my account that was not me
    OTHER = "other"
    CONTESTED = "contested"  # a request that somebody with standing has stopped
    FROZEN = "frozen"  # an undo that an SMS must not decide


OPENED_BY_PEOPLE = (
    CaseKind.LOST_ACCESS,
    CaseKind.NUMBER_IN_USE,
    CaseKind.NOT_ME,
    CaseKind.OTHER,
)
"""The kinds that a person may open; the others are opened by what happens."""


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"  # written, but nobody has shown yet that an answer would reach them
    NEW = "new"
    OPEN = "open"  # answered at least once; the desk is to act
    WAITING = "waiting"  # the person is to act; the clock stands still
    DECIDED = "decided"
    CLOSED = "closed"


class CaseMove(StrEnum):
    """What can happen to a case."""

    SUBMIT = "submit"  # the contact has answered its code
    ANSWER = "answer"  # the desk said something
    ASK = "ask"  # the desk wants something of the person
    WRITE = "write"  # the person said something
    DECIDE = "decide"  # two people have decided
    CLOSE = "close"
    REOPEN = "reopen"  # the person wrote within two weeks of the end


_ASKED = (CaseState.NEW, CaseState.OPEN, CaseState.WAITING)

CASE_MOVES: tuple[tuple[CaseState, CaseMove, CaseState], ...] = (
    (CaseState.DRAFT, CaseMove.SUBMIT, CaseState.NEW),
    (CaseState.NEW, CaseMove.WRITE, CaseState.NEW),
    (CaseState.OPEN, CaseMove.WRITE, CaseState.OPEN),
    (CaseState.WAITING, CaseMove.WRITE, CaseState.OPEN),
    (CaseState.DECIDED, CaseMove.WRITE, CaseState.OPEN),
    (CaseState.CLOSED, CaseMove.REOPEN, CaseState.OPEN),
    (CaseState.DECIDED, CaseMove.ANSWER, CaseState.DECIDED),
    (CaseState.DECIDED, CaseMove.CLOSE, CaseState.CLOSED),
    *((state, CaseMove.ANSWER, CaseState.OPEN) for state in _ASKED),
    *((state, CaseMove.ASK, CaseState.WAITING) for state in _ASKED),
    *((state, CaseMove.DECIDE, CaseState.DECIDED) for state in _ASKED),
    *((state, CaseMove.CLOSE, CaseState.CLOSED) for state in _ASKED),
)
_AFTER = {(before, move): after for before, move, after in CASE_MOVES}


def after(state: CaseState, move: CaseMove) -> CaseState | None:
    """Where a move leads from a state; None where there is no such move."""
    return _AFTER.get((state, move))


class Side(StrEnum):
    """Who says something to whom. Of a contested request `person` is who began it, `holder` who
    stopped it; neither reads what the other wrote."""

    PERSON = "person"
    HOLDER = "holder"
    DESK = "desk"  # to the person
    DESK_TO_HOLDER = "desk_to_holder"
    NOTE = "note"  # among people at the desk
    BOUNCE = "bounce"  # what a mail server said about a letter of ours


READ_BY: dict[Side, frozenset[Side]] = {
    Side.PERSON: frozenset({Side.PERSON, Side.DESK}),
    Side.HOLDER: frozenset({Side.HOLDER, Side.DESK_TO_HOLDER}),
}
"""What each side of a case may read. The desk reads everything."""


class Verdict(StrEnum):
    """What is decided: for whoever asked, or against."""

    FOR = "for"
    AGAINST = "against"


class Reason(StrEnum):
    """Why, from a closed list. It stays with the desk: a person is never told which of their
    details did not match."""

    DOCUMENTS_MATCH = "documents_match"
    KNOWN_FACTS_MATCH = "known_facts_match"
    HOLDER_CONFIRMED = "holder_confirmed"
    NOT_ENOUGH = "not_enough"
    DOCUMENTS_DO_NOT_MATCH = "documents_do_not_match"
    DOCUMENTS_ALTERED = "documents_altered"
    HOLDER_OBJECTS = "holder_objects"
    SUSPECTED_FRAUD = "suspected_fraud"
    NO_ANSWER = "no_answer"
    SOLVED_OTHERWISE = "solved_otherwise"


REASONS: dict[Verdict, tuple[Reason, ...]] = {
    Verdict.FOR: (Reason.DOCUMENTS_MATCH, Reason.KNOWN_FACTS_MATCH, Reason.HOLDER_CONFIRMED),
    Verdict.AGAINST: (
        Reason.NOT_ENOUGH,
        Reason.DOCUMENTS_DO_NOT_MATCH,
        Reason.DOCUMENTS_ALTERED,
        Reason.HOLDER_OBJECTS,
        Reason.SUSPECTED_FRAUD,
        Reason.NO_ANSWER,
        Reason.SOLVED_OTHERWISE,
    ),
}


class DocumentKind(StrEnum):
    """What a document is, as the person says who sends it: the kinds that are built in. Which are
    in force, and what each can show: `papers.py`."""

    IDENTITY = "identity"  # the page of a passport with the photograph
    OPERATOR_CONTRACT = "operator_contract"  # proves the number, never the account
    OPERATOR_STATEMENT = "operator_statement"
    ANOTHER = "another"


class DocumentVerdict(StrEnum):
    """What somebody at the desk found who looked at a document."""

    MATCHES = "matches"
    DOES_NOT_MATCH = "does_not_match"
    UNREADABLE = "unreadable"


class Fact(StrEnum):
    """A fact that was stored before, which a document is held against."""

    NAME = "name"
    NUMBER_HISTORY = "number_history"
    ORDERS = "orders"
    PAYMENT = "payment"
    EARLIER_DOCUMENT = "earlier_document"


ANSWERED_TO: dict[Side, Side] = {
    Side.DESK: Side.PERSON,
    Side.DESK_TO_HOLDER: Side.HOLDER,
}
"""Who reads what the desk says."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""


def reference_of(drawn: bytes) -> str:
    """The number of a case as people say it, of 50 drawn bits: `7K3M9-QXF2T`."""
    bits = int.from_bytes(drawn[:7])
    signs = [_ALPHABET[bits >> 5 * place & 31] for place in range(10)]
    return f"{''.join(signs[:5])}-{''.join(signs[5:])}"


def reference_typed(typed: str) -> str | None:
    """The number of a case as somebody typed it; None where it is none."""
    plain = typed.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    signs = [sign for sign in plain if sign not in " -"]
    if len(signs) != 10 or any(sign not in _ALPHABET for sign in signs):
        return None
    return f"{''.join(signs[:5])}-{''.join(signs[5:])}"


class Clock(msgspec.Struct, frozen=True):
    """The moments of a case from which its deadlines follow. `pauses` are the spans in which it
    was the person's turn, or in which the case was closed."""

    opened_at: Ms
    answered_at: Ms | None = None
    waiting_since: Ms | None = None
    decided_at: Ms | None = None
    pauses: tuple[tuple[Ms, Ms], ...] = ()


def due_at(state: CaseState, clock: Clock, calendar: Calendar, policy: Policy) -> Ms | None:
    """When somebody must act next: the desk by a business day (`case_answer_bd`,
    `case_decision_bd`), the person within `case_patience_d`; what is decided closes by itself.
    None where nobody has to."""
    match state:
        case CaseState.NEW:
            return calendar.due(clock.opened_at, policy.case_answer_bd)
        case CaseState.OPEN:
            return promised(clock, calendar, policy)
        case CaseState.WAITING:
            return (clock.waiting_since or clock.opened_at) + policy.case_patience_d * DAY
        case CaseState.DECIDED:
            return (clock.decided_at or clock.opened_at) + policy.case_reopen_d * DAY
        case CaseState.DRAFT | CaseState.CLOSED:
            return None


def promised(clock: Clock, calendar: Calendar, policy: Policy) -> Ms:
    """By when the person is told that there will be a decision."""
    return calendar.due_with_pauses(clock.opened_at, policy.case_decision_bd, clock.pauses)


def paused(clock: Clock, since: Ms, until: Ms) -> tuple[tuple[Ms, Ms], ...]:
    """The pauses with one more."""
    return (*clock.pauses, (since, until)) if until > since else clock.pauses


def pauses_text(pauses: Sequence[tuple[Ms, Ms]]) -> str:
    """As they are stored."""
    return " ".join(f"{since}-{until}" for since, until in pauses)


def pauses_of(text: str) -> tuple[tuple[Ms, Ms], ...]:
    """What is stored, read again."""
    pairs = (pair.split("-") for pair in text.split())
    return tuple((int(since), int(until)) for since, until in pairs)
