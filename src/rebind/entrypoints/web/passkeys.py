"""/security/passkeys: the passkeys of the account, making one, its name, removing it.

Browsers make and show passkeys by a script only (`assets/passkeys.js`), to which the pages hand
what WebAuthn wants; what it says comes back in a field of a form like any other. Neighbour:
`confirming.py` begins what these acts take first, and goes on here when it is given.
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
from rebind.flows import account, passkeys
from rebind.flows.desk import Desk
from rebind.flows.passkeys import Signal
from rebind.templates.pages import Form

HOME = "/security/passkeys"
NEW = HOME + "/new"
ADDED, REMOVED = HOME + "?done=added", HOME + "?done=removed"
_DONE = ("added", "removed")
_FIELDS = ("permit", "name")


class Keys:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def listed(self, visit: Visit) -> Outcome:
        """The passkeys, and what is to be told to whoever keeps them."""
        return await self._listed(visit, Form())

    async def new(self, visit: Visit) -> Outcome:
        """Where one is made, once it was shown who asks."""
        return await self._new(visit, forms.blank(_FIELDS, {"permit": visit.asked("permit") or ""}))

    async def add(self, visit: Visit) -> Outcome:
        """The browser has made one."""
        said, name = visit.form.get("credential", ""), visit.form.get("name", "")
        permit_id = read_id(visit.form.get("permit", ""))
        found = await passkeys.add(self._desk, visit.caller, permit_id, said, name)
        return found if isinstance(found, Refused) else Moved(ADDED)

    async def add_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with why it was not taken. Where none may be made any more, that alone."""
        text = self._explain(refused, visit.caller.locale)
        return await self._new(visit, forms.again(_FIELDS, visit.form, refused, text))

    async def rename(self, visit: Visit) -> Outcome:
        """One is called something else."""
        passkey_id, name = read_id(visit.words["id"]), visit.form.get("name", "")
        return await passkeys.rename(self._desk, visit.caller, passkey_id, name) or Moved(HOME)

    async def make(self, _visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: on to where one is made."""
        return Moved(f"{NEW}?permit={permit_id.hex()}")

    async def remove(self, visit: Visit, permit_id: Id, about: str) -> Outcome:
        """It was shown who asks: the passkey goes."""
        refused = await passkeys.remove(self._desk, visit.caller, permit_id, read_id(about))
        return Moved(REMOVED) if refused is None else await self.listed_again(visit, refused)

    async def listed_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The list with what is wrong."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._listed(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _listed(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await passkeys.listed(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        done = visit.asked("done")
        return inside(
            "security/passkeys",
            who,
            passkeys=found.passkeys,
            full=found.full,
            signal=_told(found.signal),
            done=done if done in _DONE else None,
            form=form,
        )

    async def _new(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        permit_id = read_id(form.values["permit"])
        found = await passkeys.options(self._desk, visit.caller, permit_id)
        if isinstance(found, Refused):
            return found
        return inside("security/passkey_new", who, form=form, options=found)


def _told(signal: Signal) -> dict[str, object]:
    """In the words of the Signal API of WebAuthn Level 3."""
    return {
        "rpId": signal.rp_id,
        "userId": signal.user_id,
        "allAcceptedCredentialIds": signal.credential_ids,
        "name": signal.name,
        "displayName": signal.name,
    }


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for one of these acts leads once it is given."""
    at = Keys(desk, explain)
    return {Purpose.PASSKEY_ADD: at.make, Purpose.PASSKEY_REMOVE: at.remove}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    at = Keys(desk, explain)
    return {Purpose.PASSKEY_ADD: at.listed_again, Purpose.PASSKEY_REMOVE: at.listed_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Keys(desk, explain)
    return [
        Route(
            method="GET",
            path=HOME,
            handler=at.listed,
            auth=Auth.SESSION,
            summary="The passkeys of the account",
        ),
        Route(
            method="GET",
            path=NEW,
            handler=at.new,
            auth=Auth.SESSION,
            summary="Where a passkey is made",
        ),
        Route(
            method="POST",
            path=NEW,
            handler=at.add,
            again=at.add_again,
            auth=Auth.SESSION,
            summary="Take a passkey that the browser has made",
        ),
        Route(
            method="POST",
            path=HOME + "/{id}/name",
            handler=at.rename,
            again=at.listed_again,
            page=HOME,
            auth=Auth.SESSION,
            summary="Call a passkey something else",
        ),
    ]
