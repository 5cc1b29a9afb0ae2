"""What one run of the benchmark has found, and how it is kept as JSON.

Neighbours: `goals.py` holds it against what is to be reached, `report.py` tells it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from bench.browsers import Weight
from bench.figures import percentile
from bench.flood import Flooded
from bench.guessing import Guessed
from bench.recording import Recorded
from bench.rounds import Plan, Sample, Start


class Asked(msgspec.Struct, frozen=True):
    """What one call of a flow asks of the database, as counted by the engine."""

    engine: str
    call: str
    statements: int
    round_trips: int


class Result(msgspec.Struct, frozen=True):
    """One run."""

    when: str
    machine: dict[str, str]
    plan: Plan
    asked: list[Asked]
    starts: list[Start]
    peaks_mib: dict[str, float]
    weight: Weight | None
    samples: list[Sample]
    took_s: float
    guessed: list[Guessed]
    flooded: list[Flooded]


def asked_of(recorded: Mapping[str, Mapping[str, Recorded]]) -> list[Asked]:
    """The counts of all recorded calls."""
    return [
        Asked(engine, call.name, call.statements, call.round_trips)
        for engine, calls in recorded.items()
        for call in calls.values()
    ]


def encoded(result: Result) -> bytes:
    """As JSON, each sample's times as percentiles."""
    plain: dict[str, Any] = msgspec.to_builtins(result)
    for sample in plain["samples"]:
        for name in ("whole_ms", "calls_ms"):
            times = sample.pop(name)
            for part in (0.5, 0.99) if times else ():
                sample[f"{name[:-3]}_p{part * 100:.0f}_ms"] = percentile(times, part)
    for each in plain["flooded"]:
        for name in ("before_ms", "during_ms"):
            times = each.pop(name)
            for part in (0.5, 0.99, 1.0):
                each[f"{name[:-3]}_p{part * 100:.0f}_ms"] = percentile(times, part)
    return msgspec.json.format(msgspec.json.encode(plain), indent=1)
