"""The command line, as an administrator meets it: real processes, real databases."""

import sqlite3
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from rebind.main import administration
from tests.running.processes import Service, running, said


def test_every_figure_is_shown_with_its_source(tmp_path: Path) -> None:
    code, words = said(tmp_path, "policy", "show")
    assert code == 0
    figures = ("code_ttl_s", "600", "NIST SP 800-63B-4", "wrong_address", "ask_client", "RU 60")
    for word in (*figures, "operator_contract", "earlier_document"):
        assert word in words.replace("\n", " "), word


def test_a_policy_is_checked(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[policy]\nprofile = "lenient"\nstale_after_d = 120\n')
    code, words = said(tmp_path, "policy", "check", POLICY=str(policy))
    assert code == 0
    assert "warning: profile lenient" in words
    assert "warning: stale after 120 days" in words


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[policy]\ncode_ttl_s = 6000\n", "code_ttl_s"),
        ("[policy]\nrows_off = ['C6']\n", "there is no row C6"),
        ("[policy]\ncode_lenght = 6\n", "code_lenght"),
        ("[limits.no_such]\namount = 1\n", "no such limit: no_such"),
        ("[limits.ask_client]\nper = 1\n", "per"),
        ("[limits.wrong_address]\namount = 700\n", "limits.wrong_address: amount"),
        ("[policy.stale_after_by_region_d]\nRU = 3650\n", "stale_after_by_region_d"),
        ("not toml", "policy.toml"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    code, words = said(tmp_path, "policy", "check", POLICY=str(policy))
    assert code == 2
    assert reason in words
    assert "Traceback" not in words


@pytest.mark.parametrize("words", [("db", "check"), ("db", "upgrade"), ("serve",)])
def test_a_database_address_that_cannot_be_read_is_named(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, told = said(
        tmp_path,
        *words,
        DATABASE_URL="postgresql://rebind:s3cret@localhost:port/rebind",
        SMS="http://127.0.0.1:9",
        MAIL="smtp://127.0.0.1:9",
        MAIL_FROM="a@example.org",
    )
    assert code == 2
    assert "database" in told
    assert "cannot be read" in told
    assert "Traceback" not in told
    assert "s3cret" not in told


def test_an_administrator_works_with_the_settings_of_the_service(
    tmp_path: Path, postgres_url: str
) -> None:
    """What a demo must not be has no say where nothing is served."""
    people = tmp_path / "people.jsonl"
    people.write_text('{"number": "+79161234567"}\n')
    settings = {"DATABASE_URL": postgres_url, "PUBLIC_URL": "https://accounts.example.org"}
    code, words = said(tmp_path, "accounts", "import", str(people), HOST="0.0.0.0", **settings)
    assert code == 0, words


def test_keys_are_listed_without_their_secrets(tmp_path: Path) -> None:
    code, words = said(tmp_path, "keys", "list")
    assert code == 2
    assert "there is none yet" in words
    with running(tmp_path, "demo"):
        pass
    code, words = said(tmp_path, "keys", "list")
    assert code == 0
    assert {"seal", "index", "mac"} <= set(words.split())
    ring = (tmp_path / "keys" / "ring.json").read_text()
    secrets = [word for word in ring.split('"') if len(word) > 40]
    assert secrets
    assert not any(secret in words for secret in secrets)


def test_the_schema_is_made_checked_and_upgraded(tmp_path: Path, empty_postgres_url: str) -> None:
    code, words = said(tmp_path, "db", "check", DATABASE_URL=empty_postgres_url)
    assert code == 1
    assert "rebind db upgrade" in words
    code, words = said(
        tmp_path,
        "serve",
        DATABASE_URL=empty_postgres_url,
        SMS="http://127.0.0.1:9",
        MAIL="smtp://127.0.0.1:9",
        MAIL_FROM="a@example.org",
    )
    assert code == 2
    assert "rebind db upgrade" in words
    assert said(tmp_path, "db", "upgrade", DATABASE_URL=empty_postgres_url)[0] == 0
    assert said(tmp_path, "db", "check", DATABASE_URL=empty_postgres_url)[0] == 0


def test_accounts_are_imported_line_by_line(tmp_path: Path) -> None:
    people = [
        {
            "number": "+7 916 123-45-67",
            "locale": "ru",
            "emails": ["anna@example.org"],
            "since": "2024-02-03T10:00:00Z",
        },
        {"number": "+79267654321"},
        {"number": "+79161234567"},
        {"number": "+7 800 555-35-35"},
        {"number": "+447400123456", "since": "2024-02-03T10:00:00"},
        {"numbr": "+447400123456"},
    ]
    file = tmp_path / "people.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(each) for each in people) + b"\n\nnot json\n")
    code, words = said(tmp_path, "accounts", "import", str(file))
    assert code == 1
    for line in (
        "people.jsonl:3: number_taken",
        "people.jsonl:4: number_kind_not_allowed",
        "people.jsonl:5: since: has no time zone",
        "people.jsonl:6:",
        "people.jsonl:8:",
    ):
        assert line in words
    database = sqlite3.connect(tmp_path / "data" / "rebind.sqlite3")
    assert database.execute("SELECT count(*) FROM accounts").fetchone() == (2,)
    assert database.execute("SELECT count(*) FROM emails").fetchone() == (1,)
    assert database.execute("SELECT DISTINCT act FROM acts").fetchall() == [("account_imported",)]
    database.close()


def test_seeding_fills_a_database_whose_people_can_sign_in(tmp_path: Path) -> None:
    code, words = said(tmp_path, "dev", "seed", "700")
    assert code == 0, words
    database = sqlite3.connect(tmp_path / "data" / "rebind.sqlite3")
    for table in ("accounts", "bindings", "devices", "numbers"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (700,)
    database.close()
    with running(tmp_path, "demo") as service:
        number = "+79160000699"
        begun = service.call("POST", "/api/v1/requests", {"kind": "sign_in", "number": number})
        request = begun.json()
        done = service.call(
            "POST",
            f"/api/v1/requests/{request['id']}/proofs",
            {"proof": "code_current", "code": service.code(number)},
            Authorization=f"Bearer {request['token']}",
        )
        assert done.json()["session"]["level"] == "full"


def test_the_walk_changes_a_number_there_and_back(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as service:
        for _ in range(2):
            code, words = said(tmp_path, "demo", "--walk", PUBLIC_URL=service.url)
            assert code == 0, words
            assert "The request is done." in words
            assert "number_changed     C2" in words
    code, words = said(tmp_path, "demo", "--walk", PUBLIC_URL=service.url)
    assert code == 1
    assert "does not answer" in words


def test_keys_are_rotated_under_a_running_service(tmp_path: Path) -> None:
    """Whoever is signed in stays so, known devices stay known, numbers stay where they are."""
    with running(tmp_path, "demo") as service:
        anna = service.call("GET", "/demo/people.json").json()[0]
        device = {"Rebind_Device": anna["device"]}
        bearer = _signed_in(service, anna["number"], device)
        for use in ("seal", "index", "mac"):
            code, words = said(tmp_path, "keys", "rotate", use, "--settle", "1.5")
            assert code == 0, words
            assert "Done." in words
            account = service.call("GET", "/api/v1/account", **bearer, **device)
            assert account.json()["number"] == anna["number"]
        _code, words = said(tmp_path, "keys", "list")
        versions = [line.split()[1:6:2] for line in words.splitlines() if "│" in line]
        assert versions == [
            ["seal", "2", "current"],
            ["index", "2", "lookup"],
            ["mac", "1", "older"],
            ["mac", "2", "current"],
        ]
        # On the known device: row I1, and the change applied at once.
        boris = service.call("GET", "/demo/people.json").json()[1]
        device = {"Rebind_Device": boris["device"]}
        bearer = _signed_in(service, boris["number"], device)
        acts = service.call("GET", "/api/v1/account/acts", **bearer, **device).json()["acts"]
        assert {act["why"] for act in acts if act["act"] == "session_opened"} == {"I1"}
    with running(tmp_path, "demo") as service:
        assert len(service.call("GET", "/demo/people.json").json()) == 3


def test_an_administrator_ends_sessions_under_a_running_service(tmp_path: Path) -> None:
    """Of one account, then of all; whoever was signed in is not from the next call on."""
    with running(tmp_path, "demo") as service:
        people = service.call("GET", "/demo/people.json").json()
        inside = []
        for person in people:
            device = {"Rebind_Device": person["device"]}
            inside.append(_signed_in(service, person["number"], device) | device)
        asked = [service.call("GET", "/api/v1/account", **each) for each in inside]
        assert [each.status for each in asked] == [200, 200, 200]
        anna = asked[0].json()["id"]
        assert said(tmp_path, "sessions", "end", "--account", anna)[0] == 0
        statuses = [service.call("GET", "/api/v1/account", **each).status for each in inside]
        assert statuses == [401, 200, 200]
        code, words = said(tmp_path, "sessions", "end", "--all")
        assert (code, "of 2 accounts" in words) == (0, True), words
        statuses = [service.call("GET", "/api/v1/account", **each).status for each in inside]
        assert statuses == [401, 401, 401]
        for wrong in ([], ["--all", "--account", anna], ["--account", "nobody"]):
            assert said(tmp_path, "sessions", "end", *wrong)[0] == 2


def _signed_in(service: Service, number: str, device: dict[str, str]) -> dict[str, str]:
    before = service.serial()
    begun = service.call(
        "POST", "/api/v1/requests", {"kind": "sign_in", "number": number}, **device
    )
    request = begun.json()
    done = service.call(
        "POST",
        f"/api/v1/requests/{request['id']}/proofs",
        {"proof": "code_current", "code": service.code(number, before)},
        Authorization=f"Bearer {request['token']}",
        **device,
    )
    return {"Authorization": f"Bearer {done.json()['session']['token']}"}


def test_people_are_let_in_to_the_desk_and_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: five commands that only share a database."""
    monkeypatch.setenv("REBIND_DATABASE_URL", f"sqlite:///{tmp_path}/data/rebind.db")
    monkeypatch.setenv("REBIND_SECRET_KEY_FILE", str(tmp_path / "keys" / "ring.json"))
    rebind = administration.commands()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(rebind, words)
        return done.exit_code, done.output

    add = ("operators", "add", "ada", "--name", "Ada", "--role", "administrator")
    code, words = run(*add)
    assert (code, "/console/join/ri_" in words) == (0, True), words
    code, words = run(*add)
    assert (code, "This login is taken" in words) == (2, True)
    code, again = run("operators", "reset", "ada")
    assert (code, "/console/join/ri_" in again) == (0, True)
    assert run("operators", "disable", "ada")[0] == 0
    code, words = run("operators", "list")
    assert (code, "ada" in words, "disabled" in words) == (0, True, True)
    code, words = run("operators", "disable", "nobody")
    assert (code, "There is nobody with this login" in words) == (2, True)
