"""A browser without a screen: keeps cookies, follows redirects, fills in the forms of a page."""

from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import msgspec

from rebind.entrypoints.shared.serving import App
from tests.entrypoints.visitors import Answer, Visitor

FORM = "application/x-www-form-urlencoded"
REDIRECTS_MAX = 5
_FIELDS = ("input", "button", "select", "textarea")


class Form(msgspec.Struct):
    """A form of a page, with what its hidden fields and chosen boxes hold."""

    action: str
    fields: dict[str, str]
    typed: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.lang = ""
        self._open: Form | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = found["lang"]
        if tag in ("script", "style"):
            self._silent += 1
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "form":
            assert found["method"] == "post", "no form changes anything by GET"
            self._open = Form(found["action"], {}, [])
            self.forms.append(self._open)
        if self._open is not None and tag in _FIELDS and "name" in found:
            if found.get("type") == "hidden" or tag == "button":
                self._open.fields[found["name"]] = found.get("value", "")
            elif found.get("type") == "checkbox":
                if "checked" in found:
                    self._open.fields[found["name"]] = found.get("value", "on")
            else:
                self._open.typed.append(found["name"])
                self._open.fields[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag in ("script", "style"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


class Seen(msgspec.Struct, frozen=True):
    """A page as a person sees it. `path` is where the browser ended up."""

    path: str
    answer: Answer
    cookies: tuple[str, ...]
    forms: tuple[Form, ...]
    words: str
    links: tuple[str, ...]
    lang: str

    @property
    def status(self) -> int:
        return self.answer.status

    def form(self, action: str, **typed: str) -> Form:
        """The form that is sent to that address and has a place for what is typed."""
        for form in self.forms:
            hidden = form.fields.keys() - set(form.typed)
            if form.action == action and all(
                form.fields[name] == typed[name] for name in hidden & typed.keys()
            ):
                return form
        raise AssertionError(f"no form for {action} on {self.path}: {self.words}")


class Browser(Visitor):
    """Somebody with a browser. `headers` go along with every request."""

    def __init__(self, app: App, address: str = "192.0.2.10", language: str = "en") -> None:
        super().__init__(app, address, language)
        self.jar: dict[str, str] = {}
        self.headers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        self.seen: Seen | None = None

    @property
    def page(self) -> Seen:
        """The page that is open."""
        assert self.seen is not None, "no page was opened yet"
        return self.seen

    async def open(self, path: str, **more: str) -> Seen:
        """Open a page, and go where it leads."""
        return await self._go("GET", path, b"", more)

    async def send(self, path: str, fields: Mapping[str, str], **more: str) -> Seen:
        """Send a form, whatever page is open, and go where it leads."""
        return await self._go("POST", path, urlencode(fields).encode(), more)

    async def submit(self, action: str, **typed: str) -> Seen:
        """Fill in the form of the open page that is sent to `action`."""
        form = self.page.form(action, **typed)
        return await self.send(action, {**form.fields, **typed})

    async def step(self, method: str, path: str, body: bytes = b"", **more: str) -> Seen:
        """One request, without going on."""
        headers = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        if method == "POST":
            headers = {"content-type": FORM, **headers}
        if self.jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        answer = await self.ask(method, path, [body], headers)
        cookies = tuple(answer.headers.get("set-cookie", "").split("\n"))
        for one in filter(None, cookies):
            for name, morsel in SimpleCookie(one).items():
                self.jar.pop(name, None)
                if morsel["max-age"] != "0":
                    self.jar[name] = morsel.value
        self.seen = _seen(path, answer, tuple(filter(None, cookies)))
        return self.seen

    async def _go(self, method: str, path: str, body: bytes, more: dict[str, str]) -> Seen:
        seen = await self.step(method, path, body, **more)
        for _ in range(REDIRECTS_MAX):
            if seen.status not in (302, 303):
                return seen
            seen = await self.step("GET", seen.answer.headers["location"], b"", **more)
        raise AssertionError(f"{path} leads round in circles")


def _seen(path: str, answer: Answer, cookies: tuple[str, ...]) -> Seen:
    reader = _Reader()
    if answer.headers.get("content-type", "").startswith("text/html"):
        reader.feed(answer.body.decode())
    words = " ".join(" ".join(reader.words).split())
    return Seen(path, answer, cookies, tuple(reader.forms), words, tuple(reader.links), reader.lang)
