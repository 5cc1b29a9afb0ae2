"""Templates made ready: one environment a language, compiled with the first page that needs it.

For: `render` of the package. Refuses what pages must not do: reading clocks, asking flows. A text
without figures is translated when its template is compiled and costs nothing when a page is
rendered; so an environment speaks one language for ever. Neighbours: `tellings.py` has the words
behind the filters.
"""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from rebind.domain.units import DAY, MINUTE, Ms
from rebind.templates import moments
from rebind.templates.catalogue import Catalogue, Locale
from rebind.templates.pages import tellings

FOLDER = Path(__file__).parent
_FIGURE = re.compile(r"%\((\w+)\)s")


class _Translated(NodeTransformer):
    """Puts translations in the place of texts. What `{% trans %}` shows becomes plain template text
    around its figures; `_("…")` becomes a constant. Texts with several forms stay as they are."""

    def __init__(self, locale: Locale) -> None:
        self._texts = Catalogue().translations(locale)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        shown: list[nodes.Expr] = []
        for each in node.nodes:
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


class _InOneLanguage(Environment):
    """An environment whose templates are translated when they are compiled."""

    def __init__(self, locale: Locale, **options: Any) -> None:
        super().__init__(**options)
        self._locale: Locale = locale

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        source = _Translated(self._locale).visit(source)
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
        "any_for": tellings.any_for,
        "code_asked": lambda proof, kind: tellings.code_asked(kind, proof, locale),
        "code_label": lambda proof, kind: tellings.code_label(kind, proof, locale),
        "country": lambda region: tellings.country(region, locale),
        "day": lambda moment: _day(moment // DAY, locale),
        "device": tellings.device,
        "door": lambda door: tellings.door(door, locale),
        "masked": tellings.hidden,
        "missing_in": tellings.missing_in,
        "moment_short": lambda at: moments.at_short(at, locale),
        "number": tellings.number,
        "proofs": tellings.proofs,
        "sent_for": tellings.sent_for,
        "span": lambda hours: tellings.span(hours, locale),
        "time": lambda moment: _at(moment // MINUTE, locale),
        "until": lambda moment, now: _until(-(-moment // MINUTE), now // DAY, locale),
        "ways": tellings.ways,
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
