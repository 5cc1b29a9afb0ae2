"""The index key is replaced under people's hands: at each step one process is a step behind, and
still a number has one holder at the most (invariants 1 and 13)."""

import os

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import keys
from rebind.providers.seal.ring import KeyRing, Use, added, promoted, retired
from tests.people import ANNA, BORIS, House, Someone, said
from tests.races.invariants import broken


def quiet(_rows: int) -> None:
    """Progress is nobody's business here."""


class Town:
    """People who do what people do while the keys change: some old friends, ever new strangers."""

    def __init__(self, ahead: House, behind: House) -> None:
        self.houses = ahead, behind
        self.strangers = 0

    def number(self) -> str:
        self.strangers += 1
        return f"+7916{2_000_000 + self.strangers}"

    async def live(self) -> None:
        """Each house meets what the other has just done."""
        for here, there in (self.houses, self.houses[::-1]):
            here.clock.push(13 * HOUR)
            first, old, new = Someone(here, self.number()), self.number(), self.number()
            first.number = old
            await first.enrol()
            await self.is_taken(there, old)
            # A change begun here ends there, and both numbers are reserved everywhere.
            begun = await first.begin(Kind.CHANGE, new)
            codes = await here.code_to(old), await here.code_to(new)
            first.house = there
            done = await first.prove(begun, code_current=codes[0], code_new=codes[1])
            assert said(done) == "done"
            first.number = new
            for house in self.houses:
                await self.is_taken(house, new)
                await self.is_taken(house, old)
            # And the way back, at once. While the houses have different keys it may be refused,
            # never granted wrongly.
            first.house = here
            here.clock.push(10 * MINUTE)
            back = said(await first.change(old))
            apart = here.ring != there.ring
            assert back == "done" or (apart and back in {"number_taken", "try_again"})
            first.house = there
            here.clock.push(10 * MINUTE)
            assert said(await first.sign_in()) == "done"

    async def is_taken(self, house: House, number: str) -> None:
        house.clock.push(40 * MINUTE)
        stranger = Someone(house, number, address=f"198.51.100.{self.strangers % 250}")
        begun = await stranger.begin(Kind.ENROL)
        told = await stranger.prove(begun, code_new=await house.code_to(number))
        assert said(told) == "number_taken"


def step(ring: KeyRing, *houses: House) -> None:
    """These processes have read the ring file."""
    for house in houses:
        house.ring = ring
        house.seal.reload(ring)


async def test_an_index_key_is_replaced_while_people_live(house: House, beside: House) -> None:
    anna = await house.bring_in(ANNA)
    boris = await house.bring_in(BORIS, since=house.clock.now() - DAY)
    town = Town(house, beside)
    await town.live()
    r1 = added(house.ring, Use.INDEX, os.urandom, 0)
    step(r1, house)
    await town.live()
    step(r1, beside)
    await town.live()
    await keys.bring_in_index(house.desk, quiet)
    await town.live()
    r2 = promoted(r1, Use.INDEX, 2)
    step(r2, house)
    await town.live()
    step(r2, beside)
    await town.live()
    await keys.reindex(house.desk, quiet)
    await town.live()
    waiting = await boris.begin(Kind.SIGN_IN)
    code = await house.code_to(BORIS)
    r3 = retired(r2, Use.INDEX, 1)
    step(r3, house)
    await town.live()
    step(r3, beside)
    await keys.forget_index(house.desk, 1, quiet)
    await town.live()
    # Whoever did nothing all the while has lost nothing; a code of yesterday has expired.
    assert said(await boris.prove(waiting, code_current=code)) == "request_expired"
    for who in (anna, boris):
        who.house = beside
        assert said(await who.sign_in()) == "done"
    assert await broken(house) == []
    versions = await house.rows("SELECT DISTINCT substr(number_key, 1, 1) FROM numbers")
    assert [bytes(version) for (version,) in versions] == [b"\x02"]


async def test_what_was_begun_before_the_last_step_ends_after_it(
    house: House, beside: House
) -> None:
    """The rotation is quick, and a request lives an hour."""
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    house.clock.push(10 * MINUTE)
    taken, free = await house.bring_in(BORIS), "+79162000001"
    begun = await anna.begin(Kind.CHANGE, free)
    hopeless = await anna.begin(Kind.CHANGE, taken.number, send=(Proof.CODE_NEW,))
    enrolling = Someone(beside, "+79162000002")
    enrol = await enrolling.begin(Kind.ENROL)
    ring = added(house.ring, Use.INDEX, os.urandom, 0)
    step(ring, house, beside)
    await keys.bring_in_index(house.desk, quiet)
    ring = promoted(ring, Use.INDEX, 2)
    step(ring, house, beside)
    await keys.reindex(house.desk, quiet)
    ring = retired(ring, Use.INDEX, 1)
    step(ring, house, beside)
    await keys.forget_index(house.desk, 1, quiet)
    told = await anna.prove(hopeless, code_new=await house.code_to(BORIS))
    assert said(told) == "number_taken"
    codes = await house.code_to(ANNA), await house.code_to(free)
    assert said(await anna.prove(begun, code_current=codes[0], code_new=codes[1])) == "done"
    code = await house.code_to(enrolling.number)
    assert said(await enrolling.prove(enrol, code_new=code)) == "done"
    late = Someone(house, free, address="198.51.100.9")
    house.clock.push(HOUR)
    again = await late.begin(Kind.ENROL)
    assert said(await late.prove(again, code_new=await house.code_to(free))) == "number_taken"
    assert await broken(house) == []
