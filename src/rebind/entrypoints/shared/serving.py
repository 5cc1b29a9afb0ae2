"""The route table as an ASGI application.

One `Place` for each path does everything for it: reads the caller and the body, calls the handler,
sends the answer in two messages. There is no middleware in between. What goes wrong anywhere,
also in the pages of other doors, is told without a detail: as problem+json, or as `tell` says.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as StarletteRoute

from rebind.domain.acts import Door
from rebind.domain.refusals import METHOD_NOT_ALLOWED, PATH_UNKNOWN, Refusal, Refused
from rebind.entrypoints.shared import bodies, callers, streams
from rebind.entrypoints.shared.problems import INTERNAL, Problems, RawHeaders, Reply
from rebind.entrypoints.shared.routes import Call, Route
from rebind.entrypoints.shared.steps import Steps, tells

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Tell = Callable[[Refused, Scope], Reply]
"""How a refusal is told to whoever sent that request: problem+json, or a page of the web door."""

ROUTE_IN_SCOPE = "rebind.route"
"""Where metrics find the template of the path that was asked for."""

_encoder = msgspec.json.Encoder()
_ANSWER: RawHeaders = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
_NO_BODY = _ANSWER[1:]
_NO_WORDS: Mapping[str, str] = {}


async def send_reply(reply: Reply, scope: Scope, send: Send) -> None:
    """Send an answer; to HEAD the same without its body."""
    status, headers, body = reply
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if scope["method"] == "HEAD":
        body = b""
    await send({"type": "http.response.body", "body": body})


class _Served:
    """One line of the table, with what can be made ready beforehand."""

    def __init__(self, route: Route) -> None:
        self.handler = route.handler
        self.status = route.status
        self.empty = route.answer is None
        self.decoder = msgspec.json.Decoder(route.body) if route.body is not None else None
        self.body_max = route.body_max
        self.streams = route.streams
        self.tells = tells(route.auth, route.method)


class Place:
    """All methods of one path."""

    def __init__(
        self, path: str, routes: Sequence[Route], problems: Problems, door: Door, steps: Steps
    ) -> None:
        self._path = path
        self._steps = steps
        self._problems = problems
        self._door = door
        self._served = {route.method: _Served(route) for route in routes}
        if "GET" in self._served:
            self._served["HEAD"] = self._served["GET"]
        self._allow = ", ".join(sorted(self._served)).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE_IN_SCOPE] = self._path
        headers = callers.headers_of(scope)
        served = self._served.get(scope["method"])
        if served is None:
            status, said, body = self._refused(METHOD_NOT_ALLOWED, headers)
            reply = status, [*said, (b"allow", self._allow)], body
        elif served.streams:
            reply = await self._streamed(served, scope, headers, receive)
        else:
            reply = await self._answer(served, scope, headers, receive)
        await send_reply(reply, scope, send)

    def _refused(self, refusal: Refusal, headers: callers.Headers) -> Reply:
        return self._problems.reply(Refused(refusal), callers.locale(headers))

    async def _answer(
        self, served: _Served, scope: Scope, headers: callers.Headers, receive: Receive
    ) -> Reply:
        caller = callers.caller(scope, headers, self._door)
        body = None
        if served.decoder is not None:
            body = await bodies.read(headers, receive, served.decoder, served.body_max)
            if isinstance(body, Refusal):
                return self._problems.reply(Refused(body), caller.locale)
        call = Call(caller, scope["path_params"], scope["query_string"], body)
        answering = self._handled(served, call)
        return await (self._steps.after(answering) if served.tells else answering)

    async def _handled(self, served: _Served, call: Call) -> Reply:
        return self._told(served, await served.handler(call), call.caller.locale)

    async def _streamed(
        self, served: _Served, scope: Scope, headers: callers.Headers, receive: Receive
    ) -> Reply:
        """The same for a body that the handler reads itself, and which may still be on its way when
        the answer is there."""
        caller = callers.caller(scope, headers, self._door)
        stream = streams.opened(headers, receive, served.body_max)
        if isinstance(stream, Refusal):
            return self._problems.reply(Refused(stream), caller.locale)
        call = Call(caller, scope["path_params"], scope["query_string"], stream=stream)
        try:
            answer = await served.handler(call)
        except streams.Broken as broken:
            answer = Refused(broken.refusal)
        status, said, body = self._told(served, answer, caller.locale)
        return status, said if await stream.ended() else streams.closing(said), body

    def _told(self, served: _Served, answer: Any, locale: str) -> Reply:
        if isinstance(answer, Refused):
            return self._problems.reply(answer, locale)
        if served.empty:
            return served.status, _NO_BODY, b""
        said = _encoder.encode(answer)
        return served.status, [*_ANSWER, (b"content-length", b"%d" % len(said))], said


def places(routes: Sequence[Route], problems: Problems, door: Door) -> dict[str, Place]:
    """The table by its paths."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    steps = Steps()
    return {path: Place(path, found, problems, door, steps) for path, found in by_path.items()}


class Nowhere:
    """Every address that nobody has."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        await send_reply(self._tell(Refused(PATH_UNKNOWN), scope), scope, send)


def application(
    table: Mapping[str, App],
    others: Sequence[BaseRoute],
    problems: Problems,
    unavailable: type[Exception],
    report: Callable[[BaseException], None],
    tell: Tell | None = None,
) -> App:
    """The whole application: the table, then what other doors serve. `unavailable` is what is
    raised while the database is away; `report` is told every exception that nobody expected;
    `tell` puts into words what no place of the table has answered."""
    tell = problems.told if tell is None else tell
    # A path without words of its own is found by one look; only the others are matched in turn.
    exact = {path: place for path, place in table.items() if "{" not in path}
    matched = [StarletteRoute(path, table[path]) for path in table if path not in exact]
    router = Router([*matched, *others], redirect_slashes=False, default=Nowhere(tell))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await router(scope, receive, send)
            return
        # With this Starlette raises what it would else answer in plain text.
        scope["app"] = router
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            place = exact.get(scope["path"])
            if place is None:
                await router(scope, receive, noting)
            else:
                scope["path_params"] = _NO_WORDS
                await place(scope, receive, noting)
        except ClientDisconnect:
            return
        except Exception as error:
            if begun:
                # Half an answer is out: only closing the connection says that it is not whole.
                raise
            await send_reply(_told(error, scope), scope, send)

    def _told(error: Exception, scope: Scope) -> Reply:
        if isinstance(error, unavailable):
            return tell(problems.away(), scope)
        if isinstance(error, HTTPException) and error.status_code in _OF_STARLETTE:
            refusal = _OF_STARLETTE[error.status_code]
            status, headers, body = tell(Refused(refusal), scope)
            more = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in (error.headers or {}).items()
            ]
            return status, [*headers, *more], body
        report(error)
        return tell(Refused(INTERNAL), scope)

    return app


_OF_STARLETTE = {404: PATH_UNKNOWN, 405: METHOD_NOT_ALLOWED}
"""What Starlette raises in pages of other doors, in our words."""
