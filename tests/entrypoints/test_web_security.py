"""The check-up, the mailboxes and a lost phone through the pages."""

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import DEVICE, LANGUAGES, SESSION, sign_in
from tests.factors import set_password, set_totp
from tests.people import ANNA, ANNA_MAIL, BORIS, House, Someone

SECOND = "anna.second@example.net"
CONFIRM, OTHERS = "/security/confirm", "/sessions/end-others"


@pytest.fixture
async def anna(house: House, browser: Browser) -> Someone:
    """Anna, signed in at this browser since yesterday."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale="en")
    await sign_in(house, browser, anna)
    house.clock.push(DAY)
    return anna


async def answer(house: House, browser: Browser, **to: str) -> Seen:
    """On the page of a re-authentication: ask for each code, and give all of them."""
    page = browser.page.path
    codes = {}
    for proof, address in to.items():
        await browser.submit(f"{page}/codes", proof=proof)
        codes[proof] = await house.code_to(address)
    return await browser.submit(f"{page}/proofs", **codes)


async def add(house: House, browser: Browser, address: str) -> Seen:
    await browser.open("/security/emails")
    begun = await browser.submit(CONFIRM, purpose="email_add", about=address)
    assert begun.path.startswith("/requests/"), begun.words
    return await answer(house, browser, code_current=ANNA, code_new=address.strip())


async def id_of(house: House, address: str) -> str:
    key = house.seal.index("email", address)
    found = await house.value("SELECT id FROM emails WHERE address_key = :key", key=key)
    return bytes(found).hex()


@LANGUAGES
async def test_a_mailbox_is_added_named_first_and_removed(
    house: House, both: App, language: str
) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    house.clock.push(DAY)
    there = await browser.open("/security")
    assert "/security/emails" in there.links
    done = await add(house, browser, f" {SECOND} ")
    assert (done.status, done.path) == (200, "/security/emails?done=added")
    assert done.lang == language
    assert ANNA_MAIL in done.words
    assert SECOND in done.words
    done.form(OTHERS)  # whoever adds something is offered to end the other sessions
    second = await id_of(house, SECOND)
    named = await browser.submit(f"/security/emails/{second}/primary")
    assert named.words.index(SECOND) < named.words.index(ANNA_MAIL)
    house.clock.push(HOUR)
    begun = await browser.submit(CONFIRM, purpose="email_remove", about=second)
    assert begun.path.startswith("/requests/"), begun.words
    gone = await answer(house, browser, code_current=ANNA)
    assert gone.path == "/security/emails?done=removed"
    assert SECOND not in gone.words
    gone.form(OTHERS)


@pytest.mark.parametrize(("typed", "status"), [("anna@", 422), (ANNA_MAIL, 409)])
async def test_what_is_wrong_with_a_mailbox_is_told_on_its_page(
    house: House, browser: Browser, anna: Someone, typed: str, status: int
) -> None:
    await browser.open("/security/emails")
    again = await browser.submit(CONFIRM, purpose="email_add", about=typed)
    assert again.status == status
    assert again.form(CONFIRM, purpose="email_add").fields["about"] == typed
    assert len(await house.rows("SELECT id FROM emails")) == 1


async def test_somebody_elses_mailbox_looks_like_any_other(
    house: House, browser: Browser, anna: Someone
) -> None:
    await house.bring_in(BORIS, emails=(SECOND,))
    done = await add(house, browser, SECOND)
    assert done.path == "/security/emails?done=added"


async def test_why_a_mailbox_cannot_be_removed_is_told_on_its_page(
    house: House, browser: Browser, anna: Someone
) -> None:
    """Her app is of this week, and removes nothing yet."""
    await set_totp(anna)
    await browser.open("/security/emails")
    mine = await id_of(house, ANNA_MAIL)
    again = await browser.submit(CONFIRM, purpose="email_remove", about=mine)
    assert again.status == 409
    assert ANNA_MAIL in again.words
    assert again.form(CONFIRM, purpose="email_add").fields["about"] == ""


async def test_the_same_permit_adds_nothing_twice(
    house: House, browser: Browser, anna: Someone
) -> None:
    """Whoever goes back and on again reads the list with what is wrong."""
    await add(house, browser, SECOND)
    ((request,),) = await house.rows("SELECT id FROM requests WHERE purpose = 'email_add'")
    csrf = browser.page.form(OTHERS).fields["csrf"]
    again = await browser.send(f"/security/confirm/{bytes(request).hex()}", {"csrf": csrf})
    assert again.status == 403
    assert SECOND in again.words
    assert len(await house.rows("SELECT id FROM emails")) == 2


@LANGUAGES
async def test_a_lost_phone_and_the_way_back(house: House, both: App, language: str) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,), locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    house.clock.push(DAY)
    there = await browser.open("/security")
    assert "/security/lost-phone" in there.links
    await browser.open("/security/lost-phone")
    off = await browser.submit(CONFIRM, purpose="sms_suspend")
    assert (off.status, off.path) == (200, "/security/lost-phone")
    assert await house.value("SELECT sms_off_at FROM accounts") is not None
    begun = await browser.submit(CONFIRM, purpose="sms_restore")
    assert begun.path.startswith("/requests/"), begun.words
    on = await answer(house, browser, code_current=ANNA)
    assert on.path == "/security?done=sms_restored"
    on.form(OTHERS)
    assert await house.value("SELECT sms_off_at FROM accounts") is None


async def test_a_second_press_is_told_on_the_page(
    house: House, browser: Browser, anna: Someone
) -> None:
    page = await browser.open("/security/lost-phone")
    pressed = page.form(CONFIRM, purpose="sms_suspend").fields
    for status in (200, 409):
        told = await browser.send(CONFIRM, pressed)
        assert (told.status, "Codes by SMS are off since" in told.words) == (status, True)


async def test_a_lost_phone_is_reported_from_inside_only(browser: Browser) -> None:
    """Whoever is signed in nowhere is brought there once they are."""
    asked = await browser.open("/security/lost-phone")
    assert asked.path == "/sign-in?next=/security/lost-phone"


async def test_on_a_new_device_a_lost_phone_is_confirmed_first(
    house: House, browser: Browser, anna: Someone
) -> None:
    """Her session, copied into a browser that the account does not know; then by her mailbox."""
    browser.jar.pop(DEVICE)
    await browser.open("/security/lost-phone")
    asked = await browser.submit(CONFIRM, purpose="sms_suspend")
    assert asked.path.startswith("/requests/")
    assert "Confirm that it is you to switch off codes by SMS" in asked.words
    assert await house.value("SELECT sms_off_at FROM accounts") is None
    off = await answer(house, browser, code_email=ANNA_MAIL)
    assert (off.path, "Codes by SMS are off since" in off.words) == ("/security/lost-phone", True)


async def test_a_stranger_with_the_sim_reads_why_not(house: House, browser: Browser) -> None:
    boris = await house.bring_in(BORIS, locale="en", since=house.clock.now() - 30 * DAY)
    await sign_in(house, browser, boris.elsewhere())
    await browser.open("/sign-in/check")
    await browser.submit("/sign-in/check", mine="yes")
    page = await browser.open("/security/lost-phone")
    refused = await browser.submit(CONFIRM, purpose="sms_suspend")
    assert (page.status, refused.status) == (200, 409)
    assert "Use a device that you have used for a week" in refused.words
    assert "/support/new?kind=other" in refused.links
    assert await house.value("SELECT sms_off_at FROM accounts") is None


# the check-up


async def test_the_check_up_begins_with_what_matters_most(house: House, browser: Browser) -> None:
    boris = await house.bring_in(BORIS, locale="en")
    await sign_in(house, browser, boris)
    page = await browser.open("/security")
    alone, mail, second = (
        page.words.index(text)
        for text in (
            "Add a second way in before you give up this number",
            "Add an e-mail address",
            "Codes by SMS can be taken over",
        )
    )
    assert alone < mail < second
    for link in (
        "/phone/change",
        "/phone/unlink",
        "/security/passkeys",
        "/security/emails",
        "/security/password",
        "/security/totp",
        "/security/recovery-codes",
        "/security/lost-phone",
        "/sessions",
        "/history",
    ):
        assert link in page.links
    begun = await browser.submit(CONFIRM, purpose="totp_set")
    assert begun.path.startswith(("/requests/", "/security/totp")), begun.words


async def test_whoever_has_no_other_way_in_reads_it_before_the_number_is_changed(
    house: House, browser: Browser, anna: Someone
) -> None:
    hint = "Add a second way in before you give up this number"
    page = await browser.open("/phone/change")
    assert hint in page.words
    assert page.words.index(hint) < page.words.index("New number")
    assert "/security" in page.links
    await browser.submit("/phone/change", number="1")
    assert hint in browser.page.words, "beside what is wrong with the number too"
    await set_password(anna, age=30 * DAY)
    assert hint not in (await browser.open("/phone/change")).words


async def test_a_number_that_was_not_confirmed_for_long_is_mentioned(
    house: House, browser: Browser, anna: Someone
) -> None:
    unconfirmed = "Your number was not confirmed for a long time"
    assert unconfirmed not in (await browser.open("/security")).words
    await house.write("UPDATE bindings SET confirmed_at = :at", at=house.clock.now() - 61 * DAY)
    assert unconfirmed in (await browser.open("/security")).words


async def test_on_probation_the_page_shows_the_number_and_nothing_else(
    house: House, browser: Browser
) -> None:
    boris = await house.bring_in(BORIS, locale="en", emails=())
    house.clock.push(100 * DAY)
    await sign_in(house, browser, boris.elsewhere())
    await browser.open("/sign-in/check")
    await browser.submit("/sign-in/check", mine="yes")
    page = await browser.open("/security")
    assert (page.status, page.path) == (200, "/security")
    assert "First show that this account is yours" in page.words
    for hidden in ("/security/emails", "/security/passkeys", "/phone/change"):
        assert hidden not in page.links
    assert (await browser.open("/security/emails")).status == 403
    assert (await browser.open("/security/lost-phone")).status == 403
    assert SESSION in browser.jar


async def test_nothing_begins_without_a_form_of_ours(
    house: House, browser: Browser, anna: Someone
) -> None:
    mine = await id_of(house, ANNA_MAIL)
    for path in (CONFIRM, f"/security/emails/{mine}/primary"):
        refused = await browser.send(path, {"purpose": "email_remove", "about": mine})
        assert refused.status == 403, path
        opened = await browser.open(path)
        assert opened.status == 200, "an address that is only opened does nothing"
    assert await house.value("SELECT sms_off_at FROM accounts") is None
    assert await house.value("SELECT primary_since FROM emails") is None
