"""/console/figures: the first page of the console. How the desk is doing, as plots with the figures
beside them. They name nobody, so that every role sees them."""

from rebind.domain.operators import Right
from rebind.domain.refusals import Refused
from rebind.entrypoints.console.routes import Entry, Part, Route, Visit, _
from rebind.entrypoints.shared.outcomes import Outcome, Page
from rebind.flows import figures
from rebind.flows.desk import Desk

HOME = "/console/figures"


def part(desk: Desk) -> Part:
    """What this adds to the console."""

    async def show(visit: Visit) -> Outcome:
        """The figures of now."""
        found = await figures.show(desk, visit.operator)
        if isinstance(found, Refused):
            return found
        context = {"found": found, "ages": figures.AGES_D, "days": figures.DECIDED_D}
        return Page("console/figures", context)

    shown = Route(
        method="GET",
        path=HOME,
        handler=show,
        right=Right.SEE_FIGURES,
        summary="How the support desk is doing",
    )
    return Part((shown,), (Entry("figures", HOME, _("Figures"), Right.SEE_FIGURES, "f"),))
