"""keys: sealing and indexing everything anew under another key, while the service runs.

The steps of a rotation and the ring itself belong to whoever runs it (`main/rotation.py`); here is
the work on rows. Nothing here changes what anybody has: no account moves, so the audit trail gets
one line a rotation.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from rebind.domain import mailbox
from rebind.domain.acts import Act, Door, Line
from rebind.flows.desk import casefiles
from rebind.flows.desk.desk import Desk
from rebind.store import cases, numbers, sealed
from rebind.store.sealed import Column, PrimaryKey
from rebind.store.statements import Missed, Write

PAGE = 200
"""Rows a batch: small enough that nobody waits for one."""

NOBODY = bytes(16)
"""The subject of an act that is nobody's account."""

Progress = Callable[[int], None]


async def _pages(desk: Desk, column: Column) -> AsyncIterator[list[tuple[PrimaryKey, bytes]]]:
    """Every row of a sealed column, page by page."""
    after = column.before_all
    while True:
        (rows,) = await desk.engine.read(sealed.page(column, after, PAGE))
        found = [(tuple(row[:-1]), bytes(row[-1])) for row in rows]
        if found:
            yield found
        if len(found) < PAGE:
            return
        after = found[-1][0]


async def reseal(desk: Desk, version: int, advance: Progress) -> int:
    """Seal everything that is not sealed under seal key `version` anew; how much that was. To be
    repeated until it is nothing: a slow process may have used the old key a moment longer."""
    resealed = 0
    for column in sealed.COLUMNS:
        async for found in _pages(desk, column):
            writes: list[Write] = []
            for key, old in found:
                if old[0] != version:
                    row = column.row(key)
                    plain = desk.seal.unseal(column.place, row, old)
                    new = desk.seal.seal(column.place, row, plain)
                    writes.append(sealed.replace(column, key, old, new))
            if writes:
                await desk.engine.write(writes)
                resealed += len(writes)
            advance(len(found))
    return resealed


async def bring_in_index(desk: Desk, advance: Progress) -> None:
    """Copy every reservation to the index keys that are live but not looked up yet, over whatever
    stands there: before every process had those keys, some wrote only the row of look-ups. From
    now on all write all of them."""
    column = sealed.COLUMNS[0]
    async for found in _pages(desk, column):
        known = [desk.seal.unseal(column.place, column.row(key), value) for key, value in found]
        await asyncio.gather(*(_mirrored(desk, number) for number in set(known)))
        advance(len(found))


async def _mirrored(desk: Desk, number: str) -> None:
    """Copy one reservation; again where it changed under our hands."""
    lookup, *others = desk.seal.indexes("number", number)
    while True:
        (rows,) = await desk.engine.read(numbers.reservation(lookup))
        if not rows:
            return
        try:
            await desk.engine.write(numbers.mirror(rows, others))
        except Missed:
            continue
        return


async def reindex(desk: Desk, advance: Progress) -> None:
    """Put every blind index that stands beside a sealed value under the key of look-ups, and let
    cases be found by it."""
    for column in sealed.COLUMNS:
        if column.index is None:
            continue
        kind = column.index[1]
        async for found in _pages(desk, column):
            writes = []
            for key, value in found:
                plain = desk.seal.unseal(column.place, column.row(key), value)
                # An undo may be about an e-mail where other requests are about a number.
                by_email = kind == "email" or "@" in plain
                index = (
                    desk.seal.index("email", mailbox.canonical(plain))
                    if by_email
                    else desk.seal.index(kind, plain)
                )
                writes.append(sealed.reindex(column, key, index))
                await _found_by(desk, column, key, plain)
            await desk.engine.write(writes)
            advance(len(found))


async def _found_by(desk: Desk, column: Column, key: PrimaryKey, plain: str) -> None:
    """What a case is found by, under the keys of today as well."""
    if column.table == "cases":
        await desk.engine.write(cases.add_terms(column.row(key), casefiles.terms(desk, [plain])))


async def forget_index(desk: Desk, version: int, advance: Progress) -> None:
    """Remove the reservations under a retired index key, and what cases were found by under it."""
    for forget in (numbers.forget, cases.forget_terms):
        while True:
            removed = await desk.engine.take(forget(version, PAGE))
            advance(len(removed))
            if len(removed) < PAGE:
                break


async def note(desk: Desk, use: str) -> None:
    """Leave the line that a key was rotated."""
    rotated = Line(Act.KEY_ROTATED, NOBODY, "system", Door.COMMAND_LINE, None, use)
    await desk.keep([], [rotated], desk.clock.now())
