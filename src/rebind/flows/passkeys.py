"""passkeys: keys that a browser or app keeps for the account, and shows by a signature.

A passkey verifies its person by itself (a fingerprint, a PIN) and speaks to this site only, so it
is a way in without anything else and a second factor beside everything else. Setting and removing
one takes a re-authentication for that very act. Using one is no matter of this file: it is a proof
like any other, and `desk/answers.py` compares it. Nothing here decides whether one counts.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rebind.domain import agents, evidence
from rebind.domain.acts import Act
from rebind.domain.evidence import Factor, Proof
from rebind.domain.phone import masked
from rebind.domain.refusals import (
    FACTOR_UNKNOWN,
    PASSKEY_NOT_TAKEN,
    PASSWORD_NEEDS_FACTOR,
    SESSION_ON_PROBATION,
    TOO_MANY_FACTORS,
    Refused,
)
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, SECOND, Id, Ms
from rebind.flows.desk import callers, permits, tokens
from rebind.flows.desk.answers import ANSWER_CHARACTERS_MAX
from rebind.flows.desk.callers import SignedIn
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.permits import Permit
from rebind.store import factors
from rebind.store import passkeys as store
from rebind.store.passkeys import PasskeyRow

PASSKEYS_MAX = 20
"""Of one account. All of them are read where one is compared, and named where one is made."""

NAME_CHARACTERS_MAX = 64
NAMELESS = "Passkey"
"""What one is called whose holder gave no name, at a browser that does not say what it is."""

_SPOKEN = re.compile(r"[^\W\d_]+(?:[ ,'-]{1,2}(?:[^\W\d_]+|\d{1,3}))*")
_SPOKEN_CHARACTERS_MAX = 32


class PasskeyView(msgspec.Struct, frozen=True):
    """A passkey in the list. `backed_up`: its provider keeps copies on other devices of the person.
    `young_until`: till when it does not count for moving the number or removing anything."""

    id: Id
    name: str
    set_at: Ms
    used_at: Ms | None
    backed_up: bool
    young_until: Ms | None


class Signal(msgspec.Struct, frozen=True):
    """What a browser may tell whoever keeps its passkeys (WebAuthn Level 3, 5.1.10), so that none
    is offered any more that would be refused. Ids are base64url without padding; `name` is how the
    account is called there."""

    rp_id: str
    user_id: str
    credential_ids: tuple[str, ...]
    name: str


class Passkeys(msgspec.Struct, frozen=True):
    """The live passkeys of an account, oldest first."""

    passkeys: tuple[PasskeyView, ...]
    signal: Signal

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return len(self.passkeys) >= PASSKEYS_MAX


async def listed(desk: Desk, caller: Caller) -> Passkeys | Refused:
    """The passkeys of the account. Refusals: session_required, session_ended,
    session_on_probation."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, mine = await desk.engine.read(query, store.of_account(token.account_id))
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    await callers.note_seen(desk, who, now)
    live = store.rows(mine)
    views = tuple(_view(desk, each, who.row.enrolled_at, now) for each in live)
    return Passkeys(views, _signal(desk, who, live))


async def options(desk: Desk, caller: Caller, permit_id: Id) -> dict[str, Any] | Refused:
    """What a browser needs to make one (PublicKeyCredentialCreationOptionsJSON), on the strength of
    a re-authentication for `passkey_add`, which is not spent by it. The authenticator is told the
    number masked, and of the account its id only, which names nobody.

    Refusals: session_required, reauthentication_required, too_many_factors.
    """
    found = await _permitted(desk, caller, permit_id, Purpose.PASSKEY_ADD)
    if isinstance(found, Refused):
        return found
    permit, live = found
    if len(live) >= PASSKEYS_MAX:
        return Refused(TOO_MANY_FACTORS)
    return desk.passkeys.creation(
        tokens.passkey_challenge(desk.seal, permit_id),
        permit.account_id,
        masked(permit.dossier.current_number(desk)),
        [each.credential_id for each in live],
    )


async def add(
    desk: Desk, caller: Caller, permit_id: Id, answer: str, name: str
) -> PasskeyView | Refused:
    """Take the passkey that a browser made for those options: `answer` is its PublicKeyCredential
    as JSON. Without a name it is called after the browser. One that does not hold spends nothing.

    Refusals: session_required, reauthentication_required, too_many_factors, passkey_not_taken,
    try_again.
    """
    found = await _permitted(desk, caller, permit_id, Purpose.PASSKEY_ADD)
    if isinstance(found, Refused):
        return found
    permit, live = found
    if len(live) >= PASSKEYS_MAX:
        return Refused(TOO_MANY_FACTORS)
    if len(answer) > ANSWER_CHARACTERS_MAX:
        return Refused(PASSKEY_NOT_TAKEN)
    made = desk.passkeys.created(tokens.passkey_challenge(desk.seal, permit_id), answer)
    if made is None or any(each.credential_id == made.credential_id for each in live):
        return Refused(PASSKEY_NOT_TAKEN)
    now = desk.clock.now()
    passkey_id, called = desk.dice.id(now), _called(name, caller.agent)
    new = store.add(
        permit.account_id,
        passkey_id,
        made.credential_id,
        made.public_key,
        made.sign_count,
        made.backed_up,
        made.transports,
        desk.seal.seal("passkeys.name", passkey_id, called),
        permit.set_by,
        now,
    )
    refused = await permits.spend(
        desk, caller, permit, Act.PASSKEY_ADDED, [new], now, what=_spoken(called, now)
    )
    young_until = _young_until(desk, now, permit.dossier.row.enrolled_at or now, now)
    return refused or PasskeyView(passkey_id, called, now, None, made.backed_up, young_until)


async def remove(desk: Desk, caller: Caller, permit_id: Id, passkey_id: Id) -> Refused | None:
    """Remove one. With the last second factor of an account its recovery codes go too, which only
    stood in for it; a password that is too short without one has to go, or grow, before.

    Refusals: session_required, reauthentication_required, factor_unknown, password_needs_factor,
    try_again.
    """
    found = await _permitted(desk, caller, permit_id, Purpose.PASSKEY_REMOVE, passkey_id.hex())
    if isinstance(found, Refused):
        return found
    permit, live = found
    gone = next((each for each in live if each.id == passkey_id), None)
    if gone is None:
        return Refused(FACTOR_UNKNOWN)
    now = desk.clock.now()
    writes = [factors.remove("passkeys", permit.account_id, passkey_id, now)]
    if len(live) == 1 and not permit.has(Proof.TOTP):
        if any(
            each.proof is Proof.PASSWORD and not each.alone for each in permit.dossier.factors()
        ):
            return Refused(PASSWORD_NEEDS_FACTOR)
        writes.append(factors.remove_all("recovery_codes", permit.account_id, now))
    what = _spoken(_name(desk, gone), gone.set_at)
    return await permits.spend(desk, caller, permit, Act.PASSKEY_REMOVED, writes, now, what=what)


async def rename(desk: Desk, caller: Caller, passkey_id: Id, name: str) -> Refused | None:
    """Call it something else. Refusals: session_required, session_ended, session_on_probation,
    factor_unknown."""
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    sealed = desk.seal.seal("passkeys.name", passkey_id, _called(name, caller.agent))
    renamed = line(caller, Act.PASSKEY_RENAMED, who.account_id)
    writes = [store.rename(who.account_id, passkey_id, sealed)]
    return await desk.keep_or_refuse(writes, [renamed], desk.clock.now())


async def _permitted(
    desk: Desk, caller: Caller, permit_id: Id, purpose: Purpose, about: str = ""
) -> tuple[Permit, tuple[PasskeyRow, ...]] | Refused:
    """The permit, and the live passkeys of its account."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    more = (store.of_request(permit_id),)
    found = await permits.read(desk, caller, permit_id, purpose, about, more)
    if isinstance(found, Refused):
        return found
    permit, (rows,) = found
    return permit, store.rows(rows)


def _view(desk: Desk, row: PasskeyRow, enrolled_at: Ms, now: Ms) -> PasskeyView:
    return PasskeyView(
        row.id,
        _name(desk, row),
        row.set_at,
        row.used_at,
        row.backed_up == 1,
        _young_until(desk, row.set_at, enrolled_at, now),
    )


def _young_until(desk: Desk, set_at: Ms, enrolled_at: Ms, now: Ms) -> Ms | None:
    if evidence.aged(Factor(Proof.PASSKEY, set_at), enrolled_at, desk.policy, now):
        return None
    return set_at + desk.policy.aged_after_d * DAY


def _signal(desk: Desk, who: SignedIn, live: Sequence[PasskeyRow]) -> Signal:
    """Only a live session's own account is ever told: whoever could ask about another would learn
    which passkeys it has."""
    return Signal(
        str(desk.passkeys.request(b"", ())["rpId"]),
        _base64url(who.account_id),
        tuple(_base64url(each.credential_id) for each in live),
        masked(who.number(desk)),
    )


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _name(desk: Desk, row: PasskeyRow) -> str:
    return desk.seal.unseal("passkeys.name", row.id, row.name_sealed)


def _called(name: str, agent: str) -> str:
    """A name as it is kept: one line, nothing that cannot be seen."""
    printable = "".join(sign for sign in " ".join(name.split()) if sign.isprintable())
    kept = printable[:NAME_CHARACTERS_MAX].strip()
    return kept or agents.in_words(agent) or NAMELESS


def _spoken(name: str, set_at: Ms) -> str:
    """A name as messages carry it. Whoever is inside for a moment chooses it, and our notices must
    not carry their words to the holder: it has no room for a link or a telephone number, and what
    does not fit is named by its day."""
    if len(name) <= _SPOKEN_CHARACTERS_MAX and _SPOKEN.fullmatch(name) and _few_digits(name):
        return name
    return f"{datetime.fromtimestamp(set_at // SECOND, UTC):%Y-%m-%d}"


def _few_digits(name: str) -> bool:
    return sum(sign.isdigit() for sign in name) <= 3
