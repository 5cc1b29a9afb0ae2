"""Tokens: what a browser or app carries. Made of the dice, kept only as hashes.

A session token carries its account and session ids before 128 random bits, so that one keyed read
finds everything; a request token is 128 random bits; a device key is an id under our keyed hash,
and needs no row to be believed. A browser's pages carry two more: a visitor's 128 random bits in a
cookie, and in each form our keyed hash over them, which no other site can make or read.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import blake2b

import msgspec

from rebind.domain.units import Id, Ms
from rebind.ports import Dice, Seal

SESSION, REQUEST, DEVICE, VISITOR, FORM = "rs_", "rr_", "rd_", "rv_", "rf_"
LINK = ""
"""Links stand in SMS: every character counts."""
_DEVICE_KIND, _FORM_KIND, _LINK_KIND = "device", "csrf", "notice"
_PASSKEY_KIND, _TOTP_KIND = "passkey", "totp"
_LINK_BYTES = 16 + 17
_FORM_CHARACTERS_MAX = 64


class SessionToken(msgspec.Struct, frozen=True):
    """A session token taken apart. `token_hash` is what the store knows."""

    account_id: Id
    session_id: Id
    token_hash: bytes


def _text(prefix: str, raw: bytes) -> str:
    return prefix + urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(prefix: str, token: str | None, length: int) -> bytes | None:
    if token is None or not token.startswith(prefix) or not token.isascii():
        return None
    body = token[len(prefix) :]
    try:
        raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (Error, ValueError):
        return None
    # One spelling only: base64 ignores foreign characters, a token must not.
    return raw if len(raw) == length and _text(prefix, raw) == token else None


def _hash(raw: bytes) -> bytes:
    """128 random bits cannot be guessed from a hash, so it needs no key and outlives rotations."""
    return blake2b(raw, digest_size=32).digest()


def new_session(dice: Dice, account_id: Id, session_id: Id) -> tuple[str, bytes]:
    """(token, hash) of a new session."""
    raw = account_id + session_id + dice.secret()
    return _text(SESSION, raw), _hash(raw)


def session(token: str | None) -> SessionToken | None:
    """A session token taken apart, or None if it is none."""
    raw = _raw(SESSION, token, 48)
    return SessionToken(raw[:16], raw[16:32], _hash(raw)) if raw is not None else None


def new_request(dice: Dice) -> tuple[str, bytes]:
    """(token, hash) of a request begun without a session."""
    raw = dice.secret()
    return _text(REQUEST, raw), _hash(raw)


def owner_hash(token: str | None) -> bytes | None:
    """The hash that a request's `owner_hash` must equal, for a session or a request token."""
    raw = _raw(REQUEST, token, 16) or _raw(SESSION, token, 48)
    return _hash(raw) if raw is not None else None


def notice_link(seal: Seal, request_id: Id, address: str) -> str:
    """What a notice about a request carries in its link, so that only who reads that address has
    it. Nothing is stored: it is the request's id and a keyed hash of both."""
    return _text(LINK, request_id + seal.mac(_LINK_KIND, request_id, address.encode()))


def linked_request(link: str) -> Id | None:
    """The request that a link names, or None where it is no link of ours."""
    raw = _raw(LINK, link, _LINK_BYTES)
    return raw[:16] if raw is not None else None


def linked_to(seal: Seal, link: str, address: str) -> bool:
    """Whether the link was sent to this address."""
    raw = _raw(LINK, link, _LINK_BYTES)
    return raw is not None and seal.matches(raw[16:], _LINK_KIND, raw[:16], address.encode())


def new_device(dice: Dice, seal: Seal, now: Ms) -> tuple[str, Id]:
    """(key, id) of a device that has none yet."""
    device_id = dice.id(now)
    return device_key(seal, device_id), device_id


def device_key(seal: Seal, device_id: Id) -> str:
    """The key of a device: its id under our keyed hash."""
    return _text(DEVICE, device_id + seal.mac(_DEVICE_KIND, device_id))


def device(seal: Seal, key: str | None) -> Id | None:
    """The id in a device key that we made, or None."""
    if key is None or not 40 <= len(key) <= 120:
        return None
    body = key[len(DEVICE) :]
    length = len(body) * 3 // 4
    raw = _raw(DEVICE, key, length)
    if raw is None or not seal.matches(raw[16:], _DEVICE_KIND, raw[:16]):
        return None
    return raw[:16]


def passkey_challenge(seal: Seal, request_id: Id) -> bytes:
    """The challenge of the passkeys of one request (WebAuthn Level 3, 13.4.3: 16 bytes at least).
    Nothing is stored: nobody else can make it, and a request ends with the proof that it got."""
    return b"".join(seal.mac(_PASSKEY_KIND, request_id, half)[1:] for half in (b"1", b"2"))


def totp_secret(seal: Seal, request_id: Id) -> bytes:
    """The 160 bits (RFC 4226 4, R6) offered to an authenticator app by one re-authentication; kept
    once a code has shown that they arrived."""
    halves = (seal.mac(_TOTP_KIND, request_id, half)[1:] for half in (b"1", b"2"))
    return b"".join(halves)[:20]


def new_visitor(dice: Dice) -> str:
    """The token of a browser that has none yet, or is to have another one."""
    return _text(VISITOR, dice.secret())


def form(seal: Seal, visitor: str | None) -> str | None:
    """What each form of this visitor's pages carries; None where that is no visitor's token."""
    raw = _raw(VISITOR, visitor, 16)
    return None if raw is None else _text(FORM, seal.mac(_FORM_KIND, raw))


def form_is_of(seal: Seal, visitor: str | None, form: str | None) -> bool:
    """Whether a form was made for this visitor, compared in constant time."""
    raw = _raw(VISITOR, visitor, 16)
    if raw is None or form is None or len(form) > _FORM_CHARACTERS_MAX:
        return False
    mac = _raw(FORM, form, (len(form) - len(FORM)) * 3 // 4)
    return mac is not None and seal.matches(mac, _FORM_KIND, raw)
