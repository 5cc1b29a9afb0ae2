"""`/api/v1/account/factors`: what protects the account, since when, and what it still lacks.

Only tells; each kind of factor is set and removed at addresses of its own.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rebind.domain.checkup import Finding, Found, Guard
from rebind.domain.evidence import Proof
from rebind.domain.refusals import SESSION_ENDED, SESSION_ON_PROBATION, SESSION_REQUIRED, Refused
from rebind.entrypoints.api import schemas
from rebind.entrypoints.shared.routes import Auth, Call, Route
from rebind.entrypoints.shared.spelling import moment
from rebind.flows import checkup
from rebind.flows.desk import Desk

PATH = "/api/v1/account/factors"
TAG = "factors"


class Factor(msgspec.Struct, frozen=True):
    """All that the account has set of one kind."""

    proof: Annotated[Proof, Meta(description="The proof that it gives; code_email: mailboxes")]
    amount: Annotated[int, Meta(description="How many; of recovery codes those that are left")]
    set_at: Annotated[schemas.Moment, Meta(description="The oldest")]
    counts_from: Annotated[
        schemas.Moment,
        Meta(description="When the first of them helps to move the number or remove something"),
    ]


class Lacking(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is missing, or that a person should know."""

    code: Finding
    proof: Annotated[Proof | UnsetType, Meta(description="The kind of factor that it is about")] = (
        UNSET
    )
    until: Annotated[
        schemas.Moment | UnsetType, Meta(description="From then on it counts (factor_young)")
    ] = UNSET
    amount: Annotated[int | UnsetType, Meta(description="How many there are")] = UNSET


class Protection(msgspec.Struct, frozen=True):
    """What protects the account."""

    factors: Annotated[list[Factor], Meta(description="Strongest kind first")]
    number_confirmed_at: schemas.Moment
    sms_off_since: Annotated[
        schemas.Moment | None, Meta(description="Since then codes to the number prove nothing")
    ]
    sessions: Annotated[int, Meta(description="How many are open")]
    findings: Annotated[list[Lacking], Meta(description="Most important first")]


class Factors:
    """The handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, call: Call) -> Protection | Refused:
        """The security check-up."""
        view = await checkup.show(self._desk, call.caller)
        if isinstance(view, Refused):
            return view
        return Protection(
            [_factor(guard) for guard in view.guards.values()],
            moment(view.confirmed_at),
            None if view.sms_off_at is None else moment(view.sms_off_at),
            view.sessions,
            [_lacking(found) for found in view.findings],
        )


def _factor(guard: Guard) -> Factor:
    return Factor(guard.proof, guard.amount, moment(guard.set_at), moment(guard.counts_from))


def _lacking(found: Found) -> Lacking:
    return Lacking(
        found.finding,
        UNSET if found.proof is None else found.proof,
        UNSET if found.until is None else moment(found.until),
        UNSET if found.amount is None else found.amount,
    )


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="GET",
            path=PATH,
            handler=Factors(desk).show,
            auth=Auth.SESSION,
            status=200,
            answer=Protection,
            refusals=(SESSION_REQUIRED, SESSION_ENDED, SESSION_ON_PROBATION),
            summary="What protects the account, and what it lacks",
            operation_id="checkUp",
            tag=TAG,
        ),
    ]
