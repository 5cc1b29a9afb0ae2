"""recovery_codes: ten on paper, each once, in place of what was lost; and whoever finds them."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import msgspec
import pytest

from rebind.domain import recovery_codes as rules
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import reauthentication, recovery_codes, totp
from rebind.flows.desk import RequestView
from rebind.flows.recovery_codes import RecoveryCodesView
from rebind.ports import Dice
from rebind.store import recovery_codes as store
from rebind.store.engines import open_engine
from rebind.store.statements import Missed
from tests.factors import PASSWORD, set_password, set_totp, totp_now
from tests.journeys import databases
from tests.journeys.test_totp import (
    STEP,
    App,
    by_sms,
    by_turns,
    confirmed,
    confirming,
    confirms,
    entering,
    live,
    offered,
)
from tests.journeys.test_undo import rob
from tests.journeys.waits import number_of, row_of, told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, THIEF, House, Someone, said


@pytest.fixture
async def anna(house: House) -> Someone:
    """Anna has had her account for a year, and an authenticator app for a month."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    await set_totp(anna, age=30 * DAY)
    house.clock.push(HOUR)
    return anna


@pytest.fixture
async def beside(house: House, database_url: str) -> AsyncIterator[House]:
    """Another process of the same service."""
    opened = await open_engine(database_url, connections=4, fraction=random.Random(8).random)
    yield House(opened, beside=house)
    await opened.close()


async def make(who: Someone, permit: RequestView) -> Any:
    return await recovery_codes.make(who.house.desk, who.caller(), permit.id)


async def made(who: Someone, **proofs: str) -> tuple[str, ...]:
    """Ten codes, by a code of the app or what is given; half a minute later."""
    permit = await confirmed(who, Purpose.RECOVERY_CODES, **(proofs or {"totp": totp_now(who)}))
    found = await make(who, permit)
    assert isinstance(found, tuple), found
    who.house.clock.push(STEP)
    return found


async def left(who: Someone) -> int:
    found = await recovery_codes.show(who.house.desk, who.caller())
    assert isinstance(found, RecoveryCodesView), found
    return found.left


async def enters(who: Someone, code: str) -> str:
    """Sign in by a code to the number, and a printed one; how that ended."""
    begun, half = await by_sms(who)
    assert (Proof.RECOVERY_CODE,) in half.needs, half
    return said(await who.prove(begun, recovery_code=code))


# making them


async def test_ten_are_made_and_told_once(house: House, anna: Someone) -> None:
    assert await recovery_codes.show(house.desk, anna.caller()) == RecoveryCodesView(0, None, True)
    await house.deliver()
    permit = await confirmed(anna, Purpose.RECOVERY_CODES, totp=totp_now(anna))
    assert await recovery_codes.look(house.desk, anna.caller(), permit.id) is None
    codes = await make(anna, permit)
    assert isinstance(codes, tuple)
    assert len(set(codes)) == 10
    now = house.clock.now()
    shown = await recovery_codes.show(house.desk, anna.caller())
    assert shown == RecoveryCodesView(10, now, True)
    assert (await house.acts(anna.account))[-1] == "recovery_codes_made"
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    # The same proof makes no more, and nobody can tell these again.
    assert said(await make(anna, permit)) == "reauthentication_required"
    again = await recovery_codes.look(house.desk, anna.caller(), permit.id)
    assert said(again) == "reauthentication_required"


async def test_each_has_more_than_112_bits(anna: Someone) -> None:
    """OWASP ASVS 5.0 6.5.2: from there on a plain hash will do."""
    codes = await made(anna)
    assert len(rules.ALPHABET) == len(set(rules.ALPHABET)) == 32
    assert 25 * 5 == rules.BITS >= 112
    for code in codes:
        plain = code.replace("-", "")
        assert len(plain) == 25
        assert set(plain) <= set(rules.ALPHABET)
        assert [len(group) for group in code.split("-")] == [5] * 5


class Scripted:
    """Dice whose every throw is known before; the ids are as ever."""

    def __init__(self, dice: Dice) -> None:
        self._dice, self.throws = dice, 0

    def secret(self) -> bytes:
        self.throws += 1
        return bytes([self.throws]) * 16

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dice, name)


async def test_they_are_those_of_the_dice(house: House, anna: Someone) -> None:
    permit = await confirmed(anna, Purpose.RECOVERY_CODES, totp=totp_now(anna))
    dice = Scripted(house.dice)
    house.desk = msgspec.structs.replace(house.desk, dice=dice)
    codes = await make(anna, permit)
    assert codes == tuple(rules.grouped(rules.made(bytes([n]) * 16)) for n in range(1, 11))
    assert dice.throws == 10


def test_a_thousand_of_them_do_not_repeat(embedded: House) -> None:
    assert len({rules.made(embedded.dice.secret()) for _ in range(1_000)}) == 1_000


async def test_new_ones_end_the_old_ones(house: House, anna: Someone) -> None:
    """The used one and the nine others."""
    old = await made(anna)
    there = anna.elsewhere()
    assert await enters(there, old[0]) == "done"
    assert await left(anna) == 9
    new = await made(anna)
    assert not set(old) & set(new)
    assert await left(anna) == 10
    house.clock.push(HOUR)
    begun, _half = await by_sms(there)
    for code in old:
        assert said(await there.prove(begun, recovery_code=code)) == "proof_wrong"
    assert said(await there.prove(begun, recovery_code=new[0])) == "done"


async def test_there_must_be_something_for_which_they_stand_in(
    house: House, boris: Someone
) -> None:
    permit = await confirmed(boris, Purpose.RECOVERY_CODES)
    assert said(await make(boris, permit)) == "recovery_codes_need_factor"
    look = await recovery_codes.look(house.desk, boris.caller(), permit.id)
    assert said(look) == "recovery_codes_need_factor"
    assert await live(house, "recovery_codes") == 0
    shown = await recovery_codes.show(house.desk, boris.caller())
    assert shown == RecoveryCodesView()


async def test_a_proof_for_something_else_makes_none(
    house: House, anna: Someone, boris: Someone
) -> None:
    wrong = await confirmed(anna, Purpose.PASSWORD_SET, totp=totp_now(anna))
    assert said(await make(anna, wrong)) == "reauthentication_required"
    house.clock.push(STEP)
    permit = await confirmed(anna, Purpose.RECOVERY_CODES, totp=totp_now(anna))
    assert said(await make(boris, permit)) == "reauthentication_required"
    assert said(await make(Someone(house, ANNA), permit)) == "session_required"
    nobody = Someone(house, ANNA).caller()
    assert said(await recovery_codes.show(house.desk, nobody)) == "session_required"
    house.clock.push(10 * MINUTE)
    assert said(await make(anna, permit)) == "reauthentication_required"
    assert await live(house, "recovery_codes") == 0


@pytest.mark.parametrize("permits", [1, 2])
async def test_two_sets_at_once(house: House, beside: House, anna: Someone, permits: int) -> None:
    """From two processes: one proof makes one set, and ten codes count in the end."""
    views = []
    for _ in range(permits):
        views.append(await confirmed(anna, Purpose.RECOVERY_CODES, totp=totp_now(anna)))
        house.clock.push(STEP)
    hands = by_turns((house, beside), anna, 2)
    sets = await asyncio.gather(*(make(hand, views[n % permits]) for n, hand in enumerate(hands)))
    told_codes = [each for each in sets if isinstance(each, tuple)]
    others = {said(each) for each in sets if not isinstance(each, tuple)}
    assert 1 <= len(told_codes) <= permits
    assert others <= {"try_again", "reauthentication_required"}
    assert await live(house, "recovery_codes") == 10
    kept = {bytes(row[0]) for row in await house.rows(
        "SELECT code_hash FROM recovery_codes WHERE removed_at IS NULL"
    )}  # fmt: skip
    hashes = [
        {rules.hashed(anna.account, code.replace("-", "")) for code in each} for each in told_codes
    ]
    assert kept in hashes, "what was told is what counts"


# using one


async def test_one_signs_in_beside_a_code_to_the_number(house: House, anna: Someone) -> None:
    """Row I2, on an unknown device and on her own."""
    codes = await made(anna)
    for n, there in enumerate((anna.elsewhere(), Someone(house, ANNA, anna.device, anna.id))):
        begun, half = await by_sms(there)
        assert set(half.needs) == {(Proof.TOTP,), (Proof.RECOVERY_CODE,)}
        done = await there.prove(begun, recovery_code=codes[n])
        assert (said(done), done.row, done.session.level) == ("done", "I2", "full")
        house.clock.push(HOUR)


@pytest.mark.parametrize("name", [ANNA, ANNA_MAIL])
async def test_one_signs_in_beside_a_password(house: House, anna: Someone, name: str) -> None:
    """Row I5: together or one after the other."""
    await set_password(anna)
    codes = await made(anna)
    there = anna.elsewhere()
    begun = await entering(there, name)
    half = await there.prove(begun, password=PASSWORD)
    assert set(half.needs) >= {(Proof.TOTP,), (Proof.RECOVERY_CODE,)}
    done = await there.prove(begun, recovery_code=codes[0])
    assert (said(done), done.row) == ("done", "I5")
    begun = await entering(there, name)
    done = await there.prove(begun, password=PASSWORD, recovery_code=codes[1])
    assert (said(done), done.row) == ("done", "I5")
    proofs = "SELECT DISTINCT proofs FROM sessions WHERE opened_by = 'I5'"
    assert await house.rows(proofs) == [("password recovery_code",)]
    assert await left(anna) == 8


@pytest.mark.parametrize(
    "spelled",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} ",
        lambda code: code.replace("-", "\N{EN DASH}"),
        lambda code: code.replace("0", "O").replace("1", "l"),
    ],
)
async def test_it_may_be_typed_as_people_type(anna: Someone, spelled: Any) -> None:
    (code, *_others) = await made(anna)
    assert await enters(anna.elsewhere(), spelled(code)) == "done"


async def test_each_counts_once(house: House, anna: Someone) -> None:
    """In the same request, in another, at sign-in and at re-authentication, however it is typed."""
    first, second, *_others = await made(anna)
    there = anna.elsewhere()
    assert await enters(there, first) == "done"
    hers = Someone(house, ANNA, anna.device, anna.id)
    house.clock.push(HOUR)
    begun, _half = await by_sms(hers)
    for typed in (first, first.lower(), first.replace("-", "")):
        assert said(await hers.prove(begun, recovery_code=typed)) == "proof_wrong"
        view = await confirming(anna, Purpose.PASSWORD_SET)
        assert said(await anna.prove(view, recovery_code=typed)) == "proof_wrong"
    assert said(await hers.prove(begun, recovery_code=second)) == "done"
    assert await left(anna) == 8


async def test_of_two_processes_with_one_code_one_wins(
    house: House, beside: House, anna: Someone
) -> None:
    """A sheet that was copied, at the moment at which she uses it, in ten requests at once."""
    (code, *_others) = await made(anna)
    hands = by_turns((house, beside), anna, 10)
    views = [await confirming(hand, Purpose.PASSWORD_SET) for hand in hands]
    calls: list[Awaitable[Any]] = [
        hand.prove(view, recovery_code=code) for hand, view in zip(hands, views, strict=True)
    ]
    words = Counter(said(outcome) for outcome in await asyncio.gather(*calls))
    assert words == {"done": 1, "proof_wrong": 9}
    assert await left(anna) == 9
    assert (await house.acts(anna.account)).count("recovery_code_used") == 1


async def test_a_code_is_spent_once(house: House, beside: House, anna: Someone) -> None:
    """The guard by itself, met by twenty batches at once."""
    await made(anna)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    (rows,) = await house.engine.read(store.of_request(view.id))
    found, *_others = store.rows(rows)
    now = house.clock.now()
    ends = await asyncio.gather(
        *((house, beside)[n % 2].engine.write([store.spend(found, now)]) for n in range(20)),
        return_exceptions=True,
    )
    assert ends.count(None) == 1
    assert {end.guard for end in ends if isinstance(end, Missed)} == {"recovery_codes.spend"}


async def test_every_address_is_told_how_many_are_left(house: House, anna: Someone) -> None:
    codes = await made(anna)
    before = Counter(await told(house, "security_changed"))
    there = anna.elsewhere()
    begun, half = await by_sms(there)
    for n, code in enumerate(codes):
        assert said(await there.prove(begun, recovery_code=code)) == "done"
        used = Counter(await told(house, "security_changed")) - before
        assert used == Counter({ANNA: n + 1, ANNA_MAIL: n + 1})
        assert await left(anna) == 9 - n
        for sent in (house.post.sms_to(ANNA), house.post.mail_to(ANNA_MAIL)):
            told_of_it = [each.words.text for each in sent if "резервный" in each.words.text]
            assert re.search(rf"(?<!\d){9 - n}(?!\d)", told_of_it[-1]), told_of_it[-1]
        house.clock.push(HOUR)
        begun, half = await by_sms(there)
    # The last one is gone: what is left is the app.
    assert half.needs == ((Proof.TOTP,),)
    assert (await house.acts(anna.account)).count("recovery_code_used") == 10


async def test_a_used_one_of_a_request_that_goes_on_still_counts_in_it(
    house: House, anna: Someone
) -> None:
    """The last code of the sheet is given first, and the code to the new number a minute later."""
    await made(anna)
    await house.write("UPDATE recovery_codes SET used_at = :now", now=house.clock.now())
    (code, *others) = await made(anna)
    for other in others:
        assert said(
            await anna.prove(await confirming(anna, Purpose.PASSKEY_ADD), recovery_code=other)
        ) == "done"  # fmt: skip
    house.clock.push(8 * DAY)
    changing = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    half = await anna.prove(changing, recovery_code=code)
    assert (said(half), half.needs) == ("open", ((Proof.CODE_NEW,),))
    assert await left(anna) == 0
    done = await anna.prove(changing, code_new=await house.code_to(ANNA_NEW))
    assert said(done) == "done"
    assert await row_of(house, changing) == ("done", "C1")


async def test_of_somebody_else_and_made_up_ones_are_wrong(house: House, anna: Someone) -> None:
    thief = await house.bring_in(THIEF)
    await thief.sign_in()
    await set_totp(thief, age=30 * DAY)
    his = await made(thief)
    hers = await made(anna)
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    for typed in (his[0], "ABCDE-FGHJK-MNPQR-STVWX-YZ234", "x", "-", "0" * 8_000, "\x00" * 25):
        assert said(await there.prove(begun, recovery_code=typed)) == "proof_wrong"
    assert said(await there.prove(begun, recovery_code="")) in {"proof_wrong", "code_malformed"}
    assert said(await there.prove(begun, recovery_code=hers[0])) == "done"
    assert await left(thief) == 10


async def test_whoever_guesses_them_closes_the_door_for_unknown_devices_only(
    house: House, anna: Someone
) -> None:
    codes = await made(anna)
    thief = anna.elsewhere("203.0.113.66")
    begun, _half = await by_sms(thief)
    guess = "ABCDE-FGHJK-MNPQR-STVWX-YZ234"
    words = [said(await thief.prove(begun, recovery_code=guess)) for _ in range(16)]
    assert words == ["proof_wrong"] * 15 + ["proofs_closed"]
    # The same counter as that of the app: whoever guesses has one row of tries.
    assert said(await thief.prove(begun, totp=totp_now(anna))) == "proofs_closed"
    assert said(await thief.prove(begun, recovery_code=codes[0])) == "proofs_closed"
    house.clock.push(HOUR)
    hers = Someone(house, ANNA, anna.device, anna.id)
    begun, _half = await by_sms(hers)
    for _ in range(20):
        assert said(await hers.prove(begun, recovery_code=guess)) == "proof_wrong"
    assert said(await hers.prove(begun, recovery_code=codes[0])) == "done"


async def test_a_stranger_cannot_begin_with_one(house: House, anna: Someone) -> None:
    (code, *_others) = await made(anna)
    thief = Someone(house, THIEF)
    for name in (ANNA, ANNA_MAIL, "nobody@example.com"):
        begun = await entering(thief, name)
        assert said(await thief.prove(begun, recovery_code=code)) == "proof_not_offered"
    assert await left(anna) == 10


# moving the number, and what was lost


async def test_an_aged_one_moves_the_number_at_once(house: House, anna: Someone) -> None:
    """Row C1: seven days after they were made, to the millisecond; until then the app does."""
    codes = await made(anna)
    made_at = await house.value("SELECT MIN(set_at) FROM recovery_codes")
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    assert (await anna.look_at(begun)).needs == ((Proof.TOTP, Proof.CODE_NEW),)
    assert said(await anna.prove(begun, recovery_code=codes[0])) == "proof_not_offered"
    house.clock.push(made_at + 7 * DAY - 1 - house.clock.now())
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    assert (await anna.look_at(begun)).needs == ((Proof.TOTP, Proof.CODE_NEW),)
    house.clock.push(1)
    assert (Proof.RECOVERY_CODE, Proof.CODE_NEW) in (await anna.look_at(begun)).needs
    code = await house.code_to(ANNA_NEW)
    done = await anna.prove(begun, recovery_code=codes[0], code_new=code)
    assert said(done) == "done"
    assert await row_of(house, begun) == ("done", "C1")
    assert await number_of(house, anna) == ANNA_NEW


async def test_young_ones_beside_a_young_app_move_nothing(house: House) -> None:
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    house.clock.push(2 * DAY)
    await set_totp(anna)
    app_since = house.clock.now()
    house.clock.push(DAY)
    await made(anna)
    refused = await anna.ask(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    assert (said(refused), refused.until) == ("factor_too_young", app_since + 7 * DAY)


async def test_with_one_a_lost_app_is_replaced(house: House, anna: Someone) -> None:
    """And the rest of the sheet stays good."""
    codes = await made(anna)
    there = anna.elsewhere()
    assert await enters(there, codes[0]) == "done"
    house.clock.push(HOUR)
    permit = await confirmed(there, Purpose.TOTP_SET, recovery_code=codes[1])
    app = App(house, (await offered(there, permit)).secret)
    assert await confirms(there, permit, app.shows()) == "ok"
    assert await left(there) == 8
    house.clock.push(STEP)
    begun, _half = await by_sms(there)
    assert said(await there.prove(begun, totp=totp_now(anna))) == "proof_wrong"
    assert said(await there.prove(begun, totp=app.shows())) == "done"


async def test_they_go_with_the_last_second_factor(house: House, anna: Someone) -> None:
    codes = await made(anna)
    house.clock.push(8 * DAY)
    permit = await confirmed(anna, Purpose.TOTP_REMOVE, recovery_code=codes[0])
    assert said(await totp.remove(house.desk, anna.caller(), permit.id)) == "ok"
    assert await recovery_codes.show(house.desk, anna.caller()) == RecoveryCodesView()
    view = await reauthentication.begin(house.desk, anna.caller(), Purpose.RECOVERY_CODES)
    assert isinstance(view, RequestView)
    assert said(await anna.prove(view, recovery_code=codes[1])) == "proof_not_offered"


async def test_an_undo_takes_the_thiefs_and_brings_back_hers(house: House) -> None:
    """He made ten of his own, which ended hers; what she had used stays used."""
    robbed = await rob(house)
    thief, anna = robbed.thief, robbed.anna
    await set_totp(anna, age=90 * DAY)
    hers = await made(thief, totp=totp_now(anna))
    await house.write("UPDATE recovery_codes SET set_at = :at", at=house.clock.now() - 90 * DAY)
    view = await confirming(thief, Purpose.PASSKEY_ADD)
    assert said(await thief.prove(view, recovery_code=hers[0])) == "done"
    his = await made(thief, recovery_code=hers[1])
    assert await robbed.undone() == "done"
    house.clock.push(HOUR)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    half = await there.prove(begun, code_current=await house.code_to(ANNA))
    assert (Proof.RECOVERY_CODE,) in half.needs
    for code in (his[0], his[9], hers[0], hers[1]):
        assert said(await there.prove(begun, recovery_code=code)) == "proof_wrong"
    done = await there.prove(begun, recovery_code=hers[2])
    assert (said(done), done.row) == ("done", "L1")


async def test_to_undo_what_rested_on_one_freezes(house: House, anna: Someone) -> None:
    (code, *_others) = await made(anna)
    house.clock.push(8 * DAY)
    begun = await anna.begin(Kind.CHANGE, THIEF, send=(Proof.CODE_NEW,))
    proofs = {"recovery_code": code, "code_new": await house.code_to(THIEF)}
    assert said(await anna.prove(begun, **proofs)) == "done"
    house.clock.push(HOUR)
    there = anna.elsewhere()
    undoing = await there.ask(Kind.UNDO, ANNA)
    done = await there.prove(undoing, code_new=await house.code_to(ANNA))
    assert (said(done), done.row) == ("done", "U2")


# what rests


async def test_no_code_is_anywhere_to_be_read(
    house: House, anna: Someone, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Only its hash: in no spelling, in no table, message, line of the history, or log."""
    caplog.set_level(0)
    codes = await made(anna)
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    guess = "ABCDE-FGHJK-MNPQR-STVWX-YZ234"
    assert said(await there.prove(begun, recovery_code=guess)) == "proof_wrong"
    assert said(await there.prove(begun, recovery_code=codes[0])) == "done"
    await house.deliver()
    typed = [*codes, guess]
    plain = [code.replace("-", "") for code in typed]
    spelled = [*typed, *plain, *(code[:11] for code in typed), *(code[:10] for code in plain)]
    spelled += [each.lower() for each in spelled]
    for where, found in (await databases.everything(database_url)).items():
        for secret in spelled:
            assert secret.encode() not in found, where
            assert secret.encode().hex().encode() not in found, where
    messages = [sent.words for sent in (*house.post.sms, *house.post.mail)]
    text = caplog.text + "".join(f"{each.text}{each.subject}{each.html}" for each in messages)
    assert not [secret for secret in spelled if secret in text]
    kept = {bytes(row[0]) for row in await house.rows("SELECT code_hash FROM recovery_codes")}
    assert kept == {rules.hashed(anna.account, code) for code in plain[:-1]}
