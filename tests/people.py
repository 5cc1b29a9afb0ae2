"""The people of the tests, and the house they live in: the real store, real keys, real rules; only
the clock, the carrier and the post are stand-ins with a memory."""

import re
from pathlib import Path
from typing import Any

import msgspec

from rebind.domain.acts import Door
from rebind.domain.evidence import CarrierFacts
from rebind.domain.limits import Override, in_force
from rebind.domain.policy import Policy
from rebind.domain.units import DAY, Ms
from rebind.flows import change, enrol, imports, sign_in, verify
from rebind.flows.deliver import Courier
from rebind.flows.desk import Desk, Caller, Journey
from rebind.domain.request import Kind
from rebind.domain.evidence import Proof
from rebind.ports import Rendered
from rebind.providers.dice.system import SystemDice
from rebind.providers.seal.ring import new
from rebind.providers.seal.vault import AesSeal
from rebind.store.outbox import Lane
from rebind.store.statements import Engine
from rebind.templates.words import JinjaWords

MONDAY: Ms = 1_767_600_000_000
"""Monday 2026-01-05 08:00 UTC, when the stories begin."""

ANNA, ANNA_NEW = "+79161234567", "+79031112233"
BORIS, CLARA, DARIA = "+79267654321", "+447400123456", "+77011234567"
THIEF = "+79851110000"
"""Mobile numbers of Russia, the United Kingdom and Kazakhstan."""


class PushedClock:
    """A clock that moves when it is pushed."""

    def __init__(self, now: Ms = MONDAY) -> None:
        self._now = now

    def now(self) -> Ms:
        return self._now

    def push(self, by: Ms) -> None:
        self._now += by


class Operator:
    """A carrier that remembers whose SIM changed and which number was recycled."""

    def __init__(self) -> None:
        self.answers: dict[str, CarrierFacts] = {}

    async def ask(self, number: str, since: Ms) -> CarrierFacts:
        return self.answers.get(number, CarrierFacts())


class Sent(msgspec.Struct, frozen=True):
    """A message that left."""

    id: str
    to: str
    words: Rendered

    @property
    def code(self) -> str:
        found = re.findall(r"\b\d{6}\b", self.words.text)
        assert found, f"no code in {self.words.text!r}"
        return str(found[-1])


class Post:
    """The outside that takes SMS and mail, and remembers."""

    def __init__(self) -> None:
        self.sms: list[Sent] = []
        self.mail: list[Sent] = []

    def sms_to(self, number: str) -> list[Sent]:
        return [sent for sent in self.sms if sent.to == number]

    def mail_to(self, address: str) -> list[Sent]:
        return [sent for sent in self.mail if sent.to == address]


class SmsHalf:
    def __init__(self, post: Post) -> None:
        self._post = post

    async def send(self, message_id: str, to: str, text: str) -> None:
        self._post.sms.append(Sent(message_id, to, Rendered(text)))

    async def close(self) -> None:
        """Nothing to give back."""


class MailHalf:
    def __init__(self, post: Post) -> None:
        self._post = post

    async def send(self, message_id: str, to: str, words: Rendered) -> None:
        self._post.mail.append(Sent(message_id, to, words))

    async def close(self) -> None:
        """Nothing to give back."""


JOURNEYS = {
    Kind.ENROL: Journey(Kind.ENROL, frozenset({Proof.CODE_NEW}), enrol.finish),
    Kind.SIGN_IN: Journey(
        Kind.SIGN_IN, frozenset({Proof.CODE_CURRENT, Proof.CODE_EMAIL}), sign_in.finish
    ),
    Kind.CHANGE: Journey(
        Kind.CHANGE, frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT}), change.finish
    ),
}


class House:
    """A whole service in one process, without a door."""

    def __init__(
        self,
        engine: Engine,
        policy: Policy | None = None,
        overrides: dict[str, Override] | None = None,
    ) -> None:
        self.clock, self.carrier, self.post = PushedClock(), Operator(), Post()
        self.dice = SystemDice()
        self.ring = new(lambda n: b"".join(self.dice.secret() for _ in range(n // 16 + 1))[:n], 0)
        self.seal = AesSeal(self.ring)
        self.engine = engine
        self.nudges = 0
        self.desk = Desk(
            engine=engine,
            clock=self.clock,
            dice=self.dice,
            seal=self.seal,
            carrier=self.carrier,
            policy=policy or Policy(),
            limits=in_force(overrides or {}),
            nudge=self._nudge,
        )
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
        )

    def _nudge(self) -> None:
        self.nudges += 1

    async def deliver(self) -> None:
        """Let the worker send everything that is due."""
        while await self.courier.once(Lane.CODE) + await self.courier.once(Lane.NOTICE):
            pass

    async def bring_in(self, number: str, **more: Any) -> "Someone":
        """A person with an account that is a year old, on a known device."""
        settings = {"since": self.clock.now() - 365 * DAY, "locale": "ru", "with_device": True}
        person = imports.Person(number=number, **{**settings, **more})
        brought = await imports.bring_in(self.desk, person)
        assert isinstance(brought, imports.Imported), brought
        return Someone(self, brought.number, brought.device)


class Someone:
    """A person with a phone and perhaps a device and a session."""

    def __init__(self, house: House, number: str, device: str | None = None) -> None:
        self.house, self.number, self.device = house, number, device
        self.session: str | None = None
        self.address = "192.0.2.10"
        self.locale = "ru"

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
        await self.house.deliver()
        return self.house.post.sms_to(number or self.number)[-1].code

    async def sign_in(self) -> Any:
        """Sign in by a code to one's number; the finished request."""
        desk = self.house.desk
        begun = await sign_in.begin(desk, self.caller(""), self.number)
        assert not hasattr(begun, "refusal"), begun
        code = await self.newest_code()
        done = await verify.prove(
            desk,
            JOURNEYS,
            self.caller(begun.token),
            begun.id,
            [verify.Given(Proof.CODE_CURRENT, code)],
        )
        if getattr(done, "session", None) is not None:
            self.session = done.session.token
            self.device = done.session.device or self.device
        return done


def fresh_path(folder: Path, name: str) -> Path:
    """A path in a folder made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
