"""/healthz (the process lives), /readyz (it can do its work), /metrics.

The first two are open to all and say nothing else: that a code waits tells that a number is known.
What waits stands in the metrics, which only the administrator's token opens.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rebind.entrypoints.shared.metrics import Metrics

Waiting = Callable[[], Awaitable[Mapping[str, int] | None]]
"""Messages waiting in every lane, or None when the database does not answer."""


Asked = Callable[[], dict[str, int]]
"""What this process asked of the database: statements, round trips, commits, retries."""


def routes(
    metrics: Metrics, waiting: Waiting, asked: Asked, token: str | None, *, demo: bool
) -> list[Route]:
    """The addresses for machines that watch the service. Metrics need the token; without one they
    are there in a demo only."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        if await waiting() is None:
            return JSONResponse({"status": "database unavailable"}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def scrape(request: Request) -> Response:
        if not (demo and token is None) and not _opens(request, token):
            raise HTTPException(404)
        for lane, amount in (await waiting() or {}).items():
            metrics.waiting.labels(lane).set(amount)
        for what, amount in asked().items():
            metrics.database.labels(what).set(amount)
        body, content_type = metrics.text()
        return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", scrape, methods=["GET"]),
    ]


def _opens(request: Request, token: str | None) -> bool:
    """Whether the caller names the token. Whoever does not finds nothing, as everywhere else."""
    scheme, _space, given = request.headers.get("authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and token is not None
    return known and hmac.compare_digest(given.strip().encode("latin-1"), (token or "").encode())
