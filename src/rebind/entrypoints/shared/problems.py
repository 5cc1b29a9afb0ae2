"""Refusals as problem+json (RFC 9457), in the caller's language.

`type` is a reference to this service's own page about the refusal; programs go by `code`. What is
wrong on our side (`unavailable`, `internal`) is told in the same shape and without any detail.
Neighbours: `domain/refusals/` is the catalogue, `templates/refusals.py` has the words.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rebind.domain import work
from rebind.domain.refusals import CATALOGUE, Level, Refusal, Refused
from rebind.domain.units import SECOND, Ms
from rebind.entrypoints.shared import callers
from rebind.entrypoints.shared.spelling import moment
from rebind.ports import Clock
from rebind.templates.refusals import explain

TYPES = "/problems/"
"""Where the meaning of each code can be read."""

CONTENT_TYPE = "application/problem+json"
UNAVAILABLE_S = 5
"""When to ask again while the database is away: sooner only adds to the crowd at its return."""


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


UNAVAILABLE = Refusal(
    "unavailable",
    503,
    _("We cannot answer right now"),
    _("Whether it was done is not known. In a moment, look how things stand before you try again."),
    Level.WARNING,
)
INTERNAL = Refusal(
    "internal",
    500,
    _("Something went wrong on our side"),
    _("It has been noted. Please try again later."),
    Level.WARNING,
)
OURS = {refusal.code: refusal for refusal in (INTERNAL, UNAVAILABLE)}
"""What is no refusal but a failure of ours. It stands beside the catalogue."""

RawHeaders = list[tuple[bytes, bytes]]
Reply = tuple[int, RawHeaders, bytes]
"""An answer ready to be sent: status, headers, body."""


class Work(msgspec.Struct, frozen=True):
    """Work that opens the door earlier: find a nonce for which SHA-256 of "challenge:nonce" begins
    with `bits` zero bits, and ask again with `Rebind-Work: challenge.nonce`."""

    challenge: Annotated[str, Meta(description="Sent back as it is")]
    bits: Annotated[int, Meta(ge=1, le=64)]
    algorithm: Annotated[str, Meta(extra_json_schema={"enum": ["sha256"]})] = "sha256"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was refused (RFC 9457)."""

    type: Annotated[
        str,
        Meta(
            description="Reference to the meaning of the code",
            extra_json_schema={"format": "uri-reference"},
        ),
    ]
    title: Annotated[str, Meta(description="In short, in the caller's language")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="What happened and what can be done, for people")]
    code: Annotated[str, Meta(description="Stable word for programs; see x-refusals")]
    until: Annotated[
        str | UnsetType,
        Meta(
            description="When asking again makes sense", extra_json_schema={"format": "date-time"}
        ),
    ] = UNSET
    work: Work | UnsetType = UNSET


class Meaning(msgspec.Struct, frozen=True):
    """What a code means."""

    code: Annotated[str, Meta(examples=["code_wrong"])]
    status: Annotated[int, Meta(ge=400, le=599)]
    title: str
    text: str


_encoder = msgspec.json.Encoder()
_PERSONAL = [
    (b"content-type", CONTENT_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


def transport(refused: Refused, now: Ms) -> RawHeaders:
    """Headers that a refusal needs in every shape: when to come again, and what becomes of the
    connection."""
    headers: RawHeaders = []
    if refused.until is not None or refused.refusal.status == 429:
        wait = -((now - refused.until) // SECOND) if refused.until is not None else 1
        headers.append((b"retry-after", b"%d" % max(1, wait)))
    if refused.refusal.status == 413:
        # The rest of the body is still on its way: nobody is going to read it.
        headers.append((b"connection", b"close"))
    return headers


class Problems:
    """Tells refusals. `digits` is the length of a code, which some texts name; `heard` is told
    each refusal that is given, for the log."""

    def __init__(
        self, clock: Clock, digits: int, heard: Callable[[Refusal], None] | None = None
    ) -> None:
        self._clock = clock
        self._digits = digits
        self._heard = heard

    def reply(self, refused: Refused, locale: str) -> Reply:
        """The answer that tells this refusal."""
        now, refusal = self._clock.now(), refused.refusal
        if self._heard is not None:
            self._heard(refusal)
        title, detail = explain(refused, locale, now, digits=self._digits)
        body = _encoder.encode(
            Problem(
                TYPES + refusal.code,
                title,
                refusal.status,
                detail,
                refusal.code,
                UNSET if refused.until is None else moment(refused.until),
                UNSET if refused.work is None else Work(refused.work, work.BITS),
            )
        )
        headers = [
            *_PERSONAL,
            (b"content-language", locale.encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        headers += transport(refused, now)
        if refusal.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        return refusal.status, headers, body

    def told(self, refused: Refused, scope: callers.Scope) -> Reply:
        """The answer that tells this refusal to whoever sent that request."""
        return self.reply(refused, callers.locale(callers.headers_of(scope)))

    def away(self) -> Refused:
        """The database is away, as a refusal with the time to come again."""
        return Refused(UNAVAILABLE, self._clock.now() + UNAVAILABLE_S * SECOND)

    def unavailable(self, locale: str) -> Reply:
        """The database is away."""
        return self.reply(self.away(), locale)

    def internal(self, locale: str) -> Reply:
        """A bug of ours, without any detail."""
        return self.reply(Refused(INTERNAL), locale)

    def meaning(self, code: str, locale: str) -> Meaning | None:
        """What a code means, for people; None for a code that does not exist."""
        refusal = CATALOGUE.get(code) or OURS.get(code)
        if refusal is None:
            return None
        title, text = explain(Refused(refusal), locale, self._clock.now(), digits=self._digits)
        return Meaning(code, refusal.status, title, text)
