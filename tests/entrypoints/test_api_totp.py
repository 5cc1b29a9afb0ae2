"""An authenticator app and recovery codes over the JSON API, and what comes instead."""

import json
from typing import Any

import pytest
from pyotp import TOTP

from rebind.domain.units import DAY, SECOND
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.test_api import signed_in
from tests.entrypoints.visitors import JSON, Answer, Visitor
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House, another

REQUESTS = "/api/v1/requests"
REAUTHENTICATION = "/api/v1/account/reauthentication"
TOTPS = "/api/v1/account/factors/totp"
CODES = "/api/v1/account/factors/recovery-codes"
STEP = 30 * SECOND


@pytest.fixture
async def anna(house: House, app: App) -> Visitor:
    """Anna's app, in which she has just signed in."""
    return await signed_in(house, app, await house.bring_in(ANNA, emails=(ANNA_MAIL,)))


def shown(house: House, secret: str) -> str:
    """What an authenticator app with this secret shows now."""
    return TOTP(secret).at(house.clock.now() // 1_000)


async def permit(who: Visitor, purpose: str, *proofs: dict[str, str]) -> str:
    """The id of a finished re-authentication."""
    begun = await who.post(REAUTHENTICATION, {"purpose": purpose})
    assert begun.status == 201, begun
    if begun.json["state"] != "done":
        done = await who.post(f"{REQUESTS}/{begun.json['id']}/proofs", list(proofs))
        assert done.json["state"] == "done", done
    return str(begun.json["id"])


async def send(who: Visitor, method: str, path: str, body: Any = None) -> Answer:
    pieces = [b""] if body is None else [json.dumps(body).encode()]
    return await who.ask(method, path, pieces, {} if body is None else JSON)


async def set_up(house: House, who: Visitor) -> str:
    """The secret of an app that was set up, half a minute ago."""
    permit_id = await permit(who, "totp_set")
    offer = await who.post(TOTPS + "/setup", {"reauthentication": permit_id})
    assert offer.status == 200, offer
    body = {"code": shown(house, offer.json["secret"]), "reauthentication": permit_id}
    kept = await send(who, "PUT", TOTPS, body)
    assert (kept.status, kept.body) == (204, b""), kept
    house.clock.push(STEP)
    return str(offer.json["secret"])


async def test_one_is_set_up_used_and_removed(house: House, app: App, anna: Visitor) -> None:
    permit_id = await permit(anna, "totp_set")
    offer = await anna.post(TOTPS + "/setup", {"reauthentication": permit_id})
    assert offer.status == 200
    assert offer.headers["cache-control"] == "no-store"
    assert offer.json.keys() == {"secret", "uri"}
    secret = offer.json["secret"]
    assert offer.json["uri"].startswith("otpauth://totp/Rebind:")
    assert f"?secret={secret}&issuer=Rebind" in offer.json["uri"]
    again = await anna.post(TOTPS + "/setup", {"reauthentication": permit_id})
    assert again.json == offer.json
    body = {"code": another(shown(house, secret)), "reauthentication": permit_id}
    wrong = await send(anna, "PUT", TOTPS, body)
    assert (wrong.status, wrong.code) == (422, "totp_not_taken")
    kept = await send(anna, "PUT", TOTPS, {**body, "code": shown(house, secret)})
    assert (kept.status, kept.body) == (204, b"")
    used = await send(anna, "PUT", TOTPS, {**body, "code": shown(house, secret)})
    assert (used.status, used.code) == (403, "reauthentication_required")

    house.clock.push(60 * SECOND)
    there = Visitor(app, "198.51.100.7")
    begun = await there.post(REQUESTS, {"kind": "sign_in", "number": ANNA})
    there.bearer = begun.json["token"]
    proofs = f"{REQUESTS}/{begun.json['id']}/proofs"
    half = await there.post(proofs, {"proof": "code_current", "code": await house.code_to(ANNA)})
    assert (half.json["state"], half.json["needs"]) == ("open", [["totp"]])
    done = await there.post(proofs, {"proof": "totp", "code": shown(house, secret)})
    assert (done.json["state"], done.json["row"]) == ("done", "I2")

    young = await anna.post(REAUTHENTICATION, {"purpose": "totp_remove"})
    assert (young.status, young.code) == (409, "factor_too_young")
    house.clock.push(8 * DAY)
    proof = {"proof": "totp", "code": shown(house, secret)}
    removal = f"{TOTPS}?reauthentication={await permit(anna, 'totp_remove', proof)}"
    gone = await send(anna, "DELETE", removal)
    assert (gone.status, gone.body) == (204, b"")
    assert (await send(anna, "DELETE", removal)).code == "reauthentication_required"


async def test_other_sessions_end_where_it_is_asked_for(
    house: House, app: App, anna: Visitor
) -> None:
    permit_id = await permit(anna, "totp_set")
    house.clock.push(60 * SECOND)
    other = Visitor(app)
    other.device = anna.device
    begun = await other.post(REQUESTS, {"kind": "sign_in", "number": ANNA})
    other.bearer = begun.json["token"]
    code = {"proof": "code_current", "code": await house.code_to(ANNA)}
    done = await other.post(f"{REQUESTS}/{begun.json['id']}/proofs", code)
    other.bearer = done.json["session"]["token"]
    offer = await anna.post(TOTPS + "/setup", {"reauthentication": permit_id})
    body = {
        "code": shown(house, offer.json["secret"]),
        "reauthentication": permit_id,
        "end_other_sessions": True,
    }
    assert (await send(anna, "PUT", TOTPS, body)).status == 204
    assert (await other.get("/api/v1/account")).code == "session_ended"
    assert (await anna.get("/api/v1/account")).status == 200


async def test_ten_codes_are_told_once(house: House, app: App, anna: Visitor) -> None:
    secret = await set_up(house, anna)
    proof = {"proof": "totp", "code": shown(house, secret)}
    permit_id = await permit(anna, "recovery_codes", proof)
    made = await anna.post(CODES, {"reauthentication": permit_id})
    assert made.status == 201
    assert made.headers["cache-control"] == "no-store"
    assert made.json.keys() == {"codes"}
    assert len(set(made.json["codes"])) == 10
    again = await anna.post(CODES, {"reauthentication": permit_id})
    assert (again.status, again.code) == (403, "reauthentication_required")

    there = Visitor(app, "198.51.100.7")
    house.clock.push(60 * SECOND)
    begun = await there.post(REQUESTS, {"kind": "sign_in", "number": ANNA})
    there.bearer = begun.json["token"]
    proofs = f"{REQUESTS}/{begun.json['id']}/proofs"
    half = await there.post(proofs, {"proof": "code_current", "code": await house.code_to(ANNA)})
    assert sorted(half.json["needs"]) == [["recovery_code"], ["totp"]]
    code = {"proof": "recovery_code", "code": made.json["codes"][3].lower()}
    assert (await there.post(proofs, code)).json["state"] == "done"

    house.clock.push(8 * DAY)
    body = {"kind": "change", "number": ANNA_NEW, "send": ["code_new"]}
    begun = await anna.post(REQUESTS, body)
    moving = [
        {"proof": "recovery_code", "code": made.json["codes"][4]},
        {"proof": "code_new", "code": await house.code_to(ANNA_NEW)},
    ]
    done = await anna.post(f"{REQUESTS}/{begun.json['id']}/proofs", moving)
    assert (done.json["state"], done.json["row"]) == ("done", "C1")


async def test_no_codes_without_a_second_factor(anna: Visitor) -> None:
    permit_id = await permit(anna, "recovery_codes")
    refused = await anna.post(CODES, {"reauthentication": permit_id})
    assert (refused.status, refused.code) == (409, "recovery_codes_need_factor")


async def test_nobody_but_its_holder(house: House, app: App, anna: Visitor) -> None:
    permit_id = await permit(anna, "totp_set")
    codes_id = await permit(anna, "recovery_codes")
    boris = await signed_in(house, app, await house.bring_in(BORIS))
    calls: list[tuple[str, str, Any]] = [
        ("POST", TOTPS + "/setup", {"reauthentication": permit_id}),
        ("PUT", TOTPS, {"code": "123456", "reauthentication": permit_id}),
        ("DELETE", f"{TOTPS}?reauthentication={permit_id}", None),
        ("POST", CODES, {"reauthentication": codes_id}),
    ]
    for method, path, body in calls:
        assert (await send(Visitor(app), method, path, body)).code == "session_required", path
        assert (await send(boris, method, path, body)).code == "reauthentication_required", path
    assert (await send(anna, "DELETE", TOTPS)).code == "reauthentication_required"


ZEROS = "0" * 32


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "body_malformed"),
        ({"code": "123456"}, "body_malformed"),
        ({"code": 123456, "reauthentication": ZEROS}, "body_malformed"),
        ({"code": "1" * 17, "reauthentication": ZEROS}, "body_malformed"),
        ({"code": "123456", "reauthentication": ZEROS, "more": 1}, "body_malformed"),
        ({"code": "123456", "reauthentication": ZEROS, "end_other_sessions": 1}, "body_malformed"),
        ({"code": "", "reauthentication": ZEROS}, "totp_not_taken"),
        ({"code": "123 456", "reauthentication": ZEROS}, "totp_not_taken"),
        ({"code": "123456", "reauthentication": ZEROS}, "reauthentication_required"),
        ({"code": "123456", "reauthentication": "x"}, "reauthentication_required"),
    ],
)
async def test_what_no_app_sends(anna: Visitor, body: Any, code: str) -> None:
    assert (await send(anna, "PUT", TOTPS, body)).code == code
