"""Composes what is sent to PostgreSQL: a batch, several reads, a count with reads, each as one
statement.

It knows the language and no driver; it is pure, and `postgres` keeps what it composes. Names of
statements travel along, so that an error can say which part it means.
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from rebind.store.engines.base import Numbered, Rejected, numbered, returns
from rebind.store.statements import Query, Statement, Value, Write

BatchKey: TypeAlias = tuple[tuple[Statement, int | None], ...]

_GUARD = re.compile(r"\bguard (\d{1,6})\b")


class Plan(msgspec.Struct, frozen=True):
    """One composed statement: the parts in their order, and the names for errors."""

    sql: str
    parts: tuple[Numbered, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """All names, for what concerns the statement as a whole."""
        return "+".join(self.names)

    def missed(self, said: str) -> str | None:
        """The name of the guard that an error speaks of, if it speaks of one."""
        found = _GUARD.search(said)
        place = int(found.group(1)) if found else len(self.names)
        return self.names[place] if place < len(self.names) else None


def _numbered_all(statements: Sequence[Statement]) -> tuple[Numbered, ...]:
    parts: list[Numbered] = []
    first = 1
    for statement in statements:
        part = numbered(statement.sql, first)
        first += part.count
        parts.append(part)
    return tuple(parts)


def _composed(sql: str, parts: tuple[Numbered, ...], statements: Sequence[Statement]) -> Plan:
    return Plan(sql, parts, tuple(statement.name for statement in statements))


def read_plan(statements: Sequence[Statement]) -> Plan:
    """One query as it is; several as lists of rows in the columns of one row."""
    parts = _numbered_all(statements)
    sql = parts[0].sql if len(parts) == 1 else "SELECT " + _columns(parts)
    return _composed(sql, parts, statements)


def count_plan(statements: Sequence[Statement]) -> Plan:
    """The first statement counts; its rows and those of the queries come as columns of one row.
    The queries see the moment before the count."""
    parts = _numbered_all(statements)
    sql = (
        f"WITH counted AS (\n{parts[0].sql}\n) "  # noqa: S608 - composed of our own statements
        f"SELECT (SELECT array_agg(counted) FROM counted), {_columns(parts[1:])}"
    )
    return _composed(sql, parts, statements)


def _columns(parts: Sequence[Numbered]) -> str:
    # The line breaks end a comment that a statement may close with.
    return ", ".join(
        f"(SELECT array_agg(t) FROM (\n{part.sql}\n) t)"  # noqa: S608 - as above
        for part in parts
    )


def batch_plan(key: BatchKey) -> Plan:
    """A batch that keeps everything or fails with the number of the guard that missed."""
    statements = [statement for statement, _ in key]
    parts = _numbered_all(statements)
    steps: list[str] = []
    guards: list[str] = []
    for place, (part, (statement, expect)) in enumerate(zip(parts, key, strict=True)):
        returning = "" if returns(statement.sql) else "\nRETURNING 1"
        steps.append(f"w{place} AS (\n{part.sql}{returning}\n)")
        if expect is not None:
            missed = f"(SELECT count(*) FROM w{place}) <> {int(expect)}"  # noqa: S608 - as above
            guards.append(f"WHEN {missed} THEN 'guard {place}'")
    # A division by zero would not do: it is folded while planning and fails every time.
    verdict = f"CAST(CASE {' '.join(guards)} ELSE '1' END AS integer)" if guards else "1"
    return _composed(f"WITH {', '.join(steps)} SELECT {verdict}", parts, statements)


def arguments(plan: Plan, items: Sequence[Query | Write]) -> list[Value]:
    """The arguments of all parts, in the order of their numbers. Raises `Rejected`."""
    values: list[Value] = []
    for part, item in zip(plan.parts, items, strict=True):
        try:
            values.extend(part.pick(item.args))
        except KeyError as missing:
            raise Rejected(item.statement.name, f"no argument {missing}") from None
    return values
