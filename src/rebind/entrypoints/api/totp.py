"""`/api/v1/account/factors/totp`: the secret for an authenticator app, confirming it, removing it.

Nothing is kept of a secret that was only asked for. Giving a code is a proof of a request, at the
addresses of requests.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    FACTOR_UNKNOWN,
    PASSWORD_NEEDS_FACTOR,
    PROOFS_CLOSED,
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    TOTP_NOT_TAKEN,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import totp
from rebind.flows.desk import Desk

PATH = "/api/v1/account/factors/totp"
TAG = "factors"

_ON_THE_STRENGTH_OF = (SESSION_REQUIRED, SESSION_ENDED, REAUTHENTICATION_REQUIRED)
_DONE = "019b8d21c4007d2c8a3f5e6b7c8d9e0f"

Reauthentication = Annotated[
    schemas.Identifier, Meta(description="The id of the one for totp_set, done")
]


class SetUpTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authenticator app is to be set up."""

    reauthentication: Reauthentication


class ConfirmTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The app has the secret, and shows this."""

    code: Annotated[str, Meta(max_length=16, description="Six digits", examples=["123456"])]
    reauthentication: Reauthentication
    end_other_sessions: bool = False


class TotpSecret(msgspec.Struct, frozen=True):
    """What an app is given (RFC 6238: SHA-1, six digits, 30 seconds). The same for the same
    re-authentication; it counts once it is confirmed."""

    secret: Annotated[str, Meta(description="32 characters of base32: 160 bits")]
    uri: Annotated[str, Meta(description="The otpauth: address, which a QR code would say")]


class Totp:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def setup(self, call: Call) -> TotpSecret | Refused:
        """The secret."""
        body: SetUpTotp = call.body
        found = await totp.setup(self._desk, call.caller, read_id(body.reauthentication))
        return found if isinstance(found, Refused) else TotpSecret(found.secret, found.uri)

    async def confirm(self, call: Call) -> Refused | None:
        """It arrived: from now on this app counts."""
        body: ConfirmTotp = call.body
        return await totp.confirm(
            self._desk,
            call.caller,
            read_id(body.reauthentication),
            body.code,
            end_others=body.end_other_sessions,
        )

    async def remove(self, call: Call) -> Refused | None:
        """It counts no more."""
        permit_id = read_id(call.asked("reauthentication") or "")
        return await totp.remove(self._desk, call.caller, permit_id)


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Totp(desk)
    return [
        Route(
            method="POST",
            path=PATH + "/setup",
            handler=at.setup,
            auth=Auth.SESSION,
            body=SetUpTotp,
            status=200,
            answer=TotpSecret,
            refusals=_ON_THE_STRENGTH_OF,
            examples={"done": {"reauthentication": _DONE}},
            summary="The secret for an authenticator app",
            operation_id="setUpTotp",
            tag=TAG,
        ),
        Route(
            method="PUT",
            path=PATH,
            handler=at.confirm,
            auth=Auth.SESSION,
            body=ConfirmTotp,
            status=204,
            answer=None,
            refusals=(
                *_ON_THE_STRENGTH_OF,
                TOTP_NOT_TAKEN,
                PROOFS_CLOSED,
                TRY_AGAIN,
            ),
            examples={"shown": {"code": "123456", "reauthentication": _DONE}},
            summary="Confirm an authenticator app by a code; a former one counts no more",
            operation_id="confirmTotp",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=PATH,
            handler=at.remove,
            auth=Auth.SESSION,
            query=(Parameter("reauthentication", "For totp_remove", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(
                *_ON_THE_STRENGTH_OF,
                FACTOR_UNKNOWN,
                PASSWORD_NEEDS_FACTOR,
                TRY_AGAIN,
            ),
            summary="Remove the authenticator app; with the last second factor recovery codes go",
            operation_id="removeTotp",
            tag=TAG,
        ),
    ]
