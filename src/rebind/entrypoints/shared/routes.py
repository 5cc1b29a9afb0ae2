"""The route table: one line says where, what, who may, what it answers and how it refuses.

From it come the application (`serving.py`), the description (`openapi.py`) and the rights matrix
(`rights`). It checks nothing itself: who may do what is decided by the flows, and tests hold the
table to that.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec

from rebind.domain.refusals import Refusal, Refused
from rebind.entrypoints.shared import bodies, streams
from rebind.flows.desk import Caller


class Auth(StrEnum):
    """Who may. The value is what the rights matrix says."""

    NONE = "anyone"
    WHERE_NEEDED = "anyone; a journey inside an account needs its session"
    LINK = "whoever reads an address that was told, by the link of the notice"
    REQUEST = "who began the request, by its token or session"
    SESSION = "the holder of a live session"
    CASE = "whoever reads one side of the case, by its link or by a session of its account"


class Call(msgspec.Struct, frozen=True):
    """One call as a handler gets it: who, with which words in the path and the query, and the body
    as the type that the table names, or piece by piece where the table says that it `streams`."""

    caller: Caller
    path: Mapping[str, str]
    query: bytes
    body: Any = None
    stream: streams.Stream | None = None

    def asked(self, name: str) -> str | None:
        """A parameter of the query; the last one, where it is repeated."""
        if not self.query:
            return None
        found = parse_qs(self.query.decode("latin-1"), keep_blank_values=True).get(name)
        return found[-1] if found else None


Handler = Callable[[Call], Awaitable[Any]]
"""Returns what the table says that the route answers, or `Refused`."""


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the path or the query."""

    name: str
    description: str
    pattern: str


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `status` and `answer` are what it answers when nothing refuses;
    `answer` None means no body. `examples` are bodies by their name; `body_max` their bytes.
    `streams`: the body is bytes of any kind, which the handler reads piece by piece."""

    method: str
    path: str
    handler: Handler
    auth: Auth
    status: int
    answer: Any
    refusals: tuple[Refusal, ...] = ()
    body: Any = None
    body_max: int = bodies.BODY_MAX
    streams: bool = False
    query: tuple[Parameter, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    examples: Mapping[str, Any] = {}
    summary: str
    operation_id: str
    tag: str

    @property
    def every_refusal(self) -> tuple[Refusal, ...]:
        """Its own and those of reading a body."""
        read = bodies.REFUSALS if self.body is not None else ()
        streamed = streams.REFUSALS if self.streams else ()
        return tuple(dict.fromkeys((*self.refusals, *read, *streamed)))


class Line(Protocol):
    """What a table of any door says of who may do what."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def auth(self) -> Auth: ...


def rights(routes: Sequence[Line]) -> str:
    """Who may do what, a line for each route."""
    return "".join(
        f"{route.method:<6} {route.path:<38} {route.auth}\n"
        for route in sorted(routes, key=lambda route: (route.path, route.method))
    )


__all__ = ["Auth", "Call", "Handler", "Line", "Parameter", "Refused", "Route", "rights"]
