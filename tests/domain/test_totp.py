"""Codes of an authenticator app: the vectors of the RFCs, drift, replay, and what is no code."""

from base64 import b32decode, b32encode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp import TOTP

from rebind.domain import totp
from rebind.domain.totp import STEP_MS

SECRET = b32encode(b"12345678901234567890").decode()  # RFC 6238 B, RFC 4226 D
NEVER = -1
STEP = 60_000_000
NOW = STEP * STEP_MS


def code_of(step: int, secret: str = SECRET) -> str:
    """By another implementation."""
    return TOTP(secret).generate_otp(step)


# --- The vectors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, eight_digits: str) -> None:
    # Appendix B prints eight digits; six are the last six of them (RFC 4226 5.3).
    assert totp.step_of(SECRET, eight_digits[-6:], seconds * 1000, NEVER) == seconds // 30


def test_the_vectors_of_rfc_4226() -> None:
    codes = ["755224", "287082", "359152", "969429", "338314"]
    codes += ["254676", "287922", "162583", "399871", "520489"]
    for step, code in enumerate(codes):
        assert totp.step_of(SECRET, code, step * STEP_MS, NEVER) == step


@given(st.binary(min_size=20, max_size=20), st.integers(1, 2**33))
def test_another_implementation_agrees(random: bytes, step: int) -> None:
    secret = totp.secret(random)
    assert totp.step_of(secret, code_of(step, secret), step * STEP_MS, NEVER) in (
        step,
        step + 1,  # one code in a million is that of the step beside it as well
    )


# --- Drift and replay ----------------------------------------------------------------------------


def test_a_code_holds_in_its_step_and_one_to_each_side_to_the_millisecond() -> None:
    code, begins = code_of(STEP), STEP * STEP_MS
    assert totp.step_of(SECRET, code, begins - STEP_MS - 1, NEVER) is None
    assert totp.step_of(SECRET, code, begins - STEP_MS, NEVER) == STEP
    assert totp.step_of(SECRET, code, begins, NEVER) == STEP
    assert totp.step_of(SECRET, code, begins + 2 * STEP_MS - 1, NEVER) == STEP
    assert totp.step_of(SECRET, code, begins + 2 * STEP_MS, NEVER) is None


def test_a_code_counts_once_and_never_after_a_later_one() -> None:
    for step in (STEP - 1, STEP, STEP + 1):
        assert totp.step_of(SECRET, code_of(step), NOW, step - 1) == step
        assert totp.step_of(SECRET, code_of(step), NOW, step) is None
        assert totp.step_of(SECRET, code_of(step), NOW, STEP + 1) is None


def test_the_clock_of_1970_has_no_step_before_its_first() -> None:
    assert totp.step_of(SECRET, code_of(0), 0, NEVER) == 0
    assert totp.step_of(SECRET, "", 0, -5) is None


def test_a_code_of_another_secret_does_not_hold() -> None:
    other = totp.secret(bytes(20))
    assert totp.step_of(other, code_of(STEP), NOW, NEVER) is None


# --- What is no code -----------------------------------------------------------------------------


def test_only_six_ascii_digits_are_a_code() -> None:
    code = code_of(STEP)
    wide = code.translate({ord("0") + n: ord("０") + n for n in range(10)})
    arabic = code.translate({ord("0") + n: ord("٠") + n for n in range(10)})
    spelled = [code + "\n", " " + code, code[:3] + " " + code[3:], code[:5], code + "0", "+" + code]
    for typed in ["", wide, arabic, *spelled, code + "\0", "０" * 6, "²" * 6, "000000" * 9]:
        assert totp.step_of(SECRET, typed, NOW, NEVER) is None
    assert totp.step_of(SECRET, code, NOW, NEVER) == STEP


def test_leading_zeros_belong_to_a_code() -> None:
    step = next(step for step in range(STEP, STEP + 100) if code_of(step).startswith("0"))
    assert totp.step_of(SECRET, code_of(step), step * STEP_MS, NEVER) == step
    assert totp.step_of(SECRET, code_of(step).lstrip("0"), step * STEP_MS, NEVER) is None


# --- Secrets -------------------------------------------------------------------------------------


def test_a_secret_has_160_bits_and_no_padding() -> None:
    random = bytes(range(236, 256))
    secret = totp.secret(random)
    assert len(random) * 8 == 160
    assert len(secret) == 32
    assert "=" not in secret
    assert b32decode(secret) == random


@pytest.mark.parametrize("length", [0, 10, 19, 21])
def test_a_secret_is_made_of_20_bytes_only(length: int) -> None:
    with pytest.raises(ValueError, match="20"):
        totp.secret(bytes(length))


def test_a_secret_for_those_who_type() -> None:
    assert totp.grouped(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


def test_what_the_picture_says() -> None:
    said = totp.uri(SECRET, "Мой банк: вход", "+7••••••••67")
    assert said.isascii()
    assert not set(said) & set(' "<>+')
    parts = urlsplit(said)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Мой банк  вход:+7••••••••67"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Мой банк  вход"]}


def test_names_cannot_bend_the_address() -> None:
    said = totp.uri(SECRET, "A&secret=MINE#", "b?c/d:e")
    assert parse_qs(urlsplit(said).query)["secret"] == [SECRET]
    assert urlsplit(said).fragment == ""
    assert unquote(urlsplit(said).path).count(":") == 1
