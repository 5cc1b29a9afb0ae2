"""Sealed values open only where they were sealed; indexes and macs of two kinds never meet."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind import ports
from rebind.providers.seal.ring import KeyRing, Use, added, new, promoted, retired
from rebind.providers.seal.vault import AesSeal

NOW = 1_764_000_000_000
ROW = bytes(range(16))
RING = new(os.urandom, NOW)
SEAL: ports.Seal = AesSeal(RING)


def rotated(ring: KeyRing, use: Use) -> KeyRing:
    return promoted(added(ring, use, os.urandom, NOW), use, 2)


@given(plain=st.text(st.characters(exclude_categories=["Cs"])), row=st.binary(max_size=40))
def test_what_was_sealed_opens_again(plain: str, row: bytes) -> None:
    sealed = SEAL.seal("accounts.name", row, plain)
    assert sealed[0] == 1
    assert len(sealed) == 1 + 12 + len(plain.encode()) + 16
    assert SEAL.unseal("accounts.name", row, sealed) == plain


def test_the_same_text_never_looks_the_same_twice() -> None:
    assert len({SEAL.seal("a.b", ROW, "+79161234567") for _ in range(2_000)}) == 2_000


@pytest.mark.parametrize(
    ("place", "row"),
    [
        ("emails.address", ROW),
        ("numbers.sealed", ROW[:-1]),
        ("numbers.seale", b"d" + ROW),
        ("numbers.sealed", b""),
        ("", b"numbers.sealed" + ROW),
    ],
)
def test_a_moved_value_does_not_open(place: str, row: bytes) -> None:
    sealed = SEAL.seal("numbers.sealed", ROW, "+79161234567")
    with pytest.raises(ports.Broken) as broken:
        SEAL.unseal(place, row, sealed)
    assert "7916" not in str(broken.value)


def test_a_value_with_any_bit_turned_or_any_byte_cut_does_not_open() -> None:
    sealed = SEAL.seal("numbers.sealed", ROW, "+79161234567")
    for at in range(len(sealed)):
        turned = bytearray(sealed)
        turned[at] ^= 1
        for damaged in (bytes(turned), sealed[:at]):
            with pytest.raises(ports.Broken):
                SEAL.unseal("numbers.sealed", ROW, damaged)


def test_a_rotation_of_the_seal_key_keeps_old_values_until_it_is_retired() -> None:
    vault = AesSeal(RING)
    old = vault.seal("numbers.sealed", ROW, "before")
    next_ring = added(RING, Use.SEAL, os.urandom, NOW)
    vault.reload(next_ring)
    assert vault.seal("numbers.sealed", ROW, "x")[0] == 1
    next_ring = promoted(next_ring, Use.SEAL, 2)
    ahead = AesSeal(next_ring).seal("numbers.sealed", ROW, "from another process")
    assert ahead[0] == 2
    # This process has not reloaded since the key was added, and opens it all the same.
    assert vault.unseal("numbers.sealed", ROW, ahead) == "from another process"
    vault.reload(next_ring)
    assert vault.unseal("numbers.sealed", ROW, old) == "before"
    vault.reload(retired(next_ring, Use.SEAL, 1))
    with pytest.raises(ports.Broken, match="version 1 is not in the key ring"):
        vault.unseal("numbers.sealed", ROW, old)


def test_an_index_is_stable_and_belongs_to_one_kind_and_one_ring() -> None:
    index = SEAL.index("number", "+79161234567")
    assert len(index) == 1 + 16
    assert index[0] == 1  # the version of its key
    assert index == AesSeal(RING).index("number", "+79161234567")
    others = {
        SEAL.index("number", "+79161234568"),
        SEAL.index("email", "+79161234567"),
        SEAL.index("numbe", "r+79161234567"),
        SEAL.index("", "number+79161234567"),
        AesSeal(new(os.urandom, NOW)).index("number", "+79161234567"),
    }
    assert len(others) == 5
    assert index not in others


def test_every_live_index_is_given_with_the_looked_up_one_first() -> None:
    assert SEAL.indexes("number", "+7") == (SEAL.index("number", "+7"),)
    ring = added(RING, Use.INDEX, os.urandom, NOW)
    both = AesSeal(ring).indexes("number", "+7")
    assert both[0] == SEAL.index("number", "+7")
    moved = AesSeal(promoted(ring, Use.INDEX, 2))
    assert moved.indexes("number", "+7") == both[::-1]
    assert moved.index("number", "+7") == both[1]


parts = st.lists(st.binary(max_size=8), max_size=4).map(tuple)


@given(one=parts, other=parts)
def test_a_mac_matches_its_own_parts_and_no_others(
    one: tuple[bytes, ...],
    other: tuple[bytes, ...],
) -> None:
    mac = SEAL.mac("code", *one)
    assert len(mac) == 17
    assert mac[0] == 1
    assert SEAL.matches(mac, "code", *other) == (one == other)


def test_a_mac_of_another_kind_length_or_key_does_not_match() -> None:
    mac = SEAL.mac("code", b"123456", ROW)
    assert SEAL.matches(mac, "code", b"123456", ROW)
    assert not SEAL.matches(mac, "token", b"123456", ROW)
    assert not SEAL.matches(mac, "cod", b"e123456", ROW)
    assert not SEAL.matches(mac, "code", b"123456" + ROW)
    for damaged in (b"", mac[:-1], mac + b"\0", b"\2" + mac[1:], mac[:-1] + b"\0" + mac[-1:]):
        assert not SEAL.matches(damaged, "code", b"123456", ROW)


def test_old_macs_match_until_their_key_is_retired() -> None:
    mac = SEAL.mac("code", b"123456")
    ring = rotated(RING, Use.MAC)
    vault = AesSeal(ring)
    assert vault.mac("code", b"123456")[0] == 2
    assert vault.matches(mac, "code", b"123456")
    vault.reload(retired(ring, Use.MAC, 1))
    assert not vault.matches(mac, "code", b"123456")


def test_no_key_serves_two_uses() -> None:
    """The same name in all three uses gives unrelated keys, even from one secret."""
    from rebind.providers.seal.vault import _subkey

    key = RING.seal[0]
    assert len({_subkey(key, use, name) for use in Use for name in ("x", "y")}) == 6
