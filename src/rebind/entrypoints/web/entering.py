"""The first page, opening an account, signing in by a number, and out.

Begins the same for every number, known or not: what is behind it is the flows' to know. A new
session never takes over what the browser carried before: its visitor's token is another one from
then on, and so are its forms, and the session that it carried ends. Neighbour: `ways_in.py` has the
other ways to sign in.
"""

from urllib.parse import quote

from rebind.domain.refusals import Refused
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import account, enrol, sessions, sign_in
from rebind.flows.desk import Desk, RequestView, tokens

HOME = "/profile"
CHECK = "/sign-in/check"
_LOOK_FIRST = ("I3", "I4")
"""Rows by which a code to the number alone opens an account: it may be somebody else's."""

_FIELDS = ("number", "next")


class Entering:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def landing(self, visit: Visit) -> Outcome:
        """What this service is; whoever is signed in goes to their profile."""
        return await self._unless_inside(visit, Page("landing"))

    async def sign_up_form(self, visit: Visit) -> Outcome:
        """Where an account is opened."""
        return await self._unless_inside(visit, _number("sign_up", visit))

    async def sign_in_form(self, visit: Visit) -> Outcome:
        """Where one signs in."""
        return await self._unless_inside(visit, _number("sign_in", visit))

    async def _unless_inside(self, visit: Visit, page: Page) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        return page if isinstance(who, Refused) else Moved(visit.way_on or HOME)

    async def sign_up(self, visit: Visit) -> Outcome:
        """A number is given; a code goes to it."""
        number = visit.form.get("number", "")
        return self._begun(visit, await enrol.begin(self._desk, visit.caller, number))

    async def sign_in(self, visit: Visit) -> Outcome:
        """A number is given; a code goes to it if an account has it."""
        number = visit.form.get("number", "")
        return self._begun(visit, await sign_in.by_number(self._desk, visit.caller, number))

    async def sign_up_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        return self._again("sign_up", visit, refused)

    async def sign_in_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        return self._again("sign_in", visit, refused)

    def _again(self, name: str, visit: Visit, refused: Refused) -> Page:
        text = self._explain(refused, visit.caller.locale)
        kept = {**visit.form, "next": visit.way_on or ""}
        return Page(f"{name}/number", {"form": forms.again(_FIELDS, kept, refused, text, "number")})

    def _begun(self, visit: Visit, view: RequestView | Refused) -> Outcome:
        if isinstance(view, Refused):
            return view
        return Moved(f"/requests/{view.id.hex()}", kept(self._desk, visit, view))

    async def sign_out(self, visit: Visit) -> Outcome:
        """This session ends; where it has ended already, the browser forgets it all the same."""
        token = tokens.session(visit.caller.bearer)
        if token is not None:
            await sessions.end(self._desk, visit.caller, token.session_id)
        return Moved("/", gone(self._desk, visit))


def kept(desk: Desk, visit: Visit, view: RequestView) -> tuple[cookies.Header, ...]:
    """What the browser keeps of a request that it has just begun without a session."""
    if view.token is None:
        return ()
    lasts = view.expires_at - desk.clock.now()
    return (cookies.request(view.id, view.token, visit.way_on, lasts),)


async def let_in(desk: Desk, visit: Visit, view: RequestView, way_on: str | None) -> Moved:
    """Into the account, or first to the question whether it is theirs. The session that the browser
    carried so far ends."""
    await sessions.leave_behind(desk, visit.caller)
    if view.row in _LOOK_FIRST:
        check = CHECK if way_on is None else f"{CHECK}?next={quote(way_on, safe='/')}"
        return Moved(check, (*opened(desk, view), cookies.unsure()))
    return Moved(way_on or HOME, (*opened(desk, view), *_sure(visit)))


def gone(desk: Desk, visit: Visit) -> tuple[cookies.Header, ...]:
    """What the browser forgets with a session."""
    forgotten = (cookies.taken(cookies.SESSION), cookies.taken(cookies.REQUEST))
    return (*forgotten, *_sure(visit), _anew(desk))


def _sure(visit: Visit) -> tuple[cookies.Header, ...]:
    return (cookies.taken(cookies.UNSURE),) if cookies.UNSURE in visit.jar else ()


def opened(desk: Desk, view: RequestView) -> tuple[cookies.Header, ...]:
    """What the browser keeps of a session that a request has opened."""
    session = view.session
    if session is None:
        return ()
    kept = cookies.session(session.token), _anew(desk)
    return kept if session.device is None else (*kept, cookies.device(session.device))


def _anew(desk: Desk) -> cookies.Header:
    return cookies.given(cookies.VISITOR, tokens.new_visitor(desk.dice))


def _number(name: str, visit: Visit) -> Page:
    return Page(f"{name}/number", {"form": forms.blank(_FIELDS, {"next": visit.way_on or ""})})


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Entering(desk, explain)
    return [
        Route(
            method="GET",
            path="/",
            handler=at.landing,
            auth=Auth.NONE,
            summary="What this service is; signed in: the profile",
        ),
        Route(
            method="GET",
            path="/sign-up",
            handler=at.sign_up_form,
            auth=Auth.NONE,
            summary="Where an account is opened",
        ),
        Route(
            method="POST",
            path="/sign-up",
            handler=at.sign_up,
            again=at.sign_up_again,
            auth=Auth.NONE,
            summary="Begin to open an account; a code leaves",
        ),
        Route(
            method="GET",
            path="/sign-in",
            handler=at.sign_in_form,
            auth=Auth.NONE,
            summary="Where one signs in",
        ),
        Route(
            method="POST",
            path="/sign-in",
            handler=at.sign_in,
            again=at.sign_in_again,
            auth=Auth.NONE,
            summary="Begin to sign in; a code leaves if an account has the number",
        ),
        Route(
            method="POST",
            path="/sign-out",
            handler=at.sign_out,
            page="/",
            auth=Auth.NONE,
            summary="End this session, and forget it in the browser",
        ),
    ]
