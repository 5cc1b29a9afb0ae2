"""Mail over SMTP against a real mail server on loopback: accepting, refusing, silent, gone."""

import asyncio
import datetime
import ipaddress
import logging
import ssl
import traceback
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from rebind import ports
from rebind.providers.mail.letter import Malformed, Party, letter
from rebind.providers.mail.smtp import SmtpMail, Tls
from tests.providers.neighbours import HOST, PostOffice, PushedClock, closed_port, knows

TO = "anna@example.com"
WORDS = ports.Rendered(
    text="Ваш код: 123456\n\n@example.com #123456",
    subject="Код для входа в сервис «Пример» — никому его не сообщайте, даже сотрудникам",
    html='<!doctype html><html lang="ru"><body><p>Ваш код: 123456</p></body></html>',
)
CLOCK = PushedClock(1_764_000_000_000)


def mail_to(
    port: int,
    tls: Tls = "none",
    trust: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    timeout_s: float = 2,
) -> SmtpMail:
    username, password = login or (None, None)
    return SmtpMail(
        HOST,
        port,
        username,
        password,
        tls,
        "Пример <no-reply@example.org>",
        CLOCK,
        timeout_s=timeout_s,
        tls_context=trust,
    )


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    office = PostOffice()
    async with office.open():
        yield office


@pytest.fixture
async def mail(office: PostOffice) -> AsyncIterator[SmtpMail]:
    made = mail_to(office.port)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that names the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "identity.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_tls(identity: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity)
    return context


def client_tls(identity: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(identity))


async def refusal(mail: ports.Mail, to: str = TO) -> ports.Undelivered:
    """Send one, and look whether anything of it is told in the error and what hangs on to it."""
    with pytest.raises(ports.Undelivered) as refused:
        await mail.send("id-1", to, WORDS)
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value.__context__)
    assert to not in told
    assert "about you" not in told
    return refused.value


async def test_an_accepted_message(mail: SmtpMail, office: PostOffice) -> None:
    await mail.send("018f-1", TO, WORDS)
    (envelope,), (message,) = office.accepted, office.letters
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.org", [TO])
    assert message["From"] == "Пример <no-reply@example.org>"
    assert message["To"] == TO
    assert message["Subject"] == WORDS.subject
    assert message["Message-ID"] == "<018f-1@example.org>"
    assert message["Date"] == "Mon, 24 Nov 2025 16:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ru"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text.get_content_type() == "text/plain"
    assert text.get_content().splitlines() == WORDS.text.splitlines()
    assert html.get_content_type() == "text/html"
    assert html.get_content().strip() == WORDS.html
    content = envelope.original_content or b""
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


async def test_a_message_without_html_is_plain(mail: SmtpMail, office: PostOffice) -> None:
    await mail.send("id-1", TO, ports.Rendered("text", "subject"))
    assert office.letters[0].get_content_type() == "text/plain"
    assert office.letters[0]["Content-Language"] is None


@pytest.mark.parametrize(
    ("answer", "final", "says"),
    [
        ("550 5.1.1 no mailbox about you", True, "550 5.1.1"),
        ("552 mailbox full", True, "552"),
        ("450 4.2.1 greylisted, about you", False, "450 4.2.1"),
        ("421 4.3.2 closing", False, "421 4.3.2"),
        ("530 5.7.0 authenticate first", False, "530 5.7.0"),
    ],
)
async def test_a_refused_recipient(
    mail: SmtpMail, office: PostOffice, answer: str, final: bool, says: str
) -> None:
    office.at_rcpt = answer
    refused = await refusal(mail)
    assert refused.final is final
    assert refused.why == f"the mail server answered {says}"
    office.at_rcpt = ""
    await mail.send("id-2", TO, WORDS)
    assert len(office.accepted) == 1


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        ("554 5.7.1 spam about you", True),
        ("451 4.3.0 later", False),
    ],
)
async def test_a_refused_text(mail: SmtpMail, office: PostOffice, answer: str, final: bool) -> None:
    office.at_data = answer
    assert (await refusal(mail)).final is final


async def test_a_refused_sender_is_ours_to_repair(mail: SmtpMail, office: PostOffice) -> None:
    office.at_mail = "550 5.7.1 not from you"
    assert not (await refusal(mail)).final


async def test_a_refusal_keeps_the_connection(mail: SmtpMail, office: PostOffice) -> None:
    await mail.send("id-1", TO, WORDS)
    office.at_rcpt = "550 5.1.1 no"
    await refusal(mail)
    office.at_rcpt = ""
    await asyncio.gather(*(mail.send(f"id-{n}", TO, WORDS) for n in range(2, 6)))
    assert len(office.accepted) == 5
    assert office.connections == 1


async def test_a_connection_that_was_cut_is_made_anew(mail: SmtpMail, office: PostOffice) -> None:
    await mail.send("id-1", TO, WORDS)
    office.hang_up()
    await asyncio.sleep(0.05)
    await mail.send("id-2", TO, WORDS)
    office.hang_up()  # This time nobody has noticed yet when the next message comes.
    await mail.send("id-3", TO, WORDS)
    assert [letter["Message-ID"] for letter in office.letters] == [
        f"<id-{n}@example.org>" for n in (1, 2, 3)
    ]
    assert office.connections == 3


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_hangs_up_in_the_middle(
    mail: SmtpMail, office: PostOffice, command: str
) -> None:
    office.hang_up_at = command
    assert not (await refusal(mail)).final
    office.hang_up_at = ""
    office.accepted.clear()
    await mail.send("id-1", TO, WORDS)
    assert len(office.accepted) == 1


async def test_a_server_that_says_nothing(office: PostOffice) -> None:
    mail = mail_to(office.port, timeout_s=0.2)
    office.silent = True
    refused = await refusal(mail)
    assert not refused.final
    assert "0.2 s" in refused.why
    office.silent = False
    await mail.send("id-1", TO, WORDS)
    await mail.close()


async def test_behind_a_silent_server_nobody_waits_longer_than_the_first(
    office: PostOffice,
) -> None:
    mail = mail_to(office.port, timeout_s=0.3)
    office.silent = True
    begun = asyncio.get_running_loop().time()
    refused = await asyncio.gather(*(refusal(mail) for _ in range(8)))
    assert asyncio.get_running_loop().time() - begun < 1
    assert {one.final for one in refused} == {False}
    await mail.close()


async def test_a_server_that_is_down() -> None:
    mail = mail_to(await closed_port())
    refused = await refusal(mail)
    assert not refused.final
    assert "connection failed" in refused.why
    await mail.close()


async def test_a_sender_stopped_in_the_middle_leaves_no_half_conversation(
    mail: SmtpMail, office: PostOffice
) -> None:
    office.silent = True
    sending = asyncio.create_task(mail.send("id-1", TO, WORDS))
    await asyncio.sleep(0.1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    office.silent = False
    await mail.send("id-2", "boris@example.com", WORDS)
    assert [one.rcpt_tos for one in office.accepted] == [["boris@example.com"]]


async def test_starttls_and_a_password(identity: Path) -> None:
    office = PostOffice()
    async with office.open(
        tls_context=server_tls(identity),
        require_starttls=True,
        auth_required=True,
        authenticator=knows(b"rebind", b"s3cret"),
    ):
        mail = mail_to(office.port, "starttls", client_tls(identity), ("rebind", "s3cret"))
        await mail.send("id-1", TO, WORDS)
        await mail.close()
        assert len(office.accepted) == 1
        wrong = mail_to(office.port, "starttls", client_tls(identity), ("rebind", "wr0ng"))
        refused = await refusal(wrong)
        assert not refused.final
        assert "535" in refused.why
        assert "wr0ng" not in refused.why
        stranger = mail_to(office.port, "starttls")
        assert not (await refusal(stranger)).final, "a certificate that nobody vouches for"


async def test_tls_from_the_first_byte(identity: Path) -> None:
    office = PostOffice()
    async with office.open(tls=server_tls(identity)):
        mail = mail_to(office.port, "tls", client_tls(identity))
        await mail.send("id-1", TO, WORDS)
        await mail.close()
    assert len(office.accepted) == 1


async def test_no_plain_text_where_starttls_was_asked_for(office: PostOffice) -> None:
    mail = mail_to(office.port, "starttls")
    assert not (await refusal(mail)).final
    assert office.accepted == []
    await mail.close()


async def test_an_address_in_another_alphabet(mail: SmtpMail, office: PostOffice) -> None:
    await mail.send("id-1", "anna@пример.рф", WORDS)
    assert office.accepted[0].rcpt_tos == ["anna@xn--e1afmkfd.xn--p1ai"]
    refused = await refusal(mail, "анна@пример.рф")
    assert refused.final
    assert "ASCII" in refused.why
    able = PostOffice()
    async with able.open(enable_SMTPUTF8=True):
        other = mail_to(able.port)
        await other.send("id-1", "анна@пример.рф", WORDS)
        await other.close()
    assert able.accepted[0].rcpt_tos == ["анна@xn--e1afmkfd.xn--p1ai"]


@pytest.mark.parametrize(
    "to",
    [
        "anna",
        "anna@",
        "@example.com",
        "a@b@c",
        "anna@example.com, eve@example.com",
        "anna@example.com\r\nBcc: eve@example.com",
        "anna@example.com\n",
        "<anna@example.com>",
        "anna@example.com\0",
        "an na@example.com",
        "anna@" + "x" * 64 + ".com",
        "anna@a..b",
    ],
)
async def test_what_is_not_one_address_is_refused(
    mail: SmtpMail, office: PostOffice, to: str
) -> None:
    refused = await refusal(mail, to)
    assert refused.final
    assert refused.why == "not an e-mail address"
    assert office.connections == 0


@given(subject=st.text(), name=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_header_cannot_be_injected(subject: str, name: str) -> None:
    words = ports.Rendered("text", subject.encode(errors="replace").decode() + "\r\nBcc: eve@e.com")
    made = letter("id", Party("no-reply@example.org", name), Party(TO), words, 0)
    head = made.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    names = [line.split(b":")[0] for line in head.split(b"\r\n")]
    assert sorted(names) == sorted(
        [
            b"From",
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"Auto-Submitted",
            b"Content-Type",
            b"Content-Transfer-Encoding",
            b"MIME-Version",
        ]
    )


def test_a_message_id_of_other_signs_is_refused() -> None:
    with pytest.raises(ValueError, match="message id"):
        letter("a>\r\nX: y", Party("a@b.c"), Party(TO), WORDS, 0)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="only sent over TLS"):
        mail_to(25, "none", login=("rebind", "s3cret"))
    with pytest.raises(ValueError, match="belong together"):
        SmtpMail(HOST, 25, "rebind", None, "tls", "a@b.c", CLOCK)
    with pytest.raises(Malformed):
        SmtpMail(HOST, 25, None, None, "tls", "nobody", CLOCK)


async def test_nothing_is_logged(
    mail: SmtpMail, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # The test's server may talk.
    with caplog.at_level(logging.DEBUG):
        await mail.send("id-1", TO, WORDS)
        office.at_rcpt = "550 no"
        await refusal(mail)
    assert TO not in caplog.text
    assert "123456" not in caplog.text
