"""emails: the addresses of an account. Removed ones stay readable for 30 days, for notices; those
that an undo has suspended get none and prove nothing."""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_ADD = Statement(
    "emails.add",
    """
    INSERT INTO emails (account_id, id, address_key, address_sealed, verified_at, set_at, set_by,
        removed_at, suspended_at, primary_since)
    VALUES (:account_id, :id, :address_key, :address_sealed, :now, :now, :set_by, NULL, NULL, NULL)
    """,
)
_OF_ACCOUNT = Statement(
    "emails.of_account",
    """
    SELECT account_id, id, address_sealed, address_key, set_at, set_by, removed_at, primary_since
    FROM emails
    WHERE account_id = :account_id AND (removed_at IS NULL OR removed_at > :removed_since)
      AND suspended_at IS NULL
    ORDER BY id
    """,
)
_OF_REQUEST = Statement(
    "emails.of_request",
    """
    SELECT account_id, id, address_sealed, address_key, set_at, set_by, removed_at, primary_since
    FROM emails
    WHERE account_id = (SELECT account_id FROM requests WHERE id = :request_id)
      AND (removed_at IS NULL OR removed_at > :removed_since)
      AND suspended_at IS NULL
    ORDER BY id
    """,
)
_REMOVE = Statement(
    "emails.remove",
    """
    UPDATE emails SET removed_at = :now
    WHERE account_id = :account_id AND id = :id AND removed_at IS NULL AND suspended_at IS NULL
    """,
)
_REMOVE_ALL = Statement(
    "emails.remove_all",
    """
    UPDATE emails SET removed_at = :now
    WHERE account_id = :account_id AND removed_at IS NULL AND suspended_at IS NULL
    """,
)
_MAKE_PRIMARY = Statement(
    "emails.make_primary",
    """
    UPDATE emails SET primary_since = :now
    WHERE account_id = :account_id AND id = :id AND removed_at IS NULL AND suspended_at IS NULL
    """,
)
_ACCOUNT_OF = Statement(
    "emails.account_of",
    """
    SELECT a.id, a.state, a.locale, a.number_version, e.set_at, d.full_since, d.enrolled,
        d.reported_at, d.wrong_in_row, a.sms_off_at, a.enrolled_at
    FROM emails e
    JOIN accounts a ON a.id = e.account_id
    LEFT JOIN devices d ON d.account_id = a.id AND d.device_id = :device_id
    WHERE e.address_key = :address_key AND e.removed_at IS NULL AND e.suspended_at IS NULL
    ORDER BY e.set_at, e.id LIMIT 1
    """,
)
_SUSPEND_SINCE = Statement(
    "emails.suspend_since",
    """
    UPDATE emails SET suspended_at = :now
    WHERE account_id = :account_id AND set_at > :since AND suspended_at IS NULL
    """,
)
_RESTORE_SINCE = Statement(
    "emails.restore_since",
    """
    UPDATE emails SET removed_at = NULL
    WHERE account_id = :account_id AND removed_at > :since AND set_at <= :since
    """,
)


class EmailRow(msgspec.Struct, frozen=True):
    """An address of an account, live or removed lately."""

    account_id: Id
    id: Id
    address_sealed: bytes
    address_key: bytes
    set_at: Ms
    set_by: str
    removed_at: Ms | None
    primary_since: Ms | None = None


def add(
    account_id: Id, email_id: Id, address_key: bytes, address_sealed: bytes, set_by: str, now: Ms
) -> Write:
    """A verified address. `set_by` names the proofs it was set on, separated by spaces."""
    return Write(
        _ADD,
        {
            "account_id": account_id,
            "id": email_id,
            "address_key": address_key,
            "address_sealed": address_sealed,
            "set_by": set_by,
            "now": now,
        },
    )


def of_account(account_id: Id, removed_since: Ms) -> Query:
    """Live addresses and those removed after `removed_since`, oldest first."""
    return Query(_OF_ACCOUNT, {"account_id": account_id, "removed_since": removed_since})


def of_request(request_id: Id, removed_since: Ms) -> Query:
    """The same for the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id, "removed_since": removed_since})


def remove(account_id: Id, email_id: Id, now: Ms) -> Write:
    """Remove one; it still gets notices for a while. Misses where it is not live."""
    return Write(_REMOVE, {"account_id": account_id, "id": email_id, "now": now})


def remove_all(account_id: Id, now: Ms) -> Write:
    """Remove whatever the account has; all of them still get notices for a while."""
    return Write(_REMOVE_ALL, {"account_id": account_id, "now": now}, expect=None)


def make_primary(account_id: Id, email_id: Id, now: Ms) -> Write:
    """The one that is named first; of several that were, the last. Misses where it is not live."""
    return Write(_MAKE_PRIMARY, {"account_id": account_id, "id": email_id, "now": now})


def account_of(address_key: bytes, device_id: Id | None) -> Query:
    """The account that a mailbox names at sign-in, with what a device is to it, as
    `accounts.found_by_name` takes it. Of several that have the mailbox the one that had it first:
    who adds it later takes nothing from that one."""
    return Query(_ACCOUNT_OF, {"address_key": address_key, "device_id": device_id})


def suspend_since(account_id: Id, since: Ms, now: Ms) -> Write:
    """Suspend every address that was added after `since`."""
    return Write(
        _SUSPEND_SINCE, {"account_id": account_id, "since": since, "now": now}, expect=None
    )


def restore_since(account_id: Id, since: Ms) -> Write:
    """Bring back every address that was the account's at `since` and was removed later."""
    return Write(_RESTORE_SINCE, {"account_id": account_id, "since": since}, expect=None)


def rows(found: Rows) -> tuple[EmailRow, ...]:
    """What those read."""
    return tuple(EmailRow(*each) for each in found)
