"""The tables as they are now, in SQLAlchemy's words. How they came about stands in `migrations/`;
a test compares both, letter by letter, on both databases.

It is read by upgrades and tests only: a running server knows its tables from its statements. There
are no foreign keys, triggers or defaults: what must hold stands in primary keys and in guards, so
that rows can be sharded. Identifiers, hashes and sealed values are bytes, moments are integers.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
_DUE = sa.text("state = 'due'")
_AWAITED = sa.text("due_at IS NOT NULL")
_STANDING = sa.text("stands_until IS NOT NULL")
_OF_A_WAIT = sa.text("message = 'change_waiting'")


def _bytes(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary(), primary_key=key, nullable=null)


def _text(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), primary_key=key, nullable=null)


def _whole(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _WHOLE, primary_key=key, nullable=null, autoincrement=False)


def _table(name: str, *parts: "sa.Column[Any] | sa.Index", often_updated: bool = False) -> sa.Table:
    """`often_updated` leaves room in each page, so that PostgreSQL puts the new version of a row
    beside the old one and touches no index."""
    return sa.Table(
        name,
        metadata,
        *parts,
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 90} if often_updated else None,
    )


accounts = _table(
    "accounts",
    _bytes("id", key=True),
    _text("state"),
    _text("locale"),
    _whole("enrolled_at"),
    _whole("number_version"),
    _whole("number_changed_at", null=True),
    _whole("probation_since", null=True),
    _whole("version"),
    _whole("locked_at", null=True),
    _whole("lock_earlier_than", null=True),
    _whole("frozen_at", null=True),
    _whole("sms_off_at", null=True),
)

numbers = _table(
    "numbers",
    _bytes("number_key", key=True),
    _bytes("account_id"),
    _whole("number_version"),
    _whole("since"),
    _whole("held_until", null=True),
)

bindings = _table(
    "bindings",
    _bytes("account_id", key=True),
    _whole("version", key=True),
    _bytes("number_sealed"),
    _bytes("number_key"),
    _text("region"),
    _whole("bound_at"),
    _whole("confirmed_at"),
    _whole("released_at", null=True),
    _text("reason", null=True),
)

emails = _table(
    "emails",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("address_key"),
    _bytes("address_sealed"),
    _whole("verified_at"),
    _whole("set_at"),
    _text("set_by"),
    _whole("removed_at", null=True),
    _whole("suspended_at", null=True),
    _whole("primary_since", null=True),
    sa.Index("ix_emails_address_key", "address_key"),
)

passwords = _table(
    "passwords",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("hash_sealed"),
    _whole("alone"),
    _whole("set_at"),
    _text("set_by"),
    _whole("removed_at", null=True),
    _whole("suspended_at", null=True),
)

passkeys = _table(
    "passkeys",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("credential_id"),
    _bytes("public_key"),
    _whole("sign_count"),
    _whole("backed_up"),
    _text("transports"),
    _bytes("name_sealed"),
    _whole("set_at"),
    _text("set_by"),
    _whole("used_at", null=True),
    _whole("removed_at", null=True),
    _whole("suspended_at", null=True),
)

totps = _table(
    "totps",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("seed_sealed"),
    _whole("last_step"),
    _whole("set_at"),
    _text("set_by"),
    _whole("removed_at", null=True),
    _whole("suspended_at", null=True),
)

recovery_codes = _table(
    "recovery_codes",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("code_hash"),
    _whole("set_at"),
    _text("set_by"),
    _whole("used_at", null=True),
    _whole("removed_at", null=True),
    _whole("suspended_at", null=True),
)

devices = _table(
    "devices",
    _bytes("account_id", key=True),
    _bytes("device_id", key=True),
    _whole("full_since", null=True),
    _whole("enrolled"),
    _whole("seen_at"),
    _whole("reported_at", null=True),
    _whole("wrong_in_row"),
    often_updated=True,
)

sessions = _table(
    "sessions",
    _bytes("account_id", key=True),
    _bytes("id", key=True),
    _bytes("token_hash"),
    _bytes("device_id"),
    _whole("number_version"),
    _text("level"),
    _whole("opened_at"),
    _whole("expires_at"),
    _whole("seen_at"),
    _whole("ended_at", null=True),
    _text("ended_why", null=True),
    _bytes("address_sealed"),
    _bytes("agent_sealed"),
    _text("opened_by", null=True),
    _text("proofs", null=True),
    often_updated=True,
)

requests = _table(
    "requests",
    _bytes("id", key=True),
    _text("kind"),
    _bytes("account_id"),
    _whole("number_version"),
    _bytes("session_id", null=True),
    _bytes("device_id", null=True),
    _bytes("owner_hash"),
    _bytes("number_key"),
    _bytes("number_sealed"),
    _text("region"),
    _whole("begun_at"),
    _whole("expires_at"),
    _whole("first_proof_at", null=True),
    _whole("ended_at", null=True),
    _text("ended_as", null=True),
    _text("policy_row", null=True),
    _whole("version"),
    _whole("wait_until", null=True),
    _whole("ready_at", null=True),
    _whole("due_at", null=True),
    _whole("stands_until", null=True),
    _bytes("about_id", null=True),
    _text("purpose", null=True),
    _whole("spent_at", null=True),
    sa.Index("requests_due", "due_at", "id", sqlite_where=_AWAITED, postgresql_where=_AWAITED),
    sa.Index(
        "requests_standing",
        "account_id",
        "id",
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    ),
    often_updated=True,
)

challenges = _table(
    "challenges",
    _bytes("request_id", key=True),
    _text("proof", key=True),
    _bytes("address_key"),
    _bytes("code_mac"),
    _whole("tries"),
    _whole("tries_max"),
    _whole("sent_at"),
    _whole("expires_at"),
    _whole("consumed_at", null=True),
    often_updated=True,
)

evidence = _table(
    "evidence",
    _bytes("request_id", key=True),
    _text("proof", key=True),
    _whole("first_at"),
    _whole("last_at"),
    _whole("factor_set_at", null=True),
    _text("factor_set_by", null=True),
)

# The first two indexes hold only what still waits, so that they stay small however much was sent.
outbox = _table(
    "outbox",
    _bytes("id", key=True),
    _whole("lane"),
    _text("channel"),
    _bytes("address_key"),
    _text("message"),
    _bytes("account_id"),
    _bytes("request_id", null=True),
    _bytes("payload_sealed", null=True),
    _whole("created_at"),
    _whole("due_at"),
    _whole("expires_at"),
    _whole("attempts"),
    _whole("leased_until"),
    _text("state"),
    _whole("finished_at", null=True),
    _text("last_error", null=True),
    sa.Index("outbox_due", "lane", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    sa.Index(
        "outbox_due_to_address",
        "address_key",
        "lane",
        "id",
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    ),
    sa.Index(
        "outbox_of_waits",
        "request_id",
        sqlite_where=_OF_A_WAIT,
        postgresql_where=_OF_A_WAIT,
    ),
)

limits = _table(
    "limits",
    _text("name", key=True),
    _bytes("key", key=True),
    _whole("slot", key=True),
    _whole("count"),
    _whole("resets_at"),
    _whole("streak"),
    _whole("next_at"),
    often_updated=True,
)

acts = _table(
    "acts",
    _bytes("subject_id", key=True),
    _bytes("id", key=True),
    _text("act"),
    _text("actor"),
    _text("door"),
    _whole("at"),
    _bytes("request_id", null=True),
    _text("why", null=True),
)
