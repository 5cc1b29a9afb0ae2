"""export: a person takes along everything that is held of them, once for each fresh proof."""

import json

from rebind.domain.cases import CaseKind
from rebind.domain.evidence import Proof
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, Id
from rebind.entrypoints.shared import holdings
from rebind.flows import cases, export, reauthentication
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView
from rebind.flows.export import Holdings
from rebind.templates import pages
from tests.factors import PASSWORD, set_password, set_recovery_code, set_totp, totp_now
from tests.journeys.waits import told
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House, Someone, said

OLD = 30 * DAY


async def permit(house: House, who: Someone, purpose: Purpose = Purpose.DATA_EXPORT) -> Id:
    """A re-authentication that was done, by the app."""
    begun = await reauthentication.begin(house.desk, who.caller(), purpose, "")
    assert isinstance(begun, RequestView), begun
    assert (Proof.TOTP,) in begun.needs
    assert said(await who.prove(begun, totp=totp_now(who))) == "done"
    return begun.id


async def taken(house: House, who: Someone) -> Holdings:
    held = await export.take(house.desk, who.caller(), await permit(house, who))
    assert isinstance(held, Holdings), held
    return held


async def full(house: House) -> Someone:
    """Anna, who has used everything."""
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    house.clock.push(HOUR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    await set_password(anna, age=OLD)
    await set_totp(anna, age=OLD)
    await set_recovery_code(anna, age=OLD)
    letter = Letter(CaseKind.OTHER, "Where can I see my invoices? <b>")
    await cases.open_signed_in(house.desk, anna.caller(), letter)
    house.clock.push(5 * MINUTE)
    return anna


async def test_everything_is_told_and_no_secret(house: House) -> None:
    anna = await full(house)
    await house.bring_in(BORIS)
    held = await taken(house, anna)
    assert [(each.number, each.released_at is None) for each in held.numbers] == [
        (ANNA_NEW, True),
        (ANNA, False),
    ]
    assert [each.address for each in held.emails] == [ANNA_MAIL]
    assert sorted(each.kind for each in held.factors) == ["password", "recovery_code", "totp"]
    assert held.devices
    assert all(each.address and each.opened_at for each in held.sessions)
    assert {each.kind for each in held.requests} == {"sign_in", "change", "reauthenticate"}
    assert "data_exported" not in [each.act for each in held.history], "it is told of the next time"
    assert "number_changed" in [each.act for each in held.history]
    assert not held.history_cut
    assert [each.text for case in held.cases for each in case.messages] == [
        "Where can I see my invoices? <b>"
    ]
    assert (await house.acts(anna.account))[-1] == "data_exported"
    assert await told(house, "security_changed") == sorted((ANNA, ANNA_NEW, ANNA_MAIL))
    written = holdings.written(held)
    as_json = json.loads(written)
    assert as_json["numbers"][0]["number"] == ANNA_NEW
    assert as_json["account"]["enrolled_at"].endswith("Z")
    assert as_json["cases"][0]["messages"][0]["by"] == "person"
    secrets = (PASSWORD.encode(), b"hash", b"seed", b"sealed", b"token", b'"link"', BORIS.encode())
    assert not [secret for secret in secrets if secret in written]
    for locale in ("en", "ru"):
        page = pages.render("closing/export_file", locale, held=held, papers=house.desk.papers)
        assert "Where can I see my invoices? &lt;b&gt;" in page
        assert ANNA_MAIL in page
        assert "<script" not in page
        assert 'href="' not in page


async def test_it_takes_a_proof_of_its_own_once(house: House) -> None:
    anna = await full(house)
    other = await permit(house, anna, Purpose.TOTP_SET)
    assert said(await export.take(house.desk, anna.caller(), other)) == "reauthentication_required"
    house.clock.push(MINUTE)
    given = await permit(house, anna)
    assert await export.look(house.desk, anna.caller(), given) is None
    assert isinstance(await export.take(house.desk, anna.caller(), given), Holdings)
    for flow in (export.look, export.take):
        refused = await flow(house.desk, anna.caller(), given)
        assert said(refused) == "reauthentication_required"
    house.clock.push(MINUTE)
    late = await permit(house, anna)
    house.clock.push(HOUR)
    assert said(await export.take(house.desk, anna.caller(), late)) == "reauthentication_required"
    nobody = Someone(house, BORIS).caller()
    assert said(await export.take(house.desk, nobody, late)) == "session_required"
    assert (await house.acts(anna.account)).count("data_exported") == 1


async def test_a_long_history_is_cut_and_what_an_undo_took_off_is_masked(house: House) -> None:
    anna = await full(house)
    numbered = [(n.to_bytes(16, "big"), n) for n in range(1, export.ACTS_MAX + 1)]
    for start in range(0, len(numbered), 200):
        values = ", ".join(
            f"(:account, :id{n}, 'number_confirmed', 'holder', 'web', {n}, NULL, NULL)"
            for _, n in numbered[start : start + 200]
        )
        args = {f"id{n}": raw for raw, n in numbered[start : start + 200]}
        await house.write(f"INSERT INTO acts VALUES {values}", account=anna.account, **args)
    await house.write("UPDATE bindings SET reason = 'undo' WHERE released_at IS NOT NULL")
    await house.write("UPDATE emails SET suspended_at = 1")
    held = await taken(house, anna)
    assert (len(held.history), held.history_cut) == (export.ACTS_MAX, True)
    assert held.history[0].at > held.history[-1].at
    assert "•" in held.numbers[1].number
    assert "•" in held.emails[0].address
