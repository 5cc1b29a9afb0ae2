"""Changes that wait, begun by people in one line, and who was told of what."""

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.units import DAY
from rebind.flows import account
from rebind.flows.desk import RequestView
from tests.people import ANNA_MAIL, ANNA_NEW, BORIS, THIEF, House, Someone


async def told(house: House, message: str) -> list[str]:
    """Everybody to whom that notice went, once for each time."""
    await house.deliver()
    rows = await house.rows("SELECT id FROM outbox WHERE message = :message", message=message)
    ids = {bytes(row[0]).hex() for row in rows}
    post = house.post
    return sorted(sent.to for sent in (*post.sms, *post.mail) if sent.id in ids)


async def number_of(house: House, who: Someone) -> str:
    """The account's number, as its holder reads it."""
    seen = await account.show(house.desk, who.caller())
    assert isinstance(seen, account.AccountView), seen
    return seen.number


async def row_of(house: House, request: RequestView) -> tuple[str | None, str | None]:
    """(how it ended, by which row) of a request."""
    ((ended_as, policy_row),) = await house.rows(
        "SELECT ended_as, policy_row FROM requests WHERE id = :id", id=request.id
    )
    return ended_as, policy_row


async def c5(house: House, who: Someone, to: str = ANNA_NEW) -> RequestView:
    """On a known device, the old number not at hand: two weeks."""
    begun = await who.begin(Kind.CHANGE, to, send=(Proof.CODE_NEW,))
    waiting = await who.prove(begun, code_new=await house.code_to(to))
    assert isinstance(waiting, RequestView), waiting
    assert (waiting.state, waiting.row) == ("waiting", "C5")
    return waiting


async def c4(house: House, who: Someone, to: str = ANNA_NEW) -> RequestView:
    """On a known device with a code to the mailbox: a day."""
    begun = await who.begin(Kind.CHANGE, to, send=(Proof.CODE_NEW,))
    code = await house.code_to(to)
    await who.another_code(begun, Proof.CODE_EMAIL)
    waiting = await who.prove(begun, code_new=code, code_email=await house.code_to(ANNA_MAIL))
    assert isinstance(waiting, RequestView), waiting
    assert (waiting.state, waiting.row) == ("waiting", "C4")
    return waiting


async def elsewhere(house: House, mails: tuple[str, ...] = ()) -> Someone:
    """Boris at a browser that nobody knows, signed in two days ago."""
    boris = await house.bring_in(BORIS, since=house.clock.now() - 20 * DAY, emails=mails)
    there = boris.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    await there.prove(begun, code_current=await house.code_to(BORIS))
    if mails:
        await there.another_code(begun, Proof.CODE_EMAIL)
        await there.prove(begun, code_email=await house.code_to(mails[0]))
    assert there.session is not None
    await house.deliver()
    house.clock.push(2 * DAY)
    return there


async def c3(house: House, who: Someone, to: str = THIEF) -> RequestView:
    """On an unknown device with codes to both numbers: three days."""
    begun = await who.begin(Kind.CHANGE, to)
    codes = {"code_current": await house.code_to(who.number), "code_new": await house.code_to(to)}
    waiting = await who.prove(begun, **codes)
    assert isinstance(waiting, RequestView), waiting
    assert (waiting.state, waiting.row) == ("waiting", "C3")
    return waiting


async def answer_anew(
    house: House, who: Someone, request: RequestView, to: str = ANNA_NEW
) -> object:
    """The wait is over: a fresh code to the new number is asked for and answered."""
    asked = await who.another_code(request, Proof.CODE_NEW)
    assert isinstance(asked, RequestView), asked
    return await who.prove(request, code_new=await house.code_to(to))
