"""What protects an account beside its number: passwords, passkeys, TOTP and recovery codes; which
mailbox is the first; what a re-authentication is for; by what a session was opened; and whether
sign-in by SMS is off because the telephone was lost.

A version that was released is never edited again, so nothing is imported from `store.schema`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def _bytes(name: str, *, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=null)


def _whole(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _WHOLE, nullable=null, autoincrement=False)


def _factor_table(name: str, *own: "sa.Column[Any]", used: bool = False) -> None:
    """Each factor is a row of its account: what it is, since when, on the strength of what; one
    that is gone or suspended stays, so that an undo can bring it back."""
    op.create_table(
        name,
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        *own,
        _whole("set_at"),
        _text("set_by"),
        *([_whole("used_at", null=True)] if used else []),
        _whole("removed_at", null=True),
        _whole("suspended_at", null=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=f"pk_{name}"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Forward only: the way back is the copy that was made before."""
    _factor_table("passwords", _bytes("hash_sealed"), _whole("alone"))
    _factor_table(
        "passkeys",
        _bytes("credential_id"),
        _bytes("public_key"),
        _whole("sign_count"),
        _whole("backed_up"),
        _text("transports"),
        _bytes("name_sealed"),
        used=True,
    )
    _factor_table("totps", _bytes("seed_sealed"), _whole("last_step"))
    _factor_table("recovery_codes", _bytes("code_hash"), used=True)
    op.add_column("accounts", sa.Column("sms_off_at", _WHOLE, nullable=True))
    op.add_column("emails", sa.Column("primary_since", _WHOLE, nullable=True))
    op.add_column("sessions", _text("opened_by", null=True))
    op.add_column("sessions", _text("proofs", null=True))
    op.add_column("requests", _text("purpose", null=True))
    op.add_column("requests", sa.Column("spent_at", _WHOLE, nullable=True))
