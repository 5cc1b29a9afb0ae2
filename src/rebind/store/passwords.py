"""passwords: at most one that counts for each account, as a sealed argon2id hash. A former one
stays, removed, so that an undo can bring it back."""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.factors import LIVE
from rebind.store.statements import Query, Rows, Statement, Write

_ADD = Statement(
    "passwords.add",
    """
    INSERT INTO passwords (account_id, id, hash_sealed, alone, set_at, set_by, removed_at,
        suspended_at)
    VALUES (:account_id, :id, :hash_sealed, :alone, :now, :set_by, NULL, NULL)
    """,
)
_OF_REQUEST = Statement(
    "passwords.of_request",
    f"""
    SELECT account_id, id, hash_sealed, set_at, set_by, alone FROM passwords
    WHERE account_id = (SELECT account_id FROM requests WHERE id = :request_id) AND {LIVE}
    ORDER BY id DESC LIMIT 1
    """,  # noqa: S608
)
_STANDS = Statement(
    "passwords.stands",
    f"""
    UPDATE passwords SET hash_sealed = :new
    WHERE account_id = :account_id AND id = :id AND hash_sealed = :old AND {LIVE}
    """,  # noqa: S608
)


class PasswordRow(msgspec.Struct, frozen=True):
    """The password of an account."""

    account_id: Id
    id: Id
    hash_sealed: bytes
    set_at: Ms
    set_by: str
    alone: int


def add(
    account_id: Id, password_id: Id, hash_sealed: bytes, alone: bool, set_by: str, now: Ms
) -> Write:
    """A new password. `alone`: it is long enough without a second factor."""
    return Write(
        _ADD,
        {
            "account_id": account_id,
            "id": password_id,
            "hash_sealed": hash_sealed,
            "alone": int(alone),
            "set_by": set_by,
            "now": now,
        },
    )


def of_request(request_id: Id) -> Query:
    """The live password of the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def row(rows: Rows) -> PasswordRow | None:
    """What `of_request` read."""
    return PasswordRow(*rows[0]) if rows else None


def stands(found: PasswordRow, hash_sealed: bytes | None = None) -> Write:
    """The guard that the password that was compared is live still; with a new hash of the same
    password, where it was hashed anew. Misses where it was changed in the meantime."""
    return Write(
        _STANDS,
        {
            "account_id": found.account_id,
            "id": found.id,
            "old": found.hash_sealed,
            "new": hash_sealed or found.hash_sealed,
        },
    )
