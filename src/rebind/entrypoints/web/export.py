"""/security/export: a person takes along what is held of them, as a page to read or for programs.

It begins at `confirming.py`; once it was shown who asks, the page has a button for each kind of
file, and the one that is pressed spends what was shown. Refuses to give anything by GET, so that no
address in a history or a message leads to it. Neighbour: `closing.py`.
"""

import msgspec

from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms, holdings
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import moment, read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Again, Bytes, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, export
from rebind.flows.desk import Desk
from rebind.flows.export import Holdings
from rebind.templates import pages
from rebind.templates.catalogue import known
from rebind.templates.pages import Form

PATH = "/security/export"
_FIELDS = ("permit",)
_MEDIA = {"html": "text/html; charset=utf-8", "json": "application/json"}


class Export:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """What the file tells; once it was shown who asks, the buttons that give it."""
        permit = visit.asked("permit")
        if permit is None:
            return await self._shown(visit, Form())
        refused = await export.look(self._desk, visit.caller, read_id(permit))
        if refused is not None:
            return await self.show_again(visit, refused)
        return await self._shown(visit, forms.blank(_FIELDS, {"permit": permit}))

    async def take(self, visit: Visit) -> Outcome:
        """The file."""
        kind = visit.form.get("kind", "")
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        if kind not in _MEDIA:
            return Refused(FORM_MALFORMED)
        permit_id = read_id(visit.form.get("permit", ""))
        held = await export.take(self._desk, visit.caller, permit_id)
        if isinstance(held, Refused):
            return held
        if kind == "json":
            body = holdings.written(held)
        else:
            papers = self._desk.papers
            page = pages.render("closing/export_file", known(who.locale), held=held, papers=papers)
            body = page.encode()
        return _download(held, kind, body)

    async def go_on(self, _visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: on to the buttons."""
        return Moved(f"{PATH}?permit={permit_id.hex()}")

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page from the beginning, with why nothing was given."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._shown(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        return who if isinstance(who, Refused) else inside("closing/export", who, form=form)


def _download(held: Holdings, kind: str, body: bytes) -> Bytes:
    """The file, which nobody keeps on the way. Its name says the day and nothing of the person."""
    name = f"my-data-{moment(held.made_at)[:10]}.{kind}"
    headers = (
        (b"content-type", _MEDIA[kind].encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cache-control", b"no-store"),
    )
    return Bytes(headers, body)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for this act leads once it is given."""
    return {Purpose.DATA_EXPORT: Export(desk, explain).go_on}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    return {Purpose.DATA_EXPORT: Export(desk, explain).show_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Export(desk, explain)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.show,
            auth=Auth.SESSION,
            summary="What is held of the person, and where it is taken along",
        ),
        Route(
            method="POST",
            path=PATH,
            handler=at.take,
            again=at.show_again,
            auth=Auth.SESSION,
            summary="What is held of the person, as a file",
        ),
    ]
