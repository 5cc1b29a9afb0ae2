"""What holds for every case of the evidence rule, whatever was proved and whoever asks.

`told.py` has the words. Cases are drawn whole: an account with factors, evidence that rests on
those factors, the operator's answers, a policy. For a few accounts all subsets of proofs are tried.
"""

from itertools import chain, combinations, product
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebind.domain import sign_in
from rebind.domain.decision import ROWS, decide
from rebind.domain.evidence import (
    ACCOUNT_SIDE,
    SECOND_FACTORS,
    CarrierFacts,
    Evidence,
    Factor,
    Proof,
    SimAnswer,
    SubscriberAnswer,
    aged,
    independent,
)
from rebind.domain.policy import Policy
from rebind.domain.request import REPLACING, Kind
from rebind.domain.rows import (
    AccountFacts,
    AccountState,
    Apply,
    Ask,
    Case,
    Decision,
    Gives,
    Level,
    LockFacts,
    Need,
    NumberStanding,
    Purpose,
    Refuse,
    SessionFacts,
    UndoFacts,
    Wait,
)
from rebind.domain.units import DAY, HOUR, Ms
from tests.domain import told
from tests.domain.told import NOON, account, factor

FACTOR_PROOFS = (
    Proof.PASSWORD,
    Proof.CODE_EMAIL,
    Proof.TOTP,
    Proof.PASSKEY,
    Proof.RECOVERY_CODE,
)
SMS = frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT})
OFFERED = (Kind.ENROL, Kind.SIGN_IN, Kind.CHANGE, Kind.UNDO, Kind.REAUTHENTICATE)
ROW_NAMES = sorted({row.name for row in ROWS})
BORDERS = [24 * HOUR, 26 * HOUR, 72 * HOUR, 7 * DAY, 14 * DAY, 30 * DAY]

T = TypeVar("T")

many = settings(
    max_examples=350,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

ages = st.one_of(
    st.sampled_from([0, HOUR, 3 * DAY, 100 * DAY]),
    st.builds(lambda border, off: border + off, st.sampled_from(BORDERS), st.integers(-1, 1)),
    st.integers(0, 90 * DAY),
)
moments = ages.map(lambda age: NOON - age)
STATES = [*[AccountState.ACTIVE] * 14, *[AccountState.LOCKED] * 5, *AccountState]
SETTERS = [
    frozenset[Proof](),
    frozenset[Proof](),
    *(frozenset({proof}) for proof in sorted(ACCOUNT_SIDE)),
]


def some_of(things: list[T]) -> st.SearchStrategy[list[T]]:
    """Any subset, large ones as often as small ones (lists are drawn short)."""
    return st.integers(0, 2 ** len(things) - 1).map(
        lambda mask: [thing for bit, thing in enumerate(things) if mask >> bit & 1]
    )


@st.composite
def spans(draw: st.DrawFn) -> tuple[Ms, Ms]:
    """When a change began, and when what became of it happened."""
    end = draw(moments)
    return end - draw(st.sampled_from([0, HOUR, 72 * HOUR, 14 * DAY])), end


@st.composite
def locks(draw: st.DrawFn) -> LockFacts:
    earlier_than, locked_at = draw(spans())
    return LockFacts(locked_at, earlier_than, draw(st.sampled_from([False] * 4 + [True])))


@st.composite
def accounts(draw: st.DrawFn) -> AccountFacts:
    kinds = draw(some_of([*FACTOR_PROOFS, Proof.CODE_EMAIL, Proof.PASSKEY]))
    second = draw(st.booleans())
    state = draw(st.sampled_from(STATES))
    return AccountFacts(
        enrolled_at=NOON - draw(st.sampled_from([400 * DAY, 20 * DAY, HOUR, 0])),
        region=draw(st.sampled_from(["RU", "KZ"])),
        confirmed_at=draw(moments),
        state=state,
        number_changed_at=draw(st.sampled_from([None, None, NOON - 13 * HOUR, NOON - HOUR])),
        lock=None if state is AccountState.ACTIVE else draw(st.none() | locks()),
        factors=tuple(
            Factor(proof, draw(moments), draw(st.sampled_from(SETTERS)))
            for proof in kinds
            if second or proof not in SECOND_FACTORS
        ),
        sms_off=draw(st.sampled_from([False] * 6 + [True])),
        seen_at=draw(st.none() | moments),
    )


@st.composite
def dated(draw: st.DrawFn, proof: Proof, behind: Factor | None) -> Evidence:
    first_at = draw(moments)
    return Evidence(proof, first_at, draw(st.sampled_from([first_at, NOON])), behind)


def proofs_of(who: AccountFacts, kinds: frozenset[Proof]) -> list[tuple[Proof, Factor | None]]:
    """The proofs that this account is able to give, each with the factor behind it."""
    return [
        *((proof, None) for proof in sorted(kinds) if proof not in FACTOR_PROOFS),
        *((behind.proof, behind) for behind in who.factors if behind.proof in kinds),
    ]


sessions = st.one_of(
    st.builds(
        SessionFacts,
        level=st.sampled_from([Level.FULL] * 12 + [Level.PROBATION]),
        opened_at=st.sampled_from([NOON - HOUR, NOON - 10 * DAY]) | moments,
    ),
    st.builds(SessionFacts, level=st.just(Level.FULL), opened_at=moments),
    st.just(SessionFacts(Level.FULL, NOON - 10 * DAY)),
)


@st.composite
def undone(draw: st.DrawFn) -> UndoFacts:
    begun_at, done_at = draw(spans())
    rarely = st.sampled_from([False] * 4 + [True])
    return UndoFacts(
        begun_at, done_at, begun_at - draw(ages), draw(rarely), draw(rarely), draw(rarely)
    )


MOSTLY = [
    *[Kind.SIGN_IN] * 8,
    *[Kind.REAUTHENTICATE] * 6,
    *[Kind.CHANGE] * 12,
    *[Kind.RECOVER] * 8,
    *[Kind.UNDO] * 4,
    *Kind,
]
STANDINGS = [*[NumberStanding.FREE] * 12, *NumberStanding]


@st.composite
def asks(draw: st.DrawFn, kinds: list[Kind]) -> Ask:
    kind = draw(st.sampled_from(kinds))
    signed_in = draw(st.sampled_from([True] * 9 + [False]))
    return Ask(
        kind,
        draw(st.sampled_from(STANDINGS)),
        draw(sessions) if signed_in else None,
        draw(undone()) if kind is Kind.UNDO else None,
        draw(st.sampled_from(Purpose)) if kind is Kind.REAUTHENTICATE else None,
        support=kind in {Kind.RECOVER, Kind.CASE} and draw(st.sampled_from([False, False, True])),
        contested=kind in REPLACING and draw(st.sampled_from([False] * 5 + [True])),
    )


carriers = st.builds(
    CarrierFacts,
    sim=st.sampled_from(SimAnswer),
    sim_changed_at=st.none() | moments,
    subscriber=st.sampled_from(SubscriberAnswer),
)
policies = st.one_of(
    st.just(Policy()),
    st.builds(
        Policy,
        profile=st.sampled_from(["strict", "lenient"]),
        rows_off=st.frozensets(st.sampled_from(ROW_NAMES), max_size=4),
        code_new_fresh_h=st.integers(1, 26),
        aged_after_d=st.integers(1, 30),
        undo_h=st.integers(24, 200),
        unlock_sms_h=st.integers(24, 200),
        change_gap_h=st.integers(0, 48),
        wait_modified_h=st.integers(24, 200),
        wait_r4_seen_d=st.integers(3, 30),
        holder_seen_d=st.integers(7, 60),
    ),
)


@st.composite
def cases(
    draw: st.DrawFn,
    kinds: list[Kind] = MOSTLY,
    having: tuple[Factor, ...] = (),
    proofs: frozenset[Proof] = frozenset(Proof),
    states: tuple[AccountState, ...] = (),
) -> Case:
    who = draw(accounts())
    if states:
        state = draw(st.sampled_from(states))
        lock = None if state is AccountState.ACTIVE else who.lock
        who = msgspec.structs.replace(who, state=state, lock=lock)
    if having:
        who = msgspec.structs.replace(who, factors=(*who.factors, draw(st.sampled_from(having))))
    evidence = [draw(dated(*item)) for item in draw(some_of(proofs_of(who, proofs)))]
    return Case(draw(asks(kinds)), tuple(evidence), who, draw(carriers), draw(policies), NOON)


@st.composite
def recoveries(draw: st.DrawFn) -> Case:
    """Recoveries in which most of what a row asks for is there, so that many wait, and some end."""
    mostly = st.sampled_from([True] * 9 + [False])
    lately = st.sampled_from([NOON, NOON, NOON - HOUR, NOON - 20 * HOUR]) | moments
    none, one = frozenset[Proof](), frozenset({Proof.CODE_CURRENT})
    setters = st.sampled_from([none, none, none, none, one, frozenset({Proof.CODE_EMAIL})])
    kinds = [Proof.CODE_EMAIL, *draw(some_of([Proof.CODE_EMAIL, Proof.TOTP, Proof.RECOVERY_CODE]))]
    factors = tuple(Factor(proof, draw(moments), draw(setters)) for proof in kinds)
    state = draw(st.sampled_from([*[AccountState.ACTIVE] * 8, AccountState.LOCKED, *AccountState]))
    who = AccountFacts(
        enrolled_at=NOON - 400 * DAY,
        region="RU",
        confirmed_at=draw(moments),
        state=state,
        lock=None if state is AccountState.ACTIVE else draw(locks()),
        factors=factors,
        seen_at=draw(st.none() | moments),
    )
    ask = Ask(
        Kind.RECOVER,
        draw(st.sampled_from([*[NumberStanding.FREE] * 12, *NumberStanding])),
        support=draw(st.booleans()),
        contested=draw(st.sampled_from([False] * 3 + [True])),
    )
    bare = [Proof.CODE_NEW, Proof.OPERATOR_APPROVAL, Proof.SILENCE]
    able = [*((proof, None) for proof in bare), *((each.proof, each) for each in factors)]
    evidence = []
    for proof, behind in able:
        if draw(mostly):
            first_at = draw(lately)
            if ask.contested and proof is not Proof.OPERATOR_APPROVAL:
                # To hear both sides takes its time.
                first_at -= 20 * DAY
            last_at = draw(st.sampled_from([first_at, NOON]))
            evidence.append(Evidence(proof, first_at, last_at, behind))
    return Case(ask, tuple(evidence), who, draw(carriers), draw(policies), NOON)


def said(case: Case) -> Decision:
    return decide(case.ask, case.evidence, case.account, case.carrier, case.policy, case.now)


def at(case: Case, now: Ms) -> Decision:
    return decide(case.ask, case.evidence, case.account, case.carrier, case.policy, now)


def with_evidence(case: Case, *evidence: Evidence) -> Case:
    return Case(case.ask, evidence, case.account, case.carrier, case.policy, case.now)


def with_carrier(case: Case, carrier: CarrierFacts) -> Case:
    return Case(case.ask, case.evidence, case.account, carrier, case.policy, case.now)


def without(case: Case, *proofs: Proof) -> Case:
    return with_evidence(case, *(item for item in case.evidence if item.proof not in proofs))


_APPLIED = {Gives.THE_ACT: 0, Gives.FULL: 0, Gives.FREEZE: 0, Gives.FRESH: 1, Gives.PROBATION: 2}


def badness(decision: Decision) -> tuple[int, Ms]:
    """How bad a decision is for who asks. Smaller is better."""
    match decision:
        case Apply(gives=gives):
            return _APPLIED[gives], 0
        case Wait(until=until):
            return 3, until
        case Need():
            return 4, 0
        case Refuse():
            return 5, 0


# total, deterministic


@many
@given(cases())
def test_every_case_falls_on_exactly_one_decision(case: Case) -> None:
    decision = said(case)
    assert isinstance(decision, Apply | Wait | Need | Refuse)
    if isinstance(decision, Need):
        assert decision.ways
    if isinstance(decision, Need | Wait):
        assert len(set(decision.ways)) == len(decision.ways)
        assert all(way and len(set(way)) == len(way) for way in decision.ways)
    if isinstance(decision, Apply | Wait):
        assert decision.row not in case.policy.rows_off
        assert decision.row in ROW_NAMES


@many
@given(cases(), st.randoms(use_true_random=False))
def test_the_same_case_gets_the_same_decision_in_whatever_order_it_was_proved(
    case: Case, chance: object
) -> None:
    shuffled = list(case.evidence)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert said(case) == said(case)
    assert badness(said(case)) == badness(said(with_evidence(case, *shuffled)))


@many
@given(accounts(), asks(MOSTLY), carriers)
def test_with_every_row_off_nothing_is_applied(
    who: AccountFacts, ask: Ask, carrier: CarrierFacts
) -> None:
    off = Policy(rows_off=frozenset(ROW_NAMES))
    every = tuple(
        Evidence(proof, NOON, NOON, next((f for f in who.factors if f.proof is proof), None))
        for proof in Proof
    )
    assert isinstance(decide(ask, every, who, carrier, off, NOON), Refuse)


# more is never worse


@many
@given(st.data(), cases() | recoveries())
def test_one_more_proof_from_the_account_never_makes_it_worse(
    data: st.DataObject, case: Case
) -> None:
    more = data.draw(dated(*data.draw(st.sampled_from(proofs_of(case.account, ACCOUNT_SIDE)))))
    place = data.draw(st.integers(0, len(case.evidence)))
    richer = with_evidence(case, *case.evidence[:place], more, *case.evidence[place:])
    assert badness(said(richer)) <= badness(said(case))


@many
@given(cases(), st.none() | moments, moments)
def test_a_worse_answer_about_the_sim_never_shortens(
    case: Case, changed_at: Ms | None, later: Ms
) -> None:
    subscriber = case.carrier.subscriber
    good = [
        badness(said(with_carrier(case, CarrierFacts(sim, subscriber=subscriber))))
        for sim in (SimAnswer.SAME, SimAnswer.UNKNOWN)
    ]
    changed = badness(
        said(with_carrier(case, CarrierFacts(SimAnswer.CHANGED, changed_at, subscriber)))
    )
    assert good[0] == good[1] <= changed
    if changed_at is not None and later >= changed_at:
        again = badness(
            said(with_carrier(case, CarrierFacts(SimAnswer.CHANGED, later, subscriber)))
        )
        assert changed <= again


@many
@given(cases([Kind.CHANGE]), st.integers(0, 3 * DAY))
def test_a_younger_session_never_moves_a_number_earlier(case: Case, by: Ms) -> None:
    """A change goes on in another session as of the younger of the two: never for the better."""
    session = case.ask.session
    if session is None:
        return
    younger = msgspec.structs.replace(session, opened_at=min(NOON, session.opened_at + by))
    ask = msgspec.structs.replace(case.ask, session=younger)
    assert badness(said(msgspec.structs.replace(case, ask=ask))) >= badness(said(case))


@many
@given(cases())
def test_a_worse_answer_about_the_subscriber_never_helps(case: Case) -> None:
    same, unknown, recycled = (
        badness(
            said(
                with_carrier(
                    case, CarrierFacts(case.carrier.sim, case.carrier.sim_changed_at, answer)
                )
            )
        )
        for answer in (SubscriberAnswer.SAME, SubscriberAnswer.UNKNOWN, SubscriberAnswer.RECYCLED)
    )
    assert same <= unknown <= recycled


# what must never happen


@many
@given(cases([Kind.ENROL, Kind.SIGN_IN, Kind.CHANGE], proofs=SMS))
def test_sms_alone_on_an_unknown_device_applies_no_row_but_those_that_say_so(case: Case) -> None:
    decision = said(case)
    if isinstance(decision, Apply):
        assert decision.row in {"E1", "I3", "I4", "L2"}
    if isinstance(decision, Apply) and decision.row != "E1":
        assert decision.gives in {Gives.FRESH, Gives.PROBATION}
    if isinstance(decision, Apply) and sign_in.number_doubtful(case):
        assert decision.row in {"E1", "I4"}, "a number that may be somebody else's opens no account"


@many
@given(
    cases(
        [Kind.SIGN_IN, Kind.CHANGE, Kind.RECOVER],
        having=(factor(Proof.TOTP), factor(Proof.PASSKEY)),
    )
)
def test_with_a_second_factor_nothing_moves_without_it(case: Case) -> None:
    """But for what two people at the support desk have looked at."""
    decision = said(case)
    if isinstance(decision, Apply | Wait) and decision.row != "R4":
        assert {item.proof for item in case.evidence} & SECOND_FACTORS
    bare = said(without(case, *SECOND_FACTORS))
    assert isinstance(bare, Need | Refuse) or (bare.row == "R4" and case.ask.support)


@many
@given(cases([Kind.CHANGE, Kind.CHANGE, Kind.RECOVER, Kind.RECOVER, Kind.ENROL]))
def test_a_number_never_moves_to_where_no_code_was_answered(case: Case) -> None:
    decision = said(case)
    codes = [item for item in case.evidence if item.proof is Proof.CODE_NEW]
    if isinstance(decision, Apply | Wait):
        assert codes
    if isinstance(decision, Apply):
        fresh = case.policy.code_new_fresh_h * HOUR
        assert max(item.last_at for item in codes) >= NOON - fresh
        assert case.ask.number in {NumberStanding.FREE, NumberStanding.PREVIOUS}


@many
@given(cases(proofs=frozenset(Proof) - {Proof.CODE_NEW}))
def test_nobody_is_told_that_a_number_is_taken_before_holding_it(case: Case) -> None:
    answers = [
        said(msgspec.structs.replace(case, ask=msgspec.structs.replace(case.ask, number=standing)))
        for standing in (NumberStanding.FREE, NumberStanding.TAKEN)
    ]
    assert answers[0] == answers[1]


@many
@given(cases())
def test_approvals_and_agreement_alone_move_nothing(case: Case) -> None:
    """An approval counts where the desk was asked, and nowhere else; once both sides were heard, it
    lets go on what would have been decided before, and later."""
    decision, ask = said(case), case.ask
    assert said(without(case, Proof.HOLDER_AGREES)) == decision
    if not ask.contested and not (ask.kind is Kind.RECOVER and ask.support):
        assert said(without(case, Proof.OPERATOR_APPROVAL)) == decision
    if not ask.support:
        before = msgspec.structs.replace(case, ask=msgspec.structs.replace(ask, contested=False))
        assert badness(said(before)) <= badness(decision)
    alone = said(without(case, *(set(Proof) - {Proof.OPERATOR_APPROVAL, Proof.SILENCE})))
    assert isinstance(alone, Need | Refuse)


@many
@given(cases() | cases([Kind.CASE]))
def test_what_opens_a_case_says_nothing_of_an_account(case: Case) -> None:
    decision = said(case)
    if case.ask.kind is not Kind.CASE:
        assert said(without(case, Proof.CODE_CONTACT)) == decision
    elif isinstance(decision, Apply):
        assert (decision.row, decision.gives) in {("S1", Gives.THE_ACT), ("S2", Gives.THE_ACT)}
        codes = {item.proof for item in case.evidence} & {Proof.CODE_CONTACT, Proof.CODE_NEW}
        assert Proof.CODE_CONTACT in codes
        assert Proof.CODE_NEW in codes or case.ask.number is NumberStanding.NONE
        other = msgspec.structs.replace(case, account=account())
        assert said(other) == decision, "it does not matter whose account, if anybody's"


# recovery


@many
@given(recoveries())
def test_a_recovery_rests_on_an_aged_mailbox_or_on_the_desk(case: Case) -> None:
    """And a number that was named, and a wait of a day at least, in which nobody objected."""
    decision, ask, policy = said(case), case.ask, case.policy
    if not isinstance(decision, Apply | Wait):
        return
    assert decision.row == "R4" if ask.support else decision.row in {"R1", "R2"}
    state, lock = case.account.state, case.account.lock
    if state not in {AccountState.ACTIVE, AccountState.CLOSING}:
        assert (state, ask.support) == (AccountState.LOCKED, True)
        assert lock is not None
        assert not lock.frozen
    assert ask.number in {NumberStanding.FREE, NumberStanding.PREVIOUS}
    counting = [
        (item.proof, then)
        for item in case.evidence
        for then in (item.first_at, item.last_at)
        if item.factor is not None
        and aged(item.factor, case.account.enrolled_at, policy, then)
        and independent(item.factor, Proof.CODE_CURRENT, policy, then)
    ]
    mailboxes = [then for proof, then in counting if proof is Proof.CODE_EMAIL]
    second = [then for proof, then in counting if proof in SECOND_FACTORS]
    approvals = [i.first_at for i in case.evidence if i.proof is Proof.OPERATOR_APPROVAL]
    codes = [i.first_at for i in case.evidence if i.proof is Proof.CODE_NEW]
    assert codes
    begins = min(codes)
    if ask.support or ask.contested:
        assert approvals
        begins = max(begins, *approvals)
    if not ask.support:
        assert mailboxes
        begins = max(begins, min(mailboxes))
    if decision.row == "R1":
        begins = max(begins, min(second))
    hours = {"R1": policy.wait_r1_h, "R2": policy.wait_r2_h, "R4": policy.wait_r4_h}[decision.row]
    wait = max(hours * HOUR, policy.wait_contested_d * DAY if ask.contested else 0)
    if isinstance(decision, Wait):
        assert decision.until >= begins + wait
    else:
        silent = [i.last_at for i in case.evidence if i.proof is Proof.SILENCE]
        assert max(silent) >= begins + wait <= NOON


@many
@given(recoveries(), moments)
def test_a_holder_who_is_seen_later_or_is_better_protected_never_gets_less_time(
    case: Case, seen_at: Ms
) -> None:
    decision, who = said(case), case.account
    more = max(seen_at, who.seen_at or seen_at)
    seen = msgspec.structs.replace(case, account=msgspec.structs.replace(who, seen_at=more))
    assert badness(said(seen)) >= badness(decision)
    strong = (*who.factors, factor(Proof.PASSKEY))
    safer = msgspec.structs.replace(case, account=msgspec.structs.replace(who, factors=strong))
    then = said(safer)
    if case.ask.support or not {item.proof for item in case.evidence} & SECOND_FACTORS:
        assert isinstance(then, Need | Refuse) or badness(then) >= badness(decision)


# undo and locks


@many
@given(cases([Kind.UNDO]))
def test_an_undo_never_rests_on_what_was_added_a_week_before_the_change(case: Case) -> None:
    """Unless the account was opened with it."""
    decision, undo = said(case), case.ask.undo
    if not isinstance(decision, Apply):
        return
    assert undo is not None
    assert NOON - undo.done_at < case.policy.undo_h * HOUR
    days = case.policy.aged_after_d * DAY
    opened = case.account.enrolled_at + case.policy.aged_at_enrolment_h * HOUR
    addresses = [
        item.factor.set_at
        for item in case.evidence
        if item.proof is Proof.CODE_EMAIL and item.factor is not None
    ]
    if any(item.proof is Proof.CODE_NEW for item in case.evidence):
        addresses.append(undo.old_number_since)
    assert any(since <= max(undo.begun_at - days, opened) for since in addresses)


@many
@given(cases([Kind.UNDO]))
def test_an_undo_puts_back_only_what_an_sms_may_beat(case: Case) -> None:
    decision, undo = said(case), case.ask.undo
    if isinstance(decision, Apply):
        assert undo is not None
        doubtful = (
            undo.rested_on_second_factor
            or undo.rested_on_approval
            or undo.old_number_has_new_holder
        )
        assert decision.gives is (Gives.FREEZE if doubtful else Gives.THE_ACT)
    assert not isinstance(decision, Wait), "an undo that waits is one too late"


@many
@given(cases(), undone())
def test_what_stands_elsewhere_in_an_undo_changes_no_other_journey(
    case: Case, other: UndoFacts
) -> None:
    """A change and an enrolment never look at it. A sign-in takes its time from the lock."""
    if case.ask.kind in {Kind.ENROL, Kind.CHANGE}:
        ask = msgspec.structs.replace(case.ask, undo=other)
        assert said(msgspec.structs.replace(case, ask=ask)) == said(case)


@st.composite
def locked_cases(draw: st.DrawFn) -> Case:
    case = draw(cases([Kind.SIGN_IN]))
    who = msgspec.structs.replace(
        case.account, state=AccountState.LOCKED, lock=draw(st.none() | locks())
    )
    return msgspec.structs.replace(case, account=who)


@many
@given(locked_cases())
def test_a_locked_account_gives_a_session_by_l1_and_l2_only(case: Case) -> None:
    decision, lock = said(case), case.account.lock
    if lock is None or lock.frozen:
        assert isinstance(decision, Refuse)
    if isinstance(decision, Apply | Wait):
        assert decision.row in {"L1", "L2"}
        assert any(item.proof is Proof.CODE_CURRENT for item in case.evidence)


@many
@given(locked_cases())
def test_a_lock_is_lifted_by_what_is_older_or_after_a_day(case: Case) -> None:
    decision, lock, policy = said(case), case.account.lock, case.policy
    if not isinstance(decision, Apply) or lock is None:
        return
    opened = case.account.enrolled_at + policy.aged_at_enrolment_h * HOUR
    earlier = max(lock.earlier_than - policy.aged_after_d * DAY, opened)
    if decision.row == "L2":
        assert NOON - lock.locked_at >= policy.unlock_sms_h * HOUR
        assert not any(f.proof in {Proof.TOTP, Proof.PASSKEY} for f in case.account.factors)
        assert not any(f.set_at <= earlier and not f.set_by for f in case.account.factors)
    else:
        assert any(
            item.proof in {Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE}
            or (item.factor is not None and item.factor.set_at <= earlier)
            for item in case.evidence
        )


@many
@given(
    cases([Kind.SIGN_IN, Kind.CHANGE, Kind.UNDO], states=(AccountState.ACTIVE, AccountState.CLOSED))
)
def test_no_row_of_a_lock_applies_where_there_is_none(case: Case) -> None:
    decision = said(case)
    if isinstance(decision, Apply | Wait):
        assert decision.row not in {"L1", "L2"}


# time alone


@many
@given(cases() | recoveries(), st.lists(ages, min_size=1, max_size=3))
def test_the_end_of_a_wait_never_moves_earlier_by_time_alone(case: Case, steps: list[Ms]) -> None:
    """Whoever was told of a day has time until that day. What was proved young stays so."""
    before, now = said(case), NOON
    for step in sorted(steps):
        if not isinstance(before, Wait):
            return
        now += step
        then = at(case, now)
        if isinstance(then, Wait):
            assert then.until >= before.until
        if isinstance(then, Apply):
            noted = [i.last_at for i in case.evidence if i.proof is Proof.SILENCE]
            assert noted
            assert max(noted) >= before.until <= now
        before = then


@many
@given(cases() | recoveries())
def test_a_wait_that_everybody_kept_silent_on_ends(case: Case) -> None:
    """At its end it is done, or a fresh code to the new number is asked for; never anything else,
    where no row got better meanwhile."""
    waiting = said(case)
    if not isinstance(waiting, Wait):
        return
    end = max(waiting.until, NOON)
    kept = [item for item in case.evidence if item.proof is not Proof.SILENCE]
    silence = Evidence(Proof.SILENCE, end, end)
    fresh = [
        Evidence(item.proof, item.first_at, end, item.factor)
        if item.proof is Proof.CODE_NEW
        else item
        for item in kept
    ]
    done = at(with_evidence(case, *fresh, silence), end)
    if waiting.row in {"I2", "I3", "I4"}:
        assert isinstance(done, Apply | Need)
    else:
        assert isinstance(done, Apply), "rows that wait do so because nobody has a better one"


# each row can be reached


@pytest.mark.parametrize("row", ROW_NAMES)
def test_each_row_is_reached_by_somebody(row: str) -> None:
    """By itself: with all others off, so that none stands in its light."""
    (kind,) = {each.kind for each in ROWS if each.name == row}
    policy = Policy(rows_off=frozenset(ROW_NAMES) - {row})
    outcomes = set()
    for who, ask, some in product(PEOPLE, ASKS[kind], subsets(TYPED_AT.get(kind, TYPED))):
        behind = {f.proof: f for f in who.factors}
        if all(proof in behind for proof in some if proof in FACTOR_PROOFS):
            evidence = tuple(
                Evidence(p, NOON - HOUR, NOON - HOUR, behind.get(p)) for p in sorted(some)
            )
            found = decide(ask, evidence, who, CarrierFacts(), policy, NOON)
            outcomes |= {found.row} if isinstance(found, Apply | Wait) else set()
        if outcomes:
            break
    assert outcomes == {row}


# `needs` and `ways` keep their word


def completed(case: Case, way: tuple[Proof, ...]) -> list[Decision]:
    """What is decided once the proofs of a way were given, by each factor that could give them. A
    recovery that wants a code to the new number has one named first."""
    if case.ask.kind is Kind.RECOVER and case.ask.number is NumberStanding.NONE:
        ask = msgspec.structs.replace(case.ask, number=NumberStanding.FREE)
        case = msgspec.structs.replace(case, ask=ask)
    options: list[list[Factor | None]] = [
        [f for f in case.account.factors if f.proof is proof] if proof in FACTOR_PROOFS else [None]
        for proof in way
    ]
    outcomes = []
    for behind in product(*options):
        evidence = list(case.evidence)
        for proof, used in zip(way, behind, strict=True):
            before = [i for i in case.evidence if i.proof is proof and i.factor == used]
            first_at = before[0].first_at if before else NOON
            evidence.append(Evidence(proof, first_at, NOON, used))
        outcome = said(with_evidence(case, *evidence))
        if outcome == Need(((Proof.CODE_NEW,),)):
            # Something earlier than the rest of a wait, for which the code has grown old meanwhile.
            code = min(i.first_at for i in evidence if i.proof is Proof.CODE_NEW)
            evidence.append(Evidence(Proof.CODE_NEW, code, NOON))
            outcome = said(with_evidence(case, *evidence))
        outcomes.append(outcome)
    return outcomes


@many
@given(cases() | recoveries())
def test_every_way_that_is_offered_leads_on(case: Case) -> None:
    """Except for E2: that a number is taken is told at the end of the way."""
    decision = said(case)
    if not isinstance(decision, Need | Wait) or case.ask.number is NumberStanding.TAKEN:
        return
    for way in decision.ways:
        outcomes = completed(case, way)
        assert outcomes, f"{way} cannot be given by this account"
        assert min(map(badness, outcomes)) < badness(decision), way


# all subsets of proofs, for a handful of accounts

TYPED = (
    Proof.CODE_NEW,
    Proof.CODE_CURRENT,
    Proof.CODE_EMAIL,
    Proof.PASSWORD,
    Proof.TOTP,
    Proof.PASSKEY,
    Proof.RECOVERY_CODE,
    Proof.KNOWN_DEVICE,
    Proof.SILENCE,
)
TYPED_AT = {
    Kind.RECOVER: (*(p for p in TYPED if p is not Proof.PASSWORD), Proof.OPERATOR_APPROVAL),
    Kind.CASE: (Proof.CODE_NEW, Proof.CODE_EMAIL, Proof.CODE_CONTACT, Proof.OPERATOR_APPROVAL),
}
"""What else there is where the support desk may have a say."""


def subsets(proofs: tuple[Proof, ...]) -> list[frozenset[Proof]]:
    sizes = range(len(proofs) + 1)
    return [frozenset(s) for s in chain.from_iterable(combinations(proofs, n) for n in sizes)]


SUBSETS = subsets(TYPED)
WEEK_AGO = NOON - 8 * DAY
SHAPES = {
    "phone only": account(),
    "phone only, stale": account(confirmed_at=NOON - 100 * DAY),
    "password and mail": account(factor(Proof.PASSWORD), factor(Proof.CODE_EMAIL)),
    "all set by sms last week": account(
        factor(Proof.PASSWORD, WEEK_AGO, Proof.CODE_CURRENT),
        factor(Proof.CODE_EMAIL, WEEK_AGO, Proof.CODE_CURRENT),
    ),
    "password reset by mail": account(
        factor(Proof.PASSWORD, WEEK_AGO, Proof.CODE_EMAIL), factor(Proof.CODE_EMAIL)
    ),
    "everything, aged": account(*map(factor, FACTOR_PROOFS)),
    "young second factor": account(
        factor(Proof.PASSWORD), factor(Proof.CODE_EMAIL), factor(Proof.TOTP, NOON - DAY)
    ),
}
SHAPES |= {
    "locked": told.locked(),
    "locked for two days": told.locked(at=NOON - 48 * HOUR),
    "locked, with password and mail": told.locked(factor(Proof.PASSWORD), factor(Proof.CODE_EMAIL)),
    "locked, everything": told.locked(*map(factor, FACTOR_PROOFS)),
    "locked, everything set by sms": told.locked(
        *(factor(proof, NOON - 20 * DAY, Proof.CODE_CURRENT) for proof in FACTOR_PROOFS)
    ),
    "frozen": told.locked(*map(factor, FACTOR_PROOFS), frozen=True),
}
SESSIONS = {"old": NOON - 10 * DAY, "young": NOON - HOUR}
PEOPLE = list(SHAPES.values())
ASKS = {
    Kind.ENROL: [told.ENROL],
    Kind.SIGN_IN: [told.SIGN_IN],
    Kind.CHANGE: [told.CHANGE],
    Kind.REAUTHENTICATE: [told.confirm(purpose) for purpose in Purpose],
    Kind.UNDO: [told.undo(), told.undo(rested_on="rested_on_second_factor")],
    Kind.RECOVER: [
        told.LOST,
        told.RECOVER,
        told.BY_DESK,
        msgspec.structs.replace(told.RECOVER, contested=True),
    ],
    Kind.CASE: [told.LETTER, told.LETTER_WITH_NUMBER],
}


@pytest.mark.parametrize("sim", [CarrierFacts(), CarrierFacts(SimAnswer.CHANGED, NOON - DAY)])
@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", OFFERED)
def test_all_subsets_of_proofs(kind: Kind, shape: str, session: str, sim: CarrierFacts) -> None:
    """Each falls on one decision, and one proof more from the account is never worse."""
    who, policy = SHAPES[shape], Policy()
    ask = Ask(
        kind,
        NumberStanding.FREE,
        SessionFacts(Level.FULL, SESSIONS[session]),
        UndoFacts(NOON - 30 * HOUR, NOON - HOUR, NOON - 200 * DAY),
    )
    decide_each(ask, who, sim, policy, SUBSETS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [Kind.RECOVER, Kind.CASE])
def test_all_subsets_of_proofs_where_the_desk_may_have_a_say(kind: Kind, shape: str) -> None:
    """The same; and nothing that is begun without a session is done before somebody could object,
    but a letter."""
    some = subsets(TYPED_AT[kind])
    for ask in ASKS[kind]:
        found = decide_each(ask, SHAPES[shape], CarrierFacts(), Policy(), some)
        assert kind is Kind.CASE or not any(isinstance(each, Apply) for each in found.values())


def decide_each(
    ask: Ask, who: AccountFacts, sim: CarrierFacts, policy: Policy, some: list[frozenset[Proof]]
) -> dict[frozenset[Proof], Decision]:
    """The decision on each of these sets of proofs that the account is able to give."""
    behind = {f.proof: f for f in who.factors}
    able = [s for s in some if all(p in behind for p in s if p in FACTOR_PROOFS)]
    then = NOON - 20 * HOUR
    every = {p: Evidence(p, then, NOON, behind.get(p)) for p in Proof}
    found = {
        each: decide(ask, tuple(every[p] for p in Proof if p in each), who, sim, policy, NOON)
        for each in able
    }
    for each, decision in found.items():
        assert isinstance(decision, Apply | Wait | Need | Refuse)
        for more in ACCOUNT_SIDE - each:
            if each | {more} in found:
                assert badness(found[each | {more}]) <= badness(decision), (each, more)
    return found


# time alone, over all subsets of proofs

RIPENING = {
    f"{proof}, {what}": account(
        *(factor(other) for other in (Proof.PASSWORD, Proof.CODE_EMAIL) if other is not proof),
        factor(proof, set_at, *set_by),
    )
    for proof, other in (
        (Proof.PASSWORD, Proof.CODE_EMAIL),
        (Proof.CODE_EMAIL, Proof.PASSWORD),
        (Proof.CODE_EMAIL, Proof.CODE_CURRENT),
    )
    for what, set_at, set_by in (
        ("soon aged", NOON - 6 * DAY, ()),
        (f"soon no more reset by {other}", NOON - 29 * DAY, (other,)),
    )
}
"""Accounts on which, within days, a proof gets a quality that it did not have when it was given."""


@pytest.mark.parametrize("sim", [CarrierFacts(), CarrierFacts(SimAnswer.CHANGED, NOON - 6 * DAY)])
@pytest.mark.parametrize("shape", RIPENING)
@pytest.mark.parametrize("ask", [told.SIGN_IN, told.CHANGE, told.RECOVER])
def test_what_was_proved_young_stays_young(ask: Ask, shape: str, sim: CarrierFacts) -> None:
    who = RIPENING[shape]
    behind = {f.proof: f for f in who.factors}
    for some in SUBSETS:
        evidence = tuple(Evidence(p, NOON, NOON, behind.get(p)) for p in sorted(some))
        before = decide(ask, evidence, who, sim, Policy(), NOON)
        for hours in (23, 25, 47, 49, 71, 73, 300):
            if not isinstance(before, Wait):
                break
            now = NOON + hours * HOUR
            then = decide(ask, evidence, who, sim, Policy(), now)
            assert not isinstance(then, Apply), some
            if isinstance(then, Wait):
                assert then.until >= before.until, some
            before = then


@many
@given(cases())
def test_a_lost_telephone_proves_nothing_but_that_it_was_found(case: Case) -> None:
    """Whatever is decided with a code to its number is decided without it too."""
    if not case.account.sms_off or case.ask.purpose is Purpose.SMS_RESTORE:
        return
    rest = [item for item in case.evidence if item.proof is not Proof.CODE_CURRENT]
    assert said(case) == said(with_evidence(case, *rest))


@many
@given(cases([Kind.REAUTHENTICATE]))
def test_a_report_of_loss_rests_on_a_known_device_or_on_what_is_not_of_the_sim(case: Case) -> None:
    """Elsewhere on a factor that was aged when it was shown, on an account with a second factor on
    that; and on no code to the number, nor on what such a code has set."""
    ask = msgspec.structs.replace(case.ask, purpose=Purpose.SMS_SUSPEND)
    decision = said(msgspec.structs.replace(case, ask=ask))
    if not isinstance(decision, Apply):
        return
    assert decision.row == "A4"
    if {item.proof for item in case.evidence} & {Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE}:
        return
    strong = {each.proof for each in case.account.factors} & {Proof.TOTP, Proof.PASSKEY}
    wanted = SECOND_FACTORS if strong else {Proof.PASSWORD, Proof.CODE_EMAIL}
    policy, enrolled_at = case.policy, case.account.enrolled_at
    assert any(
        item.proof in wanted
        and item.factor is not None
        and aged(item.factor, enrolled_at, policy, then)
        and independent(item.factor, Proof.CODE_CURRENT, policy, then)
        for item in case.evidence
        for then in (item.first_at, item.last_at)
    )
