"""Reading a form safely, and giving it back with what is wrong with it.

Refuses what no form of ours sends: another content type, broken UTF-8, control characters, a name
that stands there twice, too many fields. Codes are read like everything else; a password is read
as it was typed, blanks and all, and what it may be made of is the flow's to say. Neither is given
back.
Neighbour: `shared/bodies.py` bounds the bytes and the time.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from rebind.domain import work
from rebind.domain.refusals import (
    CODE_EXPIRED,
    CODE_MALFORMED,
    CODE_NOT_SENT,
    CODE_TRIES_SPENT,
    CODE_WRONG,
    EMAIL_IS_OWN,
    EMAIL_MALFORMED,
    FORM_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    NUMBER_COUNTRY,
    NUMBER_IMPOSSIBLE,
    NUMBER_IS_OWN,
    NUMBER_KIND,
    NUMBER_MALFORMED,
    OPERATOR_LOGIN_MALFORMED,
    OPERATOR_LOGIN_TAKEN,
    OPERATOR_NAMELESS,
    OPERATOR_PASSWORD_SHORT,
    PASSWORD_COMMON,
    PASSWORD_EXPECTED,
    PASSWORD_TOO_LONG,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_SHORT_ALONE,
    PASSWORD_UNREADABLE,
    PROOF_WRONG,
    TOTP_NOT_TAKEN,
    TRAIL_UNKNOWN,
    Refusal,
    Refused,
)
from rebind.entrypoints.shared import bodies
from rebind.entrypoints.shared.callers import Headers
from rebind.templates.pages import Form
from rebind.templates.pages.views import Work

FIELDS_MAX = 16
SECRETS = frozenset({"password", "new_password"})
"""Fields that are read as they were typed. A blank at an end is a character of a password like any
other (NIST SP 800-63B-4 3.1.1.2), and 128 characters of any script fit into a form ten times."""

PARAGRAPHS = frozenset({"message"})
"""Fields of several lines. Browsers end each by two characters; one is kept."""

NOTHING: Mapping[str, str] = {}

_CONTENT_TYPE = re.compile(
    rb'application/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE
)
_BLANKS = " \t\xa0"
"""What comes along when somebody copies a number, a tab included."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_OF_THE_FIELD = frozenset(
    refusal.code
    for refusal in (
        NUMBER_MALFORMED,
        NUMBER_IMPOSSIBLE,
        NUMBER_KIND,
        NUMBER_COUNTRY,
        NUMBER_IS_OWN,
        EMAIL_MALFORMED,
        CODE_MALFORMED,
        CODE_NOT_SENT,
        CODE_EXPIRED,
        CODE_TRIES_SPENT,
        CODE_WRONG,
        EMAIL_IS_OWN,
        MESSAGE_EMPTY,
        MESSAGE_TOO_LONG,
        OPERATOR_LOGIN_MALFORMED,
        OPERATOR_LOGIN_TAKEN,
        OPERATOR_NAMELESS,
        OPERATOR_PASSWORD_SHORT,
        PASSWORD_COMMON,
        PASSWORD_EXPECTED,
        PASSWORD_TOO_LONG,
        PASSWORD_TOO_SHORT,
        PASSWORD_TOO_SHORT_ALONE,
        PASSWORD_UNREADABLE,
        PROOF_WRONG,
        TOTP_NOT_TAKEN,
        TRAIL_UNKNOWN,
    )
)
"""What is wrong with what was typed; everything else is told above the form."""


async def read(
    headers: Headers, receive: bodies.Receive, most: int = bodies.BODY_MAX
) -> Mapping[str, str] | Refusal:
    """The fields by their names, without blanks around them. Refusals: form_malformed,
    body_too_large. Raises `ClientDisconnect` when nobody waits for an answer any more."""
    raw = await bodies.whole(headers, receive, most)
    if isinstance(raw, Refusal):
        return raw
    if _CONTENT_TYPE.fullmatch(headers.get(b"content-type", b"").strip()) is None:
        return FORM_MALFORMED
    return parsed(raw)


def parsed(raw: bytes) -> Mapping[str, str] | Refusal:
    """The fields of a form or of a query. Refusals: form_malformed."""
    if not raw:
        return NOTHING
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        # Broken UTF-8 is a ValueError too.
        return FORM_MALFORMED
    return fields_of(pairs)


def fields_of(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str] | Refusal:
    """Names and values as a form. Refusals: form_malformed."""
    fields = {name: _tidy(name, value) for name, value in pairs}
    if len(fields) != len(pairs) or any(map(_has_controls, fields.items())):
        return FORM_MALFORMED
    return fields


def _tidy(name: str, value: str) -> str:
    if name in SECRETS:
        return value
    return value.replace("\r\n", "\n") if name in PARAGRAPHS else value.strip(_BLANKS)


def _has_controls(pair: tuple[str, str]) -> bool:
    name, value = pair
    if name in PARAGRAPHS:
        value = value.replace("\n", "").replace("\t", "")
    return bool(_CONTROLS.search(name) or (name not in SECRETS and _CONTROLS.search(value)))


def blank(names: Iterable[str], typed: Mapping[str, str] = NOTHING) -> Form:
    """A form with these fields, as they were typed so far."""
    return Form(_kept(names, typed))


def _kept(names: Iterable[str], typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed.get(name, "") for name in names if name not in SECRETS}


def again(
    names: Iterable[str], typed: Mapping[str, str], refused: Refused, text: str, field: str = ""
) -> Form:
    """The form once more, with `text` at the field that is wrong, or above all of them."""
    at = field if refused.refusal.code in _OF_THE_FIELD else ""
    paid = None
    if refused.work is not None:
        paid = Work(refused.work, work.BITS, refused.until)
    return Form(_kept(names, typed), {at: text}, paid)
