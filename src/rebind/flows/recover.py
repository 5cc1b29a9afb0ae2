"""recover: the telephone is gone. Begun with the old number or a mailbox, the same for everyone.

A code to a mailbox of the account comes first; then the second factor, where there is one, and a
code to the new number, which is named only by somebody who has shown that much. What can be shown,
and how long it then waits, is the rule's (rows R1, R2); whoever can show less goes to the support
desk. The end of it is the same replacement as every other.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.cases import Side
from rebind.domain.decision import decide
from rebind.domain.evidence import ACCOUNT_SIDE, Proof
from rebind.domain.limits import RECOVER_ADDRESS
from rebind.domain.refusals import (
    EMAIL_MALFORMED,
    NOTHING_WAITS,
    PROOF_NOT_OFFERED,
    REAUTHENTICATION_REQUIRED,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    Refused,
)
from rebind.domain.request import Kind, Move, State, after
from rebind.domain.rows import Apply, Need, NumberStanding, Refuse, Wait, Ways
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import budgets, codes, opening, own, replacing, tokens, views, waits
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journey
from rebind.flows.desk.naming import strangers_needs
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, emails, limits, numbers, requests, standing
from rebind.store.accounts import ByName
from rebind.store.statements import Query, Rows


async def by_number(desk: Desk, caller: Caller, number: str) -> RequestView | Refused:
    """Begin with the number that is lost, as typed; a code goes to a mailbox of its account.

    Refusals: those of `phone.parse`; too_many_requests, too_many_codes, work_invalid.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    keys = desk.seal.indexes("number", phone.e164)
    found_by = accounts.by_number(keys[0], tokens.device(desk.seal, caller.device))
    return await _begin(desk, caller, About(phone.e164, keys[0], phone.region), keys, found_by)


async def by_email(desk: Desk, caller: Caller, address: str) -> RequestView | Refused:
    """Begin with a mailbox of the account; the code goes there.

    Refusals: email_malformed, too_many_requests, too_many_codes, work_invalid.
    """
    address = address.strip()
    if not mailbox.looks_right(address):
        return Refused(EMAIL_MALFORMED)
    keys = desk.seal.indexes("email", mailbox.canonical(address))
    found_by = emails.account_of(keys[0], tokens.device(desk.seal, caller.device))
    return await _begin(desk, caller, About(address, keys[0], ""), keys, found_by)


async def _begin(
    desk: Desk, caller: Caller, about: About, keys: tuple[bytes, ...], found_by: Query
) -> RequestView | Refused:
    """The same reads and writes whether or not there is an account, or a mailbox to write to."""
    now = desk.clock.now()
    request_id = desk.dice.id(now)
    # Counted by what was typed, so that what is counted says nothing of whose it is.
    sending = Sending(keys, None)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    places += [(RECOVER_ADDRESS.name, key, 0) for key in keys]
    found, counters = await desk.engine.read(found_by, limits.rows(places))
    account, counted = accounts.found_by_name(found), limits.counted(counters)
    account_id = account.id if account else desk.dice.id(now)
    to = await _to(desk, account, account_id, about, now)
    tally = Tally(desk, now)
    tally.add(RECOVER_ADDRESS, keys)
    refusal = budgets.count_sending(desk, caller, tally, sending, request_id, counted, now)
    refusal = refusal or tally.refused(counted)
    if refusal is not None:
        return refusal
    token, owner_hash = tokens.new_request(desk.dice)
    device_id = tokens.device(desk.seal, caller.device)
    version = account.number_version if account else 0
    subject = Subject(account_id, version, None, device_id, owner_hash)
    writes = [
        *tally.writes(counted),
        opening.begin(desk, Kind.RECOVER, request_id, subject, about, now),
        *codes.send(desk, caller, Kind.RECOVER, account_id, request_id, [to], now),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, account_id, request_id, Kind.RECOVER, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    return refusal or RequestView(
        request_id,
        Kind.RECOVER,
        State.OPEN,
        strangers_needs(Kind.RECOVER),
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=views.shown(about.address),
    )


async def _to(desk: Desk, account: ByName | None, account_id: Id, about: About, now: Ms) -> Target:
    """Where the first code goes: to the mailbox that was typed, or to the strongest of the account
    whose number was; to nobody where there is none."""
    (found,) = await desk.engine.read(emails.of_account(account_id, now))
    live = [row for row in emails.rows(found) if row.removed_at is None]
    if account is None or not live:
        return Target(Proof.CODE_EMAIL, about.address, about.key, nobody=True)
    if "@" in about.address:
        return Target(Proof.CODE_EMAIL, about.address, about.key)
    strongest = own.strongest(desk, live, account.enrolled_at, now)
    address = desk.seal.unseal("emails.address", strongest.id, strongest.address_sealed)
    return Target(Proof.CODE_EMAIL, address, strongest.address_key)


async def aim(desk: Desk, caller: Caller, request_id: Id, number: str) -> RequestView | Refused:
    """Say which number the account is to have, as typed; a code goes there. Another one may be
    named until the code was answered.

    Refusals: those of `phone.parse`; request_unknown, request_finished, request_expired,
    account_changed, proof_not_offered (before the first proof, and after the code),
    number_is_own, changed_recently (with the time), too_many_codes, too_many_requests,
    work_invalid.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    now = desk.clock.now()
    keys = desk.seal.indexes("number", phone.e164)
    sending = Sending(keys, phone.region)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    reads = (numbers.by_key(keys[0]), limits.rows(places))
    dossier, (reserved, counters) = await _owned(desk, caller, request_id, now, *reads)
    if isinstance(dossier, Refused):
        return dossier
    row, proved = dossier.row, dossier.proofs()
    if not proved & ACCOUNT_SIDE or Proof.CODE_NEW in proved or row.case_id is not None:
        return Refused(PROOF_NOT_OFFERED)
    needs = await _needs(
        desk, dossier, numbers.standing_of(reserved, row.account_id, row.number_version, now), now
    )
    if isinstance(needs, Refused):
        return needs
    counted, tally = limits.counted(counters), Tally(desk, now)
    refusal = budgets.count_sending(desk, caller, tally, sending, row.id, counted, now)
    refusal = refusal or tally.refused(counted)
    if refusal is not None:
        return refusal
    sealed = desk.seal.seal("requests.number", row.id, phone.e164)
    target = Target(Proof.CODE_NEW, phone.e164, keys[0])
    writes = [
        *tally.writes(counted),
        requests.aim(row.id, row.version, keys[0], sealed, phone.region, now),
        *codes.send(desk, caller, Kind.RECOVER, row.account_id, row.id, [target], now),
    ]
    asked = line(caller, Act.CODE_ASKED, row.account_id, row.id, Proof.CODE_NEW)
    refusal = await desk.keep_or_refuse(writes, [asked], now)
    return refusal or msgspec.structs.replace(
        views.request(desk, dossier, State.OPEN, needs), number=views.shown(phone.e164)
    )


async def _needs(desk: Desk, dossier: Dossier, standing: NumberStanding, now: Ms) -> Ways | Refused:
    """What the rule will ask for, or why it says no at once. That the number is another account's
    is not told: nobody has shown to hold it yet."""
    if standing is NumberStanding.TAKEN:
        standing = NumberStanding.FREE
    ask = msgspec.structs.replace(dossier.ask(desk.policy, now), number=standing)
    decision = decide(
        ask,
        dossier.with_context(desk, dossier.evidence, now),
        dossier.account_facts(now),
        await waits.carrier(desk, dossier),
        desk.policy,
        now,
    )
    match decision:
        case Need(ways=ways):
            return ways
        case Refuse(refusal=refusal, until=until):
            return Refused(refusal, until)
        case Apply() | Wait():
            raise AssertionError("a recovery was decided before its number answered a code")


async def resume(desk: Desk, caller: Caller, request_id: Id) -> RequestView | Refused:
    """Go on from here with a recovery of the same account that waits and was begun elsewhere: who
    has shown a proof from the account's side in this one gets that one, and this one ends.

    Refusals: request_unknown, request_finished, request_expired, account_changed,
    proof_not_offered (before the first proof), nothing_waits; reauthentication_required to a
    session, which owns no recovery and goes on with a change by that.
    """
    if tokens.session(caller.bearer) is not None:
        return Refused(REAUTHENTICATION_REQUIRED)
    now = desk.clock.now()
    owner = tokens.owner_hash(caller.bearer)
    dossier, () = await _owned(desk, caller, request_id, now)
    if isinstance(dossier, Refused):
        return dossier
    if owner is None or not dossier.proofs() & ACCOUNT_SIDE:
        return Refused(PROOF_NOT_OFFERED)
    row = dossier.row
    (found,) = await desk.engine.read(standing.of_account(row.account_id, now, views.STANDING_MAX))
    waiting = [
        each
        for each in standing.rows(found)
        if each.kind == Kind.RECOVER and each.ended_at is None and not each.by_support
    ]
    if not waiting:
        return Refused(NOTHING_WAITS)
    there = dossiers.read(await desk.engine.read(*dossiers.queries(desk, waiting[0].id, None, now)))
    if isinstance(there, Refused):
        return there
    writes = [
        standing.hand_over(there.id, there.row.version, owner, row.device_id),
        requests.end(row.id, row.version, after(State.OPEN, Move.CANCEL), None, now),
    ]
    lines = [line(caller, Act.REQUEST_RESUMED, row.account_id, there.id, str(row.kind))]
    refusal = await desk.keep_or_refuse(writes, lines, now)
    needs = there.needs(desk, now)
    return refusal or views.request(desk, there, there.state(now), needs)


async def of_case(desk: Desk, access: Access) -> RequestView | None:
    """The recovery that the support desk has agreed to, as whoever reads that side of the case may
    see it; None where there is none."""
    now = desk.clock.now()
    there = await _agreed(desk, access, now)
    return None if there is None else views.request(desk, there, there.state(now), ())


async def by_case(desk: Desk, caller: Caller, access: Access) -> RequestView | Refused:
    """Go on, from the link of a case, with the recovery that the support desk has agreed to; this
    browser has it from now on. Refusals: nothing_waits."""
    now = desk.clock.now()
    there = await _agreed(desk, access, now)
    if there is None or there.state(now) not in (State.WAITING, State.READY):
        return Refused(NOTHING_WAITS)
    token, owner = tokens.new_request(desk.dice)
    device_id = tokens.device(desk.seal, caller.device)
    resumed = line(caller, Act.REQUEST_RESUMED, there.account_id, there.id, "case", "stranger")
    refusal = await desk.keep_or_refuse(
        [standing.hand_over(there.id, there.row.version, owner, device_id)], [resumed], now
    )
    view = views.request(desk, there, there.state(now), there.needs(desk, now))
    return refusal or msgspec.structs.replace(view, token=token)


async def _agreed(desk: Desk, access: Access, now: Ms) -> Dossier | None:
    """What two people at the desk have begun for this case; of a contested recovery the one that
    goes on once both sides were heard. Only who asked for it has it."""
    request_id = access.row.request_id
    if request_id is None or access.side is not Side.PERSON:
        return None
    there = dossiers.read(await desk.engine.read(*dossiers.queries(desk, request_id, None, now)))
    if isinstance(there, Refused) or there.kind is not Kind.RECOVER:
        return None
    agreed = there.row.case_id == access.row.id or there.row.contested is not None
    return there if agreed else None


async def _owned(
    desk: Desk, caller: Caller, request_id: Id, now: Ms, *more: Query
) -> tuple[Dossier | Refused, Sequence[Rows]]:
    """The caller's own recovery, still open, and what else was to be read."""
    owner = tokens.owner_hash(caller.bearer)
    if owner is None:
        return Refused(REQUEST_UNKNOWN), [() for _query in more]
    found = await desk.engine.read(*dossiers.queries(desk, request_id, owner, now), *more)
    dossier, rest = dossiers.read(found[: dossiers.READS]), found[dossiers.READS :]
    if isinstance(dossier, Refused):
        return dossier, rest
    if dossier.kind is not Kind.RECOVER:
        return Refused(REQUEST_UNKNOWN), rest
    closed = dossier.closed_to_its_owner(now)
    if closed is None and dossier.state(now) is not State.OPEN:
        closed = Refused(REQUEST_FINISHED)
    return closed or dossier, rest


JOURNEY = Journey(replacing.finish, replacing.tell)
