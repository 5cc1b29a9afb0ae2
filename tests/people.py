"""The people of the tests, and the house they live in: the real store, real keys, real rules; only
the clock, the carrier and the post are stand-ins with a memory.

A story reads like a letter: somebody begins, a code arrives at a phone, somebody answers it.
`said` puts every outcome into one word, so that a test compares words and not types.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import msgspec

from rebind.domain.acts import Door
from rebind.domain.calendar import Calendar
from rebind.domain.evidence import CarrierFacts, Proof
from rebind.domain.limits import Override, in_force
from rebind.domain.policy import Policy
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind
from rebind.domain.units import DAY, Id, Ms
from rebind.entrypoints.shared.reading import code_pattern
from rebind.flows import (
    change,
    enrol,
    imports,
    objections,
    recover,
    requests,
    sign_in,
    undo,
    verify,
)
from rebind.flows.deliver import Courier
from rebind.flows.desk import Caller, Desk, Given, RequestView
from rebind.flows.desk.intake import Intake
from rebind.flows.upkeep import Upkeep
from rebind.main.furnishing import JOURNEYS
from rebind.ports import Rendered, Undelivered
from rebind.providers.blobs.folder import FolderBlobs
from rebind.providers.dice.system import SystemDice
from rebind.providers.hasher.argon2 import Argon2
from rebind.providers.leaks.common import Common
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.providers.seal.ring import new
from rebind.providers.seal.stream import StreamEnvelope
from rebind.providers.seal.vault import AesSeal
from rebind.store.engines import StoreEngine
from rebind.store.outbox import Lane
from rebind.store.statements import Query, Statement, Value, Write
from rebind.templates.words import JinjaWords
from tests.workshops import Workshop

__all__ = ["JOURNEYS", "House", "Someone"]

MONDAY: Ms = 1_767_600_000_000
"""Monday 2026-01-05 08:00 UTC, when the stories begin."""

NEW_YEAR = [date(2026, 1, day) for day in range(1, 12)]

ANNA, ANNA_NEW = "+79161234567", "+79031112233"
BORIS, CLARA, DARIA = "+79267654321", "+447400123456", "+77011234567"
THIEF = "+79851110000"
"""Mobile numbers of Russia, the United Kingdom and Kazakhstan."""

ANNA_MAIL, BORIS_MAIL = "anna@example.org", "boris@example.net"
SITE = "http://localhost:8080"
RUSSIA = Calendar(offsets=((0, 180),), off=frozenset(NEW_YEAR))
"""A desk in Moscow, with the holidays of the winter in which the stories are told."""

BOTH = (Proof.CODE_CURRENT, Proof.CODE_NEW)


class PushedClock:
    """A clock that moves when it is pushed."""

    def __init__(self, now: Ms = MONDAY) -> None:
        self._now = now

    def now(self) -> Ms:
        return self._now

    def push(self, by: Ms) -> None:
        self._now += by


class Operator:
    """A carrier that remembers whose SIM changed, which number was recycled, and who asked."""

    def __init__(self) -> None:
        self.answers: dict[str, CarrierFacts] = {}
        self.asked: list[tuple[str, Ms]] = []
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        """What happens, once each, while an answer is under way: after a flow has read and before
        it writes."""

    async def ask(self, number: str, since: Ms) -> CarrierFacts:
        self.asked.append((number, since))
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return self.answers.get(number, CarrierFacts())


CODE = re.compile(code_pattern(Policy().code_digits))


class Sent(msgspec.Struct, frozen=True):
    """A message that left."""

    id: str
    to: str
    words: Rendered

    @property
    def code(self) -> str:
        found = CODE.findall(self.words.text)
        assert found, f"no code in {self.words.text!r}"
        return str(found[-1])

    @property
    def has_code(self) -> bool:
        return CODE.search(self.words.text) is not None


class Post:
    """The outside that takes SMS and mail, and remembers.

    `refusing`: what an address answers instead, one after the other. `slow`: addresses that take a
    message at once (`taken`) and say so only after their event."""

    def __init__(self) -> None:
        self.sms: list[Sent] = []
        self.mail: list[Sent] = []
        self.refusing: dict[str, list[Exception]] = {}
        self.slow: dict[str, asyncio.Event] = {}
        self.taken = asyncio.Event()

    def sms_to(self, number: str) -> list[Sent]:
        return [sent for sent in self.sms if sent.to == number]

    def mail_to(self, address: str) -> list[Sent]:
        return [sent for sent in self.mail if sent.to == address]

    async def take(self, into: list[Sent], sent: Sent) -> None:
        if self.refusing.get(sent.to):
            raise self.refusing[sent.to].pop(0)
        into.append(sent)
        if sent.to in self.slow:
            self.taken.set()
            await self.slow[sent.to].wait()

    def refuse(self, address: str, times: int, why: str = "busy", *, final: bool = False) -> None:
        """Let an address refuse that many messages."""
        self.refusing[address] = [Undelivered(why, final=final) for _ in range(times)]


class SmsHalf:
    def __init__(self, post: Post) -> None:
        self._post = post

    async def send(self, message_id: str, to: str, text: str) -> None:
        await self._post.take(self._post.sms, Sent(message_id, to, Rendered(text)))

    async def close(self) -> None:
        """Nothing to give back."""


class MailHalf:
    def __init__(self, post: Post) -> None:
        self._post = post

    async def send(self, message_id: str, to: str, words: Rendered) -> None:
        await self._post.take(self._post.mail, Sent(message_id, to, words))

    async def close(self) -> None:
        """Nothing to give back."""


class House:
    """A whole service in one process, without a door. `beside`: another process of the same
    service, with the same keys, clock, carrier and post."""

    def __init__(
        self,
        engine: StoreEngine,
        policy: Policy | None = None,
        overrides: dict[str, Override] | None = None,
        *,
        beside: "House | None" = None,
    ) -> None:
        self.dice = SystemDice()
        if beside is None:
            self.clock, self.carrier, self.post = PushedClock(), Operator(), Post()
            self.ring = new(os.urandom, 0)
        else:
            self.clock, self.carrier, self.post = beside.clock, beside.carrier, beside.post
            self.ring = beside.ring
        self.seal = AesSeal(self.ring)
        self.engine = engine
        self.nudges = 0
        self.desk = Desk(
            engine=engine,
            clock=self.clock,
            dice=self.dice,
            seal=self.seal,
            hasher=Argon2(1),
            leaks=Common(),
            passkeys=WebAuthn(SITE, "Rebind"),
            carrier=self.carrier,
            policy=policy or Policy(),
            calendar=RUSSIA,
            limits=in_force(overrides or {}),
            nudge=self._nudge,
        )
        self.intake = Intake(
            papers=Workshop(),
            scanner=None,
            blobs=FolderBlobs(Path(gettempdir()) / self.dice.secret().hex()),
            envelope=StreamEnvelope(),
            dice=self.dice,
            clock=self.clock,
        )
        """For stories without documents; a story with some names a folder of its own."""
        self.courier = Courier(
            engine=engine,
            clock=self.clock,
            dice=self.dice,
            seal=self.seal,
            words=JinjaWords(),
            sms=SmsHalf(self.post),
            mail=MailHalf(self.post),
            service="Rebind",
            domain="localhost",
            site=SITE,
        )
        self.bugs: list[BaseException] = []
        self.upkeep = Upkeep(self.desk, JOURNEYS, self.bugs.append)

    def _nudge(self) -> None:
        self.nudges += 1

    async def pass_time(self, by: Ms) -> None:
        """Let time pass, and do what it does; what was to be sent before is sent before."""
        await self.deliver()
        self.clock.push(by)
        while await self.upkeep.once():
            pass
        await self.deliver()
        assert not self.bugs, self.bugs

    async def link_to(self, address: str, word: str) -> str:
        """What the newest message to an address carries after /stop/ or /undo/."""
        await self.deliver()
        post = self.post
        to = post.mail_to(address) if "@" in address else post.sms_to(address)
        links = [re.findall(rf"{SITE}/{word}/(\S+)", sent.words.text) for sent in to]
        return str([found for found in links if found][-1][0])

    async def deliver(self) -> None:
        """Let the worker send everything that is due."""
        while await self.courier.once(Lane.CODE) + await self.courier.once(Lane.NOTICE):
            pass

    async def code_to(self, address: str) -> str:
        """The code in the newest message to a number or mailbox."""
        await self.deliver()
        post = self.post
        to = post.mail_to(address) if "@" in address else post.sms_to(address)
        return [sent for sent in to if sent.has_code][-1].code

    async def bring_in(self, number: str, **more: Any) -> "Someone":
        """A person with an account that is a year old, on a known device."""
        settings = {"since": self.clock.now() - 365 * DAY, "locale": "ru", "with_device": True}
        person = imports.Person(number=number, **{**settings, **more})
        brought = await imports.bring_in(self.desk, person)
        assert isinstance(brought, imports.Imported), brought
        return Someone(self, brought.number, brought.device, brought.account_id)

    async def rows(self, sql: str, **args: Value) -> list[tuple[Any, ...]]:
        """What stands in the tables."""
        (found,) = await self.engine.read(Query(Statement("tests.rows", sql), args))
        return [tuple(row) for row in found]

    async def value(self, sql: str, **args: Value) -> Any:
        """The one value that a query finds."""
        ((found,),) = await self.rows(sql, **args)
        return found

    async def write(self, sql: str, **args: Value) -> None:
        """Change the tables behind the flows' back, where no flow can do it yet."""
        await self.engine.write([Write(Statement("tests.write", sql), args, expect=None)])

    async def acts(self, subject: Id | None = None) -> list[str]:
        """What happened, oldest first: to one account, or at all."""
        where = "" if subject is None else "WHERE subject_id = :subject"
        args: dict[str, Value] = {} if subject is None else {"subject": subject}
        found = await self.rows(f"SELECT act FROM acts {where} ORDER BY id", **args)
        return [act for (act,) in found]


class Someone:
    """A person with a phone and perhaps a device and a session."""

    def __init__(
        self,
        house: House,
        number: str,
        device: str | None = None,
        account_id: Id | None = None,
        address: str = "192.0.2.10",
    ) -> None:
        self.house, self.number, self.device = house, number, device
        self.id = account_id
        self.session: str | None = None
        self.address = address
        self.locale = "ru"

    @property
    def account(self) -> Id:
        """The id of the account, for whoever has one."""
        assert self.id is not None, "this person has no account yet"
        return self.id

    def elsewhere(self, address: str = "198.51.100.7") -> "Someone":
        """The same person at a browser that nobody knows."""
        return Someone(self.house, self.number, None, self.id, address)

    def caller(self, bearer: str | None = None, **more: Any) -> Caller:
        fields: dict[str, Any] = {
            "door": Door.API,
            "locale": self.locale,
            "address": self.address,
            "client": self.address,
            "agent": "Tests/1.0",
            "bearer": bearer or self.session,
            "device": self.device,
        }
        return Caller(**{**fields, **more})

    async def newest_code(self, number: str | None = None) -> str:
        """The code in the newest SMS to a number."""
        return await self.house.code_to(number or self.number)

    async def ask(self, kind: Kind, number: str | None = None, **more: Any) -> Any:
        """Begin a journey: the request, or the refusal. `more` goes to `caller`, but for `send`."""
        desk, send = self.house.desk, more.pop("send", BOTH)
        caller, number = self.caller(**more), number or self.number
        match kind:
            case Kind.ENROL:
                return await enrol.begin(desk, caller, number)
            case Kind.SIGN_IN:
                if "@" in number:
                    return await sign_in.by_email(desk, caller, number)
                return await sign_in.by_number(desk, caller, number, send)
            case Kind.CHANGE:
                return await change.begin(desk, caller, number, send)
            case Kind.RECOVER if "@" in number:
                return await recover.by_email(desk, caller, number)
            case Kind.RECOVER:
                return await recover.by_number(desk, caller, number)
            case Kind.UNDO if "@" in number:
                return await undo.by_email(desk, caller, number)
            case Kind.UNDO:
                return await undo.by_number(desk, caller, number)
            case _:
                raise AssertionError(f"{kind} is not offered yet")

    async def begin(self, kind: Kind, number: str | None = None, **more: Any) -> RequestView:
        """Begin a journey that is not refused."""
        begun = await self.ask(kind, number, **more)
        assert isinstance(begun, RequestView), begun
        return begun

    async def prove(self, request: RequestView, **codes: str) -> Any:
        """Answer codes, each under the name of its proof."""
        given = [Given(Proof(proof), code) for proof, code in codes.items()]
        caller = self.caller(request.token)
        done = await verify.prove(self.house.desk, JOURNEYS, caller, request.id, given)
        if isinstance(done, RequestView) and done.session is not None:
            self.session = done.session.token
            self.device = done.session.device or self.device
        return done

    async def another_code(self, request: RequestView, proof: Proof, **more: Any) -> Any:
        """Ask for a code for one proof of a request."""
        caller = self.caller(request.token, **more)
        return await requests.send_code(self.house.desk, caller, request.id, proof)

    async def aim(self, request: RequestView, number: str) -> Any:
        """Say which number a recovery is to lead to; a code goes there."""
        return await recover.aim(self.house.desk, self.caller(request.token), request.id, number)

    async def resume(self, request: RequestView) -> Any:
        """Go on with a recovery that waits already."""
        return await recover.resume(self.house.desk, self.caller(request.token), request.id)

    async def cancel(self, request: RequestView) -> Any:
        """Stop a request."""
        return await requests.cancel(
            self.house.desk, JOURNEYS, self.caller(request.token), request.id
        )

    async def object_to(self, request: RequestView) -> Any:
        """Stop a request, whoever began it, from one's own session."""
        desk, caller = self.house.desk, self.caller()
        return await objections.by_session(desk, JOURNEYS, caller, request.id)

    async def stop_by(self, link: str) -> Any:
        """Stop a request by the link of a notice, signed in nowhere."""
        caller = self.caller(bearer="", device=None)
        return await objections.by_link(self.house.desk, JOURNEYS, caller, link)

    async def undo_by(self, link: str) -> Any:
        """Begin to take a change back by the link of a notice, signed in nowhere."""
        caller = self.caller(bearer="", device=None)
        return await undo.by_link(self.house.desk, caller, link)

    async def look_at(self, request: RequestView) -> Any:
        """How a request stands."""
        return await requests.show(self.house.desk, self.caller(request.token), request.id)

    async def enrol(self) -> RequestView:
        """Open an account with one's number."""
        begun = await self.begin(Kind.ENROL)
        done = await self.prove(begun, code_new=await self.newest_code())
        assert said(done) == "done", done
        self.id = await self.house.value(
            "SELECT account_id FROM requests WHERE id = :id", id=begun.id
        )
        return begun

    async def sign_in(self) -> Any:
        """Sign in by a code to one's number: the finished request, or what came instead."""
        begun = await self.begin(Kind.SIGN_IN)
        return await self.prove(begun, code_current=await self.newest_code())

    async def change(self, to: str) -> Any:
        """Change to a number at which one can read too: the finished request, or what came."""
        begun = await self.ask(Kind.CHANGE, to)
        if isinstance(begun, Refused):
            return begun
        codes = await self.newest_code(), await self.newest_code(to)
        done = await self.prove(begun, code_current=codes[0], code_new=codes[1])
        if said(done) == "done":
            self.number = to
        return done


def said(outcome: object) -> str:
    """An outcome in one word: the code of a refusal, or the state of a request ("ok" for None)."""
    if outcome is None:
        return "ok"
    if isinstance(outcome, Refused):
        return outcome.refusal.code
    return str(outcome.state) if isinstance(outcome, RequestView) else type(outcome).__name__


def another(code: str, by: int = 1) -> str:
    """A code that is not this one."""
    return f"{(int(code) + by) % 10 ** len(code):0{len(code)}d}"
