"""The journeys through the pages, as somebody with a browser walks them."""

import pytest

from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House, Someone, another

LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])
SESSION, DEVICE = "__Host-rebind-session", "__Host-rebind-device"
VISITOR, REQUEST = "__Host-rebind-visitor", "__Host-rebind-request"


async def newest_code(house: House, to: str) -> str:
    return await house.code_to(to)


async def enrol(house: House, browser: Browser, number: str) -> Seen:
    """Open an account; the browser then stands on the profile."""
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=number)
    assert begun.path.startswith("/requests/"), begun.words
    e164 = number if number.startswith("+") else ANNA
    return await browser.submit(f"{begun.path}/proofs", code_new=await newest_code(house, e164))


async def sign_in(house: House, browser: Browser, person: Someone, after: str = "") -> Seen:
    """Sign in on the person's own device."""
    if person.device is not None:
        browser.jar[DEVICE] = person.device
    await browser.open(f"/sign-in{after}")
    begun = await browser.submit("/sign-in", number=person.number)
    assert begun.path.startswith("/requests/"), begun.words
    code = await newest_code(house, person.number)
    inside = await browser.submit(f"{begun.path}/proofs", code_current=code)
    house.clock.push(10 * MINUTE)
    return inside


@LANGUAGES
async def test_an_account_is_opened(house: House, both: App, language: str) -> None:
    browser = Browser(both, language=language)
    landing = await browser.open("/")
    assert (landing.status, landing.lang) == (200, language)
    profile = await enrol(house, browser, ANNA)
    assert (profile.status, profile.path, profile.lang) == (200, "/profile", language)
    assert {SESSION, DEVICE} <= browser.jar.keys()
    assert "+7" in profile.words
    assert ANNA not in profile.answer.body.decode()
    account = await house.value("SELECT locale FROM accounts")
    assert account == language
    assert (await house.rows("SELECT DISTINCT door FROM acts")) == [("web",)]
    back = await browser.open("/")
    assert back.path == "/profile"


@LANGUAGES
async def test_signing_in_and_out(house: House, both: App, language: str) -> None:
    anna = await house.bring_in(ANNA, locale=language)
    browser = Browser(both, language="en")
    profile = await sign_in(house, browser, anna)
    assert (profile.path, profile.lang) == ("/profile", language)
    out = await browser.submit("/sign-out")
    assert (out.path, out.lang) == ("/", language)
    assert SESSION not in browser.jar
    assert REQUEST not in browser.jar
    assert browser.jar[DEVICE] == anna.device
    assert (await browser.open("/profile")).path.startswith("/sign-in")


@LANGUAGES
async def test_the_number_is_changed(house: House, both: App, language: str) -> None:
    """My profile → Security settings → the number → Change → both codes."""
    anna = await house.bring_in(ANNA, locale=language)
    browser = Browser(both, language=language)
    page = await sign_in(house, browser, anna)
    for link in ("/security", "/phone", "/phone/change"):
        assert link in page.links, page.path
        page = await browser.open(link)
        assert page.status == 200
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    assert begun.path.startswith("/requests/")
    codes = await newest_code(house, ANNA), await newest_code(house, ANNA_NEW)
    done = await browser.submit(
        f"{begun.path}/proofs", code_current=codes[0], code_new=f" {codes[1][:3]} {codes[1][3:]} "
    )
    assert (done.status, done.path) == (200, begun.path)
    history = await browser.open("/phone")
    assert "+7 903 111-22-33" in history.words
    assert (await house.acts(anna.account)).count("number_changed") == 1


async def test_the_app_s_path_to_the_same(house: House, browser: Browser) -> None:
    """Profile → Settings → Personal data → Change phone number."""
    page = await sign_in(house, browser, await house.bring_in(ANNA))
    for link in ("/settings", "/settings/personal-data", "/phone/change"):
        assert link in page.links, page.path
        page = await browser.open(link)
    assert page.form("/phone/change").typed == ["number"]


async def test_unlinking_offers_to_replace(house: House, browser: Browser) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    page = await browser.open("/phone/unlink")
    assert page.status == 200
    assert "/phone/change" in page.links


async def test_without_the_present_number_only_the_new_one_is_asked(
    house: House, browser: Browser
) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    await house.deliver()
    before = len(house.post.sms_to(ANNA))
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW, without_current="yes")
    assert begun.path.startswith("/requests/")
    await house.deliver()
    assert len(house.post.sms_to(ANNA)) == before
    assert len(house.post.sms_to(ANNA_NEW)) == 1


async def test_a_russian_page_takes_numbers_as_russians_write_them(house: House, both: App) -> None:
    browser = Browser(both, language="ru")
    assert (await enrol(house, browser, "8 (916) 123-45-67")).path == "/profile"
    hint = await browser.step("GET", "/phone-hint?number=8+(903)+111-22-33")
    assert hint.answer.json["canonical"] == ANNA_NEW
    foreign = Browser(both, language="en")
    await foreign.open("/sign-up")
    refused = await foreign.submit("/sign-up", number="8 (916) 123-45-67")
    assert (refused.status, refused.path) == (422, "/sign-up")


async def test_a_wait_outlives_its_session(house: House, browser: Browser) -> None:
    """The old number is gone, so nobody could sign in again: the browser that began goes on."""
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    house.clock.push(20 * DAY)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW, without_current="yes")
    code = await newest_code(house, ANNA_NEW)
    waits = await browser.submit(f"{begun.path}/proofs", code_new=code)
    assert (waits.status, waits.path) == (200, begun.path)
    await house.pass_time(14 * DAY)
    assert (await browser.open("/profile")).path.startswith("/sign-in")
    ready = await browser.open(begun.path)
    assert (ready.status, ready.path) == (200, begun.path)
    await browser.submit(f"{begun.path}/codes", proof="code_new")
    code = await newest_code(house, ANNA_NEW)
    inside = await browser.submit(f"{begun.path}/proofs", code_new=code)
    assert (inside.status, inside.path) == (200, "/profile")
    assert ANNA_NEW[-2:] in inside.words


async def test_a_stranger_s_device_needs_the_mailbox_too(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    asked = await sign_in(house, browser, anna.elsewhere())
    assert asked.path.startswith("/requests/")
    assert SESSION not in browser.jar
    sent = await browser.submit(f"{asked.path}/codes", proof="code_email")
    assert sent.path == asked.path
    code = await newest_code(house, ANNA_MAIL)
    inside = await browser.submit(f"{asked.path}/proofs", code_email=code)
    assert inside.path == "/profile"


async def test_a_request_is_cancelled(house: House, browser: Browser) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    ended = await browser.submit(f"{begun.path}/cancel")
    assert (ended.status, ended.path) == (200, begun.path)
    (state,) = await house.rows("SELECT ended_as FROM requests WHERE kind = 'change'")
    assert state == ("cancelled",)


async def test_a_code_is_sent_again(house: House, browser: Browser) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=ANNA)
    soon = await browser.submit(f"{begun.path}/codes", proof="code_new")
    assert soon.status == 429
    assert int(soon.answer.headers["retry-after"]) == 60
    house.clock.push(MINUTE)
    again = await browser.submit(f"{begun.path}/codes", proof="code_new")
    assert (again.status, again.path) == (200, begun.path)
    await house.deliver()
    assert len(house.post.sms_to(ANNA)) == 2


async def test_whoever_signs_in_is_brought_back(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA)
    asked = await browser.open("/history?before=" + "0" * 31 + "1")
    assert asked.path.startswith("/sign-in?next=")
    query = asked.path.partition("/sign-in")[2]
    inside = await sign_in(house, browser, anna, query)
    assert inside.path == "/history?before=" + "0" * 31 + "1"


async def test_sessions_are_ended(house: House, both: App, browser: Browser) -> None:
    anna = await house.bring_in(ANNA)
    other = Browser(both, "198.51.100.7")
    await sign_in(house, browser, anna)
    await sign_in(house, other, anna)
    listed = await browser.open("/sessions")
    ends = [form for form in listed.forms if form.action.endswith("/end")]
    assert len(ends) >= 1
    ended = await browser.send(ends[-1].action, ends[-1].fields)
    assert (ended.status, ended.path) == (200, "/sessions")
    gone = await other.open("/profile")
    assert gone.path.startswith("/sign-in")
    assert (await browser.open("/profile")).path == "/profile"


async def test_all_other_sessions_are_ended(house: House, both: App, browser: Browser) -> None:
    anna = await house.bring_in(ANNA)
    other = Browser(both, "198.51.100.7")
    await sign_in(house, other, anna)
    await sign_in(house, browser, anna)
    await browser.open("/sessions")
    assert (await browser.submit("/sessions/end-others")).path == "/sessions"
    assert (await other.open("/settings")).path.startswith("/sign-in")


async def test_history_is_read_page_by_page(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA)
    await sign_in(house, browser, anna)
    assert not [link for link in (await browser.open("/history")).links if "before=" in link]
    for number in range(30):
        await browser.open("/phone/change")
        begun = await browser.submit("/phone/change", number=f"+7903111{number:04}")
        if begun.path.startswith("/requests/"):
            await browser.submit(f"{begun.path}/cancel")
        house.clock.push(2 * HOUR)
    first = await browser.open("/history")
    (older,) = [link for link in first.links if "before=" in link]
    second = await browser.open(older)
    assert second.status == 200
    assert second.words != first.words


async def test_a_wrong_code_counts_and_is_not_given_back(house: House, browser: Browser) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=ANNA)
    wrong = another(await newest_code(house, ANNA))
    seen = await browser.submit(f"{begun.path}/proofs", code_new=wrong)
    assert seen.status == 403
    assert wrong not in seen.answer.body.decode()
    for nothing in ("", "12", "abcdef"):
        seen = await browser.submit(f"{begun.path}/proofs", code_new=nothing)
        assert seen.status == 422
    assert await house.value("SELECT tries FROM challenges") == 1
    right = await newest_code(house, ANNA)
    assert (await browser.submit(f"{begun.path}/proofs", code_new=right)).path == "/profile"


async def test_after_a_wrong_code_the_language_can_be_changed(
    house: House, browser: Browser
) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=ANNA)
    await browser.submit(f"{begun.path}/proofs", code_new="000000")
    russian = await browser.submit("/language", lang="ru")
    assert (russian.status, russian.path, russian.lang) == (200, begun.path, "ru")


async def test_codes_are_answered_by_their_browser_only(
    house: House, both: App, browser: Browser
) -> None:
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=ANNA)
    other = Browser(both)
    await other.open("/sign-up")
    code, csrf = await newest_code(house, ANNA), other.page.form("/sign-up").fields["csrf"]
    seen = await other.send(f"{begun.path}/proofs", {"csrf": csrf, "code_new": code})
    assert seen.status == 404
    assert SESSION not in other.jar
    assert (await other.open(begun.path)).status == 404


async def test_a_taken_number_is_told_after_its_code(house: House, browser: Browser) -> None:
    await house.bring_in(BORIS)
    await browser.open("/sign-up")
    begun = await browser.submit("/sign-up", number=BORIS)
    assert begun.status == 200
    code = await newest_code(house, BORIS)
    told = await browser.submit(f"{begun.path}/proofs", code_new=code)
    assert told.status == 409
    assert SESSION not in browser.jar


async def test_probation_sees_little(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA, since=house.clock.now() - 800 * DAY)
    assert (await sign_in(house, browser, anna.elsewhere())).path == "/sign-in/check"
    profile = await browser.submit("/sign-in/check", mine="yes")
    assert (profile.path, profile.status) == ("/profile", 200)
    for path in ("/phone", "/sessions", "/history"):
        assert (await browser.open(path)).status == 403
    await browser.open("/phone/change")
    assert (await browser.submit("/phone/change", number=ANNA_NEW)).status == 403


async def test_the_language_is_the_account_s(house: House, browser: Browser, both: App) -> None:
    anna = await house.bring_in(ANNA, locale="ru")
    profile = await sign_in(house, browser, anna)
    assert profile.lang == "ru"
    acts = await house.acts(anna.account)
    english = await browser.send(
        "/language",
        {**profile.forms[0].fields, "lang": "en", "next": "/settings"},
    )
    assert (english.path, english.lang) == ("/settings", "en")
    assert await house.acts(anna.account) == [*acts, "language_changed"]
    elsewhere = Browser(both, language="ru")
    assert (await sign_in(house, elsewhere, anna)).lang == "en"
    same = await browser.send(
        "/language", {**english.forms[0].fields, "lang": "en", "next": "/settings"}
    )
    assert same.lang == "en"
    assert (await house.acts(anna.account)).count("language_changed") == 1


async def test_the_language_of_a_stranger_is_the_browser_s(browser: Browser, both: App) -> None:
    assert (await browser.open("/")).lang == "en"
    chosen = await browser.send("/language", {**browser.page.forms[0].fields, "lang": "ru"})
    assert (chosen.path, chosen.lang) == ("/", "ru")
    assert (await browser.open("/sign-in")).lang == "ru"
    assert (await browser.open("/nowhere")).lang == "ru"
    assert (await Browser(both, language="ru-RU,en;q=0.5").open("/")).lang == "ru"
    form = browser.page.forms[0].fields
    unknown = await browser.send("/language", {**form, "lang": "xx"})
    assert unknown.status == 400
