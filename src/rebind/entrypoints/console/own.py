"""/console/own: one's own sessions and ways in.

What protects the desk is changed only by somebody who has just proved who they are. Neighbour:
`entering.py` confirms that.
"""

from rebind.domain.operators import Right
from rebind.domain.refusals import Refused
from rebind.entrypoints.console import cookies
from rebind.entrypoints.console.entering import field_of
from rebind.entrypoints.console.places import SIGN_IN
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit, _
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import operator_access, operator_sessions
from rebind.flows.desk import Desk
from rebind.templates.pages import Form
from rebind.templates.qr import qr_address

HOME = "/console/own"
NEW = HOME + "/new"
_DONE = ("added", "removed", "set")


class Own:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """Sessions and ways in."""
        return await self._show(visit, Form())

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same with why something was refused."""
        text = self._explain(refused, visit.caller.locale)
        return await self._show(visit, forms.again((), {}, refused, text))

    async def _show(self, visit: Visit, form: Form) -> Outcome:
        sessions = await operator_sessions.listed(self._desk, visit.caller)
        if isinstance(sessions, Refused):
            return sessions
        access = await operator_access.show(self._desk, visit.caller)
        if isinstance(access, Refused):
            return access
        done = visit.asked("done")
        context = {
            "sessions": sessions,
            "access": access,
            "done": done if done in _DONE else None,
            "form": form,
        }
        return Page("console/own", context)

    async def new(self, visit: Visit) -> Outcome:
        """Where one more way in is set."""
        return await self._new(visit, Form())

    async def new_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same with what is wrong."""
        text = self._explain(refused, visit.caller.locale)
        return await self._new(visit, forms.again((), {}, refused, text, field_of(refused)))

    async def _new(self, visit: Visit, form: Form) -> Outcome:
        more = await operator_access.more(self._desk, visit.caller)
        if isinstance(more, Refused):
            return more
        context = {"more": more, "qr": qr_address(more.app.uri), "form": form}
        return Page("console/own_new", context)

    async def add_passkey(self, visit: Visit) -> Outcome:
        """The browser has made one."""
        form = visit.form
        refused = await operator_access.add_passkey(
            self._desk,
            visit.caller,
            read_id(form.get("offer", "")),
            form.get("answer", ""),
            form.get("name", ""),
        )
        return refused or Moved(HOME + "?done=added")

    async def set_password(self, visit: Visit) -> Outcome:
        """A password was chosen, and an app set up."""
        form = visit.form
        refused = await operator_access.set_password(
            self._desk,
            visit.caller,
            form.get("password", ""),
            form.get("code", "").replace(" ", ""),
        )
        return refused or Moved(HOME + "?done=set")

    async def remove_passkey(self, visit: Visit) -> Outcome:
        """One goes."""
        passkey_id = read_id(visit.words["id"])
        refused = await operator_access.remove_passkey(self._desk, visit.caller, passkey_id)
        return refused or Moved(HOME + "?done=removed")

    async def remove_password(self, visit: Visit) -> Outcome:
        """Password and app go."""
        refused = await operator_access.remove_password(self._desk, visit.caller)
        return refused or Moved(HOME + "?done=removed")

    async def end(self, visit: Visit) -> Outcome:
        """One session ends."""
        session_id = read_id(visit.words["id"])
        return await operator_sessions.end(self._desk, visit.caller, session_id) or Moved(HOME)

    async def end_all(self, visit: Visit) -> Outcome:
        """All end, this one too."""
        refused = await operator_sessions.end_all(self._desk, visit.caller)
        return refused or Moved(SIGN_IN, cookies.gone(self._desk))


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Own(desk, explain)
    changes = (
        (NEW + "/passkey", at.add_passkey, at.new_again, NEW, "Take one more passkey"),
        (NEW + "/password", at.set_password, at.new_again, NEW, "Set a password and an app"),
        (
            HOME + "/passkeys/{id}/remove",
            at.remove_passkey,
            at.show_again,
            HOME,
            "Remove a passkey",
        ),
        (
            HOME + "/password/remove",
            at.remove_password,
            at.show_again,
            HOME,
            "Remove the password with the app",
        ),
    )
    return Part(
        (
            Route(
                method="GET",
                path=HOME,
                handler=at.show,
                right=Right.OWN_ACCESS,
                summary="One's own sessions and ways in",
            ),
            Route(
                method="GET",
                path=NEW,
                handler=at.new,
                right=Right.OWN_ACCESS,
                fresh=True,
                summary="Where one more way in is set",
            ),
            *(
                Route(
                    method="POST",
                    path=path,
                    handler=handler,
                    again=again,
                    page=page,
                    right=Right.OWN_ACCESS,
                    fresh=True,
                    summary=summary,
                )
                for path, handler, again, page, summary in changes
            ),
            Route(
                method="POST",
                path=HOME + "/sessions/{id}/end",
                handler=at.end,
                page=HOME,
                right=Right.OWN_ACCESS,
                summary="End one of one's own sessions",
            ),
            Route(
                method="POST",
                path=HOME + "/sessions/end",
                handler=at.end_all,
                page=HOME,
                right=Right.OWN_ACCESS,
                summary="End all of one's own sessions",
            ),
        ),
        (Entry("own", HOME, _("My access"), Right.OWN_ACCESS, "m"),),
    )
