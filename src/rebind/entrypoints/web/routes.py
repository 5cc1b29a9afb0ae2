"""What a line of the table of pages says, what a handler gets, and what it may answer.

A handler translates: it calls flows and says which page shows the outcome. It compares nothing,
limits nothing, and knows neither headers nor bytes. Neighbours: `app.py` puts the table together,
`places.py` serves it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import unquote

import msgspec

from rebind.domain.refusals import Refused
from rebind.domain.units import Id
from rebind.entrypoints.shared import bodies, forms, guard
from rebind.entrypoints.shared.outcomes import Bytes, Moved, Outcome, Page
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.cookies import Jar
from rebind.flows.desk import Caller

__all__ = ["Again", "Bytes", "Handler", "Moved", "Outcome", "Page", "Route", "Visit"]


class Visit(msgspec.Struct, frozen=True):
    """One request as a handler gets it. `here` is the address of the page that is shown, or to
    which a form was sent; `zips`: an answer may be compressed; `form` is empty for GET; `file` is
    that of a form with one, on its way."""

    caller: Caller
    jar: Jar
    here: str
    words: Mapping[str, str]
    query: bytes
    zips: bool = False
    form: Mapping[str, str] = forms.NOTHING
    file: AsyncIterator[bytes] | None = None

    def asked(self, name: str) -> str | None:
        """A parameter of the query; nothing where the query cannot be read."""
        found = forms.parsed(self.query)
        return found.get(name) if isinstance(found, Mapping) else None

    @property
    def way_on(self) -> str | None:
        """Where to go afterwards, if that is a path of ours."""
        return guard.own_path(self.form.get("next") or self.asked("next"))

    def owner_of(self, request_id: Id) -> Caller:
        """The caller for one request: its own token, where this browser began it without a
        session, else the session."""
        for kept in (cookies.REQUEST, cookies.RECOVERY):
            named, _dot, rest = self.jar.get(kept, "").partition(".")
            if named == request_id.hex():
                return msgspec.structs.replace(self.caller, bearer=rest.partition(".")[0])
        return self.caller

    @property
    def recovery(self) -> tuple[Id, str] | None:
        """The recovery that this browser goes on with, if there is one: its id and its token."""
        named, _dot, token = self.jar.get(cookies.RECOVERY, "").partition(".")
        return (read_id(named), token) if token else None

    @property
    def way_after(self) -> str | None:
        """Where the request that this browser began is to lead when it is done."""
        kept = self.jar.get(cookies.REQUEST, "").rpartition(".")[2]
        return guard.own_path(unquote(kept))


Handler = Callable[[Visit], Awaitable[Outcome]]
Again = Callable[[Visit, Refused], Awaitable[Outcome]]
"""The page that a form stands on, with why it was refused."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `again` belongs to a form; without it a refusal is a page of its
    own. `page` is where the form stands, when that is another address: whoever opens the address
    of the form is sent there. `body_max` are its bytes; `uploads`: it ends in a file. `names`: it
    takes a session and may name somebody else all the same, whom its time is not to give away."""

    method: str
    path: str
    handler: Handler
    auth: Auth
    summary: str
    again: Again | None = None
    page: str | None = None
    body_max: int = bodies.BODY_MAX
    uploads: bool = False
    names: bool = False
