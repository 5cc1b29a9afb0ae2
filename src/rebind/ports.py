"""What Rebind asks of the outside: small protocols, each filled by one folder under `providers/`.

Flows receive these as values from the front hall (`main/`) and never look for them elsewhere.
Tests put stand-ins with a memory behind the same protocols; the store is never one of them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from rebind.domain.evidence import CarrierFacts
from rebind.domain.units import Id, Ms


class Clock(Protocol):
    """The only source of the present moment."""

    def now(self) -> Ms:
        """Milliseconds since 1970-01-01 UTC."""


class Dice(Protocol):
    """The only source of chance. Production draws from the operating system's generator."""

    def id(self, now: Ms) -> Id:
        """A new UUIDv7 (RFC 9562 5.7) for the moment `now`."""

    def code(self, digits: int) -> str:
        """A uniformly drawn decimal code of exactly that many digits, leading zeros kept."""

    def secret(self) -> bytes:
        """16 random bytes (128 bits, OWASP ASVS 5.0 7.2.3)."""

    def key(self) -> bytes:
        """32 random bytes: a key of AES-256."""

    def fraction(self) -> float:
        """A uniform number in [0, 1), for jitter; never for anything secret."""


class Seal(Protocol):
    """Encryption and keyed hashes under the key ring (invariant 13).

    `place` is "table.column" and `row` the bytes that name the row; both go into the associated
    data, so that a sealed value cannot be moved to another row or column.
    """

    def seal(self, place: str, row: bytes, plain: str) -> bytes:
        """AES-256-GCM under the current seal key: version byte, nonce, ciphertext, tag."""

    def unseal(self, place: str, row: bytes, sealed: bytes) -> str:
        """The plain text again. Raises `Broken` when it was moved, cut or its key is gone."""

    def index(self, kind: str, value: str) -> bytes:
        """The blind index (keyed BLAKE2b) that look-ups use now; `kind` is "number", "email", …"""

    def indexes(self, kind: str, value: str) -> tuple[bytes, ...]:
        """The blind index under every live index key, the one of `index` first.

        Reservations and limits are written under all of them in one transaction."""

    def mac(self, kind: str, *parts: bytes) -> bytes:
        """A keyed hash over length-prefixed parts, for codes, tokens and device keys. It begins
        with the version byte of its key."""

    def matches(self, mac: bytes, kind: str, *parts: bytes, bits: int = 128) -> bool:
        """Whether `mac` was made of the same kind and parts, in constant time, under the key
        version that it names; False when that version is gone. `bits` is how many of its hash were
        kept, where there was no room for all."""


class Broken(Exception):
    """A sealed value that does not open: never expected, always a bug or damage."""


class Envelope(Protocol):
    """Encryption of documents while they flow, under the key of their case. Memory is bounded by a
    segment, however long the document. Both ids are authenticated with it: a document opens for no
    other case, and as no other document of its case."""

    def sealed(
        self, key: bytes, case_id: Id, document_id: Id, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The document as it rests."""

    def opened(
        self, key: bytes, case_id: Id, document_id: Id, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The document again. Raises `Broken` where it was cut, reordered, moved or changed, or the
        key is another one: what came before may be used only when the end was reached."""


class Rendered(msgspec.Struct, frozen=True):
    """A message in words. `subject` and `html` are empty for SMS; `reply_to` is where a letter of
    a case may be answered."""

    text: str
    subject: str = ""
    html: str = ""
    reply_to: str = ""


class Words(Protocol):
    """Renders messages in a person's language (`templates/`)."""

    def message(self, message: str, channel: str, locale: str, params: dict[str, str]) -> Rendered:
        """`message` is a folder under templates/messages, `channel` is "sms" or "mail"."""


class Undelivered(Exception):
    """A provider did not take a message. `final` means that trying again cannot help."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


class Sms(Protocol):
    """Hands one SMS to an operator or aggregator."""

    async def send(self, message_id: str, to: str, text: str) -> None:
        """Returns once accepted; raises `Undelivered`. By `message_id` the other side drops
        repeats."""

    async def close(self) -> None:
        """Give back connections."""


class Mail(Protocol):
    """Hands one e-mail to a mail server."""

    async def send(self, message_id: str, to: str, words: Rendered) -> None:
        """Returns once accepted; raises `Undelivered`."""

    async def close(self) -> None:
        """Give back connections."""


class Busy(Exception):
    """Too many passwords wait to be hashed already. `retry_s`: when to come again."""

    retry_s: int


class Hasher(Protocol):
    """Hashes passwords (argon2id), away from the event loop, so many at a time and no more."""

    async def hash(self, password: str) -> str:
        """The hash with its parameters and salt. Raises `Busy`."""

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password. Without a hash the same work is done in vain, so that
        nobody can tell by the time who has one. Raises `Busy`."""

    def outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's."""


class Leaks(Protocol):
    """Knows common and breached passwords."""

    async def knows(self, password: str) -> bool:
        """Whether thieves try it."""


class NewPasskey(msgspec.Struct, frozen=True):
    """A registration that holds (WebAuthn Level 3, 7.1)."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool
    uv: bool


class UsedPasskey(msgspec.Struct, frozen=True):
    """An assertion that holds (WebAuthn Level 3, 7.2)."""

    credential_id: bytes
    sign_count: int
    backed_up: bool


class Passkeys(Protocol):
    """Speaks WebAuthn with browsers, always with user verification."""

    def creation(
        self, challenge: bytes, user_handle: bytes, name: str, existing: Sequence[bytes]
    ) -> dict[str, Any]:
        """What a browser needs to make a passkey (PublicKeyCredentialCreationOptionsJSON)."""

    def request(self, challenge: bytes, allowed: Sequence[bytes]) -> dict[str, Any]:
        """What it needs to use one; without `allowed` the person chooses."""

    def created(self, challenge: bytes, answer: str) -> NewPasskey | None:
        """A registration, if it holds. Never raises, whatever was sent."""

    def named(self, answer: str) -> tuple[bytes, bytes] | None:
        """The credential and the user handle that an assertion claims; nothing is verified."""

    def used(
        self,
        challenge: bytes,
        answer: str,
        credential_id: bytes,
        public_key: bytes,
        sign_count: int,
    ) -> UsedPasskey | None:
        """An assertion by this passkey, if it holds. Never raises, whatever was sent."""


class Carrier(Protocol):
    """Asks the operator about a number (CAMARA sim-swap and number-recycling)."""

    async def ask(self, number: str, since: Ms) -> CarrierFacts:
        """What is known of the SIM and of the subscriber since that moment."""


class PaperFacts(msgspec.Struct, frozen=True):
    """What the workshop says of a document that it has made harmless. `findings` are stable words:
    signs of manipulation, and what was removed, seen before metadata was stripped."""

    media: str
    pages: int
    size: int
    findings: tuple[str, ...]


class Unreadable(Exception):
    """A document that is not taken. `why` is one of type_unknown, too_many_bytes, too_many_pixels,
    too_many_pages, damaged, encrypted, too_slow."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CleanPaper(Protocol):
    """A document that was made harmless."""

    facts: PaperFacts

    def chunks(self) -> AsyncIterator[bytes]:
        """The document, piece by piece."""


class Papers(Protocol):
    """Opens people's documents, each in a child process of its own (`providers/papers/`)."""

    def clean(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[CleanPaper]:
        """Look at a document and make it harmless. Raises `Unreadable`."""

    async def view(self, chunks: AsyncIterator[bytes], page: int, watermark: str) -> bytes:
        """One page as a JPEG with the watermark burned in. Raises `Unreadable`."""

    async def close(self) -> None:
        """End what is under way."""


class Verdict(StrEnum):
    """What a scanner says of a file. Only the first is a yes."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNCERTAIN = "uncertain"
    """It could not look at all of it, or suspects something without knowing it."""


class Unanswered(Exception):
    """There is no scanner to be reached, or it did not answer in time: ask again later."""


class Scanner(Protocol):
    """Looks for viruses (`providers/scanner/`)."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        """Reads to the end, but where it knows sooner that the answer is no yes. Raises
        `Unanswered`, and whatever `chunks` raises."""


class Missing(Exception):
    """There is no blob of that name."""


class Unkept(Exception):
    """The place of the blobs did not do what it was asked (full, away, not allowed): ask again
    later. `why` never holds an address or a key."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Blobs(Protocol):
    """Keeps encrypted documents under names that we make (32 hexadecimal digits), never under what
    a person typed. Every call raises `Unkept` where the place fails."""

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Keep it whole or not at all: what is half written, or broken off by a crash, can never be
        read. Raises whatever `chunks` raises."""

    def get(self, name: str) -> AsyncIterator[bytes]:
        """What was put, piece by piece. Raises `Missing`."""

    async def delete(self, name: str) -> None:
        """Remove it; there need not be one."""

    def names(self, older_than: Ms) -> AsyncIterator[str]:
        """The names of all that was last written before that moment, and of what a crash broke off,
        where the place shows that. What is not ours is passed over."""
