"""The workshop: real documents and hostile ones, each opened in a real child process."""

import asyncio
import io
import os
import random
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pikepdf
import pillow_heif
import pytest
from PIL import Image, ImageDraw
from PIL.ExifTags import Base

from rebind.ports import PaperFacts, Unreadable
from rebind.providers.papers.limits import Limits
from rebind.providers.papers.workshop import Workshop


async def stream(data: bytes, piece: int = 50_000) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), piece):
        yield data[begin : begin + piece]


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    there = Workshop(seconds_max=25)
    yield there
    await there.close()


async def cleaned(workshop: Workshop, data: bytes) -> tuple[PaperFacts, bytes]:
    async with workshop.clean(stream(data)) as copy:
        body = b"".join([piece async for piece in copy.chunks()])
        return copy.facts, body


async def refused(workshop: Workshop, data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        await cleaned(workshop, data)
    return caught.value.why


def photo(size: tuple[int, int] = (640, 480)) -> Image.Image:
    picture = Image.new("RGB", size, "lightgrey")
    ImageDraw.Draw(picture).rectangle((40, 40, size[0] // 2, size[1] // 2), fill="navy")
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def pdf(pages: int = 2) -> bytes:
    first, *others = [photo((400, 560)) for _page in range(pages)]
    return saved(first, "PDF", save_all=True, append_images=others)


async def test_a_photograph_is_drawn_anew(workshop: Workshop) -> None:
    exif = Image.Exif()
    exif[Base.Software] = "Adobe Photoshop 25.0"
    exif[Base.Make] = "Nokia"
    exif[Base.Orientation] = 6
    exif.get_ifd(0x8825)[1] = "N"
    facts, body = await cleaned(workshop, saved(photo(), exif=exif) + b"PK\x03\x04" + b"x" * 99)
    assert (facts.media, facts.pages, facts.size) == ("image/jpeg", 1, len(body))
    assert facts.findings == ("data_behind", "edited_picture", "place_removed")
    copy = Image.open(io.BytesIO(body))
    assert copy.size == (480, 640)
    assert not copy.getexif()
    assert b"Photoshop" not in body
    assert b"PK\x03\x04" not in body


@pytest.mark.parametrize("kind", ["PNG", "HEIF"])
async def test_other_pictures(workshop: Workshop, kind: str) -> None:
    pillow_heif.register_heif_opener()
    facts, body = await cleaned(workshop, saved(photo().convert("RGBA"), kind))
    assert facts.media == "image/jpeg"
    assert Image.open(io.BytesIO(body)).size == (640, 480)


async def test_a_pdf_has_nothing_but_pictures(workshop: Workshop) -> None:
    made = pikepdf.open(io.BytesIO(pdf()))
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    made.attachments["evil.exe"] = pikepdf.AttachedFileSpec(made, b"MZ", filename="../../evil.exe")
    with made.open_metadata() as told:
        told["pdf:Producer"] = "Sejda PDF Editor"
    made.docinfo["/Producer"] = "Sejda PDF Editor"
    out = io.BytesIO()
    made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    facts, body = await cleaned(workshop, out.getvalue())
    assert (facts.media, facts.pages) == ("application/pdf", 2)
    assert {"active_removed", "edited_pdf"} <= set(facts.findings)
    with pikepdf.open(io.BytesIO(body)) as copy:
        assert "/OpenAction" not in copy.Root
        assert "/Names" not in copy.Root
        assert not copy.attachments
    for word in (b"JavaScript", b"evil", b"Sejda"):
        assert word not in body


def bomb_png(side: int = 20_000) -> bytes:
    return saved(Image.new("1", (side, side)), "PNG", optimize=True)


def bomb_pdf() -> bytes:
    made = pikepdf.new()
    made.add_blank_page(page_size=(14_400, 14_400))
    page = made.pages[0]
    page.Contents = made.make_stream(b"q 1 0 0 1 0 0 cm " * 2_000_000)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def locked_pdf() -> bytes:
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(pdf(1))).save(out, encryption=pikepdf.Encryption("a", "b"))
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("passport.jpg", saved(photo()))
    return out.getvalue()


HOSTILE = {
    "svg": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "type_unknown",
    ),
    "html": (lambda: b"<html><script>1</script></html>", "type_unknown"),
    "gif": (lambda: saved(photo(), "GIF"), "type_unknown"),
    "zip": (archive, "type_unknown"),
    "nothing": (lambda: b"", "type_unknown"),
    "half a picture": (lambda: saved(photo())[:3_000], "damaged"),
    "a picture bomb": (bomb_png, "too_many_pixels"),
    "many pages": (lambda: pdf(Limits().pages_max + 1), "too_many_pages"),
    "a locked pdf": (locked_pdf, "encrypted"),
    "half a pdf": (lambda: b"%PDF-1.7\n" + b"1 0 obj<</Type/Catalog>>" * 9, "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_refused_and_leaves_nothing(
    workshop: Workshop, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    make, why = HOSTILE[name]
    assert await refused(workshop, make()) == why
    assert os.listdir(tmp_path) == []
    assert not workshop._children


async def test_a_pdf_that_takes_long_ends_all_the_same(workshop: Workshop) -> None:
    quick = Workshop(seconds_max=3)
    with suppress(Unreadable):
        facts, _body = await cleaned(quick, bomb_pdf())
        assert facts.pages == 1
    assert not quick._children


async def test_a_hundred_megabytes_are_not_read_on(workshop: Workshop) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        yield saved(photo())
        for _piece in range(1_600):
            given += 65_536
            yield os.urandom(65_536)

    with pytest.raises(Unreadable) as caught:
        async with workshop.clean(endless()):
            pass
    assert caught.value.why == "too_many_bytes"
    assert given < 22 * 1_024 * 1_024


async def test_damage_is_never_more_than_a_refusal(workshop: Workshop) -> None:
    """Bytes of good documents changed at random: a copy or a word, and no child is left."""
    dice = random.Random(5)
    good = [saved(photo((200, 150))), saved(photo((200, 150)), "PNG"), pdf(1)]
    files = []
    for turn in range(18):
        data = bytearray(good[turn % 3])
        for _change in range(40):
            data[dice.randrange(12, len(data))] = dice.randrange(256)
        files.append(bytes(data))

    async def one(data: bytes) -> str:
        try:
            facts, _body = await cleaned(workshop, data)
        except Unreadable as unreadable:
            return unreadable.why
        return facts.media

    words = set(await asyncio.gather(*(one(data) for data in files)))
    assert words <= {"image/jpeg", "application/pdf", "damaged", "type_unknown", "encrypted"}
    assert not workshop._children


async def test_a_page_is_seen_with_a_mark_on_it(workshop: Workshop) -> None:
    _facts, body = await cleaned(workshop, pdf(2))
    mark = "Ольга Петрова · 23.11.2026 10:15 UTC · 7K3M9-QXF2T"
    seen = [await workshop.view(stream(body), page, mark) for page in (0, 1)]
    plain = await workshop.view(stream(body), 0, " ")
    for one in seen:
        assert Image.open(io.BytesIO(one)).format == "JPEG"
        assert one != plain
    with pytest.raises(Unreadable):
        await workshop.view(stream(body), 2, mark)
