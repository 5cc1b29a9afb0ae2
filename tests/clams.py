"""A private clamd for the tests of a module: a child process with a socket, a port and a database
of its own, which knows one virus. Where ClamAV is not installed tests are skipped, but never under
CI: there a missing scanner is a failure.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from hashlib import md5, sha256
from pathlib import Path

import pytest

from tests import clusters

# In two halves, so that no scanner that looks at this file finds it there.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file that every scanner knows and that harms nobody (eicar.org)."""

STREAM_BYTES_MAX = 2_000_000
SCAN_BYTES_MAX = 4_000_000
START_WAIT_S = 20.0


class Clamd:
    """Running from `start` to `stop`. `stream_bytes_max` is how much it takes at all,
    `scan_bytes_max` how much it looks at."""

    def __init__(
        self, program: str, folder: Path, stream_bytes_max: int, scan_bytes_max: int
    ) -> None:
        self._program, self._folder = program, folder
        self._stream_bytes_max, self._scan_bytes_max = stream_bytes_max, scan_bytes_max
        self._server: subprocess.Popen[bytes] | None = None
        self._port = clusters.free_port()

    @property
    def unix(self) -> str:
        return f"unix:{self._folder / 'socket'}"

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self._port}"

    def start(self) -> None:
        known = self._folder / "database"
        known.mkdir()
        for name, digest in (("md5.hdb", md5), ("sha256.hsb", sha256)):
            line = f"{digest(EICAR).hexdigest()}:{len(EICAR)}:Test.EICAR"
            line += "" if name.endswith(".hdb") else ":73"
            (known / name).write_text(line + "\n", encoding="ascii")
        (self._folder / "clamd.conf").write_text(
            f"""\
Foreground yes
DatabaseDirectory {known}
TemporaryDirectory {self._folder}
LogFile {self._folder}/log
LocalSocket {self._folder}/socket
TCPSocket {self._port}
TCPAddr 127.0.0.1
AlertExceedsMax yes
StreamMaxLength {self._stream_bytes_max}
MaxScanSize {self._scan_bytes_max}
MaxThreads 4
SelfCheck 0
Bytecode no
""",
            encoding="ascii",
        )
        self._server = subprocess.Popen(
            [self._program, "--config-file", str(self._folder / "clamd.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=clusters._die_with_parent,  # noqa: PLW1509
        )  # fmt: skip
        end = time.monotonic() + START_WAIT_S
        while not self._answers():
            log = self._folder / "log"
            said = log.read_text(errors="replace") if log.exists() else "no log"
            assert self._server.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.02)

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.connect(str(self._folder / "socket"))
            line.sendall(b"zPING\0")
            return line.recv(16) == b"PONG\0"
        return False


def started(
    folder: Path, stream_bytes_max: int = STREAM_BYTES_MAX, scan_bytes_max: int = SCAN_BYTES_MAX
) -> Clamd:
    """A running clamd, or the reason why there is none."""
    program = shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        missing = "ClamAV is not installed: nothing here looks for viruses"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    clamd = Clamd(program, folder, stream_bytes_max, scan_bytes_max)
    clamd.start()
    return clamd
