"""Letters: what an e-mail that answers a support case is, once it was taken apart.

For: telling a person's words from a machine's, and finding them in whatever a mail program made of
them. Refuses to believe a header: who may speak in a case is decided by the token in the envelope's
recipient, never by From. Attachments are counted and not opened; documents go over the page.
Neighbours: `letter_text.py` makes the text; the door in `entrypoints/mail/` parses and hands in.
"""

import re
from email.message import EmailMessage, Message, MIMEPart
from enum import StrEnum

import msgspec

from rebind.domain import mailbox
from rebind.domain.letter_text import answer, cleaned, of_html, one_line
from rebind.domain.mail_in import ReplyTo

TEXT_MAX = 20_000
"""Characters of a letter that are kept: about ten pages."""

SUBJECT_MAX = 200

BODY_BYTES_MAX = 262_144
"""Octets of one text part that are read: what a person wrote stands at its beginning, and below it
the conversation so far."""

RECEIVED_MAX = 100
"""More stations mean a loop (RFC 5321 6.3)."""

OWN_HEADER = "X-Rebind-Case"
"""In every e-mail of a case: one that comes back with it was sent round by a machine."""

_NAMED = re.compile(r"<([^<>]*+)>$")
_ID_MAX = 250
_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_OUR_ID = re.compile(r"<[0-9a-f]{32}@([^<>@]+)>")
_ODD_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
"""Codecs of Python that no letter is written in; some take time in the square of the length."""
_NOT_DOCUMENTS = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "text/calendar",
    }
)


class Reason(StrEnum):
    """Why a letter is not a person's answer."""

    LOOP = "loop"  # one of our own, or one that goes round
    BOUNCED = "bounced"  # the address does not take our mail
    REPORT = "report"  # a delay, a receipt
    AUTO_SUBMITTED = "auto_submitted"  # RFC 3834
    BULK = "bulk"  # a list, a mass mailing, a holiday answerer that says so in its own way


class Received(StrEnum):
    """What became of a letter; whoever takes it has committed before saying so."""

    TAKEN = "taken"
    DOUBLE = "double"  # this Message-ID was taken before
    UNKNOWN = "unknown"  # no such case, or the address has no part in it
    CLOSED = "closed"  # the case can no longer be answered
    TRY_LATER = "try_later"


class Manner(StrEnum):
    """How a letter came: what the desk is told beside its words."""

    MAIL = "mail"
    FROM_OTHER = "from_another_address"  # whoever is passed our letter can answer it
    ATTACHED = "with_attachments"  # documents are taken on the page alone
    CUT = "cut"  # it was longer than we keep


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to a case.

    `message_id` is the same whenever the same letter is handed in again. `from_address` is empty
    where none can be read, and proves nothing; `from_other` says that it is not the address that
    was given the token. `cut` says that there was more text than `text` holds. A letter with a
    `reason` is automatic: noted, not shown as an answer, and never answered."""

    message_id: str
    from_address: str
    from_other: bool
    subject: str
    text: str
    cut: bool
    attachments: int
    reason: Reason | None = None

    @property
    def automatic(self) -> bool:
        """Whether a machine wrote it."""
        return self.reason is not None


def sender(message: EmailMessage) -> str:
    """The address in From, or "" where there is none that mail could go to."""
    # Not by `email.utils.parseaddr`: it calls itself for each bracket that opens.
    header = one_line(str(message.get("From", "")))
    named = _NAMED.search(header)
    address = named[1] if named else header.partition(" ")[0]
    return address if mailbox.looks_right(address) else ""


def letter(
    message: EmailMessage,
    *,
    envelope_from: str,
    from_other: bool,
    replies: ReplyTo,
    our_domains: frozenset[str],
    digest: str,
    cut: bool,
) -> Letter:
    """What a parsed message says. `envelope_from` is "" or "<>" for reports; `our_domains` are the
    right sides of our own Message-IDs; `digest` stands in for a Message-ID that is missing; `cut`
    says that the message was longer than what was parsed."""
    bodies, attachments = _parts(message)
    text = answer(cleaned("\n".join(_words(part) for part in bodies)))
    long = len(text) > TEXT_MAX
    return Letter(
        message_id=_message_id(message) or f"<{digest}@no-message-id>",
        from_address=sender(message),
        from_other=from_other,
        subject=one_line(str(message.get("Subject", "")))[:SUBJECT_MAX],
        text=text[:TEXT_MAX].rstrip(),
        cut=cut or long,
        attachments=attachments,
        reason=_reason(message, envelope_from, replies, our_domains),
    )


def _message_id(message: EmailMessage) -> str | None:
    found = str(message.get("Message-ID", "")).strip()
    return found if len(found) <= _ID_MAX and _ID.fullmatch(found) else None


# --- A machine's or a person's -------------------------------------------------------------------


def _reason(
    message: EmailMessage, envelope_from: str, replies: ReplyTo, our_domains: frozenset[str]
) -> Reason | None:
    ours = _OUR_ID.fullmatch(_message_id(message) or "")
    hops = sum(1 for name in message if name.lower() == "received")
    if (
        message.get(OWN_HEADER) is not None
        or hops > RECEIVED_MAX
        or (ours is not None and ours[1].lower() in our_domains)
        or replies.is_ours(sender(message))
        or replies.is_ours(envelope_from)
    ):
        return Reason.LOOP
    if message.get_content_type() == "multipart/report":
        return _of_report(message)
    submitted = _word(message, "Auto-Submitted")
    if submitted not in ("", "no"):
        return Reason.AUTO_SUBMITTED
    if _is_bulk(message):
        return Reason.BULK
    # Answerers may leave the envelope's sender empty too (RFC 3834 3.3), but they say what they
    # are, above. What is left comes from servers that report in their own words.
    local = sender(message).partition("@")[0].lower()
    if envelope_from in ("", "<>") or local in ("mailer-daemon", "postmaster"):
        return Reason.BOUNCED
    return None


def _is_bulk(message: EmailMessage) -> bool:
    if _word(message, "Precedence") in ("bulk", "junk", "list", "auto_reply"):
        return True
    if _word(message, "X-Auto-Response-Suppress") not in ("", "none"):
        return True
    own_ways = ("List-Id", "X-Autoreply", "X-Autorespond", "X-Mail-Autoreply", "X-Autogenerated")
    return any(_word(message, name) not in ("", "no") for name in own_ways)


def _of_report(message: EmailMessage) -> Reason:
    """Only a failure says that the address does not work (RFC 3464 2.3.3); a delay, a delivery or
    a read receipt does not."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            actions = [
                str(block.get("Action", "")).strip().lower()
                for block in (blocks if isinstance(blocks, list) else [])
                if isinstance(block, Message)
            ]
            return Reason.BOUNCED if "failed" in actions else Reason.REPORT
    return Reason.REPORT


def _word(message: EmailMessage, header: str) -> str:
    """The first word of a header, in small letters: parameters and comments are no part of it."""
    return re.split(r"[\s;,(]", str(message.get(header, "")).strip().lower(), maxsplit=1)[0]


# --- Its text ------------------------------------------------------------------------------------


def _parts(message: MIMEPart, *, related: bool = False) -> tuple[list[MIMEPart], int]:
    """(the parts that are text for people to read, how many documents come with them)."""
    kind = message.get_content_type()
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        below = [_parts(part, related=kind == "multipart/related") for part in message.iter_parts()]
        attachments = sum(count for _bodies, count in below)
        if kind == "multipart/alternative":
            return _best([bodies for bodies, _count in below]), attachments
        return [body for bodies, _count in below for body in bodies], attachments
    disposition = message.get_content_disposition()
    is_text = kind in ("text/plain", "text/html") and disposition != "attachment"
    if is_text and message.get_filename() is None:
        return [message], 0
    # Pictures of a signature belong to its HTML and are no documents.
    is_part_of_page = related and disposition != "attachment"
    return [], 0 if is_part_of_page or kind in _NOT_DOCUMENTS else 1


def _best(ways: list[list[MIMEPart]]) -> list[MIMEPart]:
    """Of ways to say the same: the plain one if it says anything, else the last that does (RFC 2046
    5.1.4 puts the best last)."""
    spoken = [way for way in ways if any(_words(part).strip() for part in way)]
    plain = [way for way in spoken if way[0].get_content_type() == "text/plain"]
    return plain[0] if plain else spoken[-1] if spoken else []


def _words(part: MIMEPart) -> str:
    """The text of one part; octets that are no text in its charset are replaced."""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    octets = octets[:BODY_BYTES_MAX]
    charset = (part.get_content_charset() or "utf-8").lower()
    try:
        text = octets.decode("utf-8" if _is_odd(charset) else charset, "replace")
    except (LookupError, ValueError):
        text = octets.decode("utf-8", "replace")
    return of_html(text) if part.get_content_subtype() == "html" else text


def _is_odd(charset: str) -> bool:
    # Whoever says ASCII and sends more has most often written UTF-8.
    plain = charset.replace("-", "_")
    return plain in _ODD_CHARSETS or plain in ("us_ascii", "ascii", "unknown_8bit")
