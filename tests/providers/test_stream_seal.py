"""Documents as they rest: what goes in comes out, and nothing else does."""

import itertools
import os
from collections.abc import AsyncIterator, Iterable

import pytest

from rebind.ports import Broken
from rebind.providers.dice.system import SystemDice
from rebind.providers.seal.stream import SEGMENT_BYTES, TAG_BYTES, StreamEnvelope

KEY, CASE, DOCUMENT = bytes(range(32)), b"c" * 16, b"d" * 16
HEADER_BYTES = 24
SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES
ENVELOPE = StreamEnvelope()


async def given(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def sealed(plain: bytes, case: bytes = CASE, document: bytes = DOCUMENT) -> bytes:
    return b"".join([part async for part in ENVELOPE.sealed(KEY, case, document, given([plain]))])


async def opened(
    rest: bytes, key: bytes = KEY, case: bytes = CASE, document: bytes = DOCUMENT, cut: int = 70_001
) -> bytes:
    """Opened from pieces whose borders are not those of the segments."""
    pieces = (rest[at : at + cut] for at in range(0, len(rest), cut))
    return b"".join([part async for part in ENVELOPE.opened(key, case, document, given(pieces))])


def segments(rest: bytes) -> list[bytes]:
    return [rest[at : at + SEALED_BYTES] for at in range(HEADER_BYTES, len(rest), SEALED_BYTES)]


@pytest.mark.parametrize(
    "length",
    [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES, 1_000_000],
)
async def test_what_goes_in_comes_out(length: int) -> None:
    plain = os.urandom(length)
    rest = await sealed(plain)
    whole_segments = max(1, -(-length // SEGMENT_BYTES))
    assert len(rest) == HEADER_BYTES + length + whole_segments * TAG_BYTES
    for cut in (70_001, 4_096, len(rest)):
        assert await opened(rest, cut=cut) == plain


async def test_the_same_document_never_rests_twice_as_the_same() -> None:
    plain = b"passport" * 10_000
    first, second = await sealed(plain), await sealed(plain)
    assert first[:1] == second[:1]
    assert not set(segments(first)) & set(segments(second))
    assert b"passport" not in first


async def test_it_opens_for_its_own_case_document_and_key_only() -> None:
    rest = await sealed(b"contract" * 20_000)
    for key, case, document in (
        (bytes(32), CASE, DOCUMENT),
        (KEY, b"x" * 16, DOCUMENT),
        (KEY, CASE, b"x" * 16),
        (KEY, DOCUMENT, CASE),
    ):
        with pytest.raises(Broken):
            await opened(rest, key, case, document)


async def test_whatever_was_cut_off_is_missed() -> None:
    rest = await sealed(os.urandom(3 * SEGMENT_BYTES))
    borders = [HEADER_BYTES + SEALED_BYTES * n for n in range(3)]
    for length in (0, 1, HEADER_BYTES - 1, *borders, *(at + 1 for at in borders), len(rest) - 1):
        with pytest.raises(Broken):
            await opened(rest[:length])


async def test_segments_keep_their_order() -> None:
    rest = await sealed(os.urandom(3 * SEGMENT_BYTES + 9))
    header, parts = rest[:HEADER_BYTES], segments(rest)
    for order in itertools.permutations(range(4)):
        shuffled = header + b"".join(parts[at] for at in order)
        if order != (0, 1, 2, 3):
            with pytest.raises(Broken):
                await opened(shuffled)
    for wrong in ([*parts, parts[3]], [parts[0], *parts], [*parts[:2], parts[3]], parts[1:]):
        with pytest.raises(Broken):
            await opened(header + b"".join(wrong))


async def test_streams_do_not_mix() -> None:
    """Neither whole segments of another document of the same case, nor its header."""
    a, b = [await sealed(os.urandom(3 * SEGMENT_BYTES)) for _ in range(2)]
    middle = HEADER_BYTES + SEALED_BYTES
    for mixed in (
        b[:HEADER_BYTES] + a[HEADER_BYTES:],
        a[:middle] + b[middle:],
        a[:middle] + b[middle : middle + SEALED_BYTES] + a[middle + SEALED_BYTES :],
    ):
        with pytest.raises(Broken):
            await opened(mixed)


async def test_no_changed_byte_goes_unseen() -> None:
    rest = await sealed(b"x" * 100)
    for at in range(len(rest)):
        changed = bytearray(rest)
        changed[at] ^= 1
        with pytest.raises(Broken):
            await opened(bytes(changed))
    with pytest.raises(Broken):
        await opened(rest + b"\0")


async def test_it_holds_a_segment_and_no_more() -> None:
    """Each piece is given on before the next ones are asked for."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(SEGMENT_BYTES)

    stream = ENVELOPE.sealed(KEY, CASE, DOCUMENT, endless())
    rest = [await anext(stream) for _ in range(50)]
    assert taken == 50
    back = ENVELOPE.opened(KEY, CASE, DOCUMENT, given(rest))
    assert [len(await anext(back)) for _ in range(48)] == [SEGMENT_BYTES] * 48


async def test_what_breaks_off_breaks_off() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async for _ in ENVELOPE.sealed(KEY, CASE, DOCUMENT, failing()):
            pass


def test_keys_have_256_bits_and_do_not_repeat() -> None:
    drawn = {SystemDice().key() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert {len(one) for one in drawn} == {32}
