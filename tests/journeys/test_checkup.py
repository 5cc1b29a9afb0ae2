"""checkup: what the holder of an account is told of its protection, and nobody else."""

from rebind.domain.checkup import SESSIONS_MANY, Finding
from rebind.domain.evidence import Proof
from rebind.domain.units import DAY, HOUR
from rebind.flows import checkup
from rebind.flows.checkup import CheckupView
from tests.factors import SHORT_PASSWORD, set_password, set_recovery_code, set_totp
from tests.people import ANNA, ANNA_MAIL, BORIS, House, Someone, said


async def seen(who: Someone) -> CheckupView:
    found = await checkup.show(who.house.desk, who.caller())
    assert isinstance(found, CheckupView), found
    return found


async def findings(who: Someone) -> list[Finding]:
    return [each.finding for each in (await seen(who)).findings]


async def test_a_number_and_nothing_else(house: House, boris: Someone) -> None:
    found = await seen(boris)
    assert found.alone
    assert [each.finding for each in found.findings] == [
        Finding.NO_OTHER_WAY_IN,
        Finding.NO_EMAIL,
        Finding.NO_SECOND_FACTOR,
    ]
    assert (dict(found.guards), found.sms_off_at, found.sessions) == ({}, None, 1)


async def test_what_is_set_is_told_with_its_age(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, "anna.second@example.net"))
    await anna.sign_in()
    house.clock.push(DAY)
    await set_totp(anna, age=30 * DAY)
    await set_recovery_code(anna, age=HOUR)
    await set_password(anna, SHORT_PASSWORD, age=2 * DAY, alone=False)
    now, found = house.clock.now(), await seen(anna)
    assert list(found.guards) == [
        Proof.TOTP,
        Proof.RECOVERY_CODE,
        Proof.PASSWORD,
        Proof.CODE_EMAIL,
    ]
    assert found.guards[Proof.CODE_EMAIL].amount == 2
    assert found.guards[Proof.TOTP].counts_from == now - 23 * DAY
    assert found.guards[Proof.PASSWORD].counts_from == now + 5 * DAY
    assert not found.alone, "a short password beside an app is a way in"
    told = {(each.finding, each.proof, each.until, each.amount) for each in found.findings}
    assert told == {
        (Finding.PASSWORD_SHORT, Proof.PASSWORD, None, None),
        (Finding.FEW_RECOVERY_CODES, None, None, 1),
        (Finding.FACTOR_YOUNG, Proof.PASSWORD, now + 5 * DAY, None),
        (Finding.FACTOR_YOUNG, Proof.RECOVERY_CODE, now - HOUR + 7 * DAY, None),
    }


async def test_removed_and_suspended_factors_protect_nobody(house: House, anna: Someone) -> None:
    await set_password(anna, age=30 * DAY)
    await set_totp(anna, age=30 * DAY)
    await house.write("UPDATE passwords SET removed_at = :now", now=house.clock.now())
    await house.write("UPDATE totps SET suspended_at = :now", now=house.clock.now())
    await house.write("UPDATE emails SET removed_at = :now", now=house.clock.now())
    assert dict((await seen(anna)).guards) == {}


async def test_many_sessions_are_mentioned(house: House, anna: Someone) -> None:
    for turn in range(SESSIONS_MANY - 1):
        assert Finding.MANY_SESSIONS not in await findings(anna)
        house.clock.push(HOUR)
        await Someone(house, ANNA, anna.device, anna.account, f"192.0.2.{20 + turn}").sign_in()
    assert (await seen(anna)).findings[-1].amount == SESSIONS_MANY


async def test_a_number_that_was_not_confirmed_for_long(house: House) -> None:
    """A session lives on by being used; the number was confirmed when it was opened."""
    boris = await house.bring_in(BORIS)
    await boris.sign_in()
    await house.write("UPDATE bindings SET confirmed_at = :at", at=house.clock.now() - 60 * DAY)
    assert Finding.NUMBER_UNCONFIRMED not in await findings(boris)
    house.clock.push(1)
    assert Finding.NUMBER_UNCONFIRMED in await findings(boris)


async def test_on_probation_nothing_is_told(house: House) -> None:
    """The new owner of an old number learns nothing of how the account is protected."""
    boris = await house.bring_in(BORIS)
    house.clock.push(100 * DAY)
    there = boris.elsewhere()
    assert (await there.sign_in()).session.level == "probation"
    for who, word in ((there, "session_on_probation"), (boris, "session_required")):
        assert said(await checkup.show(house.desk, who.caller())) == word
