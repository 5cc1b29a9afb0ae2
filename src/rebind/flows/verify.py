"""verify: proofs of any request. Count, then compare, then decide, then consume.

The try is counted and committed before the proof is looked at. What a finished request does is
written by its journey (`finish`), handed in by the front hall as a table; the batch that consumes
the codes is the batch that does it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from rebind.domain import totp
from rebind.domain.acts import Act
from rebind.domain.evidence import CODES, SECOND_FACTORS, Evidence, Factor, Proof
from rebind.domain.limits import WRONG_CLIENT
from rebind.domain.refusals import (
    BUSY,
    CODE_EXPIRED,
    CODE_MALFORMED,
    CODE_NOT_SENT,
    CODE_TRIES_SPENT,
    CODE_WRONG,
    MUST_WAIT,
    NUMBER_TAKEN,
    PROOF_NOT_OFFERED,
    PROOF_WRONG,
    REQUEST_UNKNOWN,
    Refusal,
    Refused,
)
from rebind.domain.request import Kind, Move, after
from rebind.domain.rows import Apply, Need, Refuse, Wait
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import answers, budgets, codes, notices, tokens, tries, views, waits
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.answers import Given
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journey, Journeys, News, spread
from rebind.flows.desk.own import email_factor
from rebind.flows.desk.views import RequestView
from rebind.ports import Busy
from rebind.store import challenges, devices, limits, outbox, requests
from rebind.store.challenges import Challenge
from rebind.store.statements import Write

PROOFS_MAX = 3
"""Proofs that may be given in one call."""

_FIRST = frozenset({Proof.CODE_CURRENT, Proof.PASSWORD, Proof.PASSKEY})
"""With which a stranger may begin; a second factor alone says nothing."""


async def prove(
    desk: Desk, journeys: Journeys, caller: Caller, request_id: Id, given: Sequence[Given]
) -> RequestView | Refused:
    """Give proofs. All of them are right, or none is taken.

    Refusals: code_malformed (not counted), proof_not_offered, request_unknown, request_finished,
    request_expired, session_ended, account_changed, code_not_sent, code_expired, code_tries_spent,
    code_wrong, proof_wrong, sms_sign_in_closed, proofs_closed, busy, and those of `decide`.
    """
    refusal = _unreadable(desk, given)
    if refusal is not None:
        return Refused(refusal)
    owner = tokens.owner_hash(caller.bearer)
    if owner is None:
        return Refused(REQUEST_UNKNOWN)
    now = desk.clock.now()
    await _name(desk, request_id, owner, given)
    coded = [item.proof.value for item in given if item.proof in CODES]
    reads = (
        *dossiers.queries(desk, request_id, owner, now),
        limits.of_request(request_id),
        *answers.queries(request_id, given),
    )
    if coded:
        tried, *found = await desk.engine.count(
            challenges.count_try(request_id, owner, coded, now), *reads
        )
    else:
        tried, found = [], await desk.engine.read(*reads)
    counted = challenges.rows(tried)
    dossier = dossiers.read(found[: dossiers.READS])
    if isinstance(dossier, Refused):
        return dossier
    refused = dossier.closed_to_its_owner(now) or _not_offered(desk, dossier, given, now)
    refused = refused or _not_counted(dossier, counted, coded, now)
    counters = limits.counted(found[dossiers.READS])
    guesses = tries.guesses(desk, dossier, given, now)
    refused = refused or await tries.count(desk, guesses, counters, now)
    if refused is not None:
        return refused
    try:
        right = await answers.compared(desk, dossier, given, found[dossiers.READS + 1 :], now)
    except Busy as busy:
        await tries.take_back_in_device(desk, guesses)
        if guesses:
            await desk.engine.write(tries.give_back(guesses))
        return Refused(BUSY, now + busy.retry_s * SECOND)
    if right is None or not _codes_right(desk, dossier, counted, given):
        await _count_wrong(desk, caller, dossier, given, tries.in_device(guesses), now)
        return Refused(CODE_WRONG if len(coded) == len(given) else PROOF_WRONG)
    await tries.take_back_in_device(desk, guesses)
    new = [_of_code(dossier, each, now) for each in counted.values()]
    new += [_of_factor(dossier, proof, each.factor, now) for proof, each in right.items()]
    spent = [challenges.consume(request_id, each, now) for each in counted.values()]
    spent += [write for each in right.values() for write in each.writes]
    spent += tries.give_back(guesses)
    used = [each.act for each in right.values() if each.act is not None]
    return await _decided(desk, journeys, caller, dossier, new, spent, used, now)


def _unreadable(desk: Desk, given: Sequence[Given]) -> Refusal | None:
    """What is no proof at all is refused before anything is counted."""
    kinds = {item.proof for item in given}
    if not given or len(given) > PROOFS_MAX or len(kinds) != len(given):
        return PROOF_NOT_OFFERED
    for item in given:
        if item.proof not in CODES | answers.COMPARED:
            return PROOF_NOT_OFFERED
        if item.proof in CODES and not _is_code(item.code, desk.policy.code_digits):
            return CODE_MALFORMED
        if item.proof is Proof.TOTP and not _is_code(item.code, totp.DIGITS):
            return PROOF_WRONG
        if not 1 <= len(item.code) <= answers.ANSWER_CHARACTERS_MAX:
            return PROOF_WRONG
    return None


def _is_code(typed: str, digits: int) -> bool:
    return len(typed) == digits and typed.isascii() and typed.isdigit()


async def _name(desk: Desk, request_id: Id, owner: bytes, given: Sequence[Given]) -> None:
    """Whose passkey it is, the browser says: a sign-in that was begun without a name is that
    account's from here on. Nothing is proved by it."""
    for item in given:
        named = desk.passkeys.named(item.code) if item.proof is Proof.PASSKEY else None
        if named is not None and len(named[1]) == len(request_id):
            await desk.engine.write([requests.name(request_id, owner, named[1])])


def _not_offered(desk: Desk, dossier: Dossier, given: Sequence[Given], now: Ms) -> Refused | None:
    """Only what the request needs is compared; until something was proved, what would be needed is
    the same for everybody, and a second factor comes with a first proof or after it."""
    if all(item.proof in CODES for item in given):
        return None
    kinds = {item.proof for item in given}
    needs = {proof for way in dossier.needs(desk, now) for proof in way}
    if dossier.kind is Kind.SIGN_IN and dossier.actor == "stranger":
        needs |= SECOND_FACTORS if kinds & _FIRST else frozenset()
    elif dossier.kind is Kind.SIGN_IN and kinds & _FIRST:
        needs |= SECOND_FACTORS
    return None if kinds <= needs else Refused(PROOF_NOT_OFFERED)


def _not_counted(
    dossier: Dossier, counted: Mapping[str, Challenge], coded: Sequence[str], now: Ms
) -> Refused | None:
    """Why a try was not counted, and so must not be compared."""
    for proof in coded:
        if proof in counted:
            continue
        challenge = dossier.challenges.get(proof)
        if challenge is None:
            return Refused(CODE_NOT_SENT)
        if challenge.consumed_at is not None or challenge.expires_at <= now:
            return Refused(CODE_EXPIRED)
        return Refused(CODE_TRIES_SPENT)
    return None


def _codes_right(
    desk: Desk, dossier: Dossier, counted: Mapping[str, Challenge], given: Sequence[Given]
) -> bool:
    """Whether every code is right. For a number that nobody has none is, not even a lucky one."""
    right = [
        codes.right(
            desk, counted[item.proof], dossier.kind, dossier.account_id, dossier.id, item.code
        )
        for item in given
        if item.proof in CODES
    ]
    return all(right) and (dossier.someone or dossier.kind in dossiers.OF_ANYBODY)


async def _count_wrong(
    desk: Desk,
    caller: Caller,
    dossier: Dossier,
    given: Sequence[Given],
    counted: bool,
    now: Ms,
) -> None:
    """Count a wrong proof: in the known device's own row, unless that was done before it was looked
    at, or against the client's network."""
    row, counts = dossier.row, list[Write]()
    if counted:
        pass
    elif row.device_id is not None and dossier.on_known_device(desk, now):
        counts = [devices.wrong(row.account_id, row.device_id)]
    else:
        limit = desk.limits[WRONG_CLIENT]
        counts = [
            limits.count(limit, key, 0, 1, None, now, guarded=False)
            for key in budgets.client_keys(desk, caller)
        ]
    act = Act.CODE_WRONG if all(item.proof in CODES for item in given) else Act.PROOF_WRONG
    wrong = line(caller, act, row.account_id, row.id, row.kind, dossier.actor)
    await desk.keep(counts, [wrong], now)


def _of_code(dossier: Dossier, challenge: Challenge, now: Ms) -> Evidence:
    """An answered code as evidence, with the address behind it where it is one of the account's."""
    proof, factor = Proof(challenge.proof), None
    if proof is Proof.CODE_EMAIL:
        # What was removed lately keeps the right to take a change back, and no other.
        removed_too = dossier.kind is Kind.UNDO
        for mail in dossier.emails:
            may_speak = mail.removed_at is None or (removed_too and factor is None)
            if mail.address_key == challenge.address_key and may_speak:
                factor = email_factor(mail)
    return _of_factor(dossier, proof, factor, now)


def _of_factor(dossier: Dossier, proof: Proof, factor: Factor | None, now: Ms) -> Evidence:
    """A proof that holds as evidence; given again by the same factor it keeps its first moment."""
    before = next((item for item in dossier.evidence if item.proof is proof), None)
    # Whether it is strong enough alone is not kept with evidence.
    same = before is not None and _set(before.factor) == _set(factor)
    return Evidence(proof, before.first_at if before and same else now, now, factor)


def _set(factor: Factor | None) -> Ms | None:
    return None if factor is None else factor.set_at


async def _decided(
    desk: Desk,
    journeys: Journeys,
    caller: Caller,
    dossier: Dossier,
    new: list[Evidence],
    spent: list[Write],
    used: list[Act],
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
    writes: list[Write] = [*spent, requests.add_evidence(row.id, new)]
    accepted = [
        line(caller, Act.PROOF_ACCEPTED, row.account_id, row.id, item.proof) for item in new
    ]
    for act in used:
        accepted.append(line(caller, act, row.account_id, row.id))
        writes.append(_used_up(desk, dossier, act, now))
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
                return await _refuse(desk, journey, caller, dossier, writes, missed, now)
            return missed or views.request(
                desk, proved, done, (), session=finished.session, row=decision.row
            )
        case Wait(ways=ways) if journey.tell is None and ways:
            # Nobody could be told of a wait; but a quicker way is open still.
            writes.append(requests.advance(row.id, row.version, now))
            missed = await desk.keep_or_refuse(writes, accepted, now)
            return missed or views.request(desk, proved, after(state, Move.PROVE), ways)
        case Wait(until=until) if journey.tell is None:
            refused = Refused(MUST_WAIT, until)
            return await _refuse(desk, journey, caller, dossier, writes, refused, now)
        case Wait():
            waiting = waits.begin(desk, caller, journey, proved, decision, now)
            missed = await desk.keep_or_refuse(
                [*writes, *waiting.writes], [*accepted, *waiting.lines], now
            )
            return missed or views.request(desk, waiting.dossier, waiting.state, decision.ways)
        case Refuse(refusal=refusal, until=until):
            refused = Refused(refusal, until)
            return await _refuse(desk, journey, caller, dossier, writes, refused, now)


def _used_up(desk: Desk, dossier: Dossier, act: Act, now: Ms) -> Write:
    """Every address is told that a recovery code was used, and how many are left."""
    codes_left = sum(row.detail for row in dossier.beside if row.proof == Proof.RECOVERY_CODE)
    left = str(codes_left - 1)
    return outbox.put(notices.security(desk, dossier, act, left, now))


async def _refuse(
    desk: Desk,
    journey: Journey,
    caller: Caller,
    dossier: Dossier,
    writes: list[Write],
    refused: Refused,
    now: Ms,
) -> Refused:
    """End the request with a final no; the codes that led here are spent. Who was told that it
    waits is told that it will not happen."""
    row = dossier.row
    refused_as = after(dossier.state(now), Move.REFUSE)
    end = requests.end(row.id, row.version, refused_as, None, now)
    why = refused.refusal.code
    said = line(caller, Act.REQUEST_REFUSED, row.account_id, row.id, why, dossier.actor)
    told = []
    if row.wait_until is not None:
        told = await waits.told_of_end(desk, journey, dossier, now)
    return await desk.keep_or_refuse([*writes, end, *told], [said], now) or refused
