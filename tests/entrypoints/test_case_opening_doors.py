"""A case that the desk opens for somebody, from the form in the console to the browser of the
person: what each of them is asked for, shown and refused."""

import re

import pytest

from rebind.domain.operators import Role
from rebind.domain.units import DAY
from rebind.entrypoints.console import app as console
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App, application
from rebind.store.statements import Unavailable
from rebind.templates import pages
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import PUBLIC_URL
from tests.entrypoints.test_console_door import SESSION
from tests.operators import add_colleague
from tests.people import ANNA, ANNA_NEW, BORIS, House

NEW, MAIL = "/console/cases/new", "new.anna@example.net"
HEARD = {
    "kind": "lost_access",
    "claimed": ANNA,
    "contact": MAIL,
    "message": "The phone fell\r\ninto the <b>river</b>.",
    "locale": "en",
}


@pytest.fixture
async def olga(house: House, reported: list[BaseException]) -> Browser:
    """Somebody at the desk, signed in."""
    await house.bring_in(ANNA)
    site = pages.site("Rebind", house.desk.policy)
    table = console.build(house.desk, site, intake=house.intake, public_url=PUBLIC_URL)
    problems = Problems(house.clock, house.desk.policy.code_digits)
    browser = Browser(application(table, [], problems, Unavailable, reported.append))
    browser.jar[SESSION] = (await add_colleague(house, "olga", Role.OPERATOR)).caller.bearer or ""
    return browser


async def opened(house: House, olga: Browser, **changed: str) -> str:
    """The form, filled in and sent: where the link in the letter leads."""
    await olga.open(NEW)
    await olga.submit(NEW, **{**HEARD, **changed})
    return f"/support/draft/{await house.link_to(MAIL, 'support/draft')}"


async def test_from_the_counter_to_the_queue(house: House, olga: Browser, both: App) -> None:
    queue = await olga.open("/console/cases")
    assert queue.links.count(NEW) == 2, "a button, and a line among the keys"
    form = (await olga.open(NEW)).form(NEW)
    assert form.typed == ["kind", "claimed", "contact", "message", "locale"]
    # A number that somebody smuggles into the form is nobody's.
    link = await opened(house, olga, number=BORIS)
    assert "is written down" in olga.page.words
    assert MAIL not in olga.page.path + olga.page.words
    person = Browser(both)
    seen = await person.open(link)
    assert (seen.status, seen.answer.headers["cache-control"]) == (200, "no-store")
    for words in ("If you did not ask for it, do nothing", "<b>river</b>", "+7••••••••67"):
        assert words in seen.words
    assert ANNA not in seen.answer.body.decode()
    assert person.page.form(link).fields["number"] == ""
    seen = await person.submit(link, number="12", message="It was a lake.")
    assert (seen.status, "It was a lake." in seen.answer.body.decode()) == (422, True)
    seen = await person.submit(link, number=ANNA_NEW, message="It was a lake.")
    assert "Confirm where we reach you" in seen.words
    (proofs,) = [each.action for each in seen.forms if each.action.endswith("/proofs")]
    codes = {"code_contact": await house.code_to(MAIL), "code_new": await house.code_to(ANNA_NEW)}
    assert "We have your message" in (await person.submit(proofs, **codes)).words
    case = f"/support/{await house.link_to(MAIL, 'support')}"
    words = (await person.open(case)).words
    assert "You, as support wrote it down" in words
    written = (await person.open(f"{case}/correspondence.json")).answer.body.decode()
    assert '"support_for_person"' in written
    queue = await olga.open("/console/cases")
    assert any(re.fullmatch("/console/cases/[0-9a-f]{32}", each) for each in queue.links)
    assert (await person.open(link)).status == 410


async def test_nothing_is_sent_from_elsewhere_and_nothing_by_looking(
    house: House, olga: Browser, both: App
) -> None:
    token = (await olga.open(NEW)).form(NEW).fields["csrf"]
    for fields, headers in (
        (HEARD, {}),
        ({**HEARD, "csrf": "rf_AAAA"}, {}),
        ({**HEARD, "csrf": token}, {"origin": "https://evil.example"}),
        ({**HEARD, "csrf": token}, {"sec_fetch_site": "cross-site"}),
    ):
        assert (await olga.send(NEW, fields, **headers)).status == 403
    assert await house.value("SELECT count(*) FROM cases") == 0
    link = await opened(house, olga)
    before = await house.rows("SELECT version, state, opening_id FROM cases")
    person = Browser(both)
    for method in ("GET", "HEAD"):
        assert (await person.step(method, link)).status == 200
    for fields, headers in (
        ({"number": ANNA_NEW}, {}),
        ({"number": ANNA_NEW, "csrf": token}, {}),
        ({"number": ANNA_NEW}, {"origin": "https://evil.example"}),
    ):
        assert (await person.send(link, fields, **headers)).status == 403
    assert await house.rows("SELECT version, state, opening_id FROM cases") == before
    house.clock.push(7 * DAY)
    assert (await person.open(link)).status == 410
    assert (await person.open("/support/draft/nothing")).status == 404


async def test_what_is_wrong_stands_at_its_field(olga: Browser) -> None:
    for changed, field in (
        ({"claimed": "12"}, "claimed"),
        ({"claimed": ""}, "claimed"),
        ({"contact": "a@"}, "contact"),
        ({"message": "Ж" * 5_001}, "message"),
    ):
        await olga.open(NEW)
        seen = await olga.submit(NEW, **{**HEARD, **changed})
        page = seen.answer.body.decode()
        assert (seen.status // 100, f'id="{field}-mistake"' in page) == (4, True), changed
        assert 'value="lost_access" selected' in page
    await olga.open(NEW)
    assert (await olga.submit(NEW, **{**HEARD, "kind": "contested"})).status == 400
