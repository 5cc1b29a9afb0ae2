"""The workshop: real documents and hostile ones, each opened in a real child process."""

import asyncio
import io
import os
import re
import signal
import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pikepdf
import pytest
import uvloop
from PIL import Image
from PIL.ExifTags import Base

from rebind.ports import PaperFacts, Unreadable
from rebind.providers.papers.limits import Limits
from rebind.providers.papers.workshop import Workshop
from tests.providers import hostile_papers as papers

MIB = 1_024 * 1_024
MARK = "Ольга Петрова · 23.11.2026 10:15 UTC · 7K3M9-QXF2T"
ODD_WORDS = {"image/jpeg", "application/pdf", "damaged", "type_unknown", "encrypted", "too_slow"}


async def stream(data: bytes, piece: int = 50_000) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), piece):
        yield data[begin : begin + piece]


async def cleaned(workshop: Workshop, data: bytes) -> tuple[PaperFacts, bytes]:
    async with workshop.clean(stream(data)) as copy:
        body = b"".join([piece async for piece in copy.chunks()])
        return copy.facts, body


async def outcome(workshop: Workshop, data: bytes) -> tuple[str, bytes]:
    """Why it is refused, or what it became."""
    try:
        facts, body = await cleaned(workshop, data)
    except Unreadable as unreadable:
        return unreadable.why, b""
    return facts.media, body


def children() -> set[int]:
    """Every process that this one has started and that is still there, the dead among them."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    there = Workshop(at_once=3)
    yield there
    await there.close()


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process and no file, neither where temporary files go nor where the server was started."""
    for name in ("TMPDIR", "TEMP", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = children()
    yield
    assert children() <= before
    assert not list(tmp_path.rglob("*"))


async def test_a_photograph_is_drawn_anew(workshop: Workshop) -> None:
    exif = Image.Exif()
    exif[Base.Software] = "Adobe Photoshop 25.0"
    exif[Base.Make] = "Nokia"
    exif[Base.Orientation] = 6
    exif.get_ifd(0x8825)[1] = "N"
    sent = papers.saved(papers.photo(), exif=exif, comment=b"Photoshop", icc_profile=b"x" * 200)
    facts, body = await cleaned(workshop, sent)
    assert (facts.media, facts.pages, facts.size) == ("image/jpeg", 1, len(body))
    assert facts.findings == ("edited_picture", "place_removed")
    copy = Image.open(io.BytesIO(body))
    assert copy.size == (480, 640)
    assert set(copy.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("sent", "size", "corner"),
    [
        (lambda: papers.saved(Image.new("RGBA", (64, 48)), "PNG"), (64, 48), 255),
        (lambda: papers.saved(Image.new("I;16", (64, 48), 0x8000), "PNG"), (64, 48), 128),
        (lambda: papers.saved(Image.new("CMYK", (64, 48))), (64, 48), 255),
        (lambda: papers.saved(Image.new("L", (9_000, 60), 90), "PNG"), (4_000, 27), 90),
        (papers.heic, (320, 240), 211),
    ],
    ids=["transparent", "16 bits", "for print", "wide", "HEIC"],
)
async def test_other_pictures_become_jpegs(
    workshop: Workshop, sent: object, size: tuple[int, int], corner: int
) -> None:
    assert callable(sent)
    facts, body = await cleaned(workshop, sent())
    copy = Image.open(io.BytesIO(body))
    assert (facts.media, copy.format, copy.mode, copy.size) == ("image/jpeg", "JPEG", "RGB", size)
    pixel = copy.getpixel((2, 2))
    assert isinstance(pixel, tuple)
    assert all(abs(part - corner) < 4 for part in pixel)


async def test_a_pdf_has_nothing_but_pictures(workshop: Workshop) -> None:
    facts, body = await cleaned(workshop, papers.armed())
    assert (facts.media, facts.pages, facts.size) == ("application/pdf", 2, len(body))
    assert facts.findings == ("active_removed", "edited_pdf")
    with pikepdf.open(io.BytesIO(body)) as copy:
        assert not copy.check_pdf_syntax()
        names = {str(name) for name in copy.Root} | {str(n) for p in copy.pages for n in p.obj}
        assert names == {
            *("/Type", "/Pages", "/Parent", "/MediaBox", "/Contents", "/Resources"),
        }
        assert not copy.docinfo
        for page in copy.pages:
            assert Image.open(io.BytesIO(page.Resources.XObject.P.read_raw_bytes())).size
    words = set(
        re.findall(rb"/[A-Za-z]+", b"".join(re.split(rb"stream\n.*?endstream", body, flags=re.S)))
    )
    assert not words & {b"/JavaScript", b"/JS", b"/URI", b"/AcroForm", b"/Annots", b"/Names"}
    assert papers.FOREIGN not in body


async def test_small_print_can_be_read_and_filled_fields_are_seen(workshop: Workshop) -> None:
    """A4 is drawn with 200 dots an inch; what somebody filled in is on the picture."""
    made = papers.drawn(b"1 0 0 rg 0 0 20 20 re f", (595, 842))
    value = made.make_stream(b"0 0 1 rg 0 0 50 20 re f")
    value.Type, value.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    value.BBox = pikepdf.Array([0, 0, 50, 20])
    field = made.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="name",
            F=4,
            Rect=[100, 400, 150, 420],
            AP=pikepdf.Dictionary(N=value),
        )
    )
    made.pages[0].obj.Annots = pikepdf.Array([field])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
    facts, body = await cleaned(workshop, papers.written(made))
    assert facts.findings == ("active_removed",)
    with pikepdf.open(io.BytesIO(body)) as copy:
        assert [float(side) for side in copy.pages[0].mediabox] == [0, 0, 595, 842]
        picture = Image.open(io.BytesIO(copy.pages[0].Resources.XObject.P.read_raw_bytes()))
    assert picture.size == (1_653, 2_339)
    pixels = [
        picture.getpixel((int(x / 72 * 200), 2_339 - int(y / 72 * 200)))
        for x, y in ((10, 10), (125, 410))
    ]
    red, blue = (p for p in pixels if isinstance(p, tuple))
    assert (red[0] > 240, red[2] < 20) == (True, True)
    assert (blue[2] > 240, blue[0] < 20) == (True, True)


async def test_what_is_refused() -> None:
    quick = Workshop(seconds_max=4, at_once=3)
    sent = {name: make() for name, (make, _why) in papers.REFUSED.items()}
    found = await asyncio.gather(*(outcome(quick, data) for data in sent.values()))
    media = {"image/jpeg": "page", "application/pdf": "page"}
    wrong = {
        name: why
        for name, (why, _body) in zip(sent, found, strict=True)
        if media.get(why, why) not in papers.REFUSED[name][1]
    }
    assert not wrong


async def test_of_two_things_in_one_only_the_pixels_come_out(workshop: Workshop) -> None:
    sent = {name: make() for name, make in papers.POLYGLOTS.items()}
    assert all(papers.FOREIGN in data for data in sent.values())
    found = await asyncio.gather(*(outcome(workshop, data) for data in sent.values()))
    assert {why for why, _body in found} == {"image/jpeg", "application/pdf", "damaged"}
    for name, (why, body) in zip(sent, found, strict=True):
        assert papers.FOREIGN not in body, name
        assert b"PK\x03\x04" not in body, name
        if why == "image/jpeg":
            assert body.endswith(b"\xff\xd9"), name


async def test_a_hundred_megabytes_are_not_read_on(workshop: Workshop) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        yield papers.saved(papers.photo())
        for _piece in range(1_600):
            given += 65_536
            yield bytes(65_536)

    with pytest.raises(Unreadable, match="too_many_bytes"):
        async with workshop.clean(endless()):
            pass
    assert given <= 20 * MIB


async def test_two_hundred_damaged_files_are_never_more_than_a_refusal() -> None:
    """A copy or a word, whatever the library does of it, and no child is left."""
    quick = Workshop(seconds_max=8, at_once=3)
    found = await asyncio.gather(*(outcome(quick, data) for data in papers.mutated(90)))
    words = {why for why, _body in found}
    assert words <= ODD_WORDS | {"too_many_pixels", "too_many_pages"}
    assert words >= {"image/jpeg", "application/pdf", "damaged"}
    assert not any(papers.FOREIGN in body for _why, body in found)


async def test_a_child_that_dies_is_damage(workshop: Workshop) -> None:
    before = children()

    async def deadly() -> AsyncIterator[bytes]:
        yield papers.saved(papers.photo())[:2_000]
        for child in children() - before:
            os.kill(child, signal.SIGSEGV)
        yield papers.saved(papers.photo())[2_000:]

    with pytest.raises(Unreadable, match="damaged"):
        async with workshop.clean(deadly()):
            pass


@pytest.mark.parametrize(
    "said",
    [
        '{"size": 5, "media": "text/html", "pages": 1}',
        '{"size": 5, "media": "image/jpeg", "pages": 7}',
        '{"size": -5, "media": "image/jpeg", "pages": 1}',
        '{"size": 99999999999, "media": "application/pdf", "pages": 1}',
        '{"size": 5, "media": "image/jpeg", "pages": 1, "findings": ["<script>"]}',
        '{"size": 9, "media": "image/jpeg", "pages": 1}',
        '{"size": 5, "why": "<script>"}',
        '{"size": 5' + " " * 70_000,
        "\\0\\377\\0",
    ],
)
async def test_no_child_is_believed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """One that a document has taken over says what it likes, and is damage."""
    liar = tmp_path_factory.mktemp("bin") / "python"
    liar.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '{said}\\n12345'\n")
    liar.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(liar))
    assert await outcome(Workshop(), papers.saved(papers.photo())) == ("damaged", b"")


async def test_who_sends_slowly_keeps_nobody_waiting() -> None:
    """The time for opening begins when a document is there; until then others are opened."""
    one = Workshop(seconds_max=1.8, at_once=1, children_max=2)
    copy, others = papers.saved(papers.photo()), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield copy[:2_000]
        await others.wait()
        await asyncio.sleep(1.9)
        yield copy[2_000:]

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(anext_clean(one, slow()))
        assert (await cleaned(one, copy))[0].media == "image/jpeg"
        assert await one.view(stream(copy), 0, MARK)
        others.set()
        assert await sending == "image/jpeg"


async def anext_clean(workshop: Workshop, chunks: AsyncIterator[bytes]) -> str:
    """As far as the facts: who goes on no further ends the child in the middle of its answer."""
    async with workshop.clean(chunks) as copy:
        await anext(copy.chunks())
        return copy.facts.media


async def test_closing_ends_what_is_under_way(workshop: Workshop) -> None:
    begun = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield papers.saved(papers.photo())[:2_000]
        begun.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(anext_clean(workshop, waiting()))
    await begun.wait()
    before = children()
    await workshop.close()
    assert children() < before
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_document_flows_through(loop: object) -> None:
    """Twenty megabytes go in and more than one comes out; less than two are held, on both loops.
    Who stops reading in the middle leaves nothing behind either."""
    noise = papers.saved(Image.effect_noise((2_400, 1_800), 90), quality=85)
    zeros = bytes(65_536)

    async def large() -> AsyncIterator[bytes]:
        for begin in range(0, len(noise), 65_536):
            yield noise[begin : begin + 65_536]
        for _piece in range((20 * MIB - len(noise)) // 65_536):
            yield zeros

    async def through() -> tuple[int, int, str]:
        there = Workshop()
        await cleaned(there, papers.heic())
        tracemalloc.start()
        async with there.clean(large()) as copy:
            size = sum([len(piece) async for piece in copy.chunks()])
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, peak, await anext_clean(there, large())

    assert callable(loop)
    with asyncio.Runner(loop_factory=loop) as runner:
        size, peak, media = runner.run(through())
    assert size > MIB
    assert peak < 2 * MIB
    assert media == "image/jpeg"


async def test_a_page_is_seen_with_a_mark_on_it(workshop: Workshop) -> None:
    """The mark is all over the page, darkens white and lightens black, and hides neither."""
    page = Image.new("L", (1_200, 1_600), 255)
    page.paste(0, (0, 800, 1_200, 1_600))
    _facts, body = await cleaned(workshop, papers.saved(page, "PDF", resolution=200))
    seen = Image.open(io.BytesIO(await workshop.view(stream(body), 0, MARK))).convert("L")
    other = Image.open(io.BytesIO(await workshop.view(stream(body), 0, MARK[::-1]))).convert("L")
    assert seen.size == (1_200, 1_600)
    assert seen.tobytes() != other.tobytes()
    for x in range(0, 1_200, 300):
        for y in range(0, 1_600, 400):
            shades = seen.crop((x, y, x + 300, y + 400)).tobytes()
            assert max(shades) - min(shades) > 30
            assert min(shades) > 120 or max(shades) < 160
    for page_number in (1, -1):
        with pytest.raises(Unreadable, match="damaged"):
            await workshop.view(stream(body), page_number, MARK)


async def test_limits_are_those_that_were_given() -> None:
    small = Workshop(
        Limits(bytes_max=30_000, pixels_max=30_000, pages_max=1, result_bytes_max=14_000)
    )
    assert (await outcome(small, papers.saved(papers.photo())))[0] == "too_many_pixels"
    assert (await outcome(small, papers.scan(2)))[0] == "too_many_pages"
    assert (await outcome(small, bytes(30_001)))[0] in ("too_many_bytes", "type_unknown")
    noise = papers.saved(Image.effect_noise((170, 170), 90))
    why, body = await outcome(small, noise)
    assert why == "image/jpeg"
    assert len(body) <= 14_000
