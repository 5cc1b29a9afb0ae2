"""A form with a file, read as it arrives: first its fields, then the file, piece by piece.

For: the upload of documents. Nothing of a file is ever kept here, neither in memory nor in a
temporary folder, where a passport would lie readable; so the fields must come first, the token of
the form among them, and the file last. Refuses every other order, a second file, and a form that
breaks off. The name of the file and what the browser says it is are not even looked at. Neighbours:
`shared/streams.py` bounds bytes and time, `forms.py` is for all other forms.
"""

from collections import deque
from collections.abc import AsyncIterator, Mapping

from rebind.domain.cases import DOCUMENT_BYTES_MAX
from rebind.domain.refusals import FORM_MALFORMED, Refusal
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.callers import Headers
from rebind.entrypoints.shared.streams import Broken, Stream

BYTES_MAX = DOCUMENT_BYTES_MAX + 16 * 1024
"""A document, and what a form writes around it."""

_FIELDS_BYTES_MAX = 4 * 1024
"""Of everything before the file together: fields, their names, and the headers of each. A part
that says nothing costs as much work as one that does."""


class _Parts:
    """What the parser calls: fields into `pairs`, pieces of the file into `file`."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.file: deque[bytes] = deque()
        self.begun = self.ended = self.whole = False
        self._header = self._value = b""
        self._disposition = self._field = b""
        self._name = ""
        self._bytes = 0

    def part_begin(self) -> None:
        if self.begun:
            raise Broken(FORM_MALFORMED)
        self._disposition = self._field = b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise Broken(FORM_MALFORMED)
        self.begun = b"filename" in options
        self._name = _text(options[b"name"])

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self.begun:
            self.file.append(data[start:end])
            return
        self._count(end - start)
        self._field += data[start:end]

    def part_end(self) -> None:
        if self.begun:
            self.ended = True
        else:
            self.pairs.append((self._name, _text(self._field)))

    def end(self) -> None:
        self.whole = True

    def _count(self, by: int) -> None:
        self._bytes += by
        if self._bytes > _FIELDS_BYTES_MAX:
            raise Broken(FORM_MALFORMED)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Broken(FORM_MALFORMED) from None


class Upload:
    """A form on its way whose last part is a file."""

    def __init__(self, stream: Stream, boundary: bytes) -> None:
        from python_multipart.multipart import MultipartParser

        parts = self._parts = _Parts()
        self._stream = stream
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.part_begin,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.part_data,
                "on_part_end": parts.part_end,
                "on_end": parts.end,
            },
        )

    async def fields(self) -> Mapping[str, str] | Refusal:
        """Everything before the file. Refusals: form_malformed, document_too_large,
        body_malformed."""
        try:
            async for piece in self._stream.pieces():
                self._push(piece)
                if self._parts.begun or self._parts.whole:
                    break
        except Broken as broken:
            return broken.refusal
        return forms.fields_of(self._parts.pairs) if self._parts.begun else FORM_MALFORMED

    async def file(self) -> AsyncIterator[bytes]:
        """The file, to the very end of the form: what was cut off must not pass for whole. Raises
        `Broken`."""
        waiting = self._parts.file
        while waiting:
            yield waiting.popleft()
        async for piece in self._stream.pieces():
            self._push(piece)
            while waiting:
                yield waiting.popleft()
        if not self._parts.whole:
            raise Broken(FORM_MALFORMED)

    def _push(self, piece: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(piece)
        except FormParserError:
            raise Broken(FORM_MALFORMED) from None


def opened(headers: Headers, stream: Stream) -> Upload | None:
    """The form in a stream; None where it is of another type."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(headers.get(b"content-type", b""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        return None
    try:
        return Upload(stream, boundary)
    except FormParserError:
        return None
