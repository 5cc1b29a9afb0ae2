"""/security/emails: the mailboxes of the account, one more, one less, the one named first.

A mailbox is added and removed by the form of `confirming.py`, which asks for a fresh proof (and,
of a new one, for the code that went there), and goes on here when it is given.
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
from rebind.flows import account, emails
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

HOME = "/security/emails"
_FIELDS = ("about",)
_DONE = ("added", "removed")


class Mailboxes:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def listed(self, visit: Visit) -> Outcome:
        """The mailboxes, and where another one is given."""
        return await self._listed(visit, forms.blank(_FIELDS))

    async def add(self, visit: Visit, permit_id: Id, about: str) -> Outcome:
        """It was shown who asks, and that the mailbox is theirs: it is the account's."""
        found = await emails.add(self._desk, visit.caller, permit_id, about)
        if isinstance(found, Refused):
            return await self.listed_again(visit, found)
        return Moved(f"{HOME}?done=added")

    async def remove(self, visit: Visit, permit_id: Id, about: str) -> Outcome:
        """It was shown who asks: the mailbox goes."""
        refused = await emails.remove(self._desk, visit.caller, permit_id, read_id(about))
        if refused is not None:
            return await self.listed_again(visit, refused)
        return Moved(f"{HOME}?done=removed")

    async def make_primary(self, visit: Visit) -> Outcome:
        """It is named first."""
        email_id = read_id(visit.words["id"])
        return await emails.make_primary(self._desk, visit.caller, email_id) or Moved(HOME)

    async def add_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The list, with what is wrong with the mailbox that was typed."""
        text = self._explain(refused, visit.caller.locale)
        form = forms.again(_FIELDS, visit.form, refused, text, "about")
        return await self._again(visit, form, refused)

    async def listed_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The list with what is wrong."""
        text = self._explain(refused, visit.caller.locale)
        return await self._again(visit, forms.again(_FIELDS, {}, refused, text), refused)

    async def _again(self, visit: Visit, form: Form, refused: Refused) -> Outcome:
        outcome = await self._listed(visit, form)
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _listed(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await emails.listed(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        done = visit.asked("done")
        return inside(
            "security/emails",
            who,
            emails=found.emails,
            full=found.full,
            done=done if done in _DONE else None,
            form=form,
        )


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for one of these acts leads once it is given."""
    at = Mailboxes(desk, explain)
    return {Purpose.EMAIL_ADD: at.add, Purpose.EMAIL_REMOVE: at.remove}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    at = Mailboxes(desk, explain)
    return {Purpose.EMAIL_ADD: at.add_again, Purpose.EMAIL_REMOVE: at.listed_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Mailboxes(desk, explain)
    return [
        Route(
            method="GET",
            path=HOME,
            handler=at.listed,
            auth=Auth.SESSION,
            summary="The mailboxes of the account",
        ),
        Route(
            method="POST",
            path=HOME + "/{id}/primary",
            handler=at.make_primary,
            again=at.listed_again,
            page=HOME,
            auth=Auth.SESSION,
            summary="Name a mailbox first",
        ),
    ]
