"""Viruses, found by a real clamd that knows one of them; and answers that are no yes."""

import asyncio
import io
import itertools
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from rebind.ports import Scanner, Unanswered, Verdict
from rebind.providers.scanner.clamav import Address, ClamAv, Malformed, judged, wrong
from rebind.settings import Settings, Unfit, check
from tests import clams
from tests.clams import EICAR
from tests.providers.neighbours import HOST, closed_port


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clams.Clamd]:
    running = clams.started(tmp_path_factory.mktemp("clamd"))
    yield running
    running.stop()


@pytest.fixture(params=["unix", "tcp"])
def scanner(request: pytest.FixtureRequest, clamd: clams.Clamd) -> Scanner:
    return ClamAv(Address.parsed(clamd.unix if request.param == "unix" else clamd.tcp))


async def pieces(data: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def zipped(data: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("contract.txt", data)
    return into.getvalue()


def within_pdf(data: bytes) -> bytes:
    """A document with an attached file."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Type/Filespec/F(a)/EF<</F 5 0 R>>>>",
        b"<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream" % (len(data), data),
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, part) for n, part in enumerate(parts, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF\n"


@pytest.mark.parametrize("hidden", [bytes, zipped, within_pdf])
async def test_a_virus_is_found(scanner: Scanner, hidden: Callable[[bytes], bytes]) -> None:
    assert await scanner.scan(pieces(hidden(EICAR))) is Verdict.INFECTED
    assert await scanner.scan(pieces(hidden(b"a harmless contract"))) is Verdict.CLEAN


async def test_border_sizes(scanner: Scanner) -> None:
    """Nothing at all, a piece that is longer than we send at once, and an empty piece in between:
    a length of nothing would end the file for clamd."""

    async def with_a_gap() -> AsyncIterator[bytes]:
        for piece in (EICAR[:30], b"", EICAR[30:]):
            yield piece

    assert await scanner.scan(pieces(b"")) is Verdict.CLEAN
    assert await scanner.scan(pieces(bytes(300_000), 300_000)) is Verdict.CLEAN
    assert await scanner.scan(with_a_gap()) is Verdict.INFECTED


async def test_what_is_too_large_for_it_is_not_clean(scanner: Scanner) -> None:
    """Beyond StreamMaxLength, and as an archive beyond MaxScanSize."""
    large = bytes(clams.STREAM_BYTES_MAX + 1)
    for _ in range(5):
        assert await scanner.scan(pieces(large)) is Verdict.UNCERTAIN
    endless = (piece for piece in itertools.repeat(bytes(65_536)))

    async def without_end() -> AsyncIterator[bytes]:
        for piece in endless:
            yield piece

    assert await scanner.scan(without_end()) is Verdict.UNCERTAIN
    assert await scanner.scan(pieces(zipped(bytes(clams.SCAN_BYTES_MAX + 1)))) is Verdict.UNCERTAIN


async def test_many_at_once(clamd: clams.Clamd) -> None:
    scanner = ClamAv(Address.parsed(clamd.unix))
    files = [EICAR, b"harmless"] * 6
    verdicts = await asyncio.gather(*(scanner.scan(pieces(file)) for file in files))
    assert verdicts == [Verdict.INFECTED, Verdict.CLEAN] * 6


async def test_an_upload_that_breaks_off_is_not_judged(clamd: clams.Clamd) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("the browser is gone")

    with pytest.raises(ConnectionResetError, match="browser"):
        await ClamAv(Address.parsed(clamd.unix)).scan(failing())


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b"stream: OK\0", Verdict.CLEAN),
        (b"stream: OK\0\0stream: OK\0", Verdict.UNCERTAIN),
        (b"stream: ok\0", Verdict.UNCERTAIN),
        (b" stream: OK\0", Verdict.UNCERTAIN),
        (b"1: stream: OK\0", Verdict.UNCERTAIN),
        (b"OK\0", Verdict.UNCERTAIN),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", Verdict.INFECTED),
        (b"stream: A B FOUND\n", Verdict.INFECTED),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", Verdict.UNCERTAIN),
        (b"stream: Heuristics.Encrypted.PDF FOUND\0", Verdict.UNCERTAIN),
        (b"INSTREAM size limit exceeded. ERROR\0", Verdict.UNCERTAIN),
        (b"stream: Can't allocate memory ERROR\0", Verdict.UNCERTAIN),
        (b"UNKNOWN COMMAND\0", Verdict.UNCERTAIN),
        (b"\xff\xfe\0", Verdict.UNCERTAIN),
    ],
)
def test_only_one_answer_is_a_yes(answer: bytes, verdict: Verdict) -> None:
    assert judged(answer) is verdict


Visit = Callable[[asyncio.StreamReader, asyncio.StreamWriter, asyncio.Event], Awaitable[None]]


async def asked(visit: Visit, file: bytes = b"file", seconds: float = 0.2) -> Verdict:
    """What is made of a scanner of that manner."""

    over, left = asyncio.Event(), asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await visit(reader, writer, over)
        writer.close()
        left.set()

    server = await asyncio.start_server(served, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = Address.parsed(f"tcp://{HOST}:{port}")
        try:
            return await ClamAv(address, send_s=seconds, answer_s=seconds).scan(pieces(file))
        finally:
            over.set()
            await left.wait()
            await asyncio.sleep(0)


async def test_a_yes_before_the_end_is_none() -> None:
    """Whoever answers before it has heard everything has not looked at everything."""

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: object) -> None:
        await reader.readexactly(10)
        writer.write(b"stream: OK\0")

    assert await asked(hasty, bytes(50_000_000)) is Verdict.UNCERTAIN


async def test_no_answer_is_no_verdict() -> None:
    async def silent(reader: asyncio.StreamReader, _: object, over: asyncio.Event) -> None:
        await over.wait()

    async def deaf(reader: asyncio.StreamReader, _: object, over: asyncio.Event) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    async def gone(reader: asyncio.StreamReader, _: object, __: object) -> None:
        await reader.readexactly(10)

    for visit in (silent, deaf, gone):
        with pytest.raises(Unanswered):
            await asked(visit, bytes(20_000_000) if visit is deaf else b"file")
    for nobody in (f"tcp://{HOST}:{await closed_port()}", "unix:/nobody/listens/here"):
        with pytest.raises(Unanswered):
            await ClamAv(Address.parsed(nobody)).scan(pieces(b"file"))


def test_addresses() -> None:
    assert Address.parsed("unix:/run/clamav/clamd.ctl") == Address(path="/run/clamav/clamd.ctl")
    assert Address.parsed("unix:///run/clamd") == Address(path="/run/clamd")
    assert Address.parsed("tcp://10.0.0.5") == Address(host="10.0.0.5", port=3310)
    assert Address.parsed("tcp://[::1]:99") == Address(host="::1", port=99)
    for text in (
        "",
        "/run/clamd",
        "unix:clamd",
        "unix://host/run/clamd",
        "tcp://",
        "tcp://host:port",
        "tcp://host:99999",
        "tcp://host/path",
        "tcp://user:word@host",
        "http://host",
        "tcp://[::1",
    ):
        with pytest.raises(Malformed):
            Address.parsed(text)
        (reason,) = wrong(text)
        assert reason.startswith("scanner: must be unix:/path")
    assert wrong("unix:/run/clamd") == []


@pytest.mark.parametrize("place", ["unix:/run/clamd", "tcp://127.0.0.1", "tcp://10.1.2.3:3310"])
def test_documents_go_to_a_scanner_that_is_near(place: str) -> None:
    assert "scanner" not in refused(place)


@pytest.mark.parametrize("place", ["tcp://8.8.8.8", "tcp://clamd.example.org", "clamd"])
def test_documents_cross_no_foreign_network_in_the_clear(place: str) -> None:
    assert "scanner" in refused(place)


def refused(place: str) -> list[str]:
    """Which settings of a service are refused with this scanner."""
    try:
        check(Settings(scanner=place), demo=False)
    except Unfit as unfit:
        return [reason.partition(":")[0] for reason in unfit.reasons]
    return []
