"""checkup: what is found in an account, in which order, and that it agrees with the rule."""

from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.domain.checkup import (
    RECOVERY_CODES_FEW,
    SESSIONS_MANY,
    Finding,
    Found,
    Having,
    counts_from,
    enters_without_number,
    findings,
    guards,
)
from rebind.domain.decision import decide
from rebind.domain.evidence import CarrierFacts, Evidence, Factor, Proof, aged
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import Apply, Ask
from rebind.domain.units import DAY, HOUR, Ms
from tests.domain.told import NOON, account, factor

POLICY = Policy()
PASSKEY, TOTP, PASSWORD = factor(Proof.PASSKEY), factor(Proof.TOTP), factor(Proof.PASSWORD)
SHORT = msgspec.structs.replace(PASSWORD, alone=False)
MAIL, CODES = factor(Proof.CODE_EMAIL), factor(Proof.RECOVERY_CODE)
WHOLE = (PASSKEY, TOTP, PASSWORD, MAIL, MAIL, CODES)


def found(
    *factors: Factor,
    codes: int = 0,
    sessions: int = 1,
    sms_off: bool = False,
    confirmed_at: Ms = NOON - DAY,
) -> list[Finding]:
    facts = account(*factors, confirmed_at=confirmed_at)
    facts = msgspec.structs.replace(facts, sms_off=sms_off)
    told = findings(Having(facts, codes, sessions), POLICY, NOON)
    return [each.finding for each in told]


def test_whoever_has_everything_lacks_nothing() -> None:
    assert found(*WHOLE, codes=10) == []


def test_whoever_has_a_number_and_nothing_else_hears_what_matters_most_first() -> None:
    assert found() == [Finding.NO_OTHER_WAY_IN, Finding.NO_EMAIL, Finding.NO_SECOND_FACTOR]


def test_each_finding_is_reached_and_stands_in_its_place() -> None:
    reached = {
        *found(sms_off=True),
        *found(confirmed_at=NOON - 61 * DAY),
        *found(TOTP, MAIL, SHORT, sessions=SESSIONS_MANY),
        *found(PASSKEY, codes=1),
        *found(factor(Proof.PASSKEY, NOON - DAY)),
    }
    assert reached == set(Finding)
    order = list(Finding)
    worst = found(SHORT, TOTP, MAIL, sms_off=True, sessions=SESSIONS_MANY)
    assert worst == sorted(worst, key=order.index)
    assert worst[0] is Finding.SMS_OFF


@pytest.mark.parametrize("factors", [(), (MAIL,), (MAIL, MAIL), (SHORT,), (TOTP,), (SHORT, CODES)])
def test_neither_a_mailbox_nor_a_short_password_is_a_way_in(factors: tuple[Factor, ...]) -> None:
    assert Finding.NO_OTHER_WAY_IN in found(*factors, codes=10)


@pytest.mark.parametrize("factors", [(PASSKEY,), (PASSWORD,), (SHORT, TOTP), (PASSWORD, TOTP)])
def test_a_passkey_or_what_signs_in_without_the_number_is_one(factors: tuple[Factor, ...]) -> None:
    assert Finding.NO_OTHER_WAY_IN not in found(*factors)


def test_what_is_called_a_way_in_lets_in_by_the_rule_and_nothing_else_does() -> None:
    """Every set of factors, all of them shown, and no code to the number."""
    own = (PASSKEY, TOTP, PASSWORD, SHORT, MAIL, CODES)
    for size in range(len(own) + 1):
        for factors in combinations(own, size):
            if PASSWORD in factors and SHORT in factors:
                continue
            shown = tuple(Evidence(each.proof, NOON, NOON, each) for each in factors)
            facts = account(*factors)
            decision = decide(Ask(Kind.SIGN_IN), shown, facts, CarrierFacts(), POLICY, NOON)
            assert isinstance(decision, Apply) == enters_without_number(factors), factors


def test_recovery_codes_are_missed_beside_a_second_factor_only() -> None:
    assert Finding.NO_RECOVERY_CODES not in found(PASSWORD)
    assert Finding.NO_RECOVERY_CODES in found(TOTP)
    assert Finding.FEW_RECOVERY_CODES in found(TOTP, CODES, codes=RECOVERY_CODES_FEW)
    few = {Finding.FEW_RECOVERY_CODES, Finding.NO_RECOVERY_CODES}
    assert few.isdisjoint(found(TOTP, CODES, codes=RECOVERY_CODES_FEW + 1))


def test_a_young_factor_is_told_with_the_moment_from_which_it_counts() -> None:
    young = factor(Proof.PASSWORD, NOON - DAY)
    told = findings(Having(account(young, PASSKEY, MAIL, MAIL), 10), POLICY, NOON)
    assert told == (Found(Finding.FACTOR_YOUNG, Proof.PASSWORD, NOON + 6 * DAY),)
    there_is_an_older_one = (factor(Proof.CODE_EMAIL, NOON - DAY), MAIL, PASSKEY)
    assert Finding.FACTOR_YOUNG not in found(*there_is_an_older_one, codes=10)


def test_of_a_lost_phone_nothing_is_said_of_its_confirmation() -> None:
    stale = NOON - 100 * DAY
    assert Finding.NUMBER_UNCONFIRMED in found(*WHOLE, confirmed_at=stale)
    lost = found(*WHOLE, codes=10, sms_off=True, confirmed_at=stale)
    assert lost == [Finding.SMS_OFF]


@given(st.integers(0, 200 * DAY), st.integers(0, 210 * DAY))
def test_a_factor_counts_from_the_moment_that_is_told(set_after: int, passed: int) -> None:
    facts = account()
    one = factor(Proof.PASSWORD, facts.enrolled_at + set_after)
    now = facts.enrolled_at + passed
    if now >= one.set_at:
        is_aged = aged(one, facts.enrolled_at, POLICY, now)
        assert is_aged == (now >= counts_from(one, facts.enrolled_at, POLICY))


def test_guards_are_counted_by_kind_strongest_first() -> None:
    newer = factor(Proof.CODE_EMAIL, NOON - HOUR)
    told = guards(Having(account(MAIL, newer, PASSWORD, CODES, PASSKEY), 7), POLICY)
    assert [(each.proof, each.amount) for each in told] == [
        (Proof.PASSKEY, 1),
        (Proof.RECOVERY_CODE, 7),
        (Proof.PASSWORD, 1),
        (Proof.CODE_EMAIL, 2),
    ]
    assert (told[-1].set_at, told[-1].counts_from) == (MAIL.set_at, MAIL.set_at + 7 * DAY)
