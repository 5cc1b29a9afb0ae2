"""recovery_codes: the printed codes of an account, hashed, each good once. With 125 random bits
each needs no key and no salt (OWASP ASVS 5.0 6.5.2)."""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.factors import LIVE
from rebind.store.statements import Query, Rows, Statement, Value, Write

_OF_REQUEST = Statement(
    "recovery_codes.of_request",
    f"""
    SELECT account_id, id, code_hash, set_at, set_by FROM recovery_codes
    WHERE account_id = (SELECT account_id FROM requests WHERE id = :request_id) AND {LIVE}
      AND used_at IS NULL
    """,  # noqa: S608
)
_SPEND = Statement(
    "recovery_codes.spend",
    f"""
    UPDATE recovery_codes SET used_at = :now
    WHERE account_id = :account_id AND id = :id AND used_at IS NULL AND {LIVE}
    """,  # noqa: S608
)


class RecoveryCodeRow(msgspec.Struct, frozen=True):
    """One code that was not used yet."""

    account_id: Id
    id: Id
    code_hash: bytes
    set_at: Ms
    set_by: str


@cache
def _add(codes: int) -> Statement:
    values = ", ".join(
        f"(:account_id, :id{i}, :code_hash{i}, :now, :set_by, NULL, NULL, NULL)"
        for i in range(codes)
    )
    return Statement(
        "recovery_codes.add",
        "INSERT INTO recovery_codes (account_id, id, code_hash, set_at, set_by, used_at,"  # noqa: S608
        f" removed_at, suspended_at) VALUES {values}",
    )


def add(account_id: Id, codes: Sequence[tuple[Id, bytes]], set_by: str, now: Ms) -> Write:
    """New codes, each as its id and hash."""
    args: dict[str, Value] = {"account_id": account_id, "set_by": set_by, "now": now}
    for i, (code_id, code_hash) in enumerate(codes):
        args[f"id{i}"] = code_id
        args[f"code_hash{i}"] = code_hash
    return Write(_add(len(codes)), args, expect=len(codes))


def of_request(request_id: Id) -> Query:
    """The unused codes of the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def rows(found: Rows) -> tuple[RecoveryCodeRow, ...]:
    """What `of_request` read."""
    return tuple(RecoveryCodeRow(*each) for each in found)


def spend(found: RecoveryCodeRow, now: Ms) -> Write:
    """Use a code. Misses where it was used or replaced in the meantime."""
    return Write(_SPEND, {"account_id": found.account_id, "id": found.id, "now": now})
