"""change: the number of an account is replaced, in one transaction.

Needs a session. Which proofs are enough is the rule's (rows C1 to C5); that the old number works
until the very commit, that the new one is reserved by its primary key, that the old one is held
while the change could be undone, and that everybody is told, is written here. One that waits goes
on in another session of the account after a re-authentication (`resume`).
"""

from collections.abc import Sequence

from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof
from rebind.domain.limits import CODE_ACCOUNT, CODE_ADDRESS
from rebind.domain.phone import masked
from rebind.domain.refusals import (
    NOTHING_WAITS,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    SESSION_ENDED,
    Refused,
)
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Ask, Need, NumberStanding, Purpose, Refuse, Wait, Ways
from rebind.domain.units import DAY, SECOND, Id, Ms
from rebind.flows.desk import budgets, callers, codes, opening, permits, replacing, tokens, views
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.callers import SignedIn
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.finishing import Journey
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.own import own_factors
from rebind.flows.desk.views import RequestView
from rebind.store import emails, factors, limits, numbers, standing
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


async def resume(
    desk: Desk, caller: Caller, request_id: Id, permit_id: Id
) -> RequestView | Refused:
    """Go on in this session with a change of the same account that waits in another: by a
    re-authentication for this very request. From then on it is this session's, whose end ends it;
    what was proved stays what it was, and everybody is told.

    Refusals: session_required, session_ended, reauthentication_required, request_unknown,
    nothing_waits (it waits for nothing yet), request_finished, request_expired, account_changed,
    try_again.
    """
    now = desk.clock.now()
    about, reads = request_id.hex(), dossiers.queries(desk, request_id, None, now)
    found = await permits.read(desk, caller, permit_id, Purpose.REQUEST_RESUME, about, reads)
    if isinstance(found, Refused):
        return found
    permit, rows = found
    there = dossiers.read(rows)
    if isinstance(there, Refused) or there.account_id != permit.account_id:
        return Refused(REQUEST_UNKNOWN)
    if there.kind is not Kind.CHANGE:
        return Refused(REQUEST_UNKNOWN)
    if there.state(now) is State.OPEN:
        return Refused(NOTHING_WAITS)
    closed = there.closed_to_its_owner(now)
    if closed is not None:
        # That session was ended, not this one: and with it the change.
        return Refused(REQUEST_FINISHED) if closed.refusal is SESSION_ENDED else closed
    row, here = there.row, permit.dossier.row
    handed = standing.hand_over(
        row.id, row.version, here.owner_hash, here.device_id, here.session_id
    )
    number = masked(there.number(desk))
    act = Act.REQUEST_RESUMED
    refused = await permits.spend(desk, caller, permit, act, [handed], now, what=number, on=row.id)
    if refused is not None:
        return refused
    whole = await desk.engine.read(*dossiers.queries(desk, row.id, here.owner_hash, now))
    mine = dossiers.read(whole)
    if isinstance(mine, Refused):
        return mine
    return views.request(desk, mine, mine.state(now), mine.needs(desk, now))


JOURNEY = Journey(replacing.finish, replacing.tell)
