"""Closing an account, taking one's data along, and the last word of a second factor, over JSON."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.test_api import signed_in
from tests.entrypoints.visitors import Visitor
from tests.factors import set_totp, totp_now
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_MAIL, House

ACCOUNT, REQUESTS = "/api/v1/account", "/api/v1/requests"


@pytest.fixture
async def visitor(house: House, app: App) -> Visitor:
    """Anna's app, in which she has just signed in."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    return await signed_in(house, app, anna)


async def permit(house: House, who: Visitor, purpose: str, about: str = "", **proof: str) -> str:
    """The id of a finished re-authentication: by a code to the number, or what is given."""
    begun = await who.post(f"{ACCOUNT}/reauthentication", {"purpose": purpose, "about": about})
    assert begun.status == 201, begun
    one = f"{REQUESTS}/{begun.json['id']}"
    if not proof:
        await who.post(f"{one}/codes", {"proof": "code_current"})
        proof = {"proof": "code_current", "code": await house.code_to(ANNA)}
    done = await who.post(f"{one}/proofs", proof)
    assert done.json["state"] == "done", done
    return str(begun.json["id"])


async def test_it_is_begun_shown_and_stopped(house: House, visitor: Visitor) -> None:
    house.clock.push(HOUR)
    body = {"reauthentication": await permit(house, visitor, "account_close")}
    begun = await visitor.post(f"{ACCOUNT}/close", body)
    assert begun.status == 201
    assert (begun.json["kind"], begun.json["state"], begun.json["row"]) == (
        "close",
        "waiting",
        "X1",
    )
    spent = await visitor.post(f"{ACCOUNT}/close", body)
    assert (spent.status, spent.code) == (403, "reauthentication_required")
    (listed,) = (await visitor.get(REQUESTS)).json["requests"]
    assert (listed["id"], listed["wait_until"]) == (begun.json["id"], begun.json["wait_until"])
    one = f"{REQUESTS}/{begun.json['id']}"
    assert (await visitor.get(one)).json["state"] == "waiting"
    house.clock.push(HOUR)
    body = {"reauthentication": await permit(house, visitor, "account_close")}
    twice = await visitor.post(f"{ACCOUNT}/close", body)
    assert (twice.status, twice.code) == (409, "closing_already")
    kept = await visitor.post(f"{one}/object", None)
    assert (kept.status, kept.json["state"]) == (200, "objected")
    assert (await visitor.get(one)).json["state"] == "objected"


async def test_its_owner_may_cancel_it(house: House, visitor: Visitor) -> None:
    body = {"reauthentication": await permit(house, visitor, "account_close")}
    begun = await visitor.post(f"{ACCOUNT}/close", body)
    cancelled = await visitor.post(f"{REQUESTS}/{begun.json['id']}/cancel", None)
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")


async def test_data_is_told_once_for_each_proof(house: House, visitor: Visitor) -> None:
    without = await visitor.get(f"{ACCOUNT}/export")
    assert (without.status, without.code) == (403, "reauthentication_required")
    path = f"{ACCOUNT}/export?reauthentication={await permit(house, visitor, 'data_export')}"
    held = await visitor.get(path)
    assert held.status == 200
    assert held.headers["cache-control"] == "no-store"
    assert [each["number"] for each in held.json["numbers"]] == [ANNA]
    assert held.json.keys() == {
        "service",
        "made_at",
        "account",
        "numbers",
        "emails",
        "factors",
        "devices",
        "sessions",
        "requests",
        "history",
        "history_cut",
        "cases",
    }
    assert (await visitor.get(path)).code == "reauthentication_required"


async def test_what_support_let_go_on_is_stopped_by_a_second_factor(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    visitor = await signed_in(house, app, anna)
    await anna.sign_in()
    house.clock.push(HOUR)
    waits = await c5(house, anna)
    await set_totp(anna, age=30 * DAY)
    await house.write("UPDATE requests SET contested = 1 WHERE id = :id", id=waits.id)
    path = f"{REQUESTS}/{waits.id.hex()}/object"
    heard = await visitor.post(path, None)
    assert (heard.status, heard.code) == (409, "heard_already")
    given = {"proof": "totp", "code": totp_now(anna)}
    proof = await permit(house, visitor, "request_stop", waits.id.hex(), **given)
    stopped = await visitor.post(f"{path}?reauthentication={proof}", None)
    assert (stopped.status, stopped.json["state"]) == (200, "objected")
