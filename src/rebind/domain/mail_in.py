"""Where letters come in: the listener's place and the address that people reply to.

For: reading the settings of inbound mail, and naming what contradicts in them. Refuses to listen
where strangers reach it unless the mail servers that may come are named. Neighbours: `letters.py`
says what a received letter is; a reply token is made by `flows/desk/tokens.py`.
"""

import re
from ipaddress import ip_network
from typing import Literal, TypeAlias

import msgspec

from rebind.domain import hosts, mailbox

Speech: TypeAlias = Literal["lmtp", "smtp"]

TOKEN_CHARACTERS = 50
"""How long a reply token is: 31 bytes in base32 without padding."""

LOCAL_PART_MAX = 64
"""Octets of what stands before the @ (RFC 5321 4.5.3.1.1)."""

LOCAL_MAX = LOCAL_PART_MAX - 1 - TOKEN_CHARACTERS
"""What is left for the name before the plus."""

_LOCAL = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{LOCAL_MAX - 1}}}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")


class Place(msgspec.Struct, frozen=True):
    """Where the listener stands and which protocol it speaks. `path` is a Unix socket; without it
    `host` and `port` count."""

    speech: Speech
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_ours_alone(self) -> bool:
        """Whether only this machine or a private network can reach it."""
        everywhere = self.host in ("0.0.0.0", "::")  # noqa: S104 (refused, not bound)
        return bool(self.path) or (hosts.is_private(self.host) and not everywhere)


def place(url: str) -> Place | None:
    """Of `lmtp://host:port`, `smtp://host:port` or `lmtp+unix:/path`; None where it is neither."""
    parts = hosts.parts(url)
    if parts is None or parts.query or parts.fragment or parts.username or parts.password:
        return None
    if parts.scheme == "lmtp+unix" and not parts.netloc and parts.path.startswith("/"):
        return Place("lmtp", path=parts.path)
    if not parts.hostname or not parts.port or parts.path:
        return None
    if parts.scheme == "lmtp":
        return Place("lmtp", parts.hostname, parts.port)
    return Place("smtp", parts.hostname, parts.port) if parts.scheme == "smtp" else None


class ReplyTo(msgspec.Struct, frozen=True):
    """The address that replies go to, in small letters: `local+token@domain` for each e-mail."""

    local: str
    domain: str

    def address(self, token: str) -> str:
        """What an e-mail of a case says in Reply-To."""
        return f"{self.local}+{token}@{self.domain}"

    def token(self, recipient: str) -> str | None:
        """The token in a recipient of the envelope, or None where it is none of our addresses.
        Mail servers on the way may have changed the case of letters."""
        local, _at, domain = recipient.lower().rpartition("@")
        name, _plus, token = local.partition("+")
        ours = (name, domain) == (self.local, self.domain)
        return token if ours and len(token) == TOKEN_CHARACTERS else None

    def is_ours(self, address: str) -> bool:
        """Whether this is the address itself, with whatever behind the plus."""
        local, _at, domain = address.lower().rpartition("@")
        return (local.partition("+")[0], domain) == (self.local, self.domain)


def reply_to(address: str) -> ReplyTo | None:
    """Of `support@example.org`; None where no token has room in it."""
    local, _at, domain = address.lower().rpartition("@")
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        return None
    return ReplyTo(local, domain) if mailbox.looks_right(address) else None


def contradictions(
    mail_in: str | None, mail_reply_to: str | None, mail_in_clients: tuple[str, ...]
) -> list[str]:
    """What is wrong in the three settings, a line each, beginning with the setting's name."""
    wrong = []
    for network in mail_in_clients:
        try:
            if ip_network(network).prefixlen == 0:
                wrong.append(f"mail_in_clients: {network} is everybody; name your mail servers")
        except ValueError:
            wrong.append(f"mail_in_clients: {network} is not a network")
    if mail_reply_to is not None and reply_to(mail_reply_to) is None:
        wrong.append(
            f"mail_reply_to: must be like support@example.org, with at most {LOCAL_MAX} letters, "
            "digits, dots and dashes before the @"
        )
    if mail_in is None:
        if mail_reply_to is not None:
            wrong.append("mail_in: is needed with mail_reply_to, or replies would reach nobody")
        if mail_in_clients:
            wrong.append("mail_in: is needed with mail_in_clients")
        return wrong
    if mail_reply_to is None:
        wrong.append("mail_reply_to: is needed with mail_in, or nobody knows where to reply")
    found = place(mail_in)
    if found is None:
        wrong.append("mail_in: must be lmtp://host:port, smtp://host:port or lmtp+unix:/path")
    elif not found.is_ours_alone and not mail_in_clients:
        wrong.append(
            "mail_in: listens beyond this machine and private addresses; name in mail_in_clients "
            "the networks of the mail servers that may come"
        )
    return wrong
