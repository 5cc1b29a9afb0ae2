"""Limits: what a stranger types costs the stranger, and never the holder (invariant 7)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
import pytest

from rebind.domain import limits, work
from rebind.domain.budget import Limit
from rebind.domain.cases import CaseKind, DocumentKind
from rebind.domain.evidence import Proof
from rebind.domain.limits import LIMITS, Override
from rebind.domain.operators import Operator, Role
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND, Ms
from rebind.flows import (
    case_opening,
    casebook,
    cases,
    correspondence,
    operator_sessions,
    reauthentication,
)
from rebind.flows.case_opening import Heard
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView
from rebind.flows.desk.caseviews import CaseView
from rebind.store.engines import StoreEngine
from rebind.store.statements import Unavailable
from tests.desk import AT_DESK, entered, hired, written
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.journeys import databases
from tests.journeys.waits import c5
from tests.operators import caller as at_console
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    CLARA,
    DARIA,
    THIEF,
    House,
    Someone,
    another,
    said,
)
from tests.workshops import Workshop

GAPS = [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE]

_exercised: set[str] = set()
_Story = TypeVar("_Story", bound=Callable[..., Any])


def exercises(*found: Limit) -> Callable[[_Story], _Story]:
    """Say which lines of the page a story walks into."""
    _exercised.update(limit.name for limit in found)
    return lambda story: story


def test_every_limit_has_a_story() -> None:
    missing = {limit.name for limit in LIMITS} - _exercised
    assert not missing, f"lines of domain/limits.py that no story walks into: {missing}"


def solution(challenge: str) -> str:
    """Do the work, as a browser would."""
    prefix = f"{challenge}:".encode()
    for nonce in range(1 << 24):
        digest = sha256(prefix + str(nonce).encode()).digest()
        if int.from_bytes(digest[:8], "big") >> (64 - work.BITS) == 0:
            return f"{challenge}.{nonce}"
    raise AssertionError("no nonce found")


def stranger(house: House, number: str, n: int = 0) -> Someone:
    """Somebody at a browser that nobody knows, from a network of their own."""
    return Someone(house, number, address=f"203.0.113.{n % 250}")


async def spend_address(house: House, number: str) -> Refused:
    """A stranger asks for codes until the number's budget says no; that answer."""
    for n in range(9):
        asked = await stranger(house, number, n).ask(Kind.SIGN_IN)
        if isinstance(asked, Refused):
            return asked
        house.clock.push(1)
    raise AssertionError("no limit was met")


async def guess(house: House, number: str, tries: int) -> list[str]:
    """A stranger guesses sign-in codes from ever new networks; what he was told."""
    told, n = list[str](), 0
    while len(told) < tries:
        begun = await stranger(house, number, n).ask(Kind.SIGN_IN)
        n += 1
        if isinstance(begun, Refused):
            if begun.refusal.code != "too_many_codes":
                return [*told, said(begun)]
            assert begun.until is not None
            house.clock.push(begun.until - house.clock.now())
            continue
        code = await house.code_to(number)
        for by in range(1, 6):
            told.append(
                said(await stranger(house, number, n).prove(begun, code_current=another(code, by)))
            )
    return told


@exercises(limits.WRONG_ADDRESS)
async def test_a_guessing_stranger_closes_the_door_for_strangers_only(
    house: House, anna: Someone
) -> None:
    begun = house.clock.now()
    told = await guess(house, ANNA, 20)
    assert told == ["code_wrong"] * 15 + ["sms_sign_in_closed"]
    # Nobody comes in from an unknown device now, with whatever code.
    elsewhere = anna.elsewhere()
    refused = await elsewhere.ask(Kind.SIGN_IN)
    assert said(refused) == "sms_sign_in_closed"
    opens = refused.until
    assert begun < opens <= house.clock.now() + DAY
    # Anna on her telephone has noticed nothing; neither for signing in nor for changing.
    assert said(await anna.sign_in()) == "done"
    house.clock.push(opens - house.clock.now() - 1)
    assert said(await elsewhere.ask(Kind.SIGN_IN)) == "sms_sign_in_closed"
    assert said(await anna.change(ANNA_NEW)) == "done"
    assert said(await anna.change(ANNA)) == "done"
    house.clock.push(1)
    assert said(await elsewhere.ask(Kind.SIGN_IN)) == "open"


@exercises(limits.ENROL_ADDRESS)
async def test_a_guessing_stranger_does_not_enrol_somebody_elses_number(
    house: House, anna: Someone
) -> None:
    """From ever new networks, of a number that nobody has and of one that is taken alike; whoever
    holds it waits for the end of the day."""
    words = []
    for number in (CLARA, ANNA):
        told = list[str]()
        begun = house.clock.now()
        for n in range(10):
            there = stranger(house, number, n)
            asked = await there.begin(Kind.ENROL)
            code = await house.code_to(number)
            for by in range(1, 6):
                told.append(said(await there.prove(asked, code_new=another(code, by))))
            house.clock.push(33 * MINUTE)
        refused = await stranger(house, number).ask(Kind.ENROL)
        words.append([*told, said(refused)])
        assert (refused.work, refused.until) == (None, begun + DAY)
        house.clock.push(begun + DAY - house.clock.now())
        assert said(await stranger(house, number).ask(Kind.ENROL)) == "open"
    assert words[0] == words[1] == ["code_wrong"] * 50 + ["too_many_codes"]


@exercises(limits.UNDO_ADDRESS)
@pytest.mark.parametrize("address", [ANNA, ANNA_MAIL, BORIS])
async def test_a_guessing_stranger_does_not_undo(house: House, anna: Someone, address: str) -> None:
    """The same for everybody; and the link of her notice is not counted with his guesses."""
    assert said(await anna.change(ANNA_NEW)) == "done"
    told: list[Any] = []
    house.clock.push(HOUR)
    for _ in range(21):
        told.append(await stranger(house, address, len(told)).ask(Kind.UNDO, address))
        house.clock.push(33 * MINUTE)
    assert [said(each) for each in told] == ["open"] * 20 + ["too_many_codes"]
    assert told[-1].work is None
    undoing = await anna.undo_by(await house.link_to(ANNA, "undo"))
    assert said(await anna.prove(undoing, code_new=await house.code_to(ANNA))) == "done"


async def test_the_door_closes_on_requests_that_were_open(house: House, anna: Someone) -> None:
    early = anna.elsewhere()
    begun = await early.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    house.clock.push(MINUTE)
    assert (await guess(house, ANNA, 15)) == ["code_wrong"] * 15
    assert said(await early.prove(begun, code_current=code)) in {
        "sms_sign_in_closed",
        "code_expired",
    }
    house.clock.push(40 * MINUTE - (house.clock.now() - begun.expires_at + HOUR))
    assert said(await early.another_code(begun, Proof.CODE_CURRENT)) == "sms_sign_in_closed"


async def test_a_number_that_nobody_has_closes_alike(house: House) -> None:
    await house.bring_in(ANNA)
    words = []
    for number in (ANNA, THIEF):
        told = []
        for n in range(4):
            begun = await stranger(house, number, n).ask(Kind.SIGN_IN)
            if isinstance(begun, RequestView):
                for by in range(5):
                    told.append(
                        said(await stranger(house, number).prove(begun, code_current=f"{by:06d}"))
                    )
            else:
                told.append(said(begun))
            house.clock.push(10 * MINUTE)
        words.append(told)
    assert words[0] == words[1] == ["code_wrong"] * 15 + ["sms_sign_in_closed"]


@exercises(limits.CODE_ADDRESS)
async def test_pauses_between_unanswered_codes_grow(house: House, anna: Someone) -> None:
    house.clock.push(HOUR)
    for n, gap in enumerate([*GAPS, GAPS[-1]]):
        assert said(await stranger(house, CLARA, n).ask(Kind.ENROL)) == "open"
        asked = house.clock.now()
        house.clock.push(gap - 1)
        refused = await stranger(house, CLARA, n).ask(Kind.ENROL)
        assert (said(refused), refused.until) == ("too_many_codes", asked + gap)
        # Every way of sending goes through the one budget of the number.
        for path in (
            stranger(house, CLARA, n).ask(Kind.SIGN_IN),
            anna.ask(Kind.CHANGE, CLARA, send=(Proof.CODE_NEW,)),
        ):
            assert said(await path) == "too_many_codes"
        house.clock.push(1)


async def test_another_code_in_the_same_request_waits_as_well(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    asked: Ms = house.clock.now()
    refused = await clara.another_code(begun, Proof.CODE_NEW)
    assert (said(refused), refused.until) == ("too_many_codes", asked + MINUTE)
    house.clock.push(MINUTE)
    assert said(await clara.another_code(begun, Proof.CODE_NEW)) == "open"
    refused = await clara.another_code(begun, Proof.CODE_NEW)
    assert refused.until == house.clock.now() + 2 * MINUTE


async def test_an_answered_code_ends_the_pauses(house: House) -> None:
    boris = await house.bring_in(BORIS, since=house.clock.now() - 10 * DAY)
    for gap in GAPS[:3]:
        await stranger(house, BORIS).begin(Kind.SIGN_IN)
        house.clock.push(gap)
    assert said(await boris.elsewhere().sign_in()) == "done"
    assert said(await stranger(house, BORIS).ask(Kind.SIGN_IN)) == "open"
    refused = await stranger(house, BORIS).ask(Kind.SIGN_IN)
    assert refused.until == house.clock.now() + MINUTE


async def test_five_codes_in_ten_minutes_without_pauses(engine: StoreEngine) -> None:
    house = House(engine, overrides={"code_address": Override(gaps_s=())})
    first = house.clock.now()
    refused = await spend_address(house, CLARA)
    assert await house.value("SELECT count(*) FROM outbox") == 5
    assert (said(refused), refused.until) == ("too_many_codes", first + 10 * MINUTE)
    house.clock.push(10 * MINUTE)
    assert said(await stranger(house, CLARA).ask(Kind.ENROL)) == "open"


@exercises(limits.CODE_DEVICE)
async def test_a_known_device_has_a_budget_of_its_own(house: House, anna: Someone) -> None:
    refused = await spend_address(house, ANNA)
    assert said(refused) == "too_many_codes"
    assert said(await anna.sign_in()) == "done"
    # It is a budget, though: her child plays with the telephone.
    house.clock.push(10 * MINUTE)
    for gap in GAPS:
        assert said(await anna.ask(Kind.SIGN_IN)) == "open"
        refused = await anna.ask(Kind.SIGN_IN)
        assert (said(refused), refused.until) == ("too_many_codes", house.clock.now() + gap)
        assert refused.work is None
        house.clock.push(gap)
    # And what the child spends is not the stranger's.
    assert said(await anna.elsewhere().ask(Kind.SIGN_IN)) == "open"


@exercises(limits.WORK_ONCE)
async def test_work_opens_the_door_that_a_stranger_closed(house: House, anna: Someone) -> None:
    refused = await spend_address(house, ANNA)
    assert refused.work is not None
    paid = solution(refused.work)
    there = anna.elsewhere()
    begun = await there.ask(Kind.SIGN_IN, work=paid)
    assert said(begun) == "open"
    assert said(await there.prove(begun, code_current=await house.code_to(ANNA))) == "open"
    # The same solution again, spelled as one likes; then garbage, and nothing leaves.
    sent = await house.value("SELECT count(*) FROM outbox")
    house.clock.push(SECOND)
    again = await spend_address(house, ANNA)
    assert again.work is not None
    challenge, _, nonce = paid.partition(".")
    ends, _, mac = again.work.partition("-")
    for bad in (
        paid,
        f"{challenge}=.{nonce}",
        f"{again.work}.0" if not work.solved(again.work, "0") else f"{again.work}.",
        f"{again.work}.",
        f"{int(ends) + 1}-{mac}.{nonce}",
        ".",
        "-",
        "",
        "é-é.é",
        "9" * 40,
        "1-" + "A" * 23 + ".1",
    ):
        assert said(await there.ask(Kind.SIGN_IN, work=bad)) == "work_invalid", bad
    assert await house.value("SELECT count(*) FROM outbox") == sent


async def test_work_for_one_number_buys_nothing_for_another(house: House) -> None:
    for_clara = await spend_address(house, CLARA)
    assert said(await spend_address(house, DARIA)) == "too_many_codes"
    assert for_clara.work is not None
    paid = solution(for_clara.work)
    assert said(await stranger(house, DARIA).ask(Kind.ENROL, work=paid)) == "work_invalid"
    house.clock.push(30 * SECOND)
    # It is good for its own number by any journey, while it lasts.
    assert said(await stranger(house, CLARA).ask(Kind.ENROL, work=paid)) == "open"


async def test_work_is_worth_ten_minutes(house: House) -> None:
    clara = stranger(house, CLARA)
    for gap in GAPS:
        await clara.begin(Kind.ENROL)
        house.clock.push(gap)
    await clara.begin(Kind.ENROL)
    refused = await clara.ask(Kind.ENROL)
    paid = solution(refused.work)
    house.clock.push(work.TTL_S * SECOND)
    assert said(await clara.ask(Kind.ENROL, work=paid)) == "work_invalid"


@exercises(limits.CODE_WORK)
async def test_work_buys_some_codes_a_day_for_each_network(engine: StoreEngine) -> None:
    house = House(engine, overrides={"code_work": Override(amount=3)})
    clara = stranger(house, CLARA)
    for _ in range(3):
        refused = await spend_address(house, CLARA)
        assert refused.work is not None
        assert said(await clara.ask(Kind.ENROL, work=solution(refused.work))) == "open"
        house.clock.push(SECOND)
    worked_enough = await clara.ask(Kind.ENROL)
    assert said(worked_enough) == "too_many_codes"
    assert worked_enough.work is None
    assert worked_enough.until > house.clock.now() + 23 * HOUR
    # The stranger has worked for nothing: from her own network she gets through.
    elsewhere = clara.elsewhere("203.0.113.77")
    offered = await elsewhere.ask(Kind.ENROL)
    assert said(await elsewhere.ask(Kind.ENROL, work=solution(offered.work))) == "open"


@exercises(limits.CODE_DEVICE_DAY)
async def test_a_known_device_is_no_pump(engine: StoreEngine) -> None:
    """Beyond its daily share it spends what strangers spend, the country's budget included."""
    house = House(
        engine,
        overrides={
            "code_device_day": Override(amount=3),
            "code_device": Override(amount=100, gaps_s=()),
            "code_address": Override(amount=100, gaps_s=()),
        },
    )
    anna = await house.bring_in(ANNA)
    country = "SELECT coalesce(sum(count), 0) FROM limits WHERE name = 'code_country'"
    for _ in range(3):
        assert said(await anna.ask(Kind.SIGN_IN)) == "open"
    assert await house.value(country) == 0
    for _ in range(2):
        assert said(await anna.ask(Kind.SIGN_IN)) == "open"
    assert await house.value(country) == 2


@exercises(limits.CODE_COUNTRY)
async def test_a_country_has_a_budget_that_known_devices_do_not_share(
    engine: StoreEngine,
) -> None:
    """Sixteen slots of one each: a robot pumps SMS to Russian numbers."""
    house = House(engine, overrides={"code_country": Override(amount=16)})
    anna = await house.bring_in(ANNA)
    told = []
    for n in range(200):
        robot = stranger(house, f"+7916{2_000_000 + n}", n)
        told.append(said(await robot.ask(Kind.SIGN_IN)))
    assert set(told) == {"open", "too_many_codes"}
    assert told.count("open") == 16
    # Nobody is shut out: a newcomer works for the code, and a change on a known device goes on.
    refused = await stranger(house, ANNA_NEW).ask(Kind.ENROL)
    assert said(await stranger(house, ANNA_NEW).ask(Kind.ENROL, work=solution(refused.work))) == (
        "open"
    )
    assert said(await anna.sign_in()) == "done"
    assert said(await anna.ask(Kind.CHANGE, THIEF)) == "open"
    assert said(await stranger(house, CLARA).ask(Kind.ENROL)) == "open"
    house.clock.push(HOUR)
    assert said(await stranger(house, BORIS).ask(Kind.ENROL)) == "open"


@exercises(limits.CODE_ACCOUNT)
async def test_one_account_rings_thirty_numbers_a_day(house: House, anna: Someone) -> None:
    for n in range(30):
        number = f"+7916{2_000_000 + n}"
        asked = await anna.ask(Kind.CHANGE, number, send=(Proof.CODE_NEW,))
        assert said(asked) == "open", n
    asked = await anna.ask(Kind.CHANGE, CLARA, send=(Proof.CODE_NEW,))
    assert said(asked) == "too_many_codes"
    assert asked.until == house.clock.now() + DAY
    assert not [sent for sent in house.post.sms if sent.to == CLARA]
    # Signing in is no change.
    assert said(await anna.sign_in()) == "done"


async def test_a_stranger_does_not_spend_the_accounts_budget(engine: StoreEngine) -> None:
    """He begins to sign in as Anna and asks for code after code, all day long."""
    house = House(engine, overrides={"code_account": Override(amount=10)})
    anna = await house.bring_in(ANNA)
    codes = 0
    while codes < 32:
        begun = await stranger(house, ANNA, codes).begin(Kind.SIGN_IN)
        house.clock.push(32 * MINUTE)
        assert said(await stranger(house, ANNA).another_code(begun, Proof.CODE_CURRENT)) == "open"
        house.clock.push(32 * MINUTE)
        codes += 2
    await anna.sign_in()
    house.clock.push(MINUTE)
    assert said(await anna.change(ANNA_NEW)) == "done"


@exercises(limits.ASK_CLIENT)
async def test_one_machine_begins_so_much_and_no_more(engine: StoreEngine) -> None:
    house = House(engine, overrides={"ask_client": Override(amount=20)})
    anna = await house.bring_in(ANNA)
    began = house.clock.now()
    for n in range(20):
        kind = (Kind.ENROL, Kind.SIGN_IN)[n % 2]
        assert said(await Someone(house, f"+7916{2_000_000 + n}").ask(kind)) == "open"
    refused = await Someone(house, CLARA).ask(Kind.ENROL)
    assert (said(refused), refused.until) == ("too_many_requests", began + 10 * MINUTE)
    assert said(await Someone(house, CLARA, address="192.0.2.11").ask(Kind.ENROL)) == "open"
    # Anna's telephone is behind the same address of her operator.
    assert said(await anna.sign_in()) == "done"
    house.clock.push(10 * MINUTE)
    assert said(await Someone(house, DARIA).ask(Kind.ENROL)) == "open"


@exercises(limits.WRONG_CLIENT)
async def test_one_machine_guesses_so_much_and_pays_for_more(engine: StoreEngine) -> None:
    """A neighbour's right code is taken all the same; each new one costs work from then on."""
    house = House(engine, overrides={"wrong_client": Override(amount=8)})
    anna = await house.bring_in(ANNA)
    clara, daria = Someone(house, CLARA), Someone(house, DARIA)
    first, second = await clara.begin(Kind.ENROL), await daria.begin(Kind.ENROL)
    codes = await house.code_to(CLARA), await house.code_to(DARIA)
    for by in range(1, 5):
        assert said(await clara.prove(first, code_new=another(codes[0], by))) == "code_wrong"
        assert said(await daria.prove(second, code_new=another(codes[1], by))) == "code_wrong"
    assert said(await daria.prove(second, code_new=codes[1])) == "done"
    refused = await Someone(house, BORIS).ask(Kind.ENROL)
    assert (said(refused), refused.until) == ("too_many_requests", house.clock.now() + HOUR)
    paid = await Someone(house, BORIS).ask(Kind.ENROL, work=solution(refused.work))
    assert said(paid) == "open"
    assert said(await anna.sign_in()) == "done"


@exercises(limits.WRONG_DEVICE)
async def test_a_stolen_telephone_guesses_a_hundred_times(embedded: House) -> None:
    """After a hundred wrong codes in a row, at sign-in and at a change, it is known no more."""
    house = embedded
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    begun = await anna.begin(Kind.CHANGE, THIEF, send=(Proof.CODE_CURRENT,))
    code = await house.code_to(ANNA)
    for by in range(1, 6):
        assert said(await anna.prove(begun, code_current=another(code, by))) == "code_wrong"
    for _ in range(19):
        house.clock.push(32 * MINUTE)
        asked = await anna.begin(Kind.SIGN_IN)
        code = await house.code_to(ANNA)
        for by in range(1, 6):
            assert said(await anna.prove(asked, code_current=another(code, by))) == "code_wrong"
    assert await house.value("SELECT wrong_in_row FROM devices") == 100
    house.clock.push(32 * MINUTE)
    weak = await anna.ask(Kind.CHANGE, THIEF, send=())
    # Not now any more, and not without the number itself.
    assert weak.needs == ((Proof.CODE_CURRENT, Proof.CODE_NEW),)
    # What is left is what any unknown device has: the mailbox too; then the row begins again.
    asked = await anna.begin(Kind.SIGN_IN)
    assert said(await anna.prove(asked, code_current=await house.code_to(ANNA))) == "open"
    assert said(await anna.another_code(asked, Proof.CODE_EMAIL)) == "open"
    assert said(await anna.prove(asked, code_email=await house.code_to(ANNA_MAIL))) == "done"
    assert await house.value("SELECT wrong_in_row FROM devices") == 0


async def test_a_mailbox_is_flooded_no_more_than_a_telephone(house: House, anna: Someone) -> None:
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    assert said(await there.prove(begun, code_current=await house.code_to(ANNA))) == "open"
    for gap in GAPS[:4]:
        assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "open"
        refused = await there.another_code(begun, Proof.CODE_EMAIL)
        assert (said(refused), refused.until) == ("too_many_codes", house.clock.now() + gap)
        house.clock.push(gap)
    await house.deliver()
    assert [sent.to for sent in house.post.mail] == [ANNA_MAIL] * len(house.post.mail)


async def sending_paths(house: House, anna: Someone) -> list[Callable[[], Any]]:
    """Every way in which a code can leave."""
    assert said(await anna.change(BORIS)) == "done"
    taken_back = await house.link_to(ANNA_MAIL, "undo")
    house.clock.push(12 * HOUR)
    waiting = await c5(house, anna, ANNA_NEW)
    clara, there = Someone(house, CLARA), anna.elsewhere()
    enrolling, signing_in = await clara.begin(Kind.ENROL), await there.begin(Kind.SIGN_IN)
    half = await there.prove(signing_in, code_current=await house.code_to(BORIS))
    assert said(half) == "open"
    undoing = await there.begin(Kind.UNDO, ANNA_MAIL)
    house.clock.push(HOUR // 2)
    return [
        lambda: Someone(house, DARIA).ask(Kind.ENROL),
        lambda: Someone(house, ANNA).ask(Kind.SIGN_IN),
        lambda: Someone(house, THIEF).ask(Kind.SIGN_IN),
        lambda: anna.ask(Kind.SIGN_IN),
        lambda: anna.ask(Kind.CHANGE, ANNA_NEW),
        lambda: clara.another_code(enrolling, Proof.CODE_NEW),
        lambda: there.another_code(signing_in, Proof.CODE_EMAIL),
        lambda: there.ask(Kind.UNDO, ANNA),
        lambda: there.ask(Kind.UNDO, ANNA_MAIL),
        lambda: there.ask(Kind.UNDO, "nobody@example.org"),
        lambda: there.undo_by(taken_back),
        lambda: there.another_code(undoing, Proof.CODE_EMAIL),
        lambda: anna.another_code(waiting, Proof.CODE_CURRENT),
        lambda: anna.another_code(waiting, Proof.CODE_EMAIL),
    ]


async def test_a_limiter_that_cannot_count_lets_nothing_be_sent(
    house: House, anna: Someone, database_url: str
) -> None:
    paths = await sending_paths(house, anna)
    await house.deliver()
    rows = await house.value("SELECT count(*) FROM outbox")
    sent = len(house.post.sms), len(house.post.mail)
    await databases.run(database_url, "ALTER TABLE limits RENAME TO limits_away")
    for path in paths:
        with pytest.raises(Exception, match=re.compile("limits")):
            await path()
    await house.deliver()
    assert await house.value("SELECT count(*) FROM outbox") == rows
    assert (len(house.post.sms), len(house.post.mail)) == sent
    # And when it counts again, everybody is served.
    await databases.run(database_url, "ALTER TABLE limits_away RENAME TO limits")
    assert [said(await path()) for path in paths[:3]] == ["open"] * 3


async def test_a_store_that_is_away_lets_nothing_be_sent(house: House, anna: Someone) -> None:
    paths = await sending_paths(house, anna)
    sent = len(house.post.sms)
    await house.engine.close()
    for path in paths:
        with pytest.raises(Unavailable):
            await path()
    assert len(house.post.sms) == sent


@exercises(limits.WRONG_PROOF)
async def test_a_password_guesser_closes_passwords_for_strangers_only(
    house: House, anna: Someone
) -> None:
    """Many passwords at one account, from ever new networks; with the right one at last."""
    await set_password(anna, age=30 * DAY)
    told = []
    for n in range(17):
        thief = stranger(house, ANNA, n)
        begun = await thief.ask(Kind.SIGN_IN, send=())
        guess = PASSWORD if n == 16 else f"{PASSWORD} {n}"
        told.append(said(await thief.prove(begun, password=guess)))
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"] * 2
    # Nobody was kept from a code; and Anna's own telephone counts for itself.
    half = await anna.elsewhere().sign_in()
    assert said(half) == "open"
    at_home = await anna.ask(Kind.SIGN_IN, send=())
    assert said(await anna.prove(at_home, password=PASSWORD)) == "done"
    house.clock.push(DAY)
    later = stranger(house, ANNA, 99)
    begun = await later.ask(Kind.SIGN_IN, send=())
    assert said(await later.prove(begun, password=PASSWORD)) == "done"


@pytest.mark.parametrize("number", [ANNA, BORIS])
async def test_passwords_close_the_same_for_nobody(
    house: House, anna: Someone, number: str
) -> None:
    """Anna has none, and Boris is nobody."""
    told = []
    for n in range(16):
        thief = stranger(house, number, n)
        begun = await thief.ask(Kind.SIGN_IN, number, send=())
        told.append(said(await thief.prove(begun, password=PASSWORD)))
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"]


async def test_one_password_at_many_accounts_spends_its_network(engine: StoreEngine) -> None:
    house, told = House(engine, overrides={"wrong_client": Override(amount=20)}), set()
    for n in range(30):
        thief = Someone(house, f"+7916{n:07d}", address="203.0.113.9")
        begun = await thief.ask(Kind.SIGN_IN, send=())
        if isinstance(begun, Refused):
            told.add((said(begun), begun.work is not None))
            break
        told.add((said(await thief.prove(begun, totp="000000", password="aaaaaaaa")), False))
    assert told == {("proof_wrong", False), ("too_many_requests", True)}


@exercises(limits.WRONG_FACTOR)
async def test_whoever_knows_the_password_does_not_guess_the_second_factor(
    house: House, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    await set_totp(anna, age=30 * DAY)
    told = []
    for n in range(16):
        thief = stranger(house, ANNA, n)
        begun = await thief.ask(Kind.SIGN_IN, send=())
        assert said(await thief.prove(begun, password=PASSWORD)) == "open"
        told.append(said(await thief.prove(begun, totp="000000")))
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"]
    at_home = await anna.ask(Kind.SIGN_IN, send=())
    done = await anna.prove(at_home, password=PASSWORD, totp=totp_now(anna))
    assert said(done) == "done"


async def test_no_counter_tells_that_a_number_and_a_mailbox_are_one_person(
    house: House, anna: Someone
) -> None:
    """A stranger spends the tries at her number; her mailbox looks like anybody's."""
    await set_password(anna, age=30 * DAY)
    await set_totp(anna, age=30 * DAY)
    for n in range(15):
        thief = stranger(house, ANNA, n)
        begun = await thief.ask(Kind.SIGN_IN, send=())
        assert said(await thief.prove(begun, password="a guess", totp="000000")) == "proof_wrong"
    for address in (ANNA_MAIL, "nobody@example.org"):
        thief = stranger(house, ANNA, 77)
        begun = await thief.ask(Kind.SIGN_IN, address)
        assert said(await thief.prove(begun, password="a guess", totp="000000")) == "proof_wrong"


@exercises(limits.RECOVER_ADDRESS)
@pytest.mark.parametrize("name", [ANNA, ANNA_MAIL, BORIS])
async def test_a_guessing_stranger_does_not_recover(embedded: House, name: str) -> None:
    """The same for everybody, and for an address by itself: the other is hers to use."""
    house = embedded
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    told: list[Any] = []
    for n in range(21):
        told.append(await stranger(house, name, n).ask(Kind.RECOVER))
        house.clock.push(33 * MINUTE)
    assert [said(each) for each in told] == ["open"] * 20 + ["too_many_codes"]
    # No work buys a guess.
    assert told[-1].work is None
    other = ANNA_MAIL if name == ANNA else ANNA
    begun = await anna.elsewhere().begin(Kind.RECOVER, other)
    proved = await anna.elsewhere().prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(proved) == "open"
    house.clock.push(DAY)
    assert said(await stranger(house, name).ask(Kind.RECOVER)) == "open"


@exercises(limits.CASES_ACCOUNT)
async def test_one_account_opens_five_cases_a_day(house: House, anna: Someone) -> None:
    letter = Letter(CaseKind.OTHER, "Where is my order?")
    for _ in range(5):
        opened = await cases.open_signed_in(house.desk, anna.caller(), letter)
        assert isinstance(opened, CaseView), opened
    refused = await cases.open_signed_in(house.desk, anna.caller(), letter)
    assert isinstance(refused, Refused)
    assert (said(refused), refused.until) == ("too_many_cases", house.clock.now() + DAY)
    assert await house.value("SELECT count(*) FROM cases") == 5
    house.clock.push(DAY)
    assert isinstance(await cases.open_signed_in(house.desk, anna.caller(), letter), CaseView)


@exercises(limits.CONFIRM_SESSION)
async def test_a_session_asks_to_confirm_thirty_times_an_hour(embedded: House) -> None:
    """Whoever has copied it spends nothing of what its holder may do on their own device."""
    house = embedded
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    thief = anna.elsewhere()
    thief.session = anna.session

    async def asks(who: Someone, times: int) -> list[Any]:
        begin, caller = reauthentication.begin, who.caller()
        return [await begin(house.desk, caller, Purpose.PASSWORD_SET) for _ in range(times)]

    for who in (thief, anna):
        *begun, refused = await asks(who, 31)
        assert {said(each) for each in begun} == {"open"}
        assert (said(refused), refused.until) == ("too_many_requests", house.clock.now() + HOUR)
    kept = "SELECT count(*) FROM requests WHERE kind = 'reauthenticate'"
    assert await house.value(kept) == 60
    house.clock.push(HOUR)
    assert said((await asks(thief, 1))[0]) == "open"


@exercises(limits.SEARCH_OPERATOR)
async def test_one_operator_looks_up_twenty_numbers_a_day(embedded: House) -> None:
    house = embedded
    olga = await hired(house, "olga", Role.OPERATOR)
    pavel = await hired(house, "pavel", Role.OPERATOR)
    case_id = (await entered(house, await written(house, stranger(house, ANNA_NEW)))).row.id

    async def look_up(who: Operator, number: str) -> Any:
        return await casebook.search_number(house.desk, AT_DESK, who, case_id, number, "An older?")

    for n in range(20):
        assert isinstance(await look_up(olga, f"+7916{2_000_000 + n}"), list)
    refused = await look_up(olga, ANNA)
    assert (said(refused), refused.until) == ("too_many_requests", house.clock.now() + DAY)
    assert (await house.acts(case_id)).count("case_searched") == 20
    # Each has a share of their own.
    assert isinstance(await look_up(pavel, ANNA), list)


@exercises(limits.OPEN_OPERATOR, limits.OPEN_MAILBOX)
async def test_the_desk_writes_to_so_many_strangers_a_day(embedded: House) -> None:
    """By one person, to whatever mailboxes; and to one mailbox, whoever does."""
    house = embedded
    olga = await hired(house, "olga", Role.OPERATOR)
    pavel = await hired(house, "pavel", Role.OPERATOR)

    async def opens(who: Operator, mailbox: str) -> Any:
        heard = Heard(CaseKind.OTHER, "An order is missing.", mailbox, "en")
        return await case_opening.write_down(house.desk, AT_DESK, who, heard)

    for who in (olga, olga, pavel):
        assert isinstance(await opens(who, ANNA_MAIL.upper()), str)
    for n in range(38):
        assert isinstance(await opens(olga, f"{n}@example.org"), str)
    for who, mailbox in ((pavel, ANNA_MAIL), (olga, "last@example.org")):
        refused = await opens(who, mailbox)
        assert (said(refused), refused.until) == ("too_many_requests", house.clock.now() + DAY)
    assert isinstance(await opens(pavel, "last@example.org"), str)
    assert await house.value("SELECT count(*) FROM outbox") == 42


@exercises(limits.MESSAGES_CASE)
async def test_a_case_is_not_written_full(embedded: House) -> None:
    """Nor by several who share its link; letters and the other side: `test_correspondence.py`."""
    house = embedded
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))

    async def writes(n: int) -> Refused | None:
        caller = stranger(house, CLARA, n).caller()
        return await correspondence.write(house.desk, caller, access, "Hello?")

    for n in range(30):
        assert await writes(n) is None
    refused = await writes(30)
    assert isinstance(refused, Refused)
    assert (said(refused), refused.until) == ("too_many_messages", house.clock.now() + DAY)


@exercises(limits.UPLOADS_CASE)
async def test_a_case_is_not_sent_full(embedded: House) -> None:
    """What is refused counts as well: the scanner and the child have worked for it. Beyond that
    nothing is read, and the other side's budget is its own."""
    house = embedded
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    workshop, read = Workshop(), list[int]()
    house.intake = msgspec.structs.replace(house.intake, papers=workshop)
    workshop.refusing = "damaged"

    async def virus() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"MZ"

    async def sends(kind: str = DocumentKind.IDENTITY) -> Any:
        caller = Someone(house, ANNA_NEW).caller()
        return await correspondence.add_document(
            house.desk, house.intake, caller, access, kind, virus()
        )

    for _try in range(60):
        assert said(await sends()) == "document_unreadable"
    # What is refused without a look costs nothing.
    assert said(await sends("cat")) == "document_kind"
    refused = await sends()
    assert (said(refused), refused.until) == ("too_many_uploads", house.clock.now() + DAY)
    assert len(read) == 60
    assert await house.rows("SELECT name, count FROM limits WHERE name LIKE 'uploads%'") == [
        ("uploads_case", 60)
    ]
    workshop.refusing = None
    house.clock.push(DAY)
    assert said(await sends()) == "ok"
    # Whoever sends many at a time gets no more for it.
    few = limits.in_force({"uploads_case": Override(amount=2)})
    house.desk = msgspec.structs.replace(house.desk, limits=few)
    house.clock.push(DAY)
    at_once = [said(each) for each in await asyncio.gather(*(sends() for _ in range(9)))]
    assert at_once.count("too_many_uploads") >= 7


@exercises(limits.OPERATOR_LOGIN, limits.OPERATOR_CLIENT)
async def test_the_console_is_guessed_at_so_often(embedded: House) -> None:
    """At one login from everywhere, at every login from one machine; whether there is such a
    login or not. What stays open for whom it is: `test_operators.py`."""
    few = {"operator_login": Override(amount=3), "operator_client": Override(amount=5)}
    house = House(embedded.engine, overrides=few)
    await hired(house, "olga", Role.OPERATOR)
    machine = "203.0.113.9"

    async def guess_at(login: str, address: str) -> Any:
        offer = operator_sessions.offer(house.desk)
        by = at_console(address=address)
        return await operator_sessions.by_password(
            house.desk, by, offer.id, login, PASSWORD, "000000"
        )

    for login in ("olga", "nobody"):
        told = [await guess_at(login, f"198.51.100.{n}") for n in range(4)]
        assert [said(each) for each in told] == ["proof_wrong"] * 3 + ["proofs_closed"]
        assert told[-1].until == house.clock.now() + DAY
    told = [await guess_at(f"name{n}", machine) for n in range(6)]
    assert [said(each) for each in told] == ["proof_wrong"] * 5 + ["too_many_requests"]
    assert told[-1].until == house.clock.now() + HOUR
