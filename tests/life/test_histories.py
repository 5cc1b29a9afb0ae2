"""Life: people enrol, sign in, change numbers, wait, object, take back, lose SIM cards and type
wrong codes in any order, for months, and after each step the tables are looked through.

The machine keeps a model of its own: who holds which SIM, and which number each account has got by
somebody answering codes. Whatever the tables say beyond that is a bug. `make soak` lives longer.
"""

import asyncio
import random
import re
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer, SubscriberAnswer
from rebind.domain.limits import Override
from rebind.domain.refusals import CATALOGUE
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import account, sessions
from rebind.flows.account import AccountView
from rebind.flows.desk import RequestView
from rebind.store.accounts import place_of
from rebind.store.engines import open_engine
from tests.people import (
    ANNA,
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

NUMBERS = (ANNA, BORIS, CLARA, DARIA, ANNA_NEW, THIEF, "+79261112244", "+79161112255")
ANNA_READS = "anna@example.org"
MEMORY = Path("/dev/shm")
"""Where the disk is not waited for; what was written need not survive this test."""

LIMITS = {
    name: Override(amount=200, gaps_s=())
    for name in ("code_address", "code_device", "wrong_address", "code_account")
}
"""Loose ones, so that a short history holds many acts. `journeys/test_limits.py` is about them."""

PUSHES = (SECOND, MINUTE, 10 * MINUTE, HOUR, 13 * HOUR, 13 * HOUR, 3 * DAY, 8 * DAY, 61 * DAY)
STATES = {"open", "waiting", "ready", "done", "cancelled", "objected", "expired", "refused", "ok"}

people = st.integers(0, 3)
numbers = st.sampled_from(NUMBERS)
picks = st.integers(0, 7)
_R = TypeVar("_R")


class Binding(msgspec.Struct):
    """What the model knows of one binding: the number, and when it was last surely its holder's."""

    number: str
    confirmed: int


class Errand(msgspec.Struct):
    """A request that somebody carries about, and the browser in which it was begun."""

    who: Someone
    view: RequestView
    number: str


class History(RuleBasedStateMachine):
    """Four people with two telephones each, some patience, and the years."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        path = self.folder / "rebind.db"
        shutil.copy(self.template, path)
        self.runner = asyncio.Runner()
        url, fraction = f"sqlite:///{path}", random.Random(7).random
        self.engine = self.run(open_engine(url, connections=1, fraction=fraction))
        self.house = House(self.engine, overrides=LIMITS)
        self.people = [Someone(self.house, ANNA, address=f"192.0.2.{n}") for n in range(4)]
        self.sims: dict[str, int] = {}
        self.errands: list[Errand] = []
        self.past: dict[bytes, list[Binding]] = {}
        self.done: set[bytes] = set()

    @property
    def live(self) -> dict[bytes, str]:
        """Who has which number, as the model has it."""
        return {account_id: past[-1].number for account_id, past in self.past.items()}

    def run(self, story: Coroutine[Any, Any, _R]) -> _R:
        return self.runner.run(story)

    def teardown(self) -> None:
        self.run(self.engine.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @initialize()
    def everybody_has_two_sims_and_three_have_accounts(self) -> None:
        for n, number in enumerate(NUMBERS):
            self.sims[number] = n % 4
        for n, mails in ((0, (ANNA_READS,)), (1, ()), (2, ())):
            brought = self.run(self.house.bring_in(NUMBERS[n], emails=mails))
            who = self.people[n]
            who.number, who.device, who.id = NUMBERS[n], brought.device, brought.id
            since = self.house.clock.now() - 365 * DAY
            self.past[brought.account] = [Binding(brought.number, since)]
            if self.carry(who, Kind.SIGN_IN, who.number):
                self.finish(self.errands[0])

    def in_hand(self, who: int, pick: int) -> str | None:
        """One of the numbers at which somebody can read."""
        held = [number for number in NUMBERS if self.sims[number] == who]
        return held[pick % len(held)] if held else None

    @rule(who=people, pick=picks, kind=st.sampled_from([Kind.ENROL, Kind.SIGN_IN, Kind.SIGN_IN]))
    def a_whole_journey(self, who: int, pick: int, kind: Kind) -> None:
        """Somebody enrols or signs in with a telephone in hand, and reads every code."""
        number = self.in_hand(who, pick)
        if number is not None and self.carry(self.people[who], kind, number):
            self.finish(self.errands[0])

    @rule(who=people, pick=picks)
    def a_whole_journey_elsewhere(self, who: int, pick: int) -> None:
        """The same at a browser that nobody knows."""
        number = self.in_hand(who, pick)
        there = self.people[who].elsewhere(f"198.51.100.{who}")
        if number is not None and self.carry(there, Kind.SIGN_IN, number):
            self.finish(self.errands[0])

    @rule(who=people, pick=picks)
    def a_whole_change(self, who: int, pick: int) -> None:
        """Somebody changes to a number in hand, at home; the old one may be in other hands."""
        me, number = self.people[who], self.in_hand(who, pick)
        if number is None:
            return
        if not self.carry(me, Kind.CHANGE, number):
            if not self.carry(me, Kind.SIGN_IN, self.live.get(me.id or b"", me.number)):
                return
            self.finish(self.errands[0])
            if not self.carry(me, Kind.CHANGE, number):
                return
        self.finish(self.errands[0])

    @rule(who=people, pick=picks, home=st.booleans(), days=st.sampled_from([0, 1, 4, 15, 15]))
    def a_whole_wait(self, who: int, pick: int, home: bool, days: int) -> None:
        """Somebody changes with the weaker proofs, at home or where nobody knows the browser, and
        comes back after some days."""
        me, number = self.people[who], self.in_hand(who, pick)
        there = me if home else me.elsewhere(f"198.51.100.{who}")
        mine = self.live.get(me.id or b"", me.number)
        if number is None or not self.carry(there, Kind.SIGN_IN, mine):
            return
        self.finish(self.errands[0])
        send = (Proof.CODE_NEW,) if home else (Proof.CODE_CURRENT, Proof.CODE_NEW)
        if not self.carry(there, Kind.CHANGE, number, send=send):
            return
        errand = self.errands[0]
        codes = self.run(self.readable(errand))
        if codes and self.prove(errand, codes) == "waiting" and who == 0:
            self.finish_by_mail(errand)
        if days:
            self.an_awake_worker_and_some_days(days)
            self.answer_afresh(errand)

    def finish_by_mail(self, errand: Errand) -> None:
        """The mailbox makes a wait shorter."""
        self.clean(self.run(errand.who.another_code(errand.view, Proof.CODE_EMAIL)))
        codes = self.run(self.readable(errand))
        if codes:
            self.prove(errand, codes)

    @rule(who=people, pick=picks)
    def a_whole_return(self, who: int, pick: int) -> None:
        """Somebody takes back what was done to a number in hand, if anything was."""
        number = self.in_hand(who, pick)
        there = self.people[who].elsewhere(f"198.51.100.{who}")
        if number is not None and self.carry(there, Kind.UNDO, number):
            self.finish(self.errands[0])

    @rule()
    def anna_takes_back_by_her_mailbox(self) -> None:
        there = self.people[0].elsewhere("198.51.100.0")
        if self.carry(there, Kind.UNDO, ANNA_READS):
            self.finish(self.errands[0])

    @rule(who=people, pick=picks, word=st.sampled_from(["stop", "stop", "undo"]))
    def a_link_is_followed(self, who: int, pick: int, word: str) -> None:
        """Whoever reads a number or the mailbox finds the newest link there, of whatever age."""
        self.run(self.house.deliver())
        address = ANNA_READS if who == 0 and pick % 3 == 0 else self.in_hand(who, pick)
        post = self.house.post
        messages = [*post.sms, *post.mail] if address else []
        found = [
            link
            for sent in messages
            if sent.to == address
            for link in re.findall(rf"/{word}/(\S+)", sent.words.text)
        ]
        if not found:
            return
        there = self.people[who].elsewhere(f"198.51.100.{who}")
        if word == "stop":
            self.clean(self.run(there.stop_by(found[-1])))
            return
        begun = self.run(there.undo_by(found[-1]))
        self.clean(begun)
        if isinstance(begun, RequestView):
            self.errands = [Errand(there, begun, str(address)), *self.errands][:8]
            self.finish(self.errands[0])

    @precondition(lambda self: self.errands)
    @rule(who=people, n=picks)
    def object_from_a_session(self, who: int, n: int) -> None:
        """Whoever is signed in objects to somebody's errand, theirs or not."""
        errand = self.errands[n % len(self.errands)]
        me = self.people[who]
        stopped = self.run(me.object_to(errand.view))
        self.clean(stopped)
        assert not isinstance(stopped, RequestView) or me.id is not None

    @rule()
    def time_looks(self) -> None:
        """The worker is awake, and does what is due."""
        self.run(self.house.deliver())
        for _ in range(20):
            if not self.run(self.house.upkeep.once()):
                break
        else:
            raise AssertionError("time does the same over and over")
        assert not self.house.bugs, self.house.bugs
        self.run(self.catch_up())

    @rule(days=st.sampled_from([1, 3, 8]))
    def an_awake_worker_and_some_days(self, days: int) -> None:
        """Half a day at a time, as time really goes."""
        for _ in range(2 * days):
            self.house.clock.push(12 * HOUR)
            self.time_looks()

    @precondition(lambda self: any(errand.view.kind == "change" for errand in self.errands))
    @rule(n=picks)
    def a_fresh_code(self, n: int) -> None:
        """Somebody whose change may be ready asks for the last code, and answers it."""
        changing = [errand for errand in self.errands if errand.view.kind == "change"]
        self.answer_afresh(changing[n % len(changing)])

    def answer_afresh(self, errand: Errand) -> None:
        """Ask for another code to the new number, and answer what can be read."""
        self.clean(self.run(errand.who.another_code(errand.view, Proof.CODE_NEW)))
        codes = self.run(self.readable(errand))
        if codes:
            self.prove(errand, codes)

    def finish(self, errand: Errand) -> None:
        """Answer whatever can be read; ask for the e-mail where that is what is missing."""
        codes = self.run(self.readable(errand))
        if codes and self.prove(errand, codes) == "open":
            self.clean(self.run(errand.who.another_code(errand.view, Proof.CODE_EMAIL)))
            codes = self.run(self.readable(errand))
            if codes:
                self.prove(errand, codes)

    @rule(who=people, number=numbers, kind=st.sampled_from([Kind.ENROL, Kind.SIGN_IN]))
    def begin(self, who: int, number: str, kind: Kind) -> None:
        """Somebody begins with a number, theirs or not."""
        self.carry(self.people[who], kind, number)

    @rule(who=people, number=numbers)
    def begin_elsewhere(self, who: int, number: str) -> None:
        """Somebody signs in at a browser that nobody knows."""
        self.carry(self.people[who].elsewhere(f"198.51.100.{who}"), Kind.SIGN_IN, number)

    @rule(who=people, number=numbers, both=st.booleans())
    def begin_change(self, who: int, number: str, both: bool) -> None:
        """Somebody who is signed in wants another number."""
        send = (Proof.CODE_CURRENT, Proof.CODE_NEW) if both else (Proof.CODE_CURRENT,)
        self.carry(self.people[who], Kind.CHANGE, number, send=send)

    def carry(self, who: Someone, kind: Kind, number: str, **more: Any) -> bool:
        """Begin an errand and keep it; whether there is one to carry."""
        begun = self.run(who.ask(kind, number, **more))
        self.clean(begun)
        if isinstance(begun, RequestView):
            self.errands = [Errand(who, begun, number), *self.errands][:8]
            return True
        return False

    @precondition(lambda self: self.errands)
    @rule(n=picks, together=st.booleans())
    def answer(self, n: int, together: bool) -> None:
        """Type the codes that arrived at telephones in one's own hand."""
        errand = self.errands[n % len(self.errands)]
        codes = self.run(self.readable(errand))
        if not together:
            codes = dict(list(codes.items())[:1])
        if codes:
            self.prove(errand, codes)

    @precondition(lambda self: self.errands)
    @rule(n=picks, by=st.integers(1, 5))
    def answer_wrong(self, n: int, by: int) -> None:
        """Type something else."""
        errand = self.errands[n % len(self.errands)]
        codes = self.run(self.sent(errand)) or {"code_new": ("000000", "")}
        wrong = {proof: another(code, by) for proof, (code, _) in list(codes.items())[:1]}
        assert self.prove(errand, wrong) not in {"done"}

    @precondition(lambda self: len(self.errands) > 1)
    @rule(n=picks, m=picks)
    def answer_with_anothers_codes(self, n: int, m: int) -> None:
        """Codes that were sent for another errand are wrong in this one."""
        errand, other = (self.errands[i % len(self.errands)] for i in (n, m))
        if errand.view.id == other.view.id:
            return
        own = self.run(self.sent(errand))
        foreign = {p: code for p, (code, _) in self.run(self.sent(other)).items()}
        if foreign and all(foreign[p] != own.get(p, ("", ""))[0] for p in foreign):
            assert self.prove(errand, foreign) not in {"done", "open", "waiting", "ready"}

    @precondition(lambda self: self.errands)
    @rule(n=picks, proof=st.sampled_from([Proof.CODE_CURRENT, Proof.CODE_NEW, Proof.CODE_EMAIL]))
    def another_code(self, n: int, proof: Proof) -> None:
        errand = self.errands[n % len(self.errands)]
        self.clean(self.run(errand.who.another_code(errand.view, proof)))

    @precondition(lambda self: self.errands)
    @rule(n=picks)
    def cancel(self, n: int) -> None:
        errand = self.errands[n % len(self.errands)]
        self.clean(self.run(errand.who.cancel(errand.view)))

    @rule(who=people)
    def end_the_other_sessions(self, who: int) -> None:
        self.clean(self.run(sessions.end_others(self.house.desk, self.people[who].caller())))

    @rule(who=people)
    def sign_out(self, who: int) -> None:
        found = self.run(sessions.listed(self.house.desk, self.people[who].caller()))
        if isinstance(found, list):
            own = next(each.id for each in found if each.current)
            ended = self.run(sessions.end(self.house.desk, self.people[who].caller(), own))
            assert said(ended) == "ok"

    @rule(by=st.sampled_from(PUSHES))
    def time_passes(self, by: int) -> None:
        self.house.clock.push(by)

    @rule()
    def messages_leave(self) -> None:
        self.run(self.house.deliver())

    @rule(number=numbers, to=people)
    def a_sim_changes_hands(self, number: str, to: int) -> None:
        """Lost, sold, swapped by a bribed clerk, or given out again by the operator."""
        self.sims[number] = to

    @rule(
        number=numbers,
        sim=st.sampled_from(SimAnswer),
        subscriber=st.sampled_from(SubscriberAnswer),
    )
    def the_operator_says(self, number: str, sim: SimAnswer, subscriber: SubscriberAnswer) -> None:
        at = self.house.clock.now() - DAY if sim is SimAnswer.CHANGED else None
        self.house.carrier.answers[number] = CarrierFacts(sim, at, subscriber)

    async def sent(self, errand: Errand) -> dict[str, tuple[str, str]]:
        """(code, address) of the newest message for each proof of an errand."""
        await self.house.deliver()
        rows = await self.house.rows(
            "SELECT o.id, c.proof FROM outbox o JOIN challenges c ON c.request_id = o.request_id"
            " AND c.address_key = o.address_key WHERE o.request_id = :id AND o.message = 'code'"
            " AND c.consumed_at IS NULL ORDER BY o.id",
            id=errand.view.id,
        )
        post = {one.id: one for one in (*self.house.post.sms, *self.house.post.mail)}
        found = {}
        for outbox_id, proof in rows:
            message = post.get(bytes(outbox_id).hex())
            if message is not None:
                found[proof] = (message.code, message.to)
        return found

    async def readable(self, errand: Errand) -> dict[str, str]:
        """The codes that arrive where the person of the errand can read them."""
        me = next(n for n, one in enumerate(self.people) if self._same(one, errand.who))
        return {
            proof: code
            for proof, (code, to) in (await self.sent(errand)).items()
            if self.sims.get(to) == me or (to == ANNA_READS and me == 0)
        }

    @staticmethod
    def _same(one: Someone, other: Someone) -> bool:
        return one is other or one.address.rpartition(".")[2] == other.address.rpartition(".")[2]

    def prove(self, errand: Errand, codes: dict[str, str]) -> str:
        """Answer, and let the model follow where it was done."""
        who, view = errand.who, errand.view
        done = self.run(who.prove(view, **codes))
        self.clean(done)
        if said(done) == "done":
            self.run(self.catch_up(errand))
            if view.kind == Kind.SIGN_IN:
                assert done.session is not None
                row = self.run(
                    self.house.value("SELECT policy_row FROM requests WHERE id = :id", id=view.id)
                )
                assert (done.session.level == "probation") == (row == "I4")
        return said(done)

    async def catch_up(self, errand: Errand | None = None) -> None:
        """Let the model follow what was done since it looked last, by somebody or by time."""
        rows = await self.house.rows(
            "SELECT id, kind, account_id, number_version, policy_row, ended_at, number_sealed,"
            " about_id FROM requests WHERE ended_as = 'done' ORDER BY ended_at, id"
        )
        for found in rows:
            if bytes(found[0]) not in self.done:
                self.done.add(bytes(found[0]))
                await self.follow(errand, *found)

    async def follow(
        self,
        errand: Errand | None,
        request_id: bytes,
        kind: str,
        account_id: bytes,
        version: int,
        row: str,
        at: int,
        sealed: bytes,
        about_id: bytes | None,
    ) -> None:
        number = self.house.seal.unseal("requests.number", request_id, sealed)
        assert errand is None or errand.view.id != request_id or errand.number == number
        past = self.past.get(account_id, [])
        if kind in {Kind.ENROL, Kind.CHANGE}:
            assert number not in self.live.values(), "a number was taken from its holder"
            assert kind == Kind.ENROL or len(past) == version
            self.past[account_id] = [*past, Binding(number, at)]
        elif kind == Kind.UNDO:
            assert row == "U1"
            undone = await self.house.value(
                "SELECT number_version FROM requests WHERE id = :id", id=about_id
            )
            assert undone < len(past) == version
            old = past[undone - 1]
            taken = {n for a, n in self.live.items() if a != account_id}
            assert old.number not in taken, "a number was taken back from another holder"
            past.append(Binding(old.number, old.confirmed))
        else:
            assert past[-1].number == number
            if row in {"I1", "I2", "L1"}:
                past[-1].confirmed = at

    def clean(self, outcome: Any) -> None:
        """Every no is one of the catalogue, and nothing is an accident."""
        word = said(outcome)
        assert word in STATES or word in CATALOGUE, word

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        self.run(self.compare())

    async def compare(self) -> None:
        assert await broken(self.house) == []
        rows = await self.house.rows(
            "SELECT account_id, version, number_sealed, confirmed_at FROM bindings"
            " WHERE released_at IS NULL"
        )
        unseal = self.house.seal.unseal
        live = {a: unseal("bindings.number", place_of(a, v), n) for a, v, n, _ in rows}
        assert live == self.live
        assert {a: at for a, _, _, at in rows} == {
            account_id: past[-1].confirmed for account_id, past in self.past.items()
        }

    @invariant()
    def a_session_shows_its_own_account_only(self) -> None:
        self.run(self.look_around())

    async def look_around(self) -> None:
        for who in self.people:
            if who.session is None:
                continue
            seen = await account.show(self.house.desk, who.caller())
            if isinstance(seen, AccountView):
                full = self.live[seen.id]
                assert seen.number == full or seen.level == "probation"
                assert ("•" in seen.number) == (seen.level == "probation")


@pytest.fixture(autouse=True, scope="module")
def _template(sqlite_template: Path) -> None:
    History.template = sqlite_template


def lives(examples: int, steps: int, *, same_every_time: bool) -> settings:
    """How many lives of how many steps; whether each run lives the same ones."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=same_every_time,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        print_blob=True,
    )


def test_two_hundred_lives() -> None:
    run_state_machine_as_test(History, settings=lives(200, 50, same_every_time=True))


@pytest.mark.soak
def test_many_long_lives() -> None:
    run_state_machine_as_test(History, settings=lives(1_500, 120, same_every_time=False))
