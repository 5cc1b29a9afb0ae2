"""A visitor who speaks HTTP to an application in the same process, a message at a time."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from rebind.entrypoints.shared.serving import App, Message

JSON = {"content-type": "application/json"}


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of a refusal; None where nothing was refused."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        return str(self.json["code"])


class Visitor:
    """Somebody at a network address, perhaps with a token and a device."""

    def __init__(self, app: App, address: str = "192.0.2.10", language: str = "en") -> None:
        self.app, self.address, self.language = app, address, language
        self.bearer: str | None = None
        self.device: str | None = None

    async def get(self, path: str, **more: str) -> Answer:
        return await self.ask("GET", path, headers=more)

    async def post(self, path: str, body: Any = None, **more: str) -> Answer:
        """POST JSON, or nothing at all."""
        if body is None:
            return await self.ask("POST", path, headers=more)
        return await self.ask("POST", path, [json.dumps(body).encode()], {**JSON, **more})

    async def ask(
        self,
        method: str,
        path: str,
        pieces: Sequence[bytes] = (b"",),
        headers: Mapping[str, str] | None = None,
        pause_s: float = 0.0,
    ) -> Answer:
        """Send a request in pieces and take the answer."""
        waiting: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
            for index, piece in enumerate(pieces)
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            if pause_s:
                await asyncio.sleep(pause_s)
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(self._scope(method, path, headers or {}), receive, send)
        return _answer(sent)

    def _scope(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        whole = {"accept-language": self.language, "user-agent": "Tests/1.0", **headers}
        if self.bearer is not None:
            whole.setdefault("authorization", f"Bearer {self.bearer}")
        if self.device is not None:
            whole.setdefault("rebind-device", self.device)
        bare, _mark, query = path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(bare),
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in whole.items()],
            "client": (self.address, 50_000),
            "server": ("testserver", 80),
        }


def _answer(sent: list[Message]) -> Answer:
    """The messages of an answer, which must be whole."""
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert bodies
    assert all(message["type"] == "http.response.body" for message in bodies)
    headers: dict[str, str] = {}
    for raw_name, raw_value in start["headers"]:
        name, value = raw_name.decode(), raw_value.decode()
        # Cookies alone may be set several at a time: a line each.
        assert name not in headers or name == "set-cookie", "no header is sent twice"
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    assert all(name == name.lower() for name in headers), "ASGI wants names in lower case"
    return Answer(start["status"], headers, b"".join(message["body"] for message in bodies))
