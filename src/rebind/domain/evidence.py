"""Evidence: what was proved, how, when, and whether it counts.

Here stand the definitions that the whole rule rests on: *known device*, *aged*, *independent*,
*stale*. A wrong word here gives an account away, so each has tests of its own. Neighbours:
`decision.py` decides with these values, `policy.py` holds the figures.
"""

from enum import StrEnum

import msgspec

from rebind.domain.policy import Policy
from rebind.domain.units import DAY, HOUR, Ms


class Proof(StrEnum):
    """One kind of proof. The value is stored and spoken in the API."""

    CODE_NEW = "code_new"  # to the number that is to become the account's
    CODE_CURRENT = "code_current"  # to the account's present number
    CODE_EMAIL = "code_email"
    CODE_CONTACT = "code_contact"  # to where the support desk answers; says nothing of an account
    PASSWORD = "password"
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"
    KNOWN_DEVICE = "known_device"
    OTHER_DEVICE = "other_device"  # approved on another known device; counts as known
    OPERATOR_APPROVAL = "operator_approval"  # two different people
    HOLDER_AGREES = "holder_agrees"
    SILENCE = "silence"  # the objection window passed with notices delivered


CODES = frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT, Proof.CODE_EMAIL, Proof.CODE_CONTACT})
SECOND_FACTORS = frozenset({Proof.TOTP, Proof.PASSKEY, Proof.RECOVERY_CODE})
ACCOUNT_SIDE = frozenset(
    {
        Proof.CODE_CURRENT,
        Proof.CODE_EMAIL,
        Proof.PASSWORD,
        Proof.TOTP,
        Proof.PASSKEY,
        Proof.RECOVERY_CODE,
        Proof.KNOWN_DEVICE,
        Proof.OTHER_DEVICE,
    }
)
"""Proofs that speak for the account, as against for a number."""


class Factor(msgspec.Struct, frozen=True):
    """Something that the account has set: a password, an e-mail, a passkey, a TOTP, recovery codes.

    `set_by` are the proofs on the strength of which it was set or last reset. `alone`: it is
    strong enough without a second factor, which a short password is not. Suspended factors are not
    handed to the rule at all.
    """

    proof: Proof
    set_at: Ms
    set_by: frozenset[Proof] = frozenset()
    alone: bool = True


class Evidence(msgspec.Struct, frozen=True):
    """One proof accepted in a request. `first_at` begins a wait; `last_at` says how fresh it is;
    `factor` is what was used, for proofs that rest on something the account has set."""

    proof: Proof
    first_at: Ms
    last_at: Ms
    factor: Factor | None = None


class DeviceFacts(msgspec.Struct, frozen=True):
    """What is stored of one device and one account. `full_since` is its first full session here."""

    full_since: Ms | None
    enrolled: bool
    reported: bool


class SimAnswer(StrEnum):
    """Whether the SIM of a number was changed, as the operator says."""

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class SubscriberAnswer(StrEnum):
    """Whether a number still has the subscriber of `confirmed_at`, as the operator says."""

    SAME = "same"
    RECYCLED = "recycled"
    UNKNOWN = "unknown"


class CarrierFacts(msgspec.Struct, frozen=True):
    """The operator's two separate answers: a swapped SIM is not a recycled number."""

    sim: SimAnswer = SimAnswer.UNKNOWN
    sim_changed_at: Ms | None = None
    subscriber: SubscriberAnswer = SubscriberAnswer.UNKNOWN


def known(device: DeviceFacts | None, policy: Policy, now: Ms) -> bool:
    """Whether a device is *known*: a full session there at least 7 days ago, not reported; the
    device that enrolled the account is known from the start."""
    if device is None or device.reported:
        return False
    if device.enrolled:
        return True
    return device.full_since is not None and now - device.full_since >= policy.known_after_d * DAY


def aged(factor: Factor, enrolled_at: Ms, policy: Policy, now: Ms) -> bool:
    """Whether a factor, password or e-mail is *aged*: set or reset at least 7 days ago, or set
    within 24 h of enrolment (invariant 15)."""
    if factor.set_at - enrolled_at <= policy.aged_at_enrolment_h * HOUR:
        return True
    return now - factor.set_at >= policy.aged_after_d * DAY


def independent(factor: Factor, proof: Proof, policy: Policy, now: Ms) -> bool:
    """Whether `factor` and `proof` count as two proofs: not where `proof` set or reset the factor
    within the last 30 days (invariant 12)."""
    if proof not in factor.set_by:
        return True
    return now - factor.set_at >= policy.reset_dependence_d * DAY


def stale(confirmed_at: Ms, region: str, policy: Policy, now: Ms) -> bool:
    """Whether the last trusted proof of possession is older than the shortest time after which
    the operators of that country re-issue a number."""
    return now - confirmed_at > policy.stale_after(region) * DAY
