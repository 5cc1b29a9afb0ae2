"""/console/cases: the queue, page by page, and what is searched for in it.

Searching is a form, so that no mailbox and no number stands in an address, in a history or in a
log. Neighbour: `case.py` has one case, and from within it the search for a full number.
"""

from urllib.parse import urlencode

import msgspec

from rebind.domain.cases import CaseKind, CaseState
from rebind.domain.operators import Operator, Right
from rebind.domain.refusals import Refused
from rebind.domain.units import Id, Ms
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit, _
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import casebook
from rebind.flows.casebook import Filter
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

HOME = "/console/cases"
SEARCH = HOME + "/search"
_KINDS = {kind.value: kind for kind in CaseKind}
_STATES = {state.value: state for state in (CaseState.NEW, CaseState.OPEN, CaseState.WAITING)}
_FIELDS = ("typed",)
_DIGITS_MAX = 16


class Tab(msgspec.Struct, frozen=True):
    """A part of the queue. `kinds`: it can be narrowed down to one kind of case."""

    name: str
    label: str
    kinds: bool = True
    right: Right = Right.SEE_QUEUE


TABS = (
    Tab("mine", _("Mine"), False, Right.WRITE_ANSWER),
    Tab("decide", _("For my decision"), False, Right.CONFIRM_DECISION),
    Tab("new", _("New")),
    Tab("open", _("Our turn")),
    Tab("waiting", _("Their turn")),
    Tab("all", _("All")),
)
_BY_NAME = {tab.name: tab for tab in TABS}
_FIRST = "all"


class Queue:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """A page of the queue."""
        return await self._shown(visit, forms.blank(_FIELDS))

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        tab = _BY_NAME.get(visit.asked("tab") or _FIRST, _BY_NAME[_FIRST])
        kind = _KINDS.get(visit.asked("kind") or "") if tab.kinds else None
        wanted = _filter(tab, kind, visit.operator)
        found = await casebook.queue(self._desk, visit.operator, wanted, _after(visit))
        if isinstance(found, Refused):
            return found
        here = {"tab": tab.name} | ({"kind": kind.value} if kind else {})
        after = None
        if found.after is not None:
            due_at, case_id = found.after
            after = urlencode({**here, "after": f"{due_at}-{case_id.hex()}"})
        context = {
            "page": found,
            "tab": tab,
            "tabs": tuple(tab for tab in TABS if visit.operator.may(tab.right)),
            "kind": kind,
            "kinds": tuple(CaseKind),
            "after": after,
            "form": form,
        }
        return Page("console/cases", context)

    async def search(self, visit: Visit) -> Outcome:
        """What was searched for; the case itself, where it is the only one."""
        typed = visit.form.get("typed", "")
        found = await casebook.search(self._desk, visit.operator, typed)
        if isinstance(found, Refused):
            return found
        if len(found) == 1:
            return Moved(f"{HOME}/{found[0].id.hex()}")
        form = forms.blank(_FIELDS, visit.form)
        return Page("console/found", {"found": found, "form": form, "case": None})

    async def search_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The queue, and what can be searched for."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again(_FIELDS, visit.form, refused, text, "typed"))


def _filter(tab: Tab, kind: CaseKind | None, who: Operator) -> Filter:
    match tab.name:
        case "mine":
            return Filter(assignee=who.login)
        case "decide":
            return Filter(second=who.login)
        case _:
            return Filter(kind=kind, state=_STATES.get(tab.name))


def _after(visit: Visit) -> tuple[Ms, Id] | None:
    """The end of the page before, as its link says it."""
    due_at, _dash, case_id = (visit.asked("after") or "").partition("-")
    if not due_at.isascii() or not due_at.isdigit() or len(due_at) > _DIGITS_MAX:
        return None
    return int(due_at), read_id(case_id)


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Queue(desk, explain)
    return Part(
        (
            Route(
                method="GET",
                path=HOME,
                handler=at.show,
                right=Right.SEE_QUEUE,
                summary="A page of the queue",
            ),
            Route(
                method="POST",
                path=SEARCH,
                handler=at.search,
                again=at.search_again,
                page=HOME,
                right=Right.SEE_QUEUE,
                summary="Find cases",
            ),
        ),
        (Entry("cases", HOME, _("Cases"), Right.SEE_QUEUE, "c"),),
    )
