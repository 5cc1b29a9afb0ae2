"""`/api/v1/account`: who am I, which numbers did I have, what happened."""

from rebind.domain.acts import Act, Door
from rebind.domain.refusals import (
    BODY_MALFORMED,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, NO_ID, moment, read_id
from rebind.flows import account
from rebind.flows.desk import Desk

PATH = "/api/v1/account"
TAG = "account"

_SIGNED_IN = (SESSION_REQUIRED, SESSION_ENDED)


class Account:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, call: Call) -> schemas.Account | Refused:
        """The account of the session that asks."""
        view = await account.show(self._desk, call.caller)
        return view if isinstance(view, Refused) else schemas.account(view)

    async def bindings(self, call: Call) -> schemas.Bindings | Refused:
        """Its numbers."""
        views = await account.bindings(self._desk, call.caller)
        if isinstance(views, Refused):
            return views
        return schemas.Bindings([schemas.binding(view) for view in views])

    async def happened(self, call: Call) -> schemas.Acts | Refused:
        """A page of what happened to it."""
        asked = call.asked("before")
        before = None if asked is None else read_id(asked)
        if before == NO_ID:
            return Refused(BODY_MALFORMED)
        found = await account.happened(self._desk, call.caller, before)
        if isinstance(found, Refused):
            return found
        return schemas.Acts(
            [
                schemas.Happened(
                    each.id.hex(),
                    Act(each.act),
                    each.actor,
                    Door(each.door),
                    moment(each.at),
                    each.why,
                )
                for each in found
            ]
        )


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Account(desk)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.show,
            auth=Auth.SESSION,
            status=200,
            answer=schemas.Account,
            refusals=_SIGNED_IN,
            summary="Who am I",
            operation_id="showAccount",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=PATH + "/bindings",
            handler=at.bindings,
            auth=Auth.SESSION,
            status=200,
            answer=schemas.Bindings,
            refusals=(*_SIGNED_IN, SESSION_ON_PROBATION),
            summary="The numbers that the account has and had",
            operation_id="listBindings",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=PATH + "/acts",
            handler=at.happened,
            auth=Auth.SESSION,
            query=(Parameter("before", "The last line of the page before", ID_PATTERN),),
            status=200,
            answer=schemas.Acts,
            refusals=(*_SIGNED_IN, SESSION_ON_PROBATION, BODY_MALFORMED),
            summary="What happened to the account",
            operation_id="listActs",
            tag=TAG,
        ),
    ]
