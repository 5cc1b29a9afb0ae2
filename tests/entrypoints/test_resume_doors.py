"""A change that waits in one session goes on in another: over JSON, and in a browser without a
script, which says first what it means."""

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser
from tests.entrypoints.test_api import signed_in
from tests.entrypoints.test_api_closing import REQUESTS, permit
from tests.entrypoints.test_web_journeys import sign_in
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, House, Someone

CONFIRM = "/security/confirm"


async def waiting(house: House) -> tuple[Someone, str]:
    """Anna, whose change waits in a session of her telephone, and its id."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    return anna, (await c5(house, anna)).id.hex()


async def test_an_app_goes_on_with_it(house: House, app: App) -> None:
    anna, request = await waiting(house)
    house.clock.push(HOUR)
    there = await signed_in(house, app, anna)
    (listed,) = (await there.get(REQUESTS)).json["requests"]
    assert (listed["id"], listed["elsewhere"]) == (request, True)
    path = f"{REQUESTS}/{request}/resume"
    refused = await there.post(path, None)
    assert (refused.status, refused.code) == (403, "reauthentication_required")
    house.clock.push(HOUR)
    proof = await permit(house, there, "request_resume", request)
    here = await there.post(f"{path}?reauthentication={proof}", None)
    assert (here.status, here.json["state"]) == (200, "waiting")
    assert (await there.get(f"{REQUESTS}/{request}")).json["state"] == "waiting"
    (listed,) = (await there.get(REQUESTS)).json["requests"]
    assert "elsewhere" not in listed
    await house.pass_time(14 * DAY)
    await there.post(f"{REQUESTS}/{request}/codes", {"proof": "code_new"})
    given = {"proof": "code_new", "code": await house.code_to(ANNA_NEW)}
    done = await there.post(f"{REQUESTS}/{request}/proofs", given)
    assert done.json["state"] == "done"


async def test_a_browser_goes_on_with_it(house: House, both: App) -> None:
    anna, request = await waiting(house)
    await house.write("UPDATE accounts SET locale = 'en'")
    await house.pass_time(14 * DAY)
    browser, page = Browser(both), f"/requests/{request}"
    assert "you find the change on your profile" in (await browser.open(page)).words
    await sign_in(house, browser, anna)
    house.clock.push(HOUR)
    assert f"{page}#go-on" in (await browser.open("/profile")).links
    seen = await browser.open(page)
    for words in ("This wasn't you?", "if +7••••••••33 is yours: the last code goes there"):
        assert words in seen.words
    asked = await browser.submit(CONFIRM, purpose="request_resume")
    assert "go on with the change here" in asked.words
    await browser.submit(f"{asked.path}/codes", proof="code_current")
    code = await house.code_to(ANNA)
    here = await browser.submit(f"{asked.path}/proofs", code_current=code)
    assert (here.status, here.path) == (200, page)
    assert "One last code" in here.words
    assert f"{page}#go-on" not in (await browser.open("/profile")).links
    await browser.open(page)
    await browser.submit(f"{page}/codes", proof="code_new")
    done = await browser.submit(f"{page}/proofs", code_new=await house.code_to(ANNA_NEW))
    assert (done.status, done.path) == (200, page)
    assert await house.value("SELECT ended_as FROM requests WHERE kind = 'change'") == "done"
