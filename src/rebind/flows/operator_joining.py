"""operator_joining: an invitation to the support desk taken up: with a passkey, or with a password
and an authenticator app, and straight on into the console.

The link counts once, for a day; looking at it spends nothing. Each look is an offer of its own, so
that whoever had the link before, as the administrator who made it, does not know the secret of the
app that is set up with it. Neighbours: `operators.py` makes invitations, `operator_access.py`
changes the ways in later.
"""

from typing import Any

import msgspec

from rebind.domain.acts import Act, Line
from rebind.domain.evidence import Proof
from rebind.domain.operators import Role
from rebind.domain.refusals import INVITATION_UNKNOWN, PASSKEY_NOT_TAKEN, Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk import operator_ways as ways
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.operator_ways import AppOffer
from rebind.flows.desk.operators import OperatorSession
from rebind.store import operators
from rebind.store.operators import OperatorRow
from rebind.store.statements import Write

_JOIN = b"join"


class Joining(msgspec.Struct, frozen=True):
    """What the page of an invitation shows: who is asked in, till when, and both ways to choose
    from, which are those of the offer `id`."""

    id: Id
    login: str
    name: str
    role: Role
    until: Ms
    passkey: dict[str, Any]
    app: AppOffer
    characters_min: int = ways.CHARACTERS_MIN
    characters_max: int = ways.CHARACTERS_MAX


async def invited(desk: Desk, token: str, offer_id: Id | None = None) -> Joining | Refused:
    """What an invitation offers; looking spends nothing. `offer_id`: the same offer as before, for
    somebody who has set an app up and mistyped. Refusals: invitation_unknown."""
    offer_id = offer_id or desk.dice.id(desk.clock.now())
    found = await _invitation(desk, token, offer_id)
    if isinstance(found, Refused):
        return found
    row, about = found
    who = desk_operators.person(desk, row)
    return Joining(
        offer_id,
        who.login,
        who.name,
        who.role,
        row.invite_until or 0,
        ways.creation(desk, about, who.login, ()),
        ways.app(desk, about, who.login),
    )


async def join_by_passkey(
    desk: Desk, caller: Caller, token: str, offer_id: Id, answer: str, name: str
) -> OperatorSession | Refused:
    """Take the invitation up with a passkey, and go in.
    Refusals: invitation_unknown, passkey_not_taken, try_again."""
    found = await _invitation(desk, token, offer_id)
    if isinstance(found, Refused):
        return found
    row, about = found
    made = ways.made(desk, about, answer)
    if made is None:
        return Refused(PASSKEY_NOT_TAKEN)
    now = desk.clock.now()
    new = ways.passkey(desk, caller, row.login, about, made, name, now)
    joined = operators.join(row.login, row.invite_hash or b"", caller.locale, None, None, None, now)
    return await _joined(desk, caller, row.login, Proof.PASSKEY, [new, joined], now)


async def join_by_password(
    desk: Desk, caller: Caller, token: str, offer_id: Id, password: str, code: str
) -> OperatorSession | Refused:
    """Take the invitation up with a password and the app that shows this code, and go in.
    Refusals: invitation_unknown, operator_password_short, password_too_long, password_unreadable,
    password_common, password_expected, totp_not_taken, busy, try_again."""
    found = await _invitation(desk, token, offer_id)
    if isinstance(found, Refused):
        return found
    row, about = found
    kept = await ways.kept(desk, row.login, about, password, code)
    if isinstance(kept, Refused):
        return kept
    now = desk.clock.now()
    joined = operators.join(row.login, row.invite_hash or b"", caller.locale, *kept, now)
    return await _joined(desk, caller, row.login, ways.PASSWORD_AND_CODE, [joined], now)


async def _invitation(desk: Desk, token: str, offer_id: Id) -> tuple[OperatorRow, bytes] | Refused:
    """Whom it lets in, and what its offers are made of."""
    named = tokens.invitation(token)
    if named is None:
        return Refused(INVITATION_UNKNOWN)
    login, invite_hash = named
    (found,) = await desk.engine.read(operators.by_login(login))
    row = operators.row(found)
    # A hash of 128 random bits: how long comparing it takes tells nobody anything.
    if row is None or row.invite_hash != invite_hash or row.disabled_at is not None:
        return Refused(INVITATION_UNKNOWN)
    if (row.invite_until or 0) <= desk.clock.now():
        return Refused(INVITATION_UNKNOWN)
    return row, _JOIN + invite_hash + offer_id


async def _joined(
    desk: Desk, caller: Caller, login: str, proofs: str, writes: list[Write], now: Ms
) -> OperatorSession | Refused:
    session_id = desk.dice.id(now)
    session, opening = desk_operators.opened(desk, caller, login, session_id, proofs, now)
    lines: list[Line] = [
        desk_operators.own_line(caller, login, Act.OPERATOR_JOINED, proofs),
        desk_operators.own_line(caller, login, Act.OPERATOR_SIGNED_IN, proofs),
    ]
    refused = await desk.keep_or_refuse([*writes, *opening], lines, now)
    return refused or session
