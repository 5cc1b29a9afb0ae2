"""Running the house: one server process, several, or a worker, from the first line to a graceful
stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
import msgspec

from rebind import settings as house_settings
from rebind.domain.refusals import Refusal, Refused
from rebind.entrypoints.api import app as api
from rebind.entrypoints.cli.commands import Unusable
from rebind.entrypoints.cli.supervisor import supervise
from rebind.entrypoints.console import app as console
from rebind.entrypoints.console import demo as demo_desk
from rebind.entrypoints.shared import logs, server
from rebind.entrypoints.shared.hosts import this_machine_only
from rebind.entrypoints.shared.metrics import Metrics, measured
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.web import app as web
from rebind.entrypoints.web import demo as demo_pages
from rebind.entrypoints.web import health
from rebind.flows.case_upkeep import CaseUpkeep
from rebind.flows.retention import Retention
from rebind.flows.upkeep import Upkeep
from rebind.main import branding, letters
from rebind.main.demo import PARTS, Stage
from rebind.main.demo_desk import DeskStage
from rebind.main.furnishing import JOURNEYS, House, furnish
from rebind.providers.seal.ring import RingError
from rebind.settings import Settings, Unfit
from rebind.store import outbox as outbox_rows
from rebind.store.engines import StoreEngine
from rebind.store.outbox import Lane
from rebind.store.statements import Unavailable
from rebind.store.upgrade import UpgradeFailed

_R = TypeVar("_R")


async def _serving(settings: Settings, sock: socket.socket, *, demo: bool) -> None:
    """One server process, from furnishing to a graceful end."""
    log = logs.logger()
    async with furnish(settings, demo=demo) as house:
        metrics = Metrics()
        extra = health.routes(
            metrics,
            lambda: _waiting(house.engine),
            lambda: _asked(house.engine),
            settings.metrics_token,
            demo=demo,
        )
        stage = None
        if house.outbox is not None:
            stage = Stage(house.desk, JOURNEYS, house.outbox)
            await stage.bring_in()
        colleagues = DeskStage(house.desk) if demo else None
        if colleagues is not None:
            await colleagues.bring_in()
        heard = _hearer(log)
        door = web.build(
            house.desk,
            JOURNEYS,
            intake=house.intake,
            service=settings.service_name,
            public_url=settings.public_url,
            brand=branding.read(settings),
            demo=demo,
            heard=heard,
            more=demo_pages.routes(house.desk, stage, settings.public_url) if stage else None,
        )
        desk_pages = console.build(
            house.desk,
            door.site,
            intake=house.intake,
            public_url=settings.public_url,
            heard=heard,
            more=demo_desk.part(house.desk, colleagues) if colleagues else None,
        )
        app = api.build(
            house.desk,
            JOURNEYS,
            intake=house.intake,
            unavailable=Unavailable,
            report=_reporter(log),
            heard=heard,
            extra_routes=extra,
            pages={**door.pages, **desk_pages},
            tell=door.tell,
        )
        if demo:
            desk = house.desk
            app = this_machine_only(app, Problems(desk.clock, desk.policy.code_digits))
        stop = asyncio.Event()
        workers = _start_workers(house, stop) if settings.worker == "inside" else []

        async def began() -> None:
            log.info("listening", port=sock.getsockname()[1], pid=os.getpid())
            await asyncio.to_thread(_welcome, settings, demo)

        try:
            if stage is not None and workers:
                # Before the first answer, so that nobody meets people in the midst of their acts.
                await stage.play(_unplayed(log))
            await server.serve(measured(app, metrics), sock, settings.trusted_proxies, began)
        finally:
            stop.set()
            house.wake.set()
            await asyncio.gather(*workers)
    log.info("stopped", pid=os.getpid())


def _start_workers(house: House, stop: asyncio.Event) -> list["asyncio.Task[None]"]:
    """A worker for each lane, woken by commits of this process, and one for what time does."""
    wakes = {lane: asyncio.Event() for lane in Lane}

    async def pass_on() -> None:
        while not stop.is_set():
            await house.wake.wait()
            house.wake.clear()
            for wake in wakes.values():
                wake.set()

    return [
        asyncio.create_task(pass_on()),
        *(
            asyncio.create_task(house.courier.work(lane, wake, stop))
            for lane, wake in wakes.items()
        ),
        *(asyncio.create_task(each.work(stop)) for each in _of_time(house)),
        asyncio.create_task(letters.listen(house, stop, _reporter(logs.logger()))),
    ]


def _of_time(house: House) -> tuple[Upkeep, CaseUpkeep, Retention]:
    """Who does what time does by itself."""
    report = _reporter(logs.logger())
    return (
        Upkeep(house.desk, JOURNEYS, report),
        CaseUpkeep(house.desk, house.intake, report),
        Retention(house.desk, report),
    )


async def _waiting(engine: StoreEngine) -> dict[str, int] | None:
    """Messages that wait, of an empty lane none; nothing where the database does not answer."""
    try:
        (rows,) = await engine.read(outbox_rows.waiting())
    except Unavailable:
        return None
    found = {lane: amount for lane, amount, _oldest in rows}
    return {lane.name.lower(): found.get(lane, 0) for lane in Lane}


def _asked(engine: StoreEngine) -> dict[str, int]:
    stats = engine.stats
    return {
        "statements": stats.statements,
        "round_trips": stats.round_trips,
        "commits": stats.commits,
        "retries": stats.retries,
    }


def _hearer(log: Any) -> Callable[[Refusal], None]:
    def heard(refusal: Refusal) -> None:
        getattr(log, refusal.level)("refused", code=refusal.code)

    return heard


def _unplayed(log: Any) -> Callable[[str, Refused], None]:
    def unplayed(name: str, refused: Refused) -> None:
        log.warning("not_played", name=name, code=refused.refusal.code)

    return unplayed


def _reporter(log: Any) -> Callable[[BaseException], None]:
    def report(error: BaseException) -> None:
        log.error("bug", exc_info=error)

    return report


_TOLD = ("an account like any other", "a change that waits", "a change to take back")


def _welcome(settings: Settings, demo: bool) -> None:
    """Say where to look. Only a demo speaks to a person on the terminal."""
    keys = settings.key_ring
    if not demo:
        logs.logger().info("ready", keys=str(keys), public_url=settings.public_url)
        return
    url = settings.public_url
    people = "\n".join(
        f"      {part.name:<8}{url}/demo/people/{part.name.lower():<8}{told}"
        for part, told in zip(PARTS, _TOLD, strict=True)
    )
    click.echo(f"""
Rebind's demo is running.

  The pages                       {url}/
  Messages that would have left   {url}/demo/outbox
  Be one of its people, on the device that the account knows:
{people}

  Be somebody at the support desk  {url}/console/demo

  Their device keys               {url}/demo/people.json
  The API's description           {url}/openapi.json
  Health and metrics              {url}/readyz  {url}/metrics

  The key ring lies in {keys}
  Watch a number being changed, from a second terminal:
      .venv/bin/rebind demo --walk

Stop it with Ctrl+C.
""")


def run(work: Coroutine[Any, Any, _R]) -> _R:
    """Run work to its end. What cannot be used ends the process with code 2 and every reason."""
    import uvloop

    def finished() -> _R:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)

    return told(finished)


def told(work: Callable[[], _R]) -> _R:
    """Do something, and put what an administrator must mend into words. Raises `Unusable`."""
    try:
        return work()
    except Unfit as unfit:
        raise Unusable(unfit.reasons) from None
    except (RingError, UpgradeFailed, Unavailable) as error:
        raise Unusable([str(error)]) from None


def settings_of(*, demo: bool = False) -> Settings:
    """The settings of this process; a demo without providers gets those of the demo."""
    found = told(house_settings.load)
    if not demo:
        return found
    return msgspec.structs.replace(found, sms=found.sms or "demo", mail=found.mail or "demo")


def serve(demo: bool) -> None:
    settings = settings_of(demo=demo)
    logs.configure("warning" if demo else settings.log_level)
    try:
        house_settings.check(settings, demo=demo)
        sock = server.listening(settings.host, settings.port)
    except Unfit as unfit:
        raise Unusable(unfit.reasons) from None
    except OSError as error:
        raise Unusable([f"{settings.host}:{settings.port}: {error.strerror}"]) from None
    with sock:
        if settings.processes > 1:
            raise SystemExit(supervise(settings.processes, sock.fileno()))
        run(_serving(settings, sock, demo=demo))


def serve_one(listening_fd: int, demo: bool) -> None:
    settings = settings_of(demo=demo)
    logs.configure(settings.log_level)
    with socket.socket(fileno=listening_fd) as sock:
        run(_serving(settings, sock, demo=demo))


async def _working(settings: Settings) -> None:
    """A worker process: both lanes, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with furnish(settings, demo=False) as house:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wanted, _stop, stop, house.wake)
        logs.logger().info("working", pid=os.getpid())
        await asyncio.gather(*_start_workers(house, stop))
    logs.logger().info("stopped", pid=os.getpid())


def _stop(stop: asyncio.Event, wake: asyncio.Event) -> None:
    stop.set()
    wake.set()


def worker() -> None:
    settings = settings_of()
    logs.configure(settings.log_level)
    run(_working(settings))
