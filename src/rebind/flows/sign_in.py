"""sign_in: by a code to the number.

A number that nobody has costs the same reads and writes and gets the same answer; its code goes to
nobody (invariant 8). Wrong codes from unknown devices close sign-in by SMS for unknown devices
only; a known device counts in its own row (invariant 7).
"""

from rebind.domain import agents
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.limits import (
    CODE_ADDRESS,
    CODE_DEVICE,
    WRONG_ADDRESS,
)
from rebind.domain.phone import masked
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Gives
from rebind.domain.units import SECOND, Ms
from rebind.flows.desk import budgets, codes, notices, opening, tokens
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.callers import device_facts, knows
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier, strangers_needs
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, limits, outbox
from rebind.store.accounts import ByNumber
from rebind.store.statements import Write


def _on_known_device(desk: Desk, found: ByNumber | None, now: Ms) -> bool:
    if found is None or found.device_full_since is None:
        return False
    facts = device_facts(found.device_full_since, found.device_enrolled, found.device_reported_at)
    return knows(desk, facts, found.device_wrong_in_row, now)


async def begin(desk: Desk, caller: Caller, number: str) -> RequestView | Refused:
    """Begin with a number as typed; a code goes to it if an account has it.

    Refusals: those of `phone.parse`; too_many_requests, too_many_codes, work_invalid,
    sms_sign_in_closed.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    now = desk.clock.now()
    request_id = desk.dice.id(now)
    keys = desk.seal.indexes("number", phone.e164)
    device_id = tokens.device(desk.seal, caller.device)
    sending = Sending(keys, phone.region, device_id)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    places += [(WRONG_ADDRESS.name, key, 0) for key in keys]
    found, counters = await desk.engine.read(
        accounts.by_number(keys[0], device_id), limits.rows(places)
    )
    rows = limits.counted(counters)
    account = accounts.found_by_number(found)
    known = _on_known_device(desk, account, now)
    if not known:
        closed = budgets.spent_under(desk, WRONG_ADDRESS, keys, rows, now)
        if closed is not None:
            return closed
    sending = Sending(keys, phone.region, device_id if known else None)
    tally = Tally(desk, now)
    refusal = budgets.count_sending(desk, caller, tally, sending, request_id, rows, now)
    refusal = refusal or tally.refused(rows)
    if refusal is not None:
        return refusal
    token, owner_hash = tokens.new_request(desk.dice)
    account_id = account.id if account else desk.dice.id(now)
    version = account.number_version if account else 0
    subject = Subject(account_id, version, None, device_id, owner_hash)
    target = Target(Proof.CODE_CURRENT, phone.e164, keys[0], nobody=account is None)
    about = About(phone.e164, keys[0], phone.region)
    writes = [
        *tally.writes(rows),
        opening.begin(desk, Kind.SIGN_IN, request_id, subject, about, now),
        *codes.send(desk, caller, Kind.SIGN_IN, account_id, request_id, [target], now),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, account_id, request_id, Kind.SIGN_IN, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    return refusal or RequestView(
        request_id,
        Kind.SIGN_IN,
        State.OPEN,
        strangers_needs(Kind.SIGN_IN),
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=masked(phone.e164),
    )


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Rows I1 to I4: a session. `confirmed_at` moves only for a full session on a known device or
    with a proof beside SMS (invariant 14)."""
    row = dossier.row
    account_id = row.account_id
    given, writes = opening.session(
        desk, caller, account_id, row.number_version, row.device_id, decision.gives, now
    )
    lines = [line(caller, Act.SESSION_OPENED, account_id, row.id, decision.row)]
    if row.locked_at is not None:
        writes.append(accounts.unlock(account_id))
        lines.append(line(caller, Act.ACCOUNT_UNLOCKED, account_id, row.id, decision.row))
    if decision.gives is Gives.FULL:
        writes.append(accounts.confirm(account_id, row.number_version, now))
        lines.append(line(caller, Act.NUMBER_CONFIRMED, account_id, row.id, decision.row))
        if row.probation_since is not None and row.locked_at is None:
            writes.append(accounts.trusted(account_id))
    else:
        writes.append(accounts.unmoved(account_id, row.number_version))
        if decision.gives is Gives.PROBATION:
            writes.append(accounts.doubted(account_id, now))
    number = dossier.number(desk)
    keys = desk.seal.indexes("number", number)
    if row.device_id is not None and dossier.on_known_device(desk, now):
        writes.append(limits.forgive(CODE_DEVICE, row.device_id))
        if row.locked_at is not None:
            writes.append(_notice(desk, caller, dossier, number, keys[0], now))
    else:
        # Only the pauses that this request was held up by: others are not the holder's to end,
        # and their end would tell a stranger that somebody lives here.
        writes += [limits.forgive(CODE_ADDRESS, key) for key in keys]
        writes.append(_notice(desk, caller, dossier, number, keys[0], now))
    return Finished(writes, lines, given)


def _notice(
    desk: Desk, caller: Caller, dossier: Dossier, number: str, key: bytes, now: Ms
) -> Write:
    """A sign-in on a device that is not known, and one that lifts a lock, is told to every address
    of the account, the number itself included: the code may have been relayed."""
    row = dossier.row
    told = [
        Addressee("sms", number, key, "current"),
        *notices.mailboxes(desk, dossier),
        *notices.former_numbers(desk, dossier, {key}),
    ]
    message = "new_sign_in" if row.locked_at is None else "account_unlocked"
    params = {"when": str(now), "device": agents.in_words(caller.agent)}
    locale = row.account_locale or caller.locale
    return outbox.put(
        notices.parcels(desk, message, told, locale, params, row.account_id, row.id, now)
    )


JOURNEY = Journey(finish)
