"""Real processes of Rebind for tests: started with their own folder and port, stopped by pid."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import msgspec

from tests.people import CODE

START_S = 30


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Answer(msgspec.Struct, frozen=True):
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Service:
    """A running `rebind …` process, spoken to over HTTP."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self._log = process, port, log
        self.url = f"http://127.0.0.1:{port}"

    @property
    def log(self) -> str:
        """Everything that the process wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One HTTP call; header names with underscores for dashes."""
        sent = {"Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else msgspec.json.encode(body)
        request = Request(self.url + path, method=method, headers=sent, data=data)
        try:
            with urlopen(request, timeout=10) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def code(self, number: str, after: int = 0) -> str:
        """The code in the newest SMS to a number, from the demo's outbox."""
        for _ in range(200):
            found = self.call("GET", f"/demo/outbox.json?to={quote(number)}&after={after}").json()
            for message in found:
                code = CODE.search(message["text"])
                if code:
                    return code.group()
            sleep(0.05)
        raise AssertionError(f"no code arrived; the process said: {self.log}")

    def serial(self) -> int:
        found = self.call("GET", "/demo/outbox.json").json()
        return int(found[0]["serial"]) if found else 0

    def stop(self) -> int:
        """Ask it to stop, as an administrator would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    """An environment that holds nothing of the tester's but what Python needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    ours = {
        "DATABASE_URL": f"sqlite:///{folder}/data/rebind.sqlite3",
        "SECRET_KEY_FILE": f"{folder}/keys/ring.json",
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        **settings,
    }
    return {**kept, **{f"REBIND_{name}": value for name, value in ours.items()}}


def rebind(*words: str) -> list[str]:
    return [sys.executable, "-m", "rebind", *words]


@contextmanager
def running(folder: Path, *words: str, **settings: str) -> Iterator[Service]:
    """`rebind <words>` serving in a process of its own, from ready until the block ends."""
    with started(folder, *words, **settings) as service:
        _await(service)
        yield service


@contextmanager
def started(folder: Path, *words: str, **settings: str) -> Iterator[Service]:
    """`rebind <words>` in a process of its own, until the block ends."""
    port = free_port()
    log = folder / f"{'-'.join(words)}-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            rebind(*words),
            cwd=folder,
            env=environment(folder, port, **settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        service = Service(process, port, log)
        try:
            yield service
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _await(service: Service) -> None:
    deadline = perf_counter() + START_S
    while perf_counter() < deadline:
        if service.process.poll() is not None:
            raise AssertionError(f"it stopped at once and said: {service.log}")
        try:
            if service.call("GET", "/readyz").status == 200:
                return
        except (URLError, ConnectionError, TimeoutError):
            sleep(0.05)
    raise AssertionError(f"it did not become ready and said: {service.log}")


def heard(service: Service, word: str, times: int = 1) -> None:
    """Wait until the process has said that word so many times."""
    for _ in range(400):
        if service.log.count(word) >= times:
            return
        sleep(0.05)
    raise AssertionError(f"it never said {word!r} but: {service.log}")


def said(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    """Run a command to its end: (exit code, everything it said)."""
    done = subprocess.run(
        rebind(*words),
        cwd=folder,
        env=environment(folder, free_port(), **settings),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()
