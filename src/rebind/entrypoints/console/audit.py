"""/console/audit: what was done, by somebody at the desk, on a case or on an account."""

from urllib.parse import quote

import msgspec

from rebind.domain.operators import Right
from rebind.domain.refusals import Refused
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit, _
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Bytes, Moved, Outcome, Page
from rebind.entrypoints.shared.spelling import moment, read_id
from rebind.flows import audit
from rebind.flows.audit import TrailLine
from rebind.flows.desk import Desk

HOME = "/console/audit"
ONE = HOME + "/{whose}"
_FIELDS = ("whose",)


class Audit:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def ask(self, _visit: Visit) -> Outcome:
        """Whose trail is wanted?"""
        return Page("console/audit", {"trail": None, "form": forms.blank(_FIELDS)})

    async def find(self, visit: Visit) -> Outcome:
        """That one's."""
        found = await audit.find(self._desk, visit.caller, visit.form.get("whose", ""))
        return found if isinstance(found, Refused) else Moved(f"{HOME}/{quote(found, safe='')}")

    async def find_again(self, visit: Visit, refused: Refused) -> Outcome:
        """Nothing is kept under that name."""
        text = self._explain(refused, visit.caller.locale)
        form = forms.again(_FIELDS, visit.form, refused, text, "whose")
        return Page("console/audit", {"trail": None, "form": form})

    async def show(self, visit: Visit) -> Outcome:
        """A page of it."""
        before = visit.asked("before")
        found = await audit.show(
            self._desk,
            visit.caller,
            visit.words["whose"],
            None if before is None else read_id(before),
        )
        if isinstance(found, Refused):
            return found
        form = forms.blank(_FIELDS, {"whose": found.whose})
        return Page("console/audit", {"trail": found, "form": form})

    async def export(self, visit: Visit) -> Outcome:
        """A copy to take along: a JSON object a line."""
        whose = visit.words["whose"]
        found = await audit.export(self._desk, visit.caller, whose)
        if isinstance(found, Refused):
            return found
        headers = (
            (b"content-type", b"application/jsonl"),
            (b"cache-control", b"no-store"),
            (b"content-disposition", b'attachment; filename="audit.jsonl"'),
        )
        return Bytes(headers, b"".join(msgspec.json.encode(_told(each)) + b"\n" for each in found))


def _told(line: TrailLine) -> dict[str, str | None]:
    return {
        "id": line.id.hex(),
        "at": moment(line.at),
        "act": line.act,
        "actor": line.actor,
        "door": line.door,
        "about": None if line.about is None else line.about.hex(),
        "why": line.why,
    }


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Audit(desk, explain)
    return Part(
        (
            Route(
                method="GET",
                path=HOME,
                handler=at.ask,
                right=Right.SEE_AUDIT,
                summary="Whose trail is wanted",
            ),
            Route(
                method="POST",
                path=HOME,
                handler=at.find,
                again=at.find_again,
                right=Right.SEE_AUDIT,
                summary="Find a trail",
            ),
            Route(
                method="GET",
                path=ONE,
                handler=at.show,
                right=Right.SEE_AUDIT,
                summary="A page of a trail",
            ),
            Route(
                method="POST",
                path=ONE + "/export",
                handler=at.export,
                page=ONE,
                right=Right.EXPORT_AUDIT,
                summary="Take a copy of a trail along",
            ),
        ),
        (Entry("audit", HOME, _("Audit"), Right.SEE_AUDIT, "a"),),
    )
