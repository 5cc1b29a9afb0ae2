"""The service as a process: it starts by itself on an empty folder, watches over itself, stops
gracefully, and never writes a code, a number or a token into its log."""

import re
from pathlib import Path

import pytest

from tests.running.processes import Service, running, said

ANNA, ANNA_NEW = "+79161234567", "+79031112233"


def change_number(service: Service) -> None:
    """Anna signs in on her device and changes her number, over HTTP."""
    anna = service.call("GET", "/demo/people.json").json()[0]
    device = {"Rebind_Device": anna["device"]}
    begun = service.call("POST", "/api/v1/requests", {"kind": "sign_in", "number": ANNA}, **device)
    assert begun.status == 201, begun.body
    request = begun.json()
    signed_in = service.call(
        "POST",
        f"/api/v1/requests/{request['id']}/proofs",
        {"proof": "code_current", "code": service.code(ANNA)},
        Authorization=f"Bearer {request['token']}",
        **device,
    ).json()
    bearer = {"Authorization": f"Bearer {signed_in['session']['token']}", **device}
    before = service.serial()
    change = service.call(
        "POST",
        "/api/v1/requests",
        {"kind": "change", "number": ANNA_NEW, "send": ["code_current", "code_new"]},
        **bearer,
    ).json()
    done = service.call(
        "POST",
        f"/api/v1/requests/{change['id']}/proofs",
        [
            {"proof": "code_current", "code": service.code(ANNA, before)},
            {"proof": "code_new", "code": service.code(ANNA_NEW, before)},
        ],
        **bearer,
    )
    assert done.json()["state"] == "done", done.body
    assert service.call("GET", "/api/v1/account", **bearer).json()["number"] == ANNA_NEW
    # Something to refuse, so that refusals pass the log too.
    service.call("POST", "/api/v1/requests", {"kind": "sign_in", "number": "12"})
    assert service.call("GET", "/api/v1/account", Authorization="Bearer rs_x").status == 401


def test_a_number_is_changed_on_an_empty_folder(tmp_path: Path) -> None:
    with running(tmp_path, "demo", LOG_LEVEL="debug") as service:
        change_number(service)
        assert service.call("GET", "/healthz").json() == {"status": "alive"}
        ready = service.call("GET", "/readyz").json()
        assert ready["status"] == "ready"
        metrics = service.call("GET", "/metrics").body.decode()
        assert 'rebind_http_answers_total{route="/api/v1/requests",status="201"} 2.0' in metrics
        assert not re.search(r"\d{10}", re.sub(r"[\d.e+]+$", "", metrics, flags=re.M))
        assert service.stop() == 0
        log = service.log
    assert (tmp_path / "keys" / "ring.json").stat().st_mode & 0o777 == 0o600
    assert "keys/ring.json" in log
    for secret in (ANNA[2:], ANNA_NEW[2:], "anna@example.org", "rs_", "rr_", "rd_"):
        assert secret not in log


def test_the_demo_finds_its_people_again_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        change_number(service)
    with running(tmp_path, "demo") as service:
        people = service.call("GET", "/demo/people.json").json()
        assert [person["number"] for person in people][0] == ANNA_NEW
        assert len(people) == 3


def test_several_processes_share_a_port_and_a_database(tmp_path: Path, postgres_url: str) -> None:
    settings = {
        "DATABASE_URL": postgres_url,
        "PROCESSES": "2",
        "SMS": "http://127.0.0.1:9/sms",
        "MAIL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "Rebind <no-reply@example.org>",
    }
    with running(tmp_path, "serve", **settings) as service:
        for _ in range(20):
            answer = service.call("POST", "/api/v1/requests", {"kind": "enrol", "number": "+7 12"})
            assert answer.status == 422
        pids = set(re.findall(r'"pid": ?(\d+)', service.log))
        assert len(pids) >= 2, service.log
        assert service.stop() == 0


def test_a_worker_of_its_own_stops_when_asked(tmp_path: Path, postgres_url: str) -> None:
    settings = {
        "DATABASE_URL": postgres_url,
        "SMS": "http://127.0.0.1:9/sms",
        "MAIL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "Rebind <no-reply@example.org>",
    }
    with running(tmp_path, "worker", ready=False, **settings) as service:
        for _ in range(200):
            if "working" in service.log:
                break
            service.process.poll()
            from time import sleep

            sleep(0.05)
        assert "working" in service.log
        assert service.stop() == 0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"SMS": "demo"}, "sms: the demo provider sends nothing"),
        ({}, "sms: no provider is set"),
        ({"SECRET_KEY_FILE": "var/keys/ring.json"}, "secret_key_file: choose where"),
        ({"PUBLIC_URL": "http://accounts.example.org"}, "public_url: must be https"),
        ({"PROCESSES": "2"}, "processes: an embedded SQLite file has one server process"),
        ({"TRUSTED_PROXIES": "10.0.0.0/33"}, "trusted_proxies: 10.0.0.0/33 is not a network"),
        ({"SMS": "ftp://example.org"}, "sms: must be `demo` or an http"),
        ({"MAIL": "smtp://example.org"}, "mail_from: is needed"),
        ({"PORT": "eighty"}, "settings: Expected `int`"),
        ({"POLICY": "missing.toml"}, "missing.toml: No such file"),
    ],
)
def test_serve_refuses_and_says_why(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    code, words = said(tmp_path, "serve", **settings)
    assert code == 2
    assert reason in words
    assert "Traceback" not in words


def test_serve_refuses_a_lost_key_ring(tmp_path: Path) -> None:
    with running(tmp_path, "demo"):
        pass
    (tmp_path / "keys" / "ring.json").unlink()
    code, words = said(tmp_path, "demo")
    assert code == 2
    assert "put the key ring back" in words
    assert not (tmp_path / "keys" / "ring.json").exists()


def test_serve_refuses_a_key_ring_beside_the_database(tmp_path: Path) -> None:
    code, words = said(tmp_path, "demo", SECRET_KEY_FILE=f"{tmp_path}/data/ring.json")
    assert code == 2
    assert "ring.json" in words
    assert "Traceback" not in words
