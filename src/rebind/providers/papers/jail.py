"""What the child gives up, so that a document which takes it over has gained nothing.

`drop` comes before a byte of the document is read: little memory, little time, no file that grows,
no other descriptors, no new privileges. `shut` comes after the libraries are loaded and before one
of them sees the document: from there on the kernel lets through only what computing needs. No file
can be opened, no connection made, no program started and no process signalled, though the child
runs as the same user as the server. Refuses nothing itself: what a system does not know is left
out, and docs/security/documents.md says where that is. Neighbour: `child.py`.
"""

import ctypes
import errno
import os
import resource
import struct
import sys
from contextlib import suppress

MEMORY_MAX = 768 * 1_024 * 1_024
"""Address space. Of 50 megapixels a PNG with transparency took 550 MiB, a HEIC 470, a JPEG 370; 20
pages of a PDF took 160 (docs/security/documents.md)."""

FILES_MAX = 32
_OPEN_MAX = 4_096
"""Up to where descriptors are closed: uvloop hands down what it was started with."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SIGKILL, _FILTER_MODE = 9, 2

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column below, and the kernel's name for the architecture (linux/audit.h)."""

_ALLOWED: dict[str, tuple[int, int]] = {
    "read": (0, 63),
    "readv": (19, 65),
    "write": (1, 64),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "getrandom": (318, 278),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""System calls and their numbers on x86-64 and on arm64 (asm/unistd_64.h, asm-generic/unistd.h)."""

_CLONE = (56, 220)
_CLONE3 = 435
_CLONE_THREAD = 0x10000
_LOAD, _EQUAL, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06
_AT_NUMBER, _AT_MACHINE, _AT_FIRST = 0, 4, 16
"""Where seccomp_data has them (linux/seccomp.h)."""

_YES, _NO = 0x7FFF0000, 0x00050000


def drop(cpu_s: int) -> None:
    """Give up what is never needed. After `cpu_s` seconds of computing the kernel ends it."""
    os.closerange(3, _OPEN_MAX)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    else:
        # On Linux this would count threads too, of which HEIC needs one; there `shut` does it.
        _bound("RLIMIT_NPROC", 0, 0)
    _bound("RLIMIT_AS", MEMORY_MAX, MEMORY_MAX)
    # The first bound ends it by a signal that says why; the second by one that nobody catches.
    _bound("RLIMIT_CPU", cpu_s, cpu_s + 1)
    _bound("RLIMIT_FSIZE", 0, 0)
    _bound("RLIMIT_NOFILE", FILES_MAX, FILES_MAX)
    _bound("RLIMIT_CORE", 0, 0)


def _bound(what: str, soft: int, hard: int) -> None:
    known = getattr(resource, what, None)
    if known is None:
        return
    most = resource.getrlimit(known)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    # macOS knows RLIMIT_AS and takes no value for it.
    with suppress(OSError, ValueError):
        resource.setrlimit(known, (soft, hard))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def shut() -> bool:
    """Close the door: whether the kernel did. It does on Linux, on x86-64 and arm64, where it was
    built with seccomp, as those of all distributions are."""
    machine = _MACHINES.get(os.uname().machine)
    if sys.platform != "linux" or machine is None:
        return False
    text = _filter(*machine)
    program = _Program(len(text) // 8, text)
    done = ctypes.CDLL(None).prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)
    return bool(done == 0)


def _filter(column: int, machine: int) -> bytes:
    """A program for the kernel (BPF, struct sock_filter): what is not on the list gets EPERM."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    refuse = step(_RETURN, _NO | errno.EPERM)
    allow = step(_RETURN, _YES)
    steps = [step(_LOAD, _AT_MACHINE), step(_EQUAL, machine, 1), refuse, step(_LOAD, _AT_NUMBER)]
    for numbers in _ALLOWED.values():
        steps += [step(_EQUAL, numbers[column], 0, 1), allow]
    # Threads yes, processes no. The older call shows the filter which of them is meant; glibc goes
    # back to it where the newer is unknown.
    steps += [step(_EQUAL, _CLONE3, 0, 1), step(_RETURN, _NO | errno.ENOSYS)]
    steps += [step(_EQUAL, _CLONE[column], 0, 2), step(_LOAD, _AT_FIRST)]
    steps += [step(_HAS, _CLONE_THREAD, 1), refuse, allow]
    return b"".join(steps)
