"""requests: what the owner of a request may do besides proving: look, ask for a code, stop it.

The same for every journey. Asking for a code says the same whether or not anybody is there.
"""

import msgspec

from rebind.domain import mailbox
from rebind.domain.acts import Act
from rebind.domain.cases import Side
from rebind.domain.evidence import CODES, Proof
from rebind.domain.limits import (
    CODE_ACCOUNT,
    WRONG_ADDRESS,
)
from rebind.domain.phone import masked
from rebind.domain.refusals import (
    CODE_TRIES_SPENT,
    PROOF_NOT_OFFERED,
    REQUEST_UNKNOWN,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    Refused,
)
from rebind.domain.request import REPLACING, Kind, Move, State, after, may
from rebind.domain.units import Id, Ms
from rebind.flows.desk import budgets, callers, casefiles, codes, notices, tokens, views, waits
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journeys, News
from rebind.flows.desk.naming import Name
from rebind.flows.desk.own import strongest
from rebind.flows.desk.views import RequestView, SentCode
from rebind.store import limits, requests, standing


async def _open(desk: Desk, caller: Caller, request_id: Id, now: Ms) -> Dossier | Refused:
    owner = tokens.owner_hash(caller.bearer)
    if owner is None:
        return Refused(REQUEST_UNKNOWN)
    return dossiers.read(await desk.engine.read(*dossiers.queries(desk, request_id, owner, now)))


async def show(desk: Desk, caller: Caller, request_id: Id) -> RequestView | Refused:
    """The request as its owner sees it. Refusals: request_unknown, session_ended."""
    now = desk.clock.now()
    dossier = await _open(desk, caller, request_id, now)
    if isinstance(dossier, Refused):
        return dossier
    closed = dossier.closed_to_its_owner(now)
    if closed is not None and closed.refusal is SESSION_ENDED:
        return closed
    sent = await _sent(desk, caller, dossier, now)
    state = dossier.state(now)
    view = views.request(desk, dossier, state, dossier.needs(desk, now), sent=sent)
    if dossier.kind is Kind.RECOVER and state is State.OPEN and dossier.actor != "stranger":
        beside = await _waiting_beside(desk, dossier, now)
        view = msgspec.structs.replace(view, beside=beside)
    if dossier.kind not in REPLACING:
        return view
    before = dossier.number_before(desk) if state is State.DONE else None
    case = view.case
    if state is State.OBJECTED:
        row = dossier.row
        case = await casefiles.contested(desk, row.account_id, row.id, Side.PERSON)
    return msgspec.structs.replace(
        view,
        case=case,
        old=None if before is None else masked(before),
        told=_told(desk, dossier, state),
        undo_until=dossier.row.stands_until if state is State.DONE else None,
    )


async def _waiting_beside(desk: Desk, dossier: Dossier, now: Ms) -> tuple[RequestView, ...]:
    """Recoveries of the same account that wait already, which this one may go on with."""
    (found,) = await desk.engine.read(
        standing.of_account(dossier.account_id, now, views.STANDING_MAX)
    )
    recoveries = [
        each for each in standing.rows(found) if each.kind == Kind.RECOVER and not each.by_support
    ]
    return tuple(views.standing(desk, recoveries, now))


def _told(desk: Desk, dossier: Dossier, state: State) -> tuple[str, ...]:
    """The addresses that have heard of what waits, masked."""
    if state not in (State.WAITING, State.READY):
        return ()
    own = (views.shown(each.address) for each in notices.own_addresses(desk, dossier))
    return (*own, views.shown(dossier.number(desk)))


async def _sent(desk: Desk, caller: Caller, dossier: Dossier, now: Ms) -> tuple[SentCode, ...]:
    """The codes that may still be answered, each with the time from which another one may be asked
    for."""
    targets = []
    for challenge in dossier.challenges.values():
        if challenge.consumed_at is None and may(dossier.state(now), Move.PROVE):
            target = _target(desk, dossier, Proof(challenge.proof), now)
            if target is not None:
                targets.append((challenge, target, _sending(desk, dossier, target, now)))
    if not targets:
        return ()
    sendings = [sending for _challenge, _target, sending in targets]
    places = budgets.places_to_read(desk, caller, sendings, dossier.id)
    (found,) = await desk.engine.read(limits.rows(places))
    rows, codes_sent = limits.counted(found), []
    for challenge, target, sending in targets:
        tally = Tally(desk, now)
        refused = budgets.count_sending(desk, caller, tally, sending, dossier.id, rows, now)
        refused = refused or tally.refused(rows)
        codes_sent.append(
            SentCode(
                target.proof,
                _shown(desk, dossier, target),
                challenge.sent_at,
                challenge.expires_at,
                now if refused is None or refused.until is None else refused.until,
                challenge.tries_max - challenge.tries,
            )
        )
    return tuple(codes_sent)


async def standing_on(desk: Desk, caller: Caller) -> list[RequestView] | Refused:
    """What waits on the account of a session, newest first, so that whoever did not begin it can
    object. Refusals: session_required, session_ended, session_on_probation."""
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    (found,) = await desk.engine.read(standing.of_account(who.account_id, now, views.STANDING_MAX))
    return views.standing(desk, standing.rows(found), now, who.row.id)


async def cancel(
    desk: Desk, journeys: Journeys, caller: Caller, request_id: Id
) -> RequestView | Refused:
    """Take a request back; nothing has changed and nothing will. Whoever was told that it waits is
    told: it may not have been its owner who did it.

    Refusals: request_unknown, request_finished, request_expired, session_ended, account_changed."""
    now = desk.clock.now()
    dossier = await _open(desk, caller, request_id, now)
    if isinstance(dossier, Refused):
        return dossier
    closed = dossier.closed_to_its_owner(now)
    if closed is not None:
        return closed
    row, cancelled = dossier.row, after(dossier.state(now), Move.CANCEL)
    stopped = line(caller, Act.REQUEST_CANCELLED, row.account_id, row.id, row.kind, dossier.actor)
    ended, told = requests.end(row.id, row.version, cancelled, row.policy_row, now), []
    if row.wait_until is not None:
        journey = journeys[dossier.kind]
        told = await waits.told_of_end(desk, journey, dossier, now, News.CANCELLED)
    refusal = await desk.keep_or_refuse([ended, *told], [stopped], now)
    return refusal or views.request(desk, dossier, cancelled, ())


async def send_code(
    desk: Desk, caller: Caller, request_id: Id, proof: Proof
) -> RequestView | Refused:
    """Send a code for one proof that the request needs; the older code dies, its tries stay.

    Refusals: request_unknown, request_finished, request_expired, session_ended, account_changed,
    proof_not_offered, code_tries_spent, sms_sign_in_closed, too_many_codes, too_many_requests,
    work_invalid.
    """
    now = desk.clock.now()
    dossier = await _open(desk, caller, request_id, now)
    if isinstance(dossier, Refused):
        return dossier
    refusal = dossier.closed_to_its_owner(now)
    if refusal is not None:
        return refusal
    needs = dossier.needs(desk, now)
    if not any(proof in way for way in needs):
        return Refused(PROOF_NOT_OFFERED)
    target = _target(desk, dossier, proof, now)
    if target is None:
        return Refused(PROOF_NOT_OFFERED)
    challenge = dossier.challenges.get(proof)
    if (
        challenge is not None
        and challenge.consumed_at is None
        and challenge.tries >= challenge.tries_max
    ):
        return Refused(CODE_TRIES_SPENT)
    refusal = await _send(desk, caller, dossier, target, now)
    return refusal or views.request(desk, dossier, dossier.state(now), needs)


def _target(desk: Desk, dossier: Dossier, proof: Proof, now: Ms) -> Target | None:
    """Where a code for this proof goes, or None where there is no such address."""
    if proof not in CODES:
        return None
    if dossier.kind is Kind.UNDO:
        # Only to the address by which it was begun: others are not the asker's to be told of.
        challenge = dossier.challenges.get(proof)
        if challenge is None:
            return None
        return Target(proof, dossier.number(desk), challenge.address_key, not dossier.someone)
    if dossier.kind is Kind.RECOVER and proof is Proof.CODE_EMAIL:
        return _begun_with(desk, dossier)
    if dossier.kind is Kind.RECOVER and not dossier.names_number:
        return None
    if proof is Proof.CODE_CONTACT:
        return _contact(desk, dossier)
    if proof is Proof.CODE_EMAIL:
        live = [mail for mail in dossier.emails if mail.removed_at is None]
        if not live:
            return None
        mail = strongest(desk, live, dossier.account_facts(now).enrolled_at, now)
        address = desk.seal.unseal("emails.address", mail.id, mail.address_sealed)
        return Target(proof, address, mail.address_key)
    number_named = dossier.kind is Kind.SIGN_IN and dossier.named_by(desk) is Name.NUMBER
    if proof is Proof.CODE_CURRENT and not number_named:
        current = dossier.current_number(desk)
        return Target(proof, current, desk.seal.index("number", current))
    nobody = not dossier.someone and dossier.kind not in dossiers.OF_ANYBODY
    nobody = nobody or (number_named and dossier.sms_off_at is not None)
    return Target(proof, dossier.number(desk), dossier.row.number_key, nobody)


def _contact(desk: Desk, dossier: Dossier) -> Target | None:
    """Where the support desk is to answer."""
    row = dossier.row
    if row.case_id is None or row.case_contact is None:
        return None
    address = desk.seal.unseal("cases.contact", row.case_id, row.case_contact)
    return Target(Proof.CODE_CONTACT, address, desk.seal.index("email", mailbox.canonical(address)))


def _begun_with(desk: Desk, dossier: Dossier) -> Target | None:
    """The mailbox to which the code that began a recovery went."""
    challenge = dossier.challenges.get(Proof.CODE_EMAIL)
    if challenge is None:
        return None
    for mail in dossier.emails:
        if mail.removed_at is None and mail.address_key == challenge.address_key:
            address = desk.seal.unseal("emails.address", mail.id, mail.address_sealed)
            return Target(Proof.CODE_EMAIL, address, mail.address_key)
    return Target(Proof.CODE_EMAIL, dossier.number(desk), challenge.address_key, nobody=True)


def _shown(desk: Desk, dossier: Dossier, target: Target) -> str:
    """Where a code went, masked: to a stranger no more than what they typed."""
    if dossier.kind is Kind.RECOVER and dossier.actor == "stranger":
        return views.shown(dossier.number(desk))
    return views.shown(target.address)


def _sending(desk: Desk, dossier: Dossier, target: Target, now: Ms) -> Sending:
    """Whose budget a code spends: a known device's own, but never for a number that is new."""
    row = dossier.row
    if dossier.kind is Kind.RECOVER and dossier.actor == "stranger":
        # Counted by what was typed, as in the beginning.
        typed = dossier.number(desk)
        named = ("email", mailbox.canonical(typed)) if "@" in typed else ("number", typed)
        return Sending(desk.seal.indexes(*named), None)
    known = dossier.on_known_device(desk, now)
    device_id = row.device_id if known and target.proof is not Proof.CODE_NEW else None
    if target.by_email:
        return Sending((target.address_key,), None, device_id, trusted=known)
    current = target.proof is Proof.CODE_CURRENT and row.current_region is not None
    region = row.current_region if current else row.region
    return Sending(desk.seal.indexes("number", target.address), region, device_id, trusted=known)


async def _send(
    desk: Desk, caller: Caller, dossier: Dossier, target: Target, now: Ms
) -> Refused | None:
    row = dossier.row
    sending = _sending(desk, dossier, target, now)
    places = budgets.places_to_read(desk, caller, [sending], row.id)
    places.append((CODE_ACCOUNT.name, row.account_id, 0))
    guessed_at = desk.seal.indexes("number", dossier.number(desk))
    places += [(WRONG_ADDRESS.name, key, 0) for key in guessed_at]
    (found,) = await desk.engine.read(limits.rows(places))
    rows = limits.counted(found)
    if dossier.kind is Kind.SIGN_IN and sending.device_id is None:
        closed = budgets.spent_under(desk, WRONG_ADDRESS, guessed_at, rows, now)
        if closed is not None:
            return closed
    tally = Tally(desk, now)
    if row.session_id is not None:
        # Only from inside: what strangers ask for at sign-in must not spend the holder's budget.
        tally.add(CODE_ACCOUNT, (row.account_id,))
    refusal = budgets.count_sending(desk, caller, tally, sending, row.id, rows, now)
    refusal = refusal or tally.refused(rows)
    if refusal is not None:
        return refusal
    writes = [
        *tally.writes(rows),
        *codes.send(desk, caller, row.kind, row.account_id, row.id, [target], now),
    ]
    asked = line(caller, Act.CODE_ASKED, row.account_id, row.id, target.proof, dossier.actor)
    return await desk.keep_or_refuse(writes, [asked], now)
