"""`/api/v1/account/reauthentication`: a fresh proof, tied to the act that it is for.

It answers with a request like any other; its codes and proofs go to the addresses of requests.
"""

from rebind.domain.refusals import (
    ACCOUNT_LOCKED,
    EMAIL_IS_OWN,
    EMAIL_MALFORMED,
    FACTOR_TOO_YOUNG,
    FACTOR_UNKNOWN,
    NO_WAY,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    SESSION_TOO_YOUNG,
    TOO_MANY_CODES,
    TOO_MANY_REQUESTS,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Route
from rebind.flows import reauthentication
from rebind.flows.desk import Desk

PATH = "/api/v1/account/reauthentication"
TAG = "factors"


class Reauthentication:
    """The handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(self, call: Call) -> schemas.Request | Refused:
        """A fresh proof begins; codes are asked for at the request."""
        asked: schemas.Reauthenticate = call.body
        view = await reauthentication.begin(self._desk, call.caller, asked.purpose, asked.about)
        return view if isinstance(view, Refused) else schemas.request(view)


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="POST",
            path=PATH,
            handler=Reauthentication(desk).begin,
            auth=Auth.SESSION,
            body=schemas.Reauthenticate,
            status=201,
            answer=schemas.Request,
            refusals=(
                SESSION_REQUIRED,
                SESSION_ENDED,
                SESSION_ON_PROBATION,
                SESSION_TOO_YOUNG,
                ACCOUNT_LOCKED,
                EMAIL_MALFORMED,
                EMAIL_IS_OWN,
                FACTOR_UNKNOWN,
                FACTOR_TOO_YOUNG,
                NO_WAY,
                TOO_MANY_CODES,
                TOO_MANY_REQUESTS,
                TRY_AGAIN,
            ),
            examples={
                "password": {"purpose": "password_set"},
                "mailbox": {"purpose": "email_add", "about": "anna@example.org"},
            },
            summary="Begin to give a fresh proof for one act",
            operation_id="reauthenticate",
            tag=TAG,
        ),
    ]
