"""Over the API: a password is set, signs in, is changed and removed."""

import json

import pytest

from rebind.domain.units import DAY
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.test_api import newest_code, signed_in
from tests.entrypoints.visitors import JSON, Answer, Visitor
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, House

REQUESTS = "/api/v1/requests"
REAUTHENTICATION = "/api/v1/account/reauthentication"
PATH = "/api/v1/account/factors/password"
ANOTHER = "twelve slow boats on a river"


async def confirmed(visitor: Visitor, purpose: str, **proof: str) -> str:
    """The id of a re-authentication that is done."""
    begun = await visitor.post(REAUTHENTICATION, {"purpose": purpose})
    assert begun.status == 201, begun.json
    path = f"{REQUESTS}/{begun.json['id']}/proofs"
    if begun.json["state"] != "done":
        given = [{"proof": name, "code": code} for name, code in proof.items()]
        done = await visitor.post(path, given)
        assert done.json["state"] == "done", done.json
    return str(begun.json["id"])


async def put(visitor: Visitor, password: str, permit: str) -> Answer:
    body = {"password": password, "reauthentication": permit}
    return await visitor.ask("PUT", PATH, [json.dumps(body).encode()], JSON)


async def passes(house: House, visitor: Visitor) -> None:
    """A week and a day go by; each day somebody looks in."""
    for _ in range(8):
        house.clock.push(DAY)
        assert (await visitor.get("/api/v1/account")).status == 200


async def signs_in(app: App, password: str, **name: str) -> Answer:
    """Somebody at an unknown app, with a number or a mailbox and a password."""
    visitor = Visitor(app, "198.51.100.7")
    body = {"kind": "sign_in", "send": [], **name}
    if "email" in name:
        del body["send"]
    begun = await visitor.post(REQUESTS, body)
    assert begun.status == 201, begun.json
    visitor.bearer = begun.json["token"]
    proof = {"proof": "password", "code": password}
    return await visitor.post(f"{REQUESTS}/{begun.json['id']}/proofs", proof)


async def test_a_password_is_set_used_changed_and_removed(house: House, app: App) -> None:
    visitor = await signed_in(house, app, await house.bring_in(ANNA, emails=(ANNA_MAIL,)))
    answer = await put(visitor, PASSWORD, await confirmed(visitor, "password_set"))
    assert (answer.status, answer.body) == (204, b"")
    for name in ({"number": ANNA}, {"email": ANNA_MAIL}):
        done = await signs_in(app, PASSWORD, **name)
        assert (done.status, done.json["state"], done.json["row"]) == (200, "done", "I5")
        assert done.json["session"]["level"] == "full"
        assert (await signs_in(app, ANOTHER, **name)).code == "proof_wrong"
    await passes(house, visitor)
    permit = await confirmed(visitor, "password_set", password=PASSWORD)
    assert (await put(visitor, ANOTHER, permit)).status == 204
    assert (await signs_in(app, PASSWORD, number=ANNA)).code == "proof_wrong"
    assert (await signs_in(app, ANOTHER, number=ANNA)).json["state"] == "done"
    await passes(house, visitor)
    permit = await confirmed(visitor, "password_remove", password=ANOTHER)
    gone = await visitor.ask("DELETE", f"{PATH}?reauthentication={permit}")
    assert (gone.status, gone.body) == (204, b"")
    assert (await signs_in(app, ANOTHER, number=ANNA)).code == "proof_wrong"


async def test_without_a_permit_nothing_is_set(house: House, app: App) -> None:
    stranger = Visitor(app)
    assert (await put(stranger, PASSWORD, "0" * 32)).code == "session_required"
    visitor = await signed_in(house, app, await house.bring_in(ANNA))
    for permit in ("0" * 32, "nobody"):
        refused = await put(visitor, PASSWORD, permit)
        assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert (await visitor.ask("DELETE", PATH)).code == "reauthentication_required"
    other = await confirmed(visitor, "totp_set")
    assert (await put(visitor, PASSWORD, other)).code == "reauthentication_required"
    assert await house.rows("SELECT * FROM passwords") == []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * 14, "password_too_short_alone"),
        ("seven grey herons " * 8, "password_too_long"),
        ("seven grey\u0007 herons at dusk", "password_unreadable"),
        ("password12345678", "password_common"),
        ("9161234567 9161234567", "password_expected"),
        ("x" * 5_000, "body_malformed"),
    ],
)
async def test_what_is_no_password(house: House, app: App, password: str, code: str) -> None:
    visitor = await signed_in(house, app, await house.bring_in(ANNA))
    permit = await confirmed(visitor, "password_set")
    refused = await put(visitor, password, permit)
    assert refused.code == code
    assert password not in refused.body.decode()
    assert (await put(visitor, PASSWORD, permit)).status == 204


@pytest.mark.parametrize("length", [64, 128])
async def test_long_ones_are_taken_whole(house: House, app: App, length: int) -> None:
    visitor = await signed_in(house, app, await house.bring_in(ANNA))
    long = ("seven grey herons and a very old boatman sing to the sea " * 3)[:length]
    assert (await put(visitor, long, await confirmed(visitor, "password_set"))).status == 204
    assert (await signs_in(app, long[:-1], number=ANNA)).code == "proof_wrong"
    assert (await signs_in(app, long, number=ANNA)).json["state"] == "done"


async def test_with_a_second_factor_both_are_needed(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    visitor = await signed_in(house, app, anna)
    await set_totp(anna)
    permit = await confirmed(visitor, "password_set", totp=totp_now(anna))
    assert (await put(visitor, "nine owls", permit)).status == 204
    half = await signs_in(app, "nine owls", number=ANNA)
    assert (half.status, half.json["state"], "session" in half.json) == (200, "open", False)
    assert ["totp"] in half.json["needs"]


async def test_a_forgotten_password_is_reset_by_codes(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    visitor = await signed_in(house, app, anna)
    await set_password(anna, age=90 * DAY)
    house.clock.push(DAY)
    begun = await visitor.post(REAUTHENTICATION, {"purpose": "password_set"})
    assert begun.json["needs"] == [["password"], ["code_current"]]
    path = f"{REQUESTS}/{begun.json['id']}"
    await visitor.post(f"{path}/codes", {"proof": "code_current"})
    code = await newest_code(house, ANNA)
    done = await visitor.post(f"{path}/proofs", {"proof": "code_current", "code": code})
    assert done.json["state"] == "done"
    assert (await put(visitor, ANOTHER, begun.json["id"])).status == 204
    assert (await signs_in(app, ANOTHER, number=ANNA)).json["state"] == "done"


async def test_strangers_are_told_the_same(house: House, app: App) -> None:
    """To the byte, but for what is drawn anew each time."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await set_password(anna)
    for names in (
        ({"number": ANNA}, {"number": "+79850000000"}),
        ({"email": ANNA_MAIL}, {"email": "nobody@no.example"}),
    ):
        answers = [await signs_in(app, ANOTHER, **name) for name in names]
        told = [
            (answer.status, {**answer.json, "instance": ""}, sorted(answer.headers))
            for answer in answers
        ]
        assert told[0] == told[1]
        assert answers[0].code == "proof_wrong"
