"""A stolen disk names nobody: neither the file, nor its log, nor a dump (invariant 13)."""

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode

import pytest

from rebind.domain.cases import CaseKind
from rebind.domain.evidence import Proof
from rebind.domain.operators import Role
from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR, MINUTE
from rebind.flows import account, casebook, cases, casework, correspondence, operators, sessions
from rebind.flows.cases import Letter
from rebind.flows.operators import Invitation
from rebind.ports import Broken
from tests.desk import AT_DESK, NEW_MAIL, entered, hired, written
from tests.journeys import databases
from tests.journeys.waits import c4, c5
from tests.operators import DESK_ADDRESS, add_colleague, with_password
from tests.people import (
    ANNA,
    ANNA_MAIL,
    ANNA_NEW,
    BORIS,
    BORIS_MAIL,
    CLARA,
    DARIA,
    THIEF,
    House,
    Someone,
    another,
    said,
)

AGENTS = ("Mozilla/5.0 (Kitchen; Anna's laptop)", "Pocket/7.7 (telephone of Anna)")
FOURTH = "+79034445566"
"""A number that only a case is about."""

NETWORKS = ("192.0.2.10", "198.51.100.7", "203.0.113.66", "2001:db8:77::9")


class Diary:
    """Everything that was secret in the stories, as it was spoken."""

    def __init__(self) -> None:
        self.secrets: set[str] = {*AGENTS, *NETWORKS}
        self.links = set[str]()

    def number(self, *numbers: str) -> None:
        for number in numbers:
            self.secrets |= {number, number[1:], number[-7:]}

    def token(self, *tokens: str | None) -> None:
        for token in tokens:
            if token is not None:
                self.secrets |= {token, token[3:], token[-22:]}

    def spellings(self) -> list[tuple[str, bytes]]:
        """Each secret as text, in base64 and in hex, and tokens as the bytes they stand for."""
        found = []
        for link in sorted(self.links):
            raw = urlsafe_b64decode(link + "=" * (-len(link) % 4))[16:]
            found += [(link, link.encode()), (link, link[-20:].encode())]
            found += [(link, raw), (link, raw.hex().encode())]
        for secret in sorted(self.secrets):
            plain = secret.encode()
            found.append((secret, plain))
            found.append((secret, plain.hex().encode()))
            if len(plain) >= 9:
                found += [(secret, b64encode(plain)[:-4]), (secret, urlsafe_b64encode(plain)[:-4])]
            if secret.startswith(("rs_", "rr_", "rd_", "ro_", "rb_")):
                body = secret[3:]
                raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))[-16:]
                found += [(secret, raw), (secret, raw.hex().encode())]
        return found


async def all_journeys(house: House, diary: Diary) -> None:
    """Enrol, sign in, be refused, change twice, lose, end: everything that writes."""
    diary.number(ANNA, ANNA_NEW, BORIS, CLARA, THIEF)
    diary.secrets |= {ANNA_MAIL, BORIS_MAIL, "anna", "boris@"}
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL, BORIS_MAIL))
    clara = Someone(house, CLARA, address=NETWORKS[3])
    await clara.enrol()
    await anna.sign_in()
    there = anna.elsewhere(NETWORKS[1])
    begun = await there.begin(Kind.SIGN_IN, agent=AGENTS[0])
    await there.prove(begun, code_current=await house.code_to(ANNA))
    await there.another_code(begun, Proof.CODE_EMAIL)
    await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    diary.token(begun.token, there.session, there.device)
    assert said(await anna.change(ANNA_NEW)) == "done"
    house.clock.push(13 * HOUR)
    changing = await anna.begin(Kind.CHANGE, CLARA, agent=AGENTS[1])
    codes = {"code_current": await house.code_to(ANNA_NEW), "code_new": await house.code_to(CLARA)}
    assert said(await anna.prove(changing, **codes)) == "number_taken"
    await _second_thoughts(house, diary, anna, clara)
    thief = Someone(house, THIEF, address=NETWORKS[2])
    knocking = await thief.begin(Kind.SIGN_IN)
    assert said(await thief.prove(knocking, code_current="000000")) == "code_wrong"
    refused = await Someone(house, THIEF, address=NETWORKS[2]).ask(Kind.ENROL)
    diary.secrets.add(refused.work)
    # Some of it waits still, so that unsent messages are looked through as well.
    house.clock.push(MINUTE)
    waiting = await clara.begin(Kind.SIGN_IN)
    boris = await house.bring_in(BORIS)
    pending = await boris.begin(Kind.SIGN_IN)
    assert said(await boris.prove(pending, code_current=another("000000"))) == "code_wrong"
    diary.token(knocking.token, waiting.token, pending.token, boris.device)
    diary.token(anna.session, anna.device, clara.session, clara.device)


async def _second_thoughts(house: House, diary: Diary, anna: Someone, clara: Someone) -> None:
    """Wait, be reminded, be stopped, be done by time, be taken back: with and without links."""
    diary.number(DARIA)
    house.clock.push(12 * HOUR)
    stopped = await c5(house, anna, DARIA)
    link = await house.link_to(ANNA_MAIL, "stop")
    assert said(await anna.stop_by(link)) == "objected"
    house.clock.push(HOUR)
    waiting = await c4(house, anna, DARIA)
    await house.pass_time(DAY)
    assert said(await anna.look_at(waiting)) == "done"
    taking_back = [await house.link_to(address, "undo") for address in (ANNA, BORIS_MAIL)]
    undoing = await clara.undo_by(taking_back[0])
    half_way = await clara.ask(Kind.UNDO, ANNA_MAIL)
    diary.token(undoing.token, half_way.token)
    done = await clara.prove(half_way, code_email=await house.code_to(ANNA_MAIL))
    assert said(done) == "done"
    for each in (link, *taking_back):
        # What may be stored of a link is nothing: neither the whole nor its keyed half.
        diary.links.add(each)
    assert stopped.id != waiting.id
    anna.number = ANNA


async def _at_the_desk(house: House, diary: Diary) -> None:
    """A case, what both sides say in it, and the people who work there."""
    letter = Letter(CaseKind.LOST_ACCESS, "It fell into the Neva.", NEW_MAIL, ANNA, FOURTH)
    diary.number(FOURTH)
    olga = await add_colleague(house, "olga", Role.OPERATOR)
    by, case = await olga.operator(), await written(house, Someone(house, FOURTH), letter)
    access = await entered(house, case)
    words = ("Which passport have you got?", "The one of Samara.", "Sounds honest.", "As before.")
    await casework.answer(house.desk, AT_DESK, by, access.row.id, words[0], asks=True)
    caller = Someone(house, FOURTH).caller()
    assert await correspondence.write(house.desk, caller, access, words[1]) is None
    await casework.note(house.desk, AT_DESK, by, access.row.id, words[2])
    await casebook.search_number(house.desk, AT_DESK, by, access.row.id, FOURTH, words[3])
    invitation = await operators.add(house.desk, "ivan", "Ivan Karamazov", Role.SUPERVISOR)
    assert isinstance(invitation, Invitation)
    ivan, secret = await with_password(house, invitation)
    diary.secrets |= {letter.text, NEW_MAIL, *words, "Karamazov", DESK_ADDRESS, secret}
    diary.token(olga.caller.bearer, ivan.bearer, olga.caller.device, ivan.device)
    diary.secrets.add(invitation.token[-22:])
    diary.links.add(case)


async def test_a_stolen_disk_names_nobody(house: House, database_url: str) -> None:
    diary = Diary()
    await all_journeys(house, diary)
    await _at_the_desk(house, diary)
    seen = await sessions.listed(house.desk, _somebody(house))
    assert not isinstance(seen, list)
    found = await databases.everything(database_url)
    assert sum(len(data) for data in found.values()) > 10_000
    leaks = [
        f"{secret!r} in {where}"
        for where, data in found.items()
        for secret, spelled in diary.spellings()
        if spelled in data
    ]
    assert not leaks, leaks
    # Codes are six digits, which any number may contain: they are looked for in whole columns.
    codes = {sent.code.encode() for sent in (*house.post.sms, *house.post.mail) if sent.has_code}
    for table in databases.TABLES:
        for row in await house.rows(f"SELECT * FROM {table}"):
            for value in row:
                text = value.encode() if isinstance(value, str) else value
                assert not (isinstance(text, bytes) and any(code in text for code in codes)), table
                assert value not in {int(code) for code in codes}


def _somebody(house: House):  # type: ignore[no-untyped-def]
    return Someone(house, CLARA).caller()


async def test_the_search_itself_finds_what_is_there(house: House, database_url: str) -> None:
    """A search that finds nothing proves nothing before it has found something."""
    anna = await house.bring_in(ANNA)
    await house.write("UPDATE accounts SET locale = :number", number=ANNA)
    diary = Diary()
    diary.number(ANNA)
    found = await databases.everything(database_url)
    hits = {secret for data in found.values() for secret, raw in diary.spellings() if raw in data}
    assert hits == {ANNA, ANNA[1:], ANNA[-7:]}
    assert anna.number == ANNA


SWAPS = {
    "bindings": ("number_sealed", "account_id"),
    "emails": ("address_sealed", "account_id"),
    "sessions": ("address_sealed", "account_id"),
    "requests": ("number_sealed", "id"),
    "outbox": ("payload_sealed", "id"),
    "cases": ("contact_sealed", "id"),
    "case_messages": ("body_sealed", "id"),
}


async def swap(house: House, table: str) -> None:
    """Exchange a sealed column between the two rows of a table, as a thief with a pen would."""
    column, key = SWAPS[table]
    (one, a), (two, b) = await house.rows(f"SELECT {key}, {column} FROM {table} ORDER BY {key}")
    for row, value in ((one, b), (two, a)):
        await house.write(
            f"UPDATE {table} SET {column} = :value WHERE {key} = :row", value=value, row=row
        )


async def test_a_number_moved_to_another_account_does_not_open(
    house: House, anna: Someone, boris: Someone
) -> None:
    await swap(house, "bindings")
    for who in (anna, boris):
        with pytest.raises(Broken, match=r"bindings\.number"):
            await account.show(house.desk, who.caller())
        with pytest.raises(Broken, match=r"bindings\.number"):
            await who.ask(Kind.CHANGE, CLARA)


async def test_a_mailbox_moved_to_another_account_gets_no_code(house: House) -> None:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    thief = await house.bring_in(THIEF, emails=("thief@example.com",))
    await swap(house, "emails")
    assert thief.id != anna.id
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    assert said(await there.prove(begun, code_current=await house.code_to(ANNA))) == "open"
    with pytest.raises(Broken, match=r"emails\.address"):
        await there.another_code(begun, Proof.CODE_EMAIL)
    await house.deliver()
    assert house.post.mail == []


async def test_a_session_moved_to_another_account_does_not_open(
    house: House, anna: Someone, boris: Someone
) -> None:
    await swap(house, "sessions")
    with pytest.raises(Broken, match=r"sessions\.address"):
        await sessions.listed(house.desk, anna.caller())


async def test_a_request_turned_to_another_number_does_not_open(house: House) -> None:
    clara, thief = Someone(house, CLARA), Someone(house, THIEF)
    begun = await clara.begin(Kind.ENROL)
    await thief.begin(Kind.ENROL)
    code = await house.code_to(CLARA)
    await swap(house, "requests")
    with pytest.raises(Broken, match=r"requests\.number"):
        await clara.prove(begun, code_new=code)
    assert await house.value("SELECT count(*) FROM accounts") == 0


async def test_a_message_turned_to_another_address_is_not_sent(house: House) -> None:
    await Someone(house, CLARA).begin(Kind.ENROL)
    await Someone(house, THIEF).begin(Kind.ENROL)
    await swap(house, "outbox")
    await house.deliver()
    assert house.post.sms == []
    fates = await house.rows("SELECT state, last_error, payload_sealed FROM outbox")
    assert fates == [("dead", "Broken", None)] * 2


async def test_a_case_turned_to_another_mailbox_is_not_answered_there(house: House) -> None:
    """Nor are its words another case's."""
    olga = await hired(house, "olga", Role.OPERATOR)
    anna = Someone(house, ANNA)
    mails = (ANNA_MAIL, "thief@example.com")
    links = [await written(house, anna, Letter(CaseKind.OTHER, "Hello", mail)) for mail in mails]
    access = await entered(house, links[0])
    await swap(house, "cases")
    await swap(house, "case_messages")
    sent = len(house.post.mail)
    with pytest.raises(Broken, match=r"cases\.contact"):
        await casework.answer(house.desk, AT_DESK, olga, access.row.id, "Your new code")
    with pytest.raises(Broken, match=r"case_messages\.body"):
        await cases.show(house.desk, access)
    await house.deliver()
    assert len(house.post.mail) == sent


async def test_another_ring_opens_nothing(house: House, anna: Someone) -> None:
    """The thief of the disk has keys of his own, and time."""
    thief = House(house.engine)
    thief.clock.push(DAY)
    with pytest.raises(Broken):
        await account.show(thief.desk, anna.caller())
    begun = await Someone(thief, ANNA).begin(Kind.SIGN_IN)
    await thief.deliver()
    assert thief.post.sms == []
    assert begun.needs == ((Proof.CODE_CURRENT,), (Proof.PASSWORD,), (Proof.PASSKEY,))
