"""The tables of the support desk: cases with their messages, documents and decisions, and the
operators who answer them. Neighbour of `schema.py`, where everything else stands.
"""

import sqlalchemy as sa

from rebind.store.tables import binary, index, table, text, whole

_QUEUED = sa.text("due_at IS NOT NULL")
_FOR_SECOND = sa.text("second IS NOT NULL AND due_at IS NOT NULL")
_OF_ACCOUNT = sa.text("account_id IS NOT NULL")
_DECIDED = sa.text("decided_at IS NOT NULL")
_KEPT = sa.text("closed_at IS NOT NULL AND key_sealed IS NOT NULL")
_WITH_BLOB = sa.text("blob IS NOT NULL")

cases = table(
    "cases",
    binary("id", key=True),
    text("reference"),
    text("kind"),
    text("state"),
    whole("version"),
    whole("round"),
    text("locale"),
    binary("account_id", null=True),
    binary("request_id", null=True),
    binary("opening_id", null=True),
    text("opened_by", null=True),
    whole("opened_at"),
    whole("due_at", null=True),
    whole("answered_at", null=True),
    whole("waiting_since", null=True),
    text("pauses"),
    whole("decided_at", null=True),
    text("outcome", null=True),
    whole("closed_at", null=True),
    text("assignee", null=True),
    text("locked_by", null=True),
    whole("locked_until", null=True),
    text("second", null=True),
    binary("contact_key", null=True),
    binary("contact_sealed", null=True),
    whole("bounced_at", null=True),
    binary("claimed_key", null=True),
    binary("claimed_sealed", null=True),
    binary("number_key", null=True),
    binary("number_sealed", null=True),
    text("region", null=True),
    whole("proved_at", null=True),
    binary("key_sealed", null=True),
    index("cases_queue", "due_at", "id", where=_QUEUED),
    index("cases_queue_state", "state", "due_at", "id", where=_QUEUED),
    index("cases_queue_kind", "kind", "due_at", "id", where=_QUEUED),
    index("cases_queue_assignee", "assignee", "due_at", "id", where=_QUEUED),
    index("cases_queue_second", "second", "due_at", "id", where=_FOR_SECOND),
    index("cases_of_account", "account_id", "id", where=_OF_ACCOUNT),
    index("cases_reference", "reference"),
    index("cases_decided", "decided_at", where=_DECIDED),
    index("cases_kept", "closed_at", "id", where=_KEPT),
    often_updated=True,
)

# What a case is found by: keyed hashes of its numbers, their last four digits, its mailbox.
case_terms = table("case_terms", binary("term_key", key=True), binary("case_id", key=True))

case_messages = table(
    "case_messages",
    binary("case_id", key=True),
    binary("id", key=True),
    text("side"),
    text("author", null=True),
    text("manner"),
    binary("body_sealed"),
    whole("at"),
    whole("redacted_at", null=True),
)

case_documents = table(
    "case_documents",
    binary("case_id", key=True),
    binary("id", key=True),
    text("kind"),
    text("media"),
    whole("pages"),
    whole("size"),
    text("findings"),
    whole("scanned"),
    text("blob", null=True),
    text("added_by", null=True),
    whole("added_at"),
    whole("destroyed_at", null=True),
    text("verdict", null=True),
    text("fact", null=True),
    text("checked_by", null=True),
    whole("checked_at", null=True),
    index("case_documents_blob", "blob", where=_WITH_BLOB),
)

case_decisions = table(
    "case_decisions",
    binary("case_id", key=True),
    whole("round", key=True),
    whole("step", key=True),
    text("verdict"),
    text("reason"),
    text("operator"),
    whole("at"),
)

operators = table(
    "operators",
    text("login", key=True),
    binary("name_sealed"),
    text("role"),
    text("locale"),
    text("created_by", null=True),
    whole("created_at"),
    whole("disabled_at", null=True),
    binary("password_sealed", null=True),
    binary("totp_sealed", null=True),
    whole("totp_step", null=True),
    binary("invite_hash", null=True),
    whole("invite_until", null=True),
    whole("wrong_in_row"),
    whole("wrong_at", null=True),
)

operator_passkeys = table(
    "operator_passkeys",
    text("login", key=True),
    binary("id", key=True),
    binary("credential_id"),
    binary("public_key"),
    whole("sign_count"),
    text("transports"),
    binary("name_sealed"),
    whole("added_at"),
    whole("used_at", null=True),
)

operator_sessions = table(
    "operator_sessions",
    text("login", key=True),
    binary("id", key=True),
    binary("token_hash"),
    text("proofs"),
    whole("opened_at"),
    whole("expires_at"),
    whole("seen_at"),
    whole("ended_at", null=True),
    binary("address_sealed"),
    binary("agent_sealed"),
    often_updated=True,
)

# What was done on each day of the desk's calendar, spread over slots.
daily_counts = table(
    "daily_counts",
    text("day", key=True),
    text("what", key=True),
    whole("slot", key=True),
    whole("amount"),
    often_updated=True,
)

# How far each walk of retention through a table has come.
sweeps = table(
    "sweeps",
    text("name", key=True),
    binary("position"),
    whole("begun_at"),
    whole("ended_at", null=True),
)
