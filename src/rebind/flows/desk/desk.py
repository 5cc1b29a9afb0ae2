"""What a flow is given, who is asking, and the one way to keep what it did.

`Desk.keep` is the only door to the store's writes for journeys: it cannot be called without audit
lines, so that no mutating flow leaves none.
"""

from collections.abc import Callable, Sequence

import msgspec

from rebind.domain.acts import Act, Door, Line
from rebind.domain.calendar import Calendar
from rebind.domain.limits import Limits
from rebind.domain.operators import login_of, subject
from rebind.domain.papers import BUILT_IN, Papers
from rebind.domain.policy import Policy
from rebind.domain.refusals import (
    ACCOUNT_CHANGED,
    CASE_DRAFT_OVER,
    CODE_TRIES_SPENT,
    FACTOR_UNKNOWN,
    INVITATION_UNKNOWN,
    NUMBER_TAKEN,
    OPERATOR_LOGIN_TAKEN,
    OPERATOR_SESSION_REQUIRED,
    PROOF_WRONG,
    REAUTHENTICATION_REQUIRED,
    REQUEST_FINISHED,
    SESSION_ENDED,
    SESSION_UNKNOWN,
    TOO_MANY_CODES,
    TRY_AGAIN,
    Refusal,
    Refused,
)
from rebind.domain.units import MINUTE, Id, Ms
from rebind.ports import Carrier, Clock, Dice, Hasher, Leaks, Passkeys, Seal
from rebind.store import acts as store_acts
from rebind.store.statements import Engine, Missed, Write


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as the door saw them. Nothing here is proved yet.

    `client` is the network address (IPv6: its /64) that limits count by, `address` the full one.
    `bearer` is a session or request token, `device` a device key, `work` a solved challenge
    ("challenge.nonce"); each as it was sent, or None. `home` is the region of numbers typed
    without a country code, where the door takes such numbers.
    """

    door: Door
    locale: str
    address: str = ""
    client: str = ""
    agent: str = ""
    bearer: str | None = None
    device: str | None = None
    work: str | None = None
    home: str | None = None


class Desk(msgspec.Struct, frozen=True):
    """The tools of a flow, put together once by the front hall."""

    engine: Engine
    clock: Clock
    dice: Dice
    seal: Seal
    hasher: Hasher
    leaks: Leaks
    passkeys: Passkeys
    carrier: Carrier | None
    """The operator, where the administrator has one to ask."""
    policy: Policy
    calendar: Calendar
    """Which days the support desk works."""
    limits: Limits
    nudge: Callable[[], None]
    """Tells a worker in this process that something may wait in the outbox."""
    service: str = "Rebind"
    """What the service calls itself, to authenticator apps and in judging passwords."""
    papers: Papers = BUILT_IN
    """Which kinds of documents are taken, and what each can show."""

    async def keep(self, writes: Sequence[Write], lines: Sequence[Line], now: Ms) -> None:
        """Commit one batch with its audit lines. Raises `Missed` with nothing kept."""
        if not lines:
            raise ValueError("a batch without an audit line: every act leaves one")
        with_ids = [(self.dice.id(now), line) for line in _mirrored(lines)]
        await self.engine.write([*writes, store_acts.append(with_ids, now)])
        self.nudge()

    async def keep_or_refuse(
        self, writes: Sequence[Write], lines: Sequence[Line], now: Ms
    ) -> Refused | None:
        """Commit, or say in the person's terms who was first."""
        try:
            await self.keep(writes, lines, now)
        except Missed as missed:
            refusal = _MISSED.get(missed.guard, TRY_AGAIN)
            return Refused(refusal, now + MINUTE if refusal.status == 429 else None)
        return None


def _mirrored(lines: Sequence[Line]) -> list[Line]:
    """What somebody at the desk does to something else stands under their own id too, with that
    thing in the place of the request: so their whole trail is read by its key."""
    mirrored = list(lines)
    for each in lines:
        login = login_of(each.actor)
        if login is not None and subject(login) != each.subject_id:
            own = {"subject_id": subject(login), "request_id": each.subject_id}
            mirrored.append(msgspec.structs.replace(each, **own))
    return mirrored


_MISSED: dict[str, Refusal] = {
    "accounts.freeze": ACCOUNT_CHANGED,
    "accounts.rebound": ACCOUNT_CHANGED,
    "accounts.returned": ACCOUNT_CHANGED,
    "accounts.sms_off": TRY_AGAIN,
    "accounts.sms_on": TRY_AGAIN,
    "accounts.thaw": ACCOUNT_CHANGED,
    "accounts.touch": TRY_AGAIN,
    "accounts.unlock": ACCOUNT_CHANGED,
    "bindings.confirm": ACCOUNT_CHANGED,
    "bindings.release": ACCOUNT_CHANGED,
    "bindings.unmoved": ACCOUNT_CHANGED,
    "cases.move": TRY_AGAIN,
    "cases.submit": REQUEST_FINISHED,
    "cases.take_up": CASE_DRAFT_OVER,
    "cases.touch": TRY_AGAIN,
    "challenges.consume": REQUEST_FINISHED,
    "challenges.set": CODE_TRIES_SPENT,
    "emails.make_primary": FACTOR_UNKNOWN,
    "emails.remove": FACTOR_UNKNOWN,
    "limits.count": TOO_MANY_CODES,
    "numbers.hold": ACCOUNT_CHANGED,
    "numbers.reserve": NUMBER_TAKEN,
    "operator_passkeys.add": TRY_AGAIN,
    "operator_passkeys.remove": FACTOR_UNKNOWN,
    "operator_passkeys.used": TRY_AGAIN,
    "operator_sessions.end": SESSION_UNKNOWN,
    "operator_sessions.open": TRY_AGAIN,
    "operators.add": OPERATOR_LOGIN_TAKEN,
    "operators.change_role": TRY_AGAIN,
    "operators.disable": TRY_AGAIN,
    "operators.invite": TRY_AGAIN,
    "operators.join": INVITATION_UNKNOWN,
    "operators.proved": PROOF_WRONG,
    "operators.set_password": OPERATOR_SESSION_REQUIRED,
    "operators.stands": OPERATOR_SESSION_REQUIRED,
    "passkeys.remove": FACTOR_UNKNOWN,
    "passkeys.rename": FACTOR_UNKNOWN,
    "passkeys.used": TRY_AGAIN,
    "passwords.stands": TRY_AGAIN,
    "recovery_codes.spend": PROOF_WRONG,
    "requests.advance": TRY_AGAIN,
    "requests.end": REQUEST_FINISHED,
    "requests.spend": REAUTHENTICATION_REQUIRED,
    "requests.wait": TRY_AGAIN,
    "sessions.end": SESSION_UNKNOWN,
    "sessions.stays": SESSION_ENDED,
    "totps.used": PROOF_WRONG,
}
"""What a missed guard means to the person whose batch it stopped."""


def line(
    caller: Caller,
    act: Act,
    subject_id: Id,
    request_id: Id | None = None,
    why: str | None = None,
    actor: str = "holder",
) -> Line:
    """An audit line by this caller. What time does is nobody's act but the system's."""
    who = "system" if caller.door is Door.TIME else actor
    return Line(act, subject_id, who, caller.door, request_id, why)
