"""operators: letting people in to the desk, signing in and confirming it, roles, and out again.

Two factors always; a stranger learns nothing and locks nobody out; whatever somebody does stands in
the trail.
"""

import asyncio
from typing import Any

import msgspec
import pytest

from rebind.domain.limits import Override
from rebind.domain.operators import Right, Role, subject
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND
from rebind.flows import audit, operator_access, operator_joining, operator_sessions, operators
from rebind.flows.desk import Caller
from rebind.flows.desk.operators import OperatorSession, signed_in, supervisors
from rebind.flows.operators import Invitation
from tests.authenticator import Authenticator, Flaws
from tests.operators import (
    PASSWORD,
    Colleague,
    add_colleague,
    caller,
    carrying,
    code_of,
    taken_up,
    with_password,
)
from tests.people import SITE, House

STRANGER = "198.51.100.66"


def said(outcome: object) -> str:
    """An outcome in one word."""
    if isinstance(outcome, OperatorSession):
        return "in"
    code = getattr(getattr(outcome, "refusal", None), "code", None)
    return str(code) if code else "ok"


async def invited(house: House, login: str = "olga", role: Role = Role.OPERATOR) -> Invitation:
    found = await operators.add(house.desk, login, login.title(), role)
    assert isinstance(found, Invitation), found
    return found


async def try_in(
    house: House, by: Caller, login: str = "olga", password: str = PASSWORD, code: str = "000000"
) -> Any:
    """Sign in with a password and a code."""
    offer = operator_sessions.offer(house.desk)
    return await operator_sessions.by_password(house.desk, by, offer.id, login, password, code)


async def see(house: House, by: Caller) -> str:
    return said(await signed_in(house.desk, by, Right.OWN_ACCESS))


async def test_an_invitation_counts_once_and_for_a_day(house: House) -> None:
    desk, late = house.desk, await invited(house, "max")
    invitation = await invited(house)
    joining = await operator_joining.invited(desk, invitation.token)
    assert isinstance(joining, operator_joining.Joining)
    pocket = Authenticator(SITE, "localhost")
    answers = [pocket.register(joining.passkey) for _ in range(8)]
    done = await asyncio.gather(
        *(
            operator_joining.join_by_passkey(desk, caller(), invitation.token, joining.id, each, "")
            for each in answers
        )
    )
    assert sorted(map(said, done)).count("in") == 1
    assert await house.value("SELECT count(*) FROM operator_passkeys") == 1
    assert await house.value("SELECT count(*) FROM operator_sessions") == 1
    assert said(await operator_joining.invited(desk, invitation.token)) == "invitation_unknown"
    house.clock.push(24 * HOUR)
    assert said(await operator_joining.invited(desk, late.token)) == "invitation_unknown"
    for bad in ("", "ri_AAAA", late.token[:-2], "ri_" + "A" * 200, late.token.swapcase()):
        assert said(await operator_joining.invited(desk, bad)) == "invitation_unknown"


async def test_there_is_no_way_in_with_less_than_two_factors(house: House) -> None:
    """No passkey without its person, no password without the app, and nothing before both."""
    desk, invitation = house.desk, await invited(house)
    joining = await operator_joining.invited(desk, invitation.token)
    assert isinstance(joining, operator_joining.Joining)
    unverified = Authenticator(SITE, "localhost").register(joining.passkey, Flaws(verified=False))
    join = operator_joining.join_by_passkey
    taken = await join(desk, caller(), invitation.token, joining.id, unverified, "")
    assert said(taken) == "passkey_not_taken"
    right = code_of(house, joining.app.secret)
    for password, code, refused in (
        (PASSWORD, "", "totp_not_taken"),
        (PASSWORD, f"{(int(right) + 1) % 10**6:06}", "totp_not_taken"),
        ("", right, "operator_password_short"),
        ("seven umbrellas", right, "ok"),
        ("seven umbrella", right, "operator_password_short"),
        ("password12345678", right, "password_common"),
        ("rebind olga rebind", right, "password_expected"),
    ):
        if refused != "ok":
            by = operator_joining.join_by_password
            found = await by(desk, caller(), invitation.token, joining.id, password, code)
            assert said(found) == refused, password
    assert await house.value("SELECT count(*) FROM operator_sessions") == 0
    browser, secret = await with_password(house, invitation)
    house.clock.push(MINUTE)
    for password, code in ((PASSWORD, ""), ("", code_of(house, secret)), ("", "")):
        assert said(await try_in(house, browser, "olga", password, code)) == "proof_wrong"
    assert said(await try_in(house, browser, code=code_of(house, secret))) == "in"


async def test_a_code_counts_once_however_many_come(house: House) -> None:
    browser, secret = await with_password(house, await invited(house))
    code = code_of(house, secret)
    assert said(await try_in(house, browser, code=code)) == "proof_wrong", "it set the app up"
    house.clock.push(30 * SECOND)
    code = code_of(house, secret)
    done = await asyncio.gather(*(try_in(house, caller(), code=code) for _ in range(6)))
    assert [said(each) for each in done].count("in") == 1
    assert said(await try_in(house, browser, code=code)) == "proof_wrong"


async def test_an_offer_opens_one_session(house: House) -> None:
    """What a browser signed for one page is of no use again, nor for another page."""
    desk, olga = house.desk, await add_colleague(house, "olga", Role.OPERATOR)
    by = operator_sessions.by_passkey
    offer, other = operator_sessions.offer(desk), operator_sessions.offer(desk)
    answer = olga.pocket.sign(offer.passkey)
    assert said(await by(desk, caller(), other.id, answer)) == "proof_wrong"
    done = await asyncio.gather(*(by(desk, caller(), offer.id, answer) for _ in range(5)))
    assert [said(each) for each in done].count("in") == 1
    assert said(await by(desk, caller(), offer.id, answer)) == "try_again"
    late = operator_sessions.offer(desk)
    answer = olga.pocket.sign(late.passkey)
    house.clock.push(HOUR + SECOND)
    assert said(await by(desk, caller(), late.id, answer)) == "try_again"
    flaw = Flaws(verified=False)
    offer = operator_sessions.offer(desk)
    answer = olga.pocket.sign(offer.passkey, flaw)
    assert said(await by(desk, caller(), offer.id, answer)) == "proof_wrong"
    stranger = Authenticator(SITE, "localhost")
    stranger.register({"challenge": "AAAA", "user": {"id": "AAAA"}})
    answer = stranger.sign(offer.passkey)
    assert said(await by(desk, caller(), offer.id, answer)) == "proof_wrong"


async def test_nobody_learns_who_is_at_the_desk(embedded: House) -> None:
    """The same answer and the same work for a login that nobody has, was shut out, or is asked in
    only."""
    house = embedded
    _browser, secret = await with_password(house, await invited(house))
    await with_password(house, await invited(house, "ivan"))
    assert await operators.shut_out(house.desk, "ivan") is None
    await invited(house, "max")
    house.clock.push(MINUTE)
    worked: list[int] = []

    class Counting:
        """A hasher that says how often it has worked."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def verify(self, hashed: str | None, password: str) -> bool:
            worked.append(1)
            return bool(await self._inner.verify(hashed, password))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    house.desk = msgspec.structs.replace(house.desk, hasher=Counting(house.desk.hasher))
    seen = []
    for login in ("olga", "ivan", "max", "nobody", "НЕТ", ""):
        worked.clear()
        before = await house.value("SELECT count(*) FROM acts")
        got = await try_in(house, caller(address=STRANGER), login, "wrong wrong wrong", "123456")
        lines = await house.value("SELECT count(*) FROM acts") - before
        seen.append((said(got), len(worked), lines))
    assert set(seen) == {("proof_wrong", 1, 1)}
    right = code_of(house, secret)
    assert said(await try_in(house, caller(), "ivan", PASSWORD, right)) == "proof_wrong"


async def test_strangers_close_strange_browsers_only(embedded: House) -> None:
    """Invariant 7: wrong tries of strangers close the password where she never was; on her browser,
    and with a passkey, she comes in all the same."""
    house = House(embedded.engine, overrides={"operator_login": Override(amount=3)})
    hers, secret = await with_password(house, await invited(house))
    house.clock.push(MINUTE)
    for nth in range(3):
        strange = caller(address=f"198.51.100.{nth}")
        assert said(await try_in(house, strange, password="wrong wrong wrong")) == "proof_wrong"
    for by in (caller(address="203.0.113.9"), caller(address="203.0.113.9", device="rb_AAAA")):
        got = await try_in(house, by, code=code_of(house, secret))
        assert said(got) == "proofs_closed"
    assert said(await try_in(house, hers, code=code_of(house, secret))) == "in"
    house.clock.push(DAY)
    elsewhere = caller(address="203.0.113.9")
    assert said(await try_in(house, elsewhere, code=code_of(house, secret))) == "in"
    # The right one was given back: what strangers may spend is whole again.
    assert await house.value(
        "SELECT count FROM limits WHERE name = 'operator_login' AND count < 3"
    ) == 0  # fmt: skip


async def test_one_machine_does_not_go_through_logins(embedded: House) -> None:
    house = House(embedded.engine, overrides={"operator_client": Override(amount=3)})
    for nth in range(3):
        got = await try_in(house, caller(address=STRANGER), f"name{nth}")
        assert said(got) == "proof_wrong"
    assert said(await try_in(house, caller(address=STRANGER), "name3")) == "too_many_requests"
    assert said(await try_in(house, caller(), "name3")) == "proof_wrong"


async def test_wrong_tries_on_ones_own_browser_slow_down_and_end(embedded: House) -> None:
    house = embedded
    hers, secret = await with_password(house, await invited(house))
    house.clock.push(MINUTE)
    for _ in range(5):
        assert said(await try_in(house, hers)) == "proof_wrong"
    refused = await try_in(house, hers, code=code_of(house, secret))
    assert said(refused) == "too_many_requests"
    assert refused.until == house.clock.now() + SECOND
    house.clock.push(SECOND)
    assert said(await try_in(house, hers, code=code_of(house, secret))) == "in"
    await house.write("UPDATE operators SET wrong_in_row = 99, wrong_at = 0")
    assert said(await try_in(house, hers)) == "proof_wrong"
    house.clock.push(HOUR)
    got = await try_in(house, hers, code=code_of(house, secret))
    assert said(got) == "operator_worn_out"


async def test_a_session_ends_after_an_hour_without_use_and_after_half_a_day(
    embedded: House,
) -> None:
    house = embedded
    olga = await add_colleague(house, "olga", Role.OPERATOR)
    for _ in range(14):
        house.clock.push(50 * MINUTE)
        assert await see(house, olga.caller) == "ok"
    house.clock.push(50 * MINUTE)
    assert await see(house, olga.caller) == "operator_session_required", "12 hours are over"
    olga = await olga.sign_in()
    house.clock.push(HOUR)
    assert await see(house, olga.caller) == "operator_session_required", "an hour without use"
    ((address, agent),) = await house.rows(
        "SELECT address_sealed, agent_sealed FROM operator_sessions ORDER BY id LIMIT 1"
    )
    assert b"192.0.2" not in bytes(address) + bytes(agent)


async def test_sessions_are_listed_and_ended(house: House) -> None:
    desk, olga = house.desk, await add_colleague(house, "olga", Role.OPERATOR)
    sam = await add_colleague(house, "sam", Role.SUPERVISOR)
    house.clock.push(SECOND)
    second = await Colleague(house, "olga", caller(), olga.pocket).sign_in()
    found = await operator_sessions.listed(desk, second.caller)
    assert isinstance(found, tuple)
    assert [each.current for each in found] == [True, False]
    assert said(await operator_sessions.end(desk, sam.caller, found[1].id)) == "session_unknown"
    assert await operator_sessions.end(desk, second.caller, found[1].id) is None
    assert await see(house, olga.caller) == "operator_session_required"
    third = await second.sign_in()
    assert await see(house, second.caller) == "operator_session_required", "one takes its place"
    assert await operator_sessions.end_all(desk, third.caller) is None
    assert await see(house, third.caller) == "operator_session_required"
    assert await see(house, sam.caller) == "ok"
    await operator_sessions.sign_out(desk, sam.caller)
    assert await see(house, sam.caller) == "operator_session_required"
    await operator_sessions.sign_out(desk, sam.caller)


async def test_ways_in_are_changed_from_inside_by_a_fresh_proof(house: House) -> None:
    desk, olga = house.desk, await add_colleague(house, "olga", Role.OPERATOR)
    access = await operator_access.show(desk, olga.caller)
    assert isinstance(access, operator_access.Access)
    assert access.only
    (first,) = access.passkeys
    only = operator_access.remove_passkey(desk, olga.caller, first.id)
    assert said(await only) == "last_way_in"
    more = await operator_access.more(desk, olga.caller)
    assert isinstance(more, operator_access.More)
    key = Authenticator(SITE, "localhost", name="desk")
    answer = key.register(more.passkey)
    add = operator_access.add_passkey
    elsewhere = (await Colleague(house, "olga", caller(), olga.pocket).sign_in()).caller
    assert said(await add(desk, elsewhere, more.id, answer, "")) == "passkey_not_taken"
    assert await add(desk, olga.caller, more.id, answer, " Desk\nkey ") is None
    assert said(await add(desk, olga.caller, more.id, answer, "")) == "passkey_not_taken"
    code = code_of(house, more.app.secret)
    assert await operator_access.set_password(desk, olga.caller, PASSWORD, code) is None
    assert await see(house, elsewhere) == "operator_session_required", "all others have ended"
    assert await operator_access.remove_passkey(desk, olga.caller, first.id) is None
    assert await operator_access.remove_password(desk, olga.caller) is None
    access = await operator_access.show(desk, olga.caller)
    assert isinstance(access, operator_access.Access)
    assert ([each.name for each in access.passkeys], access.password) == (["Desk key"], False)
    house.clock.push(10 * MINUTE + SECOND)
    for refused in (
        await operator_access.more(desk, olga.caller),
        await add(desk, olga.caller, more.id, answer, ""),
        await operator_access.set_password(desk, olga.caller, PASSWORD, code),
        await operator_access.remove_password(desk, olga.caller),
        await operator_access.remove_passkey(desk, olga.caller, first.id),
    ):
        assert said(refused) == "reauthentication_required"
    anew = await Colleague(house, "olga", olga.caller, key).sign_in()
    assert said(await operator_access.more(desk, anew.caller)) == "ok"


async def test_administrators_let_in_and_out_and_never_themselves(house: House) -> None:
    desk, ada = house.desk, await add_colleague(house, "ada", Role.ADMINISTRATOR)
    by = ada.caller
    invitation = await operators.invite(desk, by, "Olga", " Olga  P. ", Role.OPERATOR)
    assert isinstance(invitation, Invitation)
    for login, name, refused in (
        ("olga", "X", "operator_login_taken"),
        ("Ольга", "X", "operator_login_malformed"),
        ("max", " ", "operator_nameless"),
    ):
        assert said(await operators.invite(desk, by, login, name, Role.AUDITOR)) == refused
    olga = await taken_up(house, invitation)
    assert (await olga.operator()).created_by == "ada"
    assert await operators.change_role(desk, by, "olga", Role.SUPERVISOR) is None
    assert [each.login for each in await supervisors(desk)] == ["olga"]
    assert (await olga.operator()).may(Right.CONFIRM_DECISION), "from the next step on"
    for act in (
        operators.change_role(desk, by, "ada", Role.SUPERVISOR),
        operators.disable(desk, by, "ada"),
        operators.invite_again(desk, by, "ada"),
    ):
        assert said(await act) == "operator_is_oneself"
    anew = await operators.invite_again(desk, by, "olga")
    assert isinstance(anew, Invitation)
    assert await see(house, olga.caller) == "operator_session_required"
    offer = operator_sessions.offer(desk)
    answer = olga.pocket.sign(offer.passkey)
    got = await operator_sessions.by_passkey(desk, olga.caller, offer.id, answer)
    assert said(got) == "proof_wrong", "what let her in before does no more"
    assert await supervisors(desk) == ()
    olga = await taken_up(house, anew)
    assert await operators.disable(desk, by, "olga") is None
    assert await see(house, olga.caller) == "operator_session_required"
    assert await supervisors(desk) == ()
    house.clock.push(11 * MINUTE)
    for act in (
        operators.invite(desk, by, "eve", "Eve", Role.OPERATOR),
        operators.invite_again(desk, by, "olga"),
        operators.change_role(desk, by, "olga", Role.AUDITOR),
        operators.disable(desk, by, "olga"),
    ):
        assert said(await act) == "reauthentication_required"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
async def test_nobody_else_does(embedded: House, role: Role) -> None:
    house, desk = embedded, embedded.desk
    by = (await add_colleague(house, "eve", role)).caller
    await invited(house)
    before = await house.rows("SELECT * FROM operators WHERE login = 'olga'")
    for act in (
        operators.invite(desk, by, "mine", "Mine", Role.SUPERVISOR),
        operators.invite_again(desk, by, "olga"),
        operators.change_role(desk, by, "eve", Role.ADMINISTRATOR),
        operators.change_role(desk, by, "olga", Role.ADMINISTRATOR),
        operators.disable(desk, by, "olga"),
    ):
        assert said(await act) == "right_missing"
    assert await house.rows("SELECT * FROM operators WHERE login = 'olga'") == before
    for look, right in (
        (operators.listed(desk, by), Right.SEE_OPERATORS),
        (operators.show(desk, by, "olga"), Right.SEE_OPERATORS),
        (audit.show(desk, by, "olga"), Right.SEE_AUDIT),
        (audit.find(desk, by, "olga"), Right.SEE_AUDIT),
        (audit.export(desk, by, "olga"), Right.EXPORT_AUDIT),
    ):
        allowed = said(await signed_in(desk, by, right)) == "ok"
        assert (said(await look) == "right_missing") is not allowed


async def test_an_auditor_reads_who_did_what_page_by_page(house: House) -> None:
    desk, ada = house.desk, await add_colleague(house, "ada", Role.ADMINISTRATOR)
    max_ = (await add_colleague(house, "max", Role.AUDITOR)).caller
    await invited(house)
    for nth in range(audit.SHOWN + 3):
        role = (Role.SUPERVISOR, Role.OPERATOR)[nth % 2]
        assert await operators.change_role(desk, ada.caller, "olga", role) is None
    page = await audit.show(desk, max_, "olga")
    assert isinstance(page, audit.Trail)
    assert len(page.lines) == audit.SHOWN
    assert {(each.act, each.login) for each in page.lines} == {("operator_role_changed", "ada")}
    rest = await audit.show(desk, max_, "olga", page.older)
    assert isinstance(rest, audit.Trail)
    assert [each.act for each in rest.lines] == ["operator_role_changed"] * 3 + ["operator_invited"]
    assert rest.older is None
    # What she did to others stands under her own name too, and says to whom.
    hers = await audit.export(desk, max_, "ada")
    assert isinstance(hers, tuple)
    assert hers[0].about == subject("olga")
    assert len(hers) == audit.SHOWN + 3 + 3
    by_id = await audit.show(desk, max_, subject("olga").hex().upper())
    assert isinstance(by_id, audit.Trail)
    assert by_id.lines == page.lines
    assert said(await audit.show(desk, max_, "nobody")) == "trail_unknown"
    own = await audit.show(desk, max_, "max")
    assert isinstance(own, audit.Trail)
    assert (own.lines[0].act, own.lines[0].about) == ("audit_exported", subject("ada"))


async def test_the_list_goes_on(embedded: House) -> None:
    house, desk = embedded, embedded.desk
    ada = await add_colleague(house, "ada", Role.ADMINISTRATOR)
    for nth in range(operators.LISTED + 1):
        await invited(house, f"one{nth:03}")
    first = await operators.listed(desk, ada.caller)
    assert isinstance(first, operators.Operators)
    assert len(first.people) == operators.LISTED
    rest = await operators.listed(desk, ada.caller, first.after or "")
    assert isinstance(rest, operators.Operators)
    assert [each.login for each in rest.people] == ["one099", "one100"]


async def test_another_language_is_kept(embedded: House) -> None:
    olga = await add_colleague(embedded, "olga", Role.OPERATOR)
    await operator_access.speak(embedded.desk, olga.caller, "ru")
    await operator_access.speak(embedded.desk, caller(), "ru")
    assert await embedded.rows("SELECT locale FROM operators") == [("ru",)]
    again = await olga.sign_in()
    assert carrying(again.caller, OperatorSession("t", 1, "b")).bearer == "t"
