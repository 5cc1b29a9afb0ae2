"""operator_sessions: who is signed in to the console.

The token carries login and id, so that one keyed read finds the session together with its person. A
session's id is that of the offer by which it was opened, so that no offer opens two. Only a hash of
the token rests here; network addresses and names of browsers rest sealed. Neighbour: `sessions.py`
keeps those of accounts.
"""

import msgspec

from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_OPEN = Statement(
    "operator_sessions.open",
    """
    INSERT INTO operator_sessions (login, id, token_hash, proofs, opened_at, expires_at, seen_at,
        ended_at, address_sealed, agent_sealed)
    VALUES (:login, :id, :token_hash, :proofs, :now, :expires_at, :now, NULL, :address_sealed,
        :agent_sealed)
    ON CONFLICT (login, id) DO NOTHING
    """,
)
_BY_TOKEN = Statement(
    "operator_sessions.by_token",
    """
    SELECT o.login, o.name_sealed, o.role, o.locale, o.created_by, o.created_at,
        s.id, s.opened_at, s.seen_at
    FROM operator_sessions s JOIN operators o ON o.login = s.login
    WHERE s.login = :login AND s.id = :id AND s.token_hash = :token_hash AND s.ended_at IS NULL
      AND s.expires_at > :now AND o.disabled_at IS NULL AND o.invite_hash IS NULL
    """,
)
_SEEN = Statement(
    "operator_sessions.seen",
    """
    UPDATE operator_sessions SET seen_at = :now, expires_at = :expires_at
    WHERE login = :login AND id = :id AND ended_at IS NULL AND expires_at > :now
    """,
)
_LIVE = Statement(
    "operator_sessions.live",
    """
    SELECT id, proofs, opened_at, expires_at, seen_at, address_sealed, agent_sealed
    FROM operator_sessions
    WHERE login = :login AND ended_at IS NULL AND expires_at > :now ORDER BY id DESC LIMIT :limit
    """,
)
_END = Statement(
    "operator_sessions.end",
    """
    UPDATE operator_sessions SET ended_at = :now
    WHERE login = :login AND id = :id AND ended_at IS NULL AND expires_at > :now
    """,
)
_LEAVE = Statement(
    "operator_sessions.leave",
    """
    UPDATE operator_sessions SET ended_at = :now
    WHERE login = :login AND id = :id AND token_hash = :token_hash AND ended_at IS NULL
    """,
)
_END_ALL = Statement(
    "operator_sessions.end_all",
    """
    UPDATE operator_sessions SET ended_at = :now
    WHERE login = :login AND id <> :kept AND ended_at IS NULL
    """,
)

NONE: Id = bytes(16)
"""The id of no session."""


class SessionRow(msgspec.Struct, frozen=True):
    """A live session with its person, in the order of the SELECT."""

    login: str
    name_sealed: bytes
    role: str
    locale: str
    created_by: str | None
    created_at: Ms
    id: Id
    opened_at: Ms
    seen_at: Ms


class LiveSession(msgspec.Struct, frozen=True):
    """One line of the list."""

    id: Id
    proofs: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address_sealed: bytes
    agent_sealed: bytes


def open_session(
    login: str,
    session_id: Id,
    token_hash: bytes,
    proofs: str,
    expires_at: Ms,
    address_sealed: bytes,
    agent_sealed: bytes,
    now: Ms,
) -> Write:
    """A new session. `proofs` is what was proved for it, separated by blanks. Misses where the
    offer of that id opened one already."""
    return Write(
        _OPEN,
        {
            "login": login,
            "id": session_id,
            "token_hash": token_hash,
            "proofs": proofs,
            "expires_at": expires_at,
            "address_sealed": address_sealed,
            "agent_sealed": agent_sealed,
            "now": now,
        },
    )


def by_token(login: str, session_id: Id, token_hash: bytes, now: Ms) -> Query:
    """The live session of a token, if its person is let in."""
    return Query(
        _BY_TOKEN, {"login": login, "id": session_id, "token_hash": token_hash, "now": now}
    )


def row(found: Rows) -> SessionRow | None:
    """What `by_token` read."""
    return SessionRow(*found[0]) if found else None


def seen(login: str, session_id: Id, expires_at: Ms, now: Ms) -> Write:
    """Note a use; the session lives until `expires_at` from then on."""
    return Write(
        _SEEN,
        {"login": login, "id": session_id, "expires_at": expires_at, "now": now},
        expect=None,
    )


def live(login: str, now: Ms, limit: int) -> Query:
    """The live sessions of one person, newest first."""
    return Query(_LIVE, {"login": login, "now": now, "limit": limit})


def live_rows(found: Rows) -> tuple[LiveSession, ...]:
    """What `live` read."""
    return tuple(LiveSession(*each) for each in found)


def end(login: str, session_id: Id, now: Ms) -> Write:
    """End one. Misses where it does not live."""
    return Write(_END, {"login": login, "id": session_id, "now": now})


def leave(login: str, session_id: Id, token_hash: bytes, now: Ms) -> Write:
    """End the one that a browser carried, if it did."""
    return Write(
        _LEAVE,
        {"login": login, "id": session_id, "token_hash": token_hash, "now": now},
        expect=None,
    )


def end_all(login: str, now: Ms, kept: Id = NONE) -> Write:
    """End all of one person, but the one that is `kept`."""
    return Write(_END_ALL, {"login": login, "kept": kept, "now": now}, expect=None)
