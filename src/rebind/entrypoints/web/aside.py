"""Beside the journeys: the language, hints while a number is typed, and well-known addresses."""

import msgspec

from rebind.domain import phone
from rebind.domain.refusals import FORM_MALFORMED, NUMBER_MALFORMED, Refusal, Refused
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Bytes, Moved, Outcome, Route, Visit
from rebind.flows import account
from rebind.flows.desk import Desk
from rebind.templates.catalogue import LOCALES, known
from rebind.templates.pages import tellings

SECURITY = "/security"
_HINT_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"private, max-age=3600"),
    (b"vary", b"cookie, accept-language"),
)


class Hint(msgspec.Struct, frozen=True):
    """What was typed so far, as we read it. It is computed of the digits alone: whether anybody has
    the number is not looked at."""

    canonical: str | None = None
    shown: str | None = None
    country: str | None = None
    error: str | None = None


class Aside:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def language(self, visit: Visit) -> Outcome:
        """Another language, in this browser and for the account that is signed in here."""
        chosen = visit.form.get("lang", "")
        if chosen not in LOCALES:
            return Refused(FORM_MALFORMED)
        # Without a session, or with one that has ended, the browser alone remembers.
        await account.speak(self._desk, visit.caller, known(chosen))
        return Moved(visit.way_on or "/", (cookies.language(chosen),))

    async def hint(self, visit: Visit) -> Outcome:
        """How a number is read, before it is sent."""
        typed = visit.asked("number")
        locale = visit.caller.locale
        found: phone.Phone | Refusal = NUMBER_MALFORMED
        if typed is not None:
            found = phone.parse(typed, self._desk.policy.countries, visit.caller.home)
        if isinstance(found, phone.Phone):
            country = tellings.country(found.region, known(locale))
            hint = Hint(found.e164, tellings.number(found.e164), country)
        else:
            hint = Hint(error=self._explain(Refused(found), locale))
        return Bytes(_HINT_HEADERS, msgspec.json.encode(hint))

    async def change_password(self, _visit: Visit) -> Outcome:
        """Where programs that keep passwords send people (W3C)."""
        return Moved(SECURITY, status=302)


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Aside(desk, explain)
    return [
        Route(
            method="POST",
            path="/language",
            handler=at.language,
            page="/",
            auth=Auth.NONE,
            summary="Choose a language",
        ),
        Route(
            method="GET",
            path="/phone-hint",
            handler=at.hint,
            auth=Auth.NONE,
            summary="How a number is read while it is typed",
        ),
        Route(
            method="GET",
            path="/.well-known/change-password",
            handler=at.change_password,
            auth=Auth.NONE,
            summary="Where secrets are changed",
        ),
    ]
