"""operator_passkeys: public keys of people at the support desk (WebAuthn Level 3).

A passkey's id is its user handle: opaque, as WebAuthn wants it (14.6.1), so that whose it is, is
found by going through the passkeys of the desk, a few for each of its people. Neighbour:
`passkeys.py` keeps those of accounts.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_COLUMNS = """login, id, credential_id, public_key, sign_count, transports, name_sealed, added_at,
        used_at"""
_ADD = Statement(
    "operator_passkeys.add",
    f"""
    INSERT INTO operator_passkeys ({_COLUMNS})
    VALUES (:login, :id, :credential_id, :public_key, :sign_count, :transports, :name_sealed, :now,
        NULL)
    ON CONFLICT (login, id) DO NOTHING
    """,  # noqa: S608
)
_OF_LOGIN = Statement(
    "operator_passkeys.of_login",
    f"SELECT {_COLUMNS} FROM operator_passkeys WHERE login = :login ORDER BY added_at, id",  # noqa: S608
)
_BY_CREDENTIAL = Statement(
    "operator_passkeys.by_credential",
    f"SELECT {_COLUMNS} FROM operator_passkeys WHERE credential_id = :credential_id",  # noqa: S608
)
_USED = Statement(
    "operator_passkeys.used",
    """
    UPDATE operator_passkeys SET used_at = :now, sign_count = :sign_count
    WHERE login = :login AND id = :id AND sign_count = :seen
    """,
)
_REMOVE = Statement(
    "operator_passkeys.remove",
    "DELETE FROM operator_passkeys WHERE login = :login AND id = :id",
)
_REMOVE_ALL = Statement(
    "operator_passkeys.remove_all",
    "DELETE FROM operator_passkeys WHERE login = :login",
)


class OperatorPasskeyRow(msgspec.Struct, frozen=True):
    """One passkey, in the order of the columns."""

    login: str
    id: Id
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: str
    name_sealed: bytes
    added_at: Ms
    used_at: Ms | None


def add(
    login: str,
    passkey_id: Id,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    transports: Sequence[str],
    name_sealed: bytes,
    now: Ms,
) -> Write:
    """A new passkey. Misses where one was made of the same offer."""
    return Write(
        _ADD,
        {
            "login": login,
            "id": passkey_id,
            "credential_id": credential_id,
            "public_key": public_key,
            "sign_count": sign_count,
            "transports": " ".join(transports),
            "name_sealed": name_sealed,
            "now": now,
        },
    )


def of_login(login: str) -> Query:
    """The passkeys of one person, oldest first."""
    return Query(_OF_LOGIN, {"login": login})


def by_credential(credential_id: bytes) -> Query:
    """Whose passkey that is."""
    return Query(_BY_CREDENTIAL, {"credential_id": credential_id})


def rows(found: Rows) -> tuple[OperatorPasskeyRow, ...]:
    """What those read."""
    return tuple(OperatorPasskeyRow(*each) for each in found)


def used(found: OperatorPasskeyRow, sign_count: int, now: Ms) -> Write:
    """Note a use. Misses where it was removed, or used, in the meantime."""
    return Write(
        _USED,
        {
            "login": found.login,
            "id": found.id,
            "seen": found.sign_count,
            "sign_count": sign_count,
            "now": now,
        },
    )


def remove(login: str, passkey_id: Id) -> Write:
    """Remove one. Misses where there is none."""
    return Write(_REMOVE, {"login": login, "id": passkey_id})


def remove_all(login: str) -> Write:
    """Remove all of one person."""
    return Write(_REMOVE_ALL, {"login": login}, expect=None)
