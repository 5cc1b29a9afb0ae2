"""The newest requests, whoever's they are: for the figures of the console, which name nobody.

Ids are ordered by time, so the newest stand at the end of the primary key and no index is kept for
this. Neighbour: `requests.py` has everything else about a request.
"""

import msgspec

from rebind.domain.units import Id
from rebind.store.statements import Query, Rows, Statement

_NEWEST = Statement(
    "requests.newest",
    "SELECT id, kind, ended_as FROM requests ORDER BY id DESC LIMIT :limit",
)


class NewRequest(msgspec.Struct, frozen=True):
    """What a request is for and how it ended, if it did."""

    id: Id
    kind: str
    ended_as: str | None


def newest(limit: int) -> Query:
    """The requests that were begun last, newest first."""
    return Query(_NEWEST, {"limit": limit})


def rows(found: Rows) -> list[NewRequest]:
    """What that read."""
    return [NewRequest(*each) for each in found]
