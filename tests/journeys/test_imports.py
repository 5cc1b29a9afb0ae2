"""imports: people whom an administrator brings along."""

import pytest

from rebind.domain.policy import Policy
from rebind.domain.units import DAY
from rebind.flows import imports
from rebind.flows.imports import Imported, Person
from rebind.store.engines import StoreEngine
from tests.people import ANNA, ANNA_MAIL, BORIS, CLARA, House, Someone, said


async def test_a_person_with_everything(house: House) -> None:
    since = house.clock.now() - 100 * DAY
    person = Person(" +7 (916) 123-45-67", "en", since, (ANNA_MAIL, "b@example.org"), True)
    brought = await imports.bring_in(house.desk, person)
    assert isinstance(brought, Imported)
    assert brought.number == ANNA
    assert await imports.number_of(house.desk, brought.account_id) == ANNA
    assert await house.rows("SELECT locale, enrolled_at, state FROM accounts") == [
        ("en", since, "active")
    ]
    assert await house.rows("SELECT bound_at, confirmed_at, region FROM bindings") == [
        (since, since, "RU")
    ]
    assert (
        await house.rows("SELECT verified_at, set_at, set_by FROM emails")
        == [(since, since, "")] * 2
    )
    assert await house.rows("SELECT act, actor, door, why FROM acts") == [
        ("account_imported", "system", "command_line", "imported")
    ]
    # Nobody is written to: they did nothing.
    await house.deliver()
    assert (house.post.sms, house.post.mail) == ([], [])
    # And they find themselves at home.
    anna = Someone(house, ANNA, brought.device, brought.account_id)
    assert (await anna.sign_in()).session.level == "full"


async def test_a_number_that_somebody_has_is_refused(house: House, anna: Someone) -> None:
    again = Person(ANNA, "ru", house.clock.now(), ("other@example.org",))
    assert said(await imports.bring_in(house.desk, again)) == "number_taken"
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert await house.value("SELECT count(*) FROM emails") == 1
    assert (await house.acts()).count("account_imported") == 1


@pytest.mark.parametrize("number", ["", "12345", "+7 916 FLOWERS", "+78005553535"])
async def test_garbled_numbers_are_nobodys(embedded: House, number: str) -> None:
    refused = await imports.bring_in(embedded.desk, Person(number, "ru", 0))
    assert said(refused).startswith("number_")
    assert await embedded.acts() == []


async def test_the_chosen_countries_hold_for_imports(engine: StoreEngine) -> None:
    house = House(engine, Policy(countries=frozenset({"RU"})))
    refused = await imports.bring_in(house.desk, Person(CLARA, "en", 0))
    assert said(refused) == "number_country_not_allowed"


async def test_ids_may_be_kept(house: House) -> None:
    """So that whoever brings the same people again can look whether they are here."""
    account_id, device_id = b"\x01" * 16, b"\x02" * 16
    person = Person(BORIS, "ru", 0, (), True, account_id, device_id)
    brought = await imports.bring_in(house.desk, person)
    assert isinstance(brought, Imported)
    assert brought.account_id == account_id
    assert await imports.number_of(house.desk, account_id) == BORIS
    assert await house.rows("SELECT device_id, enrolled FROM devices") == [(device_id, 1)]
    assert await imports.number_of(house.desk, b"\x03" * 16) is None
