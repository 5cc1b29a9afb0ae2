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
from tests.entrypoints.browsers import Browser
from tests.entrypoints.test_web_journeys import sign_in
from tests.entrypoints.visitors import Visitor
from tests.people import ANNA, BORIS, House


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
    ("auth", "method", "waits"),
    [
        (Auth.WHERE_NEEDED, "POST", True),
        (Auth.REQUEST, "POST", True),
        (Auth.REQUEST, "GET", True),
        (Auth.CASE, "POST", True),
        (Auth.CASE, "GET", True),
        (Auth.NONE, "POST", True),
        (Auth.NONE, "GET", False),
        (Auth.SESSION, "GET", False),
        (Auth.SESSION, "POST", False),
        (Auth.LINK, "GET", True),
        (Auth.LINK, "POST", True),
    ],
)
def test_what_follows_from_a_name_waits(auth: Auth, method: str, waits: bool) -> None:
    assert tells(auth, method) is waits


async def took(of: Steps, work_s: float) -> float:
    """For how long such an answer is on its way."""

    async def work() -> None:
        while perf_counter() - began < work_s:
            pass

    began = perf_counter()
    await of.after(work())
    return perf_counter() - began


async def test_nothing_leaves_before_its_step() -> None:
    of = Steps()
    for work_s, step in ((0, FIRST_S), (0.002, FIRST_S), (0.007, 2 * FIRST_S)):
        assert await took(of, work_s) >= step
    together = await asyncio.gather(*(took(of, 0.0001) for _turn in range(50)))
    assert min(together) >= FIRST_S


async def test_who_went_away_holds_up_nobody() -> None:
    of = Steps()
    gone = asyncio.create_task(took(of, 0))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(5):
        assert await took(of, 0) >= FIRST_S


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc is of Linux")
def test_each_loop_has_a_timer_and_gives_it_back() -> None:
    of = Steps()
    asyncio.run(took(of, 0))
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _loop in range(20):
        asyncio.run(took(of, 0))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="timers of Linux")
def test_the_timer_and_the_work_are_on_one_clock() -> None:
    assert get_clock_info("perf_counter").implementation == "clock_gettime(CLOCK_MONOTONIC)"


NAMES = (ANNA, BORIS, "nobody")
"""Known, unknown, and no name at all."""


async def test_the_api_waits_whoever_is_named(
    house: House, visitor: Visitor, long_step: float
) -> None:
    await house.bring_in(ANNA)
    for name in NAMES:
        began = perf_counter()
        begun = await visitor.post("/api/v1/requests", {"kind": "recover", "number": name})
        assert perf_counter() - began >= long_step, begun


async def test_pages_wait_whoever_is_named(
    house: House, browser: Browser, long_step: float
) -> None:
    await house.bring_in(ANNA)
    for name in NAMES:
        await browser.open("/recover")
        began = perf_counter()
        page = await browser.submit("/recover", name=name)
        assert perf_counter() - began >= long_step, page.words


async def test_so_does_a_session_that_names_somebody(
    house: House, browser: Browser, long_step: float
) -> None:
    """Whoever is signed in asks about others by the number to which they would change."""
    await house.bring_in(ANNA)
    await sign_in(house, browser, await house.bring_in(BORIS))
    await browser.open("/phone/change")
    began = perf_counter()
    begun = await browser.submit("/phone/change", number=ANNA)
    assert begun.path.startswith("/requests/"), begun.words
    assert perf_counter() - began >= 2 * long_step, "the form, and the page that it leads to"


async def test_what_a_session_opens_of_its_own_does_not_wait(
    house: House, browser: Browser, long_step: float
) -> None:
    await sign_in(house, browser, await house.bring_in(ANNA))
    took = []
    for _turn in range(5):
        began = perf_counter()
        await browser.open("/profile")
        took.append(perf_counter() - began)
    assert min(took) < long_step
