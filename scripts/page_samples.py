"""Every page in every state, to be opened in a browser: for `make pictures` and tests/browser.

For: showing a sample as if a server had sent it, with its style and script. Beside the samples of
`templates/pages/samples.py` it has those of the demo's pages, whose messages are real ones. Refuses
to serve anything else, and to reach any server.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.async_api import Page, Route

from rebind.domain.policy import Policy
from rebind.domain.units import DAY, MINUTE
from rebind.entrypoints.web.demo import DemoPerson, Plight, Told, parts
from rebind.templates import pages
from rebind.templates import samples as messages
from rebind.templates.catalogue import Locale
from rebind.templates.pages import console_samples, samples
from rebind.templates.pages.samples import NOW, Sample
from rebind.templates.words import JinjaWords

SITE = "https://example.com"
PAPER = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" width="840" height="1188">'
    '<rect width="210" height="297" fill="#fffdf5"/></svg>'
)
"""What stands for a page of somebody's document."""

ANNA = DemoPerson("Anna", "+79161234567", "+79031112233", "anna@example.org", "")
BORIS = DemoPerson("Boris", "+79267654321", "+79651112233", "boris@example.org", "")
CLARA = DemoPerson("Clara", "+447400654321", "+447400123456", "clara@example.org", "")
PLIGHTS = {
    ANNA: Plight(),
    BORIS: Plight(waits_until=NOW + 14 * DAY),
    CLARA: Plight(undo_until=NOW + 3 * DAY),
}


def all_pages(locale: Locale) -> Iterator[Sample]:
    """Every page × state, those of the demo at the end."""
    yield from samples.all_samples()
    yield from _demo(locale)


def _demo(locale: Locale) -> Iterator[Sample]:
    def page(page: str, name: str, path: str, **context: object) -> Sample:
        return Sample(page, name, path, False, context)

    everybody = list(PLIGHTS)
    for name, told in (("", list(_told(locale))), ("empty", [])):
        given = {"messages": told, "people": everybody, "person": None, "channel": None}
        yield page("demo/outbox", name, "/demo/outbox", newest=len(told), **given)
    yield page("demo/people", "", "/demo/people", people=list(PLIGHTS.items()))
    for person, plight in PLIGHTS.items():
        path = f"/demo/people/{person.name.lower()}"
        given = {"person": person, "plight": plight, "form": pages.Form()}
        yield page("demo/person", person.name.lower(), path, told=True, **given)
    at_desk = [each for each in console_samples.PEOPLE if each.created_by is not None]
    yield page("demo/desk", "", "/console/demo", me=None, people=at_desk)


def _told(locale: Locale) -> Iterator[Told]:
    """One message of each kind and channel, as the outbox shows it."""
    seen: set[tuple[str, str]] = set()
    for sample in messages.all_samples():
        if (sample.message, sample.channel) in seen:
            continue
        seen.add((sample.message, sample.channel))
        words = JinjaWords().message(sample.message, sample.channel, locale, sample.params)
        text = tuple(parts(words.text.strip(), SITE, Policy().code_digits))
        to = ANNA.email if sample.channel == "mail" else ANNA.number
        at, serial = NOW - len(seen) * MINUTE, 100 - len(seen)
        yield Told(serial, sample.channel, to, "Anna", words.subject, text, at, locale)


async def show(page: Page, sample: Sample, locale: Locale) -> None:
    """Open a sample in a browser."""

    async def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        asset = pages.assets().get(path.removeprefix("/assets/"))
        if route.request.is_navigation_request():
            site = pages.site("Rebind", Policy(), demo=True)
            body = pages.render(sample.page, locale, site=site, **samples.common(sample))
            await route.fulfill(body=body, content_type="text/html; charset=utf-8")
        elif asset is not None:
            await route.fulfill(body=asset.body, content_type=asset.media_type)
        elif "/documents/" in path:
            await route.fulfill(body=PAPER, content_type="image/svg+xml")
        elif path in ("/demo/outbox.css", "/demo/outbox.js"):
            kind = "text/css" if path.endswith(".css") else "text/javascript"
            await route.fulfill(
                body=pages.demo_file(path.rpartition("/")[2]), content_type=f"{kind}; charset=utf-8"
            )
        elif path == "/demo/outbox.json":
            await route.fulfill(body="[]", content_type="application/json")
        else:
            await route.fulfill(status=404)

    await page.unroute_all()
    await page.route("**/*", answer)
    await page.goto(f"http://localhost{sample.path}")
