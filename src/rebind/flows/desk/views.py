"""Views: a request, its codes and a session as their owner sees them. What a door shows is made of
these; nothing here is in full that need not be."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rebind.domain import mailbox
from rebind.domain.cases import Side
from rebind.domain.evidence import Proof
from rebind.domain.phone import masked
from rebind.domain.request import Kind, State, state_of
from rebind.domain.rows import Ways
from rebind.domain.units import Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.dossier import Dossier
from rebind.store.standing import Standing


class SessionGiven(msgspec.Struct, frozen=True):
    """A session just opened: its token and when it ends. `device` is given once, to a browser or
    app that had no device key yet."""

    token: str
    expires_at: Ms
    level: str
    device: str | None


class SentCode(msgspec.Struct, frozen=True):
    """A code that was sent and may be answered. `to` is masked; `again_at` is when another one may
    be asked for."""

    proof: Proof
    to: str
    at: Ms
    expires_at: Ms
    again_at: Ms
    tries_left: int


class RequestView(msgspec.Struct, frozen=True):
    """A request as its owner sees it. `token` is given once, where there is no session. `number`
    is the one that it is about, masked. `wait_until` and `row` are there once it waits, `told` are
    the addresses that have then heard of it; of a finished change `old` is the number before, and
    `undo_until` till when it can be taken back. `purpose` is what a re-authentication is for and
    `about` the mailbox or the id that it is for; `passkey` is what a browser needs to use one
    (PublicKeyCredentialRequestOptionsJSON). `beside` are recoveries that wait already; `case`
    is what the link to its case carries. `contested`: support has heard both sides and let it go
    on, and a second factor alone stops it. `elsewhere`: a change that waits in another session of
    the account, and may go on in this one."""

    id: Id
    kind: str
    state: str
    needs: Ways
    expires_at: Ms
    token: str | None = None
    session: SessionGiven | None = None
    wait_until: Ms | None = None
    row: str | None = None
    number: str = ""
    sent: tuple[SentCode, ...] = ()
    old: str | None = None
    told: tuple[str, ...] = ()
    undo_until: Ms | None = None
    purpose: str | None = None
    about: str = ""
    passkey: dict[str, Any] | None = None
    beside: tuple["RequestView", ...] = ()
    case: str | None = None
    contested: bool = False
    elsewhere: bool = False


def request(
    desk: Desk,
    dossier: Dossier,
    state: State,
    needs: Ways,
    *,
    sent: tuple[SentCode, ...] = (),
    session: SessionGiven | None = None,
    row: str | None = None,
) -> RequestView:
    """A request in a state that it has reached; `row` is the one by which it did just now."""
    stored = dossier.row
    return RequestView(
        stored.id,
        stored.kind,
        state,
        needs,
        stored.expires_at,
        session=session,
        wait_until=stored.wait_until,
        row=row or stored.policy_row,
        number=shown(dossier.number(desk)),
        sent=sent,
        purpose=stored.purpose,
        about="" if stored.purpose is None else dossier.number(desk),
        passkey=passkey(desk, stored.id, needs),
        case=_opened(desk, dossier, state),
        contested=stored.contested is not None,
    )


def _opened(desk: Desk, dossier: Dossier, state: State) -> str | None:
    """The link to the case that a request has just opened: both codes were answered here."""
    case_id = dossier.row.case_id
    if dossier.kind is not Kind.CASE or state is not State.DONE or case_id is None:
        return None
    return tokens.case_link(desk.seal, case_id, Side.PERSON)


def passkey(desk: Desk, request_id: Id, needs: Ways) -> dict[str, Any] | None:
    """What a browser needs to use a passkey, where one would lead on."""
    if not any(Proof.PASSKEY in way for way in needs):
        return None
    return desk.passkeys.request(tokens.passkey_challenge(desk.seal, request_id), ())


def shown(address: str) -> str:
    """A number or a mailbox, masked; of what is neither, nothing."""
    if "+" not in address and "@" not in address:
        return ""
    return mailbox.masked(address) if "@" in address else masked(address)


STANDING_MAX = 20
"""Waiting requests shown; there is hardly ever more than one."""


def standing(
    desk: Desk, found: Sequence[Standing], now: Ms, session_id: Id | None = None
) -> list[RequestView]:
    """What waits on an account, as one of its sessions sees it: enough to object, or to go on with
    it there."""
    return [
        RequestView(
            each.id,
            each.kind,
            state_of(each.ended_as, each.wait_until, each.ready_at, each.expires_at, now),
            (),
            each.expires_at,
            wait_until=each.wait_until,
            row=each.policy_row,
            number=shown(desk.seal.unseal("requests.number", each.id, each.number_sealed)),
            contested=each.contested is not None,
            elsewhere=each.kind == Kind.CHANGE and each.session_id != session_id,
        )
        for each in found
        if each.ended_at is None
    ]
