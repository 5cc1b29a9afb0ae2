"""/undo: "it wasn't me". A finished change is taken back from an address that the account had.

Begun with that address, or by the link of a notice. Opening a link changes nothing, because mail
scanners open links; a code to the address then shows that it is a person who reads there.
Neighbour: `stop.py` is for a change that still waits.
"""

from rebind.domain.refusals import LINK_UNKNOWN, REQUEST_FINISHED, Refused
from rebind.domain.request import State
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.entering import kept
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import objections, undo
from rebind.flows.desk import Desk, RequestView
from rebind.templates.pages import Form

_FIELDS = ("address",)
_STILL_WAITS = frozenset({State.OPEN, State.WAITING, State.READY})


class Undo:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def form(self, _visit: Visit) -> Outcome:
        """Where the old number or an e-mail is given."""
        return Page("undo/begin", {"form": forms.blank(_FIELDS)})

    async def begin(self, visit: Visit) -> Outcome:
        """An address is given; a code goes to it if there is anything to undo."""
        address = visit.form.get("address", "")
        by_address = undo.by_email if "@" in address else undo.by_number
        return self._begun(visit, await by_address(self._desk, visit.caller, address))

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        text = self._explain(refused, visit.caller.locale)
        return Page(
            "undo/begin", {"form": forms.again(_FIELDS, visit.form, refused, text, "address")}
        )

    async def look(self, visit: Visit) -> Outcome:
        """What the link of a notice is about."""
        return await self._shown(visit, Form())

    async def begin_by_link(self, visit: Visit) -> Outcome:
        """A code goes to the address that got the link."""
        link = visit.words["link"]
        return self._begun(visit, await undo.by_link(self._desk, visit.caller, link))

    async def link_again(self, visit: Visit, refused: Refused) -> Outcome:
        """What the link is about, and why it cannot be undone now."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        link = visit.words["link"]
        what = await objections.look(self._desk, link)
        if isinstance(what, Refused):
            return what
        if what.state in _STILL_WAITS:
            return Moved(f"/stop/{link}")
        if what.state != State.DONE:
            return Refused(REQUEST_FINISHED)
        if what.until is None:
            # Taken back already, or it never could be.
            return Refused(LINK_UNKNOWN)
        return Page("undo/link", {"what": what, "form": form})

    def _begun(self, visit: Visit, view: RequestView | Refused) -> Outcome:
        if isinstance(view, Refused):
            return view
        return Moved(f"/requests/{view.id.hex()}", kept(self._desk, visit, view))


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Undo(desk, explain)
    return [
        Route(
            method="GET",
            path="/undo",
            handler=at.form,
            auth=Auth.NONE,
            summary="Where a change is taken back",
        ),
        Route(
            method="POST",
            path="/undo",
            handler=at.begin,
            again=at.again,
            auth=Auth.NONE,
            summary="Begin to take a change back; a code leaves if there is one",
        ),
        Route(
            method="GET",
            path="/undo/{link}",
            handler=at.look,
            auth=Auth.LINK,
            summary="What a notice is about",
        ),
        Route(
            method="POST",
            path="/undo/{link}",
            handler=at.begin_by_link,
            again=at.link_again,
            auth=Auth.LINK,
            summary="Begin to take a change back by the link of a notice; a code leaves",
        ),
    ]
