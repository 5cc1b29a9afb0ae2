"""passwords: chosen, changed, forgotten, guessed, and never of use where they should not be."""

import asyncio
import random
import re
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rebind.domain import passwords as rules
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account, passwords, reauthentication, sign_in
from rebind.flows.desk import Caller, RequestView
from rebind.flows.passwords import Expected, Meter
from rebind.ports import Busy, Hasher
from rebind.store.engines import StoreEngine, open_engine
from tests.factors import PASSWORD, SHORT_PASSWORD, set_password, set_totp, totp_now
from tests.journeys import databases
from tests.journeys.test_undo import rob
from tests.journeys.waits import elsewhere, row_of, told
from tests.people import (
    ANNA,
    ANNA_MAIL,
    BORIS,
    BORIS_MAIL,
    CLARA,
    DARIA,
    House,
    Someone,
    said,
)

ANOTHER = "twelve slow boats on a river"
WRONG = "an old guess of somebody"
ROOT = Path(__file__).parents[2]


class Noting:
    """The hasher, and what it was asked: whether there was a hash to compare with, each time."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self.compared: list[bool] = []
        self.hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return await self._hasher.hash(password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        self.compared.append(hashed is not None)
        return await self._hasher.verify(hashed, password)

    def outdated(self, hashed: str) -> bool:
        return self._hasher.outdated(hashed)


class Crowded:
    """A hasher with too many before it."""

    async def hash(self, password: str) -> str:
        raise self._busy()

    async def verify(self, hashed: str | None, password: str) -> bool:
        raise self._busy()

    def outdated(self, hashed: str) -> bool:
        return False

    def _busy(self) -> Busy:
        busy = Busy("crowded")
        busy.retry_s = 3
        return busy


def noting(house: House) -> Noting:
    """Let the house note what is hashed from here on."""
    found = Noting(house.desk.hasher)
    house.desk = msgspec.structs.replace(house.desk, hasher=found)
    return found


async def confirmed(who: Someone, purpose: Purpose, **proofs: str) -> RequestView:
    """A re-authentication that is done, by what is given, else by a code to the number."""
    desk = who.house.desk
    view = await reauthentication.begin(desk, who.caller(), purpose)
    assert isinstance(view, RequestView), view
    if view.state == "open":
        if not proofs:
            assert said(await who.another_code(view, Proof.CODE_CURRENT)) == "open"
            proofs = {"code_current": await who.house.code_to(who.number)}
        view = await who.prove(view, **proofs)
    assert said(view) == "done", view
    return view


async def chooses(who: Someone, new: str, **proofs: str) -> str:
    """Confirm and choose a password; how that ended."""
    view = await confirmed(who, Purpose.PASSWORD_SET, **proofs)
    return said(await passwords.choose(who.house.desk, who.caller(), view.id, new))


def nobody(who: Someone) -> Caller:
    """The same browser without its session."""
    return msgspec.structs.replace(who.caller(), bearer=None)


async def by_name(who: Someone, name: str) -> RequestView:
    """Begin to sign in without a code: by a number or a mailbox."""
    caller = nobody(who)
    if "@" in name:
        view = await sign_in.by_email(who.house.desk, caller, name)
    else:
        view = await sign_in.by_number(who.house.desk, caller, name, ())
    assert isinstance(view, RequestView), view
    return view


async def enters(who: Someone, password: str, name: str = "", **more: str) -> str:
    """Sign in by a password, and what else is given; how that ended."""
    view = await by_name(who, name or who.number)
    return said(await who.prove(view, password=password, **more))


async def live(house: House) -> int:
    """How many passwords count."""
    sql = "SELECT count(*) FROM passwords WHERE removed_at IS NULL AND suspended_at IS NULL"
    return int(await house.value(sql))


# choosing, changing, forgetting


async def test_her_first_password_signs_her_in(house: House, anna: Someone) -> None:
    """She has signed in a moment ago, and is not asked for the same again."""
    await house.deliver()
    assert await chooses(anna, PASSWORD) == "ok"
    assert (await house.acts(anna.account))[-4:] == [
        "request_begun",
        "proof_accepted",
        "password_set",
        "sessions_ended",
    ]
    view = await passwords.show(house.desk, anna.caller())
    now = house.clock.now()
    assert view == passwords.PasswordView(now, True, now + 7 * DAY)
    for name in (ANNA, ANNA_MAIL):
        there = anna.elsewhere()
        begun = await by_name(there, name)
        done = await there.prove(begun, password=PASSWORD)
        assert (said(done), done.session.level) == ("done", "full")
        assert await row_of(house, begun) == ("done", "I5")
        assert await enters(anna.elsewhere(), WRONG, name) == "proof_wrong"
    # Neither sent a code; both are told, at every address.
    await house.deliver()
    assert not [sent for sent in house.post.sms[1:] if sent.has_code]
    assert await told(house, "new_sign_in") == sorted((ANNA, ANNA_MAIL) * 2)


async def test_changing_it(house: House, anna: Someone) -> None:
    assert await chooses(anna, PASSWORD) == "ok"
    house.clock.push(DAY)
    assert await chooses(anna, ANOTHER, password=PASSWORD) == "ok"
    assert await live(house) == 1
    assert await enters(anna.elsewhere(), PASSWORD) == "proof_wrong"
    assert await enters(anna.elsewhere(), ANOTHER) == "done"
    # To change it takes a fresh proof, and a wrong password is none.
    house.clock.push(DAY)
    view = await reauthentication.begin(house.desk, anna.caller(), Purpose.PASSWORD_SET)
    assert isinstance(view, RequestView)
    assert view.needs == ((Proof.PASSWORD,), (Proof.CODE_CURRENT,))
    assert said(await anna.prove(view, password=PASSWORD)) == "proof_wrong"
    refused = await passwords.choose(house.desk, anna.caller(), view.id, PASSWORD)
    assert said(refused) == "reauthentication_required"
    assert await enters(anna.elsewhere(), ANOTHER) == "done"


async def test_a_permit_is_for_this_act_and_counts_once(house: House, anna: Someone) -> None:
    desk, caller = house.desk, anna.caller()
    assert said(await passwords.choose(desk, nobody(anna), b"0" * 16, PASSWORD)) == (
        "session_required"
    )
    assert said(await passwords.choose(desk, caller, b"0" * 16, PASSWORD)) == (
        "reauthentication_required"
    )
    other = await confirmed(anna, Purpose.TOTP_SET)
    assert said(await passwords.choose(desk, caller, other.id, PASSWORD)) == (
        "reauthentication_required"
    )
    view = await confirmed(anna, Purpose.PASSWORD_SET)
    # What is not taken spends nothing.
    assert said(await passwords.choose(desk, caller, view.id, "short")) == (
        "password_too_short_alone"
    )
    assert await live(house) == 0
    assert said(await passwords.choose(desk, caller, view.id, PASSWORD)) == "ok"
    assert said(await passwords.choose(desk, caller, view.id, ANOTHER)) == (
        "reauthentication_required"
    )
    assert said(await passwords.choosing(desk, caller, view.id)) == "reauthentication_required"


async def test_a_forgotten_password_is_set_anew_by_other_proofs(
    house: House, anna: Someone
) -> None:
    """She signs in by codes at a browser that nobody knows, and shows there again who she is."""
    await set_password(anna, age=90 * DAY)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    await there.prove(begun, code_current=await house.code_to(ANNA))
    await there.another_code(begun, Proof.CODE_EMAIL)
    assert said(await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))) == "done"
    house.clock.push(DAY)
    view = await reauthentication.begin(house.desk, there.caller(), Purpose.PASSWORD_SET)
    assert isinstance(view, RequestView)
    assert set(view.needs) == {(Proof.PASSWORD,), (Proof.CODE_CURRENT, Proof.CODE_EMAIL)}
    assert said(await there.another_code(view, Proof.CODE_CURRENT)) == "open"
    half = await there.prove(view, code_current=await house.code_to(ANNA))
    assert said(half) == "open"
    assert said(await passwords.choose(house.desk, there.caller(), view.id, ANOTHER)) == (
        "reauthentication_required"
    )
    assert said(await there.another_code(view, Proof.CODE_EMAIL)) == "open"
    assert said(await there.prove(view, code_email=await house.code_to(ANNA_MAIL))) == "done"
    assert said(await passwords.choose(house.desk, there.caller(), view.id, ANOTHER)) == "ok"
    # Whoever knew the old one is out, and she hears of it at every address.
    assert said(await account.show(house.desk, anna.caller())) == "session_ended"
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_MAIL))
    assert await enters(anna.elsewhere(), PASSWORD) == "proof_wrong"
    assert await enters(anna.elsewhere(), ANOTHER) == "done"


async def test_no_reset_passes_by_the_second_factor(house: House, anna: Someone) -> None:
    """Neither by SMS and e-mail together nor by the old password, and on her own telephone."""
    await set_password(anna, age=90 * DAY)
    await set_totp(anna, age=90 * DAY)
    house.clock.push(HOUR)
    view = await reauthentication.begin(house.desk, anna.caller(), Purpose.PASSWORD_SET)
    assert isinstance(view, RequestView)
    assert view.needs == ((Proof.TOTP,),)
    for proof in (Proof.CODE_CURRENT, Proof.CODE_EMAIL):
        assert said(await anna.another_code(view, proof)) == "proof_not_offered"
    assert said(await anna.prove(view, password=PASSWORD)) == "proof_not_offered"
    assert said(await anna.prove(view, totp=totp_now(anna))) == "done"
    assert said(await passwords.choose(house.desk, anna.caller(), view.id, ANOTHER)) == "ok"


async def test_the_other_sessions_end_and_ones_own_stays(house: House, anna: Someone) -> None:
    other = Someone(house, ANNA, anna.device, anna.id)
    assert said(await other.sign_in()) == "done"
    for password in (PASSWORD, ANOTHER):
        assert await chooses(anna, password) == "ok"
        assert said(await account.show(house.desk, other.caller())) == "session_ended"
        assert isinstance(await account.show(house.desk, anna.caller()), account.AccountView)
        house.clock.push(MINUTE)
        assert said(await other.sign_in()) == "done"


async def test_every_address_is_told_of_setting_and_removing(house: House) -> None:
    """That of last week, which was removed, too."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, "gone@example.org"))
    await house.write(
        "UPDATE emails SET removed_at = :now WHERE id = (SELECT last FROM (SELECT id AS last"
        " FROM emails ORDER BY id DESC LIMIT 1) t)",
        now=house.clock.now() - 5 * DAY,
    )
    await anna.sign_in()
    everybody = sorted((ANNA, ANNA_MAIL, "gone@example.org"))
    assert await chooses(anna, PASSWORD) == "ok"
    assert await told(house, "security_changed") == everybody
    words = house.post.mail_to(ANNA_MAIL)[-1].words.text
    assert "пароль" in words.lower()
    house.clock.push(8 * DAY)
    await anna.sign_in()
    view = await confirmed(anna, Purpose.PASSWORD_REMOVE)
    assert said(await passwords.remove(house.desk, anna.caller(), view.id)) == "ok"
    assert await told(house, "security_changed") == sorted(everybody * 2)


async def test_a_removed_password_proves_nothing(house: House, anna: Someone) -> None:
    """At once, and in a sign-in to which it was given already."""
    await set_password(anna, age=90 * DAY)
    await set_totp(anna, age=90 * DAY)
    there = anna.elsewhere()
    begun = await by_name(there, ANNA)
    half = await there.prove(begun, password=PASSWORD)
    assert said(half) == "open"
    assert (Proof.TOTP,) in half.needs
    view = await confirmed(anna, Purpose.PASSWORD_REMOVE, totp=totp_now(anna))
    assert said(await passwords.remove(house.desk, anna.caller(), view.id)) == "ok"
    assert (await house.acts(anna.account))[-1] == "password_removed"
    house.clock.push(MINUTE)
    assert said(await there.prove(begun, totp=totp_now(anna))) == "open"
    assert there.session is None
    assert await enters(anna.elsewhere(), PASSWORD) == "proof_wrong"
    assert await passwords.show(house.desk, anna.caller()) == passwords.PasswordView()
    house.clock.push(MINUTE)
    again = await confirmed(anna, Purpose.PASSWORD_REMOVE, totp=totp_now(anna))
    assert said(await passwords.remove(house.desk, anna.caller(), again.id)) == "factor_unknown"


# what may be a password


async def tries(house: House, *words: str, second: bool = False, **more: Any) -> list[str]:
    """What each of these is told, one permit for all."""
    anna = await house.bring_in(ANNA, **{"emails": (ANNA_MAIL,), **more})
    await anna.sign_in()
    if second:
        await set_totp(anna)
    proofs = {"totp": totp_now(anna)} if second else {}
    view = await confirmed(anna, Purpose.PASSWORD_SET, **proofs)
    desk = house.desk
    return [said(await passwords.choose(desk, anna.caller(), view.id, word)) for word in words]


LETTERS = "five sheep and a very tall lighthouse keeper who sings at night to nobody but the sea, "
LONG = (LETTERS * 2)[: rules.MAX]


@pytest.mark.parametrize(
    ("second", "length", "word"),
    [
        (False, 7, "password_too_short_alone"),
        (False, 14, "password_too_short_alone"),
        (False, 15, "ok"),
        (True, 7, "password_too_short"),
        (True, 8, "ok"),
        (False, 64, "ok"),
        (False, 128, "ok"),
        (True, 129, "password_too_long"),
        (False, 5_000, "password_too_long"),
    ],
)
async def test_how_long_it_is(embedded: House, second: bool, length: int, word: str) -> None:
    assert await tries(embedded, (LETTERS * 60)[:length], second=second) == [word]
    if word == "ok":
        alone = await embedded.value("SELECT alone FROM passwords")
        assert alone == int(length >= 15)


@pytest.mark.parametrize(
    "password",
    [
        "only lowercase letters here",
        "836104927561830",
        "              a bear",
        "восемь синих лодок плывут",
        "🦉🐢🦔🐝🦆🐍🦎🐙🦑🐬🐳🐧🦜🐞🦋",
        "ДлинныйПарольБезПробелов",
    ],
)
async def test_any_signs_may_be_used(embedded: House, password: str) -> None:
    assert await tries(embedded, password) == ["ok"]


async def test_what_thieves_try_first_is_not_taken(embedded: House) -> None:
    told = await tries(
        embedded,
        "password12345678",
        "passwordpassword",
        "qwertyuiopasdfgh",
        "йцукенгшщзхъфывап",
        "aaaaaaaaaaaaaaaaaaaa",
        "iloveyou12345678",
        PASSWORD,
    )
    assert told == ["password_common"] * 6 + ["ok"]


@pytest.mark.parametrize("before", ["nothing", "a password", "a forgotten one"])
async def test_what_is_common_is_refused_whenever_one_is_set(embedded: House, before: str) -> None:
    anna = await embedded.bring_in(ANNA)
    await anna.sign_in()
    if before != "nothing":
        await set_password(anna, age=20 * DAY)
        embedded.clock.push(DAY)
    proofs = {"password": PASSWORD} if before == "a password" else {}
    assert await chooses(anna, "password12345678", **proofs) == "password_common"
    assert await live(embedded) == int(before != "nothing")


async def test_what_is_expected_of_her_here_is_not_taken(embedded: House) -> None:
    """Her number, her mailbox, the name of the service, and digits to make it long enough."""
    name = "Old Lighthouse Bank"
    embedded.desk = msgspec.structs.replace(embedded.desk, service=name)
    told = await tries(
        embedded,
        "9161234567 9161234567",
        "+7 916 123-45-67 1234",
        "anna@example.org2026",
        "Old Lighthouse Bank",
        "oldlighthousebank123",
        "1234knabesuohthgildlo",
        "lighthouse12345678",
        PASSWORD,
    )
    assert told == ["password_expected"] * 7 + ["ok"]


def test_the_words_that_are_not_taken_are_documented() -> None:
    """OWASP ASVS 5.0 6.1.2: the list on the page is the list in the code."""
    page = (ROOT / "docs" / "journeys" / "factors.md").read_text(encoding="utf-8")
    section = page.partition("\n## Password\n")[2].partition("\n## ")[0]
    after = section.partition("words are expected of a person here:")[2]
    listed = re.findall(r"^- the (.+?)(?:,.*)?[;.]$", after.partition("\n\n#")[0], re.MULTILINE)
    names = ("name of the service", "phone number", "e-mail addresses")
    assert tuple(listed) == names
    fields = [field.replace("email", "e-mail") for field in Expected.__struct_fields__]
    assert tuple(field.replace("_", " ") for field in fields) == names


async def test_what_cannot_be_typed_is_not_taken(embedded: House) -> None:
    told = await tries(embedded, PASSWORD + "\x00", PASSWORD + "\n", PASSWORD + "\u202e")
    assert told == ["password_unreadable"] * 3


async def test_it_is_compared_as_it_was_typed(embedded: House) -> None:
    long = f" {LONG[1:127]} "
    assert len(long) == rules.MAX
    assert await tries(embedded, long) == ["ok"]
    anna = Someone(embedded, ANNA)
    wrong = (long[:-1] + "x", long[:40] + long[40:].upper(), long[1:], long[:-1], long + "x")
    for password in wrong:
        assert await enters(anna, password) == "proof_wrong"
    assert await enters(anna, long) == "done"


async def test_two_spellings_of_one_password_both_sign_in(house: House, anna: Someone) -> None:
    """A Mac says й in two code points, a Windows keyboard in one."""
    composed = "ёлка у тихой заводи и чайник"
    taken_apart = unicodedata.normalize("NFD", composed)
    assert composed != taken_apart
    assert await chooses(anna, taken_apart) == "ok"
    for typed in (composed, taken_apart, composed.replace(" ", "\u00a0")):
        assert await enters(anna.elsewhere(), typed) == "done"


async def test_nothing_makes_her_change_it(house: House) -> None:
    """Ten years, and nobody touched it."""
    anna = await house.bring_in(ANNA)
    await set_password(anna)
    house.clock.push(3_650 * DAY)
    assert await enters(anna.elsewhere(), PASSWORD) == "done"


async def test_too_many_hashes_at_once_cost_nothing(house: House, anna: Someone) -> None:
    view = await confirmed(anna, Purpose.PASSWORD_SET)
    calm = house.desk
    house.desk = msgspec.structs.replace(calm, hasher=Crowded())
    refused = await passwords.choose(house.desk, anna.caller(), view.id, PASSWORD)
    assert refused is not None
    assert (said(refused), refused.until) == ("busy", house.clock.now() + 3 * SECOND)
    assert await enters(anna.elsewhere(), PASSWORD) == "busy"
    house.desk = calm
    assert said(await passwords.choose(house.desk, anna.caller(), view.id, PASSWORD)) == "ok"


async def test_whoever_is_told_busy_has_spent_no_try(house: House, anna: Someone) -> None:
    """Else a crowd would close the door that no guess has closed."""
    await set_password(anna)
    calm = house.desk
    house.desk = msgspec.structs.replace(calm, hasher=Crowded())
    there = anna.elsewhere()
    begun = await by_name(there, ANNA)
    told = [said(await there.prove(begun, password=PASSWORD)) for _ in range(16)]
    assert told == ["busy"] * 16
    house.desk = calm
    assert said(await there.prove(begun, password=PASSWORD)) == "done"


# guessing


async def test_a_stranger_who_guesses_closes_the_door_for_strangers_only(
    house: House, anna: Someone
) -> None:
    """By the name that was typed: her mailbox is another name."""
    await set_password(anna, age=90 * DAY)
    began = house.clock.now()
    hasher = noting(house)
    thief = anna.elsewhere("203.0.113.66")
    begun = await by_name(thief, ANNA)
    told = [said(await thief.prove(begun, password=f"{WRONG} {n}")) for n in range(16)]
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"]
    assert len(hasher.compared) == 15
    # From an unknown device the right one is of no use now, in no request; the time is told.
    there = anna.elsewhere()
    view = await by_name(there, ANNA)
    refused = await there.prove(view, password=PASSWORD)
    assert (said(refused), refused.until) == ("proofs_closed", began + DAY)
    assert len(hasher.compared) == 15
    # Her own telephone, and codes to her number anywhere, are not concerned.
    assert await enters(anna, PASSWORD) == "done"
    assert said(await anna.elsewhere().sign_in()) == "open"
    assert await enters(anna.elsewhere(), PASSWORD, ANNA_MAIL) == "done"
    house.clock.push(DAY)
    assert await enters(anna.elsewhere(), PASSWORD) == "done"


async def test_a_right_password_is_given_back(house: House, anna: Someone) -> None:
    await set_password(anna)
    for _ in range(20):
        assert await enters(anna.elsewhere(), PASSWORD) == "done"


async def test_whoever_guesses_inside_a_stolen_session_is_stopped(
    house: House, anna: Someone
) -> None:
    await set_password(anna, age=90 * DAY)
    hasher = noting(house)
    house.clock.push(HOUR)
    thief = anna.elsewhere()
    thief.session = anna.session
    view = await reauthentication.begin(house.desk, thief.caller(), Purpose.TOTP_SET)
    assert isinstance(view, RequestView)
    told = [said(await thief.prove(view, password=f"{WRONG} {n}")) for n in range(16)]
    assert told == ["proof_wrong"] * 15 + ["proofs_closed"]
    assert len(hasher.compared) == 15
    assert said(await thief.prove(view, password=PASSWORD)) == "proofs_closed"
    own = await reauthentication.begin(house.desk, anna.caller(), Purpose.TOTP_SET)
    assert isinstance(own, RequestView)
    assert said(await anna.prove(own, password=PASSWORD)) == "done"


async def test_her_own_device_counts_in_its_own_row(house: House, anna: Someone) -> None:
    await set_password(anna)
    for _ in range(20):
        assert await enters(anna, WRONG) == "proof_wrong"
    assert await house.value("SELECT wrong_in_row FROM devices") == 20
    assert await enters(anna, PASSWORD) == "done"
    assert await house.value("SELECT wrong_in_row FROM devices") == 0
    assert await house.rows("SELECT * FROM limits WHERE name = 'wrong_proof'") == []


async def test_nobody_learns_who_has_a_password(
    house: House, anna: Someone, boris: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody with one, without one, and nobody: the same word, sentences and hashes, by number
    and by e-mail, and for what cannot be a password at all."""
    await set_password(anna)
    await house.bring_in(CLARA, emails=(BORIS_MAIL,))
    hasher, stats = noting(house), house.engine.stats
    for names in ((ANNA, BORIS, DARIA), (ANNA_MAIL, BORIS_MAIL, "nobody@no.example")):
        for typed in (WRONG, "short", "x" * 700, "\x00" * 20):
            seen = []
            for n, name in enumerate(names):
                statements = watched(house, monkeypatch)
                stranger = Someone(house, name, address=f"203.0.113.{n}")
                before, hashes = stats.round_trips, len(hasher.compared)
                begun = await by_name(stranger, name)
                refused = await stranger.prove(begun, password=typed)
                again = await stranger.look_at(begun)
                seen.append(
                    (
                        said(refused),
                        refused.until,
                        (begun.state, begun.needs, begun.expires_at, begun.passkey is None),
                        (again.state, again.needs),
                        statements,
                        stats.round_trips - before,
                        len(hasher.compared) - hashes,
                    )
                )
                monkeypatch.undo()
            assert seen[0] == seen[1] == seen[2]
            assert (seen[0][0], seen[0][-1]) == ("proof_wrong", 1)
    assert hasher.hashed == 0


def watched(house: House, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each sentence is said to the store from here on."""
    found, read, write = Counter[str](), house.engine.read, house.engine.write

    async def reads(*queries: Any) -> Any:
        found.update(each.statement.name for each in queries)
        return await read(*queries)

    async def writes(batch: Any) -> Any:
        found.update(each.statement.name for each in batch)
        return await write(batch)

    monkeypatch.setattr(house.engine, "read", reads)
    monkeypatch.setattr(house.engine, "write", writes)
    return found


async def test_a_wrong_second_factor_after_the_right_password_is_told_in_the_history(
    house: House, anna: Someone
) -> None:
    await set_password(anna)
    await set_totp(anna)
    there = anna.elsewhere()
    begun = await by_name(there, ANNA)
    assert said(await there.prove(begun, password=PASSWORD)) == "open"
    wrong = f"{(int(totp_now(anna)) + 1) % 10**6:06d}"
    assert said(await there.prove(begun, totp=wrong)) == "proof_wrong"
    assert (await house.acts(anna.account))[-1] == "proof_wrong"
    last = "SELECT actor FROM acts ORDER BY id DESC LIMIT 1"
    assert await house.value(last) == "holder"
    assert said(await there.prove(begun, totp=totp_now(anna))) == "done"


# what it counts for


async def test_a_short_password_alone_never_signs_in(house: House, anna: Someone) -> None:
    """Nor when the second factor, beside which it was allowed, was suspended by an undo."""
    await set_totp(anna)
    assert await chooses(anna, SHORT_PASSWORD, totp=totp_now(anna)) == "ok"
    house.clock.push(MINUTE)
    assert await enters(anna.elsewhere(), SHORT_PASSWORD) == "open"
    code = totp_now(anna)
    assert await enters(anna.elsewhere(), SHORT_PASSWORD, totp=code) == "done"
    await house.write("UPDATE totps SET suspended_at = :now", now=house.clock.now())
    there = anna.elsewhere()
    begun = await by_name(there, ANNA)
    half = await there.prove(begun, password=SHORT_PASSWORD)
    assert (said(half), there.session) == ("open", None)
    # It is a second proof beside a code, as any password is.
    assert half.needs == ((Proof.CODE_CURRENT,),)
    house.clock.push(MINUTE)
    assert said(await there.another_code(begun, Proof.CODE_CURRENT)) == "open"
    assert said(await there.prove(begun, code_current=await house.code_to(ANNA))) == "done"


@pytest.mark.parametrize(
    ("age", "row"), [(0, "C3"), (7 * DAY - 1, "C3"), (7 * DAY, "C2"), (15 * DAY, "C2")]
)
async def test_it_moves_the_number_at_once_only_when_it_is_aged(
    house: House, age: int, row: str
) -> None:
    there = await elsewhere(house)
    await set_password(there, age=age)
    begun = await there.begin(Kind.CHANGE, CLARA)
    codes = {"code_current": await house.code_to(BORIS), "code_new": await house.code_to(CLARA)}
    if row == "C2":
        assert said(await there.prove(begun, password=PASSWORD, **codes)) == "done"
    else:
        assert said(await there.prove(begun, password=PASSWORD)) == "proof_not_offered"
        assert said(await there.prove(begun, **codes)) == "waiting"
    assert (await there.look_at(begun)).row == row


@pytest.mark.parametrize(("age", "word"), [(7 * DAY - 1, "proof_not_offered"), (7 * DAY, "open")])
async def test_with_her_mailbox_it_moves_the_number_only_when_it_is_aged(
    house: House, age: int, word: str
) -> None:
    """Row C4: her telephone is gone, and with it the codes to her number."""
    there = await elsewhere(house, (BORIS_MAIL,))
    await set_password(there, age=age)
    begun = await there.begin(Kind.CHANGE, CLARA, send=(Proof.CODE_NEW,))
    assert said(await there.prove(begun, password=PASSWORD)) == word
    if word == "open":
        await there.another_code(begun, Proof.CODE_EMAIL)
        codes = {"code_new": await house.code_to(CLARA)}
        codes["code_email"] = await house.code_to(BORIS_MAIL)
        waiting = await there.prove(begun, **codes)
        assert (said(waiting), waiting.row) == ("waiting", "C4")


async def test_what_a_code_has_set_counts_for_nothing_beside_that_code(house: House) -> None:
    """For a month a thief of the SIM gains nothing by setting a password; afterwards it is hers."""
    there = await elsewhere(house)
    assert await chooses(there, PASSWORD) == "ok"
    assert await house.value("SELECT set_by FROM passwords") == "code_current"
    house.clock.push(8 * DAY)
    # Whoever has the number is asked for no password,
    other = there.elsewhere("203.0.113.9")
    done = await other.sign_in()
    assert (said(done), done.row) == ("done", "I3")
    house.clock.push(2 * DAY)
    # and gains nothing by it: the change waits, aged as it is.
    begun = await other.begin(Kind.CHANGE, CLARA)
    codes = {"code_current": await house.code_to(BORIS), "code_new": await house.code_to(CLARA)}
    waiting = await other.prove(begun, **codes)
    assert (said(waiting), waiting.row) == ("waiting", "C3")
    assert Proof.PASSWORD not in {proof for way in waiting.needs for proof in way}
    assert said(await other.cancel(begun)) == "cancelled"
    house.clock.push(20 * DAY)
    third = there.elsewhere("203.0.113.10")
    half = await third.sign_in()
    assert (said(half), half.needs) == ("open", ((Proof.PASSWORD,),))


async def test_an_undo_takes_the_thiefs_password_and_brings_back_hers(house: House) -> None:
    robbed = await rob(house)
    await set_password(robbed.anna, age=90 * DAY)
    thief = robbed.thief
    assert await chooses(thief, ANOTHER) == "ok"
    assert await enters(thief, ANOTHER, THIEF_NUMBER) == "done"
    assert await robbed.undone() == "done"
    assert await live(house) == 1
    house.clock.push(HOUR)
    there = robbed.anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    half = await there.prove(entering, code_current=await house.code_to(ANNA))
    assert (Proof.PASSWORD,) in half.needs
    assert said(await there.prove(entering, password=ANOTHER)) == "proof_wrong"
    done = await there.prove(entering, password=PASSWORD)
    assert (said(done), done.row) == ("done", "L1")
    assert await enters(robbed.anna.elsewhere(), PASSWORD) == "done"


THIEF_NUMBER = "+79851110000"


async def test_an_old_hash_is_made_anew_when_it_is_used(house: House, anna: Someone) -> None:
    """The parameters were raised since; a wrong password renews nothing."""
    from argon2 import PasswordHasher

    await set_password(anna)
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    ((row_id, first),) = await house.rows("SELECT id, hash_sealed FROM passwords")
    sealed = house.seal.seal("passwords.hash", bytes(row_id), old)
    await house.write("UPDATE passwords SET hash_sealed = :sealed", sealed=sealed)
    assert await enters(anna.elsewhere(), WRONG) == "proof_wrong"
    kept = await house.value("SELECT hash_sealed FROM passwords")
    assert bytes(kept) == sealed
    assert await enters(anna.elsewhere(), PASSWORD) == "done"
    renewed = bytes(await house.value("SELECT hash_sealed FROM passwords"))
    assert renewed not in {sealed, bytes(first)}
    hashed = house.seal.unseal("passwords.hash", bytes(row_id), renewed)
    assert not house.desk.hasher.outdated(hashed)
    hasher = noting(house)
    assert await enters(anna.elsewhere(), PASSWORD) == "done"
    assert hasher.hashed == 0


# races, and what rests


@pytest.fixture
async def beside(house: House, database_url: str) -> AsyncIterator[House]:
    """Another process of the same service."""
    opened = await open_engine(database_url, connections=4, fraction=random.Random(8).random)
    yield House(opened, beside=house)
    await opened.close()


async def at_once(calls: list[Awaitable[Any]]) -> Counter[str]:
    return Counter(said(outcome) for outcome in await asyncio.gather(*calls))


@pytest.mark.parametrize("permits", [1, 2])
async def test_two_passwords_at_once(
    house: House, beside: House, anna: Someone, permits: int
) -> None:
    """From two processes, by one permit and by two: exactly one is the password."""
    found = [await confirmed(anna, Purpose.PASSWORD_SET) for _ in range(permits)]
    words = await at_once(
        [
            passwords.choose(home.desk, anna.caller(), found[n % permits].id, f"{PASSWORD} {n}")
            for n, home in enumerate((house, beside))
        ]
    )
    assert words["ok"] == 1, words
    assert set(words) - {"ok"} <= {"try_again", "reauthentication_required"}
    assert await live(house) == 1
    assert (await house.acts(anna.account)).count("password_set") == 1
    told = [await enters(anna.elsewhere(), f"{PASSWORD} {n}") for n in range(2)]
    assert sorted(told) == ["done", "proof_wrong"]


async def test_a_password_that_is_replaced_meanwhile_opens_nothing(
    house: House, beside: House, anna: Someone
) -> None:
    """It was compared before the new one was kept: the sign-in by it fails all the same."""
    await set_password(anna)
    view = await confirmed(anna, Purpose.PASSWORD_SET)
    there = anna.elsewhere()
    begun = await by_name(there, ANNA)

    class Slow(Noting):
        async def verify(self, hashed: str | None, password: str) -> bool:
            right = await super().verify(hashed, password)
            kept = await passwords.choose(beside.desk, anna.caller(), view.id, ANOTHER)
            assert said(kept) == "ok"
            return right

    house.desk = msgspec.structs.replace(house.desk, hasher=Slow(house.desk.hasher))
    assert said(await there.prove(begun, password=PASSWORD)) == "try_again"
    assert there.session is None


async def test_no_password_is_anywhere_to_be_read(
    house: House, anna: Someone, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither it nor its hash: in no table, message, line of the history, or log."""
    caplog.set_level(0)
    assert await chooses(anna, PASSWORD) == "ok"
    assert await enters(anna.elsewhere(), PASSWORD) == "done"
    assert await enters(anna.elsewhere(), WRONG) == "proof_wrong"
    view = await confirmed(anna, Purpose.PASSWORD_SET)
    refused = await passwords.choose(house.desk, anna.caller(), view.id, "password12345678")
    assert said(refused) == "password_common"
    await house.deliver()
    sealed = bytes(await house.value("SELECT hash_sealed FROM passwords"))
    row_id = bytes(await house.value("SELECT id FROM passwords"))
    hashed = house.seal.unseal("passwords.hash", row_id, sealed)
    assert hashed.startswith("$argon2id$")
    secrets = (PASSWORD, WRONG, "password12345678", "$argon2id", hashed[-43:])
    for where, found in (await databases.everything(database_url)).items():
        for secret in secrets:
            assert secret.encode() not in found, where
    messages = [sent.words for sent in (*house.post.sms, *house.post.mail)]
    spoken = caplog.text + "".join(f"{each.text}{each.subject}{each.html}" for each in messages)
    assert not [secret for secret in secrets if secret in spoken]
    ((acts,),) = await house.rows("SELECT count(*) FROM acts WHERE why LIKE '%owls%'")
    assert acts == 0


# the meter


async def test_the_meter_is_advice(house: House, anna: Someone) -> None:
    meter = Meter(house.desk)
    commits = house.engine.stats.commits
    marks = {
        typed: await meter.mark(anna.caller(), typed)
        for typed in ("", "abc", "qwertyuiop", "anna@example.org1", "owls lamp", PASSWORD)
    }
    assert [mark == 0 for mark in marks.values()] == [True] * 4 + [False] * 2
    assert marks[PASSWORD] == 4
    assert all(isinstance(mark, int) and 0 <= mark <= 4 for mark in marks.values())
    assert house.engine.stats.commits == commits
    # What it marks low is taken all the same, and nothing is measured for strangers.
    assert said(await meter.mark(nobody(anna), PASSWORD)) == "session_required"


async def test_on_probation_nothing_is_measured(house: House) -> None:
    boris = await house.bring_in(BORIS)
    there = boris.elsewhere()
    assert (await there.sign_in()).session.level == "probation"
    meter = Meter(house.desk)
    assert said(await meter.mark(there.caller(), PASSWORD)) == "session_on_probation"
    assert said(await passwords.show(house.desk, there.caller())) == "session_on_probation"


async def test_one_mark_at_a_time_and_few_wait(
    house: House, anna: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, begun = 0, 0, threading.Event()

    def slowly(password: str, context: object = ()) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        begun.set()
        time.sleep(0.02)
        running -= 1
        return 3

    monkeypatch.setattr(rules, "strength", slowly)
    meter = Meter(house.desk)
    asked = [meter.mark(anna.caller(), PASSWORD) for _ in range(20)]
    found = await asyncio.gather(*asked)
    assert most == 1
    words = Counter("mark" if isinstance(each, int) else said(each) for each in found)
    assert words["mark"] >= 1 + Meter.WAITING_MAX
    assert set(words) == {"mark", "busy"}
    # Whoever leaves gives up neither the turn of others nor lets a second one run beside.
    begun.clear()
    leaving = asyncio.ensure_future(meter.mark(anna.caller(), PASSWORD))
    await asyncio.to_thread(begun.wait, 5)
    leaving.cancel()
    assert await meter.mark(anna.caller(), PASSWORD) == 3
    assert most == 1


async def test_choosing_tells_what_is_asked(engine: StoreEngine) -> None:
    house = House(engine)
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    view = await confirmed(anna, Purpose.PASSWORD_SET)
    found = await passwords.choosing(house.desk, anna.caller(), view.id)
    words = ("Rebind", ANNA, ANNA_MAIL)
    assert found == passwords.Choosing(ANNA, words, 15, 128, False, False)
    assert said(await passwords.choose(house.desk, anna.caller(), view.id, PASSWORD)) == "ok"
    await set_totp(anna)
    again = await confirmed(anna, Purpose.PASSWORD_SET, totp=totp_now(anna))
    found = await passwords.choosing(house.desk, anna.caller(), again.id)
    assert found == passwords.Choosing(ANNA, words, 8, 128, True, True)
