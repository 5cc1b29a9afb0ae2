"""reauthentication: a fresh proof for one act, given in a session, before the act is done.

It is a request like any other: codes are asked for and proofs given at the same addresses. Done,
it stands for its purpose and its thing (a mailbox, a passkey) for a few minutes and once; the flow
of the act spends it (`desk/permits.py`). It ends with its session, and with any change of number.
"""

from collections.abc import Sequence

from rebind.domain import mailbox, reauthentication
from rebind.domain.acts import Act
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof
from rebind.domain.limits import CONFIRM_SESSION
from rebind.domain.refusals import EMAIL_IS_OWN, EMAIL_MALFORMED, FACTOR_UNKNOWN, Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Ask, Decision, Need, Purpose, Refuse, Wait
from rebind.domain.units import DAY, SECOND, Ms
from rebind.flows.desk import callers, opening, permits, tokens, views
from rebind.flows.desk.budgets import Tally
from rebind.flows.desk.callers import SignedIn
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.own import own_factors
from rebind.flows.desk.views import RequestView
from rebind.store import emails, factors, limits, requests
from rebind.store.statements import Write

_DONE_AT_ONCE = reauthentication.SETTING - {Purpose.EMAIL_ADD} | {Purpose.SMS_SUSPEND}
_OF_ONE_THING = frozenset(
    {
        Purpose.EMAIL_ADD,
        Purpose.EMAIL_REMOVE,
        Purpose.PASSKEY_REMOVE,
        Purpose.REQUEST_RESUME,
        Purpose.REQUEST_STOP,
    }
)


async def begin(
    desk: Desk, caller: Caller, purpose: Purpose, about: str = ""
) -> RequestView | Refused:
    """Begin for one purpose. `about` is the mailbox to be added, as typed, or the id in hex of the
    mailbox or passkey to be removed, or of the request that is meant. Whoever has signed in within
    the last minutes with enough is done at once, but for removing; and on a known device whoever
    reports a loss. Nothing is sent yet.

    Refusals: session_required, session_ended, email_malformed, email_is_own, factor_unknown,
    too_many_requests (with the time), and those of `decide` before proofs.
    """
    about = mailbox.canonical(about) if purpose is Purpose.EMAIL_ADD else about
    if purpose is Purpose.EMAIL_ADD and not mailbox.looks_right(about):
        return Refused(EMAIL_MALFORMED)
    if bool(about) != (purpose in _OF_ONE_THING):
        return Refused(FACTOR_UNKNOWN)
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, session_query = asked
    now = desk.clock.now()
    since = now - desk.policy.notice_removed_d * DAY
    own_key = tokens.device(desk.seal, caller.device) or token.session_id
    spenders = {token.session_id, own_key}
    found, mails, beside, counters = await desk.engine.read(
        session_query,
        emails.of_account(token.account_id, since),
        factors.of_account(token.account_id),
        limits.rows([(CONFIRM_SESSION.name, key, 0) for key in sorted(spenders)]),
    )
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    key = permits.key_of(desk, about)
    live = [mail for mail in emails.rows(mails) if mail.removed_at is None]
    if purpose is Purpose.EMAIL_ADD and any(mail.address_key == key for mail in live):
        return Refused(EMAIL_IS_OWN)
    own = own_factors(mails, beside)
    known = callers.on_known_device(desk, caller, who, now)
    given = _given_lately(desk, who, own, purpose, now)
    decision = _decide(desk, who, own, purpose, given, known, now)
    if isinstance(decision, Refuse):
        return Refused(decision.refusal, decision.until)
    # Whoever has copied the session elsewhere does not spend it for its holder's own device.
    counted, tally = limits.counted(counters), Tally(desk, now)
    tally.add(CONFIRM_SESSION, (own_key if known else token.session_id,))
    spent = tally.refused(counted)
    if spent is not None:
        return spent
    return await _keep(
        desk,
        caller,
        who,
        purpose,
        About(about, key, "", None, purpose),
        given,
        decision,
        known,
        tally.writes(counted),
        now,
    )


def _decide(
    desk: Desk,
    who: SignedIn,
    own: tuple[Factor, ...],
    purpose: Purpose,
    given: tuple[Evidence, ...],
    known: bool,
    now: Ms,
) -> Decision:
    """What is needed, or whether what was given lately is enough."""
    context = (Evidence(Proof.KNOWN_DEVICE, now, now),) if known else ()
    ask = Ask(Kind.REAUTHENTICATE, session=who.facts, purpose=purpose)
    account = who.account(own)
    decision = decide(ask, (*given, *context), account, CarrierFacts(), desk.policy, now)
    if isinstance(decision, Apply):
        return decision
    return decide(ask, context, account, CarrierFacts(), desk.policy, now)


async def _keep(
    desk: Desk,
    caller: Caller,
    who: SignedIn,
    purpose: Purpose,
    about: About,
    given: tuple[Evidence, ...],
    decision: Apply | Wait | Need,
    known: bool,
    counting: list[Write],
    now: Ms,
) -> RequestView | Refused:
    row, request_id = who.row, desk.dice.id(now)
    lives = reauthentication.lives_for(purpose, desk.policy)
    device_id = row.device_id if known else None
    subject = Subject(row.account_id, row.number_version, row.id, device_id, who.token.token_hash)
    request = opening.begin(desk, Kind.REAUTHENTICATE, request_id, subject, about, now, lives)
    begun = line(caller, Act.REQUEST_BEGUN, row.account_id, request_id, purpose)
    refused = await desk.keep_or_refuse([*counting, request], [begun], now)
    needs, state = () if isinstance(decision, Apply) else decision.ways, State.OPEN
    if refused is None and isinstance(decision, Apply):
        state = State.DONE
        ending = [requests.end(request_id, 1, state, decision.row, now)]
        if given:
            ending.append(requests.add_evidence(request_id, given))
        done = line(caller, Act.PROOF_ACCEPTED, row.account_id, request_id, decision.row)
        refused = await desk.keep_or_refuse(ending, [done], now)
    return refused or RequestView(
        request_id,
        Kind.REAUTHENTICATE,
        state,
        needs,
        now + lives,
        number=views.shown(about.address),
        purpose=purpose,
        about=about.address,
        passkey=views.passkey(desk, request_id, needs),
    )


def _given_lately(
    desk: Desk, who: SignedIn, own: Sequence[Factor], purpose: Purpose, now: Ms
) -> tuple[Evidence, ...]:
    """What this session was opened with a moment ago counts for setting something, and for a report
    of loss: whoever has just signed in, or enrolled, is not asked for the same again."""
    opened_at = who.row.opened_at
    if purpose not in _DONE_AT_ONCE:
        return ()
    moved_at = who.row.number_changed_at
    if now - opened_at > desk.policy.reauthentication_ttl_s * SECOND:
        return ()
    if moved_at is not None and moved_at >= opened_at:
        # A code to a number that is the account's no more.
        return ()
    given = []
    for proof in sorted(who.proofs - {Proof.KNOWN_DEVICE}):
        behind = [factor for factor in own if factor.proof is proof and factor.set_at <= opened_at]
        if behind or proof is Proof.CODE_CURRENT:
            factor = max(behind, key=lambda each: each.set_at, default=None)
            given.append(Evidence(proof, opened_at, opened_at, factor))
    return tuple(given)


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Rows A1 to A4: nothing is done yet; the act may follow."""
    return Finished([], [])


JOURNEY = Journey(finish)
