"""The journeys through the JSON API: what is sent, what comes back, to the field."""

import re

import pytest

from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.visitors import Answer, Visitor
from tests.people import ANNA, ANNA_NEW, BORIS, House, Someone

ID = re.compile(r"[0-9a-f]{32}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def newest_code(house: House, number: str) -> str:
    await house.deliver()
    return house.post.sms_to(number)[-1].code


async def enrol(house: House, visitor: Visitor, number: str) -> Answer:
    """Open an account; the visitor then carries its session and device."""
    begun = await visitor.post("/api/v1/requests", {"kind": "enrol", "number": number})
    assert begun.status == 201, begun
    visitor.bearer = begun.json["token"]
    code = await newest_code(house, number)
    path = f"/api/v1/requests/{begun.json['id']}/proofs"
    done = await visitor.post(path, {"proof": "code_new", "code": code})
    assert done.status == 200, done
    visitor.bearer = done.json["session"]["token"]
    visitor.device = done.json["session"]["device"]
    return done


async def test_enrol_begins_with_what_is_needed(house: House, visitor: Visitor) -> None:
    begun = await visitor.post("/api/v1/requests", {"kind": "enrol", "number": ANNA})
    assert begun.status == 201
    assert begun.json.keys() == {"id", "kind", "state", "needs", "expires_at", "number", "token"}
    assert ID.fullmatch(begun.json["id"])
    assert MOMENT.fullmatch(begun.json["expires_at"])
    assert begun.json["expires_at"] == "2026-01-05T09:00:00.000Z"
    assert (begun.json["kind"], begun.json["state"]) == ("enrol", "open")
    assert begun.json["needs"] == [["code_new"]]
    assert begun.headers["cache-control"] == "no-store"
    assert begun.headers["x-content-type-options"] == "nosniff"
    assert int(begun.headers["content-length"]) == len(begun.body)


async def test_enrol_ends_with_a_session_and_a_device(house: House, visitor: Visitor) -> None:
    done = await enrol(house, visitor, ANNA)
    assert done.json.keys() == {
        "id",
        "kind",
        "state",
        "needs",
        "expires_at",
        "number",
        "row",
        "session",
    }
    assert (done.json["state"], done.json["needs"]) == ("done", [])
    assert done.json["session"].keys() == {"token", "expires_at", "level", "device"}
    account = await visitor.get("/api/v1/account")
    assert account.status == 200
    assert account.json["number"] == ANNA
    assert account.json["region"] == "RU"
    assert account.json["level"] == "full"
    assert account.json["enrolled_at"] == "2026-01-05T08:00:00.000Z"
    bindings = await visitor.get("/api/v1/account/bindings")
    assert [each["number"] for each in bindings.json["bindings"]] == [ANNA]
    assert bindings.json["bindings"][0]["released_at"] is None


async def test_acts_are_read_page_by_page(house: House, visitor: Visitor) -> None:
    await enrol(house, visitor, ANNA)
    whole = (await visitor.get("/api/v1/account/acts")).json["acts"]
    assert {"account_opened", "session_opened"} <= {each["act"] for each in whole}
    rest = (await visitor.get(f"/api/v1/account/acts?before={whole[0]['id']}")).json["acts"]
    assert rest == whole[1:]
    for no_id in ("", "x", whole[0]["id"] + "0", whole[0]["id"] + "%0A"):
        assert (await visitor.get(f"/api/v1/account/acts?before={no_id}")).code == "body_malformed"


async def test_a_change_with_both_codes_in_one_call(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    visitor = await signed_in(house, app, anna)
    begun = await visitor.post(
        "/api/v1/requests",
        {"kind": "change", "number": ANNA_NEW, "send": ["code_current", "code_new"]},
    )
    assert begun.status == 201, begun
    assert "token" not in begun.json
    codes = await newest_code(house, ANNA), await newest_code(house, ANNA_NEW)
    done = await visitor.post(
        f"/api/v1/requests/{begun.json['id']}/proofs",
        [{"proof": "code_current", "code": codes[0]}, {"proof": "code_new", "code": codes[1]}],
    )
    assert (done.status, done.json["state"]) == (200, "done")
    assert "session" not in done.json
    assert (await visitor.get("/api/v1/account")).json["number"] == ANNA_NEW
    history = (await visitor.get("/api/v1/account/bindings")).json["bindings"]
    assert [each["number"] for each in history] == [ANNA_NEW, "+7••••••••67"]
    assert history[1]["reason"] == "change"


async def signed_in(house: House, app: App, person: Someone) -> Visitor:
    """A visitor with the session and the device of a person."""
    await person.sign_in()
    house.clock.push(10 * MINUTE)
    visitor = Visitor(app)
    visitor.bearer, visitor.device = person.session, person.device
    return visitor


async def test_a_code_is_asked_for_again(house: House, visitor: Visitor) -> None:
    begun = await visitor.post("/api/v1/requests", {"kind": "enrol", "number": ANNA})
    visitor.bearer = begun.json["token"]
    path = f"/api/v1/requests/{begun.json['id']}/codes"
    soon = await visitor.post(path, {"proof": "code_new"})
    assert (soon.status, soon.code) == (429, "too_many_codes")
    assert soon.headers["retry-after"] == "60"
    assert soon.json["until"] == "2026-01-05T08:01:00.000Z"
    house.clock.push(MINUTE)
    again = await visitor.post(path, {"proof": "code_new"})
    assert (again.status, again.json["id"]) == (202, begun.json["id"])
    for proof in ("password", "code_current", "code_email"):
        other = await visitor.post(path, {"proof": proof})
        assert (other.status, other.code) == (422, "proof_not_offered")


async def test_a_spent_budget_offers_work(house: House, visitor: Visitor) -> None:
    await visitor.post("/api/v1/requests", {"kind": "sign_in", "number": ANNA})
    refused = await visitor.post("/api/v1/requests", {"kind": "sign_in", "number": ANNA})
    assert refused.code == "too_many_codes"
    assert refused.json["work"].keys() == {"challenge", "bits", "algorithm"}
    assert refused.json["work"]["algorithm"] == "sha256"
    wrong = await visitor.post(
        "/api/v1/requests", {"kind": "sign_in", "number": ANNA}, **{"rebind-work": "1.1"}
    )
    assert (wrong.status, wrong.code) == (422, "work_invalid")


async def test_a_request_is_shown_and_cancelled(house: House, visitor: Visitor) -> None:
    begun = await visitor.post("/api/v1/requests", {"kind": "sign_in", "number": ANNA})
    path = f"/api/v1/requests/{begun.json['id']}"
    assert (await visitor.get(path)).code == "request_unknown"
    visitor.bearer = begun.json["token"]
    shown = await visitor.get(path)
    assert (shown.status, shown.json["state"]) == (200, "open")
    cancelled = await visitor.post(path + "/cancel")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert (await visitor.post(path + "/cancel")).code == "request_finished"


async def test_what_can_be_said_of_codes(house: House, visitor: Visitor) -> None:
    begun = await visitor.post("/api/v1/requests", {"kind": "enrol", "number": ANNA})
    visitor.bearer = begun.json["token"]
    path = f"/api/v1/requests/{begun.json['id']}/proofs"

    async def said(body: object) -> tuple[int, str | None]:
        answer = await visitor.post(path, body)
        return answer.status, answer.code

    assert await said({"proof": "code_new", "code": "12"}) == (422, "code_malformed")
    assert await said({"proof": "code_new", "code": "123456\n"}) == (422, "code_malformed")
    assert await said({"proof": "code_new", "code": "x" * 64}) == (422, "code_malformed")
    assert await said({"proof": "code_new", "code": "x" * 8_193}) == (400, "body_malformed")
    assert await said({"proof": "code_new"}) == (400, "body_malformed")
    assert await said({"proof": "charm", "code": "123456"}) == (400, "body_malformed")
    assert await said({"proof": "password", "code": "secret"}) == (422, "proof_not_offered")
    assert await said([]) == (422, "proof_not_offered")
    assert await said([{"proof": "code_new", "code": "123456"}] * 2) == (422, "proof_not_offered")
    assert await said({"proof": "code_email", "code": "123456"}) == (409, "code_not_sent")
    code = await newest_code(house, ANNA)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert await said({"proof": "code_new", "code": wrong}) == (403, "code_wrong")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "claim", "number": "+79161234567"}, 422, "journey_not_offered"),
        ({"kind": "undo"}, 400, "body_malformed"),
        ({"kind": "undo", "number": ANNA, "email": "a@example.org"}, 400, "body_malformed"),
        ({"kind": "undo", "number": ANNA, "send": ["code_new"]}, 400, "body_malformed"),
        ({"kind": "undo", "number": "what"}, 422, "number_malformed"),
        ({"kind": "undo", "email": "a@example"}, 422, "email_malformed"),
        ({"kind": "undo", "link": "x" * 44}, 404, "link_unknown"),
        ({"kind": "undo", "link": "x" * 65}, 400, "body_malformed"),
        ({"kind": "enrol", "number": ANNA, "link": "x"}, 400, "body_malformed"),
        ({"kind": "haunt", "number": ANNA}, 400, "body_malformed"),
        ({"kind": "enrol"}, 422, "number_malformed"),
        ({"kind": "enrol", "number": "what"}, 422, "number_malformed"),
        ({"kind": "enrol", "number": "+7 000 000-00-00"}, 422, "number_impossible"),
        ({"kind": "enrol", "number": "+78001234567"}, 422, "number_kind_not_allowed"),
        ({"kind": "enrol", "number": ANNA, "email": "a@example.org"}, 400, "body_malformed"),
        ({"kind": "enrol", "number": ANNA, "send": ["code_new"]}, 422, "proof_not_offered"),
        ({"kind": "change", "number": ANNA, "send": ["code_email"]}, 422, "proof_not_offered"),
        ({"kind": "change", "number": ANNA, "send": ["code_new"] * 2}, 422, "proof_not_offered"),
        ({"kind": "change", "number": ANNA, "send": ["charm"]}, 400, "body_malformed"),
        ({"kind": "change", "number": ANNA}, 401, "session_required"),
        ({"kind": "enrol", "number": ANNA, "nubmer": BORIS}, 400, "body_malformed"),
        ([{"kind": "enrol", "number": ANNA}], 400, "body_malformed"),
    ],
)
async def test_what_does_not_begin(visitor: Visitor, body: object, status: int, code: str) -> None:
    answer = await visitor.post("/api/v1/requests", body)
    assert (answer.status, answer.code) == (status, code)


async def test_sessions_are_listed_and_ended(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    first = await signed_in(house, app, anna)
    second = await signed_in(house, app, anna)
    listed = (await first.get("/api/v1/sessions")).json["sessions"]
    assert [each["current"] for each in listed] == [False, True]
    assert listed[0]["address"] == "192.0.2.10"
    ended = await first.ask("DELETE", f"/api/v1/sessions/{listed[0]['id']}")
    assert (ended.status, ended.body) == (204, b"")
    assert "content-type" not in ended.headers
    gone = await second.get("/api/v1/sessions")
    assert (gone.status, gone.code) == (401, "session_ended")
    assert gone.headers["www-authenticate"] == "Bearer"
    third = await signed_in(house, app, anna)
    assert (await first.ask("DELETE", "/api/v1/sessions")).status == 204
    assert (await third.get("/api/v1/account")).code == "session_ended"
    assert (await first.get("/api/v1/account")).status == 200


async def test_an_id_that_is_none_is_an_id_that_nobody_has(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    visitor = await signed_in(house, app, anna)
    unknown = "019b8d21c4007d2c8a3f5e6b7c8d9e0f"
    for no_id in ("x", unknown.upper(), unknown + "%0A", unknown[:-1], "%00" * 16):
        for kind, code in (("requests", "request_unknown"), ("sessions", "session_unknown")):
            method = "GET" if kind == "requests" else "DELETE"
            one = await visitor.ask(method, f"/api/v1/{kind}/{no_id}")
            other = await visitor.ask(method, f"/api/v1/{kind}/{unknown}")
            assert one == other
            assert (one.status, one.code) == (404, code)


async def test_probation_sees_its_number_masked_and_nothing_else(house: House, app: App) -> None:
    old = house.clock.now() - 700 * DAY
    anna = await house.bring_in(ANNA, since=old, with_device=False)
    house.clock.push(400 * DAY)
    visitor = await signed_in(house, app, anna)
    account = await visitor.get("/api/v1/account")
    assert (account.json["level"], account.json["number"]) == ("probation", "+7••••••••67")
    for path in ("account/bindings", "account/acts", "sessions"):
        refused = await visitor.get(f"/api/v1/{path}")
        assert (refused.status, refused.code) == (403, "session_on_probation")


async def test_a_change_too_soon_says_when(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA)
    visitor = await signed_in(house, app, anna)
    body = {"kind": "change", "number": ANNA_NEW, "send": ["code_current", "code_new"]}
    begun = await visitor.post("/api/v1/requests", body)
    codes = await newest_code(house, ANNA), await newest_code(house, ANNA_NEW)
    await visitor.post(
        f"/api/v1/requests/{begun.json['id']}/proofs",
        [{"proof": "code_current", "code": codes[0]}, {"proof": "code_new", "code": codes[1]}],
    )
    house.clock.push(HOUR)
    soon = await visitor.post("/api/v1/requests", {"kind": "change", "number": BORIS})
    assert (soon.status, soon.code) == (409, "changed_recently")
    assert int(soon.headers["retry-after"]) == 11 * 3600


async def test_known_and_unknown_numbers_get_the_same_answer(house: House, app: App) -> None:
    await house.bring_in(ANNA)
    answers = []
    for number in (ANNA, BORIS):
        visitor = Visitor(app)
        begun = await visitor.post("/api/v1/requests", {"kind": "sign_in", "number": number})
        visitor.bearer = begun.json["token"]
        path = f"/api/v1/requests/{begun.json['id']}/proofs"
        wrong = await visitor.post(path, {"proof": "code_current", "code": "000000"})
        # Ids, tokens and challenges are of each request alone, for everybody.
        told = begun.json
        challenge = len(told["passkey"].pop("challenge"))
        same = {**told, "id": "", "number": "", "token": len(told["token"]), "to": challenge}
        answers.append((begun.status, begun.headers, same, wrong))
    assert answers[0] == answers[1]
