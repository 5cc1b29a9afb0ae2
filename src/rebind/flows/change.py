"""change: the number of an account is replaced, in one transaction.

Needs a session. Which proofs are enough is the rule's (rows C1 to C5); that the old number works
until the very commit, that the new one is reserved by its primary key, that the old one is held
while the change could be undone, and that everybody is told, is written here.
"""

from collections.abc import Sequence

from rebind.domain import phone as phones
from rebind.domain.acts import Act, Door
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof
from rebind.domain.limits import CODE_ACCOUNT, CODE_ADDRESS, CODE_DEVICE
from rebind.domain.phone import masked
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Ask, Need, NumberStanding, Refuse, Wait, Ways
from rebind.domain.units import DAY, HOUR, SECOND, Id, Ms
from rebind.flows.desk import budgets, callers, codes, notices, opening, tokens, views
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.callers import SignedIn
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier, own_factors
from rebind.flows.desk.finishing import Finished, Journey, News, next_repeat
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView, SessionGiven
from rebind.store import accounts, emails, factors, limits, numbers, outbox, sessions, standing
from rebind.store.outbox import Parcel
from rebind.store.statements import Write

FIRST_CODES = (Proof.CODE_CURRENT,)


async def begin(
    desk: Desk, caller: Caller, number: str, send: Sequence[Proof] | None = None
) -> RequestView | Refused:
    """Begin to change to a number as typed; the codes in `send` (code_new, code_current) leave.
    Where nothing is said: one to the present number, if that would be of any use.

    Refusals: session_required, session_ended, those of `phone.parse`, number_is_own, those of
    `decide` before proofs, too_many_requests, too_many_codes, work_invalid.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, session_query = asked
    now = desk.clock.now()
    request_id = desk.dice.id(now)
    keys = desk.seal.indexes("number", phone.e164)
    device_id = tokens.device(desk.seal, caller.device)
    to_new = Sending(keys, phone.region, device_id)
    places = budgets.places_to_read(desk, caller, [to_new], request_id)
    places.append((CODE_ACCOUNT.name, token.account_id, 0))
    found, reserved, mails, beside, counters = await desk.engine.read(
        session_query,
        numbers.by_key(keys[0]),
        emails.of_account(token.account_id, now - desk.policy.notice_removed_d * DAY),
        factors.of_account(token.account_id),
        limits.rows(places, (CODE_ADDRESS, token.account_id)),
    )
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    known = callers.on_known_device(desk, caller, who, now)
    place = numbers.standing_of(reserved, who.account_id, who.row.number_version, now)
    needs = _needs(desk, who, own_factors(mails, beside), place, known, now)
    if isinstance(needs, Refused):
        return needs
    tally, targets = Tally(desk, now), []
    leaving = _leaving(send, needs)
    tally.add(CODE_ACCOUNT, (token.account_id,), by=max(1, len(leaving)))
    rows = limits.counted(counters)
    for proof in leaving:
        target, sending = _target(desk, who, proof, phone, keys, device_id if known else None)
        refusal = budgets.count_sending(desk, caller, tally, sending, request_id, rows, now)
        if refusal is not None:
            return refusal
        targets.append(target)
    refusal = tally.refused(rows)
    if refusal is not None:
        return refusal
    own_device, counts = device_id if known else None, tally.writes(rows)
    refusal = await _keep(
        desk, caller, who, request_id, phone, keys, own_device, targets, counts, now
    )
    expires_at = now + desk.policy.request_ttl_s * SECOND
    return refusal or RequestView(
        request_id,
        Kind.CHANGE,
        State.OPEN,
        needs,
        expires_at,
        number=masked(phone.e164),
        passkey=views.passkey(desk, request_id, needs),
    )


def _leaving(send: Sequence[Proof] | None, needs: Ways) -> Sequence[Proof]:
    """The codes that leave at once."""
    if send is not None:
        return send
    return [proof for proof in FIRST_CODES if any(proof in way for way in needs)]


def _needs(
    desk: Desk,
    who: SignedIn,
    own: tuple[Factor, ...],
    standing: NumberStanding,
    known: bool,
    now: Ms,
) -> Ways | Refused:
    """What the rule will ask for, or why it says no at once. That the number is another account's
    is not told: nobody has shown to hold it yet."""
    if standing is NumberStanding.TAKEN:
        standing = NumberStanding.FREE
    evidence = (Evidence(Proof.KNOWN_DEVICE, now, now),) if known else ()
    ask = Ask(Kind.CHANGE, standing, who.facts)
    decision = decide(ask, evidence, who.account(own), CarrierFacts(), desk.policy, now)
    match decision:
        case Need(ways=ways):
            return ways
        case Refuse(refusal=refusal, until=until):
            return Refused(refusal, until)
        case Apply() | Wait():
            raise AssertionError("a change was decided before any code was answered")


def _target(
    desk: Desk,
    who: SignedIn,
    proof: Proof,
    phone: phones.Phone,
    keys: tuple[bytes, ...],
    device_id: Id | None,
) -> tuple[Target, Sending]:
    """Where a first code goes, and whose budget it spends: a code to a new number is always the
    number's, a code to one's own number is the known device's."""
    if proof is Proof.CODE_NEW:
        return Target(proof, phone.e164, keys[0]), Sending(
            keys, phone.region, trusted=device_id is not None
        )
    current = who.number(desk)
    current_keys = desk.seal.indexes("number", current)
    return (
        Target(Proof.CODE_CURRENT, current, current_keys[0]),
        Sending(current_keys, who.row.region, device_id),
    )


async def _keep(
    desk: Desk,
    caller: Caller,
    who: SignedIn,
    request_id: Id,
    phone: phones.Phone,
    keys: tuple[bytes, ...],
    device_id: Id | None,
    targets: list[Target],
    counts: list[Write],
    now: Ms,
) -> Refused | None:
    row = who.row
    subject = Subject(row.account_id, row.number_version, row.id, device_id, who.token.token_hash)
    about = About(phone.e164, keys[0], phone.region)
    writes = [
        *counts,
        opening.begin(desk, Kind.CHANGE, request_id, subject, about, now),
    ]
    if targets:
        writes += codes.send(desk, caller, Kind.CHANGE, row.account_id, request_id, targets, now)
    begun = line(caller, Act.REQUEST_BEGUN, row.account_id, request_id, Kind.CHANGE)
    return await desk.keep_or_refuse(writes, [begun], now)


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
        accounts.rebound(account_id, based_on, now),
        accounts.release(account_id, based_on, Kind.CHANGE, now),
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
    lines = [
        line(caller, Act.NUMBER_CHANGED, account_id, row.id, decision.row),
        line(caller, Act.SESSIONS_ENDED, account_id, row.id, "number_changed"),
    ]
    again_at = next_repeat(desk.policy, now, now)
    return Finished([*writes, *session_writes], lines, given, again_at, undo_until)


def _session(
    desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, number_version: int, now: Ms
) -> tuple[SessionGiven | None, list[Write]]:
    """The session in which the change was begun stays, and is of the new binding; all others end.
    Where a long wait has outlived it, whoever answered the last code gets a new one."""
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
    """What every address is told of a change that is not finished in one go, or was hours ago."""
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
    old, new = dossier.current_number(desk), dossier.number(desk)
    own = notices.own_addresses(desk, dossier)
    # Nobody may have a stranger's phone rung: a number is told once it has answered a code.
    answered = any(item.proof is Proof.CODE_NEW for item in dossier.evidence)
    newcomer = Addressee("sms", new, desk.seal.index("number", new), notices.NEW)
    if answered and all(each.address_key != newcomer.address_key for each in own):
        own.append(newcomer)
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


JOURNEY = Journey(finish, tell)
