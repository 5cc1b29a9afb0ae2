"""The dossier: everything that a decision about one request rests on, read in one go.

Made of rows, it answers in the words of the rule: what is asked, what is proved, what is known of
the account, who is to be told. It decides nothing by itself.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import undo
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof, aged
from rebind.domain.policy import Policy
from rebind.domain.refusals import (
    ACCOUNT_CHANGED,
    REQUEST_EXPIRED,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    SESSION_ENDED,
    Refused,
)
from rebind.domain.request import Kind, Move, State, may, state_of
from rebind.domain.rows import (
    AccountFacts,
    AccountState,
    Ask,
    Decision,
    LockFacts,
    Need,
    NumberStanding,
    Purpose,
    UndoFacts,
    Wait,
    Ways,
)
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows.desk import beginnings
from rebind.flows.desk.desk import Desk
from rebind.flows.desk.naming import Name, strangers_needs
from rebind.flows.desk.own import email_factor
from rebind.store import accounts, challenges, emails, factors, numbers, requests
from rebind.store.accounts import Released
from rebind.store.challenges import Challenge
from rebind.store.emails import EmailRow
from rebind.store.factors import FactorRow
from rebind.store.requests import RequestRow
from rebind.store.statements import Query, Rows

OF_ANYBODY = frozenset({Kind.ENROL, Kind.CASE})
"""Journeys that are about no account yet, or about none."""

_WITHOUT_NEW_NUMBER = frozenset({Kind.SIGN_IN, Kind.REAUTHENTICATE})


class Dossier(msgspec.Struct, frozen=True):
    """One request with the account, session, device and number that it touches."""

    row: RequestRow
    evidence: tuple[Evidence, ...]
    challenges: dict[str, Challenge]
    emails: tuple[EmailRow, ...]
    released: tuple[Released, ...]
    beside: tuple[FactorRow, ...] = ()

    @property
    def id(self) -> Id:
        """Of the request."""
        return self.row.id

    @property
    def kind(self) -> Kind:
        """Which journey it is."""
        return Kind(self.row.kind)

    @property
    def account_id(self) -> Id:
        """The account, the one that is to be, or nobody's."""
        return self.row.account_id

    @property
    def someone(self) -> bool:
        """Whether the account exists; False for enrol, and for a number that nobody has. A number
        that left its account after a stranger had asked for it is nobody's to that stranger."""
        row = self.row
        moved_on = row.number_version != row.account_number_version
        return row.account is not None and not (moved_on and self._asked_by_stranger)

    @property
    def _asked_by_stranger(self) -> bool:
        """Whether nothing speaks for the account yet: neither a session nor an accepted proof."""
        return self.row.session_id is None and not self.evidence

    @property
    def actor(self) -> str:
        """Who acts, for the audit trail: a stranger until something was proved."""
        return "stranger" if self._asked_by_stranger else "holder"

    def state(self, now: Ms) -> State:
        """Where the request stands."""
        row = self.row
        return state_of(row.ended_as, row.wait_until, row.ready_at, row.expires_at, now)

    def number(self, desk: Desk) -> str:
        """The number that the request is about, in full; of an undo the address by which it was
        begun."""
        return desk.seal.unseal("requests.number", self.row.id, self.row.number_sealed)

    def undone_number(self, desk: Desk) -> str:
        """The number that the account had before the change that is to be undone, in full."""
        row = self.row
        if row.undone_sealed is None or row.undone_version is None:
            raise LookupError("this request is no undo")
        place = accounts.place_of(row.account_id, row.undone_version)
        return desk.seal.unseal("bindings.number", place, row.undone_sealed)

    def current_number(self, desk: Desk) -> str:
        """The account's live number, in full."""
        row = self.row
        if row.current_sealed is None or row.account_number_version is None:
            raise LookupError("this request's account has no live number")
        place = accounts.place_of(row.account_id, row.account_number_version)
        return desk.seal.unseal("bindings.number", place, row.current_sealed)

    def replaced(self) -> Released | None:
        """The number that a finished change replaced; None where that is long ago."""
        version = self.row.number_version
        return next((each for each in self.released if each.version == version), None)

    def number_before(self, desk: Desk) -> str | None:
        """That number in full."""
        replaced = self.replaced()
        return None if replaced is None else self.released_number(desk, replaced)

    def released_number(self, desk: Desk, released: Released) -> str:
        """A number that the account gave up lately, in full."""
        place = accounts.place_of(released.account_id, released.version)
        return desk.seal.unseal("bindings.number", place, released.number_sealed)

    def had_since(self, policy: Policy, version: int, number_key: bytes, bound_at: Ms) -> Ms:
        """Since when the account has had the number of a binding. An aged one that came back while
        it was held, by an undo or by the way back, is as old as before."""
        for each in reversed(self.released):
            if each.version >= version or each.number_key != number_key:
                continue
            since = self.had_since(policy, each.version, number_key, each.bound_at)
            held = bound_at - each.released_at <= policy.undo_h * HOUR
            number, enrolled_at = Factor(Proof.CODE_NEW, since), self.row.enrolled_at or 0
            if held and each.reason != Kind.UNDO:
                return since if aged(number, enrolled_at, policy, each.released_at) else bound_at
        return bound_at

    def on_known_device(self, desk: Desk, now: Ms) -> bool:
        """Whether whoever goes on with it shows the key of a device that the account knows."""
        return beginnings.goes_on_on_known_device(desk, self.row, now)

    def factors(self) -> tuple[Factor, ...]:
        """What the account has set that may serve as proof."""
        mailboxes = (email_factor(email) for email in self.emails if email.removed_at is None)
        return (*mailboxes, *(row.factor for row in self.beside if row.usable))

    def named_by(self, desk: Desk) -> Name:
        """How a sign-in says whose it is to be."""
        said = self.number(desk)
        if "@" in said:
            return Name.MAILBOX
        return Name.NUMBER if said else Name.NOTHING

    def closed_to_its_owner(self, now: Ms) -> Refused | None:
        """Why nothing can be done with this request any more."""
        state = self.state(now)
        if state is State.EXPIRED:
            return Refused(REQUEST_EXPIRED)
        if not may(state, Move.PROVE):
            return Refused(REQUEST_FINISHED)
        row = self.row
        # A wait may outlive its session, whose number is perhaps gone; nobody ended that session,
        # and its token still says that this is the browser that began.
        if row.session_id is not None and (
            row.session_ended_at is not None
            or (state is State.OPEN and not self.session_lives(now))
        ):
            return Refused(SESSION_ENDED)
        if self.someone and row.number_version != row.account_number_version:
            return Refused(ACCOUNT_CHANGED)
        return None

    def proofs(self) -> frozenset[Proof]:
        """The kinds of proof that it has collected and that count still."""
        found = frozenset(item.proof for item in self._standing(self.evidence))
        return found if self.sms_off_at is None else found - {Proof.CODE_CURRENT}

    def session_lives(self, now: Ms) -> bool:
        """Whether the session in which it was begun can still be used."""
        row = self.row
        return (
            row.session_expires_at is not None
            and row.session_ended_at is None
            and row.session_expires_at > now
        )

    def ask(self, policy: Policy, now: Ms) -> Ask:
        """What is asked, in the words of the rule."""
        row, kind = self.row, self.kind
        standing = NumberStanding.NONE
        if self.names_number:
            standing = numbers.standing(
                row.holder,
                row.held_until,
                row.held_version,
                row.account_id,
                row.number_version,
                now,
            )
        return Ask(
            kind,
            standing,
            beginnings.session(row),
            self._undone(policy, now),
            self.purpose,
            support=row.case_id is not None,
            contested=row.contested is not None,
        )

    @property
    def names_number(self) -> bool:
        """Whether it says which number is to be the account's: a recovery does once something was
        proved, and who writes to the support desk only where a number is wanted."""
        row, kind = self.row, self.kind
        if kind is Kind.RECOVER:
            return (row.aimed_at or row.contested or row.case_id) is not None
        if kind is Kind.CASE:
            return row.number_key != b""
        return kind not in _WITHOUT_NEW_NUMBER

    @property
    def sms_off_at(self) -> Ms | None:
        """Since when codes to the present number count no more: a report is of the number that the
        account had then."""
        row = self.row
        if row.sms_off_at is None or row.sms_off_at < (row.current_bound_at or 0):
            return None
        return row.sms_off_at

    @property
    def purpose(self) -> Purpose | None:
        """What a re-authentication is for."""
        return None if self.row.purpose is None else Purpose(self.row.purpose)

    def _undone(self, policy: Policy, now: Ms) -> UndoFacts | None:
        """The finished request that this undo is about."""
        row = self.row
        if row.undone_begun_at is None or row.undone_ended_at is None:
            return None
        version, key, bound_at = row.undone_version, row.undone_key, row.undone_bound_at
        if version is None or key is None or bound_at is None:
            return None
        elsewhere = row.holder is not None and row.holder != row.account_id
        held = row.held_until is None or row.held_until > now
        return undo.facts_of(
            row.undone_begun_at,
            row.undone_ended_at,
            self.had_since(policy, version, key, bound_at),
            row.undone_row,
            elsewhere and held,
            self._led_back(version),
            row.sms_off_at is not None and bound_at <= row.sms_off_at <= row.undone_ended_at,
            row.undone_contested is not None,
        )

    def _led_back(self, version: int) -> bool:
        """Whether the change of that binding was the way back to the number before it."""
        keys = {each.version: each.number_key for each in self.released}
        row = self.row
        live = row.account_number_version == version + 1
        after = row.current_key if live else keys.get(version + 1)
        return after is not None and after == keys.get(version - 1)

    def _lock(self) -> LockFacts | None:
        row = self.row
        if row.locked_at is None or row.lock_earlier_than is None:
            return None
        return LockFacts(row.locked_at, row.lock_earlier_than, row.frozen_at is not None)

    def account_facts(self, now: Ms) -> AccountFacts:
        """What the rule may know; for an account that is not there, what a new one would be."""
        row = self.row
        if row.account_state is None or row.enrolled_at is None or row.confirmed_at is None:
            return AccountFacts(enrolled_at=now, region=row.region, confirmed_at=now)
        return AccountFacts(
            enrolled_at=row.enrolled_at,
            region=row.current_region or row.region,
            confirmed_at=row.confirmed_at,
            state=AccountState(row.account_state),
            number_changed_at=row.number_changed_at,
            probation_since=row.probation_since,
            lock=self._lock(),
            factors=self.factors(),
            sms_off=self.sms_off_at is not None,
            seen_at=row.seen_at,
        )

    def _strangers_needs(self, desk: Desk) -> Ways:
        """What a stranger needs first: of an undo, the code that they had sent to one address."""
        if self.kind is Kind.UNDO:
            return tuple((Proof(proof),) for proof in self.challenges)
        return strangers_needs(self.kind, self.named_by(desk))

    def with_context(
        self, desk: Desk, evidence: tuple[Evidence, ...], now: Ms
    ) -> tuple[Evidence, ...]:
        """The evidence and what the circumstances prove by themselves. A device that becomes known
        while a request waits makes nothing quicker than people were told."""
        began = self.row.begun_at
        evidence = self._standing(evidence)
        if beginnings.on_known_device(desk, self.row, began):
            return (*evidence, Evidence(Proof.KNOWN_DEVICE, began, now))
        return evidence

    def _standing(self, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        """Without what rests on a factor that was removed, reset or suspended since: but an undo
        may rest on a mailbox that was removed lately."""
        if self.kind is Kind.UNDO:
            return evidence
        # What came of the last code of a sheet stands while the sheet does.
        sheets = (row.factor for row in self.beside if not row.usable)
        live = {(each.proof, each.set_at): each for each in (*self.factors(), *sheets)}
        standing = []
        for item in evidence:
            if item.factor is None:
                standing.append(item)
            elif (behind := live.get((item.proof, item.factor.set_at))) is not None:
                standing.append(msgspec.structs.replace(item, factor=behind))
        return tuple(standing)

    def decide(
        self, desk: Desk, evidence: tuple[Evidence, ...], carrier: CarrierFacts, now: Ms
    ) -> Decision:
        """The rule's word on this request with this evidence."""
        whole = self.with_context(desk, evidence, now)
        return decide(
            self.ask(desk.policy, now), whole, self.account_facts(now), carrier, desk.policy, now
        )

    def needs(self, desk: Desk, now: Ms) -> Ways:
        """What is still missing. Without a session, and until a first proof was accepted, the same
        for everybody (invariant 8)."""
        if not may(self.state(now), Move.PROVE):
            return ()
        if self._asked_by_stranger and self.kind is not Kind.CASE:
            return self._strangers_needs(desk)
        decision = self.decide(desk, self.evidence, CarrierFacts(), now)
        return decision.ways if isinstance(decision, Need | Wait) else ()


def queries(desk: Desk, request_id: Id, owner_hash: bytes | None, now: Ms) -> tuple[Query, ...]:
    """The reads that make a dossier, in the order that `read` takes. Without an owner's hash it is
    read for time, for a link, or for another session, each of which has a standing of its own."""
    notices_since = now - desk.policy.notice_removed_d * DAY
    found = requests.of_anybody(request_id)
    if owner_hash is not None:
        found = requests.by_id(request_id, owner_hash)
    return (
        found,
        requests.evidence_of(request_id),
        challenges.of_request(request_id),
        emails.of_request(request_id, notices_since),
        accounts.released_since(request_id, notices_since),
        factors.of_request(request_id),
    )


def read(found: Sequence[Rows]) -> Dossier | Refused:
    """What those reads found. Refusals: request_unknown."""
    row = requests.row(found[0])
    if row is None:
        return Refused(REQUEST_UNKNOWN)
    return Dossier(
        row,
        requests.evidence(found[1]),
        challenges.rows(found[2]),
        emails.rows(found[3]),
        accounts.released(found[4]),
        factors.rows(found[5]),
    )


READS = 6
"""How many reads make a dossier."""
