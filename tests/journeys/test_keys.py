"""Keys are rotated while people go on: nothing is lost, no number is given twice, and what rested
under the old key does so no more."""

import os

import pytest

from rebind.domain.operators import Operator, Role
from rebind.domain.request import Kind
from rebind.domain.units import HOUR
from rebind.flows import casebook, cases, keys, operator_sessions, operators
from rebind.flows.desk.operators import OperatorSession
from rebind.flows.operators import Invitation
from rebind.providers.seal.ring import KeyRing, Use, added, promoted, retired
from rebind.store import passkeys, passwords, schema, sealed, totps
from tests.desk import LOST, NEW_MAIL, entered, hired, written
from tests.operators import PASSWORD, add_colleague, code_of, with_password
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS, House, Someone, said


def everywhere(house: House, ring: KeyRing) -> None:
    """Every process has taken up the new ring."""
    house.ring = ring
    house.seal.reload(ring)


def ignored(_rows: int) -> None:
    """Nobody watches the progress."""


async def change(who: Someone, number: str) -> str:
    """Change the number with both codes; how the request ended."""
    request = await who.begin(Kind.CHANGE, number)
    done = await who.prove(
        request,
        code_current=await who.house.code_to(who.number),
        code_new=await who.house.code_to(number),
    )
    if said(done) == "done":
        who.number = number
    return said(done)


async def protected(who: Someone) -> None:
    """Give somebody one factor of each kind, behind the flows' back."""
    house, factor_id, now = who.house, who.house.dice.id(0), who.house.clock.now()
    seal = house.seal
    await house.engine.write(
        [
            passwords.add(
                who.account, factor_id, seal.seal("passwords.hash", factor_id, "-"), True, "", now
            ),
            totps.add(who.account, factor_id, seal.seal("totps.seed", factor_id, "-"), 0, "", now),
            passkeys.add(
                who.account,
                factor_id,
                b"id",
                b"key",
                0,
                False,
                (),
                seal.seal("passkeys.name", factor_id, "-"),
                "",
                now,
            ),
        ]
    )


async def held(house: House) -> dict[str, int]:
    """How many sealed values there are, by column."""
    return {
        f"{column.table}.{column.name}": await house.value(
            f"SELECT count({column.name}) FROM {column.table}"
        )
        for column in sealed.COLUMNS
    }


async def test_everything_is_sealed_anew(house: House) -> None:
    link = await written(house, Someone(house, BORIS))
    olga = await add_colleague(house, "olga", Role.OPERATOR)
    invitation = await operators.add(house.desk, "ivan", "Ivan", Role.SUPERVISOR)
    assert isinstance(invitation, Invitation)
    ivan, secret = await with_password(house, invitation)
    house.clock.push(HOUR)
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    await anna.begin(Kind.CHANGE, ANNA_NEW)
    await protected(anna)
    ring = added(house.ring, Use.SEAL, os.urandom, 0)
    everywhere(house, ring)
    everywhere(house, promoted(ring, Use.SEAL, 2))
    resealed = await keys.reseal(house.desk, 2, ignored)
    counts = await held(house)
    assert all(counts.values()), counts
    assert resealed == sum(counts.values())
    assert await keys.reseal(house.desk, 2, ignored) == 0
    everywhere(house, retired(house.ring, Use.SEAL, 1))
    for column in sealed.COLUMNS:
        found = await house.rows(
            f"SELECT {column.name} FROM {column.table} WHERE {column.name} IS NOT NULL"
        )
        assert all(bytes(value)[0] == 2 for (value,) in found), column
    # The desk reads on and gets in, by either way.
    view = await cases.show(house.desk, await entered(house, link))
    assert [each.text for each in view.messages] == [LOST.text]
    assert (await (await olga.sign_in()).operator()).name == "Olga"
    offer = operator_sessions.offer(house.desk)
    session = await operator_sessions.by_password(
        house.desk, ivan, offer.id, "ivan", PASSWORD, code_of(house, secret)
    )
    assert isinstance(session, OperatorSession), session
    house.clock.push(HOUR)
    for table in ("passwords", "totps", "passkeys"):
        await house.write(f"UPDATE {table} SET removed_at = 1")
    assert await change(anna, ANNA_NEW) == "done"


async def test_numbers_stay_reserved_through_a_new_index_key(house: House) -> None:
    anna, boris = await house.bring_in(ANNA, emails=(ANNA_MAIL,)), await house.bring_in(BORIS)
    for who in (anna, boris):
        await who.sign_in()
    everywhere(house, added(house.ring, Use.INDEX, os.urandom, 0))
    # Before the rows are copied: the old number is held and the new one taken under both keys.
    house.clock.push(HOUR)
    assert await change(anna, ANNA_NEW) == "done"
    await keys.bring_in_index(house.desk, ignored)
    everywhere(house, promoted(house.ring, Use.INDEX, 2))
    await keys.reindex(house.desk, ignored)
    assert said(await boris.ask(Kind.CHANGE, BORIS)) == "number_is_own"
    everywhere(house, retired(house.ring, Use.INDEX, 1))
    await keys.forget_index(house.desk, 1, ignored)

    reserved = await house.rows("SELECT number_key, held_until FROM numbers")
    assert len(reserved) == 3
    assert all(bytes(key)[0] == 2 for key, _held in reserved)
    assert [held is not None for _key, held in reserved].count(True) == 1
    for table, column in (("bindings", "number_key"), ("emails", "address_key")):
        found = await house.rows(f"SELECT {column} FROM {table}")
        assert all(bytes(key)[0] == 2 for (key,) in found)
    # Held for Anna, taken by Anna: neither is Boris's; and everybody still gets in.
    house.clock.push(HOUR)
    assert await change(boris, ANNA) == "number_taken"
    house.clock.push(HOUR)
    assert await change(boris, ANNA_NEW) == "number_taken"
    house.clock.push(HOUR)
    assert said(await anna.sign_in()) == "done"
    assert said(await boris.sign_in()) == "done"


async def references(house: House, who: Operator) -> list[list[str]]:
    """What the desk finds by the ends of both numbers and by the mailbox."""
    found = []
    for typed in (ANNA[-4:], ANNA_NEW[-4:], NEW_MAIL):
        listed = await casebook.search(house.desk, who, typed)
        assert isinstance(listed, list), listed
        found.append([each.reference for each in listed])
    return found


async def test_cases_are_found_through_a_new_index_key(house: House) -> None:
    olga = await hired(house, "olga", Role.OPERATOR)
    await house.bring_in(ANNA)
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    expected = [[access.row.reference]] * 3
    everywhere(house, added(house.ring, Use.INDEX, os.urandom, 0))
    await keys.bring_in_index(house.desk, ignored)
    everywhere(house, promoted(house.ring, Use.INDEX, 2))
    # What has not been indexed anew yet is found under the key before.
    assert await references(house, olga) == expected
    await keys.reindex(house.desk, ignored)
    everywhere(house, retired(house.ring, Use.INDEX, 1))
    await keys.forget_index(house.desk, 1, ignored)
    assert await references(house, olga) == expected
    terms = await house.rows("SELECT term_key FROM case_terms")
    assert all(bytes(key)[0] == 2 for (key,) in terms)
    for column in ("contact_key", "claimed_key", "number_key"):
        assert bytes(await house.value(f"SELECT {column} FROM cases"))[0] == 2


@pytest.mark.parametrize("brought_in", [False, True])
async def test_a_number_has_one_holder_while_two_index_keys_live(
    house: House, brought_in: bool
) -> None:
    anna, boris = await house.bring_in(ANNA), await house.bring_in(BORIS)
    await boris.sign_in()
    everywhere(house, added(house.ring, Use.INDEX, os.urandom, 0))
    if brought_in:
        await keys.bring_in_index(house.desk, ignored)
        everywhere(house, promoted(house.ring, Use.INDEX, 2))
    house.clock.push(HOUR)
    assert await change(boris, ANNA) == "number_taken"
    assert said(await anna.sign_in()) == "done"


def test_every_sealed_column_is_on_the_list() -> None:
    """A sealed column that re-sealing does not know would be lost with its key."""
    stands = {
        (table.name, column.name)
        for table in schema.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert {(column.table, column.name) for column in sealed.COLUMNS} == stands
    for column in sealed.COLUMNS:
        primary = [key.name for key in schema.metadata.tables[column.table].primary_key]
        assert primary == list(column.keys)
