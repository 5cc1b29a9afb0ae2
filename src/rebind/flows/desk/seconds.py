"""Who is to confirm what somebody proposed in a case, and whether what was proposed stands still.

The system names the second, and always the same one for an account: by a keyed hash, which nobody
can foresee who has not proposed before, and which stays what it is. So nobody proposes anew, or
closes and opens cases, until the dice have fallen on a friend. Somebody else is named only where
that one may decide no more. Neighbours: `flows/case_decisions.py`, `flows/casebook.py`.
"""

from rebind.domain.cases import CaseKind, Verdict
from rebind.domain.operators import Operator, Right, confirms
from rebind.domain.units import Ms
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.operators import person, supervisors
from rebind.store import case_threads, operators
from rebind.store.case_threads import DecisionRow
from rebind.store.cases import CaseRow

_KIND = "second"


async def named(
    desk: Desk, proposer: Operator, row: CaseRow, verdict: Verdict, now: Ms
) -> str | None:
    """Whom the system names; None where there is nobody."""
    about = row.account_id or row.id

    def drawn(login: str) -> bytes:
        return desk.seal.mac(_KIND, about, login.encode())

    return max(await _able(desk, proposer, row, verdict, now), key=drawn, default=None)


async def stands(desk: Desk, row: CaseRow, proposal: DecisionRow, now: Ms) -> bool:
    """Whether a proposal can be confirmed still: by whom it was left to, who may, and made by
    somebody who is at the desk and may propose. People leave, their roles change, and whoever was
    let in anew since is not known to be the one who proposed."""
    (found,) = await desk.engine.read(operators.by_login(proposal.operator))
    first = operators.row(found)
    if first is None or first.disabled_at is not None or first.created_at > proposal.at:
        return False
    proposer = person(desk, first)
    if not proposer.may(Right.PROPOSE_DECISION):
        return False
    return row.second in await _able(desk, proposer, row, Verdict(proposal.verdict), now)


async def _able(
    desk: Desk, proposer: Operator, row: CaseRow, verdict: Verdict, now: Ms
) -> list[str]:
    """Who may be the second. What somebody with standing has stopped is decided by one who has not
    let it through before, and let through beside its case by nobody who has."""
    came, before = await desk.engine.read(
        operators.let_in(), case_threads.approved_and_stopped(row.account_id or row.id)
    )
    let_in, heard = operators.ways_in(came), set[str]()
    once_more = row.kind == CaseKind.LOST_ACCESS and verdict is Verdict.FOR
    if row.kind == CaseKind.CONTESTED or once_more:
        heard = {login for (login,) in before}
    return [
        each.login
        for each in await supervisors(desk)
        if each.login not in heard
        and confirms(each, proposer, row.opened_by, let_in, desk.policy, now)
    ]
