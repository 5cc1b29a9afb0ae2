"""`/api/v1/requests`: beginning a journey, asking for codes, proving, looking, stopping."""

from rebind.domain.evidence import Proof
from rebind.domain.refusals import (
    ACCOUNT_CHANGED,
    ACCOUNT_LOCKED,
    BUSY,
    CHANGED_RECENTLY,
    CODE_EXPIRED,
    CODE_MALFORMED,
    CODE_NOT_SENT,
    CODE_TRIES_SPENT,
    CODE_WRONG,
    EMAIL_MALFORMED,
    FACTOR_TOO_YOUNG,
    HEARD_ALREADY,
    JOURNEY_NOT_OFFERED,
    LINK_UNKNOWN,
    LOCK_TOO_YOUNG,
    MUST_WAIT,
    NO_WAY,
    NOTHING_WAITS,
    NUMBER_COUNTRY,
    NUMBER_IMPOSSIBLE,
    NUMBER_IS_OWN,
    NUMBER_KIND,
    NUMBER_MALFORMED,
    NUMBER_TAKEN,
    PROOF_NOT_OFFERED,
    PROOF_WRONG,
    PROOFS_CLOSED,
    REAUTHENTICATION_REQUIRED,
    REQUEST_EXPIRED,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    SESSION_TOO_YOUNG,
    SMS_SIGN_IN_CLOSED,
    SUPPORT_NEEDED,
    TOO_MANY_CODES,
    TOO_MANY_REQUESTS,
    TRY_AGAIN,
    WORK_INVALID,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.api.beginning import begun
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import change, objections, recover, requests, verify
from rebind.flows.desk import Desk, Given, Journeys, RequestView

PATH = "/api/v1/requests"
ONE = PATH + "/{id}"
OBJECTIONS = "/api/v1/objections"
TAG = "requests"
THE_REQUEST = (Parameter("id", "The request", ID_PATTERN),)

_NUMBERS = (NUMBER_MALFORMED, NUMBER_IMPOSSIBLE, NUMBER_KIND, NUMBER_COUNTRY)
_SENDING = (TOO_MANY_CODES, TOO_MANY_REQUESTS, WORK_INVALID, TRY_AGAIN)
_OPEN = (REQUEST_UNKNOWN, REQUEST_FINISHED, REQUEST_EXPIRED, SESSION_ENDED, ACCOUNT_CHANGED)
_DECIDING = (
    JOURNEY_NOT_OFFERED,
    SESSION_REQUIRED,
    SESSION_ON_PROBATION,
    ACCOUNT_LOCKED,
    LOCK_TOO_YOUNG,
    CHANGED_RECENTLY,
    NUMBER_IS_OWN,
    NUMBER_TAKEN,
    FACTOR_TOO_YOUNG,
    SESSION_TOO_YOUNG,
    SUPPORT_NEEDED,
    NO_WAY,
)
_PROVING = (
    CODE_MALFORMED,
    PROOF_NOT_OFFERED,
    *_OPEN,
    CODE_NOT_SENT,
    CODE_EXPIRED,
    CODE_TRIES_SPENT,
    CODE_WRONG,
    PROOF_WRONG,
    SMS_SIGN_IN_CLOSED,
    PROOFS_CLOSED,
    BUSY,
    TOO_MANY_REQUESTS,
    *_DECIDING,
    MUST_WAIT,
    TRY_AGAIN,
)

_SENT_AT_ONCE = frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT})

Outcome = schemas.Request | Refused


class Requests:
    """The handlers, with the tools of the flows that they call."""

    def __init__(self, desk: Desk, journeys: Journeys) -> None:
        self._desk = desk
        self._journeys = journeys

    async def begin(self, call: Call) -> Outcome:
        """A journey begins; its first code leaves."""
        if call.body.kind not in self._journeys:
            return Refused(JOURNEY_NOT_OFFERED)
        return _told(await begun(self._desk, call.caller, call.body))

    async def listed(self, call: Call) -> schemas.Requests | Refused:
        """What waits on the account."""
        found = await requests.standing_on(self._desk, call.caller)
        if isinstance(found, Refused):
            return found
        return schemas.Requests([schemas.request(each) for each in found])

    async def object_to(self, call: Call) -> Outcome:
        """The request is stopped by somebody who did not begin it."""
        request_id, permit = read_id(call.path["id"]), call.asked("reauthentication")
        tools = self._desk, self._journeys, call.caller, request_id
        if permit is None:
            return _told(await objections.by_session(*tools))
        return _told(await objections.by_permit(*tools, read_id(permit)))

    async def object_by_link(self, call: Call) -> Outcome:
        """The request is stopped by an address that was told of it."""
        link = call.body.link
        return _told(await objections.by_link(self._desk, self._journeys, call.caller, link))

    async def send_code(self, call: Call) -> Outcome:
        """A code is on its way; said alike whether or not anybody is there."""
        request_id, asked = read_id(call.path["id"]), call.body
        if asked.number is not None:
            if asked.proof is not Proof.CODE_NEW:
                return Refused(PROOF_NOT_OFFERED)
            return _told(await recover.aim(self._desk, call.caller, request_id, asked.number))
        return _told(await requests.send_code(self._desk, call.caller, request_id, asked.proof))

    async def resume(self, call: Call) -> Outcome:
        """What waits already is gone on with from here."""
        request_id, permit = read_id(call.path["id"]), call.asked("reauthentication")
        tools = self._desk, call.caller, request_id
        if permit is None:
            return _told(await recover.resume(*tools))
        return _told(await change.resume(*tools, read_id(permit)))

    async def prove(self, call: Call) -> Outcome:
        """Codes are answered, all together."""
        body: schemas.Prove | list[schemas.Prove] = call.body
        proofs = body if isinstance(body, list) else [body]
        given = [Given(each.proof, each.code) for each in proofs]
        request_id = read_id(call.path["id"])
        return _told(await verify.prove(self._desk, self._journeys, call.caller, request_id, given))

    async def show(self, call: Call) -> Outcome:
        """Where the request stands."""
        return _told(await requests.show(self._desk, call.caller, read_id(call.path["id"])))

    async def cancel(self, call: Call) -> Outcome:
        """The request is taken back by whoever has it."""
        request_id = read_id(call.path["id"])
        return _told(await requests.cancel(self._desk, self._journeys, call.caller, request_id))


def _told(outcome: RequestView | Refused) -> Outcome:
    return outcome if isinstance(outcome, Refused) else schemas.request(outcome)


def routes(desk: Desk, journeys: Journeys) -> list[Route]:
    """This part of the table."""
    at = Requests(desk, journeys)
    return [
        Route(
            method="POST",
            path=PATH,
            handler=at.begin,
            auth=Auth.WHERE_NEEDED,
            body=schemas.Begin,
            status=201,
            answer=schemas.Request,
            refusals=(
                JOURNEY_NOT_OFFERED,
                PROOF_NOT_OFFERED,
                *_NUMBERS,
                EMAIL_MALFORMED,
                LINK_UNKNOWN,
                *_SENDING,
                SMS_SIGN_IN_CLOSED,
                SESSION_REQUIRED,
                SESSION_ENDED,
                SESSION_ON_PROBATION,
                ACCOUNT_LOCKED,
                NUMBER_IS_OWN,
                CHANGED_RECENTLY,
                FACTOR_TOO_YOUNG,
                SUPPORT_NEEDED,
                NO_WAY,
            ),
            examples={
                "enrol": {"kind": "enrol", "number": "+79161234567"},
                "sign_in": {"kind": "sign_in", "number": "+7 916 123-45-67"},
                "sign_in_by_password": {"kind": "sign_in", "email": "anna@example.org"},
                "sign_in_by_passkey": {"kind": "sign_in"},
                "change": {
                    "kind": "change",
                    "number": "+79031112233",
                    "send": ["code_current", "code_new"],
                },
                "recover": {"kind": "recover", "email": "anna@example.org"},
            },
            summary="Begin a journey; its first code leaves",
            operation_id="beginRequest",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=ONE,
            handler=at.show,
            auth=Auth.REQUEST,
            parameters=THE_REQUEST,
            status=200,
            answer=schemas.Request,
            refusals=(REQUEST_UNKNOWN, SESSION_ENDED),
            summary="Where a request stands",
            operation_id="showRequest",
            tag=TAG,
        ),
        _going_on(at),
        *_stopping(at),
        *_answering(at),
    ]


def _going_on(at: Requests) -> Route:
    return Route(
        method="POST",
        path=ONE + "/resume",
        handler=at.resume,
        auth=Auth.REQUEST,
        parameters=THE_REQUEST,
        query=(
            Parameter(
                "reauthentication",
                "For request_resume: of a change that waits in another session of the account",
                ID_PATTERN,
            ),
        ),
        status=200,
        answer=schemas.Request,
        refusals=(
            *_OPEN,
            SESSION_REQUIRED,
            REAUTHENTICATION_REQUIRED,
            PROOF_NOT_OFFERED,
            NOTHING_WAITS,
            TRY_AGAIN,
        ),
        summary="Go on here with what waits already: from one's own recovery with another one of "
        "the same account, or from a session with a change",
        operation_id="resumeRequest",
        tag=TAG,
    )


def _stopping(at: Requests) -> list[Route]:
    return [
        Route(
            method="POST",
            path=ONE + "/cancel",
            handler=at.cancel,
            auth=Auth.REQUEST,
            parameters=THE_REQUEST,
            status=200,
            answer=schemas.Request,
            refusals=(*_OPEN, TRY_AGAIN),
            summary="Take a request back; whoever was told that it waits is told",
            operation_id="cancelRequest",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=ONE + "/object",
            handler=at.object_to,
            auth=Auth.SESSION,
            parameters=THE_REQUEST,
            query=(
                Parameter(
                    "reauthentication", "For request_stop: of what support let go on", ID_PATTERN
                ),
            ),
            status=200,
            answer=schemas.Request,
            refusals=(
                SESSION_REQUIRED,
                SESSION_ENDED,
                SESSION_ON_PROBATION,
                REAUTHENTICATION_REQUIRED,
                REQUEST_UNKNOWN,
                REQUEST_FINISHED,
                HEARD_ALREADY,
                TRY_AGAIN,
            ),
            summary="Stop a request of one's account that somebody else began",
            operation_id="objectToRequest",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=OBJECTIONS,
            handler=at.object_by_link,
            auth=Auth.LINK,
            body=schemas.Link,
            status=200,
            answer=schemas.Request,
            refusals=(LINK_UNKNOWN, REQUEST_FINISHED, HEARD_ALREADY, TRY_AGAIN),
            summary="Stop a request by the link of a notice",
            operation_id="objectByLink",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=PATH,
            handler=at.listed,
            auth=Auth.SESSION,
            status=200,
            answer=schemas.Requests,
            refusals=(SESSION_REQUIRED, SESSION_ENDED, SESSION_ON_PROBATION),
            summary="What waits on the account",
            operation_id="listRequests",
            tag=TAG,
        ),
    ]


def _answering(at: Requests) -> list[Route]:
    return [
        Route(
            method="POST",
            path=ONE + "/codes",
            handler=at.send_code,
            auth=Auth.REQUEST,
            parameters=THE_REQUEST,
            body=schemas.AskCode,
            status=202,
            answer=schemas.Request,
            refusals=(
                *_OPEN,
                PROOF_NOT_OFFERED,
                *_NUMBERS,
                NUMBER_IS_OWN,
                CHANGED_RECENTLY,
                ACCOUNT_LOCKED,
                SUPPORT_NEEDED,
                CODE_TRIES_SPENT,
                SMS_SIGN_IN_CLOSED,
                *_SENDING,
            ),
            examples={
                "again": {"proof": "code_current"},
                "recover": {"proof": "code_new", "number": "+79031112233"},
            },
            summary="Send a code; said alike whether or not anybody is there",
            operation_id="sendCode",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=ONE + "/proofs",
            handler=at.prove,
            auth=Auth.REQUEST,
            parameters=THE_REQUEST,
            body=schemas.Prove | list[schemas.Prove],
            status=200,
            answer=schemas.Request,
            refusals=_PROVING,
            examples={
                "one": {"proof": "code_current", "code": "123456"},
                "password": [
                    {"proof": "password", "code": "correct horse battery staple"},
                    {"proof": "totp", "code": "123456"},
                ],
                "several": [
                    {"proof": "code_current", "code": "123456"},
                    {"proof": "code_new", "code": "654321"},
                ],
            },
            summary="Give one proof, or several that are taken together or not at all",
            operation_id="prove",
            tag=TAG,
        ),
    ]
