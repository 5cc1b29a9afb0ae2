"""Starting, watching and ending the processes that are measured.

Each child is pinned to its core, ends with its parent whatever happens, and is ended by its own
process id. CPU time comes from the kernel's clock of the process, in nanoseconds.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_STOP_WAIT_S: Final = 15.0
_START_WAIT_S: Final = 60.0
_CPUCLOCK_SCHED: Final = 2

ROOT: Final = Path(__file__).resolve().parents[1]


class Child:
    """One process of ours."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], core: int | None, log: Path
    ) -> None:
        self.name = name
        self._log = log
        self._paused = False

        def prepare() -> None:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
            if core is not None:
                os.sched_setaffinity(0, {core})

        self.began = time.perf_counter()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**_plain_environment(), **env}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True, preexec_fn=prepare,  # noqa: PLW1509
            )  # fmt: skip
        self.pid = self._process.pid

    def answered(self, port: int, path: str = "/healthz") -> float:
        """Wait for the first 200; seconds since the start of the process."""
        while time.perf_counter() - self.began < _START_WAIT_S:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended by itself:\n{self.said()}")
            if _answers(port, path):
                return time.perf_counter() - self.began
            time.sleep(0.001)
        raise RuntimeError(f"{self.name} does not answer:\n{self.said()}")

    def said(self) -> str:
        """The end of what it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def pause(self) -> None:
        """Stop it for a while, so that it does not disturb the others."""
        if not self._paused:
            os.kill(self.pid, signal.SIGSTOP)
            self._paused = True

    def go_on(self) -> None:
        """Let it work again."""
        if self._paused:
            os.kill(self.pid, signal.SIGCONT)
            self._paused = False

    def end(self) -> None:
        """End it, gently at first. Safe to call twice."""
        if self._process.poll() is not None:
            return
        self.go_on()
        self._process.terminate()
        try:
            self._process.wait(_STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command to its end, on our terminal. Raises `CalledProcessError`."""
    subprocess.run(command, cwd=ROOT, env={**_plain_environment(), **env}, check=True)


def rebind(*words: str) -> list[str]:
    """The command line of `rebind`, as installed beside this Python."""
    return [sys.executable, "-m", "rebind", *words]


def cpu_ns(pids: Iterable[int]) -> dict[int, int]:
    """CPU time of each process with all its threads, those that ended included."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            found[pid] = time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED)
    return found


def spent_ms(before: Mapping[int, int], after: Mapping[int, int]) -> float:
    """CPU milliseconds between two looks. A process that is new counts whole."""
    return sum(now - before.get(pid, 0) for pid, now in after.items()) / 1e6


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        found += [int(word) for word in text.split()]
    return found


def memory_mib(pid: int, what: str) -> float:
    """`VmRSS` or `VmHWM` of a process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def _plain_environment() -> dict[str, str]:
    """Ours without settings of Rebind, which would change what is measured."""
    return {name: text for name, text in os.environ.items() if not name.startswith("REBIND_")}


def _answers(port: int, path: str) -> bool:
    with socket.socket() as asking:
        asking.settimeout(2)
        try:
            asking.connect(("127.0.0.1", port))
            asking.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return asking.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False
