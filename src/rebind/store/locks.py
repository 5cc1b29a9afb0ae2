"""Locks: an account that an undo has locked or frozen, and what ends that. Neighbour: `accounts.py`
has the rows themselves."""

from rebind.domain.units import Id, Ms
from rebind.store.statements import Statement, Write

_RETURNED = Statement(
    "accounts.returned",
    """
    UPDATE accounts SET number_version = :number_version, number_changed_at = :now,
        probation_since = NULL, state = 'locked', locked_at = :now,
        lock_earlier_than = CASE WHEN lock_earlier_than < CAST(:earlier_than AS BIGINT)
            THEN lock_earlier_than ELSE CAST(:earlier_than AS BIGINT) END,
        version = version + 1
    WHERE id = :id AND number_version = :based_on AND state IN ('active', 'locked')
      AND frozen_at IS NULL
    """,
)
_RETURNED_TO_FROZEN = Statement(
    "accounts.returned",
    """
    UPDATE accounts SET number_version = :number_version, number_changed_at = :now,
        probation_since = NULL, locked_at = :now, lock_earlier_than = :earlier_than,
        frozen_at = NULL, version = version + 1
    WHERE id = :id AND number_version = :based_on AND state = 'locked' AND frozen_at IS NOT NULL
    """,
)
_FREEZE = Statement(
    "accounts.freeze",
    """
    UPDATE accounts SET state = 'locked', locked_at = :now, lock_earlier_than = :earlier_than,
        frozen_at = :now, version = version + 1
    WHERE id = :id AND number_version = :based_on AND state IN ('active', 'locked')
      AND frozen_at IS NULL
    """,
)
_THAW = Statement(
    "accounts.thaw",
    """
    UPDATE accounts SET state = 'active', locked_at = NULL, lock_earlier_than = NULL,
        frozen_at = NULL, version = version + 1
    WHERE id = :id AND state = 'locked' AND frozen_at = :frozen_at
    """,
)
_UNLOCK = Statement(
    "accounts.unlock",
    """
    UPDATE accounts SET state = 'active', locked_at = NULL, lock_earlier_than = NULL,
        probation_since = NULL, version = version + 1
    WHERE id = :id AND state = 'locked' AND frozen_at IS NULL
    """,
)


def thaw(account_id: Id, frozen_at: Ms) -> Write:
    """The support desk has found that nothing was wrong. Misses where the account is frozen no
    more, or anew."""
    return Write(_THAW, {"id": account_id, "frozen_at": frozen_at})


def returned(
    account_id: Id, based_on: int, earlier_than: Ms, now: Ms, *, frozen: bool = False
) -> Write:
    """Make the next binding, that of a number which returns by undo, the live one, and lock the
    account against everything that is not older than the undone request. `frozen`: of an account
    that was frozen until the support desk decided."""
    return Write(
        _RETURNED_TO_FROZEN if frozen else _RETURNED,
        {
            "id": account_id,
            "number_version": based_on + 1,
            "based_on": based_on,
            "earlier_than": earlier_than,
            "now": now,
        },
    )


def freeze(account_id: Id, based_on: int, earlier_than: Ms, now: Ms) -> Write:
    """Lock the account for everybody, until the support desk has decided."""
    return Write(
        _FREEZE,
        {"id": account_id, "based_on": based_on, "earlier_than": earlier_than, "now": now},
    )


def unlock(account_id: Id) -> Write:
    """Lift the lock of an undo. Misses where the account is frozen, or not locked any more."""
    return Write(_UNLOCK, {"id": account_id})
