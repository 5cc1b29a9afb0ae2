"""Passkeys over the JSON API: to the field, and what comes instead."""

import json
from typing import Any

import pytest

from rebind.domain.units import DAY
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.shared.spelling import moment
from tests.authenticator import Authenticator
from tests.entrypoints.test_api import signed_in
from tests.entrypoints.visitors import JSON, Answer, Visitor
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, SITE, House

REQUESTS = "/api/v1/requests"
REAUTHENTICATION = "/api/v1/account/reauthentication"
PASSKEYS = "/api/v1/account/factors/passkeys"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"


@pytest.fixture
async def anna(house: House, app: App) -> Visitor:
    """Anna's app, in which she has just signed in."""
    return await signed_in(house, app, await house.bring_in(ANNA, emails=(ANNA_MAIL,)))


@pytest.fixture
def key() -> Authenticator:
    """What keeps her passkeys."""
    return Authenticator(SITE, "localhost")


async def permit(who: Visitor, body: dict[str, str], key: Authenticator | None = None) -> str:
    """The id of a finished re-authentication."""
    begun = await who.post(REAUTHENTICATION, body)
    assert begun.status == 201, begun
    if begun.json["state"] != "done":
        assert key is not None
        proof = {"proof": "passkey", "code": key.sign(begun.json["passkey"])}
        done = await who.post(f"{REQUESTS}/{begun.json['id']}/proofs", proof)
        assert done.json["state"] == "done", done
    return str(begun.json["id"])


async def options(who: Visitor, permit_id: str) -> Any:
    found = await who.post(PASSKEYS + "/options", {"reauthentication": permit_id})
    assert found.status == 200, found
    return found.json


async def added(who: Visitor, key: Authenticator, **more: str) -> Answer:
    permit_id = await permit(who, {"purpose": "passkey_add"}, key)
    made = key.register(await options(who, permit_id))
    return await who.post(
        PASSKEYS, {"reauthentication": permit_id, "credential": made, **more}, user_agent=CHROME
    )


async def send(who: Visitor, method: str, path: str, body: Any = None) -> Answer:
    pieces = [b""] if body is None else [json.dumps(body).encode()]
    return await who.ask(method, path, pieces, {} if body is None else JSON)


async def test_one_is_made_named_and_removed(
    house: House, anna: Visitor, key: Authenticator
) -> None:
    assert (await anna.get(PASSKEYS)).json["passkeys"] == []
    made = await added(anna, key, name="Telephone")
    assert made.status == 201
    now = house.clock.now()
    assert made.json == {
        "id": made.json["id"],
        "name": "Telephone",
        "set_at": moment(now),
        "used_at": None,
        "backed_up": made.json["backed_up"],
        "young_until": moment(now + 7 * DAY),
    }
    listed = await anna.get(PASSKEYS)
    assert listed.json["passkeys"] == [made.json]
    assert listed.json["signal"].keys() == {"rpId", "userId", "allAcceptedCredentialIds", "name"}
    assert listed.json["signal"]["rpId"] == "localhost"
    one = f"{PASSKEYS}/{made.json['id']}"
    renamed = await send(anna, "PATCH", one, {"name": "Old telephone"})
    assert (renamed.status, renamed.body) == (204, b"")
    assert (await anna.get(PASSKEYS)).json["passkeys"][0]["name"] == "Old telephone"
    house.clock.push(8 * DAY)
    about = {"purpose": "passkey_remove", "about": made.json["id"]}
    permit_id = await permit(anna, about, key)
    gone = await send(anna, "DELETE", f"{one}?reauthentication={permit_id}")
    assert (gone.status, gone.body) == (204, b"")
    after = (await anna.get(PASSKEYS)).json
    assert (after["passkeys"], after["signal"]["allAcceptedCredentialIds"]) == ([], [])
    again = await send(anna, "DELETE", f"{one}?reauthentication={permit_id}")
    assert (again.status, again.code) == (403, "reauthentication_required")


async def test_it_signs_in_without_a_name(
    house: House, app: App, anna: Visitor, key: Authenticator
) -> None:
    await added(anna, key)
    there = Visitor(app, "198.51.100.7")
    begun = await there.post(REQUESTS, {"kind": "sign_in"})
    assert begun.status == 201
    assert begun.json["needs"] == [["passkey"]]
    asked = begun.json["passkey"]
    assert asked["rpId"] == "localhost"
    assert asked["userVerification"] == "required"
    assert asked.get("allowCredentials", []) == []
    there.bearer = begun.json["token"]
    proof = {"proof": "passkey", "code": key.sign(asked)}
    done = await there.post(f"{REQUESTS}/{begun.json['id']}/proofs", proof)
    assert (done.json["state"], done.json["row"]) == ("done", "I5")
    there.bearer = done.json["session"]["token"]
    assert (await there.get("/api/v1/account")).json["number"] == ANNA


async def test_it_changes_the_number(house: House, anna: Visitor, key: Authenticator) -> None:
    await added(anna, key)
    body = {"kind": "change", "number": ANNA_NEW, "send": ["code_new"]}
    house.clock.push(DAY)
    young = await anna.post(REQUESTS, body)
    assert (young.status, young.code) == (409, "factor_too_young")
    house.clock.push(7 * DAY)
    begun = await anna.post(REQUESTS, body)
    asked = (await anna.get(f"{REQUESTS}/{begun.json['id']}")).json["passkey"]
    proofs = [
        {"proof": "passkey", "code": key.sign(asked)},
        {"proof": "code_new", "code": await house.code_to(ANNA_NEW)},
    ]
    done = await anna.post(f"{REQUESTS}/{begun.json['id']}/proofs", proofs)
    assert (done.json["state"], done.json["row"]) == ("done", "C1")


async def test_nobody_but_its_holder(
    house: House, app: App, anna: Visitor, key: Authenticator
) -> None:
    made = (await added(anna, key)).json
    boris = await signed_in(house, app, await house.bring_in(BORIS))
    one, stranger = f"{PASSKEYS}/{made['id']}", Visitor(app)
    assert (await boris.get(PASSKEYS)).json["passkeys"] == []
    assert (await send(boris, "PATCH", one, {"name": "Mine"})).code == "factor_unknown"
    permit_id = await permit(boris, {"purpose": "passkey_add"})
    removal = f"{one}?reauthentication={permit_id}"
    assert (await send(boris, "DELETE", removal)).code == "reauthentication_required"
    for method, path, body in (
        ("GET", PASSKEYS, None),
        ("POST", PASSKEYS, {"reauthentication": permit_id, "credential": "{}"}),
        ("POST", PASSKEYS + "/options", {"reauthentication": permit_id}),
        ("PATCH", one, {"name": "x"}),
        ("DELETE", removal, None),
    ):
        assert (await send(stranger, method, path, body)).code == "session_required", path
    assert (await anna.get(PASSKEYS)).json["passkeys"] == [made]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "body_malformed"),
        ({"credential": "{}"}, "body_malformed"),
        ({"reauthentication": "x", "credential": "{}"}, "reauthentication_required"),
        ({"reauthentication": "0" * 32, "credential": "{}"}, "reauthentication_required"),
        ({"reauthentication": "0" * 32, "credential": {}}, "body_malformed"),
        ({"reauthentication": "0" * 32, "credential": "x" * 8_193}, "body_malformed"),
        ({"reauthentication": "0" * 32, "credential": "", "name": "x" * 65}, "body_malformed"),
        ({"reauthentication": "0" * 32, "credential": "", "more": 1}, "body_malformed"),
    ],
)
async def test_what_no_app_sends(anna: Visitor, body: Any, code: str) -> None:
    assert (await anna.post(PASSKEYS, body)).code == code


async def test_what_is_no_passkey_is_not_taken(anna: Visitor, key: Authenticator) -> None:
    permit_id = await permit(anna, {"purpose": "passkey_add"})
    for answer in (
        "",
        "{}",
        "[" * 8_000,
        "null",
        key.register(await options(anna, permit_id))[:-9],
    ):
        body = {"reauthentication": permit_id, "credential": answer}
        said = await anna.post(PASSKEYS, body)
        assert (said.status, said.code) == (422, "passkey_not_taken")
    assert (await anna.get(PASSKEYS)).json["passkeys"] == []
