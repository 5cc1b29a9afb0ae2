"""SMS over HTTP against a real gateway on loopback, and the demo's."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from rebind import ports
from rebind.providers.demo_outbox import DemoOutbox
from rebind.providers.sms.demo import DemoSms
from rebind.providers.sms.http import HttpSms
from tests.providers.neighbours import HOST, PushedClock, closed_port, gateway

TO, TEXT = "+79161234567", "Ваш код 123456"


class Aggregator:
    """Answers with `status` and remembers what it was given."""

    def __init__(self) -> None:
        self.status = 200
        self.delay_s = 0.0
        self.location = ""
        self.bodies: list[object] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[object] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        await asyncio.sleep(self.delay_s)
        headers = {"Location": self.location} if self.location else None
        return web.Response(status=self.status, text=f"about {TO}: {TEXT}", headers=headers)


@pytest.fixture
def aggregator() -> Aggregator:
    return Aggregator()


@pytest.fixture
async def sms(aggregator: Aggregator) -> AsyncIterator[HttpSms]:
    async with gateway(aggregator.handle) as url:
        made = HttpSms(url, {"Authorization": "Bearer t0ken"}, timeout_s=0.5)
        yield made
        await made.close()


async def refusal(sms: ports.Sms) -> ports.Undelivered:
    """Send one, and look whether anything of it is told in the error and what hangs on to it."""
    with pytest.raises(ports.Undelivered) as refused:
        await sms.send("id-1", TO, TEXT)
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value.__context__)
    for secret in (TO, "123456\n", TEXT, "s3cret", "t0ken"):
        assert secret not in told
    assert refused.value.__context__ is None
    return refused.value


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_an_accepted_message(sms: HttpSms, aggregator: Aggregator, status: int) -> None:
    aggregator.status = status
    await sms.send("id-1", TO, TEXT)
    assert aggregator.bodies == [{"to": TO, "text": TEXT, "id": "id-1"}]
    assert aggregator.headers[0]["content-type"] == "application/json"
    assert aggregator.headers[0]["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("status", "final"),
    [
        (400, True),
        (401, True),
        (403, True),
        (404, True),
        (410, True),
        (422, True),
        (408, False),
        (425, False),
        (429, False),
        (500, False),
        (502, False),
        (503, False),
    ],
)
async def test_a_refused_message(
    sms: HttpSms, aggregator: Aggregator, status: int, final: bool
) -> None:
    aggregator.status = status
    refused = await refusal(sms)
    assert refused.final is final
    assert str(status) in refused.why


async def test_a_redirect_is_not_followed(sms: HttpSms, aggregator: Aggregator) -> None:
    aggregator.status, aggregator.location = 307, "/elsewhere"
    assert not (await refusal(sms)).final
    assert len(aggregator.bodies) == 1


async def test_a_gateway_that_says_nothing_in_time(sms: HttpSms, aggregator: Aggregator) -> None:
    aggregator.delay_s = 5
    refused = await refusal(sms)
    assert not refused.final
    assert "0.5 s" in refused.why
    aggregator.delay_s = 0
    await sms.send("id-1", TO, TEXT)


async def test_a_gateway_that_is_down() -> None:
    sms = HttpSms(f"http://{HOST}:{await closed_port()}/?key=s3cret", {}, timeout_s=1)
    refused = await refusal(sms)
    assert not refused.final
    assert "connection failed" in refused.why
    await sms.close()


async def test_a_gateway_that_hangs_up() -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async with gateway(hang_up) as url:
        sms = HttpSms(url, {}, timeout_s=1)
        assert not (await refusal(sms)).final
        await sms.close()


async def test_one_connection_is_used_again(sms: HttpSms, aggregator: Aggregator) -> None:
    for status in (200, 500, 200):
        aggregator.status = status
        try:
            await sms.send("id", TO, TEXT)
        except ports.Undelivered:
            assert status == 500
    assert len(aggregator.bodies) == 3
    assert len(aggregator.peers) == 1


async def test_nothing_is_logged(
    sms: HttpSms, aggregator: Aggregator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await sms.send("id-1", TO, TEXT)
        aggregator.status = 500
        await refusal(sms)
    assert TO not in caplog.text
    assert "123456" not in caplog.text


async def test_closing_twice_or_unused_does_nothing() -> None:
    sms: ports.Sms = HttpSms("https://sms.example/", {}, timeout_s=1)
    await sms.close()
    await sms.close()


def test_a_setting_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="http"):
        HttpSms("ftp://sms.example", {}, timeout_s=1)
    with pytest.raises(ValueError, match="line break"):
        HttpSms("https://sms.example", {"X": "a\r\nHost: b"}, timeout_s=1)


async def test_the_demo_delivers_into_its_outbox() -> None:
    outbox = DemoOutbox(PushedClock())
    sms: ports.Sms = DemoSms(outbox)
    await sms.send("id-1", TO, TEXT)
    await sms.close()
    (kept,) = outbox.newest()
    assert (kept.channel, kept.to, kept.text, kept.subject, kept.html) == ("sms", TO, TEXT, "", "")
