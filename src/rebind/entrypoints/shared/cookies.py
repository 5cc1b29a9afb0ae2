"""The cookies of all pages: how they are read and set.

Each name begins with `__Host-`: a browser then takes it only with Secure, for the whole site and
for this host alone, so that no neighbouring host can plant one. Browsers treat http://localhost as
secure. Neighbours: each door names its own.
"""

from collections.abc import Mapping

from rebind.domain.units import DAY, SECOND, Ms

_PREFIX = b"__Host-rebind-"
VISITOR, LANGUAGE = "visitor", "language"

DAYS_MAX = 400
"""As long as browsers keep any cookie."""

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
    return given(LANGUAGE, locale, DAYS_MAX * DAY)
