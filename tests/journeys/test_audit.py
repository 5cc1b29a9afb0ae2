"""audit: whatever changes something leaves a line, in the transaction that changes it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rebind.domain.acts import Act
from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE, Ms
from rebind.flows import account, imports, keys, sessions
from rebind.flows.desk import RequestView
from rebind.flows.imports import Person
from tests.journeys import databases, factor_scenes, operator_scenes, support_scenes
from tests.journeys.waits import c3, c4, c5, elsewhere
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    CLARA,
    House,
    Someone,
    another,
    said,
)

Step = Callable[[], Awaitable[Any]]
Scene = Callable[[House], Awaitable[Step]]


async def _anna(house: House) -> Someone:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    # Not so long that her next step is noted as "seen", which is no act.
    house.clock.push(5 * MINUTE)
    return anna


async def _enrol_begins(house: House) -> Step:
    return lambda: Someone(house, CLARA).ask(Kind.ENROL)


async def _enrol_ends(house: House) -> Step:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    code = await house.code_to(CLARA)
    return lambda: clara.prove(begun, code_new=code)


async def _enrol_meets_a_taken_number(house: House) -> Step:
    await house.bring_in(CLARA)
    return await _enrol_ends(house)


async def _sign_in_begins(house: House) -> Step:
    anna = await _anna(house)
    return lambda: anna.ask(Kind.SIGN_IN)


async def _sign_in_as_nobody_begins(house: House) -> Step:
    return lambda: Someone(house, CLARA).ask(Kind.SIGN_IN)


async def _sign_in_ends(house: House) -> Step:
    anna = await _anna(house)
    begun = await anna.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    return lambda: anna.prove(begun, code_current=code)


async def _sign_in_on_probation_ends(house: House) -> Step:
    boris = (await house.bring_in(BORIS)).elsewhere()
    begun = await boris.begin(Kind.SIGN_IN)
    code = await house.code_to(BORIS)
    return lambda: boris.prove(begun, code_current=code)


async def _sign_in_proves_half(house: House) -> Step:
    there = (await _anna(house)).elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    return lambda: there.prove(begun, code_current=code)


async def _another_code(house: House) -> Step:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    house.clock.push(MINUTE)
    return lambda: clara.another_code(begun, Proof.CODE_NEW)


async def _wrong_code(house: House) -> Step:
    there = (await _anna(house)).elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    code = another(await house.code_to(ANNA))
    return lambda: there.prove(begun, code_current=code)


async def _wrong_code_on_a_known_device(house: House) -> Step:
    anna = await _anna(house)
    begun = await anna.begin(Kind.SIGN_IN)
    code = another(await house.code_to(ANNA))
    return lambda: anna.prove(begun, code_current=code)


async def _wrong_code_for_nobody(house: House) -> Step:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.SIGN_IN)
    return lambda: clara.prove(begun, code_current="000000")


async def _cancelled(house: House) -> Step:
    clara = Someone(house, CLARA)
    begun = await clara.begin(Kind.ENROL)
    return lambda: clara.cancel(begun)


async def _change_begins(house: House) -> Step:
    anna = await _anna(house)
    return lambda: anna.ask(Kind.CHANGE, ANNA_NEW)


async def _change_ends(house: House) -> Step:
    anna = await _anna(house)
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW)
    codes = {"code_current": await house.code_to(ANNA), "code_new": await house.code_to(ANNA_NEW)}
    return lambda: anna.prove(begun, **codes)


async def _change_meets_a_taken_number(house: House) -> Step:
    await house.bring_in(ANNA_NEW)
    return await _change_ends(house)


async def _change_has_begun(house: House) -> Step:
    there = await elsewhere(house)
    begun = await there.begin(Kind.CHANGE, CLARA)
    code = await house.code_to(BORIS)
    return lambda: there.prove(begun, code_current=code)


async def _change_waits(house: House) -> Step:
    anna = await _anna(house)
    begun = await anna.begin(Kind.CHANGE, ANNA_NEW, send=(Proof.CODE_NEW,))
    code = await house.code_to(ANNA_NEW)
    return lambda: anna.prove(begun, code_new=code)


async def _stopped_by_link(house: House) -> Step:
    anna = await _anna(house)
    await c5(house, anna)
    link = await house.link_to(ANNA, "stop")
    return lambda: Someone(house, ANNA).stop_by(link)


async def _stopped_by_session(house: House) -> Step:
    anna = await _anna(house)
    begun = await c5(house, anna)
    return lambda: anna.object_to(begun)


async def _time(house: House, begun: RequestView, after: Ms) -> Step:
    """What time does, without the net that catches whatever goes wrong with one request."""
    await house.deliver()
    house.clock.push(after)
    return lambda: house.upkeep._take(begun.id, house.clock.now())


async def _time_reminds(house: House) -> Step:
    return await _time(house, await c5(house, await _anna(house)), 13 * DAY)


async def _time_asks_for_a_code(house: House) -> Step:
    begun = await c5(house, await _anna(house))
    await house.pass_time(13 * DAY)
    return await _time(house, begun, DAY)


async def _time_changes_the_number(house: House) -> Step:
    return await _time(house, await c4(house, await _anna(house)), DAY)


async def _time_waits_again(house: House) -> Step:
    there = await elsewhere(house)
    begun = await c3(house, there)
    await house.pass_time(2 * DAY)
    house.carrier.answers[BORIS] = CarrierFacts(SimAnswer.CHANGED, house.clock.now())
    return await _time(house, begun, DAY)


async def _time_refuses(house: House) -> Step:
    """Of this wait nobody could be told."""
    anna = await _anna(house)
    for address in (ANNA, ANNA_MAIL):
        house.post.refuse(address, 99, final=True)
    return await _time(house, await c5(house, anna), 14 * DAY)


async def _time_cancels(house: House) -> Step:
    begun = await c5(house, await _anna(house))
    await house.write("UPDATE sessions SET ended_at = 1")
    return await _time(house, begun, 14 * DAY)


async def _changed(house: House) -> Someone:
    anna = await _anna(house)
    assert said(await anna.change(ANNA_NEW)) == "done"
    anna.number = ANNA
    house.clock.push(5 * MINUTE)
    return anna


async def _time_tells_again(house: House) -> Step:
    await _changed(house)
    ((changed,),) = await house.rows("SELECT id FROM requests WHERE kind = 'change'")
    return await _time(house, RequestView(bytes(changed), "change", "done", (), 0), 12 * HOUR)


async def _undo_begins(house: House) -> Step:
    anna = await _changed(house)
    return lambda: anna.elsewhere().ask(Kind.UNDO, ANNA)


async def _undo_by_mail_begins(house: House) -> Step:
    anna = await _changed(house)
    return lambda: anna.elsewhere().ask(Kind.UNDO, ANNA_MAIL)


async def _undo_by_link_begins(house: House) -> Step:
    anna = await _changed(house)
    link = await house.link_to(ANNA, "undo")
    return lambda: anna.undo_by(link)


async def _undo_of_nothing_begins(house: House) -> Step:
    return lambda: Someone(house, CLARA).ask(Kind.UNDO, CLARA)


async def _undo_ends(house: House) -> Step:
    anna = (await _changed(house)).elsewhere()
    begun = await anna.begin(Kind.UNDO, ANNA)
    code = await house.code_to(ANNA)
    return lambda: anna.prove(begun, code_new=code)


async def _undo_freezes(house: House) -> Step:
    step = await _undo_ends(house)
    await house.write("UPDATE requests SET policy_row = 'C1' WHERE kind = 'change'")
    return step


async def _unlocks(house: House) -> Step:
    await (await _undo_ends(house))()
    house.clock.push(DAY)
    await house.write("UPDATE emails SET removed_at = 1")
    anna = Someone(house, ANNA, address="192.0.2.77")
    begun = await anna.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    return lambda: anna.prove(begun, code_current=code)


async def _speaks(house: House) -> Step:
    anna = await _anna(house)
    return lambda: account.speak(house.desk, anna.caller(), "en")


async def _session_ended_with_what_waits(house: House) -> Step:
    anna = await _anna(house)
    await c5(house, anna)
    own = await house.value("SELECT id FROM sessions")
    return lambda: sessions.end(house.desk, anna.caller(), own)


async def _session_ended(house: House) -> Step:
    anna = await _anna(house)
    own = await house.value("SELECT id FROM sessions")
    return lambda: sessions.end(house.desk, anna.caller(), own)


async def _others_ended(house: House) -> Step:
    anna = await _anna(house)
    return lambda: sessions.end_others(house.desk, anna.caller())


async def _brought_in(house: House) -> Step:
    return lambda: imports.bring_in(house.desk, Person(CLARA, "en", 0))


async def _key_rotated(house: House) -> Step:
    return lambda: keys.note(house.desk, "index")


FLOWS: dict[str, tuple[Scene, set[Act]]] = {
    "enrol begins": (_enrol_begins, {Act.REQUEST_BEGUN}),
    "enrol ends": (_enrol_ends, {Act.PROOF_ACCEPTED, Act.ACCOUNT_OPENED, Act.SESSION_OPENED}),
    "enrol meets a taken number": (_enrol_meets_a_taken_number, {Act.REQUEST_REFUSED}),
    "sign_in begins": (_sign_in_begins, {Act.REQUEST_BEGUN}),
    "sign_in as nobody begins": (_sign_in_as_nobody_begins, {Act.REQUEST_BEGUN}),
    "sign_in ends": (
        _sign_in_ends,
        {Act.PROOF_ACCEPTED, Act.SESSION_OPENED, Act.NUMBER_CONFIRMED},
    ),
    "sign_in on probation ends": (
        _sign_in_on_probation_ends,
        {Act.PROOF_ACCEPTED, Act.SESSION_OPENED},
    ),
    "sign_in proves half": (_sign_in_proves_half, {Act.PROOF_ACCEPTED}),
    "another code": (_another_code, {Act.CODE_ASKED}),
    "wrong code": (_wrong_code, {Act.CODE_WRONG}),
    "wrong code on a known device": (_wrong_code_on_a_known_device, {Act.CODE_WRONG}),
    "wrong code for nobody": (_wrong_code_for_nobody, {Act.CODE_WRONG}),
    "cancelled": (_cancelled, {Act.REQUEST_CANCELLED}),
    "change begins": (_change_begins, {Act.REQUEST_BEGUN}),
    "change ends": (
        _change_ends,
        {Act.PROOF_ACCEPTED, Act.NUMBER_CHANGED, Act.SESSIONS_ENDED},
    ),
    "change meets a taken number": (_change_meets_a_taken_number, {Act.REQUEST_REFUSED}),
    "change has begun": (_change_has_begun, {Act.PROOF_ACCEPTED}),
    "change waits": (_change_waits, {Act.PROOF_ACCEPTED, Act.REQUEST_WAITING}),
    "stopped by link": (_stopped_by_link, {Act.REQUEST_OBJECTED, Act.CASE_OPENED}),
    "stopped by session": (_stopped_by_session, {Act.REQUEST_OBJECTED, Act.CASE_OPENED}),
    "time reminds": (_time_reminds, {Act.NOTICES_REPEATED}),
    "time tells again": (_time_tells_again, {Act.NOTICES_REPEATED}),
    "time asks for a code": (_time_asks_for_a_code, {Act.PROOF_ACCEPTED, Act.REQUEST_READY}),
    "time changes the number": (
        _time_changes_the_number,
        {Act.PROOF_ACCEPTED, Act.NUMBER_CHANGED, Act.SESSIONS_ENDED},
    ),
    "time waits again": (_time_waits_again, {Act.PROOF_ACCEPTED, Act.REQUEST_WAITING}),
    "time refuses": (_time_refuses, {Act.REQUEST_REFUSED}),
    "time cancels": (_time_cancels, {Act.REQUEST_CANCELLED}),
    "undo begins": (_undo_begins, {Act.REQUEST_BEGUN}),
    "undo by mail begins": (_undo_by_mail_begins, {Act.REQUEST_BEGUN}),
    "undo by link begins": (_undo_by_link_begins, {Act.REQUEST_BEGUN}),
    "undo of nothing begins": (_undo_of_nothing_begins, {Act.REQUEST_BEGUN}),
    "undo ends": (
        _undo_ends,
        {Act.PROOF_ACCEPTED, Act.SESSIONS_ENDED, Act.ACCOUNT_LOCKED, Act.NUMBER_RETURNED},
    ),
    "undo freezes": (
        _undo_freezes,
        {Act.PROOF_ACCEPTED, Act.SESSIONS_ENDED, Act.ACCOUNT_FROZEN, Act.CASE_OPENED},
    ),
    "unlocks": (_unlocks, {Act.PROOF_ACCEPTED, Act.SESSION_OPENED, Act.ACCOUNT_UNLOCKED}),
    "speaks": (_speaks, {Act.LANGUAGE_CHANGED}),
    "session ended with what waits": (_session_ended_with_what_waits, {Act.SESSION_ENDED}),
    "session ended": (_session_ended, {Act.SESSION_ENDED}),
    "others ended": (_others_ended, {Act.SESSIONS_ENDED}),
    "key rotated": (_key_rotated, {Act.KEY_ROTATED}),
    "brought in": (_brought_in, {Act.ACCOUNT_IMPORTED}),
    **factor_scenes.FLOWS,
    **operator_scenes.FLOWS,
    **support_scenes.FLOWS,
}
"""Every flow that writes, and the acts that it leaves."""


async def contents(house: House, besides: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but those, and but the counters of tries, which are counted
    before anybody looks at the code or the document."""
    tables = [table for table in databases.TABLES if table not in besides]
    found = {
        table: sorted(await house.rows(f"SELECT * FROM {table}"), key=repr) for table in tables
    }
    counted = {"wrong_address", "enrol_address", "wrong_proof", "wrong_factor"}
    counted |= {"operator_login", "operator_client", "uploads_case"}
    found["limits"] = [row for row in found["limits"] if row[0] not in counted]
    return found


@pytest.mark.parametrize("name", FLOWS)
async def test_each_flow_leaves_its_lines(house: House, name: str) -> None:
    scene, acts = FLOWS[name]
    step = await scene(house)
    before = await house.acts()
    await step()
    assert set((await house.acts())[len(before) :]) == acts


@pytest.mark.parametrize("name", FLOWS)
async def test_without_its_lines_nothing_is_kept(
    house: House, name: str, database_url: str
) -> None:
    """The same transaction: where the line cannot be written, neither is what it tells of. Only
    a try is counted for itself, before anybody looks at the code."""
    scene, _ = FLOWS[name]
    step = await scene(house)
    counted = {"challenges"}
    before = await contents(house, counted)
    nudges = house.nudges
    await databases.run(database_url, "ALTER TABLE acts RENAME TO acts_away")
    with pytest.raises(Exception, match="acts"):
        await step()
    await databases.run(database_url, "ALTER TABLE acts_away RENAME TO acts")
    assert await contents(house, counted) == before
    assert house.nudges == nudges


def test_every_act_of_the_closed_list_has_a_flow() -> None:
    assert {act for _, acts in FLOWS.values() for act in acts} == set(Act)


async def test_what_is_refused_before_it_writes_leaves_no_line(house: House, anna: Someone) -> None:
    begun = await Someone(house, CLARA).begin(Kind.ENROL)
    thief = Someone(house, CLARA)
    thief.session = "rr_" + "A" * 22
    before = await contents(house, {"challenges"})
    clara = Someone(house, CLARA)
    for refused in (
        await clara.ask(Kind.ENROL, "not a number"),
        await clara.ask(Kind.ENROL),
        await clara.ask(Kind.CHANGE),
        await clara.prove(begun, code_new="12345"),
        await clara.prove(begun, code_current="123456"),
        await clara.another_code(begun, Proof.CODE_NEW),
        await clara.another_code(begun, Proof.CODE_CURRENT),
        await anna.ask(Kind.CHANGE, ANNA),
        await anna.prove(begun.__class__(begun.id, "enrol", "open", (), 0), code_new="123456"),
        await sessions.end(house.desk, anna.caller(), b"\0" * 16),
        await imports.bring_in(house.desk, Person(ANNA, "ru", 0)),
    ):
        assert hasattr(refused, "refusal"), refused
    assert await contents(house, {"challenges"}) == before


async def test_who_did_it_and_by_which_door(house: House) -> None:
    anna = await house.bring_in(ANNA, since=house.clock.now() - 10 * DAY)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    code = await house.code_to(ANNA)
    await there.prove(begun, code_current=another(code))
    assert said(await there.prove(begun, code_current=code)) == "done"
    lines = await house.rows("SELECT act, actor, door, why, request_id FROM acts ORDER BY id")
    assert [line[:4] for line in lines] == [
        ("account_imported", "system", "command_line", "imported"),
        ("request_begun", "stranger", "api", "sign_in"),
        ("code_wrong", "stranger", "api", "sign_in"),
        ("proof_accepted", "holder", "api", "code_current"),
        ("session_opened", "holder", "api", "I3"),
    ]
    assert [line[4] for line in lines] == [None, *[begun.id] * 4]
