"""Letters: what mail programs and machines send back, in both languages, and what is left of it."""

import base64
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain.letter_text import MARKERS, answer, of_html
from rebind.domain.letters import TEXT_MAX, Letter, Reason, letter
from rebind.domain.mail_in import LOCAL_MAX, contradictions, place, reply_to
from rebind.entrypoints.mail.reading import parsed

REPLIES = reply_to("support@example.org")
assert REPLIES is not None
TOKEN = "a2" * 25
US = f"Example <support+{TOKEN}@example.org>"
EN, RU = MARKERS["en"], MARKERS["ru"]
OUR_ID = f"<{'0a' * 16}@example.org>"

GMAIL_EN = f"""Yes, the number is mine since 2019.

Anna

On Wed, Jan 14, 2026 at 12:30 PM Example <
support+{TOKEN}@example.org> wrote:

> {EN}
>
> Please send us the contract.
"""
GMAIL_RU = f"""Да, номер мой с 2019 года.
Договор приложу на странице.
ср, 14 янв. 2026 г. в 12:30, {US}:

> {RU}
>
> Пришлите, пожалуйста, договор.
"""
APPLE_EN = f"""Yes, it is mine.

Sent from my iPhone

> On Jan 14, 2026, at 12:30 PM, {US} wrote:
>
> {EN}
> Please send us the contract.
"""
APPLE_RU = f"""Да, мой.

Отправлено с iPhone

> 14 янв. 2026 г., в 12:30, {US} написал(а):
> \ufeff
> {RU}
> Пришлите договор.
"""
OUTLOOK_EN = f"""Yes, it is mine.

Kind regards
Anna

________________________________
From: {US}
Sent: Wednesday, January 14, 2026 12:30 PM
To: Anna <anna@example.com>
Subject: Your case 2026-000123

{EN}

Please send us the contract.
"""
OUTLOOK_RU = f"""Да, мой.

С уважением,
Анна

-----Исходное сообщение-----
От: {US}
Отправлено: 14 января 2026 г. 12:30
Кому: Анна <anna@example.com>
Тема: Ваше обращение

{RU}
Пришлите договор.
"""
YANDEX_RU = f"""Да, мой.

--\x20
Анна

14.01.2026, 12:30, "Example" <support+{TOKEN}@example.org>:

{RU}

Пришлите договор.
"""
MAIL_RU = f"""
Да, мой.

--
Анна

\x20
>Среда, 14 января 2026, 12:30 +03:00 от {US}:
>\x20
>{RU}
>
>Пришлите договор.
"""
THUNDERBIRD_RU = f"""14.01.2026 12:30, Example пишет:
> {RU}
> Номер ваш?

Да.

> С какого года?

С 2019.
"""
BAT_RU = f"""Здравствуйте, Example.

Вы писали 14 января 2026 г., 12:30:00:

> {RU}
> Номер ваш?

Да, мой.
"""
YANDEX_HTML = f"""<div>Да, мой.</div><div>&nbsp;</div><div>-- </div><div>Анна</div><div>&nbsp;</div>
<div>14.01.2026, 12:30, "Example" &lt;support+{TOKEN}@example.org&gt;:</div>
<blockquote><p>{RU}</p><p>Пришлите договор.</p></blockquote>"""
GMAIL_HTML = f"""<div dir="ltr">Yes, it is <b>mine</b>.<div><br></div><div>Anna</div></div><br>
<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Wed, Jan 14, 2026 at 12:30 PM Example
 &lt;<a href="mailto:support@example.org">support+{TOKEN}@example.org</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0"><div>{EN}</div><p>Please.</p></blockquote></div>"""
OUTLOOK_HTML = f"""<html><head><title>x</title><style><!-- p {{margin:0}} > --></style></head>
<body><!--[if mso]><p>hidden</p><![endif]--><p class=MsoNormal>Да, мой.<o:p></o:p></p><hr>
<div><b>От:</b> Example<br><b>Отправлено:</b> 14 января 2026 г. 12:30<br><b>Кому:</b> Анна<br>
<b>Тема:</b> Обращение</div><p>{RU}</p></body></html>"""


def parse(raw: str | bytes, **more: Any) -> Letter:
    """A letter as the door would make it."""
    octets = raw.encode() if isinstance(raw, str) else raw
    given = {"envelope_from": "anna@example.com", "from_other": False, "cut": False, **more}
    assert REPLIES is not None
    return letter(
        parsed(octets),
        replies=REPLIES,
        our_domains=frozenset({"example.org"}),
        digest="d1",
        **given,
    )


def mail(text: str, *headers: str, subtype: str = "plain") -> str:
    """A letter with that text and those headers."""
    head = "\n".join(
        ["From: Анна <anna@example.com>", "Message-ID: <1@mail.example.com>", *headers]
    )
    return f"{head}\nMIME-Version: 1.0\nContent-Type: text/{subtype}; charset=utf-8\n\n{text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GMAIL_EN, "Yes, the number is mine since 2019.\n\nAnna"),
        (GMAIL_RU, "Да, номер мой с 2019 года.\nДоговор приложу на странице."),
        (APPLE_EN, "Yes, it is mine.\n\nSent from my iPhone"),
        (APPLE_RU, "Да, мой.\n\nОтправлено с iPhone"),
        (OUTLOOK_EN, "Yes, it is mine.\n\nKind regards\nAnna"),
        (OUTLOOK_RU, "Да, мой.\n\nС уважением,\nАнна"),
        (YANDEX_RU, "Да, мой.\n\n--\nАнна"),
        (MAIL_RU, "Да, мой.\n\n--\nАнна"),
        (THUNDERBIRD_RU, "Да.\n\nС 2019."),
        (BAT_RU, "Здравствуйте, Example.\n\nДа, мой."),
        (of_html(YANDEX_HTML), "Да, мой.\n\n--\nАнна"),
        (of_html(GMAIL_HTML), "Yes, it is mine.\n\nAnna"),
        (of_html(OUTLOOK_HTML), "Да, мой."),
    ],
)
def test_only_the_persons_own_words_are_left(text: str, said: str) -> None:
    found = parse(mail(text))
    assert (found.text, found.automatic, found.cut) == (said, False, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("From: the airport\nTo: home", "From: the airport\nTo: home"),
        ("Meet me at 12:30:\nat the shop", "Meet me at 12:30:\nat the shop"),
        ("He wrote:\nno", "He wrote:\nno"),
        (f"I looked for “{EN}” and wrote above it, as the letter of last week asks. " * 2, None),
        (f"{EN}\n\nPlease send us the contract.", ""),
        (f"> {EN}\n> Please.\n\nIt is mine.", "It is mine."),
        ("> only\n> quotes", "> only\n> quotes"),
        ("one\r\n\r\n\r\n\r\ntwo\rthree\u2028four", "one\n\ntwo\nthree\nfour"),
        ("a\x00b\x07c\u202ed\ufeff\xa0e\tf", "abcd e f"),
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str, said: str | None) -> None:
    assert parse(mail(text)).text == (text.strip() if said is None else said)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<script>alert(1)</script><p>Hi<img src=https://t.example/x.gif></p>", "Hi"),
        ("<ul><li>one<li>two</ul>&lt;b&gt; &amp;&nbsp;x", "• one\n• two\n\n<b> & x"),
        ("a<br>b<div>c</div>d 1 < 2 and 3 > 2", "a\nb\nc\nd 1 < 2 and 3 > 2"),
        ("<p title='a > b'>x</p><p don't>y</p><![if x]>z", "x\n\ny\n\nz"),
        ("before<style>p{}", "before"),
        ("before<!-- never closed <p>after", "before"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ],
)
def test_html_as_text(source: str, text: str) -> None:
    assert of_html(source).strip() == text


@pytest.mark.parametrize(
    "hostile",
    [
        "<a b=c d ",
        "<a b='",
        '<a "',
        "<!--",
        "</",
        "<",
        "<![",
        "<?",
        "&#",
        "<script>",
        "<li>",
        "<p ",
    ],
)
def test_hostile_html_takes_time_by_its_length(hostile: str) -> None:
    began = process_time()
    of_html((hostile * 60_000)[:120_000])
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "line",
    [
        "-" * 60_000,
        "- " * 30_000,
        "On 12:30 " * 6_000 + "wrote:",
        "<a@" * 20_000 + ":",
        "\n" * 60_000,
        "12:30 <a@b.c>:\n" * 4_000,
        "12:30 <a@b.c>:\n\n> x\n" * 3_000,
        "From:\n" * 10_000,
    ],
)
def test_hostile_text_takes_time_by_its_length(line: str) -> None:
    began = process_time()
    answer(line)
    assert process_time() - began < 1


@given(st.text(st.sampled_from("<>\"'=a!-/&; \n"), max_size=60))
def test_no_html_is_too_odd(source: str) -> None:
    of_html(source)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (["Auto-Submitted: no"], None),
        (["Precedence: normal", "X-Auto-Response-Suppress: None", "X-Autoreply: no"], None),
        (["Auto-Submitted: auto-replied (vacation)"], Reason.AUTO_SUBMITTED),
        (["Auto-Submitted: auto-generated"], Reason.AUTO_SUBMITTED),
        (["Precedence: bulk"], Reason.BULK),
        (["Precedence: auto_reply"], Reason.BULK),
        (["X-Auto-Response-Suppress: DR, OOF, AutoReply"], Reason.BULK),
        (["X-Autoreply: yes", "Subject: Автоответ"], Reason.BULK),
        (["List-Id: <news.example.net>"], Reason.BULK),
        (["X-Rebind-Case: 1", "Auto-Submitted: auto-generated"], Reason.LOOP),
        ([f"Received: from a by b; {n}" for n in range(101)], Reason.LOOP),
        ([f"Received: from a by b; {n}" for n in range(100)], None),
    ],
)
def test_machines_are_known(headers: list[str], reason: Reason | None) -> None:
    assert parse(mail("Я в отпуске до 20 января.", *headers)).reason == reason


def test_our_own_letters_are_known_when_they_come_back() -> None:
    ours = mail("x").replace("<1@mail.example.com>", OUR_ID)
    assert parse(ours).reason is Reason.LOOP
    assert parse(mail("x").replace("anna@example.com", US.split("<")[1][:-1])).reason is Reason.LOOP
    assert parse(mail("x"), envelope_from="support@example.org").reason is Reason.LOOP
    colleague = mail("x").replace("<1@mail.example.com>", "<CAF1@example.org>")
    assert parse(colleague).reason is None


def report(action: str) -> str:
    """What a mail server says of a letter of ours (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

The mail system could not deliver.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; anna@example.com
Action: {action}
Status: 5.1.1
--b
Content-Type: message/rfc822

Message-ID: {OUR_ID}
Subject: Your case

x
--b--
"""


@pytest.mark.parametrize(
    ("raw", "envelope_from", "reason"),
    [
        (report("failed"), "<>", Reason.BOUNCED),
        (report("delayed"), "<>", Reason.REPORT),
        (
            report("failed").replace("delivery-status", "disposition-notification"),
            "",
            Reason.REPORT,
        ),
        (mail("Your message was not delivered."), "<>", Reason.BOUNCED),
        (mail("no").replace("anna@", "Mailer-Daemon@"), "a@example.com", Reason.BOUNCED),
        (mail("I am away.", "Auto-Submitted: auto-replied"), "<>", Reason.AUTO_SUBMITTED),
    ],
)
def test_only_a_failed_delivery_says_that_an_address_does_not_work(
    raw: str, envelope_from: str, reason: Reason
) -> None:
    assert parse(raw, envelope_from=envelope_from).reason is reason


def test_a_photograph_between_two_texts() -> None:
    whole = MIMEMultipart("mixed")
    whole["Subject"] = "Re: =?utf-8?b?0J7QsdGA0LDRidC10L3QuNC1?=\n X-Rebind-Case: no\r\n \x00x"
    whole.attach(MIMEText("Вот договор.", "plain", "koi8-r"))
    picture = MIMEImage(b"\xff\xd8\xff" * 9, "jpeg")
    picture.add_header("Content-Disposition", "inline", filename="IMG_1.jpg")
    whole.attach(picture)
    whole.attach(MIMEText("Отправлено с iPhone", "plain", "windows-1251"))
    found = parse(whole.as_bytes())
    assert found.text == "Вот договор.\nОтправлено с iPhone"
    assert (found.attachments, found.reason) == (1, None)
    assert found.subject == "Re: Обращение X-Rebind-Case: no x"
    assert (found.message_id, found.from_address) == ("<d1@no-message-id>", "")


def test_the_plain_way_is_taken_and_a_logo_is_no_document() -> None:
    both = MIMEMultipart("alternative")
    both.attach(MIMEText("plain"))
    related = MIMEMultipart("related")
    related.attach(MIMEText("<p>rich <b>text</b></p>", "html"))
    related.attach(MIMEImage(b"\x89PNG" * 9, "png"))
    both.attach(related)
    found = parse(both.as_bytes())
    assert (found.text, found.attachments) == ("plain", 0)
    both.get_payload()[0].set_payload(" \n")  # type: ignore[index, union-attr]
    assert parse(both.as_bytes()).text == "rich text"


def test_an_attached_text_or_letter_is_a_document() -> None:
    whole = MIMEMultipart("mixed")
    whole.attach(MIMEText("see below"))
    notes = MIMEText("not to be shown")
    notes.add_header("Content-Disposition", "attachment", filename="n.txt")
    whole.attach(notes)
    raw = whole.as_bytes().rsplit(b"--", 2)[0]
    raw += (
        b"--" + whole.get_boundary("").encode() + b"\nContent-Type: message/rfc822\n\nA: b\n\nx\n"
    )
    found = parse(raw)
    assert (found.text, found.attachments) == ("see below", 2)


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("koi8-r", "Да".encode("koi8-r"), "Да"),
        ("us-ascii", "Да".encode(), "Да"),
        ("utf-8", b"a\xffb", "a\ufffdb"),
        ("no-such-charset", "Да".encode(), "Да"),
        ("punycode", b"a-" * 99_000, "a-" * (TEXT_MAX // 2)),
        ("zlib", b"x", "x"),
        ("utf-8\0", b"x", "x"),
        ('"', b"x", "x"),
    ],
)
def test_charsets_are_only_a_hint(charset: str, octets: bytes, text: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
    assert parse(head.encode() + base64.encodebytes(octets)).text == text


def test_a_long_letter_is_cut_and_says_so() -> None:
    found = parse(mail("слово " * 5_000))
    assert (len(found.text) <= TEXT_MAX, found.cut) == (True, True)
    assert parse(mail("x"), cut=True).cut


def test_ids_that_are_none_are_replaced() -> None:
    for said in ("<a b@c>", "none", f"<{'a' * 300}@b>", "<a\x00@b>"):
        raw = mail("x").replace("<1@mail.example.com>", said)
        assert parse(raw).message_id == "<d1@no-message-id>"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ((None, None, ()), None),
        (("lmtp://127.0.0.1:2424", "support@example.org", ()), None),
        (("lmtp+unix:/run/rebind/mail.sock", "Support@example.org", ()), None),
        (("smtp://[fd00::1]:25", "support@example.org", ()), None),
        (("smtp://0.0.0.0:25", "support@example.org", ("10.0.0.0/8",)), None),
        (("smtp://0.0.0.0:25", "support@example.org", ()), "mail_in: listens beyond"),
        (("smtp://mx.example.org:25", "support@example.org", ()), "mail_in: listens beyond"),
        (("smtp://[::ffff:8.8.8.8]:25", "support@example.org", ()), "mail_in: listens beyond"),
        (("smtp://127.0.0.1", "support@example.org", ()), "mail_in: must be lmtp://"),
        (("lmtp+unix:mail.sock", "support@example.org", ()), "mail_in: must be lmtp://"),
        (("http://127.0.0.1:25", "support@example.org", ()), "mail_in: must be lmtp://"),
        (("smtp://127.0.0.1:99999", "support@example.org", ()), "mail_in: must be lmtp://"),
        (("smtp://127.0.0.1:25", None, ()), "mail_reply_to: is needed"),
        ((None, "support@example.org", ()), "mail_in: is needed with mail_reply_to"),
        ((None, None, ("10.0.0.0/8",)), "mail_in: is needed with mail_in_clients"),
        (("smtp://127.0.0.1:25", "a+b@example.org", ()), "mail_reply_to: must be like"),
        (("smtp://127.0.0.1:25", "a" * (LOCAL_MAX + 1) + "@b.org", ()), "mail_reply_to: must be"),
        (("smtp://127.0.0.1:25", "a@b.org", ("0.0.0.0/0",)), "mail_in_clients: 0.0.0.0/0 is every"),
        (("smtp://127.0.0.1:25", "a@b.org", ("mx",)), "mail_in_clients: mx is not a network"),
    ],
)
def test_where_letters_come_in(
    settings: tuple[str | None, str | None, tuple[str, ...]], reason: str | None
) -> None:
    wrong = contradictions(*settings)
    assert (wrong == []) if reason is None else wrong[0].startswith(reason)


def test_the_address_that_people_reply_to() -> None:
    assert REPLIES is not None
    address = REPLIES.address(TOKEN)
    assert len(address.partition("@")[0]) <= 64
    assert REPLIES.token(address.upper()) == TOKEN
    for other in (address + ".evil.example", "x" + address, "support@example.org", TOKEN, ""):
        assert REPLIES.token(other) is None
    unix = place("lmtp+unix:/run/x.sock")
    assert unix is not None
    assert (unix.path, unix.port) == ("/run/x.sock", 0)
