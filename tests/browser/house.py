"""The house of tests/people.py with its web door open on a port of this machine.

For: stories that are walked in a browser. Everything is real but the clock, which the story pushes,
and the post, which is the demo's outbox: whoever has a phone or a mailbox reads there. The server
runs in the event loop of the story, so that a story may also look behind the door. Nothing is sent
by itself: reading a phone lets the worker send first, so no story waits for a message.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Iterator

import msgspec
import uvicorn

from rebind.domain.units import Id
from rebind.entrypoints.api import app as api
from rebind.entrypoints.console import app as console
from rebind.entrypoints.shared.serving import App, Receive, Scope, Send
from rebind.entrypoints.web import app as web
from rebind.entrypoints.web import demo
from rebind.flows import imports
from rebind.main.demo import Stage
from rebind.providers.demo_outbox import Delivered, DemoOutbox
from rebind.providers.mail.demo import DemoMail
from rebind.providers.sms.demo import DemoSms
from rebind.store.engines import StoreEngine
from rebind.store.outbox import Lane
from rebind.store.statements import Unavailable
from tests.people import CODE, JOURNEYS, House

LINK = re.compile(r"https?://\S+")


class OpenHouse(House):
    """A house at `url`, as a browser finds it."""

    def __init__(self, engine: StoreEngine, url: str) -> None:
        super().__init__(engine)
        self.url = url
        self.outbox = DemoOutbox(self.clock)
        self.stage = Stage(self.desk, JOURNEYS, self.outbox)
        """The people of the demo; a story that needs them lets them in."""
        self.courier = msgspec.structs.replace(
            self.courier, sms=DemoSms(self.outbox), mail=DemoMail(self.outbox), site=url
        )

    async def code_to(self, address: str) -> str:
        """The code in the newest message to a number or mailbox that holds one."""
        return await Inbox(self, address).code()

    async def number(self) -> str:
        """The live number of the one account that there is."""
        account: Id = await self.value("SELECT id FROM accounts")
        found = await imports.number_of(self.desk, account)
        assert found is not None
        return found

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Messages leave by themselves until the block ends, as in a running service."""
        stop, wakes = asyncio.Event(), {lane: asyncio.Event() for lane in Lane}
        tasks = [
            asyncio.create_task(self.courier.work(lane, wake, stop)) for lane, wake in wakes.items()
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    def application(self) -> App:
        """What the front hall builds in a demo, around this house."""
        door = web.build(
            self.desk,
            JOURNEYS,
            intake=self.intake,
            service="Rebind",
            public_url=self.url,
            demo=True,
            more=demo.routes(self.desk, self.stage, self.url),
        )
        desk_pages = console.build(self.desk, door.site, intake=self.intake, public_url=self.url)
        return api.build(
            self.desk,
            JOURNEYS,
            intake=self.intake,
            unavailable=Unavailable,
            report=self.bugs.append,
            pages={**door.pages, **desk_pages},
            tell=door.tell,
        )


class Inbox:
    """A phone's messages, or a mailbox: what arrived at one address."""

    def __init__(self, house: OpenHouse, address: str) -> None:
        self._house, self.address = house, address

    async def messages(self) -> list[Delivered]:
        """Everything that has arrived, newest first."""
        await self._house.deliver()
        return self._house.outbox.newest(self.address)

    async def code(self) -> str:
        """The code of the newest message that has one."""
        return await self._newest(CODE, "code")

    async def link(self) -> str:
        """The link of the newest message that has one."""
        return (await self._newest(LINK, "link")).rstrip(".,;)")

    async def _newest(self, wanted: re.Pattern[str], what: str) -> str:
        messages = await self.messages()
        for message in messages:
            found = wanted.search(message.text)
            if found:
                return found.group()
        texts = [message.text for message in messages]
        raise AssertionError(f"no {what} has arrived at {self.address}, but {texts}")


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the tests, and says when it began."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()


class Door:
    """One address of this machine at which the houses of all stories stand, one after another: a
    server for each would cost more than most stories."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.leads_to: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.leads_to is not None, "somebody came when no house was there"
        await self.leads_to(scope, receive, send)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Door]:
    """A door that is served in this event loop until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        door = Door(f"http://localhost:{sock.getsockname()[1]}")
        server = _Server(
            uvicorn.Config(
                door,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                loop="none",
                http="httptools",
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        await server.began.wait()
        try:
            yield door
        finally:
            server.should_exit = True
            await serving
