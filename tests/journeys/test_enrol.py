"""enrol: a number and a code make an account, and tell a stranger nothing on the way."""

import msgspec
import pytest

from rebind.domain.evidence import Proof
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account
from rebind.store.engines import StoreEngine
from tests.people import ANNA, BORIS, CLARA, DARIA, THIEF, House, Someone, another, said

GARBLED = {
    "": "number_malformed",
    "anna": "number_malformed",
    "89161234567": "number_malformed",
    "+7 916 FLOWERS": "number_malformed",
    "+7 916 123-45-67 ext. 5": "number_malformed",
    "+" + "7" * 60: "number_malformed",
    "+7916123456": "number_impossible",
    "+79991234567890": "number_impossible",
    "+78005553535": "number_kind_not_allowed",
}


async def test_a_number_and_a_code_make_an_account(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    assert (begun.kind, begun.state, begun.needs) == ("enrol", "open", ((Proof.CODE_NEW,),))
    assert begun.expires_at == house.clock.now() + HOUR
    assert begun.token is not None
    done = await clara.prove(begun, code_new=await clara.newest_code())
    assert (said(done), done.needs, done.token) == ("done", (), None)
    assert done.session.level == "full"
    assert done.session.expires_at == house.clock.now() + 21 * DAY
    seen = await account.show(house.desk, clara.caller())
    assert isinstance(seen, account.AccountView)
    assert (seen.number, seen.region, seen.state) == (CLARA, "GB", "active")
    assert seen.bound_at == seen.confirmed_at == seen.enrolled_at == house.clock.now()
    assert [sent.to for sent in house.post.sms] == [CLARA]


async def test_a_number_of_kazakhstan_is_not_russian(house: House) -> None:
    await Someone(house, DARIA).enrol()
    assert await house.value("SELECT region FROM bindings") == "KZ"


async def test_the_same_number_in_other_clothes_is_the_same_number(house: House) -> None:
    await Someone(house, ANNA).enrol()
    house.clock.push(HOUR)
    late = Someone(house, " +7 (916) 123-45-67 ")
    begun = await late.begin(Kind.ENROL)
    assert said(await late.prove(begun, code_new=await late.newest_code(ANNA))) == "number_taken"


@pytest.mark.parametrize("typed", GARBLED)
async def test_garbled_numbers_are_refused_before_anything_is_written(
    embedded: House, typed: str
) -> None:
    for kind in (Kind.ENROL, Kind.SIGN_IN):
        assert said(await Someone(embedded, CLARA).ask(kind, typed or " ")) == GARBLED[typed]
    assert await embedded.acts() == []
    assert await embedded.rows("SELECT * FROM limits") == []


async def test_countries_may_be_chosen(engine: StoreEngine) -> None:
    house = House(engine, Policy(countries=frozenset({"RU"})))
    refused = await Someone(house, DARIA).ask(Kind.ENROL)
    assert said(refused) == "number_country_not_allowed"
    assert said(await Someone(house, ANNA).ask(Kind.ENROL)) == "open"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "12345a",
        "123456\n",
        " 12345",
        "１２３４５６",
        "١٢٣٤٥٦",
        "12345\0",
        "+12345",
    ],
)
async def test_what_is_no_code_costs_no_try(embedded: House, typed: str) -> None:
    clara = Someone(embedded, CLARA)
    begun = await clara.begin(Kind.ENROL)
    for _ in range(6):
        assert said(await clara.prove(begun, code_new=typed)) == "code_malformed"
    assert await embedded.value("SELECT tries FROM challenges") == 0
    assert said(await clara.prove(begun, code_new=await clara.newest_code())) == "done"


async def test_a_proof_that_enrol_does_not_ask_for(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await clara.newest_code()
    assert said(await clara.prove(begun)) == "proof_not_offered"
    for proof in ("code_current", "code_email"):
        assert said(await clara.prove(begun, **{proof: code})) == "code_not_sent"
    for proof in ("password", "totp", "recovery_code", "known_device", "operator_approval"):
        assert said(await clara.prove(begun, **{proof: code})) == "proof_not_offered"
    for offered in (Proof.CODE_CURRENT, Proof.CODE_EMAIL, Proof.SILENCE):
        assert said(await clara.another_code(begun, offered)) == "proof_not_offered"


async def test_wrong_codes_spend_the_tries_and_a_new_code_brings_none(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await clara.newest_code()
    for n in range(1, 5):
        assert said(await clara.prove(begun, code_new=another(code, n))) == "code_wrong"
    house.clock.push(MINUTE)
    assert said(await clara.another_code(begun, Proof.CODE_NEW)) == "open"
    newest = await clara.newest_code()
    assert said(await clara.prove(begun, code_new=another(newest))) == "code_wrong"
    assert said(await clara.prove(begun, code_new=newest)) == "code_tries_spent"
    house.clock.push(5 * MINUTE)
    assert said(await clara.another_code(begun, Proof.CODE_NEW)) == "code_tries_spent"
    assert await house.value("SELECT tries FROM challenges") == 5


async def test_a_new_code_kills_the_old_one(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    old = await clara.newest_code()
    house.clock.push(MINUTE)
    assert said(await clara.another_code(begun, Proof.CODE_NEW)) == "open"
    new = await clara.newest_code()
    if old != new:
        assert said(await clara.prove(begun, code_new=old)) == "code_wrong"
    assert said(await clara.prove(begun, code_new=new)) == "done"


async def test_a_code_lives_ten_minutes_to_the_millisecond(house: House) -> None:
    clara, daria = Someone(house, CLARA), Someone(house, DARIA)
    early, late = await clara.begin(Kind.ENROL), await daria.begin(Kind.ENROL)
    codes = await clara.newest_code(), await daria.newest_code()
    house.clock.push(10 * MINUTE - 1)
    assert said(await clara.prove(early, code_new=codes[0])) == "done"
    house.clock.push(1)
    assert said(await daria.prove(late, code_new=codes[1])) == "code_expired"
    assert said(await daria.another_code(late, Proof.CODE_NEW)) == "open"
    assert said(await daria.prove(late, code_new=await daria.newest_code())) == "done"


async def test_a_request_lives_an_hour_to_the_millisecond(house: House) -> None:
    clara, daria = Someone(house, CLARA), Someone(house, DARIA)
    early, late = await clara.begin(Kind.ENROL), await daria.begin(Kind.ENROL)
    house.clock.push(HOUR - 10 * SECOND)
    for who, begun in ((clara, early), (daria, late)):
        assert said(await who.another_code(begun, Proof.CODE_NEW)) == "open"
    codes = await clara.newest_code(), await daria.newest_code()
    house.clock.push(10 * SECOND - 1)
    assert said(await clara.look_at(early)) == "open"
    assert said(await clara.prove(early, code_new=codes[0])) == "done"
    house.clock.push(1)
    assert said(await daria.look_at(late)) == "expired"
    assert said(await daria.prove(late, code_new=codes[1])) == "request_expired"
    assert said(await daria.another_code(late, Proof.CODE_NEW)) == "request_expired"
    assert said(await daria.cancel(late)) == "request_expired"


async def test_a_request_is_its_owners_alone(house: House) -> None:
    clara, thief = Someone(house, CLARA), Someone(house, THIEF)
    begun, of_thief = await clara.begin(Kind.ENROL), await thief.begin(Kind.ENROL)
    code = await clara.newest_code()
    foreign = [
        of_thief.token,
        None,
        "",
        "rr_",
        f"{begun.token}=",
        f"{begun.token} ",
        "rs_" + "A" * 64,
    ]
    for token in foreign:
        asked = Someone(house, CLARA)
        asked.session = token
        bare = msgspec.structs.replace(begun, token=None)
        assert said(await asked.prove(bare, code_new=code)) == "request_unknown"
        assert said(await asked.another_code(bare, Proof.CODE_NEW)) == "request_unknown"
        assert said(await asked.look_at(bare)) == "request_unknown"
        assert said(await asked.cancel(bare)) == "request_unknown"
    assert await house.value("SELECT max(tries) FROM challenges") == 0
    assert said(await clara.prove(begun, code_new=code)) == "done"


async def test_a_code_counts_once(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await clara.newest_code()
    assert said(await clara.prove(begun, code_new=code)) == "done"
    assert said(await clara.prove(begun, code_new=code)) == "request_finished"
    assert said(await clara.another_code(begun, Proof.CODE_NEW)) == "request_finished"
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert await house.value("SELECT count(*) FROM sessions") == 1


async def test_a_cancelled_request_leaves_nothing(house: House) -> None:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await clara.newest_code()
    assert said(await clara.cancel(begun)) == "cancelled"
    assert said(await clara.prove(begun, code_new=code)) == "request_finished"
    assert said(await clara.cancel(begun)) == "request_finished"
    assert said(await clara.look_at(begun)) == "cancelled"
    assert await house.rows("SELECT * FROM accounts") == []


async def test_two_people_with_one_number_complete_each_their_own_request(house: House) -> None:
    first, second = Someone(house, CLARA), Someone(house, CLARA, address="198.51.100.9")
    one = await first.begin(Kind.ENROL)
    code_one = await house.code_to(CLARA)
    house.clock.push(MINUTE)
    two = await second.begin(Kind.ENROL)
    code_two = await house.code_to(CLARA)
    if code_one != code_two:
        assert said(await first.prove(one, code_new=code_two)) == "code_wrong"
        assert said(await second.prove(two, code_new=code_one)) == "code_wrong"
    assert said(await second.prove(two, code_new=code_two)) == "done"
    # The other has shown to hold the number too, and only therefore is told.
    assert said(await first.prove(one, code_new=code_one)) == "number_taken"
    assert said(await first.look_at(one)) == "refused"
    assert said(await first.prove(one, code_new=code_one)) == "request_finished"
    assert await house.value("SELECT count(*) FROM accounts") == 1


async def test_taken_is_told_only_to_who_answered_a_code_there(house: House, anna: Someone) -> None:
    thief = Someone(house, ANNA, address="203.0.113.66")
    begun = await thief.begin(Kind.ENROL)
    stranger = Someone(house, CLARA, address="203.0.113.67")
    unknown = await stranger.begin(Kind.ENROL)
    assert (begun.kind, begun.state, begun.needs) == (unknown.kind, unknown.state, unknown.needs)
    seen = await thief.look_at(begun)
    assert (seen.state, seen.needs) == ("open", ((Proof.CODE_NEW,),))
    code = await house.code_to(ANNA)
    assert said(await thief.prove(begun, code_new=another(code))) == "code_wrong"
    assert said(await thief.prove(begun, code_new=code)) == "number_taken"
    # Whoever holds the SIM learns that, and gets nothing of Anna's.
    assert thief.session is None
    assert await house.value("SELECT count(*) FROM accounts") == 1
    assert await house.value("SELECT count(*) FROM numbers") == 1


async def test_beginning_costs_the_same_whoever_has_the_number(
    house: House, anna: Someone, boris: Someone
) -> None:
    """Free, taken, held for somebody and locked: one answer, one amount of work (invariant 8)."""
    assert said(await anna.change(CLARA)) == "done"
    await house.write("UPDATE accounts SET state = 'locked' WHERE id = :id", id=boris.account)
    house.clock.push(HOUR)
    stats, costs, answers = house.engine.stats, [], []
    for kind in (Kind.ENROL, Kind.SIGN_IN):
        for n, number in enumerate((THIEF, CLARA, ANNA, BORIS)):
            house.clock.push(HOUR)
            stranger = Someone(house, number, address=f"203.0.113.{n}")
            before = stats.statements, stats.round_trips
            begun = await stranger.begin(kind)
            costs.append((stats.statements - before[0], stats.round_trips - before[1]))
            answers.append((begun.state, begun.needs, begun.expires_at - house.clock.now()))
            before = stats.statements, stats.round_trips
            proof = "code_new" if kind is Kind.ENROL else "code_current"
            assert said(await stranger.look_at(begun)) == "open"
            house.clock.push(32 * MINUTE)
            assert said(await stranger.another_code(begun, Proof(proof))) == "open"
            costs.append((stats.statements - before[0], stats.round_trips - before[1]))
        assert len(set(costs[0::2])) == 1, costs
        assert len(set(costs[1::2])) == 1, costs
        assert len({(state, left) for state, _, left in answers}) == 1, answers
        costs, answers = [], []


async def test_a_device_is_known_to_the_account_that_it_enrolled(house: House) -> None:
    clara = Someone(house, CLARA)
    await clara.enrol()
    assert clara.device is not None
    house.clock.push(HOUR)
    # Her browser is known from the first day: a change needs no week of waiting.
    assert said(await clara.change(THIEF)) == "done"
