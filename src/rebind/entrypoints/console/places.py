"""The table of the console as ASGI applications, one `Place` for each path.

A place lets nobody through who lacks the right of the line, or the fresh proof: it sends them to
sign in, or to confirm who they are, and back. It keeps foreign forms away from the handler. What
can be sent without a right names somebody, and its answer leaves on a step of time.
Neighbours: `faces.py` shows what the handlers say; the places of the web door do the same for
accounts.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from rebind.domain.refusals import (
    FORM_FOREIGN,
    FORM_STALE,
    METHOD_NOT_ALLOWED,
    OPERATOR_SESSION_REQUIRED,
    REAUTHENTICATION_REQUIRED,
    Refusal,
    Refused,
)
from rebind.entrypoints.console import cookies
from rebind.entrypoints.console.faces import Faces
from rebind.entrypoints.console.routes import Route, Visit
from rebind.entrypoints.shared import callers, forms, guard
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.entrypoints.shared.problems import Reply
from rebind.entrypoints.shared.serving import (
    ROUTE_IN_SCOPE,
    App,
    Receive,
    Scope,
    Send,
    send_reply,
)
from rebind.entrypoints.shared.steps import Steps
from rebind.flows.desk import Desk, tokens
from rebind.flows.desk import operators as desk_operators

HOME = "/console"
SIGN_IN = "/console/sign-in"
CONFIRM = "/console/confirm"
_LEADS = {OPERATOR_SESSION_REQUIRED: SIGN_IN, REAUTHENTICATION_REQUIRED: CONFIRM}
"""What is no answer but a way: prove first, then come back."""


class Place:
    """All methods of one path. `origin` is our own, as browsers write it."""

    def __init__(
        self,
        path: str,
        routes: Sequence[Route],
        desk: Desk,
        faces: Faces,
        origin: str,
        steps: Steps,
    ) -> None:
        self._path = path
        self._steps = steps
        self._desk = desk
        self._faces = faces
        self._origin = origin.encode()
        self._served = {route.method: route for route in routes}
        self._page = next((route.page for route in routes if route.page), None)
        if "GET" in self._served:
            self._served["HEAD"] = self._served["GET"]
        self._allow = ", ".join(sorted(self._served)).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE_IN_SCOPE] = self._path
        headers = callers.headers_of(scope)
        visit = self._faces.visit(scope, headers)
        route = self._served.get(scope["method"])
        if route is None and self._page is not None and scope["method"] in ("GET", "HEAD"):
            reply = self._faces.at_desk(Moved(self._home(visit)), visit)
        elif route is None:
            status, said, body = self._faces.at_desk(Refused(METHOD_NOT_ALLOWED), visit)
            reply = status, [*said, (b"allow", self._allow)], body
        else:
            reply = await self._answered(route, visit, headers, receive)
        await send_reply(reply, scope, send)

    def _home(self, visit: Visit) -> str:
        """The address of the page: this one, or the one on which the form stands."""
        if self._page is None:
            return visit.here
        return guard.own_path(self._page.format(**visit.words)) or HOME

    async def _answered(
        self, route: Route, visit: Visit, headers: callers.Headers, receive: Receive
    ) -> Reply:
        if route.right is not None:
            who = await desk_operators.present(self._desk, visit.caller)
            if not isinstance(who, Refused):
                caller = msgspec.structs.replace(visit.caller, locale=who.locale)
                visit = msgspec.structs.replace(visit, who=who, caller=caller)
                who = desk_operators.admitted(who, route.right, fresh=route.fresh)
            if isinstance(who, Refused):
                return self._faces.at_desk(self._led(who, visit), visit)
        if route.method != "POST":
            return self._faces.at_desk(self._led(await route.handler(visit), visit), visit)
        form = await forms.read(headers, receive, route.body_max)
        answering = self._posted(route, visit, headers, form)
        return await (self._steps.after(answering) if route.right is None else answering)

    async def _posted(
        self,
        route: Route,
        visit: Visit,
        headers: callers.Headers,
        form: Mapping[str, str] | Refusal,
    ) -> Reply:
        if isinstance(form, Refusal):
            return self._faces.at_desk(Refused(form), visit)
        if guard.foreign(headers, self._origin):
            return self._faces.at_desk(Refused(FORM_FOREIGN), visit)
        visit = msgspec.structs.replace(visit, here=self._home(visit), form=form)
        visitor = visit.jar.get(cookies.VISITOR)
        mine = tokens.form_is_of(self._desk.seal, visitor, form.get(guard.FIELD))
        outcome = await route.handler(visit) if mine else Refused(FORM_STALE)
        if isinstance(outcome, Refused) and outcome.refusal not in _LEADS and route.again:
            refused = outcome
            outcome = await route.again(visit, refused)
            if isinstance(outcome, Page):
                outcome = msgspec.structs.replace(outcome, refused=refused)
        return self._faces.at_desk(self._led(outcome, visit, route.keeps), visit)

    def _led(self, outcome: Outcome, visit: Visit, keeps: Sequence[str] = ()) -> Outcome:
        """Prove who you are first, or what the handler has said."""
        if not isinstance(outcome, Refused) or outcome.refusal not in _LEADS:
            return outcome
        here = visit.here if self._page is None else self._home(visit)
        chosen = {name: visit.form[name] for name in keeps if visit.form.get(name)}
        if chosen:
            here = f"{here}?{urlencode(chosen)}"
        return Moved(f"{_LEADS[outcome.refusal]}?next={quote(here, safe='/')}")


def places(routes: Sequence[Route], desk: Desk, faces: Faces, origin: str) -> dict[str, App]:
    """The table by its paths."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    steps = Steps()
    return {path: Place(path, found, desk, faces, origin, steps) for path, found in by_path.items()}
