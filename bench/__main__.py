"""`python -m bench`: build the town, measure, tell.

Everything happens on the loopback and in one temporary folder; every process is ended by its id,
also on Ctrl-C.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import uvloop

from bench import browsers, flood, guessing, noise, processes, report, results, rounds
from bench.browsers import Weight
from bench.flood import Flooded
from bench.guessing import Guessed
from bench.names import Names
from bench.recording import Recorded, Recorder
from bench.rounds import OURS, PARTS, Cores, Place, Plan, Sample, Start
from bench.sms import Centre
from bench.town import ENGINES, People, Town
from rebind.store.engines import open_engine
from rebind.store.upgrade import upgrade

_R = TypeVar("_R")
_Knocked = tuple[list[Guessed], list[Flooded]]

RESULTS = Path(__file__).resolve().parent / "results"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 accounts, three short rounds")
    parser.add_argument("--sizes", help="accounts, as 1000,100000,1000000")
    parser.add_argument("--engines", default=",".join(ENGINES), help="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, help="at least 7 for figures to be shown")
    parser.add_argument("--cell-s", type=float, help="seconds of one flow in one round")
    parser.add_argument("--write", action="store_true", help=f"write {report.PAGE.name}")
    parser.add_argument(
        "--pin-database", action="store_true", help="PostgreSQL on the second core as well"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="rounds,guessing,flood")
    parser.add_argument("--pairs", type=int, help="guesses at each name; 2000 for figures")
    parser.add_argument("--folder", help="where the databases go for the time of the run")
    return parser.parse_args()


def _plan(asked: argparse.Namespace) -> Plan:
    quick = asked.quick
    sizes = asked.sizes or ("1000" if quick else "1000,100000,1000000")
    engines = [word for word in asked.engines.split(",") if word]
    if unknown := set(engines) - set(ENGINES):
        raise SystemExit(f"no such engine: {', '.join(sorted(unknown))}")
    parts = tuple(word for word in asked.parts.split(",") if word)
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}")
    if asked.write and parts != PARTS:
        raise SystemExit(f"{report.PAGE.name} is written of whole runs only")
    return Plan(
        engines=engines,
        sizes=sorted(int(word) for word in sizes.split(",")),
        rounds=asked.rounds or (3 if quick else 7),
        cell_s=asked.cell_s or (0.5 if quick else 0.9),
        starts=3 if quick else 7,
        pin_database=asked.pin_database,
        pairs=asked.pairs or (200 if quick else 2_000),
        floods=3 if quick else 7,
        parts=parts,
    )


async def _recorded(town: Town, engine: str) -> dict[str, Recorded]:
    """What our flows ask of a database of this kind."""
    database = town.database(engine, 0)
    if engine == "sqlite":
        upgrade(database.url)
    opened = await open_engine(database.url, connections=2, fraction=lambda: 0.5)
    try:
        return await Recorder(opened, town.seal).run()
    finally:
        await opened.close()


def _places(plan: Plan, town: Town) -> list[Place]:
    """Databases filled, nothing started."""
    places = []
    for size in plan.sizes:
        for engine in plan.engines:
            database = town.database(engine, size)
            print(f"{size:,} accounts on {engine}", flush=True)
            seconds = town.fill(database)
            print(f"  filled in {seconds:.0f} s", flush=True)
            places.append(Place(database, People(size, town.seal)))
    return places


async def _starts(plan: Plan, places: list[Place], town: Town, centre: Centre) -> list[Start]:
    cores, found = _cores(), []
    for _ in range(plan.starts):
        for place in places:
            if place.database.size == plan.sizes[-1]:
                found.append(await rounds.start_once(place, town, centre, cores))
    return found


async def _rounds(plan: Plan, places: list[Place], town: Town, centre: Centre) -> list[Sample]:
    """All cells, round after round. The first is a short one that nobody looks at."""
    at = {(place.database.engine, place.database.size): place for place in places}
    postmaster = town.cluster.pid if town.cluster is not None else None
    samples: list[Sample] = []
    order = list(rounds.cells(plan))
    warm = Plan(plan.engines, plan.sizes, 1, plan.cell_s, 0, rounds.WARM_FLOWS)
    for number in range(plan.rounds + 1):
        began = time.perf_counter()
        for cell in order:
            place = at[cell.engine, cell.size]
            how = plan if number else warm
            sample = await rounds.measure(cell, number, place, centre, how, postmaster)
            if number:
                samples.append(sample)
            for failure in sample.failures[:1]:
                print(f"  {len(sample.failures)} failed: {cell.server} {failure}", flush=True)
        label = f"round {number} of {plan.rounds}" if number else "warm-up"
        print(f"{label}: {time.perf_counter() - began:.0f} s", flush=True)
    return samples


def _cores() -> Cores:
    return Cores.found(_AVAILABLE)


_AVAILABLE = sorted(os.sched_getaffinity(0))


async def _measured(
    plan: Plan, town: Town, places: list[Place], recorded: dict[str, dict[str, Recorded]]
) -> tuple[list[Start], list[Sample], dict[str, float], Weight]:
    centre = Centre()
    await centre.open()
    try:
        starts = await _starts(plan, places, town, centre)
        for place in places:
            place.open(town, centre, recorded[place.database.engine], _cores())
        weight = await browsers.weigh(places[0].ports[OURS])
        samples = await _rounds(plan, places, town, centre)
        peaks = {
            place.database.name: processes.memory_mib(place.children[OURS].pid, "VmHWM")
            for place in places
        }
    finally:
        centre.close()
        for place in places:
            place.close()
    return starts, samples, peaks, weight


async def _with_server(place: Place, town: Town, work: Callable[[int], Awaitable[_R]]) -> _R:
    """Start our server alone, without a worker; do the work with its port; end it."""
    centre = Centre()
    await centre.open()
    try:
        place.start_ours(town, centre, _cores())
        return await work(place.ports[OURS])
    finally:
        centre.close()
        place.close()


def _furnished(town: Town, engine: str, names: Names, called: str) -> Place:
    """A database of its own with accounts under these names; nothing started."""
    database = town.database(engine, names.size, called)
    town.fill(database)
    asyncio.run(names.furnish(database, town.seal))
    return Place(database, People(names.size, town.seal))


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


async def _guess(place: Place, town: Town, names: Names) -> list[Guessed]:
    engine, seal = place.database.engine, town.seal
    return await _with_server(
        place, town, lambda port: guessing.guess(engine, port, names, seal, _say)
    )


async def _flood(plan: Plan, place: Place, town: Town, names: Names) -> list[Flooded]:
    engine = place.database.engine

    async def floods(port: int) -> list[Flooded]:
        found = []
        for number in range(plan.floods):
            found.append(await flood.flood(engine, port, names, number))
            _say(f"flood {number + 1} of {plan.floods}: the last waited {found[-1].last_s:.1f} s")
        return found

    return await _with_server(place, town, floods)


def _knocked(plan: Plan, town: Town, runner: asyncio.Runner) -> _Knocked:
    """Guessing and floods, engine after engine, when everything else has ended."""
    guessed: list[Guessed] = []
    flooded: list[Flooded] = []
    for engine in plan.engines:
        if "guessing" in plan.parts:
            print(f"guessing names on {engine}", flush=True)
            names = guessing.names(plan.pairs)
            place = _furnished(town, engine, names, "guessing")
            guessed += runner.run(_guess(place, town, names))
        if "flood" in plan.parts:
            print(f"floods of passwords on {engine}", flush=True)
            names = Names(flood.NAMES, plan.floods * flood.STRANGERS)
            place = _furnished(town, engine, names, "flood")
            flooded += runner.run(_flood(plan, place, town, names))
    return guessed, flooded


def _run(plan: Plan, folder: Path) -> results.Result:
    began = time.perf_counter()
    machine = noise.show()
    town = Town(folder, plan.engines)
    try:
        cores = _cores()
        if town.cluster is not None and plan.pin_database and cores.rest is not None:
            for pid in processes.family(town.cluster.pid):
                os.sched_setaffinity(pid, {cores.rest})
        whole = "rounds" in plan.parts
        recorded, places = {}, []
        if whole:
            recorded = {engine: asyncio.run(_recorded(town, engine)) for engine in plan.engines}
            places = _places(plan, town)
        if cores.rest is not None:
            os.sched_setaffinity(0, {cores.rest})
        starts: list[Start] = []
        samples: list[Sample] = []
        peaks: dict[str, float] = {}
        weight: Weight | None = None
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if whole:
                starts, samples, peaks, weight = runner.run(_measured(plan, town, places, recorded))
            guessed, flooded = _knocked(plan, town, runner)
    finally:
        town.close()
    when = datetime.now(UTC).isoformat(timespec="seconds")
    asked = results.asked_of(recorded)
    took = time.perf_counter() - began
    return results.Result(
        when, machine, plan, asked, starts, peaks, weight, samples, took, guessed, flooded
    )


def main() -> None:
    """The command."""
    asked = _arguments()
    plan = _plan(asked)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rebind-bench-", dir=asked.folder) as folder:
        result = _run(plan, Path(folder))
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{result.when.replace(':', '')}.json"
    file.write_bytes(results.encoded(result))
    print(report.text(result))
    print(f"\n{file}\ntook {result.took_s:.0f} s")
    if asked.write:
        report.PAGE.parent.mkdir(parents=True, exist_ok=True)
        report.PAGE.write_text(report.page(result), encoding="utf-8")
        print(f"wrote {report.PAGE}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
