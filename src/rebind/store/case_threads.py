"""What is said in a case and what is sent with it: messages, documents, decisions.

Words rest sealed; a redacted message keeps its row and loses its words. Of a document the row says
what it is and what was found; the document itself lies elsewhere, under the key of the case.
"""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Value, Write

_SAY = Statement(
    "case_messages.say",
    """
    INSERT INTO case_messages (case_id, id, side, author, manner, body_sealed, at, redacted_at)
    VALUES (:case_id, :id, :side, :author, :manner, :body_sealed, :at, NULL)
    """,
)
_SAID = Statement(
    "case_messages.of_case",
    """
    SELECT id, side, author, manner, body_sealed, at, redacted_at FROM case_messages
    WHERE case_id = :case_id ORDER BY at, id LIMIT :limit
    """,
)
_ONE = Statement(
    "case_messages.one",
    """
    SELECT id, side, author, manner, body_sealed, at, redacted_at FROM case_messages
    WHERE case_id = :case_id AND id = :id
    """,
)
_REDACT = Statement(
    "case_messages.redact",
    """
    UPDATE case_messages SET body_sealed = :body_sealed, redacted_at = :now
    WHERE case_id = :case_id AND id = :id AND redacted_at IS NULL
    """,
)
_ADD_DOCUMENT = Statement(
    "case_documents.add",
    """
    INSERT INTO case_documents (case_id, id, kind, media, pages, size, findings, scanned, blob,
        added_by, added_at, destroyed_at, verdict, fact, checked_by, checked_at)
    VALUES (:case_id, :id, :kind, :media, :pages, :size, :findings, :scanned, :blob,
        :added_by, :added_at, NULL, NULL, NULL, NULL, NULL)
    """,
)
_DOCUMENTS = Statement(
    "case_documents.of_case",
    """
    SELECT id, kind, media, pages, size, findings, scanned, blob, added_by, added_at, destroyed_at,
        verdict, fact, checked_by, checked_at
    FROM case_documents WHERE case_id = :case_id ORDER BY id
    """,
)
_CHECK = Statement(
    "case_documents.check",
    """
    UPDATE case_documents SET verdict = :verdict, fact = :fact, checked_by = :login,
        checked_at = :now
    WHERE case_id = :case_id AND id = :id AND destroyed_at IS NULL
    """,
)
_DESTROYED = Statement(
    "case_documents.destroyed",
    """
    UPDATE case_documents SET blob = NULL, destroyed_at = :now
    WHERE case_id = :case_id AND destroyed_at IS NULL
    """,
)
_DECIDE = Statement(
    "case_decisions.decide",
    """
    INSERT INTO case_decisions (case_id, round, step, verdict, reason, operator, at)
    VALUES (:case_id, :round, :step, :verdict, :reason, :operator, :at)
    """,
)
_WITHDRAW = Statement(
    "case_decisions.withdraw",
    "DELETE FROM case_decisions WHERE case_id = :case_id AND round = :round AND step = 1",
)
_DECISIONS = Statement(
    "case_decisions.of_case",
    """
    SELECT round, step, verdict, reason, operator, at FROM case_decisions
    WHERE case_id = :case_id ORDER BY round, step
    """,
)

_APPROVED_AND_STOPPED = Statement(
    "case_decisions.approved_and_stopped",
    """
    SELECT DISTINCT c.kind, d.operator FROM cases c JOIN case_decisions d ON d.case_id = c.id
    WHERE c.account_id = :account_id AND d.verdict = 'for' AND EXISTS (
        SELECT 1 FROM cases s
        WHERE s.account_id = :account_id AND s.kind IN ('contested', 'frozen'))
    """,
)


class MessageRow(msgspec.Struct, frozen=True):
    """One message, its words sealed. `manner`: how a letter came; empty for what was not one."""

    id: Id
    side: str
    author: str | None
    manner: str
    body_sealed: bytes
    at: Ms
    redacted_at: Ms | None


class DocumentRow(msgspec.Struct, frozen=True):
    """One document: what it is, what was found. `blob` is None once it is destroyed."""

    id: Id
    kind: str
    media: str
    pages: int
    size: int
    findings: str
    scanned: int
    blob: str | None
    added_by: str | None
    added_at: Ms
    destroyed_at: Ms | None
    verdict: str | None
    fact: str | None
    checked_by: str | None
    checked_at: Ms | None


class DecisionRow(msgspec.Struct, frozen=True):
    """What one operator decided: the first step proposes, the second confirms or refuses."""

    round: int
    step: int
    verdict: str
    reason: str
    operator: str
    at: Ms


def say(
    case_id: Id,
    message_id: Id,
    side: str,
    author: str | None,
    body_sealed: bytes,
    at: Ms,
    manner: str = "",
) -> Write:
    """One message. Misses where one with that id is there already: a letter that came twice."""
    return Write(
        _SAY,
        {
            "case_id": case_id,
            "id": message_id,
            "side": side,
            "author": author,
            "manner": manner,
            "body_sealed": body_sealed,
            "at": at,
        },
    )


def said(case_id: Id, limit: int) -> Query:
    """What was said, oldest first."""
    return Query(_SAID, {"case_id": case_id, "limit": limit})


def message(case_id: Id, message_id: Id) -> Query:
    """One message."""
    return Query(_ONE, {"case_id": case_id, "id": message_id})


def messages(rows: Rows) -> list[MessageRow]:
    """What those read."""
    return [MessageRow(*each) for each in rows]


def redact(case_id: Id, message_id: Id, body_sealed: bytes, now: Ms) -> Write:
    """Take the words of a message away. Misses where that was done."""
    return Write(
        _REDACT,
        {"case_id": case_id, "id": message_id, "body_sealed": body_sealed, "now": now},
    )


def add_document(case_id: Id, row: DocumentRow) -> Write:
    """A document that was taken in."""
    fields = msgspec.structs.asdict(row)
    wanted = ("id", "kind", "media", "pages", "size", "findings", "scanned", "blob", "added_by")
    args: dict[str, Value] = {name: fields[name] for name in wanted}
    return Write(_ADD_DOCUMENT, {**args, "case_id": case_id, "added_at": row.added_at})


def documents_of(case_id: Id) -> Query:
    """Every document of a case, also those that are destroyed."""
    return Query(_DOCUMENTS, {"case_id": case_id})


def documents(rows: Rows) -> list[DocumentRow]:
    """What that read."""
    return [DocumentRow(*each) for each in rows]


def check(
    case_id: Id, document_id: Id, verdict: str, fact: str | None, login: str, now: Ms
) -> Write:
    """What somebody found who looked at it: all that remains of a document in the end. Misses
    where it is destroyed."""
    return Write(
        _CHECK,
        {
            "case_id": case_id,
            "id": document_id,
            "verdict": verdict,
            "fact": fact,
            "login": login,
            "now": now,
        },
    )


def destroyed(case_id: Id, now: Ms) -> Write:
    """Say of every document of a case that it is gone."""
    return Write(_DESTROYED, {"case_id": case_id, "now": now}, expect=None)


def decide(
    case_id: Id, round_: int, step: int, verdict: str, reason: str, operator: str, now: Ms
) -> Write:
    """A decision. Misses where somebody else made that step."""
    return Write(
        _DECIDE,
        {
            "case_id": case_id,
            "round": round_,
            "step": step,
            "verdict": verdict,
            "reason": reason,
            "operator": operator,
            "at": now,
        },
    )


def withdraw(case_id: Id, round_: int) -> Write:
    """Take a proposal away that was not confirmed. Misses where there is none."""
    return Write(_WITHDRAW, {"case_id": case_id, "round": round_})


def decisions_of(case_id: Id) -> Query:
    """Who decided what, oldest first."""
    return Query(_DECISIONS, {"case_id": case_id})


def approved_and_stopped(account_id: Id) -> Query:
    """Of an account of which a request was stopped or taken back by somebody with standing: who has
    proposed or confirmed an approval, as pairs of the kind of case and a login."""
    return Query(_APPROVED_AND_STOPPED, {"account_id": account_id})


def decisions(rows: Rows) -> list[DecisionRow]:
    """What that read."""
    return [DecisionRow(*each) for each in rows]


@cache
def _known_blobs(names: int) -> Statement:
    wanted = ", ".join(f":name{i}" for i in range(names))
    return Statement(
        "case_documents.known_blobs",
        f"SELECT blob FROM case_documents WHERE blob IN ({wanted})",  # noqa: S608
    )


def known_blobs(names: Sequence[str]) -> Query:
    """Which of these blobs belong to a document."""
    return Query(_known_blobs(len(names)), {f"name{i}": name for i, name in enumerate(names)})
