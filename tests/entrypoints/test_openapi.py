"""The description: valid, complete, and true for whatever a machine thinks of sending.

Schemathesis reads it and sends what it allows and what it forbids, from a fixed seed. So that its
guesses get beyond the first lock, the service is made to lend it live requests and sessions.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from schemathesis import engine, openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events
from schemathesis.python.asgi import shutdown_lifespans

from rebind.domain.limits import LIMITS, Override
from rebind.domain.refusals import CATALOGUE
from rebind.entrypoints.api.app import build
from rebind.entrypoints.shared.serving import App, Receive, Scope, Send
from rebind.flows import enrol
from rebind.store.engines import open_engine
from rebind.store.statements import Unavailable
from tests.entrypoints.visitors import Visitor
from tests.people import JOURNEYS, House, Someone

ID_IN_PATH = re.compile(r"(?<=/requests/)[0-9a-f]{32}|(?<=/sessions/)[0-9a-f]{32}")
SEED = 20260105
PLENTY = {limit.name: Override(amount=10**9, gaps_s=()) for limit in LIMITS}
CONFIG = {
    "seed": SEED,
    "workers": 1,
    "generation": {"max-examples": 25, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
    "checks": {
        # A right body may still be refused: the number is malformed, the code is wrong.
        "positive_data_acceptance": {"enabled": False},
        # Headers and tokens that mean nothing are nothing; bodies have tests of their own.
        "negative_data_rejection": {"enabled": False},
        # What is lent below has a token, whatever the machine sent.
        "ignored_auth": {"enabled": False},
        "missing_required_header": {"enabled": False},
    },
}


async def test_the_description_is_valid(visitor: Visitor) -> None:
    answer = await visitor.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json
    openapi_spec_validator.validate(document)
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"].keys() == {"session", "request", "case"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert "503" in operation["responses"], (method, path)


async def test_codes_stand_at_their_status(visitor: Visitor) -> None:
    document = (await visitor.get("/openapi.json")).json
    prove = document["paths"]["/api/v1/requests/{id}/proofs"]["post"]["responses"]
    codes = {
        status: answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
        for status, answer in prove.items()
        if status != "200"
    }
    assert codes["410"]["code"]["enum"] == ["request_expired"]
    assert set(codes["429"]["code"]["enum"]) == {
        "busy",
        "proofs_closed",
        "sms_sign_in_closed",
        "too_many_requests",
    }
    assert "retry-after" in {name.lower() for name in prove["429"]["headers"]}
    assert document["x-refusals"].keys() == CATALOGUE.keys()


class Lent:
    """A service in the loop of the machine that tries it. Of three calls one goes through as it
    is, one is lent a live request, and one a session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reported: list[BaseException] = []
        self.statuses: Counter[int] = Counter()
        self.house: House | None = None
        self._app: App | None = None
        self._chance = random.Random(SEED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._app is not None
        if scope["path"].startswith("/api/"):
            lend = self._chance.choice((None, self._request, self._session))
            if lend is not None:
                scope = await lend(scope)

        async def counting(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        opened = await open_engine(self.url, connections=1, fraction=random.Random(7).random)
        self.house = House(opened, overrides=PLENTY)
        self._app = build(
            self.house.desk,
            JOURNEYS,
            intake=self.house.intake,
            unavailable=Unavailable,
            report=self.reported.append,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await opened.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _request(self, scope: Scope) -> Scope:
        assert self.house is not None
        number = f"+7916{self._chance.randrange(10**7):07}"
        stranger = Someone(self.house, number)
        begun = await enrol.begin(self.house.desk, stranger.caller(""), number)
        assert not hasattr(begun, "refusal"), begun
        return _with(scope, begun.token or "", begun.id.hex())

    async def _session(self, scope: Scope) -> Scope:
        assert self.house is not None
        number = f"+7917{self._chance.randrange(10**7):07}"
        someone = await self.house.bring_in(number)
        done = await someone.sign_in()
        return _with(scope, done.session.token, done.id.hex())


def _with(scope: Scope, token: str, name: str) -> Scope:
    headers = [one for one in scope["headers"] if one[0].lower() != b"authorization"]
    headers.append((b"authorization", b"Bearer " + token.encode()))
    return {**scope, "headers": headers, "path": ID_IN_PATH.sub(name, scope["path"])}


@pytest.fixture
def lent(sqlite_url: str) -> Iterator[Lent]:
    yield Lent(sqlite_url)
    shutdown_lifespans()


def test_no_guess_of_a_machine_surprises(lent: Lent) -> None:
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = openapi.from_asgi("/openapi.json", lent, config=config)
    tried, wrong = set[str](), list[str]()
    for event in engine.from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                tried.add(event.recorder.label)
                wrong += [
                    f"{event.recorder.label} {node.name}: {_told(node.failure_info.failure)}"
                    for nodes in event.recorder.checks.values()
                    for node in nodes
                    if node.failure_info is not None
                ]
            case events.NonFatalError():
                wrong.append(f"{event.label}: {event.value!r}")
            case events.FatalError():
                raise event.exception
    assert not lent.reported, lent.reported
    assert not wrong, "\n".join(sorted(set(wrong))[:20])
    assert len(tried) == sum(1 for _ in schema.get_all_operations())
    reached = {status for status in lent.statuses if status < 500}
    assert reached >= {200, 201, 204, 400, 401, 404, 405, 415, 422}, lent.statuses


def _told(failure: Failure) -> str:
    return f"{failure.title}: {failure.message}"
