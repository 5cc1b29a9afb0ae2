"""What a form must show before its handler is called, and where a page may lead.

A form of another site is recognised by what the browser says of it (Sec-Fetch-Site, Origin), and,
whatever the browser says, by the token that only our own page could carry. Refuses every way on
that is not a path of this site. Neighbour: `flows/desk/tokens.py` makes and knows the token.
"""

import re

from rebind.entrypoints.shared.callers import Headers

FIELD = "csrf"
"""The name of the token in a form."""

_OURS = (b"same-origin", b"none")
_UNSAID = (None, b"null")
"""Our pages tell nobody where somebody came from (Referrer-Policy), so that browsers write `null`
as the origin of our own forms too: it says nothing."""

_PATH = re.compile(r"/(?!/)[!#-\[\]_a-z~]*")
"""A path of ours with its query: printable ASCII without blanks, quotes, backslashes and the like,
and no second slash at its beginning, which browsers read as the name of another host."""

_PATH_CHARACTERS_MAX = 200


def foreign(headers: Headers, origin: bytes) -> bool:
    """Whether the browser says that another site sent this form. `origin` is our own."""
    site = headers.get(b"sec-fetch-site")
    if site is not None and site not in _OURS:
        return True
    said = headers.get(b"origin")
    if said in _UNSAID or said == origin:
        return False
    # Another name of ours, such as 127.0.0.1 for localhost: the browser asked that very host.
    host = headers.get(b"host")
    return host is None or said not in (b"http://" + host, b"https://" + host)


def own_path(text: str | None) -> str | None:
    """The way on that was asked for, if it is one of ours; else nothing."""
    if text is None or len(text) > _PATH_CHARACTERS_MAX or _PATH.fullmatch(text) is None:
        return None
    return text
