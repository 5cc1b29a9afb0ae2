"""/demo: what a visitor of the demo needs. These addresses exist in demo mode only.

The outbox shows every message that would have left, newest first, codes included: that is the
point of a demo, and the reason why `rebind serve` never opens it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route


class Message(Protocol):
    """A message that would have left."""

    @property
    def serial(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> int: ...


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody to be in the demo: their number now, and the key of the device they are known on."""

    name: str
    number: str
    other_number: str
    email: str
    device: str


Newest = Callable[[str | None, int], Sequence[Message]]
People = Callable[[], Awaitable[list[DemoPerson]]]
Page = Callable[..., str]

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def routes(newest: Newest, people: People, page: Page, style: str) -> list[Route]:
    """The addresses of the demo. `page` renders the outbox."""

    async def outbox(request: Request) -> Response:
        to = request.query_params.get("to")
        return HTMLResponse(
            page(newest(to, 0), await people(), request.headers.get("accept-language")),
            headers=_HEADERS,
        )

    async def outbox_json(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        serial = int(after) if after.isascii() and after.isdigit() and len(after) < 12 else 0
        found = newest(request.query_params.get("to"), serial)
        return _json(
            [
                {
                    "serial": each.serial,
                    "channel": each.channel,
                    "to": each.to,
                    "subject": each.subject,
                    "text": each.text,
                    "at": each.at,
                }
                for each in found
            ]
        )

    async def people_json(_request: Request) -> Response:
        return _json(await people())

    async def stylesheet(_request: Request) -> Response:
        return Response(style, media_type="text/css", headers=_HEADERS)

    async def landing(_request: Request) -> Response:
        return RedirectResponse("/demo/outbox", status_code=302)

    return [
        Route("/", landing, methods=["GET"]),
        Route("/demo/outbox", outbox, methods=["GET"]),
        Route("/demo/outbox.css", stylesheet, methods=["GET"]),
        Route("/demo/outbox.json", outbox_json, methods=["GET"]),
        Route("/demo/people.json", people_json, methods=["GET"]),
    ]


def _json(value: object) -> Response:
    return Response(
        msgspec.json.encode(value),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
