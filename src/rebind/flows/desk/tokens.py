"""Tokens: what a browser or app carries. Made of the dice, kept only as hashes.

A session token carries its account and session ids before 128 random bits, so that one keyed read
finds everything; a request token is 128 random bits; a device key is an id under our keyed hash,
and needs no row to be believed. A browser's pages carry two more: a visitor's 128 random bits in a
cookie, and in each form our keyed hash over them, which no other site can make or read. An e-mail
of a case carries one in its Reply-To: whoever answers from it is heard in that case.
"""

from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import blake2b

import msgspec

from rebind.domain.mail_in import TOKEN_CHARACTERS
from rebind.domain.mailbox import canonical
from rebind.domain.units import Id, Ms
from rebind.ports import Dice, Seal

SESSION, REQUEST, DEVICE, VISITOR, FORM = "rs_", "rr_", "rd_", "rv_", "rf_"
OPERATOR, INVITATION, BROWSER = "ro_", "ri_", "rb_"
"""Of the support desk: a session, an invitation, and a browser that somebody there has used."""
LINK = ""
"""Links stand in SMS: every character counts."""
_DEVICE_KIND, _FORM_KIND, _LINK_KIND = "device", "csrf", "notice"
_CASE_KIND = "case"
_PASSKEY_KIND, _TOTP_KIND = "passkey", "totp"
_REPLY_KIND, _REPLIER_KIND = "reply", "replier"
_BROWSER_KIND, _DESK_KIND = "browser", "desk"
_LINK_BYTES = 16 + 17
_LOGIN_TOKEN_CHARACTERS_MAX = 120
_FORM_CHARACTERS_MAX = 64
_REPLY_BITS, _REPLIER_BITS = 80, 32
"""Of a reply token there is room for 64 octets with the name of the mailbox before it (RFC 5321
4.5.3.1.1). 80 bits of hash cannot be guessed through a mail server; 32 tell the few addresses of
one case apart, and nobody but us can look for two that meet."""


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


def reply_token(seal: Seal, case_id: Id, to: str) -> str:
    """What the Reply-To of an e-mail of a case carries after the plus: the case, a mark of the
    address that it was sent to, and a keyed hash over both. Nothing is stored. Small letters and
    digits only, because mail servers may change the case of letters."""
    mark = seal.mac(_REPLIER_KIND, case_id, canonical(to).encode())[: 1 + _REPLIER_BITS // 8]
    hashed = seal.mac(_REPLY_KIND, case_id, mark)[1 : 1 + _REPLY_BITS // 8]
    return b32encode(case_id + mark + hashed).rstrip(b"=").decode().lower()


def replied_to(seal: Seal, token: str) -> tuple[Id, bytes] | None:
    """(case, mark of the address) of a reply token that we made, or None. It opens that case only,
    and only as whoever reads the address: `is_mark_of` says which one."""
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8))
    except (Error, ValueError):
        return None
    # One spelling only: the last character has bits to spare.
    if b32encode(raw).rstrip(b"=").decode().lower() != token:
        return None
    case_id, mark, hashed = raw[:16], raw[16:21], raw[21:]
    # One version byte stands for both: they are made in one go.
    if not seal.matches(mark[:1] + hashed, _REPLY_KIND, case_id, mark, bits=_REPLY_BITS):
        return None
    return case_id, mark


def is_mark_of(seal: Seal, mark: bytes, case_id: Id, address: str) -> bool:
    """Whether the mark in a reply token of this case stands for this address."""
    parts = (case_id, canonical(address).encode())
    return seal.matches(mark, _REPLIER_KIND, *parts, bits=_REPLIER_BITS)


def case_link(seal: Seal, case_id: Id, side: str) -> str:
    """What the link to a case carries: its id and a keyed hash of it and of the side that may read
    it. Nothing is stored; it goes to the contact of the case and to nobody else."""
    return _text(LINK, case_id + seal.mac(_CASE_KIND, case_id, side.encode()))


def linked_case(link: str) -> Id | None:
    """The case that a link names, or None where it is no link of ours."""
    return linked_request(link)


def case_linked_to(seal: Seal, link: str, side: str) -> bool:
    """Whether the link was made for that side of its case."""
    raw = _raw(LINK, link, _LINK_BYTES)
    return raw is not None and seal.matches(raw[16:], _CASE_KIND, raw[:16], side.encode())


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


class OperatorToken(msgspec.Struct, frozen=True):
    """A session token of the support desk taken apart. `token_hash` is what the store knows."""

    login: str
    session_id: Id
    token_hash: bytes


def new_operator_session(dice: Dice, login: str, session_id: Id) -> tuple[str, bytes]:
    """(token, hash) of a new session at the support desk."""
    raw = session_id + dice.secret() + login.encode()
    return _text(OPERATOR, raw), _hash(raw)


def operator_session(token: str | None) -> OperatorToken | None:
    """A session token of the support desk taken apart, or None if it is none."""
    raw = _of_login(OPERATOR, token, 32)
    return None if raw is None else OperatorToken(raw[32:].decode(), raw[:16], _hash(raw))


def new_invitation(dice: Dice, login: str) -> tuple[str, bytes]:
    """(token, hash) of an invitation to the support desk: 128 random bits, and for whom."""
    raw = dice.secret() + login.encode()
    return _text(INVITATION, raw), _hash(raw)


def invitation(token: str | None) -> tuple[str, bytes] | None:
    """(login, hash) of an invitation, or None if it is none."""
    raw = _of_login(INVITATION, token, 16)
    return None if raw is None else (raw[16:].decode(), _hash(raw))


def _of_login(prefix: str, token: str | None, before: int) -> bytes | None:
    """The bytes of a token that ends with a login."""
    if token is None or len(token) > _LOGIN_TOKEN_CHARACTERS_MAX:
        return None
    raw = _raw(prefix, token, (len(token) - len(prefix)) * 3 // 4)
    # A login is ASCII: whatever else stands there is no token of ours.
    return raw if raw is not None and len(raw) > before and raw[before:].isascii() else None


def browser(seal: Seal, login: str) -> str:
    """What a browser keeps in which somebody at the desk has signed in. It opens nothing: it only
    keeps strangers' wrong tries away from theirs."""
    return _text(BROWSER, seal.mac(_BROWSER_KIND, login.encode()))


def browser_is_of(seal: Seal, login: str, mark: str | None) -> bool:
    """Whether that person has signed in there."""
    if mark is None or len(mark) > _LOGIN_TOKEN_CHARACTERS_MAX:
        return False
    raw = _raw(BROWSER, mark, (len(mark) - len(BROWSER)) * 3 // 4)
    return raw is not None and seal.matches(raw, _BROWSER_KIND, login.encode())


def desk_challenge(seal: Seal, about: bytes) -> bytes:
    """The challenge of the passkeys of one offer at the support desk: a sign-in, an invitation, a
    passkey more. As `passkey_challenge`, and for nothing else."""
    return b"".join(seal.mac(_DESK_KIND, about, half)[1:] for half in (b"1", b"2"))


def desk_handle(seal: Seal, about: bytes) -> Id:
    """The id, and user handle, of the passkey that is made of that offer."""
    return seal.mac(_DESK_KIND, about, b"handle")[1:17]


def desk_totp_secret(seal: Seal, about: bytes) -> bytes:
    """The 160 bits offered to an authenticator app by that offer; as `totp_secret`."""
    halves = (seal.mac(_DESK_KIND, about, half)[1:] for half in (b"totp 1", b"totp 2"))
    return b"".join(halves)[:20]
