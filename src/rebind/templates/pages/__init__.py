"""Pages: HTML for the web door.

    render("sign_in/number", "ru", site=site, path="/sign-in", csrf=csrf, signed_in=False,
           now=now, form=Form())

For: turning what a flow answered into a page in the person's language. Refuses to look anything
up: a page shows what it was given, and a missing value is an error (`StrictUndefined`). Jinja2 is
loaded with the first page, so that an API process never pays. Neighbours: `views.py` says what a
page may be given, `samples.py` shows every page once, `assets.py` holds style and script.
"""

from functools import cache
from pathlib import Path
from typing import Any

from rebind.domain.papers import BUILT_IN, Papers
from rebind.domain.policy import Policy
from rebind.templates.catalogue import Locale
from rebind.templates.pages.assets import Asset, assets, urls
from rebind.templates.pages.views import Form, NoticeView, RequestPage, Site

FOLDER = Path(__file__).parent


def render(name: str, locale: Locale, **context: Any) -> str:
    """The page `name`, such as "sign_in/number". Each is given `site`, `path`, `csrf`, `signed_in`
    and `now`, and what `views.py` says."""
    from rebind.templates.pages.rendering import page

    context["locale"] = locale
    return page(name, locale).render(context)


def site(
    service: str,
    policy: Policy,
    *,
    logo: str | None = None,
    brand: str | None = None,
    demo: bool = False,
    papers: Papers = BUILT_IN,
) -> Site:
    """What all pages of a service have in common. `logo` and `brand` are addresses of the
    administrator's picture and style sheet, `papers` the kinds of documents in force."""
    return Site(service, urls(), policy, logo, brand, demo, papers)


@cache
def demo_file(name: str) -> bytes:
    """Style or script of the demo's outbox, which only a demo serves."""
    return (FOLDER / "demo" / name).read_bytes()


__all__ = [
    "Asset",
    "Form",
    "NoticeView",
    "RequestPage",
    "Site",
    "assets",
    "demo_file",
    "render",
    "site",
    "urls",
]
