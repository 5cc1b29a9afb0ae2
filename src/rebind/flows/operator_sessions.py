"""operator_sessions: signing in to the console, confirming who one is, and signing out.

Always two factors: a passkey, which verifies its person by itself, or a password with a code of an
authenticator app, compared all or nothing. Whoever has no such login is answered alike, after the
same work. A try is counted before it is looked at: on a browser in which that person has signed in
before in their own row, with growing pauses and an end after a hundred in a row (NIST SP 800-63B-4
3.2.2); elsewhere by login and by network, so that strangers close the password for strange browsers
only, and passkeys never. Signing in again is also how somebody confirms who they are: the new
session takes the place of the old one. Neighbour: `operator_access.py` sets the ways in.
"""

from typing import Any

import msgspec

from rebind.domain import operators as rules
from rebind.domain import passwords as password_rules
from rebind.domain import totp as totp_rules
from rebind.domain.acts import Act, Line
from rebind.domain.evidence import Proof
from rebind.domain.limits import OPERATOR_CLIENT, OPERATOR_LOGIN, WRONG_DEVICE
from rebind.domain.operators import Right
from rebind.domain.refusals import (
    BUSY,
    OPERATOR_WORN_OUT,
    PROOF_WRONG,
    TOO_MANY_REQUESTS,
    TRY_AGAIN,
    Refused,
)
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import budgets, tokens
from rebind.flows.desk import operator_ways as ways
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk.answers import ANSWER_CHARACTERS_MAX
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.operators import OperatorSession
from rebind.ports import Busy
from rebind.store import limits, operator_passkeys, operator_sessions, operators
from rebind.store.operators import OperatorRow
from rebind.store.statements import Missed, Write

LISTED_MAX = 100
"""Sessions shown; more than that is no list that a person reads."""

_SIGN_IN = b"sign in"
_DUMMY_SECRET = totp_rules.secret(bytes(totp_rules.SECRET_BYTES))
"""What a code is compared with in vain."""


class Offer(msgspec.Struct, frozen=True):
    """What the page to sign in is made with: an id, which opens one session at most, and what a
    browser needs to use a passkey (PublicKeyCredentialRequestOptionsJSON)."""

    id: Id
    passkey: dict[str, Any]


class OperatorSessionView(msgspec.Struct, frozen=True):
    """One live session in the list."""

    id: Id
    current: bool
    proofs: tuple[Proof, ...]
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address: str
    agent: str


def offer(desk: Desk) -> Offer:
    """Begin to sign in. Nothing is stored, and nothing is said about anybody."""
    offer_id = desk.dice.id(desk.clock.now())
    challenge = tokens.desk_challenge(desk.seal, _SIGN_IN + offer_id)
    return Offer(offer_id, desk.passkeys.request(challenge, ()))


async def by_password(
    desk: Desk, caller: Caller, offer_id: Id, login: str, password: str, code: str
) -> OperatorSession | Refused:
    """Sign in with a password and a code of the app; `caller.device` is the mark of the browser.
    Refusals: proof_wrong, proofs_closed, too_many_requests, operator_worn_out, busy, try_again."""
    if not _stands(desk, offer_id):
        return Refused(TRY_AGAIN)
    typed, now = rules.login_typed(login) or "", desk.clock.now()
    keys = desk.seal.indexes("operator", typed)
    clients = budgets.client_keys(desk, caller)
    places = [(OPERATOR_LOGIN.name, key, 0) for key in keys]
    places += [(OPERATOR_CLIENT.name, key, 0) for key in clients]
    found, counters = await desk.engine.read(operators.by_login(typed), limits.rows(places))
    row = operators.row(found)
    known = tokens.browser_is_of(desk.seal, typed, caller.device) and row is not None
    tally = Tally(desk, now)
    if not known:
        tally.add(OPERATOR_LOGIN, keys)
        tally.add(OPERATOR_CLIENT, clients)
    refused = await _counted(desk, row if known else None, tally, limits.counted(counters), now)
    if refused is not None:
        return refused
    back = [] if known else _given_back(keys, clients)
    try:
        proved = await _compared(desk, row, password, code, now)
    except Busy as busy:
        await desk.engine.write(back or [operators.give_back(typed)])
        return Refused(BUSY, now + busy.retry_s * SECOND)
    if proved is None:
        await desk.keep([], [_wrong(caller, typed)], now)
        return Refused(PROOF_WRONG)
    return await _opened(
        desk, caller, typed, offer_id, ways.PASSWORD_AND_CODE, [proved, *back], now
    )


async def by_passkey(
    desk: Desk, caller: Caller, offer_id: Id, answer: str
) -> OperatorSession | Refused:
    """Sign in with a passkey, which says whose it is. A signature cannot be guessed, so that
    nothing is counted. Refusals: proof_wrong, try_again."""
    if not _stands(desk, offer_id):
        return Refused(TRY_AGAIN)
    named = None
    if len(answer) <= ANSWER_CHARACTERS_MAX:
        named = desk.passkeys.named(answer)
    if named is None:
        return Refused(PROOF_WRONG)
    credential_id, handle = named
    (found,) = await desk.engine.read(operator_passkeys.by_credential(credential_id))
    passkey = next((each for each in operator_passkeys.rows(found) if each.id == handle), None)
    if passkey is None:
        return Refused(PROOF_WRONG)
    now = desk.clock.now()
    challenge = tokens.desk_challenge(desk.seal, _SIGN_IN + offer_id)
    used = desk.passkeys.used(
        challenge, answer, credential_id, passkey.public_key, passkey.sign_count
    )
    if used is None:
        await desk.keep([], [_wrong(caller, passkey.login)], now)
        return Refused(PROOF_WRONG)
    writes = [
        operator_passkeys.used(passkey, used.sign_count, now),
        operators.stands(passkey.login),
    ]
    return await _opened(desk, caller, passkey.login, offer_id, Proof.PASSKEY, writes, now)


async def sign_out(desk: Desk, caller: Caller) -> None:
    """This session ends. Where there is none, nothing happens."""
    who = await desk_operators.present(desk, caller)
    if not isinstance(who, Refused):
        await _end(desk, caller, who.operator.login, who.session_id)


async def listed(desk: Desk, caller: Caller) -> tuple[OperatorSessionView, ...] | Refused:
    """One's own live sessions, newest first. Refusals: operator_session_required, right_missing."""
    who = await desk_operators.allowed(desk, caller, Right.OWN_ACCESS)
    if isinstance(who, Refused):
        return who
    login, now = who.operator.login, desk.clock.now()
    (found,) = await desk.engine.read(operator_sessions.live(login, now, LISTED_MAX))
    return tuple(
        OperatorSessionView(
            each.id,
            each.id == who.session_id,
            tuple(Proof(proof) for proof in each.proofs.split()),
            each.opened_at,
            each.expires_at,
            each.seen_at,
            desk.seal.unseal("operator_sessions.address", each.id, each.address_sealed),
            desk.seal.unseal("operator_sessions.agent", each.id, each.agent_sealed),
        )
        for each in operator_sessions.live_rows(found)
    )


async def end(desk: Desk, caller: Caller, session_id: Id) -> Refused | None:
    """End one of one's own sessions. Refusals: operator_session_required, right_missing,
    session_unknown."""
    who = await desk_operators.signed_in(desk, caller, Right.OWN_ACCESS)
    return who if isinstance(who, Refused) else await _end(desk, caller, who.login, session_id)


async def end_all(desk: Desk, caller: Caller) -> Refused | None:
    """End all of one's own sessions, this one too. Refusals: operator_session_required,
    right_missing."""
    who = await desk_operators.signed_in(desk, caller, Right.OWN_ACCESS)
    if isinstance(who, Refused):
        return who
    now = desk.clock.now()
    done = desk_operators.own_line(caller, who.login, Act.OPERATOR_SIGNED_OUT, "all")
    return await desk.keep_or_refuse([operator_sessions.end_all(who.login, now)], [done], now)


async def _end(desk: Desk, caller: Caller, login: str, session_id: Id) -> Refused | None:
    now = desk.clock.now()
    done = desk_operators.own_line(caller, login, Act.OPERATOR_SIGNED_OUT)
    return await desk.keep_or_refuse([operator_sessions.end(login, session_id, now)], [done], now)


async def _opened(
    desk: Desk,
    caller: Caller,
    login: str,
    offer_id: Id,
    proofs: str,
    writes: list[Write],
    now: Ms,
) -> OperatorSession | Refused:
    session, opening = desk_operators.opened(desk, caller, login, offer_id, proofs, now)
    done = desk_operators.own_line(caller, login, Act.OPERATOR_SIGNED_IN, proofs)
    refused = await desk.keep_or_refuse([*writes, *opening], [done], now)
    return refused or session


def _stands(desk: Desk, offer_id: Id) -> bool:
    """Whether the page was opened lately: the id of an offer begins with its moment (RFC 9562
    5.7). One that somebody made up has no challenge that our pages ever showed."""
    age = desk.clock.now() - int.from_bytes(offer_id[:6])
    return 0 <= age <= desk.policy.request_ttl_s * SECOND


async def _counted(
    desk: Desk, row: OperatorRow | None, tally: Tally, rows: budgets.Rows, now: Ms
) -> Refused | None:
    """Count the try, or say that there is no room. `row`: of somebody whose browser this is."""
    if row is None:
        refused = tally.refused(rows)
        if refused is not None:
            return refused
        writes = tally.writes(rows)
    else:
        if row.wrong_in_row >= desk.limits[WRONG_DEVICE].amount:
            return Refused(OPERATOR_WORN_OUT)
        pause = rules.next_try_at(row.wrong_in_row, row.wrong_at)
        if pause > now:
            return Refused(TOO_MANY_REQUESTS, pause)
        writes = [operators.guess(row, now)]
    try:
        await desk.engine.write(writes)
    except Missed:
        return Refused(TRY_AGAIN)
    return None


def _given_back(keys: tuple[bytes, ...], clients: tuple[bytes, ...]) -> list[Write]:
    return [
        *(limits.give_back(OPERATOR_CLIENT, key) for key in clients),
        *(limits.give_back(OPERATOR_LOGIN, key) for key in keys),
    ]


async def _compared(
    desk: Desk, row: OperatorRow | None, typed: str, code: str, now: Ms
) -> Write | None:
    """What spends password and code, if both hold. Everything is compared, whatever was wrong, and
    where there is nothing to compare with in vain. Raises `Busy`."""
    password = password_rules.readable(typed)
    if row is None or row.password_sealed is None or row.totp_sealed is None:
        await desk.hasher.verify(None, typed[: password_rules.MAX])
        totp_rules.step_of(_DUMMY_SECRET, code, now, 0)
        return None
    place = row.login.encode()
    hashed = desk.seal.unseal("operators.password", place, row.password_sealed)
    secret = desk.seal.unseal("operators.totp", place, row.totp_sealed)
    step = totp_rules.step_of(secret, code, now, row.totp_step or 0)
    if not isinstance(password, str):
        await desk.hasher.verify(None, typed[: password_rules.MAX])
        return None
    right = await desk.hasher.verify(hashed, password)
    let_in = row.disabled_at is None and row.invite_hash is None
    if not (right and let_in) or step is None:
        return None
    anew = None
    if desk.hasher.outdated(hashed):
        rehashed = await desk.hasher.hash(password)
        anew = desk.seal.seal("operators.password", place, rehashed)
    return operators.proved(row, step, anew)


def _wrong(caller: Caller, login: str) -> Line:
    """A counted try that did not match. Nothing is proved of whoever made it."""
    return Line(Act.OPERATOR_PROOF_WRONG, rules.subject(login), "stranger", caller.door)
