"""Common and breached passwords: the list that ships, and the service that learns no password."""

import asyncio
import contextlib
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha1
from pathlib import Path

import pytest
from aiohttp import web

from rebind.ports import Leaks
from rebind.providers.leaks.both import Both
from rebind.providers.leaks.common import FILE, Common, Damaged, folded, key, packed
from rebind.providers.leaks.ranges import RangeSource
from tests.providers.neighbours import HOST, closed_port

BREACHED = "корова летит над Тверью"
UNKNOWN = "vtk7 opruqwz 4exn lumbago"


@pytest.fixture
def common() -> Common:
    return Common()


# --- The list ------------------------------------------------------------------------------------


def test_the_file_is_whole_and_of_the_size_that_the_docs_say(common: Common) -> None:
    assert common.whole()
    assert 359_900 < len(common) <= 360_000
    assert FILE.stat().st_size == 16 + 4 * len(common) < 1_500_000


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord",
        "password1",
        "Password123!",
        "P@ssw0rd1",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "1qaz2wsx",
        "zaq12wsx",
        "spartak1922",
        "summer2026",
        "trustno1",
        "sunshine",
        "basketball",
        "passwordpassword",
        "passwordpasswordpass",
        "password12345678",
        "1111password",
        # Russian words, in each of their three spellings.
        "пароль123",
        "Пароль2026",
        "наташа1990",
        "gfhjkm123",
        "yfnfif1990",
        "ghbdtn123",
        "parol123",
        "qwerty123",
        "йцукен123",
        "солнышко",
        "cjkysirj",
        "solnyshko",
        "любовь123",
        "k.,jdm123",
        # Words of the dictionaries.
        "information",
        "alexander",
    ],
)
async def test_what_thieves_try_is_known(common: Common, password: str) -> None:
    assert await common.knows(password)


@pytest.mark.parametrize(
    "password",
    [
        BREACHED,
        UNKNOWN,
        "petrova likes turnips",
        "yk3-Wq8z-Tm5v",
        "кит поёт на луне",
        "",
        "1234567",
    ],
)
async def test_what_nobody_tries_is_not(common: Common, password: str) -> None:
    assert not await common.knows(password)


async def test_hardly_a_stranger_is_taken_for_one_of_them(common: Common) -> None:
    strangers = [sha1(str(n).encode()).hexdigest()[:20] for n in range(20_000)]
    taken = sum([await common.knows(one) for one in strangers])
    assert taken <= 12, "one in 12,000 is expected"


async def test_both_ends_of_the_list_are_found(tmp_path: Path) -> None:
    words = [f"{n} elephants" for n in range(10, 300)]
    path = tmp_path / "few.bin"
    path.write_bytes(packed(words))
    few = Common(path)
    assert len(few) == len(words)
    assert few.whole()
    assert all([await few.knows(word) for word in words])
    assert not await few.knows("300 elephants")
    few.close()


async def test_an_empty_list_knows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none.bin"
    path.write_bytes(packed(["short"]))
    none = Common(path)
    assert len(none) == 0
    assert not await none.knows("password")
    none.close()


def test_the_same_words_make_the_same_file() -> None:
    assert packed(["elephants", "Giraffes!"]) == packed(["giraffes!", "ELEPHANTS", "elephants"])


def test_spellings_of_one_word_have_one_key() -> None:
    assert key(folded("CAFÉ noir")) == key(folded("cafe\u0301 NOIR"))


@pytest.mark.parametrize(
    "content",
    [
        b"short",
        b"another format\0\0" + b"1234",
        packed(["elephants", "giraffes"])[:-1],
        packed(["elephants", "giraffes"]) + b"more",
        struct.pack(">8sII", b"rbcommn\x02", 0, 0),
    ],
)
def test_a_damaged_file_is_not_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.bin"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        Common(path)


def test_a_changed_key_is_found_by_whoever_looks(tmp_path: Path) -> None:
    content = bytearray(packed(["elephants", "giraffes"]))
    content[-1] ^= 1
    path = tmp_path / "changed.bin"
    path.write_bytes(content)
    assert not Common(path).whole()


def test_the_list_takes_memory_for_what_is_looked_at_only() -> None:
    code = """
import asyncio, sys
from rebind.providers.leaks.both import Both
from rebind.providers.leaks.common import Common
from rebind.providers.leaks.ranges import RangeSource

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4

async def main():
    before = resident()
    both = Both(Common(), RangeSource("http://localhost", print))
    print(resident() - before < 512, "aiohttp" in sys.modules)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["True", "False"]


# --- The service ---------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def service(handler: Handler) -> AsyncIterator[str]:
    """A range service on loopback; gives its URL."""
    app = web.Application()
    app.router.add_get("/range/{prefix}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/range"
    finally:
        await runner.cleanup()


class Ranges:
    """Answers as the service does, with a memory of what it was asked."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked: list[tuple[str, str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        said = request.headers
        prefix = request.match_info["prefix"]
        self.asked.append((prefix, said.get("Add-Padding", ""), said.get("User-Agent", "")))
        return web.Response(text="\r\n".join(self.lines))


def digest(password: str) -> str:
    return sha1(password.encode()).hexdigest().upper()


PADDING = [f"{n:035X}:0" for n in range(900)]


async def knows(handler: Handler, password: str = BREACHED) -> tuple[bool, list[str]]:
    """What the source answers, and what it reports."""
    reported: list[str] = []
    async with service(handler) as url:
        source = RangeSource(url, reported.append, timeout_s=0.3)
        try:
            return await source.knows(password), reported
        finally:
            await source.close()


async def test_a_breached_password_is_known_by_five_digits_of_its_hash() -> None:
    ranges = Ranges(*PADDING, f"{digest(BREACHED)[5:]}:42", *PADDING)
    assert await knows(ranges.answer) == (True, [])
    assert ranges.asked == [(digest(BREACHED)[:5], "true", "rebind")]


@pytest.mark.parametrize(
    "line",
    [
        f"{digest(UNKNOWN)[5:]}:7",
        f"{digest(BREACHED)[5:]}:0",
        digest(BREACHED)[5:],
        f"{digest(BREACHED)[5:]}:many",
        "",
    ],
)
async def test_padding_and_others_are_no_breach(line: str) -> None:
    assert await knows(Ranges(*PADDING, line).answer) == (False, [])


async def test_small_letters_are_read_as_well() -> None:
    assert await knows(Ranges(f"{digest(BREACHED)[5:].lower()}:1").answer) == (True, [])


@pytest.mark.parametrize("status", [301, 302, 403, 404, 429, 500, 503])
async def test_a_service_that_refuses_stops_nobody(status: int) -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    assert await knows(refuse) == (False, [f"the service answered {status}"])


async def test_a_silent_service_holds_nobody_up() -> None:
    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    assert await knows(silent) == (False, ["no answer within 0.3 s"])


async def test_an_answer_without_an_end_is_not_read() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(1_000):
            await answer.write(b"0" * 65_536)
        return answer

    assert await knows(endless) == (False, ["the answer is too long"])


async def test_what_is_no_range_is_reported() -> None:
    async def strange(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\xff\xfe\x00")

    assert await knows(strange) == (False, ["the answer is no range"])


async def test_what_is_reported_tells_nothing_of_the_password() -> None:
    reported: list[str] = []
    source = RangeSource(f"http://{HOST}:{await closed_port()}/range", reported.append)
    assert not await source.knows(BREACHED)
    await source.close()
    (why,) = reported
    assert why.startswith("connection failed (")
    for part in (BREACHED, digest(BREACHED)[:5], HOST):
        assert part not in why


def test_only_http_is_spoken() -> None:
    with pytest.raises(ValueError, match="http"):
        RangeSource("ftp://example.org", print)


# --- Both ----------------------------------------------------------------------------------------


async def test_the_service_hears_only_of_what_the_list_does_not_know(common: Common) -> None:
    ranges = Ranges(f"{digest(BREACHED)[5:]}:1")
    async with service(ranges.answer) as url:
        both = Both(common, RangeSource(url, print))
        port: Leaks = both
        assert await port.knows("password1")
        assert ranges.asked == []
        assert await port.knows(BREACHED)
        assert not await port.knows(UNKNOWN)
        assert len(ranges.asked) == 2
        await both.close()


async def test_without_a_service_the_list_decides(common: Common) -> None:
    both = Both(common, None)
    assert await both.knows("password1")
    assert not await both.knows(BREACHED)
    await both.close()


def test_the_list_knows_no_password_in_the_clear() -> None:
    content = FILE.read_bytes()
    assert b"password" not in content
    assert "пароль".encode() not in content
