"""closing: an account is closed a month after it was asked for, and until then anybody may stop it
who may stop a change: any full session of it, any of its addresses.

Begun by spending a re-authentication; the request waits like every other and is told of like every
other. At its end the number is free at once, and whatever names or protects the person is deleted;
the account's row and its audit trail, which name nobody, stay for as long as retention says.
"""

from rebind.domain import close
from rebind.domain.acts import Act
from rebind.domain.phone import masked
from rebind.domain.refusals import CLOSING_ALREADY, Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Purpose
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import notices, permits, views
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey, News
from rebind.flows.desk.views import RequestView
from rebind.store import erasure, numbers, outbox, standing
from rebind.store.outbox import Parcel


async def begin(desk: Desk, caller: Caller, permit_id: Id) -> RequestView | Refused:
    """Ask for the account to be closed; every address hears of it, with a link to stop it.

    Refusals: session_required, session_ended, reauthentication_required, closing_already,
    try_again.
    """
    found = await permits.read(desk, caller, permit_id, Purpose.ACCOUNT_CLOSE)
    if isinstance(found, Refused):
        return found
    permit, _rows = found
    now, dossier = desk.clock.now(), permit.dossier
    (rows,) = await desk.engine.read(
        standing.of_account(permit.account_id, now, views.STANDING_MAX)
    )
    if any(each.kind == Kind.CLOSE and each.ended_at is None for each in standing.rows(rows)):
        return Refused(CLOSING_ALREADY)
    until, row = close.closes_at(desk.policy, now), dossier.row
    request_id, number = desk.dice.id(now), dossier.current_number(desk)
    begun = standing.begin_waiting(
        request_id,
        Kind.CLOSE,
        permit.account_id,
        row.number_version,
        row.owner_hash,
        desk.seal.index("number", number),
        desk.seal.seal("requests.number", request_id, number),
        row.current_region or row.region,
        close.ROW,
        until,
        until - desk.policy.close_remind_d * DAY,
        now,
    )
    told = _parcels(desk, dossier, request_id, "account_closing", until, now)
    refused = await permits.spend(
        desk, caller, permit, Act.CLOSING_BEGUN, [begun, outbox.put(told)], now, silent=True
    )
    return refused or RequestView(
        request_id,
        Kind.CLOSE,
        State.WAITING,
        (),
        until,
        wait_until=until,
        row=close.ROW,
        number=masked(number),
    )


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """The month is over: the number is anybody's, and the person's data goes."""
    row = dossier.row
    account_id, version = row.account_id, row.number_version
    keys = desk.seal.indexes("number", dossier.current_number(desk))
    told = _parcels(desk, dossier, row.id, "account_closed", now, now)
    writes = [
        erasure.close(account_id, version, now),
        *numbers.hold(keys, account_id, version, now, now),
        *erasure.erase(account_id),
        standing.end_waiting(account_id, row.id, State.CANCELLED, now),
        outbox.put(told),
    ]
    closed = line(caller, Act.ACCOUNT_CLOSED, account_id, row.id, decision.row)
    return Finished(writes, [closed])


def tell(desk: Desk, dossier: Dossier, news: News, at: Ms | None, now: Ms) -> list[Parcel]:
    """What every address is told between the beginning and the end; or of an end at which the
    account stays, because somebody stopped it or took it back, or has changed the number since."""
    kept = news in (News.STOPPED, News.ENDED, News.CANCELLED, News.ENDED_BESIDE)
    message = "account_kept" if kept else "account_closing"
    return _parcels(desk, dossier, dossier.id, message, at or now, now)


def _parcels(
    desk: Desk, dossier: Dossier, request_id: Id, message: str, until: Ms, now: Ms
) -> list[Parcel]:
    row = dossier.row
    why = "" if row.number_version == row.account_number_version else "number"
    params = {"when": str(row.ended_at or now), "until": str(until), "why": why}
    return notices.parcels(
        desk,
        message,
        notices.own_addresses(desk, dossier),
        row.account_locale or notices.FALLBACK_LOCALE,
        params,
        row.account_id,
        request_id,
        now,
        "stop" if message == "account_closing" else None,
    )


JOURNEY = Journey(finish, tell)
