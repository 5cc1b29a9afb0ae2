"""change: the old number stays until the new one is proved; then everybody is told."""

import pytest

from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account, sessions
from rebind.flows.desk import RequestView
from rebind.store.engines import StoreEngine
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

LIVE = "SELECT count(*) FROM numbers WHERE held_until IS NULL AND account_id = :id"


async def number_of(house: House, who: Someone) -> str:
    """The account's number, as its holder reads it."""
    seen = await account.show(house.desk, who.caller())
    assert isinstance(seen, account.AccountView), seen
    return seen.number


async def begin_with_codes(
    house: House, who: Someone, to: str = ANNA_NEW
) -> tuple[RequestView, dict[str, str]]:
    """A change that is begun, and the codes that arrived at both telephones."""
    begun = await who.begin(Kind.CHANGE, to)
    return begun, {
        "code_current": await house.code_to(who.number),
        "code_new": await house.code_to(to),
    }


async def test_both_codes_on_her_own_telephone_change_the_number(
    house: House, anna: Someone
) -> None:
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    assert begun.needs == (
        (Proof.CODE_CURRENT, Proof.CODE_NEW),
        (Proof.CODE_EMAIL, Proof.CODE_NEW),
        (Proof.CODE_NEW,),
    )
    # Begun in a session, it needs no token of its own.
    assert begun.token is None
    old, new = await house.code_to(ANNA), await house.code_to(ANNA_NEW)
    half = await anna.prove(begun, code_new=new)
    # With the old number not at hand it would be done all the same, in two weeks.
    assert (half.state, half.row) == ("waiting", "C5")
    assert half.needs == ((Proof.CODE_CURRENT,), (Proof.CODE_EMAIL,))
    assert await number_of(house, anna) == ANNA
    done = await anna.prove(begun, code_current=old)
    assert (said(done), done.needs, done.session) == ("done", (), None)
    assert await house.value("SELECT policy_row FROM requests WHERE id = :id", id=begun.id) == "C2"
    assert await number_of(house, anna) == ANNA_NEW
    history = await account.bindings(house.desk, anna.caller())
    assert [(one.number, one.reason) for one in history] == [  # type: ignore[union-attr]
        (ANNA_NEW, None),
        ("+7••••••••67", "change"),
    ]
    assert (await house.acts(anna.account))[-5:] == [
        "proof_accepted",
        "request_waiting",
        "proof_accepted",
        "number_changed",
        "sessions_ended",
    ]


async def test_one_code_after_the_other_as_the_page_asks(house: House, anna: Someone) -> None:
    """The page sends the code to the old number first, and the other when she has answered it."""
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_CURRENT,))
    assert said(await anna.prove(begun, code_current=await house.code_to(ANNA))) == "open"
    assert house.post.sms_to(ANNA_NEW) == []
    assert said(await anna.another_code(begun, Proof.CODE_NEW)) == "open"
    assert said(await anna.another_code(begun, Proof.CODE_CURRENT)) == "proof_not_offered"
    assert said(await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))) == "done"
    assert await number_of(house, anna) == ANNA_NEW


async def test_everybody_is_told_and_nobody_before_the_commit(house: House, anna: Someone) -> None:
    begun, codes = await begin_with_codes(house, anna)
    await house.deliver()
    assert house.post.mail == []
    assert not [sent for sent in house.post.sms if not sent.has_code]
    assert said(await anna.prove(begun, **codes)) == "done"
    waiting = "SELECT count(*) FROM outbox WHERE state = 'due' AND message = 'number_changed'"
    assert await house.value(waiting) == 3
    await house.deliver()
    assert [sent.to for sent in house.post.mail] == [ANNA_MAIL]
    told = {sent.to for sent in house.post.sms if not sent.has_code}
    assert told == {ANNA, ANNA_NEW}
    for sent in (*house.post.mail, *(one for one in house.post.sms if not one.has_code)):
        assert ANNA not in sent.words.text
        assert ANNA_NEW not in sent.words.text


async def test_addresses_of_the_last_thirty_days_are_told_too(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, "late@example.org", "long@example.org"))
    gone = {"late@example.org": 30 * DAY - 1, "long@example.org": 30 * DAY}
    for address, ago in gone.items():
        await house.write(
            "UPDATE emails SET removed_at = :at WHERE address_key = :key",
            at=house.clock.now() + 13 * HOUR - ago,
            key=house.seal.index("email", address),
        )
    await anna.sign_in()
    assert said(await anna.change(CLARA)) == "done"
    await house.deliver()
    house.clock.push(13 * HOUR)
    house.post.sms.clear()
    house.post.mail.clear()
    assert said(await anna.change(ANNA_NEW)) == "done"
    await house.deliver()
    told = sorted(sent.to for sent in house.post.sms if not sent.has_code)
    # Both numbers of this change, and her first one, released 13 hours ago.
    assert told == sorted([CLARA, ANNA_NEW, ANNA])
    assert sorted(sent.to for sent in house.post.mail) == [ANNA_MAIL, "late@example.org"]
    house.clock.push(30 * DAY - 13 * HOUR)
    await anna.sign_in()
    house.post.sms.clear()
    assert said(await anna.change(DARIA)) == "done"
    await house.deliver()
    told = sorted(sent.to for sent in house.post.sms if not sent.has_code)
    # By now her first number is another person's business.
    assert told == sorted([ANNA_NEW, DARIA, CLARA])


async def test_other_sessions_end_and_her_own_stays(house: House, anna: Someone) -> None:
    house.clock.push(HOUR)
    tablet = Someone(house, ANNA, anna.device, anna.id)
    await tablet.sign_in()
    assert said(await anna.change(ANNA_NEW)) == "done"
    assert await number_of(house, anna) == ANNA_NEW
    assert said(await account.show(house.desk, tablet.caller())) == "session_ended"
    why = await house.rows("SELECT ended_why FROM sessions WHERE ended_at IS NOT NULL")
    assert why == [("number_changed",)]


async def test_a_change_abandoned_anywhere_leaves_the_old_number(
    house: House, engine: StoreEngine, anna: Someone
) -> None:
    """She asks, answers half, and the server dies. Another one knows the old number as ever."""
    begun, codes = await begin_with_codes(house, anna)
    assert said(await anna.prove(begun, code_current=codes["code_current"])) == "open"
    after = House(engine, beside=house)
    after.clock.push(3 * HOUR)
    again = Someone(after, ANNA, anna.device, anna.id)
    assert said(await again.sign_in()) == "done"
    assert await number_of(after, again) == ANNA
    nobody = Someone(after, ANNA_NEW, address="192.0.2.99")
    await nobody.begin(Kind.SIGN_IN)
    sent = len(after.post.sms)
    await after.deliver()
    assert len(after.post.sms) == sent
    # What she proved three hours ago was worth an hour.
    assert said(await anna.prove(begun, code_new=codes["code_new"])) == "request_expired"


async def test_another_process_goes_on_where_the_first_one_died(
    house: House, engine: StoreEngine, anna: Someone
) -> None:
    begun, codes = await begin_with_codes(house, anna)
    assert said(await anna.prove(begun, code_new=codes["code_new"])) == "waiting"
    anna.house = House(engine, beside=house)
    assert said(await anna.prove(begun, code_current=codes["code_current"])) == "done"


@pytest.mark.parametrize("bearer", ["", "rs_", "nonsense", "rs_" + "A" * 64, "rr_" + "A" * 22])
async def test_nobody_changes_a_number_without_a_session(embedded: House, bearer: str) -> None:
    anna = await embedded.bring_in(ANNA)
    anna.session = bearer or None
    refused = said(await anna.ask(Kind.CHANGE, ANNA_NEW))
    assert refused == ("session_ended" if bearer == "rs_" + "A" * 64 else "session_required")


async def test_a_token_with_another_spelling_is_no_token(embedded: House) -> None:
    anna = await embedded.bring_in(ANNA)
    await anna.sign_in()
    assert anna.session is not None
    for bearer in (
        anna.session + "=",
        anna.session + "\n",
        anna.session[:-4],
        "RS" + anna.session[2:],
    ):
        outcome = await account.show(embedded.desk, anna.caller(bearer))
        assert said(outcome) == "session_required"


async def test_her_own_number_is_no_new_number(house: House, anna: Someone) -> None:
    for typed in (ANNA, "+7 (916) 123-45-67"):
        assert said(await anna.ask(Kind.CHANGE, typed)) == "number_is_own"
    assert said(await anna.ask(Kind.CHANGE, "+7 916 FLOWERS")) == "number_malformed"


async def test_twelve_hours_between_changes_but_not_on_the_way_back(
    house: House, anna: Someone
) -> None:
    assert said(await anna.change(ANNA_NEW)) == "done"
    changed = house.clock.now()
    house.clock.push(12 * HOUR - 1)
    refused = await anna.ask(Kind.CHANGE, CLARA)
    assert (said(refused), refused.until) == ("changed_recently", changed + 12 * HOUR)
    # The way back is open at any time: her new number may have been a mistake.
    assert said(await anna.change(ANNA)) == "done"
    assert await number_of(house, anna) == ANNA
    assert said(await anna.ask(Kind.CHANGE, CLARA)) == "changed_recently"
    house.clock.push(12 * HOUR)
    assert said(await anna.change(CLARA)) == "done"


async def test_the_way_back_is_only_hers(house: House, anna: Someone, boris: Someone) -> None:
    assert said(await anna.change(ANNA_NEW)) == "done"
    house.clock.push(HOUR)
    begun, codes = await begin_with_codes(house, boris, ANNA)
    assert said(await boris.prove(begun, **codes)) == "number_taken"
    assert await number_of(house, boris) == BORIS
    nobody = Someone(house, ANNA, address="192.0.2.99")
    house.clock.push(HOUR)
    held = await nobody.begin(Kind.ENROL)
    assert said(await nobody.prove(held, code_new=await house.code_to(ANNA))) == "number_taken"


async def test_the_old_number_is_held_72_hours_and_free_afterwards(
    house: House, anna: Someone, boris: Someone
) -> None:
    assert said(await anna.change(ANNA_NEW)) == "done"
    house.clock.push(72 * HOUR - 1)
    begun, codes = await begin_with_codes(house, boris, ANNA)
    second = await boris.begin(Kind.CHANGE, CLARA, send=())
    assert said(await boris.prove(begun, **codes)) == "number_taken"
    assert said(await boris.cancel(second)) == "cancelled"
    house.clock.push(HOUR)
    assert said(await boris.change(ANNA)) == "done"
    assert await number_of(house, boris) == ANNA
    assert await number_of(house, anna) == ANNA_NEW
    assert await house.value(LIVE, id=anna.account) == 1
    assert await house.value(LIVE, id=boris.account) == 1


async def test_after_the_hold_she_may_still_be_the_first(house: House, anna: Someone) -> None:
    assert said(await anna.change(ANNA_NEW)) == "done"
    house.clock.push(30 * DAY - HOUR)
    await anna.sign_in()
    assert said(await anna.change(ANNA)) == "done"


async def test_taken_is_told_only_after_the_proof(
    house: House, anna: Someone, boris: Someone
) -> None:
    begun = await anna.begin(Kind.CHANGE, BORIS)
    free = await anna.begin(Kind.CHANGE, CLARA, send=())
    assert begun.needs == free.needs
    old, new = await house.code_to(ANNA), await house.code_to(BORIS)
    half = await anna.prove(begun, code_current=old)
    assert (half.state, half.needs) == ("open", ((Proof.CODE_NEW,),))
    assert said(await anna.prove(begun, code_new=another(new))) == "code_wrong"
    assert said(await anna.prove(begun, code_new=new)) == "number_taken"
    # The request is finished, and both keep what they had.
    assert said(await anna.look_at(begun)) == "refused"
    assert said(await anna.prove(begun, code_new=new)) == "request_finished"
    assert await number_of(house, anna) == ANNA
    assert await number_of(house, boris) == BORIS
    assert "request_refused" in await house.acts(anna.account)


async def test_two_people_pend_the_same_number(house: House, anna: Someone, boris: Someone) -> None:
    """The loser's code works in no request of the winner, and leaves him where he was."""
    one, codes_one = await begin_with_codes(house, anna, CLARA)
    house.clock.push(MINUTE)
    two, codes_two = await begin_with_codes(house, boris, CLARA)
    crossed = {"code_current": codes_two["code_current"], "code_new": codes_one["code_new"]}
    if codes_one["code_new"] != codes_two["code_new"]:
        assert said(await boris.prove(two, **crossed)) == "code_wrong"
    assert said(await boris.prove(two, **codes_two)) == "done"
    assert said(await anna.prove(one, **codes_one)) == "number_taken"
    assert await number_of(house, anna) == ANNA
    assert await number_of(house, boris) == CLARA


async def test_the_codes_of_one_request_are_not_each_others(house: House, anna: Someone) -> None:
    begun, codes = await begin_with_codes(house, anna)
    swapped = {"code_current": codes["code_new"], "code_new": codes["code_current"]}
    if codes["code_new"] != codes["code_current"]:
        assert said(await anna.prove(begun, **swapped)) == "code_wrong"
    half_right = {**codes, "code_new": another(codes["code_new"])}
    # All are right, or none is taken; which one was wrong is not told.
    assert said(await anna.prove(begun, **half_right)) == "code_wrong"
    assert (
        await house.value("SELECT count(*) FROM evidence WHERE request_id = :id", id=begun.id) == 0
    )
    assert said(await anna.prove(begun, **codes)) == "done"


async def test_a_revoked_session_kills_the_change_that_it_began(
    house: House, anna: Someone
) -> None:
    """A thief at her open laptop begins a change; she ends that session from her telephone."""
    house.clock.push(HOUR)
    laptop = Someone(house, ANNA, anna.device, anna.id)
    await laptop.sign_in()
    begun, codes = await begin_with_codes(house, laptop)
    assert said(await sessions.end_others(house.desk, anna.caller())) == "ok"
    for outcome in (
        await laptop.prove(begun, **codes),
        await laptop.another_code(begun, Proof.CODE_NEW),
        await laptop.cancel(begun),
    ):
        assert said(outcome) == "session_ended"
    # Nothing was counted, nothing moved, and her own session is no key to that request.
    tries = "SELECT max(tries) FROM challenges WHERE request_id = :id"
    assert await house.value(tries, id=begun.id) == 0
    assert said(await anna.prove(begun, **codes)) == "request_unknown"
    assert await number_of(house, anna) == ANNA


async def test_a_change_is_of_its_session_alone(
    house: House, anna: Someone, boris: Someone
) -> None:
    begun, codes = await begin_with_codes(house, anna)
    for foreign in (boris, Someone(house, ANNA)):
        assert said(await foreign.prove(begun, **codes)) == "request_unknown"
        assert said(await foreign.look_at(begun)) == "request_unknown"
    assert said(await anna.prove(begun, **codes)) == "done"


async def test_a_change_based_on_an_older_number_is_void(house: House, anna: Someone) -> None:
    begun, codes = await begin_with_codes(house, anna, CLARA)
    assert said(await anna.change(ANNA_NEW)) == "too_many_codes"
    house.clock.push(MINUTE)
    assert said(await anna.change(ANNA_NEW)) == "done"
    assert said(await anna.prove(begun, **codes)) == "account_changed"
    assert await number_of(house, anna) == ANNA_NEW


async def test_a_stolen_session_without_its_device_has_to_wait(house: House, anna: Someone) -> None:
    """The cookie is not the telephone: even with both SIM cards in hand the thief must wait."""
    house.clock.push(2 * DAY)
    boris = await house.bring_in(BORIS)
    for device in (None, boris.device):
        thief = Someone(house, ANNA, device, anna.id, "203.0.113.66")
        thief.session = anna.session
        begun, codes = await begin_with_codes(house, thief, THIEF)
        assert begun.needs == ((Proof.CODE_CURRENT, Proof.CODE_NEW),)
        waiting = await thief.prove(begun, **codes)
        assert (said(waiting), waiting.row) == ("waiting", "C3")
        assert waiting.wait_until == house.clock.now() + 72 * HOUR
        assert said(await anna.stop_by(await house.link_to(ANNA, "stop"))) == "objected"
        house.clock.push(HOUR)
    assert await number_of(house, anna) == ANNA


@pytest.mark.parametrize("swapped_ago", [None, 2 * DAY])
async def test_without_a_known_device_a_change_has_to_wait(
    house: House, swapped_ago: int | None
) -> None:
    """With a SIM that was swapped two days ago or not."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY)
    there = boris.elsewhere()
    await there.sign_in()
    house.clock.push(2 * DAY)
    if swapped_ago is not None:
        at = house.clock.now() - swapped_ago
        house.carrier.answers[BORIS] = CarrierFacts(SimAnswer.CHANGED, at)
    begun, codes = await begin_with_codes(house, there, THIEF)
    waiting = await there.prove(begun, **codes)
    assert (said(waiting), waiting.wait_until) == ("waiting", house.clock.now() + 72 * HOUR)
    assert waiting.needs == ()
    assert said(await there.look_at(begun)) == "waiting"
    assert await number_of(house, there) == BORIS
    assert house.carrier.asked[-1][0] == BORIS


async def test_a_swapped_sim_is_no_harm_on_her_own_telephone(house: House, anna: Someone) -> None:
    swapped = house.clock.now() - 2 * DAY
    house.carrier.answers[ANNA] = CarrierFacts(SimAnswer.CHANGED, swapped)
    assert said(await anna.change(ANNA_NEW)) == "done"


async def test_a_session_that_ran_out_begins_nothing(house: House, anna: Someone) -> None:
    house.clock.push(15 * DAY)
    assert await number_of(house, anna) == ANNA
    house.clock.push(15 * DAY - 30 * SECOND)
    begun, codes = await begin_with_codes(house, anna)
    house.clock.push(30 * SECOND)
    assert said(await anna.prove(begun, **codes)) == "session_ended"
    assert said(await anna.ask(Kind.CHANGE, ANNA_NEW)) == "session_ended"


async def test_a_cancelled_change_is_no_change(house: House, anna: Someone) -> None:
    begun, codes = await begin_with_codes(house, anna)
    assert said(await anna.prove(begun, code_new=codes["code_new"])) == "waiting"
    assert said(await anna.cancel(begun)) == "cancelled"
    last = await anna.prove(begun, code_current=codes["code_current"])
    assert said(last) == "request_finished"
    assert await number_of(house, anna) == ANNA
    assert await house.value("SELECT count(*) FROM bindings") == 1


async def test_a_locked_account_keeps_its_number(house: House, anna: Someone) -> None:
    begun, codes = await begin_with_codes(house, anna)
    await house.write("UPDATE accounts SET state = 'locked'")
    assert said(await anna.prove(begun, **codes)) == "account_locked"
    house.clock.push(HOUR)
    # A lock ends all sessions; one that slipped past it is none.
    assert said(await anna.ask(Kind.CHANGE, CLARA)) == "session_ended"
    assert await house.value("SELECT count(*) FROM bindings") == 1


async def test_where_the_batch_misses_nothing_leaves(
    house: House, anna: Someone, boris: Someone
) -> None:
    """The number is taken between the look and the write: no notice, no session ended."""
    begun, codes = await begin_with_codes(house, anna)
    await house.deliver()
    sent = len(house.post.sms)
    house.carrier.meanwhile.append(
        lambda: house.write(
            "INSERT INTO numbers (number_key, account_id, number_version, since, held_until)"
            " VALUES (:key, :id, 9, 0, NULL)",
            key=house.seal.index("number", ANNA_NEW),
            id=boris.account,
        )
    )
    assert said(await anna.prove(begun, **codes)) == "number_taken"
    assert said(await anna.look_at(begun)) == "refused"
    await house.deliver()
    assert (len(house.post.sms), house.post.mail) == (sent, [])
    assert await number_of(house, anna) == ANNA
    assert await house.value("SELECT count(*) FROM outbox WHERE lane = 1") == 0


async def test_a_session_revoked_at_the_last_moment_changes_nothing(
    house: House, anna: Someone
) -> None:
    """She ends the laptop's session while the laptop's change is being decided."""
    house.clock.push(HOUR)
    laptop = Someone(house, ANNA, anna.device, anna.id)
    await laptop.sign_in()
    begun, codes = await begin_with_codes(house, laptop)
    house.carrier.meanwhile.append(lambda: sessions.end_others(house.desk, anna.caller()))
    assert said(await laptop.prove(begun, **codes)) == "session_ended"
    assert await number_of(house, anna) == ANNA


async def test_a_sign_in_by_the_old_number_does_not_slip_past_the_change(
    house: House, boris: Someone
) -> None:
    """Whoever has his old SIM answers a code while he changes his number: the change ends all
    sessions but his, and so it must end that one."""
    await house.write("UPDATE bindings SET confirmed_at = :now", now=house.clock.now())
    thief = boris.elsewhere()
    signing_in = await thief.begin(Kind.SIGN_IN)
    stolen = await house.code_to(BORIS)
    house.clock.push(MINUTE)
    begun, codes = await begin_with_codes(house, boris)

    async def he_changes() -> None:
        assert said(await boris.prove(begun, **codes)) == "done"

    house.carrier.meanwhile.append(he_changes)
    assert said(await thief.prove(signing_in, code_current=stolen)) == "account_changed"
    assert await house.value("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 1
