"""totp: an authenticator app, set up once a code shows that the secret arrived in it; and removed.

The secret that an app is offered is made of the re-authentication for it and of our key, so that
nothing is kept before a code has shown that it arrived. One counts at a time. Setting and removing
takes a re-authentication for that very act. Giving a code is no matter of this file: it is a proof
like any other, and `desk/answers.py` compares it. Neighbour: `recovery_codes.py`, for the day the
app is lost.
"""

import re
from collections.abc import Sequence

import msgspec

from rebind.domain import evidence
from rebind.domain import totp as rules
from rebind.domain.acts import Act
from rebind.domain.evidence import Factor, Proof
from rebind.domain.phone import masked
from rebind.domain.refusals import (
    FACTOR_UNKNOWN,
    PASSWORD_NEEDS_FACTOR,
    SESSION_ON_PROBATION,
    TOTP_NOT_TAKEN,
    Refused,
)
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import callers, permits, tokens, tries
from rebind.flows.desk.answers import Given
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.permits import Permit
from rebind.store import factors, limits, totps
from rebind.store.statements import Query, Rows, Write

TABLE = "totps"
_CODES_TABLE = "recovery_codes"
_HIDDEN = re.compile("\N{BULLET}+")
"""What a masked number has in the place of its digits. In an address each would take nine signs,
and the squares of the picture would be half as large."""


class TotpView(msgspec.Struct, frozen=True):
    """Whether the account has an authenticator app, and since when. `young_until`: till when it
    neither moves the number nor removes anything."""

    set_at: Ms | None = None
    young_until: Ms | None = None


class Setup(msgspec.Struct, frozen=True):
    """What an app is given: the secret in base32, the same in groups for whoever types it, and both
    with the names of the service and the account as an `otpauth:` address, which the QR code says.
    `replaces`: there is an app already, which counts no more after this one was confirmed."""

    secret: str
    grouped: str
    uri: str
    replaces: bool


async def show(desk: Desk, caller: Caller) -> TotpView | Refused:
    """Whether there is one. Refusals: session_required, session_ended, session_on_probation."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, set_up = await desk.engine.read(query, factors.of_account(token.account_id))
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    await callers.note_seen(desk, who, now)
    for row in factors.rows(set_up):
        if row.proof == Proof.TOTP:
            return _view(desk, row.factor, who.row.enrolled_at, now)
    return TotpView()


async def setup(desk: Desk, caller: Caller, permit_id: Id) -> Setup | Refused:
    """The secret for an app, on the strength of a re-authentication for `totp_set`, which is not
    spent by it; the same each time it is asked for. The app is told the number masked: it may copy
    what it knows to anywhere.

    Refusals: session_required, reauthentication_required.
    """
    found = await _permitted(desk, caller, permit_id, Purpose.TOTP_SET)
    if isinstance(found, Refused):
        return found
    permit, _rows = found
    secret = _secret(desk, permit_id)
    name = _HIDDEN.sub("\N{HORIZONTAL ELLIPSIS}", masked(permit.dossier.current_number(desk)))
    uri = rules.uri(secret, desk.service, name)
    return Setup(secret, rules.grouped(secret), uri, permit.has(Proof.TOTP))


async def confirm(
    desk: Desk, caller: Caller, permit_id: Id, code: str, *, end_others: bool = False
) -> Refused | None:
    """From now on this app is the account's, and any former one counts no more: `code` is what it
    shows. That very code, and earlier ones, are of no use for anything else. A code that does not
    match is counted, and spends nothing else; what is no code is not even counted. `end_others`:
    all other sessions end.

    Refusals: session_required, session_ended, reauthentication_required, totp_not_taken,
    proofs_closed, try_again.
    """
    if not _is_code(code):
        return Refused(TOTP_NOT_TAKEN)
    counters = limits.of_request(permit_id)
    found = await _permitted(desk, caller, permit_id, Purpose.TOTP_SET, (counters,))
    if isinstance(found, Refused):
        return found
    permit, (counted,) = found
    now, given = desk.clock.now(), [Given(Proof.TOTP, code)]
    guesses = tries.guesses(desk, permit.dossier, given, now)
    refused = await tries.count(desk, guesses, limits.counted(counted), now)
    if refused is not None:
        return refused
    secret = _secret(desk, permit_id)
    step = rules.step_of(secret, code, now, 0)
    if step is None:
        await _count_wrong(desk, caller, permit, now)
        return Refused(TOTP_NOT_TAKEN)
    await tries.take_back_in_device(desk, guesses)
    account_id, totp_id = permit.account_id, desk.dice.id(now)
    sealed = desk.seal.seal("totps.seed", totp_id, secret)
    writes: list[Write] = [
        *tries.give_back(guesses),
        factors.remove_all(TABLE, account_id, now),
        totps.add(account_id, totp_id, sealed, step, permit.set_by, now),
    ]
    return await permits.spend(
        desk, caller, permit, Act.TOTP_SET, writes, now, end_others=end_others
    )


async def remove(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """There is no authenticator app any more. With the last second factor of an account its
    recovery codes go too, which only stood in for it; a password that is too short without one has
    to go, or grow, before.

    Refusals: session_required, session_ended, reauthentication_required, factor_unknown,
    password_needs_factor, try_again.
    """
    found = await _permitted(desk, caller, permit_id, Purpose.TOTP_REMOVE)
    if isinstance(found, Refused):
        return found
    permit, _rows = found
    if not permit.has(Proof.TOTP):
        return Refused(FACTOR_UNKNOWN)
    now = desk.clock.now()
    writes = [factors.remove_all(TABLE, permit.account_id, now)]
    if not permit.has(Proof.PASSKEY):
        if any(
            each.proof is Proof.PASSWORD and not each.alone for each in permit.dossier.factors()
        ):
            return Refused(PASSWORD_NEEDS_FACTOR)
        writes.append(factors.remove_all(_CODES_TABLE, permit.account_id, now))
    return await permits.spend(desk, caller, permit, Act.TOTP_REMOVED, writes, now)


async def _permitted(
    desk: Desk, caller: Caller, permit_id: Id, purpose: Purpose, more: tuple[Query, ...] = ()
) -> tuple[Permit, Sequence[Rows]] | Refused:
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    return await permits.read(desk, caller, permit_id, purpose, more=more)


def _secret(desk: Desk, permit_id: Id) -> str:
    return rules.secret(tokens.totp_secret(desk.seal, permit_id))


def _is_code(typed: str) -> bool:
    return len(typed) == rules.DIGITS and typed.isascii() and typed.isdigit()


async def _count_wrong(desk: Desk, caller: Caller, permit: Permit, now: Ms) -> None:
    """Write down a code that did not match; it was counted before."""
    row = permit.dossier.row
    wrong = line(caller, Act.PROOF_WRONG, row.account_id, row.id, Purpose.TOTP_SET)
    await desk.keep([], [wrong], now)


def _view(desk: Desk, totp: Factor, enrolled_at: Ms, now: Ms) -> TotpView:
    if evidence.aged(totp, enrolled_at, desk.policy, now):
        return TotpView(totp.set_at)
    return TotpView(totp.set_at, totp.set_at + desk.policy.aged_after_d * DAY)
