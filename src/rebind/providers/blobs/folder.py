"""Encrypted documents in a folder: a file each, whole or not at all.

For: `ports.Blobs` on one machine, or on a file system that several share. A file is written under
another name, forced to the disk (fsync) and then renamed; so whoever reads sees all of it or
nothing, also after a power cut. Refuses every name but those of 32 hexadecimal digits. What a crash
left behind is listed by `names` and removed by `delete` like a finished file. Everything that
touches the disk runs in a thread. Neighbours: `places.py`; `flows/desk/intake.py` sweeps.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import suppress
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rebind.domain.units import Ms
from rebind.ports import Missing, Unkept

_READ_BYTES = 262_144
_LISTED_AT_ONCE = 500
_NANOSECONDS_A_MS = 1_000_000
_NAME = re.compile(r"[0-9a-f]{32}")
_PART = ".part"
"""What the name of a file ends with while it is written."""

Result = TypeVar("Result")


class FolderBlobs:
    """The folder is made with mode 0700 at the first document; its files have 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Write, force to the disk, rename. What broke off is removed at once."""
        path, part = self._paths(name)
        file = await _in_thread(_begun, part)
        try:
            try:
                async for chunk in chunks:
                    await _in_thread(file.write, chunk)
                await _in_thread(_forced, file)
            finally:
                await _in_thread(file.close)
            await _in_thread(_renamed, part, path)
        except BaseException:
            await _in_thread(_removed, part)
            raise

    async def get(self, name: str) -> AsyncIterator[bytes]:
        """The file is opened anew for each piece: a reader who stops in the middle leaves none
        open."""
        path, at = self._paths(name)[0], 0
        while piece := await _in_thread(_read, path, at):
            yield piece
            at += len(piece)

    async def delete(self, name: str) -> None:
        """The file, and what broke off under its name."""
        await _in_thread(_removed, *self._paths(name))

    async def names(self, older_than: Ms) -> AsyncIterator[str]:
        """So many at a time, in no order."""
        entries = _entries(self._folder, older_than)
        try:
            while some := await _in_thread(_some, entries):
                for name in some:
                    yield name
        finally:
            entries.close()

    def _paths(self, name: str) -> tuple[Path, Path]:
        """Where a file is, and where it is written first."""
        if not _NAME.fullmatch(name):
            raise ValueError("a blob is named by 32 hexadecimal digits")
        return self._folder / name, self._folder / (name + _PART)


def _begun(part: Path) -> FileIO:
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileIO(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")


def _forced(file: FileIO) -> None:
    os.fsync(file.fileno())


def _renamed(part: Path, path: Path) -> None:
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, at: int) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(at)
            return file.read(_READ_BYTES)
    except FileNotFoundError:
        raise Missing from None


def _removed(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _entries(folder: Path, older_than: Ms) -> Generator[str, None, None]:
    """Names of ours among the files of the folder, which need not be there yet."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            name = entry.name.removesuffix(_PART)
            if _NAME.fullmatch(name) and _written(entry) < older_than:
                yield name


def _written(entry: os.DirEntry[str]) -> Ms:
    """When; for a file that has gone meanwhile, never."""
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns // _NANOSECONDS_A_MS
    except FileNotFoundError:
        return sys.maxsize


def _some(names: Iterator[str]) -> list[str]:
    return list(islice(names, _LISTED_AT_ONCE))


async def _in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Do it away from the loop. A caller who is cancelled goes on only when the thread has let go
    of the file: whoever cleans up must be the last."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        working.exception()
        raise
    except OSError as error:
        raise Unkept(error.strerror or type(error).__name__) from None
