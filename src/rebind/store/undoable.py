"""undoable: the finished change that somebody wants to take back, found by one of the addresses
that the account had before it, or by the request that a notice named. Where the account has gone
back to its number by itself there is nothing to undo."""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement

_CHANGE = """
    SELECT r.id, r.account_id, r.number_version, r.begun_at, a.locale, a.number_version,
        b.number_sealed, b.number_key, b.region
    FROM requests r
    JOIN accounts a ON a.id = r.account_id
    JOIN bindings b ON b.account_id = r.account_id AND b.version = r.number_version
    JOIN bindings l ON l.account_id = a.id AND l.version = a.number_version
        AND l.number_key <> b.number_key"""
_STILL = "r.ended_as = 'done' AND r.stands_until > :now"

_BY_NUMBER = Statement(
    "undoable.by_number",
    f"""{_CHANGE}
    JOIN numbers n ON n.account_id = r.account_id AND n.number_version = r.number_version
    WHERE n.number_key = :number_key AND n.held_until > :now AND {_STILL}
    ORDER BY r.id DESC LIMIT 1
    """,
)
_BY_EMAIL = Statement(
    "undoable.by_email",
    f"""{_CHANGE}
    JOIN emails e ON e.account_id = r.account_id
    WHERE e.address_key = :address_key AND e.suspended_at IS NULL AND e.set_at < r.begun_at
      AND (e.removed_at IS NULL OR e.removed_at > :removed_since) AND {_STILL}
    ORDER BY r.id LIMIT 1
    """,
)
_BY_REQUEST = Statement(
    "undoable.by_request",
    f"{_CHANGE} WHERE r.id = :request_id AND {_STILL}",
)


class Undoable(msgspec.Struct, frozen=True):
    """A finished change, the account as it is now, and the number that it had before."""

    id: Id
    account_id: Id
    version: int
    begun_at: Ms
    locale: str
    account_version: int
    number_sealed: bytes
    number_key: bytes
    region: str


def by_number(number_key: bytes, now: Ms) -> Query:
    """By the old number, while it is held for the account."""
    return Query(_BY_NUMBER, {"number_key": number_key, "now": now})


def by_email(address_key: bytes, removed_since: Ms, now: Ms) -> Query:
    """By an e-mail that is, or lately was, the account's; of several changes the first, which leads
    furthest back."""
    return Query(
        _BY_EMAIL, {"address_key": address_key, "removed_since": removed_since, "now": now}
    )


def by_request(request_id: Id, now: Ms) -> Query:
    """By the request that a notice named."""
    return Query(_BY_REQUEST, {"request_id": request_id, "now": now})


def row(rows: Rows) -> Undoable | None:
    """What those read."""
    return Undoable(*rows[0]) if rows else None
