"""The service as a process: it starts by itself on an empty folder, watches over itself, stops
gracefully, and never writes a code, a number or a token into its log."""

import re
from pathlib import Path
from time import sleep

import pytest

from tests.running.processes import Service, heard, running, said, started

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


def emptied(service: Service) -> str:
    """The metrics, once the worker has handed over the notices: both lanes are there, and an
    empty one says so."""
    metrics = ""
    for _ in range(200):
        metrics = service.call("GET", "/metrics").body.decode()
        if len(re.findall(r'rebind_outbox_waiting\{lane="\w+"\} 0\.0', metrics)) == 2:
            return metrics
        sleep(0.05)
    raise AssertionError(metrics)


def test_a_number_is_changed_on_an_empty_folder(tmp_path: Path) -> None:
    with running(tmp_path, "demo", LOG_LEVEL="debug") as service:
        change_number(service)
        assert service.call("GET", "/healthz").json() == {"status": "alive"}
        assert service.call("GET", "/readyz").json() == {"status": "ready"}
        metrics = emptied(service)
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
        assert people[0]["number"] == ANNA_NEW
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
        heard(service, '"event": "listening"', times=2)
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
    with started(tmp_path, "worker", **settings) as service:
        heard(service, "working")
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
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "trusted_proxies: 0.0.0.0/0 is everybody"),
        ({"PUBLIC_URL": "https://accounts.example.org"}, "trusted_proxies: https needs a proxy"),
        ({"METRICS_TOKEN": "short"}, "metrics_token"),
        ({"SMS": "http://sms.example.org"}, "sms: codes must travel under TLS"),
        ({"PORT": "eighty"}, "settings: Expected `int`"),
        ({"POLICY": "missing.toml"}, "missing.toml: No such file"),
    ],
)
def test_serve_refuses_and_says_why(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    code, words = said(tmp_path, "serve", **settings)
    assert code == 2
    assert reason in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"SMS": "https://sms.example.org"}, "sms: the demo shows its messages"),
        ({"HOST": "0.0.0.0"}, "host: the demo listens on this machine only"),
        ({"PUBLIC_URL": "http://accounts.example.org"}, "public_url: the demo is reached as"),
        ({"DATABASE_URL": "postgresql://localhost/rebind"}, "database_url: the demo keeps to"),
    ],
)
def test_a_demo_keeps_to_itself(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    code, words = said(tmp_path, "demo", **settings)
    assert code == 2
    assert reason in words
    assert "Traceback" not in words


def test_metrics_are_the_administrators(tmp_path: Path, postgres_url: str) -> None:
    settings = {
        "DATABASE_URL": postgres_url,
        "SMS": "http://127.0.0.1:9/sms",
        "MAIL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "Rebind <no-reply@example.org>",
        "WORKER": "apart",
    }
    with running(tmp_path, "serve", **settings) as service:
        assert service.call("GET", "/metrics").json()["code"] == "path_unknown"
    token = "0123456789abcdef"
    with running(tmp_path, "serve", METRICS_TOKEN=token, **settings) as service:
        service.call("POST", "/api/v1/requests", {"kind": "sign_in", "number": ANNA})
        assert service.call("GET", "/readyz").json() == {"status": "ready"}
        for wrong in ({}, {"Authorization": f"Bearer {token}0"}, {"Authorization": token}):
            assert service.call("GET", "/metrics", **wrong).status == 404
        metrics = service.call("GET", "/metrics", Authorization=f"Bearer {token}").body.decode()
        assert 'rebind_outbox_waiting{lane="code"} 1.0' in metrics
        assert token not in service.log


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


def test_forged_proxy_headers_are_not_believed(tmp_path: Path) -> None:
    """A stranger who invents a new address for each call would undo every limit by address."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[limits.ask_client]\namount = 3\n")

    def statuses(service: Service) -> list[int]:
        return [
            service.call(
                "POST",
                "/api/v1/requests",
                {"kind": "enrol", "number": f"+790311122{i:02d}"},
                X_Forwarded_For=f"198.51.100.{i}",
            ).status
            for i in range(5)
        ]

    with running(tmp_path, "demo", POLICY=str(policy)) as service:
        assert statuses(service) == [201, 201, 201, 429, 429]
    trusting = {"TRUSTED_PROXIES": "127.0.0.1", "POLICY": str(policy)}
    (tmp_path / "behind").mkdir()
    with running(tmp_path / "behind", "demo", **trusting) as service:
        assert statuses(service) == [201] * 5
