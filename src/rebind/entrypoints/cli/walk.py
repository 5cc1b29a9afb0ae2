"""`rebind demo --walk`: a number change told step by step, against the running demo.

Speaks to the service only as an app would: the JSON API, and the demo's outbox for the codes.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from time import sleep
from typing import Any
from urllib.parse import quote

import click

from rebind.domain.policy import Policy
from rebind.entrypoints.shared.reading import code_pattern

_CODE = re.compile(code_pattern(Policy().code_digits))
_WAIT_STEPS = 100
_STEP_S = 0.05


class Stopped(click.ClickException):
    """The walk met something that it did not expect."""


class _Busy(Exception):
    """A budget of this person is spent for now."""


class _Service:
    """The running service, as an app sees it."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Stopped(f"{url} is not an http address")
        self._url = url.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        device: str | None = None,
    ) -> Any:
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if device:
            headers["Rebind-Device"] = device
        request = urllib.request.Request(  # noqa: S310  the scheme was checked above
            self._url + path,
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            words = error.read().decode()
            if error.code == HTTPStatus.TOO_MANY_REQUESTS:
                raise _Busy(json.loads(words)["detail"]) from None
            raise Stopped(f"{method} {path}: {error.code} {words}") from None
        except urllib.error.URLError as error:
            raise Stopped(
                f"{self._url} does not answer ({error.reason}); start `make run`"
            ) from None
        return json.loads(text) if text else None

    def messages(self, to: str, after: int) -> Iterator[dict[str, Any]]:
        query = quote(to)
        yield from reversed(self.call("GET", f"/demo/outbox.json?to={query}&after={after}"))

    def newest_serial(self) -> int:
        found = self.call("GET", "/demo/outbox.json")
        return int(found[0]["serial"]) if found else 0

    def code(self, to: str, after: int) -> str:
        """The code in the next message to an address; the message is shown as it arrives."""
        for _ in range(_WAIT_STEPS):
            for message in self.messages(to, after):
                found = _CODE.search(message["text"])
                if found:
                    _show(message)
                    return found.group()
            sleep(_STEP_S)
        raise Stopped(f"no code arrived for {to}")


def _say(step: str) -> None:
    click.echo()
    click.secho(step, bold=True)


def _show(message: dict[str, Any]) -> None:
    kind = "SMS" if message["channel"] == "sms" else "Mail"
    click.secho(f"   {kind} to {message['to']}", fg="cyan")
    for text_line in message["text"].strip().splitlines():
        click.echo(f"   | {text_line}")


def walk(url: str) -> None:
    """Sign in on a known device, change the number, and show what everybody was told; with the
    first of the demo's people whose budget of codes is not spent."""
    service = _Service(url)
    for person in service.call("GET", "/demo/people.json"):
        try:
            _walk(service, person)
        except _Busy as busy:
            click.echo(f"   {person['name']}: {busy}")
        else:
            return
    raise Stopped("Everybody's budget of codes is spent: walk again in ten minutes.")


def _walk(service: _Service, person: dict[str, str]) -> None:
    number, device = person["number"], person["device"]
    new_number = person["other_number"]
    _say(f"1. {person['name']} signs in with {number}, on a device that the account knows.")
    serial = service.newest_serial()
    request = service.call(
        "POST", "/api/v1/requests", {"kind": "sign_in", "number": number}, device=device
    )
    click.echo(f"   The request needs {request['needs']}.")
    code = service.code(number, serial)
    done = service.call(
        "POST",
        f"/api/v1/requests/{request['id']}/proofs",
        {"proof": "code_current", "code": code},
        request["token"],
        device,
    )
    token = done["session"]["token"]
    click.echo(f"   Signed in; the session ends {done['session']['expires_at']}.")

    _say(f"2. The number is to become {new_number}. A code goes to each of the two numbers.")
    serial = service.newest_serial()
    change = service.call(
        "POST",
        "/api/v1/requests",
        {"kind": "change", "number": new_number, "send": ["code_current", "code_new"]},
        token,
        device,
    )
    click.echo(f"   The request needs {change['needs']}.")
    current, new = service.code(number, serial), service.code(new_number, serial)

    _say("3. Both codes are answered at once. Until this moment the old number works.")
    serial = service.newest_serial()
    answer = service.call(
        "POST",
        f"/api/v1/requests/{change['id']}/proofs",
        [{"proof": "code_current", "code": current}, {"proof": "code_new", "code": new}],
        token,
        device,
    )
    click.echo(f"   The request is {answer['state']}.")

    _say("4. Every address of the account is told.")
    sleep(0.5)
    for address in (number, new_number, person["email"]):
        for message in service.messages(address, serial):
            _show(message)

    _say("5. What the account says now, and what it remembers.")
    account = service.call("GET", "/api/v1/account", token=token, device=device)
    click.echo(f"   number {account['number']}, bound at {account['bound_at']}")
    for act in service.call("GET", "/api/v1/account/acts", token=token, device=device)["acts"][:8]:
        click.echo(f"   {act['at']}  {act['act']:<18} {act.get('why') or ''}")
    click.echo()
    click.echo("Walk again: the way back to the previous number is always open.")
