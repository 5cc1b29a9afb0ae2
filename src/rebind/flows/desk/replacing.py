"""Replacing: the one way in which a number takes the place of another, for every journey that ends
in it, and what people are told of it.

That the old number works until the very commit, that the new one is reserved by its primary key,
that the old one is held while the change could be undone, and that everybody hears of it, is
written here. Which proofs are enough is the rule's.
"""

from rebind.domain import mailbox, recover
from rebind.domain.acts import Act, Door
from rebind.domain.evidence import Proof
from rebind.domain.limits import CODE_ADDRESS, CODE_DEVICE
from rebind.domain.phone import masked
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, NumberStanding
from rebind.domain.units import HOUR, Ms
from rebind.flows.desk import hearing, notices, opening
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, News, next_repeat
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.views import SessionGiven
from rebind.store import (
    accounts,
    daily_counts,
    emails,
    factors,
    limits,
    numbers,
    outbox,
    sessions,
    standing,
)
from rebind.store.daily_counts import Daily
from rebind.store.outbox import Parcel
from rebind.store.statements import Write


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """The replacement: old binding released and held, new one live, other sessions ended, other
    waiting requests superseded, all addresses told. Guards: the account is as it was when the
    request was read, and the new number is free."""
    row = dossier.row
    account_id, based_on = row.account_id, row.number_version
    old, new = dossier.current_number(desk), dossier.number(desk)
    old_keys, new_keys = desk.seal.indexes("number", old), desk.seal.indexes("number", new)
    after = based_on + 1
    sealed = desk.seal.seal("bindings.number", accounts.place_of(account_id, after), new)
    undo_until = now + desk.policy.undo_h * HOUR
    since = dossier.had_since(
        desk.policy, based_on, row.current_key or b"", row.current_bound_at or now
    )
    role = notices.former_role(desk, dossier, since, now)
    before = Addressee("sms", old, old_keys[0], role)
    told = _changed(desk, dossier, before, now, undo_until, now)
    writes = [
        accounts.rebound(account_id, based_on, now, unlocks=row.locked_at is not None),
        accounts.release(account_id, based_on, dossier.kind, now),
        accounts.bind(account_id, after, sealed, new_keys[0], row.region, now, now),
        *(limits.forgive(CODE_ADDRESS, key) for key in new_keys),
        *numbers.hold(old_keys, account_id, based_on, undo_until, now),
        *numbers.reserve(new_keys, account_id, after, now),
        standing.end_waiting(account_id, row.id, State.CANCELLED, now),
        outbox.put(told),
    ]
    if row.device_id is not None:
        writes.append(limits.forgive(CODE_DEVICE, row.device_id))
    given, session_writes = _session(desk, caller, dossier, decision, after, now)
    writes += _lost(dossier, decision, now)
    lines = [
        line(caller, Act.NUMBER_CHANGED, account_id, row.id, decision.row),
        line(caller, Act.SESSIONS_ENDED, account_id, row.id, "number_changed"),
    ]
    again_at = next_repeat(desk.policy, now, now)
    # The count is shared with others, so it comes last and is held for the shortest time.
    writes += [*session_writes, _counted(desk, dossier, now)]
    return Finished(writes, lines, given, again_at, undo_until)


def _counted(desk: Desk, dossier: Dossier, now: Ms) -> Write:
    """For the figures of the console, which name nobody."""
    what = Daily.RECOVERY if dossier.kind is Kind.RECOVER else Daily.CHANGE
    return daily_counts.add(desk.calendar.local_day(now), what, dossier.id)


def _lost(dossier: Dossier, decision: Apply, now: Ms) -> list[Write]:
    """Whom the support desk let back in has lost everything else as well: what the account had set
    counts no more, and comes back if this is undone (NIST SP 800-63B-4 4.5: authenticators that
    are lost are invalidated)."""
    if decision.row != recover.BY_SUPPORT:
        return []
    account_id = dossier.account_id
    gone = [factors.remove_all(table, account_id, now) for table in factors.TABLES]
    return [*gone, emails.remove_all(account_id, now)]


def _session(
    desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, number_version: int, now: Ms
) -> tuple[SessionGiven | None, list[Write]]:
    """The session in which a change was begun stays, and is of the new binding; all others end.
    Where there was none, or a long wait has outlived it, whoever answered the last code gets a new
    one."""
    row = dossier.row
    if row.session_id is not None and dossier.session_lives(now):
        return None, [
            sessions.stays(row.account_id, row.session_id, number_version, now),
            sessions.end_others(row.account_id, row.session_id, "number_changed", now),
        ]
    ended = sessions.end_all(row.account_id, "number_changed", now)
    if caller.door is Door.TIME:
        return None, [ended]
    given, writes = opening.session(
        desk,
        caller,
        row.account_id,
        number_version,
        row.device_id,
        decision,
        dossier.proofs(),
        now,
    )
    return given, [ended, *writes]


def tell(desk: Desk, dossier: Dossier, news: News, at: Ms | None, now: Ms) -> list[Parcel]:
    """What every address is told of a replacement that is not finished in one go, or was hours
    ago."""
    row = dossier.row
    if news is News.AGAIN:
        gone = dossier.replaced()
        if gone is None:
            return []
        since = dossier.had_since(desk.policy, gone.version, gone.number_key, gone.bound_at)
        role = notices.former_role(desk, dossier, since, gone.released_at)
        number = dossier.released_number(desk, gone)
        before = Addressee("sms", number, desk.seal.index("number", number), role)
        return _changed(desk, dossier, before, row.ended_at or now, row.stands_until, now)
    if news in (News.ENDED, News.CANCELLED, News.ENDED_BESIDE):
        return _ended(desk, dossier, news, now)
    old, new = dossier.current_number(desk), dossier.number(desk)
    own = notices.own_addresses(desk, dossier)
    if not dossier.names_number:
        return _begun(desk, dossier, own, now)
    own += _newcomer(desk, dossier, {each.address_key for each in own})
    own += _contact(desk, dossier, {each.address_key for each in own})
    params = {
        "old_masked": masked(old),
        "new_masked": masked(new),
        "when": str(now),
        "until": str(at or now),
        "request": row.id.hex(),
        "again": "1" if news is News.REMINDED else "",
    }
    message = "change_waiting" if news is News.REMINDED else f"change_{news}"
    link = None if news is News.STOPPED else "stop"
    locale = row.account_locale or notices.FALLBACK_LOCALE
    return notices.parcels(
        desk,
        message,
        own,
        locale,
        params,
        row.account_id,
        row.id,
        now,
        link,
    )


def _newcomer(desk: Desk, dossier: Dossier, told: set[bytes]) -> list[Addressee]:
    """The new number, once it has answered a code: nobody may have a stranger's phone rung."""
    number = dossier.number(desk)
    key = desk.seal.index("number", number)
    answered = any(item.proof is Proof.CODE_NEW for item in dossier.evidence)
    return [Addressee("sms", number, key, notices.NEW)] if answered and key not in told else []


def _ended(desk: Desk, dossier: Dossier, news: News, now: Ms) -> list[Parcel]:
    """That it will not happen, and nobody has objected. Why, is told where everybody may know it
    (no fresh code came in time, whoever had it took it back); that the number is another account's,
    to that number alone, which whoever reads it has (invariant 8). The account's addresses are told
    of what was said to wait; before that, only those who asked for it; and of them the new number
    and the contact of a case alone, while another one waits and once the account is closed. Nobody
    is told where the account has that very number by now."""
    row = dossier.row
    if row.current_key in desk.seal.indexes("number", dossier.number(desk)):
        return []
    silent = row.current_sealed is None or news is News.ENDED_BESIDE
    own = [] if silent else notices.own_addresses(desk, dossier)
    if row.wait_until is None:
        since = hearing.answered_at(dossier.evidence)
        asked = {mail.address_key for mail in dossier.emails if mail.set_at in since}
        own = [each for each in own if each.channel == "mail" and each.address_key in asked]
    newcomer = _newcomer(desk, dossier, {each.address_key for each in own})
    own += _contact(desk, dossier, {each.address_key for each in own})
    late = row.ready_at is not None and dossier.state(now) is State.EXPIRED
    taken = dossier.ask(desk.policy, now).number is NumberStanding.TAKEN
    told, why = list[Parcel](), "late" if late else ""
    if news is News.CANCELLED:
        why = "cancelled"
    for addressees, reason in ((own, why), (newcomer, "taken" if taken else why)):
        told += notices.parcels(
            desk,
            "change_ended",
            addressees,
            row.account_locale or notices.FALLBACK_LOCALE,
            {"new_masked": masked(dossier.number(desk)), "why": reason},
            row.account_id,
            row.id,
            now,
        )
    return told


def _contact(desk: Desk, dossier: Dossier, told: set[bytes]) -> list[Addressee]:
    """The mailbox of the case from which a recovery comes: told, and without a say."""
    row = dossier.row
    if row.case_id is None or row.case_contact is None:
        return []
    address = desk.seal.unseal("cases.contact", row.case_id, row.case_contact)
    key = desk.seal.index("email", mailbox.canonical(address))
    return [] if key in told else [Addressee("mail", address, key, notices.NEW)]


def _begun(desk: Desk, dossier: Dossier, own: list[Addressee], now: Ms) -> list[Parcel]:
    """Somebody has shown a first proof of a recovery, and not said yet which number it is to be."""
    row = dossier.row
    return notices.parcels(
        desk,
        "recover_begun",
        own,
        row.account_locale or notices.FALLBACK_LOCALE,
        {"when": str(now)},
        row.account_id,
        row.id,
        now,
        "stop",
    )


def _changed(
    desk: Desk,
    dossier: Dossier,
    before: Addressee,
    when: Ms,
    undo_until: Ms | None,
    now: Ms,
) -> list[Parcel]:
    """The notice that the number was changed, to the old and the new one, and to every other
    address; the account's own addresses get the link by which it is undone."""
    row, new = dossier.row, dossier.number(desk)
    new_key = desk.seal.index("number", new)
    told = [
        before,
        Addressee("sms", new, new_key, notices.NEW),
        *notices.mailboxes(desk, dossier),
        *notices.former_numbers(desk, dossier, {before.address_key, new_key}),
    ]
    params = {
        "old_masked": masked(before.address),
        "new_masked": masked(new),
        "when": str(when),
        "until": str(undo_until or now),
        "again": "" if when == now else "1",
    }
    locale = row.account_locale or notices.FALLBACK_LOCALE
    return notices.parcels(
        desk, "number_changed", told, locale, params, row.account_id, row.id, now, "undo"
    )
