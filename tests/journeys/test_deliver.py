"""deliver: what was committed leaves, in order, at least once, and codes never wait."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows.deliver import IN_FLIGHT_MAX, LEASE, SETTLED_MAX
from rebind.store import outbox
from rebind.store.engines import StoreEngine
from rebind.store.outbox import Lane
from rebind.store.statements import Write
from rebind.templates.words import JinjaWords
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, CLARA, House, Someone, said

FATES = "SELECT state, payload_sealed, last_error, attempts FROM outbox ORDER BY id"


async def queue_code(house: House, number: str, address: str = "192.0.2.10") -> None:
    """Somebody asks for a code to that number."""
    await Someone(house, number, address=address).begin(Kind.ENROL)


async def queue_notices(house: House) -> Someone:
    """Anna changes her number; three notices wait."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert said(await anna.change(ANNA_NEW)) == "done"
    return anna


async def test_a_message_says_what_it_is_for_in_the_persons_language(house: House) -> None:
    clara = Someone(house, CLARA)
    clara.locale = "en"
    await clara.begin(Kind.ENROL)
    await queue_code(house, BORIS)
    await house.deliver()
    english, russian = house.post.sms
    assert "Code to open an account" in english.words.text
    assert english.words.text.endswith(f"@localhost #{english.code}")
    assert "Rebind" in russian.words.text
    assert any("а" <= letter <= "я" for letter in russian.words.text)


async def test_nothing_is_sent_twice_and_the_body_is_wiped(house: House) -> None:
    await queue_code(house, CLARA)
    (before,) = await house.rows(FATES)
    assert before[0] == "due"
    assert before[1] is not None
    await house.deliver()
    await house.deliver()
    assert len(house.post.sms) == 1
    assert await house.rows(FATES) == [("sent", None, None, 1)]


async def test_codes_never_wait_behind_notices(house: House) -> None:
    """The new number is slow to take its notice; the code that comes later overtakes it."""
    anna = await queue_notices(house)
    house.post.slow[ANNA_NEW] = asyncio.Event()
    notices = asyncio.create_task(house.courier.once(Lane.NOTICE))
    await house.post.taken.wait()
    del house.post.slow[ANNA_NEW]
    house.clock.push(10 * MINUTE)
    await anna.begin(Kind.SIGN_IN)
    assert await house.courier.once(Lane.CODE) == 1
    assert house.post.sms_to(ANNA_NEW)[-1].has_code
    notices.cancel()
    with suppress(asyncio.CancelledError):
        await notices


async def test_to_one_address_messages_leave_in_their_order(house: House) -> None:
    for _ in range(3):
        await queue_code(house, CLARA)
        house.clock.push(2 * MINUTE)
    ids = [bytes(row[0]).hex() for row in await house.rows("SELECT id FROM outbox ORDER BY id")]
    house.post.refuse(CLARA, 1)
    # The first is refused, and while it waits for its next try the others wait behind it.
    assert await house.courier.once(Lane.CODE) == 1
    assert await house.courier.once(Lane.CODE) == 0
    house.clock.push(3 * SECOND)
    await house.deliver()
    assert [(row[0], row[3]) for row in await house.rows(FATES)] == [
        ("sent", 2),
        ("sent", 1),
        ("sent", 1),
    ]
    assert [sent.id for sent in house.post.sms] == ids


async def pauses(house: House, lane: Lane, channel: str) -> list[int]:
    """Try the one message of that channel again and again until it is given up; the pauses."""
    due = f"SELECT due_at FROM outbox WHERE state = 'due' AND channel = '{channel}'"
    found: list[int] = []
    while True:
        assert await house.courier.once(lane, limit=1) == 1
        rows = await house.rows(due)
        if not rows:
            return found
        found.append(rows[0][0] - house.clock.now())
        house.clock.push(found[-1] - 1)
        assert await house.courier.once(lane) == 0
        house.clock.push(1)


def doubling(found: list[int], most: int) -> bool:
    """Whether each pause is between half and the whole of what doubling comes to."""
    return all(
        min(2 * SECOND << n, most) // 2 <= pause <= min(2 * SECOND << n, most)
        for n, pause in enumerate(found)
    )


async def test_pauses_double_with_jitter_and_a_code_waits_a_minute_at_most(house: House) -> None:
    await queue_code(house, CLARA)
    house.post.refuse(CLARA, 99)
    found = await pauses(house, Lane.CODE, "sms")
    assert doubling(found, MINUTE), found
    # Given up when the next try would come too late, not before.
    assert 9 * MINUTE <= sum(found) < 10 * MINUTE
    assert await house.rows(FATES) == [("dead", None, "busy", len(found) + 1)]
    assert house.post.sms == []


async def test_a_notice_is_tried_for_three_days_and_then_a_dead_letter(house: House) -> None:
    """A mail server that is away for a weekend costs nobody a notice."""
    await queue_notices(house)
    house.post.refuse(ANNA_MAIL, 999, "mailbox full")
    await house.write("UPDATE outbox SET state = 'sent' WHERE channel = 'sms'")
    found = await pauses(house, Lane.NOTICE, "mail")
    assert doubling(found, HOUR), found
    assert 3 * DAY - HOUR <= sum(found) < 3 * DAY
    dead = "SELECT state, payload_sealed, last_error, attempts FROM outbox WHERE channel = 'mail'"
    assert await house.rows(dead) == [("dead", None, "mailbox full", len(found) + 1)]
    assert house.post.mail == []


async def test_what_can_never_arrive_is_dead_at_once(house: House) -> None:
    await queue_code(house, CLARA)
    house.post.refuse(CLARA, 1, "no such subscriber", final=True)
    await house.deliver()
    assert await house.rows(FATES) == [("dead", None, "no such subscriber", 1)]


async def test_a_bug_of_ours_stops_one_letter_and_tells_no_value(house: House) -> None:
    await queue_code(house, CLARA)
    await queue_code(house, BORIS)
    house.post.refusing[CLARA] = [RuntimeError(f"cannot send to {CLARA}")]
    await house.deliver()
    assert await house.rows(FATES) == [("dead", None, "RuntimeError", 1), ("sent", None, None, 1)]


async def test_an_expired_code_is_never_sent(house: House) -> None:
    await queue_code(house, CLARA)
    await queue_code(house, BORIS)
    house.clock.push(10 * MINUTE - 1)
    await house.courier.once(Lane.CODE, limit=1)
    house.clock.push(1)
    await house.deliver()
    assert [sent.to for sent in house.post.sms] == [CLARA]
    assert [row[:2] for row in await house.rows(FATES)] == [("sent", None), ("expired", None)]


async def test_a_code_for_nobody_ends_without_leaving(house: House) -> None:
    await Someone(house, CLARA).begin(Kind.SIGN_IN)
    await house.deliver()
    assert house.post.sms == []
    assert await house.rows(FATES) == [("nobody", None, None, 1)]


async def test_a_code_for_nobody_costs_what_a_real_one_costs(house: House) -> None:
    """It is opened and rendered too, so that the worker's time tells nobody who is known."""
    opened: list[tuple[str, str]] = []

    class Watching:
        def message(self, message: str, channel: str, locale: str, params: dict[str, str]) -> Any:
            opened.append((message, channel))
            return JinjaWords().message(message, channel, locale, params)

    courier = msgspec.structs.replace(house.courier, words=Watching())
    await Someone(house, CLARA).begin(Kind.SIGN_IN)
    await queue_code(house, BORIS)
    assert await courier.once(Lane.CODE) == 2
    assert opened == [("code", "sms"), ("code", "sms")]
    assert [sent.to for sent in house.post.sms] == [BORIS]


async def working(house: House, lane: Lane, until: str) -> None:
    """Let the worker run as it does in a process, until a query finds 0."""
    wake, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(house.courier.work(lane, wake, stop))
    for _ in range(1_000):
        await asyncio.sleep(0.01)
        if not await house.value(until):
            break
    stop.set()
    wake.set()
    await task


LEFT = "SELECT count(*) FROM outbox WHERE state = 'due'"


async def test_what_finished_in_one_turn_is_settled_together(house: House) -> None:
    messages = 2 * SETTLED_MAX
    for n in range(messages):
        await queue_code(house, f"+7916{2_000_000 + n}", f"192.0.2.{n}")
    before = house.engine.stats.commits
    assert await house.courier.once(Lane.CODE) == messages
    after = house.engine.stats.commits
    # One claim, and a batch for each eight: not a write for each message.
    assert after - before <= 1 + messages // SETTLED_MAX
    assert await house.value(LEFT) == 0


async def test_the_worker_settles_together_too(house: House) -> None:
    messages = IN_FLIGHT_MAX
    for n in range(messages):
        await queue_code(house, f"+7916{2_000_000 + n}", f"192.0.2.{n}")
    counted: list[int] = []
    write = house.engine.write

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(house.engine, name)

        async def write(self, writes: Sequence[Write]) -> None:
            counted.append(len(writes))
            await write(writes)

    house.courier = msgspec.structs.replace(house.courier, engine=Counting())
    await working(house, Lane.CODE, LEFT)
    assert sum(counted) == messages
    assert len(counted) <= messages // 4


async def test_one_that_cannot_be_settled_holds_up_no_other(house: House) -> None:
    """PostgreSQL keeps no NUL: the one is sent again after its lease, the others are done."""
    await queue_code(house, CLARA)
    await queue_code(house, BORIS)
    house.post.refuse(CLARA, 1, "no\0good")
    await working(house, Lane.CODE, f"{LEFT} AND leased_until = 0 AND last_error IS NULL")
    assert await house.value("SELECT count(*) FROM outbox WHERE state = 'sent'") == 1
    house.clock.push(LEASE)
    await house.deliver()
    assert await house.value("SELECT count(*) FROM outbox WHERE state = 'sent'") == 2
    assert [sent.to for sent in house.post.sms] == [BORIS, CLARA]


async def test_while_codes_flow_a_worker_apart_looks_more_often(house: House) -> None:
    courier = msgspec.structs.replace(house.courier, poll_s=60.0, poll_flowing_s=0.01)
    await queue_code(house, CLARA)
    wake, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(courier.work(Lane.CODE, wake, stop))
    for number in (CLARA, BORIS, ANNA):
        # Nobody wakes it: after the first it has to look by itself.
        if number != CLARA:
            await queue_code(house, number)
        for _ in range(200):
            if house.post.sms_to(number):
                break
            await asyncio.sleep(0.01)
        assert house.post.sms_to(number)
    stop.set()
    wake.set()
    await task


async def test_what_a_crashed_worker_held_is_sent_again_under_the_same_id(
    house: House, engine: StoreEngine
) -> None:
    """The operator has taken the SMS, and the worker dies before it can say so."""
    await queue_code(house, CLARA)
    house.post.slow[CLARA] = asyncio.Event()
    dying = asyncio.create_task(house.courier.once(Lane.CODE))
    await house.post.taken.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying
    del house.post.slow[CLARA]
    after = House(engine, beside=house)
    house.clock.push(LEASE - 1)
    await after.deliver()
    assert len(house.post.sms) == 1
    house.clock.push(1)
    await after.deliver()
    first, again = house.post.sms
    assert (first.id, first.words) == (again.id, again.words)
    assert await house.rows(FATES) == [("sent", None, None, 2)]


async def test_a_worker_that_was_thought_dead_cannot_settle_anothers_message(
    house: House,
) -> None:
    await queue_code(house, CLARA)
    taking = outbox.claim(Lane.CODE, house.clock.now(), LEASE, 10)
    (slow,) = outbox.claimed(await house.engine.take(taking))
    house.clock.push(LEASE)
    taking = outbox.claim(Lane.CODE, house.clock.now(), LEASE, 10)
    (quick,) = outbox.claimed(await house.engine.take(taking))
    assert (slow.id, slow.attempts, quick.attempts) == (quick.id, 1, 2)
    await house.engine.write([outbox.settle(slow, outbox.Fate.DEAD, "late", house.clock.now())])
    await house.engine.write([outbox.postpone(slow, 0, "late")])
    assert (await house.rows(FATES))[0][0] == "due"
    assert await house.value("SELECT leased_until FROM outbox") == house.clock.now() + LEASE


async def test_a_slow_address_holds_nobody_else_up(house: House) -> None:
    """The worker as it runs: Clara's operator hangs, everybody else's code leaves at once."""
    for n in range(40):
        await queue_code(house, f"+7916{2_000_000 + n}", f"192.0.2.{n}")
    await queue_code(house, CLARA)
    house.post.slow["+79162000000"] = asyncio.Event()
    wake, stop = asyncio.Event(), asyncio.Event()
    working = asyncio.create_task(house.courier.work(Lane.CODE, wake, stop))
    for _ in range(1_000):
        await asyncio.sleep(0.01)
        if await house.value("SELECT count(*) FROM outbox WHERE state = 'due'") == 1:
            break
    assert len(house.post.sms) == 41
    house.post.slow["+79162000000"].set()
    stop.set()
    wake.set()
    await working
    assert await house.value("SELECT count(*) FROM outbox WHERE state = 'sent'") == 41


async def test_while_the_database_is_away_what_is_due_stays_due(house: House) -> None:
    await queue_code(house, CLARA)
    await house.engine.close()
    stop, wake = asyncio.Event(), asyncio.Event()
    working = asyncio.create_task(house.courier.work(Lane.CODE, wake, stop))
    await asyncio.sleep(0.05)
    stop.set()
    await working
    assert house.post.sms == []
