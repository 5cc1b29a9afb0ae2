"""What is seen in papers before it is gone, what is not, and how shut the child is."""

import io
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageDraw
from PIL.ExifTags import IFD, Base

from rebind.providers.papers import jail, pages, pictures, signs
from rebind.providers.papers.limits import WORDS, Limits
from tests.providers import hostile_papers as papers

DAYS = ("2026:03:01 10:00:00", "2026:03:05 09:00:00")


def scene(face: str = "peachpuff") -> Image.Image:
    """A passport page: text, and a face on 7 of 100 parts of it."""
    picture = Image.effect_noise((1_200, 900), 20).convert("RGB")
    ink = ImageDraw.Draw(picture)
    for line in range(9):
        ink.rectangle((500, 120 + 80 * line, 1_100, 140 + 80 * line), fill="black")
    ink.ellipse((80, 200, 380, 560), fill=face)
    return picture


def small(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """As cameras add it: with bars where the shape differs."""
    inside = picture.copy()
    inside.thumbnail(size)
    preview = Image.new("RGB", size)
    preview.paste(inside, ((size[0] - inside.width) // 2, (size[1] - inside.height) // 2))
    return papers.saved(preview, quality=70)


def taken(*, changed: str = DAYS[0], program: str = "", make: str = "Nokia") -> bytes:
    """The metadata of a telephone."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Software], exif[Base.DateTime] = make, program, changed
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = DAYS[0]
    return exif.tobytes()


def with_preview(exif: bytes, preview: bytes) -> bytes:
    """Pillow writes none: a second table goes behind the first, and the preview behind that."""
    table = bytearray(exif[6:])
    order = "<" if table[:2] == b"II" else ">"
    (count,) = struct.unpack_from(f"{order}H", table, 8)
    struct.pack_into(f"{order}L", table, 10 + 12 * count, len(table))
    place = len(table) + 30
    fields = (2, 0x201, 4, 1, place, 0x202, 4, 1, len(preview), 0)
    return exif[:6] + table + struct.pack(f"{order}HHHLLHHLLL", *fields) + preview


def photographed(picture: Image.Image, preview: bytes = b"", **more: str) -> bytes:
    exif = taken(**more)
    return papers.saved(picture, exif=with_preview(exif, preview) if preview else exif, quality=88)


XMP = b'<x:xmpmeta><rdf:Description xmp:CreatorTool="Canva (Renderer)"/></x:xmpmeta>'

PICTURES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "as it was taken": (lambda: photographed(scene(), preview=small(scene(), (160, 120))), set()),
    "a preview with bars": (
        lambda: photographed(scene(), preview=small(scene(), (160, 90))),
        set(),
    ),
    "a lighter preview": (
        lambda: photographed(
            scene(), preview=small(scene().point(lambda v: min(255, v + 40)), (160, 120))
        ),
        set(),
    ),
    "another face": (
        lambda: photographed(scene("saddlebrown"), preview=small(scene(), (160, 120))),
        {"preview_differs"},
    ),
    "a preview of rubbish": (lambda: photographed(scene(), preview=b"\xff\xd8rubbish"), set()),
    "another day": (lambda: photographed(scene(), changed=DAYS[1]), {"dates_differ"}),
    "edited": (lambda: photographed(scene(), program="GIMP 2.10.34"), {"edited_picture"}),
    "a telephone's system": (lambda: photographed(scene(), program="iOS 19.1"), set()),
    "edited, says its XMP": (
        lambda: papers.saved(scene(), "JPEG", exif=taken(), xmp=XMP),
        {"edited_picture"},
    ),
    "no camera": (lambda: photographed(scene(), make=""), {"no_camera"}),
    "padding behind": (lambda: photographed(scene()) + bytes(60), set()),
    "data behind": (lambda: photographed(scene()) + papers.archive(), {"data_behind"}),
    "two in one, as telephones do": (
        lambda: papers.saved(scene(), "MPO", save_all=True, append_images=[scene()], exif=taken()),
        set(),
    ),
    "a screenshot": (lambda: papers.saved(papers.photo(), "PNG"), set()),
    "broken metadata": (
        lambda: papers.saved(papers.photo(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        {"no_camera"},
    ),
}


# A child is started without warnings, of which Pillow has some about broken metadata.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PICTURES)
def test_signs_of_pictures(name: str) -> None:
    make, expected = PICTURES[name]
    copy = pictures.clean(make(), "JPEG" if "screenshot" not in name else "PNG", Limits())
    assert set(copy.findings) == expected


def told(**words: str) -> bytes:
    made = papers.drawn(b"0 0 9 9 re f")
    for name, word in words.items():
        made.docinfo[f"/{name}"] = word
    return papers.written(made)


def laid(content: bytes) -> bytes:
    """A page that a picture covers, and something after it."""
    made = pikepdf.open(io.BytesIO(papers.scan(1)))
    page = made.pages[0]
    page.obj.Resources.Font = pikepdf.Object.parse(
        b"<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    )
    page.contents_add(made.make_stream(b"BT /F 20 Tf " + content + b" 9 9 Td (7) Tj ET"))
    return papers.written(made)


def stamped() -> bytes:
    made = papers.drawn(b"0 0 9 9 re f")
    made.pages[0].obj.Annots = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 9, 9]
            )
        ]
    )
    return papers.written(made)


def scripted() -> bytes:
    """A script whose name is written with an escape, in a packed stream of objects."""
    made = papers.drawn(b"0 0 9 9 re f")
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")
    return papers.written(made, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def opening() -> bytes:
    """It opens at its first page, as those of word processors do."""
    made = papers.drawn(b"0 0 9 9 re f")
    made.Root.OpenAction = pikepdf.Array([made.pages[0].obj, pikepdf.Name.Fit])
    return papers.written(made)


PDFS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "as it was made": (lambda: told(Producer="Microsoft Word", CreationDate="D:20260301"), set()),
    "made for the web": (lambda: papers.written(papers.drawn(b""), linearize=True), set()),
    "edited": (lambda: told(Producer="Sejda 5.3"), {"edited_pdf"}),
    "another day": (
        lambda: told(CreationDate="D:20260301120000Z", ModDate="D:20260302120000Z"),
        {"changed_pdf"},
    ),
    "saved again": (lambda: papers.once_more(told()), {"changed_pdf"}),
    "text over a scan": (lambda: laid(b"0 Tr"), {"laid_over"}),
    "recognised text on a scan": (lambda: laid(b"3 Tr"), set()),
    "a note over the page": (stamped, {"laid_over"}),
    "a packed script": (scripted, {"active_removed"}),
    "an escaped script": (
        lambda: told(Producer="x").replace(
            b"/Type /Catalog", b"/Type /Catalog /A << /S /Java#53cript >>"
        ),
        {"active_removed"},
    ),
    "where to begin": (opening, set()),
}


@pytest.mark.parametrize("name", PDFS)
def test_signs_of_pdfs(name: str) -> None:
    make, expected = PDFS[name]
    data = make()
    assert set(signs.of_pdf(pypdfium2.PdfDocument(data), data)) == expected


def test_each_word_is_explained() -> None:
    """Whoever reads a word at the desk finds what it means and what it does not prove."""
    page = Path(__file__).parents[2] / "docs" / "security" / "documents.md"
    rows = [
        line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    explained = {line.split("`")[1] for line in rows}
    assert explained >= signs.FINDINGS | WORDS


TRIES = """
import json, os, resource, socket, sys
from rebind.providers.papers import jail
outside = int(sys.argv[1])
if os.getuid() == 0:
    # As in a container: what a limit on processes counts, it does not count for root.
    os.setgid(65534)
    os.setuid(65534)
jail.drop(7)
WHAT = ("AS", "CPU", "FSIZE", "CORE")
limits = [resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in WHAT]
try:
    os.fstat(outside)
    limits.append("still open")
except OSError:
    limits.append("closed")
def thread():
    import _thread
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(done.release, ())
    return done.acquire(timeout=5)
shut, found = jail.shut(), {}
for name, act in {
    "read a file": lambda: os.open("/etc/hostname", os.O_RDONLY),
    "write a file": lambda: os.open("/tmp/rebind-papers", os.O_WRONLY | os.O_CREAT),
    "list": lambda: os.listdir("/"),
    "remove": lambda: os.unlink("/tmp/rebind-papers"),
    "connect": lambda: socket.socket(socket.AF_INET),
    "a local socket": lambda: socket.socketpair(),
    "fork": os.fork,
    "start": lambda: os.execv("/bin/true", ["true"]),
    "signal": lambda: os.kill(os.getpid(), 0),
    "a thread": thread,
}.items():
    try:
        found[name] = act() is True
    except PermissionError:
        found[name] = False
print(json.dumps([shut, limits, found]), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"),
    reason="elsewhere the kernel shuts no door (docs/security/documents.md)",
)
def test_the_child_can_compute_and_nothing_else() -> None:
    with socket.socket() as outside:
        told = subprocess.run(
            [sys.executable, "-I", "-c", TRIES, str(outside.fileno())],
            pass_fds=[outside.fileno()],
            capture_output=True,
            check=False,
            timeout=30,
        )
    shut, limits, found = json.loads(told.stdout)
    assert shut
    assert limits == [[jail.MEMORY_MAX] * 2, [7, 8], [0, 0], [0, 0], "closed"]
    assert [name for name, done in found.items() if done] == ["a thread"]


def test_a_pdf_of_pictures_is_as_long_as_its_table_says() -> None:
    body = papers.saved(papers.photo((160, 120)))
    made = pages.bound([pages.Page(body, (160, 120), (80.0, 60.0))] * 3)
    with pikepdf.open(io.BytesIO(made)) as read:
        assert not read.check_pdf_syntax()
        assert [page.Resources.XObject.P.read_raw_bytes() for page in read.pages] == [body] * 3
