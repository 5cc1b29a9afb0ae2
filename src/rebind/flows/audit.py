"""audit: the trail of what was done, as an auditor reads it and takes it along.

By somebody at the desk, by case, or by the id of an account; newest first, paged by keys. Reading
leaves no line, taking a copy along does. Refuses to search through everything: a trail is always
one's, or something's. Neighbour: `account.py` shows people their own.
"""

import re

import msgspec

from rebind.domain import operators as rules
from rebind.domain.acts import Act, Line
from rebind.domain.cases import reference_typed
from rebind.domain.operators import Right
from rebind.domain.refusals import TRAIL_UNKNOWN, Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import cases, operators, trail
from rebind.store.trail import TrailRow

SHOWN = 50
"""Lines on one page."""

EXPORTED_MAX = 10_000
"""Lines in one copy: some megabytes. What is older is read page by page."""

_BATCH = 1_000
_NEWEST = b"\xff" * 16
_ID = re.compile(r"[0-9a-f]{32}")


class TrailLine(msgspec.Struct, frozen=True):
    """One line. `actor` is `holder`, `stranger`, `system` or `operator:` and a login; `about` is
    the request of it or, in the trail of somebody at the desk, what they acted on."""

    id: Id
    act: str
    actor: str
    door: str
    at: Ms
    about: Id | None
    why: str | None

    @property
    def login(self) -> str | None:
        """Who at the desk did it, if somebody there did."""
        return rules.login_of(self.actor)


class Trail(msgspec.Struct, frozen=True):
    """A page of a trail. `whose` is a login, the number of a case or an id in hex; `older` is where
    the next page begins, if there is more."""

    whose: str
    lines: tuple[TrailLine, ...]
    older: Id | None


async def find(desk: Desk, caller: Caller, typed: str) -> str | Refused:
    """Whose trail was meant, as its address says it. Refusals: operator_session_required,
    right_missing, trail_unknown."""
    who = await desk_operators.signed_in(desk, caller, Right.SEE_AUDIT)
    if isinstance(who, Refused):
        return who
    found = await _meant(desk, typed)
    return found if isinstance(found, Refused) else found[0]


async def show(desk: Desk, caller: Caller, whose: str, before: Id | None = None) -> Trail | Refused:
    """A page of it. Refusals: operator_session_required, right_missing, trail_unknown."""
    who = await desk_operators.signed_in(desk, caller, Right.SEE_AUDIT)
    if isinstance(who, Refused):
        return who
    found = await _meant(desk, whose)
    if isinstance(found, Refused):
        return found
    called, subject_id = found
    query = trail.of_subject(subject_id, before or _NEWEST, SHOWN + 1)
    (read,) = await desk.engine.read(query)
    rows = trail.rows(read)
    older = rows[SHOWN - 1].id if len(rows) > SHOWN else None
    return Trail(called, tuple(map(_line, rows[:SHOWN])), older)


async def export(desk: Desk, caller: Caller, whose: str) -> tuple[TrailLine, ...] | Refused:
    """All of it, newest first, `EXPORTED_MAX` lines at most; that a copy was made stands in the
    trail of whoever made it. Refusals: operator_session_required, right_missing,
    trail_unknown."""
    who = await desk_operators.signed_in(desk, caller, Right.EXPORT_AUDIT)
    if isinstance(who, Refused):
        return who
    found = await _meant(desk, whose)
    if isinstance(found, Refused):
        return found
    subject_id, before = found[1], _NEWEST
    own = rules.subject(who.login)
    taken = Line(Act.AUDIT_EXPORTED, own, who.actor, caller.door, subject_id)
    await desk.keep([], [taken], desk.clock.now())
    lines: list[TrailLine] = []
    while len(lines) < EXPORTED_MAX:
        (read,) = await desk.engine.read(trail.of_subject(subject_id, before, _BATCH))
        rows = trail.rows(read)
        lines += map(_line, rows)
        if len(rows) < _BATCH:
            break
        before = rows[-1].id
    return tuple(lines)


async def _meant(desk: Desk, typed: str) -> tuple[str, Id] | Refused:
    """Whose trail that is: its name in addresses, and the id under which it stands."""
    plain = typed.strip()
    if _ID.fullmatch(plain.lower()):
        return plain.lower(), bytes.fromhex(plain)
    login, reference = rules.login_typed(plain) or "", reference_typed(plain) or ""
    people, named = await desk.engine.read(operators.by_login(login), cases.by_reference(reference))
    if people:
        return login, rules.subject(login)
    case_ids = cases.ids(named)
    if case_ids:
        return reference, case_ids[0]
    return Refused(TRAIL_UNKNOWN)


def _line(row: TrailRow) -> TrailLine:
    return TrailLine(row.id, row.act, row.actor, row.door, row.at, row.request_id, row.why)
