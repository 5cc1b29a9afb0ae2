"""Passwords as hashes: away from the loop, so many at a time, and nobody can tell who has one."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from rebind.ports import Broken, Busy, Hasher
from rebind.providers.hasher import argon2
from rebind.providers.hasher.argon2 import Argon2

ANNA = "корова летит над Тверью"


@pytest.fixture
async def hasher() -> AsyncIterator[Argon2]:
    made = Argon2(parallel=1, waiting_max=2)
    yield made
    await made.close()


async def test_a_password_is_known_again_and_no_other(hasher: Argon2) -> None:
    port: Hasher = hasher
    hashed = await port.hash(ANNA)
    assert await port.verify(hashed, ANNA)
    assert not await port.verify(hashed, ANNA + " ")
    assert not await port.verify(hashed, "")
    assert ANNA not in hashed
    assert hashed != await port.hash(ANNA)


async def test_nothing_is_cut_off(hasher: Argon2) -> None:
    hashed = await hasher.hash("x" * 127 + "a")
    assert not await hasher.verify(hashed, "x" * 127 + "b")


async def test_the_parameters_are_those_that_the_page_says(hasher: Argon2) -> None:
    found = extract_parameters(await hasher.hash(ANNA))
    assert found.type.name == "ID"
    assert found.version == 0x13
    assert (found.memory_cost, found.time_cost, found.parallelism) == (32_768, 2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


async def test_the_dummy_has_the_parameters_of_today_and_fits_nothing(hasher: Argon2) -> None:
    made = extract_parameters(await hasher.hash(ANNA))
    assert extract_parameters(argon2._DUMMY) == made
    for password in ("", "\0" * 8, "\0" * 32, "A" * 22, ANNA):
        assert not await hasher.verify(None, password)


async def test_having_no_password_costs_what_a_wrong_one_costs(hasher: Argon2) -> None:
    hashed = await hasher.hash(ANNA)
    # Work of this process, not time on the wall: other tests use the cores as well.
    least: dict[str | None, float] = {hashed: 1e9, None: 1e9}
    for _ in range(7):
        for given in (hashed, None):
            began = time.process_time()
            await hasher.verify(given, "something else")
            least[given] = min(least[given], time.process_time() - began)
    assert 0.6 < least[hashed] / least[None] < 1.6


async def test_old_parameters_are_outdated(hasher: Argon2) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(ANNA)
    assert await hasher.verify(old, ANNA)
    assert hasher.outdated(old)
    assert not hasher.outdated(await hasher.hash(ANNA))


@pytest.mark.parametrize("hashed", ["", "secret words", "$argon2id$v=19$m=8,t=1,p=1$AAAA$secret"])
async def test_damage_is_told_without_quoting_it(hasher: Argon2, hashed: str) -> None:
    if not hashed:
        # No hash at all is what an account without a password has.
        assert not await hasher.verify(hashed, ANNA)
        return
    with pytest.raises(Broken) as told:
        await hasher.verify(hashed, ANNA)
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is None


async def test_what_is_no_hash_has_no_age(hasher: Argon2) -> None:
    with pytest.raises(Broken):
        hasher.outdated("secret words")


async def test_the_loop_goes_on_while_a_hash_is_made(hasher: Argon2) -> None:
    await hasher.hash(ANNA)
    hashing = asyncio.ensure_future(hasher.hash(ANNA))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        turns += 1
    await hashing
    assert turns >= 5, "argon2 gives back the interpreter while it works"


async def test_beyond_the_queue_people_are_sent_away(hasher: Argon2) -> None:
    asked = [asyncio.ensure_future(hasher.hash(ANNA)) for _ in range(6)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    busy = [one for one in done if isinstance(one, Busy)]
    assert len([one for one in done if isinstance(one, str)]) == 3, "one runs, two wait"
    assert len(busy) == 3
    assert all(one.retry_s >= 1 for one in busy)
    assert await hasher.hash(ANNA), "and then there is room again"


async def test_the_dummy_waits_in_the_same_queue(hasher: Argon2) -> None:
    asked = [asyncio.ensure_future(hasher.verify(None, ANNA)) for _ in range(6)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Busy"] * 3 + ["bool"] * 3


async def test_whoever_gives_up_waiting_leaves_the_queue(hasher: Argon2) -> None:
    running, *waiting = [asyncio.ensure_future(hasher.hash(ANNA)) for _ in range(3)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(hasher.hash(ANNA)) for _ in range(2)]
    assert len(await asyncio.gather(running, *others)) == 3


async def test_a_hash_that_nobody_awaits_keeps_its_place_until_it_ends() -> None:
    hasher = Argon2(parallel=1, waiting_max=0)
    running = asyncio.ensure_future(hasher.hash(ANNA))
    await asyncio.sleep(0.005)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(Busy):
        await hasher.hash(ANNA)
    for _ in range(1_000):
        await asyncio.sleep(0.005)
        try:
            assert await hasher.hash(ANNA)
            break
        except Busy:
            continue
    else:
        pytest.fail("the place was never given back")
    await hasher.close()


async def test_a_failure_gives_its_place_back() -> None:
    hasher = Argon2(parallel=1, waiting_max=0)
    for _ in range(3):
        with pytest.raises(Broken):
            await hasher.verify("no hash", ANNA)
        await asyncio.sleep(0.01)
    await hasher.close()


@pytest.mark.parametrize(("parallel", "waiting_max"), [(0, 1), (-1, 1), (1, -1)])
def test_a_hasher_that_could_do_nothing_is_refused(parallel: int, waiting_max: int) -> None:
    with pytest.raises(ValueError, match="has to run"):
        Argon2(parallel=parallel, waiting_max=waiting_max)


def test_argon2_is_loaded_with_its_first_password_and_leaves_no_memory_behind() -> None:
    code = """
import asyncio, sys
from rebind.providers.hasher.argon2 import Argon2

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4

async def main():
    hasher = Argon2(parallel=1)
    print("argon2" in sys.modules)
    await hasher.verify(None, "loaded beforehand")
    before = resident()
    for _ in range(3):
        await hasher.hash("корова летит над Тверью")
    print(resident() - before < 4_096)
    await hasher.close()

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded, *rest = done.stdout.split()
    assert loaded == "False"
    assert rest == ["True"]
