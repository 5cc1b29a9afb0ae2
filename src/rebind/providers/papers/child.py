"""The child: reads one document from its input, answers with a harmless copy of it, and ends.

Whatever a document does to the libraries that open it, it does here, where there is nothing: no
secrets, no environment, no file, no network, little memory and little time. The job is a line of
JSON, the document follows it to the end of the input; the answer is a line of JSON and the bytes.
Refuses to say a word about what it read anywhere else. Neighbours: `workshop.py` starts it,
`jail.py` shuts it in, `pictures.py` and `pages.py` do the work.
"""

import json
import os
import sys
from typing import Any, BinaryIO

from rebind.providers.papers import jail
from rebind.providers.papers.kinds import HEAD, kind_of
from rebind.providers.papers.limits import (
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    Limits,
    Unfit,
)


def answer(out: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Say what was found, then the copy."""
    out.write(json.dumps({**header, "size": len(body)}).encode() + b"\n")
    out.write(body)
    out.flush()


def worked(job: dict[str, Any], source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """A clean copy; a page of one where the job names it. Raises `Unfit`."""
    bounds = Limits(*job["limits"])
    head = source.read(HEAD)
    kind = kind_of(head)
    # Only what this kind needs is loaded, and all of it now: later no file can be opened.
    from rebind.providers.papers import pages, pictures, watermark

    pictures.load(kind)
    if kind == "PDF":
        pages.load()
    font = watermark.load() if "page" in job else b""
    data = head + source.read(bounds.bytes_max)
    if len(data) > bounds.bytes_max:
        raise Unfit(TOO_MANY_BYTES)
    jail.shut()
    opener = pages if kind == "PDF" else pictures
    if "page" in job:
        picture = opener.page(data, kind, job["page"], bounds)
        marked = watermark.marked(picture, job["watermark"], font)
        return {}, pictures.jpeg(marked, bounds.result_bytes_max)
    copy = opener.clean(data, kind, bounds)
    told = {"media": copy.media, "pages": copy.pages, "findings": copy.findings}
    return told, copy.body


def main() -> None:
    """Called with the seconds of computing that it may take."""
    jail.drop(int(sys.argv[1]))
    source, out = sys.stdin.buffer, sys.stdout.buffer
    try:
        answer(out, *worked(json.loads(source.readline()), source))
    except Unfit as unfit:
        answer(out, {"why": unfit.why})
    except MemoryError:
        answer(out, {"why": TOO_MANY_PIXELS})
    # Nothing is put away first: a document may have left the libraries in any state.
    os._exit(0)


if __name__ == "__main__":
    main()
