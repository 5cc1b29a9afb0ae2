"""ClamAV's daemon (clamd) over its socket, by the command INSTREAM of clamd(8).

For: `ports.Scanner`. Refuses to take anything for clean but the one answer that says so: a limit
that was exceeded, an error, a suspicion and an answer that we do not know are all UNCERTAIN. Keeps
nothing, and never shows the scanner a name or a path. Neighbour: `flows/desk/intake.py`.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rebind.ports import Unanswered, Verdict

PORT = 3310
"""clamd.conf(5), TCPSocket."""

CONNECT_S = 5.0

SEND_S = 30.0
"""For one piece to be taken."""

ANSWER_S = 130.0
"""For the verdict, from the last piece on: clamd gives a file up after MaxScanTime, 120 s by
default (clamd.conf(5)), and says so."""

_PIECE_BYTES_MAX = 65_536
_ANSWER_BYTES_MAX = 4_096
_FOUND = re.compile(r"stream: (\S.*) FOUND")
_SUSPICION = "Heuristics."
"""Names that begin so are no known virus: a file that is encrypted, broken, or over a limit."""


class Malformed(ValueError):
    """This names no scanner."""


class Address(msgspec.Struct, frozen=True):
    """Where clamd listens: a socket of this machine (`path`), or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = PORT

    @classmethod
    def parsed(cls, text: str) -> "Address":
        """`unix:/path` or `tcp://host:port`, the port 3310 where none is given. Raises
        `Malformed`."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port or PORT
        except ValueError:
            raise Malformed(_FORMS) from None
        bare = not (parts.query or parts.fragment or parts.username or parts.password)
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc and bare:
            return cls(path=parts.path)
        if parts.scheme == "tcp" and host and parts.path in ("", "/") and bare:
            return cls(host=host, port=port)
        raise Malformed(_FORMS)


_FORMS = "must be unix:/path of clamd's socket, or tcp://host:port"


def wrong(text: str) -> list[str]:
    """What cannot be in the setting `scanner`, a line each."""
    try:
        Address.parsed(text)
    except Malformed as malformed:
        return [f"scanner: {malformed}"]
    return []


class ClamAv:
    """One connection for each file. clamd itself bounds how many it scans at a time (MaxThreads)
    and lets the others wait."""

    def __init__(
        self,
        address: Address,
        *,
        connect_s: float = CONNECT_S,
        send_s: float = SEND_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._address = address
        self._connect_s, self._send_s, self._answer_s = connect_s, send_s, answer_s

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        """What clamd says of them. It answers before the end where a file is too large for it;
        nothing more is sent then."""
        with await self._connected() as line:
            telling = asyncio.ensure_future(self._tell(line, chunks))
            answer = asyncio.ensure_future(_answer(line))
            try:
                await asyncio.wait({telling, answer}, return_when=asyncio.FIRST_COMPLETED)
                whole = telling.done() and telling.result()
                verdict = judged(await self._in_time(answer))
            finally:
                # Nobody may still use the line when it is closed: its number is soon another's.
                telling.cancel()
                answer.cancel()
                await asyncio.gather(telling, answer, return_exceptions=True)
        return verdict if whole or verdict is not Verdict.CLEAN else Verdict.UNCERTAIN

    async def _in_time(self, answer: Awaitable[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._answer_s):
                return await answer
        except TimeoutError:
            raise Unanswered("no answer in time") from None

    async def _connected(self) -> socket.socket:
        """A connection to the first address that takes one."""
        to, failed = self._address, "no address"
        try:
            async with asyncio.timeout(self._connect_s):
                if to.path:
                    return await _dialled(socket.AF_UNIX, to.path)
                loop = asyncio.get_running_loop()
                for family, *_, address in await loop.getaddrinfo(
                    to.host, to.port, type=socket.SOCK_STREAM
                ):
                    try:
                        return await _dialled(family, address)
                    except OSError as error:
                        failed = type(error).__name__
        except OSError as error:
            failed = type(error).__name__
        raise Unanswered(failed)

    async def _tell(self, line: socket.socket, chunks: AsyncIterator[bytes]) -> bool:
        """Send the command, each piece after its length, and a length of nothing. False where clamd
        hung up before the end: its answer says why."""
        if not await self._sent(line, b"zINSTREAM\0"):
            return False
        async for chunk in chunks:
            for at in range(0, len(chunk), _PIECE_BYTES_MAX):
                piece = chunk[at : at + _PIECE_BYTES_MAX]
                if not await self._sent(line, len(piece).to_bytes(4, "big") + piece):
                    return False
        return await self._sent(line, bytes(4))

    async def _sent(self, line: socket.socket, data: bytes) -> bool:
        loop = asyncio.get_running_loop()
        try:
            # `wait_for` of Python 3.11 can lose a cancellation; then nobody would end this.
            async with asyncio.timeout(self._send_s):
                await loop.sock_sendall(line, data)
        except TimeoutError:
            raise Unanswered("does not read") from None
        except OSError:
            return False
        return True


async def _dialled(family: int, address: tuple[Any, ...] | str) -> socket.socket:
    line = socket.socket(family)
    try:
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, address)
    except BaseException:
        line.close()
        raise
    return line


async def _answer(line: socket.socket) -> bytes:
    """All that clamd says until it hangs up, which it does after one command."""
    loop, said = asyncio.get_running_loop(), b""
    with contextlib.suppress(ConnectionError):
        while len(said) < _ANSWER_BYTES_MAX and (part := await loop.sock_recv(line, 1_024)):
            said += part
    return said


def judged(answer: bytes) -> Verdict:
    """What an answer means. Raises `Unanswered` for none at all: clamd went away."""
    text = answer.rstrip(b"\0\n").decode(errors="replace")
    if not text:
        raise Unanswered("hung up")
    if text == "stream: OK":
        return Verdict.CLEAN
    found = _FOUND.fullmatch(text)
    if found is not None and not found[1].startswith(_SUSPICION):
        return Verdict.INFECTED
    return Verdict.UNCERTAIN
