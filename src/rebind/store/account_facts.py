"""What is known of an account as a whole, by its id: for decisions that no request has begun yet,
and for the people at the support desk who look at a case. Neighbour: `accounts.py` changes it."""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement

_OF = Statement(
    "account_facts.of",
    """
    SELECT a.id, a.state, a.locale, a.enrolled_at, a.number_version, a.number_changed_at,
        a.probation_since, a.locked_at, a.lock_earlier_than, a.frozen_at, a.sms_off_at,
        b.number_sealed, b.number_key, b.region, b.bound_at, b.confirmed_at,
        (SELECT MAX(s.seen_at) FROM sessions s WHERE s.account_id = a.id AND s.level = 'full')
    FROM accounts a
    LEFT JOIN bindings b ON b.account_id = a.id AND b.version = a.number_version
    WHERE a.id = :id
    """,
)


class AccountRow(msgspec.Struct, frozen=True):
    """An account with its live binding. `seen_at`: when somebody was last there in a full
    session."""

    id: Id
    state: str
    locale: str
    enrolled_at: Ms
    number_version: int
    number_changed_at: Ms | None
    probation_since: Ms | None
    locked_at: Ms | None
    lock_earlier_than: Ms | None
    frozen_at: Ms | None
    sms_off_at: Ms | None
    number_sealed: bytes | None
    number_key: bytes | None
    region: str | None
    bound_at: Ms | None
    confirmed_at: Ms | None
    seen_at: Ms | None


def of(account_id: Id) -> Query:
    """One account."""
    return Query(_OF, {"id": account_id})


def row(rows: Rows) -> AccountRow | None:
    """What that read."""
    return AccountRow(*rows[0]) if rows else None
