"""account: who am I, which numbers did I have, what happened."""

from rebind.domain.request import Kind
from rebind.domain.units import DAY, HOUR
from rebind.flows import account
from rebind.flows.account import AccountView, BindingView
from rebind.store.acts import StoredAct
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, House, Someone, said


async def happened(house: House, who: Someone, before: bytes | None = None) -> list[StoredAct]:
    found = await account.happened(house.desk, who.caller(), before)
    assert isinstance(found, list), found
    return found


async def test_who_am_i(house: House, anna: Someone) -> None:
    seen = await account.show(house.desk, anna.caller())
    assert isinstance(seen, AccountView)
    assert (seen.id, seen.state, seen.number) == (anna.id, "active", ANNA)
    assert (seen.region, seen.locale, seen.level) == ("RU", "ru", "full")
    assert seen.enrolled_at == seen.bound_at == house.clock.now() - 365 * DAY
    assert seen.confirmed_at == house.clock.now()


async def test_former_numbers_are_masked_even_for_their_holder(house: House, anna: Someone) -> None:
    """Whoever opens her laptop for a minute need not read where she could be reached."""
    for number in (ANNA_NEW, CLARA):
        assert said(await anna.change(number)) == "done"
        house.clock.push(13 * HOUR)
    found = await account.bindings(house.desk, anna.caller())
    assert isinstance(found, list)
    assert [(one.number, one.region) for one in found] == [
        (CLARA, "GB"),
        ("+7••••••••33", "RU"),
        ("+7••••••••67", "RU"),
    ]
    assert all(isinstance(one, BindingView) for one in found)
    ends = [one.released_at for one in found]
    starts = [one.bound_at for one in found]
    assert ends[0] is None
    assert ends[1:] == starts[:-1]


async def test_what_happened_page_by_page(house: House, anna: Someone) -> None:
    for _ in range(30):
        house.clock.push(HOUR)
        assert said(await anna.sign_in()) == "done"
    pages, before = [], None
    while page := await happened(house, anna, before):
        pages.append(len(page))
        before = page[-1].id
    assert pages == [50, 50, 25]
    first = (await happened(house, anna))[0]
    assert (first.act, first.door) == ("number_confirmed", "api")


async def test_strangers_are_strangers_in_the_history(house: House, anna: Someone) -> None:
    """She sees that somebody tried, from where a known number was typed, and who it was not."""
    stranger = anna.elsewhere()
    begun = await stranger.begin(Kind.SIGN_IN)
    assert said(await stranger.prove(begun, code_current="000000")) in {"code_wrong", "open"}
    lines = await happened(house, anna)
    assert {(one.act, one.actor) for one in lines[:1]} <= {
        ("code_wrong", "stranger"),
        ("proof_accepted", "holder"),
    }
    assert ("request_begun", "stranger") in {(one.act, one.actor) for one in lines}


async def test_nobody_reads_anothers_history(house: House, anna: Someone, boris: Someone) -> None:
    ids = {one.id for one in await happened(house, anna)}
    assert not ids & {one.id for one in await happened(house, boris)}
    seen = await account.show(house.desk, boris.caller())
    assert isinstance(seen, AccountView)
    assert seen.number == BORIS
