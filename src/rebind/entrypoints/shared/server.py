"""One server process: uvicorn around the app, stopped gracefully."""

import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

_STOPS = (signal.SIGTERM, signal.SIGINT)

CONNECTIONS_MAX = 2_000
"""Open connections of one process, idle ones included. Each costs memory and a file; over this
uvicorn answers 503 at once. A proxy keeps a few dozen, so only a flood comes near."""

GRACE_S = 10
"""Requests under way may take this long after a stop was asked for."""


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, to be shared by all server processes. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((host, port))
    found.listen(2048)
    found.set_inheritable(True)
    return found


async def serve(
    app: Any,
    sock: socket.socket,
    trusted_proxies: tuple[str, ...],
    began: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGTERM or SIGINT; `began` is awaited once answers are given. Headers of proxies
    are believed only from `trusted_proxies`; a forged one would undo every limit by address."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        loop="none",
        http="httptools",
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
    )
    server = _Server(config, began)
    await server.serve(sockets=[sock])


class _Server(uvicorn.Server):
    """Says when it began to listen."""

    def __init__(self, config: uvicorn.Config, began: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._began = began

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT. Uvicorn would raise the signal again once it has stopped, and
        end the process before the worker has finished what it began."""
        before = {wanted: signal.signal(wanted, self.handle_exit) for wanted in _STOPS}
        try:
            yield
        finally:
            for wanted, handler in before.items():
                signal.signal(wanted, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await self._began()
