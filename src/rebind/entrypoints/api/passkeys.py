"""`/api/v1/account/factors/passkeys`: the list, making one, its name, removing it.

What authenticators say travels as the JSON of WebAuthn Level 3, which an app hands through as its
system gives it. Using a passkey is a proof of a request, at the addresses of requests.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rebind.domain.refusals import (
    FACTOR_UNKNOWN,
    PASSKEY_NOT_TAKEN,
    PASSWORD_NEEDS_FACTOR,
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
from rebind.flows import passkeys
from rebind.flows.desk import Desk
from rebind.flows.desk.answers import ANSWER_CHARACTERS_MAX
from rebind.flows.passkeys import NAME_CHARACTERS_MAX, PasskeyView

PATH = "/api/v1/account/factors/passkeys"
ONE = PATH + "/{id}"
TAG = "factors"
_WITH_PERMIT = (SESSION_REQUIRED, SESSION_ENDED, REAUTHENTICATION_REQUIRED)

_IN_FULL = (SESSION_REQUIRED, SESSION_ENDED, SESSION_ON_PROBATION)
_THE_PASSKEY = (Parameter("id", "The passkey", ID_PATTERN),)

Reauthentication = Annotated[
    schemas.Identifier, Meta(description="The id of the re-authentication for this act, done")
]
Name = Annotated[
    str, Meta(max_length=NAME_CHARACTERS_MAX, description="Empty: after the browser or app")
]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey is to be made."""

    reauthentication: Reauthentication


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that was made."""

    reauthentication: Reauthentication
    credential: Annotated[
        str,
        Meta(
            max_length=ANSWER_CHARACTERS_MAX,
            description="RegistrationResponseJSON (WebAuthn Level 3), as text",
        ),
    ]
    name: Name = ""


class Rename(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it is to be called."""

    name: Name


class Passkey(msgspec.Struct, frozen=True):
    """A passkey of the account."""

    id: schemas.Identifier
    name: str
    set_at: schemas.Moment
    used_at: schemas.Moment | None
    backed_up: Annotated[bool, Meta(description="Whether its provider keeps copies of it")]
    young_until: Annotated[
        schemas.Moment | None,
        Meta(description="Till when it neither moves the number nor removes anything"),
    ]


class Signal(msgspec.Struct, frozen=True):
    """What an app or browser may tell whoever keeps the passkeys (the Signal API of WebAuthn
    Level 3), so that none is offered any more that was removed here."""

    rpId: str  # noqa: N815  the names of WebAuthn
    userId: str  # noqa: N815
    allAcceptedCredentialIds: tuple[str, ...]  # noqa: N815
    name: Annotated[str, Meta(description="How the account is called there")]


class Passkeys(msgspec.Struct, frozen=True):
    """The passkeys of the account, oldest first."""

    passkeys: list[Passkey]
    signal: Signal


class Keys:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def listed(self, call: Call) -> Passkeys | Refused:
        """The list, and what may be told to whoever keeps them."""
        found = await passkeys.listed(self._desk, call.caller)
        if isinstance(found, Refused):
            return found
        said = found.signal
        signal = Signal(said.rp_id, said.user_id, said.credential_ids, said.name)
        return Passkeys([_passkey(each) for each in found.passkeys], signal)

    async def options(self, call: Call) -> dict[str, Any] | Refused:
        """What is needed to make one."""
        body: Options = call.body
        return await passkeys.options(self._desk, call.caller, read_id(body.reauthentication))

    async def add(self, call: Call) -> Passkey | Refused:
        """One that was made is taken."""
        body: Add = call.body
        permit_id = read_id(body.reauthentication)
        view = await passkeys.add(self._desk, call.caller, permit_id, body.credential, body.name)
        return view if isinstance(view, Refused) else _passkey(view)

    async def rename(self, call: Call) -> Refused | None:
        """It is called something else."""
        body: Rename = call.body
        passkey_id = read_id(call.path["id"])
        return await passkeys.rename(self._desk, call.caller, passkey_id, body.name)

    async def remove(self, call: Call) -> Refused | None:
        """It counts no more."""
        permit_id = read_id(call.asked("reauthentication") or "")
        return await passkeys.remove(self._desk, call.caller, permit_id, read_id(call.path["id"]))


def _passkey(view: PasskeyView) -> Passkey:
    return Passkey(
        view.id.hex(),
        view.name,
        moment(view.set_at),
        None if view.used_at is None else moment(view.used_at),
        view.backed_up,
        None if view.young_until is None else moment(view.young_until),
    )


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    at = Keys(desk)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.listed,
            auth=Auth.SESSION,
            status=200,
            answer=Passkeys,
            refusals=_IN_FULL,
            summary="The passkeys of the account",
            operation_id="listPasskeys",
            tag=TAG,
        ),
        *_adding(at),
        Route(
            method="PATCH",
            path=ONE,
            handler=at.rename,
            auth=Auth.SESSION,
            parameters=_THE_PASSKEY,
            body=Rename,
            status=204,
            answer=None,
            refusals=(*_IN_FULL, FACTOR_UNKNOWN, TRY_AGAIN),
            examples={"named": {"name": "My telephone"}},
            summary="Call a passkey something else",
            operation_id="renamePasskey",
            tag=TAG,
        ),
        Route(
            method="DELETE",
            path=ONE,
            handler=at.remove,
            auth=Auth.SESSION,
            parameters=_THE_PASSKEY,
            query=(Parameter("reauthentication", "For passkey_remove and this id", ID_PATTERN),),
            status=204,
            answer=None,
            refusals=(
                *_WITH_PERMIT,
                FACTOR_UNKNOWN,
                PASSWORD_NEEDS_FACTOR,
                TRY_AGAIN,
            ),
            summary="Remove a passkey; with the last second factor the recovery codes go too",
            operation_id="removePasskey",
            tag=TAG,
        ),
    ]


def _adding(at: Keys) -> list[Route]:
    done = {"reauthentication": "019b8d21c4007d2c8a3f5e6b7c8d9e0f"}
    return [
        Route(
            method="POST",
            path=PATH + "/options",
            handler=at.options,
            auth=Auth.SESSION,
            body=Options,
            status=200,
            answer=dict[str, Any],
            refusals=(*_WITH_PERMIT, TOO_MANY_FACTORS),
            examples={"done": done},
            summary="What is needed to make a passkey (PublicKeyCredentialCreationOptionsJSON)",
            operation_id="passkeyOptions",
            tag=TAG,
        ),
        Route(
            method="POST",
            path=PATH,
            handler=at.add,
            auth=Auth.SESSION,
            body=Add,
            status=201,
            answer=Passkey,
            refusals=(
                *_WITH_PERMIT,
                TOO_MANY_FACTORS,
                PASSKEY_NOT_TAKEN,
                TRY_AGAIN,
            ),
            examples={"made": {**done, "credential": '{"id": "…", "response": {…}}'}},
            summary="Take a passkey that was made for those options",
            operation_id="addPasskey",
            tag=TAG,
        ),
    ]
