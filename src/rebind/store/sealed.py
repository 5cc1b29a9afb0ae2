"""Every sealed column in one list, for re-sealing, and the blind indexes that stand beside them.

A page is read by primary key, a value is replaced only where it is still what was read; so all this
goes on while the service runs.
"""

from collections.abc import Callable, Sequence

import msgspec

from rebind.store import accounts
from rebind.store.statements import Query, Statement, Value, Write

PrimaryKey = tuple[Value, ...]


class Column(msgspec.Struct, frozen=True):
    """A sealed column: where it lies, what its place is called, which bytes name its row. `index`
    is the blind index of the same value and what kind it is, where there is one."""

    table: str
    keys: tuple[str, ...]
    name: str
    place: str
    row: Callable[[Sequence[Value]], bytes]
    before_all: PrimaryKey
    index: tuple[str, str] | None = None


def _binding(key: Sequence[Value]) -> bytes:
    account_id, version = key
    if not isinstance(account_id, bytes) or not isinstance(version, int):
        raise TypeError("the key of a binding is an id and a version")
    return accounts.place_of(account_id, version)


def _last(key: Sequence[Value]) -> bytes:
    row_id = key[-1]
    if not isinstance(row_id, bytes):
        raise TypeError("the key of this row ends with an id")
    return row_id


def _login(key: Sequence[Value]) -> bytes:
    login = key[0]
    if not isinstance(login, str):
        raise TypeError("the key of an operator is a login")
    return login.encode()


_PAIR = ("account_id", "id")
_BEFORE_PAIR: PrimaryKey = (b"", b"")
_BY_LOGIN = ("login",)
_OF_LOGIN = ("login", "id")
_BEFORE_LOGINS: PrimaryKey = ("",)
_BEFORE_OF_LOGINS: PrimaryKey = ("", b"")

COLUMNS: tuple[Column, ...] = (
    Column(
        "bindings",
        ("account_id", "version"),
        "number_sealed",
        "bindings.number",
        _binding,
        (b"", -1),
        ("number_key", "number"),
    ),
    Column(
        "emails",
        _PAIR,
        "address_sealed",
        "emails.address",
        _last,
        _BEFORE_PAIR,
        ("address_key", "email"),
    ),
    Column("passwords", _PAIR, "hash_sealed", "passwords.hash", _last, _BEFORE_PAIR),
    Column("passkeys", _PAIR, "name_sealed", "passkeys.name", _last, _BEFORE_PAIR),
    Column("totps", _PAIR, "seed_sealed", "totps.seed", _last, _BEFORE_PAIR),
    Column("sessions", _PAIR, "address_sealed", "sessions.address", _last, _BEFORE_PAIR),
    Column("sessions", _PAIR, "agent_sealed", "sessions.agent", _last, _BEFORE_PAIR),
    Column(
        "requests",
        ("id",),
        "number_sealed",
        "requests.number",
        _last,
        (b"",),
        ("number_key", "number"),
    ),
    Column("outbox", ("id",), "payload_sealed", "outbox.payload", _last, (b"",)),
    Column(
        "cases",
        ("id",),
        "contact_sealed",
        "cases.contact",
        _last,
        (b"",),
        ("contact_key", "email"),
    ),
    Column(
        "cases",
        ("id",),
        "claimed_sealed",
        "cases.claimed",
        _last,
        (b"",),
        ("claimed_key", "number"),
    ),
    Column(
        "cases",
        ("id",),
        "number_sealed",
        "cases.number",
        _last,
        (b"",),
        ("number_key", "number"),
    ),
    Column("cases", ("id",), "key_sealed", "cases.key", _last, (b"",)),
    Column(
        "case_messages",
        ("case_id", "id"),
        "body_sealed",
        "case_messages.body",
        _last,
        _BEFORE_PAIR,
    ),
    Column("operators", _BY_LOGIN, "name_sealed", "operators.name", _login, _BEFORE_LOGINS),
    Column("operators", _BY_LOGIN, "password_sealed", "operators.password", _login, _BEFORE_LOGINS),
    Column("operators", _BY_LOGIN, "totp_sealed", "operators.totp", _login, _BEFORE_LOGINS),
    Column(
        "operator_passkeys",
        _OF_LOGIN,
        "name_sealed",
        "operator_passkeys.name",
        _last,
        _BEFORE_OF_LOGINS,
    ),
    Column(
        "operator_sessions",
        _OF_LOGIN,
        "address_sealed",
        "operator_sessions.address",
        _last,
        _BEFORE_OF_LOGINS,
    ),
    Column(
        "operator_sessions",
        _OF_LOGIN,
        "agent_sealed",
        "operator_sessions.agent",
        _last,
        _BEFORE_OF_LOGINS,
    ),
)
"""A test compares this list with the schema: a sealed column that is not here would be lost with
its key."""


def _statements(column: Column) -> tuple[Statement, Statement, Statement | None]:
    keys = ", ".join(column.keys)
    after = ", ".join(f":{key}" for key in column.keys)
    at = " AND ".join(f"{key} = :{key}" for key in column.keys)
    page_of = Statement(
        f"{column.table}.{column.name}.page",
        f"SELECT {keys}, {column.name} FROM {column.table}"  # noqa: S608  names of this file
        f" WHERE ({keys}) > ({after}) AND {column.name} IS NOT NULL ORDER BY {keys} LIMIT :limit",
    )
    reseal = Statement(
        f"{column.table}.{column.name}.reseal",
        f"UPDATE {column.table} SET {column.name} = :new WHERE {at}"  # noqa: S608
        f" AND {column.name} = :old",
    )
    if column.index is None:
        return page_of, reseal, None
    reindex = Statement(
        f"{column.table}.{column.index[0]}.reindex",
        f"UPDATE {column.table} SET {column.index[0]} = :new WHERE {at}",  # noqa: S608
    )
    return page_of, reseal, reindex


STATEMENTS = {(column.table, column.name): _statements(column) for column in COLUMNS}


def _named(column: Column, key: PrimaryKey) -> dict[str, Value]:
    return dict(zip(column.keys, key, strict=True))


def page(column: Column, after: PrimaryKey, limit: int) -> Query:
    """The next rows after a primary key: the key's parts, then the sealed value."""
    statement = STATEMENTS[column.table, column.name][0]
    return Query(statement, {**_named(column, after), "limit": limit})


def replace(column: Column, key: PrimaryKey, old: bytes, new: bytes) -> Write:
    """Put a value sealed anew in the place of the old one, if that is still there."""
    statement = STATEMENTS[column.table, column.name][1]
    return Write(statement, {**_named(column, key), "old": old, "new": new}, expect=None)


def reindex(column: Column, key: PrimaryKey, index: bytes) -> Write:
    """Put the blind index under the key that look-ups use now."""
    statement = STATEMENTS[column.table, column.name][2]
    if statement is None:
        raise ValueError(f"{column.table}.{column.name} has no blind index beside it")
    return Write(statement, {**_named(column, key), "new": index}, expect=None)
