"""The one rule: `decide` says what a request may do, for web, app and support desk alike.

Pure and total: every combination of evidence falls on exactly one decision. The rows stand in the
files of their journeys; the words in `rows.py`; the meaning of evidence in `evidence.py`.
Where several rows match, each is taken after its modifiers, the earliest outcome wins, and ties go
by the order of the table.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from rebind.domain import change, enrol, reauthentication, recover, sign_in, support, undo
from rebind.domain.evidence import (
    SECOND_FACTORS,
    CarrierFacts,
    Evidence,
    Proof,
    SimAnswer,
)
from rebind.domain.policy import Policy
from rebind.domain.refusals import (
    ACCOUNT_LOCKED,
    CHANGED_RECENTLY,
    FACTOR_TOO_YOUNG,
    JOURNEY_NOT_OFFERED,
    LOCK_TOO_YOUNG,
    NO_WAY,
    NUMBER_IS_OWN,
    NUMBER_TAKEN,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    SESSION_TOO_YOUNG,
    SUPPORT_NEEDED,
)
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
    Row,
    Strength,
    Wait,
    Way,
    Ways,
)
from rebind.domain.strengths import (
    ANSWERED_ANEW,
    ORDER_OF_ASKING,
    PROOFS_OF,
    all_independent,
    strong_enough,
)
from rebind.domain.units import DAY, HOUR, Ms

ROWS: tuple[Row, ...] = (
    enrol.ROWS
    + sign_in.ROWS
    + change.ROWS
    + recover.ROWS
    + undo.ROWS
    + support.ROWS
    + reauthentication.ROWS
)
ROW_NAMES = frozenset(row.name for row in ROWS)

_ROWS_OF: dict[Kind, tuple[Row, ...]] = {
    kind: tuple(row for row in ROWS if row.kind is kind) for kind in Kind
}
_GIVES_RANK = {gives: rank for rank, gives in enumerate(Gives)}
_MOVES_NUMBER = frozenset({Kind.CHANGE, Kind.HANDOVER})
_THOUGH_TAKEN = frozenset({Kind.UNDO, Kind.CASE})
_WITHOUT_ACCOUNT = frozenset({Kind.ENROL, Kind.CASE})
_FROM_INSIDE = _MOVES_NUMBER | {Kind.REAUTHENTICATE}
_STEPS: dict[Way, tuple[Strength, ...]] = {
    way: tuple(sorted(way, key=ORDER_OF_ASKING.__getitem__)) for row in ROWS for way in row.ways
}
_NOTHING = (3, 0)  # what `_order` says of a Refuse
_MAY_ASK = frozenset({AccountState.ACTIVE, AccountState.CLOSING})


def decide(
    ask: Ask,
    evidence: tuple[Evidence, ...],
    account: AccountFacts,
    carrier: CarrierFacts,
    policy: Policy,
    now: Ms,
) -> Decision:
    """What this request may do now, with this evidence.

    Refusals: journey_not_offered, session_required, session_on_probation, account_locked,
    lock_too_young, session_too_young and changed_recently (with the time), number_is_own,
    number_taken (only once `code_new` was answered), factor_too_young (with the time),
    no_way_offered, support_needed.
    """
    if ask.kind is Kind.RECOVER and ask.number is NumberStanding.NONE:
        # What was answered before a number was named says nothing about one.
        evidence = tuple(item for item in evidence if item.proof is not Proof.CODE_NEW)
    case = Case(ask, evidence, account, carrier, policy, now)
    refusal = _refusal_before_proofs(case)
    if refusal is not None:
        return refusal
    if _taken(case):
        return Refuse(NUMBER_TAKEN)
    rows = [row for row in _rows_on(ask.kind, policy.rows_off) if row.applies(case)]
    best: Decision | None = None
    for row in rows:
        for way in row.ways:
            for used in _satisfying(row, way, case):
                outcome = _outcome(row, used, case)
                if best is None or _order(outcome) < _order(best):
                    best = outcome
    match best:
        case Apply():
            return best
        case Wait(row=name, until=until):
            return Wait(name, until, _ways(rows, case, best))
        case Need() | Refuse():
            return best
    ways = _ways(rows, case, None)
    return Need(ways) if ways else _no_way(rows, case)


@lru_cache(maxsize=64)
def _rows_on(kind: Kind, rows_off: frozenset[str]) -> tuple[Row, ...]:
    """The rows of a journey that the policy leaves on."""
    return tuple(row for row in _ROWS_OF[kind] if row.name not in rows_off)


def _taken(case: Case) -> bool:
    """Whether to tell that the number is somebody else's: only to who has just shown to hold it.
    An undo is not stopped by it: its row U2 freezes; nor who writes to support about it."""
    if case.ask.number is not NumberStanding.TAKEN or case.ask.kind in _THOUGH_TAKEN:
        return False
    return any(item.proof is Proof.CODE_NEW for item in case.evidence)


def _refusal_before_proofs(case: Case) -> Refuse | None:
    """What no proof can mend."""
    ask, account = case.ask, case.account
    if not _ROWS_OF[ask.kind]:
        return Refuse(JOURNEY_NOT_OFFERED)
    if ask.kind is Kind.UNDO and account.state is not AccountState.CLOSED:
        if account.lock is not None and account.lock.frozen:
            return Refuse(ACCOUNT_LOCKED)
        return None if undo.in_time(case) and not undo.leads_astray(case) else Refuse(NO_WAY)
    if account.state not in _MAY_ASK and not _may_all_the_same(case):
        return Refuse(ACCOUNT_LOCKED)
    if ask.contested and sign_in.approved_at(case) is None:
        return Refuse(SUPPORT_NEEDED)
    if ask.kind is Kind.RECOVER:
        return None if ask.number is NumberStanding.NONE else _replacement_refused(case)
    if ask.kind not in _FROM_INSIDE:
        return None
    if ask.session is None:
        return Refuse(SESSION_REQUIRED)
    if ask.session.level is not Level.FULL:
        return Refuse(SESSION_ON_PROBATION)
    if ask.kind is Kind.REAUTHENTICATE:
        until = reauthentication.young_until(case, _on_known_device(case))
        return None if until is None else Refuse(SESSION_TOO_YOUNG, until)
    return Refuse(NO_WAY) if ask.number is NumberStanding.NONE else _replacement_refused(case)


def _replacement_refused(case: Case) -> Refuse | None:
    """Why the account's number cannot be replaced by this one, or not yet."""
    ask, account, now = case.ask, case.account, case.now
    if ask.number is NumberStanding.OWN:
        return Refuse(NUMBER_IS_OWN)
    changed_at = account.number_changed_at
    if changed_at is not None and ask.number is not NumberStanding.PREVIOUS:
        until = changed_at + case.policy.change_gap_h * HOUR
        if now < until:
            return Refuse(CHANGED_RECENTLY, until)
    return None


def _may_all_the_same(case: Case) -> bool:
    """What may be asked of an account that is locked: a sign-in that lifts the lock, and a recovery
    for which two people have looked at it; nothing of one that is frozen or closed."""
    ask = case.ask
    if ask.kind in _WITHOUT_ACCOUNT:
        return True
    may_lift = ask.kind is Kind.SIGN_IN or (ask.kind is Kind.RECOVER and ask.support)
    return may_lift and case.account.state is AccountState.LOCKED and sign_in.locked(case)


def _satisfying(row: Row, way: Way, case: Case) -> Iterator[tuple[Evidence, ...]]:
    """Every choice of evidence that satisfies a way. The caller takes the best of them, so that a
    proof more, or the same proof given twice, never makes the outcome worse."""
    options = []
    for strength in _STEPS[way]:
        given = _given(strength, case)
        if not given:
            return
        options.append(given)
    for chosen in product(*options):
        if row.as_one or all_independent(chosen, case):
            yield chosen


def _given(strength: Strength, case: Case) -> list[Evidence]:
    proofs = PROOFS_OF[strength]
    return [
        taken
        for item in case.evidence
        if item.proof in proofs
        for taken in _takes(item)
        if strong_enough(strength, taken, case)
    ]


def _takes(item: Evidence) -> tuple[Evidence, ...]:
    """How a proof may be taken: as given at first, or, by a factor that was given again because it
    had not yet the quality, as given only then."""
    if item.factor is None or item.last_at == item.first_at:
        return (item,)
    return item, Evidence(item.proof, item.last_at, item.last_at, item.factor)


def _outcome(row: Row, used: tuple[Evidence, ...], case: Case) -> Decision:
    """What a satisfied row comes to after its modifiers."""
    policy = case.policy
    begins = max(item.first_at for item in used)
    wait = row.wait(case, begins) if row.wait is not None else 0
    swapped = _sim_swapped(used, begins, case)
    if wait == 0 and (swapped or _session_young(row, begins, case)):
        wait = policy.wait_modified_h * HOUR
    if case.ask.contested:
        # From when both sides were heard, whenever the proofs were given.
        wait = max(wait, policy.wait_contested_d * DAY)
        begins = max(begins, sign_in.approved_at(case) or begins)
    if swapped and case.carrier.sim_changed_at is not None:
        begins = max(begins, case.carrier.sim_changed_at)
    until = begins + wait
    if wait > 0 and not _silent_since(until, case):
        return Wait(row.name, until)
    for item in used:
        if item.proof is Proof.CODE_NEW and not _fresh(item, case):
            return Need(((Proof.CODE_NEW,),))
    return Apply(row.name, row.gives)


def _fresh(code: Evidence, case: Case) -> bool:
    """Whether a code was answered not more than 26 h ago (invariant 3)."""
    return case.now - code.last_at <= case.policy.code_new_fresh


def _sim_swapped(used: tuple[Evidence, ...], begins: Ms, case: Case) -> bool:
    """Whether the code to the present number is in doubt: another SIM answered for it lately, and
    not on a known device. A later swap begins a running wait again, also that of a row that waits
    by itself: else the weaker row would undo what the modifier does to the stronger."""
    if case.carrier.sim is not SimAnswer.CHANGED or _on_known_device(case):
        return False
    if not any(item.proof is Proof.CODE_CURRENT for item in used):
        return False
    swapped_at = case.carrier.sim_changed_at
    return swapped_at is None or begins - swapped_at < case.policy.sim_recent_d * DAY


def _session_young(row: Row, begins: Ms, case: Case) -> bool:
    """Whether a number would move from a session that is younger than a day, on an unknown device
    and without a second factor that counts for moving numbers (invariant 15)."""
    session = case.ask.session
    if row.kind not in _MOVES_NUMBER or session is None or _on_known_device(case):
        return False
    if begins - session.opened_at >= case.policy.session_young_h * HOUR:
        return False
    return not _given(Strength.AGED_SECOND_FACTOR, case)


def _on_known_device(case: Case) -> bool:
    return any(item.proof in PROOFS_OF[Strength.KNOWN_DEVICE] for item in case.evidence)


def _silent_since(until: Ms, case: Case) -> bool:
    """Whether the window passed without an objection: a silence noted before its end is that of
    another window."""
    return case.now >= until and any(
        item.proof is Proof.SILENCE and item.last_at >= until for item in case.evidence
    )


def _order(outcome: Decision) -> tuple[int, int]:
    """How good an outcome is: smaller is earlier or better."""
    match outcome:
        case Apply(gives=gives):
            return 0, _GIVES_RANK[gives]
        # What needs nothing but a fresh code is done as soon as that is answered; a wait that is
        # still to end would need one as well by then.
        case Need():
            return 1, 0
        case Wait(until=until):
            return 2, until
        case Refuse():
            return 3, 0


def _ways(rows: list[Row], case: Case, best: Wait | None) -> Ways:
    """The ways that would lead to something better than `best`, each as the proofs missing for it,
    in the order of the table. One that asks for more than another is named only where it leads to
    something better."""
    bar = _order(best) if best is not None else _NOTHING
    found: list[tuple[tuple[Proof, ...], tuple[int, int]]] = []
    for row in rows:
        for way in row.ways:
            for whole, new in _completions(row, way, case):
                missing = tuple(item.proof for item in new)
                if not missing or any(set(other) <= set(missing) for other, _order_of in found):
                    continue
                given = (*case.evidence, *new)
                then = Case(case.ask, given, case.account, case.carrier, case.policy, case.now)
                outcome = _outcome(row, whole, then)
                order = _order(outcome)
                if not isinstance(outcome, Need) and order < bar:
                    found = [
                        each for each in found if each[1] < order or not set(missing) < set(each[0])
                    ]
                    found.append((missing, order))
    return tuple(missing for missing, _order_of in found)


def _completions(
    row: Row, way: Way, case: Case
) -> Iterator[tuple[tuple[Evidence, ...], list[Evidence]]]:
    """The evidence that would satisfy a way, and the part of it that this account is able to give
    now. What is given comes first, so that the least is asked for."""
    options = []
    for strength in _STEPS[way]:
        given = _given(strength, case)
        possible = [(item, False) for item in given]
        possible += [(item, True) for item in _could_give(strength, given, case)]
        if not possible:
            return
        options.append(possible)
    for chosen in product(*options):
        whole = tuple(item for item, _new in chosen)
        if row.as_one or all_independent(whole, case):
            yield whole, [item for item, new in chosen if new]


def _could_give(strength: Strength, given: list[Evidence], case: Case) -> list[Evidence]:
    """Proofs of that quality that could still be given, as the evidence that they would be. An old
    code to a number can be answered anew, which makes it fresh and begins nothing again."""
    proofs, now = PROOFS_OF[strength], case.now
    if strength in ANSWERED_ANEW:
        if any(_fresh(item, case) for item in given):
            return []
        first_at = min((item.first_at for item in given), default=now)
        possible = [Evidence(proof, first_at, now) for proof in proofs]
    else:
        able = (factor for factor in case.account.factors if factor.proof in proofs)
        possible = [Evidence(factor.proof, now, now, factor) for factor in able]
    return [item for item in possible if strong_enough(strength, item, case)]


def _no_way(rows: list[Row], case: Case) -> Refuse:
    """Why nothing would lead on: a second factor that is too young, or no proof at all."""
    lock = case.account.lock
    if lock is not None and case.ask.kind is Kind.SIGN_IN:
        lifts_at = sign_in.sms_lifts_at(case.account, lock, case.policy)
        if lifts_at is None or lifts_at <= case.now or sign_in.number_doubtful(case):
            return Refuse(ACCOUNT_LOCKED)
        return Refuse(LOCK_TOO_YOUNG, lifts_at)
    if case.ask.kind is Kind.RECOVER:
        return Refuse(SUPPORT_NEEDED)
    enough_at = reauthentication.password_enough_at(case)
    if enough_at is not None:
        return Refuse(SESSION_TOO_YOUNG, enough_at)
    wanted = {strength for row in rows for way in row.ways for strength in way}
    if Strength.AGED_SECOND_FACTOR in wanted:
        second = [f for f in case.account.factors if f.proof in SECOND_FACTORS]
        until = min((f.set_at for f in second), default=0) + case.policy.aged_after_d * DAY
        if until > case.now:
            return Refuse(FACTOR_TOO_YOUNG, until)
    return Refuse(NO_WAY)
