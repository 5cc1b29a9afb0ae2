"""totp: an app is set up, asked for, replaced, lost; and whoever guesses or overhears its codes."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account, imports, passkeys, passwords, reauthentication, sign_in, totp
from rebind.flows.desk import RequestView, tokens
from rebind.flows.totp import Setup, TotpView
from rebind.ports import Broken
from rebind.store import totps
from rebind.store.engines import open_engine
from rebind.store.statements import Missed
from tests.authenticator import Authenticator
from tests.factors import (
    PASSWORD,
    RECOVERY_CODE,
    SHORT_PASSWORD,
    set_password,
    set_recovery_code,
    set_totp,
    totp_now,
)
from tests.journeys import databases
from tests.journeys.test_passwords import noting, watched
from tests.journeys.test_undo import rob
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
    another,
    said,
)

STEP = 30 * SECOND
WRONG = "an old guess of somebody"


class App:
    """An authenticator app with one secret, by the house's clock."""

    def __init__(self, house: House, secret: str) -> None:
        self._house, self.secret = house, secret

    def shows(self, steps: int = 0) -> str:
        """What it shows, or that many steps of half a minute away."""
        from pyotp import TOTP

        return TOTP(self.secret).at(self._house.clock.now() // 1_000 + steps * 30)


async def confirming(who: Someone, purpose: Purpose, about: str = "") -> RequestView:
    """Begin to confirm who one is, for one act."""
    view = await reauthentication.begin(who.house.desk, who.caller(), purpose, about)
    assert isinstance(view, RequestView), view
    return view


async def confirmed(who: Someone, purpose: Purpose, **proofs: str) -> RequestView:
    """The same, done: by what is given, else by a code to the number, where one is asked for."""
    view = await confirming(who, purpose)
    if view.state == "open":
        if not proofs:
            assert said(await who.another_code(view, Proof.CODE_CURRENT)) == "open"
            proofs = {"code_current": await who.newest_code()}
        view = await who.prove(view, **proofs)
    assert said(view) == "done", view
    return view


async def offered(who: Someone, permit: RequestView) -> Setup:
    """What the app is given."""
    found = await totp.setup(who.house.desk, who.caller(), permit.id)
    assert isinstance(found, Setup), found
    return found


async def confirms(who: Someone, permit: RequestView, code: str, **more: Any) -> str:
    """Say what the app shows; how that ended."""
    return said(await totp.confirm(who.house.desk, who.caller(), permit.id, code, **more))


async def installed(who: Someone, **proofs: str) -> App:
    """An app, set up in one go; half a minute later, when it shows a code that is not spent."""
    permit = await confirmed(who, Purpose.TOTP_SET, **proofs)
    app = App(who.house, (await offered(who, permit)).secret)
    assert await confirms(who, permit, app.shows()) == "ok"
    who.house.clock.push(STEP)
    return app


async def removes(who: Someone, **proofs: str) -> str:
    """Confirm, and remove the app; how that ended."""
    permit = await confirmed(who, Purpose.TOTP_REMOVE, **proofs)
    return said(await totp.remove(who.house.desk, who.caller(), permit.id))


async def live(house: House, table: str = "totps") -> int:
    """How many of a kind count."""
    found = await house.value(
        f"SELECT count(*) FROM {table} WHERE removed_at IS NULL AND suspended_at IS NULL"
    )
    return int(found)


async def by_sms(who: Someone) -> tuple[RequestView, Any]:
    """A sign-in by the number, its code answered."""
    begun = await who.begin(Kind.SIGN_IN)
    half = await who.prove(begun, code_current=await who.newest_code())
    return begun, half


async def entering(who: Someone, name: str) -> RequestView:
    """A sign-in by a number or a mailbox, without a code."""
    caller = who.caller(bearer="")
    if "@" in name:
        view = await sign_in.by_email(who.house.desk, caller, name)
    else:
        view = await sign_in.by_number(who.house.desk, caller, name, ())
    assert isinstance(view, RequestView), view
    return view


# setting one up


async def test_an_app_is_set_up_and_asked_for_from_then_on(house: House, anna: Someone) -> None:
    house.clock.push(DAY)
    permit = await confirmed(anna, Purpose.TOTP_SET)
    await house.deliver()
    offer = await offered(anna, permit)
    app = App(house, offer.secret)
    # Nothing is kept before a code has shown that it arrived.
    assert await live(house) == 0
    assert await totp.show(house.desk, anna.caller()) == TotpView()
    assert await confirms(anna, permit, app.shows()) == "ok"
    now = house.clock.now()
    assert await totp.show(house.desk, anna.caller()) == TotpView(now, now + 7 * DAY)
    assert (await house.acts(anna.account))[-1] == "totp_set"
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    house.clock.push(MINUTE)
    # From its first minute, on her own telephone too, and whatever else she has.
    for there in (anna.elsewhere(), Someone(house, ANNA, anna.device, anna.id)):
        begun, half = await by_sms(there)
        assert (said(half), half.needs) == ("open", ((Proof.TOTP,),))
        assert said(await there.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
        assert said(await there.prove(begun, totp=app.shows())) == "done"
        assert await row_of(house, begun) == ("done", "I2")
        house.clock.push(MINUTE)
    assert await totp.show(house.desk, anna.caller()) == TotpView(now, now + 7 * DAY)


async def test_what_the_app_is_given(house: House, anna: Someone) -> None:
    """160 bits, the names of the service and of the account: and that names nobody."""
    permit = await confirmed(anna, Purpose.TOTP_SET)
    offer = await offered(anna, permit)
    assert offer == await offered(anna, permit), "and the same as long as the proof holds"
    assert len(offer.secret) == 32
    assert offer.grouped.split() == [offer.secret[at : at + 4] for at in range(0, 32, 4)]
    assert not offer.replaces
    parts = urlsplit(offer.uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Rebind:+7…67"
    assert parse_qs(parts.query) == {"secret": [offer.secret], "issuer": ["Rebind"]}
    assert ANNA[2:9] not in unquote(offer.uri)


async def test_no_two_secrets_are_alike(house: House, anna: Someone) -> None:
    """They are made of the key ring and the id of the request, so that nobody who has only one of
    them can tell the secret; another ring gives others."""
    now, thief = house.clock.now(), House(house.engine)
    ids = [house.dice.id(now) for _ in range(1_000)]
    seeds = [tokens.totp_secret(house.seal, each) for each in ids]
    seeds += [tokens.totp_secret(thief.seal, each) for each in ids]
    assert len(set(seeds)) == 2_000
    assert {len(seed) for seed in seeds} == {20}
    first, second = [await confirmed(anna, Purpose.TOTP_SET) for _ in range(2)]
    assert (await offered(anna, first)).secret != (await offered(anna, second)).secret
    app = App(house, (await offered(anna, first)).secret)
    assert await confirms(anna, second, app.shows()) == "totp_not_taken"
    assert await confirms(anna, first, app.shows()) == "ok"


async def test_a_wrong_code_spends_a_try_and_nothing_else(house: House, anna: Someone) -> None:
    permit = await confirmed(anna, Purpose.TOTP_SET)
    app = App(house, (await offered(anna, permit)).secret)
    for _ in range(20):
        assert await confirms(anna, permit, another(app.shows())) == "totp_not_taken"
    # On her own telephone it counts in its own row.
    assert await house.value("SELECT wrong_in_row FROM devices") == 20
    assert await house.rows("SELECT * FROM limits WHERE name = 'wrong_factor'") == []
    assert (await house.acts(anna.account)).count("proof_wrong") == 20
    assert await live(house) == 0
    assert await confirms(anna, permit, app.shows()) == "ok"


async def test_tries_to_set_one_up_elsewhere_are_counted_before_they_are_looked_at(
    house: House, anna: Someone
) -> None:
    await set_password(anna, age=30 * DAY)
    there = anna.elsewhere()
    there.session = anna.session
    house.clock.push(DAY)
    permit = await confirmed(there, Purpose.TOTP_SET, password=PASSWORD)
    app = App(house, (await offered(there, permit)).secret)
    code = another(app.shows())
    words = [await confirms(there, permit, code) for _ in range(16)]
    assert words == ["totp_not_taken"] * 15 + ["proofs_closed"]
    assert (await house.acts(anna.account)).count("proof_wrong") == 15
    assert await confirms(there, permit, app.shows()) == "proofs_closed"
    # Her own telephone is not concerned; and a right code there gives no tries back to strangers.
    own = await confirmed(anna, Purpose.TOTP_SET, password=PASSWORD)
    assert await confirms(anna, own, App(house, (await offered(anna, own)).secret).shows()) == "ok"


async def test_a_right_code_is_given_back(house: House, anna: Someone) -> None:
    await set_password(anna, age=30 * DAY)
    there = anna.elsewhere()
    there.session = anna.session
    house.clock.push(DAY)
    permit = await confirmed(there, Purpose.TOTP_SET, password=PASSWORD)
    app = App(house, (await offered(there, permit)).secret)
    assert await confirms(there, permit, another(app.shows())) == "totp_not_taken"
    assert await confirms(there, permit, app.shows()) == "ok"
    assert await house.value("SELECT count FROM limits WHERE name = 'wrong_factor'") == 1


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12 345", "١٢٣٤٥٦", "\x00" * 6],
)
async def test_what_is_no_code_is_not_even_counted(embedded: House, typed: str) -> None:
    anna = await embedded.bring_in(ANNA)
    await anna.sign_in()
    permit = await confirmed(anna, Purpose.TOTP_SET)
    assert await confirms(anna, permit, typed) == "totp_not_taken"
    assert await embedded.value("SELECT wrong_in_row FROM devices") == 0
    assert "proof_wrong" not in await embedded.acts(anna.account)


async def test_the_code_by_which_it_was_set_up_is_spent(house: House, anna: Someone) -> None:
    permit = await confirmed(anna, Purpose.TOTP_SET)
    app = App(house, (await offered(anna, permit)).secret)
    code = app.shows()
    assert await confirms(anna, permit, code) == "ok"
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    assert said(await there.prove(begun, totp=code)) == "proof_wrong"
    assert said(await there.prove(begun, totp=app.shows(-1))) == "proof_wrong"
    assert said(await there.prove(begun, totp=app.shows(1))) == "done"


async def test_another_app_in_its_place(house: House, anna: Someone) -> None:
    """The new one takes the old one's code; then the old one is of no use, and printed codes stay,
    which stand in for any of them."""
    old = await installed(anna)
    await set_recovery_code(anna)
    permit = await confirmed(anna, Purpose.TOTP_SET, totp=old.shows())
    offer = await offered(anna, permit)
    assert offer.replaces
    new = App(house, offer.secret)
    assert await confirms(anna, permit, another(new.shows())) == "totp_not_taken"
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert said(await anna.prove(view, totp=old.shows(1))) == "done", "until it is confirmed"
    assert await confirms(anna, permit, new.shows()) == "ok"
    house.clock.push(STEP)
    assert await live(house) == 1
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert set(view.needs) == {(Proof.TOTP,), (Proof.RECOVERY_CODE,)}
    assert said(await anna.prove(view, totp=old.shows(1))) == "proof_wrong"
    assert said(await anna.prove(view, totp=new.shows())) == "done"


@pytest.mark.parametrize("end_others", [True, False])
async def test_other_sessions_end_where_she_says_so(
    house: House, anna: Someone, end_others: bool
) -> None:
    other = Someone(house, ANNA, anna.device, anna.id)
    house.clock.push(MINUTE)
    await other.sign_in()
    permit = await confirmed(anna, Purpose.TOTP_SET)
    app = App(house, (await offered(anna, permit)).secret)
    assert await confirms(anna, permit, app.shows(), end_others=end_others) == "ok"
    assert await number_of(house, anna) == ANNA
    ended = said(await account.show(house.desk, other.caller()))
    assert ended == ("session_ended" if end_others else "AccountView")
    assert ("sessions_ended" in await house.acts(anna.account)) is end_others


async def test_a_proof_for_something_else_sets_none_up(
    house: House, anna: Someone, boris: Someone
) -> None:
    permit = await confirmed(anna, Purpose.TOTP_SET)
    app = App(house, (await offered(anna, permit)).secret)
    code = app.shows()
    wrong = await confirmed(anna, Purpose.PASSWORD_SET)
    assert await confirms(anna, wrong, code) == "reauthentication_required"
    setup = await totp.setup(house.desk, anna.caller(), wrong.id)
    assert said(setup) == "reauthentication_required"
    there = Someone(house, ANNA, anna.device, anna.id)
    house.clock.push(MINUTE)
    await there.sign_in()
    for other in (there, boris):
        assert await confirms(other, permit, code) == "reauthentication_required"
    assert await confirms(Someone(house, ANNA), permit, code) == "session_required"
    nobodys = await totp.setup(house.desk, Someone(house, ANNA).caller(), permit.id)
    assert said(nobodys) == "session_required"
    assert said(await totp.show(house.desk, Someone(house, ANNA).caller())) == "session_required"
    # What is only asked for spends nothing.
    assert await confirms(anna, permit, app.shows()) == "ok"
    assert await confirms(anna, permit, code) == "reauthentication_required"


async def test_the_proof_is_over_after_a_few_minutes(house: House, anna: Someone) -> None:
    permit = await confirmed(anna, Purpose.TOTP_SET)
    app = App(house, (await offered(anna, permit)).secret)
    house.clock.push(10 * MINUTE - 1)
    assert isinstance(await totp.setup(house.desk, anna.caller(), permit.id), Setup)
    house.clock.push(1)
    assert await confirms(anna, permit, app.shows()) == "reauthentication_required"
    assert await live(house) == 0


# when a code counts


@pytest.mark.parametrize(
    ("moved", "word"),
    [
        (-STEP - 1, "proof_wrong"),
        (-STEP, "done"),
        (-1, "done"),
        (0, "done"),
        (STEP - 1, "done"),
        (2 * STEP - 1, "done"),
        (2 * STEP, "proof_wrong"),
    ],
)
async def test_a_code_counts_in_its_step_and_in_one_to_either_side(
    house: House, anna: Someone, moved: int, word: str
) -> None:
    """To the millisecond, by the clock of the house and no other (RFC 6238 5.2)."""
    await set_totp(anna, age=DAY)
    house.clock.push(HOUR)
    assert house.clock.now() % STEP == 0
    code = totp_now(anna)
    house.clock.push(moved)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert said(await anna.prove(view, totp=code)) == word


async def test_no_code_counts_twice_nor_an_earlier_one_afterwards(
    house: House, anna: Someone
) -> None:
    """At re-authentication and at sign-in, in the same request and in another."""
    await set_totp(anna, age=DAY)
    house.clock.push(HOUR)
    before, code = totp_now(anna, -1), totp_now(anna)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    assert said(await anna.prove(view, totp=code)) == "done"
    again = await confirming(anna, Purpose.PASSKEY_ADD)
    there = anna.elsewhere()
    begun, half = await by_sms(there)
    assert said(half) == "open"
    for overheard in (code, before):
        assert said(await anna.prove(again, totp=overheard)) == "proof_wrong"
        assert said(await there.prove(begun, totp=overheard)) == "proof_wrong"
    house.clock.push(STEP)
    assert said(await anna.prove(again, totp=totp_now(anna))) == "done"
    assert said(await there.prove(begun, totp=totp_now(anna))) == "proof_wrong"
    assert said(await there.prove(begun, totp=totp_now(anna, 1))) == "done"


@pytest.fixture
async def beside(house: House, database_url: str) -> AsyncIterator[House]:
    """Another process of the same service."""
    opened = await open_engine(database_url, connections=4, fraction=random.Random(8).random)
    yield House(opened, beside=house)
    await opened.close()


def by_turns(houses: tuple[House, House], who: Someone, n: int) -> list[Someone]:
    """The same person n times, at both processes."""
    found = []
    for i in range(n):
        twin = Someone(houses[i % 2], who.number, who.device, who.id, who.address)
        twin.session = who.session
        found.append(twin)
    return found


async def at_once(calls: list[Awaitable[Any]]) -> Counter[str]:
    return Counter(said(outcome) for outcome in await asyncio.gather(*calls))


async def test_of_two_processes_with_one_code_one_wins(
    house: House, beside: House, anna: Someone
) -> None:
    """A code that was overheard, at the moment at which she uses it, in ten requests at once."""
    await set_totp(anna, age=DAY)
    house.clock.push(HOUR)
    hands = by_turns((house, beside), anna, 10)
    views = [await confirming(hand, Purpose.PASSWORD_SET) for hand in hands]
    code = totp_now(anna)
    words = await at_once(
        [hand.prove(view, totp=code) for hand, view in zip(hands, views, strict=True)]
    )
    assert words == {"done": 1, "proof_wrong": 9}
    assert (await house.acts(anna.account)).count("proof_accepted") >= 1
    done = "SELECT count(*) FROM requests WHERE kind = 'reauthenticate' AND ended_as = 'done'"
    assert await house.value(done) == 1


async def test_a_step_is_spent_once(house: House, beside: House, anna: Someone) -> None:
    """The guard by itself, met by twenty batches at once; a later step is another matter."""
    await set_totp(anna)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    (rows,) = await house.engine.read(totps.of_request(view.id))
    found = totps.row(rows)
    assert found is not None

    async def winners(step: int) -> int:
        ends = await asyncio.gather(
            *((house, beside)[n % 2].engine.write([totps.used(found, step)]) for n in range(20)),
            return_exceptions=True,
        )
        missed = [end for end in ends if isinstance(end, Missed)]
        assert all(end is None or end in missed for end in ends), ends
        assert {end.guard for end in missed} == {"totps.used"}
        return ends.count(None)

    assert [await winners(step) for step in (7, 7, 8, 6)] == [1, 0, 1, 0]


@pytest.mark.parametrize("permits", [1, 2])
async def test_of_two_apps_at_once_one_is_set_up(
    house: House, beside: House, anna: Someone, permits: int
) -> None:
    """From two processes: one proof sets up one app; of two, one app counts in the end."""
    views = [await confirmed(anna, Purpose.TOTP_SET) for _ in range(permits)]
    apps = [App(house, (await offered(anna, view)).secret) for view in views]
    hands = by_turns((house, beside), anna, 2)
    words = Counter(
        await asyncio.gather(
            *(
                confirms(hand, views[n % permits], apps[n % permits].shows())
                for n, hand in enumerate(hands)
            )
        )
    )
    assert 1 <= words["ok"] <= permits, words
    assert set(words) - {"ok"} <= {"try_again", "reauthentication_required"}
    assert await live(house) == 1
    assert (await house.acts(anna.account)).count("totp_set") == words["ok"]


# signing in


@pytest.mark.parametrize("name", [ANNA, ANNA_MAIL])
@pytest.mark.parametrize("password", [PASSWORD, SHORT_PASSWORD])
async def test_a_password_and_a_code_of_the_app_sign_in(
    house: House, anna: Someone, name: str, password: str
) -> None:
    """Row I5: together or one after the other, on any device; neither alone."""
    await set_password(anna, password, alone=password == PASSWORD)
    await set_totp(anna, age=DAY)
    for there in (anna.elsewhere(), Someone(house, ANNA, anna.device, anna.id)):
        begun = await entering(there, name)
        half = await there.prove(begun, password=password)
        assert (said(half), half.session) == ("open", None)
        assert (Proof.TOTP,) in half.needs
        done = await there.prove(begun, totp=totp_now(anna))
        assert (said(done), done.row, done.session.level) == ("done", "I5", "full")
        house.clock.push(MINUTE)
        begun = await entering(there, name)
        both = {"password": password, "totp": totp_now(anna)}
        assert said(await there.prove(begun, **both)) == "done"
        house.clock.push(MINUTE)
    assert await house.value("SELECT count(*) FROM sessions WHERE opened_by = 'I5'") == 4
    proofs = await house.rows("SELECT DISTINCT proofs FROM sessions WHERE opened_by = 'I5'")
    assert {"password totp", "known_device password totp"} == {each for (each,) in proofs}


async def test_a_stranger_cannot_begin_with_it(house: House, anna: Someone, boris: Someone) -> None:
    """Of somebody with an app, without, and of nobody: not looked at, not counted, and the same."""
    await set_totp(anna, age=DAY)
    house.clock.push(HOUR)
    for name in (ANNA, BORIS, CLARA, ANNA_MAIL, "nobody@example.com"):
        stranger = Someone(house, name, address="203.0.113.66")
        begun = await entering(stranger, name)
        for more in ({}, {"recovery_code": RECOVERY_CODE}):
            refused = await stranger.prove(begun, totp=totp_now(anna), **more)
            assert said(refused) == "proof_not_offered"
    assert await house.rows("SELECT * FROM limits WHERE name LIKE 'wrong%'") == []
    assert "proof_wrong" not in await house.acts()


async def test_nobody_learns_which_of_two_was_wrong(
    house: House, anna: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right password with a wrong code, a wrong password with the right code, both wrong; and
    the same typed for somebody without an app, without a password, and for nobody: one word, one
    amount of work."""
    await set_password(anna, age=DAY)
    await set_totp(anna, age=DAY)
    boris = await house.bring_in(BORIS, emails=("boris@example.net",))
    await set_password(boris, age=DAY)
    await house.bring_in(THIEF)
    house.clock.push(HOUR)
    right, wrong = totp_now(anna), another(totp_now(anna))
    hasher, stats, seen = noting(house), house.engine.stats, []
    for name, password, code in (
        (ANNA, PASSWORD, wrong),
        (ANNA, WRONG, right),
        (ANNA, WRONG, wrong),
        (BORIS, PASSWORD, wrong),
        (BORIS, WRONG, wrong),
        (THIEF, WRONG, right),
        (CLARA, WRONG, right),
    ):
        statements = watched(house, monkeypatch)
        stranger = Someone(house, name, address="203.0.113.66")
        before, hashes = stats.round_trips, len(hasher.compared)
        begun = await entering(stranger, name)
        refused = await stranger.prove(begun, password=password, totp=code)
        again = await stranger.look_at(begun)
        work = (statements, stats.round_trips - before, len(hasher.compared) - hashes)
        seen.append((said(refused), refused.until, again.state, again.needs, work))
        monkeypatch.undo()
    assert all(each == seen[0] for each in seen), seen
    assert seen[0][0] == "proof_wrong"
    assert await house.value("SELECT last_step FROM totps") == 0, "the right code is not spent"


async def test_who_has_an_app_is_not_told_by_how_often_one_may_guess(
    house: House, anna: Someone
) -> None:
    """Some tries beside a code to the number, some beside a password: the same for somebody and for
    nobody (invariant 8)."""
    await set_totp(anna, age=DAY)
    await set_password(anna, age=DAY)
    told = []
    for number in (ANNA, CLARA):
        words = []
        for n in range(14):
            stranger = Someone(house, number, address=f"203.0.{n}.66")
            begun = await stranger.begin(Kind.SIGN_IN, number)
            given = {"code_current": "000000", "totp": "000000"}
            words.append(said(await stranger.prove(begun, **given)))
            house.clock.push(40 * MINUTE)
        for _ in range(6):
            stranger = Someone(house, number, address="203.0.113.67")
            begun = await entering(stranger, number)
            words.append(said(await stranger.prove(begun, password=WRONG, totp="000000")))
        told.append(words)
    assert told[0] == told[1]


async def test_whoever_guesses_closes_the_door_for_unknown_devices_only(
    house: House, anna: Someone
) -> None:
    """The code to the number is known to a thief, who guesses the app's: 15 times a day, over all
    requests and from everywhere. The holder's telephone has a row of its own."""
    await set_totp(anna, age=30 * DAY)
    house.clock.push(HOUR)
    began, words = house.clock.now(), []
    for n in range(4):
        thief = anna.elsewhere(f"203.0.{n}.66")
        begun, half = await by_sms(thief)
        assert said(half) == "open"
        for _ in range(4):
            words.append(said(await thief.prove(begun, totp=another(totp_now(anna)))))
        house.clock.push(40 * MINUTE)
    assert words == ["proof_wrong"] * 15 + ["proofs_closed"]
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    refused = await there.prove(begun, totp=totp_now(anna))
    assert said(refused) == "proofs_closed"
    assert began < refused.until <= house.clock.now() + DAY
    begun, _half = await by_sms(anna)
    for _ in range(20):
        assert said(await anna.prove(begun, totp=another(totp_now(anna)))) == "proof_wrong"
    assert await house.value("SELECT wrong_in_row FROM devices WHERE enrolled = 1") == 20
    assert said(await anna.prove(begun, totp=totp_now(anna))) == "done"
    assert await house.value("SELECT wrong_in_row FROM devices WHERE enrolled = 1") == 0
    house.clock.push(DAY)
    begun, _half = await by_sms(there)
    assert said(await there.prove(begun, totp=totp_now(anna))) == "done"


async def test_a_stolen_telephone_guesses_a_hundred_times_and_no_more(
    house: House, anna: Someone
) -> None:
    """One after the other, and all at once."""
    await set_totp(anna, age=30 * DAY)
    house.clock.push(HOUR)
    view = await confirming(anna, Purpose.PASSWORD_SET)
    wrong = another(totp_now(anna))
    words = Counter([said(await anna.prove(view, totp=wrong)) for _ in range(120)])
    # Then the device is none that is known, and has the tries of a stranger.
    assert words == {"proof_wrong": 115, "proofs_closed": 5}
    assert said(await anna.prove(view, totp=totp_now(anna))) == "proofs_closed"


# moving the number


async def test_an_aged_app_moves_the_number_at_once(house: House, anna: Someone) -> None:
    """Row C1, without the old number and on any device; a session of this minute too."""
    await set_totp(anna, age=7 * DAY)
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    assert said(await there.prove(begun, totp=totp_now(anna))) == "done"
    house.clock.push(MINUTE)
    changing = await there.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    done = await there.prove(changing, code_new=code, totp=totp_now(anna))
    assert said(done) == "done"
    assert await row_of(house, changing) == ("done", "C1")
    assert await number_of(house, there) == ANNA_NEW


async def test_a_young_app_moves_nothing_and_says_until_when(house: House, anna: Someone) -> None:
    house.clock.push(2 * DAY)
    app = await installed(anna)
    set_at = await house.value("SELECT set_at FROM totps")
    house.clock.push(6 * DAY)
    for send in ((Proof.CODE_NEW,), (Proof.CODE_CURRENT, Proof.CODE_NEW)):
        refused = await anna.ask(Kind.CHANGE, ANNA_NEW, send=send)
        assert (said(refused), refused.until) == ("factor_too_young", set_at + 7 * DAY)
    house.clock.push(set_at + 7 * DAY - house.clock.now())
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    assert said(await anna.prove(begun, code_new=code, totp=app.shows())) == "done"


async def test_without_the_app_nothing_else_moves_the_number(house: House, anna: Someone) -> None:
    """On her own telephone, with codes to both numbers and to the mailbox, and an old password:
    none of C2 to C5 applies beside an app."""
    await set_password(anna, age=90 * DAY)
    await set_totp(anna, age=90 * DAY)
    house.clock.push(2 * DAY)
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    assert all(Proof.TOTP in way for way in (await anna.look_at(begun)).needs)
    half = await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (said(half), half.needs) == ("open", ((Proof.TOTP,),))
    assert said(await anna.another_code(begun, Proof.CODE_CURRENT)) == "proof_not_offered"
    assert said(await anna.another_code(begun, Proof.CODE_EMAIL)) == "proof_not_offered"
    assert said(await anna.prove(begun, password=PASSWORD)) == "proof_not_offered"
    await house.pass_time(30 * DAY)
    assert await row_of(house, begun) == (None, None)
    assert await imports.number_of(house.desk, anna.account) == ANNA


async def test_an_app_set_while_a_change_waits_stops_its_weaker_row(
    house: House, anna: Someone
) -> None:
    """C5 was begun two weeks ago; at its end there is an app, without which no row applies."""
    house.clock.push(2 * DAY)
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    waiting = await anna.prove(begun, code_new=await house.code_to(ANNA_NEW))
    assert (waiting.state, waiting.row) == ("waiting", "C5")
    await installed(anna)
    await house.pass_time(14 * DAY)
    assert await row_of(house, begun) == (None, "C5")
    assert await imports.number_of(house.desk, anna.account) == ANNA


# taking it back


async def test_to_undo_what_rested_on_the_app_freezes(house: House, anna: Someone) -> None:
    """Row U2: whoever had the app may be the holder; support decides."""
    await set_totp(anna, age=30 * DAY)
    begun = await anna.begin(Kind.CHANGE, THIEF, send=(Proof.CODE_NEW,))
    code = await house.code_to(THIEF)
    assert said(await anna.prove(begun, code_new=code, totp=totp_now(anna))) == "done"
    house.clock.push(HOUR)
    there = anna.elsewhere()
    undoing = await there.ask(Kind.UNDO, ANNA)
    done = await there.prove(undoing, code_new=await house.code_to(ANNA))
    assert (said(done), done.row) == ("done", "U2")
    assert await house.value("SELECT frozen_at FROM accounts") == house.clock.now()
    begun = await entering(there, THIEF)
    refused = await there.prove(begun, password=PASSWORD, totp=totp_now(anna))
    assert said(refused) != "done"


async def test_an_undo_suspends_the_thiefs_app(house: House) -> None:
    """He set it up to keep her out. It is of no use to him, and not in her way."""
    robbed = await rob(house)
    thief, anna = robbed.thief, robbed.anna
    thief.number = THIEF
    app = await installed(thief)
    assert await live(house) == 1
    assert await robbed.undone() == "done"
    assert await live(house) == 0
    house.clock.push(HOUR)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    half = await there.prove(begun, code_current=await house.code_to(ANNA))
    assert half.needs == ((Proof.CODE_EMAIL,),)
    assert said(await there.prove(begun, totp=app.shows())) == "proof_not_offered"
    await there.another_code(begun, Proof.CODE_EMAIL)
    assert said(await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))) == "done"


async def test_an_undo_brings_back_what_the_thief_removed(house: House) -> None:
    """Her app and her printed codes, which he removed with her open telephone."""
    robbed = await rob(house)
    thief, anna = robbed.thief, robbed.anna
    await set_totp(anna, age=90 * DAY)
    await set_recovery_code(anna, age=90 * DAY)
    assert await removes(thief, totp=totp_now(anna)) == "ok"
    assert (await live(house), await live(house, "recovery_codes")) == (0, 0)
    assert await robbed.undone() == "done"
    assert (await live(house), await live(house, "recovery_codes")) == (1, 1)
    house.clock.push(HOUR)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    half = await there.prove(begun, code_current=await house.code_to(ANNA))
    assert set(half.needs) == {(Proof.TOTP,), (Proof.RECOVERY_CODE,)}
    done = await there.prove(begun, totp=totp_now(anna))
    assert (said(done), done.row) == ("done", "L1")


# removing it


async def test_it_is_removed_with_an_aged_factor_and_its_paper_goes_with_it(
    house: House, anna: Someone
) -> None:
    app = await installed(anna)
    await set_recovery_code(anna)
    house.clock.push(8 * DAY)
    there = anna.elsewhere()
    open_one, half = await by_sms(there)
    assert (Proof.TOTP,) in half.needs
    before = await told(house, "security_changed")
    assert await removes(anna, totp=app.shows()) == "ok"
    assert (await house.acts(anna.account))[-1] == "totp_removed"
    after = Counter(await told(house, "security_changed"))
    assert after - Counter(before) == Counter((ANNA, ANNA_MAIL))
    assert await totp.show(house.desk, anna.caller()) == TotpView()
    assert await live(house, "recovery_codes") == 0
    # It proves nothing any more, at once, and in requests that were open.
    house.clock.push(STEP)
    for given in ({"totp": app.shows()}, {"recovery_code": RECOVERY_CODE}):
        assert said(await there.prove(open_one, **given)) in {"proof_wrong", "proof_not_offered"}
    house.clock.push(HOUR)
    _begun, half = await by_sms(anna.elsewhere())
    assert half.needs == ((Proof.CODE_EMAIL,),)
    assert said(await Someone(house, ANNA, anna.device, anna.id).sign_in()) == "done"


async def test_evidence_of_a_removed_app_is_worth_nothing(house: House, anna: Someone) -> None:
    """It was shown for a change already when it was removed: only what stands counts."""
    await set_totp(anna, age=30 * DAY)
    changing = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    half = await anna.prove(changing, totp=totp_now(anna))
    assert half.needs == ((Proof.CODE_NEW,),)
    house.clock.push(STEP)
    assert await removes(anna, totp=totp_now(anna)) == "ok"
    there = anna.elsewhere()
    there.session = anna.session
    done = await there.prove(changing, code_new=await house.code_to(ANNA_NEW))
    assert (said(done), done.row) == ("waiting", "C5")


async def test_beside_a_passkey_the_paper_stays(house: House, anna: Someone) -> None:
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    await set_password(anna, SHORT_PASSWORD, alone=False)
    key = Authenticator(SITE, "localhost")
    desk = house.desk
    permit = await confirmed(anna, Purpose.PASSKEY_ADD, totp=totp_now(anna))
    options = await passkeys.options(desk, anna.caller(), permit.id)
    assert isinstance(options, dict)
    await passkeys.add(desk, anna.caller(), permit.id, key.register(options), "")
    house.clock.push(STEP)
    assert await removes(anna, totp=totp_now(anna)) == "ok"
    assert await live(house, "recovery_codes") == 1


async def test_a_short_password_is_not_left_alone(house: House, anna: Someone) -> None:
    """Nothing is spent by the refusal: with a longer password it goes, on the same proof."""
    await set_totp(anna, age=30 * DAY)
    await set_password(anna, SHORT_PASSWORD, alone=False)
    permit = await confirmed(anna, Purpose.TOTP_REMOVE, totp=totp_now(anna))
    refused = await totp.remove(house.desk, anna.caller(), permit.id)
    assert said(refused) == "password_needs_factor"
    assert await live(house) == 1
    house.clock.push(STEP)
    other = await confirmed(anna, Purpose.PASSWORD_SET, totp=totp_now(anna))
    assert said(await passwords.choose(house.desk, anna.caller(), other.id, PASSWORD)) == "ok"
    assert said(await totp.remove(house.desk, anna.caller(), permit.id)) == "ok"
    assert await live(house) == 0


async def test_a_young_app_is_not_removed_by_anybody(house: House, anna: Someone) -> None:
    house.clock.push(2 * DAY)
    app = await installed(anna)
    refused = await reauthentication.begin(house.desk, anna.caller(), Purpose.TOTP_REMOVE)
    assert said(refused) == "factor_too_young"
    house.clock.push(7 * DAY)
    assert await removes(anna, totp=app.shows()) == "ok"
    view = await reauthentication.begin(house.desk, anna.caller(), Purpose.TOTP_REMOVE)
    assert isinstance(view, RequestView)
    permit = await confirmed(anna, Purpose.TOTP_REMOVE)
    assert said(await totp.remove(house.desk, anna.caller(), permit.id)) == "factor_unknown"


async def test_a_lost_app_is_removed_by_paper_and_by_nothing_less(
    house: House, anna: Someone
) -> None:
    """Neither a code to the number, nor to the mailbox, nor a password does (ASVS 6.4.4)."""
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=30 * DAY)
    await set_password(anna, age=90 * DAY)
    house.clock.push(HOUR)
    view = await confirming(anna, Purpose.TOTP_REMOVE)
    assert set(view.needs) == {(Proof.TOTP,), (Proof.RECOVERY_CODE,)}
    for proof in (Proof.CODE_CURRENT, Proof.CODE_EMAIL):
        assert said(await anna.another_code(view, proof)) == "proof_not_offered"
    assert said(await anna.prove(view, password=PASSWORD)) == "proof_not_offered"
    assert said(await anna.prove(view, recovery_code=RECOVERY_CODE)) == "done"
    assert said(await totp.remove(house.desk, anna.caller(), view.id)) == "ok"


# what rests


async def test_no_seed_and_no_code_is_anywhere_to_be_read(
    house: House, anna: Someone, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither as letters, nor as bytes, nor the address that the picture says: in no table,
    message, line of the history, or log."""
    caplog.set_level(0)
    permit = await confirmed(anna, Purpose.TOTP_SET)
    offer = await offered(anna, permit)
    app = App(house, offer.secret)
    used = [app.shows(), another(app.shows(1)), app.shows(1)]
    assert await confirms(anna, permit, used[0]) == "ok"
    house.clock.push(STEP)
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    assert said(await there.prove(begun, totp=used[1])) == "proof_wrong"
    assert said(await there.prove(begun, totp=used[2])) == "done"
    await house.deliver()
    raw = tokens.totp_secret(house.seal, permit.id)
    secrets = [offer.secret.encode(), offer.grouped.encode(), raw, raw.hex().encode(), b"otpauth"]
    for where, found in (await databases.everything(database_url)).items():
        for secret in secrets:
            assert secret not in found, where
            assert secret.lower() not in found, where
    # Six digits may stand in any number: they are looked for in whole columns.
    for table in databases.TABLES:
        for row in await house.rows(f"SELECT * FROM {table}"):
            for value in row:
                assert value not in {*used, *map(int, used)}, table
                text = value.encode() if isinstance(value, str) else value
                if isinstance(text, bytes):
                    assert not any(code.encode() in text for code in used), table
    messages = [sent.words for sent in (*house.post.sms, *house.post.mail)]
    spoken = caplog.text + "".join(f"{each.text}{each.subject}{each.html}" for each in messages)
    assert not [each for each in (offer.secret, offer.grouped, *used) if each in spoken]
    sealed = await house.rows("SELECT id, seed_sealed FROM totps")
    ((row_id, seed),) = sealed
    assert house.seal.unseal("totps.seed", bytes(row_id), bytes(seed)) == offer.secret


async def test_a_seed_in_another_row_opens_nothing(house: House, anna: Someone) -> None:
    """Whoever writes in the database cannot put a seed of their own beside her account."""
    thief = await house.bring_in(THIEF)
    await thief.sign_in()
    his = await installed(thief)
    await set_totp(anna, age=30 * DAY)
    mine = await house.value(
        "SELECT seed_sealed FROM totps WHERE account_id = :id", id=thief.account
    )
    await house.write(
        "UPDATE totps SET seed_sealed = :seed WHERE account_id = :id", seed=mine, id=anna.account
    )
    there = anna.elsewhere()
    begun, _half = await by_sms(there)
    with pytest.raises(Broken, match=r"totps\.seed"):
        await there.prove(begun, totp=his.shows())
