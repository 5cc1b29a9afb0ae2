"""The JSON API put together: its table, its description, and the application around them."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute

from rebind import __version__
from rebind.domain.acts import Door
from rebind.domain.refusals import PATH_UNKNOWN, Refusal, Refused
from rebind.entrypoints.api import (
    account,
    cases,
    closing,
    emails,
    factors,
    loss,
    passkeys,
    passwords,
    reauthentication,
    recovery_codes,
    requests,
    sessions,
    totp,
)
from rebind.entrypoints.shared import openapi
from rebind.entrypoints.shared.problems import TYPES, Meaning, Problems
from rebind.entrypoints.shared.routes import Auth, Call, Parameter, Route
from rebind.entrypoints.shared.serving import App, Nowhere, Tell, application, places
from rebind.flows.desk import Desk, Journeys
from rebind.flows.desk.intake import Intake

ABOUT = (
    "Accounts whose heart is a phone number. Begin a request, answer the codes that it needs, and "
    "it is done. Refusals are problem+json (RFC 9457): programs go by `code`, people read `detail`."
)


def routes(desk: Desk, journeys: Journeys, intake: Intake) -> list[Route]:
    """The whole table of the JSON API."""
    problems = Problems(desk.clock, desk.policy.code_digits)
    described = [
        *requests.routes(desk, journeys),
        *account.routes(desk),
        *cases.routes(desk, intake),
        *closing.routes(desk),
        *emails.routes(desk),
        *factors.routes(desk),
        *loss.routes(desk),
        *passkeys.routes(desk),
        *passwords.routes(desk),
        *reauthentication.routes(desk),
        *recovery_codes.routes(desk),
        *sessions.routes(desk),
        *totp.routes(desk),
        _meanings(problems),
    ]
    return [*described, _description(described)]


def build(
    desk: Desk,
    journeys: Journeys,
    *,
    intake: Intake,
    unavailable: type[Exception],
    report: Callable[[BaseException], None],
    heard: Callable[[Refusal], None] | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    pages: Mapping[str, App] | None = None,
    tell: Tell | None = None,
) -> App:
    """The application: the JSON API, then `pages` by their paths and `extra_routes` of other doors.
    `intake` takes documents in; `unavailable` is what the store raises while it is away; `report`
    is told every exception that nobody expected, `heard` every refusal that was given; `tell` words
    what no place answers."""
    problems = Problems(desk.clock, desk.policy.code_digits, heard)
    table = places(routes(desk, journeys, intake), problems, Door.API)
    # No other door answers below here.
    others = [StarletteRoute("/api/{rest:path}", Nowhere(problems.told)), *extra_routes]
    return application({**table, **(pages or {})}, others, problems, unavailable, report, tell)


def _meanings(problems: Problems) -> Route:
    async def meaning(call: Call) -> Meaning | Refused:
        found = problems.meaning(call.path["code"], call.caller.locale)
        return Refused(PATH_UNKNOWN) if found is None else found

    return Route(
        method="GET",
        path=TYPES + "{code}",
        handler=meaning,
        auth=Auth.NONE,
        parameters=(Parameter("code", "The code of a refusal", "^[a-z_]+$"),),
        status=200,
        answer=Meaning,
        refusals=(PATH_UNKNOWN,),
        summary="What a refusal means",
        operation_id="explainRefusal",
        tag="problems",
    )


def _description(described: list[Route]) -> Route:
    encoded = msgspec.Raw(
        msgspec.json.encode(openapi.document(described, "Rebind", __version__, ABOUT))
    )

    async def description(_call: Call) -> msgspec.Raw:
        return encoded

    return Route(
        method="GET",
        path="/openapi.json",
        handler=description,
        auth=Auth.NONE,
        status=200,
        answer=msgspec.Raw,
        summary="This description",
        operation_id="describe",
        tag="description",
    )
