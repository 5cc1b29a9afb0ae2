"""close: row X1. The account ends after a month in which everybody who may can stop it.

It is asked for after a re-authentication at the highest level that the account has (rows A1 to A3
for the purpose `account_close`); whoever has stolen a session and a SIM gains a month of notices to
every address, and no number. The number is released at the end.
"""

from rebind.domain.policy import Policy
from rebind.domain.units import DAY, Ms

ROW = "X1"


def closes_at(policy: Policy, now: Ms) -> Ms:
    """When an account that is asked to close now is closed."""
    return now + policy.close_grace_d * DAY
