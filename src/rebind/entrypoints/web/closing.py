"""/settings/close: what is deleted when an account is closed, what stays, and the button.

The button begins at `confirming.py`; once it was shown who asks, the closing waits, and the profile
tells of it with a button that keeps the account. Refuses to close anything at once. Neighbours:
`stop.py` stops it, `export.py` is for taking one's data along before.
"""

import msgspec

from rebind.domain.refusals import Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Again, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, closing
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

PATH = "/settings/close"


class Closing:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """What closing means."""
        return await self._shown(visit, Form())

    async def begin(self, visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: the closing waits from now on."""
        view = await closing.begin(self._desk, visit.caller, permit_id)
        if isinstance(view, Refused):
            return await self.show_again(visit, view)
        return Moved("/profile")

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """What closing means, and why it was not begun."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._shown(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        found = await account.show_with_waiting(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        who, waiting = found
        return inside("closing/close", who, waiting=waiting, form=form)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for this act leads once it is given."""
    return {Purpose.ACCOUNT_CLOSE: Closing(desk, explain).begin}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    return {Purpose.ACCOUNT_CLOSE: Closing(desk, explain).show_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="GET",
            path=PATH,
            handler=Closing(desk, explain).show,
            auth=Auth.SESSION,
            summary="What closing the account means, and where it begins",
        ),
    ]
