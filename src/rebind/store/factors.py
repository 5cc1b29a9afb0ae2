"""factors: what an account has set beside its number and mailboxes, for the rule in one read, and
what happens to all kinds of it alike.

The secrets themselves are read by the file of each kind, and only where a proof is compared.
Neighbours: `passwords.py`, `passkeys.py`, `totps.py`, `recovery_codes.py`, `emails.py`.
"""

from collections.abc import Iterable

import msgspec

from rebind.domain.evidence import Factor, Proof
from rebind.domain.units import Id, Ms
from rebind.store.requests import proofs
from rebind.store.statements import Args, Query, Rows, Statement, Write

LIVE = "removed_at IS NULL AND suspended_at IS NULL"
"""What counts: neither removed by its holder nor suspended by an undo."""

TABLES = ("passwords", "passkeys", "totps", "recovery_codes")


def _all_of(account: str) -> str:
    live = f"WHERE account_id = {account} AND {LIVE}"
    return f"""
    SELECT 'password' AS proof, set_at, set_by, alone AS detail FROM passwords {live}
    UNION ALL SELECT 'passkey', set_at, set_by, 1 FROM passkeys {live}
    UNION ALL SELECT 'totp', set_at, set_by, 1 FROM totps {live}
    UNION ALL SELECT 'recovery_code', MIN(set_at), MIN(set_by),
        SUM(CASE WHEN used_at IS NULL THEN 1 ELSE 0 END)
        FROM recovery_codes {live} GROUP BY account_id
    """  # noqa: S608  names of this file


_OF_ACCOUNT = Statement("factors.of_account", _all_of(":account_id"))
_OF_REQUEST = Statement(
    "factors.of_request", _all_of("(SELECT account_id FROM requests WHERE id = :request_id)")
)


class FactorRow(msgspec.Struct, frozen=True):
    """One live factor. `detail`: of a password, whether it is long enough alone; of recovery codes
    (one row for all of them), how many are left, which may be none."""

    proof: str
    set_at: Ms
    set_by: str
    detail: int

    @property
    def usable(self) -> bool:
        """Whether it can still be given: not where every code of a sheet was used."""
        return self.proof != Proof.RECOVERY_CODE or self.detail > 0

    @property
    def factor(self) -> Factor:
        """The factor as the rule takes it."""
        alone = self.proof != Proof.PASSWORD or self.detail == 1
        return Factor(Proof(self.proof), self.set_at, proofs(self.set_by), alone)


def of_account(account_id: Id) -> Query:
    """The live factors of an account; of e-mails `emails.of_account` tells."""
    return Query(_OF_ACCOUNT, {"account_id": account_id})


def of_request(request_id: Id) -> Query:
    """The same for the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def rows(found: Rows) -> tuple[FactorRow, ...]:
    """What those read."""
    return tuple(FactorRow(*each) for each in found)


def _suspending(table: str) -> Statement:
    return Statement(
        f"{table}.suspend_since",
        f"""
        UPDATE {table} SET suspended_at = :now
        WHERE account_id = :account_id AND set_at > :since AND suspended_at IS NULL
        """,  # noqa: S608
    )


def _restoring(table: str) -> Statement:
    return Statement(
        f"{table}.restore_since",
        f"""
        UPDATE {table} SET removed_at = NULL
        WHERE account_id = :account_id AND removed_at > :since AND set_at <= :since
        """,  # noqa: S608
    )


def _removing(table: str) -> Statement:
    return Statement(
        f"{table}.remove",
        f"""
        UPDATE {table} SET removed_at = :now
        WHERE account_id = :account_id AND id = :id AND {LIVE}
        """,  # noqa: S608
    )


def _removing_all(table: str) -> Statement:
    return Statement(
        f"{table}.remove_all",
        f"UPDATE {table} SET removed_at = :now WHERE account_id = :account_id AND {LIVE}",  # noqa: S608
    )


def _reviving(table: str) -> Statement:
    return Statement(
        f"{table}.revive",
        f"""
        UPDATE {table} SET suspended_at = NULL
        WHERE account_id = :account_id AND suspended_at = :suspended_at
        """,  # noqa: S608
    )


_REVIVE = {table: _reviving(table) for table in (*TABLES, "emails")}
_SUSPEND = {table: _suspending(table) for table in TABLES}
_RESTORE = {table: _restoring(table) for table in TABLES}
_REMOVE = {table: _removing(table) for table in TABLES}
_REMOVE_ALL = {table: _removing_all(table) for table in TABLES}


def suspend_since(account_id: Id, since: Ms, now: Ms) -> Iterable[Write]:
    """Suspend every factor that was set after `since`."""
    args: Args = {"account_id": account_id, "since": since, "now": now}
    return [Write(statement, args, expect=None) for statement in _SUSPEND.values()]


def revive(account_id: Id, suspended_at: Ms) -> Iterable[Write]:
    """Let everything count again that was suspended at that moment, mailboxes included."""
    args: Args = {"account_id": account_id, "suspended_at": suspended_at}
    return [Write(statement, args, expect=None) for statement in _REVIVE.values()]


def restore_since(account_id: Id, since: Ms) -> Iterable[Write]:
    """Bring back every factor that was the account's at `since` and was removed later."""
    args: Args = {"account_id": account_id, "since": since}
    return [Write(statement, args, expect=None) for statement in _RESTORE.values()]


def remove(table: str, account_id: Id, factor_id: Id, now: Ms) -> Write:
    """Remove one factor. Misses where it is not live any more."""
    return Write(_REMOVE[table], {"account_id": account_id, "id": factor_id, "now": now})


def remove_all(table: str, account_id: Id, now: Ms) -> Write:
    """Remove whatever the account has of one kind."""
    return Write(_REMOVE_ALL[table], {"account_id": account_id, "now": now}, expect=None)
