"""Messages in words: `ports.Words` with Jinja2 over the files in `messages/`.

For: the worker, which renders a message just before it hands it over. Refuses a missing parameter
(`StrictUndefined`) and a parameter that would begin a line of its own: device names come from
strangers, and the last line of an SMS is read by machines. Neighbours: `catalogue.py` translates,
`samples.py` shows every message once.

A folder holds `sms.txt` and `mail.txt` (with blocks `subject` and `body`). In both, lines that
follow one another are one paragraph and a blank line begins the next. The HTML of a mail is made
from the same paragraphs, so the two can never say different things. A link of ours is a paragraph
of its own: a dot or a bracket that sticks to it would be taken for a part of it.
"""

import re
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rebind.ports import Rendered
from rebind.templates import moments
from rebind.templates.catalogue import Catalogue, Locale, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import Environment

FOLDER = Path(__file__).parent / "messages"

_PATH = re.compile(r"/[\w/-]+", re.ASCII)
"""What follows our public address in the links of messages."""


_OF_SEVERAL_LINES = frozenset({"text"})
"""Parameters that hold paragraphs. They stand in the body only, never in a header."""


class JinjaWords:
    """Renders messages. Jinja2 and Babel are loaded with the first one."""

    def message(self, message: str, channel: str, locale: str, params: dict[str, str]) -> Rendered:
        """The message in the person's language, or in English where we do not speak it."""
        language = known(locale)
        safe = {
            name: value if name in _OF_SEVERAL_LINES else _one_line(value)
            for name, value in params.items()
        }
        if channel == "sms":
            template = _environment(language).get_template(f"{message}/sms.txt")
            text = "\n".join(_paragraphs([template.render(safe)]))
            # One dot of a masked number would turn an SMS of 160 characters into one of 70.
            return Rendered(text=text.replace("•", "*"))
        if channel == "mail":
            return _mail(_environment(language), message, language, safe)
        raise ValueError(f"there is no channel {channel!r}")


def _mail(
    environment: "Environment", message: str, locale: Locale, params: dict[str, str]
) -> Rendered:
    template = environment.get_template(f"{message}/mail.txt")
    subject, body, signature = (
        _paragraphs(source.blocks[block](source.new_context(params)))
        for source, block in (
            (template, "subject"),
            (template, "body"),
            (environment.get_template("signature.txt"), "body"),
        )
    )
    html = environment.get_template("mail.html").render(
        locale=locale,
        subject=" ".join(subject),
        paragraphs=body,
        links=[one for one in body if _is_link(one, params)],
        signature=signature,
        code=params.get("code"),
    )
    return Rendered(
        text="\n\n".join([*body, "-- \n" + "\n".join(signature)]),
        subject=" ".join(subject),
        html=html,
    )


def _is_link(paragraph: str, params: dict[str, str]) -> bool:
    """Whether a paragraph is one of our own links. Never what came as a parameter: a stranger's
    words must not turn into something to press."""
    site = params.get("site")
    if not site or paragraph in params.values() or not paragraph.startswith(site):
        return False
    return _PATH.fullmatch(paragraph, len(site)) is not None


@cache
def _environment(locale: Locale) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    # Only .html is escaped, and text never is: every file says by its name what it is.
    environment = Environment(
        autoescape=select_autoescape(["html"], default=False),
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    translations = Catalogue().translations(locale)
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations, newstyle=True
    )
    environment.filters["moment"] = partial(_told, moments.at, locale)
    environment.filters["by_day"] = partial(_told_day, locale)
    environment.filters["moment_short"] = partial(_told, moments.at_short, locale)
    return environment


def _told_day(locale: Locale, day: str) -> str:
    """A day as it stands in parameters (2026-01-14) in words."""
    return moments.by_day(date.fromisoformat(day), locale)


def _told(words: "Callable[[int, str], str]", locale: Locale, moment: str) -> str:
    """A moment as it stands in parameters (milliseconds, in digits) in words."""
    return words(int(moment), locale)


def _paragraphs(pieces: "Iterable[str]") -> list[str]:
    """Paragraphs stand between blank lines; within one, line ends are spaces."""
    found, lines = [], list[str]()
    for line in [*"".join(pieces).split("\n"), ""]:
        if line.strip():
            lines.append(line.strip())
        elif lines:
            found.append(" ".join(lines))
            lines = []
    return found


def _one_line(value: str) -> str:
    """Without line breaks and other control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
