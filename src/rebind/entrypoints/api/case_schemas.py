"""What the calls about cases take, and what they give beside a case. Neighbours: `schemas.py` for
every other call, `shared/casefile.py` for the case itself."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rebind.domain.cases import CaseKind
from rebind.entrypoints.api.schemas import Mailbox, Request, Typed
from rebind.entrypoints.shared.casefile import Case

Message = Annotated[str, Meta(description="At most 5,000 characters")]


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody writes with. With a session only `kind` and `message`."""

    kind: Annotated[
        CaseKind, Meta(description="lost_access, number_in_use, not_me and other are offered")
    ]
    message: Message
    contact: Annotated[
        Mailbox | None, Meta(description="Where answers go; it gets code_contact first")
    ] = None
    claimed: Annotated[
        Mailbox | None,
        Meta(description="Whose account it is: its number as it is typed, or its e-mail"),
    ] = None
    number: Annotated[
        Typed | None,
        Meta(
            description="lost_access: which the account is to have; number_in_use: which is "
            "elsewhere. It gets code_new"
        ),
    ] = None


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something more to be said."""

    message: Message


class Opened(msgspec.Struct, frozen=True):
    """With a session the case; without one the request whose codes open it."""

    case: Case | UnsetType = UNSET
    request: Request | UnsetType = UNSET


class Cases(msgspec.Struct, frozen=True):
    """Cases without their threads, newest first."""

    cases: list[Case]
