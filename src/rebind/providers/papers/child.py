"""The child: reads one document from its input, answers with a harmless copy of it, and ends.

Whatever a document does to the libraries that open it, it does here, where there is nothing: no
secrets, no environment, no file that could be written, little memory and little time. The answer is
a line of JSON and then the bytes. Neighbours: `workshop.py` starts it, `raster.py` does the work.
"""

import ctypes
import resource
import sys
from typing import Any, BinaryIO

MEMORY_MAX = 1_024 * 1_024 * 1_024
"""Address space: the largest picture that is taken, twice, and the libraries."""

CPU_S = 25
FILES_MAX = 32
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


def drop() -> None:
    """Give up what a document could abuse. What a system does not know is left out."""
    for what, limit in (
        ("RLIMIT_AS", MEMORY_MAX),
        ("RLIMIT_CPU", CPU_S),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", FILES_MAX),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_CORE", 0),
    ):
        known = getattr(resource, what, None)
        if known is not None:
            hard = resource.getrlimit(known)[1]
            bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(known, (bounded, bounded))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def answer(out: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Say what was found, then the copy."""
    import json

    out.write(json.dumps({**header, "size": len(body)}).encode() + b"\n")
    out.write(body)
    out.flush()


def main() -> None:
    """`clean`, or `view` with the number of a page and the watermark after it, a line each."""
    drop()
    from rebind.providers.papers import raster

    source, out = sys.stdin.buffer, sys.stdout.buffer
    try:
        if sys.argv[1] == "view":
            page = int(source.readline())
            mark = source.readline().decode().strip()
            answer(out, {}, raster.view(source.read(), page, mark))
        else:
            copy = raster.clean(source.read())
            answer(
                out,
                {"media": copy.media, "pages": copy.pages, "findings": copy.findings},
                copy.body,
            )
    except raster.Unfit as unfit:
        answer(out, {"why": unfit.why})
    except MemoryError:
        answer(out, {"why": "too_many_pixels"})


if __name__ == "__main__":
    main()
