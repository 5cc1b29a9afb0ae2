"""Measures: round after round, each round every cell once, so that whatever drifts on the machine
drifts under all of them.

A cell is one flow with so many users on one server (ours or the floor) on one database; on ours
also by its pages. Both servers of a database share it and its worker; workers of other databases
are stopped meanwhile.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import browsers, processes, visitors
from bench.processes import Child, cpu_ns, family, rebind, spent_ms
from bench.recording import Recorded
from bench.replay import programs
from bench.sms import Centre
from bench.town import Database, People, Town
from bench.visitors import Kind, Visitor
from tests.clusters import free_port

OURS, FLOOR = "ours", "floor"
SERVERS: Final = (FLOOR, OURS)
PAGES, ACTS = "pages", "acts"
"""Our server by its pages: the whole journey, or with the first form open already."""

BY_PAGES: Final = {"sign_in": (PAGES, ACTS), "change": (PAGES, ACTS), "account": (PAGES,)}
"""What is walked by pages as well."""

_WALKED: Final = {PAGES: "whole journey", ACTS: "acts"}

USERS: Final = (1, 16)
WARM_FLOWS: Final = 150


PARTS: Final = ("rounds", "guessing", "flood")
"""What a run measures, one part after the other."""


def walked(flow: str, way: str) -> str:
    """What is walked of that flow by pages, in words."""
    return "one page" if flow == "account" else _WALKED[way]


class Plan(msgspec.Struct, frozen=True):
    """How much is measured. Every loop ends by count and by time."""

    engines: list[str]
    sizes: list[int]
    rounds: int
    cell_s: float
    starts: int
    flows_max: int = 20_000
    pin_database: bool = False
    pairs: int = 2_000
    floods: int = 7
    parts: tuple[str, ...] = PARTS


class Cell(msgspec.Struct, frozen=True):
    """What is measured in one go. `server` is also how ours is asked: by its API or its pages."""

    engine: str
    size: int
    flow: str
    users: int
    server: str

    @property
    def process(self) -> str:
        """The process that answers."""
        return FLOOR if self.server == FLOOR else OURS


class Sample(msgspec.Struct):
    """One cell in one round."""

    cell: Cell
    round: int
    flows: int
    seconds: float
    whole_ms: list[float]
    calls_ms: list[float]
    server_ms: float
    worker_ms: float
    database_ms: float
    failures: list[str]


class Place:
    """One database with its servers and its worker."""

    def __init__(self, database: Database, people: People) -> None:
        self.database, self.people = database, people
        self.children: dict[str, Child] = {}
        self.ports: dict[str, int] = {}

    def open(self, town: Town, centre: Centre, recorded: dict[str, Recorded], cores: Any) -> None:
        """Start our server, the floor and the worker."""
        self.start_ours(town, centre, cores)
        file = town.folder / f"programs-{self.database.name}.json"
        made = programs(recorded, flat=self.database.engine != "sqlite")
        file.write_bytes(msgspec.json.encode(made))
        port = self.ports[FLOOR] = free_port()
        command = [
            rebind()[0], "-m", "bench.floor", str(file), self.database.url, str(port),
            str(town.key_file),
        ]  # fmt: skip
        self._start(FLOOR, command, {}, cores.server, town.folder)
        self.children[FLOOR].answered(port)
        self._start(
            "worker", rebind("worker"), self._settings(town, centre), cores.rest, town.folder
        )
        self.children["worker"].pause()

    def start_ours(self, town: Town, centre: Centre, cores: Any) -> float:
        """Start our server; seconds to the first answer."""
        port = self.ports[OURS] = free_port()
        env = self._settings(town, centre) | {"REBIND_PORT": str(port)}
        self._start(OURS, rebind("serve"), env, cores.server, town.folder)
        return self.children[OURS].answered(port)

    def close(self) -> None:
        """End every process."""
        for child in self.children.values():
            child.end()

    def _settings(self, town: Town, centre: Centre) -> dict[str, str]:
        return town.settings(self.database, REBIND_SMS=f"http://127.0.0.1:{centre.port}/sms")

    def _start(
        self, name: str, command: Sequence[str], env: dict[str, str], core: int | None, folder: Path
    ) -> None:
        log = folder / f"{name}-{self.database.name}.log"
        self.children[name] = Child(f"{name} on {self.database.name}", command, env, core, log)


class Cores(msgspec.Struct, frozen=True):
    """Where processes are pinned; None: nowhere, on a machine with one core."""

    server: int | None
    rest: int | None

    @classmethod
    def found(cls, available: Sequence[int]) -> "Cores":
        """The first core for the server, the second for driver and worker."""
        return cls(available[0], available[1]) if len(available) > 1 else cls(None, None)


def cells(plan: Plan) -> Iterator[Cell]:
    """Every cell once; what is compared stands side by side. Pages are walked at the least size,
    where the database weighs least and pages most."""
    for flow in visitors.FLOWS:
        for users in USERS:
            for engine in plan.engines:
                for size in plan.sizes:
                    by_pages = BY_PAGES.get(flow, ()) if size == plan.sizes[0] else ()
                    for server in (*SERVERS, *by_pages):
                        yield Cell(engine, size, flow, users, server)


async def measure(
    cell: Cell, number: int, place: Place, centre: Centre, plan: Plan, postmaster: int | None
) -> Sample:
    """Run one cell. CPU times run until the last message of the cell has left."""
    server, worker = place.children[cell.process], place.children["worker"]
    worker.go_on()
    database = family(postmaster) if postmaster and cell.engine == "postgresql" else []
    before = cpu_ns([server.pid, worker.pid, *database])
    walked = await visitors.walk(
        place.ports[cell.process], place.people, centre, cell.flow, cell.users, plan.cell_s,
        plan.flows_max, _KINDS.get(cell.server, Visitor),
    )  # fmt: skip
    database = family(postmaster) if database and postmaster else []
    after = cpu_ns([server.pid, worker.pid, *database])
    worker.pause()
    flows = len(walked.whole_ms)

    def each(pids: list[int]) -> float:
        taken = {pid: after[pid] for pid in pids if pid in after}
        return spent_ms(before, taken) / max(flows, 1)

    return Sample(
        cell, number, flows, walked.seconds, walked.whole_ms, walked.calls_ms,
        each([server.pid]), each([worker.pid]), each(database), walked.failures,
    )  # fmt: skip


_KINDS: dict[str, Kind] = {PAGES: browsers.Browser, ACTS: browsers.acting}


class Start(msgspec.Struct):
    """How one start of our server went. `paged_mib`: after pages were shown as well, which load
    the templates."""

    engine: str
    size: int
    first_answer_s: float
    idle_mib: float
    used_mib: float
    paged_mib: float


async def start_once(place: Place, town: Town, centre: Centre, cores: Cores) -> Start:
    """Start our server, look at its memory, use it a little, end it."""
    seconds = place.start_ours(town, centre, cores)
    server = place.children[OURS]
    idle = processes.memory_mib(server.pid, "VmRSS")
    seen = []
    for kind in (Visitor, browsers.Browser):
        walked = await visitors.walk(
            place.ports[OURS], place.people, centre, "account", 1, 30, 100, kind
        )
        if walked.failures:
            raise RuntimeError(walked.failures[0])
        seen.append(processes.memory_mib(server.pid, "VmRSS"))
    server.end()
    return Start(place.database.engine, place.database.size, seconds, idle, *seen)
