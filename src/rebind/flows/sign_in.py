"""sign_in: by a code to the number, by a password, by a passkey; with a second factor where set.

A name that nobody has costs the same reads and writes and gets the same answer; its code goes to
nobody (invariant 8). Wrong tries from unknown devices close that way in for unknown devices only; a
known device counts in its own row (invariant 7). Codes by e-mail alone never sign in.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import agents, mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.limits import (
    CODE_ADDRESS,
    CODE_DEVICE,
    WRONG_ADDRESS,
)
from rebind.domain.refusals import EMAIL_MALFORMED, Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Gives
from rebind.domain.units import SECOND, Ms
from rebind.flows.desk import budgets, codes, notices, opening, tokens, views
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.callers import device_facts, knows
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.naming import Name, strangers_needs
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, emails, limits, locks, outbox
from rebind.store.accounts import ByName
from rebind.store.statements import Query, Write

FIRST_CODES = (Proof.CODE_CURRENT,)


class _Named(msgspec.Struct, frozen=True):
    """What somebody typed to say who they are: its keys, its country if it is a number, and the
    read that finds its account."""

    name: Name
    typed: str
    keys: tuple[bytes, ...]
    region: str
    found_by: Query | None


async def by_number(
    desk: Desk, caller: Caller, number: str, send: Sequence[Proof] = FIRST_CODES
) -> RequestView | Refused:
    """Begin with a number as typed; a code goes to it if an account has it, unless `send` is empty.

    Refusals: those of `phone.parse`; too_many_requests, too_many_codes, work_invalid,
    sms_sign_in_closed.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    keys = desk.seal.indexes("number", phone.e164)
    found_by = accounts.by_number(keys[0], tokens.device(desk.seal, caller.device))
    named = _Named(Name.NUMBER, phone.e164, keys, phone.region, found_by)
    return await _begin(desk, caller, named, coded=Proof.CODE_CURRENT in send)


async def by_email(desk: Desk, caller: Caller, address: str) -> RequestView | Refused:
    """Begin with a mailbox as typed, to go on with a password or a passkey. Nothing is sent.
    Refusals: email_malformed, too_many_requests, work_invalid."""
    if not mailbox.looks_right(address):
        return Refused(EMAIL_MALFORMED)
    plain = mailbox.canonical(address)
    keys = desk.seal.indexes("email", plain)
    found_by = emails.account_of(keys[0], tokens.device(desk.seal, caller.device))
    return await _begin(desk, caller, _Named(Name.MAILBOX, plain, keys, "", found_by))


async def by_passkey(desk: Desk, caller: Caller) -> RequestView | Refused:
    """Begin without a name: the passkey will say whose it is. Refusals: too_many_requests,
    work_invalid."""
    return await _begin(desk, caller, _Named(Name.NOTHING, "", (b"",), "", None))


async def _begin(
    desk: Desk, caller: Caller, named: _Named, *, coded: bool = False
) -> RequestView | Refused:
    now = desk.clock.now()
    request_id = desk.dice.id(now)
    device_id = tokens.device(desk.seal, caller.device)
    sending = Sending(named.keys, named.region or None, device_id)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    places += [(WRONG_ADDRESS.name, key, 0) for key in named.keys]
    reads = [limits.rows(places), *([named.found_by] if named.found_by is not None else [])]
    counters, *found = await desk.engine.read(*reads)
    rows = limits.counted(counters)
    account = accounts.found_by_name(found[0]) if found else None
    known = _on_known_device(desk, account, now)
    tally = Tally(desk, now)
    if coded and not known:
        closed = budgets.spent_under(desk, WRONG_ADDRESS, named.keys, rows, now)
        if closed is not None:
            return closed
    if coded:
        sending = msgspec.structs.replace(sending, device_id=device_id if known else None)
        refusal = budgets.count_sending(desk, caller, tally, sending, request_id, rows, now)
    else:
        refusal = budgets.count_asking(desk, caller, tally, sending, rows, now, trusted=known)
    refusal = refusal or tally.refused(rows)
    if refusal is not None:
        return refusal
    token, owner_hash = tokens.new_request(desk.dice)
    account_id = account.id if account else desk.dice.id(now)
    subject = Subject(
        account_id, account.number_version if account else 0, None, device_id, owner_hash
    )
    about = About(named.typed, named.keys[0], named.region)
    writes = [
        *tally.writes(rows),
        opening.begin(desk, Kind.SIGN_IN, request_id, subject, about, now),
    ]
    if coded:
        # Where the telephone was reported lost nothing leaves, and nobody is told so.
        nobody = account is None or account.sms_off
        target = Target(Proof.CODE_CURRENT, named.typed, named.keys[0], nobody)
        writes += codes.send(desk, caller, Kind.SIGN_IN, account_id, request_id, [target], now)
    begun = line(caller, Act.REQUEST_BEGUN, account_id, request_id, Kind.SIGN_IN, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    needs = strangers_needs(Kind.SIGN_IN, named.name)
    return refusal or RequestView(
        request_id,
        Kind.SIGN_IN,
        State.OPEN,
        needs,
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=views.shown(named.typed) if named.typed else "",
        passkey=views.passkey(desk, request_id, needs),
    )


def _on_known_device(desk: Desk, found: ByName | None, now: Ms) -> bool:
    if found is None or found.device_full_since is None:
        return False
    facts = device_facts(found.device_full_since, found.device_enrolled, found.device_reported_at)
    return knows(desk, facts, found.device_wrong_in_row, now)


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Rows I1 to I5, L1 and L2: a session. `confirmed_at` moves only where a code to the number was
    answered for a full session, on a known device or with a proof beside SMS (invariant 14)."""
    row = dossier.row
    account_id, proofs = row.account_id, dossier.proofs()
    known = dossier.on_known_device(desk, now)
    given, writes = opening.session(
        desk,
        caller,
        account_id,
        row.number_version,
        row.device_id,
        decision,
        proofs | ({Proof.KNOWN_DEVICE} if known else frozenset()),
        now,
    )
    lines = [line(caller, Act.SESSION_OPENED, account_id, row.id, decision.row)]
    if row.locked_at is not None:
        writes.append(locks.unlock(account_id))
        lines.append(line(caller, Act.ACCOUNT_UNLOCKED, account_id, row.id, decision.row))
    if decision.gives is Gives.FULL and Proof.CODE_CURRENT in proofs:
        writes.append(accounts.confirm(account_id, row.number_version, now))
        lines.append(line(caller, Act.NUMBER_CONFIRMED, account_id, row.id, decision.row))
    else:
        writes.append(accounts.unmoved(account_id, row.number_version))
    if decision.gives is Gives.PROBATION:
        writes.append(accounts.doubted(account_id, now))
    doubted = row.probation_since is not None and row.locked_at is None
    if decision.gives is Gives.FULL and doubted:
        writes.append(accounts.trusted(account_id))
    number = dossier.current_number(desk)
    keys = desk.seal.indexes("number", number)
    if row.device_id is not None and known:
        writes.append(limits.forgive(CODE_DEVICE, row.device_id))
        if row.locked_at is not None:
            writes.append(_notice(desk, caller, dossier, number, keys[0], now))
    else:
        # Only the pauses that this request was held up by: others are not the holder's to end,
        # and their end would tell a stranger that somebody lives here.
        if Proof.CODE_CURRENT in proofs:
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
