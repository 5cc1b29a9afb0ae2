"""passkeys: public keys of an account (WebAuthn Level 3). Nothing in them is secret; the name that
its holder gave one rests sealed. A credential is found by its account, which the authenticator
names as its user handle."""

from collections.abc import Sequence

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.factors import LIVE
from rebind.store.statements import Query, Rows, Statement, Write

_ADD = Statement(
    "passkeys.add",
    """
    INSERT INTO passkeys (account_id, id, credential_id, public_key, sign_count, backed_up,
        transports, name_sealed, set_at, set_by, used_at, removed_at, suspended_at)
    VALUES (:account_id, :id, :credential_id, :public_key, :sign_count, :backed_up, :transports,
        :name_sealed, :now, :set_by, NULL, NULL, NULL)
    """,
)
_COLUMNS = """account_id, id, credential_id, public_key, sign_count, backed_up, transports,
        name_sealed, set_at, set_by, used_at"""
_OF_ACCOUNT = Statement(
    "passkeys.of_account",
    f"SELECT {_COLUMNS} FROM passkeys WHERE account_id = :account_id AND {LIVE} ORDER BY id",  # noqa: S608
)
_OF_REQUEST = Statement(
    "passkeys.of_request",
    f"""
    SELECT {_COLUMNS} FROM passkeys
    WHERE account_id = (SELECT account_id FROM requests WHERE id = :request_id) AND {LIVE}
    ORDER BY id
    """,  # noqa: S608
)
_USED = Statement(
    "passkeys.used",
    f"""
    UPDATE passkeys SET used_at = :now, sign_count = :sign_count, backed_up = :backed_up
    WHERE account_id = :account_id AND id = :id AND sign_count = :seen AND {LIVE}
    """,  # noqa: S608
)
_RENAME = Statement(
    "passkeys.rename",
    f"""
    UPDATE passkeys SET name_sealed = :name_sealed
    WHERE account_id = :account_id AND id = :id AND {LIVE}
    """,  # noqa: S608
)


class PasskeyRow(msgspec.Struct, frozen=True):
    """One passkey of an account."""

    account_id: Id
    id: Id
    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: int
    transports: str
    name_sealed: bytes
    set_at: Ms
    set_by: str
    used_at: Ms | None


def add(
    account_id: Id,
    passkey_id: Id,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    backed_up: bool,
    transports: Sequence[str],
    name_sealed: bytes,
    set_by: str,
    now: Ms,
) -> Write:
    """A new passkey."""
    return Write(
        _ADD,
        {
            "account_id": account_id,
            "id": passkey_id,
            "credential_id": credential_id,
            "public_key": public_key,
            "sign_count": sign_count,
            "backed_up": int(backed_up),
            "transports": " ".join(transports),
            "name_sealed": name_sealed,
            "set_by": set_by,
            "now": now,
        },
    )


def of_account(account_id: Id) -> Query:
    """The live passkeys of an account, oldest first."""
    return Query(_OF_ACCOUNT, {"account_id": account_id})


def of_request(request_id: Id) -> Query:
    """The same for the account that a request is about."""
    return Query(_OF_REQUEST, {"request_id": request_id})


def rows(found: Rows) -> tuple[PasskeyRow, ...]:
    """What those read."""
    return tuple(PasskeyRow(*each) for each in found)


def used(found: PasskeyRow, sign_count: int, backed_up: bool, now: Ms) -> Write:
    """Note a use. Misses where it was removed, or used, in the meantime."""
    return Write(
        _USED,
        {
            "account_id": found.account_id,
            "id": found.id,
            "seen": found.sign_count,
            "sign_count": sign_count,
            "backed_up": int(backed_up),
            "now": now,
        },
    )


def rename(account_id: Id, passkey_id: Id, name_sealed: bytes) -> Write:
    """Give it another name. Misses where it is not live."""
    return Write(_RENAME, {"account_id": account_id, "id": passkey_id, "name_sealed": name_sealed})
