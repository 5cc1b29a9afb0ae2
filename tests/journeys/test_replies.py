"""replies: a person answers a letter of the desk; what machines answer is no answer."""

import re

import msgspec
import pytest

from rebind.domain.cases import MESSAGE_CHARACTERS_MAX, CaseKind
from rebind.domain.letters import Letter, Reason, Received
from rebind.domain.mail_in import ReplyTo
from rebind.domain.operators import Role
from rebind.domain.units import DAY, Id
from rebind.flows import cases, casework, correspondence
from rebind.flows.cases import Letter as Opening
from rebind.flows.desk import tokens
from tests.desk import AT_DESK, NEW_MAIL, entered, hired, written
from tests.people import House, Someone

REPLIES = ReplyTo("support", "example.org")


def letter(text: str = "Here it is.", message_id: str = "<1@there>", **more: object) -> Letter:
    fields = {
        "message_id": message_id,
        "from_address": NEW_MAIL,
        "from_other": False,
        "subject": "Re: case",
        "text": text,
        "cut": False,
        "attachments": 0,
        "reason": None,
    }
    return Letter(**{**fields, **more})  # type: ignore[arg-type]


@pytest.fixture
async def asked(house: House) -> tuple[str, Id, bytes]:
    """A case in which the desk has asked something: its link, its id and the mark of the reader."""
    house.courier = msgspec.structs.replace(house.courier, replies=REPLIES)
    olga = await hired(house, "olga", Role.OPERATOR)
    opening = Opening(CaseKind.OTHER, "Where is my order?", NEW_MAIL)
    link = await written(house, Someone(house, "+79162000055"), opening)
    access = await entered(house, link)
    await casework.answer(house.desk, AT_DESK, olga, access.row.id, "Which one?", asks=True)
    await house.deliver()
    sent = house.post.mail_to(NEW_MAIL)[-1].words
    # The token stands in Reply-To alone: who forwards the words does not pass it on.
    assert re.fullmatch(r"support\+[a-z2-7]{50}@example\.org", sent.reply_to)
    token = REPLIES.token(sent.reply_to)
    assert token is not None
    assert token not in sent.text
    found = tokens.replied_to(house.seal, token)
    assert found is not None
    assert found[0] == access.row.id
    return link, *found


async def texts(house: House, link: str) -> list[str | None]:
    view = await cases.show(house.desk, await entered(house, link))
    return [each.text for each in view.messages]


async def test_a_reply_is_an_answer_and_once_only(
    house: House, asked: tuple[str, Id, bytes]
) -> None:
    link, case_id, mark = asked
    for expected in (Received.TAKEN, Received.DOUBLE):
        assert await correspondence.receive(house.desk, letter(), case_id, mark) is expected
    assert await texts(house, link) == ["Where is my order?", "Which one?", "Here it is."]
    assert (await entered(house, link)).row.state == "open"


async def test_what_machines_answer_is_none(house: House, asked: tuple[str, Id, bytes]) -> None:
    link, case_id, mark = asked
    for turn, reason in enumerate(Reason):
        said = letter("I am away.", f"<{turn}@there>", reason=reason)
        assert await correspondence.receive(house.desk, said, case_id, mark) is Received.TAKEN
    assert len(await texts(house, link)) == 2
    row = (await entered(house, link)).row
    assert (row.state, row.bounced_at) == ("waiting", house.clock.now())


async def test_the_desk_is_told_how_a_letter_came(
    house: House, asked: tuple[str, Id, bytes]
) -> None:
    """Whoever was passed our letter can answer it: the desk sees that they are somebody else."""
    link, case_id, mark = asked
    empty = letter("", "<2@there>", attachments=2)
    for said in (
        letter(from_address="brother@example.net", from_other=True),
        empty,
        letter("word " * 5000, "<3@there>"),
    ):
        assert await correspondence.receive(house.desk, said, case_id, mark) is Received.TAKEN
        house.clock.push(1)
    query = "SELECT manner FROM case_messages WHERE manner <> '' ORDER BY at"
    assert [manner for (manner,) in await house.rows(query)] == [
        "mail from_another_address",
        "mail with_attachments",
        "mail cut",
    ]
    # A letter without words is one all the same: its writer sees that nothing else has arrived.
    *before, long = await texts(house, link)
    assert before == ["Where is my order?", "Which one?", "Here it is.", ""]
    assert long is not None
    assert len(long) == MESSAGE_CHARACTERS_MAX


async def test_another_address_or_case_opens_nothing(
    house: House, asked: tuple[str, Id, bytes]
) -> None:
    _link, case_id, mark = asked
    other = bytes([mark[0]]) + bytes(len(mark) - 1)
    for where, which in ((case_id, other), (bytes(16), mark)):
        said = await correspondence.receive(house.desk, letter(), where, which)
        assert said is Received.UNKNOWN


async def test_a_closed_case_opens_for_two_weeks(
    house: House, asked: tuple[str, Id, bytes]
) -> None:
    link, case_id, mark = asked
    await house.write("UPDATE cases SET state = 'closed', closed_at = :at", at=house.clock.now())
    house.clock.push(13 * DAY)
    assert await correspondence.receive(house.desk, letter(), case_id, mark) is Received.TAKEN
    assert (await entered(house, link)).row.round == 2
    await house.write("UPDATE cases SET state = 'closed', closed_at = :at", at=house.clock.now())
    house.clock.push(14 * DAY)
    late = letter(message_id="<2@there>")
    assert await correspondence.receive(house.desk, late, case_id, mark) is Received.CLOSED
