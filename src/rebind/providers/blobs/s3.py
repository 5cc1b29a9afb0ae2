"""Encrypted documents in a bucket that speaks S3: an object each, whole or not at all.

For: `ports.Blobs` where several machines serve, or where a folder is not wanted. A small document
is one PUT, a large one a multipart upload, which S3 shows only when it is complete; what breaks off
is given up there. Only a crash leaves parts behind, which nobody can read or list as objects: a
rule of the bucket removes them (docs/running/documents.md). Refuses every name but those of 32
hexadecimal digits, and to let an address or a key into an error. Loads obstore with the first call.
Neighbours: `places.py`; `flows/desk/intake.py` sweeps.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from rebind.domain.units import Ms
from rebind.ports import Missing, Unkept
from rebind.providers.blobs.places import Bucket

if TYPE_CHECKING:
    from obstore.store import S3Store

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes for a part that is not the last (S3 User Guide, multipart upload
limits)."""

_READ_BYTES = 262_144
_LISTED_AT_ONCE = 500
_NAME = re.compile(r"[0-9a-f]{32}")

Result = TypeVar("Result")


class S3Blobs:
    """One client for the life of the process. Without keys of ours the client looks where those of
    Amazon look: the environment (`AWS_ACCESS_KEY_ID`, …), the role of the machine or container."""

    def __init__(
        self,
        bucket: Bucket,
        access_key: str | None = None,
        secret_key: str | None = None,
        *,
        timeout_s: float = 30,
        retries: int = 3,
    ) -> None:
        if (access_key is None) != (secret_key is None):
            raise ValueError("an access key and a secret key belong together")
        self._bucket = bucket
        self._keys = (access_key, secret_key)
        self._timeout, self._retries = timedelta(seconds=timeout_s), retries
        self._store: S3Store | None = None

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """One PUT, or as many parts as it takes, one at a time."""
        import obstore

        path, store = _checked(name), self._opened()
        first, more = await _first(chunks)
        if not more:
            await _asked(obstore.put_async(store, path, b"".join(first), use_multipart=False))
            return
        given_up = False

        async def pieces() -> AsyncIterator[bytes]:
            while first:
                yield first.popleft()
            async for piece in chunks:
                if given_up:
                    raise Unkept("given up")
                yield piece

        uploading = asyncio.ensure_future(
            _asked(
                obstore.put_async(store, path, pieces(), chunk_size=PART_BYTES, max_concurrency=1)
            )
        )
        try:
            await asyncio.shield(uploading)
        except asyncio.CancelledError:
            # Cancelled itself, an upload leaves its parts behind; it gives them up where its source
            # breaks off.
            given_up = True
            await asyncio.wait({uploading})
            uploading.exception()
            raise

    async def get(self, name: str) -> AsyncIterator[bytes]:
        """As it arrives."""
        import obstore

        path = _checked(name)
        found = await _asked(obstore.get_async(self._opened(), path), Missing())
        pieces = found.stream(min_chunk_size=_READ_BYTES)
        while (piece := await _asked(anext(pieces, None))) is not None:
            yield bytes(piece)

    async def delete(self, name: str) -> None:
        """S3 says the same whether or not there was one."""
        import obstore

        await _asked(obstore.delete_async(self._opened(), _checked(name)))

    async def names(self, older_than: Ms) -> AsyncIterator[str]:
        """A page at a time, by the clock of the service."""
        import obstore

        pages = obstore.list(self._opened(), chunk_size=_LISTED_AT_ONCE)
        while (page := await _asked(anext(pages, None))) is not None:
            for found in page:
                written: Ms = int(found["last_modified"].timestamp() * 1_000)
                if _NAME.fullmatch(found["path"]) and written < older_than:
                    yield found["path"]

    def _opened(self) -> "S3Store":
        if self._store is None:
            from obstore.store import S3Store

            access_key, secret_key = self._keys
            config: Any = {"region": self._bucket.region}
            if self._bucket.endpoint is not None:
                config["endpoint"] = self._bucket.endpoint
            if access_key is not None:
                config |= {"access_key_id": access_key, "secret_access_key": secret_key}
            self._store = S3Store(
                self._bucket.name,
                prefix=self._bucket.prefix or None,
                config=config,
                client_options={
                    "timeout": self._timeout,
                    "allow_http": (self._bucket.endpoint or "").startswith("http:"),
                },
                retry_config={"max_retries": self._retries, "retry_timeout": self._timeout},
            )
        return self._store


async def _first(chunks: AsyncIterator[bytes]) -> tuple[deque[bytes], bool]:
    """As much as a part holds or a little more, and whether more may follow."""
    first, length = deque[bytes](), 0
    async for chunk in chunks:
        first.append(chunk)
        length += len(chunk)
        if length >= PART_BYTES:
            return first, True
    return first, False


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a blob is named by 32 hexadecimal digits")
    return name


async def _asked(answer: Awaitable[Result], absent: Exception | None = None) -> Result:
    """What the service answers. Its own words name addresses and keys, so they go no further.
    `absent` is raised where the thing is not there, which otherwise is the bucket."""
    from obstore.exceptions import BaseError

    try:
        return await answer
    except FileNotFoundError:
        raise absent or Unkept("no such bucket") from None
    except BaseError as error:
        raise Unkept(type(error).__name__) from None
