"""The tables as they are now, in SQLAlchemy's words. How they came about stands in `migrations/`;
a test compares both, letter by letter, on both databases.

It is read by upgrades and tests only: a running server knows its tables from its statements. There
are no foreign keys, triggers or defaults: what must hold stands in primary keys and in guards, so
that rows can be sharded. Identifiers, hashes and sealed values are bytes, moments are integers.
"""

import sqlalchemy as sa

from rebind.store import schema_support
from rebind.store.tables import binary, metadata, table, text, whole

__all__ = ["metadata", "schema_support"]

_DUE = sa.text("state = 'due'")
_AWAITED = sa.text("due_at IS NOT NULL")
_STANDING = sa.text("stands_until IS NOT NULL")
_OF_A_WAIT = sa.text("message = 'change_waiting'")

accounts = table(
    "accounts",
    binary("id", key=True),
    text("state"),
    text("locale"),
    whole("enrolled_at"),
    whole("number_version"),
    whole("number_changed_at", null=True),
    whole("probation_since", null=True),
    whole("version"),
    whole("locked_at", null=True),
    whole("lock_earlier_than", null=True),
    whole("frozen_at", null=True),
    whole("sms_off_at", null=True),
    whole("closed_at", null=True),
)

numbers = table(
    "numbers",
    binary("number_key", key=True),
    binary("account_id"),
    whole("number_version"),
    whole("since"),
    whole("held_until", null=True),
)

bindings = table(
    "bindings",
    binary("account_id", key=True),
    whole("version", key=True),
    binary("number_sealed"),
    binary("number_key"),
    text("region"),
    whole("bound_at"),
    whole("confirmed_at"),
    whole("released_at", null=True),
    text("reason", null=True),
)

emails = table(
    "emails",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("address_key"),
    binary("address_sealed"),
    whole("verified_at"),
    whole("set_at"),
    text("set_by"),
    whole("removed_at", null=True),
    whole("suspended_at", null=True),
    whole("primary_since", null=True),
    sa.Index("ix_emails_address_key", "address_key"),
)

passwords = table(
    "passwords",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("hash_sealed"),
    whole("alone"),
    whole("set_at"),
    text("set_by"),
    whole("removed_at", null=True),
    whole("suspended_at", null=True),
)

passkeys = table(
    "passkeys",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("credential_id"),
    binary("public_key"),
    whole("sign_count"),
    whole("backed_up"),
    text("transports"),
    binary("name_sealed"),
    whole("set_at"),
    text("set_by"),
    whole("used_at", null=True),
    whole("removed_at", null=True),
    whole("suspended_at", null=True),
)

totps = table(
    "totps",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("seed_sealed"),
    whole("last_step"),
    whole("set_at"),
    text("set_by"),
    whole("removed_at", null=True),
    whole("suspended_at", null=True),
)

recovery_codes = table(
    "recovery_codes",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("code_hash"),
    whole("set_at"),
    text("set_by"),
    whole("used_at", null=True),
    whole("removed_at", null=True),
    whole("suspended_at", null=True),
)

devices = table(
    "devices",
    binary("account_id", key=True),
    binary("device_id", key=True),
    whole("full_since", null=True),
    whole("enrolled"),
    whole("seen_at"),
    whole("reported_at", null=True),
    whole("wrong_in_row"),
    often_updated=True,
)

sessions = table(
    "sessions",
    binary("account_id", key=True),
    binary("id", key=True),
    binary("token_hash"),
    binary("device_id"),
    whole("number_version"),
    text("level"),
    whole("opened_at"),
    whole("expires_at"),
    whole("seen_at"),
    whole("ended_at", null=True),
    text("ended_why", null=True),
    binary("address_sealed"),
    binary("agent_sealed"),
    text("opened_by", null=True),
    text("proofs", null=True),
    often_updated=True,
)

requests = table(
    "requests",
    binary("id", key=True),
    text("kind"),
    binary("account_id"),
    whole("number_version"),
    binary("session_id", null=True),
    binary("device_id", null=True),
    binary("owner_hash"),
    binary("number_key"),
    binary("number_sealed"),
    text("region"),
    whole("begun_at"),
    whole("expires_at"),
    whole("first_proof_at", null=True),
    whole("ended_at", null=True),
    text("ended_as", null=True),
    text("policy_row", null=True),
    whole("version"),
    whole("wait_until", null=True),
    whole("ready_at", null=True),
    whole("due_at", null=True),
    whole("stands_until", null=True),
    binary("about_id", null=True),
    text("purpose", null=True),
    whole("spent_at", null=True),
    whole("aimed_at", null=True),
    binary("case_id", null=True),
    whole("contested", null=True),
    binary("begun_session_id", null=True),
    binary("begun_device_id", null=True),
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

challenges = table(
    "challenges",
    binary("request_id", key=True),
    text("proof", key=True),
    binary("address_key"),
    binary("code_mac"),
    whole("tries"),
    whole("tries_max"),
    whole("sent_at"),
    whole("expires_at"),
    whole("consumed_at", null=True),
    often_updated=True,
)

evidence = table(
    "evidence",
    binary("request_id", key=True),
    text("proof", key=True),
    whole("first_at"),
    whole("last_at"),
    whole("factor_set_at", null=True),
    text("factor_set_by", null=True),
)

# The first two indexes hold only what still waits, so that they stay small however much was sent.
outbox = table(
    "outbox",
    binary("id", key=True),
    whole("lane"),
    text("channel"),
    binary("address_key"),
    text("message"),
    binary("account_id"),
    binary("request_id", null=True),
    binary("payload_sealed", null=True),
    whole("created_at"),
    whole("due_at"),
    whole("expires_at"),
    whole("attempts"),
    whole("leased_until"),
    text("state"),
    whole("finished_at", null=True),
    text("last_error", null=True),
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

limits = table(
    "limits",
    text("name", key=True),
    binary("key", key=True),
    whole("slot", key=True),
    whole("count"),
    whole("resets_at"),
    whole("streak"),
    whole("next_at"),
    often_updated=True,
)

acts = table(
    "acts",
    binary("subject_id", key=True),
    binary("id", key=True),
    text("act"),
    text("actor"),
    text("door"),
    whole("at"),
    binary("request_id", null=True),
    text("why", null=True),
)
