"""Who asks at the support desk: a session token of the console becomes a person with a role, or a
refusal.

For: every flow that somebody at the desk sets in motion; each asks `signed_in` with the right that
it takes, whatever the door has asked before. What takes a fresh proof asks `proved_lately`: the
session itself is the proof, for whoever confirms opens another one. Neighbours: `callers.py` does
this for accounts, `domain/operators.py` has the rights.
"""

import msgspec

from rebind.domain import operators as rules
from rebind.domain.acts import Act, Line
from rebind.domain.operators import Operator, Right, Role
from rebind.domain.refusals import (
    OPERATOR_SESSION_REQUIRED,
    REAUTHENTICATION_REQUIRED,
    RIGHT_MISSING,
    Refused,
)
from rebind.domain.units import HOUR, MINUTE, SECOND, Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import operator_sessions, operators
from rebind.store.operators import OperatorRow
from rebind.store.statements import Query, Rows, Write

SEEN_EVERY: Ms = MINUTE
"""How finely the last use of a session is kept: it ends after an hour without one."""

_NAME = "operators.name"


class Present(msgspec.Struct, frozen=True):
    """Somebody with a live session, and that session. `fresh`: they have proved who they are within
    the last `reauthentication_ttl_s`."""

    operator: Operator
    session_id: Id
    locale: str
    opened_at: Ms
    fresh: bool


class OperatorSession(msgspec.Struct, frozen=True):
    """A session just opened: its token, how long it lasts at most, and the mark by which this
    browser is known from now on."""

    token: str
    lasts: Ms
    browser: str


async def present(desk: Desk, caller: Caller) -> Present | Refused:
    """Whoever asks, whatever they may. Refusals: operator_session_required."""
    token = tokens.operator_session(caller.bearer)
    if token is None:
        return Refused(OPERATOR_SESSION_REQUIRED)
    now = desk.clock.now()
    (found,) = await desk.engine.read(
        operator_sessions.by_token(token.login, token.session_id, token.token_hash, now)
    )
    row = operator_sessions.row(found)
    if row is None:
        return Refused(OPERATOR_SESSION_REQUIRED)
    if now - row.seen_at >= SEEN_EVERY:
        # Not an act: no line.
        ends = desk.policy.operator_session_ends(row.opened_at, now)
        await desk.engine.write([operator_sessions.seen(row.login, row.id, ends, now)])
    who = Operator(
        row.login,
        desk.seal.unseal(_NAME, row.login.encode(), row.name_sealed),
        Role(row.role),
        row.created_by,
        row.created_at,
    )
    fresh = now - row.opened_at <= desk.policy.reauthentication_ttl_s * SECOND
    return Present(who, row.id, row.locale, row.opened_at, fresh)


async def signed_in(desk: Desk, caller: Caller, right: Right) -> Operator | Refused:
    """Whoever asks, if they may do that. Refusals: operator_session_required, right_missing."""
    who = await allowed(desk, caller, right)
    return who if isinstance(who, Refused) else who.operator


async def allowed(
    desk: Desk, caller: Caller, right: Right, *, fresh: bool = False
) -> Present | Refused:
    """The same with the session; `fresh`: and only with a proof of the last minutes.
    Refusals: operator_session_required, right_missing, reauthentication_required."""
    who = await present(desk, caller)
    return who if isinstance(who, Refused) else admitted(who, right, fresh=fresh)


def admitted(who: Present, right: Right, *, fresh: bool = False) -> Present | Refused:
    """Whoever is there already, if they may do that.
    Refusals: right_missing, reauthentication_required."""
    if not who.operator.may(right):
        return Refused(RIGHT_MISSING)
    return Refused(REAUTHENTICATION_REQUIRED) if fresh and not who.fresh else who


async def proved_lately(desk: Desk, caller: Caller, right: Right) -> Operator | Refused:
    """Whoever asks, if they may do that and have just proved who they are.
    Refusals: operator_session_required, right_missing, reauthentication_required."""
    who = await allowed(desk, caller, right, fresh=True)
    return who if isinstance(who, Refused) else who.operator


async def supervisors(desk: Desk) -> tuple[Operator, ...]:
    """Every supervisor who may sign in: of them the system assigns the second who decides."""
    (found,) = await desk.engine.read(operators.in_role(Role.SUPERVISOR))
    return tuple(person(desk, row) for row in operators.rows(found))


def by_login(login: str) -> Query:
    """The read that finds somebody by their login, for flows that read more in the same go."""
    return operators.by_login(login)


def found(desk: Desk, rows: Rows) -> Operator | None:
    """What that read means, whether the person is let in or not."""
    row = operators.row(rows)
    return None if row is None else person(desk, row)


def person(desk: Desk, row: OperatorRow) -> Operator:
    """Somebody at the desk as rules take them."""
    name = desk.seal.unseal(_NAME, row.login.encode(), row.name_sealed)
    return Operator(row.login, name, Role(row.role), row.created_by, row.created_at)


def line(
    caller: Caller,
    who: Operator,
    act: Act,
    subject_id: Id,
    request_id: Id | None = None,
    why: str | None = None,
) -> Line:
    """An audit line by somebody at the desk."""
    return Line(act, subject_id, who.actor, caller.door, request_id, why)


def own_line(caller: Caller, login: str, act: Act, why: str | None = None) -> Line:
    """An audit line by somebody about themselves."""
    return Line(act, rules.subject(login), rules.actor(login), caller.door, None, why)


def opened(
    desk: Desk, caller: Caller, login: str, session_id: Id, proofs: str, now: Ms
) -> tuple[OperatorSession, list[Write]]:
    """A session, and the writes that open it; the one that the browser carried ends (OWASP ASVS 5.0
    7.2.4). `session_id` is that of the offer that was taken up, so that no offer opens two;
    `proofs` is what was proved, separated by blanks."""
    token, token_hash = tokens.new_operator_session(desk.dice, login, session_id)
    sealed = {
        place: desk.seal.seal(f"operator_sessions.{place}", session_id, plain)
        for place, plain in (("address", caller.address), ("agent", caller.agent))
    }
    ends = desk.policy.operator_session_ends(now, now)
    writes = [
        operator_sessions.open_session(
            login, session_id, token_hash, proofs, ends, sealed["address"], sealed["agent"], now
        ),
        *left_behind(caller, now),
    ]
    lasts = desk.policy.operator_session_h * HOUR
    return OperatorSession(token, lasts, tokens.browser(desk.seal, login)), writes


def left_behind(caller: Caller, now: Ms) -> list[Write]:
    """The end of the session that the browser carries, if it does."""
    old = tokens.operator_session(caller.bearer)
    if old is None:
        return []
    return [operator_sessions.leave(old.login, old.session_id, old.token_hash, now)]
