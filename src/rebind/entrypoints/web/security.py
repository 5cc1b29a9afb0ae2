"""/security: the check-up: what the account lacks, what it has, and a button for each.

Each button begins at `confirming.py` or leads to the page of its subject, which tells what came of
it. On probation the page shows the number and nothing else. Neighbours: `emails.py`, `passkeys.py`,
`loss.py` and the others that set and remove.
"""

from rebind.domain.refusals import SESSION_ON_PROBATION, Refused
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.routes import Outcome, Route, Visit
from rebind.flows import account, checkup
from rebind.flows.desk import Desk

HOME = "/security"
_DONE = ("sms_restored",)


class Security:
    """The handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, visit: Visit) -> Outcome:
        """The check-up."""
        seen = await account.show_with_waiting(self._desk, visit.caller)
        if isinstance(seen, Refused):
            return seen
        who, waiting = seen
        found = await checkup.show(self._desk, visit.caller)
        if isinstance(found, Refused) and found.refusal is not SESSION_ON_PROBATION:
            return found
        done = visit.asked("done")
        return inside(
            "security/checkup",
            who,
            waiting=waiting,
            checkup=None if isinstance(found, Refused) else found,
            done=done if done in _DONE else None,
        )


def routes(desk: Desk) -> list[Route]:
    """This part of the table."""
    return [
        Route(
            method="GET",
            path=HOME,
            handler=Security(desk).show,
            auth=Auth.SESSION,
            summary="Security settings: the check-up",
        ),
    ]
