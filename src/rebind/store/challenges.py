"""challenges: one-time codes. Count, then compare, then consume, each guarded in SQL.

A row belongs to one (request, proof). A new code replaces the old one in it and leaves the tries
as they are. The code rests as a keyed hash bound to account, purpose, address and request.
"""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Value, Write

_OF_REQUEST = Statement(
    "challenges.of_request",
    """
    SELECT proof, address_key, code_mac, tries, tries_max, sent_at, expires_at, consumed_at
    FROM challenges WHERE request_id = :request_id
    """,
)
_CONSUME = Statement(
    "challenges.consume",
    """
    UPDATE challenges SET consumed_at = :now
    WHERE request_id = :request_id AND proof = :proof AND code_mac = :code_mac
      AND consumed_at IS NULL
    """,
)


class Challenge(msgspec.Struct, frozen=True):
    """A code on its way, or answered."""

    proof: str
    address_key: bytes
    code_mac: bytes
    tries: int
    tries_max: int
    sent_at: Ms
    expires_at: Ms
    consumed_at: Ms | None


@cache
def _set(codes: int) -> Statement:
    values = ", ".join(
        f"(:request_id, :proof{i}, :address_key{i}, :code_mac{i}, 0, :tries_max, :now,"
        f" :expires_at{i}, NULL)"
        for i in range(codes)
    )
    return Statement(
        "challenges.set",
        "INSERT INTO challenges (request_id, proof, address_key, code_mac, tries, tries_max,"  # noqa: S608
        f" sent_at, expires_at, consumed_at) VALUES {values}"
        " ON CONFLICT (request_id, proof) DO UPDATE SET"
        " address_key = excluded.address_key, code_mac = excluded.code_mac,"
        " sent_at = excluded.sent_at, expires_at = excluded.expires_at, consumed_at = NULL,"
        " tries = CASE WHEN challenges.consumed_at IS NULL THEN challenges.tries ELSE 0 END"
        " WHERE challenges.consumed_at <= :renew_before"
        " OR (challenges.consumed_at IS NULL AND challenges.tries < challenges.tries_max)",
    )


@cache
def _try(proofs: int) -> Statement:
    named = ", ".join(f":proof{i}" for i in range(proofs))
    return Statement(
        "challenges.try",
        f"""
        UPDATE challenges SET tries = tries + 1
        WHERE request_id = :request_id AND proof IN ({named}) AND tries < tries_max
          AND consumed_at IS NULL AND expires_at > :now
          AND EXISTS (
            SELECT 1 FROM requests r WHERE r.id = :request_id AND r.owner_hash = :owner_hash
              AND r.ended_at IS NULL AND r.expires_at > :now
              AND (r.session_id IS NULL OR EXISTS (
                SELECT 1 FROM sessions s WHERE s.account_id = r.account_id AND s.id = r.session_id
                  AND s.ended_at IS NULL
                  AND (s.expires_at > :now OR r.wait_until IS NOT NULL))))
        RETURNING proof, address_key, code_mac, tries, tries_max, sent_at, expires_at, consumed_at
        """,  # noqa: S608
    )


class NewCode(msgspec.Struct, frozen=True):
    """A code to be kept: for which proof, to which address, as which keyed hash, until when."""

    proof: str
    address_key: bytes
    code_mac: bytes
    expires_at: Ms


def set_codes(
    request_id: Id, codes: Sequence[NewCode], tries_max: int, renew_before: Ms, now: Ms
) -> Write:
    """Keep new codes. Misses where the tries are spent, or where the proof was given already and
    not before `renew_before`: one that has grown old is asked for anew, with all its tries."""
    args: dict[str, Value] = {
        "request_id": request_id,
        "tries_max": tries_max,
        "renew_before": renew_before,
        "now": now,
    }
    for i, code in enumerate(codes):
        args[f"proof{i}"] = code.proof
        args[f"address_key{i}"] = code.address_key
        args[f"code_mac{i}"] = code.code_mac
        args[f"expires_at{i}"] = code.expires_at
    return Write(_set(len(codes)), args, expect=len(codes))


def count_try(request_id: Id, owner_hash: bytes, proofs: Sequence[str], now: Ms) -> Write:
    """Count one try at each of these proofs, for the request's owner only; gives the challenges
    that may be compared. Committed on its own, before anybody looks at a code."""
    args: dict[str, Value] = {"request_id": request_id, "owner_hash": owner_hash, "now": now}
    for i, proof in enumerate(proofs):
        args[f"proof{i}"] = proof
    return Write(_try(len(proofs)), args, expect=None)


def consume(request_id: Id, challenge: Challenge, now: Ms) -> Write:
    """Spend an answered code. Misses where it was spent or replaced in the meantime."""
    return Write(
        _CONSUME,
        {
            "request_id": request_id,
            "proof": challenge.proof,
            "code_mac": challenge.code_mac,
            "now": now,
        },
    )


def of_request(request_id: Id) -> Query:
    """All challenges of a request."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def rows(found: Rows) -> dict[str, Challenge]:
    """What `of_request` or `count_try` read, by proof."""
    return {each[0]: Challenge(*each) for each in found}
