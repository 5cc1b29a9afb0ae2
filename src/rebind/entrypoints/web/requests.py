"""/requests/{id}: the one page of a request of any kind, and what its owner may do there.

The bearer is the request's own token, where this browser began it without a session, else the
session. Which page fits its kind and state is the template's to know. Whoever comes by the link of
a message at another browser is told how to go on there, in the same words for every request.
Refuses to give back what was typed to prove something. Neighbours: `confirming.py` says what comes
after a re-authentication, `entering.py` what comes after a sign-in, `recover.py` has what a
recovery alone can do.
"""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import (
    CODE_MALFORMED,
    PROOF_NOT_OFFERED,
    PROOF_WRONG,
    REQUEST_UNKNOWN,
    Refused,
)
from rebind.domain.request import Kind
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.confirming import After, gone_on
from rebind.entrypoints.web.entering import let_in
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import account, cases, requests, verify
from rebind.flows.desk import Desk, Given, Journeys, RequestView
from rebind.templates.pages import Form, RequestPage

_CODES = (Proof.CODE_CURRENT, Proof.CODE_NEW, Proof.CODE_EMAIL, Proof.CODE_CONTACT)
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
        return await shown(self._desk, visit, Form())

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
            # A recovery says at its end what has happened; a sign-in leads where one wanted to go.
            way_on = _path(view) if view.kind == Kind.RECOVER else visit.way_after
            return await let_in(self._desk, visit, view, way_on)
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
        return _on(
            await requests.cancel(
                self._desk, self._journeys, visit.owner_of(request_id), request_id
            )
        )

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with what is wrong."""
        given = _given(visit)
        field = given[0].proof.value if len(given) == 1 else ""
        text = self._explain(refused, visit.caller.locale)
        return await shown(self._desk, visit, forms.again((), {}, refused, text, field))


async def shown(desk: Desk, visit: Visit, form: Form) -> Outcome:
    """The page of the request that the address names, with what is wrong with a form of it."""
    request_id = _id(visit)
    caller = visit.owner_of(request_id)
    view = await requests.show(desk, caller, request_id)
    if isinstance(view, Refused):
        return await _not_its_owners(desk, visit, request_id, view)
    if view.kind == Kind.CASE and view.case is not None:
        return await _written(desk, view.case)
    page = RequestPage(form, told=view.told, old=view.old, undo_until=view.undo_until)
    inside = caller is visit.caller
    if view.kind == Kind.RECOVER:
        # It is nobody's session's, but ends in one.
        inside = not isinstance(await account.show(desk, visit.caller), Refused)
    return _page(view, page, inside=inside)


async def _written(desk: Desk, link: str) -> Outcome:
    """The support desk has the message that this request was about."""
    access = await cases.by_link(desk, link)
    if isinstance(access, Refused):
        return access
    return Page("support/received", {"case": await cases.show(desk, access)})


async def _not_its_owners(desk: Desk, visit: Visit, request_id: Id, refused: Refused) -> Outcome:
    """A request that waits on the account, for whoever did not begin it but is signed in; else how
    one goes on with a request that was begun in another browser."""
    found = await requests.standing_on(desk, visit.caller)
    inside = not isinstance(found, Refused)
    for view in [] if isinstance(found, Refused) else found:
        if view.id == request_id:
            return _page(view, RequestPage(owner=False), inside=True)
    if refused.refusal is not REQUEST_UNKNOWN:
        return refused
    return Page("requests/elsewhere", refused=refused, signed_in=inside)


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
    return view if isinstance(view, Refused) else Moved(_path(view))


def _path(view: RequestView) -> str:
    return f"/requests/{view.id.hex()}"


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
