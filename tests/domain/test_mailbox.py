"""E-mail addresses: what may be one, when two are one, what is shown of one."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain.mailbox import canonical, looks_right, masked


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org",
        "a@b.cd",
        "Anna.Petrova+shop@mail.example.museum",
        "o'neil/x=y!#$%&*?^`{|}~-_@sub.example.org",
        "анна@почта.рф",
        "a" * 64 + "@example.org",
        "a@" + "b" * 63 + ".org",
    ],
)
def test_what_mail_could_go_to(address: str) -> None:
    assert looks_right(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "anna",
        "anna@",
        "@example.org",
        "anna@localhost",
        "anna@@example.org",
        "anna@example@org",
        "anna@.example.org",
        "anna@example.org.",
        "anna@example..org",
        "anna @example.org",
        " anna@example.org",
        "anna@example.org ",
        "a" * 65 + "@example.org",
        "a@" + "b" * 249 + ".org",
        "+79161234567",
    ],
)
def test_what_is_no_address(address: str) -> None:
    assert not looks_right(address)


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org\n",
        "anna@example.org\r\nBcc: eve@example.net",
        "anna\x00@example.org",
        "anna\x7f@example.org",
        "anna\x85@example.org",
        "anna\u2028@example.org",
        "anna@example.org,eve@example.net",
        "anna@example.org;eve@example.net",
        "anna<eve@example.net>",
        "Anna<anna@example.org",
        '"anna"@example.org',
        "anna(eve)@example.org",
        "anna\\@example.org",
        "anna@[192.0.2.1]",
        "anna:eve@example.org",
        "anna\u200b@example.org",
        "\u202eanna@example.org",
        "\ufeffanna@example.org",
        "anna\ud800@example.org",
        "anna@example\ue000.org",
    ],
    ids=ascii,
)
def test_nothing_that_hides_or_addresses_somebody_else(address: str) -> None:
    """Line ends and lists of a header, what cannot be seen, what cannot be written."""
    assert not looks_right(address)


@pytest.mark.parametrize("hostile", ["a" * 10**6, "a@" + "b." * 5 * 10**5, "@" * 10**6])
def test_long_nonsense_is_refused_before_it_is_read(hostile: str) -> None:
    assert not looks_right(hostile)


@given(st.text(max_size=300))
def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    if looks_right(text):
        assert text.count("@") == 1
        assert text == text.strip()
        assert looks_right(canonical(text))
        text.encode()


# two spellings


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        ("АННА@ПОЧТА.РФ", "анна@почта.рф"),
        ("ÅSA@example.org", "åsa@example.org"),
    ],
)
def test_capital_letters_make_no_other_mailbox(typed: str, same: str) -> None:
    assert canonical(typed) == canonical(same) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@straße.example", "anna@strasse.example"),
        ("mi\N{KELVIN SIGN}e@example.org", "mike@example.org"),
        ("mike@example.or\N{FULLWIDTH LATIN SMALL LETTER G}", "mike@example.org"),
        ("\N{LATIN SMALL LETTER LONG S}am@example.org", "sam@example.org"),
        ("\N{LATIN SMALL LIGATURE FI}@example.org", "fi@example.org"),
        ("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}@example.org", "i@example.org"),
        ("m\N{LATIN SMALL LETTER DOTLESS I}ke@example.org", "mike@example.org"),
        ("аnna@example.org", "anna@example.org"),
        ("anna+shop@example.org", "anna@example.org"),
        ("an.na@example.org", "anna@example.org"),
    ],
)
def test_two_mailboxes_never_become_one(one: str, other: str) -> None:
    """A code goes to the address as typed: who owns straße.example must not be taken for the owner
    of strasse.example."""
    assert canonical(one) != canonical(other)


def test_only_a_letter_and_its_capital_are_one() -> None:
    """Over everything that can be written."""
    spelled: dict[str, list[str]] = {}
    for point in range(sys.maxunicode + 1):
        spelled.setdefault(canonical(chr(point)), []).append(chr(point))
    for small, letters in spelled.items():
        assert sorted(letters) == sorted({small, *letters})
        assert letters in ([small], [small.upper(), small], [small, small.upper()])


@given(st.text(max_size=80))
def test_a_canonical_address_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


# what is shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anna@example.org", "a•••@example.org"),
        ("a@example.org", "a•••@example.org"),
        ("анна@почта.рф", "а•••@почта.рф"),
        ("Anna.Petrova+shop@example.org", "A•••@example.org"),
    ],
)
def test_one_letter_and_the_domain_are_shown(address: str, shown: str) -> None:
    assert masked(address) == shown


@given(st.emails())
def test_a_mask_says_nothing_of_the_rest_not_even_its_length(address: str) -> None:
    local, _, domain = address.rpartition("@")
    assert masked(address) == masked(f"{local[0]}@{domain}")
