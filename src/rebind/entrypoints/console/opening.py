"""/console/cases/new: somebody telephones or stands at the counter, and the desk writes it down.

The form has no field for the new number: that is the person's to type, behind the link in the
letter that they get. What was done is told with the number of the case alone, so that no mailbox
stands in an address. Neighbours: `queue.py` leads here, `web/drafts.py` is what the person sees.
"""

from rebind.domain.cases import OPENED_BY_PEOPLE, reference_typed
from rebind.domain.operators import Right
from rebind.domain.refusals import (
    CASE_KIND,
    EMAIL_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    Refusal,
    Refused,
)
from rebind.entrypoints.console.queue import HOME
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared import bodies, forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.flows import case_opening
from rebind.flows.case_opening import Heard
from rebind.flows.desk import Desk
from rebind.templates.catalogue import known
from rebind.templates.pages import Form

NEW = HOME + "/new"
_FIELDS = ("kind", "claimed", "contact", "message", "locale")
_KINDS = {kind.value: kind for kind in OPENED_BY_PEOPLE}


class Opening:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def form(self, visit: Visit) -> Outcome:
        """Where it is written down; with the number of the case that was opened last."""
        return self._shown(visit, forms.blank(_FIELDS, {"locale": visit.caller.locale}))

    async def write_down(self, visit: Visit) -> Outcome:
        """A letter leaves to the person, and the form is there for the next one."""
        form = visit.form
        kind = _KINDS.get(form.get("kind", ""))
        if kind is None:
            return Refused(CASE_KIND)
        heard = Heard(
            kind,
            form.get("message", ""),
            form.get("contact", ""),
            known(form.get("locale", "")),
            form.get("claimed", ""),
        )
        opened = await case_opening.write_down(self._desk, visit.caller, visit.operator, heard)
        return opened if isinstance(opened, Refused) else Moved(f"{NEW}?sent={opened}")

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        text, field = self._explain(refused, visit.caller.locale), _field(refused.refusal)
        return self._shown(visit, forms.again(_FIELDS, visit.form, refused, text, field))

    def _shown(self, visit: Visit, form: Form) -> Page:
        context = {
            "form": form,
            "kinds": OPENED_BY_PEOPLE,
            "sent": reference_typed(visit.asked("sent") or ""),
        }
        return Page("console/opening", context)


def _field(refusal: Refusal) -> str:
    """Which field is wrong."""
    if refusal in (MESSAGE_EMPTY, MESSAGE_TOO_LONG):
        return "message"
    return "contact" if refusal is EMAIL_MALFORMED else "claimed"


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Opening(desk, explain)
    return Part(
        (
            Route(
                method="GET",
                path=NEW,
                handler=at.form,
                right=Right.OPEN_CASE_FOR_PERSON,
                summary="Where a case is opened for somebody",
            ),
            Route(
                method="POST",
                path=NEW,
                handler=at.write_down,
                again=at.again,
                body_max=bodies.LETTER_MAX,
                right=Right.OPEN_CASE_FOR_PERSON,
                summary="Open a case for somebody; a link leaves to their mailbox",
            ),
        )
    )
