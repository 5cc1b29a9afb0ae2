"""The support desk among a million cases: how long a page of its queue takes, opening a case, and
the page of figures.

`python -m bench.desk` fills both databases with cases, a tenth of them open, by SQL; then it asks
the flows themselves, one after the other, as the console does. Server time only: no HTTP, no page.
Neighbour: `town.py` makes the databases.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from bench.town import ENGINES, Database, Town
from rebind.domain.acts import Door
from rebind.domain.calendar import Calendar
from rebind.domain.cases import CaseKind, CaseState, Side
from rebind.domain.limits import in_force
from rebind.domain.operators import Operator, Role
from rebind.domain.policy import Policy
from rebind.domain.units import DAY, Id, Ms
from rebind.flows import casebook, figures
from rebind.flows.casebook import Filter
from rebind.flows.desk import Caller, Desk, casefiles
from rebind.flows.desk.casefiles import Wish
from rebind.ports import Seal
from rebind.providers.clock.system import SystemClock
from rebind.providers.dice.system import SystemDice
from rebind.providers.hasher.argon2 import Argon2
from rebind.providers.leaks.common import Common
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.store import daily_counts
from rebind.store.daily_counts import Daily
from rebind.store.engines import StoreEngine, open_engine
from rebind.store.engines.postgres import connect
from rebind.store.upgrade import upgrade

CASES: Final = 1_000_000
OPEN_SHARE: Final = 10
REAL: Final = 200
"""Cases made by the flows, with numbers that have to be unsealed; they stand first in the queue."""

_WHO: Final = Operator("olga", "Olga", Role.OPERATOR, None, 0)
_CALLER: Final = Caller(Door.CONSOLE, "en", "10.0.0.1", "10.0.0.1", "bench/1")
_COLUMNS: Final = (
    "id, reference, kind, state, version, round, locale, opened_at, due_at, pauses, closed_at"
)
_SQLITE: Final = f"""
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :cases)
    INSERT INTO cases ({_COLUMNS})
    SELECT randomblob(16), hex(randomblob(5)), 'lost_access',
        CASE WHEN i % {OPEN_SHARE} = 0 THEN 'open' ELSE 'closed' END, 1, 1, 'en', :now,
        CASE WHEN i % {OPEN_SHARE} = 0 THEN :now + i ELSE NULL END, '',
        CASE WHEN i % {OPEN_SHARE} = 0 THEN NULL ELSE :now END
    FROM n
"""
_POSTGRES: Final = f"""
    INSERT INTO cases ({_COLUMNS})
    SELECT decode(md5(i::text), 'hex'), left(md5((-i)::text), 10), 'lost_access',
        CASE WHEN i % {OPEN_SHARE} = 0 THEN 'open' ELSE 'closed' END, 1, 1, 'en',
        CAST($1 AS BIGINT),
        CASE WHEN i % {OPEN_SHARE} = 0 THEN CAST($1 AS BIGINT) + i ELSE NULL END, '',
        CASE WHEN i % {OPEN_SHARE} = 0 THEN NULL ELSE CAST($1 AS BIGINT) END
    FROM generate_series(1, CAST($2 AS BIGINT)) AS i
"""


async def _fill(database: Database, cases: int, now: Ms) -> None:
    if database.engine == "sqlite":
        upgrade(database.url)
        with sqlite3.connect(database.url.removeprefix("sqlite:///")) as connection:
            connection.execute(_SQLITE, {"cases": cases, "now": now})
        return
    server = await connect(database.url)
    try:
        await server.execute(_POSTGRES, now, cases)
        await server.execute("ANALYZE cases")
    finally:
        await server.close()


def _desk(engine: StoreEngine, seal: Seal) -> Desk:
    return Desk(
        engine=engine,
        clock=SystemClock(),
        dice=SystemDice(),
        seal=seal,
        hasher=Argon2(),
        leaks=Common(),
        passkeys=WebAuthn("http://localhost:8080", "Rebind"),
        carrier=None,
        policy=Policy(),
        calendar=Calendar(),
        limits=in_force({}),
        nudge=lambda: None,
    )


async def _real(desk: Desk, now: Ms) -> list[Id]:
    """Cases with a thread, numbers and a contact."""
    found = []
    for i in range(REAL):
        case_id = desk.dice.id(now)
        wish = Wish(
            CaseKind.LOST_ACCESS,
            "en",
            contact=f"person{i}@example.org",
            claimed=f"+7916{i:07d}",
            number=f"+7903{i:07d}",
            region="RU",
        )
        said = [
            casefiles.said(desk, case_id, Side.PERSON, None, "I have lost it. " * 20, now)
            for _message in range(10)
        ]
        opened = casefiles.opened(desk, case_id, wish, CaseState.NEW, now - 30 * DAY)
        terms = casefiles.found_by(desk, case_id, wish.contact, wish.claimed, wish.number)
        await desk.engine.write([*opened, *terms, *said])
        found.append(case_id)
    return found


async def _busy_days(desk: Desk, now: Ms) -> None:
    """Counts of every slot of the days that the page of figures shows."""
    for day in range(figures.DAYS):
        at = desk.calendar.local_day(now - day * DAY)
        for slot in range(daily_counts.SLOTS):
            await desk.engine.write([daily_counts.add(at, what, bytes([slot])) for what in Daily])


async def _timed(what: Callable[[], Awaitable[object]], turns: int) -> tuple[float, float]:
    """(median, 99th of a hundred) in milliseconds."""
    took = []
    for _turn in range(turns):
        began = time.perf_counter()
        await what()
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


async def _measure(database: Database, seal: Seal, turns: int) -> None:
    engine = await open_engine(database.url, connections=4, fraction=lambda: 0.5)
    try:
        desk = _desk(engine, seal)
        now = desk.clock.now()
        real = await _real(desk, now)
        await _busy_days(desk, now)
        middle = (now + 300_000, bytes(16))
        turn = iter(range(10**9))

        async def opened() -> object:
            return await casebook.look(desk, _CALLER, _WHO, real[next(turn) % REAL])

        for name, work in (
            ("queue, first page", lambda: casebook.queue(desk, _WHO, Filter())),
            ("queue, far inside", lambda: casebook.queue(desk, _WHO, Filter(), middle)),
            (
                "queue, open ones of a kind",
                lambda: casebook.queue(
                    desk, _WHO, Filter(CaseKind.LOST_ACCESS, CaseState.OPEN), middle
                ),
            ),
            ("search by the last four digits", lambda: casebook.search(desk, _WHO, "0042")),
            ("a case is opened", opened),
            ("the page of figures", lambda: figures.show(desk, _WHO)),
        ):
            median, worst = await _timed(work, turns)
            print(f"{database.engine:<12}{name:<34}{median:8.2f} ms  p99 {worst:8.2f} ms")
    finally:
        await engine.close()


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--engines", default=",".join(ENGINES))
    asked = parser.parse_args()
    engines = asked.engines.split(",")
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), engines)
        try:
            for engine in engines:
                database = town.database(engine, asked.cases, "desk")
                asyncio.run(_fill(database, asked.cases, time.time_ns() // 1_000_000))
                asyncio.run(_measure(database, town.seal, asked.turns))
        finally:
            town.close()


if __name__ == "__main__":
    main()
