"""sign_in: by a code to the number, and what else it takes where nobody knows the device."""

from typing import Literal

import pytest

from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer, SubscriberAnswer
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, sessions
from rebind.flows.desk import Desk
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

DUE = "SELECT DISTINCT message FROM outbox WHERE state = 'due'"
CONFIRMED = "SELECT confirmed_at FROM bindings WHERE account_id = :id AND released_at IS NULL"

FIRST = ((Proof.CODE_CURRENT,), (Proof.PASSWORD,), (Proof.PASSKEY,))
"""What a sign-in by number needs first, whoever's it is."""


async def confirmed_at(house: House, who: Someone) -> int:
    found: int = await house.value(CONFIRMED, id=who.account)
    return found


async def row_of(house: House, done: object) -> str:
    """The row of the policy on which a finished request rested."""
    sql = "SELECT policy_row FROM requests WHERE id = :id"
    found: str = await house.value(sql, id=done.id)  # type: ignore[attr-defined]
    return found


async def test_on_her_own_telephone_a_code_is_enough(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    before = await confirmed_at(house, anna)
    done = await anna.sign_in()
    assert (said(done), await row_of(house, done)) == ("done", "I1")
    assert done.session.level == "full"
    # Her telephone has its key already, so no new one is given out.
    assert done.session.device is None
    assert before < await confirmed_at(house, anna) == house.clock.now()
    assert await house.acts(anna.account) == [
        "account_imported",
        "request_begun",
        "proof_accepted",
        "session_opened",
        "number_confirmed",
    ]


async def test_at_an_unknown_device_her_mailbox_is_asked_too(house: House, anna: Someone) -> None:
    before = await confirmed_at(house, anna)
    house.clock.push(HOUR)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    # What is missing is not told before the number was shown: a stranger would learn that there
    # is an e-mail.
    assert begun.needs == (await there.look_at(begun)).needs == FIRST
    assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
    half = await there.prove(begun, code_current=await there.newest_code())
    assert (half.state, half.needs, half.session) == ("open", ((Proof.CODE_EMAIL,),), None)
    assert (await there.look_at(begun)).needs == half.needs
    assert await confirmed_at(house, anna) == before
    assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "open"
    done = await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert (said(done), await row_of(house, done), done.session.level) == ("done", "I2", "full")
    # A browser that nobody knew gets its key now.
    assert done.session.device is not None
    assert await confirmed_at(house, anna) == house.clock.now()


async def test_the_oldest_mailbox_is_asked_and_a_removed_one_never(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=("gone@example.org", ANNA_MAIL))
    await house.write(
        "UPDATE emails SET removed_at = :now WHERE id = (SELECT min_id FROM (SELECT id AS min_id"
        " FROM emails ORDER BY id LIMIT 1) t)",
        now=house.clock.now() - DAY,
    )
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    assert said(await there.prove(begun, code_current=await there.newest_code())) == "open"
    assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "open"
    await house.deliver()
    assert [sent.to for sent in house.post.mail] == [ANNA_MAIL]


async def test_with_a_number_and_nothing_else_the_session_is_fresh(house: House) -> None:
    boris = await house.bring_in(BORIS, since=house.clock.now() - 30 * DAY)
    before = await confirmed_at(house, boris)
    there = boris.elsewhere()
    done = await there.sign_in()
    assert (said(done), await row_of(house, done), done.session.level) == ("done", "I3", "full")
    assert await confirmed_at(house, boris) == before


@pytest.mark.parametrize(("number", "days"), [(BORIS, 60), (DARIA, 45), (CLARA, 45)])
async def test_a_number_may_have_a_new_owner_after_so_many_days(
    embedded: House, number: str, days: int
) -> None:
    """Russia keeps numbers longer than the rest of the world; on the last day all is well."""
    since = embedded.clock.now() - days * DAY
    holder = await embedded.bring_in(number, since=since)
    assert (await holder.elsewhere().sign_in()).session.level == "full"
    embedded.clock.push(1)
    assert (await holder.elsewhere().sign_in()).session.level == "probation"


async def test_the_new_owner_of_an_old_number_sees_nothing(house: House) -> None:
    """Boris lost his telephone for a year; the operator gave his number to a stranger, who has
    the SIM and tries it here."""
    boris = await house.bring_in(BORIS)
    before = await confirmed_at(house, boris)
    stranger = boris.elsewhere()
    done = await stranger.sign_in()
    assert (said(done), await row_of(house, done), done.session.level) == (
        "done",
        "I4",
        "probation",
    )
    desk, caller = house.desk, stranger.caller()
    seen = await account.show(desk, caller)
    assert isinstance(seen, account.AccountView)
    assert (seen.number, seen.level) == ("+7••••••••21", "probation")
    for outcome in (
        await account.bindings(desk, caller),
        await account.happened(desk, caller),
        await sessions.listed(desk, caller),
        await sessions.end_others(desk, caller),
        await sessions.end(desk, caller, b"0" * 16),
        await stranger.ask(Kind.CHANGE, THIEF),
    ):
        assert said(outcome) == "session_on_probation"
    # Probation ends by no time in the strict profile, and the number stays unconfirmed.
    house.clock.push(20 * DAY)
    assert said(await stranger.ask(Kind.CHANGE, THIEF)) == "session_on_probation"
    assert await confirmed_at(house, boris) == before
    # A second sign-in from there brings no more: the browser has not become known.
    again = await stranger.sign_in()
    assert again.session.level == "probation"
    assert await _end_own(desk, stranger) == "ok"
    # Boris himself, at home, has lost nothing.
    assert (await boris.sign_in()).session.level == "full"


async def _end_own(desk: Desk, who: Someone) -> str:
    """End the session that one is in."""
    own = await who.house.value(
        "SELECT id FROM sessions WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"
    )
    return said(await sessions.end(desk, who.caller(), own))


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (SubscriberAnswer.SAME, "full"),
        (SubscriberAnswer.UNKNOWN, "probation"),
        (SubscriberAnswer.RECYCLED, "probation"),
    ],
)
async def test_the_operator_may_vouch_for_the_subscriber(
    embedded: House, answer: SubscriberAnswer, level: str
) -> None:
    boris = await embedded.bring_in(BORIS)
    embedded.carrier.answers[BORIS] = CarrierFacts(subscriber=answer)
    assert (await boris.elsewhere().sign_in()).session.level == level
    assert embedded.carrier.asked == [(BORIS, await confirmed_at(embedded, boris))]


async def test_a_number_recycled_last_week_is_in_doubt_at_once(embedded: House) -> None:
    boris = await embedded.bring_in(BORIS, since=embedded.clock.now() - 10 * DAY)
    embedded.carrier.answers[BORIS] = CarrierFacts(subscriber=SubscriberAnswer.RECYCLED)
    assert (await boris.elsewhere().sign_in()).session.level == "probation"


@pytest.mark.parametrize("mails", [(), (ANNA_MAIL,)])
async def test_with_a_sim_of_yesterday_only_her_own_telephone_signs_in(
    house: House, mails: tuple[str, ...]
) -> None:
    """A clerk was bribed: the thief has her number, and must wait, with her mailbox or without."""
    since = house.clock.now() - 30 * DAY
    anna = await house.bring_in(ANNA, since=since, emails=mails)
    house.carrier.answers[ANNA] = CarrierFacts(SimAnswer.CHANGED, house.clock.now() - DAY)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    refused = await there.prove(begun, code_current=await house.code_to(ANNA))
    if mails:
        assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "open"
        refused = await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    # Nobody could be told of a sign-in that waits, so that silence would say nothing.
    assert (said(refused), refused.until) == ("must_wait", house.clock.now() + 72 * HOUR)
    assert await house.rows("SELECT * FROM sessions") == []
    await house.pass_time(73 * HOUR)
    assert said(await there.look_at(begun)) == "refused"
    assert await house.rows("SELECT * FROM sessions") == []
    assert said(await anna.sign_in()) == "done"


async def test_a_sign_in_at_an_unknown_device_is_told_to_every_address(
    house: House, anna: Someone
) -> None:
    await house.deliver()
    assert (len(house.post.sms), house.post.mail) == (1, [])
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    await there.prove(begun, code_current=await house.code_to(ANNA))
    await there.another_code(begun, Proof.CODE_EMAIL)
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert await house.value("SELECT count(*) FROM outbox WHERE message = 'new_sign_in'") == 2
    await house.deliver()
    assert [(sent.to, sent.has_code) for sent in house.post.mail] == [
        (ANNA_MAIL, True),
        (ANNA_MAIL, False),
    ]
    # The number as well, although it has just answered: its code may have been relayed.
    assert [sent.to for sent in house.post.sms if not sent.has_code] == [ANNA]


@pytest.mark.parametrize(("profile", "level"), [("strict", "probation"), ("lenient", "full")])
async def test_probation_ends_by_time_only_where_the_administrator_says_so(
    engine: StoreEngine, profile: Literal["strict", "lenient"], level: str
) -> None:
    house = House(engine, Policy(profile=profile))
    boris = await house.bring_in(BORIS)
    before = await confirmed_at(house, boris)
    there = boris.elsewhere()
    assert (await there.sign_in()).session.level == "probation"
    house.clock.push(30 * DAY - 1)
    assert (await there.sign_in()).session.level == "probation"
    house.clock.push(1)
    assert (await boris.elsewhere().sign_in()).session.level == level
    assert await confirmed_at(house, boris) == before


async def test_the_holder_ends_anothers_probation(engine: StoreEngine) -> None:
    """Even where time would end it: Boris signs in at home, and the stranger begins anew."""
    house = House(engine, Policy(profile="lenient"))
    boris = await house.bring_in(BORIS)
    stranger = boris.elsewhere()
    assert (await stranger.sign_in()).session.level == "probation"
    house.clock.push(20 * DAY)
    assert (await boris.sign_in()).session.level == "full"
    house.clock.push(61 * DAY)
    assert (await stranger.sign_in()).session.level == "probation"


async def test_a_browser_is_known_after_a_week(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    await there.prove(begun, code_current=await there.newest_code())
    await there.another_code(begun, Proof.CODE_EMAIL)
    assert said(await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))) == "done"
    house.clock.push(7 * DAY - 1)
    assert said(await there.sign_in()) == "open"
    house.clock.push(HOUR)
    done = await there.sign_in()
    assert (said(done), await row_of(house, done)) == ("done", "I1")


async def test_a_reported_device_is_nobodys_friend(house: House, anna: Someone) -> None:
    await house.write("UPDATE devices SET reported_at = :now", now=house.clock.now())
    assert said(await anna.sign_in()) == "open"


async def test_a_device_key_is_believed_only_as_we_made_it(house: House, anna: Someone) -> None:
    assert anna.device is not None
    key = anna.device
    boris = await house.bring_in(BORIS)
    forged = [key[:-2] + "AA", key + "A", key.replace("rd_", "rr_"), key[:40], "", boris.device]
    for device in forged:
        house.clock.push(40 * MINUTE)
        thief = Someone(house, ANNA, device, anna.id, "203.0.113.66")
        assert said(await thief.sign_in()) == "open"


async def test_a_lucky_code_for_a_number_that_nobody_has_never_signs_in(house: House) -> None:
    thief = Someone(house, THIEF)
    begun = await thief.begin(Kind.SIGN_IN)
    code = "000000"
    # Luck made certain: the code's keyed hash is that of the code the thief types.
    row = await house.rows("SELECT account_id, number_key FROM requests")
    parts = (row[0][0], b"sign_in.code_current", row[0][1], begun.id, code.encode())
    await house.write("UPDATE challenges SET code_mac = :mac", mac=house.seal.mac("code", *parts))
    assert said(await thief.prove(begun, code_current=code)) == "code_wrong"
    await house.deliver()
    assert house.post.sms == []
    assert await house.rows("SELECT state, payload_sealed FROM outbox") == [("nobody", None)]
    assert await house.rows("SELECT * FROM sessions") == []


async def test_wrong_codes_look_alike_for_somebody_and_nobody(house: House, anna: Someone) -> None:
    costs, words = [], []
    stats = house.engine.stats
    for n, number in enumerate((ANNA, THIEF)):
        house.clock.push(HOUR)
        stranger = Someone(house, number, address=f"203.0.113.{n}")
        begun = await stranger.begin(Kind.SIGN_IN)
        code = await house.code_to(ANNA)
        before = stats.statements, stats.round_trips
        for by in range(1, 7):
            words.append((by, said(await stranger.prove(begun, code_current=another(code, by)))))
        costs.append((stats.statements - before[0], stats.round_trips - before[1]))
        words.append((7, said(await stranger.another_code(begun, Proof.CODE_CURRENT))))
    assert costs[0] == costs[1]
    assert words[:7] == words[7:]
    assert [word for _, word in words[:7]] == ["code_wrong"] * 5 + ["code_tries_spent"] * 2


async def test_a_code_fails_for_every_other_triple(house: House, anna: Someone) -> None:
    """The code of one request, purpose, number or account is wrong in any other."""
    boris = await house.bring_in(BORIS)
    house.clock.push(HOUR)
    one = await anna.begin(Kind.SIGN_IN)
    code_one = await house.code_to(ANNA)
    house.clock.push(2 * MINUTE)
    two = await anna.begin(Kind.SIGN_IN)
    enrolling = await Someone(house, ANNA, address="192.0.2.77").begin(Kind.ENROL)
    other = await boris.begin(Kind.SIGN_IN)
    changing = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    mac = await house.value("SELECT code_mac FROM challenges WHERE request_id = :id", id=one.id)
    stranger = Someone(house, ANNA, address="192.0.2.77")
    for who, request, proof in (
        (anna, two, "code_current"),
        (stranger, enrolling, "code_new"),
        (boris, other, "code_current"),
        (anna, changing, "code_new"),
    ):
        # Even where somebody could write the right hash into another row.
        await house.write(
            "UPDATE challenges SET code_mac = :mac WHERE request_id = :id", mac=mac, id=request.id
        )
        assert said(await who.prove(request, **{proof: code_one})) == "code_wrong"
    assert said(await anna.prove(one, code_current=code_one)) == "done"


async def test_a_request_begun_before_a_change_ends_with_it(house: House, anna: Someone) -> None:
    half, there = anna.elsewhere("198.51.100.8"), anna.elsewhere()
    proved = await half.begin(Kind.SIGN_IN)
    assert said(await half.prove(proved, code_current=await house.code_to(ANNA))) == "open"
    house.clock.push(MINUTE)
    begun = await there.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    assert said(await anna.change(ANNA_NEW)) == "done"
    # That an account moved is told to who has proved something, and to nobody else.
    assert said(await half.another_code(proved, Proof.CODE_EMAIL)) == "account_changed"
    assert said(await there.prove(begun, code_current=code)) == "code_wrong"
    assert (await there.look_at(begun)).needs == FIRST
    house.clock.push(HOUR // 2)
    # The old number is held: nobody signs in by it, and nobody is told why.
    late = Someone(house, ANNA, address="192.0.2.78")
    held = await late.begin(Kind.SIGN_IN)
    assert {message for (message,) in await house.rows(DUE)} == {"nobody", "number_changed"}
    assert said(await late.prove(held, code_current=code)) == "code_wrong"


async def test_a_locked_account_opens_to_no_code(house: House, anna: Someone) -> None:
    await house.write("UPDATE accounts SET state = 'locked'")
    assert said(await anna.sign_in()) == "account_locked"


async def test_the_second_proof_may_be_given_with_the_first(house: House, anna: Someone) -> None:
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    code = await there.newest_code()
    both = {"code_current": code, "code_email": "123456"}
    assert said(await there.prove(begun, **both)) == "code_not_sent"
    # The one that could be counted was counted, and nothing was taken.
    assert await house.value("SELECT tries FROM challenges WHERE consumed_at IS NULL") == 1
    assert said(await there.prove(begun, code_current=code)) == "open"
    assert said(await there.prove(begun, code_current=code)) == "code_expired"
