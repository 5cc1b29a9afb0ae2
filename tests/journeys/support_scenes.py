"""Scenes of the audit about cases, recovery and the end of an account: everything but the last step
has happened."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from rebind.domain.acts import Act
from rebind.domain.cases import CaseKind, DocumentKind, DocumentVerdict, Fact, Reason, Verdict
from rebind.domain.evidence import Proof
from rebind.domain.letters import Letter as Mail
from rebind.domain.letters import Reason as MailReason
from rebind.domain.operators import Operator, Role
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, MINUTE, Id
from rebind.flows import (
    case_decisions,
    case_opening,
    casebook,
    cases,
    casework,
    change,
    closing,
    correspondence,
    export,
    reauthentication,
    recover,
)
from rebind.flows.case_opening import Heard
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.cases import Letter
from rebind.flows.desk import RequestView, tokens
from rebind.flows.desk.casefiles import Access
from rebind.ports import Missing
from tests.desk import AT_DESK, LOST, NEW_MAIL, confirmed, entered, hired, with_passport, written
from tests.journeys.operator_scenes import each
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS_MAIL, House, Someone, said

Step = Callable[[], Awaitable[Any]]
Scene = Callable[[House], Awaitable[Step]]

QUESTION = Letter(CaseKind.OTHER, "Where is my order?", BORIS_MAIL)


class _Shelf:
    """Documents of a scene, in memory."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        self._blobs[name] = b"".join([chunk async for chunk in chunks])

    async def get(self, name: str) -> AsyncIterator[bytes]:
        if name not in self._blobs:
            raise Missing(name)
        yield self._blobs[name]

    async def delete(self, name: str) -> None:
        self._blobs.pop(name, None)


async def _paper() -> AsyncIterator[bytes]:
    yield b"%PDF-1.4 passport of Anna"


async def _anna(house: House) -> Someone:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    # Not so long that her next step is noted as "seen", which is no act.
    house.clock.push(5 * MINUTE)
    return anna


async def _lost(house: House) -> Access:
    """The case of somebody who has lost the number, and nothing else is on the account."""
    await house.bring_in(ANNA)
    return await entered(house, await written(house, Someone(house, ANNA_NEW)))


async def _question(house: House) -> Access:
    return await entered(house, await written(house, Someone(house, ANNA_NEW), QUESTION))


async def _people(house: House) -> tuple[Operator, Operator]:
    """An operator and the supervisor who is always the second."""
    olga = await hired(house, "olga", Role.OPERATOR)
    return olga, await hired(house, "sonya", Role.SUPERVISOR)


async def _case_begins(house: House) -> Step:
    return lambda: cases.begin(house.desk, Someone(house, ANNA_NEW).caller(), QUESTION)


async def _case_opened(house: House) -> Step:
    lost = Someone(house, ANNA_NEW)
    begun = await cases.begin(house.desk, lost.caller(), LOST)
    assert isinstance(begun, RequestView), begun
    codes = {"code_contact": await house.code_to(NEW_MAIL), "code_new": await lost.newest_code()}
    return lambda: lost.prove(begun, **codes)


async def _case_opened_by_desk(house: House) -> Step:
    olga, _sonya = await _people(house)
    heard = Heard(CaseKind.LOST_ACCESS, "The phone is gone.", NEW_MAIL, "en", ANNA)
    return lambda: case_opening.write_down(house.desk, AT_DESK, olga, heard)


async def _person_takes_it_up(house: House) -> Step:
    assert isinstance(await (await _case_opened_by_desk(house))(), str)
    link = await house.link_to(NEW_MAIL, "support/draft")
    caller = Someone(house, ANNA_NEW).caller()
    return lambda: case_opening.take_up(house.desk, caller, link, ANNA_NEW, "And more.")


async def _case_opened_inside(house: House) -> Step:
    anna = await _anna(house)
    return lambda: cases.open_signed_in(house.desk, anna.caller(), QUESTION)


async def _person_adds(house: House) -> Step:
    access, caller = await _lost(house), Someone(house, ANNA_NEW).caller()
    tools = msgspec.structs.replace(house.intake, blobs=_Shelf())
    found = tokens.replied_to(house.seal, tokens.reply_token(house.seal, access.row.id, NEW_MAIL))
    assert found is not None
    mail = Mail(
        message_id="<1@there>",
        from_address=NEW_MAIL,
        from_other=False,
        subject="Re: case",
        text="Here.",
        cut=False,
        attachments=0,
        reason=None,
    )
    came_back = msgspec.structs.replace(mail, message_id="<2@there>", reason=MailReason.BOUNCED)
    return each(
        lambda: correspondence.write(house.desk, caller, access, "And one more"),
        lambda: correspondence.add_document(
            house.desk, tools, caller, access, DocumentKind.IDENTITY, _paper()
        ),
        lambda: correspondence.receive(house.desk, mail, *found),
        lambda: correspondence.receive(house.desk, came_back, *found),
    )


async def _person_reopens(house: House) -> Step:
    olga, _sonya = await _people(house)
    access = await _lost(house)
    why = Reason.SOLVED_OTHERWISE
    assert await casework.close(house.desk, AT_DESK, olga, access.row.id, why) is None
    access = msgspec.structs.replace(access, row=(await _again(house, access)).row)
    caller = Someone(house, ANNA_NEW).caller()
    return lambda: correspondence.write(house.desk, caller, access, "It is not solved")


async def _again(house: House, access: Access) -> Access:
    return await entered(house, tokens.case_link(house.seal, access.row.id, access.side))


async def _desk_looks(house: House) -> Step:
    olga, _sonya = await _people(house)
    case_id, desk = (await _lost(house)).row.id, house.desk
    paper = await with_passport(house, olga, case_id)
    return each(
        lambda: casebook.look(desk, AT_DESK, olga, case_id),
        lambda: casebook.search_number(desk, AT_DESK, olga, case_id, ANNA, "An older case?"),
        lambda: casebook.page_of_document(
            desk, house.intake, AT_DESK, olga, case_id, paper, 0, "olga"
        ),
    )


async def _desk_works(house: House) -> Step:
    olga, sonya = await _people(house)
    case_id, desk = (await _lost(house)).row.id, house.desk
    paper = await with_passport(house, olga, case_id)
    message: Id = await house.value("SELECT id FROM case_messages")
    matches, why = DocumentVerdict.MATCHES, Reason.SOLVED_OTHERWISE
    return each(
        lambda: casework.take(desk, AT_DESK, olga, case_id),
        lambda: casework.release(desk, AT_DESK, olga, case_id),
        lambda: casework.assign(desk, AT_DESK, olga, case_id, "olga"),
        lambda: casework.answer(desk, AT_DESK, olga, case_id, "Thank you."),
        lambda: casework.note(desk, AT_DESK, olga, case_id, "She sounds honest."),
        lambda: casework.check_document(desk, AT_DESK, olga, case_id, paper, matches, Fact.NAME),
        lambda: casework.redact(desk, AT_DESK, sonya, case_id, message),
        lambda: casework.close(desk, AT_DESK, olga, case_id, why),
    )


async def _proposed(house: House, who: Operator, access: Access, verdict: Verdict) -> Reason:
    """A case that waits for the second person, and with which reason they may agree."""
    reason = Reason.DOCUMENTS_MATCH if verdict is Verdict.FOR else Reason.NOT_ENOUGH
    proposed = await case_decisions.propose(
        house.desk, AT_DESK, who, access.row.id, verdict, reason, fresh=True
    )
    assert proposed is None, proposed
    return reason


async def _one_decides(house: House) -> Step:
    """One proposes about a case; about another the second one rejects what was proposed."""
    olga, sonya = await _people(house)
    lost, question = (await _lost(house)), (await _question(house))
    reason = await _proposed(house, olga, question, Verdict.AGAINST)
    desk = house.desk
    return each(
        lambda: case_decisions.propose(
            desk, AT_DESK, olga, lost.row.id, Verdict.AGAINST, reason, fresh=True
        ),
        lambda: case_decisions.reject(desk, AT_DESK, sonya, question.row.id, "Ask her again."),
    )


async def _second_confirms(house: House) -> Step:
    olga, sonya = await _people(house)
    access = await _lost(house)
    await with_passport(house, olga, access.row.id)
    reason = await _proposed(house, olga, access, Verdict.FOR)
    return lambda: confirmed(house, sonya, access.row.id, reason)


async def _goes_on_from_its_case(house: House) -> Step:
    assert await (await _second_confirms(house))() is None
    await house.pass_time(0)
    case_id = await house.value("SELECT id FROM cases")
    access = await entered(house, tokens.case_link(house.seal, case_id, "person"))
    caller = Someone(house, ANNA_NEW).caller()
    return lambda: recover.by_case(house.desk, caller, access)


async def _time_ends_cases(house: House) -> Step:
    """Nobody has answered in one; the other has been closed for a month."""
    olga, _sonya = await _people(house)
    lost, question = await _lost(house), await _question(house)
    await with_passport(house, olga, question.row.id)
    asked = await casework.answer(
        house.desk, AT_DESK, olga, lost.row.id, "Which passport?", asks=True
    )
    closed = await casework.close(
        house.desk, AT_DESK, olga, question.row.id, Reason.SOLVED_OTHERWISE
    )
    assert asked is closed is None
    house.clock.push(house.desk.policy.documents_kept_d * DAY)
    waiting = await _again(house, lost)
    tools = msgspec.structs.replace(house.intake, blobs=_Shelf())
    time, now = CaseUpkeep(house.desk, tools, house.bugs.append), house.clock.now()
    return each(
        lambda: time._closed(waiting.row, now),
        lambda: time._destroyed(question.row.id, now, now),
    )


async def _recovery_begins(house: House) -> Step:
    there = (await _anna(house)).elsewhere()
    return lambda: there.ask(Kind.RECOVER, ANNA)


async def _recovery_begun(house: House, who: Someone) -> RequestView:
    """A recovery whose first code was answered."""
    begun = await who.begin(Kind.RECOVER, ANNA)
    proved = await who.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(proved) == "open", proved
    return begun


async def _recovery_aims(house: House) -> Step:
    there = (await _anna(house)).elsewhere()
    begun = await _recovery_begun(house, there)
    return lambda: there.aim(begun, ANNA_NEW)


async def _recovery_waits(house: House) -> Step:
    there = (await _anna(house)).elsewhere()
    begun = await _recovery_begun(house, there)
    await there.aim(begun, ANNA_NEW)
    code = await house.code_to(ANNA_NEW)
    return lambda: there.prove(begun, code_new=code)


async def _goes_on_elsewhere(house: House) -> Step:
    assert said(await (await _recovery_waits(house))()) == "waiting"
    house.clock.push(5 * MINUTE)
    there = Someone(house, ANNA, address="198.51.100.99")
    begun = await _recovery_begun(house, there)
    return lambda: there.resume(begun)


async def _change_goes_on_elsewhere(house: House) -> Step:
    anna = await _anna(house)
    waits = await c5(house, anna)
    house.clock.push(5 * MINUTE)
    there = Someone(house, ANNA, anna.device, anna.id)
    await there.sign_in()
    house.clock.push(5 * MINUTE)
    permit = await _permit(there, Purpose.REQUEST_RESUME, waits.id.hex())
    return lambda: change.resume(house.desk, there.caller(), waits.id, permit)


async def _permit(anna: Someone, purpose: Purpose, about: str = "") -> Id:
    """A fresh proof for it."""
    begun = await reauthentication.begin(anna.house.desk, anna.caller(), purpose, about)
    assert isinstance(begun, RequestView), begun
    await anna.another_code(begun, Proof.CODE_CURRENT)
    assert said(await anna.prove(begun, code_current=await anna.newest_code())) == "done"
    return begun.id


async def _closing_begins(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.ACCOUNT_CLOSE)
    return lambda: closing.begin(house.desk, anna.caller(), permit)


async def _time_closes_the_account(house: House) -> Step:
    begun = await (await _closing_begins(house))()
    assert isinstance(begun, RequestView), begun
    await house.pass_time(23 * DAY)
    house.clock.push(7 * DAY)
    return lambda: house.upkeep._take(begun.id, house.clock.now())


async def _data_exported(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.DATA_EXPORT)
    return lambda: export.take(house.desk, anna.caller(), permit)


FLOWS: dict[str, tuple[Scene, set[Act]]] = {
    "case begins": (_case_begins, {Act.REQUEST_BEGUN}),
    "case opened": (_case_opened, {Act.PROOF_ACCEPTED, Act.CASE_OPENED}),
    "case opened by the desk": (_case_opened_by_desk, {Act.CASE_DRAFTED}),
    "person takes it up": (_person_takes_it_up, {Act.REQUEST_BEGUN}),
    "case opened from inside": (_case_opened_inside, {Act.CASE_OPENED}),
    "person adds to a case": (
        _person_adds,
        {Act.CASE_WRITTEN, Act.DOCUMENT_ADDED, Act.CASE_BOUNCED},
    ),
    "person reopens a case": (_person_reopens, {Act.CASE_WRITTEN, Act.CASE_REOPENED}),
    "desk looks": (_desk_looks, {Act.CASE_SEEN, Act.CASE_SEARCHED, Act.DOCUMENT_VIEWED}),
    "desk works": (
        _desk_works,
        {
            Act.CASE_KEPT,
            Act.CASE_LET_GO,
            Act.CASE_ASSIGNED,
            Act.CASE_ANSWERED,
            Act.CASE_NOTED,
            Act.DOCUMENT_CHECKED,
            Act.CASE_REDACTED,
            Act.CASE_CLOSED,
        },
    ),
    "one decides": (_one_decides, {Act.CASE_PROPOSED, Act.CASE_REJECTED}),
    "second confirms": (_second_confirms, {Act.CASE_CONFIRMED, Act.REQUEST_BEGUN}),
    "recovery goes on from its case": (_goes_on_from_its_case, {Act.REQUEST_RESUMED}),
    "time ends cases": (_time_ends_cases, {Act.CASE_CLOSED, Act.DOCUMENTS_DESTROYED}),
    "recovery begins": (_recovery_begins, {Act.REQUEST_BEGUN}),
    "recovery aims": (_recovery_aims, {Act.CODE_ASKED}),
    "recovery waits": (_recovery_waits, {Act.PROOF_ACCEPTED, Act.REQUEST_WAITING}),
    "recovery goes on elsewhere": (_goes_on_elsewhere, {Act.REQUEST_RESUMED}),
    "change goes on elsewhere": (_change_goes_on_elsewhere, {Act.REQUEST_RESUMED}),
    "closing begins": (_closing_begins, {Act.CLOSING_BEGUN}),
    "time closes the account": (_time_closes_the_account, {Act.ACCOUNT_CLOSED}),
    "data exported": (_data_exported, {Act.DATA_EXPORTED}),
}
"""As in `test_audit.py`: each scene with the acts that its last step leaves."""
