"""Settings: what an administrator may set, by environment or by one TOML file (`REBIND_CONFIG`).

The environment wins over the file. Contradictions are refused at the start, each by name; what a
production service must not do (demo providers, a key ring that nobody chose) is refused as well.
A demo, which shows every code to whoever looks, serves this machine only. Settings are handed down
as values; only the front hall sees this module.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from rebind.domain import limits, policy
from rebind.domain.decision import ROW_NAMES
from rebind.domain.limits import Limits, Override
from rebind.domain.policy import Policy

PREFIX = "REBIND_"
DEFAULT_DATABASE = "sqlite:///var/data/rebind.sqlite3"
DEFAULT_KEYS = "var/keys/ring.json"


class Unfit(Exception):
    """The settings cannot be used; `reasons` says why, a line each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, typed. In the environment each is its name in capitals after `REBIND_`."""

    database_url: Annotated[str, Meta(description="sqlite:///path or postgresql://…")] = (
        DEFAULT_DATABASE
    )
    public_url: Annotated[
        str, Meta(description="The address that people see; codes name its host")
    ] = "http://localhost:8080"
    secret_key_file: Annotated[
        str,
        Meta(
            description="The key ring; made on first start, mode 0600, outside the "
            "database's folder"
        ),
    ] = DEFAULT_KEYS
    policy: Annotated[
        str | None, Meta(description="TOML file that overrides the policy and the limits")
    ] = None
    sms: Annotated[
        str | None,
        Meta(description="`demo`, or the URL that takes POST {to, text, id}"),
    ] = None
    sms_headers: Annotated[
        dict[str, str], Meta(description="Headers for the SMS URL, as JSON; a token for example")
    ] = msgspec.field(default_factory=dict)
    mail: Annotated[
        str | None,
        Meta(
            description="`demo`, or smtp://, smtp+starttls:// or smtps:// with user, password, "
            "host and port"
        ),
    ] = None
    mail_from: Annotated[str | None, Meta(description="Sender of all mail, `Name <address>`")] = (
        None
    )
    host: Annotated[str, Meta(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="Port to listen on")] = 8080
    processes: Annotated[
        int, Meta(ge=1, le=64, description="Server processes; more than one needs PostgreSQL")
    ] = 1
    connections: Annotated[
        int, Meta(ge=1, le=200, description="Database connections of a process (PostgreSQL)")
    ] = 8
    worker: Annotated[
        Literal["inside", "apart"],
        Meta(
            description="Whether the server process sends messages itself, or `rebind worker` does"
        ),
    ] = "inside"
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks whose X-Forwarded-For is believed, separated by commas; none "
            "by default"
        ),
    ] = ()
    metrics_token: Annotated[
        str | None,
        Meta(
            description="16 characters or more; opens /metrics by `Authorization: Bearer`. Without "
            "it there is no /metrics but in a demo"
        ),
    ] = None
    service_name: Annotated[
        str, Meta(min_length=1, max_length=40, description="What messages call this service")
    ] = "Rebind"
    password_range_url: Annotated[
        str | None,
        Meta(
            description="Where breached passwords are looked up by ranges of hashes, such as "
            "https://api.pwnedpasswords.com/range; without it the list that comes with us"
        ),
    ] = None
    brand_css: Annotated[
        str | None, Meta(description="Style sheet loaded after ours on every page; 64 KiB at most")
    ] = None
    brand_logo: Annotated[
        str | None, Meta(description="Logo of the pages: SVG, PNG, WebP or JPEG; 256 KiB at most")
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least level logged")
    ] = "info"

    @property
    def domain(self) -> str:
        """The host that people see, for the last line of a code by SMS."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def key_ring(self) -> Path:
        """Where the key ring lies."""
        return Path(self.secret_key_file).resolve()

    @property
    def database_folder(self) -> Path | None:
        """The folder of an embedded database: the key ring must lie elsewhere."""
        if not self.is_sqlite:
            return None
        return Path(self.database_url.removeprefix("sqlite:///")).resolve().parent


class _PolicyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: dict[str, Any] = msgspec.field(default_factory=dict)
    limits: dict[str, Override] = msgspec.field(default_factory=dict)


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `Unfit` naming each setting that cannot be read."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    config = environment.get(PREFIX + "CONFIG")
    if config:
        values.update(_toml(Path(config)))
    for name in Settings.__struct_fields__:
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            values[name] = _from_text(name, text)
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Unfit([f"settings: {error}"]) from None


def _from_text(name: str, text: str) -> Any:
    if name == "trusted_proxies":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "sms_headers":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise Unfit(["sms_headers: is not a JSON object"]) from None
    return text


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unfit([f"{path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unfit([f"{path}: {error}"]) from None


def rules(path: str | None) -> tuple[Policy, Limits]:
    """The policy and the page of limits in force. Raises `Unfit` with every contradiction."""
    if path is None:
        return Policy(), limits.in_force({})
    try:
        file = msgspec.convert(_toml(Path(path)), _PolicyFile)
        found = msgspec.convert(file.policy, Policy)
        page = limits.in_force(file.limits)
    except (msgspec.ValidationError, ValueError) as error:
        raise Unfit([f"{path}: {error}"]) from None
    wrong = policy.contradictions(found, ROW_NAMES) + limits.dangers(file.limits)
    if wrong:
        raise Unfit([f"{path}: {line}" for line in wrong])
    return found, page


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
    parts = _address(settings.public_url)
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
    return wrong + _wrong_sms(settings) + _wrong_mail(settings)


def _wrong_sms(settings: Settings) -> list[str]:
    wrong = []
    if settings.sms not in (None, "demo"):
        parts = _address(settings.sms or "")
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            wrong.append("sms: must be `demo` or an http or https URL")
    if any(
        sign in part for pair in settings.sms_headers.items() for part in pair for sign in "\r\n"
    ):
        wrong.append("sms_headers: a header may not contain a line break")
    return wrong


def _wrong_mail(settings: Settings) -> list[str]:
    if settings.mail in (None, "demo"):
        return []
    wrong = []
    parts = _address(settings.mail or "")
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
    if settings.key_ring == Path(DEFAULT_KEYS).resolve():
        wrong.append("secret_key_file: choose where the keys lie, and back them up apart")
    parts = _address(settings.public_url)
    if parts is not None and not _is_this_machine(parts.hostname):
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
    if not _is_this_machine(settings.host):
        wrong.append("host: the demo listens on this machine only, localhost or 127.0.0.1")
    parts = _address(settings.public_url)
    if parts is not None and not _is_this_machine(parts.hostname):
        wrong.append("public_url: the demo is reached as localhost only")
    if not settings.is_sqlite:
        wrong.append("database_url: the demo keeps to an SQLite file of its own")
    return wrong


def _address(text: str) -> SplitResult | None:
    """The parts of a URL; None for one that cannot be read, its port included."""
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return None
    return parts


def _is_this_machine(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _is_plain(url: str) -> bool:
    """Whether a provider would be spoken to in the clear over a network that may be foreign. A name
    says nothing about where it leads; only a literal private address does."""
    parts = _address(url)
    if parts is None or not parts.hostname or parts.scheme not in ("http", "smtp"):
        return False
    if _is_this_machine(parts.hostname):
        return False
    try:
        found = ip_address(parts.hostname)
    except ValueError:
        return True
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not found.is_private


_MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
_TOKEN = re.compile(r"[!-~]{16,200}")
