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
)
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import (
    AccountFacts,
    AccountState,
    Apply,
    Ask,
    Case,
    Decision,
    Gives,
    Level,
    Need,
    NumberStanding,
    Refuse,
    SessionFacts,
    UndoFacts,
    Wait,
)
from rebind.domain.units import DAY, HOUR, Ms
from tests.domain.told import NOON, account, factor

FACTOR_PROOFS = (
    Proof.PASSWORD,
    Proof.CODE_EMAIL,
    Proof.TOTP,
    Proof.PASSKEY,
    Proof.RECOVERY_CODE,
)
SMS = frozenset({Proof.CODE_NEW, Proof.CODE_CURRENT})
OFFERED = (Kind.ENROL, Kind.SIGN_IN, Kind.CHANGE, Kind.UNDO)
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
STATES = [*[AccountState.ACTIVE] * 20, *AccountState]
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
def accounts(draw: st.DrawFn) -> AccountFacts:
    kinds = draw(some_of([*FACTOR_PROOFS, Proof.CODE_EMAIL, Proof.PASSKEY]))
    second = draw(st.booleans())
    return AccountFacts(
        enrolled_at=NOON - draw(st.sampled_from([400 * DAY, 20 * DAY, HOUR, 0])),
        region=draw(st.sampled_from(["RU", "KZ"])),
        confirmed_at=draw(moments),
        state=draw(st.sampled_from(STATES)),
        number_changed_at=draw(st.sampled_from([None, None, NOON - 13 * HOUR, NOON - HOUR])),
        factors=tuple(
            Factor(proof, draw(moments), draw(st.sampled_from(SETTERS)))
            for proof in kinds
            if second or proof not in SECOND_FACTORS
        ),
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
undone = st.builds(
    UndoFacts,
    done_at=moments,
    rested_on_second_factor=st.booleans(),
    rested_on_approval=st.booleans(),
    old_number_has_new_holder=st.booleans(),
)
MOSTLY = [*[Kind.SIGN_IN] * 6, *[Kind.CHANGE] * 12, *[Kind.UNDO] * 3, *Kind]
STANDINGS = [*[NumberStanding.FREE] * 12, *NumberStanding]


@st.composite
def asks(draw: st.DrawFn, kinds: list[Kind]) -> Ask:
    kind = draw(st.sampled_from(kinds))
    signed_in = draw(st.sampled_from([True] * 9 + [False]))
    return Ask(
        kind,
        draw(st.sampled_from(STANDINGS)),
        draw(sessions) if signed_in else None,
        draw(undone) if kind is Kind.UNDO else None,
    )


carriers = st.builds(
    CarrierFacts,
    sim=st.sampled_from(SimAnswer),
    sim_changed_at=st.none() | moments,
    subscriber=st.sampled_from(SubscriberAnswer),
)
policies = st.one_of(
    st.just(Policy()),
    st.just(Policy(rows_off=frozenset())),
    st.builds(
        Policy,
        profile=st.sampled_from(["strict", "lenient"]),
        rows_off=st.frozensets(st.sampled_from(ROW_NAMES), max_size=4),
        code_new_fresh_h=st.integers(1, 26),
        aged_after_d=st.integers(1, 30),
        change_gap_h=st.integers(0, 48),
        wait_modified_h=st.integers(24, 200),
    ),
)


@st.composite
def cases(
    draw: st.DrawFn,
    kinds: list[Kind] = MOSTLY,
    having: tuple[Factor, ...] = (),
    proofs: frozenset[Proof] = frozenset(Proof),
) -> Case:
    who = draw(accounts())
    if having:
        who = msgspec.structs.replace(who, factors=(*who.factors, draw(st.sampled_from(having))))
    evidence = [draw(dated(*item)) for item in draw(some_of(proofs_of(who, proofs)))]
    return Case(draw(asks(kinds)), tuple(evidence), who, draw(carriers), draw(policies), NOON)


def said(case: Case) -> Decision:
    return decide(case.ask, case.evidence, case.account, case.carrier, case.policy, case.now)


def with_evidence(case: Case, *evidence: Evidence) -> Case:
    return Case(case.ask, evidence, case.account, case.carrier, case.policy, case.now)


def with_carrier(case: Case, carrier: CarrierFacts) -> Case:
    return Case(case.ask, case.evidence, case.account, carrier, case.policy, case.now)


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
@given(st.data(), cases())
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
        assert decision.row in {"E1", "I3", "I4"}
    if isinstance(decision, Apply) and decision.row != "E1":
        assert decision.gives in {Gives.FRESH, Gives.PROBATION}


@many
@given(cases([Kind.SIGN_IN, Kind.CHANGE], having=(factor(Proof.TOTP), factor(Proof.PASSKEY))))
def test_with_a_second_factor_nothing_moves_without_it(case: Case) -> None:
    decision = said(case)
    if isinstance(decision, Apply | Wait):
        assert {item.proof for item in case.evidence} & SECOND_FACTORS
    without = with_evidence(
        case, *(item for item in case.evidence if item.proof not in SECOND_FACTORS)
    )
    assert isinstance(said(without), Need | Refuse)


@many
@given(cases([Kind.CHANGE, Kind.CHANGE, Kind.ENROL]))
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
        decide(
            Ask(case.ask.kind, standing, case.ask.session, case.ask.undo),
            case.evidence,
            case.account,
            case.carrier,
            case.policy,
            case.now,
        )
        for standing in (NumberStanding.FREE, NumberStanding.TAKEN)
    ]
    assert answers[0] == answers[1]


@many
@given(cases())
def test_approvals_and_agreement_alone_move_nothing(case: Case) -> None:
    theirs = {Proof.OPERATOR_APPROVAL, Proof.HOLDER_AGREES}
    without = with_evidence(case, *(i for i in case.evidence if i.proof not in theirs))
    assert said(without) == said(case)


# `needs` and `ways` keep their word


def completed(case: Case, way: tuple[Proof, ...]) -> list[Decision]:
    """What is decided once the proofs of a way were given, by each factor that could give them."""
    options: list[list[Factor | None]] = [
        [f for f in case.account.factors if f.proof is proof] if proof in FACTOR_PROOFS else [None]
        for proof in way
    ]
    outcomes = []
    for behind in product(*options):
        evidence = list(case.evidence)
        for proof, used in zip(way, behind, strict=True):
            before = [item for item in case.evidence if item.proof is proof]
            first_at = before[0].first_at if before and proof in SMS else NOON
            evidence.append(Evidence(proof, first_at, NOON, used))
        outcomes.append(said(with_evidence(case, *evidence)))
    return outcomes


@many
@given(cases())
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
SUBSETS = [
    frozenset(some)
    for some in chain.from_iterable(combinations(TYPED, size) for size in range(len(TYPED) + 1))
]
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
SESSIONS = {"old": NOON - 10 * DAY, "young": NOON - HOUR}


@pytest.mark.parametrize("sim", [CarrierFacts(), CarrierFacts(SimAnswer.CHANGED, NOON - DAY)])
@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", OFFERED)
def test_all_subsets_of_proofs(kind: Kind, shape: str, session: str, sim: CarrierFacts) -> None:
    """Each falls on one decision, and one proof more from the account is never worse."""
    who, policy = SHAPES[shape], Policy(rows_off=frozenset())
    ask = Ask(
        kind,
        NumberStanding.FREE,
        SessionFacts(Level.FULL, SESSIONS[session]),
        UndoFacts(NOON - HOUR),
    )
    behind = {f.proof: f for f in who.factors}
    able = [s for s in SUBSETS if all(p in behind for p in s if p in FACTOR_PROOFS)]
    then = NOON - 20 * HOUR
    every = {p: Evidence(p, then, NOON, behind.get(p)) for p in TYPED}
    found = {
        some: decide(ask, tuple(every[p] for p in TYPED if p in some), who, sim, policy, NOON)
        for some in able
    }
    for some, decision in found.items():
        assert isinstance(decision, Apply | Wait | Need | Refuse)
        for more in ACCOUNT_SIDE - some:
            if some | {more} in found:
                assert badness(found[some | {more}]) <= badness(decision), (some, more)
