"""`/api/v1/account/factors/recovery-codes`: ten new codes, told once.

How many are left is told with everything else that the account has; giving one is a proof of a
request, at the addresses of requests.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    REAUTHENTICATION_REQUIRED,
    RECOVERY_CODES_NEED_FACTOR,
    SESSION_ENDED,
    SESSION_REQUIRED,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Route
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import recovery_codes
from rebind.flows.desk import Desk

PATH = "/api/v1/account/factors/recovery-codes"
TAG = "factors"


class MakeRecoveryCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Recovery codes are to be made."""

    reauthentication: Annotated[
        schemas.Identifier, Meta(description="The id of the one for recovery_codes, done")
    ]


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Ten codes. Nobody can tell them again."""

    codes: Annotated[
        list[str],
        Meta(
            description="Each counts once; case, blanks and dashes are of no matter",
            examples=[["ABCDE-FGHJK-MNPQR-STVWX-YZ234"]],
        ),
    ]


class Codes:
    """The handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def make(self, call: Call) -> RecoveryCodes | Refused:
        """New ones; older ones count no more."""
        body: MakeRecoveryCodes = call.body
        permit_id = read_id(body.reauthentication)
        made = await recovery_codes.make(self._desk, call.caller, permit_id)
        return made if isinstance(made, Refused) else RecoveryCodes(list(made))


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="POST",
            path=PATH,
            handler=Codes(desk).make,
            auth=Auth.SESSION,
            body=MakeRecoveryCodes,
            status=201,
            answer=RecoveryCodes,
            refusals=(
                SESSION_REQUIRED,
                REAUTHENTICATION_REQUIRED,
                RECOVERY_CODES_NEED_FACTOR,
                SESSION_ENDED,
                TRY_AGAIN,
            ),
            examples={"done": {"reauthentication": "019b8d21c4007d2c8a3f5e6b7c8d9e0f"}},
            summary="Make ten recovery codes; older ones count no more",
            operation_id="makeRecoveryCodes",
            tag=TAG,
        ),
    ]
