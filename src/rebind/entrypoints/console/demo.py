"""/console/demo: being somebody at the desk by a button, in a demo only.

Neighbour: `main/demo.py` knows who there is and signs in as them, by their password and the code of
their app.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from rebind.domain.operators import Operator
from rebind.domain.refusals import Refused
from rebind.entrypoints.console import cookies
from rebind.entrypoints.console.places import HOME
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.flows.desk import Caller, Desk
from rebind.flows.desk.operators import OperatorSession

PATH = "/console/demo"


class Stage(Protocol):
    """The people at the desk of the demo."""

    async def colleagues(self) -> Sequence[Operator]:
        """Everybody who is there."""
        ...

    async def enter(self, caller: Caller, login: str) -> OperatorSession | Refused:
        """Sign in as they would."""
        ...


def part(desk: Desk, stage: Stage) -> Callable[[Explain], list[Part]]:
    """What a demo adds to the console."""

    async def who(_visit: Visit) -> Outcome:
        """Whom one can be."""
        return Page("demo/desk", {"people": await stage.colleagues()})

    async def enter(visit: Visit) -> Outcome:
        """From now on this browser is theirs."""
        session = await stage.enter(visit.caller, visit.form.get("login", ""))
        if isinstance(session, Refused):
            return session
        return Moved(HOME, cookies.opened(desk, session))

    shown = Route(
        method="GET",
        path=PATH,
        handler=who,
        right=None,
        summary="The people at the desk of the demo",
    )
    entered = Route(
        method="POST",
        path=PATH,
        handler=enter,
        right=None,
        summary="Sign in as one of them",
    )
    return lambda _explain: [Part((shown, entered))]
