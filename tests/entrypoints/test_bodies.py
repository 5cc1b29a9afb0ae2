"""Reading a body: what is taken, and what is refused before anybody looks at it."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from starlette.requests import ClientDisconnect

from rebind.domain.refusals import BODY_MALFORMED, BODY_TOO_LARGE, CONTENT_TYPE_WRONG
from rebind.entrypoints.shared import bodies
from rebind.entrypoints.shared.bodies import BODY_MAX
from rebind.entrypoints.shared.serving import Message


class Note(msgspec.Struct, forbid_unknown_fields=True):
    """A body."""

    text: str


DECODER = msgspec.json.Decoder(Note)
JSON = {b"content-type": b"application/json"}


def message(piece: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": piece, "more_body": more}


async def read(
    pieces: Sequence[bytes], headers: dict[bytes, bytes] | None = None, pause_s: float = 0.0
) -> Any:
    """What the pieces are read as."""
    left: Iterator[Message] = iter(
        [message(piece, more=at < len(pieces) - 1) for at, piece in enumerate(pieces)]
    )

    async def receive() -> Message:
        await asyncio.sleep(pause_s)
        return next(left)

    return await bodies.read(JSON if headers is None else headers, receive, DECODER)


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
    ],
)
async def test_json_by_any_of_its_names(content_type: bytes) -> None:
    read_as = await read([b'{"text":"a"}'], {b"content-type": content_type})
    assert read_as == Note("a")


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/plain",
        b"application/jsonp",
        b"application/json; charset=windows-1251",
        b"application/problem+json",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"text/plain, application/json",
    ],
)
async def test_anything_else_is_not_read(content_type: bytes) -> None:
    headers = {b"content-type": content_type}
    assert await read([b'{"text":"a"}'], headers) is CONTENT_TYPE_WRONG
    assert await read([b'{"text":"a"}'], {}) is CONTENT_TYPE_WRONG


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"text":1}',
        b'{"text":"a","more":1}',
        b'{"text":"a"} {}',
        b'\xef\xbb\xbf{"text":"a"}',
        b'{"text":"\xff"}',
        b'{"text":"\xed\xa0\x80"}',
        b'{"text":"\\ud800"}',
        b'{"text":"\\udc00"}',
        b'{"text":"\\ud800\\u0041"}',
        b'{"text":"a\x00"}',
        b'{"text":"a\\u0000"}',
        b'{"text":"a"}\x00',
        b'{"text":' + b"[" * 8_000,
        '{"text":"я"}'.encode("utf-16"),
        '{"text":"я"}'.encode("cp1251"),
    ],
)
async def test_what_is_malformed(raw: bytes) -> None:
    assert await read([raw]) is BODY_MALFORMED


async def test_signs_beyond_the_basic_plane_are_welcome() -> None:
    assert await read(['{"text":"я😀\\ud83d\\ude00"}'.encode()]) == Note("я😀😀")


def of_length(length: int) -> bytes:
    return b'{"text":"' + b"a" * (length - 11) + b'"}'


async def test_the_last_byte_that_fits() -> None:
    assert len(of_length(BODY_MAX)) == BODY_MAX
    assert isinstance(await read([of_length(BODY_MAX)]), Note)
    assert await read([of_length(BODY_MAX + 1)]) is BODY_TOO_LARGE


@pytest.mark.parametrize("length", [b"", b"12", b"0", b"-5", b"many"])
async def test_a_megabyte_that_says_it_is_small(length: bytes) -> None:
    headers = {**JSON, b"content-length": length}
    assert await read([of_length(1_000_000)], headers) is BODY_TOO_LARGE


async def test_a_megabyte_in_pieces_is_not_read_to_its_end() -> None:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return message(b"a" * 1_024, more=True)

    assert await bodies.read(JSON, receive, DECODER) is BODY_TOO_LARGE
    assert taken == BODY_MAX // 1_024 + 1


@pytest.mark.parametrize("length", [b"1000000", b"16385", b"9" * 5_000])
async def test_what_says_it_is_too_large_is_not_read_at_all(length: bytes) -> None:
    async def receive() -> Message:
        raise AssertionError("nobody reads this")

    headers = {**JSON, b"content-length": length}
    assert await bodies.read(headers, receive, DECODER) is BODY_TOO_LARGE


async def test_slow_pieces_are_put_together() -> None:
    pieces = [bytes([byte]) for byte in b'{"text":"slow"}']
    assert await read([*pieces, b""], pause_s=0.001) == Note("slow")
    split = '{"text":"я"}'.encode()
    assert await read([split[:10], split[10:]]) == Note("я")


async def test_nobody_holds_a_connection_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_WAIT_S", 0.01)
    assert await read([b'{"text"', b':"late"}'], pause_s=0.05) is BODY_MALFORMED


@pytest.mark.parametrize("pieces", [0, 1])
async def test_nobody_who_does_not_go_on_holds_us_for_ever(
    monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """A body that never begins, and one that stops; the wait itself ends too."""
    monkeypatch.setattr(bodies, "BODY_WAIT_S", 0.01)
    left, ended = [message(b"{", more=True)] * pieces, []

    async def receive() -> Message:
        if left:
            return left.pop()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        raise AssertionError("nothing ever came")

    async with asyncio.timeout(5):
        assert await bodies.read(JSON, receive, DECODER) is BODY_MALFORMED
    assert ended == [True]


async def test_a_first_piece_that_comes_late_is_read() -> None:
    assert await read([b'{"text":"late"}'], pause_s=0.01) == Note("late")


async def test_who_leaves_before_the_first_piece_gets_no_answer() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        await bodies.read(JSON, receive, DECODER)


async def test_who_is_cancelled_while_waiting_is_cancelled() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing ever came")

    reading = asyncio.create_task(bodies.read(JSON, receive, DECODER))
    await asyncio.sleep(0.001)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_who_is_gone_gets_no_answer() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        await bodies.read(JSON, receive, DECODER)
