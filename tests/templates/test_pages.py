"""Every page, in every language, with every sample: whole, safe, readable for all, and small."""

import gzip
import re
from collections import Counter
from html.parser import HTMLParser

import msgspec
import pytest
from jinja2 import UndefinedError

from rebind.domain.acts import Act, Door
from rebind.domain.evidence import Proof
from rebind.domain.policy import Policy
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY
from rebind.templates import pages
from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.pages import proofs, samples, tellings
from rebind.templates.pages.assets import FOLDER as ASSETS
from rebind.templates.pages.samples import Sample, all_samples, common

SITE = pages.site("Rebind", Policy())
SAMPLES = list(all_samples())
EACH = pytest.mark.parametrize(
    ("sample", "locale"),
    [(sample, locale) for sample in SAMPLES for locale in LOCALES],
    ids=lambda value: f"{value.page}-{value.name}" if isinstance(value, Sample) else value,
)
PARTS = {
    "base",
    "components",
    "console/base",
    "console/casefile",
    "console/focus",
    "console/forms",
    "console/parts",
    "console/plots",
    "console/shell",
    "console/words",
    "focus",
    "icons",
    "shell",
    "account/waiting",
    "requests/codes",
    "requests/fields",
    "security/findings",
    "sign_in/ways",
    "support/parts",
}
"""Files that pages are made of."""

SHOWN = {
    *(f"requests/{name}" for name in ("open", "waiting", "ready", "done", "ended")),
    *(f"recover/{name}" for name in ("open", "done", "ended")),
    *(f"support/{name}" for name in ("open", "ended")),
    "closing/request",
}
"""Pages that are chosen by the state of a request, through requests/show."""

FILES = {"closing/export_file", "support/correspondence"}
"""What is downloaded and read without us."""

ONE_ID = "[0-9a-f]{32}"
ADDRESSES = {
    "get": (
        "/",
        "/console",
        "/console/audit",
        "/console/audit/[0-9a-z]+",
        f"/console/audit/olga\\?before={ONE_ID}",
        "/console/cases",
        "/console/cases/new",
        f"/console/cases/{ONE_ID}(\\?macro=[a-z_]+#answer)?",
        f"/console/cases/{ONE_ID}/documents/{ONE_ID}(/pages/[0-9])?",
        "/console/cases\\?tab=[a-z]+(&kind=[a-z_]+|&after=1-00)?",
        "/console/figures",
        "/console/operators",
        "/console/operators\\?after=sam",
        "/console/operators/(new|[a-z]+)",
        "/console/own",
        "/console/own/new",
        "/history",
        f"/history\\?before={ONE_ID}",
        "/phone",
        "/phone/change",
        "/phone/unlink",
        "/profile",
        "/recover",
        f"/requests/{ONE_ID}(#go-on)?",
        "/security",
        "/security/emails",
        "/security/export",
        "/security/lost-phone",
        "/security/passkeys",
        "/security/password",
        "/security/recovery-codes",
        "/security/totp",
        "otpauth://totp/Rebind:%2B7[^ ]+",
        "/sessions",
        "/settings",
        "/settings/close",
        "/settings/personal-data",
        "/sign-in",
        "/sign-in\\?next=/[a-z/]+",
        "/sign-in/password",
        "/sign-in/password\\?next=/[a-z/]+",
        "/sign-up",
        "/cases",
        "/support",
        "/support/new\\?kind=[a-z_]+",
        "/support/t0ken",
        "/support/t0ken/correspondence\\.(html|json)",
        "/undo",
        "#decision-of-it",
        "#main",
    ),
    "post": (
        "/console/audit",
        "/console/audit/olga/export",
        "/console/cases/new",
        "/console/cases/search",
        f"/console/cases/{ONE_ID}/(answer|assign|close|confirm|decision|lock|note|reject|search)",
        f"/console/cases/{ONE_ID}/documents/{ONE_ID}/check",
        f"/console/cases/{ONE_ID}/messages/{ONE_ID}/redact",
        "/console/join/ri_t0ken",
        "/console/language",
        "/console/operators/(new|[a-z]+/(disable|invite|role))",
        "/console/own/new/(passkey|password)",
        f"/console/own/passkeys/{ONE_ID}/remove",
        "/console/own/password/remove",
        "/console/own/sessions/end",
        f"/console/own/sessions/{ONE_ID}/end",
        "/console/sign-in",
        "/console/sign-in/passkey",
        "/console/sign-out",
        "/language",
        "/phone/change",
        "/recover",
        f"/requests/{ONE_ID}/(cancel|codes|number|object|proofs|resume)",
        "/security/confirm",
        f"/security/emails/{ONE_ID}/primary",
        "/security/export",
        "/security/lost-phone",
        "/security/passkeys/new",
        f"/security/passkeys/{ONE_ID}/name",
        "/security/password",
        "/security/recovery-codes",
        "/security/recovery-codes/file",
        "/security/totp",
        f"/security/confirm/{ONE_ID}",
        "/sessions/end-others",
        f"/sessions/{ONE_ID}/(end|not-mine)",
        "/sign-in",
        "/sign-in/check",
        "/sign-in/passkey",
        "/sign-in/password",
        "/sign-out",
        "/sign-up",
        "/stop/t0ken",
        "/support/draft/t0ken",
        "/support/new",
        "/support/t0ken/(messages|documents|recovery)",
        "/undo",
        "/undo/t0ken",
    ),
}
FORMATS = "HEIC HTML JPEG JSON PDF PNG"
VOID = {"br", "circle", "hr", "img", "input", "link", "meta", "path", "rect"}
SPOKEN = (
    "alt",
    "aria-label",
    "data-cancelled",
    "data-countdown",
    "data-done",
    "data-free",
    "data-impossible",
    "data-known",
    "data-large",
    "data-lost",
    "data-words",
    "title",
)
"""Attributes that people read or hear."""

Attributes = dict[str, str | None]


class Reader(HTMLParser):
    """A page taken apart: tags, words by their language, the form around each tag."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.words: list[tuple[str, str]] = []
        self.forms: list[tuple[Attributes, list[tuple[str, Attributes]]]] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute stands twice: <{tag} {attrs}>"
        self.tags.append((tag, given))
        language = given.get("lang") or (self._open[-1][1] if self._open else "")
        if tag not in VOID:
            self._open.append((tag, language))
        if tag == "form":
            assert "form" not in [tag for tag, _ in self._open[:-1]], "a form within a form"
            self.forms.append((given, []))
        elif "form" in [tag for tag, _ in self._open]:
            self.forms[-1][1].append((tag, given))
        self.words += [(language, given[name] or "") for name in SPOKEN if name in given]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            opened, _ = self._open.pop()
            assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append((self._open[-1][1] if self._open else "", data.strip()))

    def close(self) -> None:
        super().close()
        assert not self._open, f"never closed: {self._open}"

    def all(self, *wanted: str) -> list[Attributes]:
        """The attributes of every tag of these names."""
        return [attributes for tag, attributes in self.tags if tag in wanted]


def rendered(sample: Sample, locale: Locale) -> str:
    return pages.render(sample.page, locale, site=SITE, **common(sample))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def strings(value: object) -> str:
    """Every text in a context, to be told apart from ours."""
    if isinstance(value, str):
        return value
    if isinstance(value, msgspec.Struct):
        return strings(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return " ".join(strings(each) for each in value.values())
    if isinstance(value, list | tuple):
        return " ".join(strings(each) for each in value)
    return ""


def test_every_page_has_a_sample() -> None:
    files = {
        path.relative_to(pages.FOLDER).with_suffix("").as_posix()
        for path in pages.FOLDER.rglob("*.html")
        if path.parent.name != "demo"
    }
    assert files - PARTS - SHOWN - FILES == {sample.page for sample in SAMPLES}
    names = Counter((sample.page, sample.name) for sample in SAMPLES)
    assert max(names.values()) == 1


@EACH
def test_a_page_is_whole(sample: Sample, locale: Locale) -> None:
    page = rendered(sample, locale)
    reader = read(page)
    assert page.startswith("<!doctype html>")
    assert reader.all("html")[0]["lang"] == locale
    assert len(reader.all("h1")) == len(reader.all("main")) == len(reader.all("title")) == 1
    ids = Counter(each["id"] for _, each in reader.tags if "id" in each)
    assert not [name for name, times in ids.items() if times > 1]
    for _, each in reader.tags:
        for name in ("for", "aria-describedby", "aria-labelledby", "form"):
            assert set((each.get(name) or "").split()) <= set(ids), f"{name} leads nowhere"
    assert not re.search(r"\{[{%#]|[}%#]\}|&amp;\w+;|None|Undefined", page)
    for _, words in reader.words:
        assert not re.search(r" [.,:;!?](?!\w)|  ", " ".join(words.split())), words


@EACH
def test_a_page_runs_and_styles_nothing_by_itself(sample: Sample, locale: Locale) -> None:
    reader = read(rendered(sample, locale))
    for tag, each in reader.tags:
        assert tag not in ("style", "iframe", "object", "base")
        assert not [name for name in each if name == "style" or name.startswith("on")]
        assert not [url for name in ("href", "src") if "script:" in (url := each.get(name) or "")]
    script, *more = reader.all("script")
    assert {each["src"] for each in more} <= set(SITE.assets.values())
    assert script["src"] == SITE.assets["app.js"]


@EACH
def test_no_link_and_no_form_is_dead(sample: Sample, locale: Locale) -> None:
    reader = read(rendered(sample, locale))
    targets = [("get", each["href"]) for each in reader.all("a")]
    targets += [("post", attributes["action"]) for attributes, _ in reader.forms]
    for method, target in targets:
        known = (re.fullmatch(address, target or "") for address in ADDRESSES[method])
        assert any(known), f"{method} {target}"


@EACH
def test_every_form_is_ours(sample: Sample, locale: Locale) -> None:
    for attributes, inside in read(rendered(sample, locale)).forms:
        assert attributes.get("method") == "post"
        tokens = [each for _, each in inside if each.get("name") == "csrf"]
        assert [each["value"] for each in tokens] == [common(sample)["csrf"]]
        assert all(each.get("type") == "hidden" for each in tokens)


@EACH
def test_every_field_has_a_label(sample: Sample, locale: Locale) -> None:
    reader = read(rendered(sample, locale))
    labelled = [each["for"] for each in reader.all("label")]
    for field in reader.all("input", "select", "textarea"):
        if field.get("type") != "hidden" and "hidden" not in field:
            assert labelled.count(field["id"]) == 1
    wrong = [each for each in reader.all("input") if each.get("aria-invalid")]
    said = [each for _, each in reader.tags if _is_mistake(each)]
    assert len(wrong) == len(said) or not wrong


def _is_mistake(each: Attributes) -> bool:
    return "mistake" in (each.get("class") or "").split() and "hidden" not in each


@EACH
def test_a_page_speaks_one_language(sample: Sample, locale: Locale) -> None:
    reader = read(rendered(sample, locale))
    spoken = " ".join(words for language, words in reader.words if language == locale)
    spoken = spoken.replace("{time}", "")
    if locale == "en":
        assert re.search("[a-z]", spoken)
        assert not re.search("[А-Яа-яЁё]", spoken)
        return
    given = f"Rebind UTC {strings(sample.context)} Chrome Windows Safari iPhone {FORMATS}"
    latin = set(re.findall("[A-Za-z]+", spoken)) - set(re.findall("[A-Za-z]+", given))
    assert not latin
    assert re.search("[а-яё]", spoken)


@EACH
def test_a_number_is_shown_in_full_only_where_it_is_looked_at(
    sample: Sample, locale: Locale
) -> None:
    page = re.sub(r"\D", "", re.sub(r"<[^>]*>", "", rendered(sample, locale)))
    in_full = sample.page in ("phone/show", "account/personal_data")
    if "account" in sample.context and sample.name != "probation":
        # Its hint shows how a number is written, in Russian without the country code.
        typed = sample.page == "phone/change" and locale == "en"
        assert ("79161234567" in page) == (in_full or typed)


def test_what_strangers_say_stays_text() -> None:
    evil = '"><script>alert(1)</script>'
    session = samples.Session(bytes(16), False, "full", 0, 0, 0, evil, evil, (), "aal1")
    (code,) = [each for each in SAMPLES if (each.page, each.name) == ("sign_in/number", "wait")]
    form = pages.Form({"number": evil, "next": evil}, {"number": evil, "": evil})
    shown = [
        pages.render("sessions/list", "en", site=SITE, **common(code), sessions=[session]),
        pages.render("sign_in/number", "en", site=SITE, **(common(code) | {"form": form})),
        pages.render("error", "en", site=SITE, **common(code), title=evil, text=evil, code=evil),
        pages.render(
            "undo/link",
            "en",
            site=SITE,
            **(common(code) | {"path": evil, "form": form}),
            what=pages.NoticeView("change", evil, evil, 0, 0),
        ),
    ]
    for page in shown:
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        read(page)


def test_a_page_refuses_to_be_shown_without_what_it_needs() -> None:
    with pytest.raises(UndefinedError):
        pages.render("landing", "en", site=SITE, path="/", signed_in=False, now=0)


def test_a_service_has_its_own_face() -> None:
    own = pages.site("Bazaar", Policy(), logo="/assets/logo.svg", brand="/assets/brand.css")
    sample = SAMPLES[0]
    reader = read(pages.render(sample.page, "ru", site=own, **common(sample)))
    styles = [each["href"] for each in reader.all("link") if each["rel"] == "stylesheet"]
    assert styles == [own.assets["app.css"], "/assets/brand.css"], "theirs comes after ours"
    assert [each["src"] for each in reader.all("img")] == ["/assets/logo.svg"]
    assert ("ru", "Bazaar") in reader.words, "the picture says whose it is"


def test_pages_are_small() -> None:
    files = {asset.file: len(asset.gzipped) for asset in pages.assets().values()}
    biggest = max(
        len(gzip.compress(rendered(sample, locale).encode()))
        for sample in SAMPLES
        for locale in LOCALES
    )
    assert biggest + files["app.css"] + files["app.js"] <= 20_000
    assert (ASSETS / "app.js").stat().st_size <= 10_000


def test_files_are_named_by_what_is_in_them() -> None:
    for name, asset in pages.assets().items():
        assert re.fullmatch(r"\w+\.[0-9a-f]{16}\.(css|js|svg)", name)
        assert gzip.decompress(asset.gzipped) == asset.body
        assert pages.urls()[asset.file] == f"/assets/{name}"
    assert set(pages.urls()) == {path.name for path in ASSETS.iterdir()}


def test_style_and_script_fetch_nothing_from_elsewhere() -> None:
    style = (ASSETS / "app.css").read_text(encoding="utf-8")
    script = (ASSETS / "app.js").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face", style)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|eval|new Function|http", script)
    assert re.findall(r"/[a-z-]+\?\w+=", script) == ["/phone-hint?number="]
    assert style.count("{") == style.count("}")


def colours(dark: bool) -> dict[str, str]:
    style = (ASSETS / "app.css").read_text(encoding="utf-8")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    pattern = r"--([\w-]+): (#[0-9a-f]{3,6}|var\(--\w+\));"
    found = dict(re.findall(pattern, light))
    if dark:
        found |= dict(re.findall(pattern, rest.partition("\n}\n")[0]))
    return {
        name: found[value[6:-1]] if value.startswith("var") else value
        for name, value in found.items()
    }


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(by * c for by, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_everything_can_be_read(dark: bool) -> None:
    given = colours(dark)
    texts = [(text, on) for text in ("ink", "soft", "link") for on in ("paper", "card", "tint")]
    texts += [("brand-ink", "brand"), ("bad", "card"), ("bad", "paper"), ("bad-ink", "bad")]
    texts += [(name, f"{name}-paper") for name in ("good", "wait", "bad")]
    texts += [("ink", f"{name}-paper") for name in ("good", "wait", "bad")]
    for text, on in texts:
        assert contrast(given[text], given[on]) >= 4.5, f"{text} on {on}"
    for on in ("card", "paper"):
        assert contrast(given["field"], given[on]) >= 3, f"the edge of a field on {on}"


def test_what_happens_in_an_account_has_words() -> None:
    elsewhere = {Act.KEY_ROTATED}
    assert set(Act) - set(tellings.ACTS) == elsewhere, "its holder reads of every act"
    assert set(Door) == set(tellings.DOORS)
    assert (
        tellings.act("some_act_of_a_later_release", "en") == "Something in the account was changed"
    )


@pytest.mark.parametrize(
    ("hours", "english"), [(1, "1 hour"), (24, "24 hours"), (36, "36 hours"), (336, "14 days")]
)
def test_spans(hours: int, english: str) -> None:
    assert tellings.span(hours, "en") == english


def test_numbers_and_countries() -> None:
    assert tellings.number("+79161234567") == "+7 916 123-45-67"
    assert tellings.number("+7••••••••67") == tellings.hidden("+79161234567") == "+7••••••••67"
    assert tellings.country("KZ", "ru") == "Казахстан"
    assert tellings.country("GB", "en") == "United Kingdom"


def test_the_way_that_is_being_gone_comes_first() -> None:
    new, now, mail = Proof.CODE_NEW, Proof.CODE_CURRENT, Proof.CODE_EMAIL
    needs = ((now, new), (mail, new), (new,), (Proof.PASSKEY, new))
    assert proofs.ways(needs, ()) == list(needs)
    assert proofs.ways(needs, [samples.Code(new, "")])[0] == (new,)
    both = [samples.Code(new, ""), samples.Code(now, "")]
    assert proofs.ways(needs, both)[0] == (now, new)
    assert tellings.proofs(needs) == [now, new, mail]


def test_no_way_asks_for_more_than_another_where_all_lead_to_the_same() -> None:
    now, app, printed = Proof.CODE_CURRENT, Proof.TOTP, Proof.RECOVERY_CODE
    needs = ((now, app), (now, printed), (printed,), (app,), (Proof.KNOWN_DEVICE, now))
    assert proofs.ways(needs, (), "sign_in") == [(app,), (printed,)]
    assert len(proofs.ways(needs, (), "change")) == 4


def test_every_purpose_has_a_heading() -> None:
    headings = {proofs.purpose(purpose, "en") for purpose in Purpose}
    assert len(headings) == len(Purpose)
    assert proofs.purpose("of_a_later_release", "en") == "Confirm that it is you"


def test_a_request_tells_when_it_was_begun() -> None:
    assert tellings.began((7 * DAY).to_bytes(6, "big") + bytes(10)) == 7 * DAY
