"""What machines that watch may know, and what nobody else may."""

from collections.abc import Mapping

import pytest

from rebind.entrypoints.api.app import build
from rebind.entrypoints.shared.hosts import this_machine_only
from rebind.entrypoints.shared.metrics import Metrics
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.web import health
from rebind.store.statements import Unavailable
from tests.entrypoints.visitors import Visitor
from tests.people import JOURNEYS, House, PushedClock

TOKEN = "0123456789abcdef"


class Watched:
    """A service whose outbox holds what a test puts there."""

    def __init__(self, house: House, token: str | None, *, demo: bool) -> None:
        self.outbox: Mapping[str, int] | None = {"code": 2, "notice": 0}
        extra = health.routes(Metrics(), self._waiting, dict, token, demo=demo)
        app = build(
            house.desk,
            JOURNEYS,
            intake=house.intake,
            unavailable=Unavailable,
            report=_bug,
            extra_routes=extra,
        )
        self.visitor = Visitor(app)

    async def _waiting(self) -> Mapping[str, int] | None:
        return self.outbox


def _bug(error: BaseException) -> None:
    raise AssertionError from error


async def test_that_a_code_waits_is_told_to_nobody(house: House) -> None:
    at = Watched(house, None, demo=False)
    busy = await at.visitor.get("/readyz")
    at.outbox = {"code": 0, "notice": 0}
    assert await at.visitor.get("/readyz") == busy
    assert busy.json == {"status": "ready"}
    at.outbox = None
    assert (await at.visitor.get("/readyz")).status == 503
    assert (await at.visitor.get("/healthz")).json == {"status": "alive"}


@pytest.mark.parametrize(
    "said", [None, TOKEN, f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer \xe9"]
)
async def test_metrics_open_by_their_token_only(house: House, said: str | None) -> None:
    at = Watched(house, TOKEN, demo=False)
    more = {} if said is None else {"authorization": said}
    refused = await at.visitor.get("/metrics", **more)
    assert (refused.status, refused.code) == (404, "path_unknown")
    opened = await at.visitor.get("/metrics", authorization=f"Bearer {TOKEN}")
    assert opened.status == 200


async def test_without_a_token_there_are_metrics_in_a_demo_only(house: House) -> None:
    said = {"authorization": "Bearer "}
    assert (await Watched(house, None, demo=False).visitor.get("/metrics", **said)).status == 404
    assert (await Watched(house, None, demo=True).visitor.get("/metrics")).status == 200
    assert (await Watched(house, TOKEN, demo=True).visitor.get("/metrics")).status == 404


async def test_an_emptied_lane_says_so(house: House) -> None:
    at = Watched(house, None, demo=True)
    assert b'rebind_outbox_waiting{lane="code"} 2.0' in (await at.visitor.get("/metrics")).body
    at.outbox = {"code": 0, "notice": 0}
    assert b'rebind_outbox_waiting{lane="code"} 0.0' in (await at.visitor.get("/metrics")).body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:8080", 200),
        ("[::1]", 200),
        ("evil.example.org", 404),
        ("evil.example.org:8080", 404),
        ("localhost.evil.example.org", 404),
        ("127.0.0.1.nip.io:8080", 404),
        ("localhost:8080@evil.example.org", 404),
        ("localhost\n", 404),
        ("", 404),
    ],
)
async def test_a_demo_answers_to_this_machine_only(app: App, host: str, status: int) -> None:
    """A stranger's page that points its own name at 127.0.0.1 finds nothing."""
    visitor = Visitor(this_machine_only(app, Problems(PushedClock(), 6)))
    answer = await visitor.get("/openapi.json", host=host)
    assert answer.status == status
    assert answer.code == (None if status == 200 else "path_unknown")


async def test_a_call_without_a_host_finds_nothing_in_a_demo(app: App, house: House) -> None:
    visitor = Visitor(this_machine_only(app, Problems(house.clock, 6)))
    assert (await visitor.get("/openapi.json")).status == 404
