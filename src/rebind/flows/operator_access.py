"""operator_access: one's own ways in to the support desk, changed from inside with a fresh proof.

A way in is a passkey, or a password with an authenticator app: never one of these two alone, and
nobody removes their last one. Neighbours: `operator_joining.py` sets the first, and
`operator_sessions.py` compares them.
"""

from typing import Any

import msgspec

from rebind.domain.acts import Act
from rebind.domain.operators import Right
from rebind.domain.refusals import (
    FACTOR_UNKNOWN,
    LAST_WAY_IN,
    PASSKEY_NOT_TAKEN,
    TOO_MANY_FACTORS,
    Refused,
)
from rebind.domain.units import Id, Ms
from rebind.flows.desk import operator_ways as ways
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.operator_ways import AppOffer
from rebind.flows.desk.operators import Present
from rebind.store import operator_passkeys, operator_sessions, operators
from rebind.store.operator_passkeys import OperatorPasskeyRow
from rebind.store.operators import OperatorRow
from rebind.store.statements import Write

PASSKEYS_MAX = 20
_MORE, _APP = b"more", b"app"


class OperatorPasskeyView(msgspec.Struct, frozen=True):
    """A passkey in the list."""

    id: Id
    name: str
    added_at: Ms
    used_at: Ms | None


class Access(msgspec.Struct, frozen=True):
    """One's own ways in. `only`: there is one alone, which stays."""

    passkeys: tuple[OperatorPasskeyView, ...]
    password: bool

    @property
    def only(self) -> bool:
        """Whether there is a single way in."""
        return len(self.passkeys) + self.password == 1


class More(msgspec.Struct, frozen=True):
    """What one more way in is made with: the id of the offer, a passkey's options, an app's
    secret."""

    id: Id
    passkey: dict[str, Any]
    app: AppOffer
    characters_min: int = ways.CHARACTERS_MIN
    characters_max: int = ways.CHARACTERS_MAX


async def show(desk: Desk, caller: Caller) -> Access | Refused:
    """One's own ways in. Refusals: operator_session_required, right_missing."""
    who = await desk_operators.allowed(desk, caller, Right.OWN_ACCESS)
    if isinstance(who, Refused):
        return who
    row, passkeys = await _ways(desk, who.operator.login)
    return Access(
        tuple(
            OperatorPasskeyView(each.id, _name(desk, each), each.added_at, each.used_at)
            for each in passkeys
        ),
        row.password_sealed is not None,
    )


async def more(desk: Desk, caller: Caller) -> More | Refused:
    """What one more way in is made with. Refusals: operator_session_required, right_missing,
    reauthentication_required."""
    who = await _proved(desk, caller)
    if isinstance(who, Refused):
        return who
    login, offer_id = who.operator.login, desk.dice.id(desk.clock.now())
    _row, passkeys = await _ways(desk, login)
    known = tuple(each.credential_id for each in passkeys)
    return More(
        offer_id,
        ways.creation(desk, _more(who, offer_id), login, known),
        ways.app(desk, _of_session(who), login),
    )


async def add_passkey(
    desk: Desk, caller: Caller, offer_id: Id, answer: str, name: str
) -> Refused | None:
    """Take one more passkey. Refusals: operator_session_required, right_missing,
    reauthentication_required, too_many_factors, passkey_not_taken, try_again."""
    who = await _proved(desk, caller)
    if isinstance(who, Refused):
        return who
    login, about = who.operator.login, _more(who, offer_id)
    _row, passkeys = await _ways(desk, login)
    if len(passkeys) >= PASSKEYS_MAX:
        return Refused(TOO_MANY_FACTORS)
    made = ways.made(desk, about, answer)
    if made is None or any(each.credential_id == made.credential_id for each in passkeys):
        return Refused(PASSKEY_NOT_TAKEN)
    now = desk.clock.now()
    writes = [ways.passkey(desk, caller, login, about, made, name, now), operators.stands(login)]
    return await _changed(desk, caller, who, Act.OPERATOR_PASSKEY_ADDED, writes, now)


async def remove_passkey(desk: Desk, caller: Caller, passkey_id: Id) -> Refused | None:
    """Remove one of one's own passkeys; all other sessions end. Refusals:
    operator_session_required, right_missing, reauthentication_required, factor_unknown,
    last_way_in."""
    who = await _proved(desk, caller)
    if isinstance(who, Refused):
        return who
    login, now = who.operator.login, desk.clock.now()
    row, passkeys = await _ways(desk, login)
    if all(each.id != passkey_id for each in passkeys):
        return Refused(FACTOR_UNKNOWN)
    if len(passkeys) == 1 and row.password_sealed is None:
        return Refused(LAST_WAY_IN)
    writes = [
        operator_passkeys.remove(login, passkey_id),
        operator_sessions.end_all(login, now, who.session_id),
        operators.stands(login),
    ]
    return await _changed(desk, caller, who, Act.OPERATOR_PASSKEY_REMOVED, writes, now)


async def set_password(desk: Desk, caller: Caller, password: str, code: str) -> Refused | None:
    """Another password, with an app that was just set up; all other sessions end. Refusals:
    operator_session_required, right_missing, reauthentication_required, operator_password_short,
    password_too_long, password_unreadable, password_common, password_expected, totp_not_taken,
    busy."""
    who = await _proved(desk, caller)
    if isinstance(who, Refused):
        return who
    login = who.operator.login
    kept = await ways.kept(desk, login, _of_session(who), password, code)
    if isinstance(kept, Refused):
        return kept
    now = desk.clock.now()
    writes = [
        operator_sessions.end_all(login, now, who.session_id),
        operators.set_password(login, *kept),
    ]
    return await _changed(desk, caller, who, Act.OPERATOR_PASSWORD_SET, writes, now)


async def remove_password(desk: Desk, caller: Caller) -> Refused | None:
    """No password and no app any more; passkeys stay. All other sessions end. Refusals:
    operator_session_required, right_missing, reauthentication_required, factor_unknown,
    last_way_in."""
    who = await _proved(desk, caller)
    if isinstance(who, Refused):
        return who
    login, now = who.operator.login, desk.clock.now()
    row, passkeys = await _ways(desk, login)
    if row.password_sealed is None:
        return Refused(FACTOR_UNKNOWN)
    if not passkeys:
        return Refused(LAST_WAY_IN)
    writes = [
        operator_sessions.end_all(login, now, who.session_id),
        operators.set_password(login, None, None, None),
    ]
    return await _changed(desk, caller, who, Act.OPERATOR_PASSWORD_REMOVED, writes, now)


async def speak(desk: Desk, caller: Caller, locale: str) -> None:
    """Note the language of whoever is signed in. Not an act: no line."""
    who = await desk_operators.present(desk, caller)
    if not isinstance(who, Refused):
        await desk.engine.write([operators.speak(who.operator.login, locale)])


async def _proved(desk: Desk, caller: Caller) -> Present | Refused:
    return await desk_operators.allowed(desk, caller, Right.OWN_ACCESS, fresh=True)


async def _ways(desk: Desk, login: str) -> tuple[OperatorRow, tuple[OperatorPasskeyRow, ...]]:
    """Of somebody who is signed in."""
    found, passkeys = await desk.engine.read(
        operators.by_login(login), operator_passkeys.of_login(login)
    )
    return operators.rows(found)[0], operator_passkeys.rows(passkeys)


def _more(who: Present, offer_id: Id) -> bytes:
    return _MORE + who.session_id + offer_id


def _of_session(who: Present) -> bytes:
    """The secret of an app stays the same for a session, so that a code that was refused once is
    given again without scanning anew."""
    return _APP + who.session_id


def _name(desk: Desk, row: OperatorPasskeyRow) -> str:
    return desk.seal.unseal("operator_passkeys.name", row.id, row.name_sealed)


async def _changed(
    desk: Desk, caller: Caller, who: Present, act: Act, writes: list[Write], now: Ms
) -> Refused | None:
    done = desk_operators.own_line(caller, who.operator.login, act)
    return await desk.keep_or_refuse(writes, [done], now)
