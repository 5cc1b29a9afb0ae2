"""The cookies of the console. They have names of their own, so that somebody at the desk may have
an account of the service in the same browser.

Neighbour: `shared/cookies.py` reads and sets them.
"""

from rebind.domain.units import DAY
from rebind.entrypoints.shared.cookies import DAYS_MAX, Header, given, taken
from rebind.flows.desk import Desk, tokens
from rebind.flows.desk.operators import OperatorSession

SESSION, BROWSER, VISITOR = "console-session", "console-browser", "console-visitor"


def opened(desk: Desk, session: OperatorSession) -> tuple[Header, ...]:
    """What a browser keeps of a new session. Its forms are other ones from now on."""
    return (
        given(SESSION, session.token, session.lasts),
        given(BROWSER, session.browser, DAYS_MAX * DAY),
        given(VISITOR, tokens.new_visitor(desk.dice)),
    )


def gone(desk: Desk) -> tuple[Header, ...]:
    """What it forgets with a session. That somebody was here it keeps: strangers' wrong tries are
    not counted against whoever signs in here again."""
    return (taken(SESSION), given(VISITOR, tokens.new_visitor(desk.dice)))
