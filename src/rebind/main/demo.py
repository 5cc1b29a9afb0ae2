"""The people of the demo: who they are, what they have done, and how they are found again.

Whatever they do, they do as anybody would: through the flows, with codes that the worker has
delivered. Refuses to do it twice: an act that stands in the history is not played again at the next
start. Neighbour: `entrypoints/web/demo.py` shows them.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from rebind.domain.acts import Act, Door
from rebind.domain.evidence import Proof
from rebind.domain.refusals import TRY_AGAIN, Refused
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, Id
from rebind.entrypoints.shared.reading import code_pattern
from rebind.entrypoints.web.demo import DemoPerson, Plight
from rebind.flows import change, imports, sign_in, verify
from rebind.flows.desk import Caller, Desk, Given, Journeys, RequestView, tokens
from rebind.providers.demo_outbox import Delivered, DemoOutbox
from rebind.store import acts, standing

CODE_S = 5.0
"""How long a code may take to arrive; usually it takes some milliseconds."""

_LOOK_S = 0.002
_ACTS_READ = 100
_NEWEST = b"\xff" * 16
_PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)
"""What the phone says that they were known on before anybody signed in as them."""


class _Part(msgspec.Struct, frozen=True):
    """Somebody to be. `other` is the number to change to; `sends` are the codes of the change that
    they have made already, if any, and `leaves` the act by which it is found in the history."""

    name: str
    number: str
    other: str
    email: str
    locale: str
    sends: tuple[Proof, ...] = ()
    leaves: Act | None = None

    @property
    def account_id(self) -> Id:
        return _id("account", self.name)

    @property
    def device_id(self) -> Id:
        return _id("device", self.name)


_WAITS = (Proof.CODE_NEW,), Act.REQUEST_WAITING
_DONE = (Proof.CODE_CURRENT, Proof.CODE_NEW), Act.NUMBER_CHANGED
PARTS = (
    _Part("Anna", "+79161234567", "+79031112233", "anna@example.org", "ru"),
    _Part("Boris", "+79267654321", "+79651112233", "boris@example.org", "ru", *_WAITS),
    _Part("Clara", "+447400123456", "+447400654321", "clara@example.org", "en", *_DONE),
)
"""Nothing happens to Anna. Boris has asked for another number without the old one at hand, so that
he waits. Clara has changed hers just before, so that it can be taken back."""


def _id(what: str, name: str) -> bytes:
    """An id that stays the same from start to start, so that the demo finds its people again."""
    return hashlib.blake2b(f"demo {what} {name}".encode(), digest_size=16).digest()


class Stage:
    """Everybody, with their accounts and their messages."""

    def __init__(self, desk: Desk, journeys: Journeys, outbox: DemoOutbox) -> None:
        self._desk = desk
        self._journeys = journeys
        self._outbox = outbox
        self._parts = {part.name: part for part in PARTS}
        self._one_by_one = {part.name: asyncio.Lock() for part in PARTS}

    async def bring_in(self) -> None:
        """Bring in who is not there yet, with accounts that are a year old."""
        for part in PARTS:
            if await imports.number_of(self._desk, part.account_id) is None:
                await imports.bring_in(
                    self._desk,
                    imports.Person(
                        number=part.number,
                        locale=part.locale,
                        since=self._desk.clock.now() - 365 * DAY,
                        emails=(part.email,),
                        with_device=True,
                        account_id=part.account_id,
                        device_id=part.device_id,
                    ),
                )

    async def play(self, report: Callable[[str, Refused], None]) -> None:
        """What they have done before anybody looks, unless they did at an earlier start. Needs a
        worker that delivers. What the policy refuses is reported, and left undone."""
        for person in await self.people():
            part = self._parts[person.name]
            if part.leaves is None or await self._has_done(part.account_id, part.leaves):
                continue
            done = await self._change(person, part)
            if isinstance(done, Refused):
                report(person.name, done)

    async def _has_done(self, account_id: Id, act: Act) -> bool:
        """Whether it stands in the history. One that fills a page is no new account's."""
        (found,) = await self._desk.engine.read(acts.of_subject(account_id, _NEWEST, _ACTS_READ))
        lines = acts.stored(found)
        return len(lines) == _ACTS_READ or any(each.act == act for each in lines)

    async def _change(self, person: DemoPerson, part: _Part) -> RequestView | Refused:
        here = "127.0.0.1"
        caller = Caller(Door.WEB, part.locale, here, here, _PHONE)
        entered = await self.sign_in(caller, person)
        if isinstance(entered, Refused) or entered.session is None:
            return entered
        inside = msgspec.structs.replace(caller, bearer=entered.session.token, device=person.device)
        to = {Proof.CODE_CURRENT: person.number, Proof.CODE_NEW: person.other_number}
        return await self._prove(
            inside,
            {proof: to[proof] for proof in part.sends},
            lambda: change.begin(self._desk, inside, person.other_number, part.sends),
        )

    async def sign_in(self, caller: Caller, person: DemoPerson) -> RequestView | Refused:
        """Sign in as they would: on their device, with the code that is sent to them. Refusals:
        those of `sign_in.begin` and of `verify.prove`."""
        known = msgspec.structs.replace(caller, bearer=None, device=person.device)
        # Two at once would each read the other's code.
        async with self._one_by_one[person.name]:
            return await self._prove(
                known,
                {Proof.CODE_CURRENT: person.number},
                lambda: sign_in.by_number(self._desk, known, person.number),
            )

    async def _prove(
        self,
        caller: Caller,
        to: dict[Proof, str],
        begin: Callable[[], Awaitable[RequestView | Refused]],
    ) -> RequestView | Refused:
        """Begin a request and answer its codes, which go to these addresses."""
        before = self._outbox.serial
        view = await begin()
        if isinstance(view, Refused):
            return view
        given = []
        for proof, address in to.items():
            code = await self._code(address, before)
            if code is None:
                return Refused(TRY_AGAIN)
            given.append(Given(proof, code))
        owner = msgspec.structs.replace(caller, bearer=view.token or caller.bearer)
        return await verify.prove(self._desk, self._journeys, owner, view.id, given)

    async def _code(self, to: str, after: int) -> str | None:
        """The code that arrives there, if one does."""
        code = re.compile(code_pattern(self._desk.policy.code_digits))
        for _turn in range(int(CODE_S / _LOOK_S)):
            for message in self._outbox.newest(to, after):
                found = code.search(message.text)
                if found is not None:
                    return found.group()
            await asyncio.sleep(_LOOK_S)
        return None

    def newest(self, to: str | None = None, after: int = 0) -> Sequence[Delivered]:
        """Messages that arrived after that serial, newest first."""
        return self._outbox.newest(to, after)

    async def people(self) -> list[DemoPerson]:
        """Everybody who is there."""
        found = []
        for part in PARTS:
            number = await imports.number_of(self._desk, part.account_id)
            if number is not None:
                device = tokens.device_key(self._desk.seal, part.device_id)
                away = part.other if number == part.number else part.number
                found.append(DemoPerson(part.name, number, away, part.email, device))
        return found

    async def plight(self, person: DemoPerson) -> Plight:
        """What stands in their account now."""
        account_id = self._parts[person.name].account_id
        now = self._desk.clock.now()
        (found,) = await self._desk.engine.read(standing.of_account(account_id, now, 20))
        changes = [each for each in standing.rows(found) if each.kind == Kind.CHANGE]
        waits = (each.wait_until for each in changes if each.ended_at is None)
        lasts = self._desk.policy.undo_h * HOUR
        undo = (each.ended_at + lasts for each in changes if each.ended_at is not None)
        return Plight(next(waits, None), next(undo, None))
