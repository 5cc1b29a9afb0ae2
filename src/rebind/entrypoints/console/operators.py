"""/console/operators: who is at the desk, letting people in, their roles, and out again.

An invitation is shown once, on the page that answers the form: whoever looks again makes another
one. Neighbour: `own.py` for what everybody does about themselves.
"""

from urllib.parse import quote

from rebind.domain.operators import Right, Role
from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit, _
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.flows import operators
from rebind.flows.desk import Desk
from rebind.flows.operators import Invitation
from rebind.templates.pages import Form

HOME = "/console/operators"
NEW = HOME + "/new"
ONE = HOME + "/{login}"
_FIELDS = ("login", "name", "role")
_ROLES = {role.value: role for role in Role}
_AT = {
    "operator_login_malformed": "login",
    "operator_login_taken": "login",
    "operator_nameless": "name",
}


class Operators:
    """The handlers. `site` is the address of the service, which an invitation begins with."""

    def __init__(self, desk: Desk, explain: Explain, site: str) -> None:
        self._desk = desk
        self._explain = explain
        self._site = site

    async def listed(self, visit: Visit) -> Outcome:
        """Everybody at the desk."""
        found = await operators.listed(self._desk, visit.caller, visit.asked("after") or "")
        if isinstance(found, Refused):
            return found
        return Page("console/operators", {"found": found})

    async def new(self, _visit: Visit) -> Outcome:
        """Where somebody is let in."""
        return Page("console/operator_new", {"form": forms.blank(_FIELDS), "roles": tuple(Role)})

    async def invite(self, visit: Visit) -> Outcome:
        """Somebody is let in."""
        role = _ROLES.get(visit.form.get("role", ""))
        if role is None:
            return Refused(FORM_MALFORMED)
        login, name = visit.form.get("login", ""), visit.form.get("name", "")
        found = await operators.invite(self._desk, visit.caller, login, name, role)
        return self._invited(found)

    async def invite_form_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        text = self._explain(refused, visit.caller.locale)
        at = _AT.get(refused.refusal.code, "")
        form = forms.again(_FIELDS, visit.form, refused, text, at)
        return Page("console/operator_new", {"form": form, "roles": tuple(Role)})

    async def one(self, visit: Visit) -> Outcome:
        """One of them."""
        return await self._one(visit, Form())

    async def one_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same with why something was refused."""
        text = self._explain(refused, visit.caller.locale)
        return await self._one(visit, forms.again((), {}, refused, text))

    async def _one(self, visit: Visit, form: Form) -> Outcome:
        found = await operators.show(self._desk, visit.caller, visit.words["login"])
        if isinstance(found, Refused):
            return found
        return Page("console/operator", {"person": found, "roles": tuple(Role), "form": form})

    async def invite_again(self, visit: Visit) -> Outcome:
        """Somebody gets a new invitation."""
        login = visit.words["login"]
        return self._invited(await operators.invite_again(self._desk, visit.caller, login))

    def _invited(self, found: Invitation | Refused) -> Outcome:
        if isinstance(found, Refused):
            return found
        link = self._site + found.path
        return Page("console/invited", {"invitation": found, "link": link})

    async def change_role(self, visit: Visit) -> Outcome:
        """Somebody gets other rights."""
        role, login = _ROLES.get(visit.form.get("role", "")), visit.words["login"]
        if role is None:
            return Refused(FORM_MALFORMED)
        refused = await operators.change_role(self._desk, visit.caller, login, role)
        return refused or _back(login)

    async def disable(self, visit: Visit) -> Outcome:
        """Somebody is let in no more."""
        login = visit.words["login"]
        return await operators.disable(self._desk, visit.caller, login) or _back(login)


def _back(login: str) -> Moved:
    return Moved(f"{HOME}/{quote(login, safe='')}")


def part(desk: Desk, explain: Explain, site: str) -> Part:
    """What this adds to the console."""
    at = Operators(desk, explain, site)
    acts = (
        ("/invite", at.invite_again, Right.INVITE_OPERATOR, "Give somebody a new invitation"),
        ("/role", at.change_role, Right.CHANGE_ROLE, "Give somebody another role"),
        ("/disable", at.disable, Right.DISABLE_OPERATOR, "Let somebody in no more"),
    )
    return Part(
        (
            Route(
                method="GET",
                path=HOME,
                handler=at.listed,
                right=Right.SEE_OPERATORS,
                summary="Who is at the desk",
            ),
            Route(
                method="GET",
                path=NEW,
                handler=at.new,
                right=Right.INVITE_OPERATOR,
                fresh=True,
                summary="Where somebody is let in",
            ),
            Route(
                method="POST",
                path=NEW,
                handler=at.invite,
                again=at.invite_form_again,
                right=Right.INVITE_OPERATOR,
                fresh=True,
                summary="Let somebody in",
            ),
            Route(
                method="GET",
                path=ONE,
                handler=at.one,
                right=Right.SEE_OPERATORS,
                summary="Somebody at the desk",
            ),
            *(
                Route(
                    method="POST",
                    path=ONE + end,
                    handler=handler,
                    again=at.one_again,
                    page=ONE,
                    right=right,
                    fresh=True,
                    summary=summary,
                )
                for end, handler, right, summary in acts
            ),
        ),
        (Entry("operators", HOME, _("Colleagues"), Right.SEE_OPERATORS, "o"),),
    )
