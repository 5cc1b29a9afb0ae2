"""Tries: which counters a guess spends, before anything is compared.

A known device has a counter of its own in its row (invariant 7). From anywhere else a code is
counted against the number, a password against the number or mailbox that was typed, and whatever is
guessed by somebody who has proved something already against the account; a right one is given back.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain.budget import Limit
from rebind.domain.evidence import CODES, Proof
from rebind.domain.limits import (
    ENROL_ADDRESS,
    WRONG_ADDRESS,
    WRONG_DEVICE,
    WRONG_FACTOR,
    WRONG_PROOF,
)
from rebind.domain.refusals import PROOFS_CLOSED, Refused
from rebind.domain.request import Kind
from rebind.domain.units import MINUTE, Id, Ms
from rebind.flows.desk import budgets
from rebind.flows.desk.answers import Given
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.dossier import Dossier
from rebind.store import devices, limits
from rebind.store.statements import Missed, Write

_GUESSABLE = frozenset({Proof.PASSWORD, Proof.TOTP, Proof.RECOVERY_CODE})
_CODES_OF_ACCOUNT = frozenset({Proof.CODE_CURRENT, Proof.CODE_EMAIL})


class Guess(msgspec.Struct, frozen=True):
    """A counter, and under which keys this try is counted; of a known device, in the row of this
    account and device."""

    limit: Limit
    keys: tuple[bytes, ...]
    device: tuple[Id, Id] | None = None


def guesses(desk: Desk, dossier: Dossier, given: Sequence[Given], now: Ms) -> list[Guess]:
    """What these proofs spend. A signature cannot be guessed, and codes have tries of their own: of
    those sign-in and enrolment are counted over all requests about a number, and what a session
    asks for, which may be stolen, over all of its account."""
    kinds, found = {item.proof for item in given}, list[Guess]()
    device_id = dossier.row.device_id
    if device_id is not None and dossier.on_known_device(desk, now):
        own = (dossier.account_id, device_id)
        return [Guess(WRONG_DEVICE, (), own)] if kinds & _GUESSABLE else []
    inside = dossier.actor != "stranger"
    if kinds & CODES and dossier.kind is Kind.SIGN_IN:
        found.append(Guess(WRONG_ADDRESS, _typed(desk, dossier)))
    if dossier.kind is Kind.ENROL:
        found.append(Guess(ENROL_ADDRESS, _typed(desk, dossier)))
    from_session = dossier.row.session_id is not None
    if inside and kinds & (_GUESSABLE | _CODES_OF_ACCOUNT if from_session else _GUESSABLE):
        found.append(Guess(WRONG_FACTOR, (dossier.account_id,)))
    if not inside and Proof.PASSWORD in kinds:
        # By what was typed alone: a counter of the account would tell a stranger that a number and
        # a mailbox are the same person's. A second factor beside it is compared all or nothing.
        found.append(Guess(WRONG_PROOF, _typed(desk, dossier)))
    return found


def _typed(desk: Desk, dossier: Dossier) -> tuple[bytes, ...]:
    """The keys of what a sign-in was begun with."""
    typed = dossier.number(desk)
    return desk.seal.indexes("email" if "@" in typed else "number", typed)


async def count(desk: Desk, spent: Sequence[Guess], rows: budgets.Rows, now: Ms) -> Refused | None:
    """Count the try, or say that there is no room. Refusals: sms_sign_in_closed, too_many_codes,
    proofs_closed."""
    tally = budgets.Tally(desk, now)
    for guess in spent:
        closed = budgets.spent_under(desk, guess.limit, guess.keys, rows, now)
        if closed is not None:
            return closed
        tally.add(guess.limit, guess.keys)
    if not spent:
        return None
    amount = desk.limits[WRONG_DEVICE].amount
    own = [devices.guess(*each.device, amount) for each in spent if each.device is not None]
    try:
        await desk.engine.write([*own, *tally.writes(rows)])
    except Missed:
        codes = [each.limit.told for each in spent if each.limit in (WRONG_ADDRESS, ENROL_ADDRESS)]
        return Refused(codes[0] if codes else PROOFS_CLOSED, now + MINUTE)
    return None


def in_device(spent: Sequence[Guess]) -> bool:
    """Whether the try was counted in a known device's own row."""
    return any(guess.device is not None for guess in spent)


async def take_back_in_device(desk: Desk, spent: Sequence[Guess]) -> None:
    """Take a right try back in the row of a known device. By itself, since the batch that follows
    may write to that row, and writes to each row once."""
    own = [devices.give_back(*each.device) for each in spent if each.device is not None]
    if own:
        await desk.engine.write(own)


def give_back(spent: Sequence[Guess]) -> list[Write]:
    """The writes that take a right try back."""
    return [limits.give_back(guess.limit, key) for guess in spent for key in guess.keys]
