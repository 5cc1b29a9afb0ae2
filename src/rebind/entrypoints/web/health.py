"""/healthz (the process lives), /readyz (it can do its work), /metrics."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rebind.entrypoints.shared.metrics import Metrics

Ready = Callable[[], Awaitable[dict[str, int] | None]]
"""Messages waiting by lane, or None when the database does not answer."""


Asked = Callable[[], dict[str, int]]
"""What this process asked of the database: statements, round trips, commits, retries."""


def routes(metrics: Metrics, ready: Ready, asked: Asked) -> list[Route]:
    """The addresses for machines that watch the service."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        waiting = await ready()
        if waiting is None:
            return JSONResponse({"status": "database unavailable"}, status_code=503)
        return JSONResponse({"status": "ready", "waiting": waiting})

    async def scrape(_request: Request) -> Response:
        for lane, amount in (await ready() or {}).items():
            metrics.waiting.labels(lane).set(amount)
        for what, amount in asked().items():
            metrics.database.labels(what).set(amount)
        body, content_type = metrics.text()
        return Response(body, headers={"content-type": content_type})

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", scrape, methods=["GET"]),
    ]
