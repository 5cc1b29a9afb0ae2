"""Whether settings fit together, and fit what they are for.

Contradictions are refused at the start, each by name; what a production service must not do (demo
providers, a key ring that nobody chose) is refused as well. A demo, which shows every code to
whoever looks, serves this machine only. Neighbour: `values.py` has the settings.
"""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

from rebind.domain import hosts, limits, mail_in, papers, policy
from rebind.domain.decision import ROW_NAMES
from rebind.domain.limits import Limits, Override
from rebind.domain.papers import Papers, Setting
from rebind.domain.policy import Policy
from rebind.settings.values import DEFAULT_KEYS, Settings, Unfit, toml


class _PolicyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: dict[str, Any] = msgspec.field(default_factory=dict)
    limits: dict[str, Override] = msgspec.field(default_factory=dict)
    documents: dict[str, Setting] = msgspec.field(default_factory=dict)


class Rules(msgspec.Struct, frozen=True):
    """What the policy file decides, with the defaults of what it does not say."""

    policy: Policy
    limits: Limits
    papers: Papers


def rules(path: str | None) -> Rules:
    """The policy, the page of limits and the kinds of documents in force. Raises `Unfit` with every
    contradiction."""
    if path is None:
        return Rules(Policy(), limits.in_force({}), papers.BUILT_IN)
    try:
        file = msgspec.convert(toml(Path(path)), _PolicyFile)
        found = msgspec.convert(file.policy, Policy)
        page = limits.in_force(file.limits)
    except (msgspec.ValidationError, ValueError) as error:
        raise Unfit([f"{path}: {error}"]) from None
    wrong = policy.contradictions(found, ROW_NAMES) + limits.dangers(file.limits)
    wrong += papers.contradictions(file.documents)
    if wrong:
        raise Unfit([f"{path}: {line}" for line in wrong])
    return Rules(found, page, papers.in_force(file.documents))


def check(settings: Settings, *, demo: bool) -> None:
    """Refuse what cannot be, and what must not be in a service or in a demo. Raises `Unfit` with
    all reasons."""
    wrong = _contradictions(settings)
    wrong += _not_in_demo(settings) if demo else _not_in_production(settings)
    _refuse(settings, wrong)


def check_at_rest(settings: Settings) -> None:
    """Refuse what cannot be, for work that neither serves nor sends. Raises `Unfit`."""
    _refuse(settings, _contradictions(settings))


def _refuse(settings: Settings, wrong: list[str]) -> None:
    try:
        rules(settings.policy)
    except Unfit as unfit:
        wrong = [*wrong, *unfit.reasons]
    if wrong:
        raise Unfit(wrong)


def _contradictions(settings: Settings) -> list[str]:
    wrong = []
    if not settings.database_url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        wrong.append("database_url: must begin with sqlite:/// or postgresql://")
    if settings.database_url in ("sqlite:///", "sqlite:///:memory:"):
        wrong.append("database_url: names no file")
    if settings.is_sqlite and settings.processes > 1:
        wrong.append("processes: an embedded SQLite file has one server process; use PostgreSQL")
    parts = hosts.parts(settings.public_url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        wrong.append("public_url: must be an http or https address")
    for network in settings.trusted_proxies:
        try:
            if ip_network(network).prefixlen == 0:
                wrong.append(f"trusted_proxies: {network} is everybody; name your proxies only")
        except ValueError:
            wrong.append(f"trusted_proxies: {network} is not a network")
    if settings.metrics_token is not None and not _TOKEN.fullmatch(settings.metrics_token):
        wrong.append("metrics_token: must be 16 to 200 letters, digits and signs, no spaces")
    wrong += _wrong_sms(settings) + _wrong_mail(settings) + _wrong_documents(settings)
    return wrong + _wrong_calendar(settings)


def _wrong_sms(settings: Settings) -> list[str]:
    wrong = []
    if settings.sms not in (None, "demo"):
        parts = hosts.parts(settings.sms or "")
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            wrong.append("sms: must be `demo` or an http or https URL")
    if any(
        sign in part for pair in settings.sms_headers.items() for part in pair for sign in "\r\n"
    ):
        wrong.append("sms_headers: a header may not contain a line break")
    return wrong


def _wrong_mail(settings: Settings) -> list[str]:
    wrong = mail_in.contradictions(
        settings.mail_in, settings.mail_reply_to, settings.mail_in_clients
    )
    if settings.mail_in and settings.processes > 1 and settings.worker == "inside":
        wrong.append("mail_in: several server processes cannot share it; set worker to `apart`")
    if settings.mail in (None, "demo"):
        return wrong
    parts = hosts.parts(settings.mail or "")
    if parts is None or parts.scheme not in _MAIL_SCHEMES or not parts.hostname:
        wrong.append("mail: must be `demo` or begin with smtp://, smtp+starttls:// or smtps://")
    else:
        if parts.password and parts.scheme == "smtp":
            wrong.append("mail: a password is only sent over TLS; use smtp+starttls:// or smtps://")
        if bool(parts.username) != bool(parts.password):
            wrong.append("mail: user and password belong together")
    if not settings.mail_from:
        wrong.append("mail_from: is needed with a mail server")
    elif not _is_sender(settings.mail_from):
        wrong.append("mail_from: is no address; write `Name <address>`")
    return wrong


def _wrong_documents(settings: Settings) -> list[str]:
    from rebind.providers.blobs import places
    from rebind.providers.scanner import clamav

    wrong = places.wrong(
        settings.blobs,
        settings.key_ring,
        settings.blobs_access_key,
        settings.blobs_secret_key,
    )
    return wrong + ([] if settings.scanner is None else clamav.wrong(settings.scanner))


def _wrong_calendar(settings: Settings) -> list[str]:
    from rebind.providers.calendar import business_days

    return business_days.wrong(
        settings.calendar_country,
        settings.calendar_zone,
        settings.calendar_hours,
        settings.calendar_file,
    )


def _is_sender(text: str) -> bool:
    from rebind.providers.mail.letter import Malformed, Party

    try:
        Party.parsed(text)
    except Malformed:
        return False
    return True


def _not_in_production(settings: Settings) -> list[str]:
    wrong = []
    for name, value in (("sms", settings.sms), ("mail", settings.mail)):
        if value == "demo":
            wrong.append(f"{name}: the demo provider sends nothing; `rebind demo` is for trying")
        elif value is None:
            wrong.append(f"{name}: no provider is set, so no code could leave")
        elif _is_plain(value):
            wrong.append(
                f"{name}: codes must travel under TLS, but for this machine and private addresses"
            )
    if _is_plain(settings.scanner or ""):
        wrong.append("scanner: clamd knows no TLS; unix:/path, this machine or a private address")
    if settings.key_ring == Path(DEFAULT_KEYS).resolve():
        wrong.append("secret_key_file: choose where the keys lie, and back them up apart")
    parts = hosts.parts(settings.public_url)
    if parts is not None and not hosts.is_this_machine(parts.hostname):
        if parts.scheme != "https":
            wrong.append("public_url: must be https outside this machine")
        elif not settings.trusted_proxies:
            # We speak plain HTTP, so somebody in front of us speaks TLS: callers come from there.
            wrong.append(
                "trusted_proxies: https needs a proxy in front; name its network, or all callers "
                "share its address and one budget"
            )
    return wrong


def _not_in_demo(settings: Settings) -> list[str]:
    """A demo shows its messages, codes included, to whoever asks: it stays on this machine, with
    nobody's real data and nobody's real phone."""
    wrong = [
        f"{name}: the demo shows its messages and sends none; leave it out, or `rebind serve`"
        for name, value in (("sms", settings.sms), ("mail", settings.mail))
        if value not in (None, "demo")
    ]
    if settings.mail_in:
        wrong.append("mail_in: the demo takes no letters; leave it out, or `rebind serve`")
    if not hosts.is_this_machine(settings.host):
        wrong.append("host: the demo listens on this machine only, localhost or 127.0.0.1")
    parts = hosts.parts(settings.public_url)
    if parts is not None and not hosts.is_this_machine(parts.hostname):
        wrong.append("public_url: the demo is reached as localhost only")
    if not settings.is_sqlite:
        wrong.append("database_url: the demo keeps to an SQLite file of its own")
    return wrong


def _is_plain(url: str) -> bool:
    """Whether a provider would be spoken to in the clear over a network that may be foreign."""
    parts = hosts.parts(url)
    if parts is None or not parts.hostname or parts.scheme not in ("http", "smtp", "tcp"):
        return False
    return not hosts.is_private(parts.hostname)


_MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
_TOKEN = re.compile(r"[!-~]{16,200}")
