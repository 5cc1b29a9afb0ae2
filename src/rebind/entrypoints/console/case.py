"""/console/cases/<id>: one case, with all that belongs to it, and what is said and done in it.

Each form stands on the page of the case and leads back there; refused, it shows the page with what
was typed. Neighbours: `documents.py`, `decisions.py`, `queue.py`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from rebind.domain.cases import ANSWERED_TO, REASONS, CaseKind, Reason, Side, Verdict
from rebind.domain.operators import Right
from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.domain.rows import Apply, Need, Refuse, Wait
from rebind.domain.units import Ms
from rebind.entrypoints.console.queue import HOME
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared import bodies, forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import casebook, casework
from rebind.flows.casebook import CaseSeen
from rebind.flows.desk import Desk
from rebind.templates.catalogue import known
from rebind.templates.macros import MACROS
from rebind.templates.pages import Form

ONE = HOME + "/{id}"
_FIELDS = ("message", "to", "number", "reason", "decision", "login")
_CHOSEN = ("decision", "reason")
"""What somebody had chosen before they were sent to prove who they are: chosen anew by the page."""

_DONE = frozenset(
    {
        "answered",
        "asked",
        "assigned",
        "checked",
        "closed",
        "confirmed",
        "noted",
        "proposed",
        "redacted",
        "rejected",
        "released",
        "taken",
    }
)
"""What a page may say was done; anything else in its address says nothing."""

Back = Callable[[Visit, Refused], Awaitable[Outcome]]


class Prospect(msgspec.Struct, frozen=True):
    """What the rule would say to an approval now: `says` is wait, now, need, no or nothing."""

    says: str
    row: str = ""
    until: Ms | None = None
    ways: tuple[tuple[str, ...], ...] = ()
    text: str = ""


class Shown:
    """The page of a case, for all whose forms stand on it."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def page(self, visit: Visit, form: Form, at: str = "") -> Outcome:
        """The case. `at` is the form that was refused, if one was."""
        case_id = read_id(visit.words["id"])
        seen = await casebook.look(self._desk, visit.caller, visit.operator, case_id)
        if isinstance(seen, Refused):
            return seen
        asked, done = visit.asked("macro"), visit.asked("done")
        context = {
            "case": seen,
            "kind": CaseKind(seen.row.kind),
            "proved": casebook.proved(seen.row),
            "prospect": self._prospect(seen, visit),
            "promised": self._desk.calendar.local_day(seen.promised),
            "tongue": known(seen.row.locale),
            "macros": tuple(MACROS),
            "macro": asked if asked in MACROS else None,
            "reasons": REASONS,
            "proposal": _proposal(seen),
            "done": done if done in _DONE else None,
            "form": form,
            "at": at,
        }
        return Page("console/case", context)

    def again(self, at: str) -> Back:
        """The page with what is wrong in the form of that name."""

        async def shown(visit: Visit, refused: Refused) -> Outcome:
            text = self._explain(refused, visit.caller.locale)
            field = "number" if "number" in visit.form else "message"
            return await self.page(
                visit, forms.again(_FIELDS, visit.form, refused, text, field), at
            )

        return shown

    def _prospect(self, seen: CaseSeen, visit: Visit) -> Prospect:
        match seen.prospect:
            case Wait(row, until):
                return Prospect("wait", row, until)
            case Apply(row):
                return Prospect("now", row)
            case Need(ways):
                return Prospect("need", ways=ways)
            case Refuse(refusal, until):
                text = self._explain(Refused(refusal, until), visit.caller.locale)
                return Prospect("no", text=text)
            case _:
                return Prospect("nothing")


def _proposal(seen: CaseSeen) -> Any:
    """The first step of this round, while the second is missing and can be made."""
    made = [each for each in seen.decisions if each.round == seen.row.round]
    waits = len(made) == 1 and seen.row.second is not None and not seen.stranded
    return made[0] if waits else None


def back(visit: Visit, done: str) -> Moved:
    """To the case, which says what was done."""
    return Moved(f"{HOME}/{read_id(visit.words['id']).hex()}?done={done}")


class Case:
    """The handlers."""

    def __init__(self, desk: Desk, shown: Shown) -> None:
        self._desk = desk
        self._shown = shown

    async def show(self, visit: Visit) -> Outcome:
        """The case with all that belongs to it."""
        chosen = {name: visit.asked(name) or "" for name in _CHOSEN}
        return await self._shown.page(visit, forms.blank(_FIELDS, chosen))

    async def take(self, visit: Visit) -> Outcome:
        """Kept for whoever begins to write."""
        case_id = read_id(visit.words["id"])
        refused = await casework.take(self._desk, visit.caller, visit.operator, case_id)
        return refused or back(visit, "taken")

    async def release(self, visit: Visit) -> Outcome:
        """Given back by whoever kept it."""
        case_id = read_id(visit.words["id"])
        refused = await casework.release(self._desk, visit.caller, visit.operator, case_id)
        return refused or back(visit, "released")

    async def assign(self, visit: Visit) -> Outcome:
        """Given to somebody, or back to the queue."""
        refused = await casework.assign(
            self._desk,
            visit.caller,
            visit.operator,
            read_id(visit.words["id"]),
            visit.form.get("login", "").lower() or None,
        )
        return refused or back(visit, "assigned")

    async def answer(self, visit: Visit) -> Outcome:
        """Something is said to one side; it may be that side's turn then."""
        to, asks = visit.form.get("to", Side.DESK), visit.form.get("then") == "wait"
        if to not in ANSWERED_TO:
            return Refused(FORM_MALFORMED)
        refused = await casework.answer(
            self._desk,
            visit.caller,
            visit.operator,
            read_id(visit.words["id"]),
            visit.form.get("message", ""),
            asks=asks,
            to=Side(to),
        )
        return refused or back(visit, "asked" if asks else "answered")

    async def note(self, visit: Visit) -> Outcome:
        """Something is written that only the desk reads."""
        case_id, text = read_id(visit.words["id"]), visit.form.get("message", "")
        refused = await casework.note(self._desk, visit.caller, visit.operator, case_id, text)
        return refused or back(visit, "noted")

    async def redact(self, visit: Visit) -> Outcome:
        """The words of a message go."""
        words = visit.words
        refused = await casework.redact(
            self._desk,
            visit.caller,
            visit.operator,
            read_id(words["id"]),
            read_id(words["message"]),
        )
        return refused or back(visit, "redacted")

    async def close(self, visit: Visit) -> Outcome:
        """The case ends without a decision."""
        reason = _CLOSING.get(visit.form.get("reason", ""))
        if reason is None:
            return Refused(FORM_MALFORMED)
        case_id = read_id(visit.words["id"])
        refused = await casework.close(self._desk, visit.caller, visit.operator, case_id, reason)
        return refused or back(visit, "closed")

    async def search(self, visit: Visit) -> Outcome:
        """The cases about a full number, for the sake of this one."""
        number, reason = visit.form.get("number", ""), visit.form.get("reason", "")
        case_id = read_id(visit.words["id"])
        found = await casebook.search_number(
            self._desk, visit.caller, visit.operator, case_id, number, reason
        )
        if isinstance(found, Refused):
            return found
        form = forms.blank(("typed",))
        return Page("console/found", {"found": found, "form": form, "case": case_id})


_CLOSING: Mapping[str, Reason] = {each.value: each for each in REASONS[Verdict.AGAINST]}


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    shown = Shown(desk, explain)
    at = Case(desk, shown)
    acts = (
        ("lock", at.take, Right.LOCK, "Keep a case for oneself while one writes"),
        ("release", at.release, Right.LOCK, "Give back a case that one has kept"),
        ("assign", at.assign, Right.ASSIGN, "Give a case to somebody, or back"),
        ("answer", at.answer, Right.WRITE_ANSWER, "Answer a case"),
        ("note", at.note, Right.WRITE_NOTE, "Write a note for the desk"),
        ("close", at.close, Right.WRITE_ANSWER, "Close a case without a decision"),
        ("search", at.search, Right.SEARCH_FULL_NUMBER, "Find cases by a full number"),
    )
    return Part(
        (
            Route(
                method="GET",
                path=ONE,
                handler=at.show,
                right=Right.SEE_CASE,
                summary="A case with all that belongs to it",
            ),
            *(
                Route(
                    method="POST",
                    path=f"{ONE}/{name}",
                    handler=handler,
                    again=shown.again(name),
                    page=ONE,
                    right=right,
                    summary=summary,
                    body_max=bodies.LETTER_MAX,
                )
                for name, handler, right, summary in acts
            ),
            Route(
                method="POST",
                path=ONE + "/messages/{message}/redact",
                handler=at.redact,
                again=shown.again("redact"),
                page=ONE,
                right=Right.REDACT,
                summary="Take the words of a message away",
            ),
        )
    )
