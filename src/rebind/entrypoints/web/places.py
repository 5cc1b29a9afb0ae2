"""The table of pages as ASGI applications, one `Place` for each path.

A place reads the cookies and the form, keeps foreign forms away from the handler, and sends the
answer in two messages. Whoever must sign in first is sent there and brought back, and so is whoever
has not said yet that the account is theirs. Neighbours: `faces.py` shows what the handlers say;
`shared/serving.py` does the same for the JSON API.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from rebind.domain.refusals import (
    FORM_FOREIGN,
    FORM_MALFORMED,
    FORM_STALE,
    METHOD_NOT_ALLOWED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    Refusal,
    Refused,
)
from rebind.entrypoints.shared import callers, forms, guard, streams
from rebind.entrypoints.shared.problems import Reply
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.serving import (
    ROUTE_IN_SCOPE,
    App,
    Receive,
    Scope,
    Send,
    send_reply,
)
from rebind.entrypoints.shared.steps import Steps, tells
from rebind.entrypoints.web import cookies, uploads
from rebind.entrypoints.web.faces import Faces
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows.desk import Desk, tokens

SIGN_IN = "/sign-in"
CHECK = "/sign-in/check"
_SIGN_IN_FIRST = (SESSION_REQUIRED, SESSION_ENDED)


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
            reply = self._faces.reply(Moved(self._home(visit)), visit)
        elif route is None:
            status, said, body = self._faces.reply(Refused(METHOD_NOT_ALLOWED), visit)
            reply = status, [*said, (b"allow", self._allow)], body
        elif route.auth is Auth.SESSION and self._path != CHECK and cookies.UNSURE in visit.jar:
            reply = self._faces.reply(Moved(_and_back(CHECK, self._home(visit))), visit)
        elif route.uploads:
            reply = await self._uploaded(route, visit, headers, receive)
        else:
            reply = await self._answered(route, visit, headers, receive)
        await send_reply(reply, scope, send)

    async def _answered(
        self, route: Route, visit: Visit, headers: callers.Headers, receive: Receive
    ) -> Reply:
        """A page that is opened, or a form that was sent."""
        form: Mapping[str, str] | Refusal = forms.NOTHING
        if route.method == "POST":
            form = await forms.read(headers, receive, route.body_max)
        answering = self._said(route, visit, headers, form)
        waits = route.names or tells(route.auth, route.method)
        return await (self._steps.after(answering) if waits else answering)

    async def _said(
        self,
        route: Route,
        visit: Visit,
        headers: callers.Headers,
        form: Mapping[str, str] | Refusal,
    ) -> Reply:
        if route.method == "POST":
            return self._faces.reply(*await self._posted(route, visit, headers, form))
        outcome = await route.handler(visit)
        if isinstance(outcome, Refused):
            outcome = self._refused(outcome, visit)
        return self._faces.reply(outcome, visit)

    def _home(self, visit: Visit) -> str:
        """The address of the page: this one, or the one on which the form stands."""
        if self._page is None:
            return visit.here
        return guard.own_path(self._page.format(**visit.words)) or "/"

    async def _uploaded(
        self, route: Route, visit: Visit, headers: callers.Headers, receive: Receive
    ) -> Reply:
        """A form that ends in a file, which the handler reads itself. It may still be on its way
        when the answer is there: then the connection ends with it."""
        stream = streams.opened(headers, receive, uploads.BYTES_MAX)
        if isinstance(stream, Refusal):
            return self._faces.reply(Refused(stream), visit)
        upload = uploads.opened(headers, stream)
        form: Mapping[str, str] | Refusal = FORM_MALFORMED
        if upload is not None:
            form = await upload.fields()
            visit = msgspec.structs.replace(visit, file=upload.file())
        outcome, visit = await self._posted(route, visit, headers, form)
        status, said, body = self._faces.reply(outcome, visit)
        return status, said if await stream.ended() else streams.closing(said), body

    async def _posted(
        self,
        route: Route,
        visit: Visit,
        headers: callers.Headers,
        form: Mapping[str, str] | Refusal,
    ) -> tuple[Outcome, Visit]:
        if isinstance(form, Refusal):
            return Refused(form), visit
        if guard.foreign(headers, self._origin):
            return Refused(FORM_FOREIGN), visit
        visit = msgspec.structs.replace(
            visit,
            here=self._home(visit),
            form=form,
            caller=msgspec.structs.replace(visit.caller, work=form.get("work") or None),
        )
        mine = tokens.form_is_of(
            self._desk.seal, visit.jar.get(cookies.VISITOR), form.get(guard.FIELD)
        )
        outcome = await _handled(route, visit) if mine else Refused(FORM_STALE)
        if isinstance(outcome, Refused) and outcome.refusal not in _SIGN_IN_FIRST and route.again:
            refused = outcome
            outcome = await route.again(visit, refused)
            if isinstance(outcome, Page):
                outcome = msgspec.structs.replace(outcome, refused=refused)
        if isinstance(outcome, Refused):
            outcome = self._refused(outcome, visit)
        return outcome, visit

    def _refused(self, refused: Refused, visit: Visit) -> Outcome:
        """Sign in first, or why not."""
        if refused.refusal not in _SIGN_IN_FIRST:
            return refused
        return Moved(_and_back(SIGN_IN, visit.here))


async def _handled(route: Route, visit: Visit) -> Outcome:
    try:
        return await route.handler(visit)
    except streams.Broken as broken:
        return Refused(broken.refusal)


def _and_back(to: str, here: str) -> str:
    return f"{to}?next={quote(here, safe='/')}"


def places(routes: Sequence[Route], desk: Desk, faces: Faces, origin: str) -> dict[str, App]:
    """The table by its paths."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    steps = Steps()
    return {path: Place(path, found, desk, faces, origin, steps) for path, found in by_path.items()}
