"""The cookies of the pages: what they are called, how they are read and set.

Each name begins with `__Host-`: a browser then takes it only with Secure, for the whole site and
for this host alone, so that no neighbouring host can plant one. Browsers treat http://localhost as
secure. Nothing here is proved: what a cookie carries is believed by flows, or not.
"""

from collections.abc import Mapping
from urllib.parse import quote

from rebind.domain.units import DAY, SECOND, Id, Ms

_PREFIX = b"__Host-rebind-"
SESSION, DEVICE, REQUEST, VISITOR, LANGUAGE = "session", "device", "request", "visitor", "language"
UNSURE = "unsure"
"""Set while a session waits for its owner to say that the account behind the number is theirs. It
guards nothing: it is there so that nobody walks through a stranger's account by mistake."""


DEVICE_DAYS = 400
"""As long as browsers keep any cookie; each sign-in begins it anew."""

_ALWAYS = b"; Path=/; Secure; HttpOnly; SameSite=Lax"
_VALUE_CHARACTERS_MAX = 700
"""Room for a request with the longest way on, every character of it quoted."""

Header = tuple[bytes, bytes]
Jar = Mapping[str, str]
"""Our cookies by their short names, as they were sent."""

_EMPTY: Jar = {}


def read(header: bytes | None) -> Jar:
    """The cookies of ours in a request; of repeated ones the first counts."""
    if header is None or _PREFIX not in header:
        return _EMPTY
    jar: dict[str, str] = {}
    for part in header.split(b";"):
        name, _equals, value = part.strip().partition(b"=")
        if name.startswith(_PREFIX) and len(value) <= _VALUE_CHARACTERS_MAX:
            jar.setdefault(name[len(_PREFIX) :].decode("latin-1"), value.decode("latin-1"))
    return jar


def given(name: str, value: str, for_ms: Ms | None = None) -> Header:
    """The header that sets a cookie: for so long, or until the browser is closed."""
    lasts = b"" if for_ms is None else b"; Max-Age=%d" % max(0, for_ms // SECOND)
    return b"set-cookie", _PREFIX + name.encode() + b"=" + value.encode() + _ALWAYS + lasts


def taken(name: str) -> Header:
    """The header that takes a cookie away."""
    return given(name, "", 0)


def language(locale: str) -> Header:
    """The language that was chosen in this browser."""
    return given(LANGUAGE, locale, DEVICE_DAYS * DAY)


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
