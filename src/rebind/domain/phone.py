"""Phone numbers: from what a person typed to canonical E.164, or a refusal.

libphonenumber (through `phonenumbers`) says whether a number can exist, what kind it is and to
which region it belongs; the region comes from its metadata, never from the prefix (+7 is Russia
and Kazakhstan). This module keeps no number and knows no account.
"""

from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from rebind.domain.refusals import (
    NUMBER_COUNTRY,
    NUMBER_IMPOSSIBLE,
    NUMBER_KIND,
    NUMBER_MALFORMED,
    Refusal,
)

TYPED_MAX = 40
"""Characters; longer input is no phone number, and is not worth a parser's time."""

_ACCEPTED_KINDS = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.VOIP,
        PhoneNumberType.UAN,
    }
)


class Phone(msgspec.Struct, frozen=True):
    """A number in E.164 with the ISO 3166 region that its digits belong to."""

    e164: str
    region: str


@lru_cache(maxsize=1024)
def _parsed(typed: str, home: str | None) -> Phone | Refusal:
    if any(char.isalpha() for char in typed):
        # libphonenumber reads letters as the keys of a telephone, so that a slip of the finger
        # would mean a stranger's number.
        return NUMBER_MALFORMED
    try:
        number = phonenumbers.parse(typed, home)
    except phonenumbers.NumberParseException:
        return NUMBER_MALFORMED
    if number.extension is not None:
        return NUMBER_MALFORMED
    region, kind = phonenumbers.region_code_for_number(number), phonenumbers.number_type(number)
    if region is None or kind == PhoneNumberType.UNKNOWN:
        return NUMBER_IMPOSSIBLE
    if kind not in _ACCEPTED_KINDS:
        return NUMBER_KIND
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region)


def parse(
    typed: str, countries: frozenset[str] | None = None, home: str | None = None
) -> Phone | Refusal:
    """The canonical number that `typed` means. `home` is the region for numbers typed without a
    country code; `countries` are the accepted regions, None for all.

    Refusals: number_malformed, number_impossible, number_kind_not_allowed (premium, shared-cost,
    toll-free, pager, voicemail), number_country_not_allowed.
    """
    if len(typed) > TYPED_MAX:
        return NUMBER_MALFORMED
    phone = _parsed(typed, home)
    if isinstance(phone, Phone) and countries is not None and phone.region not in countries:
        return NUMBER_COUNTRY
    return phone


def masked(e164: str) -> str:
    """The number as shown where the full one is not needed: its beginning and last two digits."""
    return f"{e164[:2]}{'•' * (len(e164) - 4)}{e164[-2:]}"
