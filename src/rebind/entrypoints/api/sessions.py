"""`/api/v1/sessions`: the list, and ending one or all others."""

from rebind.domain.refusals import (
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    SESSION_UNKNOWN,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import sessions
from rebind.flows.desk import Desk

PATH = "/api/v1/sessions"
TAG = "sessions"

_IN_FULL = (SESSION_REQUIRED, SESSION_ENDED, SESSION_ON_PROBATION)


class Sessions:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def listed(self, call: Call) -> schemas.Sessions | Refused:
        """The live sessions."""
        views = await sessions.listed(self._desk, call.caller)
        if isinstance(views, Refused):
            return views
        return schemas.Sessions([schemas.listed_session(view) for view in views])

    async def end(self, call: Call) -> Refused | None:
        """One session ends."""
        return await sessions.end(self._desk, call.caller, read_id(call.path["id"]))

    async def end_others(self, call: Call) -> Refused | None:
        """Every session but the one that asks ends."""
        return await sessions.end_others(self._desk, call.caller)


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Sessions(desk)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.listed,
            auth=Auth.SESSION,
            status=200,
            answer=schemas.Sessions,
            refusals=_IN_FULL,
            summary="The live sessions of the account",
            operation_id="listSessions",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=PATH,
            handler=at.end_others,
            auth=Auth.SESSION,
            status=204,
            answer=None,
            refusals=(*_IN_FULL, TRY_AGAIN),
            summary="End every session but this one",
            operation_id="endOtherSessions",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=PATH + "/{id}",
            handler=at.end,
            auth=Auth.SESSION,
            parameters=(Parameter("id", "The session", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(*_IN_FULL, SESSION_UNKNOWN),
            summary="End one session",
            operation_id="endSession",
            tag=TAG,
        ),
    ]
