"""Tells a result: on the terminal, as JSON, and as the page docs/running/performance.md.

Neighbours: `results.py` is what it tells of, `goals.py` says what is to be reached.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final

from bench import flood, visitors
from bench.browsers import Weight
from bench.figures import Figures, Table, percentile, server
from bench.flood import Flooded
from bench.goals import goals
from bench.guessing import Guessed
from bench.noise import warning
from bench.results import Result
from bench.rounds import (
    BY_PAGES,
    FLOOR,
    OURS,
    USERS,
    Cell,
    Plan,
    walked,
)

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "running" / "performance.md"


def text(result: Result) -> str:
    """For the terminal."""
    return "\n".join(_tables(result))


def page(result: Result) -> str:
    """The page of the documentation."""
    return HEAD + "\n".join([*_circumstances(result), *_tables(result)]) + "\n" + TAIL


def _circumstances(result: Result) -> Iterator[str]:
    machine, plan = result.machine, result.plan
    yield (
        f"Measured {result.when[:10]} on {machine['cores']} cores ({machine['processor']}, "
        f"{machine['memory']}), {machine['kernel']}, Python {machine['python']}, "
        f"SQLite {machine['sqlite']}, PostgreSQL {machine['postgresql']}; {plan.rounds} rounds of "
        f"{plan.cell_s:g} s for each line; the whole run took {result.took_s / 60:.0f} minutes. "
        f"PostgreSQL ran {'on the second core' if plan.pin_database else 'on both cores'}."
    )
    warned = warning(machine)
    if warned is not None:
        yield f"\n**Not to be trusted:** {warned}."
    if plan.rounds < 7:
        yield "\n**Not to be trusted:** fewer than 7 rounds."


def _tables(result: Result) -> Iterator[str]:
    table = Table(result.samples)
    yield "\n## Goals\n"
    yield from _rows(("goal", "at most", "measured", ""), goals(result, table))
    if "rounds" in result.plan.parts:
        yield from _round_tables(result, table)
    if result.guessed:
        yield "\n## Guessing who has an account\n"
        yield from _rows(_GUESSED_COLUMNS, [_guessed_line(each) for each in result.guessed])
        yield from _examples(result.guessed)
    if result.flooded:
        yield f"\n## A flood of {flood.STRANGERS} passwords\n"
        yield from _rows(_FLOOD_COLUMNS, [_flood_line(each) for each in result.flooded])


def _round_tables(result: Result, table: Table) -> Iterator[str]:
    for users in USERS:
        yield f"\n## {users} user{'s' if users > 1 else ''} at a time\n"
        yield from _rows(_COLUMNS, _flow_lines(result.plan, table, users))
    yield "\n## By pages\n"
    yield from _rows(_PAGES_COLUMNS, _pages_lines(result.plan, table))
    if result.weight is not None:
        yield "\n## What the first page weighs\n"
        yield from _rows(("fetched", "bytes over the wire"), _weight_lines(result.weight))
    yield "\n## What a call asks of the database\n"
    yield from _rows(
        ("engine", "call", "statements", "round trips"),
        [(a.engine, a.call, str(a.statements), str(a.round_trips)) for a in result.asked],
    )
    yield "\n## Start and memory of one server process\n"
    yield from _rows(_START_COLUMNS, _start_lines(result))


_COLUMNS = (
    "flow", "engine", "accounts", "flows/s", "p50 / p99 ms", "in calls p50 / p99 ms",
    "CPU ms server", "worker", "database", "floor: flows/s", "in calls p50 / p99 ms",
    "CPU ms server", "database", "server CPU, ours to floor",
)  # fmt: skip
_START_COLUMNS = (
    "engine", "accounts", "start to first answer ms", "memory then MiB",
    "after 100 GET /account", "and 100 GET /profile", "peak during the rounds",
)  # fmt: skip
_PAGES_COLUMNS = (
    "flow", "engine", "users", "walked", "flows/s", "in calls p50 / p99 ms", "CPU ms server",
    "API: in calls p50 / p99 ms", "CPU ms server", "server CPU, pages to API",
)  # fmt: skip
_GUESSED_COLUMNS = (
    "engine", "journey", "step", "known name", "pairs", "known took longer in", "95 % interval",
    "median ms known / unknown", "median difference ms", "answers unlike", "",
)  # fmt: skip
_FLOOD_COLUMNS = (
    "engine", "quiet p50 / p99 ms", "during p50 / p99 / longest ms", "p99 during to quiet",
    "answers", "the last after s",
)  # fmt: skip


def _rows(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def _flow_lines(plan: Plan, table: Table, users: int) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for flow in visitors.FLOWS:
        for engine in plan.engines:
            for size in plan.sizes:
                ours = table.figures(Cell(engine, size, flow, users, OURS))
                floor = table.figures(Cell(engine, size, flow, users, FLOOR))
                if ours is None or floor is None:
                    lines.append((flow, engine, f"{size:,}", "no flow reached its end"))
                    continue
                ratio = table.to_floor(engine, size, flow, users, server)
                lines.append((flow, engine, f"{size:,}", *_ours(ours), *_floor(floor), f"{ratio}"))
    return lines


def _ours(found: Figures) -> tuple[str, ...]:
    failed = f" ({found.failures} failed)" if found.failures else ""
    return (
        f"{found.flows_per_s:,.0f}{failed}",
        f"{found.whole_p50_ms:.1f} / {found.whole_p99_ms:.1f}",
        f"{found.calls_p50_ms:.2f} / {found.calls_p99_ms:.2f}",
        f"{found.server_ms:.3f}",
        f"{found.worker_ms:.3f}",
        f"{found.database_ms:.3f}",
    )


def _floor(found: Figures) -> tuple[str, ...]:
    failed = f" ({found.failures} failed)" if found.failures else ""
    return (
        f"{found.flows_per_s:,.0f}{failed}",
        f"{found.calls_p50_ms:.2f} / {found.calls_p99_ms:.2f}",
        f"{found.server_ms:.3f}",
        f"{found.database_ms:.3f}",
    )


def _pages_lines(plan: Plan, table: Table) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    size = plan.sizes[0]
    for (flow, ways), engine, users in product(BY_PAGES.items(), plan.engines, USERS):
        api = table.figures(Cell(engine, size, flow, users, OURS))
        for way in ways:
            head = (flow, engine, str(users), walked(flow, way))
            found = table.figures(Cell(engine, size, flow, users, way))
            if api is None or found is None:
                lines.append((*head, "no flow reached its end"))
                continue
            ratio = table.to_api(engine, size, flow, users, way)
            rate, *rest = _floor(found)[:3]
            lines.append((*head, rate, *rest, *_floor(api)[1:3], f"{ratio}"))
    return lines


def _weight_lines(weight: Weight) -> list[tuple[str, ...]]:
    lines = [(_without_hash(path), f"{size:,}") for path, size in weight.wire.items()]
    return [*lines, ("together", f"{weight.whole:,}")]


def _without_hash(path: str) -> str:
    """A file's name without what changes with its bytes."""
    return re.sub(r"\.[0-9a-f]{16}\.", ".", path)


def _guessed_line(found: Guessed) -> tuple[str, ...]:
    least, greatest = found.interval
    return (
        found.engine,
        found.journey,
        found.step,
        found.known,
        f"{found.pairs:,}",
        f"{found.share:.1f} %",
        f"{least:.1f}–{greatest:.1f} %",
        f"{found.known_ms:.2f} / {found.unknown_ms:.2f}",
        f"{found.gap_ms:+.3f}",
        str(found.unlike),
        found.verdict,
    )


def _examples(found: Sequence[Guessed]) -> Iterator[str]:
    """Where answers were not alike, what differed in the first two that were not."""
    for each in found:
        if each.example:
            head = f"{each.engine}, {each.journey}, {each.step}, {each.known}"
            yield f"\n{head} (-), nobody (+):\n\n```diff\n{each.example}\n```"


def _flood_line(found: Flooded) -> tuple[str, ...]:
    before, during = found.before_ms, found.during_ms
    told = sorted(found.answers.items())
    return (
        found.engine,
        f"{percentile(before, 0.5):.2f} / {percentile(before, 0.99):.2f}",
        f"{percentile(during, 0.5):.2f} / {percentile(during, 0.99):.2f} / {max(during):.0f}",
        f"{found.ratio:.1f}",
        ", ".join(f"{code} {times}" for code, times in told),
        f"{found.last_s:.1f}",
    )


def _start_lines(result: Result) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    size = result.plan.sizes[-1]
    for engine in result.plan.engines:
        found = [start for start in result.starts if start.engine == engine]
        if not found:
            continue
        lines.append(
            (
                engine,
                f"{size:,}",
                f"{median(start.first_answer_s for start in found) * 1000:.0f}",
                f"{median(start.idle_mib for start in found):.1f}",
                f"{median(start.used_mib for start in found):.1f}",
                f"{median(start.paged_mib for start in found):.1f}",
                f"{result.peaks_mib[f'{engine}-{size}']:.1f}",
            )
        )
    return lines


HEAD = """\
# What Rebind costs

This page is written by the benchmark; do not edit it by hand:

    $ make bench ARGS=--write

`ARGS=--quick` takes ten minutes and gives a first impression; `ARGS=--parts=flood` measures only
that; all results also lie as JSON in `bench/results/`. Figures of two machines cannot be compared,
ratios of one run can.

"""

TAIL = """
## How it is measured

- One server process in production mode on the first core; the driver, which is also the SMS
  centre, and the worker, a process of its own, on the second. Everything on the loopback, every
  database durable: PostgreSQL with its defaults (`fsync`, `synchronous_commit` on) and 256 MB of
  shared buffers, SQLite with `synchronous=FULL`.
- Flows, in a closed loop: *enrol* (begin, code, prove); *sign_in* on a known device; *change* with
  a code to both numbers, answered together, in a session on a known device; *account*, one
  `GET /api/v1/account`. Accounts are met all over the database, each as rarely as possible. The
  codes come from the worker: a flow includes the wait for it, *in calls* does not.
- *By pages* the same server is asked by somebody with a browser who was here before: on a device
  that the account knows, with a language and a visitor's token, with all the headers that Chrome
  sends; style and script are in its cache. *One page* is `GET /profile` against
  `GET /api/v1/account`. *Acts* are each form sent with the page that it leads to: for sign_in
  `POST /sign-in` with the page that asks for the code, and the code with `GET /profile`; for change
  `POST /phone/change` with the page that asks for both codes, and the codes with the page that says
  that the number was changed. The *whole journey* is the acts and before them the page on which the
  first form stands. Each is compared with the flow over the API, which is its two `POST`s and shows
  nothing: what a page spends on reading back what was done counts against the page. Measured at the
  least number of accounts, where the database is the least part of both.
- The first page's weight is what goes over the wire to a browser that was never here: headers and
  body of `GET /` and of each file that it names, style, script and icon as compressed as they come.
- Limits are counted, and set so high that none is reached; changes may follow at once (policy
  `change_gap_h = 0`) and "last seen" is not kept anew during a run. Every flow comes from an
  address of its own by `X-Forwarded-For`.
- CPU is the kernel's clock of each process, all threads together, per flow that reached its end;
  *worker* and *database* run on until the last message has left. With SQLite the database is part
  of the server and of the worker. The goals compare the server's CPU: it is what one process can
  be asked for, and it does not gain by what the database costs on either side.
- Every round measures each line once, ours and the floor next to each other; medians over rounds
  are shown, p99 over all flows of all rounds, and ratios are taken inside a round (least and
  greatest in brackets).
- *Guessing*: a stranger on an unknown device begins each journey and gives a wrong proof, by the
  API and by the pages, with a name that somebody has and right before or after it, in random order,
  with one that nobody has. Every name is used once, every visit has an address of its own, the
  server has nothing else to do and no worker runs. How often the known name took longer is what
  time alone tells; 50 % is nothing. *Unlike* are answers that differ in more than identifiers,
  tokens, moments and digits, headers included. A line is *not certain* where the figure was missed,
  and so many pairs are too few to say that it is missed in truth.
- *Flood*: strangers with a name of their own each, half of which somebody has, begin to sign in and
  give a wrong password, all at the same moment, while one visitor looks at `GET /api/v1/account`
  again and again with a pause of 4 ms. The server, its hashes included, has one core.

**The floor** is the least that the same work costs with the same parts: a bare Starlette router on
the same uvicorn, on the same database, with the same worker behind it. Its handlers are made from a
recording of our own flows: per call the same statements with the same guards in the same
conversations with the database, as many values sealed and opened, indexes, keyed hashes, ids and
codes, and the same JSON read and written. On PostgreSQL it hands our composed statements to asyncpg
as it is, on SQLite it runs them on one `sqlite3` connection and commits inline; with many users
ours can cost less there than the floor, because commits are shared. It leaves out:
rules and policy, refusals and their languages, parsing of phone numbers, checks of tokens, codes
and devices, the limits' arithmetic, rows as values, the route table, metrics, retries, group
commit. So it is not a service that one could run; it is what a service cannot go below.
"""
