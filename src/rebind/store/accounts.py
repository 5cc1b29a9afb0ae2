"""accounts and bindings: who has which number, since when, and how surely.

A binding is one number for one account over one span of time, counted by `version`. The account
names the version that is live; both change in one batch, so nobody sees an account without a
number (invariant 2).
"""

import msgspec

from rebind.domain.rows import AccountState
from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_FIRST = Statement("accounts.first", "SELECT id FROM accounts LIMIT 1")
_OPEN = Statement(
    "accounts.open",
    """
    INSERT INTO accounts (id, state, locale, enrolled_at, number_version, number_changed_at,
        probation_since, version, sms_off_at)
    VALUES (:id, :state, :locale, :enrolled_at, 1, NULL, NULL, 1, NULL)
    """,
)
_REBOUND = Statement(
    "accounts.rebound",
    """
    UPDATE accounts SET number_version = :number_version, number_changed_at = :now,
        probation_since = NULL,
        version = version + 1
    WHERE id = :id AND number_version = :based_on AND state = 'active'
    """,
)
_RECOVERED = Statement(
    "accounts.rebound",
    """
    UPDATE accounts SET number_version = :number_version, number_changed_at = :now,
        probation_since = NULL, state = 'active', locked_at = NULL, lock_earlier_than = NULL,
        version = version + 1
    WHERE id = :id AND number_version = :based_on AND state = 'locked' AND frozen_at IS NULL
    """,
)
_TOUCH = Statement(
    "accounts.touch",
    """
    UPDATE accounts SET version = version + 1
    WHERE id = :id AND version = :version AND state IN ('active', 'closing')
    """,
)
_SMS_OFF = Statement(
    "accounts.sms_off",
    """
    UPDATE accounts SET sms_off_at = :now, version = version + 1
    WHERE id = :id AND version = :version
    """,
)
_SMS_ON = Statement(
    "accounts.sms_on",
    """
    UPDATE accounts SET sms_off_at = NULL, version = version + 1
    WHERE id = :id AND version = :version AND sms_off_at IS NOT NULL
    """,
)
_BIND = Statement(
    "bindings.bind",
    """
    INSERT INTO bindings (account_id, version, number_sealed, number_key, region, bound_at,
        confirmed_at, released_at, reason)
    VALUES (:account_id, :version, :number_sealed, :number_key, :region, :bound_at, :confirmed_at,
        NULL, NULL)
    """,
)
_RELEASE = Statement(
    "bindings.release",
    """
    UPDATE bindings SET released_at = :now, reason = :reason
    WHERE account_id = :account_id AND version = :version AND released_at IS NULL
    """,
)
_DISOWN = Statement(
    "bindings.disown",
    """
    UPDATE bindings SET reason = :reason
    WHERE account_id = :account_id AND version > :version AND released_at IS NOT NULL
    """,
)
_CONFIRM = Statement(
    "bindings.confirm",
    """
    UPDATE bindings SET confirmed_at = :now
    WHERE account_id = :account_id AND version = :version AND released_at IS NULL
    """,
)
_UNMOVED = Statement(
    "bindings.unmoved",
    """
    UPDATE bindings SET confirmed_at = confirmed_at
    WHERE account_id = :account_id AND version = :version AND released_at IS NULL
    """,
)
_DOUBTED = Statement(
    "accounts.doubted",
    "UPDATE accounts SET probation_since = :now WHERE id = :id AND probation_since IS NULL",
)
_TRUSTED = Statement(
    "accounts.trusted", "UPDATE accounts SET probation_since = NULL WHERE id = :id"
)
_SET_LOCALE = Statement(
    "accounts.set_locale", "UPDATE accounts SET locale = :locale WHERE id = :id"
)
_HISTORY = Statement(
    "bindings.history",
    """
    SELECT version, number_sealed, region, bound_at, confirmed_at, released_at, reason
    FROM bindings WHERE account_id = :account_id ORDER BY version DESC LIMIT :limit
    """,
)
_RELEASED_SINCE = Statement(
    "bindings.released_since",
    """
    SELECT b.account_id, b.version, b.number_sealed, b.number_key, b.bound_at, b.released_at,
        b.reason, n.account_id
    FROM bindings b
    LEFT JOIN numbers n ON n.number_key = b.number_key AND n.held_until IS NULL
    WHERE b.account_id = (SELECT account_id FROM requests WHERE id = :request_id)
      AND b.released_at > :since
    ORDER BY b.version
    """,
)
_BY_NUMBER = Statement(
    "accounts.by_number",
    """
    SELECT a.id, a.state, a.locale, a.number_version, n.since, d.full_since, d.enrolled,
        d.reported_at, d.wrong_in_row, a.sms_off_at, a.enrolled_at
    FROM numbers n
    JOIN accounts a ON a.id = n.account_id AND a.number_version = n.number_version
    LEFT JOIN devices d ON d.account_id = a.id AND d.device_id = :device_id
    WHERE n.number_key = :number_key AND n.held_until IS NULL
    """,
)


class ByName(msgspec.Struct, frozen=True):
    """The account that a live number or a mailbox names, and what a device is to it. `since`: the
    name is the account's."""

    id: Id
    state: str
    locale: str
    number_version: int
    since: Ms
    device_full_since: Ms | None
    device_enrolled: int | None
    device_reported_at: Ms | None
    device_wrong_in_row: int | None
    sms_off_at: Ms | None
    enrolled_at: Ms

    @property
    def sms_off(self) -> bool:
        """Whether the telephone of this number was reported lost."""
        return self.sms_off_at is not None and self.sms_off_at >= self.since


class Released(msgspec.Struct, frozen=True):
    """A number that an account gave up lately, by which journey, and whose it is now."""

    account_id: Id
    version: int
    number_sealed: bytes
    number_key: bytes
    bound_at: Ms
    released_at: Ms
    reason: str
    holder: Id | None


class Binding(msgspec.Struct, frozen=True):
    """One span of an account's history of numbers."""

    version: int
    number_sealed: bytes
    region: str
    bound_at: Ms
    confirmed_at: Ms
    released_at: Ms | None
    reason: str | None


def first() -> Query:
    """Any account at all: whether the database is in use."""
    return Query(_FIRST, {})


def open_account(account_id: Id, locale: str, now: Ms) -> Write:
    """A new account whose first binding has version 1."""
    return Write(
        _OPEN,
        {
            "id": account_id,
            "state": AccountState.ACTIVE.value,
            "locale": locale,
            "enrolled_at": now,
        },
    )


def rebound(account_id: Id, based_on: int, now: Ms, *, unlocks: bool = False) -> Write:
    """Make the next binding the live one; `unlocks`: of an account that is locked, and is so no
    more. Misses where the account changed since it was read."""
    return Write(
        _RECOVERED if unlocks else _REBOUND,
        {
            "id": account_id,
            "number_version": based_on + 1,
            "based_on": based_on,
            "now": now,
        },
    )


def touch(account_id: Id, version: int) -> Write:
    """The guard of every change of what protects an account: nothing of that, and no number, was
    changed since it was read. Misses otherwise, and where the account is locked."""
    return Write(_TOUCH, {"id": account_id, "version": version})


def sms_off(account_id: Id, version: int, now: Ms) -> Write:
    """Codes to the number that the account has count no more: the telephone was lost. Misses where
    the account changed since it was read: it may have another number by now."""
    return Write(_SMS_OFF, {"id": account_id, "version": version, "now": now})


def sms_on(account_id: Id, version: int) -> Write:
    """They count again. Misses where the account changed since it was read."""
    return Write(_SMS_ON, {"id": account_id, "version": version})


def bind(
    account_id: Id,
    version: int,
    number_sealed: bytes,
    number_key: bytes,
    region: str,
    confirmed_at: Ms,
    now: Ms,
) -> Write:
    """A binding that begins now. Of a number that returns by undo `confirmed_at` is what it was:
    only a sign-in moves that (invariant 14)."""
    return Write(
        _BIND,
        {
            "account_id": account_id,
            "version": version,
            "number_sealed": number_sealed,
            "number_key": number_key,
            "region": region,
            "bound_at": now,
            "confirmed_at": confirmed_at,
        },
    )


def release(account_id: Id, version: int, reason: str, now: Ms) -> Write:
    """End a binding. `reason` is the journey that ended it."""
    return Write(
        _RELEASE,
        {
            "account_id": account_id,
            "version": version,
            "reason": reason,
            "now": now,
        },
    )


def disown(account_id: Id, version: int, reason: str) -> Write:
    """Say of every released binding after `version` that this journey ended it: those numbers were
    never the holder's, and speak for the account no more."""
    return Write(
        _DISOWN, {"account_id": account_id, "version": version, "reason": reason}, expect=None
    )


def confirm(account_id: Id, version: int, now: Ms) -> Write:
    """Move `confirmed_at`: only for a full session on a known device or with a proof beside SMS
    (invariant 14)."""
    return Write(_CONFIRM, {"account_id": account_id, "version": version, "now": now})


def doubted(account_id: Id, now: Ms) -> Write:
    """Somebody signed in on probation: note since when, unless it is noted already."""
    return Write(_DOUBTED, {"id": account_id, "now": now}, expect=None)


def set_locale(account_id: Id, locale: str) -> Write:
    """From now on the account is spoken to in this language."""
    return Write(_SET_LOCALE, {"id": account_id, "locale": locale})


def trusted(account_id: Id) -> Write:
    """The holder has shown themselves: whatever probation there was is over."""
    return Write(_TRUSTED, {"id": account_id})


def unmoved(account_id: Id, version: int) -> Write:
    """Nothing but the guard that this binding is live still: it takes the row, so that a session by
    the old number cannot slip past a change that ends all sessions at the same moment."""
    return Write(_UNMOVED, {"account_id": account_id, "version": version})


def by_number(number_key: bytes, device_id: Id | None) -> Query:
    """The account of a live number, with what that device is to it."""
    return Query(_BY_NUMBER, {"number_key": number_key, "device_id": device_id})


def found_by_name(rows: Rows) -> ByName | None:
    """What `by_number` or `emails.account_of` read."""
    return ByName(*rows[0]) if rows else None


def history(account_id: Id, limit: int) -> Query:
    """The bindings of an account, newest first."""
    return Query(_HISTORY, {"account_id": account_id, "limit": limit})


def bindings(rows: Rows) -> list[Binding]:
    """What `history` read."""
    return [Binding(*row) for row in rows]


def released_since(request_id: Id, since: Ms) -> Query:
    """Numbers that the account of a request released after `since`; they still get notices."""
    return Query(_RELEASED_SINCE, {"request_id": request_id, "since": since})


def released(rows: Rows) -> tuple[Released, ...]:
    """What `released_since` read."""
    return tuple(Released(*row) for row in rows)


def place_of(account_id: Id, version: int) -> bytes:
    """The bytes that name a binding's row, for sealing."""
    return account_id + version.to_bytes(4, "big")
