"""correspondence: whoever has the link of a case does not bury the desk under words."""

import asyncio
from collections import Counter

import msgspec

from rebind.domain.letters import Reason, Received
from rebind.domain.limits import Override, in_force
from rebind.domain.refusals import Refused
from rebind.domain.units import DAY, Id
from rebind.flows import correspondence
from rebind.flows.desk import tokens
from rebind.flows.desk.casefiles import Access
from tests.desk import NEW_MAIL, entered, written
from tests.journeys.test_replies import letter
from tests.people import ANNA_NEW, House, Someone, said

A_DAY = 5


async def case_of(house: House) -> Access:
    """A case in a house where each side has five messages a day."""
    few = in_force({"messages_case": Override(amount=A_DAY)})
    house.desk = msgspec.structs.replace(house.desk, limits=few)
    await house.bring_in("+79161234567")
    return await entered(house, await written(house, Someone(house, ANNA_NEW)))


async def words(house: House, case_id: Id) -> Counter[str]:
    """How much was said, by whom."""
    found = await house.rows("SELECT side FROM case_messages WHERE case_id = :id", id=case_id)
    return Counter(side for (side,) in found)


async def test_a_case_takes_so_many_messages_a_day(house: House) -> None:
    access, caller = await case_of(house), Someone(house, ANNA_NEW).caller()

    async def writes() -> Refused | None:
        return await correspondence.write(house.desk, caller, access, "Hello?")

    flood = Counter(said(each) for each in await asyncio.gather(*(writes() for _ in range(50))))
    assert flood.keys() <= {"ok", "too_many_messages", "try_again"}
    assert flood["ok"] <= A_DAY
    while said(refused := await writes()) == "ok":
        assert flood["ok"] < A_DAY
        flood["ok"] += 1
    assert isinstance(refused, Refused)
    assert said(refused) == "too_many_messages"
    assert refused.until == house.clock.now() + DAY
    # The first words came with the case.
    assert await words(house, access.row.id) == {"person": 1 + A_DAY}
    house.clock.push(DAY)
    assert said(await writes()) == "ok"


async def test_letters_are_counted_with_the_words_of_the_page(house: House) -> None:
    """One that is too many is not lost: whoever brings it comes again. Machines need not."""
    access = await case_of(house)
    case_id, mark = access.row.id, mark_of(house, access)

    async def comes(name: str, reason: Reason | None = None) -> Received:
        there = letter(name, f"<{name}@there>", reason=reason)
        return await correspondence.receive(house.desk, there, case_id, mark)

    for turn in range(A_DAY):
        assert await comes(f"word-{turn}") is Received.TAKEN
    assert await comes("late") is Received.TRY_LATER
    caller = Someone(house, ANNA_NEW).caller()
    refused = await correspondence.write(house.desk, caller, access, "Hello?")
    assert said(refused) == "too_many_messages"
    for turn in range(A_DAY + 3):
        assert await comes(f"bounce-{turn}", Reason.BOUNCED) is Received.TAKEN
    assert await words(house, case_id) == {"person": 1 + A_DAY, "bounce": A_DAY}
    house.clock.push(DAY)
    assert await comes("late") is Received.TAKEN


def mark_of(house: House, access: Access) -> bytes:
    """The mark of the address at which the person reads."""
    found = tokens.replied_to(house.seal, tokens.reply_token(house.seal, access.row.id, NEW_MAIL))
    assert found is not None
    return found[1]


async def test_one_side_does_not_spend_what_is_the_others(house: House) -> None:
    access, caller = await case_of(house), Someone(house, ANNA_NEW).caller()
    await house.write("UPDATE cases SET kind = 'contested' WHERE id = :id", id=access.row.id)
    for side, expected in (("holder", "ok"), ("person", "ok"), ("holder", "too_many_messages")):
        there = msgspec.structs.replace(access, side=type(access.side)(side))
        for _turn in range(A_DAY):
            refused = await correspondence.write(house.desk, caller, there, "Hello?")
            assert said(refused) == expected
