"""operators: letting people in to the support desk, their roles, and letting them in no more.

From the console it takes the right for it and a fresh proof, and nobody does it to themselves; from
the command line it takes the machine. An invitation is a link that its administrator hands over: it
works once, for a day, and whatever let the person in before does no more from the moment it is
made. Every act stands in the audit trail. Neighbours: `operator_access.py` takes an invitation up,
`operator_sessions.py` signs people in.
"""

import msgspec

from rebind.domain import operators as rules
from rebind.domain.acts import Act, Door, Line
from rebind.domain.operators import Operator, Right, Role
from rebind.domain.refusals import (
    OPERATOR_IS_ONESELF,
    OPERATOR_LOGIN_MALFORMED,
    OPERATOR_LOGIN_TAKEN,
    OPERATOR_NAMELESS,
    OPERATOR_UNKNOWN,
    Refused,
)
from rebind.domain.units import HOUR, Ms
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import operator_passkeys, operator_sessions, operators
from rebind.store.operators import OperatorRow
from rebind.store.statements import Write

LISTED = 100
"""People on one page of the list."""

PATH = "/console/join/"
"""Where an invitation leads."""


class Invitation(msgspec.Struct, frozen=True):
    """What is handed to somebody who is let in: the end of a link behind `PATH`, shown once, and
    until when it counts."""

    login: str
    token: str
    until: Ms

    @property
    def path(self) -> str:
        """The link, without the address of the service."""
        return PATH + self.token


class OperatorView(msgspec.Struct, frozen=True):
    """Somebody at the desk in the list. `invited_until`: the invitation was not taken up yet, and
    counts till then."""

    login: str
    name: str
    role: Role
    created_by: str | None
    created_at: Ms
    disabled_at: Ms | None
    invited_until: Ms | None


class Operators(msgspec.Struct, frozen=True):
    """A page of the list; `after` is where the next one begins, if there is more."""

    people: tuple[OperatorView, ...]
    after: str | None


async def listed(desk: Desk, caller: Caller, after: str = "") -> Operators | Refused:
    """Everybody at the desk, by login. Refusals: operator_session_required, right_missing."""
    who = await desk_operators.signed_in(desk, caller, Right.SEE_OPERATORS)
    return who if isinstance(who, Refused) else await everybody(desk, after)


async def everybody(desk: Desk, after: str = "") -> Operators:
    """The same for whoever has the command line."""
    (found,) = await desk.engine.read(operators.page(after, LISTED + 1))
    people = operators.rows(found)
    more = people[LISTED - 1].login if len(people) > LISTED else None
    return Operators(tuple(_view(desk, row) for row in people[:LISTED]), more)


async def show(desk: Desk, caller: Caller, login: str) -> OperatorView | Refused:
    """Somebody at the desk. Refusals: operator_session_required, right_missing,
    operator_unknown."""
    who = await desk_operators.signed_in(desk, caller, Right.SEE_OPERATORS)
    if isinstance(who, Refused):
        return who
    row = await _row(desk, login)
    return row if isinstance(row, Refused) else _view(desk, row)


async def invite(
    desk: Desk, caller: Caller, login: str, name: str, role: Role
) -> Invitation | Refused:
    """Let somebody in. Refusals: operator_session_required, right_missing,
    reauthentication_required, operator_login_malformed, operator_nameless, operator_login_taken."""
    who = await desk_operators.proved_lately(desk, caller, Right.INVITE_OPERATOR)
    if isinstance(who, Refused):
        return who
    return await _add(desk, caller, who, login, name, role)


async def add(
    desk: Desk, login: str, name: str, role: Role, locale: str = "en"
) -> Invitation | Refused:
    """The same from the command line. Refusals: operator_login_malformed, operator_nameless,
    operator_login_taken."""
    return await _add(desk, Caller(Door.COMMAND_LINE, locale), None, login, name, role)


async def _add(
    desk: Desk, caller: Caller, by: Operator | None, typed: str, name: str, role: Role
) -> Invitation | Refused:
    login, called = rules.login_typed(typed), rules.name_typed(name)
    if login is None:
        return Refused(OPERATOR_LOGIN_MALFORMED)
    if called is None:
        return Refused(OPERATOR_NAMELESS)
    if not isinstance(await _row(desk, login), Refused):
        return Refused(OPERATOR_LOGIN_TAKEN)
    now = desk.clock.now()
    token, invite_hash = tokens.new_invitation(desk.dice, login)
    until = now + desk.policy.operator_invite_h * HOUR
    sealed = desk.seal.seal("operators.name", login.encode(), called)
    created_by = None if by is None else by.login
    new = operators.add(login, sealed, role, caller.locale, created_by, invite_hash, until, now)
    done = _line(caller, by, Act.OPERATOR_INVITED, login, role)
    refused = await desk.keep_or_refuse([new], [done], now)
    return refused or Invitation(login, token, until)


async def invite_again(desk: Desk, caller: Caller, login: str) -> Invitation | Refused:
    """A new invitation for somebody who was let in before, or lost every way in. Refusals:
    operator_session_required, right_missing, reauthentication_required, operator_unknown,
    operator_is_oneself."""
    who = await desk_operators.proved_lately(desk, caller, Right.INVITE_OPERATOR)
    if isinstance(who, Refused):
        return who
    if who.login == login:
        return Refused(OPERATOR_IS_ONESELF)
    return await _invite_again(desk, caller, who, login)


async def reset(desk: Desk, login: str) -> Invitation | Refused:
    """The same from the command line. Refusals: operator_unknown."""
    return await _invite_again(desk, Caller(Door.COMMAND_LINE, "en"), None, login)


async def _invite_again(
    desk: Desk, caller: Caller, by: Operator | None, login: str
) -> Invitation | Refused:
    row = await _row(desk, login)
    if isinstance(row, Refused):
        return row
    now = desk.clock.now()
    token, invite_hash = tokens.new_invitation(desk.dice, login)
    until = now + desk.policy.operator_invite_h * HOUR
    created_by = None if by is None else by.login
    writes: list[Write] = [
        operator_passkeys.remove_all(login),
        operator_sessions.end_all(login, now),
        operators.invite(login, created_by, invite_hash, until, now),
    ]
    done = _line(caller, by, Act.OPERATOR_INVITED, login, row.role)
    refused = await desk.keep_or_refuse(writes, [done], now)
    return refused or Invitation(login, token, until)


async def change_role(desk: Desk, caller: Caller, login: str, role: Role) -> Refused | None:
    """Give somebody other rights, which count from their next step on. Refusals:
    operator_session_required, right_missing, reauthentication_required, operator_unknown,
    operator_is_oneself, try_again."""
    who = await desk_operators.proved_lately(desk, caller, Right.CHANGE_ROLE)
    if isinstance(who, Refused):
        return who
    if who.login == login:
        return Refused(OPERATOR_IS_ONESELF)
    row = await _row(desk, login)
    if isinstance(row, Refused):
        return row
    if row.role == role:
        return None
    done = _line(caller, who, Act.OPERATOR_ROLE_CHANGED, login, role)
    writes = [operators.change_role(login, row.role, role)]
    return await desk.keep_or_refuse(writes, [done], desk.clock.now())


async def disable(desk: Desk, caller: Caller, login: str) -> Refused | None:
    """Let somebody in no more: their sessions and an open invitation end. Refusals:
    operator_session_required, right_missing, reauthentication_required, operator_unknown,
    operator_is_oneself."""
    who = await desk_operators.proved_lately(desk, caller, Right.DISABLE_OPERATOR)
    if isinstance(who, Refused):
        return who
    if who.login == login:
        return Refused(OPERATOR_IS_ONESELF)
    return await _disable(desk, caller, who, login)


async def shut_out(desk: Desk, login: str) -> Refused | None:
    """The same from the command line. Refusals: operator_unknown."""
    return await _disable(desk, Caller(Door.COMMAND_LINE, "en"), None, login)


async def _disable(desk: Desk, caller: Caller, by: Operator | None, login: str) -> Refused | None:
    row = await _row(desk, login)
    if isinstance(row, Refused):
        return row
    if row.disabled_at is not None:
        return None
    now = desk.clock.now()
    writes = [operator_sessions.end_all(login, now), operators.disable(login, now)]
    done = _line(caller, by, Act.OPERATOR_DISABLED, login)
    return await desk.keep_or_refuse(writes, [done], now)


async def _row(desk: Desk, typed: str) -> OperatorRow | Refused:
    login = rules.login_typed(typed)
    if login is None:
        return Refused(OPERATOR_UNKNOWN)
    (found,) = await desk.engine.read(operators.by_login(login))
    return operators.row(found) or Refused(OPERATOR_UNKNOWN)


def _view(desk: Desk, row: OperatorRow) -> OperatorView:
    who = desk_operators.person(desk, row)
    return OperatorView(
        who.login,
        who.name,
        who.role,
        who.created_by,
        who.created_at,
        row.disabled_at,
        row.invite_until,
    )


def _line(
    caller: Caller, by: Operator | None, act: Act, login: str, why: str | None = None
) -> Line:
    actor = "system" if by is None else by.actor
    return Line(act, rules.subject(login), actor, caller.door, None, why)
