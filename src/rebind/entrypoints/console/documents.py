"""/console/cases/<id>/documents: looking at a document page by page, and saying what it shows.

A page is a picture with the name and the login of whoever looks, the time and the case burned into
it: names are not unique. Each view is an act, without which nobody says what a document shows.
Neighbour: `case.py` lists the documents of a case.
"""

from rebind.domain.cases import DocumentVerdict, Fact
from rebind.domain.operators import Right
from rebind.domain.refusals import DOCUMENT_GONE, FORM_MALFORMED, Refused
from rebind.entrypoints.console.case import ONE, back
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Bytes, Outcome, Page
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import casebook, casework
from rebind.flows.desk import Desk
from rebind.flows.desk.intake import Intake
from rebind.templates import moments
from rebind.templates.pages import Form

DOCUMENT = ONE + "/documents/{document}"
_FOUND: dict[str, tuple[DocumentVerdict, Fact | None]] = {
    **{f"matches:{fact}": (DocumentVerdict.MATCHES, fact) for fact in Fact},
    DocumentVerdict.DOES_NOT_MATCH: (DocumentVerdict.DOES_NOT_MATCH, None),
    DocumentVerdict.UNREADABLE: (DocumentVerdict.UNREADABLE, None),
}
"""One choice on the form says both what was found and which fact it matches."""

_HEADERS = ((b"content-type", b"image/jpeg"), (b"cache-control", b"no-store"))


class Documents:
    """The handlers. `tools` open what is encrypted."""

    def __init__(self, desk: Desk, tools: Intake, explain: Explain) -> None:
        self._desk = desk
        self._tools = tools
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """A document, its pages and what was found in it."""
        return await self._shown(visit, Form())

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        case_id, document_id = read_id(visit.words["id"]), read_id(visit.words["document"])
        seen = await casebook.look(self._desk, visit.caller, visit.operator, case_id)
        if isinstance(seen, Refused):
            return seen
        document = next((each for each in seen.documents if each.id == document_id), None)
        if document is None:
            return Refused(DOCUMENT_GONE)
        shows = self._desk.papers.shows(document.kind)
        facts = tuple(fact for fact in Fact if fact in shows)
        context = {"case": seen, "document": document, "facts": facts, "form": form}
        return Page("console/document", context)

    async def picture(self, visit: Visit) -> Outcome:
        """One page of it."""
        now = moments.at_short(self._desk.clock.now(), "en")
        number = visit.words["page"]
        found = await casebook.page_of_document(
            self._desk,
            self._tools,
            visit.caller,
            visit.operator,
            read_id(visit.words["id"]),
            read_id(visit.words["document"]),
            int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1,
            f"{visit.operator.name} ({visit.operator.login}) · {now}",
        )
        return found if isinstance(found, Refused) else Bytes(_HEADERS, found)

    async def check(self, visit: Visit) -> Outcome:
        """Somebody says what it shows."""
        chosen = _FOUND.get(visit.form.get("found", ""))
        if chosen is None:
            return Refused(FORM_MALFORMED)
        refused = await casework.check_document(
            self._desk,
            visit.caller,
            visit.operator,
            read_id(visit.words["id"]),
            read_id(visit.words["document"]),
            *chosen,
        )
        return refused or back(visit, "checked")

    async def check_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The same with why it was refused."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text))


def part(desk: Desk, tools: Intake, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Documents(desk, tools, explain)
    return Part(
        (
            Route(
                method="GET",
                path=DOCUMENT,
                handler=at.show,
                right=Right.VIEW_DOCUMENT,
                summary="A document of a case",
            ),
            Route(
                method="GET",
                path=DOCUMENT + "/pages/{page}",
                handler=at.picture,
                right=Right.VIEW_DOCUMENT,
                summary="A page of a document, as a picture",
            ),
            Route(
                method="POST",
                path=DOCUMENT + "/check",
                handler=at.check,
                again=at.check_again,
                page=DOCUMENT,
                right=Right.CHECK_DOCUMENT,
                summary="Say what a document shows",
            ),
        )
    )
