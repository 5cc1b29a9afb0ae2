"""/demo: what a visitor of the demo needs. These addresses exist in demo mode only.

The outbox shows every message that would have left, newest first, codes included, and whoever asks
is signed in as one of the demo's people: that is the point of a demo, and the reason why `rebind
serve` never opens these addresses. Neighbour: `main/demo.py` has the people and what they do.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from rebind.domain.refusals import PATH_UNKNOWN, Refused
from rebind.domain.units import Ms
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.reading import code_pattern
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.entering import HOME, let_in
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Bytes, Moved, Outcome, Page, Route, Visit
from rebind.flows.desk import Caller, Desk, RequestView
from rebind.templates import pages
from rebind.templates.pages import Form

SHOWN_MAX = 100
"""Messages on the page; programs are given all that are kept."""

_FILES = {"outbox.css": "text/css; charset=utf-8", "outbox.js": "text/javascript; charset=utf-8"}
_CHANNELS = ("sms", "mail")
_SERIAL = re.compile(r"[0-9]{1,11}")
_RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)
_NO_STORE = (b"cache-control", b"no-store")
_LINK = r"/(?:stop|undo|requests|sign-in|sessions)(?:/[\w-]+)?(?![\w/-])"
"""Where a message of ours may lead."""


class Message(Protocol):
    """A message that would have left."""

    @property
    def serial(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> Ms: ...


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody to be in the demo: their number now, and the key of the device they are known on."""

    name: str
    number: str
    other_number: str
    email: str
    device: str

    @property
    def addresses(self) -> tuple[str, str, str]:
        """Where messages to them go."""
        return self.number, self.other_number, self.email


class Plight(msgspec.Struct, frozen=True):
    """What stands in somebody's account: until when a change waits, or one can be taken back."""

    waits_until: Ms | None = None
    undo_until: Ms | None = None


class Stage(Protocol):
    """The people of the demo and their messages."""

    def newest(self, to: str | None = None, after: int = 0) -> Sequence[Message]:
        """Messages that arrived after that serial, newest first."""
        ...

    async def people(self) -> list[DemoPerson]:
        """Everybody who is there."""
        ...

    async def plight(self, person: DemoPerson) -> Plight:
        """What stands in their account now."""
        ...

    async def sign_in(self, caller: Caller, person: DemoPerson) -> RequestView | Refused:
        """Sign in as they would: on their device, with the code that is sent to them."""
        ...


class Part(msgspec.Struct, frozen=True):
    """A piece of a message: words, a code, or a link into this site."""

    kind: str
    text: str
    href: str = ""


class Told(msgspec.Struct, frozen=True):
    """A message as the page shows it. `who` is the one of the demo's people whose address it is."""

    serial: int
    channel: str
    to: str
    who: str | None
    subject: str
    parts: tuple[Part, ...]
    at: Ms
    locale: str

    @property
    def code(self) -> str | None:
        """The code in it."""
        return next((part.text for part in self.parts if part.kind == "code"), None)


def parts(text: str, site: str, digits: int) -> Iterator[Part]:
    """A message taken apart. A link leads on only where it is one of ours to a page for people."""
    link = f"(?P<link>{re.escape(site)}(?P<path>{_LINK}))"
    code = f"(?P<code>{code_pattern(digits)})"
    done = 0
    for found in re.finditer(f"{link}|{code}", text):
        if found.start() > done:
            yield Part("words", text[done : found.start()])
        if found["code"] is not None:
            yield Part("code", found["code"])
        else:
            yield Part("link", found["link"], found["path"])
        done = found.end()
    if done < len(text):
        yield Part("words", text[done:])


class _Wanted(msgspec.Struct, frozen=True):
    """Which messages are asked for."""

    person: DemoPerson | None
    channel: str | None
    to: str | None
    after: int

    def has(self, message: Message) -> bool:
        if self.channel is not None and message.channel != self.channel:
            return False
        return self.person is None or message.to in self.person.addresses


class Demo:
    """The handlers. `site` is our own address, as messages write it."""

    def __init__(self, desk: Desk, stage: Stage, site: str, explain: Explain) -> None:
        self._desk = desk
        self._stage = stage
        self._explain = explain
        self._site = site.rstrip("/")

    async def outbox(self, visit: Visit) -> Outcome:
        """Every message that would have left."""
        people = await self._stage.people()
        wanted = _wanted(visit, people)
        newest = self._stage.newest()
        return Page(
            "demo/outbox",
            {
                "messages": [self._told(each, people) for each in self._found(wanted)[:SHOWN_MAX]],
                "people": people,
                "person": wanted.person.name if wanted.person else None,
                "channel": wanted.channel,
                "newest": newest[0].serial if newest else 0,
            },
        )

    async def outbox_json(self, visit: Visit) -> Outcome:
        """The same for programs, and for the page to see whether anything is new."""
        fields = ("serial", "channel", "to", "subject", "text", "at")
        found = self._found(_wanted(visit, await self._stage.people()))
        return _json([{name: getattr(each, name) for name in fields} for each in found])

    async def people_json(self, _visit: Visit) -> Outcome:
        """The people, with the keys of their devices."""
        return _json(await self._stage.people())

    async def people(self, _visit: Visit) -> Outcome:
        """Whom one can be."""
        found = [(each, await self._stage.plight(each)) for each in await self._stage.people()]
        return Page("demo/people", {"people": found})

    async def person(self, visit: Visit) -> Outcome:
        """Who that is, and what there is to try."""
        return await self._person(visit, Form())

    async def sign_in_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same, with why signing in was refused."""
        text = self._explain(refused, visit.caller.locale)
        return await self._person(visit, forms.again((), {}, refused, text))

    async def _person(self, visit: Visit, form: Form) -> Outcome:
        person = await self._named(visit)
        if person is None:
            return Refused(PATH_UNKNOWN)
        plight = await self._stage.plight(person)
        told = any(each.to in person.addresses for each in self._stage.newest())
        context = {"person": person, "plight": plight, "told": told, "form": form}
        return Page("demo/person", context)

    async def sign_in(self, visit: Visit) -> Outcome:
        """From now on this browser is that person's known device."""
        person = await self._named(visit)
        if person is None:
            return Refused(PATH_UNKNOWN)
        view = await self._stage.sign_in(visit.caller, person)
        if isinstance(view, Refused):
            return view
        inside = await let_in(self._desk, visit, view, HOME)
        return Moved(HOME, (*inside.cookies, cookies.device(person.device)))

    async def file(self, visit: Visit) -> Outcome:
        """Style and script of the outbox."""
        name = visit.here.rpartition("/")[2].partition("?")[0]
        headers = (b"content-type", _FILES[name].encode()), _NO_STORE
        return Bytes(headers, pages.demo_file(name))

    async def _named(self, visit: Visit) -> DemoPerson | None:
        return _by_name(await self._stage.people(), visit.words["name"])

    def _found(self, wanted: _Wanted) -> list[Message]:
        return list(filter(wanted.has, self._stage.newest(wanted.to, wanted.after)))

    def _told(self, message: Message, people: list[DemoPerson]) -> Told:
        return Told(
            message.serial,
            message.channel,
            message.to,
            next((each.name for each in people if message.to in each.addresses), None),
            message.subject,
            tuple(parts(message.text.strip(), self._site, self._desk.policy.code_digits)),
            message.at,
            "ru" if _RUSSIAN.search(message.text) else "en",
        )


def _by_name(people: list[DemoPerson], name: str | None) -> DemoPerson | None:
    return next((each for each in people if each.name.casefold() == (name or "").casefold()), None)


def _wanted(visit: Visit, people: list[DemoPerson]) -> _Wanted:
    channel = visit.asked("channel")
    after = visit.asked("after") or ""
    return _Wanted(
        _by_name(people, visit.asked("person")),
        channel if channel in _CHANNELS else None,
        visit.asked("to"),
        int(after) if _SERIAL.fullmatch(after) else 0,
    )


def _json(value: object) -> Bytes:
    headers = (b"content-type", b"application/json"), _NO_STORE
    return Bytes(headers, msgspec.json.encode(value))


def routes(desk: Desk, stage: Stage, site: str) -> Callable[[Explain], list[Route]]:
    """This part of the table. `site` is our own address, as messages write it."""
    return lambda explain: _routes(Demo(desk, stage, site, explain))


def _routes(at: Demo) -> list[Route]:
    shown = (
        ("/demo/outbox", at.outbox, "Every message that would have left"),
        ("/demo/outbox.json", at.outbox_json, "The same for programs"),
        ("/demo/people.json", at.people_json, "The people of the demo, for programs"),
        ("/demo/people", at.people, "The people of the demo"),
        ("/demo/people/{name}", at.person, "One of the people, and what there is to try"),
        *((f"/demo/{name}", at.file, "Style and script of the outbox") for name in _FILES),
    )
    return [
        *(
            Route(method="GET", path=path, handler=handler, auth=Auth.NONE, summary=summary)
            for path, handler, summary in shown
        ),
        Route(
            method="POST",
            path="/demo/people/{name}",
            handler=at.sign_in,
            again=at.sign_in_again,
            auth=Auth.NONE,
            summary="Sign in as one of the people, on their known device",
        ),
    ]
