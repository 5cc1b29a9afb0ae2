"""The demo's outbox: newest first, bounded, searched by address."""

from rebind import ports
from rebind.providers.demo_outbox import DemoOutbox
from rebind.providers.mail.demo import DemoMail
from tests.providers.neighbours import PushedClock


def filled(amount: int) -> DemoOutbox:
    clock = PushedClock(now=0)
    outbox = DemoOutbox(clock)
    for number in range(amount):
        clock.moment = number
        outbox.deliver(f"id-{number}", "sms", f"+7916000{number:04}", f"text {number}")
    return outbox


def test_the_newest_stands_first_and_the_oldest_goes() -> None:
    kept = filled(700).newest()
    assert [one.at for one in kept] == list(range(699, 199, -1))
    assert [one.serial for one in kept] == list(range(700, 200, -1))


def test_a_page_asks_for_what_came_after_what_it_shows() -> None:
    outbox = filled(10)
    assert [one.text for one in outbox.newest(after=8)] == ["text 9", "text 8"]
    assert outbox.newest(after=10) == []
    assert [one.text for one in outbox.newest(amount=1)] == ["text 9"]
    assert (outbox.serial, filled(0).serial) == (10, 0)


def test_an_address_is_found_however_it_is_written() -> None:
    outbox = filled(3)
    outbox.deliver("id-mail", "mail", "Anna@Example.com", "hello", "subject", "<p>hello</p>")
    for to in ("+79160000001", " 79160000001", "+7 916 000-00-01"):
        assert [one.text for one in outbox.newest(to)] == ["text 1"]
    assert [one.subject for one in outbox.newest("anna@example.com")] == ["subject"]
    assert outbox.newest("nna@example.com") == []
    assert outbox.newest("+7916000000") == []
    assert outbox.newest("") == []


def test_a_message_handed_over_twice_is_kept_once() -> None:
    outbox = filled(2)
    outbox.deliver("id-1", "sms", "+79160000001", "text 1")
    assert len(outbox.newest()) == 2


async def test_the_demo_mail_delivers_into_it() -> None:
    outbox = DemoOutbox(PushedClock())
    mail: ports.Mail = DemoMail(outbox)
    await mail.send("id-1", "anna@example.com", ports.Rendered("text", "subject", "<p>text</p>"))
    await mail.close()
    (kept,) = outbox.newest()
    assert (kept.channel, kept.to, kept.text) == ("mail", "anna@example.com", "text")
    assert (kept.subject, kept.html) == ("subject", "<p>text</p>")
