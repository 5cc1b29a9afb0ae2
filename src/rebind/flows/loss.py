"""loss: the telephone is gone. Codes to the number prove nothing from this moment on.

Whoever lost it must be quicker than whoever found it (NIST SP 800-63B-4 4.3): on a device that the
account knows it is one press. Elsewhere it takes one fresh proof that is not of the SIM, because
whoever has copied a session could silence the holder by it (docs/decisions/0017-a-lost-phone.md).
Back only by the holder: with a second factor, a password, or a code to the number *and* something
beside it; never by the SIM alone. Neighbours: `domain/reauthentication.py` has the rows (A4 and A1
to A2), `domain/strengths.py` makes such codes worth nothing.
"""

from rebind.domain.acts import Act
from rebind.domain.refusals import SMS_NOT_OFF, SMS_OFF_ALREADY, Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import notices, permits
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.permits import Permit
from rebind.store import accounts, outbox, requests
from rebind.store.statements import Write


async def suspend(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """Codes to the number prove nothing any more, nowhere, and everybody is told; sessions stay.
    It takes a re-authentication for `sms_suspend`, which a known device is enough for.

    Refusals: session_required, session_ended, reauthentication_required, sms_off_already,
    try_again.
    """
    found = await permits.read(desk, caller, permit_id, Purpose.SMS_SUSPEND)
    if isinstance(found, Refused):
        return found
    permit, _more = found
    if permit.dossier.sms_off_at is not None:
        return Refused(SMS_OFF_ALREADY)
    now = desk.clock.now()
    off = accounts.sms_off(permit.account_id, permit.dossier.row.account_version or 0, now)
    return await _done(desk, caller, permit, Act.SMS_SUSPENDED, off, now)


async def restore(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """The telephone was found, or its SIM re-issued: codes count again, on the strength of a
    re-authentication for `sms_restore`.

    Refusals: session_required, session_ended, reauthentication_required, sms_not_off, try_again.
    """
    found = await permits.read(desk, caller, permit_id, Purpose.SMS_RESTORE)
    if isinstance(found, Refused):
        return found
    permit, _more = found
    if permit.dossier.sms_off_at is None:
        return Refused(SMS_NOT_OFF)
    now = desk.clock.now()
    on = accounts.sms_on(permit.account_id, permit.dossier.row.account_version or 0)
    return await _done(desk, caller, permit, Act.SMS_RESTORED, on, now)


async def _done(
    desk: Desk, caller: Caller, permit: Permit, act: Act, write: Write, now: Ms
) -> Refused | None:
    """The write itself guards the account: a batch touches a row once, so `permits.spend`, which
    brings a guard of its own, cannot be used."""
    row = permit.dossier.row
    since = now - desk.policy.reauthentication_ttl_s * SECOND
    writes = [
        write,
        requests.spend(row.id, since, now),
        outbox.put(notices.security(desk, permit.dossier, act, "", now)),
    ]
    done = line(caller, act, permit.account_id, row.id, row.policy_row)
    return await desk.keep_or_refuse(writes, [done], now)
