"""The listener for letters: LMTP or SMTP, on this machine or behind one's own mail server.

For: handing each letter to a case, under the token that its recipient carries. Refuses every other
recipient, so that nothing can be relayed; says "taken" only after whoever takes it has committed,
and "later" where anything went wrong on our side, so that the mail server keeps the letter and
comes again. It writes no address, subject or text to the log. Neighbours: `line.py` is one
connection, `reading.py` parses, `pace.py` counts; `domain/letters.py` says what a letter is.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from rebind.domain import letters
from rebind.domain.letters import Letter, Received
from rebind.domain.mail_in import Place, ReplyTo
from rebind.domain.units import Id
from rebind.entrypoints.mail.pace import CONNECTIONS_MAX, Pace
from rebind.entrypoints.mail.reading import Unreadable, parsed
from rebind.entrypoints.shared.logs import logger
from rebind.flows.desk import tokens
from rebind.ports import Clock, Seal

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

    from rebind.entrypoints.mail.line import SmtpLine

Receive: TypeAlias = Callable[[Letter, Id, bytes], Awaitable[Received]]
"""Takes a letter to a case; the bytes are the mark of the address that was given the token
(`tokens.is_mark_of`). Says what became of it after the commit."""

Report: TypeAlias = Callable[[BaseException], None]
"""Told of every bug."""

ANSWER_S = 30.0
"""A letter that is not taken by then is asked for again."""

STOP_S = 10.0
"""Letters under way may take this long after a stop was asked for."""

_SOCKET_MODE = 0o660
_LATER = "451 4.3.0 not now; please try again"
_NOBODY = "550 5.1.1 no such mailbox"
_ANSWERS = {
    Received.TAKEN: "250 2.0.0 taken",
    Received.DOUBLE: "250 2.0.0 taken before",
    Received.UNKNOWN: _NOBODY,
    Received.CLOSED: "550 5.2.1 this case is closed; please open a new one on the support page",
    Received.TRY_LATER: _LATER,
}


class MailDoor:
    """The listener. `our_domains` are the right sides of the Message-IDs of our own mail."""

    def __init__(
        self,
        place: Place,
        replies: ReplyTo,
        our_domains: frozenset[str],
        seal: Seal,
        clock: Clock,
        received: Receive,
        report: Report,
        *,
        clients: tuple[str, ...] = (),
        answer_s: float = ANSWER_S,
    ) -> None:
        self._place, self._replies, self._our_domains = place, replies, our_domains
        self._seal, self._clock = seal, clock
        self._received, self._report = received, report
        self._pace = Pace(clients)
        self._answer_s = answer_s
        self._server: asyncio.Server | None = None
        self._lines: set[SmtpLine] = set()
        self._under_way: set[asyncio.Task[str]] = set()
        # Parsing is work for the processor: one letter at a time, beside the loop.
        self._reading = asyncio.Lock()

    @property
    def port(self) -> int:
        """The port that is listened on; 0 for a Unix socket."""
        if self._server is None or self._place.path:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen. Raises OSError where the place is taken."""
        from rebind.entrypoints.mail.line import LmtpLine, SmtpLine

        kind = LmtpLine if self._place.speech == "lmtp" else SmtpLine
        hostname = self._replies.domain
        line = partial(kind, self, hostname, self._take, self._admits, self._lines.discard)
        loop = asyncio.get_running_loop()
        if self._place.path:
            self._server = await loop.create_unix_server(line, self._place.path)
            os.chmod(self._place.path, _SOCKET_MODE)
        else:
            self._server = await loop.create_server(line, self._place.host, self._place.port)

    async def stop(self) -> None:
        """Take no more connections, finish the letters under way, and hang up."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=STOP_S)
            # Their answers are written in the next round of the loop.
            await asyncio.sleep(0)
        for line in list(self._lines):
            line.hang_up()
        await server.wait_closed()
        if self._place.path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._place.path)

    def _admits(self, line: "SmtpLine", peer: Any) -> str:
        if not self._pace.knows(peer):
            return "554 5.7.1 this listener is for our own mail servers"
        if len(self._lines) >= CONNECTIONS_MAX:
            return "421 4.3.2 too many connections; please try again"
        self._lines.add(line)
        return ""

    # Three methods that aiosmtpd calls, under its names.

    async def handle_RCPT(  # noqa: N802
        self,
        _line: "SmtpLine",
        session: "Session",
        envelope: "Envelope",
        address: str,
        _options: list[str],
    ) -> str:
        """Whether the recipient is one of our addresses, with a token that we made."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        if not self._pace.takes(session.peer, self._clock.now()):
            return "451 4.7.1 too many letters; please try again"
        if self._opened(address) is None:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 known"

    async def handle_VRFY(self, *_asked: Any) -> str:  # noqa: N802
        """Nobody learns by asking who is here."""
        return "252 2.5.0 send a letter and see"

    async def handle_exception(self, error: Exception) -> str:
        """A bug of ours or of the library is no reason to lose a letter."""
        self._report(error)
        return _LATER

    async def _take(self, envelope_from: str, recipient: str, octets: bytes, cut: bool) -> str:
        """What became of a letter. It is taken to the end also when the other side hangs up."""
        task = asyncio.create_task(self._answer(envelope_from, recipient, octets, cut))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def _opened(self, recipient: str) -> tuple[Id, bytes] | None:
        token = self._replies.token(recipient)
        return None if token is None else tokens.replied_to(self._seal, token)

    async def _answer(self, envelope_from: str, recipient: str, octets: bytes, cut: bool) -> str:
        opened = self._opened(recipient)
        if opened is None:
            # The key that the token was made under was retired since RCPT.
            return _NOBODY
        try:
            async with asyncio.timeout(self._answer_s):
                async with self._reading:
                    letter = await asyncio.to_thread(
                        self._read, envelope_from, octets, cut, *opened
                    )
                outcome = await self._received(letter, *opened)
        except Unreadable:
            return "554 5.6.0 this letter has more parts than can be read"
        except TimeoutError:
            logger().warning("letter", outcome="timeout")
            return _LATER
        except Exception as error:
            return await self.handle_exception(error)
        logger().info("letter", outcome=outcome.value, reason=letter.reason)
        return _ANSWERS[outcome]

    def _read(
        self, envelope_from: str, octets: bytes, cut: bool, case_id: Id, mark: bytes
    ) -> Letter:
        message = parsed(octets)
        sender = letters.sender(message)
        return letters.letter(
            message,
            envelope_from=envelope_from,
            from_other=not tokens.is_mark_of(self._seal, mark, case_id, sender),
            replies=self._replies,
            our_domains=self._our_domains,
            digest=blake2b(octets, digest_size=16).hexdigest(),
            cut=cut,
        )
