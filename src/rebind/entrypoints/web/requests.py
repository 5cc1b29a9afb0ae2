"""/requests/{id}: the one page of a request of any kind, and what its owner may do there.

The bearer is the request's own token, where this browser began it without a session, else the
session. Which page fits its kind and state is the template's to know. Refuses to give back what was
typed to prove something. Neighbours: `confirming.py` says what comes after a re-authentication,
`entering.py` what comes after a sign-in.
"""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import CODE_MALFORMED, PROOF_NOT_OFFERED, PROOF_WRONG, Refused
from rebind.domain.units import Id
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web import forms
from rebind.entrypoints.web.confirming import After, gone_on
from rebind.entrypoints.web.entering import let_in
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import requests, verify
from rebind.flows.desk import Desk, Given, Journeys, RequestView
from rebind.templates.pages import Form, RequestPage

_CODES = (Proof.CODE_CURRENT, Proof.CODE_NEW, Proof.CODE_EMAIL)
_BY_NAME = {proof.value: proof for proof in _CODES}
_DIGITS = (*_CODES, Proof.TOTP)
_AS_TYPED = (Proof.PASSWORD, Proof.RECOVERY_CODE, Proof.PASSKEY)
"""A password is its blanks too; a passkey's answer is filled in by a script; how a printed code may
be spelled is the rule's to know."""


class Requests:
    """The handlers."""

    def __init__(self, desk: Desk, journeys: Journeys, explain: Explain, after: After) -> None:
        self._desk = desk
        self._journeys = journeys
        self._explain = explain
        self._after = after

    async def show(self, visit: Visit) -> Outcome:
        """Where the request stands."""
        return await self._shown(visit, Form())

    async def prove(self, visit: Visit) -> Outcome:
        """What was typed, all together."""
        given = _given(visit)
        if not given:
            empty = any(proof in visit.form for proof in _AS_TYPED)
            return Refused(PROOF_WRONG if empty else CODE_MALFORMED)
        request_id = _id(visit)
        caller = visit.owner_of(request_id)
        view = await verify.prove(self._desk, self._journeys, caller, request_id, given)
        if isinstance(view, Refused):
            return view
        if view.session is not None:
            return await let_in(self._desk, visit, view, visit.way_after)
        return await gone_on(self._after, visit, view)

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
        """The page with what is wrong."""
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
    """The proofs of a form; digits without the blanks that people put between them."""
    form = visit.form
    digits = ((proof, form.get(proof, "").replace(" ", "")) for proof in _DIGITS)
    typed = ((proof, form.get(proof, "")) for proof in _AS_TYPED)
    return [Given(proof, code) for proof, code in (*digits, *typed) if code]


def _on(view: RequestView | Refused) -> Outcome:
    """On to the page of the request."""
    return view if isinstance(view, Refused) else Moved(f"/requests/{view.id.hex()}")


def routes(desk: Desk, journeys: Journeys, explain: Explain, after: After) -> list[Route]:
    """This part of the table. `after` says where each re-authentication leads."""
    at = Requests(desk, journeys, explain, after)
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
            summary="Give proofs: codes, a password, a passkey",
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
