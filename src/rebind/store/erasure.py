"""Erasure: what is deleted of an account that closes. Its row stays, without a number, so that the
audit trail has something to speak of; what names or protects a person goes.
"""

from rebind.domain.units import Id, Ms
from rebind.store.statements import Statement, Write

ERASED = (
    "bindings",
    "devices",
    "emails",
    "passkeys",
    "passwords",
    "recovery_codes",
    "sessions",
    "totps",
)
"""The tables whose rows go with the account."""

_ERASE = {
    table: Statement(f"{table}.erase", f"DELETE FROM {table} WHERE account_id = :account_id")  # noqa: S608
    for table in ERASED
}
_CLOSE = Statement(
    "accounts.close",
    """
    UPDATE accounts SET state = 'closed', closed_at = :now, version = version + 1,
        probation_since = NULL, sms_off_at = NULL
    WHERE id = :id AND number_version = :number_version AND state = 'active'
    """,
)


def close(account_id: Id, number_version: int, now: Ms) -> Write:
    """The account is closed. Misses where its number changed meanwhile, or it is locked."""
    return Write(_CLOSE, {"id": account_id, "number_version": number_version, "now": now})


def erase(account_id: Id) -> list[Write]:
    """Everything else of it."""
    return [Write(_ERASE[table], {"account_id": account_id}, expect=None) for table in ERASED]
