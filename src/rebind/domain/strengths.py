"""Strengths: which proofs have the quality that a row asks for, and which of them count as two.

A proof is aged by its factor, and earlier by when that factor was aged already; where nobody can
say what a proof rests on, it has no quality. Neighbours: `decision.py` chooses between proofs with
these, `evidence.py` says what the words mean.
"""

from rebind.domain.evidence import SECOND_FACTORS, Evidence, Factor, Proof, aged, independent
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import Case, Purpose, Strength
from rebind.domain.units import Ms

PROOFS_OF: dict[Strength, tuple[Proof, ...]] = {
    Strength.CODE_NEW: (Proof.CODE_NEW,),
    Strength.EARLIER_NUMBER: (Proof.CODE_NEW,),
    Strength.CODE_CURRENT: (Proof.CODE_CURRENT,),
    Strength.EMAIL: (Proof.CODE_EMAIL,),
    Strength.AGED_EMAIL: (Proof.CODE_EMAIL,),
    Strength.EARLIER_EMAIL: (Proof.CODE_EMAIL,),
    Strength.PASSWORD: (Proof.PASSWORD,),
    Strength.LONG_PASSWORD: (Proof.PASSWORD,),
    Strength.AGED_PASSWORD: (Proof.PASSWORD,),
    Strength.EARLIER_PASSWORD: (Proof.PASSWORD,),
    Strength.SECOND_FACTOR: (Proof.PASSKEY, Proof.TOTP, Proof.RECOVERY_CODE),
    Strength.AGED_SECOND_FACTOR: (Proof.PASSKEY, Proof.TOTP, Proof.RECOVERY_CODE),
    Strength.EARLIER_SECOND_FACTOR: (Proof.PASSKEY, Proof.TOTP, Proof.RECOVERY_CODE),
    Strength.PASSKEY: (Proof.PASSKEY,),
    Strength.KNOWN_DEVICE: (Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE),
    Strength.CODE_CONTACT: (Proof.CODE_CONTACT,),
    Strength.OPERATOR_APPROVAL: (Proof.OPERATOR_APPROVAL,),
}
_AGED = frozenset({Strength.AGED_EMAIL, Strength.AGED_PASSWORD, Strength.AGED_SECOND_FACTOR})
_EARLIER = frozenset(
    {Strength.EARLIER_EMAIL, Strength.EARLIER_PASSWORD, Strength.EARLIER_SECOND_FACTOR}
)
_WITHOUT_FACTOR = frozenset(
    {
        Proof.CODE_NEW,
        Proof.CODE_CURRENT,
        Proof.KNOWN_DEVICE,
        Proof.OTHER_DEVICE,
        Proof.CODE_CONTACT,
        Proof.OPERATOR_APPROVAL,
    }
)
ANSWERED_ANEW = frozenset(
    {
        Strength.CODE_NEW,
        Strength.CODE_CURRENT,
        Strength.EARLIER_NUMBER,
        Strength.CODE_CONTACT,
    }
)
"""Codes that need nothing of the account's, so that everybody can be asked for one."""

_OF_A_LOSS = frozenset({Purpose.SMS_RESTORE, Purpose.SMS_SUSPEND})

ORDER_OF_ASKING = {
    strength: rank
    for rank, strength in enumerate(
        (
            Strength.PASSKEY,
            Strength.SECOND_FACTOR,
            Strength.AGED_SECOND_FACTOR,
            Strength.EARLIER_SECOND_FACTOR,
            Strength.CODE_CURRENT,
            Strength.PASSWORD,
            Strength.LONG_PASSWORD,
            Strength.AGED_PASSWORD,
            Strength.EARLIER_PASSWORD,
            Strength.EMAIL,
            Strength.AGED_EMAIL,
            Strength.EARLIER_EMAIL,
            Strength.KNOWN_DEVICE,
            Strength.CODE_CONTACT,
            Strength.CODE_NEW,
            Strength.EARLIER_NUMBER,
            Strength.OPERATOR_APPROVAL,
        )
    )
}


def strong_enough(strength: Strength, item: Evidence, case: Case) -> bool:
    """Whether a proof has the quality that a row asks for, and had it when it was given: else time
    alone would end a wait of which people were told earlier than they were told. Where the factor
    behind a proof is not known, nobody can say what it depends on, and it does not count."""
    factor = item.factor
    if strength is Strength.CODE_CURRENT and not _sim_trusted(case):
        return False
    if strength is Strength.EARLIER_NUMBER:
        return _number_was_aged(case)
    if factor is None:
        return item.proof in _WITHOUT_FACTOR
    if _of_the_lost_sim(factor, item, case):
        return False
    if strength is Strength.LONG_PASSWORD:
        return factor.alone
    if strength in _AGED:
        return aged(factor, case.account.enrolled_at, case.policy, item.first_at)
    if strength in _EARLIER:
        earlier_than = _earlier_than(case)
        if earlier_than is None:
            return False
        return aged(factor, case.account.enrolled_at, case.policy, earlier_than)
    return True


def all_independent(chosen: tuple[Evidence, ...], case: Case) -> bool:
    """Two proofs count as two only if neither set or reset the other (invariant 12), nor one single
    factor both of them, as it was when the later of the two was given."""
    for first in chosen:
        factor = first.factor
        if factor is None or not factor.set_by:
            continue
        for second in chosen:
            then = max(first.first_at, second.first_at)
            if second is not first and not _two(factor, second, case.policy, then):
                return False
    return True


def _two(factor: Factor, other: Evidence, policy: Policy, begins: Ms) -> bool:
    if not independent(factor, other.proof, policy, begins):
        return False
    if other.factor is None:
        return True
    # Second factors set each other as a rule, and whoever has one of them has the highest level.
    both = (factor.set_by & other.factor.set_by) - SECOND_FACTORS
    return not any(
        not independent(each, proof, policy, begins)
        for proof in both
        for each in (factor, other.factor)
    )


def _sim_trusted(case: Case) -> bool:
    """Whether a code to the present number counts: not where its telephone was reported lost,
    unless to say that it was found (which takes another proof as well)."""
    return not case.account.sms_off or case.ask.purpose is Purpose.SMS_RESTORE


def _of_the_lost_sim(factor: Factor, item: Evidence, case: Case) -> bool:
    """Whether a factor is the work of a code to a number whose telephone is lost, where it is to
    make a report of that or to speak against it, or in a recovery, which says the same: whoever has
    the telephone could have set it."""
    ask, undo = case.ask, case.ask.undo
    lost = ask.kind is Kind.RECOVER or (undo is not None and undo.old_number_lost)
    about = lost or ask.purpose in _OF_A_LOSS
    return about and not independent(factor, Proof.CODE_CURRENT, case.policy, item.first_at)


def _number_was_aged(case: Case) -> bool:
    """Whether the number that an undo would bring back was the account's long enough."""
    undo = case.ask.undo
    if undo is None or undo.old_number_lost:
        # Whoever has the telephone by now must not take back what its holder did about it.
        return False
    number = Factor(Proof.CODE_NEW, undo.old_number_since)
    return aged(number, case.account.enrolled_at, case.policy, undo.begun_at)


def _earlier_than(case: Case) -> Ms | None:
    """When the request began before which a proof must have been aged."""
    if case.ask.undo is not None:
        return case.ask.undo.begun_at
    return case.account.lock.earlier_than if case.account.lock is not None else None
