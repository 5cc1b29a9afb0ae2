"""sessions: the list, and ending one or all others. Any session may end itself.

Whoever ends another device's session from a known device also says that the other is not theirs:
its days towards *known* begin anew. From anywhere else only the sessions end, or a stolen token
could make strangers of the holder's own devices.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.refusals import SESSION_ON_PROBATION, SESSION_UNKNOWN, Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk.callers import on_known_device, signed_in
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.store import devices, sessions, standing

LISTED_MAX = 100
"""Sessions shown; more than that is no list that a person reads."""


class SessionView(msgspec.Struct, frozen=True):
    """One live session in the list."""

    id: Id
    current: bool
    level: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address: str
    agent: str


async def listed(desk: Desk, caller: Caller) -> list[SessionView] | Refused:
    """The live sessions of the account, newest first. Refusals: session_required, session_ended,
    session_on_probation."""
    who = await signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    (found,) = await desk.engine.read(
        sessions.live(who.account_id, who.row.number_version, desk.clock.now(), LISTED_MAX)
    )
    return [
        SessionView(
            each.id,
            each.id == who.row.id,
            each.level,
            each.opened_at,
            each.expires_at,
            each.seen_at,
            desk.seal.unseal("sessions.address", each.id, each.address_sealed),
            desk.seal.unseal("sessions.agent", each.id, each.agent_sealed),
        )
        for each in sessions.live_rows(found)
    ]


async def end(desk: Desk, caller: Caller, session_id: Id) -> Refused | None:
    """End one session; requests begun in it die with it. Refusals: session_required,
    session_ended, session_unknown, session_on_probation (for another session)."""
    who = await signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if session_id != who.row.id and not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    ended = line(caller, Act.SESSION_ENDED, who.account_id, why="by_holder")
    writes = [
        sessions.end(who.account_id, session_id, "by_holder", now),
        standing.end_of_session(who.account_id, session_id, now),
    ]
    if on_known_device(desk, caller, who, now):
        writes.append(devices.forget(who.account_id, session_id, who.row.device_id))
    refusal = await desk.keep_or_refuse(writes, [ended], now)
    return Refused(SESSION_UNKNOWN) if refusal is not None else None


async def end_others(desk: Desk, caller: Caller) -> Refused | None:
    """End every session but this one. Refusals: session_required, session_ended,
    session_on_probation."""
    who = await signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    ended = line(caller, Act.SESSIONS_ENDED, who.account_id, why="by_holder")
    writes = [
        sessions.end_others(who.account_id, who.row.id, "by_holder", now),
        standing.end_of_other_sessions(who.account_id, who.row.id, now),
    ]
    if on_known_device(desk, caller, who, now):
        writes.append(devices.forget_others(who.account_id, who.row.device_id))
    return await desk.keep_or_refuse(writes, [ended], now)
