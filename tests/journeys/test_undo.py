"""undo: "it wasn't me". The number comes back, everything that came since goes, and the account is
locked against all that is not older."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from rebind.domain.cases import REASONS, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, case_decisions, keys, objections, sessions
from rebind.flows.desk import RequestView
from rebind.flows.objections import NoticeView
from rebind.providers.seal.ring import Use, added, promoted, retired
from tests.desk import AT_DESK, confirmed, hired
from tests.journeys.waits import answer_anew, c3, c4, c5, elsewhere, number_of, row_of, told
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
from tests.races.invariants import broken

LATE_MAIL, THIEF_MAIL = "late@example.org", "thief@example.com"


class Robbed:
    """Anna, a year with her account, whose open telephone was a thief's for ten minutes."""

    def __init__(self, house: House, anna: Someone) -> None:
        self.house, self.anna = house, anna
        self.thief = Someone(house, THIEF, anna.device, anna.id, "203.0.113.66")
        self.at = house.clock.now()

    async def undo(self, by: str = ANNA) -> RequestView:
        """Begin to take it back, at a browser that nobody knows."""
        begun = await self.anna.elsewhere().ask(Kind.UNDO, by)
        assert isinstance(begun, RequestView), begun
        return begun

    async def undone(self, by: str = ANNA) -> str:
        """Take it back; how that ended."""
        begun = await self.undo(by)
        return said(await self.answer(begun, by))

    async def answer(self, begun: RequestView, by: str = ANNA) -> object:
        code = await self.house.code_to(by)
        proof = "code_email" if "@" in by else "code_new"
        return await self.anna.elsewhere().prove(begun, **{proof: code})

    async def state(self) -> tuple[str, int | None, int | None]:
        """(state, locked_at, frozen_at) of her account."""
        ((state, locked_at, frozen_at),) = await self.house.rows(
            "SELECT state, locked_at, frozen_at FROM accounts WHERE id = :id", id=self.anna.account
        )
        return state, locked_at, frozen_at


async def rob(house: House, **more: object) -> Robbed:
    """The thief has her telephone and changes to his own number (row C2)."""
    anna = await house.bring_in(ANNA, **{"emails": (ANNA_MAIL,), **more})
    await anna.sign_in()
    house.clock.push(HOUR)
    assert said(await anna.change(THIEF)) == "done"
    robbed = Robbed(house, anna)
    robbed.thief.session, anna.session = anna.session, None
    anna.number = ANNA
    await house.deliver()
    house.clock.push(HOUR)
    return robbed


@pytest.fixture
async def robbed(house: House) -> AsyncIterator[Robbed]:
    """And all is as it should be when the story is over."""
    yield await rob(house)
    assert await broken(house) == []


@pytest.mark.parametrize("by", [ANNA, ANNA_MAIL])
async def test_from_an_address_that_she_remembers(robbed: Robbed, by: str) -> None:
    house, anna = robbed.house, robbed.anna
    begun = await robbed.undo(by)
    proof = Proof.CODE_EMAIL if "@" in by else Proof.CODE_NEW
    assert (begun.state, begun.needs) == ("open", ((proof,),))
    assert begun.number in {"+7••••••••67", "a•••@example.org"}
    assert begun.token is not None
    done = await robbed.answer(begun, by)
    assert isinstance(done, RequestView)
    # No session: she signs in by what is older than the theft.
    assert (said(done), done.session) == ("done", None)
    now = house.clock.now()
    assert await row_of(house, begun) == ("done", "U1")
    assert await robbed.state() == ("locked", now, None)
    # Every session is ended, the thief's first of all.
    assert said(await account.show(house.desk, robbed.thief.caller())) == "session_ended"
    live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"
    assert await house.value(live) == 0
    assert await told(house, "number_returned") == sorted((ANNA, THIEF, ANNA_MAIL))
    assert (await house.acts(anna.account))[-3:] == [
        "sessions_ended",
        "account_locked",
        "number_returned",
    ]
    # Hers again, confirmed as of old; the thief's is anybody's, at once.
    rows = await house.rows(
        "SELECT confirmed_at, bound_at, released_at, reason FROM bindings"
        " WHERE account_id = :id ORDER BY version",
        id=anna.account,
    )
    first, between, live_again = rows
    assert live_again[:3] == (first[0], now, None)
    assert between[2:] == (now, "undo")
    house.clock.push(MINUTE)
    free = Someone(house, THIEF, address="192.0.2.44")
    await free.enrol()
    # By the code to the mailbox, and by no SMS alone, she gets in.
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    half = await there.prove(entering, code_current=await house.code_to(ANNA))
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    assert said(await there.another_code(entering, Proof.CODE_EMAIL)) == "open"
    entered = await there.prove(entering, code_email=await house.code_to(ANNA_MAIL))
    assert (said(entered), entered.session.level) == ("done", "full")
    assert await row_of(house, entering) == ("done", "L1")
    assert await robbed.state() == ("active", None, None)
    assert await told(house, "account_unlocked") == sorted((ANNA, ANNA_MAIL))
    assert await number_of(house, there) == ANNA


@pytest.mark.parametrize("by", [ANNA, ANNA_MAIL])
async def test_by_the_link_of_the_notice(robbed: Robbed, by: str) -> None:
    house = robbed.house
    link = await house.link_to(by, "undo")
    seen = await objections.look(house.desk, link)
    assert isinstance(seen, NoticeView)
    assert (seen.state, seen.until) == ("done", robbed.at + 72 * HOUR)
    assert (seen.old_masked, seen.new_masked) == ("+7••••••••67", "+7••••••••00")
    begun = await Someone(house, ANNA).undo_by(link)
    assert said(begun) == "open"
    # The link alone does nothing: a code goes to the address where the link was read.
    assert (await robbed.state())[0] == "active"
    assert said(await robbed.answer(begun, by)) == "done"
    # And then it is over.
    house.clock.push(MINUTE)
    assert said(await Someone(house, ANNA).undo_by(link)) == "link_unknown"


async def test_by_a_mailbox_that_the_thief_has_removed(robbed: Robbed) -> None:
    """What was removed lately keeps the right to take a change back, and is restored by it."""
    house = robbed.house
    await house.write("UPDATE emails SET removed_at = :at", at=robbed.at - 5 * MINUTE)
    assert await robbed.undone(ANNA_MAIL) == "done"
    assert await house.rows("SELECT removed_at, suspended_at FROM emails") == [(None, None)]
    assert await told(house, "number_returned") == sorted((ANNA, THIEF, ANNA_MAIL))


async def test_a_mailbox_of_the_thief_neither_undoes_nor_hears(house: House) -> None:
    """He sets his own mailbox two days before he changes the number. It goes with the undo; what
    was set a month before stays."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, LATE_MAIL, THIEF_MAIL))
    ages = {LATE_MAIL: 30 * DAY, THIEF_MAIL: 2 * DAY}
    for address, ago in ages.items():
        await house.write(
            "UPDATE emails SET set_at = :at WHERE address_key = :key",
            at=house.clock.now() - ago,
            key=house.seal.index("email", address),
        )
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    robbed = Robbed(house, anna)
    anna.number = ANNA
    house.clock.push(HOUR)
    by_young = await anna.elsewhere().ask(Kind.UNDO, THIEF_MAIL)
    half = await robbed.answer(by_young, THIEF_MAIL)
    assert said(half) == "open"
    assert isinstance(half, RequestView)
    assert (Proof.CODE_NEW,) in half.needs
    assert (await robbed.state())[0] == "active"
    assert await robbed.undone() == "done"
    assert await told(house, "number_returned") == sorted((ANNA, THIEF, ANNA_MAIL, LATE_MAIL))
    suspended = await house.rows("SELECT address_key FROM emails WHERE suspended_at IS NOT NULL")
    assert [bytes(key) for (key,) in suspended] == [house.seal.index("email", THIEF_MAIL)]
    # It proves nothing at the door either, and hears of nothing more.
    house.clock.push(MINUTE)
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    await there.prove(entering, code_current=await house.code_to(ANNA))
    await there.another_code(entering, Proof.CODE_EMAIL)
    assert said(await there.prove(entering, code_email=await house.code_to(ANNA_MAIL))) == "done"
    await house.pass_time(60 * HOUR)
    to_thief = [sent for sent in house.post.mail_to(THIEF_MAIL) if not sent.has_code]
    assert len(to_thief) == 1


async def test_a_stranger_learns_nothing(robbed: Robbed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known, unknown, without a change, too late: the same answer, the same work, and nothing
    leaves for whom it is not."""
    house = robbed.house
    await house.bring_in(BORIS, emails=("boris@example.net",))
    seen = []
    for n, typed in enumerate(
        (ANNA, BORIS, DARIA, ANNA_MAIL, "boris@example.net", "no@no.example")
    ):
        statements = Counter[str]()
        real_read, real_write = house.engine.read, house.engine.write

        async def read(*queries: object, _real=real_read, _seen=statements) -> object:  # type: ignore[no-untyped-def]
            _seen.update(each.statement.name for each in queries)  # type: ignore[attr-defined]
            return await _real(*queries)

        async def write(writes: object, _real=real_write, _seen=statements) -> object:  # type: ignore[no-untyped-def]
            _seen.update(each.statement.name for each in writes)  # type: ignore[attr-defined]
            return await _real(writes)

        with monkeypatch.context() as patched:
            patched.setattr(house.engine, "read", read)
            patched.setattr(house.engine, "write", write)
            who = Someone(house, ANNA, address=f"203.0.113.{n}")
            begun = await who.begin(Kind.UNDO, typed)
        refused = await who.prove(begun, **{begun.needs[0][0].value: "000000"})
        again = await who.look_at(begun)
        statements = Counter({name.partition(".")[0]: 1 for name in statements})
        seen.append(
            (begun.kind, begun.state, begun.needs[0], said(refused), again.state, statements)
        )
    phones, mails = seen[:3], seen[3:]
    assert phones[0] == phones[1] == phones[2]
    assert mails[0] == mails[1] == mails[2]
    await house.deliver()
    for silent in (BORIS, DARIA):
        assert house.post.sms_to(silent) == []
    assert [sent.to for sent in house.post.mail if sent.has_code] == [ANNA_MAIL]
    fates = "SELECT count(*) FROM outbox WHERE state = 'nobody'"
    assert await house.value(fates) == 4


async def test_nobodys_undo_is_answered_by_no_code(robbed: Robbed) -> None:
    house = robbed.house
    stranger = Someone(house, DARIA, address="203.0.113.5")
    begun = await stranger.begin(Kind.UNDO, DARIA)
    for n in range(5):
        assert said(await stranger.prove(begun, code_new=f"{n:06d}")) == "code_wrong"
    assert said(await stranger.prove(begun, code_new="000009")) == "code_tries_spent"
    assert said(await stranger.another_code(begun, Proof.CODE_NEW)) == "code_tries_spent"
    assert said(await stranger.ask(Kind.UNDO, "no mailbox@")) == "email_malformed"
    assert said(await stranger.ask(Kind.UNDO, "12")) in {"number_malformed", "number_impossible"}


@pytest.mark.parametrize("by", [ANNA, ANNA_MAIL])
async def test_seventy_two_hours_and_not_a_moment_more(robbed: Robbed, by: str) -> None:
    house = robbed.house
    house.clock.push(71 * HOUR - 1)
    begun = await robbed.undo(by)
    code = await house.code_to(by)
    proof = "code_email" if "@" in by else "code_new"
    house.clock.push(1)
    late = await robbed.anna.elsewhere().prove(begun, **{proof: code})
    assert said(late) == "no_way_offered"
    house.clock.push(MINUTE)
    too_late = await robbed.undo(by)
    await house.deliver()
    assert said(await robbed.anna.elsewhere().prove(too_late, **{proof: code})) == "code_wrong"
    assert (await robbed.state())[0] == "active"
    link_says = await Someone(house, ANNA).undo_by(await house.link_to(by, "undo"))
    assert said(link_says) == "link_unknown"


async def test_a_moment_before_the_border_it_counts(robbed: Robbed) -> None:
    robbed.house.clock.push(71 * HOUR - 1)
    assert await robbed.undone() == "done"


async def test_wrong_codes_take_nothing_back(robbed: Robbed) -> None:
    begun = await robbed.undo()
    code = await robbed.house.code_to(ANNA)
    anna = robbed.anna.elsewhere()
    for by in range(1, 6):
        assert said(await anna.prove(begun, code_new=another(code, by))) == "code_wrong"
    assert said(await anna.prove(begun, code_new=code)) == "code_tries_spent"
    assert (await robbed.state())[0] == "active"


async def test_a_code_of_the_undo_is_for_nothing_else(robbed: Robbed) -> None:
    """Neither an e-mail's for a number's, nor one request's for another's."""
    house = robbed.house
    one = await robbed.undo()
    code = await house.code_to(ANNA)
    anna = robbed.anna.elsewhere()
    assert said(await anna.prove(one, code_email=code)) == "code_not_sent"
    assert said(await anna.prove(one, code_current=code)) == "code_not_sent"
    assert said(await anna.another_code(one, Proof.CODE_EMAIL)) == "proof_not_offered"
    two = await robbed.undo(ANNA_MAIL)
    if code != await house.code_to(ANNA_MAIL):
        assert said(await anna.prove(two, code_email=code)) == "code_wrong"
    stranger = two.__class__(two.id, "undo", "open", (), 0, "rr_" + "A" * 22)
    assert said(await anna.prove(stranger, code_email=code)) == "request_unknown"


async def test_an_older_device_lifts_the_lock(house: House) -> None:
    """The theft was at her laptop; her telephone has known her for a year."""
    anna = await house.bring_in(ANNA)
    laptop = anna.elsewhere("192.0.2.20")
    await house.write("UPDATE bindings SET confirmed_at = :now", now=house.clock.now())
    await laptop.sign_in()
    house.clock.push(8 * DAY)
    await house.write("UPDATE bindings SET confirmed_at = :now", now=house.clock.now())
    assert said(await laptop.change(THIEF)) == "done"
    robbed = Robbed(house, anna)
    house.clock.push(HOUR)
    assert await robbed.undone() == "done"
    # The device from which it came is known no more; that of a year ago still is.
    house.clock.push(MINUTE)
    laptop.number = ANNA
    young = await laptop.sign_in()
    assert (said(young), young.until) == ("lock_too_young", house.clock.now() + DAY - MINUTE)
    house.clock.push(MINUTE)
    entered = await anna.sign_in()
    assert (said(entered), entered.session.level) == ("done", "full")
    assert (await robbed.state())[0] == "active"
    opened = "SELECT why FROM acts WHERE act = 'account_unlocked'"
    assert await house.value(opened) == "L1"
    # Everybody is told again of the change that was undone, and of the undo, no more.
    house.clock.push(3 * DAY)
    assert await house.upkeep.once() in {0, 1}
    assert await told(house, "number_returned") == sorted((ANNA, THIEF))


async def test_a_number_and_nothing_else_waits_a_day(house: House) -> None:
    """Row L2: the telephone was the thief's for ten minutes, and she has no mailbox."""
    robbed = await rob(house, emails=())
    assert await robbed.undone() == "done"
    undone_at = house.clock.now()
    assert (await robbed.state())[0] == "locked"
    house.clock.push(MINUTE)
    refused = await robbed.anna.sign_in()
    assert (said(refused), refused.until) == ("lock_too_young", undone_at + DAY)
    house.clock.push(DAY - 2 * MINUTE)
    assert said(await robbed.anna.sign_in()) == "lock_too_young"
    house.clock.push(MINUTE)
    entered = await robbed.anna.sign_in()
    assert said(entered) == "done"
    assert entered.session.level == "full"
    assert (await robbed.state())[0] == "active"
    assert await house.value("SELECT why FROM acts WHERE act = 'account_unlocked'") == "L2"
    # By SMS alone nothing is confirmed anew (invariant 14).
    assert await house.value("SELECT count(DISTINCT confirmed_at) FROM bindings") == 2
    assert await broken(house) == []


async def test_the_thiefs_device_is_known_no_more(house: House) -> None:
    """He enrolled a device of his own six days before; it was about to be known."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    his = Someone(house, ANNA, None, anna.id, "203.0.113.66")
    entering = await his.begin(Kind.SIGN_IN)
    await his.prove(entering, code_current=await house.code_to(ANNA))
    await his.another_code(entering, Proof.CODE_EMAIL)
    await his.prove(entering, code_email=await house.code_to(ANNA_MAIL))
    house.clock.push(6 * DAY)
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    robbed = Robbed(house, anna)
    anna.number = ANNA
    house.clock.push(2 * DAY)
    assert await robbed.undone() == "done"
    devices = await house.rows("SELECT full_since FROM devices")
    assert devices == [(None,), (None,)]
    house.clock.push(MINUTE)
    half = await his.sign_in()
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))


async def test_a_device_that_kept_its_key_to_itself_is_known_no_more(house: House) -> None:
    """His own device has been known for a day; he changes without showing its key (row C3)."""
    anna = await house.bring_in(ANNA)
    await house.write("UPDATE bindings SET confirmed_at = :now", now=house.clock.now())
    his = Someone(house, ANNA, None, anna.id, "203.0.113.66")
    assert said(await his.sign_in()) == "done"
    house.clock.push(8 * DAY)
    key, his.device = his.device, None
    waiting = await c3(house, his)
    await house.pass_time(3 * DAY)
    assert said(await answer_anew(house, his, waiting, THIEF)) == "done"
    robbed = Robbed(house, anna)
    house.clock.push(HOUR)
    assert await robbed.undone() == "done"
    # He reads her codes still, and the lock holds all the same.
    house.clock.push(MINUTE)
    his.device = key
    assert said(await his.sign_in()) == "lock_too_young"


async def test_a_number_that_came_back_is_as_old_as_before(house: House) -> None:
    """The thief does it twice within a week, and is undone twice."""
    robbed = await rob(house, emails=())
    anna, first = robbed.anna, await house.link_to(ANNA, "undo")
    assert await robbed.undone() == "done"
    house.clock.push(DAY)
    there = anna.elsewhere()
    assert said(await there.sign_in()) == "done"
    house.clock.push(DAY)
    waiting = await c3(house, there, CLARA)
    await house.pass_time(3 * DAY)
    assert said(await answer_anew(house, there, waiting, CLARA)) == "done"
    house.clock.push(HOUR)
    assert await house.link_to(ANNA, "undo") != first
    assert await robbed.undone() == "done"
    assert (await robbed.state())[0] == "locked"
    assert await broken(house) == []


async def test_everybody_is_told_again_while_it_matters(robbed: Robbed) -> None:
    """After 12 and 48 hours: of the change, then of the undo, and of neither once she is in."""
    house, changed = robbed.house, sorted((ANNA, THIEF, ANNA_MAIL))
    assert await told(house, "number_changed") == changed
    await house.pass_time(11 * HOUR - 1)
    assert await told(house, "number_changed") == changed
    await house.pass_time(1)
    assert await told(house, "number_changed") == sorted(changed * 2)
    again = house.post.mail_to(ANNA_MAIL)[-1].words.text
    assert "/undo/" in again
    assert await robbed.undone() == "done"
    await house.pass_time(12 * HOUR)
    assert await told(house, "number_returned") == sorted(changed * 2)
    await house.pass_time(36 * HOUR)
    assert await told(house, "number_returned") == sorted(changed * 3)
    await house.pass_time(5 * DAY)
    assert await told(house, "number_returned") == sorted(changed * 3)
    # Of the change that is no more nobody was reminded.
    assert await told(house, "number_changed") == sorted(changed * 2)
    due = "SELECT count(*) FROM requests WHERE due_at IS NOT NULL OR stands_until IS NOT NULL"
    assert await house.value(due) == 0


async def test_a_change_that_stands_is_told_thrice_and_then_rests(robbed: Robbed) -> None:
    house, changed = robbed.house, sorted((ANNA, THIEF, ANNA_MAIL))
    await house.pass_time(47 * HOUR)
    assert await told(house, "number_changed") == sorted(changed * 2)
    await house.pass_time(30 * DAY)
    assert await told(house, "number_changed") == sorted(changed * 2)
    due = "SELECT count(*) FROM requests WHERE due_at IS NOT NULL OR stands_until IS NOT NULL"
    assert await house.value(due) == 0


async def test_nobody_is_told_again_once_she_is_in(robbed: Robbed) -> None:
    house, anna = robbed.house, robbed.anna
    assert await robbed.undone() == "done"
    house.clock.push(MINUTE)
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    await there.prove(entering, code_current=await house.code_to(ANNA))
    await there.another_code(entering, Proof.CODE_EMAIL)
    assert said(await there.prove(entering, code_email=await house.code_to(ANNA_MAIL))) == "done"
    await house.pass_time(3 * DAY)
    assert await told(house, "number_returned") == sorted((ANNA, THIEF, ANNA_MAIL))


async def test_the_first_of_two_changes_takes_both_back(robbed: Robbed) -> None:
    """The thief moves on to a second number before she notices."""
    house, thief = robbed.house, robbed.thief
    house.clock.push(12 * HOUR)
    assert said(await thief.change(CLARA)) == "done"
    house.clock.push(HOUR)
    # By the number between nothing is to be had: it was the account's for half a day.
    his = Someone(house, THIEF, address="203.0.113.66")
    begun = await his.begin(Kind.UNDO, THIEF)
    his_code = await house.code_to(THIEF)
    half = await his.prove(begun, code_new=his_code)
    assert (said(half), half.needs) == ("open", ((Proof.CODE_EMAIL,),))
    house.clock.push(MINUTE)
    assert await robbed.undone() == "done"
    assert (await robbed.state())[0] == "locked"
    reasons = await house.rows(
        "SELECT version, reason FROM bindings WHERE account_id = :id ORDER BY version",
        id=robbed.anna.account,
    )
    assert reasons == [(1, "change"), (2, "undo"), (3, "undo"), (4, None)]
    # Both of his are free at once, and neither of his changes can be undone any more.
    for n, number in enumerate((THIEF, CLARA)):
        house.clock.push(40 * MINUTE)
        await Someone(house, number, address=f"192.0.2.{60 + n}").enrol()
    stands = "SELECT count(*) FROM requests WHERE stands_until IS NOT NULL"
    assert await house.value(stands) == 0
    refused = await his.ask(Kind.UNDO, THIEF)
    late = await his.prove(refused, code_new=his_code)
    assert said(late) == "code_wrong"
    told_of_it = await told(house, "number_returned")
    assert told_of_it == sorted((ANNA, CLARA, ANNA_MAIL))


async def test_the_second_of_two_changes_by_the_mailbox_leads_furthest_back(
    robbed: Robbed,
) -> None:
    house, thief = robbed.house, robbed.thief
    house.clock.push(12 * HOUR)
    assert said(await thief.change(CLARA)) == "done"
    house.clock.push(HOUR)
    assert await robbed.undone(ANNA_MAIL) == "done"
    live = "SELECT number_key FROM bindings WHERE account_id = :id AND released_at IS NULL"
    found = await house.value(live, id=robbed.anna.account)
    assert bytes(found) == house.seal.index("number", ANNA)


async def test_the_thief_does_not_undo_her_return(house: House) -> None:
    """She goes back by herself, from a session that he forgot; his number was hers for an hour."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA)) == "done"
    house.clock.push(HOUR)
    his = Someone(house, THIEF, address="203.0.113.66")
    begun = await his.begin(Kind.UNDO, THIEF)
    refused = await his.prove(begun, code_new=await house.code_to(THIEF))
    assert said(refused) == "no_way_offered"
    assert await number_of(house, anna) == ANNA
    house.clock.push(MINUTE)
    for sent in house.post.sms_to(THIEF):
        assert "/undo/" not in sent.words.text
    # Nor does hers undo anything: she is back already.
    house.clock.push(HOUR)
    nothing = await anna.elsewhere().begin(Kind.UNDO, ANNA)
    await house.deliver()
    assert said(await anna.elsewhere().prove(nothing, code_new="000000")) == "code_wrong"


async def test_nor_does_whoever_reads_her_mailbox(house: House) -> None:
    """The thief reads her mail: he neither gets his number back on her account, nor gets in."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA)) == "done"
    house.clock.push(HOUR)
    his = Someone(house, THIEF, address="203.0.113.66")
    begun = await his.begin(Kind.UNDO, ANNA_MAIL)
    refused = await his.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(refused) == "no_way_offered"
    assert await number_of(house, anna) == ANNA


async def test_a_number_to_which_she_went_back_is_as_old_as_before(house: House) -> None:
    """Four days later, with the first change beyond undoing, the thief comes again."""
    anna = await house.bring_in(ANNA)
    await anna.sign_in()
    assert said(await anna.change(THIEF)) == "done"
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA)) == "done"
    await house.pass_time(4 * DAY)
    assert said(await anna.change(THIEF)) == "done"
    robbed = Robbed(house, anna)
    anna.number = ANNA
    house.clock.push(HOUR)
    assert await robbed.undone() == "done"


async def test_a_number_that_an_undo_took_has_no_say_for_a_month(robbed: Robbed) -> None:
    """Nine days later she changes her number: the thief is neither told, nor could he stop it."""
    house, anna = robbed.house, robbed.anna
    assert await robbed.undone() == "done"
    await house.pass_time(2 * DAY)
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    await there.prove(entering, code_current=await house.code_to(ANNA))
    await there.another_code(entering, Proof.CODE_EMAIL)
    assert said(await there.prove(entering, code_email=await house.code_to(ANNA_MAIL))) == "done"
    await house.pass_time(8 * DAY)
    before = len(house.post.sms_to(THIEF))
    await c5(house, there)
    assert await told(house, "change_waiting") == sorted((ANNA, ANNA_NEW, ANNA_MAIL))
    assert len(house.post.sms_to(THIEF)) == before


@pytest.mark.parametrize("row", ["C3", "C4", "C5"])
async def test_a_change_that_has_waited_is_undone_alike(house: House, row: str) -> None:
    if row == "C3":
        there = await elsewhere(house)
        begun = await c3(house, there)
        await house.pass_time(3 * DAY)
        assert said(await answer_anew(house, there, begun, THIEF)) == "done"
        number = BORIS
    else:
        anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
        await anna.sign_in()
        begun = await (c4 if row == "C4" else c5)(house, anna, THIEF)
        await house.pass_time(DAY if row == "C4" else 14 * DAY)
        if row == "C5":
            assert said(await answer_anew(house, anna, begun, THIEF)) == "done"
        number = ANNA
    assert await row_of(house, begun) == ("done", row)
    house.clock.push(HOUR)
    holder = Someone(house, number, address="192.0.2.30")
    back = await holder.begin(Kind.UNDO, number)
    assert said(await holder.prove(back, code_new=await house.code_to(number))) == "done"
    assert await broken(house) == []


async def freeze(house: House) -> Robbed:
    """The theft rested on a second factor, as later releases will offer."""
    robbed = await rob(house)
    await house.write("UPDATE requests SET policy_row = 'C1' WHERE kind = 'change'")
    assert await robbed.undone() == "done"
    return robbed


async def test_what_rested_on_a_second_factor_is_frozen(house: House) -> None:
    robbed = await freeze(house)
    now = house.clock.now()
    assert await robbed.state() == ("locked", now, now)
    acts = await house.acts(robbed.anna.account)
    assert acts[-2:] == ["sessions_ended", "account_frozen"]
    assert await told(house, "account_frozen") == sorted((ANNA, THIEF, ANNA_MAIL))
    held = await house.rows("SELECT held_until FROM numbers ORDER BY held_until IS NULL")
    assert held == [(now + 90 * DAY,), (None,)]
    house.clock.push(MINUTE)
    # Neither by SMS nor with the mailbox, neither here nor there, neither now nor in a month.
    for who in (robbed.anna, robbed.thief, Someone(house, THIEF, address="192.0.2.50")):
        who.number = THIEF
        assert said(await who.sign_in()) == "account_locked"
        house.clock.push(HOUR)
    assert said(await account.show(house.desk, robbed.thief.caller())) == "session_ended"
    await house.pass_time(30 * DAY)
    assert said(await robbed.anna.sign_in()) == "account_locked"
    house.clock.push(HOUR)
    for n, number in enumerate((ANNA, THIEF)):
        nobody = Someone(house, number, address=f"192.0.2.{80 + n}")
        enrolling = await nobody.begin(Kind.ENROL)
        code = await house.code_to(number)
        assert said(await nobody.prove(enrolling, code_new=code)) == "number_taken"
    assert said(await Someone(house, ANNA).ask(Kind.UNDO, ANNA)) in {"open", "too_many_codes"}
    assert len(await told(house, "account_frozen")) == 6
    assert (await robbed.state())[0] == "locked"


async def test_a_session_that_slips_past_a_freeze_is_none(house: House) -> None:
    """A sign-in that is being finished while the account is frozen."""
    robbed = await rob(house)
    await house.write("UPDATE requests SET policy_row = 'C1' WHERE kind = 'change'")
    begun = await robbed.undo()
    code = await house.code_to(ANNA)
    entering = await robbed.thief.begin(Kind.SIGN_IN)
    his_code = await house.code_to(THIEF)

    async def frozen() -> None:
        done = await robbed.anna.elsewhere().prove(begun, code_new=code)
        assert said(done) == "done"

    house.carrier.meanwhile.append(frozen)
    await robbed.thief.prove(entering, code_current=his_code)
    assert said(await account.show(house.desk, robbed.thief.caller())) == "session_ended"


async def test_two_undos_at_once_count_once(robbed: Robbed) -> None:
    house = robbed.house
    one = await robbed.undo()
    by_number = await house.code_to(ANNA)
    two = await robbed.undo(ANNA_MAIL)
    by_mail = await house.code_to(ANNA_MAIL)
    hands = [robbed.anna.elsewhere(f"198.51.100.{n}") for n in range(6)]
    outcomes = await asyncio.gather(
        *(
            hand.prove(two, code_email=by_mail) if n % 2 else hand.prove(one, code_new=by_number)
            for n, hand in enumerate(hands)
        )
    )
    words = Counter(said(each) for each in outcomes)
    assert words["done"] == 1, words
    assert (await house.acts()).count("number_returned") == 1
    assert await house.value("SELECT count(*) FROM bindings WHERE released_at IS NULL") == 1


async def test_an_undo_against_another_change(robbed: Robbed) -> None:
    """The thief moves on at the very moment: whoever is first, the account has one number, and she
    gets hers."""
    house, thief = robbed.house, robbed.thief
    house.clock.push(12 * HOUR)
    begun = await robbed.undo()
    code = await house.code_to(ANNA)
    moving = await thief.begin(Kind.CHANGE, CLARA)
    codes = {"code_current": await house.code_to(THIEF), "code_new": await house.code_to(CLARA)}
    undone, moved = await asyncio.gather(
        robbed.anna.elsewhere().prove(begun, code_new=code), thief.prove(moving, **codes)
    )
    words = (said(undone), said(moved))
    assert words.count("done") == 1, words
    assert await broken(house) == []
    if words[1] == "done":
        house.clock.push(MINUTE)
        assert await robbed.undone() == "done"
    assert (await robbed.state())[0] == "locked"
    assert said(await account.show(house.desk, thief.caller())) == "session_ended"


async def test_an_undo_against_time(robbed: Robbed) -> None:
    """Everybody would be told again of a change that is being taken back."""
    house = robbed.house
    house.clock.push(11 * HOUR)
    begun = await robbed.undo()
    code = await house.code_to(ANNA)
    undone, _, _ = await asyncio.gather(
        robbed.anna.elsewhere().prove(begun, code_new=code),
        house.upkeep.once(),
        house.upkeep.once(),
    )
    assert said(undone) == "done"
    due = await house.rows("SELECT kind FROM requests WHERE due_at IS NOT NULL")
    assert due == [("undo",)]
    assert not house.bugs


async def test_the_thief_objects_to_nothing_of_hers(robbed: Robbed) -> None:
    """He has a full session; her undo needs none, and is no matter of his."""
    begun = await robbed.undo()
    assert said(await robbed.thief.object_to(begun)) in {"request_finished", "request_unknown"}
    assert said(await robbed.answer(begun)) == "done"


async def test_an_undo_ends_what_waits(robbed: Robbed) -> None:
    house, thief = robbed.house, robbed.thief
    house.clock.push(12 * HOUR)
    waiting = await c5(house, thief, CLARA)
    assert await robbed.undone() == "done"
    assert await row_of(house, waiting) == ("cancelled", "C5")
    await house.pass_time(20 * DAY)
    assert await told(house, "change_ready") == []


async def test_an_undone_account_changes_again_once_it_is_open(robbed: Robbed) -> None:
    house, anna = robbed.house, robbed.anna
    assert await robbed.undone() == "done"
    house.clock.push(13 * HOUR)
    there = anna.elsewhere()
    entering = await there.begin(Kind.SIGN_IN)
    await there.prove(entering, code_current=await house.code_to(ANNA))
    await there.another_code(entering, Proof.CODE_EMAIL)
    assert said(await there.prove(entering, code_email=await house.code_to(ANNA_MAIL))) == "done"
    found = await sessions.listed(house.desk, there.caller())
    assert isinstance(found, list)
    assert len(found) == 1
    house.clock.push(8 * DAY)
    assert said(await there.change(ANNA_NEW)) == "done"
    assert await number_of(house, there) == ANNA_NEW


def everywhere(house: House, ring: object) -> None:
    """Every process has taken up the new ring."""
    house.ring = ring  # type: ignore[assignment]
    house.seal.reload(ring)  # type: ignore[arg-type]


async def rotate_index(house: House) -> None:
    """Another index key, from bringing it in to forgetting the old one."""
    old = house.ring
    everywhere(house, added(old, Use.INDEX, os.urandom, 0))
    await keys.bring_in_index(house.desk, lambda _: None)
    everywhere(house, promoted(house.ring, Use.INDEX, 2))
    await keys.reindex(house.desk, lambda _: None)
    everywhere(house, retired(house.ring, Use.INDEX, 1))
    await keys.forget_index(house.desk, 1, lambda _: None)


@pytest.mark.parametrize("by", [ANNA, ANNA_MAIL, "link"])
async def test_the_index_key_is_replaced_while_a_change_can_be_undone(
    robbed: Robbed, by: str
) -> None:
    house = robbed.house
    link = await house.link_to(ANNA, "undo")
    await rotate_index(house)
    if by == "link":
        begun = await Someone(house, ANNA).undo_by(link)
        assert said(await robbed.answer(begun, ANNA)) == "done"
    else:
        assert await robbed.undone(by) == "done"
    live = "SELECT number_key FROM numbers WHERE held_until IS NULL"
    assert bytes(await house.value(live)) == house.seal.index("number", ANNA)


async def test_the_index_key_is_replaced_while_a_change_waits(house: House, anna: Someone) -> None:
    begun = await c5(house, anna)
    hopeless = await c5(house, anna, CLARA)
    house.clock.push(DAY)
    await Someone(house, CLARA, address="192.0.2.99").enrol()
    link = await house.link_to(ANNA, "stop")
    await rotate_index(house)
    await house.pass_time(13 * DAY)
    assert await row_of(house, hopeless) == ("refused", "C5")
    assert said(await anna.look_at(begun)) == "ready"
    seen = await objections.look(house.desk, link)
    assert isinstance(seen, NoticeView)
    assert said(await answer_anew(house, anna, begun)) == "done"
    assert await broken(house) == []


async def decided(house: House, verdict: Verdict) -> None:
    """Two people at the desk decide the case that the freeze has opened."""
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'frozen'")
    reason = REASONS[verdict][1]
    for step in (
        case_decisions.propose(house.desk, AT_DESK, olga, case_id, verdict, reason, fresh=True),
        confirmed(house, sonya, case_id, reason),
    ):
        assert said(await step) == "ok"
    assert await broken(house) == []


async def test_the_desk_gives_a_frozen_number_back(house: House) -> None:
    robbed = await freeze(house)
    house.clock.push(2 * DAY)
    await decided(house, Verdict.FOR)
    now = house.clock.now()
    assert await robbed.state() == ("locked", now, None)
    assert ANNA in await told(house, "number_returned")
    # As after every undo: what is older lifts the lock.
    robbed.anna.number = ANNA
    begun = await robbed.anna.begin(Kind.SIGN_IN)
    first = await robbed.anna.prove(begun, code_current=await house.code_to(ANNA))
    if said(first) == "open":
        await robbed.anna.another_code(begun, Proof.CODE_EMAIL)
        first = await robbed.anna.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(first) == "done"
    assert await number_of(house, robbed.anna) == ANNA


async def test_the_desk_finds_that_nothing_was_wrong(house: House) -> None:
    """Somebody with the old SIM has frozen the account of its rightful holder."""
    robbed = await freeze(house)
    await decided(house, Verdict.AGAINST)
    assert (await robbed.state())[0] == "active"
    assert await house.value("SELECT count(*) FROM emails WHERE suspended_at IS NOT NULL") == 0
    # The old number is anybody's now.
    house.clock.push(HOUR)
    assert said(await Someone(house, ANNA).enrol()) == "open"
