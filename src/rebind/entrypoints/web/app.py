"""The web door put together: its table, its files, and the places that serve them."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from rebind.domain.refusals import Refusal
from rebind.entrypoints.shared.serving import App, Tell
from rebind.entrypoints.web import (
    account,
    aside,
    assets,
    closing,
    confirming,
    drafts,
    emails,
    entering,
    export,
    loss,
    passkeys,
    passwords,
    phone,
    recover,
    recovery_codes,
    requests,
    security,
    stop,
    support,
    totp,
    undo,
    ways_in,
)
from rebind.entrypoints.web.assets import Brand, Library
from rebind.entrypoints.web.faces import Explain, Faces
from rebind.entrypoints.web.places import places
from rebind.entrypoints.web.routes import Route
from rebind.flows.desk import Desk, Journeys
from rebind.flows.desk.intake import Intake
from rebind.templates import pages
from rebind.templates.pages import Site


class WebDoor(msgspec.Struct, frozen=True):
    """What the application around the doors is given: every page by its path, how to tell what no
    place answers, and what all pages have in common, for other doors with pages."""

    pages: Mapping[str, App]
    tell: Tell
    site: Site


def table(
    desk: Desk, journeys: Journeys, faces: Faces, library: Library, intake: Intake
) -> list[Route]:
    """Every address of the pages."""
    explain = faces.paragraph
    after: confirming.After = {
        # One line for each subject: **passwords.after(desk), …
        **closing.after(desk, explain),
        **emails.after(desk, explain),
        **export.after(desk, explain),
        **loss.after(desk, explain),
        **passkeys.after(desk, explain),
        **passwords.after(desk, explain),
        **phone.after(desk, explain),
        **recovery_codes.after(desk, explain),
        **stop.after(desk, journeys, explain),
        **totp.after(desk, explain),
    }
    agains: confirming.Agains = {
        # One line for each subject whose form can show a refusal: **emails.again(desk, explain), …
        **closing.again(desk, explain),
        **emails.again(desk, explain),
        **export.again(desk, explain),
        **loss.again(desk, explain),
        **passkeys.again(desk, explain),
        **passwords.again(desk, explain),
        **recovery_codes.again(desk, explain),
        **totp.again(desk, explain),
    }
    return [
        *entering.routes(desk, explain),
        *ways_in.routes(desk, journeys, explain),
        *requests.routes(desk, journeys, explain, after),
        *confirming.routes(desk, after, agains),
        *stop.routes(desk, journeys, explain),
        *support.routes(desk, intake, explain),
        *drafts.routes(desk, explain),
        *undo.routes(desk, explain),
        *account.routes(desk),
        *closing.routes(desk, explain),
        *emails.routes(desk, explain),
        *export.routes(desk, explain),
        *loss.routes(desk, explain),
        *security.routes(desk),
        *passkeys.routes(desk, explain),
        *passwords.routes(desk, explain),
        *phone.routes(desk, explain),
        *recover.routes(desk, explain),
        *recovery_codes.routes(desk, explain),
        *totp.routes(desk, explain),
        *aside.routes(desk, explain),
        *assets.routes(library),
    ]


def build(
    desk: Desk,
    journeys: Journeys,
    *,
    intake: Intake,
    service: str,
    public_url: str,
    brand: Brand | None = None,
    demo: bool = False,
    heard: Callable[[Refusal], None] | None = None,
    more: Callable[[Explain], Sequence[Route]] | None = None,
) -> WebDoor:
    """The door. `intake` takes documents in; `service` is the name that people see, `public_url`
    the address at which they see it; `heard` is told every refusal that was given; `more` are the
    pages of a demo."""
    library = Library(brand or Brand())
    site = pages.site(
        service,
        desk.policy,
        logo=library.logo,
        brand=library.css,
        demo=demo,
        papers=desk.papers,
    )
    parts = urlsplit(public_url)
    faces = Faces(desk, site, secure=parts.scheme == "https", heard=heard)
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    lines = table(desk, journeys, faces, library, intake)
    if more is not None:
        lines += more(faces.paragraph)
    return WebDoor(places(lines, desk, faces, origin), faces.told, site)
