"""What a line of the console's table says, what a handler gets, and what stands in the navigation.

Each line names the right that it takes; `places.py` asks for it before the handler is called, and
the flow behind it asks again. Neighbours: `app.py` puts the table together.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from rebind.domain.operators import Operator, Right, Role, may
from rebind.domain.refusals import OPERATOR_SESSION_REQUIRED, Refused
from rebind.entrypoints.shared import bodies, forms, guard
from rebind.entrypoints.shared.cookies import Jar
from rebind.entrypoints.shared.outcomes import Outcome
from rebind.flows.desk import Caller
from rebind.flows.desk.operators import Present


class Visit(msgspec.Struct, frozen=True):
    """One request as a handler gets it. `who` is there where the line takes a right. `here` is the
    address of the page that is shown, or to which a form was sent; `form` is empty for GET."""

    caller: Caller
    jar: Jar
    here: str
    words: Mapping[str, str]
    query: bytes
    form: Mapping[str, str] = forms.NOTHING
    who: Present | None = None

    @property
    def operator(self) -> Operator:
        """Who asks, where the line takes a right. Raises `LookupError` where it takes none."""
        if self.who is None:
            raise LookupError(OPERATOR_SESSION_REQUIRED.code)
        return self.who.operator

    @property
    def fresh(self) -> bool:
        """Whether whoever asks has proved within the last minutes who they are."""
        return self.who is not None and self.who.fresh

    def asked(self, name: str) -> str | None:
        """A parameter of the query; nothing where the query cannot be read."""
        found = forms.parsed(self.query)
        return found.get(name) if isinstance(found, Mapping) else None

    @property
    def way_on(self) -> str | None:
        """Where to go afterwards, if that is a path of the console."""
        way = guard.own_path(self.form.get("next") or self.asked("next"))
        return way if way is not None and way.startswith("/console") else None


Handler = Callable[[Visit], Awaitable[Outcome]]
Again = Callable[[Visit, Refused], Awaitable[Outcome]]
"""The page that a form stands on, with why it was refused."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `right` None: anyone, signed in or not. `fresh`: only with a proof of
    the last minutes. `again` belongs to a form; without it a refusal is a page of its own. `page`
    is where the form stands, when that is another address; `body_max` are its bytes. `keeps`: what
    was chosen from lists, and stands in the address of the page again once somebody was sent to
    prove who they are; never what was written."""

    method: str
    path: str
    handler: Handler
    right: Right | None
    summary: str
    fresh: bool = False
    again: Again | None = None
    page: str | None = None
    keeps: Sequence[str] = ()
    body_max: int = bodies.BODY_MAX


class Entry(msgspec.Struct, frozen=True):
    """A line of the navigation, for whoever has the right. `label` is English, marked for the
    catalogues; `key` is what is pressed after `g` to go there."""

    section: str
    path: str
    label: str
    right: Right
    key: str


class Part(msgspec.Struct, frozen=True):
    """What one subject adds to the console."""

    routes: Sequence[Route]
    entries: Sequence[Entry] = ()


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


def rights(routes: Sequence[Route]) -> str:
    """Who may do what, a line for each route."""
    return "".join(
        f"{route.method:<5} {route.path:<60} {_said(route)}\n"
        for route in sorted(routes, key=lambda route: (route.path, route.method))
    )


def _said(route: Route) -> str:
    if route.right is None:
        return "anyone"
    roles = ", ".join(role for role in Role if may(role, route.right))
    return f"{route.right:<20} {roles}" + (", by a fresh proof" if route.fresh else "")
