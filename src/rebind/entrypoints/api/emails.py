"""`/api/v1/account/emails`: the mailboxes of the account, one more, one less, the one named first.

A new mailbox is verified in the re-authentication for it (`email_add`), by a code that goes there;
here it only becomes the account's. Whether it is another account's too is told to nobody.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    EMAIL_IS_OWN,
    FACTOR_UNKNOWN,
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    TOO_MANY_FACTORS,
    TRY_AGAIN,
    Refused,
)
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, moment, read_id
from rebind.flows import emails
from rebind.flows.desk import Desk
from rebind.flows.emails import EmailView

PATH = "/api/v1/account/emails"
ONE = PATH + "/{id}"
TAG = "factors"

_SIGNED_IN = (SESSION_REQUIRED, SESSION_ENDED)
_IN_FULL = (*_SIGNED_IN, SESSION_ON_PROBATION)
_THE_MAILBOX = (Parameter("id", "The mailbox", ID_PATTERN),)


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mailbox that was verified."""

    address: Annotated[
        str, Meta(max_length=254, description="As it was given to the re-authentication")
    ]
    reauthentication: Annotated[
        schemas.Identifier, Meta(description="The id of the one for email_add, done")
    ]


class Email(msgspec.Struct, frozen=True):
    """A mailbox of the account."""

    id: schemas.Identifier
    address: str
    primary: Annotated[bool, Meta(description="Named first; the others are for recovery")]
    set_at: schemas.Moment
    counts_from: Annotated[
        schemas.Moment, Meta(description="When it helps to move the number or remove something")
    ]


class Emails(msgspec.Struct, frozen=True):
    """The mailboxes of the account, the primary one first."""

    emails: list[Email]


class Mailboxes:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def listed(self, call: Call) -> Emails | Refused:
        """The list."""
        found = await emails.listed(self._desk, call.caller)
        if isinstance(found, Refused):
            return found
        return Emails([_email(each) for each in found.emails])

    async def add(self, call: Call) -> Email | Refused:
        """One more."""
        body: Add = call.body
        permit_id = read_id(body.reauthentication)
        view = await emails.add(self._desk, call.caller, permit_id, body.address)
        return view if isinstance(view, Refused) else _email(view)

    async def remove(self, call: Call) -> Refused | None:
        """One less."""
        permit_id = read_id(call.asked("reauthentication") or "")
        return await emails.remove(self._desk, call.caller, permit_id, read_id(call.path["id"]))

    async def make_primary(self, call: Call) -> Refused | None:
        """It is named first."""
        return await emails.make_primary(self._desk, call.caller, read_id(call.path["id"]))


def _email(view: EmailView) -> Email:
    return Email(
        view.id.hex(), view.address, view.primary, moment(view.set_at), moment(view.counts_from)
    )


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Mailboxes(desk)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.listed,
            auth=Auth.SESSION,
            status=200,
            answer=Emails,
            refusals=_IN_FULL,
            summary="The mailboxes of the account",
            operation_id="listEmails",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=PATH,
            handler=at.add,
            auth=Auth.SESSION,
            body=Add,
            status=201,
            answer=Email,
            refusals=(
                *_SIGNED_IN,
                REAUTHENTICATION_REQUIRED,
                EMAIL_IS_OWN,
                TOO_MANY_FACTORS,
                TRY_AGAIN,
            ),
            examples={
                "verified": {
                    "address": "anna@example.org",
                    "reauthentication": "019b8d21c4007d2c8a3f5e6b7c8d9e0f",
                }
            },
            summary="Add a mailbox; every other one is told",
            operation_id="addEmail",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=ONE,
            handler=at.remove,
            auth=Auth.SESSION,
            parameters=_THE_MAILBOX,
            query=(Parameter("reauthentication", "For email_remove and this id", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(*_SIGNED_IN, REAUTHENTICATION_REQUIRED, FACTOR_UNKNOWN, TRY_AGAIN),
            summary="Remove a mailbox; it is still told for 30 days",
            operation_id="removeEmail",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=ONE + "/primary",
            handler=at.make_primary,
            auth=Auth.SESSION,
            parameters=_THE_MAILBOX,
            status=204,
            answer=None,
            refusals=(*_IN_FULL, FACTOR_UNKNOWN),
            summary="Name a mailbox first",
            operation_id="makeEmailPrimary",
            tag=TAG,
        ),
    ]
