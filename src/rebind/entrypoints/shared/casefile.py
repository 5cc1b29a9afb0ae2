"""A case as programs read it: over the API, and in the file that its person downloads.

One shape for both. What opens the case stands in the API's answers and never in a file, which is
passed on. Neighbour: `flows/desk/caseviews.py` decides who sees what.
"""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rebind.domain.cases import CaseKind, CaseState
from rebind.domain.request import State
from rebind.domain.units import Ms
from rebind.entrypoints.shared.spelling import ID_PATTERN, moment
from rebind.flows.desk import RequestView
from rebind.flows.desk.caseviews import CaseView, DocumentView, MessageView

_Moment = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, milliseconds",
        examples=["2026-01-05T08:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]


class CaseMessage(msgspec.Struct, frozen=True):
    """One message of a case."""

    by: Annotated[
        str,
        Meta(
            description="support_for_person: the person's words, as the desk wrote them down",
            extra_json_schema={"enum": ["person", "support", "support_for_person"]},
        ),
    ]
    at: _Moment
    text: Annotated[str | None, Meta(description="null where the words were taken away")]


class CaseDocument(msgspec.Struct, frozen=True):
    """One document of a case: that it is there, never what is in it."""

    kind: Annotated[
        str,
        Meta(
            description="As it was sent: a kind that the service takes, or one that it took then",
            examples=["identity"],
        ),
    ]
    pages: int
    at: _Moment
    destroyed_at: _Moment | None


class CaseRecovery(msgspec.Struct, frozen=True):
    """What the support desk has agreed to."""

    state: State
    wait_until: _Moment | UnsetType = UNSET


class Case(msgspec.Struct, frozen=True):
    """A case of the support desk."""

    id: Annotated[str, Meta(extra_json_schema={"pattern": ID_PATTERN})]
    reference: Annotated[str, Meta(examples=["7K3M9-QXF2T"])]
    kind: CaseKind
    state: CaseState
    opened_at: _Moment
    answer_by: Annotated[date | None, Meta(description="The day by which the desk acts")]
    reply_by: Annotated[date | None, Meta(description="The day by which the person should")]
    closed_at: _Moment | None
    may_write: Annotated[bool, Meta(description="Whether it still takes messages")]
    room: Annotated[int, Meta(description="How many documents it still takes")]
    contact: Annotated[str, Meta(description="Where answers go, masked")]
    number: Annotated[str, Meta(description="The number that it is about, masked")]
    link: Annotated[
        str | UnsetType, Meta(description="Opens the case: on the pages, and as a bearer here")
    ] = UNSET
    messages: list[CaseMessage] | UnsetType = UNSET
    documents: list[CaseDocument] | UnsetType = UNSET
    recovery: CaseRecovery | UnsetType = UNSET


class Correspondence(msgspec.Struct, frozen=True):
    """The whole correspondence of a case, as it is kept by its person."""

    service: str
    made_at: _Moment
    case: Case


def listed(view: CaseView) -> Case:
    """A case without its thread."""
    return Case(
        view.id.hex(),
        view.reference,
        CaseKind(view.kind),
        CaseState(view.state),
        moment(view.opened_at),
        view.answer_by,
        view.reply_by,
        None if view.closed_at is None else moment(view.closed_at),
        view.may_write,
        view.room,
        view.contact,
        view.number,
        view.link,
    )


def whole(view: CaseView, recovery: RequestView | None = None) -> Case:
    """A case with all that this side may read."""
    return msgspec.structs.replace(
        listed(view),
        messages=[_message(each) for each in view.messages],
        documents=[_document(each) for each in view.documents],
        recovery=UNSET if recovery is None else _recovery(recovery),
    )


def correspondence(view: CaseView, service: str, now: Ms) -> Correspondence:
    """What is downloaded."""
    return Correspondence(service, moment(now), msgspec.structs.replace(whole(view), link=UNSET))


def _message(view: MessageView) -> CaseMessage:
    theirs = "support_for_person" if view.by_desk else "person"
    return CaseMessage(theirs if view.ours else "support", moment(view.at), view.text)


def _document(view: DocumentView) -> CaseDocument:
    destroyed = None if view.destroyed_at is None else moment(view.destroyed_at)
    return CaseDocument(view.kind, view.pages, moment(view.at), destroyed)


def _recovery(view: RequestView) -> CaseRecovery:
    return CaseRecovery(
        State(view.state), UNSET if view.wait_until is None else moment(view.wait_until)
    )
