"""Beginnings: in which session and on which device a request was begun, as the rule takes it,
whoever goes on with it.

A change that waits may go on in another session. What the first one proved by itself stays as it
was then: neither a known device nor an older session makes it quicker afterwards. Neighbour:
`dossier.py` asks here; which session ends a request, and whose tries are counted, it reads of
whoever goes on.
"""

from rebind.domain.rows import Level, SessionFacts
from rebind.domain.units import Ms
from rebind.flows.desk.callers import device_facts, knows
from rebind.flows.desk.desk import Desk
from rebind.store.requests import RequestRow


def session(row: RequestRow) -> SessionFacts | None:
    """The session of a request as the rule takes it: of the one in which it was begun and the one
    in which it goes on, the younger. The first may have been cleared away; it is as young then as
    the request."""
    if row.session_level is None or row.session_opened_at is None:
        return None
    opened_at = row.session_opened_at
    if row.begun_session_id is not None:
        begun_at = row.begun_at if row.begun_opened_at is None else row.begun_opened_at
        opened_at = max(opened_at, begun_at)
    return SessionFacts(Level(row.session_level), opened_at)


def on_known_device(desk: Desk, row: RequestRow, at: Ms) -> bool:
    """Whether it was begun with the key of a device that the account knew at that moment."""
    if row.begun_session_id is None:
        return goes_on_on_known_device(desk, row, at)
    if row.begun_device_id is None:
        return False
    facts = device_facts(row.begun_full_since, row.begun_enrolled, row.begun_reported_at)
    return knows(desk, facts, row.begun_wrong_in_row, at)


def goes_on_on_known_device(desk: Desk, row: RequestRow, now: Ms) -> bool:
    """Whether whoever goes on with it shows the key of a device that the account knows."""
    if row.device_id is None:
        return False
    facts = device_facts(row.device_full_since, row.device_enrolled, row.device_reported_at)
    return knows(desk, facts, row.device_wrong_in_row, now)
