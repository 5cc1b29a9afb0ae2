"""loss: the telephone is gone. Codes to the number prove nothing from this moment on.

From any full session, at once, without another proof (NIST SP 800-63B-4 4.3): whoever lost it must
be quicker than whoever found it. Back only by the holder: with a second factor, a password, or a
code to the number *and* something beside it; never by the SIM alone. Refuses strangers, who could
silence the holder by it, and, for a day, a session that has shown nothing but the SIM. Neighbour:
`domain/strengths.py` makes such codes worth nothing.
"""

from collections.abc import Sequence

from rebind.domain import reauthentication
from rebind.domain.acts import Act
from rebind.domain.evidence import CarrierFacts
from rebind.domain.refusals import (
    SESSION_ON_PROBATION,
    SESSION_TOO_YOUNG,
    SMS_NOT_OFF,
    SMS_OFF_ALREADY,
    Refused,
)
from rebind.domain.request import Kind
from rebind.domain.rows import Ask, Case, Purpose
from rebind.domain.units import DAY, SECOND, Id, Ms
from rebind.flows.desk import callers, codes, notices, permits
from rebind.flows.desk.callers import SignedIn
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.own import own_factors
from rebind.store import accounts, emails, factors, numbers, outbox, requests
from rebind.store.accounts import Binding
from rebind.store.emails import EmailRow
from rebind.store.outbox import Lane, Parcel

_TRY_FOR = 3 * DAY
"""As long as any other notice is tried."""

_BINDINGS_READ = 100
"""Between two changes lie twelve hours: 30 days hold fewer than that."""


async def suspend(desk: Desk, caller: Caller) -> Refused | None:
    """Codes to the number prove nothing any more, nowhere, and everybody is told; sessions stay.

    Refusals: session_required, session_ended, session_on_probation, sms_off_already,
    session_too_young (with the time).
    """
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    since = now - desk.policy.notice_removed_d * DAY
    found, mails, beside, history = await desk.engine.read(
        query,
        emails.of_account(token.account_id, since),
        factors.of_account(token.account_id),
        accounts.history(token.account_id, _BINDINGS_READ),
    )
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    if who.sms_off_at is not None:
        return Refused(SMS_OFF_ALREADY)
    ask = Ask(Kind.REAUTHENTICATE, session=who.facts, purpose=Purpose.PASSKEY_ADD)
    case = Case(ask, (), who.account(own_factors(mails, beside)), CarrierFacts(), desk.policy, now)
    known = callers.on_known_device(desk, caller, who, now)
    # It keeps a holder outside who has only the number, as a passkey of a stranger would.
    until = reauthentication.young_until(case, known)
    if until is not None:
        return Refused(SESSION_TOO_YOUNG, until)
    former = [each for each in accounts.bindings(history) if (each.released_at or 0) > since]
    number = who.number(desk)
    key_now = desk.seal.index("number", number)
    told = {
        key_now: ("sms", number),
        **_mailboxes(desk, emails.rows(mails)),
        **await _former(desk, who, former, key_now),
    }
    writes = [
        accounts.sms_off(who.account_id, who.row.bound_at, now),
        outbox.put([_notice(desk, who, key, *to, now) for key, to in told.items()]),
    ]
    off = line(caller, Act.SMS_SUSPENDED, who.account_id, why=who.row.opened_by)
    return await desk.keep_or_refuse(writes, [off], now)


async def restore(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """The telephone was found, or its SIM re-issued: codes count again, on the strength of a
    re-authentication for `sms_restore`.

    Refusals: session_required, session_ended, reauthentication_required, sms_not_off, try_again.
    """
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    found = await permits.read(desk, caller, permit_id, Purpose.SMS_RESTORE)
    if isinstance(found, Refused):
        return found
    permit, _more = found
    row = permit.dossier.row
    if permit.dossier.sms_off_at is None:
        return Refused(SMS_NOT_OFF)
    now = desk.clock.now()
    since = now - desk.policy.reauthentication_ttl_s * SECOND
    # The write itself guards the account: a batch touches a row once, so `permits.spend`, which
    # brings a guard of its own, cannot be used.
    writes = [
        accounts.sms_on(permit.account_id, row.account_version or 0),
        requests.spend(row.id, since, now),
        outbox.put(notices.security(desk, permit.dossier, Act.SMS_RESTORED, "", now)),
    ]
    on = line(caller, Act.SMS_RESTORED, permit.account_id, row.id, row.policy_row)
    return await desk.keep_or_refuse(writes, [on], now)


def _mailboxes(desk: Desk, mails: Sequence[EmailRow]) -> dict[bytes, tuple[str, str]]:
    """Every mailbox, those removed lately included, each address once."""
    return {
        mail.address_key: (
            "mail",
            desk.seal.unseal("emails.address", mail.id, mail.address_sealed),
        )
        for mail in mails
    }


async def _former(
    desk: Desk, who: SignedIn, former: Sequence[Binding], key_now: bytes
) -> dict[bytes, tuple[str, str]]:
    """Numbers released lately. What an undo took back was never the holder's, and what another
    account has by now is its holder's."""
    found = {}
    for each in former:
        place = accounts.place_of(who.account_id, each.version)
        number = desk.seal.unseal("bindings.number", place, each.number_sealed)
        key = desk.seal.index("number", number)
        if each.reason != Kind.UNDO and key != key_now:
            found[key] = ("sms", number)
    if not found:
        return {}
    holders = await desk.engine.read(*map(numbers.by_key, found))
    return {
        key: to
        for (key, to), rows in zip(found.items(), holders, strict=True)
        if all(holder == who.account_id or until is not None for holder, until, _version in rows)
    }


def _notice(desk: Desk, who: SignedIn, key: bytes, channel: str, address: str, now: Ms) -> Parcel:
    params = {"act": Act.SMS_SUSPENDED.value, "what": "", "when": str(now), "role": ""}
    return codes.parcel(
        desk,
        lane=Lane.NOTICE,
        message="security_changed",
        channel=channel,
        to=address,
        address_key=key,
        locale=who.row.locale,
        params=params,
        account_id=who.account_id,
        request_id=None,
        now=now,
        expires_at=now + _TRY_FOR,
    )
