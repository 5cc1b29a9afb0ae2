"""/security/lost-phone: what happens when the phone is gone, one button, and the way back.

Whoever is not signed in is asked to sign in first, by whatever way is left to them. Neighbour:
`confirming.py` collects what the button and the way back take, and goes on here when it is given;
on a device that the account knows the button takes nothing.
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
from rebind.flows import account, checkup, loss
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

HOME = "/security/lost-phone"
RESTORED = "/security?done=sms_restored"


class Loss:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """What the button does; where it was pressed, the way back."""
        return await self._show(visit, Form())

    async def suspend(self, visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: codes by SMS prove nothing any more."""
        refused = await loss.suspend(self._desk, visit.caller, permit_id)
        return Moved(HOME) if refused is None else await self.show_again(visit, refused)

    async def restore(self, visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: they count again."""
        refused = await loss.restore(self._desk, visit.caller, permit_id)
        return Moved(RESTORED) if refused is None else await self.show_again(visit, refused)

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with why not."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._show(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _show(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await checkup.show(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        return inside("security/lost_phone", who, checkup=found, form=form)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for the report, or for the way back, leads once it is given."""
    at = Loss(desk, explain)
    return {Purpose.SMS_RESTORE: at.restore, Purpose.SMS_SUSPEND: at.suspend}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why that cannot even begin."""
    at = Loss(desk, explain)
    return {Purpose.SMS_RESTORE: at.show_again, Purpose.SMS_SUSPEND: at.show_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Loss(desk, explain)
    return [
        Route(
            method="GET",
            path=HOME,
            handler=at.show,
            auth=Auth.SESSION,
            summary="What to do when the phone is lost",
        ),
    ]
