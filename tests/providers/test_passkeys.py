"""Passkeys: what browsers are asked, what is believed of their answers, and what never is.

The authenticator of the stories is `tests/authenticator.py`; one story asks the real Chromium.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from html import escape
from typing import Any

import cbor2
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.async_api import expect

from rebind.ports import NewPasskey, Passkeys, UsedPasskey
from rebind.providers.passkeys import reading
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.templates.pages.assets import FOLDER
from scripts import chromium
from tests.authenticator import (
    EDDSA,
    ES256,
    RS256,
    Authenticator,
    Flaws,
    base64url,
    from_base64url,
)

ORIGIN, RP_ID = "https://id.example.org", "id.example.org"
CHALLENGE = bytes(range(32))
ANNA = bytes(range(100, 116))


@pytest.fixture
def site() -> WebAuthn:
    return WebAuthn(ORIGIN, "Example")


@pytest.fixture
def pocket() -> Authenticator:
    return Authenticator(ORIGIN, RP_ID)


def asked_to_make(site: WebAuthn, existing: tuple[bytes, ...] = ()) -> dict[str, Any]:
    return site.creation(CHALLENGE, ANNA, "+7 916 ···-··-67", existing)


def registered(site: WebAuthn, pocket: Authenticator, flaws: Flaws = Flaws()) -> NewPasskey | None:  # noqa: B008
    return site.created(CHALLENGE, pocket.register(asked_to_make(site), flaws))


def kept(site: WebAuthn, pocket: Authenticator) -> NewPasskey:
    made = registered(site, pocket)
    assert made is not None
    return made


def shown(
    site: WebAuthn,
    pocket: Authenticator,
    made: NewPasskey,
    flaws: Flaws = Flaws(),  # noqa: B008
    seen: int = 0,
) -> UsedPasskey | None:
    answer = pocket.sign(site.request(CHALLENGE, ()), flaws)
    return site.used(CHALLENGE, answer, made.credential_id, made.public_key, seen)


# --- What browsers are asked ---------------------------------------------------------------------


def test_it_fills_the_port(site: WebAuthn) -> None:
    port: Passkeys = site
    assert port.request(b"", ())["rpId"] == RP_ID


def test_what_is_asked_when_one_is_made(site: WebAuthn) -> None:
    options = asked_to_make(site, (b"old key",))
    assert options == json.loads(json.dumps(options))
    assert options["rp"] == {"id": RP_ID, "name": "Example"}
    assert from_base64url(options["user"]["id"]) == ANNA
    assert options["challenge"] == base64url(CHALLENGE)
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [ES256, EDDSA, RS256]
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["excludeCredentials"] == [{"type": "public-key", "id": base64url(b"old key")}]


def test_what_is_asked_when_one_is_used(site: WebAuthn) -> None:
    options = site.request(CHALLENGE, (b"one", b"two"))
    assert options["userVerification"] == "required"
    assert [from_base64url(each["id"]) for each in options["allowCredentials"]] == [b"one", b"two"]
    assert site.request(CHALLENGE, ())["allowCredentials"] == []


@pytest.mark.parametrize(
    ("public_url", "origin", "rp_id"),
    [
        ("https://id.example.org", "https://id.example.org", "id.example.org"),
        ("https://ID.Example.org/accounts/", "https://id.example.org", "id.example.org"),
        ("https://id.example.org:443", "https://id.example.org", "id.example.org"),
        ("https://id.example.org:8443", "https://id.example.org:8443", "id.example.org"),
        ("http://localhost:8080/", "http://localhost:8080", "localhost"),
        ("http://localhost:80", "http://localhost", "localhost"),
        ("http://[::1]:8080", "http://[::1]:8080", "::1"),
        ("https://вход.рф", "https://xn--b1ae3a1a.xn--p1ai", "xn--b1ae3a1a.xn--p1ai"),
    ],
)
def test_the_site_is_the_public_address(public_url: str, origin: str, rp_id: str) -> None:
    site = WebAuthn(public_url, "Example")
    assert asked_to_make(site)["rp"]["id"] == site.request(CHALLENGE, ())["rpId"] == rp_id
    assert registered(site, Authenticator(origin, rp_id)) is not None


# --- What holds ----------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_one_is_made_and_used(site: WebAuthn, algorithm: int) -> None:
    pocket = Authenticator(ORIGIN, RP_ID, algorithm=algorithm)
    made = kept(site, pocket)
    assert made.credential_id == pocket.passkeys[0].credential_id
    assert made.public_key == pocket.passkeys[0].public
    assert (made.uv, made.backed_up, made.sign_count) == (True, True, 0)
    assert made.transports == ("hybrid", "internal")
    assert len(made.aaguid) == 36
    assert shown(site, pocket, made) == UsedPasskey(made.credential_id, 0, True)


def test_an_assertion_names_its_key_and_its_person(site: WebAuthn, pocket: Authenticator) -> None:
    made = kept(site, pocket)
    options = site.request(CHALLENGE, (made.credential_id,))
    assert site.named(pocket.sign(options)) == (made.credential_id, ANNA)
    silent = pocket.sign(options, Flaws(no_user_handle=True))
    assert site.named(silent) == (made.credential_id, b"")
    # Old browsers say null where there is nothing to say.
    null = pocket.sign(options, Flaws(response={"userHandle": None}))
    assert site.named(null) == (made.credential_id, b"")
    assert site.used(CHALLENGE, silent, made.credential_id, made.public_key, 0) is not None


def test_what_browsers_add_does_no_harm(site: WebAuthn, pocket: Authenticator) -> None:
    grease = Flaws(
        client_data={"other_keys_can_be_added_here": "do not compare", "extra": {"a": [1]}},
        top={"authenticatorAttachment": None, "clientExtensionResults": {"credProps": {"rk": 1}}},
        response={"transports": ["internal", "telepathy", "internal"]},
    )
    made = registered(site, pocket, grease)
    assert made is not None
    assert made.transports == ("internal",)
    assert shown(site, pocket, made, Flaws(client_data={"crossOrigin": False})) is not None


def test_an_attestation_by_the_key_itself_may_stay(site: WebAuthn, pocket: Authenticator) -> None:
    assert registered(site, pocket, Flaws(fmt="packed")) is not None
    assert registered(site, pocket, Flaws(fmt="packed", signature=b"0" * 70)) is None


def test_extensions_of_the_authenticator_are_passed_over(
    site: WebAuthn, pocket: Authenticator
) -> None:
    extended = Flaws(flags=0x80, trailing=cbor2.dumps({"credProtect": 3}))
    made = registered(site, pocket, extended)
    assert made is not None
    assert shown(site, pocket, made, extended) is not None


# --- Counters ------------------------------------------------------------------------------------


def test_a_counter_that_does_not_go_on_betrays_a_copy(site: WebAuthn) -> None:
    token = Authenticator(ORIGIN, RP_ID, counts=True, backed_up=None)
    made = kept(site, token)
    assert made.backed_up is False
    first = shown(site, token, made)
    assert first == UsedPasskey(made.credential_id, 1, False)
    assert shown(site, token, made, seen=1) == UsedPasskey(made.credential_id, 2, False)
    assert shown(site, token, made, Flaws(sign_count=2), seen=2) is None
    assert shown(site, token, made, Flaws(sign_count=1), seen=2) is None
    assert shown(site, token, made, Flaws(sign_count=0), seen=2) is None
    assert shown(site, token, made, Flaws(sign_count=2**32 - 1), seen=2) is not None


def test_a_key_that_does_not_count_never_has_to(site: WebAuthn) -> None:
    token = Authenticator(ORIGIN, RP_ID, backed_up=None)
    made = kept(site, token)
    assert shown(site, token, made) is not None
    assert shown(site, token, made) is not None


def test_counters_of_a_synced_key_disagree_and_that_is_right(site: WebAuthn) -> None:
    for backed_up in (True, False):
        synced = Authenticator(ORIGIN, RP_ID, backed_up=backed_up)
        made = kept(site, synced)
        assert shown(site, synced, made, Flaws(sign_count=3), seen=7) == UsedPasskey(
            made.credential_id, 3, backed_up
        )


# --- What does not hold --------------------------------------------------------------------------

LIES = {
    "the other ceremony": Flaws(ceremony="payment.get"),
    "another challenge": Flaws(challenge=bytes(32)),
    "a part of the challenge": Flaws(challenge=CHALLENGE[:31]),
    "no challenge": Flaws(challenge=b""),
    "another site": Flaws(origin="https://id.example.net"),
    "a subdomain": Flaws(origin="https://mail.id.example.org"),
    "the domain above": Flaws(origin="https://example.org"),
    "no TLS": Flaws(origin="http://id.example.org"),
    "another port": Flaws(origin="https://id.example.org:8443"),
    "an origin with a path": Flaws(origin="https://id.example.org/"),
    "the origin in capitals": Flaws(origin="https://ID.EXAMPLE.ORG"),
    "an app": Flaws(origin="android:apk-key-hash:0123456789abcdef"),
    "the hash of another site": Flaws(rp_id="example.org"),
    "a frame of another site": Flaws(cross_origin=True),
    "a frame, in other words": Flaws(cross_origin="true"),
    "a frame, or who knows": Flaws(cross_origin=None),
    "a page around it": Flaws(client_data={"topOrigin": "https://evil.example"}),
    "nobody there": Flaws(present=False),
    "somebody, unverified": Flaws(verified=False),
    "bytes behind the data": Flaws(trailing=b"\0"),
    "extensions that are missing": Flaws(flags=0x80),
    "another key's name": Flaws(credential_id=b"another key of hers"),
    "client data that is no JSON": Flaws(client_data_raw=b"{"),
    "client data that is a list": Flaws(client_data_raw=b"[]"),
    "client data in UTF-16": Flaws(client_data_raw='{"type":1}'.encode("utf-16")),
    "client data that is no UTF-8": Flaws(client_data_raw=b'{"type":"\xff"}'),
    "another type": Flaws(top={"type": "password"}),
    "no type": Flaws(top={"type": None}),
    "an id in numbers": Flaws(top={"id": 5, "rawId": 5}),
    "an id that is not the raw one": Flaws(top={"id": "AAAA"}),
    "an empty id": Flaws(top={"id": "", "rawId": ""}),
    "no response": Flaws(top={"response": []}),
    "a response that is null": Flaws(top={"response": None}),
    "client data in base64 of mail": Flaws(response={"clientDataJSON": "+/+="}),
    "client data with blanks": Flaws(response={"clientDataJSON": "e30 "}),
    "client data spelled twice": Flaws(response={"clientDataJSON": "e31"}),
    "authenticator data cut off": Flaws(response={"authenticatorData": base64url(bytes(36))}),
}


@pytest.mark.parametrize("flaws", LIES.values(), ids=LIES)
def test_a_lie_makes_no_passkey(site: WebAuthn, pocket: Authenticator, flaws: Flaws) -> None:
    if "authenticatorData" in flaws.response:
        flaws = Flaws(attestation=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": bytes(9)}))
    assert registered(site, pocket, flaws) is None
    assert registered(site, pocket) is not None


@pytest.mark.parametrize("flaws", LIES.values(), ids=LIES)
def test_a_lie_is_no_use_of_a_passkey(site: WebAuthn, pocket: Authenticator, flaws: Flaws) -> None:
    made = kept(site, pocket)
    assert shown(site, pocket, made, flaws) is None
    assert shown(site, pocket, made) is not None


def test_without_user_verification_nothing_holds(site: WebAuthn, pocket: Authenticator) -> None:
    made = kept(site, pocket)
    assert registered(site, pocket, Flaws(verified=False)) is None
    assert shown(site, pocket, made, Flaws(verified=False)) is None


def test_a_registration_is_no_use_and_a_use_no_registration(
    site: WebAuthn, pocket: Authenticator
) -> None:
    made = kept(site, pocket)
    registration = pocket.register(asked_to_make(site))
    assertion = pocket.sign(site.request(CHALLENGE, ()))
    assert site.created(CHALLENGE, assertion) is None
    for answer in (registration, pocket.register(asked_to_make(site), Flaws(attested=False))):
        assert site.used(CHALLENGE, answer, made.credential_id, made.public_key, 0) is None
    assert registered(site, pocket, Flaws(attested=False)) is None
    assert registered(site, pocket, Flaws(ceremony="webauthn.get")) is None
    assert shown(site, pocket, made, Flaws(ceremony="webauthn.create")) is None


def test_a_signature_by_another_key_is_none(site: WebAuthn, pocket: Authenticator) -> None:
    made = kept(site, pocket)
    thief = Authenticator(ORIGIN, RP_ID)
    thief.register(asked_to_make(site))
    own = from_base64url(
        json.loads(thief.sign(site.request(CHALLENGE, ())))["response"]["signature"]
    )
    for signature in (own, b"\0", b"\xff" * 64, b"\x30\x06\x02\x01\x00\x02\x01\x00"):
        assert shown(site, pocket, made, Flaws(signature=signature)) is None
    answer = thief.sign(site.request(CHALLENGE, ()), Flaws(credential_id=made.credential_id))
    assert site.used(CHALLENGE, answer, made.credential_id, made.public_key, 0) is None


def test_what_was_signed_cannot_be_changed(site: WebAuthn, pocket: Authenticator) -> None:
    made = kept(site, pocket)
    honest = json.loads(pocket.sign(site.request(CHALLENGE, ())))
    data = bytearray(from_base64url(honest["response"]["authenticatorData"]))
    data[36] += 1
    honest["response"]["authenticatorData"] = base64url(bytes(data))
    changed = json.dumps(honest)
    assert site.used(CHALLENGE, changed, made.credential_id, made.public_key, 0) is None


def test_a_key_that_cannot_leave_is_not_backed_up(site: WebAuthn) -> None:
    token = Authenticator(ORIGIN, RP_ID, backed_up=None)
    assert registered(site, token, Flaws(flags=0x10)) is None
    made = kept(site, token)
    assert shown(site, token, made, Flaws(flags=0x10)) is None


# --- Keys ----------------------------------------------------------------------------------------


def _rsa(bits: int, e: bytes = b"\1\0\1", alg: int = RS256) -> bytes:
    n = rsa.generate_private_key(65_537, bits).public_key().public_numbers().n
    return cbor2.dumps({1: 3, 3: alg, -1: n.to_bytes(bits // 8, "big"), -2: e})


def _p384() -> bytes:
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    x, y = (each.to_bytes(48, "big") for each in (numbers.x, numbers.y))
    return cbor2.dumps({1: 2, 3: ES256, -1: 2, -2: x, -3: y})


KEYS: dict[str, Callable[[], bytes]] = {
    "none": lambda: b"\xa0",
    "ES384": lambda: cbor2.dumps({1: 2, 3: -35, -1: 2, -2: b"x" * 48, -3: b"y" * 48}),
    "ES512": lambda: cbor2.dumps({1: 2, 3: -36, -1: 3, -2: b"x" * 66, -3: b"y" * 66}),
    "RS1": lambda: _rsa(2048, alg=-65535),
    "PS256": lambda: _rsa(2048, alg=-37),
    "ML-DSA": lambda: cbor2.dumps({1: 7, 3: -49, -1: b"p" * 1952}),
    "unheard of": lambda: cbor2.dumps({1: 9, 3: -999, -1: 1}),
    "ES256 on P-384": _p384,
    "ES256 off the curve": lambda: cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: b"x" * 32, -3: b"y"}),
    "ES256 in text": lambda: cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: "x" * 32, -3: "y" * 32}),
    "ES256 at infinity": lambda: cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: bytes(32), -3: bytes(32)}),
    "EdDSA cut off": lambda: cbor2.dumps({1: 1, 3: EDDSA, -1: 6, -2: b"x" * 31}),
    "EdDSA for ECDH": lambda: cbor2.dumps({1: 1, 3: EDDSA, -1: 4, -2: b"x" * 32}),
    "an RSA key that says ES256": lambda: _rsa(2048, alg=ES256),
    "RSA of 1024 bits": lambda: _rsa(1024),
    "RSA of 8192 bits": lambda: cbor2.dumps({1: 3, 3: RS256, -1: b"\xff" * 1024, -2: b"\1\0\1"}),
    "RSA with an exponent that costs": lambda: _rsa(2048, e=b"\xff" * 200),
    "RSA with exponent 1": lambda: _rsa(2048, e=b"\1"),
    "a number": lambda: b"\x04",
    "a raw point": lambda: b"\x04" + bytes(64),
    "a map with a key twice": lambda: b"\xa2\x01\x02\x01\x02",
    "an endless map": lambda: b"\xbf\x01\x02\xff",
    "a fraction": lambda: b"\xa1\x01\xfb" + bytes(8),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_other_kinds_are_not_taken(
    site: WebAuthn, pocket: Authenticator, name: str
) -> None:
    assert registered(site, pocket, Flaws(public_key=KEYS[name]())) is None


@pytest.mark.parametrize(
    "attestation",
    [
        b"\0",
        cbor2.dumps({}),
        cbor2.dumps([1]),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"", "more": 1}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"}),
        cbor2.dumps({"fmt": "none", "attStmt": {}}) + b"\0",
    ],
)
def test_attestations_of_other_shapes_are_not_taken(
    site: WebAuthn, pocket: Authenticator, attestation: bytes
) -> None:
    assert registered(site, pocket, Flaws(attestation=attestation)) is None


@pytest.mark.parametrize(
    ("fmt", "statement"),
    [
        ("none", {"x5c": []}),
        ("packed", {"alg": ES256, "sig": b"s", "x5c": [b"certificate"]}),
        ("packed", {}),
        ("fido-u2f", {"sig": b"s", "x5c": [b"certificate"]}),
        ("android-safetynet", {"ver": "1", "response": b"a.b.c"}),
        ("tpm", {}),
        ("apple", {"x5c": [b"certificate"]}),
        ("android-key", {}),
        ("compound", []),
        (7, {}),
    ],
)
def test_attestations_that_nobody_asked_for_are_not_read(
    site: WebAuthn, pocket: Authenticator, fmt: Any, statement: Any
) -> None:
    assert registered(site, pocket, Flaws(fmt=fmt, statement=statement)) is None


# --- Bombs ---------------------------------------------------------------------------------------


def _references() -> bytes:
    """A list of two of the list of two of the list … in 200 bytes; written out it has 2^33."""
    nested: list[Any] = [0]
    for _ in range(33):
        nested = [nested, nested]
    return cbor2.dumps(nested, value_sharing=True)


BOMBS = {
    "references to what was said": _references(),
    "a number with an exponent": bytes.fromhex("c5821b00000000ffffffff03"),
    "a fraction with an exponent": bytes.fromhex("c4821b00000000ffffffff03"),
    "a pattern": bytes.fromhex("d823") + cbor2.dumps("(a+)+$"),
    "a length of exabytes": bytes.fromhex("5bffffffffffffffff00"),
    "as many entries": bytes.fromhex("9bffffffffffffffff00"),
    "a deep nest": b"\x81" * 3_000 + b"\0",
    "an endless nest": b"\x9f" * 3_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_cbor_that_grows_is_never_unpacked(
    site: WebAuthn, pocket: Authenticator, bomb: bytes
) -> None:
    made = kept(site, pocket)
    extended = Flaws(flags=0x80, trailing=bomb)
    inside = b"\xa3\x63fmt\x64none\x67attStmt" + bomb + b"\x68authData\x40"
    start = time.perf_counter()
    assert registered(site, pocket, Flaws(public_key=bomb)) is None
    assert registered(site, pocket, Flaws(attestation=bomb)) is None
    assert registered(site, pocket, Flaws(attestation=inside)) is None
    assert registered(site, pocket, extended) is None
    assert shown(site, pocket, made, extended) is None
    assert time.perf_counter() - start < 0.5


def _twice(answer: str, key: str) -> str:
    return answer.replace(f'"{key}":', f'"{key}": "x", "{key}":', 1)


def _hostile(answer: str) -> dict[str, str]:
    return {
        "nothing": "",
        "blank": " ",
        "no JSON": "passkey",
        "null": "null",
        "a list": "[]",
        "text": '"text"',
        "a number": "1" * 8_000,
        "NaN": '{"id": NaN}',
        "NaN beside": answer.replace("{", '{"more": NaN, ', 1),
        "infinity beside": answer.replace("{", '{"more": -Infinity, ', 1),
        "deep": "[" * 8_000,
        "deep objects": '{"a":' * 1_600,
        "deep beside": answer.replace("{", '{"more": ' + "[" * 3_000 + "]" * 3_000 + ", ", 1),
        "huge": answer + " " * 8_192,
        "very huge": answer.replace("{", '{"more": "' + "x" * 1_000_000 + '", ', 1),
        "a NUL": answer + "\0",
        "a NUL inside": answer.replace("public-key", "public-key\\u0000"),
        "half a sign": answer.replace("public-key", "\ud800"),
        "a mark of order": "\ufeff" + answer,
        "cut off": answer[:-1],
        "and more": answer + "{}",
        "id twice": _twice(answer, "id"),
        "type twice": _twice(answer, "type"),
        "client data twice": _twice(answer, "clientDataJSON"),
        "the response twice": _twice(answer, "response"),
    }


HOSTILE = tuple(_hostile("{}"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_a_no(site: WebAuthn, pocket: Authenticator, name: str) -> None:
    made = kept(site, pocket)
    registration = _hostile(pocket.register(asked_to_make(site)))[name]
    assertion = _hostile(pocket.sign(site.request(CHALLENGE, ())))[name]
    assert site.created(CHALLENGE, registration) is None
    assert site.named(assertion) is None
    assert site.used(CHALLENGE, assertion, made.credential_id, made.public_key, 0) is None


def test_client_data_says_everything_once(site: WebAuthn, pocket: Authenticator) -> None:
    made = kept(site, pocket)
    said = f'"challenge":"{base64url(CHALLENGE)}","origin":"{ORIGIN}"'
    true = f'{{"type":"webauthn.get",{said}}}'
    twice = f'{{"origin":"https://evil.example","type":"webauthn.get",{said}}}'
    assert shown(site, pocket, made, Flaws(client_data_raw=true.encode())) is not None
    assert shown(site, pocket, made, Flaws(client_data_raw=twice.encode())) is None
    padded = true.replace(base64url(CHALLENGE), base64url(CHALLENGE) + "=")
    assert shown(site, pocket, made, Flaws(client_data_raw=padded.encode())) is None


def test_names_are_bounded(site: WebAuthn, pocket: Authenticator) -> None:
    kept(site, pocket)
    options = site.request(CHALLENGE, ())
    assert site.named(pocket.sign(options, Flaws(user_handle=b"u" * 64))) is not None
    assert site.named(pocket.sign(options, Flaws(user_handle=b"u" * 65))) is None
    assert site.named(pocket.sign(options, Flaws(credential_id=b"c" * 1023))) is not None
    assert site.named(pocket.sign(options, Flaws(credential_id=b"c" * 1024))) is None
    assert site.named(pocket.sign(options, Flaws(response={"userHandle": ""}))) is None
    assert site.named(pocket.sign(options, Flaws(response={"userHandle": 7}))) is None


def test_the_longest_honest_answer_fits(site: WebAuthn) -> None:
    token = Authenticator(ORIGIN, RP_ID, algorithm=RS256)
    answer = token.register(asked_to_make(site), Flaws(fmt="packed"))
    said = json.loads(answer)
    said["response"]["publicKey"] = base64url(bytes(294))
    assert len(json.dumps(said)) < reading.ANSWER_CHARACTERS_MAX / 2


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_bytes_are_changed_nobody_falls(data: st.DataObject) -> None:
    """Bytes of the parts that are read as bytes, changed at random: at most a no, never an error;
    and no assertion survives it."""
    site, pocket = WebAuthn(ORIGIN, "Example"), Authenticator(ORIGIN, RP_ID)
    made = kept(site, pocket)
    registration = json.loads(pocket.register(asked_to_make(site)))
    assertion = json.loads(pocket.sign(site.request(CHALLENGE, ())))
    for said, parts in (
        (registration, ("clientDataJSON", "attestationObject")),
        (assertion, ("clientDataJSON", "authenticatorData", "signature")),
    ):
        part = data.draw(st.sampled_from(parts))
        whole = bytearray(from_base64url(said["response"][part]))
        at = data.draw(st.integers(0, 9_999)) % len(whole)  # signatures differ in length
        whole[at] ^= data.draw(st.integers(1, 255))
        said["response"][part] = base64url(bytes(whole))
    site.created(CHALLENGE, json.dumps(registration))
    answer = json.dumps(assertion)
    assert site.used(CHALLENGE, answer, made.credential_id, made.public_key, 0) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_cbor_of_an_authenticator_or_refused(data: bytes) -> None:
    try:
        reading.check_cbor(data)
    except (reading.Malformed, IndexError):
        return
    with suppress(cbor2.CBORDecodeError):  # text that is no UTF-8, say
        assert len(cbor2.dumps(cbor2.loads(data))) <= len(data)


# --- Its price -----------------------------------------------------------------------------------


def test_asking_loads_no_library_and_answers_cost_little(
    site: WebAuthn, pocket: Authenticator
) -> None:
    alone = """
import sys
from rebind.providers.passkeys.webauthn import WebAuthn
site = WebAuthn("https://id.example.org", "Example")
site.creation(bytes(32), bytes(16), "+7", ()), site.request(bytes(32), ())
assert site.created(bytes(32), "{}") is None and site.named("{}") is None
assert not {"webauthn", "cbor2", "OpenSSL", "cryptography"} & set(sys.modules), sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", alone], check=True)
    made = kept(site, pocket)
    answers = [pocket.sign(site.request(CHALLENGE, ())) for _ in range(50)]
    start = time.process_time()
    for answer in answers:
        assert site.used(CHALLENGE, answer, made.credential_id, made.public_key, 0) is not None
    assert (time.process_time() - start) / len(answers) < 0.02


# --- The real Chromium, through our own script ---------------------------------------------------

SCRIPTS = {name: (FOLDER / name).read_text("utf-8") for name in ("app.js", "passkeys.js")}
POLICY = "default-src 'none'; script-src 'self'; form-action 'self'"
PAGE = """<!doctype html><html lang="en"><title>Passkeys</title>
<script src="/app.js" defer></script><script src="/passkeys.js" defer></script>
<p id="outcome">{outcome}</p><p data-signal="{signal}"></p>
<form method="post" data-needs-passkeys data-passkey="{way}" data-options="{options}">
<input type="hidden" data-answer name="credential"><input autocomplete="username webauthn">
<p data-passkey-error hidden data-cancelled="cancelled" data-impossible="impossible"
 data-known="known"></p><button name="button" value="pressed">Go on</button></form>"""


class Page:
    """A site of one page: `create`, `get` or `conditional`, checked by the provider."""

    def __init__(self) -> None:
        self.site = WebAuthn("http://localhost", "Example")
        self.signal: dict[str, Any] = {}
        self.made: NewPasskey | None = None
        self.exclude = False
        self.button = ""

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        for name in SCRIPTS:
            app.router.add_get(f"/{name}", self._script)
        app.router.add_get("/{way}", self._show)
        app.router.add_post("/{way}", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "localhost", 0)
        await site.start()
        address = f"http://localhost:{runner.addresses[0][1]}"
        self.site = WebAuthn(address, "Example")
        try:
            yield address
        finally:
            await runner.cleanup()

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=SCRIPTS[request.path[1:]], content_type="text/javascript")

    async def _show(self, request: web.Request, outcome: str = "") -> web.Response:
        way = request.match_info["way"]
        existing = (self.made.credential_id,) if self.made and self.exclude else ()
        options = (
            self.site.creation(CHALLENGE, ANNA, "+7•67", existing)
            if way == "create"
            else self.site.request(CHALLENGE, ())
        )
        said = {"options": escape(json.dumps(options)), "signal": escape(json.dumps(self.signal))}
        text = PAGE.format(way=way, outcome=outcome, **said)
        headers = {"content-security-policy": POLICY}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _take(self, request: web.Request) -> web.Response:
        form = await request.post()
        answer, self.button = str(form["credential"]), str(form.get("button", ""))
        if request.match_info["way"] == "create":
            self.made = self.site.created(CHALLENGE, answer)
            return await self._show(request, f"made: {self.made is not None}")
        made, named = self.made, self.site.named(answer)
        assert made is not None
        used = self.site.used(CHALLENGE, answer, made.credential_id, made.public_key, 0)
        request.match_info["way"] = "get"  # one that is offered by itself is offered once
        whose = named == (made.credential_id, ANNA)
        return await self._show(request, f"used: {used is not None}, hers: {whose}")


async def _pressed(page: Any) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button").click()


@pytest.mark.skipif(chromium.program() is None, reason="Chromium is not installed")
async def test_chromium_makes_and_uses_passkeys_by_our_script() -> None:
    program, stage = chromium.program(), Page()
    assert program is not None
    async with stage.served() as address, chromium.running(program) as browser:
        context = await browser.new_context()
        page = await context.new_page()
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        outcome, wrong = page.locator("#outcome"), page.locator("[data-passkey-error]")
        devtools = await context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        token = {"authenticatorId": added["authenticatorId"]}

        await page.goto(f"{address}/create")
        await _pressed(page)
        assert await outcome.inner_text() == "made: True"
        assert stage.button == "pressed"
        assert stage.made
        assert stage.made.transports == ("internal",)
        await page.goto(f"{address}/get")
        await _pressed(page)
        assert await outcome.inner_text() == "used: True, hers: True"
        await page.goto(f"{address}/conditional", wait_until="commit")
        await expect(outcome).to_have_text("used: True, hers: True")

        # What it says when it did not work, and that one may try again.
        stage.exclude = True
        await page.goto(f"{address}/create")
        await page.get_by_role("button").click()
        await expect(wrong).to_have_text("known")
        await devtools.send("WebAuthn.setUserVerified", {**token, "isUserVerified": False})
        await page.goto(f"{address}/get")
        await page.get_by_role("button").click()
        await expect(wrong).to_have_text("cancelled")
        await devtools.send("WebAuthn.setUserVerified", {**token, "isUserVerified": True})
        await _pressed(page)
        assert await outcome.inner_text() == "used: True, hers: True"

        # Browsers that convert nothing by themselves.
        await page.add_init_script("""
            delete PublicKeyCredential.parseCreationOptionsFromJSON;
            delete PublicKeyCredential.parseRequestOptionsFromJSON;
            delete PublicKeyCredential.prototype.toJSON;
        """)
        await page.goto(f"{address}/get")
        await _pressed(page)
        assert await outcome.inner_text() == "used: True, hers: True"
        stage.exclude = False
        await page.goto(f"{address}/create")
        await _pressed(page)
        assert await outcome.inner_text() == "made: True"

        # An authenticator that hears that its passkey is gone forgets it.
        found = await devtools.send("WebAuthn.getCredentials", token)
        assert len(found["credentials"]) == 1
        stage.signal = {
            "kind": "allAcceptedCredentials",
            "rpId": "localhost",
            "userId": base64url(ANNA),
            "allAcceptedCredentialIds": [],
        }
        await page.goto(f"{address}/get")
        for _ in range(50):
            found = await devtools.send("WebAuthn.getCredentials", token)
            if not found["credentials"]:
                break
            await asyncio.sleep(0.02)
        assert not found["credentials"]

        await page.add_init_script("delete window.PublicKeyCredential")
        await page.goto(f"{address}/get")
        await expect(page.get_by_role("button")).to_be_hidden()
        assert errors == []
