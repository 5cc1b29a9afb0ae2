"""What is to be reached, and whether one run has reached it: the first table of the report.

Goals are stated as reached or not; the command's exit code never depends on them.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from statistics import median
from typing import Final

from bench import flood, guessing, visitors
from bench.figures import Ratio, Table, in_calls, server, whole_cost
from bench.results import Result
from bench.rounds import BY_PAGES, USERS, Plan, walked

CHANGE_TO_FLOOR: Final = 2.0
ACCOUNT_TO_FLOOR: Final = 1.6
GROWTH: Final = 1.15
ROUND_TRIPS: Final = 4
START_S: Final = 1.0
MEMORY_MIB: Final = 90.0
PAGES_TO_API: Final = 2.5
FIRST_PAGE_KB: Final = 50.0


def goals(result: Result, table: Table) -> list[tuple[str, ...]]:
    """A line for each: what, at most, measured, whether it is reached."""
    rounds = _round_goals(result, table) if "rounds" in result.plan.parts else []
    return [*rounds, *_knocking_goals(result)]


def _round_goals(result: Result, table: Table) -> list[tuple[str, ...]]:
    plan = result.plan
    lines: list[tuple[str, ...]] = []
    for flow, goal in (("change", CHANGE_TO_FLOOR), ("account", ACCOUNT_TO_FLOOR)):
        for engine in plan.engines:
            lines.append(_worst(plan, table, flow, engine, goal))
            times = table.to_floor(engine, plan.sizes[0], flow, 1, in_calls)
            lines.append(("… time in calls, 1 user, ours to floor", "", f"{times} ×", ""))
    if len(plan.sizes) > 1:
        for flow, engine in product(visitors.FLOWS, plan.engines):
            grown = table.growth(engine, plan.sizes, flow, whole_cost)
            what = f"{flow} on {engine}: CPU of server and database, {_span(plan)}"
            lines.append(_goal(what, GROWTH, grown.median if grown else None, f"{grown} ×"))
    for (flow, ways), engine in product(BY_PAGES.items(), plan.engines):
        lines += [_worst_page(plan, table, flow, engine, way) for way in ways]
    if result.weight is not None:
        weight = result.weight.whole / 1000
        lines.append(_goal("first page over the wire", FIRST_PAGE_KB, weight, f"{weight:.1f} kB"))
    for engine in plan.engines:
        trips = sum(
            a.round_trips for a in result.asked if a.engine == engine and "change" in a.call
        )
        lines.append(_goal(f"change on {engine}: round trips", ROUND_TRIPS, trips, str(trips)))
    if result.starts:
        first = median(start.first_answer_s for start in result.starts)
        memory = max(start.used_mib for start in result.starts)
        lines.append(_goal("start to first answer", START_S, first, f"{first * 1000:.0f} ms"))
        lines.append(_goal("memory of an idle server", MEMORY_MIB, memory, f"{memory:.1f} MiB"))
    return lines


def _worst(plan: Plan, table: Table, flow: str, engine: str, goal: float) -> tuple[str, ...]:
    """The worst of all sizes and numbers of users."""
    found = {
        f"{users} users, {size:,} accounts": ratio
        for users in USERS
        for size in plan.sizes
        if (ratio := table.to_floor(engine, size, flow, users, server)) is not None
    }
    return _at_worst(f"{flow} on {engine}: server CPU, ours to floor", goal, found)


def _worst_page(plan: Plan, table: Table, flow: str, engine: str, way: str) -> tuple[str, ...]:
    """The worst of all numbers of users."""
    found = {
        f"{users} users": ratio
        for users in USERS
        if (ratio := table.to_api(engine, plan.sizes[0], flow, users, way)) is not None
    }
    what = f"{flow} on {engine}, {walked(flow, way)}: server CPU, pages to API"
    return _at_worst(what, PAGES_TO_API, found)


def _at_worst(what: str, goal: float, found: Mapping[str, Ratio]) -> tuple[str, ...]:
    if not found:
        return _goal(what, goal, None, "")
    where, worst = max(found.items(), key=lambda item: item[1].median)
    return _goal(what, goal, worst.median, f"{worst} × at worst ({where})")


def _knocking_goals(result: Result) -> Iterator[tuple[str, ...]]:
    for engine in result.plan.engines:
        lines = [each for each in result.guessed if each.engine == engine]
        if lines:
            worst = max(lines, key=lambda each: abs(each.share - 50))
            off = sum(each.verdict != "reached" for each in lines)
            told = (
                f"{worst.share:.1f} % at worst ({worst.journey}, {worst.step}, {worst.known}); "
                f"{off} of {len(lines)} lines off"
            )
            order = ("reached", "not certain", "**not reached**")
            verdict = max((each.verdict for each in lines), key=order.index)
            what = f"guessing on {engine}: how often time tells a known name"
            yield what, f"50 ± {guessing.GOAL:g} %", told, verdict
            unlike = sum(each.unlike for each in lines)
            pairs = sum(each.pairs for each in lines)
            what = f"guessing on {engine}: answers that are not the same"
            yield _goal(what, 0, unlike, f"{unlike:,} of {pairs:,}")
        floods = [each for each in result.flooded if each.engine == engine]
        if floods:
            ratio, told = flood.middle(floods)
            what = f"flood on {engine}: p99 of a quiet visitor, during to before"
            yield _goal(what, flood.GOAL, ratio, f"{told} ×")


def _span(plan: Plan) -> str:
    return f"{plan.sizes[-1]:,} to {plan.sizes[0]:,} accounts"


def _goal(what: str, goal: float, found: float | None, told: str) -> tuple[str, ...]:
    if found is None:
        return what, f"{goal:g}", "not measured", ""
    return what, f"{goal:g}", told, "reached" if found <= goal else "**not reached**"
