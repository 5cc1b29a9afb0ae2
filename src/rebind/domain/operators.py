"""operators: the people at the support desk, what each role may do, and who may decide beside whom.

They are no accounts: they have a login, a role and two factors, and are let in by an administrator.
The rights are data (`RIGHTS`), asked through `may` alone; the console's table of addresses names
one for each line, and flows ask again. Refuses to know cases: `cases.py` does. Neighbour:
`flows/desk/operators.py` finds out who asks.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b

import msgspec

from rebind.domain.policy import Policy
from rebind.domain.units import DAY, SECOND, Id, Ms


class Role(StrEnum):
    """What somebody is at the desk. The value is stored and spoken."""

    OPERATOR = "operator"  # answers cases and proposes decisions
    SUPERVISOR = "supervisor"  # does that too, and is the second who decides
    AUDITOR = "auditor"  # reads everything, writes nothing
    ADMINISTRATOR = "administrator"  # lets people in and out, and sees no case


class Right(StrEnum):
    """One thing that somebody at the desk may do or see."""

    OWN_ACCESS = "own_access"  # one's own sessions, passkeys and password
    SEE_FIGURES = "see_figures"  # counts and times, which name nobody
    SEE_QUEUE = "see_queue"
    SEE_CASE = "see_case"
    WRITE_ANSWER = "write_answer"
    WRITE_NOTE = "write_note"
    ASSIGN = "assign"  # say who answers a case
    LOCK = "lock"  # keep others from answering at the same time
    REDACT = "redact"  # take out of a message what must not stand there
    OPEN_CASE_FOR_PERSON = "open_case_for_person"
    VIEW_DOCUMENT = "view_document"
    CHECK_DOCUMENT = "check_document"  # say what a document shows
    SEARCH_FULL_NUMBER = "search_full_number"  # with a case and a reason
    PROPOSE_DECISION = "propose_decision"
    CONFIRM_DECISION = "confirm_decision"
    SEE_AUDIT = "see_audit"
    EXPORT_AUDIT = "export_audit"
    SEE_OPERATORS = "see_operators"
    INVITE_OPERATOR = "invite_operator"  # somebody new, or anew who has lost their ways in
    CHANGE_ROLE = "change_role"
    DISABLE_OPERATOR = "disable_operator"


_DESK = frozenset({Role.OPERATOR, Role.SUPERVISOR})
_READERS = _DESK | {Role.AUDITOR}
_ALL = frozenset(Role)
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_AUDITORS = frozenset({Role.AUDITOR})
_SUPERVISORS = frozenset({Role.SUPERVISOR})

RIGHTS: Mapping[Right, frozenset[Role]] = {
    Right.OWN_ACCESS: _ALL,
    Right.SEE_FIGURES: _ALL,
    Right.SEE_QUEUE: _READERS,
    Right.SEE_CASE: _READERS,
    Right.WRITE_ANSWER: _DESK,
    Right.WRITE_NOTE: _DESK,
    Right.ASSIGN: _DESK,
    Right.LOCK: _DESK,
    # Whoever answers a case must not be the one who takes something out of it.
    Right.REDACT: _SUPERVISORS,
    Right.OPEN_CASE_FOR_PERSON: _DESK,
    Right.VIEW_DOCUMENT: _READERS,
    Right.CHECK_DOCUMENT: _DESK,
    Right.SEARCH_FULL_NUMBER: _DESK,
    Right.PROPOSE_DECISION: _DESK,
    Right.CONFIRM_DECISION: _SUPERVISORS,
    # Of a case too, so that it is not for administrators.
    Right.SEE_AUDIT: _AUDITORS,
    Right.EXPORT_AUDIT: _AUDITORS,
    Right.SEE_OPERATORS: _ADMINISTRATORS | _AUDITORS,
    Right.INVITE_OPERATOR: _ADMINISTRATORS,
    Right.CHANGE_ROLE: _ADMINISTRATORS,
    Right.DISABLE_OPERATOR: _ADMINISTRATORS,
}
"""Who may do what. A right that does not stand here is nobody's, and a test says so."""


def may(role: Role, right: Right) -> bool:
    """Whether that role has that right."""
    return role in RIGHTS[right]


def matrix() -> str:
    """The rights as a table, a line each: for people, who compare it with the last one."""
    head = f"{'':<22}" + "".join(f"{role:<15}" for role in Role)
    lines = [
        f"{right:<22}" + "".join(f"{'yes' if may(role, right) else '.':<15}" for role in Role)
        for right in Right
    ]
    return "".join(f"{line.rstrip()}\n" for line in [head, *lines])


class Operator(msgspec.Struct, frozen=True):
    """Somebody at the desk. `created_by` is the login of the administrator who let them in last, at
    `created_at`; None where that was done from the command line. An invitation anew counts as
    letting in anew: whoever holds its link is that person from then on."""

    login: str
    name: str
    role: Role
    created_by: str | None
    created_at: Ms

    def may(self, right: Right) -> bool:
        """Whether this person may do that."""
        return may(self.role, right)

    def rights(self) -> frozenset[Right]:
        """Everything that this person may do."""
        return frozenset(right for right in Right if may(self.role, right))

    @property
    def actor(self) -> str:
        """How the audit trail calls this person."""
        return actor(self.login)


_ACTOR = "operator:"


def actor(login: str) -> str:
    """How the audit trail calls somebody at the desk."""
    return _ACTOR + login


def login_of(actor: str) -> str | None:
    """Who at the desk that is; None for anybody else."""
    return actor.removeprefix(_ACTOR) if actor.startswith(_ACTOR) else None


def subject(login: str) -> Id:
    """The id under which the audit trail keeps what somebody at the desk did, and what was done to
    them. A login is stored as it is, so its hash needs no key."""
    return blake2b(actor(login).encode(), digest_size=16).digest()


LOGIN_CHARACTERS_MAX = 32
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")


def login_typed(typed: str) -> str | None:
    """A login as it is kept: small Latin letters, digits, dots, lines, 2 to 32 of them and a letter
    first; None where that is none. Capitals and blanks around it do not matter."""
    plain = typed.strip().lower()
    return plain if _LOGIN.fullmatch(plain) else None


NAME_CHARACTERS_MAX = 64


def name_typed(typed: str) -> str | None:
    """A name as it is kept, on one line; None where nothing is left of it."""
    printable = "".join(sign for sign in " ".join(typed.split()) if sign.isprintable())
    return printable[:NAME_CHARACTERS_MAX].strip() or None


class LetIn(msgspec.Struct, frozen=True):
    """When somebody was let in last, and by whom: a login, or None from the command line."""

    by: str | None
    at: Ms


def apart(
    first: Operator, second: Operator, let_in: Mapping[str, LetIn], policy: Policy, now: Ms
) -> bool:
    """Whether two people may decide one thing together: they are two, and no single administrator
    let both in, or is one of them and let the other in, with one of them less than
    `operator_apart_d` days ago, for such an administrator could be behind both. Administrators who
    are as new stand for whoever let them in: else one would make two, who make one puppet each.
    `let_in` says of everybody how they came. Whoever has the command line needs no puppets: they
    hold the keys and the database already, and nothing here would stop them."""
    if first.login == second.login:
        return False
    border = now - policy.operator_apart_d * DAY
    if max(first.created_at, second.created_at) <= border:
        return True
    return _behind(first, let_in, border).isdisjoint(_behind(second, let_in, border))


def _behind(who: Operator, let_in: Mapping[str, LetIn], border: Ms) -> set[str]:
    """By their logins everybody who could be this person: they, who let them in, and of those who
    came after `border` who let them in."""
    found, by = {who.login}, who.created_by
    while by is not None and by not in found:
        found.add(by)
        came = let_in[by]
        by = came.by if came.at > border else None
    return found


def confirms(
    second: Operator,
    proposer: Operator,
    opened_by: str | None,
    let_in: Mapping[str, LetIn],
    policy: Policy,
    now: Ms,
) -> bool:
    """Whether `second` may confirm what `proposer` proposed in a case that `opened_by` (a login, or
    None where a person did) opened; `let_in` as for `apart`."""
    return (
        may(second.role, Right.CONFIRM_DECISION)
        and second.login != opened_by
        and apart(proposer, second, let_in, policy, now)
    )


PAUSES_AFTER = 5
"""Wrong tries in a row on a browser that is known before pauses begin: ours. People who mistype
twice must not wait."""

PAUSE_MAX_S = 300


def next_try_at(wrong_in_row: int, wrong_at: Ms | None) -> Ms:
    """From when a password may be tried again after so many wrong tries in a row: a second, then
    twice as long each time, five minutes at most (NIST SP 800-63B-4 3.2.2 names growing pauses)."""
    if wrong_at is None or wrong_in_row < PAUSES_AFTER:
        return 0
    doublings = min(wrong_in_row - PAUSES_AFTER, 16)
    return wrong_at + min(1 << doublings, PAUSE_MAX_S) * SECOND
