"""standing: requests that outlive their hour. Those that wait until everybody had time to object,
and those that are finished and can still be undone; and when time has to look at them again.

`due_at` is set while time has something to do, be it to tell of an end, `stands_until` while
somebody may object or undo: both have a partial index of their own, so that what is long over costs
nothing. The rows are those of `requests.py`, its neighbour.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_BEGIN_WAITING = Statement(
    "requests.begin_waiting",
    """
    INSERT INTO requests (id, kind, account_id, number_version, owner_hash, number_key,
        number_sealed, region, begun_at, expires_at, first_proof_at, policy_row, version,
        wait_until, due_at, stands_until)
    VALUES (:id, :kind, :account_id, :number_version, :owner_hash, :number_key, :number_sealed,
        :region, :now, :wait_until, :now, :policy_row, 1, :wait_until, :due_at, :wait_until)
    """,
)
_WAIT = Statement(
    "requests.wait",
    """
    UPDATE requests SET version = version + 1, first_proof_at = COALESCE(first_proof_at, :now),
        wait_until = :wait_until, ready_at = NULL, policy_row = :policy_row, due_at = :due_at,
        expires_at = :expires_at, stands_until = :expires_at
    WHERE id = :id AND version = :version AND ended_at IS NULL
    """,
)
_RIPEN = Statement(
    "requests.ripen",
    """
    UPDATE requests SET version = version + 1, ready_at = :now, due_at = :expires_at,
        expires_at = :expires_at, stands_until = :expires_at
    WHERE id = :id AND version = :version AND ended_at IS NULL
    """,
)
_LOOK_AGAIN = Statement(
    "requests.look_again",
    """
    UPDATE requests SET version = version + 1, due_at = :due_at
    WHERE id = :id AND version = :version
    """,
)
_REST = Statement(
    "requests.rest",
    """
    UPDATE requests SET version = version + 1, due_at = NULL, stands_until = NULL
    WHERE id = :id AND version = :version
    """,
)
_DUE = Statement(
    "requests.due",
    "SELECT id, version FROM requests WHERE due_at <= :now ORDER BY due_at, id LIMIT :limit",
)
_END_WAITING = Statement(
    "requests.end_waiting",
    """
    UPDATE requests SET version = version + 1, ended_at = :now, ended_as = :ended_as, due_at = :now,
        stands_until = NULL
    WHERE account_id = :account_id AND stands_until IS NOT NULL AND ended_at IS NULL AND id <> :kept
    """,
)
_HAND_OVER = Statement(
    "requests.hand_over",
    """
    UPDATE requests SET version = version + 1, owner_hash = :owner_hash,
        session_id = :session_id, device_id = :device_id,
        begun_session_id = COALESCE(begun_session_id, session_id),
        begun_device_id = CASE WHEN begun_session_id IS NULL THEN device_id
            ELSE begun_device_id END
    WHERE id = :id AND version = :version AND ended_at IS NULL AND wait_until IS NOT NULL
    """,
)
_END_OF_SESSION = Statement(
    "requests.end_of_session",
    """
    UPDATE requests SET version = version + 1, ended_at = :now, ended_as = 'cancelled',
        due_at = :now, stands_until = NULL
    WHERE account_id = :account_id AND stands_until IS NOT NULL AND ended_at IS NULL
      AND (session_id = :session_id OR (begun_session_id = :begun_in AND session_id <> :kept))
    """,
)
_END_OF_OTHER_SESSIONS = Statement(
    "requests.end_of_other_sessions",
    """
    UPDATE requests SET version = version + 1, ended_at = :now, ended_as = 'cancelled',
        due_at = :now, stands_until = NULL
    WHERE account_id = :account_id AND stands_until IS NOT NULL AND ended_at IS NULL
      AND session_id <> :session_id
    """,
)
_LET_STAND_NO_MORE = Statement(
    "requests.let_stand_no_more",
    """
    UPDATE requests SET version = version + 1, stands_until = NULL, due_at = NULL
    WHERE account_id = :account_id AND stands_until IS NOT NULL AND ended_at IS NOT NULL
      AND number_version >= :number_version AND id <> :kept
    """,
)
_OF_ACCOUNT = Statement(
    "requests.standing",
    """
    SELECT id, kind, number_sealed, session_id, wait_until, ready_at, expires_at, ended_at,
        ended_as, policy_row, number_version, case_id, contested
    FROM requests WHERE account_id = :account_id AND stands_until > :now
    ORDER BY id DESC LIMIT :limit
    """,
)


class Standing(msgspec.Struct, frozen=True):
    """A request that waits, or that can still be undone."""

    id: Id
    kind: str
    number_sealed: bytes
    session_id: Id | None
    wait_until: Ms | None
    ready_at: Ms | None
    expires_at: Ms
    ended_at: Ms | None
    ended_as: str | None
    policy_row: str | None
    number_version: int
    case_id: Id | None
    contested: int | None

    @property
    def by_support(self) -> bool:
        """Whether it comes from a case, or was decided in one: that case's link alone leads on with
        it. A code to a mailbox would else stop by hand what its message stops no more."""
        return self.case_id is not None or self.contested is not None


def begin_waiting(
    request_id: Id,
    kind: str,
    account_id: Id,
    number_version: int,
    owner_hash: bytes,
    number_key: bytes,
    number_sealed: bytes,
    region: str,
    policy_row: str,
    wait_until: Ms,
    due_at: Ms,
    now: Ms,
) -> Write:
    """A request that waits from its first moment. It is nobody's session's: it outlives the one in
    which it was begun."""
    return Write(
        _BEGIN_WAITING,
        {
            "id": request_id,
            "kind": kind,
            "account_id": account_id,
            "number_version": number_version,
            "owner_hash": owner_hash,
            "number_key": number_key,
            "number_sealed": number_sealed,
            "region": region,
            "policy_row": policy_row,
            "wait_until": wait_until,
            "due_at": due_at,
            "now": now,
        },
    )


def wait(
    request_id: Id,
    version: int,
    policy_row: str,
    wait_until: Ms,
    due_at: Ms,
    expires_at: Ms,
    now: Ms,
) -> Write:
    """Enough was proved: everybody has time to object until `wait_until`. Misses where the request
    moved since it was read."""
    return Write(
        _WAIT,
        {
            "id": request_id,
            "version": version,
            "policy_row": policy_row,
            "wait_until": wait_until,
            "due_at": due_at,
            "expires_at": expires_at,
            "now": now,
        },
    )


def ripen(request_id: Id, version: int, expires_at: Ms, now: Ms) -> Write:
    """The wait is over; a fresh code may be answered until `expires_at`. Misses where the request
    moved since it was read."""
    return Write(
        _RIPEN, {"id": request_id, "version": version, "expires_at": expires_at, "now": now}
    )


def look_again(request_id: Id, version: int, due_at: Ms | None) -> Write:
    """When time looks at the request again; None: never. Misses where it moved since it was read,
    so that of two workers one does what is due."""
    return Write(_LOOK_AGAIN, {"id": request_id, "version": version, "due_at": due_at})


def rest(request_id: Id, version: int) -> Write:
    """Nothing is left to do, to stop or to take back. Misses where it moved since it was read."""
    return Write(_REST, {"id": request_id, "version": version})


def due(now: Ms, limit: int) -> Query:
    """The requests that time has something to do with, the longest due first."""
    return Query(_DUE, {"now": now, "limit": limit})


def due_rows(rows: Rows) -> list[tuple[Id, int]]:
    """What `due` read: the id and the version of each."""
    return [(row[0], row[1]) for row in rows]


def end_waiting(account_id: Id, kept: Id, ended_as: str, now: Ms) -> Write:
    """End every waiting request of the account but one. Time looks at each at once, and tells whom
    it concerns: that it must is kept in the same batch as the end."""
    return Write(
        _END_WAITING,
        {"account_id": account_id, "kept": kept, "ended_as": ended_as, "now": now},
        expect=None,
    )


def hand_over(
    request_id: Id,
    version: int,
    owner_hash: bytes,
    device_id: Id | None,
    session_id: Id | None = None,
) -> Write:
    """Let another browser or app go on with a request that waits; where it was begun is kept.
    `device_id`: of whoever goes on, where they show the key of a device; `session_id`: the session
    in which they do. Misses where it moved since it was read."""
    return Write(
        _HAND_OVER,
        {
            "id": request_id,
            "version": version,
            "owner_hash": owner_hash,
            "device_id": device_id,
            "session_id": session_id,
        },
    )


def end_of_session(
    account_id: Id, session_id: Id, now: Ms, begun_in: Id = b"", kept: Id = b""
) -> Write:
    """End what waits in a session: it dies with it. And what was begun in the session `begun_in`
    and goes on in another one, but for the one that is `kept`. Time tells of it, as there."""
    return Write(
        _END_OF_SESSION,
        {
            "account_id": account_id,
            "session_id": session_id,
            "begun_in": begun_in,
            "kept": kept,
            "now": now,
        },
        expect=None,
    )


def end_of_other_sessions(account_id: Id, session_id: Id, now: Ms) -> Write:
    """The same for every session but one."""
    return Write(
        _END_OF_OTHER_SESSIONS,
        {"account_id": account_id, "session_id": session_id, "now": now},
        expect=None,
    )


def let_stand_no_more(account_id: Id, number_version: int, kept: Id) -> Write:
    """What was finished on that binding or a later one cannot be undone any more, and nobody is
    reminded of it: it was taken back as a whole."""
    return Write(
        _LET_STAND_NO_MORE,
        {"account_id": account_id, "number_version": number_version, "kept": kept},
        expect=None,
    )


def of_account(account_id: Id, now: Ms, limit: int) -> Query:
    """What stands on an account, newest first."""
    return Query(_OF_ACCOUNT, {"account_id": account_id, "now": now, "limit": limit})


def rows(found: Rows) -> list[Standing]:
    """What `of_account` read."""
    return [Standing(*each) for each in found]
