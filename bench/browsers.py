"""Visitors with a browser: the same flows through the pages, and what the first page weighs.

A browser here keeps cookies, follows the one redirect after a form, reads what hidden fields hold
and sends the headers that Chrome sends; it neither draws a page nor fetches style and script again,
which are kept for ever. Neighbour: `visitors.py` does the same as a program, over the API.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

import msgspec

from bench.sms import Centre
from bench.town import People, session_token
from bench.visitors import Failed, Visitor, arrived
from bench.wire import Answer, Connection, connect
from rebind.flows.desk import tokens
from rebind.providers.dice.system import SystemDice

AGENT: Final = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36\r\n"
)
FORM: Final = "application/x-www-form-urlencoded"

_ALWAYS = (
    'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\n'
    'sec-ch-ua-platform: "Linux"\r\nUpgrade-Insecure-Requests: 1\r\nAccept: text/html,'
    "application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
)
_POSTED = "Origin: null\r\nCache-Control: max-age=0\r\n"
"""Our pages tell nobody where somebody came from, so browsers write no origin."""

_PREFIX = "__Host-rebind-"
_COOKIE = re.compile(rb"\r\nset-cookie: *__Host-rebind-(\w+)=([^;\r]*)([^\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf" value="([^"]+)"')
_FILE = re.compile(rb'(?:href|src)="(/assets/[^"]+)"')
_CHANGED = b'class="exchange"'
"""Stands only on the page of a change that is done."""


class Browser(Visitor):
    """Somebody who comes back: device, language and visitor's token are in the jar. With `acts`,
    the first form is open already and its page is not asked for."""

    def __init__(
        self, connection: Connection, people: People, centre: Centre, *, acts: bool = False
    ) -> None:
        super().__init__(connection, people, centre)
        self._acts = acts
        self._jar: dict[str, str] = {}
        self._visitor = tokens.new_visitor(SystemDice())

    def _flow(self, name: str) -> Callable[[], Awaitable[None]]:
        return {
            "sign_in": self._enter,
            "change": self._replace,
            "account": self._profile,
        }[name]

    def _comes(self, **cookies: str) -> None:
        self._jar = {"language": "en", "visitor": self._visitor, **cookies}

    async def _enter(self) -> None:
        i = self._people.anybody()
        number = self._people.number(i)
        self._comes(device=self._people.device(i))
        code = self._centre.expect(number)
        at, page = await self._submit("/sign-in", await self._form("/sign-in"), number=number)
        at, page = await self._submit(
            f"{at}/proofs", _token(page), code_current=await arrived(code)
        )
        if at != "/profile":
            raise Failed(f"signing in led to {at}")

    async def _replace(self) -> None:
        i = self._people.resident()
        self._comes(session=session_token(i), device=self._people.device(i))
        old, new = self._people.number(i), self._people.away(i)
        to_old, to_new = self._centre.expect(old), self._centre.expect(new)
        path = "/phone/change"
        at, page = await self._submit(path, await self._form(path), number=new)
        _at, page = await self._submit(
            f"{at}/proofs",
            _token(page),
            code_current=await arrived(to_old),
            code_new=await arrived(to_new),
        )
        if _CHANGED not in page:
            raise Failed(f"the number was not changed by {at}")
        self._people.moved(i)

    async def _profile(self) -> None:
        i = self._people.reader()
        self._comes(session=session_token(i), device=self._people.device(i))
        await self._open("/profile")

    async def _form(self, path: str) -> str:
        """What the form of that page carries."""
        if self._acts:
            return self._people.form_of(self._visitor)
        return _token(await self._open(path))

    async def _open(self, path: str) -> bytes:
        """A page."""
        answer = await self._ask("GET", path)
        if answer.status != 200:
            raise Failed(f"GET {path} answered {answer.status} {answer.head[:300]!r}")
        return answer.body

    async def _submit(self, path: str, token: str, **typed: str) -> tuple[str, bytes]:
        """Send a form; where it led, and the page there."""
        answer = await self._ask("POST", path, urlencode({"csrf": token, **typed}).encode())
        to = _LOCATION.search(answer.head)
        if answer.status != 303 or to is None:
            raise Failed(f"POST {path} answered {answer.status} {answer.body[-300:]!r}")
        at = to.group(1).decode()
        return at, await self._open(at)

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        carried = "; ".join(f"{_PREFIX}{name}={value}" for name, value in self._jar.items())
        headers = f"{self._headers}{_ALWAYS}{'' if body is None else _POSTED}Cookie: {carried}\r\n"
        began = perf_counter()
        answer = await self._connection.call(method, path, headers, body, kind=FORM, agent=AGENT)
        self._calls_s += perf_counter() - began
        for name, value, rest in _COOKIE.findall(answer.head):
            self._jar.pop(name.decode(), None)
            if b"max-age=0" not in rest.lower():
                self._jar[name.decode()] = value.decode()
        return answer


def acting(connection: Connection, people: People, centre: Centre) -> Browser:
    """A browser in which the first form is open already."""
    return Browser(connection, people, centre, acts=True)


def _token(page: bytes) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise Failed(f"a page without a form: {page[-300:]!r}")
    return found.group(1).decode()


class Weight(msgspec.Struct, frozen=True):
    """What the first page costs somebody who was never here: the bytes of every answer as they go
    over the wire, headers included, by path."""

    wire: Mapping[str, int]

    @property
    def whole(self) -> int:
        return sum(self.wire.values())


async def weigh(port: int) -> Weight:
    """Fetch the first page and every file that it names, as a browser does."""
    connection = await connect(port)
    try:
        page = await connection.call("GET", "/", _ALWAYS, agent=AGENT)
        found = {"/": page}
        for path in dict.fromkeys(_FILE.findall(page.body)):
            name = path.decode()
            found[name] = await connection.call("GET", name, _ALWAYS, agent=AGENT)
    finally:
        connection.close()
    for name, answer in found.items():
        if answer.status != 200:
            raise RuntimeError(f"GET {name} answered {answer.status}")
    return Weight({name: len(a.head) + len(a.body) for name, a in found.items()})
