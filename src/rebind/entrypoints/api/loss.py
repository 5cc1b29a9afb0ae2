"""`/api/v1/account/sms/suspension`: the phone was lost, and the phone was found.

Each takes a re-authentication, which the SIM alone cannot give. To switch codes by SMS off it is
done at once on a device that the account knows.
"""

from rebind.domain.refusals import (
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    SMS_NOT_OFF,
    SMS_OFF_ALREADY,
    TRY_AGAIN,
    Refused,
)
from rebind.domain.units import Id
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import loss
from rebind.flows.desk import Desk

PATH = "/api/v1/account/sms/suspension"
TAG = "factors"


class Loss:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def suspend(self, call: Call) -> Refused | None:
        """Codes to the number prove nothing any more."""
        return await loss.suspend(self._desk, call.caller, _permit_id(call))

    async def restore(self, call: Call) -> Refused | None:
        """They count again."""
        return await loss.restore(self._desk, call.caller, _permit_id(call))


def _permit_id(call: Call) -> Id:
    return read_id(call.asked("reauthentication") or "")


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Loss(desk)
    return [
        Route(
            method="POST",
            path=PATH,
            handler=at.suspend,
            auth=Auth.SESSION,
            query=(Parameter("reauthentication", "For sms_suspend", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(
                SESSION_REQUIRED,
                SESSION_ENDED,
                REAUTHENTICATION_REQUIRED,
                SMS_OFF_ALREADY,
                TRY_AGAIN,
            ),
            summary="Report the phone lost: codes by SMS prove nothing from now on",
            operation_id="suspendSms",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=PATH,
            handler=at.restore,
            auth=Auth.SESSION,
            query=(Parameter("reauthentication", "For sms_restore", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(
                SESSION_REQUIRED,
                SESSION_ENDED,
                REAUTHENTICATION_REQUIRED,
                SMS_NOT_OFF,
                TRY_AGAIN,
            ),
            summary="The phone was found: codes by SMS count again",
            operation_id="restoreSms",
            tag=TAG,
        ),
    ]
