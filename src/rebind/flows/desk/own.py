"""What an account has set that may serve as proof, as the rule takes it."""

from collections.abc import Sequence

from rebind.domain import evidence
from rebind.domain.evidence import Factor, Proof
from rebind.domain.units import Ms
from rebind.flows.desk.desk import Desk
from rebind.store import emails, factors, requests
from rebind.store.emails import EmailRow
from rebind.store.statements import Rows


def own_factors(mailboxes: Rows, beside: Rows) -> tuple[Factor, ...]:
    """What an account has set, of the rows of `emails.of_account` and `factors.of_account`."""
    live = (email_factor(row) for row in emails.rows(mailboxes) if row.removed_at is None)
    return (*live, *(row.factor for row in factors.rows(beside) if row.usable))


def email_factor(email: EmailRow) -> Factor:
    """An address as the rule takes it."""
    return Factor(Proof.CODE_EMAIL, email.set_at, requests.proofs(email.set_by))


def strongest(desk: Desk, live: Sequence[EmailRow], enrolled_at: Ms, now: Ms) -> EmailRow:
    """The mailbox whose code counts for most, of one or more: an aged one that no code by SMS has
    set lately, the oldest of those; else the oldest."""
    for mail in live:
        factor = email_factor(mail)
        if evidence.aged(factor, enrolled_at, desk.policy, now) and evidence.independent(
            factor, Proof.CODE_CURRENT, desk.policy, now
        ):
            return mail
    return live[0]
