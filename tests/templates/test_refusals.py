"""Refusals in words, moments in words, and the choice of a language."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain import refusals
from rebind.domain.refusals import CATALOGUE, Refused
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.templates import moments
from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.refusals import explain, negotiate

NOW = 1_764_000_000_000  # Monday, 24 November 2025, 16:00 UTC


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("refusal", CATALOGUE.values(), ids=lambda one: one.code)
def test_every_refusal_has_words(refusal: refusals.Refusal, locale: Locale) -> None:
    for until in (None, NOW + HOUR):
        title, text = explain(Refused(refusal, until), locale, NOW, digits=6)
        assert title
        assert not re.search("[{}…]", title + text)
        assert bool(re.search("[а-яё]", title + text)) == (locale == "ru")
        if "{until}" in refusal.text and until:
            assert "17:00 UTC" in text
        if "{digits}" in refusal.text:
            assert "6" in text


def test_a_refusal_in_both_languages() -> None:
    refused = Refused(refusals.TOO_MANY_REQUESTS, NOW + DAY)
    assert explain(refused, "en", NOW) == (
        "Too many requests",
        "Please try again after 16:00 UTC on 25 November.",
    )
    assert explain(refused, "ru-RU", NOW) == (
        "Слишком много запросов",
        "Попробуйте снова после 16:00 UTC 25 ноября.",
    )
    assert explain(refused, "de", NOW) == explain(refused, "en", NOW)


def test_a_refusal_without_its_figures_is_still_told() -> None:
    assert "after some time" in explain(Refused(refusals.TOO_MANY_CODES), "en", NOW)[1]
    assert "после некоторого времени" in explain(Refused(refusals.TOO_MANY_CODES), "ru", NOW)[1]
    assert "has … digits" in explain(Refused(refusals.CODE_MALFORMED), "en", NOW)[1]


@pytest.mark.parametrize(
    ("moment", "english", "russian"),
    [
        (NOW, "16:00 UTC", "16:00 UTC"),
        (NOW + 1, "16:01 UTC", "16:01 UTC"),
        (NOW + MINUTE, "16:01 UTC", "16:01 UTC"),
        (NOW + 8 * HOUR - SECOND, "00:00 UTC on 25 November", "00:00 UTC 25 ноября"),
        (NOW + 9 * DAY, "16:00 UTC on 3 December", "16:00 UTC 3 декабря"),
        (NOW + 40 * DAY, "16:00 UTC on 3 January 2026", "16:00 UTC 3 января 2026 года"),
    ],
)
def test_until(moment: int, english: str, russian: str) -> None:
    assert moments.until(moment, "en", NOW) == english
    assert moments.until(moment, "ru", NOW) == russian


def test_moments() -> None:
    assert moments.at(NOW, "en") == "24 November 2025, 16:00 UTC"
    assert moments.at(NOW, "ru") == "24 ноября 2025 года, 16:00 UTC"
    assert moments.at_short(NOW, "en") == "2025-11-24 16:00 UTC"
    assert moments.at_short(NOW, "ru") == "24.11.2025 16:00 UTC"


def test_a_day_as_it_stands_after_by() -> None:
    """«До понедельника», with every day of the week in the genitive."""
    week = [date(2026, 1, 12) + timedelta(days=n) for n in range(7)]
    assert moments.by_day(week[2], "en") == "Wednesday 14 January"
    assert [moments.by_day(day, "ru") for day in week] == [
        "понедельника, 12 января",
        "вторника, 13 января",
        "среды, 14 января",
        "четверга, 15 января",
        "пятницы, 16 января",
        "субботы, 17 января",
        "воскресенья, 18 января",
    ]


@given(wait=st.integers(0, 400 * DAY))
def test_nobody_who_comes_at_the_told_time_comes_too_early(wait: int) -> None:
    told = moments.until(NOW + wait, "en", NOW)
    hour, minute = map(int, told[:5].split(":"))
    of_day = (NOW + wait) % DAY
    late = (hour * HOUR + minute * MINUTE - of_day) % DAY
    assert 0 <= late < MINUTE


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("en", "en"),
        ("de", "en"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("de,ru;q=0.5", "ru"),
        ("en;q=0.5,ru;q=0.6", "ru"),
        ("ru, en", "ru"),
        ("en, ru", "en"),
        ("ru;q=0", "en"),
        ("ru;q=0,de", "en"),
        ("*", "en"),
        ("ru ; q = 0.9 , en;q=0.1", "ru"),
        ("ru;q=nan", "en"),
        ("ru;q=inf", "en"),
        ("ru;q=-1", "en"),
        ("ru;q=2", "en"),
        ("ru;q=", "en"),
        ("ru;level=1", "en"),
        (",,;;=,ru", "ru"),
        ("russian", "en"),
        ("rus", "en"),
        ("x," * 100_000 + "ru", "en"),
        ("\0ру;q=½", "en"),
    ],
)
def test_the_language_of_a_browser(header: str | None, locale: str) -> None:
    assert negotiate(header) == locale


@given(st.text(max_size=200) | st.text("ruen-,;q=.01* \t", max_size=200))
def test_no_header_is_too_strange(header: str) -> None:
    assert negotiate(header) in LOCALES
