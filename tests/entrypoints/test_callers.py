"""Who calls: headers and network addresses as flows get them."""

from typing import Any

import pytest

from rebind.domain.acts import Door
from rebind.entrypoints.shared import callers
from rebind.entrypoints.shared.spelling import NO_ID, moment, read_id
from rebind.flows.desk import Caller


def caller(host: str | None = "192.0.2.1", **headers: bytes) -> Caller:
    raw = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope: dict[str, Any] = {"headers": raw, "client": None if host is None else (host, 5_000)}
    return callers.caller(scope, callers.headers_of(scope), Door.API)


@pytest.mark.parametrize(
    ("host", "address", "client"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::/64"),
        ("somebody", "somebody", "somebody"),
        ("no:address", "no:address", "no:address"),
        ("x" * 100, "x" * 64, "x" * 64),
        (None, "", ""),
    ],
)
def test_addresses(host: str | None, address: str, client: str) -> None:
    who = caller(host)
    assert (who.address, who.client) == (address, client)


def test_neighbours_in_one_network_are_counted_together() -> None:
    assert caller("2001:db8::1").client == caller("2001:db8::ffff:1").client
    assert caller("2001:db8::1").client != caller("2001:db8:0:1::1").client


def test_no_header_is_believed_about_the_address() -> None:
    who = caller("192.0.2.1", x_forwarded_for=b"203.0.113.9", forwarded=b"for=203.0.113.9")
    assert who.address == "192.0.2.1"


@pytest.mark.parametrize(
    ("sent", "bearer"),
    [
        (b"Bearer rs_abc", "rs_abc"),
        (b"bearer rs_abc", "rs_abc"),
        (b"BEARER  rs_abc ", "rs_abc"),
        (b"Bearer", ""),
        (b"Basic rs_abc", None),
        (b"rs_abc", None),
        (b"", None),
        (b"Bearer \xff", "\xff"),
    ],
)
def test_tokens(sent: bytes, bearer: str | None) -> None:
    assert caller(authorization=sent).bearer == bearer


def test_everything_that_is_sent_arrives() -> None:
    who = caller(
        accept_language=b"ru-RU,ru;q=0.9", user_agent=b"App/1.0", authorization=b"Bearer t",
        rebind_device=b"rd_x", rebind_work=b"1-a.b",
    )  # fmt: skip
    assert who == Caller(
        Door.API, "ru", "192.0.2.1", "192.0.2.1", "App/1.0", "t", device="rd_x", work="1-a.b"
    )


def test_nothing_sent_is_nothing() -> None:
    who = caller()
    assert who == Caller(Door.API, "en", "192.0.2.1", "192.0.2.1")


@pytest.mark.parametrize(
    ("sent", "locale"),
    [(b"de", "en"), (b"de,ru;q=0.1", "ru"), (b"en,ru", "en"), (b"\xff;;q=", "en")],
)
def test_languages(sent: bytes, locale: str) -> None:
    assert caller(accept_language=sent).locale == locale


def test_agents_are_cut_and_cannot_begin_a_line() -> None:
    assert len(caller(user_agent=b"a" * 5_000).agent) == 200
    assert caller(user_agent=b"a\r\nb\x1b[31m\xc2\xa0").agent.isprintable()


def test_moments() -> None:
    assert moment(1_767_600_000_000) == "2026-01-05T08:00:00.000Z"
    assert moment(1_767_600_000_007) == "2026-01-05T08:00:00.007Z"
    assert moment(0) == "1970-01-01T00:00:00.000Z"


def test_ids() -> None:
    text = "019b8d21c4007d2c8a3f5e6b7c8d9e0f"
    assert read_id(text).hex() == text
    for other in ("", "x", text.upper(), text + "\n", text[:-1], text + "0", "٠" * 32, " " * 32):
        assert read_id(other) == NO_ID
