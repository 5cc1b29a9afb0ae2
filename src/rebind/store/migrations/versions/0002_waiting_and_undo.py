"""What time and second thoughts need: until when a request waits or stands, which one an undo is
about, when an account was locked, which addresses are suspended.

A version that was released is never edited again, so nothing is imported from `store.schema`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
_AWAITED = sa.text("due_at IS NOT NULL")
_STANDING = sa.text("stands_until IS NOT NULL")
_OF_A_WAIT = sa.text("message = 'change_waiting'")


def upgrade() -> None:
    """Forward only: the way back is the copy that was made before."""
    for name in ("locked_at", "lock_earlier_than", "frozen_at"):
        op.add_column("accounts", sa.Column(name, _WHOLE, nullable=True))
    op.add_column("emails", sa.Column("suspended_at", _WHOLE, nullable=True))
    for name in ("wait_until", "ready_at", "due_at", "stands_until"):
        op.add_column("requests", sa.Column(name, _WHOLE, nullable=True))
    op.add_column("requests", sa.Column("about_id", sa.LargeBinary(), nullable=True))
    op.create_index(
        "requests_due",
        "requests",
        ["due_at", "id"],
        sqlite_where=_AWAITED,
        postgresql_where=_AWAITED,
    )
    op.create_index(
        "requests_standing",
        "requests",
        ["account_id", "id"],
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
    op.create_index(
        "outbox_of_waits",
        "outbox",
        ["request_id"],
        sqlite_where=_OF_A_WAIT,
        postgresql_where=_OF_A_WAIT,
    )
