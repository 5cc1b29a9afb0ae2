"""verify: codes and proofs of any request. Count, then compare, then decide, then consume.

The try is counted and committed before the code is looked at. What a finished request does is
written by its journey (`finish`), handed in by the front hall as a table; the batch that consumes
the codes is the batch that does it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from rebind.domain.acts import Act
from rebind.domain.evidence import Evidence, Proof
from rebind.domain.limits import (
    WRONG_ADDRESS,
    WRONG_CLIENT,
)
from rebind.domain.refusals import (
    CODE_EXPIRED,
    CODE_MALFORMED,
    CODE_NOT_SENT,
    CODE_TRIES_SPENT,
    CODE_WRONG,
    MUST_WAIT,
    NUMBER_TAKEN,
    PROOF_NOT_OFFERED,
    REQUEST_UNKNOWN,
    SMS_SIGN_IN_CLOSED,
    Refusal,
    Refused,
)
from rebind.domain.request import Kind, Move, after
from rebind.domain.rows import Apply, Need, Refuse, Wait
from rebind.domain.units import MINUTE, Id, Ms
from rebind.flows.desk import budgets, codes, tokens, views, waits
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier, email_factor
from rebind.flows.desk.finishing import Journeys, News, spread
from rebind.flows.desk.views import RequestView
from rebind.store import challenges, devices, limits, requests
from rebind.store.challenges import Challenge
from rebind.store.statements import Missed, Write

PROOFS_MAX = 3
"""Proofs that may be given in one call."""


class Given(msgspec.Struct, frozen=True):
    """One proof as it was typed."""

    proof: Proof
    code: str


async def prove(
    desk: Desk, journeys: Journeys, caller: Caller, request_id: Id, given: Sequence[Given]
) -> RequestView | Refused:
    """Answer codes. All of them are right, or none is taken.

    Refusals: code_malformed (not counted), proof_not_offered, request_unknown, request_finished,
    request_expired, session_ended, account_changed, code_not_sent, code_expired, code_tries_spent,
    code_wrong, sms_sign_in_closed, and those of `decide`.
    """
    refusal = _unreadable(desk, given)
    if refusal is not None:
        return Refused(refusal)
    owner = tokens.owner_hash(caller.bearer)
    if owner is None:
        return Refused(REQUEST_UNKNOWN)
    now = desk.clock.now()
    found = await desk.engine.count(
        challenges.count_try(request_id, owner, [item.proof.value for item in given], now),
        *dossiers.queries(desk, request_id, owner, now),
        limits.of_request(request_id, WRONG_ADDRESS),
    )
    counted = challenges.rows(found[0])
    dossier = dossiers.read(found[1:6])
    if isinstance(dossier, Refused):
        return dossier
    refused = dossier.closed_to_its_owner(now) or _not_counted(dossier, counted, given, now)
    guessed = _guessed_at(desk, dossier, now)
    refused = refused or await _count_guess(desk, guessed, limits.counted(found[6]), now)
    if refused is not None:
        return refused
    right = [
        codes.right(
            desk, counted[item.proof], dossier.kind, dossier.account_id, request_id, item.code
        )
        for item in given
    ]
    # For a number that nobody has no code is right, not even a lucky one.
    if not all(right) or (not dossier.someone and dossier.kind is not Kind.ENROL):
        await _count_wrong(desk, caller, dossier, now)
        return Refused(CODE_WRONG)
    new = [_evidence(dossier, counted[item.proof], now) for item in given]
    spent_codes = [challenges.consume(request_id, each, now) for each in counted.values()]
    spent_codes += [limits.give_back(WRONG_ADDRESS, key) for key in guessed]
    return await _decided(desk, journeys, caller, dossier, new, spent_codes, now)


def _unreadable(desk: Desk, given: Sequence[Given]) -> Refusal | None:
    """What is no code at all is refused before anything is counted."""
    proofs = {item.proof for item in given}
    if not given or len(given) > PROOFS_MAX or len(proofs) != len(given):
        return PROOF_NOT_OFFERED
    for item in given:
        if len(item.code) != desk.policy.code_digits:
            return CODE_MALFORMED
        if not (item.code.isascii() and item.code.isdigit()):
            return CODE_MALFORMED
    return None


def _not_counted(
    dossier: Dossier, counted: Mapping[str, Challenge], given: Sequence[Given], now: Ms
) -> Refused | None:
    """Why a try was not counted, and so must not be compared."""
    for item in given:
        if item.proof in counted:
            continue
        challenge = dossier.challenges.get(item.proof)
        if challenge is None:
            return Refused(CODE_NOT_SENT)
        if challenge.consumed_at is not None or challenge.expires_at <= now:
            return Refused(CODE_EXPIRED)
        return Refused(CODE_TRIES_SPENT)
    return None


def _guessed_at(desk: Desk, dossier: Dossier, now: Ms) -> tuple[bytes, ...]:
    """The keys of the number whose sign-in code is tried from an unknown device; none otherwise. A
    known device has a row of its own (invariant 7)."""
    if dossier.kind is not Kind.SIGN_IN or dossier.on_known_device(desk, now):
        return ()
    return desk.seal.indexes("number", dossier.number(desk))


async def _count_guess(
    desk: Desk, keys: tuple[bytes, ...], rows: budgets.Rows, now: Ms
) -> Refused | None:
    """Count the try against the number, over all requests about it, before the code is looked at; a
    right one is given back."""
    closed = budgets.spent_under(desk, WRONG_ADDRESS, keys, rows, now)
    if closed is not None or not keys:
        return closed
    tally = budgets.Tally(desk, now)
    tally.add(WRONG_ADDRESS, keys)
    try:
        await desk.engine.write(tally.writes(rows))
    except Missed:
        return Refused(SMS_SIGN_IN_CLOSED, now + MINUTE)
    return None


async def _count_wrong(desk: Desk, caller: Caller, dossier: Dossier, now: Ms) -> None:
    """Count a wrong code: in the known device's own row, or against the client's network."""
    row = dossier.row
    if row.device_id is not None and dossier.on_known_device(desk, now):
        counts = [devices.wrong(row.account_id, row.device_id)]
    else:
        limit = desk.limits[WRONG_CLIENT]
        counts = [
            limits.count(limit, key, 0, 1, None, now, guarded=False)
            for key in budgets.client_keys(desk, caller)
        ]
    wrong = line(caller, Act.CODE_WRONG, row.account_id, row.id, row.kind, dossier.actor)
    await desk.keep(counts, [wrong], now)


def _evidence(dossier: Dossier, challenge: Challenge, now: Ms) -> Evidence:
    """An answered code as evidence, with the address behind it where it is one of the account's."""
    proof, factor = Proof(challenge.proof), None
    if proof is Proof.CODE_EMAIL:
        # What was removed lately keeps the right to take a change back, and no other.
        removed_too = dossier.kind is Kind.UNDO
        for mail in dossier.emails:
            may_speak = mail.removed_at is None or (removed_too and factor is None)
            if mail.address_key == challenge.address_key and may_speak:
                factor = email_factor(mail)
    before = next((item for item in dossier.evidence if item.proof is proof), None)
    same = before is not None and before.factor == factor
    return Evidence(proof, before.first_at if before and same else now, now, factor)


async def _decided(
    desk: Desk,
    journeys: Journeys,
    caller: Caller,
    dossier: Dossier,
    new: list[Evidence],
    spent_codes: list[Write],
    now: Ms,
) -> RequestView | Refused:
    """Let the rule decide on old and new evidence, and keep what follows in one batch."""
    fresh = {item.proof for item in new}
    evidence = (*(item for item in dossier.evidence if item.proof not in fresh), *new)
    carrier = await waits.carrier(desk, dossier)
    decision = dossier.decide(desk, evidence, carrier, now)
    state, journey = dossier.state(now), journeys[dossier.kind]
    proved = msgspec.structs.replace(dossier, evidence=evidence)
    row = dossier.row
    writes: list[Write] = [
        *spent_codes,
        requests.add_evidence(row.id, new, now),
    ]
    accepted = [
        line(caller, Act.PROOF_ACCEPTED, row.account_id, row.id, item.proof) for item in new
    ]
    match decision:
        case Need(ways=ways):
            writes.append(requests.advance(row.id, row.version, now))
            if row.first_proof_at is None:
                writes += spread(journey, desk, proved, News.BEGUN, None, now)
            missed = await desk.keep_or_refuse(writes, accepted, now)
            return missed or views.request(desk, proved, after(state, Move.PROVE), ways)
        case Apply():
            finished = journey.finish(desk, caller, proved, decision, now)
            done = after(state, Move.APPLY)
            end = requests.end(
                row.id,
                row.version,
                done,
                decision.row,
                now,
                finished.due_at,
                finished.stands_until,
            )
            missed = await desk.keep_or_refuse(
                [*writes, end, *finished.writes], [*accepted, *finished.lines], now
            )
            if missed is not None and missed.refusal is NUMBER_TAKEN:
                return await _refuse(desk, caller, dossier, writes, missed, now)
            return missed or views.request(
                desk, proved, done, (), session=finished.session, row=decision.row
            )
        case Wait(ways=ways) if journey.tell is None and ways:
            # Nobody could be told of a wait; but a quicker way is open still.
            writes.append(requests.advance(row.id, row.version, now))
            missed = await desk.keep_or_refuse(writes, accepted, now)
            return missed or views.request(desk, proved, after(state, Move.PROVE), ways)
        case Wait(until=until) if journey.tell is None:
            return await _refuse(desk, caller, dossier, writes, Refused(MUST_WAIT, until), now)
        case Wait():
            waiting = waits.begin(desk, caller, journey, proved, decision, now)
            missed = await desk.keep_or_refuse(
                [*writes, *waiting.writes], [*accepted, *waiting.lines], now
            )
            return missed or views.request(desk, waiting.dossier, waiting.state, decision.ways)
        case Refuse(refusal=refusal, until=until):
            return await _refuse(desk, caller, dossier, writes, Refused(refusal, until), now)


async def _refuse(
    desk: Desk, caller: Caller, dossier: Dossier, writes: list[Write], refused: Refused, now: Ms
) -> Refused:
    """End the request with a final no; the codes that led here are spent."""
    row = dossier.row
    refused_as = after(dossier.state(now), Move.REFUSE)
    end = requests.end(row.id, row.version, refused_as, None, now)
    why = refused.refusal.code
    said = line(caller, Act.REQUEST_REFUSED, row.account_id, row.id, why, dossier.actor)
    return await desk.keep_or_refuse([*writes, end], [said], now) or refused
