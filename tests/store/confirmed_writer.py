"""A process that writes and says what was confirmed, until somebody kills it."""

import asyncio
import itertools
import sys

from rebind.store.engines import StoreEngine, open_engine
from tests.store.samples import put

WRITERS = 4


async def write(engine: StoreEngine, slots: "itertools.count[int]") -> None:
    for slot in slots:
        await engine.write([put(slot), put(-slot)])
        sys.stdout.write(f"{slot}\n")
        sys.stdout.flush()


async def main(url: str) -> None:
    engine = await open_engine(url, connections=WRITERS, fraction=lambda: 0.5)
    slots = itertools.count(1)
    await asyncio.gather(*(write(engine, slots) for _ in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
