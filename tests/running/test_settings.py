"""Settings: what is refused by name in a service, in a demo and everywhere, without a process."""

from typing import Any

import msgspec
import pytest

from rebind.settings import Settings, Unfit, check, check_at_rest

FINE = Settings(
    database_url="postgresql://db.example.org/rebind",
    public_url="https://accounts.example.org",
    secret_key_file="/etc/rebind/ring.json",
    sms="https://sms.example.org/send",
    mail="smtp+starttls://user:word@mail.example.org",
    mail_from="Example <no-reply@example.org>",
    trusted_proxies=("10.0.0.0/8",),
)
DEMO = Settings(sms="demo", mail="demo")


def reasons(settings: Settings, *, demo: bool = False) -> list[str]:
    """Why these settings are refused."""
    try:
        check(settings, demo=demo)
    except Unfit as unfit:
        return unfit.reasons
    return []


def but(settings: Settings, changes: dict[str, Any]) -> Settings:
    return msgspec.structs.replace(settings, **changes)


def test_both_ways_of_serving_are_fine() -> None:
    assert reasons(FINE) == []
    assert reasons(DEMO, demo=True) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trusted_proxies": ()}, "trusted_proxies: https needs a proxy in front"),
        ({"trusted_proxies": ("::/0",)}, "trusted_proxies: ::/0 is everybody"),
        ({"trusted_proxies": ("10.0.0.0/8", "0.0.0.0/0")}, "trusted_proxies: 0.0.0.0/0 is"),
        ({"public_url": "http://accounts.example.org"}, "public_url: must be https"),
        ({"public_url": "https://[::1"}, "public_url: must be an http or https"),
        ({"public_url": "https://example.org:port"}, "public_url: must be an http or https"),
        ({"sms": "http://sms.example.org"}, "sms: codes must travel under TLS"),
        ({"sms": "http://8.8.8.8/send"}, "sms: codes must travel under TLS"),
        ({"sms": "http://[::ffff:8.8.8.8]/send"}, "sms: codes must travel under TLS"),
        ({"sms": "http://"}, "sms: must be `demo` or an http"),
        ({"sms_headers": {"A": "b\r\nC: d"}}, "sms_headers: a header may not"),
        ({"mail": "smtp://mail.example.org"}, "mail: codes must travel under TLS"),
        ({"mail": "smtp://u:p@127.0.0.1"}, "mail: a password is only sent over TLS"),
        ({"mail": "smtps://u@mail.example.org"}, "mail: user and password belong together"),
        ({"mail": "smtps://mail.example.org:mail"}, "mail: must be `demo` or begin with"),
        ({"mail_from": "nobody"}, "mail_from: is no address"),
        ({"mail_from": None}, "mail_from: is needed"),
        ({"secret_key_file": "var/../var/keys/ring.json"}, "secret_key_file: choose where"),
        ({"database_url": "sqlite:///"}, "database_url: names no file"),
        ({"metrics_token": "a token with spaces"}, "metrics_token: must be 16"),
        ({"metrics_token": "x" * 15}, "metrics_token: must be 16"),
        ({"calendar_country": "Russia"}, "calendar_country: write ISO 3166"),
        ({"calendar_zone": "Moscow"}, "calendar_zone: there is no zone Moscow"),
        ({"calendar_hours": "18:00-09:00"}, "calendar_hours: write 09:00-18:00"),
        ({"calendar_file": "/nowhere/days.toml"}, "calendar_file: "),
    ],
)
def test_what_a_service_refuses(changes: dict[str, Any], reason: str) -> None:
    (found,) = reasons(but(FINE, changes))
    assert found.startswith(reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"public_url": "http://localhost:8080", "trusted_proxies": ()},
        {"public_url": "https://localhost", "trusted_proxies": ()},
        {"sms": "http://localhost:9/sms", "mail": "smtp://127.0.0.1:25"},
        {"sms": "http://10.1.2.3/sms", "mail": "smtp://[fd00::1]:25"},
        {"mail": "smtps://user:word@mail.example.org"},
        {"metrics_token": "x" * 16},
    ],
)
def test_what_a_service_takes(changes: dict[str, Any]) -> None:
    assert reasons(but(FINE, changes)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sms": "https://sms.example.org"}, "sms: the demo shows its messages"),
        ({"mail": "smtp://127.0.0.1", "mail_from": "a@example.org"}, "mail: the demo shows"),
        ({"host": "0.0.0.0"}, "host: the demo listens on this machine only"),
        ({"host": "::"}, "host: the demo listens on this machine only"),
        ({"public_url": "https://demo.example.org"}, "public_url: the demo is reached as"),
        ({"database_url": "postgresql://localhost/rebind"}, "database_url: the demo keeps to"),
    ],
)
def test_what_a_demo_refuses(changes: dict[str, Any], reason: str) -> None:
    (found,) = reasons(but(DEMO, changes), demo=True)
    assert found.startswith(reason)


def test_an_administrators_work_is_refused_only_what_cannot_be() -> None:
    check_at_rest(but(FINE, {"sms": "demo", "mail": "demo", "trusted_proxies": ()}))
    with pytest.raises(Unfit, match="database_url"):
        check_at_rest(but(FINE, {"database_url": "mysql://localhost"}))
