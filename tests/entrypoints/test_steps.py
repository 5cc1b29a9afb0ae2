"""steps: which answers wait for a step of time, and that they do, however quick the work was.

How well that hides the work is measured by `python -m bench --parts guessing`, not here.
"""

import asyncio
import gc
import os
from pathlib import Path
from time import get_clock_info, perf_counter

import pytest

from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.steps import FIRST_S, LONGEST_S, Steps, step_after, tells
from rebind.flows.desk import tokens
from tests.entrypoints.browsers import Browser
from tests.entrypoints.visitors import Visitor
from tests.people import ANNA, BORIS, House

SESSION, REQUEST = tokens.SESSION + "x" * 40, tokens.REQUEST + "x" * 40


@pytest.mark.parametrize(
    ("took", "step"),
    [
        (0.0, 0.005),
        (0.0012, 0.005),
        (0.005, 0.005),
        (0.0051, 0.01),
        (0.06, 0.08),
        (0.079, 0.08),
        (0.081, 0.16),
        (0.3, LONGEST_S),
        (LONGEST_S, LONGEST_S),
        (0.33, 2 * LONGEST_S),
        (10.0, 10.24),
    ],
)
def test_steps_double_and_then_stay(took: float, step: float) -> None:
    assert step_after(took) == pytest.approx(step)
    assert step_after(took) >= took


@pytest.mark.parametrize(
    ("auth", "method", "bearer", "waits"),
    [
        (Auth.WHERE_NEEDED, "POST", None, True),
        (Auth.WHERE_NEEDED, "POST", SESSION, True),
        (Auth.REQUEST, "POST", REQUEST, True),
        (Auth.REQUEST, "GET", REQUEST, True),
        (Auth.REQUEST, "POST", "anything", True),
        (Auth.REQUEST, "POST", None, True),
        (Auth.REQUEST, "POST", SESSION, False),
        (Auth.NONE, "POST", None, True),
        (Auth.NONE, "POST", SESSION, True),
        (Auth.NONE, "GET", None, False),
        (Auth.SESSION, "GET", SESSION, False),
        (Auth.LINK, "POST", None, False),
        (Auth.CASE, "POST", None, False),
    ],
)
def test_who_may_name_somebody_waits(
    auth: Auth, method: str, bearer: str | None, waits: bool
) -> None:
    assert tells(auth, method, bearer) is waits


async def took(steps: Steps, work_s: float) -> float:
    began = perf_counter()
    while perf_counter() - began < work_s:
        pass
    await steps.leave(began)
    return perf_counter() - began


async def test_nothing_leaves_before_its_step() -> None:
    steps = Steps()
    for work_s, step in ((0, FIRST_S), (0.002, FIRST_S), (0.007, 2 * FIRST_S)):
        assert await took(steps, work_s) >= step
    together = await asyncio.gather(*(took(steps, 0.0001) for _turn in range(50)))
    assert min(together) >= FIRST_S


async def test_who_went_away_holds_up_nobody() -> None:
    steps = Steps()
    gone = asyncio.create_task(took(steps, 0))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(5):
        assert await took(steps, 0) >= FIRST_S


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc is of Linux")
def test_each_loop_has_a_timer_and_gives_it_back() -> None:
    steps = Steps()
    asyncio.run(took(steps, 0))
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _loop in range(20):
        asyncio.run(took(steps, 0))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="timers of Linux")
def test_the_timer_and_the_work_are_on_one_clock() -> None:
    assert get_clock_info("perf_counter").implementation == "clock_gettime(CLOCK_MONOTONIC)"


async def test_both_doors_wait_whoever_is_named(
    house: House, visitor: Visitor, browser: Browser
) -> None:
    await house.bring_in(ANNA)
    for number in (ANNA, BORIS, "nobody"):
        began = perf_counter()
        begun = await visitor.post("/api/v1/requests", {"kind": "recover", "number": number})
        assert perf_counter() - began >= FIRST_S, begun
    for number in (ANNA, BORIS, "nobody"):
        await browser.open("/recover")
        began = perf_counter()
        await browser.submit("/recover", name=number)
        assert perf_counter() - began >= FIRST_S
