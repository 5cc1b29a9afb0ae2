"""The floor: the least that the same work costs with the same parts.

A bare Starlette router on the same server, with handlers that replay what our flows ask of the
database (same statements, same guards, same round trips), seal, index and hash as often, draw as
many ids and codes, and decode and encode the same JSON. On PostgreSQL the same composed statements
go through asyncpg as it is; on SQLite the statements run on one `sqlite3` connection that commits
inline. Left out: rules, policy, limits that refuse, parsing of phone numbers, checks of tokens and
codes, rows as values, refusals and languages, metrics, retries, group commit.

Started as `python -m bench.floor <programs.json> <database url> <port> <key ring>`.
"""

import asyncio
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from msgspec import UNSET, UnsetType
from starlette.routing import Route, Router

from bench.floor_store import RawStore, opened
from bench.replay import GIVEN, Program
from rebind.entrypoints.shared import server
from rebind.entrypoints.shared.spelling import moment
from rebind.providers.clock.system import SystemClock
from rebind.providers.dice.system import SystemDice
from rebind.providers.seal import ring_file
from rebind.providers.seal.vault import AesSeal
from rebind.store.sessions import SessionRow

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_DEVICE = "rd_" + "A" * 44
_NEEDS = {"enrol": [["code_new"]], "sign_in": [["code_current"], ["password"], ["passkey"]],
          "change": [["code_current", "code_new"]]}  # fmt: skip


class Begin(msgspec.Struct):
    kind: str
    number: str
    send: list[str] | None = None


class Prove(msgspec.Struct):
    proof: str
    code: str


class Session(msgspec.Struct):
    token: str
    expires_at: str
    level: str
    device: str | UnsetType


class Passkey(msgspec.Struct, rename="camel"):
    challenge: str
    timeout: int = 300_000
    rp_id: str = "localhost"
    allow_credentials: tuple[str, ...] = ()
    user_verification: str = "required"


class Answer(msgspec.Struct):
    id: str
    kind: str
    state: str
    needs: list[list[str]]
    expires_at: str
    token: str | UnsetType = UNSET
    session: Session | UnsetType = UNSET
    passkey: Passkey | UnsetType = UNSET


class Account(msgspec.Struct):
    id: str
    state: str
    number: str
    region: str
    bound_at: str
    confirmed_at: str
    enrolled_at: str
    locale: str
    level: str


_begin = msgspec.json.Decoder(Begin)
_prove = msgspec.json.Decoder(Prove | list[Prove])
_encoder = msgspec.json.Encoder()
_HOUR = 3_600_000
_ID, _STATE, _VERSION, _SEALED, _REGION, _BOUND, _CONFIRMED, _ENROLLED, _LOCALE, _LEVEL = map(
    SessionRow.__struct_fields__.index,
    ("account_id", "state", "number_version", "number_sealed", "region", "bound_at",
     "confirmed_at", "enrolled_at", "locale", "level"),
)  # fmt: skip


class Floor:
    """The handlers. Requests on their way are remembered by kind, in memory."""

    def __init__(self, store: RawStore, seal: AesSeal, programs: list[Program]) -> None:
        self._clock, self._dice, self._seal = SystemClock(), SystemDice(), seal
        self._kinds: dict[str, str] = {}
        self._calls = {each.name: (store.bound(each.steps), _made(each)) for each in programs}

    async def begin(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _begin.decode(await _body(receive))
        request_id, raw = await self._run(f"{asked.kind}.begin", scope, {"number": asked.number})
        word = request_id.hex()
        self._kinds[word] = asked.kind
        token = UNSET if asked.kind == "change" else _text("rr_", raw)
        ends = moment(self._clock.now() + _HOUR)
        answer = Answer(word, asked.kind, "open", _NEEDS[asked.kind], ends, token)
        if asked.kind == "sign_in":
            answer.passkey = Passkey(_text("", raw))
        await _send(send, 201, answer)

    async def prove(self, scope: Scope, receive: Receive, send: Send) -> None:
        typed = _prove.decode(await _body(receive))
        word = scope["path_params"]["id"]
        kind = self._kinds.pop(word)
        given: dict[str, Any] = {"request_id": bytes.fromhex(word)}
        for each in typed if isinstance(typed, list) else (typed,):
            given[each.proof] = each.code
        _first, raw = await self._run(f"{kind}.prove", scope, given)
        ends = moment(self._clock.now() + _HOUR)
        answer = Answer(word, kind, "done", [], ends)
        if kind != "change":
            device = _DEVICE if kind == "enrol" else UNSET
            answer.session = Session(_text("rs_", raw), ends, "full", device)
        await _send(send, 200, answer)

    async def show(self, scope: Scope, _receive: Receive, send: Send) -> None:
        store, _call = self._calls["account.show"]
        headers = dict(scope["headers"])
        raw = _raw(headers[b"authorization"][10:])
        hashed = blake2b(raw, digest_size=32).digest()
        ((row,),) = await store.read(0, self._keys(raw, hashed))
        place = row[_ID] + row[_VERSION].to_bytes(4, "big")
        number = self._seal.unseal("bindings.number", place, row[_SEALED])
        answer = Account(
            row[_ID].hex(), row[_STATE], number, row[_REGION], moment(row[_BOUND]),
            moment(row[_CONFIRMED]), moment(row[_ENROLLED]), row[_LOCALE], row[_LEVEL],
        )  # fmt: skip
        await _send(send, 200, answer)

    def _keys(self, raw: bytes, hashed: bytes) -> tuple[Any, ...]:
        keys = (raw[:16], raw[16:32], hashed)
        return keys if self._calls["account.show"][0].flat else (keys,)

    async def _run(self, name: str, scope: Scope, given: dict[str, Any]) -> Any:
        headers = dict(scope["headers"])
        given["client"] = scope["client"][0]
        given["agent"] = headers[b"user-agent"].decode("latin-1")
        bearer, device = headers.get(b"authorization"), headers.get(b"rebind-device")
        if bearer is not None:
            given["bearer"] = _raw(bearer[10:])
        if device is not None:
            given["device"] = _raw(device[3:])
        store, call = self._calls[name]
        known = [given.get(each) for each in GIVEN]
        return await call(store, self._seal, self._dice, _hash, self._clock.now(), *known)


def _made(program: Program) -> Any:
    space: dict[str, Any] = {"encode": msgspec.json.encode}
    exec(program.source, space)
    return space["call"]


def _hash(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=32).digest()


def _raw(body: bytes) -> bytes:
    return urlsafe_b64decode(body + b"=" * (-len(body) % 4))


def _text(prefix: str, raw: bytes) -> str:
    return prefix + urlsafe_b64encode(raw).rstrip(b"=").decode()


async def _body(receive: Receive) -> bytes:
    message = await receive()
    raw: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        raw += message["body"]
    return raw


async def _send(send: Send, status: int, answer: Any) -> None:
    body = _encoder.encode(answer)
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Endpoint:
    """A handler as Starlette takes it without a wrapper of its own."""

    def __init__(self, handler: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handler(scope, receive, send)


async def _alive(_scope: Scope, _receive: Receive, send: Send) -> None:
    await _send(send, 200, {"status": "alive"})


async def _serve(programs: list[Program], url: str, port: int, seal: AesSeal) -> None:
    store = await opened(url)
    floor = Floor(store, seal, programs)
    app = Router(
        [
            Route("/api/v1/requests", _Endpoint(floor.begin), methods=["POST"]),
            Route("/api/v1/requests/{id}/proofs", _Endpoint(floor.prove), methods=["POST"]),
            Route("/api/v1/account", _Endpoint(floor.show), methods=["GET"]),
            Route("/healthz", _Endpoint(_alive)),
        ]
    )

    async def began() -> None:
        """Nobody is to be told."""

    with server.listening("127.0.0.1", port) as sock:
        await server.serve(app, sock, ("127.0.0.1",), began)
    await store.close()


if __name__ == "__main__":
    file, database, number, keys = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        known = msgspec.json.decode(Path(file).read_bytes(), type=list[Program])
        opener = AesSeal(ring_file.load(Path(keys), None))
        runner.run(_serve(known, database, int(number), opener))
