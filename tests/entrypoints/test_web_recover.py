"""The pages of a recovery, walked without scripts: what they ask for, and how they say no."""

import pytest

from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import DEVICE, SESSION, sign_in
from tests.entrypoints.test_web_refusals import bare
from tests.factors import RECOVERY_CODE, set_recovery_code, set_totp, totp_now
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone

RECOVERY = "__Host-rebind-recovery"
SUPPORT = "/support/new?kind=lost_access"
NATIONAL = "8 (916) 123-45-67"


@pytest.fixture
async def anna(house: House) -> Someone:
    """She has a mailbox of a year."""
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")


async def begun(house: House, browser: Browser, name: str = ANNA_MAIL) -> Seen:
    """A recovery whose first code was answered."""
    await browser.open("/recover")
    named = await browser.submit("/recover", name=name)
    assert named.path.startswith("/requests/"), named.words
    code = await house.code_to(ANNA_MAIL)
    return await browser.submit(f"{named.path}/proofs", code_email=code)


async def waiting(house: House, browser: Browser, name: str = ANNA_MAIL) -> Seen:
    """A recovery that waits, by a mailbox and the new number."""
    page = await begun(house, browser, name)
    aimed = await browser.submit(f"{page.path}/number", number=ANNA_NEW)
    assert (aimed.status, aimed.path) == (200, page.path), aimed.words
    code = await house.code_to(ANNA_NEW)
    waits = await browser.submit(f"{page.path}/proofs", code_new=code)
    assert await house.value("SELECT wait_until FROM requests WHERE kind = 'recover'"), waits.words
    return waits


async def stands(house: House) -> list[object]:
    """How each recovery ended, oldest first."""
    found = await house.rows("SELECT ended_as FROM requests WHERE kind = 'recover' ORDER BY id")
    return [ended for (ended,) in found]


async def test_what_to_do_is_said_first(browser: Browser) -> None:
    """The operator, then the e-mail, then people; from the first page and that of signing in."""
    for path in ("/", "/sign-in", "/sign-in/password"):
        assert "/recover" in (await browser.open(path)).links, path
    page = (await browser.open("/recover")).answer.body.decode()
    places = [page.index(words) for words in ("Your operator", 'action="/recover"', SUPPORT)]
    assert places == sorted(places)


@pytest.mark.parametrize(("language", "name"), [("en", ANNA_MAIL), ("ru", NATIONAL), ("en", ANNA)])
async def test_an_account_is_regained(
    house: House, both: App, anna: Someone, language: str, name: str
) -> None:
    at_home = Browser(both, language="en")
    await sign_in(house, at_home, anna)
    browser = Browser(both, "198.51.100.9", language=language)
    page = await waiting(house, browser, name)
    # What is tried beside it while it waits does not push it out.
    await browser.open("/sign-in")
    await browser.submit("/sign-in", number=ANNA)
    await house.pass_time(72 * HOUR)
    assert page.path in (await browser.open("/recover")).links
    await browser.open(page.path)
    await browser.submit(f"{page.path}/codes", proof="code_new")
    done = await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    assert (done.status, done.path, done.lang) == (200, page.path, language)
    assert {SESSION, DEVICE} <= browser.jar.keys()
    assert {"/security", "/profile"} <= set(done.links)
    assert (await browser.open("/profile")).path == "/profile"
    assert (await at_home.open("/profile")).path.startswith("/sign-in")
    assert page.path not in (await browser.open("/recover")).links


@pytest.mark.parametrize("proof", ["totp", "recovery_code"])
async def test_a_second_factor_is_asked_for_before_the_number(
    house: House, browser: Browser, anna: Someone, proof: str
) -> None:
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    page = await begun(house, browser)
    assert {"totp", "recovery_code"} <= {name for form in page.forms for name in form.typed}
    assert f"{page.path}/number" not in [form.action for form in page.forms]
    given = {"totp": totp_now(anna), "recovery_code": RECOVERY_CODE}[proof]
    await browser.submit(f"{page.path}/proofs", **{proof: given})
    await browser.submit(f"{page.path}/number", number=ANNA_NEW)
    await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    await house.pass_time(24 * HOUR)
    assert await stands(house) == ["done"]
    # Time has finished it: nobody was there to be signed in.
    done = await browser.open(page.path)
    assert SESSION not in browser.jar
    assert "/sign-in" in done.links


async def test_known_and_unknown_names_look_the_same(
    house: House, both: App, anna: Someone
) -> None:
    await house.bring_in(BORIS)
    for names in ((ANNA, BORIS, THIEF), (ANNA_MAIL, "abba@example.com")):
        answers = []
        for name in names:
            browser = Browser(both, "198.51.100.1")
            await browser.open("/recover")
            named = await browser.submit("/recover", name=name)
            wrong = await browser.submit(f"{named.path}/proofs", code_email="000000")
            assert wrong.status == 403
            house.clock.push(2 * MINUTE)
            again = await browser.submit(f"{named.path}/codes", proof="code_email")
            early = await browser.send(
                f"{named.path}/number", {**named.forms[-1].fields, "number": ANNA_NEW}
            )
            resumed = await browser.send(f"{named.path}/resume", named.forms[-1].fields)
            house.clock.push(10 * MINUTE)
            pages = (named, wrong, again, early, resumed)
            answers.append([_alike(page, name) for page in pages])
        assert all(each == answers[0] for each in answers), names


def _alike(page: Seen, name: str) -> object:
    """A page without what differs for everybody; of a mailbox also what is seen of it masked."""
    status, path, body, headers = bare(page)
    return status, path, str(body).replace(f"@{name.partition('@')[2]}", "@"), headers


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("typed", ["", "abc", "12", "a@", "@b", '"><b>x'])
async def test_a_name_that_is_none_is_told_at_its_field(
    house: House, both: App, language: str, typed: str
) -> None:
    browser = Browser(both, language=language)
    await browser.open("/recover")
    seen = await browser.submit("/recover", name=typed)
    assert (seen.status, seen.lang) == (422, language)
    assert seen.form("/recover").fields["name"] == typed
    assert b'id="name-mistake"' in seen.answer.body
    assert await house.acts() == []


async def test_the_number_can_be_mended_until_its_code_was_answered(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await begun(house, browser)
    action = f"{page.path}/number"
    for typed, status in (("12", 422), (ANNA, 409), ("", 422)):
        seen = await browser.submit(action, number=typed)
        assert (seen.status, seen.form(action).fields["number"]) == (status, typed)
        assert b'id="number-mistake"' in seen.answer.body
    await browser.submit(action, number=THIEF)
    await browser.submit(action, number=ANNA_NEW)
    wrong = await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(THIEF))
    assert wrong.status == 403
    assert action in [form.action for form in wrong.forms]
    right = await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    assert action not in [form.action for form in right.forms]


async def test_what_is_not_enough_leads_to_the_support_desk(
    house: House, browser: Browser, anna: Someone
) -> None:
    await house.write("UPDATE emails SET set_at = :at", at=house.clock.now() - DAY)
    refused = await begun(house, browser)
    assert refused.status == 409
    assert SUPPORT in refused.links
    assert SUPPORT in (await browser.open(refused.path)).links
    assert await stands(house) == ["refused"]


@pytest.mark.parametrize("to", [ANNA, ANNA_MAIL])
async def test_a_link_stops_it_before_and_while_it_waits(
    house: House, both: App, browser: Browser, anna: Someone, to: str
) -> None:
    """Before a number was named none is shown: what was typed to begin it is not the new one."""
    page = await begun(house, browser)
    looked = await Browser(both).open(f"/stop/{await house.link_to(to, 'stop')}")
    assert looked.status == 200
    assert looked.words.count("+7••••••••67") == 1
    assert "example" not in looked.words
    await browser.submit(f"{page.path}/number", number=ANNA_NEW)
    await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    link = await house.link_to(to, "stop")
    reader = Browser(both)
    assert "+7••••••••33" in (await reader.open(f"/stop/{link}")).words
    stopped = await reader.submit(f"/stop/{link}")
    assert (stopped.status, await stands(house)) == (200, ["objected"])
    # Whoever began it is heard as well.
    links = (await browser.open(page.path)).links
    assert [link for link in links if link.startswith("/support/") and link != SUPPORT]


@pytest.mark.parametrize("ready", [False, True])
async def test_a_session_of_the_holder_sees_and_stops_it(
    house: House, both: App, browser: Browser, anna: Someone, ready: bool
) -> None:
    at_home = Browser(both)
    await sign_in(house, at_home, anna)
    page = await begun(house, browser)
    for path in ("/profile", "/security", "/phone", "/history"):
        assert (await at_home.open(path)).status == 200, path
    await browser.submit(f"{page.path}/number", number=ANNA_NEW)
    await browser.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    await house.pass_time(73 * HOUR if ready else HOUR)
    assert page.path in (await at_home.open("/profile")).links
    seen = await at_home.open(page.path)
    assert [form.action for form in seen.forms][-1] == f"{page.path}/object"
    stopped = await at_home.submit(f"{page.path}/object")
    assert (stopped.status, await stands(house)) == (200, ["objected"])


async def test_it_goes_on_in_another_browser(
    house: House, both: App, browser: Browser, anna: Someone
) -> None:
    """The link of the message leads on there: by the name once more, and a code from the e-mail."""
    page = await waiting(house, browser)
    await house.pass_time(73 * HOUR)
    there = Browser(both, "198.51.100.9")
    elsewhere = await there.open(page.path)
    assert (elsewhere.status, "/recover" in elsewhere.links) == (404, True)
    # It says the same of a request that there never was.
    assert bare(await Browser(both).open(f"/requests/{'0' * 32}")) == bare(elsewhere)
    again = await begun(house, there)
    resumed = await there.submit(f"{again.path}/resume")
    assert (resumed.status, resumed.path) == (200, page.path)
    assert (await browser.open(page.path)).status == 404
    await there.submit(f"{page.path}/codes", proof="code_new")
    done = await there.submit(f"{page.path}/proofs", code_new=await house.code_to(ANNA_NEW))
    assert (done.status, await stands(house)) == (200, ["done", "cancelled"])


async def test_nothing_waits_to_be_gone_on_with(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await begun(house, browser)
    csrf = page.forms[-1].fields["csrf"]
    assert (await browser.send(f"{page.path}/resume", {"csrf": csrf})).status == 409
    del browser.jar[RECOVERY]
    for what in ("resume", "number"):
        assert (await browser.send(f"{page.path}/{what}", {"csrf": csrf})).status in (404, 422)


async def test_whoever_is_signed_in_is_shown_the_way_inside(
    house: House, browser: Browser, anna: Someone
) -> None:
    await sign_in(house, browser, anna)
    seen = await browser.open("/recover")
    assert "/phone/change" in seen.links
    assert "/sign-out" in [form.action for form in seen.forms]
