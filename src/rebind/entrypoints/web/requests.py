"""/requests/{id}: the one page of a request of any kind, and what its owner may do there.

The bearer is the request's own token, where this browser began it without a session, else the
session. Which page fits its kind and state is the template's to know.
"""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import CODE_MALFORMED, PROOF_NOT_OFFERED, Refused
from rebind.domain.units import Id
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web import forms
from rebind.entrypoints.web.entering import HOME, opened
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import requests, verify
from rebind.flows.desk import Desk, Journeys, RequestView
from rebind.flows.verify import Given
from rebind.templates.pages import Form, RequestPage

_CODES = (Proof.CODE_CURRENT, Proof.CODE_NEW, Proof.CODE_EMAIL)
_BY_NAME = {proof.value: proof for proof in _CODES}


class Requests:
    """The handlers."""

    def __init__(self, desk: Desk, journeys: Journeys, explain: Explain) -> None:
        self._desk = desk
        self._journeys = journeys
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """Where the request stands."""
        return await self._shown(visit, Form())

    async def prove(self, visit: Visit) -> Outcome:
        """The codes that were typed, all together."""
        given = _given(visit)
        if not given:
            return Refused(CODE_MALFORMED)
        request_id = _id(visit)
        caller = visit.owner_of(request_id)
        view = await verify.prove(self._desk, self._journeys, caller, request_id, given)
        if isinstance(view, Refused) or view.session is None:
            return _on(view)
        return Moved(visit.way_after or HOME, opened(self._desk, view))

    async def send_code(self, visit: Visit) -> Outcome:
        """A code is on its way; said alike whether or not anybody is there."""
        proof = _BY_NAME.get(visit.form.get("proof", ""))
        if proof is None:
            return Refused(PROOF_NOT_OFFERED)
        request_id = _id(visit)
        caller = visit.owner_of(request_id)
        return _on(await requests.send_code(self._desk, caller, request_id, proof))

    async def cancel(self, visit: Visit) -> Outcome:
        """Its owner stops it."""
        request_id = _id(visit)
        return _on(await requests.cancel(self._desk, visit.owner_of(request_id), request_id))

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with what is wrong; codes are never given back."""
        given = _given(visit)
        field = given[0].proof.value if len(given) == 1 else ""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text, field))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        request_id = _id(visit)
        caller = visit.owner_of(request_id)
        view = await requests.show(self._desk, caller, request_id)
        if isinstance(view, Refused):
            return await self._of_the_account(visit, request_id) or view
        page = RequestPage(form, told=view.told, old=view.old, undo_until=view.undo_until)
        return _page(view, page, inside=caller is visit.caller)

    async def _of_the_account(self, visit: Visit, request_id: Id) -> Page | None:
        """A request that waits on the account, for whoever did not begin it but is signed in."""
        found = await requests.standing_on(self._desk, visit.caller)
        for view in [] if isinstance(found, Refused) else found:
            if view.id == request_id:
                return _page(view, RequestPage(owner=False), inside=True)
        return None


def _page(view: RequestView, page: RequestPage, *, inside: bool) -> Page:
    return Page("requests/show", {"view": view, "page": page}, signed_in=inside)


def _id(visit: Visit) -> Id:
    return read_id(visit.words["id"])


def _given(visit: Visit) -> list[Given]:
    """The codes of a form, without the blanks that people put between digits."""
    typed = ((proof, visit.form.get(proof, "").replace(" ", "")) for proof in _CODES)
    return [Given(proof, code) for proof, code in typed if code]


def _on(view: RequestView | Refused) -> Outcome:
    """On to the page of the request."""
    return view if isinstance(view, Refused) else Moved(f"/requests/{view.id.hex()}")


def routes(desk: Desk, journeys: Journeys, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Requests(desk, journeys, explain)
    return [
        Route(
            method="GET",
            path="/requests/{id}",
            handler=at.show,
            auth=Auth.REQUEST,
            summary="Where a request stands, and what it needs",
        ),
        Route(
            method="POST",
            path="/requests/{id}/proofs",
            handler=at.prove,
            again=at.again,
            page="/requests/{id}",
            auth=Auth.REQUEST,
            summary="Answer codes",
        ),
        Route(
            method="POST",
            path="/requests/{id}/codes",
            handler=at.send_code,
            again=at.again,
            page="/requests/{id}",
            auth=Auth.REQUEST,
            summary="Send a code",
        ),
        Route(
            method="POST",
            path="/requests/{id}/cancel",
            handler=at.cancel,
            again=at.again,
            page="/requests/{id}",
            auth=Auth.REQUEST,
            summary="Stop a request; nothing has changed and nothing will",
        ),
    ]
