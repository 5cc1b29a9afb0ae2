"""Makes a program of a recorded call: the same statements in the same order in the same number of
round trips, the same sealing, indexes and keyed hashes, and no rule in between.

Every value that the flow used is traced to where it came from: what the call was given, what was
drawn, sealed or hashed on the way, or what the database had answered. The program is Python source;
a value without an origin stops the benchmark, so that nothing is left out unseen.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bench.recording import VERSION, Op, Recorded
from rebind.domain.limits import LIMITS
from rebind.domain.units import DAY
from rebind.store import daily_counts
from rebind.store.engines.base import numbered
from rebind.store.statements import Query, Write

GIVEN: Final = (
    "number", "client", "agent", "bearer", "device", "request_id", "code_new", "code_current",
)  # fmt: skip
"""What a program is given, by position after its tools."""

_SLOTS = {limit.name: limit.slots for limit in LIMITS if limit.slots > 1}
_SLOT_ARG = re.compile(r"slot|s(\d+)")
_OPAQUE_MIN, _WORD_MIN = 12, 6
"""Bytes and words of this length cannot be equal by chance: a code is the shortest word."""


class Step(msgspec.Struct, frozen=True):
    """One conversation with the database: how, and which statements with which guards."""

    how: str
    statements: list[tuple[str, str, int | None]]


class Program(msgspec.Struct, frozen=True):
    """One call of the floor. `source` defines `call(db, seal, dice, hash, now, …)`."""

    name: str
    source: str
    steps: list[Step]


class _Writer:
    """Writes the program of one call."""

    def __init__(self, call: Recorded, flat: bool) -> None:
        self._call, self._flat = call, flat
        self._known: dict[bytes | str | int, str] = {}
        self._ids: list[str] = []
        self._lines: list[str] = []
        self._steps: list[Step] = []
        self._raw = "None"
        for name, value in call.given.items():
            self._learn(value, name)
        for name in ("bearer", "device"):
            raw = call.given.get(name)
            if raw is not None and len(raw) > 16:
                self._learn(raw[:16], f"{name}[:16]")
                self._learn(raw[16:], f"{name}[16:]")
            if raw is not None and len(raw) == 48:
                self._learn(raw[16:32], f"{name}[16:32]")

    def program(self) -> Program:
        for place, op in enumerate(self._call.ops):
            self._write(f"v{place}", op)
        first_id = self._ids[0] if self._ids else "None"
        head = f"async def call(db, seal, dice, hash, now, {', '.join(GIVEN)}):"
        body = [*self._lines, f"return {first_id}, {self._raw}"]
        source = "\n    ".join([head, *body]) + "\n"
        return Program(self._call.name, source, self._steps)

    def _learn(self, value: Any, word: str) -> None:
        """Where a value comes from; the first origin counts."""
        telling = (
            (isinstance(value, bytes) and len(value) >= _OPAQUE_MIN)
            or (isinstance(value, str) and len(value) >= _WORD_MIN)
            or (isinstance(value, int) and value == VERSION)
        )
        if telling:
            self._known.setdefault(value, word)

    def _write(self, word: str, op: Op) -> None:
        tool, _, what = op.what.partition(".")
        if tool == "engine":
            self._converse(word, what, op)
            return
        arguments = ", ".join(self._told(arg) for arg in op.args)
        if op.what == "hash":
            self._raw = arguments
        if op.what == "dice.id":
            self._ids.append(word)
        self._lines.append(f"{word} = {op.what}({arguments})")
        if isinstance(op.result, tuple):
            for at, each in enumerate(op.result):
                self._learn(each, f"{word}[{at}]")
        else:
            self._learn(op.result, word)

    def _converse(self, word: str, how: str, op: Op) -> None:
        items: Sequence[Query | Write] = op.args
        told, statements = [], []
        for item in items:
            names = numbered(item.statement.sql).pick({name: name for name in item.args})
            values = [self._argument(item, str(name)) for name in names]
            told.append("".join(f"{value}, " for value in values))
            expect = item.expect if isinstance(item, Write) else None
            statements.append((item.statement.name, item.statement.sql, expect))
        arguments = "".join(told) if self._flat else "".join(f"({each}), " for each in told)
        self._lines.append(f"{word} = await db.{how}({len(self._steps)}, ({arguments}))")
        self._steps.append(Step(how, statements))
        for place, rows in enumerate(op.result):
            for line, row in enumerate(rows):
                for column, value in enumerate(tuple(row)):
                    # Words in rows are words of ours, the same in every run.
                    if not isinstance(value, str):
                        self._learn(value, f"{word}[{place}][{line}][{column}]")

    def _argument(self, item: Query | Write, name: str) -> str:
        """One argument of a statement. A slot follows from the request, as in the flow: that of a
        limit, or of the counts by day, which have no name."""
        value, found = item.args[name], _SLOT_ARG.fullmatch(name)
        if found is not None:
            limit = item.args.get("n" + found.group(1) if found.group(1) else "name")
            slots = daily_counts.SLOTS if limit is None else _SLOTS.get(str(limit))
            return f"{self._ids[0]}[-1] % {slots}" if slots else repr(value)
        return self._told(value)

    def _told(self, value: Any) -> str:
        """The source of an expression that has this value in the recorded call."""
        match value:
            case None:
                return "None"
            case int():
                return self._number(int(value))
            case str():
                return self._text(str(value))
            case _:
                return self._bytes(bytes(value))

    def _number(self, value: int) -> str:
        known = self._known.get(VERSION)
        if known is not None and value in (VERSION, VERSION + 1):
            return known if value == VERSION else f"{known} + 1"
        if abs(value - self._call.now) < 400 * DAY:
            return f"now + {value - self._call.now}" if value != self._call.now else "now"
        return repr(value)

    def _text(self, value: str) -> str:
        if value in self._known:
            return self._known[value]
        if value == str(self._call.now):
            return "str(now)"
        if value.startswith("{"):
            told = self._json(msgspec.json.decode(value))
            return f"encode({told}).decode()"
        return repr(value)

    def _json(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{k!r}: {self._json(v)}" for k, v in value.items()) + "}"
        return self._text(value) if isinstance(value, str) else repr(value)

    def _bytes(self, value: bytes) -> str:
        """Known bytes, a text, or known bytes joined with a version."""
        if value in self._known:
            return self._known[value]
        if value.isascii() and value.decode("ascii").isprintable():
            text = value.decode("ascii")
            return f"{self._known[text]}.encode()" if text in self._known else repr(value)
        parts, rest = [], value
        while rest:
            size = next((n for n in range(len(rest), 0, -1) if rest[:n] in self._known), 0)
            if size:
                parts.append(self._known[rest[:size]])
            else:
                size = 4
                parts.append(
                    f"({self._number(int.from_bytes(rest[:4], 'big'))}).to_bytes(4, 'big')"
                )
                if len(rest) > size or int.from_bytes(rest, "big") > VERSION + 1:
                    raise LookupError(f"{self._call.name}: bytes without an origin: {value.hex()}")
            rest = rest[size:]
        return " + ".join(parts)


def programs(recorded: dict[str, Recorded], *, flat: bool) -> list[Program]:
    """A program for each call. `flat`: all arguments of a step in one row, as PostgreSQL takes
    them; else a row for each statement."""
    return [_Writer(call, flat).program() for call in recorded.values()]
