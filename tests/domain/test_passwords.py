"""What may be a password, what everybody would try, and how the meter marks it."""

import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain import passwords
from rebind.domain.passwords import MAX, MIN_ALONE, MIN_SECOND_FACTOR, Verdict

ANNA = ("Rebind", "example.org", "+79161234567", "anna.petrova@gmail.com")
GOOD = "корова летит над Тверью"


def judged(password: str, *, second: bool = True, context: tuple[str, ...] = ANNA) -> Verdict:
    return passwords.judged(password, with_second_factor=second, context=context)


# --- Spelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", [GOOD, "  two  spaces  ", "👨‍👩‍👧 наша семья", "می‌خواهم خواب", "x" * MAX]
)
def test_printable_signs_and_spaces_stay_as_they_are(typed: str) -> None:
    assert passwords.readable(typed) == typed


def test_what_keyboards_spell_differently_is_one_password() -> None:
    assert passwords.readable("cafe\u0301 noir") == "caf\u00e9 noir"
    assert passwords.readable("мой\u00a0дом\u2003тут") == "мой дом тут"


@pytest.mark.parametrize(
    "typed",
    [
        "pass\0word1",
        "two\nlines here",
        "a tab\there",
        "hid\u200bden sign",
        "left\u202eright",
        "soft\u00adly now",
        "alone \ud800 half",
        "nobody's \U000e0fff",
        "private \ue000 use",
    ],
)
def test_what_nobody_types_twice_alike_is_refused(typed: str) -> None:
    assert passwords.readable(typed) is Verdict.UNREADABLE


def test_length_is_counted_in_code_points_after_nfc() -> None:
    assert passwords.readable("я" * (MIN_SECOND_FACTOR - 1)) is Verdict.TOO_SHORT
    assert passwords.readable("🙂" * MIN_SECOND_FACTOR) == "🙂" * MIN_SECOND_FACTOR
    assert passwords.readable("e\u0301" * (MIN_SECOND_FACTOR - 1)) is Verdict.TOO_SHORT
    assert passwords.readable("e\u0301" * MAX) == "é" * MAX
    assert passwords.readable("é" * (MAX + 1)) is Verdict.TOO_LONG
    assert passwords.readable("x" * 1_000_000) is Verdict.TOO_LONG
    assert passwords.readable("") is Verdict.TOO_SHORT


@given(st.text(max_size=200))
def test_whatever_is_typed_has_one_spelling_or_one_verdict(typed: str) -> None:
    said = passwords.readable(typed)
    if isinstance(said, str):
        assert MIN_SECOND_FACTOR <= len(said) <= MAX
        assert unicodedata.is_normalized("NFC", said)
        assert passwords.readable(said) == said
        assert passwords.readable(unicodedata.normalize("NFD", typed)) == said
        assert isinstance(judged(said), Verdict)
    else:
        assert said in {Verdict.UNREADABLE, Verdict.TOO_SHORT, Verdict.TOO_LONG}


# --- Length --------------------------------------------------------------------------------------


def test_alone_a_password_is_longer() -> None:
    word = "vtk7 opruqwz 4eхn"
    assert judged(word[:MIN_SECOND_FACTOR]) is Verdict.FINE
    assert judged(word[: MIN_SECOND_FACTOR - 1]) is Verdict.TOO_SHORT
    assert judged(word[: MIN_ALONE - 1], second=False) is Verdict.TOO_SHORT_ALONE
    assert judged(word[:MIN_ALONE], second=False) is Verdict.FINE
    assert judged("x7" * MAX) is Verdict.TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery staple",
        "abcdefgh!Z9k",
        "onlysmallletters",
        "73519402846",
        "ЖЖЖ это шум ЖЖЖ",
    ],
)
def test_no_mixture_of_signs_is_asked_for(password: str) -> None:
    assert judged(password) is Verdict.FINE


# --- Common --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaa",
        "AaAaAaAaAaAaAaAa",
        "🙂🙂🙂🙂🙂🙂🙂🙂",
        "12345678",
        "1234567890123456",
        "9876543210987654",
        "qwertyuiopasdfghjkl",
        "QWERTYUIOPasdfghjkl",
        "йцукенгшщзхъфыва",
        "ЯЧСМИТЬБЮ.ячсмить",
        "абвгдежзийклмноп",
        "zyxwvutsrqponmlk",
        "1qaz2wsx3edc4rfv",
        "1йфя2цыч3увс4кам",
        "1q2w3e4r5t6y7u8i",
        "qazwsxedcrfvtgb",
        "aaaabbbbccccdddd",
        "hunterhunterhunter",
        "abc abc abc abc ab",
        "hunter!hunter!hu",
        "01.02.1990",
        "01021990",
        "1990-02-01",
        "12/31/2001",
        "!@#$%^&*()",
        "12345678ab",
    ],
)
def test_rows_repetitions_and_dates_are_common(password: str) -> None:
    assert judged(password, context=()) is Verdict.COMMON


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("hunterhunter", "hunter"),
        ("hunterhunterhu", "hunter"),
        ("hunterhunt", "hunterhunt"),
        ("aaaa", "a"),
        ("", ""),
        ("abcab", "abcab"),
    ],
)
def test_what_is_said_twice_counts_once(password: str, said: str) -> None:
    assert passwords.unit(password) == said


@given(st.text(min_size=1, max_size=12), st.integers(2, 6))
def test_the_unit_of_a_repetition_makes_it_up(text: str, times: int) -> None:
    said = passwords.unit(text * times)
    assert len(said) <= len(text)
    assert (said * len(text) * times)[: len(text) * times] == text * times


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("giraffe12345678", "giraffe"),
        ("!!!!giraffe", "giraffe"),
        ("qwergiraffe4321", "giraffe"),
        ("giraffe", "giraffe"),
        ("giraffe12", "giraffe12"),
        ("1111", ""),
        ("", ""),
    ],
)
def test_runs_around_a_word_are_no_part_of_it(password: str, word: str) -> None:
    assert passwords.bare(password) == word


# --- Expected ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "rebindrebind",
        "Rebind2026",
        "REBIND12345678",
        "my-rebind!",
        "dniber2026",
        "куиштв2026",
        "example.org",
        "ExampleOrg1",
        "79161234567",
        "+7 916 123-45-67",
        "89161234567",
        "123-45-67!!",
        "7654321619 7",
        "anna.petrova",
        "AnnaPetrova1990",
        "petrova!1",
        "rebind.petrova.1",
        "зуекщмф2026",
        "petrova@gmail",
    ],
)
def test_what_a_stranger_expects_of_her_and_little_else(password: str) -> None:
    assert judged(password) is Verdict.EXPECTED


def test_an_expected_word_among_others_is_nobodys_guess() -> None:
    assert judged("petrova likes turnips") is Verdict.FINE
    assert judged("AnnaPetrova1990", context=()) is Verdict.FINE


def test_russian_words_are_expected_in_latin_keys_too() -> None:
    assert judged("ghjdthrf77", context=("проверка",)) is Verdict.EXPECTED
    # б and ю are the comma and the full stop of the other layout.
    assert judged("cj,frf 1 2", context=("собака",)) is Verdict.EXPECTED


def test_words_too_short_to_tell_anything_are_left_alone() -> None:
    assert judged("ann lives in oz", context=("ann", "oz", "")) is Verdict.FINE


@given(st.text(min_size=8, max_size=128), st.lists(st.text(max_size=40), max_size=5))
def test_any_words_may_be_expected(password: str, words: list[str]) -> None:
    assert isinstance(judged(password, context=tuple(words)), Verdict)


@pytest.mark.parametrize(
    "password", ["a" * 128, "ab" * 64, "qwerty" * 21, "rebind" * 21, ".1" * 64]
)
def test_no_password_takes_long_to_judge(password: str) -> None:
    began = time.thread_time()
    judged(password, context=ANNA * 4)
    assert time.thread_time() - began < 0.05


# --- The meter -----------------------------------------------------------------------------------


def test_the_meter_knows_weak_from_strong() -> None:
    assert passwords.strength("") == 0
    assert passwords.strength("password1") == 0
    assert passwords.strength("correct horse battery staple") == 4
    assert passwords.strength("vK2#pQ9!xT7z") == 4


def test_the_meter_expects_what_strangers_expect() -> None:
    assert passwords.strength("Zhuravlyova") > passwords.strength("Zhuravlyova", ["zhuravlyova"])


def test_the_meter_keeps_nobodys_words() -> None:
    from zxcvbn.matching import RANKED_DICTIONARIES  # type: ignore[import-untyped]

    passwords.strength("whatever this is", ["zhuravlyova"])
    assert "user_inputs" not in RANKED_DICTIONARIES


@pytest.mark.parametrize(
    "password",
    [
        "39<[54%{$!4g7+|1@z6aaa(a" + "!" * 104,
        "@4({[<369|1!05$7+%2" * 6,
        "1086s11a4@13i60|91!1~~i79~!689z5",
        "a" * 128,
        "password" * 16,
        "я" * 128,
    ],
)
def test_the_meter_is_quick_whatever_it_is_shown(password: str) -> None:
    passwords.strength("loaded beforehand")
    began = time.thread_time()
    assert 0 <= passwords.strength(password, ANNA) <= 4
    assert time.thread_time() - began < 0.5  # 0.07 s on an idle machine


def test_the_meter_is_loaded_with_its_first_password() -> None:
    code = "import sys, rebind.domain.passwords; print('zxcvbn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
