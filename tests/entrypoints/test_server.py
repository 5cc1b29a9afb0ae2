"""What the server process is told to bear."""

import socket
from typing import Any

import pytest
import uvicorn

from rebind.entrypoints.shared import server


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many slow callers there are, a process does not run out of memory and files."""
    told: list[Any] = []

    async def served(self: Any, sockets: list[socket.socket]) -> None:
        told.append(self.config)

    async def began() -> None:
        """Nobody waits for it here."""

    monkeypatch.setattr(uvicorn.Server, "serve", served)
    with server.listening("127.0.0.1", 0) as sock:
        await server.serve(None, sock, (), began)
    assert told[0].limit_concurrency == server.CONNECTIONS_MAX
    assert 100 <= server.CONNECTIONS_MAX <= 10_000
