"""Opening things: a request with its first codes, and a session at the end of one."""

from collections.abc import Iterable

import msgspec

from rebind.domain import assurance
from rebind.domain.evidence import Proof
from rebind.domain.rows import Apply, Gives, Level, Purpose
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.views import SessionGiven
from rebind.store import devices, requests, sessions
from rebind.store.statements import Write


class Subject(msgspec.Struct, frozen=True):
    """Whom a new request is about: an account, the one to be opened, or a stand-in for nobody.
    `begun_in`: session and device in which it was begun, where it goes on in others."""

    account_id: Id
    number_version: int
    session_id: Id | None
    device_id: Id | None
    owner_hash: bytes
    begun_in: tuple[Id | None, Id | None] = (None, None)


class About(msgspec.Struct, frozen=True):
    """What a new request is about: a number with its country; of an undo the address by which it
    was begun, and the request to be undone; of a re-authentication its purpose, and the mailbox or
    factor that it is for. `case_id`: the case that it opens or comes from; `contested`: a
    supervisor has heard both sides of it there; `due_at`: when time is to look at it."""

    address: str
    key: bytes
    region: str
    request_id: Id | None = None
    purpose: Purpose | None = None
    case_id: Id | None = None
    contested: bool = False
    due_at: Ms | None = None


def begin(
    desk: Desk,
    kind: str,
    request_id: Id,
    subject: Subject,
    about: About,
    now: Ms,
    lives: Ms | None = None,
) -> Write:
    """The row of a new request. `lives`: how long it may be answered, where that is not as the
    policy says of all."""
    return requests.begin(
        request_id,
        kind,
        subject.account_id,
        subject.number_version,
        subject.session_id,
        subject.device_id,
        subject.owner_hash,
        about.key,
        desk.seal.seal("requests.number", request_id, about.address),
        about.region,
        now,
        now + (lives or desk.policy.request_ttl_s * SECOND),
        about.request_id,
        about.purpose,
        about.case_id,
        contested=about.contested,
        due_at=about.due_at,
        begun_in=subject.begun_in,
    )


def session(
    desk: Desk,
    caller: Caller,
    account_id: Id,
    number_version: int,
    device_id: Id | None,
    decision: Apply,
    proofs: Iterable[Proof],
    now: Ms,
    *,
    enrolled: bool = False,
) -> tuple[SessionGiven, list[Write]]:
    """A session for the caller, and the writes that open it and note its device. It remembers by
    which row and on which proofs it was opened."""
    device_key = None
    if device_id is None:
        device_key, device_id = tokens.new_device(desk.dice, desk.seal, now)
    session_id = desk.dice.id(now)
    token, token_hash = tokens.new_session(desk.dice, account_id, session_id)
    level = Level.PROBATION if decision.gives is Gives.PROBATION else Level.FULL
    expires_at = desk.policy.session_ends(now, now)
    writes = [
        devices.meet(account_id, device_id, level is Level.FULL, enrolled, now),
        sessions.open_session(
            account_id,
            session_id,
            token_hash,
            device_id,
            number_version,
            level.value,
            now,
            expires_at,
            desk.seal.seal("sessions.address", session_id, caller.address),
            desk.seal.seal("sessions.agent", session_id, caller.agent),
            decision.row,
            assurance.stored(proofs),
        ),
    ]
    return SessionGiven(token, expires_at, level.value, device_key), writes
