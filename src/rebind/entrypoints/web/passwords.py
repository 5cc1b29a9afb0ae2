"""/security/password: whether there is a password, choosing one, removing it, and its meter.

The form stands on a page of its own, behind a re-authentication whose permit it carries. A password
is never given back: whoever is refused types it once more. Neighbour: `confirming.py` begins what
these acts take first, and goes on here when it is given.
"""

import msgspec

from rebind.domain.refusals import REAUTHENTICATION_REQUIRED, Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Again, Bytes, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, passwords
from rebind.flows.desk import Desk
from rebind.flows.passwords import Meter
from rebind.templates.pages import Form

HOME = "/security/password"
SET, REMOVED = HOME + "?done=set", HOME + "?done=removed"
STRENGTH = HOME + "/strength"
_DONE = ("set", "removed")
_FIELDS = ("permit",)
_MARK_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


class Mark(msgspec.Struct, frozen=True):
    """What the meter says: 0 (falls at once) to 4 (holds)."""

    strength: int


class Password:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain
        self._meter = Meter(desk)

    async def show(self, visit: Visit) -> Outcome:
        """Whether there is one; with a permit, where it is chosen."""
        permit = visit.asked("permit")
        if permit is None:
            return await self._shown(visit, Form())
        return await self._form(visit, forms.blank(_FIELDS, {"permit": permit}))

    async def choose(self, visit: Visit) -> Outcome:
        """This is the password from now on."""
        permit_id = read_id(visit.form.get("permit", ""))
        typed = visit.form.get("new_password", "")
        refused = await passwords.choose(self._desk, visit.caller, permit_id, typed)
        return refused or Moved(SET)

    async def choose_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form with what is wrong with the password, and without it."""
        text = self._explain(refused, visit.caller.locale)
        form = forms.again(_FIELDS, visit.form, refused, text, "new_password")
        return await self._form(visit, form)

    async def confirm_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with the button that would not begin."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text))

    async def remove(self, visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: there is no password any more."""
        refused = await passwords.remove(self._desk, visit.caller, permit_id)
        return refused or Moved(REMOVED)

    async def strength(self, visit: Visit) -> Outcome:
        """How strong what was typed so far looks."""
        typed = visit.form.get("new_password", "")
        mark = await self._meter.mark(visit.caller, typed)
        if isinstance(mark, Refused):
            return mark
        return Bytes(_MARK_HEADERS, msgspec.json.encode(Mark(mark)))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await passwords.show(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        done = visit.asked("done")
        return inside(
            "security/password",
            who,
            password=found,
            done=done if done in _DONE else None,
            form=form,
        )

    async def _form(self, visit: Visit, form: Form) -> Outcome:
        permit_id = read_id(form.values["permit"])
        found = await passwords.choosing(self._desk, visit.caller, permit_id)
        if isinstance(found, Refused):
            return await self._permit_gone(visit, found)
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        return inside("security/password_new", who, choosing=found, form=form)

    async def _permit_gone(self, visit: Visit, refused: Refused) -> Outcome:
        """What was confirmed has served, or was too long ago: from the beginning."""
        if refused.refusal is not REAUTHENTICATION_REQUIRED:
            return refused
        page = await self.confirm_again(visit, refused)
        if isinstance(page, Page):
            return msgspec.structs.replace(page, refused=refused)
        return page


async def _choose(_visit: Visit, permit_id: Id, _about: str) -> Outcome:
    return Moved(f"{HOME}?permit={permit_id.hex()}")


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for one of these acts leads once it is given."""
    return {
        Purpose.PASSWORD_SET: _choose,
        Purpose.PASSWORD_REMOVE: Password(desk, explain).remove,
    }


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """The page on which the buttons stand that begin one."""
    shown = Password(desk, explain).confirm_again
    return {Purpose.PASSWORD_SET: shown, Purpose.PASSWORD_REMOVE: shown}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Password(desk, explain)
    return [
        Route(
            method="GET",
            path=HOME,
            handler=at.show,
            auth=Auth.SESSION,
            summary="Whether there is a password, and where one is chosen",
        ),
        Route(
            method="POST",
            path=HOME,
            handler=at.choose,
            again=at.choose_again,
            auth=Auth.SESSION,
            summary="Set, change or reset the password; all other sessions end",
        ),
        Route(
            method="POST",
            path=STRENGTH,
            handler=at.strength,
            page=HOME,
            auth=Auth.SESSION,
            summary="How strong a password looks while it is typed",
        ),
    ]
