"""checkup: what protects the account of a session, and what it still lacks.

Reads and tells; nothing is changed here. What the findings are is `domain/checkup.py`'s to say. On
probation nothing is told: who has a number that was somebody's must not learn how the account
behind it is protected. Neighbours: the flows of each factor, which set and remove.
"""

from collections.abc import Mapping

import msgspec

from rebind.domain import checkup
from rebind.domain.checkup import Finding, Found, Guard, Having
from rebind.domain.evidence import Proof
from rebind.domain.refusals import SESSION_ON_PROBATION, Refused
from rebind.domain.units import Ms
from rebind.flows.desk import callers
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.own import own_factors
from rebind.store import emails, factors, sessions

SESSIONS_READ = 100
"""More open sessions than that are counted as so many."""


class CheckupView(msgspec.Struct, frozen=True):
    """The protection of an account as its holder sees it: `guards` by their kind, strongest first;
    `findings` most important first; `sms_off_at` since when codes to the number prove nothing;
    `sessions` how many are open."""

    guards: Mapping[Proof, Guard]
    findings: tuple[Found, ...]
    confirmed_at: Ms
    sms_off_at: Ms | None
    sessions: int

    @property
    def alone(self) -> bool:
        """Whether the number is the only way in."""
        return any(found.finding is Finding.NO_OTHER_WAY_IN for found in self.findings)


async def show(desk: Desk, caller: Caller) -> CheckupView | Refused:
    """The check-up. Refusals: session_required, session_ended, session_on_probation."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, mails, beside = await desk.engine.read(
        query, emails.of_account(token.account_id, now), factors.of_account(token.account_id)
    )
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    await callers.note_seen(desk, who, now)
    # Sessions of an older binding are dead; which binding lives is known only now.
    (live,) = await desk.engine.read(
        sessions.live(who.account_id, who.row.number_version, now, SESSIONS_READ)
    )
    codes = sum(row.detail for row in factors.rows(beside) if row.proof == Proof.RECOVERY_CODE)
    having = Having(who.account(own_factors(mails, beside)), codes, len(live))
    return CheckupView(
        {guard.proof: guard for guard in checkup.guards(having, desk.policy)},
        checkup.findings(having, desk.policy, now),
        who.row.confirmed_at,
        who.sms_off_at,
        having.sessions,
    )
