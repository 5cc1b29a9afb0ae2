"""How each journey is begun over the API: which of the words of one call it takes. A word that is
of no effect in a journey is refused, so that nobody takes it for understood.
"""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import (
    BODY_MALFORMED,
    JOURNEY_NOT_OFFERED,
    NUMBER_MALFORMED,
    PROOF_NOT_OFFERED,
    Refused,
)
from rebind.domain.request import Kind
from rebind.entrypoints.api.schemas import Begin
from rebind.flows import change, enrol, recover, sign_in, undo
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.views import RequestView

_SENT_AT_ONCE = frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT})

Begun = RequestView | Refused


async def begun(desk: Desk, caller: Caller, asked: Begin) -> Begun:
    """Begin a journey that this release serves. Refusals: those of its flow; body_malformed,
    number_malformed and proof_not_offered for words that it does not take."""
    match asked.kind:
        case Kind.UNDO:
            return await _undo(desk, caller, asked)
        case Kind.SIGN_IN:
            return await _sign_in(desk, caller, asked)
        case Kind.RECOVER:
            return await _recover(desk, caller, asked)
        case Kind.ENROL | Kind.CHANGE:
            return await _with_number(desk, caller, asked)
        case _:
            return Refused(JOURNEY_NOT_OFFERED)


async def _with_number(desk: Desk, caller: Caller, asked: Begin) -> Begun:
    """Journeys that are about a new number and nothing else."""
    if asked.email is not None or asked.link is not None:
        return Refused(BODY_MALFORMED)
    if asked.number is None:
        return Refused(NUMBER_MALFORMED)
    if asked.send is not None and not _sendable(asked.kind, asked.send):
        return Refused(PROOF_NOT_OFFERED)
    if asked.kind is Kind.ENROL:
        return await enrol.begin(desk, caller, asked.number)
    return await change.begin(desk, caller, asked.number, asked.send)


async def _recover(desk: Desk, caller: Caller, asked: Begin) -> Begun:
    """By the number that is lost, or by a mailbox."""
    match asked:
        case Begin(number=str(number), email=None, link=None, send=None):
            return await recover.by_number(desk, caller, number)
        case Begin(number=None, email=str(email), link=None, send=None):
            return await recover.by_email(desk, caller, email)
        case _:
            return Refused(BODY_MALFORMED)


async def _sign_in(desk: Desk, caller: Caller, asked: Begin) -> Begun:
    """By a number, with its code or without one; by a mailbox; or by whatever a passkey says."""
    match asked:
        case Begin(number=str(number), email=None, link=None, send=None):
            return await sign_in.by_number(desk, caller, number)
        case Begin(number=str(number), email=None, link=None, send=[]):
            return await sign_in.by_number(desk, caller, number, ())
        case Begin(number=str(), email=None, link=None):
            return Refused(PROOF_NOT_OFFERED)
        case Begin(number=None, email=str(email), link=None, send=None | []):
            return await sign_in.by_email(desk, caller, email)
        case Begin(number=None, email=None, link=None, send=None | []):
            return await sign_in.by_passkey(desk, caller)
        case _:
            return Refused(BODY_MALFORMED)


async def _undo(desk: Desk, caller: Caller, asked: Begin) -> Begun:
    """By one address, or by the link that one address got."""
    match asked:
        case Begin(number=str(number), email=None, link=None, send=None):
            return await undo.by_number(desk, caller, number)
        case Begin(number=None, email=str(email), link=None, send=None):
            return await undo.by_email(desk, caller, email)
        case Begin(number=None, email=None, link=str(link), send=None):
            return await undo.by_link(desk, caller, link)
        case _:
            return Refused(BODY_MALFORMED)


def _sendable(kind: Kind, send: list[Proof]) -> bool:
    return kind is Kind.CHANGE and _SENT_AT_ONCE.issuperset(send) and len(set(send)) == len(send)
