"""Places for encrypted documents: a folder and a bucket keep one contract."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from rebind.domain.units import DAY, HOUR
from rebind.ports import Blobs, Missing, Unkept
from rebind.providers.blobs.folder import FolderBlobs
from rebind.providers.blobs.places import Bucket, Folder, Malformed, parsed, wrong
from rebind.providers.blobs.s3 import PART_BYTES, S3Blobs
from tests import buckets
from tests.providers.neighbours import closed_port

NAME, OTHER = "0123456789abcdef" * 2, "f" * 32
LATER = time.time_ns() // 1_000_000 + DAY
numbers = count()


@pytest.fixture(scope="module")
def service() -> Iterator[buckets.Service]:
    with buckets.serving() as running:
        yield running


@pytest.fixture
def bucket(service: buckets.Service) -> Bucket:
    return service.bucket(f"documents-{next(numbers)}", "cases/papers")


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return FolderBlobs(tmp_path / "var" / "documents")
    service: buckets.Service = request.getfixturevalue("service")
    return S3Blobs(request.getfixturevalue("bucket"), service.access_key, service.secret_key)


async def given(*pieces: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def read(blobs: Blobs, name: str = NAME) -> bytes:
    return b"".join([piece async for piece in blobs.get(name)])


async def listed(blobs: Blobs, older_than: int = LATER) -> set[str]:
    return {name async for name in blobs.names(older_than)}


@pytest.mark.parametrize("length", [0, 1, 600_000, PART_BYTES, 12_000_000])
async def test_what_is_put_is_got(blobs: Blobs, length: int) -> None:
    whole = os.urandom(length)
    await blobs.put(NAME, given(*(whole[at : at + 65_552] for at in range(0, length, 65_552))))
    assert await read(blobs) == whole
    pieces = [len(piece) async for piece in blobs.get(NAME)]
    assert max(pieces, default=0) < 2_000_000, "it arrives piece by piece"


async def test_what_is_deleted_is_gone(blobs: Blobs) -> None:
    await blobs.put(NAME, given(b"one"))
    await blobs.put(OTHER, given(b"other"))
    assert await listed(blobs) == {NAME, OTHER}
    await blobs.delete(NAME)
    await blobs.delete(NAME)
    with pytest.raises(Missing):
        await read(blobs)
    assert await listed(blobs) == {OTHER}
    assert await read(blobs, OTHER) == b"other"


async def test_a_place_that_was_never_used_is_empty(blobs: Blobs) -> None:
    assert await listed(blobs) == set()
    await blobs.delete(NAME)
    with pytest.raises(Missing):
        await read(blobs)


async def test_only_the_old_are_named(blobs: Blobs) -> None:
    await blobs.put(NAME, given(b"new"))
    assert await listed(blobs, LATER - DAY - HOUR) == set()


@pytest.mark.parametrize("pieces", [2, 130])
async def test_what_breaks_off_leaves_nothing(blobs: Blobs, pieces: int) -> None:
    """Small and large: in the bucket the large one is an upload in parts."""
    half = (bytes(65_536),) * pieces
    with pytest.raises(ConnectionResetError, match="browser"):
        await blobs.put(NAME, given(*half, then=ConnectionResetError("the browser is gone")))
    with pytest.raises(Missing):
        await read(blobs)
    assert await listed(blobs) == set()


@pytest.mark.parametrize("pieces", [2, 130])
async def test_who_is_cancelled_leaves_nothing(blobs: Blobs, pieces: int) -> None:
    reached = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield bytes(65_536)
        reached.set()
        while True:
            await asyncio.sleep(0.01)
            yield b"more"

    putting = asyncio.create_task(blobs.put(NAME, slow()))
    await reached.wait()
    assert await listed(blobs) <= {NAME}, "perhaps that it was begun"
    with pytest.raises(Missing):
        await read(blobs)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await listed(blobs) == set()


async def test_a_bucket_keeps_no_parts(service: buckets.Service, bucket: Bucket) -> None:
    await test_what_breaks_off_leaves_nothing(_in(service, bucket), 130)
    await test_who_is_cancelled_leaves_nothing(_in(service, bucket), 130)
    assert service.uploads(bucket) == []
    await _in(service, bucket).put(NAME, given(b"whole"))
    assert service.objects(bucket) == {f"cases/papers/{NAME}": b"whole"}


def _in(service: buckets.Service, bucket: Bucket) -> S3Blobs:
    return S3Blobs(bucket, service.access_key, service.secret_key)


@pytest.mark.parametrize("name", ["", "passport.jpg", "../" + "0" * 29, "A" * 32, "0" * 33])
async def test_names_are_ours(blobs: Blobs, name: str) -> None:
    for call in (blobs.put(name, given(b"")), read(blobs, name), blobs.delete(name)):
        with pytest.raises(ValueError, match="hexadecimal"):
            await call


async def test_what_is_not_ours_is_passed_over(
    service: buckets.Service, bucket: Bucket, tmp_path: Path
) -> None:
    for name in (NAME, f"elsewhere/{NAME}", "cases/papers/readme.txt"):
        service.put(bucket, name)
    assert await listed(_in(service, bucket)) == set()
    for name in ("readme.txt", "lost+found", NAME.upper()):
        (tmp_path / name).write_bytes(b"not ours")
    assert await listed(FolderBlobs(tmp_path)) == set()


async def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    old = os.umask(0)
    try:
        await FolderBlobs(folder).put(NAME, given(b"one"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from rebind.providers.blobs.folder import FolderBlobs

async def chunks():
    yield bytes(500_000)
    yield b"the second half"
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(FolderBlobs(Path(sys.argv[1])).put(sys.argv[2], chunks()))
"""


def crashed(folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([sys.executable, "-c", CRASH, str(folder), NAME], check=False)


async def test_a_crash_leaves_nothing_that_can_be_read(tmp_path: Path) -> None:
    """Only a file that the sweep sees, and that `delete` removes."""
    assert crashed(tmp_path).returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == [NAME + ".part"]
    blobs = FolderBlobs(tmp_path)
    with pytest.raises(Missing):
        await read(blobs)
    assert await listed(blobs) == {NAME}
    await blobs.delete(NAME)
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "documents"
    blocked.write_bytes(b"a file where the folder should be")
    with pytest.raises(Unkept) as refused:
        await FolderBlobs(blocked / "papers").put(NAME, given(b"one"))
    assert str(tmp_path) not in str(refused.value)


async def test_a_bucket_that_refuses_says_so(service: buckets.Service, bucket: Bucket) -> None:
    gone = msgspec.structs.replace(bucket, endpoint=f"http://127.0.0.1:{await closed_port()}")
    nowhere = msgspec.structs.replace(bucket, name="no-such-bucket")
    for place, secret in ((bucket, "wrong"), (gone, "any"), (nowhere, service.secret_key)):
        blobs = S3Blobs(place, service.access_key, secret, retries=0)
        for call in (blobs.put(NAME, given(b"one")), blobs.delete(NAME), listed(blobs)):
            with pytest.raises(Unkept) as refused:
                await call
            assert "127.0.0.1" not in str(refused.value)
    assert service.objects(bucket) == {}


def test_keys_belong_together() -> None:
    with pytest.raises(ValueError, match="belong together"):
        S3Blobs(Bucket("papers", "eu"), "key", None)


def test_places() -> None:
    assert parsed("/srv/documents") == Folder(Path("/srv/documents"))
    assert parsed("var/documents") == Folder(Path.cwd() / "var/documents")
    assert parsed("s3://papers?region=eu-north-1") == Bucket("papers", "eu-north-1")
    assert parsed("s3://papers/a/b/?region=x&endpoint=http://10.0.0.5:9000") == Bucket(
        "papers", "x", "http://10.0.0.5:9000", "a/b"
    )
    for text in (
        "",
        "http://papers",
        "s3://papers",
        "s3://?region=x",
        "s3://Papers?region=x",
        "s3://papers?region=x&key=y",
        "s3://papers?region=x&region=y",
        "s3://papers?region=x&endpoint=minio:9000",
        "s3://papers?region=x&endpoint=http://minio/path",
        "s3://papers?region=x&endpoint=http://u:p@minio",
        "s3://papers/../x?region=x#f",
        "s3://papers/a b?region=x",
        "s3://[::1?region=x",
    ):
        with pytest.raises(Malformed):
            parsed(text)


def test_what_cannot_be_in_the_settings(tmp_path: Path) -> None:
    ring = tmp_path / "keys" / "ring.json"
    fine = "s3://papers?region=x"
    assert wrong(str(tmp_path / "documents"), ring, None, None) == []
    assert wrong(fine, ring, None, None) == wrong(fine, ring, "id", "key") == []
    for reasons, said in (
        (wrong("s3://papers", ring, None, None), "blobs: S3 needs its region"),
        (wrong(fine, ring, "id", None), "belong together"),
        (wrong(str(tmp_path / "documents"), ring, "id", "key"), "blobs_access_key: is for S3"),
        (wrong(str(tmp_path), ring, None, None), "blobs: the key ring lies in this folder"),
    ):
        (reason,) = reasons
        assert said in reason
