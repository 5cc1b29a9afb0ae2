"""Mail to the administrator's mail server over SMTP.

For: handing over one message at a time on one connection that is kept and made anew when it broke.
Refuses to send a password without TLS, to fall back to plain text where STARTTLS was asked for, and
to let an address or the server's words (which often repeat the address) into an error. Neighbours:
`letter.py` writes the message; the worker tries again what is not final.
"""

import asyncio
import contextlib
import re
import ssl
from typing import TYPE_CHECKING, Literal

from rebind.ports import Clock, Rendered, Undelivered
from rebind.providers.mail.letter import Malformed, Party, letter

if TYPE_CHECKING:
    from aiosmtplib import SMTP
    from aiosmtplib.errors import SMTPException, SMTPResponseException

Tls = Literal["none", "starttls", "tls"]

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_OURS_TO_REPAIR = frozenset({530, 534, 535, 538})
"""Answers that ask for authentication: a wrong setting of ours, whichever command they answer."""


class SmtpMail:
    """One mail server. Messages wait for one another: SMTP knows one conversation a connection."""

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        tls: Tls,
        sender: str,
        clock: Clock,
        *,
        timeout_s: float = 30,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        if password and tls == "none":
            raise ValueError("a mail password is only sent over TLS: choose starttls or tls")
        if bool(username) != bool(password):
            raise ValueError("a mail username and password belong together")
        self._sender = Party.parsed(sender)
        self._host, self._port = host, port
        self._username, self._password = username or None, password or None
        self._tls = tls
        self._tls_context = tls_context
        self._timeout_s = timeout_s
        self._clock = clock
        self._turn = asyncio.Lock()
        self._client: SMTP | None = None

    async def send(self, message_id: str, to: str, words: Rendered) -> None:
        """Hand over one message; `message_id` becomes its Message-ID."""
        try:
            party = Party(to)
        except Malformed:
            raise Undelivered("not an e-mail address", final=True) from None
        text = letter(message_id, self._sender, party, words, self._clock.now())
        refused = await self._in_time(party, text)
        # Raised outside the `except` of `_tried`: foreign errors hold the address.
        if refused is not None:
            raise refused

    async def close(self) -> None:
        """Say goodbye and give back the connection."""
        async with self._turn:
            client, self._client = self._client, None
            if client is not None:
                with contextlib.suppress(Exception):
                    await client.quit()
                client.close()

    async def _in_time(self, to: Party, text: bytes) -> Undelivered | None:
        """The whole of it, waiting for one's turn included: behind a silent server a queue of
        messages would otherwise outlive the worker's lease on them and be sent twice."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                return await self._handed_over(to, text)
        except TimeoutError:
            return Undelivered(f"no answer within {self._timeout_s:g} s")

    async def _handed_over(self, to: Party, text: bytes) -> Undelivered | None:
        kept = self._client is not None and self._client.is_connected
        refused = await self._tried(to, text)
        if refused is not None and not refused.final and kept and self._client is None:
            # Servers hang up on a connection that was quiet for long. That says nothing about the
            # message, so it gets one more try on a new connection.
            refused = await self._tried(to, text)
        return refused

    async def _tried(self, to: Party, text: bytes) -> Undelivered | None:
        """One try. The connection is kept only where the conversation ended in good order."""
        from aiosmtplib.errors import SMTPException

        options = [] if to.is_ascii and self._sender.is_ascii else ["SMTPUTF8"]
        ended_well = False
        try:
            client = await self._connected()
            await client.sendmail(self._sender.address, [to.address], text, mail_options=options)
            ended_well = True
            return None
        except SMTPException as error:
            refused, ended_well = _judged(error, self._timeout_s)
            return refused
        except OSError as error:
            return Undelivered(f"connection failed ({type(error).__name__})")
        except ValueError:
            return Undelivered("not an e-mail address", final=True)
        finally:
            # Also when this task is stopped in the middle: the next message must not go into a
            # conversation that stands half-way.
            if not ended_well:
                self._hang_up()

    async def _connected(self) -> "SMTP":
        if self._client is not None and self._client.is_connected:
            return self._client
        from aiosmtplib import SMTP

        self._hang_up()
        client = SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls == "tls",
            start_tls=self._tls == "starttls",
            tls_context=self._tls_context,
            timeout=self._timeout_s,
            # The default asks DNS for this machine's name, in the loop's thread.
            local_hostname=self._sender.domain,
        )
        self._client = client
        await client.connect()
        return client

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _judged(error: "SMTPException", timeout_s: float) -> tuple[Undelivered, bool]:
    """What an error means for the message, and whether the connection can still be used."""
    from aiosmtplib import errors

    match error:
        case errors.SMTPRecipientsRefused():
            return _of_message(error.recipients[0])
        case errors.SMTPDataError():
            return _of_message(error)
        case errors.SMTPResponseException():
            # The server objects to us, not to the message: an administrator can repair that.
            return Undelivered(_words(error)), False
        case errors.SMTPTimeoutError():
            return Undelivered(f"no answer within {timeout_s:g} s"), False
        case errors.SMTPNotSupported() if "SMTPUTF8" in error.message:
            return Undelivered("the mail server takes only ASCII addresses", final=True), False
        case _:
            return Undelivered(f"connection failed ({type(error).__name__})"), False


def _of_message(error: "SMTPResponseException") -> tuple[Undelivered, bool]:
    """The server's answer to this recipient or text. 421 means that it is about to hang up."""
    final = 500 <= error.code < 600 and error.code not in _OURS_TO_REPAIR
    return Undelivered(_words(error), final=final), error.code != 421


def _words(error: "SMTPResponseException") -> str:
    """The codes of an answer without its text, which often repeats the address."""
    enhanced = _ENHANCED.match(error.message)
    return f"the mail server answered {error.code}{f' {enhanced[0]}' if enhanced else ''}"
