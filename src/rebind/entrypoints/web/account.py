"""The account from inside: profile, security, settings, personal data, history, sessions.

Each page begins with the account, whose language it speaks. On probation the flows show little, and
so do the pages.
"""

from rebind.domain.refusals import PATH_UNKNOWN, Refused
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import NO_ID, read_id
from rebind.entrypoints.web.routes import Handler, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, sessions
from rebind.flows.account import AccountView
from rebind.flows.desk import Desk


class Account:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, name: str) -> Handler:
        """A handler that shows the account on that page."""

        async def handler(visit: Visit) -> Outcome:
            found = await account.show_with_waiting(self._desk, visit.caller)
            if isinstance(found, Refused):
                return found
            who, waiting = found
            return inside(name, who, waiting=waiting)

        return handler

    async def happened(self, visit: Visit) -> Outcome:
        """A page of what happened."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        asked = visit.asked("before")
        before = None if asked is None else read_id(asked)
        if before == NO_ID:
            return Refused(PATH_UNKNOWN)
        acts = await account.happened(self._desk, visit.caller, before)
        if isinstance(acts, Refused):
            return acts
        more = len(acts) == account.ACTS_PAGE
        return inside("history/list", who, acts=acts, older=acts[-1].id.hex() if more else None)

    async def sessions(self, visit: Visit) -> Outcome:
        """The live sessions."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await sessions.listed(self._desk, visit.caller)
        return found if isinstance(found, Refused) else inside("sessions/list", who, sessions=found)

    async def end(self, visit: Visit) -> Outcome:
        """One session ends."""
        session_id = read_id(visit.words["id"])
        refused = await sessions.end(self._desk, visit.caller, session_id)
        return refused or Moved("/sessions")

    async def not_mine(self, visit: Visit) -> Outcome:
        """One session ends that the holder knows nothing of; then what else to do."""
        session_id = read_id(visit.words["id"])
        refused = await sessions.end(self._desk, visit.caller, session_id, not_mine=True)
        return refused or Moved("/sessions/not-mine")

    async def end_others(self, visit: Visit) -> Outcome:
        """Every session but this one ends."""
        return await sessions.end_others(self._desk, visit.caller) or Moved("/sessions")


def inside(name: str, who: AccountView, **context: object) -> Page:
    """A page of the account, in its language."""
    return Page(name, {"account": who, **context}, who.locale, signed_in=True)


_PAGES = (
    ("/profile", "account/profile", "My profile"),
    ("/settings", "account/settings", "Settings"),
    ("/settings/personal-data", "account/personal_data", "Personal data"),
    ("/sessions/not-mine", "sessions/not_mine", "What to do after a session of a stranger"),
)


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Account(desk)
    return [
        *(
            Route(
                method="GET",
                path=path,
                handler=at.page(name),
                auth=Auth.SESSION,
                summary=summary,
            )
            for path, name, summary in _PAGES
        ),
        Route(
            method="GET",
            path="/history",
            handler=at.happened,
            auth=Auth.SESSION,
            summary="What happened to the account",
        ),
        Route(
            method="GET",
            path="/sessions",
            handler=at.sessions,
            auth=Auth.SESSION,
            summary="The live sessions",
        ),
        Route(
            method="POST",
            path="/sessions/end-others",
            handler=at.end_others,
            page="/sessions",
            auth=Auth.SESSION,
            summary="End every session but this one",
        ),
        Route(
            method="POST",
            path="/sessions/{id}/end",
            handler=at.end,
            page="/sessions",
            auth=Auth.SESSION,
            summary="End a session",
        ),
        Route(
            method="POST",
            path="/sessions/{id}/not-mine",
            handler=at.not_mine,
            page="/sessions",
            auth=Auth.SESSION,
            summary="End a session, and say that its device is a stranger's",
        ),
    ]
