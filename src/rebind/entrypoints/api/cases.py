"""`/api/v1/cases`: writing to the support desk, reading its answers, sending documents.

A case is opened to whoever shows its link as their bearer, or a session of the account from inside
which it was opened. A document is the body itself, of whatever type it says; it is read as it
arrives and never held. Neighbour: `shared/casefile.py` has the shape of a case.
"""

from collections.abc import AsyncIterator

from rebind.domain.cases import DOCUMENT_BYTES_MAX
from rebind.domain.refusals import (
    BODY_MALFORMED,
    CASE_CLOSED,
    CASE_KIND,
    CASE_UNKNOWN,
    DOCUMENT_INFECTED,
    DOCUMENT_KIND,
    DOCUMENT_NOT_KEPT,
    DOCUMENT_TOO_LARGE,
    DOCUMENT_TYPE,
    DOCUMENT_UNREADABLE,
    DOCUMENTS_ENOUGH,
    EMAIL_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    NOTHING_WAITS,
    NUMBER_COUNTRY,
    NUMBER_IMPOSSIBLE,
    NUMBER_KIND,
    NUMBER_MALFORMED,
    SCANNER_UNAVAILABLE,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    TOO_MANY_CASES,
    TOO_MANY_CODES,
    TOO_MANY_MESSAGES,
    TOO_MANY_REQUESTS,
    TOO_MANY_UPLOADS,
    TRY_AGAIN,
    WORK_INVALID,
    Refused,
)
from rebind.entrypoints.api import case_schemas, schemas
from rebind.entrypoints.shared import bodies, casefile
from rebind.entrypoints.shared.casefile import Case, Correspondence
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, read_id
from rebind.flows import cases, correspondence, recover
from rebind.flows.cases import Letter
from rebind.flows.desk import Desk
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.intake import Intake

PATH = "/api/v1/cases"
ONE = PATH + "/{id}"
TAG = "cases"
THE_CASE = (Parameter("id", "The case", ID_PATTERN),)

_OPENING_IT = (SESSION_REQUIRED, SESSION_ENDED, SESSION_ON_PROBATION, CASE_UNKNOWN)


class Cases:
    """The handlers."""

    def __init__(self, desk: Desk, tools: Intake) -> None:
        self._desk = desk
        self._tools = tools

    async def open(self, call: Call) -> case_schemas.Opened | Refused:
        """From inside a case is opened at once; from outside two codes leave first."""
        said: case_schemas.Letter = call.body
        if call.caller.bearer is not None:
            return await _open_inside(self._desk, call, said)
        letter = Letter(
            said.kind, said.message, said.contact or "", said.claimed or "", said.number or ""
        )
        begun = await cases.begin(self._desk, call.caller, letter)
        if isinstance(begun, Refused):
            return begun
        return case_schemas.Opened(request=schemas.request(begun))

    async def listed(self, call: Call) -> case_schemas.Cases | Refused:
        """Every case that the caller's bearer opens."""
        found = await cases.of_account(self._desk, call.caller)
        if isinstance(found, Refused):
            return found
        return case_schemas.Cases([casefile.listed(each) for each in found])

    async def show(self, call: Call) -> Case | Refused:
        """A case with its thread."""
        return await _shown(self._desk, call)

    async def say(self, call: Call) -> Case | Refused:
        """Something more is said."""
        access = await _entered(self._desk, call)
        if isinstance(access, Refused):
            return access
        text = call.body.message
        refused = await correspondence.write(self._desk, call.caller, access, text)
        return refused or await _shown(self._desk, call)

    async def send(self, call: Call) -> Case | Refused:
        """A document is taken in while it arrives."""
        access = await _entered(self._desk, call)
        if isinstance(access, Refused):
            return access
        refused = await correspondence.add_document(
            self._desk, self._tools, call.caller, access, call.path["kind"], _pieces(call)
        )
        return refused or await _shown(self._desk, call)

    async def go_on(self, call: Call) -> schemas.Request | Refused:
        """What the desk has agreed to is gone on with from here."""
        access = await _entered(self._desk, call)
        if isinstance(access, Refused):
            return access
        view = await recover.by_case(self._desk, call.caller, access)
        return view if isinstance(view, Refused) else schemas.request(view)

    async def correspondence(self, call: Call) -> Correspondence | Refused:
        """All of it, to be kept."""
        access = await _entered(self._desk, call)
        if isinstance(access, Refused):
            return access
        desk = self._desk
        view = await cases.show(desk, access)
        return casefile.correspondence(view, desk.service, desk.clock.now())


async def _entered(desk: Desk, call: Call) -> Access | Refused:
    return await cases.entered(desk, call.caller, read_id(call.path["id"]))


async def _shown(desk: Desk, call: Call) -> Case | Refused:
    """The case as it stands now."""
    access = await _entered(desk, call)
    if isinstance(access, Refused):
        return access
    view = await cases.show(desk, access)
    return casefile.whole(view, await recover.of_case(desk, access))


async def _open_inside(
    desk: Desk, call: Call, said: case_schemas.Letter
) -> case_schemas.Opened | Refused:
    """Whose account it is, and where answers go, is known there."""
    if said.contact is not None or said.claimed is not None or said.number is not None:
        return Refused(BODY_MALFORMED)
    view = await cases.open_signed_in(desk, call.caller, Letter(said.kind, said.message))
    return view if isinstance(view, Refused) else case_schemas.Opened(casefile.whole(view))


def _pieces(call: Call) -> AsyncIterator[bytes]:
    if call.stream is None:
        raise LookupError("the table does not say that this route streams")
    return call.stream.pieces()


def routes(desk: Desk, tools: Intake) -> list[Route]:
    """This part of the table."""
    at = Cases(desk, tools)
    return [
        Route(
            method="POST",
            path=PATH,
            handler=at.open,
            auth=Auth.WHERE_NEEDED,
            body=case_schemas.Letter,
            body_max=bodies.LETTER_MAX,
            status=201,
            answer=case_schemas.Opened,
            refusals=(
                CASE_KIND,
                MESSAGE_EMPTY,
                MESSAGE_TOO_LONG,
                EMAIL_MALFORMED,
                NUMBER_MALFORMED,
                NUMBER_IMPOSSIBLE,
                NUMBER_KIND,
                NUMBER_COUNTRY,
                TOO_MANY_CODES,
                TOO_MANY_REQUESTS,
                WORK_INVALID,
                TRY_AGAIN,
                SESSION_REQUIRED,
                SESSION_ENDED,
                SESSION_ON_PROBATION,
                TOO_MANY_CASES,
                CASE_UNKNOWN,
                BODY_MALFORMED,
            ),
            examples={
                "signed_out": {
                    "kind": "lost_access",
                    "message": "My phone fell into the river.",
                    "contact": "anna@example.org",
                    "claimed": "+7 916 123-45-67",
                    "number": "+7 903 111-22-33",
                },
                "signed_in": {"kind": "not_me", "message": "Who was that yesterday?"},
            },
            summary="Write to the support desk; without a session its codes leave first",
            operation_id="openCase",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=PATH,
            handler=at.listed,
            auth=Auth.CASE,
            status=200,
            answer=case_schemas.Cases,
            refusals=_OPENING_IT,
            summary="The cases that this bearer opens: of an account, or the one of a link",
            operation_id="listCases",
            tag=TAG,
        ),
        *_reading(at),
        *_adding(at, desk.papers.offered),
    ]


def _reading(at: Cases) -> list[Route]:
    return [
        Route(
            method="GET",
            path=ONE,
            handler=at.show,
            auth=Auth.CASE,
            parameters=THE_CASE,
            status=200,
            answer=Case,
            refusals=_OPENING_IT,
            summary="A case: what was said, what was sent, what comes next",
            operation_id="showCase",
            tag=TAG,
        ),
        Route(
            method="GET",
            path=ONE + "/correspondence",
            handler=at.correspondence,
            auth=Auth.CASE,
            parameters=THE_CASE,
            status=200,
            answer=Correspondence,
            refusals=_OPENING_IT,
            summary="The whole correspondence, to be kept",
            operation_id="downloadCorrespondence",
            tag=TAG,
        ),
    ]


def _adding(at: Cases, kinds: tuple[str, ...]) -> list[Route]:
    return [
        Route(
            method="POST",
            path=ONE + "/messages",
            handler=at.say,
            auth=Auth.CASE,
            parameters=THE_CASE,
            body=case_schemas.Words,
            body_max=bodies.LETTER_MAX,
            status=200,
            answer=Case,
            refusals=(
                *_OPENING_IT,
                MESSAGE_EMPTY,
                MESSAGE_TOO_LONG,
                CASE_CLOSED,
                TOO_MANY_MESSAGES,
                TRY_AGAIN,
            ),
            examples={"more": {"message": "I have found the contract."}},
            summary="Say something in a case; one that was closed lately is opened again",
            operation_id="writeToCase",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=ONE + "/documents/{kind}",
            handler=at.send,
            auth=Auth.CASE,
            parameters=(
                *THE_CASE,
                Parameter("kind", "What it is", f"^({'|'.join(kinds)})$"),
            ),
            streams=True,
            body_max=DOCUMENT_BYTES_MAX,
            status=201,
            answer=Case,
            refusals=(
                *_OPENING_IT,
                DOCUMENT_KIND,
                CASE_CLOSED,
                DOCUMENTS_ENOUGH,
                TOO_MANY_UPLOADS,
                DOCUMENT_TYPE,
                DOCUMENT_TOO_LARGE,
                DOCUMENT_UNREADABLE,
                DOCUMENT_INFECTED,
                SCANNER_UNAVAILABLE,
                DOCUMENT_NOT_KEPT,
                TRY_AGAIN,
            ),
            summary="Send a document: the body is the file itself, JPEG, PNG or PDF",
            operation_id="addDocument",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=ONE + "/recovery",
            handler=at.go_on,
            auth=Auth.CASE,
            parameters=THE_CASE,
            status=200,
            answer=schemas.Request,
            refusals=(*_OPENING_IT, NOTHING_WAITS, TRY_AGAIN),
            summary="Go on with the recovery that the desk has agreed to; gives its token",
            operation_id="continueCase",
            tag=TAG,
        ),
    ]
