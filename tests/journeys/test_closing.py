"""closing: an account ends after a month in which everybody who may can stop it; retention."""

import pytest

from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, Id
from rebind.flows import closing, reauthentication
from rebind.flows.desk import RequestView
from rebind.flows.retention import Retention
from rebind.store import erasure
from tests.journeys.waits import told
from tests.operators import add_colleague
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, House, Someone, said


@pytest.fixture
async def anna(house: House) -> Someone:
    """Anna, signed in on the device that she has used for a year."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    return anna


async def permit(house: House, who: Someone, purpose: Purpose = Purpose.ACCOUNT_CLOSE) -> Id:
    """A re-authentication that was done."""
    begun = await reauthentication.begin(house.desk, who.caller(), purpose, "")
    assert isinstance(begun, RequestView), begun
    if begun.state != "done":
        from rebind.domain.evidence import Proof

        await who.another_code(begun, Proof.CODE_CURRENT)
        done = await who.prove(begun, code_current=await who.newest_code())
        assert said(done) == "done"
    return begun.id


async def asked(house: House, who: Someone) -> RequestView:
    """An account that is going to be closed."""
    begun = await closing.begin(house.desk, who.caller(), await permit(house, who))
    assert isinstance(begun, RequestView), begun
    return begun


async def test_a_month_and_the_number_is_free(house: House, anna: Someone) -> None:
    begun = await asked(house, anna)
    assert (said(begun), begun.row) == ("waiting", "X1")
    assert begun.wait_until == house.clock.now() + 30 * DAY
    assert await told(house, "account_closing") == sorted((ANNA, ANNA_MAIL))
    house.clock.push(HOUR)
    again = await closing.begin(house.desk, anna.caller(), await permit(house, anna))
    assert said(again) == "closing_already"
    await house.pass_time(23 * DAY)
    assert await told(house, "account_closing") == sorted((ANNA, ANNA_MAIL) * 2)
    assert await house.value("SELECT state FROM accounts") == "active"
    await house.pass_time(7 * DAY)
    assert await told(house, "account_closed") == sorted((ANNA, ANNA_MAIL))
    assert await house.value("SELECT state FROM accounts") == "closed"
    for table in erasure.ERASED:
        assert await house.value(f"SELECT count(*) FROM {table}") == 0, table
    # The number is anybody's, and the account's trail still says what happened.
    assert said(await Someone(house, ANNA).enrol()) == "open"
    assert "account_closed" in await house.acts(anna.account)


async def test_any_address_keeps_the_account(house: House, anna: Someone) -> None:
    begun = await asked(house, anna)
    link = await house.link_to(ANNA_MAIL, "stop")
    assert said(await anna.stop_by(link)) == "objected"
    assert await told(house, "account_kept") == sorted((ANNA, ANNA_MAIL))
    await house.pass_time(31 * DAY)
    assert await house.value("SELECT state FROM accounts") == "active"
    ended = await house.value("SELECT ended_as FROM requests WHERE id = :id", id=begun.id)
    assert ended == "objected"


async def test_a_changed_number_ends_the_closing(house: House, anna: Someone) -> None:
    await asked(house, anna)
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    await house.pass_time(31 * DAY)
    assert await house.value("SELECT state FROM accounts") == "active"


async def test_it_takes_a_fresh_proof(house: House, anna: Someone) -> None:
    other = await permit(house, anna, Purpose.DATA_EXPORT)
    refused = await closing.begin(house.desk, anna.caller(), other)
    assert said(refused) == "reauthentication_required"


async def test_what_is_old_goes_and_what_stands_stays(house: House, anna: Someone) -> None:
    bugs: list[BaseException] = []
    keeper = Retention(house.desk, bugs.append)
    await house.deliver()
    olga = await add_colleague(house, "olga", Role.OPERATOR)
    while await keeper.once():
        pass
    counts = {}
    tables = ["requests", "challenges", "evidence", "outbox", "sessions", "limits", "acts"]
    tables.append("operator_sessions")
    for table in tables:
        counts[table] = await house.value(f"SELECT count(*) FROM {table}")
    assert all(counts.values())
    # From where somebody at the desk came in is kept for half a year after it ended.
    house.clock.push(180 * DAY)
    await keeper.once()
    assert await house.value("SELECT count(*) FROM operator_sessions") == 1
    # A change that waits stands, however old other things grow.
    house.clock.push(20 * DAY)
    await olga.sign_in()
    await anna.sign_in()
    waits = await anna.begin(Kind.CHANGE, ANNA_NEW, send=())
    while await keeper.once():
        pass
    assert await house.value("SELECT count(*) FROM requests WHERE id = :id", id=waits.id) == 1
    requests = await house.value("SELECT count(*) FROM requests")
    assert requests == 2
    assert await house.value("SELECT count(*) FROM sessions") == 1
    assert await house.value("SELECT count(*) FROM operator_sessions") == 1
    assert await house.value("SELECT count(*) FROM acts") >= counts["acts"]
    house.clock.push(1_200 * DAY)
    while await keeper.once():
        pass
    for table in tables:
        assert await house.value(f"SELECT count(*) FROM {table}") == 0, table
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert not bugs
