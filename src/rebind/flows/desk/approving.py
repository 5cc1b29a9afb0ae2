"""Approving: what follows when two people at the desk have decided a case, as values for the batch
that keeps the second decision.

An approval is evidence like any other. It moves no number: it begins a request that waits, is told
to everybody, can be stopped, and asks for a code on the new number like every other (row R4). The
rule is asked by time, which also looks at the wait's end; `prospect` asks it beforehand, so that
the desk sees what its approval would lead to.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from rebind.domain import mailbox
from rebind.domain.acts import Act, Line
from rebind.domain.cases import CaseKind, DocumentVerdict, Verdict
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Proof
from rebind.domain.refusals import CASE_INCOMPLETE, Refused
from rebind.domain.request import Kind
from rebind.domain.rows import AccountFacts, AccountState, Ask, Decision, LockFacts
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import casefiles, hearing, notices, opening, tokens, undoing
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.own import own_factors
from rebind.store import account_facts, accounts, emails, factors, numbers, outbox, requests
from rebind.store.account_facts import AccountRow
from rebind.store.case_threads import DocumentRow
from rebind.store.cases import CaseRow
from rebind.store.statements import Write


class Effects(msgspec.Struct, frozen=True):
    """What a decision brings with it: the request that it begins, if any."""

    writes: list[Write]
    lines: list[Line]
    request_id: Id | None = None


CARRIER_S = 2.0
"""How long a page of the desk waits for the operator's answer: ours; more is felt."""


async def carrier(desk: Desk, account_id: Id | None) -> CarrierFacts | None:
    """What the operator says of the present number of an account, asked once for a page; None where
    there is nobody to ask, or no number. An operator who does not answer knows nothing."""
    if desk.carrier is None or account_id is None:
        return None
    (found,) = await desk.engine.read(account_facts.of(account_id))
    account = account_facts.row(found)
    if account is None or account.number_sealed is None:
        return None
    place = accounts.place_of(account.id, account.number_version)
    current = desk.seal.unseal("bindings.number", place, account.number_sealed)
    try:
        async with asyncio.timeout(CARRIER_S):
            return await desk.carrier.ask(current, account.confirmed_at or account.enrolled_at)
    except OSError:
        return CarrierFacts()


async def prospect(
    desk: Desk, row: CaseRow, carrier: CarrierFacts | None, now: Ms
) -> Decision | Refused:
    """What the rule would say to an approval of this case now, with what the operator says of the
    account's number. Refusals: case_incomplete."""
    number = casefiles.number(desk, row)
    if row.kind != CaseKind.LOST_ACCESS or row.account_id is None or number is None:
        return Refused(CASE_INCOMPLETE)
    found, mails, beside, reserved = await desk.engine.read(
        account_facts.of(row.account_id),
        emails.of_account(row.account_id, now),
        factors.of_account(row.account_id),
        numbers.by_key(desk.seal.index("number", number)),
    )
    account = account_facts.row(found)
    if account is None or account.number_sealed is None or row.proved_at is None:
        return Refused(CASE_INCOMPLETE)
    standing = numbers.standing_of(reserved, account.id, account.number_version, now)
    facts = msgspec.structs.replace(_facts(account), factors=own_factors(mails, beside))
    ask = Ask(Kind.RECOVER, standing, support=True)
    known = carrier or CarrierFacts()
    return decide(ask, tuple(_evidence(row, now)), facts, known, desk.policy, now)


def carried(desk: Desk, documents: Sequence[DocumentRow]) -> bool:
    """Whether one of the documents of a case that were found to match, and are still there, speaks
    for the account as row R4 asks."""
    return desk.papers.carry_approval(
        [
            (each.kind, each.fact)
            for each in documents
            if each.verdict == DocumentVerdict.MATCHES and each.destroyed_at is None
        ]
    )


def _facts(account: AccountRow) -> AccountFacts:
    lock = None
    if account.locked_at is not None and account.lock_earlier_than is not None:
        frozen = account.frozen_at is not None
        lock = LockFacts(account.locked_at, account.lock_earlier_than, frozen)
    return AccountFacts(
        enrolled_at=account.enrolled_at,
        region=account.region or "",
        confirmed_at=account.confirmed_at or account.enrolled_at,
        state=AccountState(account.state),
        number_changed_at=account.number_changed_at,
        probation_since=account.probation_since,
        lock=lock,
        seen_at=account.seen_at,
    )


def _evidence(row: CaseRow, now: Ms) -> list[Evidence]:
    """What the case has shown: the code that opened it, and that two people have agreed."""
    found = [Evidence(Proof.OPERATOR_APPROVAL, now, now)]
    if row.proved_at is not None:
        found.append(Evidence(Proof.CODE_NEW, row.proved_at, row.proved_at))
    return found


async def effects(
    desk: Desk, caller: Caller, row: CaseRow, verdict: Verdict, now: Ms
) -> Effects | Refused:
    """What the second decision brings with it. Refusals: case_incomplete."""
    if row.kind == CaseKind.FROZEN:
        return await _thawed(desk, caller, row, verdict, now)
    if verdict is Verdict.AGAINST:
        return Effects(await _refused(desk, row, now), [])
    match CaseKind(row.kind):
        case CaseKind.LOST_ACCESS:
            return await _recovery(desk, caller, row, now)
        case CaseKind.CONTESTED:
            return await _once_more(desk, caller, row, now)
        case _:
            return Effects([], [])


async def _refused(desk: Desk, row: CaseRow, now: Ms) -> list[Write]:
    """Who began a contested request is told that it does not go on, wherever they answered a code
    in it; that it goes on is told to everybody, when it waits anew. The mailbox may be the holder's
    as well: the message says nothing of either side, and its link opens only to who began."""
    if row.kind != CaseKind.CONTESTED or row.account_id is None or row.request_id is None:
        return []
    heard = await hearing.of(desk, row)
    told = [
        *(
            Addressee(channel, to, desk.seal.index("number", to), notices.NEW)
            for channel, to in heard.person
        ),
        *(
            Addressee(channel, to, desk.seal.index("email", mailbox.canonical(to)), "mail")
            for channel, to in heard.shown
        ),
    ]
    params = {"request": row.request_id.hex()}
    parcels = notices.parcels(
        desk, "change_refused", told, row.locale, params, row.account_id, row.request_id, now
    )
    return [outbox.put(parcels)] if parcels else []


async def _recovery(desk: Desk, caller: Caller, row: CaseRow, now: Ms) -> Effects | Refused:
    """Row R4: a recovery with the approval in it, which time takes up at once."""
    number = casefiles.number(desk, row)
    if row.account_id is None or number is None or row.proved_at is None:
        return Refused(CASE_INCOMPLETE)
    (found,) = await desk.engine.read(account_facts.of(row.account_id))
    account = account_facts.row(found)
    # One that was closed since has no number that could be replaced.
    if account is None or account.number_sealed is None:
        return Refused(CASE_INCOMPLETE)
    request_id = desk.dice.id(now)
    # Nobody's yet: whoever has the link of the case goes on with it.
    _token, owner_hash = tokens.new_request(desk.dice)
    subject = Subject(account.id, account.number_version, None, None, owner_hash)
    key = desk.seal.index("number", number)
    about = About(number, key, row.region or "", case_id=row.id, due_at=now)
    writes = [
        opening.begin(desk, Kind.RECOVER, request_id, subject, about, now, _LOOKED_AT_WITHIN),
        requests.add_evidence(request_id, _evidence(row, now)),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, account.id, request_id, Kind.RECOVER, "support")
    return Effects(writes, [begun], request_id)


_NOT_CARRIED_OVER = frozenset({Proof.SILENCE, Proof.OPERATOR_APPROVAL})


async def _thawed(
    desk: Desk, caller: Caller, row: CaseRow, verdict: Verdict, now: Ms
) -> Effects | Refused:
    """The old number returns, or the freeze is lifted."""
    if row.request_id is None:
        return Refused(CASE_INCOMPLETE)
    found = await desk.engine.read(*dossiers.queries(desk, row.request_id, None, now))
    undo = dossiers.read(found)
    if isinstance(undo, Refused) or undo.row.frozen_at is None:
        return Refused(CASE_INCOMPLETE)
    act = Act.NUMBER_RETURNED if verdict is Verdict.FOR else Act.ACCOUNT_UNLOCKED
    decided = line(caller, act, undo.account_id, undo.id, verdict, "support")
    return Effects(undoing.decided(desk, undo, verdict, now), [decided])


_LOOKED_AT_WITHIN: Ms = 86_400 * SECOND
"""Time takes it up within seconds; a day, should no worker run for so long."""


async def _once_more(desk: Desk, caller: Caller, row: CaseRow, now: Ms) -> Effects | Refused:
    """The request that was stopped, begun again with all that it had shown: heard on both sides it
    waits anew, and only a second factor stops it."""
    if row.request_id is None:
        return Refused(CASE_INCOMPLETE)
    found = await desk.engine.read(*dossiers.queries(desk, row.request_id, None, now))
    stopped = dossiers.read(found)
    if isinstance(stopped, Refused) or stopped.row.owner_hash is None:
        return Refused(CASE_INCOMPLETE)
    before, request_id = stopped.row, desk.dice.id(now)
    subject = Subject(
        before.account_id,
        before.number_version,
        before.session_id,
        before.device_id,
        before.owner_hash,
        (before.begun_session_id, before.begun_device_id),
    )
    number = stopped.number(desk)
    about = About(
        number,
        desk.seal.index("number", number),
        before.region,
        case_id=before.case_id,
        contested=True,
        due_at=now,
    )
    kept = (each for each in stopped.evidence if each.proof not in _NOT_CARRIED_OVER)
    evidence = [*kept, Evidence(Proof.OPERATOR_APPROVAL, now, now)]
    writes = [
        opening.begin(desk, before.kind, request_id, subject, about, now, _LOOKED_AT_WITHIN),
        requests.add_evidence(request_id, evidence),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, before.account_id, request_id, before.kind, "support")
    return Effects(writes, [begun], request_id)
