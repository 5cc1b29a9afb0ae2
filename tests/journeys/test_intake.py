"""Documents come in, are looked at, encrypted and kept; and whatever goes wrong leaves nothing.

clamd, the folder, the encryption and the key ring are real; `tests/workshops.py` plays the child
process that opens papers.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rebind.domain.refusals import DOCUMENT_NOT_KEPT, SCANNER_UNAVAILABLE, Refused
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows.desk import intake
from rebind.flows.desk.intake import Intake, Taken
from rebind.ports import Broken, Missing, PaperFacts, Unkept, Verdict
from rebind.providers.blobs.folder import FolderBlobs
from rebind.providers.dice.system import SystemDice
from rebind.providers.scanner.clamav import Address, ClamAv
from rebind.providers.seal.ring import new
from rebind.providers.seal.stream import StreamEnvelope
from rebind.providers.seal.vault import AesSeal
from tests import clams
from tests.people import MONDAY, PushedClock
from tests.workshops import SCRIPT, Workshop

DICE = SystemDice()
CASE, DOCUMENT = DICE.id(MONDAY), DICE.id(MONDAY)
SEAL = AesSeal(new(os.urandom, MONDAY))
KEY_SEALED = intake.new_key(DICE, SEAL, CASE)
KEY = intake.key_of(SEAL, CASE, KEY_SEALED)
UPLOAD_BYTES = 20 * 1024 * 1024
PASSPORT = b"%PDF-1.4 passport of Anna " * 20_000


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clams.Clamd]:
    running = clams.started(tmp_path_factory.mktemp("clamd"), UPLOAD_BYTES, 4 * UPLOAD_BYTES)
    yield running
    running.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "documents"


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def tools(workshop: Workshop, folder: Path) -> Intake:
    """Without a scanner."""
    return Intake(
        papers=workshop,
        scanner=None,
        blobs=FolderBlobs(folder),
        envelope=StreamEnvelope(),
        dice=DICE,
        clock=PushedClock(),
    )


@pytest.fixture
def scanned(tools: Intake, clamd: clams.Clamd) -> Intake:
    return but(tools, scanner=ClamAv(Address.parsed(clamd.unix)))


def but(tools: Intake, **changes: Any) -> Intake:
    return msgspec.structs.replace(tools, **changes)


async def body(*pieces: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        for at in range(0, len(piece), 65_536):
            yield piece[at : at + 65_536]
    if then is not None:
        raise then


async def sent(tools: Intake, *pieces: bytes, then: Exception | None = None) -> Taken | Refused:
    return await intake.take_in(tools, KEY, CASE, DOCUMENT, body(*pieces, then=then))


async def read(tools: Intake, blob: str, key: bytes = KEY, case: bytes = CASE) -> bytes:
    pieces = intake.opened(tools, key, case, DOCUMENT, blob)
    return b"".join([piece async for piece in pieces])


def code(outcome: Taken | Refused) -> str:
    assert isinstance(outcome, Refused), "this was to be refused"
    return outcome.refusal.code


def taken(outcome: Taken | Refused) -> Taken:
    assert isinstance(outcome, Taken), outcome
    return outcome


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_a_document_comes_in_and_out(scanned: Intake, folder: Path) -> None:
    found = taken(await sent(scanned, PASSPORT, SCRIPT, PASSPORT))
    assert found.scanned
    assert found.facts.size == 2 * len(PASSPORT)
    assert await read(scanned, found.blob) == PASSPORT + PASSPORT
    (file,) = kept(folder)
    assert file.name == found.blob
    assert b"passport" not in file.read_bytes()


async def test_the_same_document_twice_is_two_blobs(tools: Intake, folder: Path) -> None:
    one, two = taken(await sent(tools, PASSPORT)), taken(await sent(tools, PASSPORT))
    assert one.blob != two.blob
    assert len(kept(folder)) == 2


async def test_without_a_scanner_it_says_so(tools: Intake) -> None:
    found = taken(await sent(tools, PASSPORT, clams.EICAR))
    assert not found.scanned


@pytest.mark.parametrize(
    "pieces", [(clams.EICAR,), (bytes(UPLOAD_BYTES + 1),)], ids=["virus", "too large"]
)
async def test_what_is_not_clean_is_not_kept(
    scanned: Intake, folder: Path, workshop: Workshop, pieces: tuple[bytes, ...]
) -> None:
    assert code(await sent(scanned, *pieces)) == "document_infected"
    assert kept(folder) == []
    assert workshop.opened == 0


async def test_a_verdict_of_no_ends_the_upload(tools: Intake, folder: Path) -> None:
    """Nobody reads the rest of a body whose beginning was refused."""

    class Quick:
        async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
            await anext(chunks)
            return Verdict.INFECTED

    outcome = await asyncio.wait_for(sent(but(tools, scanner=Quick()), *[PASSPORT] * 40), 5)
    assert code(outcome) == "document_infected"
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("why", "refusal"),
    [
        ("type_unknown", "document_type"),
        ("too_many_bytes", "document_too_large"),
        ("too_many_pixels", "document_too_large"),
        ("too_many_pages", "document_too_large"),
        ("damaged", "document_unreadable"),
        ("encrypted", "document_unreadable"),
        ("too_slow", "document_unreadable"),
    ],
)
async def test_what_does_not_open_is_not_kept(
    scanned: Intake, folder: Path, workshop: Workshop, why: str, refusal: str
) -> None:
    workshop.refusing = why
    assert code(await sent(scanned, PASSPORT)) == refusal
    assert kept(folder) == []


async def test_what_spoils_at_the_end_is_not_kept(
    scanned: Intake, folder: Path, workshop: Workshop
) -> None:
    workshop.spoiled = True
    assert code(await sent(scanned, PASSPORT)) == "document_unreadable"
    assert kept(folder) == []


async def test_a_scanner_that_is_away(tools: Intake, folder: Path) -> None:
    away = but(tools, scanner=ClamAv(Address(path="/nobody/listens/here")))
    outcome = await sent(away, PASSPORT)
    assert outcome == Refused(SCANNER_UNAVAILABLE, MONDAY + MINUTE)
    assert kept(folder) == []


async def test_a_place_that_keeps_nothing(scanned: Intake, folder: Path) -> None:
    os.close(os.open(folder, os.O_CREAT))  # a file where the folder should be
    outcome = await sent(scanned, PASSPORT)
    assert outcome == Refused(DOCUMENT_NOT_KEPT, MONDAY + MINUTE)


@pytest.mark.parametrize("with_scanner", [True, False])
async def test_an_upload_that_breaks_off(
    tools: Intake, scanned: Intake, folder: Path, workshop: Workshop, with_scanner: bool
) -> None:
    with pytest.raises(ConnectionResetError, match="browser"):
        await sent(
            scanned if with_scanner else tools,
            PASSPORT,
            then=ConnectionResetError("the browser is gone"),
        )
    assert kept(folder) == []
    assert workshop.opened == 0


class Fading:
    """A place that keeps the whole document and then does not say so: cancelled, or failing."""

    def __init__(self, folder: Path, failing: Exception | None = None) -> None:
        self.folder, self.failing = FolderBlobs(folder), failing
        self.full = asyncio.Event()

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        await self.folder.put(name, chunks)
        self.full.set()
        if self.failing is not None:
            raise self.failing
        await asyncio.sleep(60)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.folder, name)


async def test_who_leaves_takes_the_document_along(scanned: Intake, folder: Path) -> None:
    blobs = Fading(folder)
    sending = asyncio.create_task(sent(but(scanned, blobs=blobs), PASSPORT))
    await blobs.full.wait()
    assert len(kept(folder)) == 1
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert kept(folder) == []


async def test_an_answer_that_got_lost_leaves_nothing(scanned: Intake, folder: Path) -> None:
    blobs = Fading(folder, Unkept("no answer"))
    assert code(await sent(but(scanned, blobs=blobs), PASSPORT)) == "document_not_kept"
    assert kept(folder) == []


async def test_a_slow_scanner_slows_the_upload(tools: Intake) -> None:
    """No more of a body waits in memory than a few pieces."""
    read_on, taken_of_body = asyncio.Event(), 0

    class Slow:
        async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
            await read_on.wait()
            async for _ in chunks:
                pass
            return Verdict.CLEAN

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken_of_body
        for _ in range(100):
            taken_of_body += 1
            yield b"x" * 1_000

    slow = but(tools, scanner=Slow())
    sending = asyncio.create_task(intake.take_in(slow, KEY, CASE, DOCUMENT, counted()))
    await asyncio.sleep(0.05)
    assert taken_of_body == intake.COPIES_MAX + 1
    read_on.set()
    assert taken(await sending).facts.size == 100_000


class Blank:
    """A workshop that forgets what it read, and gives back as many zeros: the memory of the real
    one is its child's."""

    @asynccontextmanager
    async def clean(self, chunks: AsyncIterator[bytes]) -> AsyncIterator["Blank"]:
        self.size = 0
        async for chunk in chunks:
            self.size += len(chunk)
        self.facts = PaperFacts("application/pdf", 1, self.size, ())
        yield self

    async def chunks(self) -> AsyncIterator[bytes]:
        for _ in range(0, self.size, 65_536):
            yield bytes(65_536)

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


async def test_twenty_megabytes_pass_through_a_little_memory(scanned: Intake) -> None:
    """In and out again, everything that is allocated counted."""

    async def large() -> AsyncIterator[bytes]:
        for _ in range(UPLOAD_BYTES // 65_536):
            yield b"passport" * 8_192

    through = but(scanned, papers=Blank())
    await sent(through, b"%PDF")
    tracemalloc.start()
    try:
        found = taken(await intake.take_in(through, KEY, CASE, DOCUMENT, large()))
        pieces = [
            len(piece) async for piece in intake.opened(through, KEY, CASE, DOCUMENT, found.blob)
        ]
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.scanned
    assert sum(pieces) == UPLOAD_BYTES
    assert peak < 3 * 1024 * 1024


async def test_the_key_of_a_case_opens_its_documents_only(tools: Intake) -> None:
    other_case = DICE.id(MONDAY)
    found = taken(await sent(tools, PASSPORT))
    assert intake.new_key(DICE, SEAL, CASE) != KEY_SEALED
    assert KEY.hex().encode() not in KEY_SEALED
    with pytest.raises(Broken):
        intake.key_of(SEAL, other_case, KEY_SEALED)
    with pytest.raises(Broken):
        await read(tools, found.blob, case=other_case)


async def test_without_the_key_nothing_opens(tools: Intake) -> None:
    """The key lies in one row. Once that is gone, whoever has the key ring and all blobs has
    nothing."""
    row: dict[bytes, bytes] = {CASE: intake.new_key(DICE, SEAL, CASE)}
    key = intake.key_of(SEAL, CASE, row[CASE])
    outcome = await intake.take_in(tools, key, CASE, DOCUMENT, body(PASSPORT))
    blob = taken(outcome).blob
    assert await read(tools, blob, key) == PASSPORT
    del row[CASE], key
    made_anew = intake.key_of(SEAL, CASE, intake.new_key(DICE, SEAL, CASE))
    for at_hand in (made_anew, KEY, bytes(32)):
        with pytest.raises(Broken):
            await read(tools, blob, at_hand)


async def test_the_sweep_takes_old_orphans_only(tools: Intake, folder: Path) -> None:
    names = [taken(await sent(tools, b"%PDF")).blob for _ in range(4)]
    old_known, old_orphan, young, half = names
    (folder / half).rename(folder / (half + ".part"))
    for name, age in (
        (old_known, DAY + HOUR),
        (old_orphan, DAY + HOUR),
        (half + ".part", DAY + 1),
        (young, DAY - 1),
    ):
        written = (MONDAY - age) / 1_000
        os.utime(folder / name, (written, written))
    asked: list[set[str]] = []

    async def known(some: Sequence[str]) -> set[str]:
        asked.append(set(some))
        return {old_known}

    assert await intake.sweep(tools, known) == 2
    assert asked == [{old_known, old_orphan, half}]
    assert {path.name for path in kept(folder)} == {old_known, young}
    with pytest.raises(Missing):
        await read(tools, old_orphan)


async def test_the_sweep_asks_for_some_at_a_time(
    tools: Intake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SWEPT_AT_ONCE", 2)
    for _ in range(5):
        await sent(tools, b"%PDF")
    for path in kept(folder):
        os.utime(path, (0, 0))
    asked: list[int] = []

    async def known(some: Sequence[str]) -> set[str]:
        asked.append(len(some))
        return set()

    assert await intake.sweep(tools, known) == 5
    assert asked == [2, 2, 1]
    assert kept(folder) == []


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.journeys import test_intake as story

async def main():
    tools = story.Intake(
        papers=story.Workshop(), scanner=None, blobs=story.FolderBlobs(Path(sys.argv[1])),
        envelope=story.StreamEnvelope(), dice=story.DICE, clock=story.PushedClock(),
    )
    story.taken(await story.sent(tools, story.PASSPORT))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_a_crash_before_the_commit_leaves_nothing_readable(tmp_path: Path) -> None:
    """The document is kept, the row that names it is not: an encrypted orphan, whose key died with
    the process, and nothing in the temporary folder."""
    temporary, folder = tmp_path / "temporary", tmp_path / "documents"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(folder)],
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    (file,) = kept(folder)
    assert b"passport" not in file.read_bytes()
