"""Numbers as people type them, and every example number that libphonenumber itself gives."""

from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from rebind.domain.phone import TYPED_MAX, Phone, masked, parse
from rebind.domain.refusals import (
    NUMBER_COUNTRY,
    NUMBER_IMPOSSIBLE,
    NUMBER_KIND,
    NUMBER_MALFORMED,
    Refusal,
)

REFUSED_KINDS = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
KINDS = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
ANNA = Phone("+79161234567", "RU")


def examples() -> Iterator[tuple[str, phonenumbers.PhoneNumber]]:
    """Each region's example of each kind, and the numbers of no country (satellites, freephone)."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield region, number
    for country_code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        number = phonenumbers.example_number_for_non_geo_entity(country_code)
        if number is not None:
            yield "001", number


EXAMPLES = list(examples())


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def test_the_library_has_examples_of_every_kind() -> None:
    assert len(EXAMPLES) > 1_000
    assert {phonenumbers.number_type(number) for _, number in EXAMPLES} >= REFUSED_KINDS


def test_every_example_is_accepted_or_refused_by_its_kind() -> None:
    for region, number in EXAMPLES:
        found = parse(e164(number))
        if phonenumbers.number_type(number) in REFUSED_KINDS:
            assert found is NUMBER_KIND, (region, number)
        else:
            assert isinstance(found, Phone), (region, number, found)


def test_what_is_accepted_is_canonical_and_canonicalises_to_itself() -> None:
    for region, number in EXAMPLES:
        found = parse(e164(number))
        if isinstance(found, Phone):
            assert found.e164 == e164(number)
            assert parse(found.e164) == found
            country_code = phonenumbers.country_code_for_region(region)
            if country_code:
                assert phonenumbers.country_code_for_region(found.region) == country_code
            else:
                assert found.region == "001"


def test_every_way_of_writing_a_number_is_the_same_number() -> None:
    for region, number in EXAMPLES:
        whole = parse(e164(number))
        assert parse(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)) == whole
        if region != "001":
            national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            assert parse(national, home=region) == whole, (region, national)


def test_fixed_lines_stay_allowed() -> None:
    """Many of them take codes read out by voice, and in North America nobody can tell."""
    assert parse("+74951234567") == Phone("+74951234567", "RU")
    assert parse("+12015550123") == Phone("+12015550123", "US")


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("+79161234567", "RU"),
        ("+77011234567", "KZ"),
        ("+77172123456", "KZ"),
        ("+73422123456", "RU"),
        ("+442079460018", "GB"),
        ("+441481256789", "GG"),
        ("+12423651234", "BS"),
        ("+12125550123", "US"),
    ],
)
def test_the_country_is_that_of_the_digits_not_of_the_prefix(typed: str, region: str) -> None:
    found = parse(typed)
    assert isinstance(found, Phone)
    assert found.region == region


@pytest.mark.parametrize(
    ("typed", "home"),
    [
        ("8 (916) 123-45-67", "RU"),
        ("8-916-123-45-67", "RU"),
        ("9161234567", "RU"),
        ("+7 916 123-45-67", None),
        ("+7 (916) 123 45 67", "KZ"),
        ("0079161234567", "DE"),
        ("  +79161234567  ", None),
        ("+79161234567\n", None),
        ("+7\u00a0916\u00a0123\u201145\u201167", None),
        ("\u202a+79161234567\u202c", None),
    ],
)
def test_one_number_as_people_write_it(typed: str, home: str | None) -> None:
    assert parse(typed, home=home) == ANNA


@pytest.mark.parametrize("typed", ["+79161234567", "+٧٩١٦١٢٣٤٥٦٧", "+۷۹۱۶۱۲۳۴۵۶۷"])
def test_digits_of_other_keyboards_mean_the_same_number(typed: str) -> None:
    """A person types on the keyboard that they have; what is kept is always ASCII."""
    assert parse(typed) == ANNA


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "+7",
        "+999",
        "()",
        "\x00",
        "\ud800",
        "🙂",
        "12",
        "+7916\x001234567",
        "8 (916) 123-45-67",  # without a home nobody knows the country
        "+79161234567 +79162345678",
        "+79161234567/+79162345678",
        "+79161234567,,5",
    ],
)
def test_what_is_no_number(typed: str) -> None:
    assert parse(typed) is NUMBER_MALFORMED


@pytest.mark.parametrize(
    "typed",
    [
        "1-800-FLOWERS",
        "+7916ABCDEFG",
        "abc+79161234567",
        "+7916123456О",
        "tel:+79161234567",
        "+79161234567<script>",
    ],
)
def test_letters_are_never_read_as_digits(typed: str) -> None:
    """A slip of the finger must not become a stranger's number."""
    assert parse(typed, home="US") is NUMBER_MALFORMED


@pytest.mark.parametrize(
    "typed",
    [
        "+79161234567 x5",
        "+79161234567 ext. 5",
        "+79161234567#5",
        "+79161234567 доб. 12",
        "+79161234567;ext=5",
    ],
)
def test_extensions_cannot_take_a_message(typed: str) -> None:
    assert parse(typed) is NUMBER_MALFORMED


@pytest.mark.parametrize("typed", ["+7916123456", "+791612345678", "+70001234567", "+1911"])
def test_numbers_that_nobody_has(typed: str) -> None:
    assert parse(typed) is NUMBER_IMPOSSIBLE


@pytest.mark.parametrize("typed", ["911", "112"])
def test_emergency_numbers_are_no_numbers(typed: str) -> None:
    assert isinstance(parse(typed, home="US"), Refusal)


@pytest.mark.parametrize("typed", ["+78001234567", "+18002345678", "+80012345678", "+19002345678"])
def test_toll_free_and_premium_are_refused_by_kind(typed: str) -> None:
    assert parse(typed) is NUMBER_KIND


@pytest.mark.parametrize("typed", ["7" * 1_000_000, "+" * 1_000_000, "+7916" + "\x00" * 1_000_000])
def test_a_megabyte_is_refused_without_being_read(typed: str) -> None:
    assert parse(typed) is NUMBER_MALFORMED


def test_the_longest_input_that_is_read() -> None:
    assert parse("+79161234567".ljust(TYPED_MAX)) == ANNA
    assert parse("+79161234567".ljust(TYPED_MAX + 1)) is NUMBER_MALFORMED


def test_countries() -> None:
    only_russia = frozenset({"RU"})
    assert parse("+79161234567", only_russia) == ANNA
    assert parse("+77011234567", only_russia) is NUMBER_COUNTRY, "the same +7 is another country"
    assert parse("+79161234567", frozenset()) is NUMBER_COUNTRY
    assert parse("+883510012345", only_russia) is NUMBER_COUNTRY
    assert parse("+79161234567", None) == ANNA
    assert parse("+78001234567", only_russia) is NUMBER_KIND
    assert parse("nonsense", only_russia) is NUMBER_MALFORMED


def test_an_unknown_home_is_no_home() -> None:
    for home in ("ru", "XX", "", "001"):
        assert parse("9161234567", home=home) is NUMBER_MALFORMED


def test_masked_shows_four_characters_at_most() -> None:
    assert masked("+79161234567") == "+7••••••••67"
    for _, number in EXAMPLES:
        shown = masked(e164(number))
        assert len(shown) == len(e164(number))
        assert len(shown.replace("•", "")) <= 4


typed_texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="+0123456789 ()-.,;#*x\x00\u00a0٣", max_size=30),
    st.from_regex(r"\A\+?[0-9 ()-]{5,18}\Z"),
)
homes = st.sampled_from([None, "RU", "KZ", "US", "GB", "IT", "BR", "001", "XX"])


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(typed_texts, homes)
def test_it_never_raises_and_never_gives_two_answers(typed: str, home: str | None) -> None:
    found = parse(typed, home=home)
    assert found == parse(typed, home=home)
    if isinstance(found, Phone):
        assert found.e164[0] == "+"
        assert found.e164[1:].isdecimal()
        assert found.e164.isascii()
        assert len(found.e164) <= 16
        assert parse(found.e164) == found
