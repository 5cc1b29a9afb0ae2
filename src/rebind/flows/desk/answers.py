"""Answers: proofs that are no codes, compared with what the account has set.

Each is compared only after the try was counted (`verify`), and gives the write that spends it, so
that a code of an authenticator or a printed code counts once even where it is given twice at the
same moment, and nothing counts that was removed in between. Nothing here says which part was wrong.
"""

from collections.abc import Mapping, Sequence
from hmac import compare_digest

import msgspec

from rebind.domain import passwords as password_rules
from rebind.domain import recovery_codes as printed
from rebind.domain import totp as totp_rules
from rebind.domain.acts import Act
from rebind.domain.evidence import CODES, Factor, Proof
from rebind.domain.units import Id, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.dossier import Dossier
from rebind.store import passkeys, passwords, recovery_codes, totps
from rebind.store.requests import proofs
from rebind.store.statements import Query, Rows, Write

ANSWER_CHARACTERS_MAX = 8_192
"""Of a passkey's answer, which is the longest; ours have about a thousand."""

COMPARED = frozenset({Proof.PASSWORD, Proof.TOTP, Proof.PASSKEY, Proof.RECOVERY_CODE})
"""What is compared here."""

_READS = {
    Proof.PASSWORD: passwords.of_request,
    Proof.TOTP: totps.of_request,
    Proof.PASSKEY: passkeys.of_request,
    Proof.RECOVERY_CODE: recovery_codes.of_request,
}


class Given(msgspec.Struct, frozen=True):
    """One proof as it was typed; of a passkey, what the browser said, as JSON."""

    proof: Proof
    code: str


class Right(msgspec.Struct, frozen=True):
    """A proof that holds: what it rests on, the writes that spend it, and what more is to be told
    in the audit trail."""

    factor: Factor
    writes: tuple[Write, ...]
    act: Act | None = None


def queries(request_id: Id, given: Sequence[Given]) -> list[Query]:
    """The reads that comparing takes, in the order of `given`."""
    return [_READS[item.proof](request_id) for item in given if item.proof in COMPARED]


async def compared(
    desk: Desk, dossier: Dossier, given: Sequence[Given], found: Sequence[Rows], now: Ms
) -> dict[Proof, Right] | None:
    """What holds, by proof; None where anything does not. Raises `Busy`."""
    rows: Mapping[Proof, Rows] = dict(
        zip((item.proof for item in given if item.proof in COMPARED), found, strict=True)
    )
    right: dict[Proof, Right] = {}
    whole = True
    for item in given:
        if item.proof in CODES:
            continue
        answer = await _compared(desk, dossier, item, rows[item.proof], now)
        # The others are compared all the same: how long it takes must not say which was wrong.
        if answer is None:
            whole = False
        else:
            right[item.proof] = answer
    return right if whole else None


async def _compared(
    desk: Desk, dossier: Dossier, given: Given, rows: Rows, now: Ms
) -> Right | None:
    match given.proof:
        case Proof.PASSWORD:
            return await _password(desk, given.code, rows)
        case Proof.TOTP:
            return _totp(desk, given.code, rows, now)
        case Proof.RECOVERY_CODE:
            return _recovery_code(given.code, rows, now)
        case Proof.PASSKEY:
            return _passkey(desk, dossier, given.code, rows, now)
        case _:
            return None


async def _password(desk: Desk, typed: str, rows: Rows) -> Right | None:
    found, password = passwords.row(rows), password_rules.readable(typed)
    if found is None or not isinstance(password, str):
        # Not with what was typed, which may be no text at all: the work is the same.
        await desk.hasher.verify(None, "")
        return None
    hashed = desk.seal.unseal("passwords.hash", found.id, found.hash_sealed)
    if not await desk.hasher.verify(hashed, password):
        return None
    anew = None
    if desk.hasher.outdated(hashed):
        rehashed = await desk.hasher.hash(password)
        anew = desk.seal.seal("passwords.hash", found.id, rehashed)
    factor = Factor(Proof.PASSWORD, found.set_at, proofs(found.set_by), found.alone == 1)
    return Right(factor, (passwords.stands(found, anew),))


def _totp(desk: Desk, typed: str, rows: Rows, now: Ms) -> Right | None:
    found = totps.row(rows)
    if found is None:
        return None
    secret = desk.seal.unseal("totps.seed", found.id, found.seed_sealed)
    step = totp_rules.step_of(secret, typed, now, found.last_step)
    if step is None:
        return None
    factor = Factor(Proof.TOTP, found.set_at, proofs(found.set_by))
    return Right(factor, (totps.used(found, step),))


def _recovery_code(typed: str, rows: Rows, now: Ms) -> Right | None:
    code, right = printed.canonical(typed), None
    for found in recovery_codes.rows(rows):
        if code is not None and compare_digest(
            found.code_hash, printed.hashed(found.account_id, code)
        ):
            right = found
    if right is None:
        return None
    factor = Factor(Proof.RECOVERY_CODE, right.set_at, proofs(right.set_by))
    return Right(factor, (recovery_codes.spend(right, now),), Act.RECOVERY_CODE_USED)


def _passkey(desk: Desk, dossier: Dossier, answer: str, rows: Rows, now: Ms) -> Right | None:
    named = desk.passkeys.named(answer)
    if named is None:
        return None
    credential_id, user_handle = named
    challenge = tokens.passkey_challenge(desk.seal, dossier.id)
    for found in passkeys.rows(rows):
        if found.credential_id != credential_id or user_handle not in (b"", found.account_id):
            continue
        used = desk.passkeys.used(
            challenge, answer, credential_id, found.public_key, found.sign_count
        )
        if used is None:
            return None
        factor = Factor(Proof.PASSKEY, found.set_at, proofs(found.set_by))
        note = passkeys.used(found, used.sign_count, used.backed_up, now)
        return Right(factor, (note,))
    return None
