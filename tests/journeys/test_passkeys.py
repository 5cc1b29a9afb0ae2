"""passkeys: making one, using one, removing one; and whoever shows one that is not theirs."""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account, passkeys, reauthentication, requests, sessions, sign_in
from rebind.flows.desk import RequestView
from rebind.flows.passkeys import PasskeyView
from tests.authenticator import NONE, Authenticator, Flaws
from tests.factors import (
    RECOVERY_CODE,
    SHORT_PASSWORD,
    set_password,
    set_recovery_code,
    set_totp,
)
from tests.journeys.waits import number_of, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    CLARA,
    SITE,
    THIEF,
    House,
    Someone,
    said,
)

NO_USER = Flaws(verified=False)
OF_ANOTHER_SITE = Flaws(origin="https://example.com")
MANY = 20


@pytest.fixture
def key() -> Authenticator:
    """What keeps Anna's passkeys."""
    return keeper("hers")


def keeper(name: str, *, backed_up: bool | None = True) -> Authenticator:
    """Another authenticator, at a browser that shows our site."""
    return Authenticator(SITE, "localhost", name=name, backed_up=backed_up)


async def permitted(
    who: Someone, purpose: Purpose, about: str = "", by: Authenticator | None = None
) -> RequestView:
    """A fresh proof for one act: by a passkey, else by a code to the number, where one is asked."""
    desk = who.house.desk
    begun = await reauthentication.begin(desk, who.caller(), purpose, about)
    assert isinstance(begun, RequestView), begun
    if begun.state == "done":
        return begun
    if by is not None:
        done = await who.prove(begun, passkey=shown(by, begun))
    else:
        await who.another_code(begun, Proof.CODE_CURRENT)
        done = await who.prove(begun, code_current=await who.newest_code())
    assert said(done) == "done", done
    return begun


async def offered(who: Someone, permit: RequestView) -> dict[str, Any]:
    """What the browser is given to make one."""
    found = await passkeys.options(who.house.desk, who.caller(), permit.id)
    assert isinstance(found, dict), found
    return found


async def add(who: Someone, permit: RequestView, answer: str, name: str = "") -> Any:
    return await passkeys.add(who.house.desk, who.caller(), permit.id, answer, name)


async def added(
    who: Someone, key: Authenticator, name: str = "", by: Authenticator | None = None
) -> PasskeyView:
    """One more passkey of theirs."""
    permit = await permitted(who, Purpose.PASSKEY_ADD, by=by)
    found = await add(who, permit, key.register(await offered(who, permit)), name)
    assert isinstance(found, PasskeyView), found
    return found


async def removed(who: Someone, key_id: bytes, by: Authenticator | None = None) -> Any:
    permit = await permitted(who, Purpose.PASSKEY_REMOVE, key_id.hex(), by)
    return await passkeys.remove(who.house.desk, who.caller(), permit.id, key_id)


async def names(who: Someone) -> list[str]:
    found = await passkeys.listed(who.house.desk, who.caller())
    assert isinstance(found, passkeys.Passkeys), found
    return [each.name for each in found.passkeys]


async def entering(who: Someone) -> RequestView:
    """A sign-in that says no name."""
    begun = await sign_in.by_passkey(who.house.desk, who.caller())
    assert isinstance(begun, RequestView), begun
    return begun


async def entered(who: Someone, key: Authenticator) -> Any:
    """Sign in by a passkey and nothing else."""
    begun = await entering(who)
    return await who.prove(begun, passkey=shown(key, begun))


async def sms_to_enter(who: Someone) -> RequestView:
    """A sign-in by the number, with its code sent."""
    begun = await who.begin(Kind.SIGN_IN)
    await who.house.deliver()
    return begun


async def changing(who: Someone) -> tuple[RequestView, dict[str, Any]]:
    """A change of number, a code sent to the new one, and what is needed to use a passkey."""
    begun = await who.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    seen = await who.look_at(begun)
    assert (seen.needs, seen.passkey is None) == (((Proof.PASSKEY, Proof.CODE_NEW),), False)
    return begun, seen.passkey


def shown(key: Authenticator, request: RequestView, flaws: Flaws = NONE) -> str:
    """What a browser says when somebody uses a passkey for that request."""
    assert request.passkey is not None, request
    return key.sign(request.passkey, flaws)


def twisted(answer: str, **fields: Any) -> str:
    """The same with other words at its top or in its response."""
    said = json.loads(answer)
    for name, value in fields.items():
        inside = said["response"] if name in said["response"] else said
        inside[name] = value
    return json.dumps(said)


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


# --- Making one


async def test_one_is_made_and_signs_in_without_a_name(
    house: House, anna: Someone, key: Authenticator
) -> None:
    made = await added(anna, key, "  My \t telephone ")
    assert (made.name, made.set_at, made.used_at) == ("My telephone", house.clock.now(), None)
    assert await names(anna) == ["My telephone"]
    assert (await house.acts(anna.account))[-1] == "passkey_added"
    house.clock.push(HOUR)
    there = anna.elsewhere()
    begun = await entering(there)
    assert (begun.needs, begun.number) == (((Proof.PASSKEY,),), "")
    done = await there.prove(begun, passkey=shown(key, begun))
    assert (said(done), done.session.level) == ("done", "full")
    assert await row_of(house, begun) == ("done", "I5")
    assert await number_of(house, there) == ANNA
    found = await passkeys.listed(house.desk, there.caller())
    assert isinstance(found, passkeys.Passkeys)
    assert found.passkeys[0].used_at == house.clock.now()
    session = "SELECT proofs, opened_by FROM sessions ORDER BY opened_at DESC LIMIT 1"
    assert await house.rows(session) == [("passkey", "I5")]
    # No code was answered: the number is not confirmed by it (invariant 14).
    assert (await house.acts(anna.account)).count("number_confirmed") == 1
    # She came in at a browser that nobody knows: told to every address.
    assert await told(house, "new_sign_in") == sorted((ANNA, ANNA_MAIL))


async def test_what_a_browser_is_told_names_nobody(
    house: House, anna: Someone, key: Authenticator
) -> None:
    first = await added(anna, key)
    permit = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    offer = await offered(anna, permit)
    assert urlsafe_b64decode(offer["user"]["id"] + "==") == anna.account
    assert offer["user"]["name"] == "+7••••••••67"
    assert ANNA[2:9] not in json.dumps(offer)
    assert offer["rp"]["id"] == "localhost"
    assert offer["authenticatorSelection"]["userVerification"] == "required"
    assert offer["authenticatorSelection"]["residentKey"] == "required"
    assert offer.get("attestation", "none") == "none"
    # The same device is not asked to make another one beside the one that it has.
    had = await house.value("SELECT credential_id FROM passkeys WHERE id = :id", id=first.id)
    assert [each["id"] for each in offer["excludeCredentials"]] == [b64(bytes(had))]
    # 32 bytes that nobody could know before, and another number of them for each request.
    other = await offered(anna, await permitted(anna, Purpose.PASSKEY_ADD, by=key))
    challenges = [urlsafe_b64decode(each["challenge"] + "==") for each in (offer, other)]
    assert [len(each) >= 16 for each in challenges] == [True, True]
    assert challenges[0] != challenges[1]


async def test_everybody_is_told_when_one_is_made_and_when_it_goes(
    house: House, anna: Someone, key: Authenticator
) -> None:
    made = await added(anna, key, "iPhone 15")
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    assert "iPhone 15" in house.post.sms_to(ANNA)[-1].words.text
    house.clock.push(8 * DAY)
    assert said(await removed(anna, made.id, by=key)) == "ok"
    assert (await house.acts(anna.account))[-1] == "passkey_removed"
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL) * 2)
    assert await names(anna) == []


@pytest.mark.parametrize(
    "name",
    [
        "Call +7 985 111-00-00",
        "https://example.com",
        "Call 8(985)1110000",
        "evil.example",
        "x" * 60,
    ],
)
async def test_a_notice_does_not_carry_what_a_thief_wrote(
    house: House, anna: Someone, key: Authenticator, name: str
) -> None:
    await added(anna, key, name)
    assert await names(anna) == [name]
    await house.deliver()
    for sent in (house.post.sms_to(ANNA)[-1], house.post.mail_to(ANNA_MAIL)[-1]):
        assert name not in sent.words.text
        assert "2026-01-05" in sent.words.text


@pytest.mark.parametrize(
    ("typed", "agent", "called"),
    [
        ("", "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("", "Tests/1.0", "Passkey"),
        (" \u200b\u202e\x00 ", "Tests/1.0", "Passkey"),
        ("Мой ключ\u202e\n№ 2", "Tests/1.0", "Мой ключ № 2"),
        ("k" * 65, "Tests/1.0", "k" * 64),
        ("<b>&amp;", "Tests/1.0", "<b>&amp;"),
    ],
)
async def test_what_it_is_called(
    house: House, anna: Someone, key: Authenticator, typed: str, agent: str, called: str
) -> None:
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    answer = key.register(await offered(anna, permit))
    caller = anna.caller(agent=agent)
    made = await passkeys.add(house.desk, caller, permit.id, answer, typed)
    assert isinstance(made, PasskeyView), made
    assert made.name == called
    # In the table it cannot be read.
    sealed = await house.value("SELECT name_sealed FROM passkeys")
    assert called.encode() not in bytes(sealed)
    again = await passkeys.rename(house.desk, caller, made.id, typed)
    assert (said(again), await names(anna)) == ("ok", [called])


async def test_twenty_and_no_more(house: House, anna: Someone, key: Authenticator) -> None:
    await added(anna, key)
    kept = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    late = keeper("late").register(await offered(anna, kept))
    for i in range(1, MANY):
        await added(anna, keeper(f"number {i}"), by=key)
        house.clock.push(SECOND)
    permit = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    full = await passkeys.options(house.desk, anna.caller(), permit.id)
    assert said(full) == "too_many_factors"
    assert said(await add(anna, kept, late)) == "too_many_factors"
    assert len(await names(anna)) == MANY
    listed = await passkeys.listed(house.desk, anna.caller())
    assert isinstance(listed, passkeys.Passkeys)
    assert listed.full


async def test_a_proof_for_something_else_makes_none(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    right = await permitted(anna, Purpose.PASSKEY_ADD)
    answer = key.register(await offered(anna, right))
    wrong = await permitted(anna, Purpose.PASSWORD_SET)
    assert said(await add(anna, wrong, answer)) == "reauthentication_required"
    # Another session of hers, and somebody else's.
    there = Someone(house, ANNA, anna.device, anna.id)
    await house.pass_time(HOUR // 2)
    await there.sign_in()
    for other in (there, boris):
        assert said(await add(other, right, answer)) == "reauthentication_required"
    assert said(await add(Someone(house, ANNA), right, answer)) == "session_required"


async def test_a_proof_counts_once_and_for_a_few_minutes(
    house: House, anna: Someone, key: Authenticator
) -> None:
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    answer = key.register(await offered(anna, permit))
    assert isinstance(await add(anna, permit, answer), PasskeyView)
    second = keeper("second")
    assert said(await add(anna, permit, answer)) == "reauthentication_required"
    late = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    answer = second.register(await offered(anna, late))
    house.clock.push(10 * MINUTE)
    assert said(await add(anna, late, answer)) == "reauthentication_required"
    assert len(await names(anna)) == 1


async def test_an_answer_to_another_question_is_not_taken(
    house: House, anna: Someone, key: Authenticator
) -> None:
    first, second = [await permitted(anna, Purpose.PASSKEY_ADD) for _ in range(2)]
    to_first = key.register(await offered(anna, first))
    assert said(await add(anna, second, to_first)) == "passkey_not_taken"
    # Nothing was spent by trying; and what the other proof was for can still be done.
    assert isinstance(await add(anna, first, to_first), PasskeyView)
    # What was proved without a second factor is not enough any more.
    assert said(await add(anna, second, to_first)) == "reauthentication_required"
    assert len(await names(anna)) == 1


async def test_the_same_credential_is_taken_once(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """An authenticator does not make one twice; an app that lies may say so."""
    await added(anna, key)
    permit = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    other = keeper("other")
    answer = other.register(await offered(anna, permit))
    known = other.passkeys[0].credential_id
    await house.write("UPDATE passkeys SET credential_id = :known", known=known)
    assert said(await add(anna, permit, answer)) == "passkey_not_taken"
    assert len(await names(anna)) == 1


async def test_without_verifying_its_person_none_is_made_or_used(
    house: House, anna: Someone, key: Authenticator
) -> None:
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    offer = await offered(anna, permit)
    assert said(await add(anna, permit, key.register(offer, NO_USER))) == "passkey_not_taken"
    assert isinstance(await add(anna, permit, key.register(offer)), PasskeyView)
    there = anna.elsewhere()
    begun = await entering(there)
    assert said(await there.prove(begun, passkey=shown(key, begun, NO_USER))) == "proof_wrong"
    assert said(await there.prove(begun, passkey=shown(key, begun))) == "done"


async def test_of_another_site_none_is_made_or_used(
    house: House, anna: Someone, key: Authenticator
) -> None:
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    offer = await offered(anna, permit)
    assert said(await add(anna, permit, key.register(offer, OF_ANOTHER_SITE))) == (
        "passkey_not_taken"
    )
    assert isinstance(await add(anna, permit, key.register(offer)), PasskeyView)
    there = anna.elsewhere()
    begun = await entering(there)
    relayed = shown(key, begun, OF_ANOTHER_SITE)
    assert said(await there.prove(begun, passkey=relayed)) == "proof_wrong"


EMPTY = dict.fromkeys(
    ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"), "AAAA"
)
HOSTILE = [
    "{}",
    "null",
    "0",
    '""',
    "[]",
    "[" * 8_000,
    '{"id":' * 1_300,
    '{"id": "\\ud800", "rawId": "\\ud800", "type": "public-key", "response": {}}',
    '{"id": 1, "rawId": [], "type": {}, "response": "x"}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": null}',
    json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": EMPTY}),
    "1e999999",
    '{"id": NaN}',
    "\x00",
    "\ud800",
    "…" * 8_192,
]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
async def test_whatever_is_sent_in_its_place(embedded: House, answer: str) -> None:
    anna = await embedded.bring_in(ANNA)
    await anna.sign_in()
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    assert said(await add(anna, permit, answer)) == "passkey_not_taken"
    there = anna.elsewhere()
    begun = await entering(there)
    assert said(await there.prove(begun, passkey=answer)) == "proof_wrong"


async def test_answers_that_are_too_long(embedded: House, key: Authenticator) -> None:
    anna = await embedded.bring_in(ANNA)
    await anna.sign_in()
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    answer = key.register(await offered(anna, permit))
    padded = twisted(answer, padding="x" * 8_192)
    assert said(await add(anna, permit, padded)) == "passkey_not_taken"
    assert isinstance(await add(anna, permit, answer), PasskeyView)
    there = anna.elsewhere()
    begun = await entering(there)
    long = twisted(shown(key, begun), padding="x" * 8_192)
    assert said(await there.prove(begun, passkey=long)) == "proof_wrong"


async def test_one_proof_at_the_same_moment_makes_one(
    house: House, anna: Someone, key: Authenticator
) -> None:
    permit = await permitted(anna, Purpose.PASSKEY_ADD)
    offer = await offered(anna, permit)
    answers = [keeper(f"number {i}").register(offer) for i in range(4)]
    came = await asyncio.gather(*(add(anna, permit, answer) for answer in answers))
    taken = [each for each in came if isinstance(each, PasskeyView)]
    assert len(taken) == 1
    assert {said(each) for each in came if isinstance(each, Refused)} <= {
        "reauthentication_required", "try_again"
    }  # fmt: skip
    assert len(await names(anna)) == 1


# --- Signing in


async def test_by_her_number_a_passkey_is_enough_and_no_code_is_sent(
    house: House, anna: Someone, key: Authenticator
) -> None:
    await added(anna, key)
    await house.deliver()
    before = len(house.post.sms_to(ANNA))
    there = anna.elsewhere()
    begun = await sign_in.by_number(house.desk, there.caller(), ANNA, ())
    assert isinstance(begun, RequestView)
    done = await there.prove(begun, passkey=shown(key, begun))
    assert said(done) == "done"
    await house.deliver()
    codes = [sent for sent in house.post.sms_to(ANNA)[before:] if sent.has_code]
    assert codes == []


async def test_beside_a_code_it_is_the_second_factor(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """On an account with a passkey a code alone is not enough any more, known device or not."""
    await added(anna, key)
    house.clock.push(HOUR)
    for there in (anna.elsewhere(), Someone(house, ANNA, anna.device, anna.id)):
        begun = await sms_to_enter(there)
        half = await there.prove(begun, code_current=await there.newest_code())
        assert (said(half), half.needs) == ("open", ((Proof.PASSKEY,),))
        assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
        done = await there.prove(begun, passkey=shown(key, half))
        assert said(done) == "done"
        assert await row_of(house, begun) in {("done", "I2"), ("done", "I5")}
        house.clock.push(HOUR)


async def test_of_another_person_it_opens_nothing(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    """Boris has a passkey of his own, and says that he is Anna."""
    his = keeper("his")
    await added(anna, key)
    await added(boris, his)
    thief = Someone(house, THIEF, address="203.0.113.66")
    for begun in (
        await entering(thief),
        await sign_in.by_number(house.desk, thief.caller(), ANNA, ()),
        await sign_in.by_email(house.desk, thief.caller(), ANNA_MAIL),
    ):
        assert isinstance(begun, RequestView)
        mine = shown(his, begun)
        hers = twisted(mine, userHandle=b64(anna.account))
        nobodys = twisted(mine, userHandle=b64(bytes(16)))
        for answer in (hers, nobodys):
            assert said(await thief.prove(begun, passkey=answer)) == "proof_wrong"
        named = await house.value("SELECT account_id FROM requests WHERE id = :id", id=begun.id)
        assert bytes(named) != boris.account
    assert "session_opened" not in (await house.acts(anna.account))[-3:]


async def test_the_credential_of_another_under_ones_own_name(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    """The public key is that of the credential: nobody signs for it without having it."""
    his = keeper("his")
    await added(anna, key)
    await added(boris, his)
    thief = Someone(house, THIEF)
    begun = await entering(thief)
    hers = json.loads(shown(key, begun))
    mine = shown(his, begun)
    claimed = twisted(mine, id=hers["id"], rawId=hers["rawId"], userHandle=b64(anna.account))
    assert said(await thief.prove(begun, passkey=claimed)) == "proof_wrong"


async def test_a_request_without_a_name_takes_one_once(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    """Whoever has named Anna does not become Boris by his passkey in the same request."""
    his = keeper("his")
    await added(anna, key)
    await added(boris, his)
    there = Someone(house, BORIS)
    begun = await entering(there)
    wrong = twisted(shown(his, begun), userHandle=b64(anna.account))
    assert said(await there.prove(begun, passkey=wrong)) == "proof_wrong"
    assert said(await there.prove(begun, passkey=shown(his, begun))) == "proof_wrong"
    # Hers it takes: she was named.
    assert said(await there.prove(begun, passkey=shown(key, begun))) == "done"
    assert await number_of(house, there) == ANNA


@pytest.mark.parametrize("typed", [ANNA, ANNA_MAIL])
async def test_a_name_that_was_typed_is_not_taken_from_a_passkey(
    house: House, boris: Someone, typed: str
) -> None:
    """Or Boris could ask about any number by his own passkey: where nobody has the number it would
    let him in, and where somebody has it, not."""
    his = keeper("his")
    await added(boris, his)
    answers = []
    for somebody in (False, True):
        if somebody:
            await house.bring_in(ANNA, emails=(ANNA_MAIL,))
        there = Someone(house, BORIS)
        begin = sign_in.by_email if "@" in typed else sign_in.by_number
        begun = await begin(house.desk, there.caller(), typed)
        assert isinstance(begun, RequestView), begun
        answers.append(said(await there.prove(begun, passkey=shown(his, begun))))
        house.clock.push(10 * MINUTE)
    assert answers == ["proof_wrong", "proof_wrong"]


async def test_a_stranger_who_names_her_learns_nothing(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    """Of a number with passkeys, one without, and one that nobody has."""
    await added(anna, key)
    seen: list[Any] = []
    came = []
    stranger = keeper("stranger")
    stranger.register(await offered(boris, await permitted(boris, Purpose.PASSKEY_ADD)))
    for number in (ANNA, BORIS, CLARA):
        thief = Someone(house, THIEF, address="203.0.113.66")
        begun = await sign_in.by_number(house.desk, thief.caller(), number, ())
        assert isinstance(begun, RequestView)
        asked = dict(begun.passkey or {})
        asked["challenge"] = len(asked["challenge"])
        seen.append((begun.needs, begun.state, sorted(asked.items(), key=str)))
        came.append(said(await thief.prove(begun, passkey=shown(stranger, begun))))
        looked = await requests.show(house.desk, thief.caller(begun.token), begun.id)
        assert isinstance(looked, RequestView)
        seen[-1] = (*seen[-1], looked.needs, looked.state)
        house.clock.push(MINUTE)
    assert seen[0] == seen[1] == seen[2]
    # Nobody is told which credentials an account has.
    assert dict(seen[0][2]).get("allowCredentials", []) == []
    assert came == ["proof_wrong"] * 3


async def test_naming_somebody_costs_what_naming_nobody_costs(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """By a user handle that somebody has, and one that nobody has: the same words afterwards."""
    await added(anna, key)
    stranger, seen = keeper("strangers"), []
    permit = await permitted(anna, Purpose.PASSKEY_ADD, by=key)
    stranger.register(await offered(anna, permit))
    for handle in (anna.account, bytes(16), b"", b"x" * 64):
        thief = Someone(house, THIEF, address="203.0.113.66")
        begun = await entering(thief)
        answer = twisted(shown(stranger, begun), userHandle=b64(handle))
        came = said(await thief.prove(begun, passkey=answer))
        looked = await requests.show(house.desk, thief.caller(begun.token), begun.id)
        assert isinstance(looked, RequestView)
        seen.append((came, looked.state, looked.needs, looked.number, looked.sent))
    assert set(seen) == {("proof_wrong", "open", ((Proof.PASSKEY,),), "", ())}


async def test_for_another_request_it_is_worth_nothing(
    house: House, anna: Someone, key: Authenticator
) -> None:
    await added(anna, key)
    there = anna.elsewhere()
    first, second = await entering(there), await entering(there)
    answer = shown(key, first)
    assert said(await there.prove(second, passkey=answer)) == "proof_wrong"
    assert said(await there.prove(first, passkey=answer)) == "done"
    assert said(await there.prove(first, passkey=answer)) == "request_finished"


async def test_given_twice_at_the_same_moment_it_counts_once(
    house: House, anna: Someone, key: Authenticator
) -> None:
    await added(anna, key)
    there = anna.elsewhere()
    begun = await entering(there)
    answer = shown(key, begun)
    opened = "SELECT count(*) FROM sessions"
    before = await house.value(opened)
    came = await asyncio.gather(*(there.prove(begun, passkey=answer) for _ in range(4)))
    assert sorted(map(said, came)).count("done") == 1
    assert {said(each) for each in came} <= {"done", "request_finished", "try_again"}
    assert await house.value(opened) == before + 1


async def test_a_copied_authenticator_is_found_out(house: House, anna: Someone) -> None:
    """A key that cannot leave its device must not fall behind: then there are two of it."""
    key = keeper("bound to its device", backed_up=None)
    await added(anna, key)
    there = anna.elsewhere()
    begun = await entering(there)
    assert said(await there.prove(begun, passkey=shown(key, begun, Flaws(sign_count=10)))) == "done"
    for count in (10, 9, 1):
        begun = await entering(there)
        behind = shown(key, begun, Flaws(sign_count=count))
        assert said(await there.prove(begun, passkey=behind)) == "proof_wrong"
    begun = await entering(there)
    assert said(await there.prove(begun, passkey=shown(key, begun, Flaws(sign_count=11)))) == "done"


async def test_one_that_does_not_count_is_not_doubted(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """Passkeys that are copied between devices say 0 for ever."""
    await added(anna, key)
    for _ in range(3):
        there = anna.elsewhere()
        begun = await entering(there)
        assert (
            said(await there.prove(begun, passkey=shown(key, begun, Flaws(sign_count=0)))) == "done"
        )


async def test_wrong_ones_leave_a_line_and_close_nothing(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    """A signature cannot be guessed: whoever tries does not lock the holder out (invariant 7)."""
    await added(anna, key)
    his = keeper("his")
    await added(boris, his)
    thief = Someone(house, THIEF, address="203.0.113.66")
    begun = await sign_in.by_number(house.desk, thief.caller(), ANNA, ())
    assert isinstance(begun, RequestView)
    for _ in range(120):
        await thief.prove(begun, passkey=shown(his, begun))
    assert (await house.acts(anna.account)).count("proof_wrong") == 120
    assert said(await entered(anna.elsewhere(), key)) == "done"


# --- Removing one, and what then counts no more


async def test_what_was_removed_proves_nothing_any_more(
    house: House, anna: Someone, key: Authenticator
) -> None:
    made = await added(anna, key)
    other = keeper("other")
    await added(anna, other, by=key)
    house.clock.push(8 * DAY)
    there = anna.elsewhere()
    open_before = await entering(there)
    assert said(await removed(anna, made.id, by=key)) == "ok"
    assert said(await entered(anna.elsewhere(), key)) == "proof_wrong"
    # Neither in a request that was open already.
    answer = shown(key, open_before)
    assert said(await there.prove(open_before, passkey=answer)) == "proof_wrong"
    assert said(await entered(anna.elsewhere(), other)) == "done"


async def test_what_was_proved_by_it_before_counts_no_more(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """A change that was half proved by a passkey, which was then removed on another device."""
    made = await added(anna, key)
    house.clock.push(SECOND)
    other = keeper("other")
    await added(anna, other, by=key)
    house.clock.push(8 * DAY)
    begun, asked = await changing(anna)
    half = await anna.prove(begun, passkey=key.sign(asked))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_NEW,),))
    there = anna.elsewhere()
    assert said(await entered(there, other)) == "done"
    assert said(await removed(there, made.id, by=other)) == "ok"
    left = await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (said(left), left.needs) == ("open", ((Proof.PASSKEY,),))
    assert await number_of(house, anna) == ANNA
    assert said(await anna.prove(begun, passkey=shown(other, left))) == "done"
    assert await row_of(house, begun) == ("done", "C1")


async def test_removing_takes_a_proof_for_that_very_one(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    other = keeper("other")
    first, second = await added(anna, key), await added(anna, other, by=key)
    his = await added(boris, keeper("his"))
    house.clock.push(8 * DAY)
    permit = await permitted(anna, Purpose.PASSKEY_REMOVE, first.id.hex(), by=key)
    for wrong in (second.id, his.id, bytes(16)):
        came = await passkeys.remove(house.desk, anna.caller(), permit.id, wrong)
        assert said(came) == "reauthentication_required"
    assert said(await passkeys.remove(house.desk, anna.caller(), permit.id, first.id)) == "ok"
    again = await passkeys.remove(house.desk, anna.caller(), permit.id, first.id)
    assert said(again) == "reauthentication_required"
    # Somebody else's, and one that is gone: there is nothing of that name.
    for gone in (his.id, first.id):
        assert said(await removed(anna, gone, by=other)) == "factor_unknown"
    assert len(await names(anna)) == 1
    assert len(await names(boris)) == 1


async def test_a_young_one_removes_nothing(house: House, anna: Someone, key: Authenticator) -> None:
    """Only an aged factor takes the protection of an account away (invariant 15)."""
    made = await added(anna, key)
    house.clock.push(DAY)
    desk, about = house.desk, made.id.hex()
    came = await reauthentication.begin(desk, anna.caller(), Purpose.PASSKEY_REMOVE, about)
    assert isinstance(came, Refused)
    assert (said(came), came.until) == ("factor_too_young", made.set_at + 7 * DAY)


@pytest.mark.parametrize("age", [0, 8 * DAY])
async def test_a_lost_one_is_removed_with_a_printed_code(
    house: House, anna: Someone, key: Authenticator, age: int
) -> None:
    """And by nothing less: neither by a code to the number or the mailbox, nor by codes that
    somebody has printed this week (OWASP ASVS 5.0 6.4.4)."""
    made = await added(anna, key)
    house.clock.push(8 * DAY)
    await set_recovery_code(anna, age=age)
    begun = await reauthentication.begin(
        house.desk, anna.caller(), Purpose.PASSKEY_REMOVE, made.id.hex()
    )
    assert isinstance(begun, RequestView)
    assert {proof for way in begun.needs for proof in way} == (
        {Proof.PASSKEY, Proof.RECOVERY_CODE} if age else {Proof.PASSKEY}
    )
    for proof in (Proof.CODE_CURRENT, Proof.CODE_EMAIL):
        assert said(await anna.another_code(begun, proof)) == "proof_not_offered"
    proved = await anna.prove(begun, recovery_code=RECOVERY_CODE)
    assert said(proved) == ("done" if age else "proof_not_offered")
    gone = await passkeys.remove(house.desk, anna.caller(), begun.id, made.id)
    assert said(gone) == ("ok" if age else "reauthentication_required")


async def test_beside_a_short_password_the_last_second_factor_stays(
    house: House, anna: Someone, key: Authenticator
) -> None:
    made = await added(anna, key)
    await set_password(anna, SHORT_PASSWORD, alone=False)
    house.clock.push(8 * DAY)
    assert said(await removed(anna, made.id, by=key)) == "password_needs_factor"
    assert len(await names(anna)) == 1
    # Another second factor stands in for it.
    await set_totp(anna)
    assert said(await removed(anna, made.id, by=key)) == "ok"


@pytest.mark.parametrize("app", [True, False])
async def test_recovery_codes_go_with_the_last_second_factor(
    house: House, anna: Someone, key: Authenticator, app: bool
) -> None:
    made = await added(anna, key)
    await set_recovery_code(anna)
    if app:
        await set_totp(anna)
    house.clock.push(8 * DAY)
    assert said(await removed(anna, made.id, by=key)) == "ok"
    left = "SELECT count(*) FROM recovery_codes WHERE removed_at IS NULL"
    assert await house.value(left) == (1 if app else 0)


async def test_two_devices_remove_at_the_same_moment(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """Of the last two, each sees the other one still there: only one of them goes at once."""
    other = keeper("other")
    first, second = await added(anna, key), await added(anna, other, by=key)
    house.clock.push(8 * DAY)
    permits = [
        await permitted(anna, Purpose.PASSKEY_REMOVE, each.id.hex(), by=key)
        for each in (first, second)
    ]
    came = await asyncio.gather(
        *(
            passkeys.remove(house.desk, anna.caller(), permit.id, each.id)
            for permit, each in zip(permits, (first, second), strict=True)
        )
    )
    assert sorted(map(said, came)) in (["ok", "try_again"], ["ok", "ok"])
    assert len(await names(anna)) == sorted(map(said, came)).count("try_again")


# --- The list


async def test_names_are_changed_by_their_holder_only(
    house: House, anna: Someone, boris: Someone, key: Authenticator
) -> None:
    made = await added(anna, key, "Old")
    desk = house.desk
    assert said(await passkeys.rename(desk, boris.caller(), made.id, "Mine")) == "factor_unknown"
    assert said(await passkeys.rename(desk, anna.caller(), bytes(16), "x")) == "factor_unknown"
    stranger = anna.elsewhere().caller()
    assert said(await passkeys.rename(desk, stranger, made.id, "x")) == "session_required"
    assert await names(anna) == ["Old"]
    assert said(await passkeys.rename(desk, anna.caller(), made.id, "New")) == "ok"
    assert await names(anna) == ["New"]
    assert (await house.acts(anna.account))[-1] == "passkey_renamed"


async def test_on_probation_nothing_of_it_is_seen(house: House) -> None:
    clara = await house.bring_in(CLARA, with_device=False)
    done = await clara.sign_in()
    assert done.session.level == "probation"
    desk, caller = house.desk, clara.caller()
    assert said(await passkeys.listed(desk, caller)) == "session_on_probation"
    assert said(await passkeys.rename(desk, caller, bytes(16), "x")) == "session_on_probation"
    begun = await reauthentication.begin(desk, caller, Purpose.PASSKEY_ADD)
    assert said(begun) == "session_on_probation"


async def test_what_her_browser_may_tell_whoever_keeps_them(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """So that none is offered any more that would be refused (Signal API)."""
    made = await added(anna, key)
    other = keeper("other")
    await added(anna, other, by=key)
    house.clock.push(8 * DAY)
    before = await passkeys.listed(house.desk, anna.caller())
    assert isinstance(before, passkeys.Passkeys)
    assert (before.signal.rp_id, before.signal.user_id) == ("localhost", b64(anna.account))
    assert (before.signal.name, len(before.signal.credential_ids)) == ("+7••••••••67", 2)
    assert said(await removed(anna, made.id, by=key)) == "ok"
    after = await passkeys.listed(house.desk, anna.caller())
    assert isinstance(after, passkeys.Passkeys)
    left = await house.value("SELECT credential_id FROM passkeys WHERE removed_at IS NULL")
    assert after.signal.credential_ids == (b64(bytes(left)),)


# --- Changing the number by it, undoing that, and the lock


async def test_with_an_aged_one_the_number_changes_now(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """Row C1, also at a browser that nobody knows: neither the old number nor a wait is asked."""
    await added(anna, key)
    house.clock.push(8 * DAY)
    there = anna.elsewhere()
    assert said(await entered(there, key)) == "done"
    begun, asked = await changing(there)
    code = await house.code_to(ANNA_NEW)
    done = await there.prove(begun, passkey=key.sign(asked), code_new=code)
    assert said(done) == "done"
    assert await row_of(house, begun) == ("done", "C1")
    assert await number_of(house, there) == ANNA_NEW


async def test_one_of_yesterday_changes_nothing_yet(
    house: House, anna: Someone, key: Authenticator
) -> None:
    made = await added(anna, key)
    house.clock.push(DAY)
    young = await anna.ask(Kind.CHANGE, ANNA_NEW)
    assert isinstance(young, Refused)
    assert (said(young), young.until) == ("factor_too_young", made.set_at + 7 * DAY)
    assert made.young_until == made.set_at + 7 * DAY
    house.clock.push(6 * DAY)
    begun, asked = await changing(anna)
    code = await house.code_to(ANNA_NEW)
    done = await anna.prove(begun, passkey=key.sign(asked), code_new=code)
    assert said(done) == "done"


async def test_one_that_was_set_when_the_account_was_opened_counts_at_once(
    house: House, key: Authenticator
) -> None:
    clara = Someone(house, CLARA)
    await clara.enrol()
    house.clock.push(23 * HOUR)
    made = await added(clara, key)
    assert made.young_until is None
    begun, asked = await changing(clara)
    code = await house.code_to(ANNA_NEW)
    done = await clara.prove(begun, passkey=key.sign(asked), code_new=code)
    assert said(done) == "done"
    assert await row_of(house, begun) == ("done", "C1")


async def test_whoever_has_just_enrolled_is_asked_for_nothing_more(
    house: House, key: Authenticator
) -> None:
    clara = Someone(house, CLARA)
    await clara.enrol()
    begun = await reauthentication.begin(house.desk, clara.caller(), Purpose.PASSKEY_ADD)
    assert said(begun) == "done"
    assert isinstance(begun, RequestView)
    assert isinstance(
        await add(clara, begun, key.register(await offered(clara, begun))), PasskeyView
    )


async def test_a_thief_with_a_code_sets_none_for_a_day(house: House) -> None:
    """I3: a code to the number alone, on an unknown device, sets nothing that locks others out."""
    await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY)
    thief = Someone(house, BORIS, address="203.0.113.66")
    assert said(await thief.sign_in()) == "done"
    begun = await reauthentication.begin(house.desk, thief.caller(), Purpose.PASSKEY_ADD)
    assert isinstance(begun, Refused)
    assert (said(begun), begun.until) == ("session_too_young", house.clock.now() + DAY)


async def test_taking_back_a_change_by_passkey_freezes(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """Row U2: an SMS to the old number must not beat a second factor; support decides."""
    await added(anna, key)
    house.clock.push(8 * DAY)
    begun, asked = await changing(anna)
    code = await house.code_to(ANNA_NEW)
    assert said(await anna.prove(begun, passkey=key.sign(asked), code_new=code)) == "done"
    house.clock.push(HOUR)
    thief = Someone(house, ANNA, address="203.0.113.66")
    undoing = await thief.begin(Kind.UNDO, ANNA)
    assert said(await thief.prove(undoing, code_new=await house.code_to(ANNA))) == "done"
    assert await row_of(house, undoing) == ("done", "U2")
    # Nobody gets in, not by the passkey either: both sides wait for support.
    assert said(await entered(anna.elsewhere(), key)) == "account_locked"


async def test_an_undo_suspends_hers_who_came_and_restores_what_was_hers(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """The thief at her open telephone changed the number and then the passkeys."""
    house.clock.push(8 * DAY)
    assert said(await anna.change(THIEF)) == "done"
    thiefs = keeper("thiefs")
    house.clock.push(SECOND)
    assert said(await sessions.end_others(house.desk, anna.caller())) == "ok"
    await added(anna, thiefs)
    house.clock.push(HOUR)
    there = Someone(house, ANNA, address="198.51.100.7")
    undoing = await there.begin(Kind.UNDO, ANNA)
    assert said(await there.prove(undoing, code_new=await house.code_to(ANNA))) == "done"
    assert await row_of(house, undoing) == ("done", "U1")
    assert said(await account.show(house.desk, anna.caller())) == "session_ended"
    # What the thief has set opens nothing, before the lock is lifted and after it.
    thief = Someone(house, THIEF, address="203.0.113.66")
    assert said(await entered(thief, thiefs)) == "proof_wrong"
    house.clock.push(HOUR)
    entering_again = await sms_to_enter(there)
    half = await there.prove(entering_again, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    await there.another_code(entering_again, Proof.CODE_EMAIL)
    lifted = await there.prove(entering_again, code_email=await house.code_to(ANNA_MAIL))
    assert said(lifted) == "done"
    assert said(await entered(thief, thiefs)) == "proof_wrong"
    assert await names(there) == []


async def test_an_undo_brings_back_a_passkey_that_the_thief_removed(
    house: House, anna: Someone, key: Authenticator
) -> None:
    """Removed behind the flows' back here: a thief needs an aged factor for it, and then an undo
    freezes; but a case of support restores by the same statement."""
    made = await added(anna, key)
    house.clock.push(9 * DAY)
    removed_at = house.clock.now()
    await house.write("UPDATE passkeys SET removed_at = :now", now=removed_at)
    house.clock.push(HOUR)
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    there = Someone(house, ANNA, address="198.51.100.7")
    undoing = await there.begin(Kind.UNDO, ANNA)
    assert said(await there.prove(undoing, code_new=await house.code_to(ANNA))) == "done"
    state = "SELECT removed_at, suspended_at FROM passkeys WHERE id = :id"
    assert await house.rows(state, id=made.id) == [(None, None)]
    # It is hers from before, so it lifts the lock beside a code; alone it does not.
    house.clock.push(HOUR)
    assert said(await entered(there, key)) in {"open", "account_locked"}
    begun = await sms_to_enter(there)
    half = await there.prove(begun, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.PASSKEY,),))
    assert said(await there.prove(begun, passkey=shown(key, half))) == "done"
    assert await row_of(house, begun) == ("done", "L1")
    assert await names(there) == [made.name]
