"""The door for letters: real SMTP and LMTP on loopback, from honest mail servers and others."""

import asyncio
import os
import random
import smtplib
import socket
import stat
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import uvloop

from rebind.domain.letters import Letter, Reason, Received
from rebind.domain.mail_in import Place, ReplyTo
from rebind.domain.units import MINUTE, Id
from rebind.entrypoints.mail.door import MailDoor
from rebind.entrypoints.mail.pace import CLIENTS_MAX, CONNECTIONS_MAX, LETTERS_PER_MINUTE, Pace
from rebind.entrypoints.mail.reading import (
    KEPT_BYTES_MAX,
    LETTER_BYTES_MAX,
    RUN_BYTES_MAX,
    Kept,
    Unreadable,
    parsed,
)
from rebind.flows.desk import tokens
from rebind.providers.seal.ring import Use, added, new, promoted
from rebind.providers.seal.vault import AesSeal
from rebind.settings import Settings, Unfit, check, load
from tests.providers.neighbours import HOST, PushedClock

REPLIES = ReplyTo("support", "example.org")
CASE, OTHER_CASE = b"c" * 16, b"o" * 16
ANNA = "anna@example.com"
CONTENT = (
    b"From: Anna <anna@example.com>\r\nSubject: Re\r\nMessage-ID: <1@x.example>\r\n\r\nYes\r\n"
)


class Desk:
    """Whoever takes letters: remembers them, and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[Letter, Id, bytes]] = []
        self.answer: Received | BaseException = Received.TAKEN
        self.pause_s = 0.0
        self.began = asyncio.Event()
        self.bugs: list[BaseException] = []

    async def received(self, letter: Letter, case_id: Id, mark: bytes) -> Received:
        self.began.set()
        await asyncio.sleep(self.pause_s)
        if isinstance(self.answer, BaseException):
            raise self.answer
        self.taken.append((letter, case_id, mark))
        return self.answer


class Post:
    """A door that stands open, and mail servers that come to it."""

    def __init__(self, speech: Any = "lmtp", *, path: str = "", **more: Any) -> None:
        self.ring = new(os.urandom, 0)
        self.seal = AesSeal(self.ring)
        self.clock = PushedClock()
        self.desk = Desk()
        self.door = MailDoor(
            Place(speech, HOST, 0, path),
            REPLIES,
            frozenset({"example.org"}),
            self.seal,
            self.clock,
            self.desk.received,
            self.desk.bugs.append,
            **more,
        )
        self.speech, self.path = speech, path

    async def __aenter__(self) -> "Post":
        await self.door.start()
        return self

    async def __aexit__(self, *_gone: object) -> None:
        await self.door.stop()

    def address(self, case_id: Id = CASE, to: str = ANNA) -> str:
        return REPLIES.address(tokens.reply_token(self.seal, case_id, to))

    def client(self) -> smtplib.SMTP:
        if self.path:
            return smtplib.LMTP(self.path)
        kind = smtplib.LMTP if self.speech == "lmtp" else smtplib.SMTP
        return kind(HOST, self.door.port, local_hostname="mx.example.com", timeout=10)

    async def hand_in(
        self, content: bytes = CONTENT, to: str | None = None, sender: str = ANNA
    ) -> tuple[int, bytes]:
        """One letter on a connection of its own; the answer to whatever was refused, or to it."""

        def conversation() -> tuple[int, bytes]:
            with self.client() as client:
                client.ehlo_or_helo_if_needed()
                client.mail(sender, [f"SIZE={len(content)}"])
                code, words = client.rcpt(to or self.address())
                return client.data(content) if code == 250 else (code, words)

        return await asyncio.to_thread(conversation)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with Post() as one:
        yield one
        assert one.desk.bugs == []


@pytest.mark.parametrize("speech", ["lmtp", "smtp"])
async def test_a_reply_reaches_its_case(speech: str) -> None:
    async with Post(speech) as post:
        assert await post.hand_in() == (250, b"2.0.0 taken")
        ((letter, case_id, mark),) = post.desk.taken
        assert (letter.message_id, letter.text, letter.subject) == ("<1@x.example>", "Yes", "Re")
        assert (letter.from_address, letter.from_other, letter.reason) == (ANNA, False, None)
        assert case_id == CASE
        assert tokens.is_mark_of(post.seal, mark, CASE, "Anna@Example.com")
        assert not tokens.is_mark_of(post.seal, mark, CASE, "boris@example.com")
        assert not tokens.is_mark_of(post.seal, mark, OTHER_CASE, ANNA)


async def test_a_reply_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "mail.sock"
    async with Post(path=str(path)) as post:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert (await post.hand_in())[0] == 250
        assert post.door.port == 0
    assert not path.exists()


async def test_an_address_that_shouts_or_writes_from_elsewhere(post: Post) -> None:
    content = CONTENT.replace(b"anna@", b"boris@")
    assert (await post.hand_in(content, to=post.address().upper(), sender=""))[0] == 250
    ((letter, _case, _mark),) = post.desk.taken
    assert (letter.from_other, letter.reason) == (True, Reason.BOUNCED)


async def test_nothing_is_relayed(post: Post) -> None:
    token = post.address().partition("+")[2].partition("@")[0]
    other = tokens.reply_token(AesSeal(new(os.urandom, 0)), CASE, ANNA)
    mixed = tokens.reply_token(post.seal, OTHER_CASE, ANNA)[:26] + token[26:]
    for to in (
        "boris@example.com",
        "support@example.org",
        "support+@example.org",
        f"support+{token}@example.com",
        f"other+{token}@example.org",
        f"support+{token}x@example.org",
        REPLIES.address(other),
        REPLIES.address(mixed),
        f'"a b"%support+{token}@example.org',
    ):
        code, _words = await post.hand_in(to=to)
        assert code in (500, 501, 550, 553), to
    assert post.desk.taken == []
    for odd in ("é" + token[1:], token[:-1], "1" + token[1:], "=" * len(token)):
        assert tokens.replied_to(post.seal, odd) is None


async def test_a_token_has_one_spelling_and_lives_through_a_rotation() -> None:
    async with Post() as post:
        token = tokens.reply_token(post.seal, CASE, ANNA)
        assert len(REPLIES.address(token).partition("@")[0]) <= 64
        digits = "abcdefghijklmnopqrstuvwxyz234567"
        for place in (0, 30, 49):
            spellings = [
                digit
                for digit in digits
                if tokens.replied_to(post.seal, token[:place] + digit + token[place + 1 :])
            ]
            assert spellings == [token[place]]
        ring = added(post.ring, Use.MAC, os.urandom, 1)
        post.seal.reload(promoted(ring, Use.MAC, 2))
        assert (await post.hand_in(to=REPLIES.address(token)))[0] == 250
        ((_letter, _case, mark),) = post.desk.taken
        assert tokens.is_mark_of(post.seal, mark, CASE, ANNA)
        assert tokens.reply_token(post.seal, CASE, ANNA) != token


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Received.DOUBLE, 250),
        (Received.UNKNOWN, 550),
        (Received.CLOSED, 550),
        (Received.TRY_LATER, 451),
    ],
)
async def test_the_mail_server_hears_what_became_of_it(
    post: Post, answer: Received, code: int
) -> None:
    post.desk.answer = answer
    assert (await post.hand_in())[0] == code


async def test_what_goes_wrong_with_us_is_tried_again() -> None:
    async with Post(answer_s=0.05) as post:
        post.desk.answer = ValueError("a bug")
        assert (await post.hand_in())[0] == 451
        assert [str(bug) for bug in post.desk.bugs] == ["a bug"]
        post.desk.answer, post.desk.pause_s = Received.TAKEN, 5
        assert (await post.hand_in())[0] == 451
    assert post.desk.taken == []


async def test_one_recipient_a_letter_and_many_letters_a_connection(post: Post) -> None:
    def conversation() -> list[int]:
        with post.client() as client:
            client.ehlo_or_helo_if_needed()
            codes = [client.mail(ANNA)[0], client.rcpt(post.address())[0]]
            codes += [client.rcpt(post.address(OTHER_CASE))[0], client.data(CONTENT)[0]]
            codes += [client.docmd("DATA")[0], client.mail(ANNA)[0]]
            codes += [client.rcpt(post.address(OTHER_CASE))[0], client.docmd("DATA", "now")[0]]
            codes += [client.data(b".\r\n.hidden\r\n")[0], client.docmd("VRFY", ANNA)[0]]
            return codes

    codes = await asyncio.to_thread(conversation)
    assert codes == [250, 250, 452, 250, 503, 250, 250, 501, 250, 252]
    assert [case_id for _letter, case_id, _mark in post.desk.taken] == [CASE, OTHER_CASE]
    assert post.desk.taken[1][0].text == ".\n.hidden"


async def test_photographs_are_let_by_and_what_was_written_is_kept(post: Post) -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = ANNA, "<2@x.example>"
    message.set_content("First the pictures.")
    picture = os.urandom(RUN_BYTES_MAX)
    for number in range(6):
        message.add_attachment(picture * 2, "image", "jpeg", filename=f"{number}.jpg")
    message.attach(EmailMessage())
    message.get_payload()[-1].set_content("Then a word.")  # type: ignore[index, union-attr]
    content = message.as_bytes(policy=SMTP)
    assert len(content) > KEPT_BYTES_MAX
    assert (await post.hand_in(content))[0] == 250
    ((letter, _case, _mark),) = post.desk.taken
    assert (letter.text, letter.attachments) == ("First the pictures.\n\nThen a word.", 6)
    assert not letter.cut


async def test_a_letter_beyond_all_measure_is_refused(post: Post) -> None:
    def conversation() -> tuple[int, int]:
        with post.client() as client:
            client.ehlo_or_helo_if_needed()
            refused = client.mail(ANNA, [f"SIZE={LETTER_BYTES_MAX + 1}"])[0]
            client.mail(ANNA)
            client.rcpt(post.address())
            return refused, client.data(b"x" * (LETTER_BYTES_MAX + 1))[0]

    assert await asyncio.to_thread(conversation) == (552, 552)
    assert post.desk.taken == []


def nested(depth: int) -> bytes:
    """Parts in parts."""
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return opened + b"Content-Type: text/plain\r\n\r\ndeep\r\n" + b"x\r\n" * 9_000


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b"X: y\r\n" * 10_000 + b"\r\nhi\r\n", 250, "hi"),
        (b"".join(b"X%d: y\r\n" % n for n in range(10_000)) + b"\r\nhi\r\n", 250, "hi"),
        (nested(40), 250, None),
        (nested(1_000), 554, None),
        (b"\r\n" + b"x" * 5_000_000 + b"\r\n", 250, None),
        (b"\r\n" + b"\r\n" * 300_000 + b"end\r\n", 250, ""),
        (b"Subject: " + b"(" * 100_000 + b"\r\nFrom: " + b"(" * 9_999 + b"\r\n\r\nhi", 250, "hi"),
        (b"From: " + b"a@b," * 90_000 + b"\r\nTo: " + b"<" * 9_999 + b"\r\n\r\nhi", 250, "hi"),
        (b"Subject: " + b"=?utf-8?q?" * 9_000 + b"\r\n\r\nhi", 250, "hi"),
        (b"Content-Type: text/plain" + b"; a*0=b" * 9_000 + b"\r\n\r\nhi", 250, "hi"),
        (b"Content-Type: " + b"\xff" * 99 + b"\r\n\r\nhi", 250, "hi"),
        (b"Message-ID: <\r\nFrom: @\r\nSubject: a\0b\rX-Rebind-Case: 1\r\n\r\nh\0i", 250, None),
        (b"", 250, ""),
        (b"\r\n", 250, ""),
        (bytes(range(256)) * 200, 250, None),
    ],
    ids=range(15),
)
async def test_hostile_letters_neither_stop_nor_hold_up(
    post: Post, content: bytes, code: int, text: str | None
) -> None:
    began = process_time()
    assert (await post.hand_in(content))[0] == code
    assert process_time() - began < 2
    if text is not None:
        assert post.desk.taken[0][0].text == text


def test_no_letter_is_too_odd_to_be_read() -> None:
    dice = random.Random(5)
    heads = [b"From", b"Subject", b"Message-ID", b"Content-Type", b"Content-Disposition"]
    heads += [b"Content-Transfer-Encoding", b"Auto-Submitted", b"Date", b"MIME-Version"]
    words = [b"multipart/mixed", b"; boundary=b", b"text/html", b"; charset=", b'"', b"=?utf-8?b?"]
    words += [
        b"<",
        b">",
        b"(",
        b"a@b",
        b",",
        b"*0*=",
        b"%ff",
        b"\xd0",
        b"\0",
        b"base64",
        b"?=",
        b"=",
    ]
    words += [b"attachment", b"; filename*=", b"''", b"[", b"]", b":", b";", b"uuencode", b"\r\n "]
    door = Post().door
    for _try in range(400):
        content = b"".join(
            b"%s: %s\r\n" % (head, b"".join(dice.choices(words, k=dice.randrange(9))))
            for head in dice.choices(heads, k=6)
        )
        content += b"\r\n--b\r\n" + b"".join(dice.choices([*words, b"\r\n--b\r\n"], k=12))
        door._read("a@b.example", content, False, CASE, b"x")


def test_what_is_kept_is_bounded() -> None:
    kept = Kept()
    for _line in range(2_000):
        kept.add(b"A" * 16_384)
    assert (kept.full, len(kept.octets()) <= RUN_BYTES_MAX) == (False, True)
    for _line in range(KEPT_BYTES_MAX // 16):
        kept.add(b"Words in a line. \r\n")
    assert (kept.full, len(kept.octets()) <= KEPT_BYTES_MAX) == (True, True)
    with pytest.raises(Unreadable):
        parsed(nested(200))


async def test_a_letter_under_way_is_finished_at_a_stop() -> None:
    async with Post() as post:
        post.desk.pause_s = 0.2
        letter = asyncio.create_task(post.hand_in())
        await post.desk.began.wait()
        await post.door.stop()
        assert await letter == (250, b"2.0.0 taken")
        assert len(post.desk.taken) == 1
        await post.door.stop()


async def test_a_letter_is_taken_also_when_the_mail_server_hangs_up(post: Post) -> None:
    post.desk.pause_s = 0.1
    letter = asyncio.create_task(post.hand_in())
    await post.desk.began.wait()
    for line in post.door._lines:
        line.hang_up()
    (ended,) = await asyncio.gather(letter, return_exceptions=True)
    assert isinstance(ended, smtplib.SMTPServerDisconnected)
    await asyncio.sleep(0.15)
    assert len(post.desk.taken) == 1


def test_contradictions_are_named_with_all_others() -> None:
    said = Settings(sms="demo", mail="demo", mail_in="smtp://0.0.0.0:25", processes=2)
    with pytest.raises(Unfit) as unfit:
        check(said, demo=True)
    names = [reason.partition(":")[0] for reason in unfit.value.reasons]
    assert (names.count("mail_in"), names.count("mail_reply_to")) == (3, 1)
    found = load({"REBIND_MAIL_IN_CLIENTS": "10.0.0.0/8, 192.168.0.0/16"}).mail_in_clients
    assert found == ("10.0.0.0/8", "192.168.0.0/16")


def test_the_loop_of_the_server_serves_too(tmp_path: Path) -> None:
    async def story() -> list[int]:
        async with Post(path=str(tmp_path / "s")) as post:
            codes = [(await post.hand_in())[0]]
        async with Post(clients=("10.0.0.0/8",)) as post:
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                await post.hand_in()
            codes.append(refused.value.smtp_code)
        async with Post() as post:
            client = await asyncio.to_thread(post.client)
            await post.door.stop()
            with pytest.raises(smtplib.SMTPServerDisconnected):
                await asyncio.to_thread(client.docmd, "NOOP")
        return codes

    assert uvloop.run(story()) == [250, 554]


async def test_strangers_and_crowds_are_turned_away() -> None:
    def greeting(port: int) -> tuple[socket.socket, bytes]:
        line = socket.create_connection((HOST, port), timeout=5)
        return line, line.recv(80)

    async with Post(clients=("10.0.0.0/8",)) as post:
        line, said = await asyncio.to_thread(greeting, post.door.port)
        assert said.startswith(b"554 5.7.1")
        line.close()
    async with Post(clients=("10.0.0.0/8", "127.0.0.0/8")) as post:
        lines = []
        for number in range(CONNECTIONS_MAX + 1):
            line, said = await asyncio.to_thread(greeting, post.door.port)
            lines.append(line)
            assert said.startswith(b"220" if number < CONNECTIONS_MAX else b"421 4.3.2")
        for line in lines:
            line.close()


async def test_a_client_is_counted_by_the_minute(post: Post) -> None:
    def names(times: int) -> list[int]:
        with post.client() as client:
            client.ehlo_or_helo_if_needed()
            client.mail(ANNA)
            return [client.rcpt("nobody@example.org")[0] for _time in range(times)]

    codes = await asyncio.to_thread(names, LETTERS_PER_MINUTE + 1)
    assert codes[-2:] == [550, 451]
    assert (await post.hand_in())[0] == 451
    post.clock.moment += MINUTE
    assert (await post.hand_in())[0] == 250


def test_the_counts_stay_small() -> None:
    pace = Pace(())
    assert all(pace.takes((f"fd00::{n:x}", 1, 0, 0), 0) for n in range(CLIENTS_MAX))
    assert not pace.takes(("10.0.0.1", 1), 0)
    assert pace.takes(("10.0.0.1", 1), MINUTE)
    assert Pace(("10.0.0.0/8",)).knows(("::ffff:10.1.2.3", 1, 0, 0))
    assert not Pace(("10.0.0.0/8",)).knows(("fe80::1%eth0", 1, 0, 0))
