"""/console/cases/<id>/decision and what follows it: one person proposes, another one confirms or
rejects. The forms stand on the page of the case. Whoever approves or confirms has just proved who
they are, else they do so first and come back to what they had chosen. Neighbours: `case.py` shows
it, `entering.py` takes the proof."""

import re

from rebind.domain.cases import REASONS, Reason
from rebind.domain.operators import Right
from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.entrypoints.console.case import ONE, Shown, back
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared import bodies
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Outcome
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import case_decisions
from rebind.flows.desk import Desk

_PROPOSED = {
    f"{verdict}:{reason}": (verdict, reason)
    for verdict, reasons in REASONS.items()
    for reason in reasons
}
"""One choice on the form says what and why, so that no reason stands beside the wrong verdict."""

_CHOICE, _WHY = ("decision",), ("reason",)

_REASONS = {reason.value: reason for reason in Reason}
_VERSION = re.compile(r"[0-9]{1,9}")
"""Of the case that stood on the page."""


class Decisions:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def propose(self, visit: Visit) -> Outcome:
        """The first step."""
        chosen = _PROPOSED.get(visit.form.get("decision", ""))
        if chosen is None:
            return Refused(FORM_MALFORMED)
        case_id = read_id(visit.words["id"])
        refused = await case_decisions.propose(
            self._desk, visit.caller, visit.operator, case_id, *chosen, fresh=visit.fresh
        )
        return refused or back(visit, "proposed")

    async def confirm(self, visit: Visit) -> Outcome:
        """The second step."""
        reason, seen = _REASONS.get(visit.form.get("reason", "")), visit.form.get("seen", "")
        if reason is None or _VERSION.fullmatch(seen) is None:
            return Refused(FORM_MALFORMED)
        case_id = read_id(visit.words["id"])
        refused = await case_decisions.confirm(
            self._desk,
            visit.caller,
            visit.operator,
            case_id,
            int(seen),
            reason,
            fresh=visit.fresh,
        )
        return refused or back(visit, "confirmed")

    async def reject(self, visit: Visit) -> Outcome:
        """The second step, the other way."""
        case_id, text = read_id(visit.words["id"]), visit.form.get("message", "")
        refused = await case_decisions.reject(
            self._desk, visit.caller, visit.operator, case_id, text
        )
        return refused or back(visit, "rejected")


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    shown, at = Shown(desk, explain), Decisions(desk)
    acts = (
        ("decision", at.propose, Right.PROPOSE_DECISION, _CHOICE, "Propose a decision"),
        ("confirm", at.confirm, Right.CONFIRM_DECISION, _WHY, "Confirm what another one proposed"),
        ("reject", at.reject, Right.CONFIRM_DECISION, (), "Reject what another one proposed"),
    )
    return Part(
        tuple(
            Route(
                method="POST",
                path=f"{ONE}/{name}",
                handler=handler,
                again=shown.again(name),
                page=ONE,
                right=right,
                keeps=keeps,
                summary=summary,
                body_max=bodies.LETTER_MAX,
            )
            for name, handler, right, keeps, summary in acts
        )
    )
