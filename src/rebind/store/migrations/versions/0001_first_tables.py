"""The first tables: accounts and their numbers, requests and what they collect, what leaves, what
was done.

A version that was released is never edited again, so nothing is imported from `store.schema`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
_DUE = sa.text("state = 'due'")
_COMPACT: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}
_OFTEN_UPDATED: dict[str, Any] = {**_COMPACT, "postgresql_with": {"fillfactor": 90}}


def upgrade() -> None:
    """Forward only: the way back is the copy that was made before."""
    _accounts()
    _possessions()
    _requests()
    _outbox()
    _limits_and_acts()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("enrolled_at", _WHOLE, nullable=False),
        sa.Column("number_version", _WHOLE, nullable=False),
        sa.Column("number_changed_at", _WHOLE, nullable=True),
        sa.Column("probation_since", _WHOLE, nullable=True),
        sa.Column("version", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        **_COMPACT,
    )
    op.create_table(
        "numbers",
        sa.Column("number_key", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("number_version", _WHOLE, nullable=False),
        sa.Column("since", _WHOLE, nullable=False),
        sa.Column("held_until", _WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("number_key", name="pk_numbers"),
        **_COMPACT,
    )
    op.create_table(
        "bindings",
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("version", _WHOLE, nullable=False, autoincrement=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_key", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("bound_at", _WHOLE, nullable=False),
        sa.Column("confirmed_at", _WHOLE, nullable=False),
        sa.Column("released_at", _WHOLE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "version", name="pk_bindings"),
        **_COMPACT,
    )


def _possessions() -> None:
    op.create_table(
        "emails",
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", _WHOLE, nullable=False),
        sa.Column("set_at", _WHOLE, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("removed_at", _WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_emails"),
        **_COMPACT,
    )
    op.create_index("ix_emails_address_key", "emails", ["address_key"])
    op.create_table(
        "devices",
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.LargeBinary(), nullable=False),
        sa.Column("full_since", _WHOLE, nullable=True),
        sa.Column("enrolled", _WHOLE, nullable=False),
        sa.Column("seen_at", _WHOLE, nullable=False),
        sa.Column("reported_at", _WHOLE, nullable=True),
        sa.Column("wrong_in_row", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "device_id", name="pk_devices"),
        **_OFTEN_UPDATED,
    )
    op.create_table(
        "sessions",
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.LargeBinary(), nullable=False),
        sa.Column("number_version", _WHOLE, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("opened_at", _WHOLE, nullable=False),
        sa.Column("expires_at", _WHOLE, nullable=False),
        sa.Column("seen_at", _WHOLE, nullable=False),
        sa.Column("ended_at", _WHOLE, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("agent_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_sessions"),
        **_OFTEN_UPDATED,
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("number_version", _WHOLE, nullable=False),
        sa.Column("session_id", sa.LargeBinary(), nullable=True),
        sa.Column("device_id", sa.LargeBinary(), nullable=True),
        sa.Column("owner_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number_key", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("begun_at", _WHOLE, nullable=False),
        sa.Column("expires_at", _WHOLE, nullable=False),
        sa.Column("first_proof_at", _WHOLE, nullable=True),
        sa.Column("ended_at", _WHOLE, nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.Column("policy_row", sa.Text(), nullable=True),
        sa.Column("version", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        **_OFTEN_UPDATED,
    )
    op.create_table(
        "challenges",
        sa.Column("request_id", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("tries", _WHOLE, nullable=False),
        sa.Column("tries_max", _WHOLE, nullable=False),
        sa.Column("sent_at", _WHOLE, nullable=False),
        sa.Column("expires_at", _WHOLE, nullable=False),
        sa.Column("consumed_at", _WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("request_id", "proof", name="pk_challenges"),
        **_OFTEN_UPDATED,
    )
    op.create_table(
        "evidence",
        sa.Column("request_id", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("first_at", _WHOLE, nullable=False),
        sa.Column("last_at", _WHOLE, nullable=False),
        sa.Column("factor_set_at", _WHOLE, nullable=True),
        sa.Column("factor_set_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "proof", name="pk_evidence"),
        **_COMPACT,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("lane", _WHOLE, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("account_id", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.LargeBinary(), nullable=True),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _WHOLE, nullable=False),
        sa.Column("due_at", _WHOLE, nullable=False),
        sa.Column("expires_at", _WHOLE, nullable=False),
        sa.Column("attempts", _WHOLE, nullable=False),
        sa.Column("leased_until", _WHOLE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("finished_at", _WHOLE, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        **_COMPACT,
    )
    op.create_index(
        "outbox_due", "outbox", ["lane", "id"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.create_index(
        "outbox_due_to_address",
        "outbox",
        ["address_key", "lane", "id"],
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )


def _limits_and_acts() -> None:
    op.create_table(
        "limits",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("slot", _WHOLE, nullable=False, autoincrement=False),
        sa.Column("count", _WHOLE, nullable=False),
        sa.Column("resets_at", _WHOLE, nullable=False),
        sa.Column("streak", _WHOLE, nullable=False),
        sa.Column("next_at", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("name", "key", "slot", name="pk_limits"),
        **_OFTEN_UPDATED,
    )
    op.create_table(
        "acts",
        sa.Column("subject_id", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("at", _WHOLE, nullable=False),
        sa.Column("request_id", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "id", name="pk_acts"),
        **_COMPACT,
    )
