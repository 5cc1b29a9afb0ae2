"""Closing an account and taking one's data along, by somebody with a browser and no script."""

import json
import re

import pytest

from rebind.domain.units import DAY, HOUR
from rebind.entrypoints.shared.serving import App
from tests.entrypoints.browsers import Browser, Seen
from tests.entrypoints.test_web_journeys import sign_in
from tests.factors import set_totp, totp_now
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_MAIL, House, Someone

LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])
CONFIRM, CLOSE, EXPORT = "/security/confirm", "/settings/close", "/security/export"
OBJECT = re.compile(r"/requests/[0-9a-f]{32}/object")


@pytest.fixture
async def anna(house: House) -> Someone:
    return await house.bring_in(ANNA, emails=(ANNA_MAIL,))


@pytest.fixture
async def browser(house: House, both: App, anna: Someone) -> Browser:
    """Hers, in which she has signed in a while ago."""
    browser = Browser(both)
    await sign_in(house, browser, anna)
    house.clock.push(HOUR)
    return browser


async def confirmed(house: House, browser: Browser, page: str, purpose: str) -> Seen:
    """Press a button of a page, and answer a code to the number."""
    await browser.open(page)
    asked = await browser.submit(CONFIRM, purpose=purpose)
    await browser.submit(f"{asked.path}/codes", proof="code_current")
    return await browser.submit(f"{asked.path}/proofs", code_current=await house.code_to(ANNA))


def keeping(page: Seen) -> str:
    """Where the button that keeps the account leads."""
    return next(form.action for form in page.forms if OBJECT.fullmatch(form.action))


@LANGUAGES
async def test_an_account_is_going_to_be_closed_and_is_kept(
    house: House, both: App, anna: Someone, language: str
) -> None:
    await house.write("UPDATE accounts SET locale = :locale", locale=language)
    browser = Browser(both, language=language)
    await sign_in(house, browser, anna)
    house.clock.push(HOUR)
    for leads in ("/phone/unlink", "/settings"):
        assert CLOSE in (await browser.open(leads)).links
    page = await browser.open(CLOSE)
    assert (page.status, page.lang) == (200, language)
    assert "30" in page.words
    assert "1095" in page.words
    assert EXPORT in page.links
    profile = await confirmed(house, browser, CLOSE, "account_close")
    assert (profile.status, profile.path) == (200, "/profile")
    request = keeping(profile)
    again = await browser.open(CLOSE)
    assert not [form for form in again.forms if form.action == CONFIRM], "it is begun already"
    shown = await browser.open(request.removesuffix("/object"))
    assert shown.status == 200
    kept = await browser.submit(request)
    assert (kept.status, kept.lang) == (200, language)
    assert (await house.acts(anna.account))[-1] == "request_objected"
    assert not [form for form in (await browser.open("/profile")).forms if "object" in form.action]
    ended = await browser.open(request.removesuffix("/object"))
    assert ended.status == 200
    await house.pass_time(31 * DAY)
    assert await house.value("SELECT state FROM accounts") == "active"


async def test_the_link_of_the_notice_keeps_it(house: House, both: App, browser: Browser) -> None:
    await confirmed(house, browser, CLOSE, "account_close")
    link = f"/stop/{await house.link_to(ANNA_MAIL, 'stop')}"
    there = Browser(both, "198.51.100.7")
    told = await there.open(link)
    assert told.status == 200
    assert "closed" in told.words
    assert "New number" not in told.words
    done = await there.submit(link)
    assert (done.status, done.path) == (200, link)
    assert "stays open" in done.words
    assert (await there.open(link)).status == 200, "and may be looked at once more"


async def test_after_the_end_the_link_leads_nowhere(
    house: House, both: App, browser: Browser
) -> None:
    await confirmed(house, browser, CLOSE, "account_close")
    link = f"/stop/{await house.link_to(ANNA_MAIL, 'stop')}"
    await house.pass_time(31 * DAY)
    assert await house.value("SELECT state FROM accounts") == "closed"
    assert (await Browser(both, "198.51.100.7").open(link)).status == 404


async def test_a_proof_that_was_spent_closes_nothing(house: House, browser: Browser) -> None:
    await confirmed(house, browser, CLOSE, "account_close")
    done = await house.value(
        "SELECT id FROM requests WHERE purpose = 'account_close' AND spent_at IS NOT NULL"
    )
    page = await browser.open(CLOSE)
    csrf = page.forms[0].fields["csrf"]
    refused = await browser.send(f"{CONFIRM}/{done.hex()}", {"csrf": csrf})
    assert refused.status == 403
    assert await house.value("SELECT count(*) FROM requests WHERE kind = 'close'") == 1


@pytest.mark.parametrize("kind", ["json", "html"])
async def test_data_is_taken_along(
    house: House, browser: Browser, anna: Someone, kind: str
) -> None:
    assert EXPORT in (await browser.open("/settings")).links
    page = await confirmed(house, browser, EXPORT, "data_export")
    assert re.fullmatch(EXPORT + r"\?permit=[0-9a-f]{32}", page.path)
    assert "data_exported" not in await house.acts(anna.account), "by GET nothing is given"
    fields = {**page.form(EXPORT).fields, "kind": kind}
    file = await browser.send(EXPORT, fields)
    headers = file.answer.headers
    assert file.status == 200
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == f'attachment; filename="my-data-2026-01-05.{kind}"'
    text = file.answer.body.decode()
    assert ANNA_MAIL in text
    if kind == "json":
        assert json.loads(text)["numbers"][0]["number"] == ANNA
    assert (await house.acts(anna.account))[-1] == "data_exported"
    again = await browser.send(EXPORT, fields)
    assert again.status == 403
    assert "content-disposition" not in again.answer.headers
    again.form(CONFIRM, purpose="data_export")
    other = await browser.send(EXPORT, {**fields, "kind": "exe"})
    assert other.status == 400


async def test_what_support_let_go_on_is_stopped_by_a_second_factor(
    house: House, browser: Browser, anna: Someone
) -> None:
    await anna.sign_in()
    house.clock.push(HOUR)
    waits = await c5(house, anna)
    await set_totp(anna, age=30 * DAY)
    await house.write("UPDATE requests SET contested = 1 WHERE id = :id", id=waits.id)
    page = await browser.open(f"/requests/{waits.id.hex()}")
    csrf = page.forms[0].fields["csrf"]
    heard = await browser.send(f"/requests/{waits.id.hex()}/object", {"csrf": csrf})
    assert heard.status == 409
    await browser.open(f"/requests/{waits.id.hex()}")
    asked = await browser.submit(CONFIRM, purpose="request_stop")
    stopped = await browser.submit(f"{asked.path}/proofs", totp=totp_now(anna))
    assert stopped.status == 200
    assert "/sessions" in stopped.links
    ended = await house.value("SELECT ended_as FROM requests WHERE id = :id", id=waits.id)
    assert ended == "objected"
