"""The people of tests/people.py, each at a browser: what they open, type, press and read.

For: stories that read like letters. A story says the English words of a page (msgids); whoever
reads Russian looks for the words of the catalogue, so the same story is told in both languages and
a page that says something else fails. Every page that somebody comes to is looked at (`looks.py`).
Refuses waiting by time: every act ends when the page that it leads to is there.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize

from rebind.templates.catalogue import Catalogue, Locale
from tests.browser import looks
from tests.browser.house import Inbox, OpenHouse
from tests.people import Someone

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
SCREENS: dict[str, ViewportSize] = {"ru": PHONE, "en": DESK}
"""Stories are told in two languages, and so on both screens as well."""

TAGS: dict[str, str] = {"ru": "ru-RU", "en": "en-US"}
SESSION, DEVICE = "__Host-rebind-session", "__Host-rebind-device"
TABS_MAX = 80

_catalogue = Catalogue()


class Way(StrEnum):
    """How somebody uses a browser."""

    POINTER = "pointer"
    KEYBOARD = "keyboard"
    NO_SCRIPT = "no_script"


Telling = tuple[Locale, Way]
"""In which language and by which way a story is told."""


class Person:
    """Somebody at a browser."""

    def __init__(
        self, house: OpenHouse, context: BrowserContext, page: Page, locale: Locale, way: Way
    ) -> None:
        self.house, self.context, self.page = house, context, page
        self.locale, self.way = locale, way
        self._watch = looks.Watch(page)

    @property
    def status(self) -> int:
        """The status of the page that is open."""
        return self._watch.status

    @property
    def path(self) -> str:
        """Where the browser is."""
        return self.page.url.removeprefix(self.house.url)

    def word(self, english: str) -> str:
        """A text of our pages as this person reads it."""
        return _catalogue.text(self.locale, english)

    def inbox(self, address: str) -> Inbox:
        """What arrives at a number or an e-mail address that this person can read."""
        return Inbox(self.house, address)

    # --- Going from page to page ---

    async def opens(self, path: str) -> None:
        """Type an address, one's own or that of a link in a message."""
        url = path if path.startswith("http") else self.house.url + path
        await self.page.goto(url)
        await self.looks()

    async def follows(self, label: str) -> None:
        """Go where a link leads."""
        await self._use(self._named("link", label))

    async def presses(self, label: str) -> None:
        """Press a button that leads to another page."""
        await self._use(self._named("button", label))

    async def unfolds(self, label: str) -> None:
        """Open what is folded away under a line."""
        summary = self.page.locator("summary").filter(has_text=self._beginning(label)).first
        await self._activate(summary)

    async def sends(self, **fields: str) -> None:
        """Fill in the form that has these fields (a box is ticked), and send it by its own button.
        A code that is the only thing to type sends itself, where scripts run."""
        form = self.page.locator("form")
        for name in fields:
            form = form.filter(has=self.page.locator(f"input[name={name}]:visible"))
        form = form.first
        codes = form.locator("input[data-alone][data-code]")
        by_itself = self.way is not Way.NO_SCRIPT and await codes.count() == 1
        async with self.page.expect_navigation():
            for name, value in fields.items():
                await self._write(form.locator(f"input[name={name}]"), value)
            if not by_itself:
                # A button with an attribute `form` stands in this one and sends another.
                await self._activate(form.locator("button:not([type=button], [form])").first)
        await self.looks()

    # --- Reading ---

    async def text(self) -> str:
        """Everything that can be read in the main part of the page, on one line."""
        return " ".join((await self.page.locator("main").inner_text()).split())

    async def heading(self) -> str:
        """The heading of the page."""
        return " ".join((await self.page.locator("h1").inner_text()).split())

    async def is_at(self, path: str, heading: str) -> None:
        """The browser is there, and the page says what it is."""
        assert re.fullmatch(path, self.path), f"at {self.path}: {await self.text()}"
        assert await self.heading() == self.word(heading), await self.text()

    async def reads(self, english: str, **figures: str) -> None:
        """There is such a text on the page. What a text leaves open is given as `figures`, or may
        be anything."""
        wanted = re.escape(self.word(english))
        for name, value in figures.items():
            wanted = wanted.replace(re.escape(f"%({name})s"), re.escape(value))
        wanted = re.sub(r"%\\\(\w+\\\)s", ".+?", wanted)
        text = await self.text()
        assert re.search(wanted, text), f"“{wanted}” is not on {self.path}: {text}"

    # --- The machinery ---

    async def looks(self) -> None:
        """Look at the page that is open."""
        await looks.look(self.page, self._watch, scripts=self.way is not Way.NO_SCRIPT)

    def _named(self, role: Any, label: str) -> Locator:
        # Beside its own words a control may have some for those only who hear the page.
        named = self.page.get_by_role(role, name=self._beginning(label))
        return named.locator("visible=true").first

    def _beginning(self, label: str) -> re.Pattern[str]:
        return re.compile(rf"^\s*{re.escape(self.word(label))}(\s|$)")

    async def _use(self, what: Locator) -> None:
        """Press or follow something that leads to another page."""
        async with self.page.expect_navigation():
            await self._activate(what)
        await self.looks()

    async def _activate(self, what: Locator, key: str = "Enter") -> None:
        if self.way is Way.KEYBOARD:
            await self._tab_to(what)
            await self.page.keyboard.press(key)
        else:
            await what.click()

    async def _write(self, field: Locator, value: str) -> None:
        if await field.get_attribute("type") == "checkbox":
            await self._activate(field, key="Space")
            assert await field.is_checked(), f"{field} was pressed, and is not ticked"
            return
        if self.way is not Way.KEYBOARD:
            await field.fill(value)
            return
        await self._tab_to(field)
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.type(value)

    async def _tab_to(self, what: Locator) -> None:
        """Bring the focus there by the Tab key alone."""
        for _ in range(TABS_MAX):
            if await what.evaluate("one => one === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not come to {what} on {self.path}")


class People:
    """Whoever comes to a house in this story."""

    def __init__(self, browser: Browser, house: OpenHouse) -> None:
        self._browser, self._house = browser, house
        self._open = AsyncExitStack()

    async def somebody(
        self, locale: Locale = "ru", way: Way = Way.POINTER, screen: ViewportSize | None = None
    ) -> Person:
        """A browser that nobody has used, and somebody before it."""
        context = await self._open.enter_async_context(
            new_context(self._browser, locale, way, screen)
        )
        person = Person(self._house, context, await context.new_page(), locale, way)
        return person

    async def holder(
        self,
        number: str,
        locale: Locale = "ru",
        way: Way = Way.POINTER,
        *,
        emails: tuple[str, ...] = (),
        signed_in: bool = True,
        screen: ViewportSize | None = None,
    ) -> Person:
        """Somebody whose account is a year old, at the browser that opened it."""
        someone = await self._house.bring_in(number, emails=emails, locale=locale)
        person = await self.somebody(locale, way, screen)
        await self.remember(person, DEVICE, someone.device)
        if signed_in:
            await self.signed_in(person, someone)
        return person

    async def signed_in(self, person: Person, someone: Someone) -> None:
        """Let somebody be signed in already: a story about something else does not walk there."""
        someone.locale = person.locale
        await someone.sign_in()
        await self.remember(person, SESSION, someone.session)

    async def remember(self, person: Person, cookie: str, value: str | None) -> None:
        """Put a cookie of ours into a browser."""
        assert value is not None
        await person.context.add_cookies(
            [
                {
                    "name": cookie,
                    "value": value,
                    # To plant a cookie of this kind a browser wants to hear of TLS.
                    "url": self._house.url.replace("http:", "https:"),
                    "httpOnly": True,
                    "secure": True,
                    "sameSite": "Lax",
                }
            ]
        )

    async def leave(self) -> None:
        """Everybody closes their browser."""
        await self._open.aclose()


@asynccontextmanager
async def new_context(
    browser: Browser,
    locale: Locale,
    way: Way = Way.POINTER,
    screen: ViewportSize | None = None,
) -> AsyncIterator[BrowserContext]:
    """A browser as if it had just been installed: its language, its screen, no cookies."""
    context = await browser.new_context(
        locale=TAGS[locale],
        viewport=screen or SCREENS[locale],
        java_script_enabled=way is not Way.NO_SCRIPT,
        reduced_motion="reduce",
        color_scheme="light",
        timezone_id="Europe/Moscow",
    )
    context.set_default_timeout(5_000)
    await context.add_init_script(looks.SCRIPT)
    try:
        yield context
    finally:
        await context.close()
