"""A change that waits, is stopped, or is taken back: through the pages."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import SESSION, newest_code, sign_in
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, House, Someone


async def changed(house: House, browser: Browser) -> Someone:
    """Anna's number is changed at once, from a device that is known."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    codes = await newest_code(house, ANNA), await newest_code(house, ANNA_NEW)
    done = await browser.submit(f"{begun.path}/proofs", code_current=codes[0], code_new=codes[1])
    assert done.status == 200
    assert await house.value("SELECT ended_as FROM requests WHERE kind = 'change'") == "done"
    return anna


async def waiting(house: House, browser: Browser) -> tuple[Someone, Seen]:
    """Anna cannot read at her old number: the change waits."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW, without_current="yes")
    code = await newest_code(house, ANNA_NEW)
    waits = await browser.submit(f"{begun.path}/proofs", code_new=code)
    assert waits.status == 200, waits.words
    assert await house.value("SELECT wait_until FROM requests WHERE kind = 'change'") is not None
    return anna, waits


async def test_a_change_is_taken_back_from_the_old_number(
    house: House, both: App, browser: Browser
) -> None:
    anna = await changed(house, browser)
    house.clock.push(HOUR)
    elsewhere = Browser(both, "198.51.100.9")
    await elsewhere.open("/undo")
    begun = await elsewhere.submit("/undo", address=ANNA)
    assert begun.path.startswith("/requests/")
    back = await elsewhere.submit(f"{begun.path}/proofs", code_new=await newest_code(house, ANNA))
    assert (back.status, back.path) == (200, begun.path)
    assert "number_returned" in await house.acts(anna.account)
    assert (await browser.open("/profile")).path.startswith("/sign-in")


async def test_a_change_is_taken_back_by_the_mailbox(
    house: House, both: App, browser: Browser
) -> None:
    anna = await changed(house, browser)
    house.clock.push(HOUR)
    elsewhere = Browser(both, "198.51.100.9")
    await elsewhere.open("/undo")
    begun = await elsewhere.submit("/undo", address=ANNA_MAIL)
    code = await newest_code(house, ANNA_MAIL)
    assert (await elsewhere.submit(f"{begun.path}/proofs", code_email=code)).status == 200
    assert "number_returned" in await house.acts(anna.account)


@pytest.mark.parametrize("typed", ["", "x", "a@", "@b", "a@b@c", "12"])
async def test_an_address_that_is_none_is_told_at_its_field(browser: Browser, typed: str) -> None:
    await browser.open("/undo")
    seen = await browser.submit("/undo", address=typed)
    assert (seen.status, seen.form("/undo").fields["address"]) == (422, typed)


async def test_a_link_takes_a_change_back(house: House, both: App, browser: Browser) -> None:
    """Opening it does nothing, because mail scanners do; only its form begins, with a code."""
    anna = await changed(house, browser)
    house.clock.push(HOUR)
    link = await house.link_to(ANNA, "undo")
    scanner = Browser(both, "198.51.100.9")
    acts = await house.acts(anna.account)
    looked = await scanner.open(f"/undo/{link}")
    assert looked.status == 200
    assert looked.answer.headers["cache-control"] == "no-store"
    assert looked.answer.headers["referrer-policy"] == "no-referrer"
    assert ANNA_NEW not in looked.answer.body.decode()
    assert await house.acts(anna.account) == acts
    begun = await scanner.submit(f"/undo/{link}")
    assert begun.path.startswith("/requests/")
    back = await scanner.submit(f"{begun.path}/proofs", code_new=await newest_code(house, ANNA))
    assert back.status == 200
    assert "number_returned" in await house.acts(anna.account)


async def test_a_waiting_change_is_stopped_by_a_link(
    house: House, both: App, browser: Browser
) -> None:
    anna, waits = await waiting(house, browser)
    link = await house.link_to(ANNA, "stop")
    elsewhere = Browser(both, "198.51.100.9")
    looked = await elsewhere.open(f"/stop/{link}")
    assert (looked.status, looked.path) == (200, f"/stop/{link}")
    assert "request_objected" not in await house.acts(anna.account)
    stopped = await elsewhere.submit(f"/stop/{link}")
    assert (stopped.status, stopped.path) == (200, f"/stop/{link}")
    assert "request_objected" in await house.acts(anna.account)
    assert (await browser.open(waits.path)).status == 200
    fields = looked.form(f"/stop/{link}").fields
    again = await elsewhere.send(f"/stop/{link}", fields)
    assert again.status in (200, 409)


async def test_a_change_that_was_only_begun_is_stopped_by_a_link(
    house: House, both: App, browser: Browser
) -> None:
    """Notices begin at the first proof from the account's side; nothing waits yet."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    await browser.submit(f"{begun.path}/proofs", code_current=await newest_code(house, ANNA))
    link = await house.link_to(ANNA_MAIL, "stop")
    elsewhere = Browser(both, "198.51.100.9")
    assert (await elsewhere.open(f"/stop/{link}")).status == 200
    assert (await elsewhere.submit(f"/stop/{link}")).status == 200
    assert "request_objected" in await house.acts(anna.account)
    assert (await browser.open(begun.path)).status == 200


async def test_what_was_taken_back_cannot_be_taken_back_again(
    house: House, both: App, browser: Browser
) -> None:
    await changed(house, browser)
    link = await house.link_to(ANNA, "undo")
    elsewhere = Browser(both, "198.51.100.9")
    await elsewhere.open(f"/undo/{link}")
    begun = await elsewhere.submit(f"/undo/{link}")
    await elsewhere.submit(f"{begun.path}/proofs", code_new=await newest_code(house, ANNA))
    for way in ("undo", "stop"):
        assert (await elsewhere.open(f"/{way}/{link}")).status == 404


async def test_after_its_time_nothing_is_taken_back(
    house: House, both: App, browser: Browser
) -> None:
    await changed(house, browser)
    link = await house.link_to(ANNA, "undo")
    elsewhere = Browser(both, "198.51.100.9")
    house.clock.push(73 * HOUR)
    await elsewhere.open("/undo")
    csrf = elsewhere.page.form("/undo").fields["csrf"]
    late = await elsewhere.send(f"/undo/{link}", {"csrf": csrf})
    assert late.status == 404


async def test_an_undo_link_of_a_waiting_change_leads_to_stopping(
    house: House, both: App, browser: Browser
) -> None:
    await waiting(house, browser)
    link = await house.link_to(ANNA, "stop")
    assert (await Browser(both).open(f"/undo/{link}")).path == f"/stop/{link}"


async def test_a_stop_link_of_a_finished_change_leads_to_undoing(
    house: House, both: App, browser: Browser
) -> None:
    await changed(house, browser)
    link = await house.link_to(ANNA, "undo")
    assert (await Browser(both).open(f"/stop/{link}")).path == f"/undo/{link}"


async def test_another_session_sees_what_waits_and_stops_it(
    house: House, both: App, browser: Browser
) -> None:
    anna, waits = await waiting(house, browser)
    other = Browser(both, "198.51.100.9")
    house.clock.push(HOUR)
    await sign_in(house, other, anna)
    profile = await other.open("/profile")
    assert waits.path in profile.links
    seen = await other.open(waits.path)
    assert seen.status == 200
    stopped = await other.submit(f"{waits.path}/object")
    assert stopped.status == 200
    assert "request_objected" in await house.acts(anna.account)
    assert SESSION in other.jar
    assert (await browser.open(waits.path)).status == 200


async def test_a_waiting_change_ends_with_a_fresh_code(house: House, browser: Browser) -> None:
    anna, waits = await waiting(house, browser)
    for path in ("/profile", "/security", "/phone", waits.path):
        assert (await browser.open(path)).status == 200
    await house.pass_time(7 * DAY)
    assert (await browser.open("/profile")).path == "/profile"
    await house.pass_time(7 * DAY + HOUR)
    ready = await browser.open(waits.path)
    assert ready.status == 200
    assert ready.words != waits.words
    assert waits.path in (await browser.open("/profile")).links
    await browser.open(waits.path)
    sent = await browser.submit(f"{waits.path}/codes", proof="code_new")
    assert (sent.status, sent.path) == (200, waits.path)
    code = await newest_code(house, ANNA_NEW)
    done = await browser.submit(f"{waits.path}/proofs", code_new=code)
    assert done.status == 200, done.words
    assert "number_changed" in await house.acts(anna.account)


async def test_a_change_half_proved_breaks_no_page(house: House, browser: Browser) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await sign_in(house, browser, anna)
    await browser.open("/phone/change")
    begun = await browser.submit("/phone/change", number=ANNA_NEW)
    await browser.submit(f"{begun.path}/proofs", code_current=await newest_code(house, ANNA))
    for path in ("/profile", "/security", "/settings", "/phone", "/history", begun.path):
        assert (await browser.open(path)).status == 200, path


@pytest.mark.parametrize("way", ["undo", "stop"])
async def test_links_that_are_none(browser: Browser, way: str) -> None:
    for link in ("x", "A" * 44, "%2e%2e", "A" * 500):
        seen = await browser.open(f"/{way}/{link}")
        assert seen.status == 404, seen.words
    await browser.open("/undo")
    csrf = browser.page.form("/undo").fields["csrf"]
    assert (await browser.send(f"/{way}/{'A' * 44}", {"csrf": csrf})).status == 404
