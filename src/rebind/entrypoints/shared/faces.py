"""Outcomes become answers: the page in the person's language, the headers that keep it safe.

For: the doors that show pages. Refuses to let a page be kept by anyone, be framed, run a script
that is not ours, or tell another site where somebody was. Neighbour: `problems.py` does the same
for programs.
"""

from collections.abc import Callable
from typing import Protocol

from rebind.domain.refusals import Refusal, Refused
from rebind.entrypoints.shared import cookies
from rebind.entrypoints.shared.cookies import Jar
from rebind.entrypoints.shared.outcomes import Bytes, Moved, Outcome, Page
from rebind.entrypoints.shared.problems import RawHeaders, Reply, transport
from rebind.flows.desk import Caller, Desk, tokens
from rebind.templates import pages
from rebind.templates.catalogue import Locale, known
from rebind.templates.refusals import explain

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = (
    "otp-credentials=(self), publickey-credentials-get=(self), publickey-credentials-create=(self),"
    " accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
)
_HSTS_S = 365 * 24 * 60 * 60

Explain = Callable[[Refused, str], str]
"""A refusal in one paragraph, for the form that it belongs to."""


class Visiting(Protocol):
    """What an answer has to know of the request that it answers."""

    @property
    def caller(self) -> Caller: ...
    @property
    def jar(self) -> Jar: ...
    @property
    def here(self) -> str: ...


def safe(secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers of every answer of this door. `secure`: people see us over https."""
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": PERMISSIONS,
    }
    if secure:
        headers["strict-transport-security"] = f"max-age={_HSTS_S}"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class Faces:
    """Shows outcomes. `site` is what all pages have in common, `heard` is told each refusal. `page`
    shows a refusal that belongs to no form, `visitor` names the cookie to which forms are tied."""

    page = "error"
    visitor = cookies.VISITOR

    def __init__(
        self,
        desk: Desk,
        site: pages.Site,
        *,
        secure: bool,
        heard: Callable[[Refusal], None] | None = None,
    ) -> None:
        self._desk = desk
        self._site = site
        self._heard = heard
        self._safe = safe(secure)
        self._headers: RawHeaders = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", CSP.encode()),
            *self._safe,
        ]
        self._moved: RawHeaders = [
            (b"cache-control", b"no-store"),
            (b"content-length", b"0"),
            *self._safe,
        ]

    def explained(self, refused: Refused, locale: str) -> tuple[str, str]:
        """Title and text of a refusal."""
        digits = self._desk.policy.code_digits
        return explain(refused, locale, self._desk.clock.now(), digits=digits)

    def paragraph(self, refused: Refused, locale: str) -> str:
        """Title and text of a refusal in one paragraph."""
        title, text = self.explained(refused, locale)
        return f"{title}. {text}"

    def reply(self, outcome: Outcome, visit: Visiting) -> Reply:
        """The answer that shows an outcome."""
        if isinstance(outcome, Page):
            return self._shown(outcome, visit)
        if isinstance(outcome, Moved):
            to = (b"location", outcome.to.encode("ascii"))
            return outcome.status, [to, *self._moved, *outcome.cookies], b""
        if isinstance(outcome, Bytes):
            length = (b"content-length", b"%d" % len(outcome.body))
            return 200, [*outcome.headers, *self._safe, length], outcome.body
        title, text = self.explained(outcome, visit.caller.locale)
        context = {"title": title, "text": text, "code": outcome.refusal.code}
        inside = visit.caller.bearer is not None
        return self._shown(Page(self.page, context, refused=outcome, signed_in=inside), visit)

    def _shown(self, page: Page, visit: Visiting) -> Reply:
        desk, jar, refused = self._desk, visit.jar, page.refused
        now = desk.clock.now()
        locale: Locale = known(page.locale or visit.caller.locale)
        more = list(page.cookies)
        csrf = tokens.form(desk.seal, jar.get(self.visitor))
        if csrf is None:
            visitor = tokens.new_visitor(desk.dice)
            csrf = tokens.form(desk.seal, visitor)
            more.append(cookies.given(self.visitor, visitor))
        if page.locale is not None and jar.get(cookies.LANGUAGE) != locale:
            # So that whatever cannot look at the account speaks its language too.
            more.append(cookies.language(locale))
        html = pages.render(
            page.name,
            locale,
            site=self._site,
            path=visit.here,
            csrf=csrf,
            signed_in=page.signed_in,
            now=now,
            **page.context,
        ).encode()
        headers = [
            *self._headers,
            *more,
            (b"content-language", locale.encode()),
            (b"content-length", b"%d" % len(html)),
        ]
        if refused is None:
            return 200, headers, html
        if self._heard is not None:
            self._heard(refused.refusal)
        return refused.refusal.status, [*headers, *transport(refused, now)], html
