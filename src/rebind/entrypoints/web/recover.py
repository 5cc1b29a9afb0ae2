"""/recover: the telephone is gone. Begun with the number that is lost or with a mailbox.

The same page and the same answer for everybody: whether there is an account, and where its codes
go, is the flows' to know. What only a recovery can do stands here as well: naming the new number,
and going on with one that was begun in another browser. Neighbour: `requests.py` has the page of
the request, its codes and its end.
"""

from rebind.domain.refusals import REQUEST_UNKNOWN, Refused
from rebind.domain.request import State
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.requests import shown
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import account, recover, requests
from rebind.flows.desk import Desk, RequestView
from rebind.templates.pages import Form

_FIELDS, _NUMBER = ("name",), ("number",)
_STILL_WAITS = frozenset({State.WAITING, State.READY})


class Recover:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def form(self, visit: Visit) -> Outcome:
        """What can be done without the number, and where the account is named."""
        return await self._shown(visit, forms.blank(_FIELDS))

    async def begin(self, visit: Visit) -> Outcome:
        """The account is named; a code goes to its mailbox, if there is one."""
        name = visit.form.get("name", "")
        by_name = recover.by_email if "@" in name else recover.by_number
        view = await by_name(self._desk, visit.caller, name)
        if isinstance(view, Refused):
            return view
        return _on(view, view.token)

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again(_FIELDS, visit.form, refused, text, "name"))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        context = {"form": form, "waiting": await self._begun_here(visit)}
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return Page("recover/begin", context)
        return inside("recover/begin", who, **context)

    async def _begun_here(self, visit: Visit) -> RequestView | None:
        """A recovery of this browser that waits: whoever comes back looks for it here."""
        if visit.recovery is None:
            return None
        request_id, _token = visit.recovery
        view = await requests.show(self._desk, visit.owner_of(request_id), request_id)
        return None if isinstance(view, Refused) or view.state not in _STILL_WAITS else view

    async def aim(self, visit: Visit) -> Outcome:
        """The number that the account is to have; a code goes there."""
        request_id = read_id(visit.words["id"])
        number = visit.form.get("number", "")
        caller = visit.owner_of(request_id)
        view = await recover.aim(self._desk, caller, request_id, number)
        return view if isinstance(view, Refused) else _on(view)

    async def aim_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page of the request, with the number as it was typed."""
        text = self._explain(refused, visit.caller.locale)
        form = forms.again(_NUMBER, visit.form, refused, text, "number")
        return await shown(self._desk, visit, form)

    async def resume(self, visit: Visit) -> Outcome:
        """On with the one that waits already: what this browser kept of its own opens that one."""
        if visit.recovery is None:
            return Refused(REQUEST_UNKNOWN)
        _begun, token = visit.recovery
        request_id = read_id(visit.words["id"])
        view = await recover.resume(self._desk, visit.owner_of(request_id), request_id)
        return view if isinstance(view, Refused) else _on(view, token)

    async def resume_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page of the request, with why not."""
        text = self._explain(refused, visit.caller.locale)
        return await shown(self._desk, visit, forms.again((), {}, refused, text))


def _on(view: RequestView, token: str | None = None) -> Moved:
    """On to the page of the request, which opens to this token from now on."""
    kept = () if token is None else (cookies.recovery(view.id, token),)
    return Moved(f"/requests/{view.id.hex()}", kept)


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Recover(desk, explain)
    return [
        Route(
            method="GET",
            path="/recover",
            handler=at.form,
            auth=Auth.NONE,
            summary="What to do when the number is lost",
        ),
        Route(
            method="POST",
            path="/recover",
            handler=at.begin,
            again=at.again,
            auth=Auth.NONE,
            summary="Begin to regain an account; a code leaves if it has a mailbox",
        ),
        Route(
            method="POST",
            path="/requests/{id}/number",
            handler=at.aim,
            again=at.aim_again,
            page="/requests/{id}",
            auth=Auth.REQUEST,
            summary="Say which number the account is to have; a code leaves",
        ),
        Route(
            method="POST",
            path="/requests/{id}/resume",
            handler=at.resume,
            again=at.resume_again,
            page="/requests/{id}",
            auth=Auth.REQUEST,
            summary="Go on here with a recovery that was begun elsewhere",
        ),
    ]
