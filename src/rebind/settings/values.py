"""Settings: what an administrator may set, by environment or by one TOML file (`REBIND_CONFIG`).

The environment wins over the file. What contradicts itself is refused by the neighbour,
`checks.py`; here is refused only what cannot be read.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

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
    mail_in: Annotated[
        str | None,
        Meta(
            description="Where replies are taken: lmtp://host:port, smtp://host:port or "
            "lmtp+unix:/path; without it people answer on the page of their case"
        ),
    ] = None
    mail_in_clients: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks whose mail servers may hand replies in, separated by commas; "
            "needed to listen beyond private addresses"
        ),
    ] = ()
    mail_reply_to: Annotated[
        str | None, Meta(description="The address people reply to, such as support@example.org")
    ] = None
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
    blobs: Annotated[
        str, Meta(description="A folder, or s3://bucket/prefix?endpoint=…&region=…, for documents")
    ] = "var/documents"
    blobs_access_key: Annotated[
        str | None, Meta(description="S3: the id of the key; without it where Amazon's tools look")
    ] = None
    blobs_secret_key: Annotated[str | None, Meta(description="S3: the key itself")] = None
    scanner: Annotated[
        str | None, Meta(description="ClamAV's daemon: unix:/path or tcp://host:port")
    ] = None
    calendar_country: Annotated[
        str,
        Meta(description="Whose holidays the support desk keeps: ISO 3166, such as RU or DE-BY"),
    ] = "RU"
    calendar_zone: Annotated[str, Meta(description="The time zone of the desk")] = "Europe/Moscow"
    calendar_hours: Annotated[str, Meta(description="When it works, local time")] = "09:00-18:00"
    calendar_file: Annotated[
        str | None,
        Meta(description="TOML file with `working` and `off`: days that differ from the country's"),
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


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `Unfit` naming each setting that cannot be read."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    config = environment.get(PREFIX + "CONFIG")
    if config:
        values.update(toml(Path(config)))
    for name in Settings.__struct_fields__:
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            values[name] = _from_text(name, text)
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Unfit([f"settings: {error}"]) from None


def _from_text(name: str, text: str) -> Any:
    if name in ("mail_in_clients", "trusted_proxies"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "sms_headers":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise Unfit(["sms_headers: is not a JSON object"]) from None
    return text


def toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises `Unfit`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unfit([f"{path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unfit([f"{path}: {error}"]) from None
