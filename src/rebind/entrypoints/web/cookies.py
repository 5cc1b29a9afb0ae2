"""The cookies of the pages for people: what they are called, and how long they are kept.

Nothing here is proved: what a cookie carries is believed by flows, or not. Neighbour:
`shared/cookies.py` reads and sets them, and those of the console.
"""

from urllib.parse import quote

from rebind.domain.units import DAY, Id, Ms
from rebind.entrypoints.shared.cookies import (
    DAYS_MAX,
    LANGUAGE,
    VISITOR,
    Header,
    Jar,
    given,
    language,
    read,
    taken,
)

__all__ = [
    "DEVICE",
    "DEVICE_DAYS",
    "LANGUAGE",
    "RECOVERY",
    "REQUEST",
    "SESSION",
    "UNSURE",
    "VISITOR",
    "Header",
    "Jar",
    "device",
    "given",
    "language",
    "read",
    "recovery",
    "request",
    "session",
    "taken",
    "unsure",
]

SESSION, DEVICE, REQUEST = "session", "device", "request"
DEVICE_DAYS = DAYS_MAX
RECOVERY = "recovery"
UNSURE = "unsure"
"""Set while a session waits for its owner to say that the account behind the number is theirs. It
guards nothing: it is there so that nobody walks through a stranger's account by mistake."""


def session(token: str) -> Header:
    """The token of a session. It stays when the session has expired: whoever began a change that
    waits goes on with it in this browser, and how long a token opens anything is the flows' to
    know."""
    return given(SESSION, token, DEVICE_DAYS * DAY)


def unsure() -> Header:
    """Ask first whether the account is theirs."""
    return given(UNSURE, "1", DEVICE_DAYS * DAY)


def device(key: str) -> Header:
    """The key of this browser."""
    return given(DEVICE, key, DEVICE_DAYS * DAY)


def request(request_id: Id, token: str, way_on: str | None, for_ms: Ms) -> Header:
    """A request begun without a session: its id, its token, and where it is to lead."""
    after = quote(way_on or "", safe="")
    return given(REQUEST, f"{request_id.hex()}.{token}.{after}", for_ms)


def recovery(request_id: Id, token: str) -> Header:
    """A recovery that this browser goes on with. It waits for days, in which people try to sign in
    all the same: what they begin beside it must not push it out. How long the token opens anything
    is the flows' to know."""
    return given(RECOVERY, f"{request_id.hex()}.{token}", DEVICE_DAYS * DAY)
