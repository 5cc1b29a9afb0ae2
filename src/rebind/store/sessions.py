"""sessions: who is signed in, on which device, at which level.

The primary key begins with the account, and the token carries both ids, so that one keyed read
finds the session together with its account, live binding and device. A session is of one binding:
a change of number leaves behind every session that was opened under the old one, even one that was
being opened at the same moment. Only a hash of the token
rests here (invariant 13); network addresses and device names rest sealed.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_OPEN = Statement(
    "sessions.open",
    """
    INSERT INTO sessions (account_id, id, token_hash, device_id, number_version, level, opened_at,
        expires_at, seen_at, ended_at, ended_why, address_sealed, agent_sealed, opened_by, proofs)
    VALUES (:account_id, :id, :token_hash, :device_id, :number_version, :level, :opened_at,
        :expires_at, :opened_at, NULL, NULL, :address_sealed, :agent_sealed, :opened_by, :proofs)
    """,
)
_BY_TOKEN = Statement(
    "sessions.by_token",
    """
    SELECT s.id, s.device_id, s.level, s.opened_at, s.expires_at, s.seen_at, s.ended_at,
        s.opened_by, s.proofs,
        a.id, a.state, a.locale, a.enrolled_at, a.number_version, a.number_changed_at,
        a.version, a.sms_off_at,
        b.number_sealed, b.number_key, b.region, b.bound_at, b.confirmed_at,
        d.full_since, d.enrolled, d.reported_at, d.wrong_in_row
    FROM sessions s
    JOIN accounts a ON a.id = s.account_id
    JOIN bindings b ON b.account_id = a.id AND b.version = a.number_version
    LEFT JOIN devices d ON d.account_id = s.account_id AND d.device_id = s.device_id
    WHERE s.account_id = :account_id AND s.id = :id AND s.token_hash = :token_hash
      AND s.number_version = a.number_version
    """,
)
_SEEN = Statement(
    "sessions.seen",
    """
    UPDATE sessions SET seen_at = :now, expires_at = :expires_at
    WHERE account_id = :account_id AND id = :id AND ended_at IS NULL AND expires_at > :now
    """,
)
_STAYS = Statement(
    "sessions.stays",
    """
    UPDATE sessions SET seen_at = :now, number_version = :number_version
    WHERE account_id = :account_id AND id = :id AND ended_at IS NULL AND expires_at > :now
    """,
)
_LIVE = Statement(
    "sessions.live",
    """
    SELECT id, device_id, level, opened_at, expires_at, seen_at, address_sealed, agent_sealed,
        opened_by, proofs
    FROM sessions
    WHERE account_id = :account_id AND number_version = :number_version AND ended_at IS NULL
      AND expires_at > :now
    ORDER BY id DESC LIMIT :limit
    """,
)
_LATEST = Statement(
    "sessions.latest",
    """
    SELECT id, device_id, level, opened_at, expires_at, seen_at, address_sealed, agent_sealed,
        opened_by, proofs
    FROM sessions WHERE account_id = :account_id ORDER BY id DESC LIMIT :limit
    """,
)
_END = Statement(
    "sessions.end",
    """
    UPDATE sessions SET ended_at = :now, ended_why = :why
    WHERE account_id = :account_id AND id = :id AND ended_at IS NULL AND expires_at > :now
    """,
)
_END_ALL = Statement(
    "sessions.end_all",
    """
    UPDATE sessions SET ended_at = :now, ended_why = :why
    WHERE account_id = :account_id AND ended_at IS NULL
    """,
)
_END_OTHERS = Statement(
    "sessions.end_others",
    """
    UPDATE sessions SET ended_at = :now, ended_why = :why
    WHERE account_id = :account_id AND id <> :kept AND ended_at IS NULL
    """,
)


_ANY_LIVE = Statement(
    "sessions.any_live",
    """
    SELECT account_id FROM sessions
    WHERE account_id = :account_id AND ended_at IS NULL AND expires_at > :now LIMIT 1
    """,
)
_ACCOUNTS_WITH_ANY = Statement(
    "sessions.accounts_with_any",
    """
    SELECT DISTINCT account_id FROM sessions
    WHERE account_id > :after AND ended_at IS NULL AND expires_at > :now
    ORDER BY account_id LIMIT :limit
    """,
)


class SessionRow(msgspec.Struct, frozen=True):
    """A session with its account, live binding and device, in the order of the SELECT."""

    id: Id
    device_id: Id
    level: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    ended_at: Ms | None
    opened_by: str | None
    proofs: str | None
    account_id: Id
    state: str
    locale: str
    enrolled_at: Ms
    number_version: int
    number_changed_at: Ms | None
    account_version: int
    sms_off_at: Ms | None
    number_sealed: bytes
    number_key: bytes
    region: str
    bound_at: Ms
    confirmed_at: Ms
    device_full_since: Ms | None
    device_enrolled: int | None
    device_reported_at: Ms | None
    device_wrong_in_row: int | None


class LiveSession(msgspec.Struct, frozen=True):
    """One line of the list of sessions."""

    id: Id
    device_id: Id
    level: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address_sealed: bytes
    agent_sealed: bytes
    opened_by: str | None
    proofs: str | None


def by_token(account_id: Id, session_id: Id, token_hash: bytes) -> Query:
    """The session of a token, dead ones included: whether it lives is a comparison of the flow."""
    return Query(_BY_TOKEN, {"account_id": account_id, "id": session_id, "token_hash": token_hash})


def row(rows: Rows) -> SessionRow | None:
    """What `by_token` read."""
    return SessionRow(*rows[0]) if rows else None


def open_session(
    account_id: Id,
    session_id: Id,
    token_hash: bytes,
    device_id: Id,
    number_version: int,
    level: str,
    now: Ms,
    expires_at: Ms,
    address_sealed: bytes,
    agent_sealed: bytes,
    opened_by: str,
    proofs: str,
) -> Write:
    """A new session. `opened_by` is the row of the policy, `proofs` what was proved for it,
    separated by spaces."""
    return Write(
        _OPEN,
        {
            "account_id": account_id,
            "id": session_id,
            "token_hash": token_hash,
            "device_id": device_id,
            "number_version": number_version,
            "level": level,
            "opened_at": now,
            "expires_at": expires_at,
            "address_sealed": address_sealed,
            "agent_sealed": agent_sealed,
            "opened_by": opened_by,
            "proofs": proofs,
        },
    )


def seen(account_id: Id, session_id: Id, expires_at: Ms, now: Ms) -> Write:
    """Note an interactive request; the session lives until `expires_at` from then on. One that has
    run out in the meantime stays so."""
    return Write(
        _SEEN,
        {"account_id": account_id, "id": session_id, "expires_at": expires_at, "now": now},
        expect=None,
    )


def stays(account_id: Id, session_id: Id, number_version: int, now: Ms) -> Write:
    """The one session that outlives a change of number: it is of the new binding now. Misses where
    it does not live any more: what it began dies with it, up to the last moment."""
    return Write(
        _STAYS,
        {
            "account_id": account_id,
            "id": session_id,
            "number_version": number_version,
            "now": now,
        },
    )


def live(account_id: Id, number_version: int, now: Ms, limit: int) -> Query:
    """The live sessions of an account under its live binding, newest first."""
    return Query(
        _LIVE,
        {
            "account_id": account_id,
            "number_version": number_version,
            "now": now,
            "limit": limit,
        },
    )


def latest(account_id: Id, limit: int) -> Query:
    """The newest sessions of an account, ended or not."""
    return Query(_LATEST, {"account_id": account_id, "limit": limit})


def live_rows(rows: Rows) -> list[LiveSession]:
    """What `live` read."""
    return [LiveSession(*each) for each in rows]


def end(account_id: Id, session_id: Id, why: str, now: Ms) -> Write:
    """End one live session. Misses where it does not live or is another account's."""
    return Write(_END, {"account_id": account_id, "id": session_id, "why": why, "now": now})


def any_live(account_id: Id, now: Ms) -> Query:
    """Whether the account has a live session."""
    return Query(_ANY_LIVE, {"account_id": account_id, "now": now})


def accounts_with_any(after: Id, now: Ms, limit: int) -> Query:
    """Accounts with live sessions behind the one that is named, in the order of their ids. For an
    administrator only: it reads past every session in between."""
    return Query(_ACCOUNTS_WITH_ANY, {"after": after, "now": now, "limit": limit})


def account_ids(rows: Rows) -> list[Id]:
    """What these two read."""
    return [each[0] for each in rows]


def end_all(account_id: Id, why: str, now: Ms) -> Write:
    """End every session of the account."""
    return Write(_END_ALL, {"account_id": account_id, "why": why, "now": now}, expect=None)


def end_others(account_id: Id, kept: Id, why: str, now: Ms) -> Write:
    """End all sessions of the account but one."""
    return Write(
        _END_OTHERS, {"account_id": account_id, "kept": kept, "why": why, "now": now}, expect=None
    )
