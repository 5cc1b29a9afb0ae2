"""Templates made ready: one environment a language, compiled with the first page that needs it.

For: `render` of the package. Refuses what pages must not do: reading clocks, asking flows. A text
without figures is translated when its template is compiled and costs nothing when a page is
rendered; so an environment speaks one language for ever. Neighbours: `tellings.py` has the words
behind the filters.
"""

import re
from collections.abc import Mapping, MutableMapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from rebind.domain.units import DAY, MINUTE, Ms
from rebind.templates import macros, moments, refusals
from rebind.templates.catalogue import Catalogue, Locale
from rebind.templates.pages import casewords, deskwords, proofs, tellings

FOLDER = Path(__file__).parent
_FIGURE = re.compile(r"%\((\w+)\)s")
_PICTURES = "icons.html"
_BODIES = ("body", "else_")


class _Translated(NodeTransformer):
    """Puts translations in the place of texts. What `{% trans %}` shows becomes plain template text
    around its figures; `_("…")` becomes a constant. Texts with several forms stay as they are. A
    picture that is shown as it is becomes plain text too, and what is shown one after the other is
    shown in one go."""

    def __init__(self, locale: Locale, pictures: Mapping[str, Any]) -> None:
        self._texts = Catalogue().translations(locale)
        self._pictures = pictures

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        super().generic_visit(node, *args, **kwargs)
        for field in _BODIES:
            body = getattr(node, field, None)
            if isinstance(body, list):
                setattr(node, field, _joined(body))
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        shown: list[nodes.Expr] = []
        for each in node.nodes:
            if isinstance(each, nodes.Getattr) and _is_pictures(each.node):
                picture = str(self._pictures[each.attr])
                shown.append(nodes.TemplateData(picture, lineno=each.lineno))
                continue
            text = self._translated(each)
            if text is None or not isinstance(each, nodes.Call):
                shown.append(each)
                continue
            figures = {keyword.key: keyword.value for keyword in each.kwargs}
            for i, part in enumerate(_FIGURE.split(text)):
                if i % 2:
                    shown.append(figures[part])
                else:
                    plain = part.replace("%%", "%")
                    shown.append(nodes.TemplateData(plain, lineno=node.lineno))
        node.nodes = shown
        return self.generic_visit(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        text = None if node.kwargs else self._translated(node)
        if text is None:
            return node
        return nodes.Const(text.replace("%%", "%"), lineno=node.lineno)

    def _translated(self, node: nodes.Node) -> str | None:
        if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name):
            return None
        if node.node.name not in ("_", "gettext") or len(node.args) != 1:
            return None
        text = node.args[0]
        return self._texts.gettext(text.value) if isinstance(text, nodes.Const) else None


def _joined(body: list[nodes.Node]) -> list[nodes.Node]:
    """Neighbours that show something, as one."""
    found: list[nodes.Node] = []
    for each in body:
        last = found[-1] if found else None
        if isinstance(each, nodes.Output) and isinstance(last, nodes.Output):
            last.nodes = [*last.nodes, *each.nodes]
        else:
            found.append(each)
    return found


def _is_pictures(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "icons" and node.ctx == "load"


def _is_needless(node: nodes.Node, source: nodes.Template) -> bool:
    """An import of pictures, all of which have become plain text."""
    is_import = isinstance(node, nodes.Import) and node.target == "icons"
    return is_import and not any(map(_is_pictures, source.find_all(nodes.Name)))


class _Kept(Template):
    """A template that is imported is made into its macros once: those know nothing of a page but
    what they are given."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module() if self._module is None else self._module


class _InOneLanguage(Environment):
    """An environment whose templates are translated when they are compiled, and never looked for
    again."""

    template_class = _Kept

    def __init__(self, locale: Locale, **options: Any) -> None:
        super().__init__(**options)
        self._locale: Locale = locale
        self._ready: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        if isinstance(name, Template) or globals is not None:
            return super().get_template(name, parent, globals)
        ready = self._ready.get(name)
        if ready is None:
            ready = self._ready[name] = super().get_template(name, parent)
        return ready

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        pictures = {} if name == _PICTURES else vars(self.get_template(_PICTURES).module)
        source = _Translated(self._locale, pictures).visit(source)
        source.body = [each for each in source.body if not _is_needless(each, source)]
        return super()._generate(source, name, filename, defer_init)


@cache
def page(name: str, locale: Locale) -> Template:
    """The template of a page, compiled."""
    return _environment(locale).get_template(f"{name}.html")


@cache
def _environment(locale: Locale) -> Environment:
    environment = _InOneLanguage(
        locale,
        autoescape=True,
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        Catalogue().translations(locale), newstyle=True
    )

    environment.filters |= {
        "act": lambda act: tellings.act(act, locale),
        "ago": lambda moment, now: deskwords.ago(moment, now, locale),
        "any_for": tellings.any_for,
        "by_day": lambda day: moments.by_day(day, locale),
        "case_kind": lambda kind: casewords.kind(kind, locale),
        "case_state": lambda state: casewords.state(state, locale),
        "document_kind": lambda kind, papers: casewords.document(kind, papers, locale),
        "code_asked": lambda proof, kind: tellings.code_asked(kind, proof, locale),
        "code_label": lambda proof, kind: tellings.code_label(kind, proof, locale),
        "country": lambda region: tellings.country(region, locale),
        "day": lambda moment: _day(moment // DAY, locale),
        "deadline": lambda due_at, state, now: deskwords.deadline(due_at, state, now, locale),
        "device": tellings.device,
        "entered_with": lambda proof: proofs.entered_with(proof, locale),
        "fields": proofs.fields,
        "finding": lambda name: deskwords.finding(name, locale),
        "grouped_age": lambda group, borders: deskwords.grouped_age(group, borders, locale),
        "hours": lambda span: deskwords.hours(span, locale),
        "door": lambda door: tellings.door(door, locale),
        "json": lambda value: msgspec.json.encode(value).decode(),
        "macro": lambda name: macros.title(name, locale),
        "masked": tellings.hidden,
        "minutes": lambda minutes: tellings.minutes(minutes, locale),
        "missing_in": tellings.missing_in,
        "moment_short": lambda at: moments.at_short(at, locale),
        "number": tellings.number,
        "on_day": moments.by_day,
        "prepared": macros.prepared,
        "proofs": tellings.proofs,
        "purpose": lambda name: proofs.purpose(name, locale),
        "refusal": lambda code: refusals.told(code, locale),
        "sent_for": tellings.sent_for,
        "short_day": lambda day: deskwords.short_day(day, locale),
        "span": lambda hours: tellings.span(hours, locale),
        "stage": proofs.stage,
        "time": lambda moment: _at(moment // MINUTE, locale),
        "time_short": lambda moment: _at_short(moment // MINUTE, locale),
        "until": lambda moment, now: _until(-(-moment // MINUTE), now // DAY, locale),
        "waits": proofs.waits,
        "way_called": lambda way, kind: proofs.way_called(tuple(way), kind, locale),
        "ways": proofs.ways,
        "word": lambda name, of: deskwords.word(name, of, locale),
        "wrong_in": proofs.wrong_in,
    }
    environment.globals["began"] = tellings.began
    environment.globals["how_to_type"] = lambda policy: tellings.how_to_type(
        policy.home_by_language.get(locale), locale
    )
    return environment


# Moments in words are kept: those that are told lie in few minutes, now and an hour on.


@lru_cache(maxsize=4096)
def _at(minute: int, locale: Locale) -> Markup:
    return _time(minute * MINUTE, moments.at(minute * MINUTE, locale))


@lru_cache(maxsize=4096)
def _at_short(minute: int, locale: Locale) -> Markup:
    words = moments.at_short(minute * MINUTE, locale)
    return _time(minute * MINUTE, words.replace(" ", "\N{NO-BREAK SPACE}"))


@lru_cache(maxsize=4096)
def _day(day: int, locale: Locale) -> Markup:
    return _time(day * DAY, tellings.day(day * DAY, locale), 10)


@lru_cache(maxsize=4096)
def _until(minute: int, today: int, locale: Locale) -> Markup:
    return _time(minute * MINUTE, moments.until(minute * MINUTE, locale, today * DAY))


def _time(moment: Ms, words: str, characters: int = 20) -> Markup:
    """The moment in words, and for programs beside it. The hour is not torn from its zone."""
    words = words.replace(" UTC", "\N{NO-BREAK SPACE}UTC")
    exactly = tellings.iso(moment)[:characters]
    # Both are made of digits and of our own words: there is nothing to escape.
    return Markup(f'<time datetime="{exactly}">{words}</time>')  # noqa: S704
