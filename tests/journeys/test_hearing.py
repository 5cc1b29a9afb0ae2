"""hearing: both sides of a contested request are told, and neither reads what is for the other."""

import pytest

from rebind.domain.cases import Reason, Side, Verdict
from rebind.domain.letters import Received
from rebind.domain.operators import Operator, Role
from rebind.domain.request import Kind
from rebind.domain.units import Id
from rebind.flows import case_decisions, casework, correspondence
from rebind.flows.desk import RequestView, tokens
from tests.desk import AT_DESK, confirmed, hired
from tests.journeys.test_replies import letter
from tests.journeys.waits import told
from tests.people import ANNA, ANNA_MAIL, THIEF, House, Someone, said

OTHER_MAIL = "anna@example.com"


class Contest:
    """Whoever reads one mailbox of Anna's has begun a recovery; her telephone has stopped it."""

    def __init__(self, house: House, begun: RequestView, case_id: Id, **people: Operator) -> None:
        self.house, self.begun, self.case_id = house, begun, case_id
        self.olga, self.sonya = people["olga"], people["sonya"]

    async def answer(self, to: Side) -> None:
        desk = self.house.desk
        text = f"A word to {to}."
        refused = await casework.answer(desk, AT_DESK, self.olga, self.case_id, text, to=to)
        assert refused is None

    async def decided(self, verdict: Verdict, reason: Reason) -> None:
        desk, case_id = self.house.desk, self.case_id
        for step in (
            case_decisions.propose(desk, AT_DESK, self.olga, case_id, verdict, reason, fresh=True),
            confirmed(self.house, self.sonya, case_id, reason),
        ):
            assert said(await step) == "ok"

    async def read_by(self, *addresses: str) -> str:
        """Every word that went to these."""
        await self.house.deliver()
        sent = (*self.house.post.sms, *self.house.post.mail)
        return "\n".join(each.words.text for each in sent if each.to in addresses)

    def link(self, side: Side) -> str:
        return tokens.case_link(self.house.seal, self.case_id, side)


async def contest(house: House, *mails: str) -> Contest:
    await house.bring_in(ANNA, emails=mails)
    other = house.seal.index("email", OTHER_MAIL)
    await house.write("UPDATE emails SET set_at = set_at + 1 WHERE address_key = :key", key=other)
    olga = await hired(house, "olga", Role.OPERATOR)
    sonya = await hired(house, "sonya", Role.SUPERVISOR)
    there = Someone(house, THIEF)
    begun = await there.begin(Kind.RECOVER, ANNA_MAIL)
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    await there.aim(begun, THIEF)
    assert said(await there.prove(begun, code_new=await house.code_to(THIEF))) == "waiting"
    stopped = await Someone(house, ANNA).stop_by(await house.link_to(ANNA, "stop"))
    assert said(stopped) == "objected"
    case_id = await house.value("SELECT id FROM cases WHERE kind = 'contested'")
    return Contest(house, begun, case_id, olga=olga, sonya=sonya)


@pytest.mark.parametrize("mails", [(ANNA_MAIL,), (ANNA_MAIL, OTHER_MAIL)], ids=len)
async def test_who_began_does_not_become_the_holder_by_a_mailbox(
    house: House, mails: tuple[str, ...]
) -> None:
    """The thief reads a mailbox of hers. What the desk asks the holder goes where he does not read,
    and so he cannot answer in her place: neither by its link nor by a letter."""
    there = await contest(house, *mails)
    await there.answer(Side.DESK_TO_HOLDER)
    expected = OTHER_MAIL if OTHER_MAIL in mails else ANNA
    assert await told(house, "case_answered") == [expected]
    his = await there.read_by(ANNA_MAIL, THIEF)
    assert there.link(Side.HOLDER) not in his
    assert "A word to desk_to_holder." not in his
    assert there.link(Side.HOLDER) in await there.read_by(expected)


async def test_who_reads_the_mailbox_of_both_cannot_reply_as_the_holder(house: House) -> None:
    """A letter of an earlier release carried the mark of that mailbox: it opens nothing now."""
    there = await contest(house, ANNA_MAIL, OTHER_MAIL)
    for address, expected in ((ANNA_MAIL, Received.UNKNOWN), (OTHER_MAIL, Received.TAKEN)):
        token = tokens.reply_token(house.seal, there.case_id, address)
        found = tokens.replied_to(house.seal, token)
        assert found is not None
        words = letter("I agree, it was me.", f"<{address}>")
        assert await correspondence.receive(house.desk, words, *found) is expected
    sides = await house.rows("SELECT side FROM case_messages")
    assert [side for (side,) in sides] == ["holder"]


async def test_who_began_is_told_at_their_own_number(house: House) -> None:
    there = await contest(house, ANNA_MAIL)
    await there.answer(Side.DESK)
    assert await told(house, "case_answered") == [THIEF]
    assert there.link(Side.PERSON) in await there.read_by(THIEF)
    assert there.link(Side.PERSON) not in await there.read_by(ANNA, ANNA_MAIL)


async def test_who_began_is_told_that_it_does_not_go_on(house: House) -> None:
    """Where they answered a code in it, and nowhere else; nothing of either side is in it."""
    there = await contest(house, ANNA_MAIL, OTHER_MAIL)
    await there.decided(Verdict.AGAINST, Reason.HOLDER_OBJECTS)
    assert await told(house, "change_refused") == sorted((THIEF, ANNA_MAIL))
    ids = await house.rows("SELECT id FROM outbox WHERE message = 'change_refused'")
    hexed = {bytes(row[0]).hex() for row in ids}
    for sent in (*house.post.sms, *house.post.mail):
        if sent.id in hexed:
            assert f"/requests/{there.begun.id.hex()}" in sent.words.text
            assert "/support/" not in sent.words.text
            assert sent.words.reply_to == ""
            for secret in (ANNA[-4:], "67", OTHER_MAIL, "holder_objects"):
                assert secret not in sent.words.text.replace(there.begun.id.hex(), "")


async def test_who_began_is_told_that_it_goes_on(house: House) -> None:
    there = await contest(house, ANNA_MAIL)
    before = (await told(house, "change_waiting")).count(THIEF)
    await there.decided(Verdict.FOR, Reason.HOLDER_CONFIRMED)
    await house.pass_time(0)
    assert (await told(house, "change_waiting")).count(THIEF) == before + 1
    assert await told(house, "change_refused") == []


async def test_of_what_is_not_kept_any_more_nobody_is_told(house: House) -> None:
    there = await contest(house, ANNA_MAIL)
    await house.write("DELETE FROM evidence")
    for side in (Side.DESK, Side.DESK_TO_HOLDER):
        await there.answer(side)
    await there.decided(Verdict.AGAINST, Reason.HOLDER_OBJECTS)
    assert await told(house, "case_answered") == await told(house, "change_refused") == []
