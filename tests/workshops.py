"""A workshop for papers that plays the child process: it takes a word out of what it is given, and
remembers. `refusing` is why it does not open a paper; `spoiled` fails after the paper was read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rebind.ports import PaperFacts, Unreadable

SCRIPT = b"/JavaScript"
"""What it takes out."""


class Cleaned:
    """A cleaned paper, given out in pieces of 64 KiB."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole
        self.facts = PaperFacts("application/pdf", 1, len(whole), ())

    async def chunks(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._whole), 65_536):
            yield self._whole[at : at + 65_536]


class Workshop:
    def __init__(self) -> None:
        self.refusing: str | None = None
        self.spoiled = False
        self.opened = 0

    @asynccontextmanager
    async def clean(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Cleaned]:
        self.opened += 1
        try:
            whole = b"".join([chunk async for chunk in chunks])
            if self.refusing is not None:
                raise Unreadable(self.refusing)
            yield Cleaned(whole.replace(SCRIPT, b""))
            if self.spoiled:
                raise Unreadable("damaged")
        finally:
            self.opened -= 1

    async def view(self, chunks: AsyncIterator[bytes], page: int, watermark: str) -> bytes:
        return b"".join([chunk async for chunk in chunks])

    async def close(self) -> None:
        """Nothing to give back."""
