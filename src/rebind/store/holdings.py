"""holdings: everything that is kept of one account, read for its holder, who takes it along.

Secrets are not among the columns: no hash, no key, no seed. What counts no more and is still kept
is told as well, since it is still kept. Requests have no index by account: they are found by the
audit trail, and by standing still. Neighbour: `erasure.py` deletes what is read here.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement

_ACCOUNT = Statement(
    "accounts.held",
    """
    SELECT state, locale, enrolled_at, number_changed_at, locked_at, frozen_at, sms_off_at
    FROM accounts WHERE id = :account_id
    """,
)
_EMAILS = Statement(
    "emails.held",
    """
    SELECT id, address_sealed, verified_at, primary_since, removed_at, suspended_at
    FROM emails WHERE account_id = :account_id ORDER BY id
    """,
)
# The first arm says of which type each column is.
_FACTORS = Statement(
    "factors.held",
    """
    SELECT 'passkey' AS kind, id, name_sealed, set_at, used_at, removed_at, suspended_at
        FROM passkeys WHERE account_id = :account_id
    UNION ALL SELECT 'password', id, NULL, set_at, NULL, removed_at, suspended_at
        FROM passwords WHERE account_id = :account_id
    UNION ALL SELECT 'totp', id, NULL, set_at, NULL, removed_at, suspended_at
        FROM totps WHERE account_id = :account_id
    UNION ALL SELECT 'recovery_code', id, NULL, set_at, used_at, removed_at, suspended_at
        FROM recovery_codes WHERE account_id = :account_id
    ORDER BY set_at, kind, id
    """,
)
_DEVICES = Statement(
    "devices.held",
    """
    SELECT device_id, full_since, seen_at, reported_at
    FROM devices WHERE account_id = :account_id ORDER BY seen_at DESC, device_id LIMIT :limit
    """,
)
_SESSIONS = Statement(
    "sessions.held",
    """
    SELECT id, device_id, level, opened_at, seen_at, expires_at, ended_at, ended_why,
        address_sealed, agent_sealed
    FROM sessions WHERE account_id = :account_id ORDER BY id DESC LIMIT :limit
    """,
)
_REQUESTS = Statement(
    "requests.held",
    """
    SELECT id, kind, number_sealed, purpose, begun_at, expires_at, wait_until, ready_at, ended_at,
        ended_as
    FROM requests
    WHERE account_id = :account_id
      AND id IN (
        SELECT request_id FROM acts WHERE subject_id = :account_id
        UNION SELECT id FROM requests WHERE account_id = :account_id AND stands_until IS NOT NULL)
    ORDER BY id DESC LIMIT :limit
    """,
)


class AccountHeld(msgspec.Struct, frozen=True):
    """The account's own row."""

    state: str
    locale: str
    enrolled_at: Ms
    number_changed_at: Ms | None
    locked_at: Ms | None
    frozen_at: Ms | None
    sms_off_at: Ms | None


class EmailHeld(msgspec.Struct, frozen=True):
    """A mailbox, also one that counts no more."""

    id: Id
    address_sealed: bytes
    verified_at: Ms
    primary_since: Ms | None
    removed_at: Ms | None
    suspended_at: Ms | None


class FactorHeld(msgspec.Struct, frozen=True):
    """A password, passkey, authenticator app or recovery code, without its secret. `name_sealed`:
    of a passkey."""

    kind: str
    id: Id
    name_sealed: bytes | None
    set_at: Ms
    used_at: Ms | None
    removed_at: Ms | None
    suspended_at: Ms | None


class DeviceHeld(msgspec.Struct, frozen=True):
    """A browser or app. `full_since`: from when the days count after which it is known."""

    id: Id
    full_since: Ms | None
    seen_at: Ms
    reported_at: Ms | None


class SessionHeld(msgspec.Struct, frozen=True):
    """A session, also one that has ended."""

    id: Id
    device_id: Id
    level: str
    opened_at: Ms
    seen_at: Ms
    expires_at: Ms
    ended_at: Ms | None
    ended_why: str | None
    address_sealed: bytes
    agent_sealed: bytes


class RequestHeld(msgspec.Struct, frozen=True):
    """A request of any kind, as long as it is kept."""

    id: Id
    kind: str
    number_sealed: bytes
    purpose: str | None
    begun_at: Ms
    expires_at: Ms
    wait_until: Ms | None
    ready_at: Ms | None
    ended_at: Ms | None
    ended_as: str | None


def account(account_id: Id) -> Query:
    """The account's own row."""
    return Query(_ACCOUNT, {"account_id": account_id})


def account_row(found: Rows) -> AccountHeld:
    """What `account` read, of an account that is there."""
    return AccountHeld(*found[0])


def emails(account_id: Id) -> Query:
    """Every mailbox, as they came."""
    return Query(_EMAILS, {"account_id": account_id})


def email_rows(found: Rows) -> list[EmailHeld]:
    """What `emails` read."""
    return [EmailHeld(*each) for each in found]


def factors(account_id: Id) -> Query:
    """Everything that was set beside number and mailboxes, oldest first."""
    return Query(_FACTORS, {"account_id": account_id})


def factor_rows(found: Rows) -> list[FactorHeld]:
    """What `factors` read."""
    return [FactorHeld(*each) for each in found]


def devices(account_id: Id, limit: int) -> Query:
    """The devices that were met, the last seen first."""
    return Query(_DEVICES, {"account_id": account_id, "limit": limit})


def device_rows(found: Rows) -> list[DeviceHeld]:
    """What `devices` read."""
    return [DeviceHeld(*each) for each in found]


def sessions(account_id: Id, limit: int) -> Query:
    """The sessions that are kept, newest first."""
    return Query(_SESSIONS, {"account_id": account_id, "limit": limit})


def session_rows(found: Rows) -> list[SessionHeld]:
    """What `sessions` read."""
    return [SessionHeld(*each) for each in found]


def requests(account_id: Id, limit: int) -> Query:
    """The requests about the account that are kept, newest first."""
    return Query(_REQUESTS, {"account_id": account_id, "limit": limit})


def request_rows(found: Rows) -> list[RequestHeld]:
    """What `requests` read."""
    return [RequestHeld(*each) for each in found]
