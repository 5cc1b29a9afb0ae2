"""`/api/v1/account/factors/password`: choosing a password, and removing it.

There is one address for all of it: a first password, another one, and a new one in the place of one
that was forgotten. Giving a password is a proof of a request, at the addresses of requests.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    BUSY,
    FACTOR_UNKNOWN,
    PASSWORD_COMMON,
    PASSWORD_EXPECTED,
    PASSWORD_TOO_LONG,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_SHORT_ALONE,
    PASSWORD_UNREADABLE,
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import passwords
from rebind.flows.desk import Desk

PATH = "/api/v1/account/factors/password"
TAG = "factors"

_WITH_PERMIT = (SESSION_REQUIRED, SESSION_ENDED, REAUTHENTICATION_REQUIRED, TRY_AGAIN)


class Choose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password to be set."""

    password: Annotated[
        str,
        Meta(
            max_length=4_096,
            description="As it was typed: 15 to 128 characters, beside a second factor from 8 on",
        ),
    ]
    reauthentication: Annotated[
        schemas.Identifier, Meta(description="The id of the one for password_set, done")
    ]


class Password:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def choose(self, call: Call) -> Refused | None:
        """This is the password from now on."""
        body: Choose = call.body
        permit_id = read_id(body.reauthentication)
        return await passwords.choose(self._desk, call.caller, permit_id, body.password)

    async def remove(self, call: Call) -> Refused | None:
        """It counts no more."""
        permit_id = read_id(call.asked("reauthentication") or "")
        return await passwords.remove(self._desk, call.caller, permit_id)


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Password(desk)
    return [
        Route(
            method="PUT",
            path=PATH,
            handler=at.choose,
            auth=Auth.SESSION,
            body=Choose,
            status=204,
            answer=None,
            refusals=(
                *_WITH_PERMIT,
                PASSWORD_TOO_SHORT,
                PASSWORD_TOO_SHORT_ALONE,
                PASSWORD_TOO_LONG,
                PASSWORD_UNREADABLE,
                PASSWORD_COMMON,
                PASSWORD_EXPECTED,
                BUSY,
            ),
            examples={
                "words": {
                    "password": "seven grey herons at dusk",
                    "reauthentication": "019b8d21c4007d2c8a3f5e6b7c8d9e0f",
                }
            },
            summary="Set, change or reset the password; all other sessions end",
            operation_id="choosePassword",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=PATH,
            handler=at.remove,
            auth=Auth.SESSION,
            query=(Parameter("reauthentication", "For password_remove", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(*_WITH_PERMIT, FACTOR_UNKNOWN),
            summary="Remove the password",
            operation_id="removePassword",
            tag=TAG,
        ),
    ]
