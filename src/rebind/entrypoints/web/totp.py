"""/security/totp: the authenticator app of the account, setting one up, removing it.

With `permit` the page shows the secret as a picture and in letters, and takes the code by which the
app says that it has it; without, it tells whether there is an app. The picture is made here and
stands in the page itself: nobody else is asked to draw a secret. Neighbours: `confirming.py` begins
what these acts take first, and goes on here when it is given; `recovery_codes.py`.
"""

import msgspec

from rebind.domain.refusals import Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Again, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, totp
from rebind.flows.desk import Desk
from rebind.templates.pages import Form
from rebind.templates.qr import qr_address

PATH = "/security/totp"
SET, REMOVED = PATH + "?done=set", PATH + "?done=removed"
_DONE = ("set", "removed")
_FIELDS = ("permit", "end_others")


class Totp:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """The secret, once it was shown who asks; else whether there is an app."""
        permit = visit.asked("permit")
        if permit is None:
            return await self._stated(visit, Form())
        form = forms.blank(_FIELDS, {"permit": permit, "end_others": "yes"})
        return await self._setup(visit, form)

    async def confirm(self, visit: Visit) -> Outcome:
        """The app shows this."""
        form = visit.form
        refused = await totp.confirm(
            self._desk,
            visit.caller,
            read_id(form.get("permit", "")),
            form.get("code", "").replace(" ", ""),
            end_others=bool(form.get("end_others")),
        )
        return refused or Moved(SET)

    async def confirm_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The secret once more, with what is wrong with the code."""
        text = self._explain(refused, visit.caller.locale)
        return await self._setup(visit, forms.again(_FIELDS, visit.form, refused, text, "code"))

    async def go_on(self, _visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: on to the secret."""
        return Moved(f"{PATH}?permit={permit_id.hex()}")

    async def remove(self, visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: the app counts no more."""
        refused = await totp.remove(self._desk, visit.caller, permit_id)
        return Moved(REMOVED) if refused is None else await self.show_again(visit, refused)

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """Whether there is an app, with what is wrong."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._stated(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _stated(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await totp.show(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        done = visit.asked("done")
        return inside(
            "security/totp",
            who,
            totp=found,
            setup=None,
            qr="",
            done=done if done in _DONE else None,
            form=form,
        )

    async def _setup(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await totp.setup(self._desk, visit.caller, read_id(form.values["permit"]))
        if isinstance(found, Refused):
            return await self.show_again(visit, found)
        qr = qr_address(found.uri)
        return inside("security/totp", who, setup=found, qr=qr, done=None, form=form)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for one of these acts leads once it is given."""
    at = Totp(desk, explain)
    return {Purpose.TOTP_SET: at.go_on, Purpose.TOTP_REMOVE: at.remove}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    at = Totp(desk, explain)
    return {Purpose.TOTP_SET: at.show_again, Purpose.TOTP_REMOVE: at.show_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Totp(desk, explain)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.show,
            auth=Auth.SESSION,
            summary="The authenticator app, or the secret for one",
        ),
        Route(
            method="POST",
            path=PATH,
            handler=at.confirm,
            again=at.confirm_again,
            auth=Auth.SESSION,
            summary="Confirm an authenticator app by a code",
        ),
    ]
