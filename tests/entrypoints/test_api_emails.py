"""Mailboxes, a lost phone and the check-up over the JSON API: to the field, and what is refused."""

from typing import Any

import pytest

from rebind.domain.units import DAY, MINUTE
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.shared.spelling import moment
from tests.entrypoints.test_api import signed_in
from tests.entrypoints.visitors import Answer, Visitor
from tests.people import ANNA, ANNA_MAIL, BORIS, House

REQUESTS = "/api/v1/requests"
REAUTHENTICATION = "/api/v1/account/reauthentication"
EMAILS = "/api/v1/account/emails"
SUSPENSION = "/api/v1/account/sms/suspension"
FACTORS = "/api/v1/account/factors"
SECOND = "anna.second@example.net"


@pytest.fixture
async def anna(house: House, app: App) -> Visitor:
    """Anna's app, in which she signed in a day ago."""
    anna = await signed_in(house, app, await house.bring_in(ANNA, emails=(ANNA_MAIL,)))
    house.clock.push(DAY)
    return anna


async def permit(house: House, who: Visitor, body: dict[str, str], *proofs: str) -> str:
    """The id of a re-authentication for which codes were answered, or none were asked."""
    begun = await who.post(REAUTHENTICATION, body)
    assert begun.status == 201, begun
    if not proofs:
        assert begun.json["state"] == "done", begun
        return str(begun.json["id"])
    one = f"{REQUESTS}/{begun.json['id']}"
    addresses = {"code_current": ANNA, "code_new": body.get("about", "")}
    given = []
    for proof in proofs:
        sent = await who.post(f"{one}/codes", {"proof": proof})
        assert sent.status == 202, sent
        given.append({"proof": proof, "code": await house.code_to(addresses[proof])})
    done = await who.post(f"{one}/proofs", given)
    assert done.json["state"] == "done", done
    return str(begun.json["id"])


async def delete(who: Visitor, path: str) -> Answer:
    return await who.ask("DELETE", path)


async def add(house: House, anna: Visitor, address: str = SECOND) -> Answer:
    about = {"purpose": "email_add", "about": address}
    permit_id = await permit(house, anna, about, "code_current", "code_new")
    return await anna.post(EMAILS, {"address": address, "reauthentication": permit_id})


async def test_a_mailbox_is_added_named_first_and_removed(house: House, anna: Visitor) -> None:
    (first,) = (await anna.get(EMAILS)).json["emails"]
    assert first == {
        "id": first["id"],
        "address": ANNA_MAIL,
        "primary": True,
        "set_at": first["set_at"],
        "counts_from": first["set_at"],
    }
    made = await add(house, anna)
    now = house.clock.now()
    assert made.status == 201
    assert made.json == {
        "id": made.json["id"],
        "address": SECOND,
        "primary": False,
        "set_at": moment(now),
        "counts_from": moment(now + 7 * DAY),
    }
    assert (await anna.get(EMAILS)).json["emails"] == [first, made.json]
    named = await anna.post(f"{EMAILS}/{made.json['id']}/primary")
    assert (named.status, named.body) == (204, b"")
    listed = (await anna.get(EMAILS)).json["emails"]
    assert [each["address"] for each in listed] == [SECOND, ANNA_MAIL]
    house.clock.push(2 * MINUTE)
    about = {"purpose": "email_remove", "about": first["id"]}
    permit_id = await permit(house, anna, about, "code_current")
    gone = await delete(anna, f"{EMAILS}/{first['id']}?reauthentication={permit_id}")
    assert (gone.status, gone.body) == (204, b"")
    again = await delete(anna, f"{EMAILS}/{first['id']}?reauthentication={permit_id}")
    assert (again.status, again.code) == (403, "reauthentication_required")
    assert [each["address"] for each in (await anna.get(EMAILS)).json["emails"]] == [SECOND]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"address": SECOND, "reauthentication": "0f" * 16}, 403, "reauthentication_required"),
        ({"address": SECOND, "reauthentication": "x"}, 403, "reauthentication_required"),
        ({"address": "", "reauthentication": "0f" * 16}, 403, "reauthentication_required"),
        ({"address": SECOND}, 400, "body_malformed"),
        ({"address": SECOND * 20, "reauthentication": "0f" * 16}, 400, "body_malformed"),
    ],
)
async def test_without_a_fresh_proof_no_mailbox_is_added(
    anna: Visitor, body: dict[str, Any], status: int, code: str
) -> None:
    refused = await anna.post(EMAILS, body)
    assert (refused.status, refused.code) == (status, code)


async def test_nobody_reads_or_names_somebody_elses(house: House, app: App, anna: Visitor) -> None:
    (hers,) = (await anna.get(EMAILS)).json["emails"]
    boris = await signed_in(house, app, await house.bring_in(BORIS))
    assert (await boris.get(EMAILS)).json == {"emails": []}
    named = await boris.post(f"{EMAILS}/{hers['id']}/primary")
    assert (named.status, named.code) == (404, "factor_unknown")
    nobody = Visitor(app)
    for answer in (
        await nobody.get(EMAILS),
        await nobody.post(f"{EMAILS}/{hers['id']}/primary"),
        await delete(nobody, f"{EMAILS}/{hers['id']}"),
        await nobody.get(FACTORS),
        await nobody.post(SUSPENSION),
        await delete(nobody, SUSPENSION),
    ):
        assert (answer.status, answer.code) == (401, "session_required")


async def test_a_lost_phone_and_the_way_back(house: House, anna: Visitor) -> None:
    bare = await anna.post(SUSPENSION)
    assert (bare.status, bare.code) == (403, "reauthentication_required")
    permit_id = await permit(house, anna, {"purpose": "sms_suspend"})
    off = await anna.post(f"{SUSPENSION}?reauthentication={permit_id}")
    assert (off.status, off.body) == (204, b"")
    permit_id = await permit(house, anna, {"purpose": "sms_suspend"})
    again = await anna.post(f"{SUSPENSION}?reauthentication={permit_id}")
    assert (again.status, again.code) == (409, "sms_off_already")
    assert (await anna.get(FACTORS)).json["sms_off_since"] == moment(house.clock.now())
    bare = await delete(anna, SUSPENSION)
    assert (bare.status, bare.code) == (403, "reauthentication_required")
    permit_id = await permit(house, anna, {"purpose": "sms_restore"}, "code_current")
    on = await delete(anna, f"{SUSPENSION}?reauthentication={permit_id}")
    assert (on.status, on.body) == (204, b"")
    assert (await anna.get(FACTORS)).json["sms_off_since"] is None


async def test_the_check_up_to_the_field(house: House, anna: Visitor) -> None:
    seen = (await anna.get(FACTORS)).json
    (mailbox,) = (await anna.get(EMAILS)).json["emails"]
    assert seen == {
        "factors": [
            {
                "proof": "code_email",
                "amount": 1,
                "set_at": mailbox["set_at"],
                "counts_from": mailbox["counts_from"],
            }
        ],
        "number_confirmed_at": (await anna.get("/api/v1/account")).json["confirmed_at"],
        "sms_off_since": None,
        "sessions": 1,
        "findings": [
            {"code": "no_other_way_in"},
            {"code": "no_second_factor"},
            {"code": "one_email"},
        ],
    }
