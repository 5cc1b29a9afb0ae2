"""Documents on their way in, out and away: looked at, encrypted, kept; opened again; swept up.

For: the flows of cases. A body is read once, by the scanner and by the workshop that cleans it at
the same time, never faster than the slower of them; only the cleaned paper is kept, encrypted under
the key of its case. Refuses to hold a document whole, and to write one anywhere in the open.
Whatever fails leaves no blob, and a crash only an encrypted one that `sweep` removes. Decides
nothing about cases and writes no rows: whoever gets a `Taken` keeps it, or calls `forget`.
Neighbours: `ports.Papers`, `ports.Scanner`, `ports.Blobs`, `ports.Envelope`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

import msgspec

from rebind.domain.refusals import (
    DOCUMENT_INFECTED,
    DOCUMENT_NOT_KEPT,
    DOCUMENT_TOO_LARGE,
    DOCUMENT_TYPE,
    DOCUMENT_UNREADABLE,
    SCANNER_UNAVAILABLE,
    TRY_AGAIN,
    Refusal,
    Refused,
)
from rebind.domain.units import DAY, MINUTE, Id, Ms
from rebind.ports import (
    Blobs,
    Clock,
    Dice,
    Envelope,
    PaperFacts,
    Papers,
    Scanner,
    Seal,
    Unanswered,
    Unkept,
    Unreadable,
    Verdict,
)

COPIES_MAX = 4
"""Pieces of a body that may wait for the scanner, which the workshop has already read."""

AT_ONCE = 3
"""Documents of one case that may be on their way at a time: the workshop has room for few more, and
whoever sends slowly holds each of them for minutes."""

ORPHAN_MS: Ms = DAY
"""How old a blob has to be before the sweep may take it for an orphan: no upload lasts as long."""

SWEPT_AT_ONCE = 500
"""Names that are looked up together."""

_UNREADABLE: dict[str, Refusal] = {
    "type_unknown": DOCUMENT_TYPE,
    "too_many_bytes": DOCUMENT_TOO_LARGE,
    "too_many_pixels": DOCUMENT_TOO_LARGE,
    "too_many_pages": DOCUMENT_TOO_LARGE,
    "damaged": DOCUMENT_UNREADABLE,
    "encrypted": DOCUMENT_UNREADABLE,
    "too_slow": DOCUMENT_UNREADABLE,
}
"""What a person is told of a paper that does not open."""

_Sealing: TypeAlias = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]
_Judged: TypeAlias = Callable[[], Awaitable[Verdict]]


class Intake(msgspec.Struct, frozen=True):
    """The tools of documents, put together by the front hall. Without a scanner documents are taken
    all the same, and each says that nobody scanned it."""

    papers: Papers
    scanner: Scanner | None
    blobs: Blobs
    envelope: Envelope
    dice: Dice
    clock: Clock
    arriving: Counter[Id] = msgspec.field(default_factory=Counter[Id])
    """How many documents of each case are on their way into this process."""


class Taken(msgspec.Struct, frozen=True):
    """A document that is kept: under which name, what it is, whether a scanner has seen it."""

    blob: str
    facts: PaperFacts
    scanned: bool


def new_key(dice: Dice, seal: Seal, case_id: Id) -> bytes:
    """A key for the documents of a case, wrapped, for the column `cases.key_sealed`. It is nowhere
    else: who deletes it has destroyed them, wherever copies of them lie."""
    return seal.seal("cases.key", case_id, dice.key().hex())


def key_of(seal: Seal, case_id: Id, key_sealed: bytes) -> bytes:
    """The key again. Raises `Broken` for that of another case."""
    return bytes.fromhex(seal.unseal("cases.key", case_id, key_sealed))


async def take_in(
    tools: Intake, case_key: bytes, case_id: Id, document_id: Id, body: AsyncIterator[bytes]
) -> Taken | Refused:
    """Look at a document, clean it and keep it. Raises what `body` raises; nothing is kept then.
    Refuses with try_again where as many of the case are on their way as may be."""
    sealed = partial(tools.envelope.sealed, case_key, case_id, document_id)
    if tools.arriving[case_id] >= AT_ONCE:
        return Refused(TRY_AGAIN)
    tools.arriving[case_id] += 1
    try:
        if tools.scanner is None:
            return await _kept(tools, sealed, body, _unscanned)
        return await _scanned(tools, tools.scanner, sealed, body)
    except Unreadable as unreadable:
        return Refused(_UNREADABLE[unreadable.why])
    except Unanswered:
        return Refused(SCANNER_UNAVAILABLE, tools.clock.now() + MINUTE)
    except Unkept:
        return Refused(DOCUMENT_NOT_KEPT, tools.clock.now() + MINUTE)
    finally:
        tools.arriving[case_id] -= 1
        if not tools.arriving[case_id]:
            del tools.arriving[case_id]


def opened(
    tools: Intake, case_key: bytes, case_id: Id, document_id: Id, blob: str
) -> AsyncIterator[bytes]:
    """The cleaned document again, for `Papers.view`. Raises `Missing`, `Unkept`, and `Broken`,
    which may come late: what was read before it must not be shown."""
    return tools.envelope.opened(case_key, case_id, document_id, tools.blobs.get(blob))


async def forget(tools: Intake, blob: str) -> None:
    """Remove a document that nobody will know of. Where its place is away the sweep will."""
    with suppress(Unkept):
        await tools.blobs.delete(blob)


async def sweep(tools: Intake, known: Callable[[Sequence[str]], Awaitable[set[str]]]) -> int:
    """Remove blobs older than a day that `known` does not give back; how many. Raises `Unkept`."""
    count, waiting = 0, list[str]()
    async for name in tools.blobs.names(tools.clock.now() - ORPHAN_MS):
        waiting.append(name)
        if len(waiting) == SWEPT_AT_ONCE:
            count += await _swept(tools, waiting, known)
            waiting = []
    return count + await _swept(tools, waiting, known)


async def _swept(
    tools: Intake, names: list[str], known: Callable[[Sequence[str]], Awaitable[set[str]]]
) -> int:
    orphans = set(names) - await known(names) if names else set()
    for name in orphans:
        await tools.blobs.delete(name)
    return len(orphans)


async def _scanned(
    tools: Intake, scanner: Scanner, sealed: _Sealing, body: AsyncIterator[bytes]
) -> Taken | Refused:
    """Both at once. A verdict that is no yes ends the work of the workshop, whose refusal ends
    the scan."""
    copies: asyncio.Queue[bytes | None] = asyncio.Queue(COPIES_MAX)
    scanning = asyncio.ensure_future(scanner.scan(_received(copies)))

    async def judged() -> Verdict:
        await copies.put(None)
        return await scanning

    keeping = asyncio.ensure_future(_kept(tools, sealed, _copied(body, copies), judged))
    try:
        await asyncio.wait({scanning, keeping}, return_when=asyncio.FIRST_COMPLETED)
        if not keeping.done() and scanning.result() is not Verdict.CLEAN:
            return Refused(DOCUMENT_INFECTED)
        return await keeping
    finally:
        scanning.cancel()
        keeping.cancel()
        await asyncio.gather(scanning, keeping, return_exceptions=True)


async def _copied(
    body: AsyncIterator[bytes], copies: "asyncio.Queue[bytes | None]"
) -> AsyncIterator[bytes]:
    """The body; each piece goes to the scanner too. So it sees exactly what the workshop read."""
    async for piece in body:
        await copies.put(piece)
        yield piece


async def _received(copies: "asyncio.Queue[bytes | None]") -> AsyncIterator[bytes]:
    while (piece := await copies.get()) is not None:
        yield piece


async def _unscanned() -> Verdict:
    return Verdict.CLEAN


async def _kept(
    tools: Intake, sealed: _Sealing, body: AsyncIterator[bytes], judged: _Judged
) -> Taken | Refused:
    """Clean it, wait for the verdict, and only then keep it."""
    blob = ""
    try:
        async with tools.papers.clean(body) as paper:
            if await judged() is not Verdict.CLEAN:
                return Refused(DOCUMENT_INFECTED)
            blob = tools.dice.secret().hex()
            await tools.blobs.put(blob, sealed(paper.chunks()))
        return Taken(blob, paper.facts, tools.scanner is not None)
    except BaseException:
        if blob:
            await forget(tools, blob)
        raise
