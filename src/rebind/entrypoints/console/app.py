"""The console put together: its parts, its navigation, and the places that serve them.

A new subject is a module with `part(desk, explain)` and one line in `parts`.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from rebind.domain.operators import Right
from rebind.domain.refusals import RIGHT_MISSING, Refusal, Refused
from rebind.entrypoints.console import (
    audit,
    case,
    decisions,
    documents,
    entering,
    figures,
    opening,
    operators,
    own,
    queue,
)
from rebind.entrypoints.console.faces import Faces
from rebind.entrypoints.console.places import HOME, places
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome
from rebind.entrypoints.shared.serving import App
from rebind.flows.desk import Desk
from rebind.flows.desk.intake import Intake
from rebind.templates import pages


def parts(desk: Desk, intake: Intake, explain: Explain, site: str) -> list[Part]:
    """What the console has, in the order of the navigation."""
    return [
        # One line for each subject.
        entering.part(desk, explain),
        figures.part(desk),
        queue.part(desk, explain),
        opening.part(desk, explain),
        case.part(desk, explain),
        decisions.part(desk, explain),
        documents.part(desk, intake, explain),
        operators.part(desk, explain, site),
        audit.part(desk, explain),
        own.part(desk, explain),
    ]


def table(
    desk: Desk, intake: Intake, explain: Explain, site: str, more: Sequence[Part] = ()
) -> tuple[list[Route], list[Entry]]:
    """Every address of the console, and its navigation. `intake` opens documents, `site` is the
    address of the service, `more` what a demo adds."""
    found = [*parts(desk, intake, explain, site), *more]
    entries = [entry for part in found for entry in part.entries]
    routes = [route for part in found for route in part.routes]

    async def home(visit: Visit) -> Outcome:
        """To the first thing that somebody may see."""
        first = next((each for each in entries if visit.operator.may(each.right)), None)
        return Refused(RIGHT_MISSING) if first is None else Moved(first.path)

    start = Route(
        method="GET",
        path=HOME,
        handler=home,
        right=Right.OWN_ACCESS,
        summary="To the first page of somebody's work",
    )
    return [start, *routes], entries


def build(
    desk: Desk,
    site: pages.Site,
    *,
    intake: Intake,
    public_url: str,
    heard: Callable[[Refusal], None] | None = None,
    more: Callable[[Explain], Sequence[Part]] | None = None,
) -> dict[str, App]:
    """The console by its paths. `site` is what all pages have in common, `intake` opens documents,
    `public_url` is the address at which people see them; `heard` is told every refusal that was
    given; `more` is what a demo adds."""
    parted = urlsplit(public_url)
    faces = Faces(desk, site, secure=parted.scheme == "https", heard=heard)
    added = () if more is None else more(faces.paragraph)
    routes, faces.entries = table(desk, intake, faces.paragraph, public_url.rstrip("/"), added)
    origin = f"{parted.scheme}://{parted.netloc}".lower()
    return places(routes, desk, faces, origin)
