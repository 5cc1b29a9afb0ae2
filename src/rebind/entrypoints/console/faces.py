"""Outcomes of the console become answers, and requests become visits.

Every page is given `me`: who is signed in, and what they find in the navigation. Neighbours:
`shared/faces.py` makes the answers, `places.py` calls both.
"""

from collections.abc import Callable, Sequence

import msgspec

from rebind.domain.acts import Door
from rebind.domain.refusals import Refusal, Refused
from rebind.entrypoints.console import cookies
from rebind.entrypoints.console.routes import Entry, Visit
from rebind.entrypoints.shared import callers, faces, guard
from rebind.entrypoints.shared import cookies as all_cookies
from rebind.entrypoints.shared.outcomes import Outcome, Page
from rebind.entrypoints.shared.problems import Reply
from rebind.entrypoints.shared.serving import Scope
from rebind.flows.desk import Caller, Desk
from rebind.flows.desk.operators import Present
from rebind.templates import pages
from rebind.templates.catalogue import known


class Me(msgspec.Struct, frozen=True):
    """Who is signed in, as every page of the console shows them. `rights` are those of the role;
    hiding by them is a kindness, refusing is done elsewhere."""

    login: str
    name: str
    role: str
    rights: frozenset[str]
    entries: tuple[Entry, ...]


class Faces(faces.Faces):
    """Shows outcomes at the desk."""

    page = "console/error"
    visitor = cookies.VISITOR

    def __init__(
        self,
        desk: Desk,
        site: pages.Site,
        *,
        secure: bool,
        heard: Callable[[Refusal], None] | None = None,
    ) -> None:
        super().__init__(desk, site, secure=secure, heard=heard)
        self.entries: Sequence[Entry] = ()

    def visit(self, scope: Scope, headers: callers.Headers) -> Visit:
        """Who asks, by the cookies alone."""
        jar = all_cookies.read(headers.get(b"cookie"))
        chosen = jar.get(all_cookies.LANGUAGE)
        address, network = callers.located(scope)
        locale = callers.locale(headers) if chosen is None else known(chosen)
        caller = Caller(
            Door.CONSOLE,
            locale,
            address,
            network,
            callers.agent(headers),
            jar.get(cookies.SESSION),
            jar.get(cookies.BROWSER),
            home=self._desk.policy.home_by_language.get(locale),
        )
        path, query = scope["path"], scope["query_string"]
        here = guard.own_path(f"{path}?{query.decode('latin-1')}" if query else path) or "/console"
        return Visit(caller, jar, here, scope["path_params"], query)

    def at_desk(self, outcome: Outcome, visit: Visit) -> Reply:
        """The answer that shows an outcome to whoever is signed in, in their language."""
        who = visit.who
        if isinstance(outcome, Refused):
            title, text = self.explained(outcome, visit.caller.locale)
            context = {"title": title, "text": text, "code": outcome.refusal.code}
            outcome = Page(self.page, context, refused=outcome)
        if isinstance(outcome, Page):
            me = None if who is None else self._me(who)
            outcome = msgspec.structs.replace(
                outcome,
                context={"me": me, **outcome.context},
                signed_in=who is not None,
                locale=outcome.locale or (None if who is None else who.locale),
            )
        return self.reply(outcome, visit)

    def _me(self, who: Present) -> Me:
        operator = who.operator
        rights = frozenset(right.value for right in operator.rights())
        mine = tuple(entry for entry in self.entries if operator.may(entry.right))
        return Me(operator.login, operator.name, operator.role, rights, mine)
