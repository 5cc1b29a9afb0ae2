"""`/api/v1/account/close` and `/api/v1/account/export`: the account is to end, and what we hold of
its person is taken along.

Both spend a re-authentication for that very act. A closing is a request that waits: it is looked
at, and stopped by `POST …/object`, at the addresses of requests. Neighbour: `requests.py`.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    CLOSING_ALREADY,
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared import holdings
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import closing, export
from rebind.flows.desk import Desk

CLOSE = "/api/v1/account/close"
EXPORT = "/api/v1/account/export"
TAG = "account"

_REFUSALS = (SESSION_REQUIRED, SESSION_ENDED, REAUTHENTICATION_REQUIRED, TRY_AGAIN)


class CloseAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account is to be closed."""

    reauthentication: Annotated[
        schemas.Identifier, Meta(description="The id of the one for account_close, done")
    ]


class Closing:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def close(self, call: Call) -> schemas.Request | Refused:
        """It waits from now on, and everybody is told."""
        body: CloseAccount = call.body
        view = await closing.begin(self._desk, call.caller, read_id(body.reauthentication))
        return view if isinstance(view, Refused) else schemas.request(view)

    async def export(self, call: Call) -> msgspec.Raw | Refused:
        """Everything that is held."""
        permit_id = read_id(call.asked("reauthentication") or "")
        held = await export.take(self._desk, call.caller, permit_id)
        return held if isinstance(held, Refused) else msgspec.Raw(holdings.written(held))


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Closing(desk)
    return [
        Route(
            method="POST",
            path=CLOSE,
            handler=at.close,
            auth=Auth.SESSION,
            body=CloseAccount,
            status=201,
            answer=schemas.Request,
            refusals=(*_REFUSALS, CLOSING_ALREADY),
            examples={"done": {"reauthentication": "019b8d21c4007d2c8a3f5e6b7c8d9e0f"}},
            summary="Close the account when the time to stop it is over",
            operation_id="closeAccount",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=EXPORT,
            handler=at.export,
            auth=Auth.SESSION,
            query=(Parameter("reauthentication", "For data_export", ID_PATTERN),),
            status=200,
            answer=msgspec.Raw,
            refusals=_REFUSALS,
            summary="Everything that is held of the person, once for each re-authentication",
            operation_id="exportData",
            tag=TAG,
        ),
    ]
