"""cases: the rows of the support desk's conversations, each read and moved by its key.

Every move is guarded by the version that was read, so that of fifty people who decide at once one
counts. A case is found by terms: keyed hashes of its numbers, their last four digits, its mailbox.
Neighbours: `case_drafts.py` (before it is one), `case_threads.py` (what is said and sent),
`case_queue.py` (what waits for whom).
"""

from collections.abc import Iterable
from functools import cache

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store import numbers
from rebind.store.statements import Query, Rows, Statement, Value, Write

_COLUMNS = (
    "id",
    "reference",
    "kind",
    "state",
    "version",
    "round",
    "locale",
    "account_id",
    "request_id",
    "opening_id",
    "opened_by",
    "opened_at",
    "due_at",
    "answered_at",
    "waiting_since",
    "pauses",
    "decided_at",
    "outcome",
    "closed_at",
    "assignee",
    "locked_by",
    "locked_until",
    "second",
    "contact_key",
    "contact_sealed",
    "bounced_at",
    "claimed_key",
    "claimed_sealed",
    "number_key",
    "number_sealed",
    "region",
    "proved_at",
    "key_sealed",
)
COLUMNS = ", ".join(f"c.{name}" for name in _COLUMNS)
"""In the order of `CaseRow`."""

_OPEN = Statement(
    "cases.open",
    f"INSERT INTO cases ({', '.join(_COLUMNS)})"  # noqa: S608  names of this file
    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
)
_BY_ID = Statement("cases.by_id", f"SELECT {COLUMNS} FROM cases c WHERE c.id = :id")  # noqa: S608
_OF_ACCOUNT = Statement(
    "cases.of_account",
    f"""
    SELECT {COLUMNS} FROM cases c
    WHERE c.account_id = :account_id AND c.opening_id IS NULL AND c.opened_by IS NULL
    ORDER BY c.id DESC LIMIT :limit
    """,  # noqa: S608
)
_OTHERS = Statement(
    "cases.others",
    """
    SELECT c.id, c.reference, c.kind, c.state, c.outcome, c.opened_at FROM cases c
    WHERE c.account_id = :account_id AND c.id <> :id AND c.state <> 'draft'
    ORDER BY c.id DESC LIMIT :limit
    """,
)
_MOVE = Statement(
    "cases.move",
    """
    UPDATE cases SET version = version + 1, state = :state, due_at = :due_at,
        answered_at = :answered_at, waiting_since = :waiting_since, pauses = :pauses,
        decided_at = :decided_at, outcome = :outcome, closed_at = :closed_at, round = :round,
        request_id = :request_id, second = :second, proved_at = :proved_at
    WHERE id = :id AND version = :version
    """,
)
_TOUCH = Statement(
    "cases.touch", "UPDATE cases SET version = version + 1 WHERE id = :id AND version = :version"
)
_ASSIGN = Statement(
    "cases.assign",
    """
    UPDATE cases SET version = version + 1, assignee = :assignee
    WHERE id = :id AND version = :version
    """,
)
_NAME_SECOND = Statement(
    "cases.name_second",
    """
    UPDATE cases SET version = version + 1, second = :second WHERE id = :id AND version = :version
    """,
)
_LOCK = Statement(
    "cases.lock",
    """
    UPDATE cases SET locked_by = :login, locked_until = :until
    WHERE id = :id AND (locked_by IS NULL OR locked_by = :login OR locked_until <= :now)
    """,
)
_RELEASE = Statement(
    "cases.release",
    "UPDATE cases SET locked_by = NULL, locked_until = NULL WHERE id = :id AND locked_by = :login",
)
_BOUNCED = Statement("cases.bounced", "UPDATE cases SET bounced_at = :now WHERE id = :id")
_DESTROY = Statement(
    "cases.destroy",
    "UPDATE cases SET key_sealed = NULL WHERE id = :id AND closed_at < :closed_before",
)
_TO_DESTROY = Statement(
    "cases.to_destroy",
    """
    SELECT id FROM cases
    WHERE closed_at IS NOT NULL AND key_sealed IS NOT NULL AND closed_at < :closed_before
    ORDER BY closed_at, id LIMIT :limit
    """,
)
_DUE = Statement(
    "cases.due",
    f"""
    SELECT {COLUMNS} FROM cases c
    WHERE c.due_at IS NOT NULL AND c.state = :state AND c.due_at <= :now
      AND (c.outcome IS NOT NULL OR c.kind NOT IN ('contested', 'frozen'))
    ORDER BY c.due_at, c.id LIMIT :limit
    """,  # noqa: S608
)


class CaseRow(msgspec.Struct, frozen=True):
    """A case as it stands. What is missing is None."""

    id: Id
    reference: str
    kind: str
    state: str
    version: int
    round: int
    locale: str
    account_id: Id | None
    request_id: Id | None
    opening_id: Id | None
    opened_by: str | None
    opened_at: Ms
    due_at: Ms | None
    answered_at: Ms | None
    waiting_since: Ms | None
    pauses: str
    decided_at: Ms | None
    outcome: str | None
    closed_at: Ms | None
    assignee: str | None
    locked_by: str | None
    locked_until: Ms | None
    second: str | None
    contact_key: bytes | None
    contact_sealed: bytes | None
    bounced_at: Ms | None
    claimed_key: bytes | None
    claimed_sealed: bytes | None
    number_key: bytes | None
    number_sealed: bytes | None
    region: str | None
    proved_at: Ms | None
    key_sealed: bytes | None


class Brief(msgspec.Struct, frozen=True):
    """A case in one line, as beside another one."""

    id: Id
    reference: str
    kind: str
    state: str
    outcome: str | None
    opened_at: Ms


def open_case(row: CaseRow) -> Write:
    """A new case, whole."""
    return Write(_OPEN, msgspec.structs.asdict(row))


def by_id(case_id: Id) -> Query:
    """One case."""
    return Query(_BY_ID, {"id": case_id})


def of_account(account_id: Id, limit: int) -> Query:
    """The cases from inside an account or of what befell it, newest first; not what others say."""
    return Query(_OF_ACCOUNT, {"account_id": account_id, "limit": limit})


def others(account_id: Id, case_id: Id, limit: int) -> Query:
    """The cases about an account but that one, whoever wrote them, newest first; no drafts."""
    return Query(_OTHERS, {"account_id": account_id, "id": case_id, "limit": limit})


def briefs(found: Rows) -> tuple[Brief, ...]:
    """What `others` read."""
    return tuple(Brief(*each) for each in found)


def due(state: str, now: Ms, limit: int) -> Query:
    """Cases in a state whose moment has come, the longest due first; but what two people are to
    decide does not end by itself before they have."""
    return Query(_DUE, {"state": state, "now": now, "limit": limit})


def row(rows: Rows) -> CaseRow | None:
    """What `by_id` read."""
    return CaseRow(*rows[0]) if rows else None


def rows(found: Rows) -> list[CaseRow]:
    """What a list of cases read."""
    return [CaseRow(*each) for each in found]


def move(before: CaseRow, then: CaseRow) -> Write:
    """Put a case into the state that `then` says. Misses where it moved since it was read."""
    args: dict[str, Value] = {
        "id": before.id,
        "version": before.version,
        "state": then.state,
        "due_at": then.due_at,
        "answered_at": then.answered_at,
        "waiting_since": then.waiting_since,
        "pauses": then.pauses,
        "decided_at": then.decided_at,
        "outcome": then.outcome,
        "closed_at": then.closed_at,
        "round": then.round,
        "request_id": then.request_id,
        "second": then.second,
        "proved_at": then.proved_at,
    }
    return Write(_MOVE, args)


def touch(case_id: Id, version: int) -> Write:
    """The guard of what is said without moving a case. Misses where it moved since it was read."""
    return Write(_TOUCH, {"id": case_id, "version": version})


def assign(case_id: Id, version: int, assignee: str | None) -> Write:
    """Give a case to somebody, or back to the queue. Misses where it moved since it was read."""
    return Write(_ASSIGN, {"id": case_id, "version": version, "assignee": assignee})


def name_second(case_id: Id, version: int, second: str | None) -> Write:
    """Who is to decide second. Misses where the case moved since it was read."""
    return Write(_NAME_SECOND, {"id": case_id, "version": version, "second": second})


def lock(case_id: Id, login: str, until: Ms, now: Ms) -> Write:
    """Keep a case for one operator while they answer it. Misses where somebody else has it."""
    return Write(_LOCK, {"id": case_id, "login": login, "until": until, "now": now})


def release(case_id: Id, login: str) -> Write:
    """Give one's lock back. Misses where one has none."""
    return Write(_RELEASE, {"id": case_id, "login": login})


def bounced(case_id: Id, now: Ms) -> Write:
    """A letter to the contact of a case came back."""
    return Write(_BOUNCED, {"id": case_id, "now": now})


def to_destroy(closed_before: Ms, limit: int) -> Query:
    """Closed cases whose documents are to go."""
    return Query(_TO_DESTROY, {"closed_before": closed_before, "limit": limit})


def ids(found: Rows) -> list[Id]:
    """What `to_destroy` or a search read."""
    return [each[0] for each in found]


def destroy(case_id: Id, closed_before: Ms) -> Write:
    """Forget the key of a case's documents: what is kept of them anywhere opens no more. Misses
    where the case was opened again."""
    return Write(_DESTROY, {"id": case_id, "closed_before": closed_before})


@cache
def _find(terms: int) -> Statement:
    wanted = ", ".join(f":term{i}" for i in range(terms))
    return Statement(
        "case_terms.find",
        f"SELECT {COLUMNS} FROM case_terms t JOIN cases c ON c.id = t.case_id"  # noqa: S608
        f" WHERE t.term_key IN ({wanted}) ORDER BY t.case_id DESC LIMIT :limit",
    )


@cache
def _add_terms(terms: int) -> Statement:
    values = ", ".join(f"(:term{i}, :case_id)" for i in range(terms))
    return Statement(
        "case_terms.add",
        f"INSERT INTO case_terms (term_key, case_id) VALUES {values}"  # noqa: S608
        " ON CONFLICT (term_key, case_id) DO NOTHING",
    )


_FORGET_TERMS = Statement(
    "case_terms.forget",
    """
    DELETE FROM case_terms WHERE (term_key, case_id) IN (
        SELECT term_key, case_id FROM case_terms
        WHERE term_key >= :low AND term_key < :high LIMIT :limit)
    RETURNING case_id
    """,
)
_BY_REFERENCE = Statement(
    "cases.by_reference",
    f"SELECT {COLUMNS} FROM cases c WHERE c.reference = :reference LIMIT 5",  # noqa: S608
)


def add_terms(case_id: Id, terms: Iterable[bytes]) -> list[Write]:
    """By what a case is found; those that it has already stay."""
    keys = sorted(set(terms))
    if not keys:
        return []
    args: dict[str, Value] = {"case_id": case_id}
    args.update({f"term{i}": key for i, key in enumerate(keys)})
    return [Write(_add_terms(len(keys)), args, expect=None)]


def find(terms: Iterable[bytes], limit: int) -> Query:
    """The cases with one of these terms, newest first."""
    keys = sorted(set(terms))
    args: dict[str, Value] = {"limit": limit}
    args.update({f"term{i}": key for i, key in enumerate(keys)})
    return Query(_find(len(keys)), args)


def by_reference(reference: str) -> Query:
    """The case with that number, as people say it."""
    return Query(_BY_REFERENCE, {"reference": reference})


def forget_terms(key_version: int, limit: int) -> Write:
    """Remove what cases were found by under a retired index key, which begins it; for
    `Engine.take`."""
    low = bytes((key_version,))
    high = low + numbers.AFTER_ALL
    return Write(_FORGET_TERMS, {"low": low, "high": high, "limit": limit}, expect=None)
