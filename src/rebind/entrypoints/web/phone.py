"""/phone: the number of the account, changing it, going on with a change that waits in another
session, and why it cannot simply be unlinked."""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Route, Visit
from rebind.flows import account, change, checkup
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

_FIELDS = ("number", "without_current")
_BOTH = (Proof.CODE_CURRENT, Proof.CODE_NEW)
_NEW_ONLY = (Proof.CODE_NEW,)


class Phone:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """The number, and those that the account had."""
        seen = await account.show_with_waiting(self._desk, visit.caller)
        if isinstance(seen, Refused):
            return seen
        who, waiting = seen
        found = await account.bindings(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        return inside("phone/show", who, bindings=found, waiting=waiting)

    async def unlink(self, visit: Visit) -> Outcome:
        """That a number can only be replaced."""
        who = await account.show(self._desk, visit.caller)
        return who if isinstance(who, Refused) else inside("phone/unlink", who)

    async def change_form(self, visit: Visit) -> Outcome:
        """Where the new number is given."""
        return await self._form(visit, forms.blank(_FIELDS))

    async def change(self, visit: Visit) -> Outcome:
        """A new number is given; codes leave for it and for the present one, unless nobody can
        read them there."""
        send = _NEW_ONLY if visit.form.get("without_current") else _BOTH
        number = visit.form.get("number", "")
        view = await change.begin(self._desk, visit.caller, number, send)
        return view if isinstance(view, Refused) else Moved(f"/requests/{view.id.hex()}")

    async def resume(self, visit: Visit, permit_id: Id, about: str) -> Outcome:
        """Who they are was shown: on, in this session, with the change that waits."""
        request_id = read_id(about)
        view = await change.resume(self._desk, visit.caller, request_id, permit_id)
        return view if isinstance(view, Refused) else Moved(f"/requests/{view.id.hex()}")

    async def change_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        text = self._explain(refused, visit.caller.locale)
        return await self._form(visit, forms.again(_FIELDS, visit.form, refused, text, "number"))

    async def _form(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await checkup.show(self._desk, visit.caller)
        alone = not isinstance(found, Refused) and found.alone
        return inside("phone/change", who, form=form, alone=alone)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for this act leads once it is given."""
    return {Purpose.REQUEST_RESUME: Phone(desk, explain).resume}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Phone(desk, explain)
    return [
        Route(
            method="GET",
            path="/phone",
            handler=at.show,
            auth=Auth.SESSION,
            summary="The number, since when, and the numbers before it",
        ),
        Route(
            method="GET",
            path="/phone/change",
            handler=at.change_form,
            auth=Auth.SESSION,
            summary="Where the new number is given",
        ),
        Route(
            method="POST",
            path="/phone/change",
            handler=at.change,
            again=at.change_again,
            auth=Auth.SESSION,
            names=True,
            summary="Begin to change the number; codes leave",
        ),
        Route(
            method="GET",
            path="/phone/unlink",
            handler=at.unlink,
            auth=Auth.SESSION,
            summary="Why a number is only replaced, and how",
        ),
    ]
