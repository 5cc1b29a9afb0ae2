"""/stop: what waits is stopped, a change of number or a closing: by the link of a notice, or from
inside the account.

Opening a link changes nothing, because mail scanners open links: stopping is always a form.
Neighbour: `undo.py` is for a change that is done.
"""

from rebind.domain.phone import masked
from rebind.domain.refusals import REQUEST_FINISHED, Refused
from rebind.domain.request import State
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import account, objections
from rebind.flows.account import AccountView
from rebind.flows.desk import Desk, Journeys, RequestView
from rebind.templates.pages import Form, NoticeView

_SHOWS = {
    State.OPEN: "stop/confirm",
    State.WAITING: "stop/confirm",
    State.READY: "stop/confirm",
    State.OBJECTED: "stop/done",
}


class Stop:
    """The handlers."""

    def __init__(self, desk: Desk, journeys: Journeys, explain: Explain) -> None:
        self._desk = desk
        self._journeys = journeys
        self._explain = explain

    async def look(self, visit: Visit) -> Outcome:
        """What the link of a notice is about."""
        return await self._shown(visit, Form())

    async def by_link(self, visit: Visit) -> Outcome:
        """The address that got the link objects."""
        link = visit.words["link"]
        view = await objections.by_link(self._desk, self._journeys, visit.caller, link)
        return view if isinstance(view, Refused) else Moved(f"/stop/{link}")

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """What the link is about, and why it cannot be stopped."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        link = visit.words["link"]
        what = await objections.look(self._desk, link)
        if isinstance(what, Refused):
            return what
        if what.state == State.DONE:
            # Too late to stop it, and still time to take it back.
            return Moved(f"/undo/{link}")
        shows = _SHOWS.get(State(what.state))
        if shows is None:
            return Refused(REQUEST_FINISHED)
        return Page(shows, {"what": what, "form": form})

    async def by_session(self, visit: Visit) -> Outcome:
        """A session of the account objects, whoever began the request."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        request_id = read_id(visit.words["id"])
        view = await objections.by_session(self._desk, self._journeys, visit.caller, request_id)
        return view if isinstance(view, Refused) else self._stopped(who, view)

    async def by_permit(self, visit: Visit, permit_id: Id, about: str) -> Outcome:
        """A second factor was shown: what support has let go on is stopped all the same."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        view = await objections.by_permit(
            self._desk, self._journeys, visit.caller, read_id(about), permit_id
        )
        return view if isinstance(view, Refused) else self._stopped(who, view)

    def _stopped(self, who: AccountView, view: RequestView) -> Page:
        now = self._desk.clock.now()
        what = NoticeView(view.kind, masked(who.number), view.number, now, now, view.case)
        return inside("stop/done", who, what=what)


def after(desk: Desk, journeys: Journeys, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for this act leads once it is given."""
    return {Purpose.REQUEST_STOP: Stop(desk, journeys, explain).by_permit}


def routes(desk: Desk, journeys: Journeys, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Stop(desk, journeys, explain)
    return [
        Route(
            method="GET",
            path="/stop/{link}",
            handler=at.look,
            auth=Auth.LINK,
            summary="What a notice is about",
        ),
        Route(
            method="POST",
            path="/stop/{link}",
            handler=at.by_link,
            again=at.again,
            auth=Auth.LINK,
            summary="Stop a change that waits, as an address that was told",
        ),
        Route(
            method="POST",
            path="/requests/{id}/object",
            handler=at.by_session,
            page="/requests/{id}",
            auth=Auth.SESSION,
            summary="Stop a change that waits, from inside the account",
        ),
    ]
