"""Rows in bulk, for imports and for seeding: many rows of one table in one INSERT."""

from collections.abc import Sequence
from functools import cache

from rebind.store.statements import Statement, Value, Write

COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts": (
        "id",
        "state",
        "locale",
        "enrolled_at",
        "number_version",
        "number_changed_at",
        "probation_since",
        "version",
        "locked_at",
        "lock_earlier_than",
        "frozen_at",
        "sms_off_at",
        "closed_at",
    ),
    "bindings": (
        "account_id",
        "version",
        "number_sealed",
        "number_key",
        "region",
        "bound_at",
        "confirmed_at",
        "released_at",
        "reason",
    ),
    "devices": (
        "account_id",
        "device_id",
        "full_since",
        "enrolled",
        "seen_at",
        "reported_at",
        "wrong_in_row",
    ),
    "numbers": ("number_key", "account_id", "number_version", "since", "held_until"),
}
"""Tables that may be filled in bulk, each with all its columns in order."""


@cache
def _insert(table: str, rows: int) -> Statement:
    columns = COLUMNS[table]
    values = ", ".join(
        "(" + ", ".join(f":{column}_{i}" for column in columns) + ")" for i in range(rows)
    )
    return Statement(
        f"{table}.bulk",
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}",  # noqa: S608
    )


def insert(table: str, rows: Sequence[Sequence[Value]]) -> Write:
    """All these rows, in the order of `COLUMNS`; misses where one is there already."""
    columns = COLUMNS[table]
    args: dict[str, Value] = {
        f"{column}_{i}": value
        for i, row in enumerate(rows)
        for column, value in zip(columns, row, strict=True)
    }
    return Write(_insert(table, len(rows)), args, expect=len(rows))
