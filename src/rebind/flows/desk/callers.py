"""Who is asking: a session token becomes an account with its session, or a refusal."""

import msgspec

from rebind.domain import assurance, evidence
from rebind.domain.evidence import DeviceFacts, Factor, Proof
from rebind.domain.limits import WRONG_DEVICE
from rebind.domain.refusals import SESSION_ENDED, SESSION_REQUIRED, Refused
from rebind.domain.rows import AccountFacts, AccountState, Level, SessionFacts
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.tokens import SessionToken, device, session
from rebind.store import accounts, sessions
from rebind.store.sessions import SessionRow
from rebind.store.statements import Query, Rows


class SignedIn(msgspec.Struct, frozen=True):
    """A live session, its account and what its device is to it."""

    row: SessionRow
    token: SessionToken

    @property
    def account_id(self) -> Id:
        """Whose session it is."""
        return self.row.account_id

    @property
    def full(self) -> bool:
        """Whether the session sees everything and may change things."""
        return self.row.level == Level.FULL

    @property
    def facts(self) -> SessionFacts:
        """The session as the rule takes it."""
        return SessionFacts(Level(self.row.level), self.row.opened_at)

    def device(self) -> DeviceFacts:
        """What is stored of the session's device. Whether the caller holds it is another matter."""
        row = self.row
        return device_facts(row.device_full_since, row.device_enrolled, row.device_reported_at)

    @property
    def sms_off_at(self) -> Ms | None:
        """Since when codes to the present number count no more: a report is of the number that the
        account had then."""
        off_at = self.row.sms_off_at
        return None if off_at is None or off_at < self.row.bound_at else off_at

    @property
    def proofs(self) -> frozenset[Proof]:
        """What the session was opened with."""
        return assurance.proofs(self.row.proofs)

    def account(self, factors: tuple[Factor, ...] = ()) -> AccountFacts:
        """What the rule may know of the account."""
        row = self.row
        return AccountFacts(
            enrolled_at=row.enrolled_at,
            region=row.region,
            confirmed_at=row.confirmed_at,
            state=AccountState(row.state),
            number_changed_at=row.number_changed_at,
            factors=factors,
            sms_off=self.sms_off_at is not None,
        )

    def number(self, desk: Desk) -> str:
        """The account's number in full."""
        row = self.row
        place = accounts.place_of(row.account_id, row.number_version)
        return desk.seal.unseal("bindings.number", place, row.number_sealed)


def device_facts(
    full_since: Ms | None, enrolled: int | None, reported_at: Ms | None
) -> DeviceFacts:
    """The stored facts of a device as the rule takes them."""
    return DeviceFacts(full_since, bool(enrolled), reported_at is not None)


def knows(desk: Desk, facts: DeviceFacts, wrong_in_row: int | None, now: Ms) -> bool:
    """Whether a device is known and has not used up its own counter of wrong codes."""
    if (wrong_in_row or 0) >= desk.limits[WRONG_DEVICE].amount:
        return False
    return evidence.known(facts, desk.policy, now)


def on_known_device(desk: Desk, caller: Caller, who: SignedIn, now: Ms) -> bool:
    """Whether the caller shows the key of the session's device, and that device is known. The token
    alone proves no device: it may have been stolen."""
    if device(desk.seal, caller.device) != who.row.device_id:
        return False
    return knows(desk, who.device(), who.row.device_wrong_in_row, now)


def asked(caller: Caller) -> tuple[SessionToken, Query] | Refused:
    """The read that would find the caller's session, for flows that read more in the same go."""
    token = session(caller.bearer)
    if token is None:
        return Refused(SESSION_REQUIRED)
    return token, sessions.by_token(token.account_id, token.session_id, token.token_hash)


def answered(token: SessionToken, rows: Rows, now: Ms) -> SignedIn | Refused:
    """What that read means. Refusals: session_ended."""
    row = sessions.row(rows)
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return Refused(SESSION_ENDED)
    # A lock ends all sessions and whoever lifts it opens a new one: one that was being opened at
    # the same moment has slipped past.
    if row.state in {AccountState.CLOSED, AccountState.LOCKED}:
        return Refused(SESSION_ENDED)
    return SignedIn(row, token)


async def signed_in(desk: Desk, caller: Caller) -> SignedIn | Refused:
    """The caller's session. Refusals: session_required, session_ended."""
    found = asked(caller)
    if isinstance(found, Refused):
        return found
    token, query = found
    now = desk.clock.now()
    (rows,) = await desk.engine.read(query)
    who = answered(token, rows, now)
    if isinstance(who, SignedIn):
        await note_seen(desk, who, now)
    return who


async def note_seen(desk: Desk, who: SignedIn, now: Ms) -> None:
    """Keep when the person was last seen, no finer than the policy says; the session lives on from
    then. Not an act: no line."""
    if now - who.row.seen_at >= desk.policy.seen_every_s * SECOND and who.full:
        ends = desk.policy.session_ends(who.row.opened_at, now)
        await desk.engine.write([sessions.seen(who.account_id, who.row.id, ends, now)])
