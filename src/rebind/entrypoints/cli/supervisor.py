"""Several server processes on one socket: start them, pass signals on, start anew what died."""

import signal
import subprocess
import sys
import time
from types import FrameType

STOP_S = 20
_PAUSE_S = 1.0


def supervise(processes: int, listening_fd: int) -> int:
    """Run that many `rebind serve` on an inherited listening socket until SIGTERM or SIGINT.
    The exit code is that of a process that could not start at all, else 0."""
    command = [sys.executable, "-m", "rebind", "serve", "--listening-fd", str(listening_fd)]
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, stop)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, pass_fds=[listening_fd])  # noqa: S603  our own program

    children = [start() for _ in range(processes)]
    began = time.perf_counter()
    while not stopping:
        time.sleep(0.1)
        for place, child in enumerate(children):
            code = child.poll()
            if code is None or stopping:
                continue
            if code == 2 and time.perf_counter() - began < 30:
                _end(children)
                return code
            time.sleep(_PAUSE_S)
            children[place] = start()
    _end(children)
    return 0


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.perf_counter() + STOP_S
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.perf_counter()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
