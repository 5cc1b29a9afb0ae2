"""totps: at most one time-based secret that counts for each account (RFC 6238), sealed, with the
last step that was used, so that no code counts twice."""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.factors import LIVE
from rebind.store.statements import Query, Rows, Statement, Write

_ADD = Statement(
    "totps.add",
    """
    INSERT INTO totps (account_id, id, seed_sealed, last_step, set_at, set_by, removed_at,
        suspended_at)
    VALUES (:account_id, :id, :seed_sealed, :last_step, :now, :set_by, NULL, NULL)
    """,
)
_OF_REQUEST = Statement(
    "totps.of_request",
    f"""
    SELECT account_id, id, seed_sealed, last_step, set_at, set_by FROM totps
    WHERE account_id = (SELECT account_id FROM requests WHERE id = :request_id) AND {LIVE}
    ORDER BY id DESC LIMIT 1
    """,  # noqa: S608
)
_USED = Statement(
    "totps.used",
    f"""
    UPDATE totps SET last_step = :step
    WHERE account_id = :account_id AND id = :id AND last_step < :step AND {LIVE}
    """,  # noqa: S608
)


class TotpRow(msgspec.Struct, frozen=True):
    """The TOTP of an account."""

    account_id: Id
    id: Id
    seed_sealed: bytes
    last_step: int
    set_at: Ms
    set_by: str


def add(
    account_id: Id, totp_id: Id, seed_sealed: bytes, last_step: int, set_by: str, now: Ms
) -> Write:
    """A new secret; `last_step` is that of the code by which it was confirmed."""
    return Write(
        _ADD,
        {
            "account_id": account_id,
            "id": totp_id,
            "seed_sealed": seed_sealed,
            "last_step": last_step,
            "set_by": set_by,
            "now": now,
        },
    )


def of_request(request_id: Id) -> Query:
    """The live secret of the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def row(rows: Rows) -> TotpRow | None:
    """What `of_request` read."""
    return TotpRow(*rows[0]) if rows else None


def used(found: TotpRow, step: int) -> Write:
    """Spend a step. Misses where it, or a later one, was spent already."""
    return Write(_USED, {"account_id": found.account_id, "id": found.id, "step": step})
