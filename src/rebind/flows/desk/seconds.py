"""Who is to confirm what somebody proposed in a case, and whether what was proposed stands still.

The system names the second, and always the same one for an account: by a keyed hash, which nobody
can foresee who has not proposed before, and which stays what it is. So nobody proposes anew, or
closes and opens cases, until the dice have fallen on a friend. Somebody else is named only where
that one may decide no more. Neighbours: `flows/case_decisions.py`, `flows/casebook.py`.
"""

from rebind.domain.cases import CaseKind, Verdict
from rebind.domain.operators import Operator, Right, confirms
from rebind.domain.refusals import DECIDED_BEFORE, NO_SECOND, Refused
from rebind.domain.units import Ms
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.operators import person, supervisors
from rebind.store import case_threads, operators
from rebind.store.case_threads import DecisionRow
from rebind.store.cases import CaseRow

_KIND = "second"


async def named(
    desk: Desk, proposer: Operator, row: CaseRow, verdict: Verdict, now: Ms
) -> str | Refused:
    """Whom the system names. Refusals: decided_before (whoever proposes has had a hand in what is
    to be judged), no_second."""
    about = row.account_id or row.id

    def drawn(login: str) -> bytes:
        return desk.seal.mac(_KIND, about, login.encode())

    able = await _able(desk, proposer, row, verdict, now)
    if isinstance(able, Refused):
        return able
    return max(able, key=drawn) if able else Refused(NO_SECOND)


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
    able = await _able(desk, proposer, row, Verdict(proposal.verdict), now)
    return not isinstance(able, Refused) and row.second in able


async def _able(
    desk: Desk, proposer: Operator, row: CaseRow, verdict: Verdict, now: Ms
) -> list[str] | Refused:
    """Who may be the second. What somebody with standing has stopped or taken back is decided by
    those who have not let it through before, and let through once more beside its case by nobody
    who has. What becomes of a frozen account they do not propose either, for that decision takes
    effect at once and nobody can stop it. Refusals: decided_before."""
    came, before = await desk.engine.read(
        operators.let_in(), case_threads.approved_and_stopped(row.account_id or row.id)
    )
    let_in, kind = operators.ways_in(came), CaseKind(row.kind)
    judged = _JUDGED.get(kind, frozenset())
    if kind is CaseKind.LOST_ACCESS and verdict is Verdict.AGAINST:
        judged = frozenset()
    had_a_hand = {login for approved, login in before if approved in judged}
    if kind is CaseKind.FROZEN and proposer.login in had_a_hand:
        return Refused(DECIDED_BEFORE)
    return [
        each.login
        for each in await supervisors(desk)
        if each.login not in had_a_hand
        and confirms(each, proposer, row.opened_by, let_in, desk.policy, now)
    ]


_JUDGED = {
    CaseKind.LOST_ACCESS: frozenset({CaseKind.LOST_ACCESS}),
    CaseKind.CONTESTED: frozenset({CaseKind.LOST_ACCESS}),
    CaseKind.FROZEN: frozenset({CaseKind.LOST_ACCESS, CaseKind.CONTESTED}),
}
"""Whose approval, by the kind of their case, a decision looks at again: whoever has proposed or
confirmed one of these about the account is not asked."""
