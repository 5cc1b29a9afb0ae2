"""Account views: what the support desk sees of the account that a case is about.

For: the page of a case. Ages, never secrets; numbers and mailboxes are masked. Decides nothing and
leaves no line: whoever opens the case does. Neighbours: `flows/casebook.py` reads the case,
`caseviews.py` shows a case to people.
"""

import msgspec

from rebind.domain.evidence import CarrierFacts
from rebind.domain.units import Id, Ms
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.views import shown
from rebind.store import account_facts, accounts, cases, emails, factors, sessions
from rebind.store.accounts import Binding
from rebind.store.cases import Brief, CaseRow

BINDINGS_MAX = 20
SESSIONS_MAX = 10
OTHERS_MAX = 10
"""Other cases about the account that its page shows: the newest."""


class AccountSeen(msgspec.Struct, frozen=True):
    """What the desk may know of an account: ages, never secrets. `carrier`: what the operator says
    of its present number; None where nobody was asked. `others`: other cases about it."""

    id: Id
    state: str
    enrolled_at: Ms
    number: str
    bound_at: Ms | None
    confirmed_at: Ms | None
    seen_at: Ms | None
    locked_at: Ms | None
    frozen_at: Ms | None
    mailboxes: tuple[tuple[str, Ms], ...]
    factors: tuple[tuple[str, Ms], ...]
    bindings: tuple[tuple[str, Binding], ...]
    visits: tuple[tuple[str, Ms, Ms], ...]
    carrier: CarrierFacts | None = None
    others: tuple[Brief, ...] = ()


async def of(desk: Desk, row: CaseRow, carrier: CarrierFacts | None, now: Ms) -> AccountSeen | None:
    """The account that a case is about, as far as it helps to decide; None where it is about
    none."""
    account_id = row.account_id
    if account_id is None:
        return None
    found, mails, beside, history, visits, others = await desk.engine.read(
        account_facts.of(account_id),
        emails.of_account(account_id, now),
        factors.of_account(account_id),
        accounts.history(account_id, BINDINGS_MAX),
        sessions.latest(account_id, SESSIONS_MAX),
        cases.others(account_id, row.id, OTHERS_MAX),
    )
    account = account_facts.row(found)
    if account is None:
        return None
    bindings = [(_masked(desk, account_id, each), each) for each in accounts.bindings(history)]
    return AccountSeen(
        account.id,
        account.state,
        account.enrolled_at,
        bindings[0][0] if bindings else "",
        account.bound_at,
        account.confirmed_at,
        account.seen_at,
        account.locked_at,
        account.frozen_at,
        tuple(
            (shown(desk.seal.unseal("emails.address", mail.id, mail.address_sealed)), mail.set_at)
            for mail in emails.rows(mails)
            if mail.removed_at is None
        ),
        tuple((row.proof, row.set_at) for row in factors.rows(beside)),
        tuple(bindings),
        tuple(
            (
                desk.seal.unseal("sessions.agent", each.id, each.agent_sealed),
                each.opened_at,
                each.seen_at,
            )
            for each in sessions.live_rows(visits)
        ),
        carrier,
        cases.briefs(others),
    )


def _masked(desk: Desk, account_id: Id, binding: Binding) -> str:
    place = accounts.place_of(account_id, binding.version)
    return shown(desk.seal.unseal("bindings.number", place, binding.number_sealed))
