"""A flood of passwords: two hundred strangers try one at the same moment, and somebody who is
signed in already should hardly notice.

A hash takes a core for some 60 ms, so a server can compare only a few at a time; the others wait
in a queue with an end, and whoever finds it full is told `busy`. Every stranger has a name of their
own, half of them one that somebody has, no device that anybody knows, and a wrong password. The
quiet visitor is one person who looks at their account again and again. Neighbours: `names.py` has
the names, `wire.py` the client.
"""

import asyncio
from collections import Counter
from statistics import median
from time import perf_counter
from typing import Any, Final

import msgspec

from bench.figures import percentile
from bench.names import WRONG, Has, Names
from bench.town import session_token
from bench.wire import Connection, connect

STRANGERS: Final = 200
USE: Final = "flood"
NAMES: Final = ((USE, Has.PASSWORD), (USE, Has.NOTHING))
GOAL: Final = 10.0
"""The quiet visitor's p99 during the flood to that before it, at most."""

QUIET_CALLS: Final = 1_000
_PAUSE_S = 0.004
"""Between two looks, so that the quiet visitor is no crowd by themselves."""

_WAIT_S = 120.0
"""How long a stranger waits: the queue takes 4 s on a quiet machine."""

_REQUESTS = "/api/v1/requests"


class Flooded(msgspec.Struct, frozen=True):
    """One flood. Times in ms of the quiet visitor's calls; `answers` counts what the strangers were
    told; `last_s` is how long the last of them waited."""

    engine: str
    before_ms: list[float]
    during_ms: list[float]
    answers: dict[str, int]
    last_s: float

    @property
    def ratio(self) -> float:
        """p99 during the flood to p99 before it."""
        return percentile(self.during_ms, 0.99) / percentile(self.before_ms, 0.99)


async def flood(engine: str, port: int, named: Names, number: int) -> Flooded:
    """The `number`th flood of a server, each with names that were never used."""
    resident = 0
    quiet = await connect(port)
    strangers = [await connect(port) for _ in range(STRANGERS)]
    try:
        await _look(quiet, resident, QUIET_CALLS // 10)
        before = await _look(quiet, resident, QUIET_CALLS)
        began = perf_counter()
        tries = asyncio.gather(
            *(_try(strangers[i], named, number * STRANGERS + i) for i in range(STRANGERS))
        )
        during: list[float] = []
        while not tries.done():
            during += await _look(quiet, resident, 1)
        told = await tries
    finally:
        for connection in (quiet, *strangers):
            connection.close()
    last = max(at for _code, at in told) - began
    return Flooded(engine, before, during, dict(Counter(code for code, _at in told)), last)


async def _look(quiet: Connection, resident: int, times: int) -> list[float]:
    """Look at the account so often; ms of each call."""
    headers = f"Authorization: Bearer {session_token(resident)}\r\n"
    found = []
    for _ in range(times):
        began = perf_counter()
        answer = await quiet.call("GET", "/api/v1/account", headers)
        found.append((perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"GET /api/v1/account: {answer.status} {answer.body[:300]!r}")
        await asyncio.sleep(_PAUSE_S)
    return found


async def _try(connection: Connection, named: Names, i: int) -> tuple[str, float]:
    """Begin to sign in and give a wrong password; what was answered, and when."""
    has = Has.PASSWORD if i % 2 else Has.NOTHING
    come = f"X-Forwarded-For: 12.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\r\n"
    body = {"kind": "sign_in", "number": named.number(USE, has, i), "send": []}
    begun = await connection.call("POST", _REQUESTS, come, _json(body), wait_s=_WAIT_S)
    if begun.status != 201:
        return _code(begun.body), perf_counter()
    answer = msgspec.json.decode(begun.body)
    path = f"{_REQUESTS}/{answer['id']}/proofs"
    bearer = f"{come}Authorization: Bearer {answer['token']}\r\n"
    refused = await connection.call(
        "POST", path, bearer, _json({"proof": "password", "code": WRONG}), wait_s=_WAIT_S
    )
    return _code(refused.body), perf_counter()


def middle(found: list[Flooded]) -> tuple[float, str]:
    """The middle of the ratios of one engine's floods, and as it is told."""
    ratios = [each.ratio for each in found]
    return median(ratios), f"{median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"


def _code(body: bytes) -> str:
    return str(msgspec.json.decode(body).get("code", "let in"))


def _json(body: Any) -> bytes:
    return msgspec.json.encode(body)
