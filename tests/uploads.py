"""Forms with a file, as a browser writes them; and papers to send."""

import zlib
from collections.abc import Sequence
from struct import pack

BOUNDARY = "----WebKitFormBoundaryAnna7MA4YWxkTrZu0gW"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
PIECE = 64 * 1024


def form(
    fields: Sequence[tuple[str, str]],
    file: bytes,
    name: str = "passport.png",
    *,
    file_first: bool = False,
    whole: bool = True,
) -> bytes:
    """The body of a form: its fields, then the file."""
    begins = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{begins}"{field}"\r\n\r\n{value}\r\n'.encode() for field, value in fields]
    head = f'{begins}"file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    sent = head.encode() + file
    parts.insert(0 if file_first else len(parts), sent + b"\r\n" if whole else sent)
    return b"".join(parts) + (f"--{BOUNDARY}--\r\n".encode() if whole else b"")


def pieces(body: bytes, size: int = PIECE) -> list[bytes]:
    """As they arrive."""
    return [body[at : at + size] for at in range(0, len(body), size)] or [b""]


def photograph(side: int = 40) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xb0\xc4\xde" * side for _row in range(side))
    header = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
