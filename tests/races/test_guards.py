"""The guards one by one: behind each other they are never met alone, and so each is met here,
by twenty batches at once from two processes (STYLE 5)."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from rebind.domain.cases import CaseKind
from rebind.domain.operators import Role
from rebind.domain.request import Kind, State
from rebind.domain.units import DAY, HOUR
from rebind.flows import case_opening
from rebind.flows.case_opening import Heard
from rebind.store import (
    accounts,
    case_drafts,
    challenges,
    locks,
    numbers,
    requests,
    standing,
)
from rebind.store.statements import Missed, Write
from tests.desk import AT_DESK, hired
from tests.people import ANNA, ANNA_MAIL, BORIS, CLARA, DARIA, House, Someone, said
from tests.races.invariants import broken


async def winners(house: House, beside: House, write: Callable[[int], Write]) -> int:
    """How many of twenty batches were kept; all others must have missed, at that guard."""
    ended = await asyncio.gather(
        *((house, beside)[n % 2].engine.write([write(n)]) for n in range(20)),
        return_exceptions=True,
    )
    guard = write(0).statement.name
    for end in ended:
        assert end is None or (isinstance(end, Missed) and end.guard == guard), end
    return sum(end is None for end in ended)


@pytest.fixture
async def begun(house: House) -> bytes:
    """A request that waits for its code."""
    return (await Someone(house, CLARA).begin(Kind.ENROL)).id


async def test_a_code_is_consumed_once(house: House, beside: House, begun: bytes) -> None:
    (rows,) = await house.engine.read(challenges.of_request(begun))
    challenge = challenges.rows(rows)["code_new"]
    now = house.clock.now()
    assert await winners(house, beside, lambda _: challenges.consume(begun, challenge, now)) == 1


async def test_a_request_moves_on_once_from_where_it_stood(
    house: House, beside: House, begun: bytes
) -> None:
    now = house.clock.now()
    assert await winners(house, beside, lambda _: requests.advance(begun, 1, now)) == 1
    assert await winners(house, beside, lambda _: requests.advance(begun, 1, now)) == 0


async def test_a_request_ends_once(house: House, beside: House, begun: bytes) -> None:
    now = house.clock.now()
    ends = (State.DONE, State.CANCELLED, State.REFUSED)
    ended = await winners(house, beside, lambda n: requests.end(begun, 1, ends[n % 3], None, now))
    assert ended == 1


async def test_a_draft_of_the_desk_is_one_case_of_the_newest_request(
    house: House, beside: House
) -> None:
    olga, now = await hired(house, "olga", Role.OPERATOR), house.clock.now()
    heard = Heard(CaseKind.OTHER, "An order is missing.", ANNA_MAIL, "en")
    assert isinstance(await case_opening.write_down(house.desk, AT_DESK, olga, heard), str)
    case_id = await house.value("SELECT id FROM cases")
    older, newest = house.dice.id(now), house.dice.id(now)
    for request in (older, newest):
        await house.engine.write([case_drafts.take_up(case_id, request, None, None, None, None)])

    def submit(n: int) -> Write:
        return case_drafts.submit(case_id, (older, newest)[n // 2 % 2], now, None, now)

    assert await winners(house, beside, submit) == 1
    again = partial(case_drafts.take_up, case_id, older, None, None, None, None)
    assert await winners(house, beside, lambda _: again()) == 0
    assert await house.rows("SELECT state, opening_id FROM cases") == [("new", newest)]


async def test_an_account_is_rebound_once_from_one_number(house: House, beside: House) -> None:
    anna = await house.bring_in(ANNA)
    now = house.clock.now()
    assert await winners(house, beside, lambda _: accounts.rebound(anna.account, 1, now)) == 1
    assert await house.value("SELECT number_version FROM accounts") == 2


async def test_a_binding_is_released_once(house: House, beside: House) -> None:
    anna = await house.bring_in(ANNA)
    release = accounts.release(anna.account, 1, "change", house.clock.now())
    assert await winners(house, beside, lambda _: release) == 1


async def test_a_free_number_is_reserved_once(house: House, beside: House) -> None:
    keys, now = house.seal.indexes("number", CLARA), house.clock.now()
    won = await winners(house, beside, lambda n: numbers.reserve(keys, bytes([n]) * 16, 1, now)[0])
    assert won == 1


async def test_a_number_held_at_the_last_moment_is_not_taken(house: House) -> None:
    """Between Boris's look and his write somebody enrols with that number and leaves it again: it
    is held for them, and not for him."""
    boris, clara = await house.bring_in(BORIS), Someone(house, CLARA, address="198.51.100.9")
    await boris.sign_in()
    house.clock.push(HOUR)
    enrolling = await clara.begin(Kind.ENROL)
    code = await house.code_to(CLARA)
    house.clock.push(60_000)
    begun = await boris.begin(Kind.CHANGE, CLARA)
    codes = await house.code_to(BORIS), await house.code_to(CLARA)

    async def she_comes_and_goes() -> None:
        assert said(await clara.prove(enrolling, code_new=code)) == "done"
        assert said(await clara.change(DARIA)) == "done"

    house.carrier.meanwhile.append(she_comes_and_goes)
    told = await boris.prove(begun, code_current=codes[0], code_new=codes[1])
    assert said(told) == "number_taken"
    assert await broken(house) == []


async def test_a_wait_begins_once(house: House, beside: House, begun: bytes) -> None:
    now = house.clock.now()
    wait = standing.wait(begun, 1, "C5", now + DAY, now + DAY, now + 8 * DAY, now)
    assert await winners(house, beside, lambda _: wait) == 1


async def test_a_wait_ripens_once(house: House, beside: House, begun: bytes) -> None:
    now = house.clock.now()
    assert await winners(house, beside, lambda _: standing.ripen(begun, 1, now + DAY, now)) == 1


async def test_one_worker_puts_a_request_off(house: House, beside: House, begun: bytes) -> None:
    later = house.clock.now() + DAY
    assert await winners(house, beside, lambda _: standing.look_again(begun, 1, later)) == 1
    assert await winners(house, beside, lambda _: standing.rest(begun, 2)) == 1


async def test_what_waits_ends_once_whoever_ends_it(
    house: House, beside: House, begun: bytes
) -> None:
    now = house.clock.now()
    await house.engine.write([standing.wait(begun, 1, "C5", now, now, now + DAY, now)])
    ends = (State.DONE, State.OBJECTED, State.CANCELLED)
    ended = await winners(house, beside, lambda n: requests.end(begun, 2, ends[n % 3], None, now))
    assert ended == 1
    # And what has ended is not ended again together with the others.
    account_id = await house.value("SELECT account_id FROM requests WHERE id = :id", id=begun)
    before = await house.rows("SELECT * FROM requests")
    await house.engine.write(
        [
            standing.end_waiting(account_id, b"", State.CANCELLED, now),
            standing.end_of_session(account_id, b"", now),
            standing.end_of_other_sessions(account_id, b"", now),
        ]
    )
    assert await house.rows("SELECT * FROM requests") == before


@pytest.mark.parametrize("gives", ["returned", "freeze"])
async def test_an_account_is_locked_once(house: House, beside: House, gives: str) -> None:
    anna = await house.bring_in(ANNA)
    now = house.clock.now()
    lock_by = {"returned": locks.returned, "freeze": locks.freeze}[gives]
    assert await winners(house, beside, lambda _: lock_by(anna.account, 1, now, now)) == 1
    # A frozen account is neither frozen, returned nor opened again.
    frozen = gives == "freeze"
    version = 1 if frozen else 2
    unlocked = await winners(house, beside, lambda _: locks.unlock(anna.account))
    assert unlocked == (0 if frozen else 1)
    if frozen:
        for lock in (lock_by, locks.returned):
            again = lock(anna.account, version, now, now)
            assert await winners(house, beside, partial(_same, again)) == 0


def _same(write: Write, _turn: int) -> Write:
    return write


async def test_a_second_undo_keeps_the_older_border(house: House) -> None:
    """What lifts the lock must be older than the first of the undone requests, on both engines."""
    anna = await house.bring_in(ANNA)
    now = house.clock.now()
    border = "SELECT lock_earlier_than FROM accounts"
    for version, earlier_than, expected in ((1, 5_000, 5_000), (2, 9_000, 5_000), (3, 7, 7)):
        await house.engine.write([locks.returned(anna.account, version, earlier_than, now)])
        assert await house.value(border) == expected
