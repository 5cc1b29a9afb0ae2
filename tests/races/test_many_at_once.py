"""Many at once, from two processes: what one may have, one gets, and the others a clean no."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

from rebind.domain.evidence import Proof
from rebind.domain.limits import Override
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, sessions
from rebind.flows.desk import RequestView
from rebind.store.outbox import Lane
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, House, Someone, another, said
from tests.races.invariants import broken


async def at_once(calls: Sequence[Awaitable[Any]]) -> Counter[str]:
    """Everything at the same time; how often each word was said. An exception is no word."""
    return Counter(said(outcome) for outcome in await asyncio.gather(*calls))


def twins(house: House, beside: House, who: Someone, n: int) -> list[Someone]:
    """The same person n times, by turns at both processes, each from a network of its own."""
    found = []
    for i in range(n):
        twin = Someone((house, beside)[i % 2], who.number, who.device, who.id, f"198.51.{i}.1")
        twin.session = who.session
        found.append(twin)
    return found


async def test_of_a_hundred_wrong_guesses_five_are_looked_at(house: House, beside: House) -> None:
    anna = await house.bring_in(ANNA)
    begun = await anna.elsewhere().begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    robots = twins(house, beside, anna.elsewhere(), 100)
    words = await at_once(
        [robot.prove(begun, code_current=another(code, i + 1)) for i, robot in enumerate(robots)]
    )
    assert words == {"code_wrong": 5, "code_tries_spent": 95}
    assert await house.value("SELECT tries FROM challenges") == 5
    assert (await house.acts(anna.account)).count("code_wrong") == 5
    counted = await house.value("SELECT count FROM limits WHERE name = 'wrong_address'")
    assert counted == 5
    # The right one comes too late, in this request.
    assert said(await robots[0].prove(begun, code_current=code)) == "code_tries_spent"


async def test_the_right_code_fifty_times_signs_in_once(house: House, beside: House) -> None:
    boris = await house.bring_in(BORIS, since=house.clock.now() - DAY)
    begun = await boris.elsewhere().begin(Kind.SIGN_IN)
    code = await house.code_to(BORIS)
    hands = twins(house, beside, boris.elsewhere(), 50)
    words = await at_once([hand.prove(begun, code_current=code) for hand in hands])
    assert words.pop("done") == 1
    assert set(words) <= {"request_finished", "code_tries_spent", "code_expired"}
    assert sum(words.values()) == 49
    assert await house.value("SELECT count(*) FROM sessions") == 1
    assert (await house.acts(boris.account)).count("session_opened") == 1
    assert sum(hand.session is not None for hand in hands) == 1


async def test_the_right_code_fifty_times_enrols_once(house: House, beside: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await house.code_to(CLARA)
    words = await at_once(
        [hand.prove(begun, code_new=code) for hand in twins(house, beside, clara, 50)]
    )
    assert words["done"] == 1
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert await house.value("SELECT count(*) FROM sessions") == 1
    assert await broken(house) == []


async def test_fifty_accounts_take_one_number_at_once(house: House, beside: House) -> None:
    """Fifty people hold the same telephone in their hands, one after the other, and answer its
    codes in the same second: one of them gets the number, and nobody loses one."""
    loose = Override(amount=1_000, gaps_s=())
    limits = {"code_address": loose, "code_account": loose, "ask_client": loose}
    first, second = House(house.engine, overrides=limits, beside=house), beside
    people, begun = [], []
    for n in range(50):
        who = await first.bring_in(f"+7916{2_000_000 + n}", with_device=True)
        await who.sign_in()
        who.address = f"198.51.{n}.1"
        request = await who.begin(Kind.CHANGE, CLARA)
        codes = await first.code_to(who.number), await first.code_to(CLARA)
        people.append(who)
        begun.append((request, codes))
        if n % 2:
            who.house = second
    words = await at_once(
        [
            who.prove(request, code_current=codes[0], code_new=codes[1])
            for who, (request, codes) in zip(people, begun, strict=True)
        ]
    )
    assert words == {"done": 1, "number_taken": 49}
    assert await broken(house) == []
    assert await house.value("SELECT count(*) FROM bindings WHERE released_at IS NULL") == 50
    numbers = Counter[str]()
    for who in people:
        seen = await account.show(first.desk, who.caller())
        assert isinstance(seen, account.AccountView)
        numbers[seen.number] += 1
    assert numbers[CLARA] == 1
    assert set(numbers.values()) == {1}
    ended = await house.rows(
        "SELECT ended_as, count(*) FROM requests WHERE kind = 'change' GROUP BY ended_as"
        " ORDER BY ended_as"
    )
    assert ended == [("done", 1), ("refused", 49)]
    # Only the winner's addresses are told of a change.
    assert await house.value("SELECT count(*) FROM outbox WHERE message = 'number_changed'") == 2


async def test_thirty_strangers_enrol_one_number_at_once(house: House, beside: House) -> None:
    loose = {"code_address": Override(amount=1_000, gaps_s=())}
    first = House(house.engine, overrides=loose, beside=house)
    begun = []
    for n in range(30):
        who = Someone(first, CLARA, address=f"198.51.{n}.1")
        request = await who.begin(Kind.ENROL)
        begun.append((who, request, await first.code_to(CLARA)))
        who.house = (first, beside)[n % 2]
    words = await at_once([who.prove(request, code_new=code) for who, request, code in begun])
    assert words == {"done": 1, "number_taken": 29}
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert await house.value("SELECT count(*) FROM sessions") == 1
    assert await broken(house) == []


async def test_two_changes_of_one_account_at_once(house: House, beside: House) -> None:
    for n in range(5):
        anna = await house.bring_in(f"+7916{2_000_000 + n}")
        await anna.sign_in()
        requests: list[tuple[RequestView, dict[str, str]]] = []
        for to in (f"+7903{2_000_000 + n}", f"+7926{2_000_000 + n}"):
            request = await anna.begin(Kind.CHANGE, to)
            codes = await house.code_to(anna.number), await house.code_to(to)
            requests.append((request, {"code_current": codes[0], "code_new": codes[1]}))
            house.clock.push(MINUTE)
        words = await at_once(
            [
                who.prove(request, **codes)
                for who, (request, codes) in zip(
                    twins(house, beside, anna, 2), requests, strict=True
                )
            ]
        )
        assert words == {"done": 1, "account_changed": 1}
    assert await broken(house) == []


async def test_two_people_exchange_their_numbers_at_once(house: House, beside: House) -> None:
    """Each takes the other's number in the same second: neither is free, and nobody deadlocks."""
    anna, boris = await house.bring_in(ANNA), await house.bring_in(BORIS)
    proofs = []
    for who, to in ((anna, BORIS), (boris, ANNA)):
        await who.sign_in()
        house.clock.push(10 * MINUTE)
        request = await who.begin(Kind.CHANGE, to)
        codes = await house.code_to(who.number), await house.code_to(to)
        proofs.append((who, request, codes))
    boris.house = beside
    words = await at_once(
        [who.prove(request, code_current=old, code_new=new) for who, request, (old, new) in proofs]
    )
    assert set(words) <= {"number_taken", "code_wrong", "code_expired"}
    assert await broken(house) == []
    assert await house.value("SELECT count(*) FROM bindings") == 2


async def test_a_change_against_the_end_of_its_session(house: House, beside: House) -> None:
    """Whoever comes first wins; never both: a change that outlives its revoked session."""
    seen = Counter[str]()
    for n in range(12):
        number, to = f"+7916{2_000_000 + n}", f"+7903{2_000_000 + n}"
        anna = await house.bring_in(number)
        await anna.sign_in()
        laptop = Someone(beside, number, anna.device, anna.id)
        await laptop.sign_in()
        request = await laptop.begin(Kind.CHANGE, to)
        codes = {"code_current": await house.code_to(number), "code_new": await house.code_to(to)}
        proving, ending = await asyncio.gather(
            laptop.prove(request, **codes), sessions.end_others(house.desk, anna.caller())
        )
        word = said(proving)
        seen[word] += 1
        assert word in {"done", "session_ended"}
        if word == "done":
            # The change came first and ended the telephone's session, or the session's end came
            # after it; either way the number is the new one.
            assert said(ending) in {"ok", "session_ended"}
        moved = await house.value(
            "SELECT count(*) FROM bindings WHERE account_id = :id", id=anna.account
        )
        assert moved == (2 if word == "done" else 1)
        house.clock.push(HOUR)
    assert await broken(house) == []


async def test_requests_in_parallel_never_overspend_a_number(house: House, beside: House) -> None:
    robots = twins(house, beside, Someone(house, CLARA), 60)
    kinds = (Kind.ENROL, Kind.SIGN_IN)
    words = await at_once([robot.ask(kinds[i % 2]) for i, robot in enumerate(robots)])
    # The pause between two codes lets exactly one through.
    assert words == {"open": 1, "too_many_codes": 59}
    assert await house.value("SELECT count(*) FROM outbox") == 1
    assert await house.value("SELECT count(*) FROM requests") == 1
    assert await house.value("SELECT count(*) FROM challenges") == 1


async def test_sends_in_parallel_never_overspend_a_budget(house: House, beside: House) -> None:
    """Without pauses the budget itself stands in the way: five and no more."""
    loose = {"code_address": Override(gaps_s=())}
    first = House(house.engine, overrides=loose, beside=house)
    second = House(beside.engine, overrides=loose, beside=house)
    robots = twins(first, second, Someone(first, CLARA), 60)
    words = await at_once([robot.ask(Kind.SIGN_IN) for robot in robots])
    assert words == {"open": 5, "too_many_codes": 55}
    assert await house.value("SELECT count FROM limits WHERE name = 'code_address'") == 5


async def test_the_accounts_budget_is_not_overspent_either(house: House, beside: House) -> None:
    tight = {"code_account": Override(amount=7)}
    first = House(house.engine, overrides=tight, beside=house)
    second = House(beside.engine, overrides=tight, beside=house)
    anna = await first.bring_in(ANNA)
    await anna.sign_in()
    hands = twins(first, second, anna, 30)
    words = await at_once(
        [
            hand.ask(Kind.CHANGE, f"+7903{2_000_000 + n}", send=(Proof.CODE_NEW,))
            for n, hand in enumerate(hands)
        ]
    )
    assert words == {"open": 7, "too_many_codes": 23}
    assert await house.value("SELECT count(*) FROM outbox WHERE message = 'code'") == 8


async def test_another_code_asked_for_twice_leaves_once(house: House, beside: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    house.clock.push(MINUTE)
    words = await at_once(
        [hand.another_code(begun, Proof.CODE_NEW) for hand in twins(house, beside, clara, 20)]
    )
    assert words == {"open": 1, "too_many_codes": 19}
    assert await house.value("SELECT count(*) FROM outbox") == 2


async def test_different_people_begin_at_once_and_all_are_served(
    house: House, beside: House
) -> None:
    people = [
        Someone((house, beside)[n % 2], f"+7916{2_000_000 + n}", address=f"198.51.{n}.1")
        for n in range(80)
    ]
    words = await at_once([who.ask(Kind.ENROL) for who in people])
    assert words == {"open": 80}
    await house.deliver()
    assert Counter(sent.to for sent in house.post.sms) == {who.number: 1 for who in people}


async def test_cancelling_against_the_last_proof(house: House, beside: House) -> None:
    for n in range(10):
        clara = Someone(house, f"+7916{2_000_000 + n}")
        begun = await clara.begin(Kind.ENROL)
        code = await house.code_to(clara.number)
        (other,) = twins(beside, beside, clara, 1)
        words = await at_once([clara.prove(begun, code_new=code), other.cancel(begun)])
        assert words in (
            {"done": 1, "request_finished": 1},
            {"request_finished": 1, "cancelled": 1},
        )
    assert await broken(house) == []


async def test_two_workers_send_nothing_twice(house: House, beside: House) -> None:
    people = [f"+7916{2_000_000 + n}" for n in range(60)]
    for n, number in enumerate(people):
        await Someone(house, number, address=f"198.51.{n}.1").begin(Kind.ENROL)
    couriers = [one.courier for one in (house, beside, house, beside)]
    while sum(await asyncio.gather(*(courier.once(Lane.CODE, 7) for courier in couriers))):
        pass
    await house.deliver()
    assert Counter(sent.to for sent in house.post.sms) == dict.fromkeys(people, 1)
    assert await house.value("SELECT count(*) FROM outbox WHERE attempts <> 1") == 0


async def test_one_solution_buys_one_code(house: House, beside: House) -> None:
    from tests.journeys.test_limits import solution, spend_address

    refused = await spend_address(house, CLARA)
    assert refused.work is not None
    paid = solution(refused.work)
    robots = twins(house, beside, Someone(house, CLARA), 20)
    words = await at_once([robot.ask(Kind.ENROL, work=paid) for robot in robots])
    assert words.pop("open") == 1
    assert set(words) <= {"work_invalid", "too_many_codes"}


async def test_policy_of_one_try(house: House, beside: House) -> None:
    """With a single try, of a right and a wrong code at once exactly one is looked at."""
    first = House(house.engine, Policy(code_tries=1), beside=house)
    clara = Someone(first, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await first.code_to(CLARA)
    hands = twins(first, beside, clara, 10)
    words = await at_once(
        [
            hand.prove(begun, code_new=code if i == 5 else another(code, i + 1))
            for i, hand in enumerate(hands)
        ]
    )
    assert words["done"] + words["code_wrong"] == 1
    assert ANNA_NEW not in words


async def test_everything_at_once_upon_one_waiting_change(house: House, beside: House) -> None:
    """Time, its owner, an address, another session and a stronger change, from two processes: one
    of them has it, and the others are told so."""
    for n in range(6):
        number, to = f"+7916{2_000_000 + n}", f"+7903{2_000_000 + n}"
        anna = await house.bring_in(number, emails=(f"anna{n}@example.org",))
        await anna.sign_in()
        tablet = Someone(beside, number, anna.device, anna.id)
        house.clock.push(HOUR)
        await tablet.sign_in()
        waiting = await c5(house, anna, to)
        house.clock.push(HOUR)
        stronger = await tablet.begin(Kind.CHANGE, f"+7926{2_000_000 + n}")
        codes = {
            "code_current": await house.code_to(number),
            "code_new": await house.code_to(f"+7926{2_000_000 + n}"),
        }
        link = await house.link_to(f"anna{n}@example.org", "stop")
        calls: list[Awaitable[Any]] = [
            anna.cancel(waiting),
            Someone(beside, number).stop_by(link),
            tablet.object_to(waiting),
            tablet.prove(stronger, **codes),
        ]
        outcomes = await asyncio.gather(
            *(calls[n % 4 :] + calls[: n % 4]), house.upkeep.once(), beside.upkeep.once()
        )
        words = Counter(said(each) for each in outcomes if not isinstance(each, int))
        assert set(words) <= {
            "done", "cancelled", "objected", "request_finished", "session_ended", "account_changed",
        }  # fmt: skip
        assert words["done"] == 1, words
        assert words["cancelled"] + words["objected"] <= 1
        ended = await house.value("SELECT ended_as FROM requests WHERE id = :id", id=waiting.id)
        assert ended in {"cancelled", "objected"}
    assert not (house.bugs + beside.bugs)
    assert await broken(house) == []


async def test_time_in_two_processes_and_people_in_between(house: House, beside: House) -> None:
    """Twelve waits end in the same second: half of them are stopped in that second."""
    waits = []
    for n in range(12):
        number, mail = f"+7916{2_000_000 + n}", f"anna{n}@example.org"
        anna = await house.bring_in(number, emails=(mail,))
        await anna.sign_in()
        begun = await anna.begin(Kind.CHANGE, f"+7903{2_000_000 + n}", send=(Proof.CODE_NEW,))
        code = await house.code_to(f"+7903{2_000_000 + n}")
        await anna.another_code(begun, Proof.CODE_EMAIL)
        waiting = await anna.prove(begun, code_new=code, code_email=await house.code_to(mail))
        assert (said(waiting), waiting.row) == ("waiting", "C4")
        waits.append((anna, begun, await house.link_to(mail, "stop")))
    house.clock.push(DAY)
    stops = [
        Someone((house, beside)[n % 2], ANNA).stop_by(link)
        for n, (_, _, link) in enumerate(waits)
        if n % 2
    ]
    outcomes = await asyncio.gather(
        *(one.upkeep.once() for one in (house, beside, house, beside)), *stops
    )
    words = Counter(said(each) for each in outcomes if not isinstance(each, int))
    assert set(words) <= {"objected", "request_finished"}
    await house.pass_time(0)
    states = Counter([said(await who.look_at(begun)) for who, begun, _ in waits])
    assert states["objected"] == words["objected"]
    assert states["done"] == 12 - words["objected"]
    assert (await house.acts()).count("number_changed") == states["done"]
    assert not (house.bugs + beside.bugs)
    assert await broken(house) == []


async def test_an_undo_from_two_processes_counts_once(house: House, beside: House) -> None:
    for n in range(5):
        number = f"+7916{2_000_000 + n}"
        anna = await house.bring_in(number)
        await anna.sign_in()
        assert said(await anna.change(f"+7903{2_000_000 + n}")) == "done"
        house.clock.push(HOUR)
        proofs = []
        for place in (house, beside):
            holder = Someone(place, number, address="192.0.2.99")
            house.clock.push(MINUTE)
            begun = await holder.begin(Kind.UNDO, number)
            proofs.append((holder, begun, await house.code_to(number)))
        words = await at_once(
            [who.prove(begun, code_new=code) for who, begun, code in proofs for _ in range(3)]
        )
        assert words["done"] == 1, words
        assert set(words) <= {
            "done", "account_changed", "request_finished", "code_wrong", "code_expired",
            "code_tries_spent", "try_again", "no_way_offered",
        }  # fmt: skip
    assert (await house.acts()).count("number_returned") == 5
    assert await broken(house) == []
