"""Printed codes: how many bits they have, how people type them, and how they rest."""

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain import recovery_codes
from rebind.domain.recovery_codes import ALPHABET, BITS, CHARACTERS, CODES, RANDOM_BYTES

ANNA, BORIS = b"a" * 16, b"b" * 16
CODE = recovery_codes.made(bytes(range(16)))


# --- Making --------------------------------------------------------------------------------------


def test_a_code_has_more_than_112_bits() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ILOU")
    assert len(CODE) == CHARACTERS == 25
    assert set(CODE) <= set(ALPHABET)
    assert BITS == len(CODE) * 5 == 125
    assert BITS > 112
    assert RANDOM_BYTES * 8 >= BITS
    assert CODES == 10


def test_every_bit_of_the_125_counts_and_no_other() -> None:
    codes = {recovery_codes.made((1 << bit).to_bytes(16, "big")) for bit in range(128)}
    assert len(codes) == 125 + 1
    assert recovery_codes.made(bytes(16)) == "0" * 25 in codes
    assert recovery_codes.made(b"\xff" * 16) == "Z" * 25


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_two_codes_are_alike_only_where_their_bits_are(one: bytes, other: bytes) -> None:
    def bits(random: bytes) -> int:
        return int.from_bytes(random, "big") % 2**125

    alike = recovery_codes.made(one) == recovery_codes.made(other)
    assert alike == (bits(one) == bits(other))


@pytest.mark.parametrize("length", [0, 13, 15, 17])
def test_a_code_is_made_of_16_bytes_only(length: int) -> None:
    with pytest.raises(ValueError, match="16"):
        recovery_codes.made(bytes(length))


def test_how_a_set_is_printed() -> None:
    codes = [recovery_codes.made(bytes([place] * 16)) for place in range(CODES)]
    lines = recovery_codes.printed(codes).splitlines()
    assert len(lines) == 10
    assert lines[0] == " 1. 00000-00000-00000-00000-00000"
    assert lines[9].startswith("10. ")
    assert [recovery_codes.canonical(line[4:]) for line in lines] == codes


# --- Reading -------------------------------------------------------------------------------------


@given(st.binary(min_size=16, max_size=16), st.data())
def test_however_a_code_is_typed_it_is_the_same(random: bytes, data: st.DataObject) -> None:
    code = recovery_codes.made(random)
    typed = ""
    for sign in code:
        looks = {"0": "0Oo", "1": "1IiLl"}.get(sign, sign + sign.lower())
        typed += data.draw(st.sampled_from(looks))
        typed += data.draw(st.sampled_from(["", "", " ", "-", "\u2013", "\u00a0", " - "]))
    assert recovery_codes.canonical(typed) == code
    assert recovery_codes.canonical(recovery_codes.grouped(code).lower()) == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "-----",
        CODE[:24],
        CODE + "0",
        "U" + CODE[1:],
        "*" + CODE[1:],
        "\0" + CODE[1:],
        CODE + "\0",
        "０" + CODE[1:],
        "О" + CODE[1:],  # Cyrillic
        "ı" + CODE[1:],
        "ﬁ" + CODE[2:],
        "ß" + CODE[2:],
        CODE.replace("-", "") * 2,
        " " * 100 + CODE,
        "0" * 1_000_000,
    ],
)
def test_what_is_no_code(typed: str) -> None:
    assert recovery_codes.canonical(typed) is None


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(typed: str) -> None:
    code = recovery_codes.canonical(typed)
    assert code is None or (len(code) == CHARACTERS and set(code) <= set(ALPHABET))


# --- Resting -------------------------------------------------------------------------------------


def test_a_code_rests_as_a_hash_that_is_its_accounts_own() -> None:
    mine = recovery_codes.hashed(ANNA, CODE)
    assert len(mine) == 32
    assert mine == recovery_codes.hashed(ANNA, CODE)
    assert mine != recovery_codes.hashed(BORIS, CODE)
    assert mine != recovery_codes.hashed(ANNA, recovery_codes.made(bytes(16)))
    # It is a hash for this only: the same bytes hashed for something else are something else.
    assert mine != blake2b(ANNA + CODE.encode(), digest_size=32).digest()
