"""Visitors: they walk the flows over HTTP, one after the other, and look at the clock.

Every flow comes from a network address of its own and touches an account that was not touched
lately. A visitor is told its codes by the SMS centre, so that the worker's part is in every flow;
the time spent waiting for it is kept apart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

import msgspec

from bench.sms import Centre
from bench.town import People, session_token
from bench.wire import Connection, connect

FLOWS: Final = ("enrol", "sign_in", "change", "account")
MESSAGES: Final = {"enrol": 1, "sign_in": 1, "change": 4, "account": 0}
"""What leaves in each flow: its codes, and after a change a notice to both numbers."""

CODE_WAIT_S: Final = 10.0

REQUESTS: Final = "/api/v1/requests"


class Failed(Exception):
    """An answer that should not be."""


class Walked(msgspec.Struct):
    """What one visitor, or all of them, did in one cell."""

    whole_ms: list[float] = msgspec.field(default_factory=list)
    calls_ms: list[float] = msgspec.field(default_factory=list)
    failures: list[str] = msgspec.field(default_factory=list)
    seconds: float = 0.0


class Visitor:
    """One user in a closed loop: the next flow begins when the last one ended."""

    def __init__(self, connection: Connection, people: People, centre: Centre) -> None:
        self._connection, self._people, self._centre = connection, people, centre
        self._calls_s = 0.0
        self._headers = ""

    def _flow(self, name: str) -> Callable[[], Awaitable[None]]:
        """How this visitor walks a flow."""
        return {
            "enrol": self._enrol,
            "sign_in": self._sign_in,
            "change": self._change,
            "account": self._account,
        }[name]

    async def walk(self, flow: str, until: float, left: list[int], walked: Walked) -> None:
        """Walk a flow again and again until that moment, or until none is `left`."""
        step = self._flow(flow)
        while left[0] > 0 and perf_counter() < until:
            left[0] -= 1
            self._calls_s = 0.0
            self._headers = f"X-Forwarded-For: {_address()}\r\n"
            began = perf_counter()
            try:
                await step()
            except (Failed, TimeoutError) as failure:
                walked.failures.append(f"{flow}: {str(failure) or 'no code in time'}")
                continue
            walked.whole_ms.append((perf_counter() - began) * 1000)
            walked.calls_ms.append(self._calls_s * 1000)

    async def _call(
        self, method: str, path: str, wanted: int, body: Any = None, **more: str
    ) -> Any:
        headers = self._headers
        if "bearer" in more:
            headers += f"Authorization: Bearer {more['bearer']}\r\n"
        if "device" in more:
            headers += f"Rebind-Device: {more['device']}\r\n"
        raw = msgspec.json.encode(body) if body is not None else None
        began = perf_counter()
        answer = await self._connection.call(method, path, headers, raw)
        self._calls_s += perf_counter() - began
        if answer.status != wanted:
            raise Failed(f"{method} {path} answered {answer.status} {answer.body[:200]!r}")
        return msgspec.json.decode(answer.body)

    async def _enrol(self) -> None:
        number = self._people.stranger()
        code = self._centre.expect(number)
        begun = await self._call("POST", REQUESTS, 201, {"kind": "enrol", "number": number})
        proof = {"proof": "code_new", "code": await arrived(code)}
        await self._done(begun, proof, bearer=begun["token"])

    async def _sign_in(self) -> None:
        i = self._people.anybody()
        number, device = self._people.number(i), self._people.device(i)
        code = self._centre.expect(number)
        body = {"kind": "sign_in", "number": number}
        begun = await self._call("POST", REQUESTS, 201, body, device=device)
        proof = {"proof": "code_current", "code": await arrived(code)}
        await self._done(begun, proof, bearer=begun["token"], device=device)

    async def _change(self) -> None:
        i = self._people.resident()
        session = {"bearer": session_token(i), "device": self._people.device(i)}
        old, new = self._people.number(i), self._people.away(i)
        to_old, to_new = self._centre.expect(old), self._centre.expect(new)
        body = {"kind": "change", "number": new, "send": ["code_current", "code_new"]}
        begun = await self._call("POST", REQUESTS, 201, body, **session)
        proofs = [
            {"proof": "code_current", "code": await arrived(to_old)},
            {"proof": "code_new", "code": await arrived(to_new)},
        ]
        await self._done(begun, proofs, **session)
        self._people.moved(i)

    async def _account(self) -> None:
        i = self._people.reader()
        await self._call("GET", "/api/v1/account", 200, bearer=session_token(i))

    async def _done(self, begun: Any, proof: Any, **headers: str) -> None:
        path = f"{REQUESTS}/{begun['id']}/proofs"
        ended = await self._call("POST", path, 200, proof, **headers)
        if ended["state"] != "done":
            raise Failed(f"the request is {ended['state']}, needs {ended['needs']}")


Kind = Callable[[Connection, People, Centre], Visitor]
"""Makes a visitor of one kind: a program, or somebody with a browser."""


async def walk(
    port: int,
    people: People,
    centre: Centre,
    flow: str,
    users: int,
    seconds: float,
    flows_max: int,
    kind: Kind = Visitor,
) -> Walked:
    """Let so many users walk a flow for so long, then wait until its messages have left."""
    connections = [await connect(port) for _ in range(users)]
    walked, left = Walked(), [flows_max]
    messages = centre.received
    began = perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                visitor = kind(connection, people, centre)
                group.create_task(visitor.walk(flow, began + seconds, left, walked))
        walked.seconds = perf_counter() - began
    finally:
        for connection in connections:
            connection.close()
    wanted = messages + MESSAGES[flow] * len(walked.whole_ms)
    for _ in range(1000):
        if centre.received >= wanted:
            break
        await asyncio.sleep(0.01)
    return walked


async def arrived(code: "asyncio.Future[str]") -> str:
    """The code, when its message has come."""
    if code.done():
        return code.result()
    async with asyncio.timeout(CODE_WAIT_S):
        return await code


_addresses = iter(range(1, 1 << 24))


def _address() -> str:
    """A network address that no flow has had before."""
    n = next(_addresses)
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
