"""Each row of the evidence rule, each modifier and each border, as a story.

Anna has only her phone. Boris has a password and an e-mail. Vera has a passkey. The thief has
whatever the story says.
"""

from typing import Literal

import msgspec
import pytest

from rebind.domain.decision import ROWS, decide
from rebind.domain.evidence import (
    CarrierFacts,
    DeviceFacts,
    Evidence,
    Proof,
    SimAnswer,
    SubscriberAnswer,
    aged,
    independent,
    known,
    stale,
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
    SUPPORT_NEEDED,
)
from rebind.domain.request import REPLACING, Kind
from rebind.domain.rows import (
    AccountFacts,
    AccountState,
    Apply,
    Ask,
    Gives,
    Level,
    LockFacts,
    Need,
    NumberStanding,
    Refuse,
    SessionFacts,
    Strength,
    Wait,
)
from rebind.domain.sign_in import sms_lifts_at
from rebind.domain.undo import ON_APPROVAL, ON_SECOND_FACTOR, facts_of
from rebind.domain.units import DAY, HOUR, Ms
from tests.domain.told import (
    APPROVAL,
    BEGUN,
    BY_DESK,
    CHANGE,
    CODE_CONTACT,
    CODE_CURRENT,
    CODE_EMAIL,
    CODE_NEW,
    DEFAULT,
    ENROL,
    KNOWN_DEVICE,
    LETTER,
    LETTER_WITH_NUMBER,
    LOST,
    NOON,
    OTHER_DEVICE,
    PASSKEY,
    PASSWORD,
    RECOVER,
    RECOVERY_CODE,
    SIGN_IN,
    SILENCE,
    TOTP,
    account,
    decided,
    factor,
    given,
    locked,
    needs,
    refusal,
    row_of,
    undo,
    waits,
)

ANNA = account()
BORIS = account(factor(PASSWORD), factor(CODE_EMAIL))
VERA = account(factor(PASSKEY), factor(CODE_EMAIL), factor(PASSWORD))
NEWCOMER = AccountFacts(enrolled_at=NOON, region="RU", confirmed_at=NOON)
RETURNING = Ask(Kind.CHANGE, NumberStanding.PREVIOUS, CHANGE.session)
YOUNG = Ask(Kind.CHANGE, NumberStanding.FREE, SessionFacts(Level.FULL, NOON - HOUR))


def swapped(at: Ms | None) -> CarrierFacts:
    return CarrierFacts(SimAnswer.CHANGED, at)


def subscriber(answer: SubscriberAnswer) -> CarrierFacts:
    return CarrierFacts(subscriber=answer)


# enrol


def test_e1_a_free_number_becomes_an_account() -> None:
    assert needs(decided(ENROL, NEWCOMER)) == ((CODE_NEW,),)
    assert decided(ENROL, NEWCOMER, CODE_NEW) == Apply("E1", Gives.FULL)


def test_e2_taken_is_told_only_to_who_answered_a_code_there() -> None:
    taken = Ask(Kind.ENROL, NumberStanding.TAKEN)
    assert decided(taken, NEWCOMER) == decided(ENROL, NEWCOMER)
    assert refusal(decided(taken, NEWCOMER, CODE_NEW)) is NUMBER_TAKEN


@pytest.mark.parametrize(
    "standing", [NumberStanding.OWN, NumberStanding.PREVIOUS, NumberStanding.NONE]
)
def test_e1_opens_no_number_that_is_not_free(standing: NumberStanding) -> None:
    assert refusal(decided(Ask(Kind.ENROL, standing), NEWCOMER, CODE_NEW)) is NO_WAY


# sign_in


def test_i1_a_code_on_a_known_device() -> None:
    assert decided(SIGN_IN, ANNA, CODE_CURRENT, KNOWN_DEVICE) == Apply("I1", Gives.FULL)
    assert decided(SIGN_IN, BORIS, CODE_CURRENT, OTHER_DEVICE) == Apply("I1", Gives.FULL)


def test_i2_an_unknown_device_is_asked_for_another_proof() -> None:
    assert needs(decided(SIGN_IN, BORIS, CODE_CURRENT)) == ((PASSWORD,), (CODE_EMAIL,))
    for second in (CODE_EMAIL, PASSWORD):
        assert decided(SIGN_IN, BORIS, CODE_CURRENT, second) == Apply("I2", Gives.FULL)


def test_i2_asks_for_the_second_factor_where_there_is_one() -> None:
    oleg = account(factor(TOTP), factor(CODE_EMAIL), factor(RECOVERY_CODE))
    assert set(needs(decided(SIGN_IN, oleg, CODE_CURRENT))) == {(TOTP,), (RECOVERY_CODE,)}
    assert needs(decided(SIGN_IN, oleg, CODE_CURRENT, CODE_EMAIL, KNOWN_DEVICE))
    assert row_of(decided(SIGN_IN, oleg, CODE_CURRENT, TOTP)) == "I2"
    assert row_of(decided(SIGN_IN, oleg, CODE_CURRENT, RECOVERY_CODE)) == "I2"


def test_i3_sms_alone_opens_a_phone_only_account_for_a_fresh_session() -> None:
    assert decided(SIGN_IN, ANNA, CODE_CURRENT) == Apply("I3", Gives.FRESH)


@pytest.mark.parametrize(("region", "days"), [("RU", 60), ("KZ", 45), ("US", 45), ("", 45)])
def test_i4_a_stale_number_gets_probation(region: str, days: int) -> None:
    fresh = account(confirmed_at=NOON - days * DAY, region=region)
    late = account(confirmed_at=NOON - days * DAY - 1, region=region)
    assert decided(SIGN_IN, fresh, CODE_CURRENT) == Apply("I3", Gives.FRESH)
    assert decided(SIGN_IN, late, CODE_CURRENT) == Apply("I4", Gives.PROBATION)
    assert row_of(decided(SIGN_IN, late, CODE_CURRENT, KNOWN_DEVICE)) == "I1"


def test_the_operators_word_on_the_subscriber_beats_the_calendar() -> None:
    late = account(confirmed_at=NOON - 100 * DAY)
    same, recycled = subscriber(SubscriberAnswer.SAME), subscriber(SubscriberAnswer.RECYCLED)
    assert row_of(decided(SIGN_IN, late, CODE_CURRENT, carrier=same)) == "I3"
    assert row_of(decided(SIGN_IN, late, CODE_CURRENT)) == "I4"
    assert row_of(decided(SIGN_IN, ANNA, CODE_CURRENT, carrier=recycled)) == "I4"
    assert row_of(decided(SIGN_IN, late, CODE_CURRENT, carrier=recycled)) == "I4"


def test_i5_a_passkey_or_a_password_with_what_is_set_beside_it() -> None:
    oleg = account(factor(TOTP), factor(PASSWORD), factor(RECOVERY_CODE))
    assert decided(SIGN_IN, VERA, PASSKEY) == Apply("I5", Gives.FULL)
    assert decided(SIGN_IN, BORIS, PASSWORD) == Apply("I5", Gives.FULL)
    assert isinstance(decided(SIGN_IN, oleg, PASSWORD), Need)
    assert row_of(decided(SIGN_IN, oleg, PASSWORD, TOTP)) == "I5"
    assert row_of(decided(SIGN_IN, oleg, PASSWORD, RECOVERY_CODE)) == "I5"


def test_codes_by_email_alone_never_sign_in() -> None:
    assert isinstance(decided(SIGN_IN, BORIS, CODE_EMAIL, KNOWN_DEVICE), Need)


def test_a_mail_address_that_cannot_help_does_not_lock_its_owner_out() -> None:
    """Two addresses: one set on the strength of an SMS last week, one old. The old one counts."""
    weak = factor(CODE_EMAIL, NOON - 8 * DAY, CODE_CURRENT)
    galya = account(weak, factor(CODE_EMAIL))
    assert needs(decided(SIGN_IN, galya, CODE_CURRENT)) == ((CODE_EMAIL,),)
    strong = Evidence(CODE_EMAIL, NOON, NOON, galya.factors[1])
    assert row_of(decided(SIGN_IN, galya, CODE_CURRENT, strong)) == "I2"
    assert isinstance(decided(SIGN_IN, galya, CODE_CURRENT, CODE_EMAIL), Need)


# change


def test_c1_a_second_factor_and_the_new_number() -> None:
    assert needs(decided(CHANGE, VERA)) == ((PASSKEY, CODE_NEW),)
    assert decided(CHANGE, VERA, PASSKEY, CODE_NEW) == Apply("C1", Gives.THE_ACT)


def test_with_a_second_factor_nothing_else_changes_the_number() -> None:
    everything = (CODE_CURRENT, CODE_NEW, CODE_EMAIL, PASSWORD, KNOWN_DEVICE, OTHER_DEVICE, SILENCE)
    assert needs(decided(CHANGE, VERA, *everything)) == ((PASSKEY,),)


def test_c2_both_numbers_and_a_known_device_or_an_aged_password() -> None:
    for other in (KNOWN_DEVICE, OTHER_DEVICE, PASSWORD):
        assert row_of(decided(CHANGE, BORIS, CODE_CURRENT, CODE_NEW, other)) == "C2"


def test_c3_both_numbers_alone_wait_three_days() -> None:
    assert waits(decided(CHANGE, ANNA, CODE_CURRENT, CODE_NEW)) == ("C3", 72 * HOUR)


def test_c4_without_the_old_number_the_mail_waits_a_day() -> None:
    for other in (KNOWN_DEVICE, PASSWORD):
        found = decided(CHANGE, BORIS, other, CODE_EMAIL, CODE_NEW)
        assert waits(found) == ("C4", 24 * HOUR)
        assert isinstance(found, Wait)
        assert (CODE_CURRENT,) in found.ways


def test_c5_a_known_device_alone_waits_two_weeks() -> None:
    found = decided(CHANGE, ANNA, KNOWN_DEVICE, CODE_NEW)
    assert waits(found) == ("C5", 14 * DAY)
    assert isinstance(found, Wait)
    assert found.ways == ((CODE_CURRENT,),)


def test_no_change_without_the_new_number() -> None:
    everything = tuple(proof for proof in Proof if proof is not CODE_NEW)
    for who in (ANNA, BORIS, VERA):
        for way in needs(decided(CHANGE, who, *everything)):
            assert CODE_NEW in way


def test_ways_of_a_wait_lead_to_something_earlier() -> None:
    """Seventy hours into three days, a way that takes a day from now is none. The password was set
    by SMS lately, so that it does not count beside one."""
    word = factor(PASSWORD, NOON - 20 * DAY, CODE_CURRENT)
    dima = account(word, factor(CODE_EMAIL))
    at_first = decided(CHANGE, dima, CODE_CURRENT, CODE_NEW)
    late = decided(CHANGE, dima, CODE_CURRENT, CODE_NEW, at=NOON - 70 * HOUR)
    assert isinstance(at_first, Wait)
    assert isinstance(late, Wait)
    assert at_first.ways == ((PASSWORD, CODE_EMAIL),)
    assert late.ways == ()


# what no proof mends


@pytest.mark.parametrize("kind", [Kind.CLAIM, Kind.HANDOVER, Kind.CLOSE])
def test_journeys_without_rows_are_not_offered(kind: Kind) -> None:
    assert refusal(decided(Ask(kind), BORIS, *Proof)) is JOURNEY_NOT_OFFERED


def test_a_change_needs_a_full_session() -> None:
    nobody = Ask(Kind.CHANGE, NumberStanding.FREE)
    doubtful = Ask(Kind.CHANGE, NumberStanding.FREE, SessionFacts(Level.PROBATION, NOON - DAY))
    assert refusal(decided(nobody, BORIS, *Proof)) is SESSION_REQUIRED
    assert refusal(decided(doubtful, BORIS, *Proof)) is SESSION_ON_PROBATION


def test_a_change_needs_another_number() -> None:
    for standing, code in ((NumberStanding.OWN, NUMBER_IS_OWN), (NumberStanding.NONE, NO_WAY)):
        ask = Ask(Kind.CHANGE, standing, CHANGE.session)
        assert refusal(decided(ask, BORIS, CODE_CURRENT, CODE_NEW, KNOWN_DEVICE)) is code


def test_a_change_to_a_taken_number_is_told_like_e2() -> None:
    taken = Ask(Kind.CHANGE, NumberStanding.TAKEN, CHANGE.session)
    assert decided(taken, BORIS, CODE_CURRENT) == decided(CHANGE, BORIS, CODE_CURRENT)
    assert refusal(decided(taken, BORIS, CODE_NEW)) is NUMBER_TAKEN


@pytest.mark.parametrize("kind", [Kind.SIGN_IN, Kind.CHANGE])
@pytest.mark.parametrize("state", [AccountState.LOCKED, AccountState.CLOSED])
def test_locked_and_closed_accounts_do_nothing(kind: Kind, state: AccountState) -> None:
    who = AccountFacts(NOON - 365 * DAY, "RU", NOON - DAY, state, factors=BORIS.factors)
    ask = Ask(kind, NumberStanding.FREE, CHANGE.session)
    assert refusal(decided(ask, who, *Proof)) is ACCOUNT_LOCKED


# modifiers


def test_a_swapped_sim_makes_now_three_days() -> None:
    carrier = swapped(NOON - 2 * DAY)
    assert waits(decided(SIGN_IN, ANNA, CODE_CURRENT, carrier=carrier)) == ("I3", 72 * HOUR)
    found = decided(CHANGE, BORIS, CODE_CURRENT, PASSWORD, CODE_NEW, carrier=carrier)
    assert waits(found) == ("C2", 72 * HOUR)


def test_on_a_known_device_a_swapped_sim_still_counts() -> None:
    carrier = swapped(NOON - HOUR)
    assert row_of(decided(SIGN_IN, ANNA, CODE_CURRENT, KNOWN_DEVICE, carrier=carrier)) == "I1"
    found = decided(CHANGE, BORIS, CODE_CURRENT, OTHER_DEVICE, CODE_NEW, carrier=carrier)
    assert row_of(found) == "C2"


def test_a_swapped_sim_is_forgotten_after_exactly_seven_days() -> None:
    old, recent = swapped(NOON - 7 * DAY), swapped(NOON - 7 * DAY + 1)
    assert row_of(decided(SIGN_IN, ANNA, CODE_CURRENT, carrier=old)) == "I3"
    assert isinstance(decided(SIGN_IN, ANNA, CODE_CURRENT, carrier=recent), Wait)


def test_a_proof_given_after_a_swap_stays_in_doubt_while_its_window_runs() -> None:
    found = decided(
        SIGN_IN, ANNA, CODE_CURRENT, carrier=swapped(NOON - 6 * DAY), now=NOON + 2 * DAY
    )
    assert waits(found) == ("I3", 72 * HOUR)


def test_a_swap_of_unknown_date_counts_as_recent() -> None:
    found = decided(SIGN_IN, ANNA, CODE_CURRENT, carrier=swapped(None))
    assert waits(found) == ("I3", 72 * HOUR)


def test_another_swap_begins_the_wait_again() -> None:
    """Also that of C3: the thief who swaps again must not ride on the row that waits anyway."""
    again = swapped(NOON + 30 * HOUR)
    for proofs in ((CODE_CURRENT, CODE_NEW), (CODE_CURRENT, PASSWORD, CODE_NEW)):
        found = decided(CHANGE, BORIS, *proofs, carrier=again, now=NOON + 31 * HOUR)
        assert waits(found)[1] == (30 + 72) * HOUR


def test_rows_without_a_code_to_the_number_do_not_mind_the_sim() -> None:
    carrier = swapped(NOON - HOUR)
    assert row_of(decided(SIGN_IN, BORIS, PASSWORD, CODE_CURRENT, carrier=carrier)) == "I5"
    assert row_of(decided(CHANGE, VERA, PASSKEY, CODE_NEW, carrier=carrier)) == "C1"


def test_a_young_session_on_an_unknown_device_waits() -> None:
    assert waits(decided(YOUNG, BORIS, CODE_CURRENT, PASSWORD, CODE_NEW)) == ("C2", 72 * HOUR)
    assert row_of(decided(YOUNG, BORIS, CODE_CURRENT, KNOWN_DEVICE, CODE_NEW)) == "C2"
    assert row_of(decided(YOUNG, VERA, PASSKEY, CODE_NEW)) == "C1"


def test_a_session_of_a_day_is_young_no_more() -> None:
    for age, waiting in ((24 * HOUR, False), (24 * HOUR - 1, True)):
        ask = Ask(Kind.CHANGE, NumberStanding.FREE, SessionFacts(Level.FULL, NOON - age))
        found = decided(ask, BORIS, CODE_CURRENT, PASSWORD, CODE_NEW)
        assert isinstance(found, Wait) is waiting


def test_a_recovery_code_made_in_the_young_session_does_not_age_it() -> None:
    lena = account(factor(PASSWORD), factor(RECOVERY_CODE, NOON - HOUR))
    found = decided(YOUNG, lena, CODE_CURRENT, PASSWORD, CODE_NEW, RECOVERY_CODE)
    assert waits(found) == ("C2", 72 * HOUR)


def test_twelve_hours_lie_between_two_changes() -> None:
    just = account(*BORIS.factors, number_changed_at=NOON - 12 * HOUR + 1)
    found = decided(CHANGE, just, CODE_CURRENT, KNOWN_DEVICE, CODE_NEW)
    assert found == Refuse(CHANGED_RECENTLY, NOON + 1)
    rested = account(*BORIS.factors, number_changed_at=NOON - 12 * HOUR)
    assert row_of(decided(CHANGE, rested, CODE_CURRENT, KNOWN_DEVICE, CODE_NEW)) == "C2"


def test_the_way_back_to_the_previous_number_is_always_open() -> None:
    just = account(*BORIS.factors, number_changed_at=NOON - 1)
    assert row_of(decided(RETURNING, just, CODE_CURRENT, KNOWN_DEVICE, CODE_NEW)) == "C2"


# waiting


def test_a_wait_ends_with_silence_and_a_fresh_code() -> None:
    end = NOON + 24 * HOUR
    codes = given(PASSWORD, CODE_EMAIL, CODE_NEW, of=BORIS)
    silence = Evidence(SILENCE, end, end)

    def at(now: Ms, *more: Evidence) -> object:
        return decide(CHANGE, (*codes, *more), BORIS, CarrierFacts(), DEFAULT, now)

    assert isinstance(at(end - 1, silence), Wait)
    assert isinstance(at(end), Wait), "time alone is not silence: notices must have gone out"
    assert at(end, silence) == Apply("C4", Gives.THE_ACT)
    assert at(NOON + 26 * HOUR, silence) == Apply("C4", Gives.THE_ACT)
    assert at(NOON + 26 * HOUR + 1, silence) == Need(((CODE_NEW,),))
    answered = Evidence(CODE_NEW, NOON, NOON + 5 * DAY)
    later = (*codes[:2], answered, silence)
    assert decide(CHANGE, later, BORIS, CarrierFacts(), DEFAULT, NOON + 5 * DAY) == Apply(
        "C4", Gives.THE_ACT
    )


def test_a_fresh_code_is_asked_for_also_where_a_weaker_row_still_waits() -> None:
    """C4 is over and needs a fresh code; C5 would wait two weeks, and need one as well by then."""
    end = NOON + 24 * HOUR
    found = decided(
        CHANGE,
        BORIS,
        KNOWN_DEVICE,
        CODE_EMAIL,
        CODE_NEW,
        Evidence(SILENCE, end, end),
        now=NOON + 27 * HOUR,
    )
    assert found == Need(((CODE_NEW,),))


def test_a_mailbox_that_ages_while_a_change_waits_makes_nothing_earlier() -> None:
    """Everybody was told of two weeks. The mailbox is a week old tomorrow; that it was young when
    it answered stays so. Answered again, it counts from then."""
    kolya = account(factor(CODE_EMAIL, NOON - 6 * DAY))
    proofs = (KNOWN_DEVICE, CODE_EMAIL, CODE_NEW)
    for later in (0, DAY - 1, DAY, 2 * DAY, 13 * DAY):
        found = decided(CHANGE, kolya, *proofs, now=NOON + later)
        assert waits(found) == ("C5", 14 * DAY)
    again = Evidence(CODE_EMAIL, NOON, NOON + 2 * DAY, kolya.factors[0])
    found = decided(CHANGE, kolya, KNOWN_DEVICE, again, CODE_NEW, now=NOON + 3 * DAY)
    assert waits(found) == ("C4", 3 * DAY)


def test_a_password_of_the_mailbox_becomes_no_second_proof_by_waiting() -> None:
    """Reset by e-mail 29 days ago: the two are one proof, tomorrow still."""
    lida = account(factor(PASSWORD, NOON - 29 * DAY, CODE_EMAIL), factor(CODE_EMAIL))
    proofs = (PASSWORD, CODE_EMAIL, CODE_NEW)
    assert needs(decided(CHANGE, lida, *proofs)) == ((CODE_CURRENT,),)
    later = decided(CHANGE, lida, *proofs, now=NOON + 2 * DAY)
    assert (PASSWORD,) in needs(later), "given again, it counts as given then"


def test_silence_of_an_earlier_window_is_none_of_the_later() -> None:
    """The SIM was swapped again near the end: the silence until then says nothing."""
    early = Evidence(SILENCE, NOON + 72 * HOUR, NOON + 72 * HOUR)
    fresh = Evidence(CODE_NEW, NOON, NOON + 140 * HOUR)
    carrier = swapped(NOON + 70 * HOUR)
    found = decided(
        CHANGE, BORIS, CODE_CURRENT, fresh, early, carrier=carrier, now=NOON + 143 * HOUR
    )
    assert waits(found) == ("C3", 142 * HOUR)


def test_a_stale_code_of_the_new_number_is_asked_for_with_the_rest() -> None:
    """`needs` does not send Vera for her passkey and then come back for the code."""
    found = decided(CHANGE, VERA, CODE_NEW, at=NOON - 27 * HOUR)
    assert needs(found) == ((PASSKEY, CODE_NEW),)
    fresh = decided(CHANGE, VERA, CODE_NEW, at=NOON - 26 * HOUR)
    assert needs(fresh) == ((PASSKEY,),)


def test_enrolment_with_an_old_code_asks_again() -> None:
    assert needs(decided(ENROL, NEWCOMER, CODE_NEW, at=NOON - 26 * HOUR - 1)) == ((CODE_NEW,),)


# factors: aged, independent, known


def test_a_young_second_factor_closes_the_door_until_it_has_aged() -> None:
    igor = account(factor(TOTP, NOON - DAY), factor(PASSWORD))
    found = decided(CHANGE, igor, TOTP, CODE_CURRENT, CODE_NEW, KNOWN_DEVICE)
    assert found == Refuse(FACTOR_TOO_YOUNG, NOON + 6 * DAY)
    later = account(factor(TOTP, NOON - 7 * DAY))
    assert row_of(decided(CHANGE, later, TOTP, CODE_NEW)) == "C1"


def test_a_switched_off_row_is_not_a_matter_of_time() -> None:
    igor = account(factor(TOTP, NOON - DAY))
    without_c1 = Policy(rows_off=frozenset({"C1"}))
    assert refusal(decided(CHANGE, igor, TOTP, CODE_NEW, policy=without_c1)) is NO_WAY


def test_a_young_passkey_does_not_hide_an_aged_one() -> None:
    old, young = factor(PASSKEY), factor(PASSKEY, NOON - DAY)
    both = account(young, old)
    strong, weak = (Evidence(PASSKEY, NOON, NOON, behind) for behind in (old, young))
    for proofs in ((strong, weak), (weak, strong), (strong,)):
        assert row_of(decided(CHANGE, both, *proofs, CODE_NEW)) == "C1"
    assert needs(decided(CHANGE, both, weak, CODE_NEW)) == ((PASSKEY,),)


def test_a_password_reset_by_mail_last_week_and_the_mail_are_one_proof() -> None:
    word = factor(PASSWORD, NOON - 8 * DAY, CODE_EMAIL)
    nina = account(word, factor(CODE_EMAIL))
    found = decided(CHANGE, nina, PASSWORD, CODE_EMAIL, CODE_NEW)
    assert isinstance(found, Need)
    assert all(CODE_CURRENT in way for way in found.ways), "the mail must not be offered beside it"
    half = decided(CHANGE, nina, PASSWORD, CODE_NEW)
    assert isinstance(half, Need)
    assert (CODE_EMAIL,) not in half.ways, "`needs` would lie"
    month = account(factor(PASSWORD, NOON - 30 * DAY, CODE_EMAIL), factor(CODE_EMAIL))
    assert waits(decided(CHANGE, month, PASSWORD, CODE_EMAIL, CODE_NEW))[0] == "C4"


def test_a_mail_set_by_sms_last_week_and_an_sms_are_one_proof() -> None:
    """The account counts as phone-only: else whoever once held the SIM could lock it for good."""
    pavel = account(factor(CODE_EMAIL, NOON - 8 * DAY, CODE_CURRENT))
    assert decided(SIGN_IN, pavel, CODE_CURRENT, CODE_EMAIL) == Apply("I3", Gives.FRESH)
    month = account(factor(CODE_EMAIL, NOON - 30 * DAY, CODE_CURRENT))
    assert row_of(decided(SIGN_IN, month, CODE_CURRENT, CODE_EMAIL)) == "I2"
    assert needs(decided(SIGN_IN, month, CODE_CURRENT)) == ((CODE_EMAIL,),)


def test_a_password_set_by_sms_last_week_does_not_make_c2() -> None:
    word = factor(PASSWORD, NOON - 8 * DAY, CODE_CURRENT)
    found = decided(CHANGE, account(word), CODE_CURRENT, PASSWORD, CODE_NEW)
    assert waits(found)[0] == "C3"


def test_a_proof_without_the_factor_behind_it_does_not_count() -> None:
    """Nobody could say how old it is or who set it."""
    for proof in (PASSWORD, CODE_EMAIL, TOTP, PASSKEY, RECOVERY_CODE):
        bare = Evidence(proof, NOON, NOON)
        assert isinstance(decided(SIGN_IN, VERA, CODE_CURRENT, bare), Need)
        assert isinstance(decided(CHANGE, VERA, CODE_NEW, bare), Need)


@pytest.mark.parametrize(
    ("set_after", "age", "counts"),
    [
        (24 * HOUR, 0, True),
        (24 * HOUR + 1, 0, False),
        (24 * HOUR + 1, 7 * DAY - 1, False),
        (24 * HOUR + 1, 7 * DAY, True),
        (-HOUR, 0, True),
    ],
)
def test_aged_at_its_borders(set_after: Ms, age: Ms, counts: bool) -> None:
    enrolled = NOON - 100 * DAY
    word = factor(PASSWORD, enrolled + set_after)
    assert aged(word, enrolled, DEFAULT, word.set_at + age) is counts


@pytest.mark.parametrize(
    ("device", "counts"),
    [
        (None, False),
        (DeviceFacts(None, enrolled=False, reported=False), False),
        (DeviceFacts(NOON - 7 * DAY + 1, enrolled=False, reported=False), False),
        (DeviceFacts(NOON - 7 * DAY, enrolled=False, reported=False), True),
        (DeviceFacts(NOON - 90 * DAY, enrolled=False, reported=True), False),
        (DeviceFacts(NOON, enrolled=True, reported=False), True),
        (DeviceFacts(NOON, enrolled=True, reported=True), False),
    ],
)
def test_known_at_its_borders(device: DeviceFacts | None, counts: bool) -> None:
    assert known(device, DEFAULT, NOON) is counts


def test_independent_and_stale_at_their_borders() -> None:
    word = factor(PASSWORD, NOON - 30 * DAY, CODE_EMAIL)
    assert independent(word, CODE_EMAIL, DEFAULT, NOON)
    assert not independent(word, CODE_EMAIL, DEFAULT, NOON - 1)
    assert independent(word, CODE_CURRENT, DEFAULT, NOON - 1)
    assert not stale(NOON - 60 * DAY, "RU", DEFAULT, NOON)
    assert stale(NOON - 60 * DAY - 1, "RU", DEFAULT, NOON)


# recover


OLEG = account(factor(TOTP), factor(CODE_EMAIL), factor(PASSWORD), factor(RECOVERY_CODE))
LONG_GONE = NOON - 100 * DAY
"""When the number was confirmed of an account at which nobody has been for months."""


def test_r1_a_mailbox_and_the_second_factor_wait_a_day() -> None:
    for second in (TOTP, RECOVERY_CODE):
        found = decided(RECOVER, OLEG, CODE_EMAIL, second, CODE_NEW)
        assert found == Wait("R1", NOON + 24 * HOUR)
    assert set(needs(decided(RECOVER, OLEG, CODE_EMAIL))) == {
        (TOTP, CODE_NEW),
        (RECOVERY_CODE, CODE_NEW),
    }


def test_r2_a_mailbox_alone_waits_three_days() -> None:
    assert decided(RECOVER, BORIS, CODE_EMAIL, CODE_NEW) == Wait("R2", NOON + 72 * HOUR)
    assert needs(decided(RECOVER, BORIS)) == ((CODE_EMAIL, CODE_NEW),)
    printed = account(factor(CODE_EMAIL), factor(RECOVERY_CODE))
    assert waits(decided(RECOVER, printed, CODE_EMAIL, CODE_NEW))[0] == "R2"


@pytest.mark.parametrize("what", ["mailbox", "second factor", "independence"])
def test_r1_asks_what_is_aged_and_independent_on_both_sides(what: str) -> None:
    """Border by border: a week, and thirty days."""
    days, by = (30, (CODE_EMAIL,)) if what == "independence" else (7, ())
    proof = CODE_EMAIL if what == "mailbox" else TOTP
    for age, counts in ((days * DAY, True), (days * DAY - 1, False)):
        set_now = factor(proof, NOON - age, *by)
        who = account(set_now, factor(TOTP if what == "mailbox" else CODE_EMAIL))
        found = decided(RECOVER, who, CODE_EMAIL, TOTP, CODE_NEW)
        assert isinstance(found, Wait) is counts
        if not counts:
            assert refusal(found) is SUPPORT_NEEDED


def test_r1_a_mailbox_and_an_app_that_one_password_has_set_are_one_proof() -> None:
    for age, counts in ((30 * DAY, True), (30 * DAY - 1, False)):
        who = account(*(factor(proof, NOON - age, PASSWORD) for proof in (CODE_EMAIL, TOTP)))
        found = decided(RECOVER, who, CODE_EMAIL, TOTP, CODE_NEW)
        assert isinstance(found, Wait) is counts


def test_r1_takes_another_second_factor_where_one_rests_on_the_mailbox() -> None:
    weak = factor(TOTP, NOON - 8 * DAY, CODE_EMAIL)
    who = account(weak, factor(PASSKEY), factor(CODE_EMAIL))
    assert needs(decided(RECOVER, who, CODE_EMAIL, TOTP, CODE_NEW)) == ((PASSKEY,),)
    assert waits(decided(RECOVER, who, CODE_EMAIL, TOTP, PASSKEY, CODE_NEW))[0] == "R1"


def test_r3_whatever_is_less_is_for_support() -> None:
    """No mailbox, a young one, a second factor that is not at hand: the same words for all."""
    young = account(factor(CODE_EMAIL, NOON - 7 * DAY + 1), factor(PASSWORD))
    rest = (CODE_CURRENT, CODE_NEW, PASSWORD, KNOWN_DEVICE, OTHER_DEVICE, APPROVAL, SILENCE)
    for who in (ANNA, young, account(factor(PASSKEY), factor(PASSWORD))):
        for ask in (LOST, RECOVER):
            assert refusal(decided(ask, who)) is SUPPORT_NEEDED
            assert refusal(decided(ask, who, *rest, CODE_EMAIL)) is SUPPORT_NEEDED
    without = (*rest, CODE_EMAIL)
    assert set(needs(decided(RECOVER, OLEG, *without))) == {(TOTP,), (RECOVERY_CODE,)}
    assert needs(decided(RECOVER, BORIS, *rest)) == ((CODE_EMAIL,),)


def test_a_mailbox_that_ages_in_the_open_hour_was_young() -> None:
    """The thief has added it a week ago but for half an hour. Whatever else he does in this hour,
    the code was answered too early; answered again, it counts from then."""
    who = account(factor(CODE_EMAIL, NOON - 7 * DAY + HOUR // 2))
    mail = Evidence(CODE_EMAIL, NOON, NOON, who.factors[0])
    code = Evidence(CODE_NEW, NOON + HOUR - 1, NOON + HOUR - 1)
    late = decided(RECOVER, who, mail, code, now=NOON + HOUR - 1)
    assert late == Need(((CODE_EMAIL,),))
    again = Evidence(CODE_EMAIL, NOON, NOON + HOUR, who.factors[0])
    assert waits(decided(RECOVER, who, again, code, now=NOON + HOUR)) == ("R2", 73 * HOUR)


def test_two_proofs_that_were_one_when_given_stay_one_for_the_open_hour() -> None:
    """Reset by the mailbox thirty days ago but for half an hour: the code to the new number comes
    when the thirty days are over, and makes nothing of it."""
    who = account(factor(TOTP, NOON - 30 * DAY + HOUR // 2, CODE_EMAIL), factor(CODE_EMAIL))
    both = given(TOTP, CODE_EMAIL, of=who)
    late = NOON + HOUR
    found = decided(RECOVER, who, *both, Evidence(CODE_NEW, late, late), now=late)
    assert set(needs(found)) == {(TOTP,), (CODE_EMAIL,)}, "one of the two, given anew"


@pytest.mark.parametrize("proof", [CODE_EMAIL, TOTP])
def test_what_the_lost_number_has_set_lately_is_its_finders(proof: Proof) -> None:
    """Zoya has only her phone, and loses it. Who finds it signs in, adds a mailbox by a code to the
    number and nothing else, and waits for that to age, while she reports the loss and waits for C5:
    he would be a few days quicker. That mailbox is the number again, for thirty days."""
    for age, counts in ((30 * DAY, True), (30 * DAY - 1, False)):
        added = factor(proof, NOON - age, CODE_CURRENT)
        who = account(added) if proof is CODE_EMAIL else account(added, factor(CODE_EMAIL))
        found = decided(RECOVER, who, CODE_EMAIL, TOTP, CODE_NEW)
        assert isinstance(found, Wait) is counts
        if not counts:
            assert refusal(found) is SUPPORT_NEEDED
    at_home = account(factor(CODE_EMAIL, NOON - 8 * DAY))
    assert waits(decided(RECOVER, at_home, CODE_EMAIL, CODE_NEW))[0] == "R2"


def test_a_recovery_names_its_number_before_a_code_counts() -> None:
    """A code that was answered before is one to some other number."""
    for ask in (LOST, msgspec.structs.replace(LOST, support=True)):
        bare = decided(ask, BORIS, CODE_EMAIL, APPROVAL)
        assert bare == decided(ask, BORIS, CODE_EMAIL, APPROVAL, CODE_NEW, SILENCE)
        assert needs(bare) == ((CODE_NEW,),)
    assert needs(decided(LOST, BORIS)) == ((CODE_EMAIL, CODE_NEW),)


def test_a_recovery_is_no_way_to_a_number_that_cannot_be_had() -> None:
    def to(standing: NumberStanding, who: AccountFacts, *, support: bool = False) -> object:
        ask = Ask(Kind.RECOVER, standing, support=support)
        return decided(ask, who, CODE_EMAIL, CODE_NEW, APPROVAL)

    just = account(*BORIS.factors, number_changed_at=NOON - HOUR)
    for support in (False, True):
        row = "R4" if support else "R2"
        assert to(NumberStanding.OWN, BORIS, support=support) == Refuse(NUMBER_IS_OWN)
        assert to(NumberStanding.TAKEN, BORIS, support=support) == Refuse(NUMBER_TAKEN)
        assert to(NumberStanding.FREE, just, support=support) == Refuse(
            CHANGED_RECENTLY, NOON + 11 * HOUR
        )
        back = to(NumberStanding.PREVIOUS, just, support=support)
        assert isinstance(back, Wait)
        assert back.row == row, "the way back has no gap, and waits like any other"
    taken = Ask(Kind.RECOVER, NumberStanding.TAKEN)
    assert decided(taken, BORIS, CODE_EMAIL) == decided(RECOVER, BORIS, CODE_EMAIL)


def test_the_holder_ends_a_thiefs_wait_by_setting_a_second_factor() -> None:
    """R2 is for accounts without one, at its end as at its beginning."""
    end = NOON + 72 * HOUR
    proofs = (*given(CODE_EMAIL, of=BORIS), Evidence(CODE_NEW, NOON, end))
    silence = Evidence(SILENCE, end, end)
    assert row_of(decided(RECOVER, BORIS, *proofs, silence, now=end)) == "R2"
    warned = account(*BORIS.factors, factor(TOTP, NOON + HOUR))
    assert refusal(decided(RECOVER, warned, *proofs, silence, now=end)) is SUPPORT_NEEDED


def test_r4_waits_a_week_where_the_holder_seems_to_be_there() -> None:
    """Seen within thirty days; or confirmed, of an account that was imported and not used here."""
    for at_ago, week in ((30 * DAY - 1, True), (30 * DAY, False)):
        for who in (
            account(confirmed_at=LONG_GONE, seen_at=NOON - at_ago),
            account(confirmed_at=NOON - at_ago),
            account(confirmed_at=NOON - at_ago, seen_at=LONG_GONE),
        ):
            found = decided(BY_DESK, who, APPROVAL, CODE_NEW)
            assert found == Wait("R4", NOON + (7 * DAY if week else 72 * HOUR))
    for second in (TOTP, PASSKEY):
        away = account(factor(second), confirmed_at=LONG_GONE)
        assert waits(decided(BY_DESK, away, APPROVAL, CODE_NEW)) == ("R4", 7 * DAY)


def test_r4_a_week_that_was_told_stays_a_week() -> None:
    """Seen 29 days ago: two days later that is more than thirty, and nothing is due earlier."""
    for seen, until in ((NOON - 29 * DAY, 7 * DAY), (NOON + DAY, 7 * DAY), (LONG_GONE, 3 * DAY)):
        who = account(confirmed_at=LONG_GONE, seen_at=seen)
        for later in (DAY, 2 * DAY, 3 * DAY - 1):
            found = decided(BY_DESK, who, APPROVAL, CODE_NEW, now=NOON + later)
            assert waits(found) == ("R4", until)


def test_r4_an_approval_moves_no_number_by_itself() -> None:
    assert needs(decided(BY_DESK, OLEG, APPROVAL)) == ((CODE_NEW,),)
    everything = tuple(proof for proof in Proof if proof is not APPROVAL)
    assert refusal(decided(BY_DESK, OLEG, *everything)) is SUPPORT_NEEDED
    old = decided(BY_DESK, OLEG, APPROVAL, Evidence(CODE_NEW, NOON - 9 * DAY, NOON - 9 * DAY))
    assert waits(old) == ("R4", 7 * DAY), "whoever wrote long ago waits from the approval on"
    end = NOON + 7 * DAY
    silent = decided(BY_DESK, OLEG, APPROVAL, CODE_NEW, Evidence(SILENCE, end, end), now=end)
    assert silent == Need(((CODE_NEW,),)), "an approval never replaces a fresh code"


def test_r4_does_not_help_whoever_did_not_write() -> None:
    """An approval that turned up in a recovery without a case is worth nothing; and beside one, no
    mailbox makes it quicker."""
    assert refusal(decided(RECOVER, ANNA, APPROVAL, CODE_NEW)) is SUPPORT_NEEDED
    with_mail = decided(BY_DESK, BORIS, APPROVAL, CODE_NEW, CODE_EMAIL)
    assert with_mail == decided(BY_DESK, BORIS, APPROVAL, CODE_NEW)


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize("lock", ["none", "locked", "frozen"])
def test_which_accounts_can_be_recovered(state: AccountState, lock: str) -> None:
    """Alone those that may be signed in to. The support desk may lead out of the lock of an undo,
    but not out of a freeze, and opens no account that is closed, whatever was left on it."""
    who = locked(factor(CODE_EMAIL), state=state, frozen=lock == "frozen")
    if lock == "none":
        who = msgspec.structs.replace(who, lock=None)
    open_to_all = state in {AccountState.ACTIVE, AccountState.CLOSING}
    by_desk = open_to_all or (state is AccountState.LOCKED and lock == "locked")
    for ask, opens in ((RECOVER, open_to_all), (BY_DESK, by_desk)):
        found = decided(ask, who, CODE_EMAIL, CODE_NEW, APPROVAL)
        assert isinstance(found, Wait) is opens
        if not opens:
            assert refusal(found) is ACCOUNT_LOCKED


@pytest.mark.parametrize("ask", [CHANGE, RECOVER, BY_DESK])
def test_what_was_contested_waits_a_week_from_the_decision(ask: Ask) -> None:
    """The proofs are three weeks old by the time that both sides were heard: the week is still to
    come. Without a decision it is nobody's to go on with."""
    then = NOON - 21 * DAY
    proofs = given(CODE_EMAIL, CODE_CURRENT, CODE_NEW, of=BORIS, at=then)
    heard = msgspec.structs.replace(ask, contested=True)
    found = decided(heard, BORIS, *proofs, Evidence(APPROVAL, NOON, NOON))
    assert waits(found)[1] == 7 * DAY
    assert refusal(decided(heard, BORIS, *proofs)) is SUPPORT_NEEDED
    twice = (Evidence(APPROVAL, then, then), Evidence(APPROVAL, NOON, NOON))
    assert waits(decided(heard, BORIS, *proofs, *twice))[1] == 7 * DAY


def test_what_was_contested_waits_longer_where_its_row_does() -> None:
    heard = Ask(Kind.CHANGE, NumberStanding.FREE, CHANGE.session, contested=True)
    found = decided(heard, ANNA, KNOWN_DEVICE, CODE_NEW, APPROVAL)
    assert waits(found) == ("C5", 14 * DAY)
    at_once = decided(heard, VERA, PASSKEY, CODE_NEW, APPROVAL)
    assert waits(at_once) == ("C1", 7 * DAY)


# writing to the support desk


def test_s1_and_s2_who_writes_shows_where_the_answer_reaches_them() -> None:
    assert needs(decided(LETTER, NEWCOMER)) == ((CODE_CONTACT,),)
    assert decided(LETTER, NEWCOMER, CODE_CONTACT) == Apply("S1", Gives.THE_ACT)
    assert needs(decided(LETTER_WITH_NUMBER, NEWCOMER)) == ((CODE_CONTACT, CODE_NEW),)
    assert needs(decided(LETTER_WITH_NUMBER, NEWCOMER, CODE_CONTACT)) == ((CODE_NEW,),)
    found = decided(LETTER_WITH_NUMBER, NEWCOMER, CODE_CONTACT, CODE_NEW)
    assert found == Apply("S2", Gives.THE_ACT)


def test_whoever_holds_a_number_may_write_about_it() -> None:
    """Also where it is on another account, which is what they write about; and also about an
    account that is locked or closed."""
    for standing in set(NumberStanding) - {NumberStanding.NONE}:
        found = decided(Ask(Kind.CASE, standing), NEWCOMER, CODE_CONTACT, CODE_NEW)
        assert row_of(found) == "S2"
    for state in AccountState:
        assert row_of(decided(LETTER, locked(state=state, frozen=True), CODE_CONTACT)) == "S1"


@pytest.mark.parametrize("ask", [SIGN_IN, CHANGE, RECOVER, undo()])
def test_where_the_desk_answers_says_nothing_of_an_account(ask: Ask) -> None:
    for who in (ANNA, BORIS, VERA):
        assert decided(ask, who, CODE_CONTACT) == decided(ask, who)


# undo


def test_u1_an_old_address_takes_the_change_back() -> None:
    assert needs(decided(undo(), BORIS)) == ((CODE_NEW,), (CODE_EMAIL,))
    for proof in (CODE_NEW, CODE_EMAIL):
        assert decided(undo(), BORIS, proof) == Apply("U1", Gives.THE_ACT)


@pytest.mark.parametrize("proof", sorted(set(Proof) - {CODE_NEW, CODE_EMAIL}))
def test_nothing_but_an_old_address_takes_a_change_back(proof: Proof) -> None:
    everybody = account(*map(factor, (PASSWORD, CODE_EMAIL, TOTP, PASSKEY, RECOVERY_CODE)))
    assert needs(decided(undo(), everybody, proof)) == ((CODE_NEW,), (CODE_EMAIL,))


@pytest.mark.parametrize(
    "what", ["rested_on_second_factor", "rested_on_approval", "old_number_has_new_holder"]
)
def test_u2_what_an_sms_must_not_beat_is_frozen(what: str) -> None:
    for proof in (CODE_NEW, CODE_EMAIL):
        assert decided(undo(rested_on=what), BORIS, proof) == Apply("U2", Gives.FREEZE)


def test_u2_freezes_although_the_old_number_is_taken() -> None:
    ask = undo(NumberStanding.TAKEN, rested_on="old_number_has_new_holder")
    for proof in (CODE_NEW, CODE_EMAIL):
        assert decided(ask, BORIS, proof) == Apply("U2", Gives.FREEZE)


@pytest.mark.parametrize(
    ("row", "new_holder", "freezes"),
    [
        ("C1", False, True),
        ("R1", False, True),
        ("H1", False, True),
        ("R4", False, True),
        ("K6", False, True),
        ("C2", False, False),
        ("C3", False, False),
        ("C5", False, False),
        (None, False, False),
        ("C2", True, True),
    ],
)
def test_what_a_finished_request_rested_on_is_known_by_its_row(
    row: str | None, new_holder: bool, freezes: bool
) -> None:
    facts = facts_of(BEGUN, NOON - HOUR, NOON - 300 * DAY, row, new_holder)
    found = decided(Ask(Kind.UNDO, NumberStanding.PREVIOUS, undo=facts), BORIS, CODE_NEW)
    assert row_of(found) == ("U2" if freezes else "U1")
    heard = facts_of(BEGUN, NOON - HOUR, NOON - 300 * DAY, row, new_holder, heard=True)
    found = decided(Ask(Kind.UNDO, NumberStanding.PREVIOUS, undo=heard), BORIS, CODE_NEW)
    assert row_of(found) == "U2", "two people let it go on, whatever its row"


def test_the_rows_that_undo_must_not_beat_are_those_with_a_second_factor() -> None:
    with_factor = {
        row.name
        for row in ROWS
        if row.kind in REPLACING and all(Strength.AGED_SECOND_FACTOR in way for way in row.ways)
    }
    on_approval = {
        row.name for row in ROWS if any(Strength.OPERATOR_APPROVAL in way for way in row.ways)
    }
    names = {row.name for row in ROWS}
    assert with_factor == names & ON_SECOND_FACTOR == {"C1", "R1"}
    assert on_approval == names & ON_APPROVAL == {"R4"}
    assert not ON_SECOND_FACTOR & ON_APPROVAL


def test_undo_is_open_for_seventy_two_hours() -> None:
    for done_at, opens in ((NOON - 72 * HOUR + 1, True), (NOON - 72 * HOUR, False)):
        found = decided(undo(begun_at=done_at - HOUR, done_at=done_at), BORIS, CODE_NEW)
        assert isinstance(found, Apply) is opens
    late = undo(begun_at=NOON - 73 * HOUR, done_at=NOON - 72 * HOUR)
    assert refusal(decided(late, BORIS, CODE_NEW)) is NO_WAY
    assert refusal(decided(Ask(Kind.UNDO), BORIS, CODE_NEW)) is NO_WAY


def test_an_undo_cannot_be_had_after_its_code_has_grown_old() -> None:
    """A code of yesterday morning is asked for again; only in that request it began nothing."""
    then = NOON - 26 * HOUR
    slow = undo(done_at=NOON - 40 * HOUR, begun_at=NOON - 50 * HOUR)
    assert row_of(decided(slow, ANNA, CODE_NEW, at=then)) == "U1"
    assert needs(decided(slow, ANNA, CODE_NEW, at=then - 1)) == ((CODE_NEW,),)


@pytest.mark.parametrize(
    ("since", "counts"), [(BEGUN - 7 * DAY, True), (BEGUN - 7 * DAY + 1, False)]
)
def test_a_number_younger_than_seven_days_takes_nothing_back(since: Ms, counts: bool) -> None:
    """The thief moved the account to his number; the holder moved it back. He cannot again."""
    found = decided(undo(old_number_since=since), ANNA, CODE_NEW)
    if counts:
        assert row_of(found) == "U1"
    else:
        assert refusal(found) is NO_WAY
        assert needs(decided(undo(old_number_since=since), BORIS)) == ((CODE_EMAIL,),)


@pytest.mark.parametrize(
    ("set_at", "counts"), [(BEGUN - 7 * DAY, True), (BEGUN - 7 * DAY + 1, False)]
)
def test_an_email_takes_back_what_began_seven_days_after_it_was_set(
    set_at: Ms, counts: bool
) -> None:
    """Exactly at its border, whatever its age by now."""
    who = account(factor(CODE_EMAIL, set_at))
    young = undo(old_number_since=BEGUN - DAY)
    for ask, offered in ((undo(), ((CODE_NEW,),)), (young, None)):
        found = decided(ask, who, CODE_EMAIL)
        if counts:
            assert row_of(found) == "U1"
        elif offered is None:
            assert refusal(found) is NO_WAY
        else:
            assert needs(found) == offered


def test_what_an_account_was_opened_with_takes_back_from_the_first_day() -> None:
    """Enrolled at noon, robbed at night: number and mailbox are of the first 24 hours."""
    opened = NOON - 40 * HOUR
    for since, counts in ((opened + 24 * HOUR, True), (opened + 24 * HOUR + 1, False)):
        who = AccountFacts(opened, "RU", opened, factors=(factor(CODE_EMAIL, since),))
        for proof in (CODE_NEW, CODE_EMAIL):
            found = decided(undo(old_number_since=since), who, proof)
            assert isinstance(found, Apply) is counts, (proof, since)


def test_undo_does_not_mind_the_change_gap_nor_a_lock_but_a_closed_account() -> None:
    moment = NOON - HOUR
    for state, opens in (
        (AccountState.ACTIVE, True),
        (AccountState.LOCKED, True),
        (AccountState.CLOSED, False),
    ):
        who = AccountFacts(NOON - 365 * DAY, "RU", NOON - DAY, state, moment)
        assert isinstance(decided(undo(), who, CODE_NEW), Apply) is opens


def test_a_locked_account_may_be_led_further_back_and_a_frozen_one_may_not() -> None:
    """Both numbers of a frozen account are held until support has decided."""
    assert row_of(decided(undo(), locked(), CODE_NEW)) == "U1"
    frozen = locked(factor(CODE_EMAIL), frozen=True)
    for proof in (CODE_NEW, CODE_EMAIL):
        assert refusal(decided(undo(), frozen, proof)) is ACCOUNT_LOCKED


# sign_in on an account that an undo has locked


OLDER = BEGUN - 7 * DAY
"""The youngest moment of what was aged when the undone change began."""


@pytest.mark.parametrize("proof", [PASSWORD, CODE_EMAIL])
def test_l1_a_code_and_something_older_than_the_change_lift_the_lock(proof: Proof) -> None:
    for set_at, lifts in ((OLDER, True), (OLDER + 1, False)):
        who = locked(factor(proof, set_at))
        found = decided(SIGN_IN, who, CODE_CURRENT, proof)
        assert isinstance(found, Apply) is lifts
        if lifts:
            assert found == Apply("L1", Gives.FULL)
            assert needs(decided(SIGN_IN, who, CODE_CURRENT)) == ((proof,),)


@pytest.mark.parametrize("proof", [TOTP, PASSKEY, RECOVERY_CODE])
def test_l1_an_older_second_factor_lifts_the_lock(proof: Proof) -> None:
    who = locked(factor(PASSKEY, OLDER), factor(TOTP, OLDER), factor(RECOVERY_CODE, OLDER))
    assert decided(SIGN_IN, who, CODE_CURRENT, proof) == Apply("L1", Gives.FULL)
    young = locked(factor(proof, OLDER + 1), factor(CODE_EMAIL, OLDER))
    assert not isinstance(decided(SIGN_IN, young, CODE_CURRENT, proof), Apply)


def test_l1_a_known_device_lifts_the_lock() -> None:
    for device in (KNOWN_DEVICE, OTHER_DEVICE):
        assert decided(SIGN_IN, locked(), CODE_CURRENT, device) == Apply("L1", Gives.FULL)
    assert isinstance(decided(SIGN_IN, locked(), KNOWN_DEVICE), Need)


def test_with_a_second_factor_neither_device_nor_mailbox_lift_a_lock() -> None:
    vera = locked(factor(PASSKEY), factor(CODE_EMAIL), factor(PASSWORD))
    everything = (CODE_CURRENT, CODE_EMAIL, PASSWORD, KNOWN_DEVICE, OTHER_DEVICE, SILENCE)
    for now in (NOON, NOON + 100 * DAY):
        assert needs(decided(SIGN_IN, vera, *everything, at=now, now=now)) == ((PASSKEY,),)


def test_l1_counts_each_proof_once() -> None:
    """A password that a code to the number has reset three weeks ago is that code again."""
    reset = factor(PASSWORD, NOON - 20 * DAY, CODE_CURRENT)
    assert not isinstance(decided(SIGN_IN, locked(reset), CODE_CURRENT, PASSWORD), Apply)


def test_nothing_signs_in_to_a_locked_account_that_would_to_another() -> None:
    """A passkey, a password, a young mailbox: rows I do not hold here."""
    boris = locked(factor(PASSWORD, OLDER + 1), factor(CODE_EMAIL, OLDER + 1))
    for proofs in ((PASSWORD,), (CODE_CURRENT,), (CODE_CURRENT, CODE_EMAIL, PASSWORD)):
        assert refusal(decided(SIGN_IN, boris, *proofs)) is LOCK_TOO_YOUNG
    for passkey_or_word in ((PASSKEY,), (PASSKEY, PASSWORD), (PASSWORD,)):
        assert needs(decided(SIGN_IN, locked(*VERA.factors), *passkey_or_word))


def test_l2_where_there_is_nothing_else_sms_lifts_after_a_day() -> None:
    for age, lifts in ((24 * HOUR, True), (24 * HOUR - 1, False)):
        found = decided(SIGN_IN, locked(at=NOON - age), CODE_CURRENT)
        if lifts:
            assert found == Apply("L2", Gives.FRESH)
        else:
            assert found == Refuse(LOCK_TOO_YOUNG, NOON + 1)


@pytest.mark.parametrize("proof", [PASSWORD, CODE_EMAIL, RECOVERY_CODE])
def test_l2_never_lifts_where_something_older_could(proof: Proof) -> None:
    for set_at, lifts in ((OLDER, False), (OLDER + 1, True)):
        who = locked(factor(proof, set_at), at=NOON - 100 * DAY)
        found = decided(SIGN_IN, who, CODE_CURRENT)
        if lifts:
            assert row_of(found) == "L2"
        else:
            assert needs(found) == ((proof,),)


@pytest.mark.parametrize("proof", [TOTP, PASSKEY])
def test_l2_never_lifts_beside_a_second_factor_of_whatever_age(proof: Proof) -> None:
    who = locked(factor(proof, OLDER + 1), at=NOON - 100 * DAY)
    assert refusal(decided(SIGN_IN, who, CODE_CURRENT, proof)) is ACCOUNT_LOCKED


def test_l2_a_mailbox_that_an_sms_has_set_lately_locks_nobody_out() -> None:
    """It does not count beside a code to the number: the account has nothing but its number."""
    weak = factor(CODE_EMAIL, NOON - 20 * DAY, CODE_CURRENT)
    who = locked(weak, at=NOON - HOUR)
    assert decided(SIGN_IN, who, CODE_CURRENT, CODE_EMAIL) == Refuse(
        LOCK_TOO_YOUNG, NOON + 23 * HOUR
    )
    tomorrow = NOON + 23 * HOUR
    found = decided(SIGN_IN, who, CODE_CURRENT, at=tomorrow, now=tomorrow)
    assert row_of(found) == "L2"


def test_l2_never_lifts_for_who_may_be_a_new_holder_of_the_number() -> None:
    """The holder changed to another number on his old device, his first one being gone. Whoever has
    that now took the change back, by SMS; SMS must not open the account as well."""
    old = locked(at=NOON - 48 * HOUR)
    stale_number = msgspec.structs.replace(old, confirmed_at=NOON - 60 * DAY - 1)
    same, recycled = subscriber(SubscriberAnswer.SAME), subscriber(SubscriberAnswer.RECYCLED)
    assert refusal(decided(SIGN_IN, stale_number, CODE_CURRENT)) is ACCOUNT_LOCKED
    assert refusal(decided(SIGN_IN, old, CODE_CURRENT, carrier=recycled)) is ACCOUNT_LOCKED
    assert row_of(decided(SIGN_IN, stale_number, CODE_CURRENT, carrier=same)) == "L2"
    assert row_of(decided(SIGN_IN, stale_number, CODE_CURRENT, KNOWN_DEVICE)) == "L1"


def test_the_time_from_which_sms_lifts_is_the_same_for_messages_and_for_the_rule() -> None:
    lock = LockFacts(NOON, BEGUN)
    assert sms_lifts_at(ANNA, lock, Policy()) == NOON + 24 * HOUR
    assert sms_lifts_at(ANNA, lock, Policy(unlock_sms_h=30)) == NOON + 30 * HOUR
    assert sms_lifts_at(BORIS, lock, Policy()) is None
    assert sms_lifts_at(VERA, lock, Policy()) is None


def test_a_frozen_account_is_for_support_only() -> None:
    for factors in ((), BORIS.factors, VERA.factors):
        who = locked(*factors, at=NOON - 1000 * DAY, frozen=True)
        assert refusal(decided(SIGN_IN, who, *Proof)) is ACCOUNT_LOCKED
        assert refusal(decided(SIGN_IN, who)) is ACCOUNT_LOCKED
        assert refusal(decided(CHANGE, who, *Proof)) is ACCOUNT_LOCKED


@pytest.mark.parametrize("state", [AccountState.CLOSED, AccountState.NUMBER_REQUIRED])
def test_a_lock_opens_no_account_that_is_closed_for_another_reason(state: AccountState) -> None:
    who = locked(factor(CODE_EMAIL), state=state)
    assert refusal(decided(SIGN_IN, who, CODE_CURRENT, CODE_EMAIL)) is ACCOUNT_LOCKED


def test_on_a_locked_account_nothing_but_signing_in_and_undo_is_begun() -> None:
    who = locked(*BORIS.factors)
    assert refusal(decided(CHANGE, who, *Proof)) is ACCOUNT_LOCKED


def test_without_l1_and_l2_a_lock_is_for_support() -> None:
    policy = Policy(rows_off=frozenset({"L1", "L2"}))
    for who in (locked(at=NOON - 100 * DAY), locked(factor(CODE_EMAIL))):
        found = decided(SIGN_IN, who, CODE_CURRENT, CODE_EMAIL, KNOWN_DEVICE, policy=policy)
        assert isinstance(found, Refuse)


def test_a_swapped_sim_makes_the_end_of_a_lock_wait() -> None:
    carrier = swapped(NOON - DAY)
    old = locked(at=NOON - 48 * HOUR)
    assert waits(decided(SIGN_IN, old, CODE_CURRENT, carrier=carrier)) == ("L2", 72 * HOUR)
    at_home = decided(SIGN_IN, old, CODE_CURRENT, KNOWN_DEVICE, carrier=carrier)
    assert row_of(at_home) == "L1"


# the table


def test_every_row_of_the_table_has_its_story() -> None:
    """E2 and R3 are not rows that apply; they are the refusals `number_taken`, `support_needed`."""
    assert {row.name for row in ROWS} == {
        "A1",
        "A2",
        "A3",
        "A4",
        "E1",
        "I1",
        "I2",
        "I3",
        "I4",
        "I5",
        "C1",
        "C2",
        "C3",
        "C4",
        "C5",
        "L1",
        "L2",
        "R1",
        "R2",
        "R4",
        "S1",
        "S2",
        "U1",
        "U2",
    }


def test_every_row_is_on_but_where_somebody_switched_it_off() -> None:
    assert Policy().rows_off == frozenset()


def test_a_row_that_is_off_decides_nothing() -> None:
    now_or_never = Policy(rows_off=frozenset({"C3", "C4", "C5", "U1", "U2"}))
    found = decided(CHANGE, BORIS, CODE_CURRENT, CODE_NEW, PASSWORD, policy=now_or_never)
    assert row_of(found) == "C2"
    found = decided(CHANGE, BORIS, CODE_CURRENT, CODE_NEW, policy=now_or_never)
    assert needs(found) == ((PASSWORD,),)
    assert refusal(decided(CHANGE, ANNA, CODE_CURRENT, CODE_NEW, policy=now_or_never)) is NO_WAY
    assert refusal(decided(undo(), BORIS, CODE_NEW, policy=now_or_never)) is NO_WAY
    no_sms = Policy(rows_off=frozenset({"I3", "I4"}))
    assert refusal(decided(SIGN_IN, ANNA, CODE_CURRENT, policy=no_sms)) is NO_WAY


def test_a_second_proof_of_the_same_quality_does_not_begin_a_wait_again() -> None:
    """The approval from the other device came first; sitting down at one's own changes nothing."""
    approved = Evidence(OTHER_DEVICE, NOON - 2 * DAY, NOON)
    both = (Evidence(KNOWN_DEVICE, NOON, NOON), approved)
    code = Evidence(CODE_NEW, NOON - 3 * DAY, NOON)
    assert waits(decided(CHANGE, ANNA, *both, code)) == ("C5", 12 * DAY)


def test_any_proof_beside_the_phone_closes_the_way_by_sms_alone() -> None:
    for proof in (PASSWORD, CODE_EMAIL):
        who = account(factor(proof), confirmed_at=NOON - DAY)
        assert needs(decided(SIGN_IN, who, CODE_CURRENT)) == ((proof,),)
    printed = account(factor(RECOVERY_CODE))
    assert row_of(decided(SIGN_IN, printed, CODE_CURRENT)) == "I3", "it only stands in for a factor"


def test_a_young_password_signs_in_but_moves_no_number() -> None:
    """Invariant 15: whoever sets a password today does not change the number with it today."""
    yana = account(factor(PASSWORD, NOON - DAY), factor(CODE_EMAIL))
    assert row_of(decided(SIGN_IN, yana, CODE_CURRENT, PASSWORD)) == "I2"
    assert waits(decided(CHANGE, yana, CODE_CURRENT, PASSWORD, CODE_NEW))[0] == "C3"
    assert isinstance(decided(CHANGE, yana, CODE_EMAIL, PASSWORD, CODE_NEW), Need)
    assert all(PASSWORD not in way for way in needs(decided(CHANGE, yana)))


def test_a_young_mail_address_signs_in_but_moves_no_number() -> None:
    kira = account(factor(PASSWORD), factor(CODE_EMAIL, NOON - DAY))
    assert row_of(decided(SIGN_IN, kira, CODE_CURRENT, CODE_EMAIL)) == "I2"
    for other in (PASSWORD, KNOWN_DEVICE):
        found = decided(CHANGE, kira, CODE_EMAIL, other, CODE_NEW)
        assert not (isinstance(found, Wait) and found.row == "C4")
    assert all(CODE_EMAIL not in way for way in needs(decided(CHANGE, kira)))


# probation by time


@pytest.mark.parametrize(
    ("profile", "days", "gives"),
    [
        ("strict", 400, Gives.PROBATION),
        ("lenient", 29, Gives.PROBATION),
        ("lenient", 30, Gives.FRESH),
    ],
)
def test_probation_ends_by_time_in_the_profile_lenient_only(
    profile: Literal["strict", "lenient"], days: int, gives: Gives
) -> None:
    who = AccountFacts(NOON - 500 * DAY, "RU", NOON - 450 * DAY, probation_since=NOON - days * DAY)
    found = decided(
        Ask(Kind.SIGN_IN), who, CODE_CURRENT, policy=Policy(profile=profile), carrier=CarrierFacts()
    )
    assert isinstance(found, Apply)
    assert found.gives is gives


def test_a_recycled_number_never_outlives_probation() -> None:
    who = AccountFacts(NOON - 500 * DAY, "RU", NOON - 450 * DAY, probation_since=NOON - 100 * DAY)
    recycled = CarrierFacts(subscriber=SubscriberAnswer.RECYCLED)
    found = decided(
        Ask(Kind.SIGN_IN), who, CODE_CURRENT, policy=Policy(profile="lenient"), carrier=recycled
    )
    assert isinstance(found, Apply)
    assert found.gives is Gives.PROBATION
