"""The key ring's file: made once, read at every start, changed by `rebind keys`.

For: keeping the ring on disk so that a crash leaves either the old file or the new one, and two
processes that start at once agree on one ring. Refuses a place inside the database's folder (a
stolen copy of that folder would hold both the lock and the key: invariant 13) and a file that
anybody but its owner may read. Neighbour: `ring.py` says what a good ring is.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rebind.domain.units import Ms
from rebind.providers.seal.ring import KeyRing, RingError, Use, added, checked, new

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_BYTES_MAX = 1 << 20


def load_or_make(path: Path, avoid: Path | None, now: Ms) -> KeyRing:
    """The ring in `path`; made on the first start. `avoid` is the folder of the database (None
    where the database is not in a folder of this machine)."""
    _check_place(path, avoid)
    try:
        return load(path, avoid)
    except FileNotFoundError:
        pass
    with contextlib.suppress(FileExistsError):  # Somebody else made it first: theirs counts.
        _write(path, new(os.urandom, now), replace=False)
    return load(path, avoid)


def load(path: Path, avoid: Path | None) -> KeyRing:
    """The ring in `path`: `FileNotFoundError` where there is none, `RingError` if it is unfit."""
    _check_place(path, avoid)
    try:
        return _decoded(_read(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RingError(f"key ring {path}: cannot be read ({error.strerror})") from None
    except RingError as error:
        raise RingError(f"key ring {path}: {error}") from None


def update(path: Path, avoid: Path | None, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
    """Put `change` of the ring in its place, one administrator at a time; returns the new ring."""
    with _alone(path):
        ring = checked(change(load(path, avoid)))
        _write(path, ring, replace=True)
        return ring


def with_new_version(ring: KeyRing, use: Use, now: Ms) -> KeyRing:
    """The ring with one more version of `use`, drawn from the operating system; for `update`."""
    return added(ring, use, os.urandom, now)


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes whenever the file is replaced; None while there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _check_place(path: Path, avoid: Path | None) -> None:
    if avoid is not None and path.resolve().is_relative_to(avoid.resolve()):
        raise RingError(
            f"key ring {path}: it may not be in the database's folder {avoid}, because whoever "
            "copies that folder would have the keys too; set REBIND_SECRET_KEY_FILE to a place "
            "elsewhere"
        )


def _read(path: Path) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        # The rights are those of the opened file, not of whatever has the name a moment later.
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise RingError("it is not a file")
        if about.st_mode & _OTHERS:
            raise RingError(
                f"others than its owner have rights on it (mode {stat.S_IMODE(about.st_mode):04o});"
                f" run: chmod 600 {path}"
            )
        return file.read(_BYTES_MAX)


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for a writer, in case somebody put a pipe there."""
    return os.open(path, flags | os.O_NONBLOCK)


def _decoded(text: bytes) -> KeyRing:
    try:
        return checked(msgspec.json.decode(text, type=KeyRing))
    except msgspec.ValidationError as error:
        # msgspec quotes wrong values, and a wrong value here may be a secret in the wrong field.
        where = str(error).rpartition(" - at ")[2].strip("`")
        raise RingError(f"a field has the wrong form ({where})") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RingError("it is not valid JSON") from None


def _write(path: Path, ring: KeyRing, *, replace: bool) -> None:
    """Write beside it, then give it its name in one step: nobody ever sees half a ring. The name
    is taken with `link` the first time, which fails where the name exists, like O_EXCL."""
    beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY
        )
        try:
            with open(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(ring), indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(beside, path)
            else:
                os.link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise RingError(f"key ring {path}: cannot be written ({error.strerror})") from None


def _sync_folder(folder: Path) -> None:
    """A new name is only on disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder's lock: the file itself is replaced, so a lock on it would be lost."""
    try:
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RingError(f"key ring {path}: cannot be read ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
