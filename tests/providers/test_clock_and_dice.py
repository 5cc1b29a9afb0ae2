"""The machine's clock and the system's dice keep what `ports.py` promises."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind import ports
from rebind.providers.clock.system import SystemClock
from rebind.providers.dice.system import SystemDice
from rebind.providers.dice.words import word
from rebind.providers.seal.nonces import nonce

MOMENT = 1_764_000_000_000


def test_the_clock_reads_milliseconds_since_1970() -> None:
    clock: ports.Clock = SystemClock()
    assert abs(clock.now() - time.time() * 1000) < 1000


@given(now=st.integers(0, (1 << 48) - 1))
def test_an_id_is_a_uuidv7_of_its_moment(now: int) -> None:
    made = SystemDice().id(now)
    assert len(made) == 16
    assert int.from_bytes(made[:6], "big") == now
    assert made[6] >> 4 == 7
    assert made[8] >> 6 == 0b10


@pytest.mark.parametrize("now", [-1, 1 << 48])
def test_a_moment_that_no_uuid_can_hold_is_refused(now: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        SystemDice().id(now)


def test_ids_of_one_millisecond_keep_their_order_though_moments_take_turns() -> None:
    dice = SystemDice()
    made: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
    for turn in range(30_000):
        made[turn % 3].append(dice.id(MOMENT + turn % 3))
    for ids in made.values():
        assert ids == sorted(set(ids))
        assert {one[6] >> 4 for one in ids} == {7}
        assert {one[8] >> 6 for one in ids} == {0b10}


def test_the_dice_remember_only_the_latest_moments() -> None:
    dice = SystemDice()
    for now in range(MOMENT, MOMENT + 5_000):
        dice.id(now)
    assert len(dice._tails) <= 256


def test_every_digit_of_a_code_is_equally_likely_at_every_place() -> None:
    dice = SystemDice()
    codes = [dice.code(6) for _ in range(20_000)]
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    for place in range(6):
        seen = Counter(code[place] for code in codes)
        # 2,000 expected, standard deviation 42: six of them happen once in 5·10^8.
        assert all(abs(seen[digit] - 2_000) < 6 * 42.5 for digit in "0123456789")


@pytest.mark.parametrize("digits", [0, -1, 13])
def test_a_code_of_no_sensible_length_is_refused(digits: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        SystemDice().code(digits)


def test_secrets_have_128_bits_and_do_not_repeat() -> None:
    dice: ports.Dice = SystemDice()
    drawn = {dice.secret() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert {len(one) for one in drawn} == {16}


def test_fractions_fill_the_unit_interval() -> None:
    dice = SystemDice()
    drawn = [dice.fraction() for _ in range(10_000)]
    assert all(0 <= one < 1 for one in drawn)
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.03


FORK = """
import os
from rebind.providers.{module} import {name} as take
take()  # A block waits now; both processes would take the same next piece from it.
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, repr(take()).encode())
    os._exit(0)
os.wait()
theirs = eval(os.read(reader, 100))
assert theirs not in {{take() for _ in range(1_000)}}
"""


@pytest.mark.parametrize(("module", "name"), [("dice.words", "word"), ("seal.nonces", "nonce")])
def test_a_forked_child_never_gives_out_what_its_parent_gives_out(module: str, name: str) -> None:
    script = FORK.format(module=module, name=name)
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("take", [word, nonce])
def test_threads_never_take_the_same_piece(take: Callable[[], object]) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take(), range(20_000)))
    assert len(set(taken)) == 20_000
