"""One connection of a mail server: aiosmtpd's conversation with a DATA of our own.

For: taking letters in bounded memory. aiosmtpd keeps each line as an object and all of them until
the end: 25 MB of empty lines would take a gigabyte, and a line above 1,001 octets ends in a refusal
for good. Ours keeps what can be text and lets the rest go by. Refuses connections that the door
does not want before the first word. Neighbours: `door.py` answers; `reading.py` says what is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax

from rebind.entrypoints.mail.reading import LETTER_BYTES_MAX, Kept

TIMEOUT_S = 300
"""Between two commands, and for a whole letter (RFC 5321 4.5.3.2.7)."""

COMMANDS_MAX = 1_000
"""Of one kind on one connection. Mail servers that reuse connections begin another one."""

LINES_AT_ONCE = 1_000
"""A letter of nothing but empty lines must not hold up the loop."""

Takes = Callable[[str, str, bytes, bool], Awaitable[str]]
"""Asked with a letter: the envelope's sender and recipient, what was kept of it, and whether its
end was left out. Gives the answer."""

Admits = Callable[["SmtpLine", Any], str]
"""Asked with a new connection and its peer: "", or the answer with which it is turned away."""


class SmtpLine(SMTP):
    """A connection that speaks SMTP."""

    line_length_limit = 16_384

    def __init__(
        self,
        handler: Any,
        hostname: str,
        takes: Takes,
        admits: Admits,
        leaves: Callable[["SmtpLine"], None],
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=LETTER_BYTES_MAX,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ready",
            timeout=TIMEOUT_S,
            command_call_limit=COMMANDS_MAX,
            loop=asyncio.get_running_loop(),
        )
        self._takes, self._admits, self._leaves = takes, admits, leaves
        self._turned_away = False

    def hang_up(self) -> None:
        """End the connection."""
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        answer = self._admits(self, transport.get_extra_info("peername"))
        if not answer:
            super().connection_made(transport)
            return
        self._turned_away = True
        # uvloop's transports are of no class of asyncio's; they only do the same.
        cast(asyncio.WriteTransport, transport).write(f"{answer}\r\n".encode())
        transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._turned_away:
            self._leaves(self)
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return False if self._turned_away else super().eof_received()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        """Take a letter to its end, and say what became of it."""
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        kept = Kept()
        if await self._read_into(kept) > LETTER_BYTES_MAX:
            answer = "552 5.3.4 the letter is too long; documents go over the page of the case"
        else:
            sender, recipient = envelope.mail_from or "", envelope.rcpt_tos[0]
            answer = await self._takes(sender, recipient, kept.octets(), kept.full)
        self.envelope = self._create_envelope()
        await self.push(answer)

    async def _read_into(self, kept: Kept) -> int:
        """Read up to the line with a single dot; how many octets came.

        Only CR LF ends a line (RFC 5321 2.3.8): a server before us that sees a bare LF otherwise
        than we do must not let a second letter hide in the first."""
        size, begins_line, at_once = 0, True, 0
        while True:
            at_once = (at_once + 1) % LINES_AT_ONCE
            if not at_once:
                await asyncio.sleep(0)
            try:
                piece = await self._reader.readuntil(b"\r\n")
                ends_line = True
            except asyncio.LimitOverrunError as long:
                piece = await self._reader.read(long.consumed)
                ends_line = False
            if begins_line and piece == b".\r\n":
                return size
            if begins_line and piece.startswith(b"."):
                piece = piece[1:]
            size += len(piece)
            if size <= LETTER_BYTES_MAX:
                kept.add(piece)
            begins_line = ends_line


class LmtpLine(SmtpLine, LMTP):
    """A connection that speaks LMTP (RFC 2033). There is one recipient a letter, so that there is
    one answer after it in both protocols."""
