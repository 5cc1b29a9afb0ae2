"""operators: the people at the support desk. Names, password hashes and TOTP secrets rest sealed,
invitations as hashes.

Few people: a sentence that goes through all of them costs what the desk is large, not what the
service is. Neighbours: `operator_passkeys.py`, `operator_sessions.py`.
"""

import msgspec

from rebind.domain.operators import LetIn, Role
from rebind.domain.units import Ms
from rebind.store.statements import Query, Rows, Statement, Write

_COLUMNS = """login, name_sealed, role, locale, created_by, created_at, disabled_at,
        password_sealed, totp_sealed, totp_step, invite_hash, invite_until, wrong_in_row,
        wrong_at"""
_ADD = Statement(
    "operators.add",
    f"""
    INSERT INTO operators ({_COLUMNS})
    VALUES (:login, :name_sealed, :role, :locale, :created_by, :now, NULL, NULL, NULL, NULL,
        :invite_hash, :invite_until, 0, NULL)
    ON CONFLICT (login) DO NOTHING
    """,  # noqa: S608
)
_BY_LOGIN = Statement(
    "operators.by_login",
    f"SELECT {_COLUMNS} FROM operators WHERE login = :login",  # noqa: S608
)
_PAGE = Statement(
    "operators.page",
    f"""
    SELECT {_COLUMNS} FROM operators WHERE login > :after ORDER BY login LIMIT :limit
    """,  # noqa: S608
)
_IN_ROLE = Statement(
    "operators.in_role",
    f"""
    SELECT {_COLUMNS} FROM operators
    WHERE role = :role AND disabled_at IS NULL AND invite_hash IS NULL ORDER BY login
    """,  # noqa: S608
)
_LET_IN = Statement("operators.let_in", "SELECT login, created_by, created_at FROM operators")
_INVITE = Statement(
    "operators.invite",
    """
    UPDATE operators SET created_by = :created_by, created_at = :now, disabled_at = NULL,
        password_sealed = NULL, totp_sealed = NULL, totp_step = NULL, wrong_in_row = 0,
        wrong_at = NULL, invite_hash = :invite_hash, invite_until = :invite_until
    WHERE login = :login
    """,
)
_JOIN = Statement(
    "operators.join",
    """
    UPDATE operators SET password_sealed = :password_sealed, totp_sealed = :totp_sealed,
        totp_step = :totp_step, invite_hash = NULL, invite_until = NULL, locale = :locale
    WHERE login = :login AND invite_hash = :invite_hash AND invite_until > :now
      AND disabled_at IS NULL
    """,
)
_SET_PASSWORD = Statement(
    "operators.set_password",
    """
    UPDATE operators SET password_sealed = :password_sealed, totp_sealed = :totp_sealed,
        totp_step = :totp_step, wrong_in_row = 0, wrong_at = NULL
    WHERE login = :login AND invite_hash IS NULL AND disabled_at IS NULL
    """,
)
_PROVED = Statement(
    "operators.proved",
    """
    UPDATE operators SET password_sealed = :anew, totp_step = :step, wrong_in_row = 0,
        wrong_at = NULL
    WHERE login = :login AND password_sealed = :password_sealed AND totp_sealed = :totp_sealed
      AND totp_step < :step AND invite_hash IS NULL AND disabled_at IS NULL
    """,
)
_STANDS = Statement(
    "operators.stands",
    """
    UPDATE operators SET wrong_in_row = wrong_in_row
    WHERE login = :login AND invite_hash IS NULL AND disabled_at IS NULL
    """,
)
_GUESS = Statement(
    "operators.guess",
    """
    UPDATE operators SET wrong_in_row = wrong_in_row + 1, wrong_at = :now
    WHERE login = :login AND wrong_in_row = :seen
    """,
)
_GIVE_BACK = Statement(
    "operators.give_back",
    """
    UPDATE operators SET wrong_in_row = wrong_in_row - 1
    WHERE login = :login AND wrong_in_row > 0
    """,
)
_CHANGE_ROLE = Statement(
    "operators.change_role",
    "UPDATE operators SET role = :role WHERE login = :login AND role = :before",
)
_DISABLE = Statement(
    "operators.disable",
    """
    UPDATE operators SET disabled_at = :now, invite_hash = NULL, invite_until = NULL
    WHERE login = :login AND disabled_at IS NULL
    """,
)
_SPEAK = Statement(
    "operators.speak",
    "UPDATE operators SET locale = :locale WHERE login = :login",
)


class OperatorRow(msgspec.Struct, frozen=True):
    """Somebody at the desk, in the order of the columns."""

    login: str
    name_sealed: bytes
    role: str
    locale: str
    created_by: str | None
    created_at: Ms
    disabled_at: Ms | None
    password_sealed: bytes | None
    totp_sealed: bytes | None
    totp_step: int | None
    invite_hash: bytes | None
    invite_until: Ms | None
    wrong_in_row: int
    wrong_at: Ms | None


def add(
    login: str,
    name_sealed: bytes,
    role: Role,
    locale: str,
    created_by: str | None,
    invite_hash: bytes,
    invite_until: Ms,
    now: Ms,
) -> Write:
    """Somebody new, with an invitation and no way in yet. Misses where the login is taken."""
    return Write(
        _ADD,
        {
            "login": login,
            "name_sealed": name_sealed,
            "role": role.value,
            "locale": locale,
            "created_by": created_by,
            "invite_hash": invite_hash,
            "invite_until": invite_until,
            "now": now,
        },
    )


def by_login(login: str) -> Query:
    """Whoever has that login."""
    return Query(_BY_LOGIN, {"login": login})


def page(after: str, limit: int) -> Query:
    """The next people behind a login, in the order of their logins."""
    return Query(_PAGE, {"after": after, "limit": limit})


def in_role(role: Role) -> Query:
    """Everybody of one role who may sign in."""
    return Query(_IN_ROLE, {"role": role.value})


def let_in() -> Query:
    """How everybody came who was ever let in."""
    return Query(_LET_IN, {})


def ways_in(found: Rows) -> dict[str, LetIn]:
    """What that read, by login."""
    return {login: LetIn(by, at) for login, by, at in found}


def rows(found: Rows) -> tuple[OperatorRow, ...]:
    """What those read."""
    return tuple(OperatorRow(*each) for each in found)


def row(found: Rows) -> OperatorRow | None:
    """What `by_login` read."""
    return OperatorRow(*found[0]) if found else None


def invite(
    login: str, created_by: str | None, invite_hash: bytes, invite_until: Ms, now: Ms
) -> Write:
    """Invite anew: whatever let this person in does no more. Passkeys and sessions are not in this
    table. Misses where there is nobody."""
    return Write(
        _INVITE,
        {
            "login": login,
            "created_by": created_by,
            "invite_hash": invite_hash,
            "invite_until": invite_until,
            "now": now,
        },
    )


def join(
    login: str,
    invite_hash: bytes,
    locale: str,
    password_sealed: bytes | None,
    totp_sealed: bytes | None,
    totp_step: int | None,
    now: Ms,
) -> Write:
    """Take the invitation up, with a password and an app or with neither. Misses where it was used
    or replaced, or has run out."""
    return Write(
        _JOIN,
        {
            "login": login,
            "invite_hash": invite_hash,
            "locale": locale,
            "password_sealed": password_sealed,
            "totp_sealed": totp_sealed,
            "totp_step": totp_step,
            "now": now,
        },
    )


def set_password(
    login: str, password_sealed: bytes | None, totp_sealed: bytes | None, totp_step: int | None
) -> Write:
    """Another password and app, or none of both. Misses where the person is let in no more."""
    return Write(
        _SET_PASSWORD,
        {
            "login": login,
            "password_sealed": password_sealed,
            "totp_sealed": totp_sealed,
            "totp_step": totp_step,
        },
    )


def proved(found: OperatorRow, step: int, anew: bytes | None) -> Write:
    """Spend the step of a code, keep the password (hashed anew, where that is due), end the row of
    wrong tries. Misses where any of it changed meanwhile, or the code was used."""
    return Write(
        _PROVED,
        {
            "login": found.login,
            "password_sealed": found.password_sealed,
            "totp_sealed": found.totp_sealed,
            "step": step,
            "anew": anew or found.password_sealed,
        },
    )


def stands(login: str) -> Write:
    """Nothing but the guard: misses where the person is let in no more."""
    return Write(_STANDS, {"login": login})


def guess(found: OperatorRow, now: Ms) -> Write:
    """Count one try in a row. Misses where another one was counted at the same moment."""
    return Write(_GUESS, {"login": found.login, "seen": found.wrong_in_row, "now": now})


def give_back(login: str) -> Write:
    """Take back one try that was counted and never looked at."""
    return Write(_GIVE_BACK, {"login": login}, expect=None)


def change_role(login: str, before: str, role: Role) -> Write:
    """Give other rights. Misses where they were changed meanwhile."""
    return Write(_CHANGE_ROLE, {"login": login, "before": before, "role": role.value})


def disable(login: str, now: Ms) -> Write:
    """Let this person in no more. Misses where that is so already."""
    return Write(_DISABLE, {"login": login, "now": now})


def speak(login: str, locale: str) -> Write:
    """Note the language of this person."""
    return Write(_SPEAK, {"login": login, "locale": locale})
