"""Metrics for Prometheus: what is asked, what is refused, what waits to be sent. No label ever
holds anything personal; routes are the templates of the route table."""

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self._answers = Counter(
            "rebind_http_answers",
            "Answers by route and status",
            ["route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "rebind_http_seconds",
            "Time to the answer",
            ["route"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
        )
        self.waiting = Gauge(
            "rebind_outbox_waiting",
            "Messages that wait to be sent",
            ["lane"],
            registry=self.registry,
        )
        self.database = Gauge(
            "rebind_database",
            "What this process asked of the database since it started",
            ["what"],
            registry=self.registry,
        )
        self._children: dict[tuple[str, int], tuple[Any, Any]] = {}

    def text(self) -> tuple[bytes, str]:
        """(body, content type) for a scrape."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (route, status)
        children = self._children.get(key)
        if children is None:
            children = (self._answers.labels(route, str(status)), self._seconds.labels(route))
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)


def measured(app: App, metrics: Metrics) -> App:
    """The app with every answer counted. A route that nobody knows counts as `unknown`."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began = perf_counter()
        status = 500

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            metrics.answered(scope.get("rebind.route", "unknown"), status, perf_counter() - began)

    return application
