"""recovery_codes: ten codes on paper that stand in for a second factor, made anew as a set.

Each has more random bits than anybody guesses, is shown once, rests as a hash and counts once; a
new set ends the old one. They are made only where there is something for them to stand in for, on
the strength of a re-authentication for that very act, and go with the last second factor. Using one
is no matter of this file: it is a proof like any other, compared by `desk/answers.py`. Neighbour:
`totp.py`.
"""

import msgspec

from rebind.domain import recovery_codes as rules
from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.refusals import RECOVERY_CODES_NEED_FACTOR, SESSION_ON_PROBATION, Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers, permits
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.permits import Permit
from rebind.store import factors
from rebind.store import recovery_codes as store

TABLE = "recovery_codes"
_STOOD_IN_FOR = (Proof.PASSKEY, Proof.TOTP)


class RecoveryCodesView(msgspec.Struct, frozen=True):
    """How many codes are left, and since when they are there. `of_use`: the account has a second
    factor for which they could stand in."""

    left: int = 0
    made_at: Ms | None = None
    of_use: bool = False


async def show(desk: Desk, caller: Caller) -> RecoveryCodesView | Refused:
    """How many are left. Refusals: session_required, session_ended, session_on_probation."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, set_up = await desk.engine.read(query, factors.of_account(token.account_id))
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    await callers.note_seen(desk, who, now)
    rows = factors.rows(set_up)
    of_use = any(row.proof in _STOOD_IN_FOR for row in rows)
    for row in rows:
        if row.proof == Proof.RECOVERY_CODE and row.usable:
            return RecoveryCodesView(row.detail, row.set_at, of_use)
    return RecoveryCodesView(of_use=of_use)


async def look(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """Whether codes could be made on the strength of this re-authentication, which is not spent by
    asking. Refusals: session_required, reauthentication_required, recovery_codes_need_factor."""
    permit = await _permitted(desk, caller, permit_id)
    return permit if isinstance(permit, Refused) else None


async def make(desk: Desk, caller: Caller, permit_id: Id) -> tuple[str, ...] | Refused:
    """Ten new codes, in groups as they are shown: nobody can tell them again. Older ones count no
    more, used or not.

    Refusals: session_required, session_ended, reauthentication_required,
    recovery_codes_need_factor, try_again.
    """
    permit = await _permitted(desk, caller, permit_id)
    if isinstance(permit, Refused):
        return permit
    now, account_id = desk.clock.now(), permit.account_id
    codes = [rules.made(desk.dice.secret()) for _ in range(rules.CODES)]
    kept = [(desk.dice.id(now), rules.hashed(account_id, code)) for code in codes]
    writes = [
        factors.remove_all(TABLE, account_id, now),
        store.add(account_id, kept, permit.set_by, now),
    ]
    refused = await permits.spend(desk, caller, permit, Act.RECOVERY_CODES_MADE, writes, now)
    return refused or tuple(map(rules.grouped, codes))


async def _permitted(desk: Desk, caller: Caller, permit_id: Id) -> Permit | Refused:
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    found = await permits.read(desk, caller, permit_id, Purpose.RECOVERY_CODES)
    if isinstance(found, Refused):
        return found
    permit, _rows = found
    return permit if permit.has(*_STOOD_IN_FOR) else Refused(RECOVERY_CODES_NEED_FACTOR)
