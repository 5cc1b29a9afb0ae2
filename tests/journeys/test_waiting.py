"""waiting: a change with weaker proofs gives everybody time to object, and is then done."""

import asyncio
import random

import pytest

from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import requests, sessions
from rebind.flows.desk import RequestView
from rebind.store.engines import StoreEngine, open_engine
from rebind.store.statements import Unavailable, Write
from tests.journeys.waits import answer_anew, c3, c4, c5, elsewhere, number_of, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    BORIS_MAIL,
    CLARA,
    DARIA,
    THIEF,
    House,
    Someone,
    another,
    said,
)
from tests.races.invariants import broken

EVERYBODY = sorted((ANNA, ANNA_NEW, ANNA_MAIL))


async def test_two_weeks_without_the_old_number(house: House, anna: Someone) -> None:
    """Row C5 from its beginning to its end: Anna's old SIM is lost, her telephone is not."""
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id)
    await tablet.sign_in()
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    # Nobody is told before anything was proved, or a robot could ring strangers' telephones.
    assert await house.value("SELECT count(*) FROM outbox WHERE lane = 1") == 0
    waiting = await anna.prove(begun, code_new=code)
    began = house.clock.now()
    assert (said(waiting), waiting.row, waiting.number) == ("waiting", "C5", "+7••••••••33")
    assert waiting.wait_until == began + 14 * DAY
    assert waiting.expires_at == began + 21 * DAY
    # What would be quicker is said, and nothing that would not be.
    assert waiting.needs == ((Proof.CODE_CURRENT,), (Proof.CODE_EMAIL,))
    assert await told(house, "change_waiting") == EVERYBODY
    assert await told(house, "change_begun") == []
    assert await number_of(house, anna) == ANNA
    await house.pass_time(13 * DAY - 1)
    assert await told(house, "change_waiting") == EVERYBODY
    await house.pass_time(1)
    assert await told(house, "change_waiting") == sorted(EVERYBODY * 2)
    await house.pass_time(DAY - 1)
    assert said(await anna.look_at(begun)) == "waiting"
    assert await told(house, "change_ready") == []
    await house.pass_time(1)
    ready = await anna.look_at(begun)
    assert (said(ready), ready.needs) == ("ready", ((Proof.CODE_NEW,),))
    assert ready.expires_at == house.clock.now() + 7 * DAY
    assert await told(house, "change_ready") == EVERYBODY
    # Still nothing has moved; then a fresh code to the new number does it.
    assert await number_of(house, anna) == ANNA
    assert said(await answer_anew(house, anna, begun)) == "done"
    assert await row_of(house, begun) == ("done", "C5")
    assert await number_of(house, anna) == ANNA_NEW
    assert await told(house, "number_changed") == EVERYBODY
    assert said(await sessions.listed(house.desk, tablet.caller())) == "session_ended"
    held = "SELECT held_until FROM numbers WHERE number_key = :key"
    until = await house.value(held, key=house.seal.index("number", ANNA))
    assert until == house.clock.now() + 72 * HOUR
    stands = "SELECT stands_until FROM requests WHERE id = :id"
    assert await house.value(stands, id=begun.id) == until
    house.clock.push(HOUR)
    anna.number = ANNA_NEW
    assert said(await anna.sign_in()) == "done"
    old = Someone(house, ANNA, address="198.51.100.9")
    knocking = await old.begin(Kind.SIGN_IN)
    assert said(await old.prove(knocking, code_current="000000")) == "code_wrong"
    assert await broken(house) == []


async def test_a_fresh_code_has_all_its_tries_anew(house: House, anna: Someone) -> None:
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    for by in range(1, 5):
        assert said(await anna.prove(begun, code_new=another(code, by))) == "code_wrong"
    assert said(await anna.prove(begun, code_new=code)) == "waiting"
    # The old code is spent, and no other is given before the wait is over.
    assert said(await anna.prove(begun, code_new=code)) == "code_expired"
    assert said(await anna.another_code(begun, Proof.CODE_NEW)) == "proof_not_offered"
    await house.pass_time(14 * DAY)
    assert said(await anna.prove(begun, code_new=code)) == "code_expired"
    asked = await anna.another_code(begun, Proof.CODE_NEW)
    assert said(asked) == "ready"
    seen = await anna.look_at(begun)
    assert [(one.proof, one.tries_left) for one in seen.sent] == [(Proof.CODE_NEW, 5)]
    code = await house.code_to(ANNA_NEW)
    for by in range(1, 5):
        assert said(await anna.prove(begun, code_new=another(code, by))) == "code_wrong"
    assert said(await anna.prove(begun, code_new=code)) == "done"


async def test_a_fresh_code_may_be_answered_for_a_week(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    await house.pass_time(7 * DAY - 1)
    assert said(await anna.look_at(begun)) == "ready"
    await anna.another_code(begun, Proof.CODE_NEW)
    code = await house.code_to(ANNA_NEW)
    await house.pass_time(1)
    assert said(await anna.look_at(begun)) == "expired"
    assert said(await anna.prove(begun, code_new=code)) == "request_expired"
    assert said(await anna.another_code(begun, Proof.CODE_NEW)) == "request_expired"
    assert said(await anna.sign_in()) == "done", "nobody has used her session for three weeks"
    assert await number_of(house, anna) == ANNA
    # What is over costs nothing any more.
    standing = "SELECT count(*) FROM requests WHERE stands_until IS NOT NULL OR due_at IS NOT NULL"
    assert await house.value(standing) == 0


async def test_a_day_with_the_mailbox_and_done_by_itself(house: House, anna: Someone) -> None:
    """Row C4: the code to the new number is fresh enough still, and nobody need come back."""
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id)
    await tablet.sign_in()
    begun = await c4(house, anna)
    assert begun.wait_until == house.clock.now() + DAY
    assert await told(house, "change_waiting") == EVERYBODY
    await house.pass_time(DAY - 1)
    assert said(await anna.look_at(begun)) == "waiting"
    await house.pass_time(1)
    assert said(await anna.look_at(begun)) == "done"
    assert await row_of(house, begun) == ("done", "C4")
    # Told once when it began, and of the end; there was no day in which to remind anybody.
    assert await told(house, "change_waiting") == EVERYBODY
    assert await told(house, "change_ready") == []
    assert await told(house, "number_changed") == EVERYBODY
    assert await number_of(house, anna) == ANNA_NEW
    assert said(await sessions.listed(house.desk, tablet.caller())) == "session_ended"
    lines = await house.rows(
        "SELECT act, actor, door, why FROM acts WHERE request_id = :id AND door = 'time'"
        " ORDER BY id",
        id=begun.id,
    )
    assert lines == [
        ("proof_accepted", "system", "time", "silence"),
        ("number_changed", "system", "time", "C4"),
        ("sessions_ended", "system", "time", "number_changed"),
    ]
    assert await broken(house) == []


async def test_time_that_looks_too_late_asks_for_a_fresh_code(house: House, anna: Someone) -> None:
    """The worker was away when the day was over: 26 hours are the most that a code is worth."""
    begun = await c4(house, anna)
    await house.deliver()
    house.clock.push(26 * HOUR + 1)
    assert said(await anna.look_at(begun)) == "waiting"
    await house.pass_time(0)
    assert said(await anna.look_at(begun)) == "ready"
    assert said(await answer_anew(house, anna, begun)) == "done"


async def test_three_days_on_an_unknown_device(house: House) -> None:
    """Row C3: codes to both numbers, but nobody knows this browser."""
    there = await elsewhere(house)
    begun = await c3(house, there)
    assert begun.wait_until == house.clock.now() + 72 * HOUR
    assert begun.needs == ()
    assert await told(house, "change_waiting") == sorted((BORIS, THIEF))
    await house.pass_time(2 * DAY)
    assert await told(house, "change_waiting") == sorted((BORIS, THIEF) * 2)
    await house.pass_time(DAY)
    assert said(await there.look_at(begun)) == "ready"
    assert said(await answer_anew(house, there, begun, THIEF)) == "done"
    assert await number_of(house, there) == THIEF


async def test_a_first_proof_is_told_before_anything_is_decided(house: House) -> None:
    """The new number only after it has answered; then everybody of the wait."""
    there = await elsewhere(house, (BORIS_MAIL,))
    begun = await there.begin(Kind.CHANGE, THIEF)
    codes = await house.code_to(BORIS), await house.code_to(THIEF)
    assert await told(house, "change_begun") == []
    assert said(await there.prove(begun, code_current=codes[0])) == "open"
    assert await told(house, "change_begun") == sorted((BORIS, BORIS_MAIL))
    assert said(await there.prove(begun, code_new=codes[1])) == "waiting"
    assert await told(house, "change_begun") == sorted((BORIS, BORIS_MAIL))
    assert await told(house, "change_waiting") == sorted((BORIS, BORIS_MAIL, THIEF))


async def test_the_new_number_is_told_of_the_beginning_once_it_answered(house: House) -> None:
    there = await elsewhere(house)
    begun = await there.begin(Kind.CHANGE, THIEF)
    assert said(await there.prove(begun, code_new=await house.code_to(THIEF))) == "open"
    assert await told(house, "change_begun") == sorted((BORIS, THIEF))


async def test_whoever_was_an_address_lately_is_told_too(house: House) -> None:
    """A mailbox removed 29 days ago, one of 31 days ago, and the number before this one."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, "late@example.org", "long@example.org"))
    await anna.sign_in()
    assert said(await anna.change(CLARA)) == "done"
    await house.pass_time(13 * HOUR)
    for address, ago in {"late@example.org": 29 * DAY, "long@example.org": 31 * DAY}.items():
        await house.write(
            "UPDATE emails SET removed_at = :at WHERE address_key = :key",
            at=house.clock.now() - ago,
            key=house.seal.index("email", address),
        )
    await c5(house, anna)
    expected = sorted((ANNA, CLARA, ANNA_NEW, ANNA_MAIL, "late@example.org"))
    assert await told(house, "change_waiting") == expected


async def test_a_stronger_proof_ends_the_wait_at_once(house: House, anna: Someone) -> None:
    """She finds the old SIM after five days."""
    begun = await c5(house, anna)
    await house.pass_time(5 * DAY)
    assert said(await anna.another_code(begun, Proof.CODE_CURRENT)) == "waiting"
    seen = await anna.prove(begun, code_current=await house.code_to(ANNA))
    # The code to the new number has grown old meanwhile, and is asked for anew.
    assert (said(seen), seen.needs) == ("waiting", ((Proof.CODE_NEW,),))
    assert said(await answer_anew(house, anna, begun)) == "done"
    assert await row_of(house, begun) == ("done", "C2")
    assert await number_of(house, anna) == ANNA_NEW


async def test_a_stronger_proof_makes_the_wait_shorter(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    house.clock.push(HOUR)
    await anna.another_code(begun, Proof.CODE_EMAIL)
    shorter = await anna.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert (said(shorter), shorter.row) == ("waiting", "C4")
    assert shorter.wait_until == house.clock.now() + DAY
    # Everybody is told of the new end.
    assert await told(house, "change_waiting") == sorted(EVERYBODY * 2)
    # An hour longer than the day, within the 26 hours of the code to the new number.
    await house.pass_time(DAY)
    assert said(await anna.look_at(begun)) == "done"


async def test_stronger_evidence_elsewhere_supersedes_a_waiting_change(
    house: House, anna: Someone
) -> None:
    weak = await c5(house, anna, CLARA)
    house.clock.push(HOUR)
    # A waiting request blocks nobody: neither its owner nor another wish of hers.
    also_weak = await c5(house, anna, DARIA)
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    for waiting in (weak, also_weak):
        assert said(await anna.look_at(waiting)) == "cancelled"
        assert said(await anna.prove(waiting, code_new="000000")) == "request_finished"
    await house.pass_time(20 * DAY)
    assert await number_of(house, anna) == ANNA_NEW
    assert await told(house, "change_ready") == []


async def test_a_waiting_change_reserves_nothing(house: House, anna: Someone) -> None:
    """Clara enrols with the number that Anna waits for: it is Clara's."""
    begun = await c5(house, anna, CLARA)
    house.clock.push(HOUR)
    await Someone(house, CLARA, address="192.0.2.99").enrol()
    await house.pass_time(14 * DAY)
    assert await row_of(house, begun) == ("refused", "C5")
    why = "SELECT why FROM acts WHERE act = 'request_refused'"
    assert await house.value(why) == "number_taken"
    assert await number_of(house, anna) == ANNA
    assert await broken(house) == []


async def test_a_number_taken_between_the_wait_and_the_fresh_code(
    house: House, anna: Someone
) -> None:
    begun = await c5(house, anna, CLARA)
    await house.pass_time(14 * DAY)
    await anna.another_code(begun, Proof.CODE_NEW)
    code = await house.code_to(CLARA)
    house.clock.push(MINUTE)
    await Someone(house, CLARA, address="192.0.2.99").enrol()
    assert said(await anna.prove(begun, code_new=code)) == "number_taken"
    assert await number_of(house, anna) == ANNA


async def test_a_session_that_ran_out_by_age_still_finishes(house: House, anna: Someone) -> None:
    """The token says still that this is the browser that began; nobody ended its session."""
    house.clock.push(20 * DAY)
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert said(await sessions.listed(house.desk, anna.caller())) == "session_ended"
    assert said(await anna.look_at(begun)) == "ready"
    old_token = anna.session
    done = await answer_anew(house, anna, begun)
    assert isinstance(done, RequestView)
    assert (said(done), done.session is not None) == ("done", True)
    assert anna.session != old_token
    assert done.session is not None
    # Of the device in which it was begun; which knows its key already.
    assert (done.session.level, done.session.device) == ("full", None)
    assert await number_of(house, anna) == ANNA_NEW
    assert len(await sessions.listed(house.desk, anna.caller())) == 1  # type: ignore[arg-type]


async def test_a_session_ended_by_hand_kills_what_waits(house: House, anna: Someone) -> None:
    for end in ("own", "others"):
        house.clock.push(HOUR)
        laptop = Someone(house, ANNA, anna.device, anna.id)
        await laptop.sign_in()
        house.clock.push(HOUR)
        begun = await c5(house, laptop)
        if end == "own":
            found = await sessions.listed(house.desk, laptop.caller())
            assert isinstance(found, list)
            own = next(each.id for each in found if each.current)
            assert said(await sessions.end(house.desk, anna.caller(), own)) == "ok"
        else:
            assert said(await sessions.end_others(house.desk, anna.caller())) == "ok"
        assert await row_of(house, begun) == ("cancelled", "C5")
        assert said(await laptop.prove(begun, code_new="000000")) == "request_finished"
        await house.pass_time(15 * DAY)
    assert await told(house, "change_ready") == []
    await anna.sign_in()
    assert await number_of(house, anna) == ANNA


async def test_time_ends_what_nobody_can_go_on_with(house: House, anna: Someone) -> None:
    """A session that was ended past the flows: time finds the request dead."""
    begun = await c5(house, anna)
    await house.write("UPDATE sessions SET ended_at = :now", now=house.clock.now())
    await house.pass_time(13 * DAY)
    assert await row_of(house, begun) == ("cancelled", "C5")


async def test_its_owner_stops_it(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    assert said(await anna.cancel(begun)) == "cancelled"
    await house.pass_time(15 * DAY)
    assert await row_of(house, begun) == ("cancelled", "C5")
    assert await told(house, "change_waiting") == EVERYBODY


async def test_where_nobody_was_reached_silence_says_nothing(house: House, anna: Someone) -> None:
    """Every address of hers answers no, for good; only the new number takes its message."""
    for address in (ANNA, ANNA_MAIL):
        house.post.refuse(address, 99, "unknown subscriber", final=True)
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert await told(house, "change_waiting") == [ANNA_NEW]
    assert await row_of(house, begun) == ("refused", "C5")
    assert await house.value("SELECT why FROM acts WHERE act = 'request_refused'") == "nobody_told"
    assert await number_of(house, anna) == ANNA


async def test_a_number_of_a_few_days_is_nobody_to_tell(house: House) -> None:
    """The thief had her number for an hour. That his is reached tells her nothing."""
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA)) == "done"
    await house.pass_time(DAY)
    house.post.refuse(ANNA, 99, "unknown subscriber", final=True)
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert THIEF in await told(house, "change_waiting")
    assert await row_of(house, begun) == ("refused", "C5")


async def test_who_was_told_of_two_weeks_was_not_told_of_a_day(house: House, anna: Someone) -> None:
    """An hour into C5 a code to the mailbox makes it C4; of that nobody hears."""
    begun = await c5(house, anna)
    await house.pass_time(HOUR)
    await anna.another_code(begun, Proof.CODE_EMAIL)
    code = await house.code_to(ANNA_MAIL)
    for address in (ANNA, ANNA_MAIL):
        house.post.refuse(address, 99, "unknown subscriber", final=True)
    assert (await anna.prove(begun, code_email=code)).row == "C4"
    await house.pass_time(DAY)
    assert await row_of(house, begun) == ("refused", "C4")
    assert await number_of(house, anna) == ANNA


async def test_one_address_that_was_reached_is_enough(house: House, anna: Someone) -> None:
    house.post.refuse(ANNA, 99, "unknown subscriber", final=True)
    begun = await c5(house, anna)
    await house.pass_time(14 * DAY)
    assert said(await anna.look_at(begun)) == "ready"


async def test_while_the_provider_is_away_the_end_is_put_off(house: House, anna: Someone) -> None:
    begun = await c4(house, anna)
    for address in (ANNA, ANNA_MAIL, ANNA_NEW):
        house.post.refuse(address, 99)
    await house.pass_time(DAY)
    assert said(await anna.look_at(begun)) == "waiting"
    for _ in range(3):
        await house.pass_time(HOUR)
        assert said(await anna.look_at(begun)) == "waiting"
    house.post.refusing.clear()
    await house.pass_time(HOUR)
    await house.pass_time(HOUR)
    # By now the code has grown old, and she is asked for another one.
    assert said(await anna.look_at(begun)) == "ready"
    assert await told(house, "change_waiting") == EVERYBODY


async def test_a_swapped_sim_begins_the_wait_again(house: House) -> None:
    """A clerk is bribed on the last day: everybody has three days more, and is told so."""
    there = await elsewhere(house, (BORIS_MAIL,))
    begun = await c3(house, there)
    everybody = sorted((BORIS, THIEF, BORIS_MAIL))
    await house.pass_time(2 * DAY + HOUR)
    swapped = house.clock.now()
    house.carrier.answers[BORIS] = CarrierFacts(SimAnswer.CHANGED, swapped)
    await house.pass_time(DAY)
    again = await there.look_at(begun)
    assert (said(again), again.wait_until) == ("waiting", swapped + 72 * HOUR)
    assert await told(house, "change_waiting") == sorted(everybody * 3)
    await house.pass_time(2 * DAY)
    assert said(await there.look_at(begun)) == "ready"
    # And once more, while the fresh code is under way.
    swapped = house.clock.now()
    house.carrier.answers[BORIS] = CarrierFacts(SimAnswer.CHANGED, swapped)
    again = await answer_anew(house, there, begun, THIEF)
    assert isinstance(again, RequestView)
    assert (said(again), again.wait_until) == ("waiting", swapped + 72 * HOUR)
    assert await number_of(house, there) == BORIS


async def test_a_wait_told_to_nobody_twice(house: House, anna: Someone) -> None:
    """A proof that changes nothing of the end is no news."""
    there = await elsewhere(house, (BORIS_MAIL,))
    begun = await c3(house, there)
    before = await told(house, "change_waiting")
    assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
    assert await told(house, "change_waiting") == before
    assert anna.session is not None


async def test_two_workers_do_everything_once(
    house: House, anna: Someone, database_url: str
) -> None:
    other = await open_engine(database_url, connections=4, fraction=random.Random(8).random)
    beside = House(other, beside=house)
    people, waits = [], []
    for n in range(6):
        who = await house.bring_in(f"+7916{2_000_000 + n}")
        await who.sign_in()
        waits.append(await c5(house, who, f"+7903{2_000_000 + n}"))
        people.append(who)
    daily = await c4(house, anna)
    await house.deliver()
    for by in (DAY, 12 * DAY, DAY):
        house.clock.push(by)
        for _ in range(3):
            await asyncio.gather(*(one.upkeep.once() for one in (house, beside) * 2))
        await house.deliver()
    assert not (house.bugs + beside.bugs)
    assert said(await anna.look_at(daily)) == "done"
    for who, waiting in zip(people, waits, strict=True):
        assert said(await who.look_at(waiting)) == "ready"
    acts = await house.acts()
    assert acts.count("request_ready") == 6
    # The change that was done was told again, and of each that waits somebody was reminded.
    repeated = await house.rows("SELECT why FROM acts WHERE act = 'notices_repeated' ORDER BY why")
    assert [why for (why,) in repeated] == ["reminded"] * 6
    assert acts.count("number_changed") == 1
    assert await house.value("SELECT count(*) FROM outbox WHERE message = 'change_ready'") == 12
    assert await broken(house) == []
    await other.close()


class Dying:
    """An engine that dies at a write, before it or right after it was kept."""

    def __init__(self, engine: StoreEngine, *, kept: bool) -> None:
        self._engine, self._kept, self.armed = engine, kept, False

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    async def write(self, writes: list[Write]) -> None:
        if not self.armed:
            return await self._engine.write(writes)
        self.armed = False
        if self._kept:
            await self._engine.write(writes)
        raise Unavailable("the process dies here")


@pytest.mark.parametrize("kept", [False, True])
async def test_a_crash_loses_nothing_and_does_nothing_twice(
    house: House, anna: Someone, kept: bool
) -> None:
    """At each of its steps the process of time dies, before the commit or right after it."""
    dying = Dying(house.engine, kept=kept)
    mortal = House(dying, beside=house)  # type: ignore[arg-type]
    daily = await c4(house, anna)
    there = await elsewhere(house)
    house.clock.push(HOUR)
    slow = await c3(house, there)
    await house.deliver()
    for _ in range(12):
        house.clock.push(12 * HOUR)
        for _ in range(4):
            dying.armed = True
            try:
                await mortal.upkeep.once()
            except Unavailable:
                await house.upkeep.once()
        await house.deliver()
        assert await broken(house) == []
    assert not (house.bugs + mortal.bugs)
    assert (
        await row_of(house, daily) == ("done", "C4") or said(await anna.look_at(daily)) == "ready"
    )
    assert said(await there.look_at(slow)) == "ready"
    assert await told(house, "change_ready") != []
    ready = "SELECT count(*) FROM acts WHERE act = 'request_ready' AND request_id = :id"
    assert await house.value(ready, id=slow.id) == 1
    reminded = (
        "SELECT count(*) FROM acts WHERE act = 'notices_repeated' AND why = 'reminded'"
        " AND request_id = :id"
    )
    assert await house.value(reminded, id=slow.id) == 1


POISON = {
    "a number that does not open": (
        "UPDATE requests SET number_sealed = :junk WHERE id = :id",
        {"junk": b"\x01junk"},
    ),
    "evidence that nobody knows": (
        "UPDATE evidence SET proof = 'palmistry' WHERE request_id = :id AND proof = 'code_new'",
        {},
    ),
    "a kind that nobody serves": ("UPDATE requests SET kind = 'haircut' WHERE id = :id", {}),
}


@pytest.mark.parametrize("poison", POISON)
async def test_a_poisoned_request_holds_up_nobody(house: House, anna: Someone, poison: str) -> None:
    there = await elsewhere(house)
    bad = await c3(house, there)
    house.clock.push(HOUR)
    good = await c4(house, anna)
    await house.deliver()
    sql, args = POISON[poison]
    await house.write(sql, id=bad.id, **args)
    house.clock.push(4 * DAY)
    assert await house.upkeep.once() == 2
    assert len(house.bugs) == 1
    # It is put off, and not looked at all the time.
    assert await house.upkeep.once() == 0
    house.clock.push(10 * MINUTE)
    assert await house.upkeep.once() == 1
    assert said(await anna.look_at(good)) == "ready"


async def test_a_guard_that_always_misses_holds_up_nobody(house: House, anna: Someone) -> None:
    """The number is reserved under a key that the look does not know."""
    begun = await c4(house, anna)
    await house.deliver()
    house.clock.push(DAY)
    house.carrier.meanwhile.append(lambda: house.write("UPDATE accounts SET number_version = 7"))
    assert await house.upkeep.once() == 1
    assert await house.upkeep.once() == 0
    await house.write("UPDATE accounts SET number_version = 1")
    house.clock.push(10 * MINUTE)
    assert await house.upkeep.once() == 1
    assert said(await anna.look_at(begun)) == "done"


async def test_what_waits_is_shown_to_every_session(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id)
    await tablet.sign_in()
    found = await requests.standing_on(house.desk, tablet.caller())
    assert isinstance(found, list)
    (seen,) = found
    assert (seen.id, seen.state, seen.wait_until, seen.number) == (
        begun.id,
        "waiting",
        begun.wait_until,
        "+7••••••••33",
    )
    assert said(await tablet.look_at(begun)) == "request_unknown"
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    assert await requests.standing_on(house.desk, boris.caller()) == []
