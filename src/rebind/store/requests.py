"""requests and their evidence: one journey on its way, read whole in one go.

For an unknown number `account_id` is a stand-in that no account has, so that known and unknown
numbers cost the same reads and writes (invariant 8). `owner_hash` is the hash of the token that may
go on with the request: the session's, or the one given once when it was begun without a session.
"""

from collections.abc import Sequence
from functools import cache

import msgspec

from rebind.domain.evidence import Evidence, Factor, Proof
from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Value, Write

_BEGIN = Statement(
    "requests.begin",
    """
    INSERT INTO requests (id, kind, account_id, number_version, session_id, device_id, owner_hash,
        number_key, number_sealed, region, begun_at, expires_at, first_proof_at, ended_at,
        ended_as, policy_row, version, wait_until, ready_at, due_at, stands_until, about_id,
        purpose, spent_at, aimed_at, case_id, contested, begun_session_id, begun_device_id)
    VALUES (:id, :kind, :account_id, :number_version, :session_id, :device_id, :owner_hash,
        :number_key, :number_sealed, :region, :begun_at, :expires_at, NULL, NULL, NULL, NULL, 1,
        NULL, NULL, :due_at, NULL, :about_id, :purpose, NULL, NULL, :case_id, :contested,
        :begun_session_id, :begun_device_id)
    """,
)
_WHOLE = """
    SELECT r.id, r.kind, r.account_id, r.number_version, r.session_id, r.device_id, r.number_key,
        r.number_sealed, r.region, r.begun_at, r.expires_at, r.first_proof_at, r.ended_at,
        r.ended_as, r.policy_row, r.version, r.wait_until, r.ready_at, r.due_at, r.stands_until,
        r.purpose, r.spent_at, r.owner_hash, r.aimed_at, r.case_id, r.contested,
        n.account_id, n.held_until, n.number_version,
        a.id, a.state, a.locale, a.enrolled_at, a.number_version, a.number_changed_at,
        a.probation_since, a.locked_at, a.lock_earlier_than, a.frozen_at, a.version, a.sms_off_at,
        b.number_sealed, b.number_key, b.region, b.bound_at, b.confirmed_at,
        d.full_since, d.enrolled, d.reported_at, d.wrong_in_row,
        s.level, s.opened_at, s.expires_at, s.ended_at,
        u.begun_at, u.ended_at, u.policy_row, u.contested, u.number_version, t.device_id,
        o.number_sealed, o.number_key, o.region, o.bound_at, o.confirmed_at,
        CASE WHEN r.kind = 'recover' THEN (
            SELECT MAX(f.seen_at) FROM sessions f
            WHERE f.account_id = r.account_id AND f.level = 'full') END,
        k.reference, k.kind, k.locale, k.contact_sealed, k.claimed_sealed,
        r.begun_session_id, r.begun_device_id, z.opened_at,
        e.full_since, e.enrolled, e.reported_at, e.wrong_in_row
    FROM requests r
    LEFT JOIN requests u ON u.id = r.about_id
    LEFT JOIN sessions t ON t.account_id = u.account_id AND t.id = u.session_id
    LEFT JOIN bindings o ON o.account_id = u.account_id AND o.version = u.number_version
    LEFT JOIN numbers n ON n.number_key = COALESCE(o.number_key, r.number_key)
    LEFT JOIN accounts a ON a.id = r.account_id
    LEFT JOIN bindings b ON b.account_id = a.id AND b.version = a.number_version
    LEFT JOIN devices d ON d.account_id = r.account_id AND d.device_id = r.device_id
    LEFT JOIN sessions s ON s.account_id = r.account_id AND s.id = r.session_id
    LEFT JOIN cases k ON k.id = r.case_id
    LEFT JOIN sessions z ON z.account_id = r.account_id AND z.id = r.begun_session_id
    LEFT JOIN devices e ON e.account_id = r.account_id AND e.device_id = r.begun_device_id
    WHERE r.id = :id"""
_BY_ID = Statement("requests.by_id", f"{_WHOLE} AND r.owner_hash = :owner_hash")
_OF_ANYBODY = Statement("requests.of_anybody", _WHOLE)
_ADVANCE = Statement(
    "requests.advance",
    """
    UPDATE requests SET version = version + 1, first_proof_at = COALESCE(first_proof_at, :now)
    WHERE id = :id AND version = :version AND ended_at IS NULL AND expires_at > :now
    """,
)
_END = Statement(
    "requests.end",
    """
    UPDATE requests SET version = version + 1, ended_at = :now, ended_as = :ended_as,
        policy_row = :policy_row, due_at = :due_at, stands_until = :stands_until
    WHERE id = :id AND version = :version AND ended_at IS NULL
    """,
)
_AIM = Statement(
    "requests.aim",
    """
    UPDATE requests SET version = version + 1, number_key = :number_key,
        number_sealed = :number_sealed, region = :region, aimed_at = :now
    WHERE id = :id AND version = :version AND ended_at IS NULL AND wait_until IS NULL
      AND expires_at > :now
    """,
)
_NAME = Statement(
    "requests.name",
    """
    UPDATE requests SET account_id = :account_id, version = version + 1, number_version = (
        SELECT number_version FROM accounts WHERE id = :account_id)
    WHERE id = :id AND owner_hash = :owner_hash AND kind = 'sign_in' AND number_version = 0
      AND number_key = :nothing
      AND first_proof_at IS NULL AND ended_at IS NULL
      AND EXISTS (SELECT 1 FROM accounts WHERE id = :account_id)
    """,
)
_SPEND = Statement(
    "requests.spend",
    """
    UPDATE requests SET spent_at = :now
    WHERE id = :id AND kind = 'reauthenticate' AND ended_as = 'done' AND spent_at IS NULL
      AND ended_at > :done_after
      AND EXISTS (
        SELECT 1 FROM sessions s
        WHERE s.account_id = requests.account_id AND s.id = requests.session_id
          AND s.ended_at IS NULL AND s.expires_at > :now)
    """,
)
_EVIDENCE_OF = Statement(
    "evidence.of_request",
    """
    SELECT proof, first_at, last_at, factor_set_at, factor_set_by FROM evidence
    WHERE request_id = :request_id
    """,
)


class RequestRow(msgspec.Struct, frozen=True):
    """A request with the rows it touches, in the order of the SELECT. What is missing is None.
    `undone_` is the request that an undo is about, with the device of the session that began it,
    whether or not that showed its key, and the binding that it ended. `seen_at` is read for a
    recovery only: when somebody was last there in a full session.
    `case_` is the case that it opens or comes from. `begun_` is where it was begun, once another
    session goes on with it: `session_` and `device_` are that one's then."""

    id: Id
    kind: str
    account_id: Id
    number_version: int
    session_id: Id | None
    device_id: Id | None
    number_key: bytes
    number_sealed: bytes
    region: str
    begun_at: Ms
    expires_at: Ms
    first_proof_at: Ms | None
    ended_at: Ms | None
    ended_as: str | None
    policy_row: str | None
    version: int
    wait_until: Ms | None
    ready_at: Ms | None
    due_at: Ms | None
    stands_until: Ms | None
    purpose: str | None
    spent_at: Ms | None
    owner_hash: bytes
    aimed_at: Ms | None
    case_id: Id | None
    contested: int | None
    holder: Id | None
    held_until: Ms | None
    held_version: int | None
    account: Id | None
    account_state: str | None
    account_locale: str | None
    enrolled_at: Ms | None
    account_number_version: int | None
    number_changed_at: Ms | None
    probation_since: Ms | None
    locked_at: Ms | None
    lock_earlier_than: Ms | None
    frozen_at: Ms | None
    account_version: int | None
    sms_off_at: Ms | None
    current_sealed: bytes | None
    current_key: bytes | None
    current_region: str | None
    current_bound_at: Ms | None
    confirmed_at: Ms | None
    device_full_since: Ms | None
    device_enrolled: int | None
    device_reported_at: Ms | None
    device_wrong_in_row: int | None
    session_level: str | None
    session_opened_at: Ms | None
    session_expires_at: Ms | None
    session_ended_at: Ms | None
    undone_begun_at: Ms | None
    undone_ended_at: Ms | None
    undone_row: str | None
    undone_contested: int | None
    undone_version: int | None
    undone_device_id: Id | None
    undone_sealed: bytes | None
    undone_key: bytes | None
    undone_region: str | None
    undone_bound_at: Ms | None
    undone_confirmed_at: Ms | None
    seen_at: Ms | None
    case_reference: str | None
    case_kind: str | None
    case_locale: str | None
    case_contact: bytes | None
    case_claimed: bytes | None
    begun_session_id: Id | None
    begun_device_id: Id | None
    begun_opened_at: Ms | None
    begun_full_since: Ms | None
    begun_enrolled: int | None
    begun_reported_at: Ms | None
    begun_wrong_in_row: int | None


def begin(
    request_id: Id,
    kind: str,
    account_id: Id,
    number_version: int,
    session_id: Id | None,
    device_id: Id | None,
    owner_hash: bytes,
    number_key: bytes,
    number_sealed: bytes,
    region: str,
    now: Ms,
    expires_at: Ms,
    about_id: Id | None = None,
    purpose: str | None = None,
    case_id: Id | None = None,
    *,
    contested: bool = False,
    due_at: Ms | None = None,
    begun_in: tuple[Id | None, Id | None] = (None, None),
) -> Write:
    """A new request. `number_version` is the binding that it was based on; `about_id` the request
    that an undo is about, `purpose` what a re-authentication is for; `case_id` the case that it
    opens or comes from, `contested` whether a supervisor has heard both sides of it there;
    `due_at` when time is to look at it; `begun_in` the session and the device in which it was
    begun, where those are others."""
    return Write(
        _BEGIN,
        {
            "id": request_id,
            "kind": kind,
            "account_id": account_id,
            "number_version": number_version,
            "session_id": session_id,
            "device_id": device_id,
            "owner_hash": owner_hash,
            "number_key": number_key,
            "number_sealed": number_sealed,
            "region": region,
            "begun_at": now,
            "expires_at": expires_at,
            "about_id": about_id,
            "purpose": purpose,
            "case_id": case_id,
            "contested": 1 if contested else None,
            "due_at": due_at,
            "begun_session_id": begun_in[0],
            "begun_device_id": begun_in[1],
        },
    )


def by_id(request_id: Id, owner_hash: bytes) -> Query:
    """The request, for its owner only."""
    return Query(_BY_ID, {"id": request_id, "owner_hash": owner_hash})


def of_anybody(request_id: Id) -> Query:
    """The request, whoever asks: for time, for links from notices, for other sessions."""
    return Query(_OF_ANYBODY, {"id": request_id})


def row(rows: Rows) -> RequestRow | None:
    """What `by_id` read."""
    return RequestRow(*rows[0]) if rows else None


def advance(request_id: Id, version: int, now: Ms) -> Write:
    """A proof was accepted; the request stays open. Misses where it moved since it was read."""
    return Write(_ADVANCE, {"id": request_id, "version": version, "now": now})


def end(
    request_id: Id,
    version: int,
    ended_as: str,
    policy_row: str | None,
    now: Ms,
    due_at: Ms | None = None,
    stands_until: Ms | None = None,
) -> Write:
    """End the request. `stands_until`: it can be undone till then; `due_at`: when time looks at it
    again. Misses where it moved since it was read."""
    return Write(
        _END,
        {
            "id": request_id,
            "version": version,
            "ended_as": ended_as,
            "policy_row": policy_row,
            "now": now,
            "due_at": due_at,
            "stands_until": stands_until,
        },
    )


def aim(
    request_id: Id, version: int, number_key: bytes, number_sealed: bytes, region: str, now: Ms
) -> Write:
    """Say which number a recovery is to lead to. Misses where the request moved since it was
    read."""
    return Write(
        _AIM,
        {
            "id": request_id,
            "version": version,
            "number_key": number_key,
            "number_sealed": number_sealed,
            "region": region,
            "now": now,
        },
    )


def name(request_id: Id, owner_hash: bytes, account_id: Id) -> Write:
    """Whose passkey was shown, in a sign-in that was begun without a name; nothing where that
    account is not there. One that was begun with a name stays that name's: else one's own passkey
    would tell whether a number is anybody's."""
    return Write(
        _NAME,
        {
            "id": request_id,
            "owner_hash": owner_hash,
            "account_id": account_id,
            "nothing": b"",
        },
        expect=None,
    )


def spend(request_id: Id, done_after: Ms, now: Ms) -> Write:
    """Use up a re-authentication that was done after that moment. Misses where it was used, or its
    session ended in the meantime."""
    return Write(_SPEND, {"id": request_id, "done_after": done_after, "now": now})


@cache
def _add_evidence(items: int) -> Statement:
    values = ", ".join(
        f"(:request_id, :proof{i}, :first_at{i}, :last_at{i}, :set_at{i}, :set_by{i})"
        for i in range(items)
    )
    return Statement(
        "evidence.add",
        "INSERT INTO evidence (request_id, proof, first_at, last_at, factor_set_at, factor_set_by)"  # noqa: S608
        f" VALUES {values}"
        " ON CONFLICT (request_id, proof) DO UPDATE SET last_at = excluded.last_at,"
        " factor_set_at = excluded.factor_set_at, factor_set_by = excluded.factor_set_by,"
        " first_at = CASE WHEN COALESCE(evidence.factor_set_at, -1)"
        " = COALESCE(excluded.factor_set_at, -1) THEN evidence.first_at ELSE excluded.first_at END",
    )


def add_evidence(request_id: Id, items: Sequence[Evidence]) -> Write:
    """Keep accepted proofs; `first_at` of a proof given again stays, if by the same factor."""
    args: dict[str, Value] = {"request_id": request_id}
    for i, item in enumerate(items):
        args[f"proof{i}"] = item.proof.value
        args[f"first_at{i}"] = item.first_at
        args[f"last_at{i}"] = item.last_at
        args[f"set_at{i}"] = item.factor.set_at if item.factor else None
        args[f"set_by{i}"] = _proofs_text(item.factor.set_by) if item.factor else None
    return Write(_add_evidence(len(items)), args, expect=len(items))


def evidence_of(request_id: Id) -> Query:
    """The proofs that a request has collected."""
    return Query(_EVIDENCE_OF, {"request_id": request_id})


def evidence(rows: Rows) -> tuple[Evidence, ...]:
    """What `evidence_of` read."""
    found = []
    for proof, first_at, last_at, set_at, set_by in rows:
        kind = Proof(proof)
        factor = Factor(kind, set_at, proofs(set_by)) if set_at is not None else None
        found.append(Evidence(kind, first_at, last_at, factor))
    return tuple(found)


def proofs(text: str) -> frozenset[Proof]:
    """The proofs that a stored text names."""
    return frozenset(Proof(word) for word in text.split())


def _proofs_text(found: frozenset[Proof]) -> str:
    return " ".join(sorted(found))
