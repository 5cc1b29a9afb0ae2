"""Papers as people send them, and as those do who mean harm. Each is made when it is asked for."""

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import pikepdf
import pillow_heif
from PIL import Image, ImageDraw

FOREIGN = b"ATTACK-4242"
"""Stands in everything that must not get through."""

HTML = b"<html><script>alert('ATTACK-4242')</script></html>" * 3
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert("ATTACK-4242")</script></svg>'


def photo(size: tuple[int, int] = (640, 480), colour: str = "navy") -> Image.Image:
    picture = Image.new("RGB", size, "lightgrey")
    ImageDraw.Draw(picture).rectangle((40, 40, size[0] // 2, size[1] // 2), fill=colour)
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    picture.save(out, kind, **more)
    return out.getvalue()


@cache
def heic() -> bytes:
    return saved(photo((320, 240)), "HEIF")


def scan(pages: int = 2, size: tuple[int, int] = (200, 280)) -> bytes:
    """A PDF of photographs."""
    first, *others = [photo(size) for _page in range(pages)]
    return saved(first, "PDF", save_all=True, append_images=others)


def written(made: pikepdf.Pdf, **more: object) -> bytes:
    out = io.BytesIO()
    made.save(out, **more)  # type: ignore[arg-type]
    return out.getvalue()


def drawn(
    content: bytes, size: tuple[float, float] = (300, 200), resources: str = ""
) -> pikepdf.Pdf:
    """A PDF of one page with this on it."""
    made = pikepdf.new()
    made.add_blank_page()
    made.pages[0].obj.MediaBox = pikepdf.Array([0, 0, *size])
    made.pages[0].obj.Contents = made.make_stream(content)
    made.pages[0].obj.Resources = pikepdf.Object.parse(f"<<{resources}>>".encode())
    return made


def armed() -> bytes:
    """Everything that acts, in one PDF: scripts, attachments, links, forms, programs to start."""
    made = pikepdf.open(io.BytesIO(scan(size=(100, 140))))
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=FOREIGN.decode())
    link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/" + FOREIGN.decode())
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=FOREIGN.decode() + ".exe")
    field = made.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=FOREIGN.decode(),
            Rect=[10, 10, 90, 30],
            AA=pikepdf.Dictionary(K=script),
        )
    )
    clicks = [
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 99, 99], A=action
        )
        for action in (link, launch)
    ]
    made.Root.OpenAction = script
    made.Root.AcroForm = pikepdf.Dictionary(Fields=[field], XFA=made.make_stream(FOREIGN))
    made.pages[0].obj.Annots = pikepdf.Array([field, *clicks])
    made.pages[0].obj.AA = pikepdf.Dictionary(O=script)
    name = "../../evil.exe"
    made.attachments["evil"] = pikepdf.AttachedFileSpec(
        made, FOREIGN, description="", filename=name, mime_type="", creation_date="", mod_date=""
    )
    made.docinfo["/Producer"] = "Sejda PDF Editor"
    return written(made)


def once_more(data: bytes, body: bytes = b"<</A 1>>") -> bytes:
    """A PDF that was saved again, behind its own end."""
    before = int(data.rsplit(b"startxref", 1)[1].split()[0])
    root = re.findall(rb"/Root (\d+ 0 R)", data)[-1].decode()
    at = len(data) + 1
    more = data + b"\n900 0 obj\n" + body + b"\nendobj\n"
    table = f"xref\n900 1\n{at:010d} 00000 n \ntrailer\n<</Size 901/Root {root}/Prev {before}>>\n"
    return more + table.encode() + f"startxref\n{len(more)}\n%%EOF\n".encode()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("../../passport.jpg", FOREIGN * 9)
    return out.getvalue()


def _jpeg_and_pdf() -> bytes:
    """A PDF that begins as a JPEG: viewers look for its header in the first 1,024 bytes."""
    inside = written(drawn(b"% " + FOREIGN), compress_streams=False)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + inside


POLYGLOTS: dict[str, Callable[[], bytes]] = {
    "a JPEG before a ZIP": lambda: saved(photo()) + archive(),
    "a JPEG before a page": lambda: saved(photo()) + HTML,
    "a JPEG before a PDF": lambda: (
        saved(photo()) + written(drawn(b"% " + FOREIGN), compress_streams=False)
    ),
    "a JPEG with a page in it": lambda: saved(photo(), comment=HTML),
    "a PNG before a ZIP": lambda: saved(photo(), "PNG") + archive(),
    "a HEIC before a ZIP": lambda: heic() + archive(),
    "a PDF before a ZIP": lambda: scan() + archive(),
    "a PDF that begins as a JPEG": _jpeg_and_pdf,
    "a PDF that is a page": lambda: b"%PDF-1.7\n" + HTML,
}
"""Refused, or redrawn with nothing of the other half."""


def _tall_jpeg() -> bytes:
    """Says that it has 65,000 × 65,000 pixels."""
    data = bytearray(saved(photo()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = (65_000).to_bytes(2, "big") * 2
    return bytes(data)


def _tall_png() -> bytes:
    data = bytearray(saved(photo(), "PNG"))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def _tall_heic() -> bytes:
    data = bytearray(heic())
    for found in re.finditer(rb"ispe", heic()):
        data[found.end() + 4 : found.end() + 12] = (60_000).to_bytes(4, "big") * 2
    return bytes(data)


def _deflated_pdf() -> bytes:
    """Packed twice: a page of 110 megabytes of drawing in 200 kilobytes."""
    made = drawn(b"")
    packed = zlib.compress(zlib.compress(b"0 0 m 9 9 l S\n" * 8_000_000, 1), 9)
    stream = pikepdf.Stream(made, packed)
    made.pages[0].obj.Contents = made.make_indirect(stream)
    stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    return written(made, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def _huge_image_pdf() -> bytes:
    made = drawn(b"300 0 0 200 0 0 cm /P Do")
    picture = pikepdf.Stream(made, zlib.compress(bytes(40_000_000)))
    for name, value in (("Width", 60_000), ("Height", 60_000), ("BitsPerComponent", 8)):
        picture[f"/{name}"] = value
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.ColorSpace, picture.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.FlateDecode
    made.pages[0].obj.Resources = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(P=made.make_indirect(picture))
    )
    return written(made)


def _self_drawing_pdf() -> bytes:
    """A form that draws itself ten times, and so does each of those."""
    made = drawn(b"/P Do", resources="")
    form = made.make_stream(b"/P Do " * 10)
    form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    form.BBox = pikepdf.Array([0, 0, 99, 99])
    form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=form))
    made.pages[0].obj.Resources = form.Resources
    return written(made)


def _doubling_pdf() -> bytes:
    """Thirty forms, each of which draws the next one twice: a thousand million lines."""
    made = drawn(b"/P Do")
    inner = made.make_stream(b"0 0 m 9 9 l S")
    for _depth in range(30):
        inner.Type, inner.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        inner.BBox = pikepdf.Array([0, 0, 300, 200])
        outer = made.make_stream(b"/P Do /P Do")
        outer.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=inner))
        inner = outer
    inner.Type, inner.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    inner.BBox = pikepdf.Array([0, 0, 300, 200])
    made.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=inner))
    return written(made)


def _many_pages() -> bytes:
    """A million times the same page."""
    kids = b"3 0 R " * 1_000_000
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 1000000/Kids[" + kids + b"]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def _pages_in_a_ring() -> bytes:
    made = drawn(b"")
    made.Root.Pages.Kids = pikepdf.Array([made.Root.Pages])
    made.Root.Pages.Count = 3
    return written(made)


def _tables_in_a_ring() -> bytes:
    """Its cross-reference table names itself as the one before it."""
    data = written(drawn(b""))
    at = data.rsplit(b"startxref", 1)[1].split()[0]
    return data.replace(b"trailer << ", b"trailer << /Prev " + at + b" ")


def _locked() -> bytes:
    return written(drawn(b""), encryption=pikepdf.Encryption(owner="b", user="a"))


REFUSED: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "svg": (lambda: SVG, {"type_unknown"}),
    "html": (lambda: HTML, {"type_unknown"}),
    "gif": (lambda: saved(photo(), "GIF"), {"type_unknown"}),
    "tiff": (lambda: saved(photo(), "TIFF"), {"type_unknown"}),
    "webp": (lambda: saved(photo(), "WEBP"), {"type_unknown"}),
    "avif": (lambda: saved(photo(), "AVIF"), {"type_unknown"}),
    "zip": (archive, {"type_unknown"}),
    "a PDF that begins late": (lambda: b"\n" + scan(1), {"type_unknown"}),
    "nothing": (lambda: b"", {"type_unknown"}),
    "half a photograph": (lambda: saved(photo())[:3_000], {"damaged"}),
    "half a PNG": (lambda: saved(photo(), "PNG")[:900], {"damaged"}),
    "half a HEIC": (lambda: heic()[: len(heic()) // 2], {"damaged"}),
    "a PDF of nothing": (lambda: b"%PDF-1.7\n" + b"1 0 obj<</Type/Catalog>>" * 9, {"damaged"}),
    "a locked PDF": (_locked, {"encrypted"}),
    "one page too many": (lambda: scan(21), {"too_many_pages"}),
    "a million pages": (_many_pages, {"too_many_pages"}),
    "a PNG of 400 megapixels": (_tall_png, {"too_many_pixels"}),
    "a JPEG of 4,225 megapixels": (_tall_jpeg, {"too_many_pixels"}),
    "a HEIC of 3,600 megapixels": (_tall_heic, {"too_many_pixels", "damaged"}),
    "a page of 60 km": (lambda: written(drawn(b"", (1e8, 1e8))), {"damaged", "page"}),
    "pages in a ring": (_pages_in_a_ring, {"damaged"}),
    "tables in a ring": (_tables_in_a_ring, {"damaged", "page"}),
    "a form that draws itself": (_self_drawing_pdf, {"damaged", "too_slow", "page"}),
    "forms that double": (_doubling_pdf, {"damaged", "too_slow", "page"}),
    "a picture of 10 GB in a PDF": (_huge_image_pdf, {"damaged", "too_slow", "page"}),
    "a page of 110 MB": (_deflated_pdf, {"damaged", "too_slow", "too_many_pixels"}),
}
"""What becomes of it; "page" where a library sees through it and draws a page."""


def mutated(count: int) -> Iterator[bytes]:
    """Good papers with bytes changed, cut out and doubled; their first bytes as they were, so that
    each reaches its library."""
    dice = random.Random(5)
    good = [
        saved(photo((200, 150))),
        saved(photo((200, 150)), "PNG"),
        heic(),
        written(drawn(b"BT /F 30 Tf 20 100 Td (Hello) Tj ET")),
        armed(),
    ]
    for turn in range(count):
        data = bytearray(good[turn % len(good)])
        for _change in range(dice.choice((1, 5, 40))):
            data[dice.randrange(12, len(data))] = dice.randrange(256)
        at, length = dice.randrange(12, len(data)), dice.randrange(200)
        match turn % 3:
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
        yield bytes(data)
