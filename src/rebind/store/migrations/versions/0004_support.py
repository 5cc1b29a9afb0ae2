"""The support desk: cases with messages, documents and decisions, and the operators who answer;
what a recovery has aimed at, which case a request comes from, and where it was begun; when an
account closes; what was done on each day; and how far retention has walked.

A version that was released is never edited again, so nothing is imported from `store.schema`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
_QUEUED = sa.text("due_at IS NOT NULL")
_FOR_SECOND = sa.text("second IS NOT NULL AND due_at IS NOT NULL")
_OF_ACCOUNT = sa.text("account_id IS NOT NULL")
_DECIDED = sa.text("decided_at IS NOT NULL")
_KEPT = sa.text("closed_at IS NOT NULL AND key_sealed IS NOT NULL")
_WITH_BLOB = sa.text("blob IS NOT NULL")


def _binary(name: str, *, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=null)


def _whole(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _WHOLE, nullable=null, autoincrement=False)


def _table(
    name: str, keys: tuple[str, ...], *columns: "sa.Column[Any]", often: bool = False
) -> None:
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 90} if often else None,
    )


def _index(name: str, table: str, *columns: str, where: Any = None) -> None:
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def _cases() -> None:
    """What people and the desk speak about."""
    _table(
        "cases",
        ("id",),
        _binary("id"),
        _text("reference"),
        _text("kind"),
        _text("state"),
        _whole("version"),
        _whole("round"),
        _text("locale"),
        _binary("account_id", null=True),
        _binary("request_id", null=True),
        _binary("opening_id", null=True),
        _text("opened_by", null=True),
        _whole("opened_at"),
        _whole("due_at", null=True),
        _whole("answered_at", null=True),
        _whole("waiting_since", null=True),
        _text("pauses"),
        _whole("decided_at", null=True),
        _text("outcome", null=True),
        _whole("closed_at", null=True),
        _text("assignee", null=True),
        _text("locked_by", null=True),
        _whole("locked_until", null=True),
        _text("second", null=True),
        _binary("contact_key", null=True),
        _binary("contact_sealed", null=True),
        _whole("bounced_at", null=True),
        _binary("claimed_key", null=True),
        _binary("claimed_sealed", null=True),
        _binary("number_key", null=True),
        _binary("number_sealed", null=True),
        _text("region", null=True),
        _whole("proved_at", null=True),
        _binary("key_sealed", null=True),
        often=True,
    )
    _index("cases_queue", "cases", "due_at", "id", where=_QUEUED)
    _index("cases_queue_state", "cases", "state", "due_at", "id", where=_QUEUED)
    _index("cases_queue_kind", "cases", "kind", "due_at", "id", where=_QUEUED)
    _index("cases_queue_assignee", "cases", "assignee", "due_at", "id", where=_QUEUED)
    _index("cases_queue_second", "cases", "second", "due_at", "id", where=_FOR_SECOND)
    _index("cases_of_account", "cases", "account_id", "id", where=_OF_ACCOUNT)
    _index("cases_reference", "cases", "reference")
    _index("cases_decided", "cases", "decided_at", where=_DECIDED)
    _index("cases_kept", "cases", "closed_at", "id", where=_KEPT)


def _conversations() -> None:
    """How a case is found, and what belongs to it."""
    _table(
        "case_terms",
        (
            "term_key",
            "case_id",
        ),
        _binary("term_key"),
        _binary("case_id"),
    )
    _table(
        "case_messages",
        (
            "case_id",
            "id",
        ),
        _binary("case_id"),
        _binary("id"),
        _text("side"),
        _text("author", null=True),
        _text("manner"),
        _binary("body_sealed"),
        _whole("at"),
        _whole("redacted_at", null=True),
    )
    _table(
        "case_documents",
        (
            "case_id",
            "id",
        ),
        _binary("case_id"),
        _binary("id"),
        _text("kind"),
        _text("media"),
        _whole("pages"),
        _whole("size"),
        _text("findings"),
        _whole("scanned"),
        _text("blob", null=True),
        _text("added_by", null=True),
        _whole("added_at"),
        _whole("destroyed_at", null=True),
        _text("verdict", null=True),
        _text("fact", null=True),
        _text("checked_by", null=True),
        _whole("checked_at", null=True),
    )
    _index("case_documents_blob", "case_documents", "blob", where=_WITH_BLOB)
    _table(
        "case_decisions",
        (
            "case_id",
            "round",
            "step",
        ),
        _binary("case_id"),
        _whole("round"),
        _whole("step"),
        _text("verdict"),
        _text("reason"),
        _text("operator"),
        _whole("at"),
    )


def _desk() -> None:
    """Who answers."""
    _table(
        "operators",
        ("login",),
        _text("login"),
        _binary("name_sealed"),
        _text("role"),
        _text("locale"),
        _text("created_by", null=True),
        _whole("created_at"),
        _whole("disabled_at", null=True),
        _binary("password_sealed", null=True),
        _binary("totp_sealed", null=True),
        _whole("totp_step", null=True),
        _binary("invite_hash", null=True),
        _whole("invite_until", null=True),
        _whole("wrong_in_row"),
        _whole("wrong_at", null=True),
    )
    _table(
        "operator_passkeys",
        (
            "login",
            "id",
        ),
        _text("login"),
        _binary("id"),
        _binary("credential_id"),
        _binary("public_key"),
        _whole("sign_count"),
        _text("transports"),
        _binary("name_sealed"),
        _whole("added_at"),
        _whole("used_at", null=True),
    )
    _table(
        "operator_sessions",
        (
            "login",
            "id",
        ),
        _text("login"),
        _binary("id"),
        _binary("token_hash"),
        _text("proofs"),
        _whole("opened_at"),
        _whole("expires_at"),
        _whole("seen_at"),
        _whole("ended_at", null=True),
        _binary("address_sealed"),
        _binary("agent_sealed"),
        often=True,
    )


def _upkeep() -> None:
    """What is counted for the desk, and how far retention has come."""
    _table(
        "daily_counts",
        ("day", "what", "slot"),
        _text("day"),
        _text("what"),
        _whole("slot"),
        _whole("amount"),
        often=True,
    )
    _table(
        "sweeps",
        ("name",),
        _text("name"),
        _binary("position"),
        _whole("begun_at"),
        _whole("ended_at", null=True),
    )


def upgrade() -> None:
    """Forward only: the way back is the copy that was made before."""
    op.add_column("accounts", sa.Column("closed_at", _WHOLE, nullable=True))
    op.add_column("requests", sa.Column("aimed_at", _WHOLE, nullable=True))
    op.add_column("requests", _binary("case_id", null=True))
    op.add_column("requests", sa.Column("contested", _WHOLE, nullable=True))
    op.add_column("requests", _binary("begun_session_id", null=True))
    op.add_column("requests", _binary("begun_device_id", null=True))
    _cases()
    _conversations()
    _desk()
    _upkeep()
