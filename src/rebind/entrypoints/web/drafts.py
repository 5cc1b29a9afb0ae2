"""/support/draft/<link>: what the desk has written down for somebody, who confirms it here or not.

Opening the link changes nothing, because mail scanners open links. Going on is a form, and then as
with every letter to the desk: codes, and only after them a case. Neighbours: `support.py` is where
people write themselves, `requests.py` has the page of the codes.
"""

from rebind.domain.refusals import MESSAGE_TOO_LONG, Refused
from rebind.entrypoints.shared import bodies, forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.entering import kept
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import case_opening
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

_PATH = "/support/draft/{link}"
_FIELDS = ("number", "message")


class Drafts:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def look(self, visit: Visit) -> Outcome:
        """What was written down, and what is still missing."""
        return await self._shown(visit, forms.blank(_FIELDS))

    async def take_up(self, visit: Visit) -> Outcome:
        """On with it; codes leave."""
        number, text = (visit.form.get(name, "") for name in _FIELDS)
        link = visit.words["link"]
        begun = await case_opening.take_up(self._desk, visit.caller, link, number, text)
        if isinstance(begun, Refused):
            return begun
        return Moved(f"/requests/{begun.id.hex()}", kept(self._desk, visit, begun))

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same page, with what was typed and why it was not taken."""
        text = self._explain(refused, visit.caller.locale)
        field = "message" if refused.refusal is MESSAGE_TOO_LONG else "number"
        return await self._shown(visit, forms.again(_FIELDS, visit.form, refused, text, field))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        draft = await case_opening.look(self._desk, visit.words["link"])
        if isinstance(draft, Refused):
            return draft
        return Page("support/draft", {"draft": draft, "form": form})


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Drafts(desk, explain)
    return [
        Route(
            method="GET",
            path=_PATH,
            handler=at.look,
            auth=Auth.LINK,
            summary="What the desk has written down for somebody",
        ),
        Route(
            method="POST",
            path=_PATH,
            handler=at.take_up,
            again=at.again,
            body_max=bodies.LETTER_MAX,
            auth=Auth.LINK,
            summary="Go on with what the desk has written down; codes leave",
        ),
    ]
