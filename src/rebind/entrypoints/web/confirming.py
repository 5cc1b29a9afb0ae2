"""/security/confirm: a fresh proof before something that protects the account is touched.

A button that begins something sensitive is a form that comes here, with its `purpose` and, where
it is for one thing, what that is `about`. Whoever has proved enough lately goes on at once, anybody
else by the page of the request. What comes after is the subject's to say: its module has
`after(desk)`, which may do the act, or move on to a form that carries the permit; and, where its
form stands on a page that can show what is wrong, `again(desk, explain)`. Refuses to go on by GET:
opening an address does nothing. Neighbour: `requests.py` collects the proofs.
"""

from collections.abc import Awaitable, Callable, Mapping

from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.domain.request import State
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.routes import Again, Moved, Outcome, Route, Visit
from rebind.flows import account, reauthentication, requests
from rebind.flows.desk import Desk, RequestView

Continue = Callable[[Visit, Id, str], Awaitable[Outcome]]
"""What comes after a re-authentication: the visit, the permit's id, and what it is for: a mailbox
in full, the id in hex of a mailbox or passkey, or nothing."""

After = Mapping[Purpose, Continue]
Agains = Mapping[Purpose, Again]

_PURPOSES = {purpose.value: purpose for purpose in Purpose}


class Confirming:
    """The handlers. `after`: the continuation of each purpose; `agains`: the page on which the form
    of a purpose stands, for a refusal."""

    def __init__(self, desk: Desk, after: After, agains: Agains) -> None:
        self._desk = desk
        self._after = after
        self._agains = agains

    async def begin(self, visit: Visit) -> Outcome:
        """Something is to be touched: prove who you are, or go on at once."""
        purpose = _PURPOSES.get(visit.form.get("purpose", ""))
        if purpose is None or purpose not in self._after:
            who = await account.show(self._desk, visit.caller)
            return who if isinstance(who, Refused) else Refused(FORM_MALFORMED)
        about = visit.form.get("about", "")
        view = await reauthentication.begin(self._desk, visit.caller, purpose, about)
        return view if isinstance(view, Refused) else await gone_on(self._after, visit, view)

    async def begin_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page that the form stands on, with why not; a page of the refusal where it has
        none."""
        purpose = _PURPOSES.get(visit.form.get("purpose", ""))
        again = None if purpose is None else self._agains.get(purpose)
        return refused if again is None else await again(visit, refused)

    async def go_on(self, visit: Visit) -> Outcome:
        """What was proved is proved: on, where the answer to the last proof was lost."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        view = await requests.show(self._desk, visit.caller, read_id(visit.words["id"]))
        return view if isinstance(view, Refused) else await gone_on(self._after, visit, view)


async def gone_on(after: After, visit: Visit, view: RequestView) -> Outcome:
    """On to what a finished re-authentication was for; with anything else, to the request."""
    purpose = _PURPOSES.get(view.purpose or "")
    if view.state != State.DONE or purpose is None or purpose not in after:
        return Moved(f"/requests/{view.id.hex()}")
    return await after[purpose](visit, view.id, view.about)


def routes(desk: Desk, after: After, agains: Agains) -> list[Route]:
    """This part of the table."""
    at = Confirming(desk, after, agains)
    return [
        Route(
            method="POST",
            path="/security/confirm",
            handler=at.begin,
            again=at.begin_again,
            page="/security",
            auth=Auth.SESSION,
            summary="Begin to confirm who one is, for one act",
        ),
        Route(
            method="POST",
            path="/security/confirm/{id}",
            handler=at.go_on,
            page="/requests/{id}",
            auth=Auth.SESSION,
            summary="Go on with what was confirmed",
        ),
    ]
