"""WebAuthn for one site: what its pages ask of browsers, and whether the answers hold.

Always with user verification, so that a passkey is two factors (NIST SP 800-63B-4, 3.1.7), and
never with attestation: which make an authenticator has is none of our business, and browsers warn
people of whoever wants to know. Signatures, keys and authenticator data are verified
by the package `webauthn`, which is loaded with the first answer: it takes 10 MiB and 0.1 s. What it
lets pass is looked at here: frames of other sites, and, in `reading.py`, everything that is spelled
as no browser spells it. Neighbour: `ports.Passkeys` says what flows may ask.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rebind.ports import NewPasskey, UsedPasskey
from rebind.providers.passkeys import reading
from rebind.providers.passkeys.reading import Malformed

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

TIMEOUT_MS = 300_000
"""WebAuthn Level 3, 15.1 recommends 5 to 10 minutes."""

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
"""COSE algorithms, the most common first. Whoever wants every authenticator offers at least these
(WebAuthn Level 3, 5.4)."""

RSA_BITS = (2_048, 4_096)
RSA_EXPONENT_BYTES_MAX = 4
"""Bounds on what one verification may cost; authenticators use 2,048 bits and 65,537."""

_PORTS = {"http": 80, "https": 443}


class WebAuthn:
    """Speaks for the site at `public_url`, called `service` in the dialogues of browsers.

    The rp id is the host of that address, so its passkeys are good for its subdomains too, but only
    pages of the very origin are believed. On a bare IP address, or without TLS anywhere but on
    localhost, browsers refuse passkeys by themselves.
    """

    def __init__(self, public_url: str, service: str) -> None:
        parts = urlsplit(public_url)
        host = (parts.hostname or "localhost").encode("idna").decode()
        shown = f"[{host}]" if ":" in host else host
        usual = parts.port in (None, _PORTS.get(parts.scheme))
        self._rp_id = host
        self._origin = f"{parts.scheme}://{shown}" + ("" if usual else f":{parts.port}")
        self._service = service

    def creation(
        self, challenge: bytes, user_handle: bytes, name: str, existing: Sequence[bytes]
    ) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptionsJSON. `name` is what lists of passkeys show."""
        return {
            "rp": {"id": self._rp_id, "name": self._service},
            "user": {"id": reading.spelled(user_handle), "name": name, "displayName": name},
            "challenge": reading.spelled(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
            "timeout": TIMEOUT_MS,
            "excludeCredentials": _descriptors(existing),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "hints": ["client-device", "hybrid"],
            "attestation": "none",
        }

    def request(self, challenge: bytes, allowed: Sequence[bytes]) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptionsJSON."""
        return {
            "challenge": reading.spelled(challenge),
            "timeout": TIMEOUT_MS,
            "rpId": self._rp_id,
            "allowCredentials": _descriptors(allowed),
            "userVerification": "required",
        }

    def created(self, challenge: bytes, answer: str) -> NewPasskey | None:
        """The passkey that was made, if all of WebAuthn Level 3, 7.1 holds."""
        try:
            return self._created(challenge, answer)
        except Exception:  # Hostile bytes find errors that nobody has listed: all are a no.
            return None

    def named(self, answer: str) -> tuple[bytes, bytes] | None:
        """The credential id, 1 to 1,023 bytes, and the user handle, 64 bytes at most, that an
        assertion claims."""
        try:
            said = reading.assertion(answer)
        except Exception:
            return None
        return said.credential_id, said.user_handle

    def used(
        self,
        challenge: bytes,
        answer: str,
        credential_id: bytes,
        public_key: bytes,
        sign_count: int,
    ) -> UsedPasskey | None:
        """That the passkey was used, if all of WebAuthn Level 3, 7.2 holds."""
        try:
            return self._used(challenge, answer, credential_id, public_key, sign_count)
        except Exception:
            return None

    def _created(self, challenge: bytes, answer: str) -> NewPasskey | None:
        said = reading.registration(answer)
        self._check_client_data(said.client_data, "webauthn.create", challenge)
        _check_attestation(said.attestation)

        from webauthn import verify_registration_response
        from webauthn.helpers.structs import (
            AuthenticatorAttestationResponse,
            RegistrationCredential,
        )

        made = verify_registration_response(
            credential=RegistrationCredential(
                id=reading.spelled(said.credential_id),
                raw_id=said.credential_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=said.client_data, attestation_object=said.attestation
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
        if made.credential_id != said.credential_id:
            return None
        _check_key(made.credential_public_key)
        return NewPasskey(
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            said.transports,
            made.aaguid,
            made.credential_backed_up,
            made.user_verified,
        )

    def _used(
        self,
        challenge: bytes,
        answer: str,
        credential_id: bytes,
        public_key: bytes,
        sign_count: int,
    ) -> UsedPasskey | None:
        said = reading.assertion(answer)
        if said.credential_id != credential_id:
            return None
        self._check_client_data(said.client_data, "webauthn.get", challenge)
        reading.check_authenticator_data(said.authenticator_data)

        from webauthn import verify_authentication_response
        from webauthn.helpers.structs import (
            AuthenticationCredential,
            AuthenticatorAssertionResponse,
            CredentialDeviceType,
        )

        shown = verify_authentication_response(
            credential=AuthenticationCredential(
                id=reading.spelled(credential_id),
                raw_id=credential_id,
                response=AuthenticatorAssertionResponse(
                    client_data_json=said.client_data,
                    authenticator_data=said.authenticator_data,
                    signature=said.signature,
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # any count is right here, see below
            require_user_verification=True,
        )
        count = shown.new_sign_count
        one_device = shown.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
        # A counter that stands still or goes back on a key that cannot leave its device means that
        # it did (6.1.1). Where a key is meant to be on several devices, their counters disagree.
        if one_device and (count or sign_count) and count <= sign_count:
            return None
        return UsedPasskey(credential_id, count, shown.credential_backed_up)

    def _check_client_data(self, data: bytes, ceremony: str, challenge: bytes) -> None:
        """That our own page asked for this (5.8.1), and not from within a page of another site: the
        package does not look at frames."""
        said = reading.parsed(data.decode())
        if (
            said["type"] != ceremony
            or said["challenge"] != reading.spelled(challenge)
            or said["origin"] != self._origin
            or said.get("crossOrigin", False) is not False
            or "topOrigin" in said
        ):
            raise Malformed("not of our page")


def _descriptors(ids: Sequence[bytes]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": reading.spelled(each)} for each in ids]


def _algorithms() -> "list[COSEAlgorithmIdentifier]":
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return [COSEAlgorithmIdentifier(each) for each in ALGORITHMS]


def _check_attestation(attestation: bytes) -> None:
    """No attestation, or one by the key itself, which browsers leave as it is (WebAuthn Level 3,
    5.1.3). Certificates were not asked for, and nobody here has to parse any."""
    from webauthn.helpers import parse_cbor

    reading.check_cbor(attestation)
    said = parse_cbor(attestation)
    if said.keys() != {"fmt", "attStmt", "authData"}:
        raise Malformed("attestation")
    itself = said["fmt"] == "packed" and said["attStmt"].keys() == {"alg", "sig"}
    if not itself and (said["fmt"], said["attStmt"]) != ("none", {}):
        raise Malformed("attestation")
    reading.check_authenticator_data(said["authData"])


def _check_key(public_key: bytes) -> None:
    """A key of the kind that its algorithm says, on its curve, and of a size that costs little to
    use: nothing else would look at it before it is used."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    decoded = decode_credential_public_key(public_key)
    key = decoded_public_key_to_cryptography(decoded)
    match key:
        case EllipticCurvePublicKey():
            sound = decoded.alg == ES256 and isinstance(key.curve, SECP256R1)
        case Ed25519PublicKey():
            sound = decoded.alg == EDDSA
        case RSAPublicKey():
            small = key.public_numbers().e.bit_length() <= 8 * RSA_EXPONENT_BYTES_MAX
            sound = decoded.alg == RS256 and small and RSA_BITS[0] <= key.key_size <= RSA_BITS[1]
        case _:
            sound = False
    if not sound:
        raise Malformed("key")
