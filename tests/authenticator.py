"""An authenticator of software, with the browser around it: passkeys for tests.

For: whoever needs an answer to `PublicKeyCredentialCreationOptionsJSON` or
`PublicKeyCredentialRequestOptionsJSON` as `JSON.stringify(credential.toJSON())` would give it. It
keeps a discoverable key for each account and remembers whose it is. Each flaw that a server has to
notice is a knob of `Flaws`. Refuses nothing by itself: it signs for whoever asks.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ES256, EDDSA, RS256 = -7, -8, -257

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class Flaws(msgspec.Struct, frozen=True):
    """What is wrong with an answer; by default nothing. What is not None, or not empty, replaces
    the right thing or is added to it."""

    ceremony: str | None = None
    challenge: bytes | None = None
    origin: str | None = None
    rp_id: str | None = None
    cross_origin: Any = False
    client_data: dict[str, Any] = {}
    """More keys for clientDataJSON."""
    client_data_raw: bytes | None = None
    """All of clientDataJSON."""
    present: bool = True
    verified: bool = True
    attested: bool | None = None
    flags: int = 0
    """Flags on top of those above."""
    trailing: bytes = b""
    """Bytes behind authenticatorData."""
    sign_count: int | None = None
    fmt: str = "none"
    statement: Any = None
    public_key: bytes | None = None
    """The COSE key, as CBOR."""
    attestation: bytes | None = None
    """All of attestationObject."""
    credential_id: bytes | None = None
    """Of the JSON around it only."""
    user_handle: bytes | None = None
    no_user_handle: bool = False
    signature: bytes | None = None
    top: dict[str, Any] = {}
    """More keys for the JSON, over those that are there."""
    response: dict[str, Any] = {}
    """More keys for its `response`."""


NONE = Flaws()


class Passkey(msgspec.Struct):
    """One credential of an authenticator. `backed_up` is None for a key that cannot leave it."""

    credential_id: bytes
    rp_id: str
    user_handle: bytes
    algorithm: int
    key: Key
    sign_count: int
    backed_up: bool | None
    aaguid: bytes

    @property
    def public(self) -> bytes:
        """The public key as COSE (RFC 9053, RFC 8230)."""
        key = self.key.public_key()
        said: dict[int, Any]
        if isinstance(key, ec.EllipticCurvePublicKey):
            numbers = key.public_numbers()
            x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
            said = {1: 2, 3: self.algorithm, -1: 1, -2: x, -3: y}
        elif isinstance(key, ed25519.Ed25519PublicKey):
            said = {1: 1, 3: self.algorithm, -1: 6, -2: key.public_bytes_raw()}
        else:
            n, e = key.public_numbers().n, key.public_numbers().e
            bytes_n = n.to_bytes((n.bit_length() + 7) // 8, "big")
            said = {1: 3, 3: self.algorithm, -1: bytes_n, -2: e.to_bytes(3, "big")}
        return cbor2.dumps(said)

    def signed(self, data: bytes) -> bytes:
        """A signature over it."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(SHA256()))
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), SHA256())


class Authenticator:
    """At the page `origin` of the site `rp_id`. `counts`: whether its keys count their signatures;
    `backed_up`: whether they are copied elsewhere; None where they cannot be."""

    def __init__(
        self,
        origin: str,
        rp_id: str,
        *,
        algorithm: int = ES256,
        counts: bool = False,
        backed_up: bool | None = True,
        name: str = "pocket",
    ) -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.passkeys: list[Passkey] = []
        self._algorithm = algorithm
        self._counts = counts
        self._backed_up = backed_up
        self._name = name

    def register(self, options: dict[str, Any], flaws: Flaws = NONE) -> str:
        """A new passkey for the user of the options, which need no more than `challenge` and
        `user.id`. Raises `KeyError` where it has one that the options exclude."""
        excluded = {from_base64url(each["id"]) for each in options.get("excludeCredentials", ())}
        if any(each.credential_id in excluded for each in self.passkeys):
            raise KeyError("excluded")
        passkey = Passkey(
            os.urandom(20),
            self.rp_id,
            from_base64url(options["user"]["id"]),
            self._algorithm,
            _key(self._algorithm),
            0,
            self._backed_up,
            hashlib.sha256(self._name.encode()).digest()[:16],
        )
        self.passkeys.append(passkey)
        client_data = self._client_data("webauthn.create", options, flaws)
        data = self._data(passkey, flaws, attested=True)
        statement = flaws.statement
        if statement is None:
            statement = {}
            if flaws.fmt == "packed":
                signature = passkey.signed(data + hashlib.sha256(client_data).digest())
                statement = {"alg": passkey.algorithm, "sig": flaws.signature or signature}
        attestation = flaws.attestation or cbor2.dumps(
            {"fmt": flaws.fmt, "attStmt": statement, "authData": data}
        )
        response = {
            "clientDataJSON": base64url(client_data),
            "attestationObject": base64url(attestation),
            "authenticatorData": base64url(data),
            "publicKeyAlgorithm": passkey.algorithm,
            "transports": ["hybrid", "internal"],
        }
        return self._said(passkey, response, flaws)

    def sign(
        self, options: dict[str, Any], flaws: Flaws = NONE, *, passkey: Passkey | None = None
    ) -> str:
        """An assertion: by the newest passkey of the site, by the first that the options allow, or
        by the one that is given. Raises `LookupError` where it has none."""
        passkey = passkey or self._found(options)
        if self._counts:
            passkey.sign_count += 1
        client_data = self._client_data("webauthn.get", options, flaws)
        data = self._data(passkey, flaws, attested=False)
        signature = passkey.signed(data + hashlib.sha256(client_data).digest())
        response: dict[str, Any] = {
            "clientDataJSON": base64url(client_data),
            "authenticatorData": base64url(data),
            "signature": base64url(flaws.signature or signature),
        }
        if not flaws.no_user_handle:
            response["userHandle"] = base64url(flaws.user_handle or passkey.user_handle)
        return self._said(passkey, response, flaws)

    def _found(self, options: dict[str, Any]) -> Passkey:
        allowed = {from_base64url(each["id"]) for each in options.get("allowCredentials", ())}
        for each in reversed(self.passkeys):
            if each.rp_id == self.rp_id and (not allowed or each.credential_id in allowed):
                return each
        raise LookupError("no passkey for this site")

    def _client_data(self, ceremony: str, options: dict[str, Any], flaws: Flaws) -> bytes:
        if flaws.client_data_raw is not None:
            return flaws.client_data_raw
        challenge = options["challenge"] if flaws.challenge is None else base64url(flaws.challenge)
        said = {
            "type": flaws.ceremony or ceremony,
            "challenge": challenge,
            "origin": flaws.origin or self.origin,
            "crossOrigin": flaws.cross_origin,
        } | flaws.client_data
        return json.dumps(said, separators=(",", ":")).encode()

    def _data(self, passkey: Passkey, flaws: Flaws, *, attested: bool) -> bytes:
        attested = attested if flaws.attested is None else flaws.attested
        flags = flaws.present | flaws.verified << 2 | attested << 6 | flaws.flags
        if passkey.backed_up is not None:
            flags |= 1 << 3 | passkey.backed_up << 4
        count = passkey.sign_count if flaws.sign_count is None else flaws.sign_count
        rp_id = (flaws.rp_id or self.rp_id).encode()
        data = hashlib.sha256(rp_id).digest() + bytes([flags]) + count.to_bytes(4, "big")
        if attested:
            data += passkey.aaguid + len(passkey.credential_id).to_bytes(2, "big")
            data += passkey.credential_id + (flaws.public_key or passkey.public)
        return data + flaws.trailing

    def _said(self, passkey: Passkey, response: dict[str, Any], flaws: Flaws) -> str:
        shown = base64url(flaws.credential_id or passkey.credential_id)
        said: dict[str, Any] = {
            "id": shown,
            "rawId": shown,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response | flaws.response,
        }
        return json.dumps(said | flaws.top)


def _key(algorithm: int) -> Key:
    match algorithm:
        case -7:
            return ec.generate_private_key(ec.SECP256R1())
        case -8:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65_537, 2_048)


def base64url(raw: bytes) -> str:
    """Without padding, as browsers spell it."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """And back."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
