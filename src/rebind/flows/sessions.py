"""sessions: the list, and ending one or all others. Any session may end itself.

Whoever ends another device's session from a known device also says that the other is not theirs:
its days towards *known* begin anew, and where they say so in as many words it never becomes known.
From anywhere else only the sessions end, or a stolen token could make strangers of the holder's own
devices. How many sessions an account may have is not limited: docs/journeys/sessions.md says why.
"""

import msgspec

from rebind.domain import assurance
from rebind.domain.acts import Act, Door, Line
from rebind.domain.assurance import Aal
from rebind.domain.evidence import Proof
from rebind.domain.refusals import SESSION_ON_PROBATION, SESSION_UNKNOWN, Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers
from rebind.flows.desk.callers import SignedIn, on_known_device, signed_in
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.store import devices, sessions, standing
from rebind.store.statements import Write

LISTED_MAX = 100
"""Sessions shown; more than that is no list that a person reads."""

BATCH = 100
"""Accounts whose sessions an administrator ends in one go."""

_NONE = bytes(16)
"""The id of no session, and before every account's."""


class SessionView(msgspec.Struct, frozen=True):
    """One live session in the list. `proofs` are those that it was opened with, `aal` the level of
    NIST SP 800-63B-4 that they come to."""

    id: Id
    current: bool
    level: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address: str
    agent: str
    proofs: tuple[Proof, ...]
    aal: Aal


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
            tuple(sorted(assurance.proofs(each.proofs))),
            assurance.level(assurance.proofs(each.proofs)),
        )
        for each in sessions.live_rows(found)
    ]


async def end(
    desk: Desk, caller: Caller, session_id: Id, *, not_mine: bool = False
) -> Refused | None:
    """End one session; requests begun in it die with it. `not_mine`: its device is not the
    holder's, and on a known device the holder is believed. Refusals: session_required,
    session_ended, session_unknown, session_on_probation (for another session)."""
    who = await signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if session_id != who.row.id and not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    why = "not_holders" if not_mine else "by_holder"
    ended = line(caller, Act.SESSION_ENDED, who.account_id, why=why)
    writes = [
        sessions.end(who.account_id, session_id, why, now),
        _with_what_waits(who, session_id, not_mine, now),
    ]
    if on_known_device(desk, caller, who, now):
        writes.append(_disowned(who, session_id, not_mine, now))
    refusal = await desk.keep_or_refuse(writes, [ended], now)
    return Refused(SESSION_UNKNOWN) if refusal is not None else None


def _with_what_waits(who: SignedIn, session_id: Id, not_mine: bool, now: Ms) -> Write:
    """What waits in a session ends with it; ended from elsewhere, also what it began and another
    one goes on with: else whoever has two sessions would keep it alive in the second. What goes on
    in the very session that ends the other stays, unless that one was not the holder's."""
    if session_id == who.row.id:
        return standing.end_of_session(who.account_id, session_id, now)
    kept = _NONE if not_mine else who.row.id
    return standing.end_of_session(who.account_id, session_id, now, session_id, kept)


def _disowned(who: SignedIn, session_id: Id, not_mine: bool, now: Ms) -> Write:
    """What ending it says of the other device."""
    if not_mine:
        return devices.report(who.account_id, session_id, who.row.device_id, now)
    return devices.forget(who.account_id, session_id, who.row.device_id)


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


async def leave_behind(desk: Desk, caller: Caller) -> None:
    """End the session that a browser carried when it got another one (OWASP ASVS 5.0 7.2.4), unless
    a request that it began waits still: signing in again must not stop one's own change."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return
    token, query = asked
    now = desk.clock.now()
    of_account = standing.of_account(token.account_id, now, LISTED_MAX)
    rows, found = await desk.engine.read(query, of_account)
    who = callers.answered(token, rows, now)
    if isinstance(who, Refused):
        return
    for each in standing.rows(found):
        if each.session_id == who.row.id and each.ended_at is None:
            return
    ended = line(caller, Act.SESSION_ENDED, who.account_id, why="by_sign_in")
    # Whoever ended it at the same moment did what was to be done.
    await desk.keep_or_refuse(
        [sessions.end(who.account_id, who.row.id, "by_sign_in", now)], [ended], now
    )


async def end_of_account(desk: Desk, account_id: Id) -> bool:
    """An administrator ends every session of one account, and what they began and still waits.
    Answers whether there was one."""
    now = desk.clock.now()
    (found,) = await desk.engine.read(sessions.any_live(account_id, now))
    if not sessions.account_ids(found):
        return False
    await _end_all(desk, account_id, now)
    return True


async def end_of_everybody(desk: Desk) -> int:
    """An administrator ends every session of every account. Answers how many accounts had one.
    Whoever signs in meanwhile may stay."""
    after, ended = _NONE, 0
    while True:
        now = desk.clock.now()
        (found,) = await desk.engine.read(sessions.accounts_with_any(after, now, BATCH))
        ids = sessions.account_ids(found)
        for account_id in ids:
            await _end_all(desk, account_id, now)
        ended += len(ids)
        if not ids:
            return ended
        after = ids[-1]


async def _end_all(desk: Desk, account_id: Id, now: Ms) -> None:
    why = "by_administrator"
    ended = Line(Act.SESSIONS_ENDED, account_id, "system", Door.COMMAND_LINE, None, why)
    writes = [
        sessions.end_all(account_id, why, now),
        standing.end_of_other_sessions(account_id, _NONE, now),
    ]
    await desk.keep(writes, [ended], now)
