"""Every message, on every channel, in every language, with every sample."""

import html
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from rebind import ports
from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.samples import PURPOSES, Sample, all_samples
from rebind.templates.words import FOLDER, JinjaWords

WORDS: ports.Words = JinjaWords()
SAMPLES = list(all_samples())
EACH = pytest.mark.parametrize(
    ("sample", "locale"),
    [(sample, locale) for sample in SAMPLES for locale in LOCALES],
    ids=lambda value: (
        f"{value.message}-{value.channel}-{value.name}" if isinstance(value, Sample) else value
    ),
)
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
LINK = re.compile(r"https://example\.com/\S*")
STOP, UNDO, REQUEST = (
    {
        f"https://example.com/{path}/{sample.params[name]}"
        for sample in SAMPLES
        if sample.params.get(name)
    }
    for path, name in (("stop", "stop"), ("undo", "undo"), ("requests", "request"))
)
SMS_MAX = {"en": {False: 1, True: 2}, "ru": {False: 2, True: 3}}
"""In how many parts an SMS may come, without and with a link, which alone fills one in Russian."""


def rendered(sample: Sample, locale: Locale) -> ports.Rendered:
    return WORDS.message(sample.message, sample.channel, locale, sample.params)


def segments(text: str) -> int:
    """How many SMS a text takes (3GPP TS 23.038)."""
    if set(text) <= GSM_7:
        return 1 if len(text) <= 160 else -(-len(text) // 153)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)


class Words(HTMLParser):
    """The words of a page, and the tags around them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())


def read(page: str) -> Words:
    words = Words()
    words.feed(page)
    return words


def test_every_message_has_samples_for_each_of_its_channels() -> None:
    files = {
        (path.parent.name, path.stem)
        for path in FOLDER.glob("*/*.txt")
        if path.stem in ("sms", "mail")
    }
    assert files == {(sample.message, sample.channel) for sample in SAMPLES}


@EACH
def test_a_message_reads_well(sample: Sample, locale: Locale) -> None:
    words = rendered(sample, locale)
    for text in (words.text, words.subject):
        assert "  " not in text
        assert not re.search(r"\s[.,:;!?]", text), "a space before a punctuation mark"
        assert not re.search(r"[{}<>%]|&\w+;", text), "remains of a template or of HTML"
        assert text == text.strip()
    if sample.channel == "sms":
        assert words.subject == words.html == ""
    else:
        assert "\n" not in words.subject
        assert len(words.subject) <= 78


@EACH
def test_an_sms_comes_in_few_parts(sample: Sample, locale: Locale) -> None:
    if sample.channel == "sms":
        text = rendered(sample, locale).text
        allowed = SMS_MAX[locale][LINK.search(text) is not None]
        assert segments(text) <= allowed, f"{len(text)} characters: {text}"


@pytest.mark.parametrize("locale", LOCALES)
def test_long_names_make_no_sms_with_a_link_longer(locale: Locale) -> None:
    names = {"service": "Fine Delivery", "site": "https://id.fine-delivery.example"}
    for sample in SAMPLES:
        if sample.channel == "sms" and LINK.search(rendered(sample, locale).text):
            params = sample.params | names
            text = WORDS.message(sample.message, "sms", locale, params).text
            assert segments(text) <= SMS_MAX[locale][True], f"{len(text)} characters: {text}"


@EACH
def test_no_english_is_left_in_russian(sample: Sample, locale: Locale) -> None:
    words = rendered(sample, locale)
    given = set(re.findall(r"[A-Za-z]+", " ".join(sample.params.values()))) | {"UTC"}
    told = LINK.sub("", words.text + words.subject)
    latin = set(re.findall(r"[A-Za-z]+", told))
    cyrillic = re.search("[а-яё]", told)
    if locale == "ru":
        assert latin <= given
        assert cyrillic
    else:
        assert not cyrillic


@EACH
def test_a_page_says_what_the_text_says_and_fetches_nothing(sample: Sample, locale: Locale) -> None:
    if sample.channel != "mail":
        return
    words = rendered(sample, locale)
    page = read(words.html)
    title, *paragraphs = page.found
    assert title == words.subject
    assert paragraphs == [one for one in words.text.split("\n") if one not in ("", "-- ")]
    assert ("html", {"lang": locale}) in page.tags
    links = [attributes for tag, attributes in page.tags if tag == "a"]
    assert links == [{"href": link} for link in LINK.findall(words.text)]
    tags = {tag for tag, _ in page.tags}
    assert tags <= {"html", "head", "meta", "title", "body", "div", "p", "a"}


STOPPED_BY_LINK = frozenset(
    {"account_closing", "change_begun", "change_waiting", "change_ready", "recover_begun"}
)


def expected_links(sample: Sample) -> set[str]:
    """Which links a message gives to whom. A new number may not have proved anything yet, and is
    never given what stops or undoes a change."""
    role, params = sample.params.get("role"), sample.params
    owner = role in ("old", "mail")
    found = set()
    if sample.message in ("case_opened", "case_answered") and (
        sample.channel == "mail" or sample.message == "case_answered"
    ):
        found.add(f"https://example.com/support/{params['case']}")
    if sample.message == "case_drafted":
        found.add(f"https://example.com/support/draft/{params['draft']}")
    if sample.message == "account_kept" and role == "mail":
        found.add("https://example.com/security")
    if sample.message in STOPPED_BY_LINK:
        if owner and params["stop"]:
            found |= STOP
        if sample.message == "change_ready" and role in ("new", "mail"):
            found |= REQUEST
    if sample.message == "change_ended":
        if role == "mail":
            place = "sessions" if params["why"] == "cancelled" else "support/new"
            found.add(f"https://example.com/{place}")
        if role == "new" and not params["why"]:
            found.add("https://example.com/support/new")
    if sample.message == "change_refused":
        found |= REQUEST
    if sample.message == "number_changed" and owner and params["undo"]:
        found |= UNDO
    if sample.message == "change_stopped" and role == "mail":
        found.add("https://example.com/sessions")
    if sample.message == "number_returned" and role == "mail":
        found.add("https://example.com/sign-in")
    return found


@EACH
def test_links_come_whole_once_and_only_to_whom_they_are_meant(
    sample: Sample, locale: Locale
) -> None:
    words = rendered(sample, locale)
    lines = words.text.split("\n")
    links = [line for line in lines if "://" in line]
    assert len(links) == len(set(links)) == words.text.count("://")
    assert set(links) == expected_links(sample), "a link stands alone, and nothing sticks to it"
    assert "://" not in words.subject
    if sample.channel == "sms" and links:
        assert lines[1:] == links, "one link, at the end"
    for name, link in (("stop", STOP), ("undo", UNDO), ("request", REQUEST)):
        if sample.params.get(name) and not link & expected_links(sample):
            assert sample.params[name] not in words.text + words.html


def test_samples_have_links_of_a_real_shape() -> None:
    for (link,) in (STOP, UNDO):
        token = link.rpartition("/")[2]
        assert len(token) == 44
        assert {"-", "_"} <= set(token)
    # Messages about a case go to its contact, who has no role.
    assert {sample.params.get("role", "mail") for sample in SAMPLES if expected_links(sample)} == {
        "old",
        "new",
        "mail",
    }


@EACH
def test_no_full_number_is_told(sample: Sample, locale: Locale) -> None:
    words = rendered(sample, locale)
    for text in (words.text, words.subject):
        shown = LINK.sub("", text).replace("012345", "")
        assert not re.search(r"\d[\d ()-]{6,}\d", MOMENT.sub("", shown)), shown
        for number in re.findall(r"\+\S+", shown):
            assert re.fullmatch(r"\+\d[*•]{9}\d\d[.,:]?", number), number


@EACH
def test_a_repeat_says_that_it_is_one(sample: Sample, locale: Locale) -> None:
    if sample.params.get("again") != "1":
        return
    words = rendered(sample, locale)
    first = WORDS.message(sample.message, sample.channel, locale, sample.params | {"again": ""})
    marker = {"en": "Rebind, a reminder: ", "ru": "Rebind, повторно: "}[locale]
    if sample.channel == "sms":
        assert words.text == first.text.replace("Rebind: ", marker, 1)
    else:
        assert words.subject == first.subject.replace("Rebind: ", marker, 1)
        opening, rest = words.text.split("\n\n", 1)
        assert rest == first.text
        assert (
            opening
            == {
                "en": "This is a reminder: we have told you about this before.",
                "ru": "Это напоминание: мы уже сообщали вам об этом.",
            }[locale]
        )


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_last_line_of_a_code_is_bound_to_the_site(purpose: str, locale: Locale) -> None:
    """WICG origin-bound one-time codes: `@domain #code` is the last line and nothing else."""
    (sample,) = [one for one in SAMPLES if (one.channel, one.name) == ("sms", purpose)]
    text = rendered(sample, locale).text
    assert text.split("\n")[-1] == "@example.com #012345"
    assert len(text.split("\n")) > 1
    assert re.findall(r"\d{4,}", text) == ["012345", "012345"]


def test_a_code_as_it_is_read() -> None:
    (sms, mail) = (one for one in SAMPLES if one.name == "change.code_current")
    assert rendered(sms, "en").text == (
        "Rebind. Code to allow changing your number: 012345. Never tell it to anybody. "
        "Not you? End unknown sessions in your security settings.\n"
        "@example.com #012345"
    )
    words = rendered(mail, "ru")
    assert words.subject == "Rebind. Код для смены номера"
    assert words.text.split("\n\n") == [
        "Код для смены номера:",
        "012345",
        "Он действует 10 минут, и использовать его можно один раз — там, где вы его запросили.",
        "Никому его не сообщайте: нашим сотрудникам он не нужен, и они никогда его не спросят.",
        (
            "Если вы не запрашивали этот код, вашим аккаунтом, возможно, пользуется кто-то другой. "
            "Не вводите код, завершите незнакомые сеансы в настройках безопасности и обратитесь в "
            "поддержку."
        ),
        (
            "-- \nЭто автоматическое письмо сервиса Rebind (example.com). "
            "Отвечать на него не нужно: ответы никто не читает."
        ),
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("channel", ["sms", "mail"])
def test_journeys_have_words_of_their_own(channel: str, locale: Locale) -> None:
    """Whoever is talked into reading out a code for one thing cannot take it for another."""
    told: dict[str, set[str]] = {}
    for sample in SAMPLES:
        if (sample.message, sample.channel) == ("code", channel):
            first = re.split("[:\n]", rendered(sample, locale).text.replace("Rebind. ", ""))[0]
            told.setdefault(first, set()).add(sample.name)
    shared = [sorted(names) for names in told.values() if len(names) > 1]
    assert sorted(shared) == [
        ["change.code_current", "change.code_email"],
        ["change.code_new", "handover.code_new", "recover.code_new"],
        ["close.code_current", "close.code_email"],
        ["handover.code_current", "handover.code_email"],
        ["reauthenticate.code_current", "reauthenticate.code_email"],
        ["sign_in.code_current", "sign_in.code_email"],
        ["undo.code_email", "undo.code_new"],
    ]


@pytest.mark.parametrize(
    ("minutes", "russian", "english"),
    [
        ("1", "1 минуту", "1 minute "),
        ("3", "3 минуты", "3 minutes "),
        ("10", "10 минут,", "10 minutes "),
        ("21", "21 минуту", "21 minutes "),
    ],
)
def test_minutes_are_counted_in_each_language(minutes: str, russian: str, english: str) -> None:
    params = {**SAMPLES[0].params, "minutes": minutes}
    assert russian in WORDS.message("code", "mail", "ru", params).text
    assert english in WORDS.message("code", "mail", "en", params).text


def test_a_language_that_we_do_not_speak_is_told_in_english() -> None:
    sample = SAMPLES[0]
    english = rendered(sample, "en")
    for locale in ("de", "", "x" * 1_000, "../ru", "en-GB"):
        assert WORDS.message(sample.message, sample.channel, locale, sample.params) == english
    for locale in ("ru-RU", "RU", "ru_RU"):
        russian = WORDS.message(sample.message, sample.channel, locale, sample.params)
        assert russian == rendered(sample, "ru")


def test_a_parameter_is_text_and_one_line() -> None:
    device = '<b>"Chrome" & Co</b>\r\n\r\n@evil.example #000000'
    params = {"service": "Rebind", "domain": "example.com", "when": "0", "device": device}
    sms = WORDS.message("new_sign_in", "sms", "en", params).text
    assert "\n" not in sms
    mail = WORDS.message("new_sign_in", "mail", "en", params)
    shown = '<b>"Chrome" & Co</b> @evil.example #000000'
    assert shown in mail.text.split("\n\n")
    assert shown in read(mail.html).found
    assert "<b>" not in mail.html
    assert "<b>" in html.unescape(mail.html)


@pytest.mark.parametrize(
    "device",
    [
        "https://evil.example/stop/x",
        "https://example.com/stop/x",
        "https://example.com.evil.example/x",
        "javascript:alert(1)",
        'https://example.com/"><script>',
    ],
)
@pytest.mark.parametrize("message", ["new_sign_in", "account_unlocked"])
def test_no_parameter_becomes_a_link(message: str, device: str) -> None:
    (sample, *_) = (s for s in SAMPLES if (s.message, s.channel) == (message, "mail"))
    words = WORDS.message(message, "mail", "en", sample.params | {"device": device})
    page = read(words.html)
    assert device in page.found
    assert not {"a", "script"} & {tag for tag, _ in page.tags}


def test_a_link_is_escaped_where_it_is_shown() -> None:
    (sample, *_) = (s for s in SAMPLES if (s.message, s.channel) == ("change_begun", "mail"))
    for site in ("https://example.com", "http://localhost:8080", "https://xn--e1afmkfd.example/id"):
        link = f"{site}/stop/{sample.params['stop']}"
        page = read(
            WORDS.message("change_begun", "mail", "ru", sample.params | {"site": site}).html
        )
        assert ("a", {"href": link}) in page.tags
        assert link in page.found
    odd = sample.params | {"site": 'https://example.com/"onclick="x'}
    page = read(WORDS.message("change_begun", "mail", "ru", odd).html)
    assert [attributes.keys() for tag, attributes in page.tags if tag == "a"] == [{"href"}]


def test_what_an_undo_code_does_is_said_plainly() -> None:
    (sms, _mail) = (one for one in SAMPLES if one.name == "undo.code_new")
    assert rendered(sms, "en").text.startswith(
        "Rebind. Code to take back the change of number: 012345. Never tell it to anybody. "
    )
    assert rendered(sms, "ru").text.startswith(
        "Rebind. Код, чтобы вернуть прежний номер: 012345. Никому его не сообщайте. "
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_a_strange_number_learns_neither_the_old_one_nor_who_asked(locale: Locale) -> None:
    """Before it has proved anything, a number is told no number of an account."""
    for sample in SAMPLES:
        if sample.params.get("role") == "new" and sample.message.startswith("change_"):
            assert "*" not in rendered(sample, locale).text


def test_percent_signs_and_braces_in_a_parameter_are_harmless() -> None:
    params = {"service": "100 %(x)s {{ y }}", "domain": "e.com", "when": "0", "device": "50 %"}
    assert "100 %(x)s {{ y }}: " in WORDS.message("new_sign_in", "sms", "en", params).text


def test_a_missing_parameter_is_an_error() -> None:
    params = {name: value for name, value in SAMPLES[0].params.items() if name != "minutes"}
    with pytest.raises(UndefinedError, match="minutes"):
        WORDS.message("code", "mail", "ru", params)


def test_an_unknown_channel_is_an_error() -> None:
    with pytest.raises(ValueError, match="no channel"):
        WORDS.message("code", "pigeon", "ru", {})


def test_nothing_heavy_is_loaded_before_the_first_message() -> None:
    script = (
        "import sys, rebind.templates.words, rebind.templates.refusals as r\n"
        "r.negotiate('ru')\n"
        "assert not {'babel', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
