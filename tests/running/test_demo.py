"""The demo as `make run` shows it: three people, one of whom waits, while another can take a change
back; the addresses that the terminal prints; messages as a page."""

import re
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from time import sleep
from urllib.parse import urlencode

import msgspec

from tests.running.processes import Service, heard, running

BORIS, CLARA = 1, 2
MESSAGES = 11
"""Codes: two for signing in, one and two for the changes. Notices: three for each change."""

SESSION, DEVICE = "__Host-rebind-session", "__Host-rebind-device"
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Seen(msgspec.Struct, frozen=True):
    """An answer as a browser takes it."""

    status: int
    headers: dict[str, str]
    text: str


def csrf_in(page: Seen) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


class Browser:
    """Keeps cookies, follows nothing, runs nothing."""

    def __init__(self, service: Service, language: str = "en", host: str = "localhost") -> None:
        self._service, self._language, self._host = service, language, host
        self.jar: dict[str, str] = {}

    def open(self, path: str) -> Seen:
        return self._ask("GET", path, None)

    def send(self, path: str, **fields: str) -> Seen:
        return self._ask("POST", path, urlencode(fields))

    def sign_in(self, name: str) -> Seen:
        """Open the page of one of the people and press its button."""
        return self.follow(f"/demo/people/{name}")

    def follow(self, address: str) -> Seen:
        """Open the page and press the button that sends its form to that same address."""
        path = re.sub(r"^https?://[^/]+", "", address)
        page = self.open(path)
        assert page.status == 200
        return self.send(path, csrf=csrf_in(page))

    def _ask(self, method: str, path: str, body: str | None) -> Seen:
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        headers = {
            "Host": f"{self._host}:{self._service.port}",
            "Accept": "text/html",
            "Accept-Language": self._language,
            "Cookie": cookies,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = HTTPConnection("127.0.0.1", self._service.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer: HTTPResponse = connection.getresponse()
            for name, value in answer.getheaders():
                if name == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.jar[key] = rest.partition(";")[0]
            text = answer.read().decode()
            return Seen(answer.status, dict(answer.getheaders()), text)
        finally:
            connection.close()


def signed_in(service: Service, who: int) -> dict[str, str]:
    """Headers of a session over the API, on that person's known device."""
    person = service.call("GET", "/demo/people.json").json()[who]
    device = {"Rebind_Device": person["device"]}
    before = service.serial()
    begun = service.call(
        "POST", "/api/v1/requests", {"kind": "sign_in", "number": person["number"]}, **device
    ).json()
    done = service.call(
        "POST",
        f"/api/v1/requests/{begun['id']}/proofs",
        {"proof": "code_current", "code": service.code(person["number"], before)},
        Authorization=f"Bearer {begun['token']}",
        **device,
    ).json()
    return {"Authorization": f"Bearer {done['session']['token']}", **device}


def acts_of(service: Service, who: dict[str, str]) -> list[str]:
    acts = service.call("GET", "/api/v1/account/acts", **who).json()["acts"]
    return [act["act"] for act in acts]


def link_to(service: Service, person: str, kind: str) -> str:
    """The link of that kind in the SMS to one of the people; it comes when the worker has time."""
    for _ in range(200):
        found = service.call("GET", f"/demo/outbox.json?person={person}&channel=sms").json()
        texts = "\n".join(each["text"] for each in found)
        links = re.findall(rf"https?://\S+/{kind}/\S+", texts)
        if links:
            (link,) = links
            return str(link)
        sleep(0.05)
    raise AssertionError(f"no message to {person} has a link of that kind: {kind}")


def all_told(service: Service) -> None:
    """Wait until everything has arrived that the people's acts made leave."""
    for _ in range(200):
        if service.serial() == MESSAGES:
            return
        sleep(0.05)
    raise AssertionError(service.serial())


def test_three_people_are_there_and_have_done_what_they_did_once(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        people = service.call("GET", "/demo/people.json").json()
        fields = {"name", "number", "other_number", "email", "device"}
        assert [set(person) for person in people] == [fields] * 3
        assert [person["name"] for person in people] == ["Anna", "Boris", "Clara"]
        assert people[CLARA]["number"] == "+447400654321", "she has changed it"
        numbers = [person["number"] for person in people]
        all_told(service)

    # At the next start nothing is done again: not even a code leaves.
    with running(tmp_path, "demo") as service:
        assert service.serial() == 0
        people = service.call("GET", "/demo/people.json").json()
        assert [person["number"] for person in people] == numbers
        boris, clara = signed_in(service, BORIS), signed_in(service, CLARA)
        assert acts_of(service, boris).count("request_waiting") == 1
        assert acts_of(service, clara).count("number_changed") == 1
        (waiting,) = service.call("GET", "/api/v1/requests", **boris).json()["requests"]
        assert (waiting["kind"], waiting["state"], waiting["row"]) == ("change", "waiting", "C5")


def test_the_waiting_change_is_stopped_and_the_finished_one_taken_back(tmp_path: Path) -> None:
    """By the links of the notices, as whoever looks at the demo would."""
    with running(tmp_path, "demo") as service:
        browser = Browser(service)
        old = service.call("GET", "/demo/people.json").json()[CLARA]["other_number"]
        assert "waiting" in browser.open("/demo/people/boris").text
        assert browser.follow(link_to(service, "boris", "stop")).status == 303
        assert "waiting" not in browser.open("/demo/people/boris").text
        # The link was sent to the old number, and so is its code.
        before = service.serial()
        begun = browser.follow(link_to(service, "clara", "undo")).headers["location"]
        csrf = csrf_in(browser.open(begun))
        answer = {"csrf": csrf, "code_new": service.code(old, before)}
        assert browser.send(f"{begun}/proofs", **answer).status == 303
        clara = service.call("GET", "/demo/people.json").json()[CLARA]
        assert clara["number"] == old, "her number is the first one again"


def test_the_printed_addresses_sign_each_person_in(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        browser = Browser(service)
        for person in service.call("GET", "/demo/people.json").json():
            name = person["name"].lower()
            heard(service, f"http://localhost:{service.port}/demo/people/{name} ")
            browser = Browser(service)
            done = browser.sign_in(name)
            assert (done.status, done.headers["location"]) == (303, "/profile")
            assert browser.jar[SESSION].startswith("rs_")
            assert browser.jar[DEVICE] == person["device"]
            profile = browser.open("/profile")
            assert profile.status == 200
            assert ("/requests/" in profile.text) == (name == "boris"), "what waits is shown"
            assert browser.open("/phone").status == 200, "known: nothing is kept back"
        heard(service, f"http://localhost:{service.port}/console/demo")
        for login in ("olga", "ada", "olga"):
            # The same person twice within one step of the app: the next code holds already.
            csrf = csrf_in(browser.open("/console/demo"))
            done = browser.send("/console/demo", csrf=csrf, login=login)
            assert (done.status, done.headers["location"]) == (303, "/console")
            assert login.title() in browser.open("/console/own").text
        assert browser.open("/profile").status == 200, "an account beside it stays signed in"


def test_looking_signs_nobody_in(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        browser = Browser(service)

        def to_anna() -> list[object]:
            return list(service.call("GET", "/demo/outbox.json?person=anna").json())

        for path in ("/demo/people", "/demo/people/anna", "/demo/outbox", "/demo/people/anna"):
            assert browser.open(path).status == 200
            assert 'href="/demo/outbox"' in browser.open(path).text
        for wrong in ({}, {"csrf": "rf_forged"}):
            assert browser.send("/demo/people/anna", **wrong).status == 403
        assert (to_anna(), SESSION in browser.jar) == ([], False)
        assert browser.open("/demo/people/nobody").status == 404
        stranger = Browser(service, host="rebind.example.org")
        for path in ("/demo/outbox", "/demo/outbox.json", "/demo/people", "/demo/people/anna"):
            assert stranger.open(path).status == 404
        assert stranger.send("/demo/people/anna").status == 404
        assert to_anna() == []


def test_whoever_asks_too_often_is_told_on_the_same_page(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        browser = Browser(service)
        answers = [browser.sign_in("anna") for _ in range(6)]
        assert [each.status for each in answers] == [303] * 5 + [429]
        assert 'action="/demo/people/anna"' in answers[-1].text
        assert 'role="alert"' in answers[-1].text


def test_the_messages_are_a_page(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        all_told(service)
        for language in ("ru", "en"):
            browser = Browser(service, language)
            page = browser.open("/demo/outbox")
            assert page.headers["content-security-policy"] == CSP
            assert (page.status, page.headers["cache-control"]) == (200, "no-store")
            assert f'<html lang="{language}"' in page.text
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", page.text)
            serials = [int(each) for each in re.findall(r'data-serial="(\d+)"', page.text)]
            assert serials == sorted(serials, reverse=True)
            assert len(serials) == service.serial() == len(set(serials))
            assert re.search(r"<mark>\d{6}</mark>", page.text)
            assert re.search(r'href="/undo/[\w-]+"', page.text)
            assert '<noscript><meta http-equiv="refresh"' in page.text
            for file in ("/demo/outbox.css", "/demo/outbox.js"):
                assert file in page.text
                assert browser.open(file).status == 200
            for person, other in (("boris", "/undo/"), ("clara", "/stop/")):
                only = browser.open(f"/demo/outbox?person={person}").text
                assert f'href="{other}' not in only
            mails = browser.open("/demo/outbox?channel=mail").text
            assert mails.count("data-serial") == 2
            assert browser.open(f"/demo/outbox?after={serials[1]}").text.count("data-serial") == 1
