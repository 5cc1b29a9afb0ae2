"""What the two engines share: counters, refusals, retry figures, and the reading of portable SQL.

Nothing here talks to a database, and nothing here parses SQL further than it must: it finds
`:name` parameters and a closing RETURNING, past quotes, comments and `::`. Its neighbours are
`sqlite` and `postgres`, which never see one another.
"""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from rebind.domain.units import SECOND, Ms
from rebind.store.statements import Args, Engine, Value

RETRIES_MAX: Final = 10
"""How often a batch that lost to a deadlock or a serialization failure is tried again."""

RETRY_FIRST_MS: Final[Ms] = 8
RETRY_LAST_MS: Final[Ms] = 1 * SECOND
"""Each pause doubles between these two; chance takes up to half of it away, so that two batches
that met once do not meet again."""

WAIT_MAX_MS: Final[Ms] = 5 * SECOND
"""How long a call waits for its turn: a connection of the pool, or a foreign lock on the file."""

PLANS_MAX: Final = 1024
"""How many compiled statements are kept; the oldest goes first. Batches differ by their shape only
(which acts, how many addresses), so that a running service has far fewer."""

Fraction: TypeAlias = Callable[[], float]
"""A uniform number in [0, 1), handed in because chance is an argument (`ports.Dice`)."""

Picker: TypeAlias = Callable[[Args], tuple[Value, ...]]


class Rejected(Exception):
    """The database refused a statement for what it says: a broken uniqueness, a wrong type, bad
    SQL. Always a bug of ours, never an expected refusal. It tells the statement, never a value."""

    def __init__(self, statement: str, why: str) -> None:
        super().__init__(f"{statement}: {why}")
        self.statement = statement
        self.why = why


class Stats:
    """Counters since the start, read by the metrics and by the benchmark.

    `statements` counts queries and writes of flows, not BEGIN or COMMIT. `round_trips` counts how
    often a call had to wait for the database: on SQLite one for each read and each commit that it
    waited for. `commits` on SQLite counts real COMMITs, each of which may serve many calls."""

    __slots__ = ("commits", "retries", "round_trips", "statements")

    def __init__(self) -> None:
        self.statements = 0
        self.round_trips = 0
        self.commits = 0
        self.retries = 0


class StoreEngine(Engine, Protocol):
    """An open engine as `open_engine` returns it: the contract, and what running it needs."""

    stats: Stats
    dialect: str
    """"sqlite" or "postgresql"."""


class Numbered(msgspec.Struct, frozen=True):
    """A statement with `$n` for its `:name`, and how to pick its arguments in that order."""

    sql: str
    count: int
    pick: Picker


def pause_ms(attempt: int, fraction: Fraction) -> float:
    """How long to wait before trying again for the `attempt`th time (from 0)."""
    full = min(RETRY_FIRST_MS * 2.0**attempt, RETRY_LAST_MS)
    return full * (1 - fraction() / 2)


# Whatever could hide a colon or a word comes first, so that the name below is a parameter.
_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*'          # a string
    | "(?:[^"]|"")*"          # a quoted name
    | --[^\n]*                # a comment to the end of the line
    | /\*.*?\*/               # a comment in between
    | ::                      # a cast, as PostgreSQL writes it
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<paren>[()])
    | (?P<word>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


def numbered(sql: str, first: int = 1) -> Numbered:
    """Renumber `:name` to `$first`, `$first+1`, …; a name used twice keeps one number."""
    places: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        name = found.group("name")
        if name is None:
            return found.group()
        return f"${places.setdefault(name, first + len(places))}"

    text = _TOKEN.sub(place, sql.strip().rstrip(";"))
    return Numbered(text, len(places), _picker(tuple(places)))


def returns(sql: str) -> bool:
    """Whether the statement has a RETURNING of its own (not one inside parentheses)."""
    depth = 0
    for found in _TOKEN.finditer(sql):
        paren = found.group("paren")
        if paren is not None:
            depth += 1 if paren == "(" else -1
        elif depth == 0 and (found.group("word") or "").upper() == "RETURNING":
            return True
    return False


def _picker(names: Sequence[str]) -> Picker:
    if not names:
        return _nothing
    if len(names) == 1:
        only = names[0]
        return lambda args: (args[only],)
    several: Any = itemgetter(*names)
    picker: Picker = several
    return picker


def _nothing(_args: Args) -> tuple[Value, ...]:
    return ()
