"""Guessing who has an account here: whether an answer, or the time it takes, tells.

A stranger on an unknown device goes through what can be begun without a session, with a name that
somebody has and with one that nobody has, one right after the other in random order. Of each pair
we note which took longer: where time tells nothing, that is the known name in half of them. Nothing
passes or fails by it; the figure to reach is 50 ± 3 %. Answers are compared too, without what
differs in every answer.

The server is idle otherwise, and no worker runs: what is timed are answers. Neighbours: `names.py`
has the names, `wire.py` the client.
"""

import difflib
import random
import re
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from bench.browsers import AGENT as BROWSER
from bench.browsers import FORM
from bench.names import WRONG, Has, Names
from bench.wire import AGENT, JSON, Answer, Connection, connect
from rebind.flows.desk import tokens
from rebind.ports import Seal
from rebind.providers.dice.system import SystemDice

GOAL: Final = 3.0
"""Percentage points from 50: what it is to be."""

WARM_PAIRS: Final = 20
"""Walked first and not looked at."""

_REQUESTS = "/api/v1/requests"
_Z = 1.96
"""95 % of a normal distribution lie within so many deviations."""


class Journey(msgspec.Struct, frozen=True):
    """One way to ask about a name. `body` is what it is begun with, over the API; `proof` what is
    given then, and is wrong. By pages, `form` is where its form is sent."""

    name: str
    known: tuple[Has, ...]
    by_mailbox: bool = False
    body: dict[str, Any] | None = None
    proof: str = ""
    form: str = ""
    field: str = ""

    @property
    def slow(self) -> bool:
        """Whether a password is compared, which takes long."""
        return "password" in self.name


JOURNEYS: Final = (
    Journey("enrol", (Has.ACCOUNT,), body={"kind": "enrol"}, proof="code_new"),
    Journey("sign_in by code", (Has.ACCOUNT,), body={"kind": "sign_in"}, proof="code_current"),
    Journey(
        "undo by number", (Has.CHANGE, Has.NO_CHANGE), body={"kind": "undo"}, proof="code_new"
    ),
    Journey(
        "undo by e-mail", (Has.CHANGE, Has.NO_CHANGE), True, {"kind": "undo"}, "code_email"
    ),
    Journey("page: sign-up", (Has.ACCOUNT,), form="/sign-up", field="number"),
    Journey("page: sign-in", (Has.ACCOUNT,), form="/sign-in", field="number"),
    Journey("page: undo", (Has.CHANGE,), form="/undo", field="address"),
    Journey(
        "recover by number",
        (Has.MAILBOX, Has.NO_MAILBOX),
        body={"kind": "recover"},
        proof="code_email",
    ),
    Journey("recover by e-mail", (Has.MAILBOX,), True, {"kind": "recover"}, "code_email"),
    Journey(
        "page: recover by number",
        (Has.MAILBOX, Has.NO_MAILBOX),
        form="/recover",
        field="name",
    ),
    Journey("page: recover by e-mail", (Has.MAILBOX,), True, form="/recover", field="name"),
    Journey(
        "sign_in by number and password",
        (Has.PASSWORD, Has.NO_PASSWORD),
        body={"kind": "sign_in", "send": []},
        proof="password",
    ),
    Journey(
        "sign_in by e-mail and password",
        (Has.PASSWORD, Has.NO_PASSWORD),
        True,
        {"kind": "sign_in"},
        "password",
    ),
    Journey(
        "page: sign-in by password", (Has.PASSWORD,), True, form="/sign-in/password", field="name"
    ),
)  # fmt: skip


def names(pairs: int) -> Names:
    """The names that so many pairs take."""
    uses = [(each.name, has) for each in JOURNEYS for has in (*each.known, Has.NOTHING)]
    return Names(uses, pairs + WARM_PAIRS)


class Guessed(msgspec.Struct, frozen=True):
    """One step of a journey, with names of which this is `known`, against names of nobody.
    `longer`: in how many pairs the known name took longer. `unlike`: pairs whose answers were not
    the same, with what differed in the first."""

    engine: str
    journey: str
    step: str
    known: Has
    pairs: int
    longer: int
    known_ms: float
    unknown_ms: float
    gap_ms: float
    unlike: int
    example: str = ""

    @property
    def share(self) -> float:
        """How often time orders a pair correctly, in per cent."""
        return 100 * self.longer / self.pairs

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the true share lies with 95 % certainty, in per cent (Wilson)."""
        n, part, z = self.pairs, self.longer / self.pairs, _Z
        middle = (part + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (part * (1 - part) / n + z * z / (4 * n * n)) ** 0.5
        return 100 * (middle - half), 100 * (middle + half)

    @property
    def verdict(self) -> str:
        """Reached, not reached, or too few pairs to tell one from the other."""
        least, greatest = self.interval
        if greatest < 50 - GOAL or least > 50 + GOAL:
            return "**not reached**"
        if abs(self.share - 50) <= GOAL:
            return "reached"
        return "not certain"


class _Step(msgspec.Struct, frozen=True):
    name: str
    ms: float
    looks: str


class _Seen:
    """All pairs of one journey and one kind of known name."""

    def __init__(self) -> None:
        self.known: dict[str, list[_Step]] = {}
        self.unknown: dict[str, list[_Step]] = {}

    def add(self, known: list[_Step], unknown: list[_Step]) -> None:
        for steps, of in ((known, self.known), (unknown, self.unknown)):
            for step in steps:
                of.setdefault(step.name, []).append(step)

    def told(self, engine: str, journey: str, has: Has) -> Iterator[Guessed]:
        for step, known in self.known.items():
            pairs = list(zip(known, self.unknown[step], strict=True))
            unlike = [(a.looks, b.looks) for a, b in pairs if a.looks != b.looks]
            yield Guessed(
                engine, journey, step, has, len(pairs),
                sum(a.ms > b.ms for a, b in pairs),
                median(a.ms for a, _b in pairs),
                median(b.ms for _a, b in pairs),
                median(a.ms - b.ms for a, b in pairs),
                len(unlike),
                _difference(*unlike[0]) if unlike else "",
            )  # fmt: skip


def _difference(known: str, unknown: str) -> str:
    """The lines that two answers do not share."""
    lines = difflib.unified_diff(known.splitlines(), unknown.splitlines(), n=0, lineterm="")
    return "\n".join(line[:300] for line in list(lines)[2:] if not line.startswith("@@"))


class Stranger:
    """Somebody without a session, on a device that nobody knows."""

    def __init__(self, connection: Connection, named: Names, seal: Seal) -> None:
        self._connection, self._names, self._seal = connection, named, seal
        self._visits = 0

    async def walk(self, journey: Journey, has: Has, i: int) -> list[_Step]:
        """The whole of a journey with one name."""
        name_of = self._names.mailbox if journey.by_mailbox else self._names.number
        name = name_of(journey.name, has, i)
        if journey.form:
            return await self._by_pages(journey, name)
        return await self._by_api(journey, name)

    async def _by_api(self, journey: Journey, name: str) -> list[_Step]:
        body = {**(journey.body or {}), "email" if journey.by_mailbox else "number": name}
        come = f"X-Forwarded-For: {self._address()}\r\n"
        begun, first = await self._step("begin", "POST", _REQUESTS, come, _json(body), 201)
        answer = msgspec.json.decode(begun.body)
        wrong = WRONG if journey.proof == "password" else "000000"
        proof = {"proof": journey.proof, "code": wrong}
        path = f"{_REQUESTS}/{answer['id']}/proofs"
        bearer = f"{come}Authorization: Bearer {answer['token']}\r\n"
        called = "wrong password" if journey.proof == "password" else "wrong code"
        refused, second = await self._step(called, "POST", path, bearer, _json(proof), None)
        code = msgspec.json.decode(refused.body).get("code")
        if code not in ("code_wrong", "proof_wrong"):
            raise RuntimeError(f"{journey.name}: {refused.status} {refused.body[:300]!r}")
        return [first, second]

    async def _by_pages(self, journey: Journey, name: str) -> list[_Step]:
        visitor = tokens.new_visitor(SystemDice())
        typed = {"csrf": tokens.form(self._seal, visitor), journey.field: name}
        if journey.slow:
            typed["password"] = WRONG
        jar = f"__Host-rebind-language=en; __Host-rebind-visitor={visitor}"
        come = f"X-Forwarded-For: {self._address()}\r\n{_BROWSER}Cookie: {jar}"
        wanted = None if journey.slow else 303
        body = urlencode(typed).encode()
        sent, first = await self._step(
            "form sent", "POST", journey.form, f"{come}\r\n", body, wanted, FORM, BROWSER
        )
        if journey.slow:
            if not (400 <= sent.status < 429 and b"<form" in sent.body):
                raise RuntimeError(f"{journey.name}: {sent.status} {sent.body[:300]!r}")
            return [first]
        to = re.search(rb"\r\nlocation: *([^\r]+)", sent.head, re.IGNORECASE)
        kept = re.search(
            rb"\r\nset-cookie: *(__Host-rebind-(?:request|recovery)=[^;]+)", sent.head, re.I
        )
        if to is None or kept is None:
            raise RuntimeError(f"{journey.name} led nowhere: {sent.head[:300]!r}")
        come = f"{come}; {kept.group(1).decode()}\r\n"
        _page, second = await self._step(
            "page after it", "GET", to.group(1).decode(), come, None, 200, FORM, BROWSER
        )
        return [first, second]

    async def _step(
        self, name: str, method: str, path: str, headers: str, body: bytes | None,
        wanted: int | None, kind: str = JSON, agent: str = AGENT,
    ) -> tuple[Answer, _Step]:  # fmt: skip
        began = perf_counter()
        answer = await self._connection.call(method, path, headers, body, kind=kind, agent=agent)
        ms = (perf_counter() - began) * 1000
        if wanted not in (None, answer.status):
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return answer, _Step(name, ms, looks(answer))

    def _address(self) -> str:
        """A network address that nobody has had before."""
        self._visits += 1
        n = self._visits
        return f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


_BROWSER = (
    "Accept: text/html\r\nAccept-Language: en\r\nSec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nOrigin: null\r\n"
)
_DIFFERENT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(challenge(?:\"|&#34;):\s?(?:\"|&#34;))[\w-]+"), r"\1<challenge>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b(r[a-z])_[\w-]{20,}"), r"<\1>"),
    (re.compile(r"(csrf\" value=\")[^\"]+"), r"\1<csrf>"),
    (re.compile(r"(nonce[-=]\"?)[\w+/=-]+"), r"\1<nonce>"),
    (re.compile(r"(__Host-rebind-\w+=)[^;]+"), r"\1<cookie>"),
    (re.compile(r"\d+"), "0"),
)  # fmt: skip
"""What differs between any two answers: identifiers, tokens, moments and the name itself."""


def looks(answer: Answer) -> str:
    """An answer without what differs between any two."""
    text = f"{answer.head.decode('latin-1')}{answer.body.decode()}"
    for pattern, instead in _DIFFERENT:
        text = pattern.sub(instead, text)
    return text


async def guess(
    engine: str, port: int, named: Names, seal: Seal, tell: Callable[[str], None]
) -> list[Guessed]:
    """Walk all pairs, those with a password last."""
    connection = await connect(port)
    stranger = Stranger(connection, named, seal)
    dice = random.Random(4)
    found: dict[tuple[str, Has], _Seen] = {
        (each.name, has): _Seen() for each in JOURNEYS for has in each.known
    }
    try:
        for slow in (False, True):
            began, journeys = perf_counter(), [each for each in JOURNEYS if each.slow is slow]
            for i in range(named.count):
                for journey in dice.sample(journeys, len(journeys)):
                    steps = {}
                    contenders = (*journey.known, Has.NOTHING)
                    for has in dice.sample(contenders, len(contenders)):
                        steps[has] = await stranger.walk(journey, has, i)
                    for has in journey.known if i >= WARM_PAIRS else ():
                        found[journey.name, has].add(steps[has], steps[Has.NOTHING])
            what = "with passwords" if slow else "without passwords"
            tell(f"{named.count} pairs of each journey {what}: {perf_counter() - began:.0f} s")
    finally:
        connection.close()
    return [line for (name, has), seen in found.items() for line in seen.told(engine, name, has)]


def _json(body: Any) -> bytes:
    return msgspec.json.encode(body)
