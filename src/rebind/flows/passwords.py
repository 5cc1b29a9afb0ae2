"""passwords: choosing one, choosing another, forgetting it, and how strong one looks meanwhile.

Choosing takes a re-authentication for that very act, whether there was a password before or it was
forgotten; on an account with a second factor never one without it. Length and spelling are rules of
`domain/passwords.py`, what thieves try first is known to `ports.Leaks`. Comparing one is no matter
of this file: `desk/answers.py` does. Nobody here asks for digits, capitals or a yearly change.
"""

import asyncio
from collections.abc import Iterable

import msgspec

from rebind.domain import evidence
from rebind.domain import passwords as rules
from rebind.domain.acts import Act
from rebind.domain.evidence import Factor, Proof
from rebind.domain.passwords import Verdict
from rebind.domain.refusals import (
    BUSY,
    FACTOR_UNKNOWN,
    PASSWORD_COMMON,
    PASSWORD_EXPECTED,
    PASSWORD_TOO_LONG,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_SHORT_ALONE,
    PASSWORD_UNREADABLE,
    SESSION_ON_PROBATION,
    Refusal,
    Refused,
)
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, SECOND, Id, Ms
from rebind.flows.desk import callers, permits
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.permits import Permit
from rebind.ports import Busy
from rebind.store import emails, factors, passwords
from rebind.store.emails import EmailRow

TABLE = "passwords"

_REFUSALS: dict[Verdict, Refusal] = {
    Verdict.TOO_SHORT: PASSWORD_TOO_SHORT,
    Verdict.TOO_SHORT_ALONE: PASSWORD_TOO_SHORT_ALONE,
    Verdict.TOO_LONG: PASSWORD_TOO_LONG,
    Verdict.UNREADABLE: PASSWORD_UNREADABLE,
    Verdict.COMMON: PASSWORD_COMMON,
    Verdict.EXPECTED: PASSWORD_EXPECTED,
}
_GUESSED = frozenset({Verdict.COMMON, Verdict.EXPECTED})
_SECOND = (Proof.PASSKEY, Proof.TOTP)


class PasswordView(msgspec.Struct, frozen=True):
    """Whether the account has a password, and since when. `alone`: it is long enough without a
    second factor. `young_until`: till when it neither moves the number nor removes anything."""

    set_at: Ms | None = None
    alone: bool = False
    young_until: Ms | None = None


class Choosing(msgspec.Struct, frozen=True):
    """What somebody who chooses a password is to know. `words` are those that a stranger expects of
    this person here, and of which a password must not be made; `number` is the account's, in full,
    under which programs keep the password. Lengths are in characters (code points)."""

    number: str
    words: tuple[str, ...]
    characters_min: int
    characters_max: int
    with_second_factor: bool
    changes: bool
    """Whether there is a password that ends with this one."""


class Expected(msgspec.Struct, frozen=True):
    """The words of OWASP ASVS 5.0 6.1.2, which docs/journeys/factors.md lists by these names."""

    name_of_the_service: str
    phone_number: str
    email_addresses: tuple[str, ...]

    def words(self) -> tuple[str, ...]:
        """All of them."""
        return (self.name_of_the_service, self.phone_number, *self.email_addresses)


async def show(desk: Desk, caller: Caller) -> PasswordView | Refused:
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
        if row.proof == Proof.PASSWORD:
            return _view(desk, row.factor, who.row.enrolled_at, now)
    return PasswordView()


async def choosing(desk: Desk, caller: Caller, permit_id: Id) -> Choosing | Refused:
    """What is asked of a password that would be chosen on the strength of this re-authentication
    for `password_set`, which is not spent by asking.
    Refusals: session_required, reauthentication_required."""
    permit = await _permitted(desk, caller, permit_id, Purpose.PASSWORD_SET)
    if isinstance(permit, Refused):
        return permit
    expected, second = _expected_of(desk, permit), permit.has(*_SECOND)
    return Choosing(
        expected.phone_number,
        expected.words(),
        rules.MIN_SECOND_FACTOR if second else rules.MIN_ALONE,
        rules.MAX,
        second,
        permit.has(Proof.PASSWORD),
    )


async def choose(desk: Desk, caller: Caller, permit_id: Id, typed: str) -> Refused | None:
    """From now on this is the password, and any former one counts no more. Ends all other sessions,
    whose openers may have known the former one. A password that is refused spends nothing.

    Refusals: session_required, reauthentication_required, password_too_short,
    password_too_short_alone, password_too_long, password_unreadable, password_common,
    password_expected, busy, try_again.
    """
    permit = await _permitted(desk, caller, permit_id, Purpose.PASSWORD_SET)
    if isinstance(permit, Refused):
        return permit
    password = await _fine(desk, permit, typed)
    if isinstance(password, Refusal):
        return Refused(password)
    try:
        hashed = await desk.hasher.hash(password)
    except Busy as busy:
        return Refused(BUSY, desk.clock.now() + busy.retry_s * SECOND)
    now, account_id = desk.clock.now(), permit.account_id
    password_id = desk.dice.id(now)
    sealed = desk.seal.seal("passwords.hash", password_id, hashed)
    alone = len(password) >= rules.MIN_ALONE
    writes = [
        factors.remove_all(TABLE, account_id, now),
        passwords.add(account_id, password_id, sealed, alone, permit.set_by, now),
    ]
    return await permits.spend(desk, caller, permit, Act.PASSWORD_SET, writes, now, end_others=True)


async def remove(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """There is no password any more. Refusals: session_required, reauthentication_required,
    factor_unknown, try_again."""
    permit = await _permitted(desk, caller, permit_id, Purpose.PASSWORD_REMOVE)
    if isinstance(permit, Refused):
        return permit
    if not permit.has(Proof.PASSWORD):
        return Refused(FACTOR_UNKNOWN)
    now = desk.clock.now()
    writes = [factors.remove_all(TABLE, permit.account_id, now)]
    return await permits.spend(desk, caller, permit, Act.PASSWORD_REMOVED, writes, now)


class Meter:
    """How strong a password looks, for whoever is typing one. One for the life of the process, used
    from one event loop: the mark costs up to 0.07 s of a core (docs/decisions/0012-passwords.md),
    so that only one is made at a time, in a thread, and few wait for theirs. Nothing is kept."""

    WAITING_MAX = 8
    """Marks that may wait: ours, half a second of work."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def mark(self, caller: Caller, typed: str) -> int | Refused:
        """0 (falls at once) to 4 (holds); what would be refused as too easy is 0. It is advice, and
        whether a password is taken does not depend on it.
        Refusals: session_required, session_ended, session_on_probation, busy."""
        desk, asked = self._desk, callers.asked(caller)
        if isinstance(asked, Refused):
            return asked
        token, query = asked
        now = desk.clock.now()
        found, mails = await desk.engine.read(query, emails.of_account(token.account_id, now))
        who = callers.answered(token, found, now)
        if isinstance(who, Refused):
            return who
        if not who.full:
            return Refused(SESSION_ON_PROBATION)
        if self._waiting >= self.WAITING_MAX:
            return Refused(BUSY, now + SECOND)
        expected = _expected(desk, who.number(desk), emails.rows(mails))
        return await self._marked(typed, expected.words())

    async def _marked(self, typed: str, words: tuple[str, ...]) -> int:
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        running = asyncio.ensure_future(asyncio.to_thread(_mark, typed, words))
        # Whoever gives up waiting leaves the thread behind, and with it the turn until it is done.
        running.add_done_callback(lambda _running: self._turn.release())
        return await asyncio.shield(running)


def _mark(typed: str, words: tuple[str, ...]) -> int:
    password = rules.readable(typed)
    if isinstance(password, Verdict):
        return 0
    if rules.judged(password, with_second_factor=True, context=words) in _GUESSED:
        return 0
    return rules.strength(password, words)


async def _permitted(
    desk: Desk, caller: Caller, permit_id: Id, purpose: Purpose
) -> Permit | Refused:
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    found = await permits.read(desk, caller, permit_id, purpose)
    return found if isinstance(found, Refused) else found[0]


async def _fine(desk: Desk, permit: Permit, typed: str) -> str | Refusal:
    """The password as it is hashed, or why it is not taken."""
    password, second = rules.readable(typed), permit.has(*_SECOND)
    if isinstance(password, Verdict):
        # Whoever needs 15 characters is not first told of 8.
        alone = password is Verdict.TOO_SHORT and not second
        return _REFUSALS[Verdict.TOO_SHORT_ALONE if alone else password]
    words = _expected_of(desk, permit).words()
    verdict = rules.judged(password, with_second_factor=second, context=words)
    if verdict is not Verdict.FINE:
        return _REFUSALS[verdict]
    return PASSWORD_COMMON if await desk.leaks.knows(password) else password


def _expected_of(desk: Desk, permit: Permit) -> Expected:
    return _expected(desk, permit.dossier.current_number(desk), permit.dossier.emails)


def _expected(desk: Desk, number: str, mailboxes: Iterable[EmailRow]) -> Expected:
    addresses = (
        desk.seal.unseal("emails.address", mail.id, mail.address_sealed)
        for mail in mailboxes
        if mail.removed_at is None
    )
    return Expected(desk.service, number, tuple(addresses))


def _view(desk: Desk, password: Factor, enrolled_at: Ms, now: Ms) -> PasswordView:
    young_until = None
    if not evidence.aged(password, enrolled_at, desk.policy, now):
        young_until = password.set_at + desk.policy.aged_after_d * DAY
    return PasswordView(password.set_at, password.alone, young_until)
