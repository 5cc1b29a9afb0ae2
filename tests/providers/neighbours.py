"""Real neighbours on loopback: a mail server and an SMS gateway, each with a memory."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


class PushedClock:
    """A clock that stands still until it is pushed."""

    def __init__(self, now: int = 1_764_000_000_000) -> None:
        self.moment = now

    def now(self) -> int:
        return self.moment


class PostOffice:
    """A mail server that remembers what it accepted. `at_rcpt` and `at_data` are answers to give
    instead of accepting; `hang_up_at` names the command at which the line goes dead."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.connections = 0
        self.at_mail = ""
        self.at_rcpt = ""
        self.at_data = ""
        self.hang_up_at = ""
        self.silent = False
        self.port = 0
        self._lines: list[SMTP] = []

    @property
    def letters(self) -> list[EmailMessage]:
        parser = BytesParser(policy=default)
        return [parser.parsebytes(one.original_content or b"") for one in self.accepted]

    def hang_up(self) -> None:
        """Cut every line, as servers do with quiet ones."""
        for line in self._lines:
            if line.transport is not None:
                line.transport.close()

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._answer(server, "MAIL", self.at_mail):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._answer(server, "RCPT", self.at_rcpt):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if answer := await self._answer(server, "DATA", self.at_data):
            return answer
        self.accepted.append(envelope)
        return "250 2.0.0 queued"

    async def _answer(self, server: SMTP, command: str, answer: str) -> str:
        if self.silent:
            await asyncio.sleep(30)
        if self.hang_up_at == command and server.transport is not None:
            server.transport.close()
            await asyncio.sleep(0.01)
        return answer

    @contextlib.asynccontextmanager
    async def open(
        self, *, tls: ssl.SSLContext | None = None, **options: Any
    ) -> AsyncIterator[None]:
        """Serve until the block ends. `tls` wraps the whole line; `tls_context` is STARTTLS."""
        loop = asyncio.get_running_loop()

        def line() -> SMTP:
            self.connections += 1
            made = SMTP(self, hostname="mail.test", loop=loop, **options)
            self._lines.append(made)
            return made

        server = await loop.create_server(line, HOST, 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.hang_up()
            await server.wait_closed()
            await asyncio.sleep(0.01)


def knows(username: bytes, password: bytes) -> Callable[..., AuthResult]:
    """An authenticator that knows one account."""

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        known = (given.login, given.password) == (username, password)
        return AuthResult(success=known, handled=False)

    return check


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def gateway(handler: Handler) -> AsyncIterator[str]:
    """An HTTP server that answers every POST with `handler`; gives its URL."""
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://{HOST}:{port}/send?key=s3cret"
    finally:
        await runner.cleanup()


async def closed_port() -> int:
    """A port on which nobody listens."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, HOST, 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
