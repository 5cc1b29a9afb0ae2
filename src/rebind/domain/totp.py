"""totp: six digits that an authenticator app reckons from a shared secret and the time (RFC 6238).

For: spelling a secret so that an app takes it, and telling whether a code holds, and of which step
it is. Pure: the moment is an argument, and so is the last step that was used, without which a code
that somebody overheard would count again. Refuses to remember and to count tries: that is what
`store/totps.py` and the limits do. Neighbour: `recovery_codes.py`, for the day the app is lost.
"""

import re
from base64 import b32decode, b32encode
from hashlib import sha1
from hmac import compare_digest, digest
from urllib.parse import quote

from rebind.domain.units import SECOND, Ms

SECRET_BYTES = 20
"""160 bits, as RFC 4226 4 (R6) recommends; NIST SP 800-63B-4 3.1.4.1 wants 112 at least."""

STEP_MS: Ms = 30 * SECOND
"""RFC 6238 5.2; NIST SP 800-63B-4 3.1.4.1 allows two minutes."""

STEPS_ASIDE = 1
"""Steps before and after the present one whose codes hold too, for clocks that differ and people
who type (RFC 6238 5.2 recommends no more than one)."""

DIGITS = 6
"""RFC 4226 5.3; every app shows six."""

_CODE = re.compile(f"[0-9]{{{DIGITS}}}")
_GROUP = 4


def secret(random: bytes) -> str:
    """A secret as apps take it: base32 of `SECRET_BYTES` random bytes, 32 characters."""
    if len(random) != SECRET_BYTES:
        raise ValueError(f"{len(random)} random bytes, not {SECRET_BYTES}")
    return b32encode(random).decode()


def grouped(secret: str) -> str:
    """A secret for those who type it: eight groups of four. Apps pass over the blanks."""
    return " ".join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP))


def uri(secret: str, issuer: str, account: str) -> str:
    """What the QR code says (the Key URI Format, which every app reads). `issuer` is the name of
    the service, `account` what tells accounts apart in the app: the number, masked, for the app may
    copy it to anywhere. Digits, step and hash are those that apps assume, and left out: the fewer
    signs, the larger the squares of the picture."""
    # A colon parts the two, so neither may contain one.
    service, who = (quote(each.replace(":", " ").strip(), safe="") for each in (issuer, account))
    return f"otpauth://totp/{service}:{who}?secret={secret}&issuer={service}"


def step_of(secret: str, code: str, now: Ms, last_step: int) -> int | None:
    """The step whose code this is, if it is the present one or one beside it, and later than
    `last_step`, the last that was used (RFC 6238 5.2: a code counts once). None otherwise, and for
    anything that is not six ASCII digits: doors take blanks away."""
    if not _CODE.fullmatch(code):
        return None
    present, found = now // STEP_MS, None
    for step in range(present - STEPS_ASIDE, present + STEPS_ASIDE + 1):
        # All are compared, whichever holds: how long it takes says nothing about the clocks.
        if compare_digest(code_of(secret, step), code) and step > last_step:
            found = step
    return found


def code_of(secret: str, step: int) -> str:
    """What an app shows in that step: HOTP (RFC 4226 5.3) of its number. SHA-1 is what apps can; in
    a keyed hash it holds (RFC 4226 B.2)."""
    if step < 0:
        return ""
    mac = digest(b32decode(secret), step.to_bytes(8, "big"), sha1)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)
