"""What a browser says about a passkey, taken apart before anything believes it.

For: one spelling of everything (JSON with each key once, base64url without padding, CBOR of
definite lengths without tags), and bounds on all of it, so that what reads it afterwards meets
nothing but maps, numbers, bytes and text. Refuses to judge: origins, keys and signatures are the
matter of the neighbour, `webauthn.py`. Whatever has no place raises `Malformed` or, where Python
notices first, an error of its own; the neighbour takes both for a no.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

ANSWER_CHARACTERS_MAX = 8_192
"""Of an answer. One with an RSA key has some 3,200; Chromium sends 1,300 for an ES256 key."""

CREDENTIAL_ID_BYTES_MAX = 1_023
"""WebAuthn Level 3, 7.1."""

USER_HANDLE_BYTES_MAX = 64
"""WebAuthn Level 3, 5.4.3."""

CBOR_DEPTH_MAX = 4
"""CTAP 2.2, 8: messages nest no deeper."""

TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
"""WebAuthn Level 3, 5.8.4. What we do not know is not kept."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_HEAD_BYTES = 37  # the hash of the rp id, the flags, the counter (6.1)
_ATTESTED_BYTES = 18  # the model of the authenticator, the length of the credential id (6.5.1)
_ATTESTED, _EXTENDED = 0x40, 0x80
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _OTHER = range(8)
_FALSE, _TRUE, _NULL = 20, 21, 22


class Malformed(ValueError):
    """No answer of a browser looks like this."""


class Registration(msgspec.Struct, frozen=True):
    """The parts of a RegistrationResponseJSON that matter."""

    credential_id: bytes
    client_data: bytes
    attestation: bytes
    transports: tuple[str, ...]


class Assertion(msgspec.Struct, frozen=True):
    """The parts of an AuthenticationResponseJSON that matter. No user handle is an empty one."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes


def registration(answer: str) -> Registration:
    """What `navigator.credentials.create()` gave."""
    credential_id, response = _credential(answer)
    named = response.get("transports") or []
    if not isinstance(named, list):
        raise Malformed("transports")
    return Registration(
        credential_id,
        raw(response["clientDataJSON"]),
        raw(response["attestationObject"]),
        tuple(each for each in TRANSPORTS if each in named),
    )


def assertion(answer: str) -> Assertion:
    """What `navigator.credentials.get()` gave."""
    credential_id, response = _credential(answer)
    handle = response.get("userHandle")
    user_handle = raw(handle) if handle is not None else b""
    if len(user_handle) > USER_HANDLE_BYTES_MAX:
        raise Malformed("user handle")
    return Assertion(
        credential_id,
        raw(response["clientDataJSON"]),
        raw(response["authenticatorData"]),
        raw(response["signature"]),
        user_handle,
    )


def _credential(answer: str) -> tuple[bytes, dict[str, Any]]:
    if len(answer) > ANSWER_CHARACTERS_MAX:
        raise Malformed("too long")
    said = parsed(answer)
    response = said["response"]
    if said["type"] != "public-key" or said["id"] != said["rawId"]:
        raise Malformed("not a public key")
    if not isinstance(response, dict):
        raise Malformed("no response")
    credential_id = raw(said["id"])
    if len(credential_id) > CREDENTIAL_ID_BYTES_MAX:
        raise Malformed("credential id")
    return credential_id, response


def parsed(text: str) -> dict[str, Any]:
    """A JSON object in which every key stands once and every number is one: two readers of it
    must not see two things."""
    said = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    if not isinstance(said, dict):
        raise Malformed("no object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a key twice")
    return found


def _no_number(name: str) -> None:
    raise Malformed(name)


def raw(text: object) -> bytes:
    """The bytes of base64url in its one spelling: no padding, no sign too many, at least one."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise Malformed("not base64url")
    found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if spelled(found) != text:
        raise Malformed("another spelling")
    return found


def spelled(found: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(found).rstrip(b"=").decode()


def check_authenticator_data(data: bytes) -> None:
    """Nothing but what WebAuthn Level 3, 6.1 puts there, to the last byte."""
    if len(data) < _HEAD_BYTES:
        raise Malformed("authenticator data")
    flags, at = data[32], _HEAD_BYTES
    if flags & _ATTESTED:
        length = int.from_bytes(data[at + 16 : at + _ATTESTED_BYTES], "big")
        if not 0 < length <= CREDENTIAL_ID_BYTES_MAX:
            raise Malformed("credential id")
        at = _after(data, at + _ATTESTED_BYTES + length)
    if flags & _EXTENDED:
        at = _after(data, at)
    if at != len(data):
        raise Malformed("leftover")


def check_cbor(data: bytes) -> None:
    """One item of CBOR, of what authenticators may say (CTAP 2.2, 8): no tags, no endless lengths,
    no fractions, no deep nests. Tags let 200 bytes stand for gigabytes: by references to what was
    said before, and by numbers with exponents."""
    if _after(data, 0) != len(data):
        raise Malformed("leftover")


def _after(data: bytes, at: int, depth: int = 0) -> int:
    """Where the item that begins at `at` ends. Reads each byte once at most."""
    kind, small = data[at] >> 5, data[at] & 0x1F
    at += 1
    if kind == _OTHER:
        if small not in (_FALSE, _TRUE, _NULL):
            raise Malformed("no value of theirs")
        return at
    if small >= 28 or kind == _TAG:
        raise Malformed("a tag, or an endless length")
    value = small
    if small >= 24:
        width = 1 << (small - 24)
        value = int.from_bytes(data[at : at + width], "big")
        at += width
    if kind in (_BYTES, _TEXT):
        at += value
    elif kind in (_ARRAY, _MAP):
        if depth == CBOR_DEPTH_MAX or value > len(data):
            raise Malformed("deep, or long")
        for _ in range(value * 2 if kind == _MAP else value):
            at = _after(data, at, depth + 1)
    if at > len(data):
        raise Malformed("cut off")
    return at
