"""Over the API: a change that waits, who stops it, and one that is taken back."""

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from rebind.entrypoints.shared.spelling import moment
from tests.entrypoints.test_api import newest_code, signed_in
from tests.entrypoints.visitors import Visitor
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House

REQUESTS = "/api/v1/requests"


async def waiting(house: House, app: App) -> tuple[Visitor, str]:
    """Anna, and her change without a code to the old number."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    visitor = await signed_in(house, app, anna)
    body = {"kind": "change", "number": ANNA_NEW, "send": ["code_new"]}
    begun = (await visitor.post(REQUESTS, body)).json
    path = f"{REQUESTS}/{begun['id']}"
    proof = {"proof": "code_new", "code": await newest_code(house, ANNA_NEW)}
    answer = await visitor.post(f"{path}/proofs", proof)
    assert (answer.status, answer.json["state"], answer.json["row"]) == (200, "waiting", "C5")
    assert answer.json["wait_until"] == moment(house.clock.now() + 14 * DAY)
    assert answer.json["needs"] == [["code_current"], ["code_email"]]
    return visitor, path


async def test_a_change_waits_ripens_and_is_done(house: House, app: App) -> None:
    visitor, path = await waiting(house, app)
    (listed,) = (await visitor.get(REQUESTS)).json["requests"]
    assert (listed["id"], listed["state"]) == (path.rpartition("/")[2], "waiting")
    assert listed["number"] == "+7••••••••33"
    await house.pass_time(14 * DAY)
    assert (await visitor.get(path)).json["state"] == "ready"
    sent = await visitor.post(f"{path}/codes", {"proof": "code_new"})
    assert (sent.status, sent.json["state"]) == (202, "ready")
    (code,) = (await visitor.get(path)).json["sent"]
    assert (code["proof"], code["to"], code["tries_left"]) == ("code_new", "+7••••••••33", 5)
    assert code["again_at"] > code["at"]
    proof = {"proof": "code_new", "code": await newest_code(house, ANNA_NEW)}
    done = await visitor.post(f"{path}/proofs", proof)
    assert done.json["state"] == "done"
    assert (await visitor.get("/api/v1/account")).json["number"] == ANNA_NEW


async def test_another_session_and_a_link_object(house: House, app: App) -> None:
    visitor, path = await waiting(house, app)
    link = await house.link_to(ANNA_MAIL, "stop")
    boris = await signed_in(house, app, await house.bring_in(BORIS))
    assert (await boris.post(f"{path}/object")).code == "request_unknown"
    stranger = Visitor(app)
    assert (await stranger.post(f"{path}/object")).code == "session_required"
    stopped = await stranger.post("/api/v1/objections", {"link": link})
    assert (stopped.status, stopped.json["state"]) == (200, "objected")
    again = await stranger.post("/api/v1/objections", {"link": link})
    assert (again.status, again.code) == (409, "request_finished")
    assert (await visitor.get(path)).json["state"] == "objected"
    assert (await visitor.post(f"{path}/object")).code == "request_finished"
    assert (await visitor.get(REQUESTS)).json == {"requests": []}


async def test_a_change_is_taken_back_by_its_link(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert (await anna.change(ANNA_NEW)).state == "done"
    house.clock.push(HOUR)
    stranger = Visitor(app)
    link = await house.link_to(ANNA_MAIL, "undo")
    begun = await stranger.post(REQUESTS, {"kind": "undo", "link": link})
    assert (begun.status, begun.json["needs"]) == (201, [["code_email"]])
    stranger.bearer = begun.json["token"]
    proof = {"proof": "code_email", "code": await house.code_to(ANNA_MAIL)}
    done = await stranger.post(f"{REQUESTS}/{begun.json['id']}/proofs", proof)
    assert (done.json["state"], "session" in done.json) == ("done", False)
    live = "SELECT count(*) FROM numbers WHERE number_key = :key AND held_until IS NULL"
    assert await house.value(live, key=house.seal.index("number", ANNA)) == 1
    assert await house.value("SELECT state FROM accounts") == "locked"


async def test_an_undo_says_the_same_to_everybody(house: House, app: App) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert (await anna.change(ANNA_NEW)).state == "done"
    answers = []
    for asked in ({"number": ANNA}, {"number": BORIS}):
        begun = await Visitor(app).post(REQUESTS, {"kind": "undo", **asked})
        same = {**begun.json, "id": "", "token": len(begun.json["token"]), "number": ""}
        answers.append((begun.status, begun.headers, same))
    assert answers[0] == answers[1]
    mails = []
    for address in (ANNA_MAIL, "nora@example.org"):
        begun = await Visitor(app).post(REQUESTS, {"kind": "undo", "email": address})
        mails.append((begun.status, begun.json["needs"], begun.json["number"]))
    assert mails[0] == (201, [["code_email"]], "a•••@example.org")
    assert mails[1] == (201, [["code_email"]], "n•••@example.org")
    await house.deliver()
    assert house.post.mail_to("nora@example.org") == []
