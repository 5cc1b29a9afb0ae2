"""Pages: HTML for the web door. Loaded with the first page, so that an API process never pays."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebind.templates import moments

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters["moment_short"] = lambda at: moments.at_short(at, "en")
    return environment


def demo_outbox(messages: Any, people: Any) -> str:
    """The demo's outbox: messages newest first, and the people of the demo."""
    template = _environment().get_template("demo/outbox.html")
    return template.render(messages=messages, people=people)


@cache
def demo_style() -> str:
    """The style of the demo's page."""
    return (FOLDER / "demo" / "outbox.css").read_text(encoding="utf-8")
