"""What a hostile reader of this code found, each as a story that must not come true again."""

import asyncio

import pytest

from rebind.domain import agents
from rebind.domain.evidence import Proof
from rebind.domain.limits import Override
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, sessions
from rebind.store.engines import StoreEngine
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone, said


async def change(who: Someone, number: str) -> str:
    """Change the number with both codes; how the request ended."""
    request = await who.begin(Kind.CHANGE, number)
    done = await who.prove(
        request,
        code_current=await who.house.code_to(who.number),
        code_new=await who.house.code_to(number),
    )
    return said(done)


async def test_a_session_of_the_old_number_is_left_behind(house: House) -> None:
    """A relayed code signs the thief in at the very moment in which Anna changes her number: on
    PostgreSQL the change may not see the session that it has to end."""
    anna = await house.bring_in(ANNA, since=house.clock.now() - 20 * DAY)
    await anna.sign_in()
    request = await anna.begin(Kind.CHANGE, ANNA_NEW)
    codes = {
        "code_current": await house.code_to(ANNA),
        "code_new": await house.code_to(ANNA_NEW),
    }
    thief = Someone(house, ANNA, address="198.51.100.66")
    house.clock.push(5 * MINUTE)
    begun = await thief.begin(Kind.SIGN_IN)
    relayed = await house.code_to(ANNA)
    done = await asyncio.gather(
        thief.prove(begun, code_current=relayed), anna.prove(request, **codes)
    )
    assert "done" in [said(each) for each in done]
    if said(done[1]) == "done" and thief.session is not None:
        assert said(await account.show(house.desk, thief.caller())) == "session_ended"
    # The slip itself, forced: a live row that the change did not see.
    if thief.session is not None:
        await house.write("UPDATE sessions SET ended_at = NULL, ended_why = NULL")
        assert said(await account.show(house.desk, thief.caller())) == "session_ended"


async def test_whom_the_holder_threw_out_does_not_become_known(house: House) -> None:
    anna = await house.bring_in(ANNA, since=house.clock.now() - 20 * DAY)
    await anna.sign_in()
    thief = Someone(house, ANNA, address="198.51.100.66")
    house.clock.push(MINUTE)
    assert said(await thief.sign_in()) == "done"
    assert await sessions.end_others(house.desk, anna.caller()) is None
    house.clock.push(8 * DAY)
    assert said(await thief.sign_in()) == "done"
    acts = await house.rows("SELECT why FROM acts WHERE act = 'session_opened' ORDER BY id")
    assert [why for (why,) in acts] == ["I1", "I3", "I3"]
    # Even with both telephones in hand he must wait, and she is told.
    house.clock.push(MINUTE)
    assert await change(thief, THIEF) == "waiting"
    await anna.stop_by(await house.link_to(ANNA, "stop"))
    # Anna's own telephone stays what it was.
    house.clock.push(HOUR)
    await anna.sign_in()
    assert await change(anna, ANNA_NEW) == "done"


async def test_a_stolen_token_makes_no_strangers_of_the_holders_devices(house: House) -> None:
    """Ending all others from a device that is not known ends sessions, and nothing more."""
    anna = await house.bring_in(ANNA, since=house.clock.now() - 20 * DAY)
    await anna.sign_in()
    thief = Someone(house, ANNA, address="198.51.100.66")
    house.clock.push(MINUTE)
    await thief.sign_in()
    assert await sessions.end_others(house.desk, thief.caller(device=None)) is None
    house.clock.push(HOUR)
    assert said(await anna.sign_in()) == "done"
    assert await change(anna, ANNA_NEW) == "done"


async def test_guesses_are_counted_before_they_are_looked_at(house: House, anna: Someone) -> None:
    """Seven open requests, five tries in each, all at once: fifteen are compared and no more."""
    begun = []
    for n in range(7):
        stranger = Someone(house, ANNA, address=f"198.51.100.{n}")
        asked = await stranger.ask(Kind.SIGN_IN)
        if getattr(asked, "until", None) is not None:
            house.clock.push(asked.until - house.clock.now())
            asked = await stranger.ask(Kind.SIGN_IN)
        begun.append((stranger, asked))
        house.clock.push(1)
    await house.write("UPDATE requests SET expires_at = :late", late=house.clock.now() + HOUR)
    await house.write("UPDATE challenges SET expires_at = :late", late=house.clock.now() + HOUR)
    told = await asyncio.gather(
        *(stranger.prove(asked, code_current="000000") for stranger, asked in begun * 5)
    )
    words = [said(each) for each in told]
    assert words.count("code_wrong") == 15
    assert set(words) == {"code_wrong", "sms_sign_in_closed"}


async def test_a_right_code_gives_its_try_back(house: House) -> None:
    boris = await house.bring_in(BORIS)
    for _ in range(20):
        assert said(await boris.elsewhere().sign_in()) == "done"
        house.clock.push(3 * MINUTE)


async def test_a_quiet_number_begins_with_short_pauses_again(house: House) -> None:
    for n in range(6):
        asked = await Someone(house, BORIS, address=f"198.51.100.{n}").ask(Kind.ENROL)
        assert said(asked) == "open"
        house.clock.push(32 * MINUTE)
    house.clock.push(300 * DAY)
    boris = Someone(house, BORIS)
    assert said(await boris.ask(Kind.ENROL)) == "open"
    refused = await boris.ask(Kind.ENROL)
    assert refused.until == house.clock.now() + MINUTE


async def test_a_strangers_pause_says_nothing_of_the_holder(house: House, anna: Someone) -> None:
    """Anna signs in on her own device: the stranger's pause stays what it was."""
    stranger = Someone(house, ANNA, address="198.51.100.66")
    assert said(await stranger.ask(Kind.SIGN_IN)) == "open"
    house.clock.push(1)
    before = await stranger.ask(Kind.SIGN_IN)
    assert said(await anna.sign_in()) == "done"
    after = await stranger.ask(Kind.SIGN_IN)
    assert (said(after), after.until) == ("too_many_codes", before.until)


async def test_a_neighbours_guesses_do_not_shut_the_house(engine: StoreEngine) -> None:
    """Everybody behind one address translator: right codes are taken, whoever guessed before."""
    house = House(engine, overrides={"wrong_client": Override(amount=2)})
    boris = await house.bring_in(BORIS)
    holder = boris.elsewhere("203.0.113.9")
    begun = await holder.begin(Kind.SIGN_IN)
    neighbour = Someone(house, THIEF, address="203.0.113.9")
    guessed_at = await neighbour.begin(Kind.SIGN_IN)
    for _ in range(4):
        assert said(await neighbour.prove(guessed_at, code_current="000000")) == "code_wrong"
    assert said(await holder.prove(begun, code_current=await house.code_to(BORIS))) == "done"


async def test_only_the_binding_before_this_one_is_the_way_back(house: House) -> None:
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    assert await change(anna, ANNA_NEW) == "done"
    anna.number = ANNA_NEW
    house.clock.push(13 * HOUR)
    assert await change(anna, BORIS) == "done"
    anna.number = BORIS
    house.clock.push(MINUTE)
    assert said(await anna.ask(Kind.CHANGE, ANNA)) == "changed_recently"
    assert said(await anna.ask(Kind.CHANGE, ANNA_NEW)) == "open"


async def test_a_request_dies_with_its_session_for_looking_too(house: House, anna: Someone) -> None:
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    assert (
        await sessions.end(house.desk, anna.caller(), await house.value("SELECT id FROM sessions"))
        is None
    )
    assert said(await anna.look_at(begun)) == "session_ended"


async def in_again(who: Someone) -> Someone:
    """The holder signs in at a browser that nobody knows, with SIM card and mailbox."""
    house, there = who.house, who.elsewhere("192.0.2.200")
    begun = await there.begin(Kind.SIGN_IN)
    done = await there.prove(begun, code_current=await house.code_to(who.number))
    if said(done) == "open":
        assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "open"
        done = await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(done) == "done", done
    return there


async def number_of(who: Someone) -> str:
    """What the holder of a session reads as the account's number."""
    seen = await account.show(who.house.desk, who.caller())
    assert isinstance(seen, account.AccountView), seen
    return seen.number


async def test_a_stolen_cookie_ends_with_the_holder_in_possession(
    house: House, anna: Someone
) -> None:
    """The thief has her session token, not her device's key, and can have one code relayed."""
    house.clock.push(2 * DAY)
    thief = Someone(house, ANNA, None, anna.id, "203.0.113.66")
    thief.session = anna.session
    begun = await thief.begin(Kind.CHANGE, THIEF)
    relayed, own = await house.code_to(ANNA), await house.code_to(THIEF)
    waiting = await thief.prove(begun, code_current=relayed, code_new=own)
    assert (said(waiting), waiting.row) == ("waiting", "C3")
    # She reads of it, stops it, and throws everybody else out from her own telephone.
    assert said(await anna.stop_by(await house.link_to(ANNA_MAIL, "stop"))) == "objected"
    house.clock.push(HOUR)
    assert said(await anna.sign_in()) == "done"
    assert await sessions.end_others(house.desk, anna.caller()) is None
    assert said(await account.show(house.desk, thief.caller())) == "session_ended"
    await house.pass_time(30 * DAY)
    await anna.sign_in()
    assert await number_of(anna) == ANNA


async def test_a_code_relayed_in_real_time_is_not_enough(house: House) -> None:
    """Boris has nothing but his number, and reads a code out to a voice on the telephone: the
    thief has a session on a device of his own, and must wait three days for the number."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY)
    await boris.sign_in()
    thief = Someone(house, BORIS, address="203.0.113.66")
    house.clock.push(MINUTE)
    assert said(await thief.sign_in()) == "done"
    house.clock.push(MINUTE)
    assert await change(thief, THIEF) == "waiting"
    assert said(await boris.stop_by(await house.link_to(BORIS, "stop"))) == "objected"
    assert await sessions.end_others(house.desk, boris.caller()) is None
    await house.pass_time(10 * DAY)
    assert said(await thief.another_code(await thief.begin(Kind.SIGN_IN), Proof.CODE_NEW)) != "done"
    await boris.sign_in()
    assert await number_of(boris) == BORIS


@pytest.mark.parametrize("by", [ANNA, ANNA_MAIL, "link"])
async def test_ten_minutes_with_her_open_telephone(house: House, anna: Someone, by: str) -> None:
    """Row C2 is satisfied: the number is gone at once. She takes it back from her mailbox, or with
    a new SIM of her old number, and the telephone in the thief's hand is a stranger."""
    house.clock.push(HOUR)
    thief = anna
    assert await change(thief, THIEF) == "done"
    house.clock.push(5 * HOUR)
    holder = Someone(house, ANNA, None, anna.id, "192.0.2.201")
    if by == "link":
        begun = await holder.undo_by(await house.link_to(ANNA_MAIL, "undo"))
        proof, address = "code_email", ANNA_MAIL
    else:
        begun = await holder.begin(Kind.UNDO, by)
        proof, address = ("code_email" if "@" in by else "code_new"), by
    assert said(await holder.prove(begun, **{proof: await house.code_to(address)})) == "done"
    assert said(await account.show(house.desk, thief.caller())) == "session_ended"
    # He still has the telephone, and even a code that she is talked into reading out.
    house.clock.push(HOUR)
    knocking = await thief.begin(Kind.SIGN_IN)
    half = await thief.prove(knocking, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    house.clock.push(HOUR)
    home = await in_again(holder)
    assert await number_of(home) == ANNA
    house.clock.push(HOUR)
    assert said(await thief.ask(Kind.CHANGE, THIEF)) == "session_ended"


async def test_a_thief_stops_her_change_and_keeps_nothing(house: House, anna: Someone) -> None:
    """With a stolen cookie he may object to what she begins, as any session may; she ends it."""
    thief = Someone(house, ANNA, None, anna.id, "203.0.113.66")
    thief.session = anna.session
    house.clock.push(HOUR)
    home = Someone(house, ANNA, anna.device, anna.id)
    await home.sign_in()
    begun = await home.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    assert said(await home.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "waiting"
    assert said(await thief.object_to(begun)) == "objected"
    # Of that, too, she is told; and what she has begun anew he cannot reach.
    told = [sent for sent in house.post.mail_to(ANNA_MAIL) if not sent.has_code]
    await house.deliver()
    assert len([s for s in house.post.mail_to(ANNA_MAIL) if not s.has_code]) > len(told)
    assert await sessions.end_others(house.desk, home.caller()) is None
    house.clock.push(HOUR)
    assert await change(home, ANNA_NEW) == "done"
    # Nor does he undo it: neither address is his.
    for typed in (ANNA, ANNA_MAIL):
        knocking = await thief.elsewhere("203.0.113.67").ask(Kind.UNDO, typed)
        if said(knocking) == "open":
            proof = knocking.needs[0][0].value
            guess = await thief.elsewhere().prove(knocking, **{proof: "000000"})
            assert said(guess) == "code_wrong"
    assert await number_of(home) == ANNA_NEW


async def test_a_thief_with_the_old_sim_cannot_take_back_twice(house: House) -> None:
    """Whoever has her old number undoes her change within three days; nothing in the account is his
    for it: it is locked, and her mailbox and her other telephone open it."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    assert await change(anna, ANNA_NEW) == "done"
    thief = Someone(house, ANNA, address="203.0.113.66")
    house.clock.push(HOUR)
    begun = await thief.begin(Kind.UNDO, ANNA)
    assert said(await thief.prove(begun, code_new=await house.code_to(ANNA))) == "done"
    house.clock.push(DAY + HOUR)
    knocking = await thief.begin(Kind.SIGN_IN)
    half = await thief.prove(knocking, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    assert await house.value("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36", "Chrome, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) YaBrowser/24.4 Mobile Safari/537.36",
            "Yandex Browser, Android",
        ),
        ("Reply STOP at https://evil.example/r or call +79851110000", ""),
        ("", ""),
    ],
)
async def test_a_notice_carries_no_words_of_a_stranger(
    embedded: House, agent: str, words: str
) -> None:
    assert agents.in_words(agent) == words
    house = embedded
    boris = await house.bring_in(BORIS, emails=(ANNA_MAIL,))
    there = boris.elsewhere()
    begun = await there.begin(Kind.SIGN_IN, agent=agent)
    await there.prove(begun, code_current=await house.code_to(BORIS))
    await there.another_code(begun, Proof.CODE_EMAIL)
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await house.deliver()
    assert "evil" not in repr((house.post.sms, house.post.mail))
