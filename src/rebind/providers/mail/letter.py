"""One e-mail as bytes: headers, a plain text and the same in HTML.

For: turning rendered words into a message that mail servers and automatic answerers understand.
Refuses any address that could be more than one address, and any line break in a header. Pure: the
moment and the id are arguments. Neighbour: `smtp.py` sends it.
"""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from rebind.domain.letters import OWN_HEADER
from rebind.domain.units import SECOND, Ms
from rebind.ports import Rendered

_ADDRESS = re.compile(r"""[^\s\x00-\x1f\x7f<>()\[\],;:\\"@]+@[^\s\x00-\x1f\x7f<>()\[\],;:\\"@]+""")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]+")
_LANGUAGE = re.compile(r"""<html[^>]*\slang="([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\"""")

# Base64 or quoted-printable instead of raw 8-bit text: no server has to announce 8BITMIME.
_ASCII = SMTP.clone(cte_type="7bit")
_UTF8 = SMTPUTF8.clone(cte_type="7bit")


class Malformed(ValueError):
    """Not an address that mail can be sent to. Does not repeat the address."""


class Party:
    """One mailbox: what stands in a header and what is said to the server."""

    __slots__ = ("address", "domain", "name")

    def __init__(self, address: str, name: str = "") -> None:
        if not _ADDRESS.fullmatch(address):
            raise Malformed("not an e-mail address")
        local, _, domain = address.rpartition("@")
        try:
            self.domain = domain.encode("idna").decode()
        except UnicodeError:
            raise Malformed("not an e-mail address") from None
        self.address = f"{local}@{self.domain}"
        self.name = _one_line(name)

    @classmethod
    def parsed(cls, text: str) -> "Party":
        """From `name@host` or `Name <name@host>`."""
        name, address = parseaddr(text)
        return cls(address, name)

    @property
    def is_ascii(self) -> bool:
        """Whether every server can take it (RFC 6531 is needed otherwise)."""
        return self.address.isascii()

    def header(self) -> Address:
        """As a value of From or To."""
        local, _, domain = self.address.rpartition("@")
        return Address(self.name, local, domain)


def letter(message_id: str, sender: Party, to: Party, words: Rendered, now: Ms) -> bytes:
    """The whole message, with CRLF line ends."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a message id holds letters, digits, dots, dashes and underscores only")
    policy = _ASCII if sender.is_ascii and to.is_ascii else _UTF8
    message = EmailMessage(policy=policy)
    message["From"] = sender.header()
    message["To"] = to.header()
    message["Subject"] = _one_line(words.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(now // SECOND, UTC))
    # The same id at every try: mail servers and programs drop what they have seen.
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    # Holiday answerers keep quiet (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if words.reply_to:
        message["Reply-To"] = Party(words.reply_to).header()
        # Coming back, it says that a machine has sent us our own words.
        message[OWN_HEADER] = "1"
    message.set_content(words.text)
    if words.html:
        message.add_alternative(words.html, subtype="html")
    language = _LANGUAGE.search(words.html)
    # Set last: making a message multipart moves every Content-… header into its first part.
    if language is not None:
        message["Content-Language"] = language[1]
    return message.as_bytes()


def _one_line(text: str) -> str:
    """Without line breaks and other control characters: a header cannot be injected."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
