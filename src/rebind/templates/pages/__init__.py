"""Pages: HTML for the web door. Loaded with the first page, so that an API process never pays."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebind.templates import moments
from rebind.templates.catalogue import Catalogue, Locale, known
from rebind.templates.refusals import negotiate

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@cache
def _environment(locale: Locale) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        Catalogue().translations(locale), newstyle=True
    )
    environment.filters["moment_short"] = lambda at: moments.at_short(at, locale)
    return environment


def demo_outbox(messages: Any, people: Any, accept_language: str | None) -> str:
    """The demo's outbox: messages newest first, and the people of the demo, in the language that
    the browser asks for."""
    locale = known(negotiate(accept_language))
    template = _environment(locale).get_template("demo/outbox.html")
    return template.render(messages=messages, people=people, locale=locale)


@cache
def demo_style() -> str:
    """The style of the demo's page."""
    return (FOLDER / "demo" / "outbox.css").read_text(encoding="utf-8")
