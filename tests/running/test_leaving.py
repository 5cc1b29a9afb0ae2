"""Messages really leave: server and worker are processes of their own on PostgreSQL, the SMS
gateway and the mail server are real ones on loopback."""

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from tests.people import CODE
from tests.providers.neighbours import PostOffice, gateway
from tests.running.processes import Service, heard, running, said, started

ANNA, ANNA_NEW, MAILBOX = "+79161234567", "+79031112233", "anna@example.org"


class Phones:
    """Every SMS that the gateway took, by number."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.messages.append(await request.json())
        return web.Response(status=202)

    async def code(self, number: str, nth: int = 1) -> str:
        """The code in the nth SMS with a code to a number."""
        for _ in range(200):
            found = [
                code.group()
                for message in self.messages
                if message["to"] == number and (code := CODE.search(message["text"]))
            ]
            if len(found) >= nth:
                return found[nth - 1]
            await asyncio.sleep(0.05)
        raise AssertionError(f"no code for {number} in {self.messages}")


async def call(service: Service, path: str, body: Any, **headers: str) -> Any:
    answer = await asyncio.to_thread(service.call, "POST", path, body, **headers)
    assert answer.status < 300, answer.body
    return answer.json()


async def test_a_change_with_real_neighbours(tmp_path: Path, postgres_url: str) -> None:
    phones, office = Phones(), PostOffice()
    async with gateway(phones.take) as url, office.open():
        settings = {
            "DATABASE_URL": postgres_url,
            "SMS": url,
            "MAIL": f"smtp://127.0.0.1:{office.port}",
            "MAIL_FROM": "Rebind <no-reply@example.org>",
            "WORKER": "apart",
        }
        people = tmp_path / "people.jsonl"
        people.write_bytes(
            msgspec.json.encode({"number": ANNA, "locale": "ru", "emails": [MAILBOX]})
        )
        await asyncio.to_thread(said, tmp_path, "accounts", "import", str(people), **settings)
        with (
            running(tmp_path, "serve", **settings) as service,
            started(tmp_path, "worker", **settings) as worker,
        ):
            await asyncio.to_thread(heard, worker, "working")
            await _sign_in_and_change(service, phones, office)
            for process in (service, worker):
                assert await asyncio.to_thread(process.stop) == 0
                for secret in (ANNA[2:], ANNA_NEW[2:], MAILBOX, "rs_", "rr_", "s3cret"):
                    assert secret not in process.log


async def _sign_in_and_change(service: Service, phones: Phones, office: PostOffice) -> None:
    """Anna signs in with SMS and e-mail on a device that nobody knows; from there her number is not
    changed at once. She is told by mail, and the link in it stops the change."""
    request = await call(service, "/api/v1/requests", {"kind": "sign_in", "number": ANNA})
    bearer = {"Authorization": f"Bearer {request['token']}"}
    path = f"/api/v1/requests/{request['id']}"
    half = await call(
        service,
        f"{path}/proofs",
        {"proof": "code_current", "code": await phones.code(ANNA)},
        **bearer,
    )
    assert half["needs"] == [["code_email"]]
    await call(service, f"{path}/codes", {"proof": "code_email"}, **bearer)
    code = await _mailed_code(office)
    done = await call(service, f"{path}/proofs", {"proof": "code_email", "code": code}, **bearer)
    session = {"Authorization": f"Bearer {done['session']['token']}"}
    asked = {"kind": "change", "number": ANNA_NEW, "send": ["code_new"]}
    change = await call(service, "/api/v1/requests", asked, **session)
    path = f"/api/v1/requests/{change['id']}"
    proof = {"proof": "code_new", "code": await phones.code(ANNA_NEW)}
    begun = await call(service, f"{path}/proofs", proof, **session)
    assert begun["state"] == "open"
    link = await _mailed(office, r"/stop/(\S+)")
    stopped = await call(service, "/api/v1/objections", {"link": link})
    assert stopped["state"] == "objected"
    account = await asyncio.to_thread(service.call, "GET", "/api/v1/account", **session)
    assert account.json()["number"] == ANNA


async def _mailed_code(office: PostOffice) -> str:
    return await _mailed(office, rf"({CODE.pattern})")


async def _mailed(office: PostOffice, pattern: str) -> str:
    """The first thing of that kind that a letter to Anna carries."""
    for _ in range(200):
        for letter in office.letters:
            part = letter.get_body(("plain",))
            assert part is not None
            found = re.search(pattern, part.get_content())
            if found and letter["To"] == MAILBOX:
                return found.group(1)
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {pattern} by mail")


def test_a_request_under_way_is_answered_after_a_stop_was_asked_for(tmp_path: Path) -> None:
    body = b'{"kind": "sign_in", "number": "' + ANNA.encode() + b'"}'
    head = (
        b"POST /api/v1/requests HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with running(tmp_path, "demo") as service:
        with socket.create_connection(("127.0.0.1", service.port), timeout=15) as line:
            line.sendall(head + body[:10])
            assert service.call("GET", "/healthz").status == 200
            service.process.terminate()
            for _ in range(100):
                # From the stop on nobody new is let in.
                try:
                    socket.create_connection(("127.0.0.1", service.port), timeout=1).close()
                except OSError:
                    break
            line.sendall(body[10:])
            answer = line.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert service.process.wait(20) == 0
