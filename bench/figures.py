"""From samples to figures: medians over rounds, and ratios of what stood side by side in one round.

A ratio is taken inside each round first and its median shown, because a machine that is slow for a
minute is slow for both sides.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

import msgspec

from bench.rounds import FLOOR, OURS, Cell, Sample

Picked = Callable[[Sample], float]


class Figures(msgspec.Struct, frozen=True):
    """One cell over all rounds."""

    flows_per_s: float
    whole_p50_ms: float
    whole_p99_ms: float
    calls_p50_ms: float
    calls_p99_ms: float
    server_ms: float
    worker_ms: float
    database_ms: float
    failures: int


class Ratio(msgspec.Struct, frozen=True):
    """A median of ratios, and the least and greatest of them."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.greatest:.2f})"


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def per_second(sample: Sample) -> float:
    return sample.flows / sample.seconds if sample.seconds else 0.0


def server(sample: Sample) -> float:
    return sample.server_ms


def whole_cost(sample: Sample) -> float:
    """What server and database spend together."""
    return sample.server_ms + sample.database_ms


def in_calls(sample: Sample) -> float:
    return percentile(sample.calls_ms, 0.5)


class Table:
    """All samples of a run, to be asked."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._by_cell: dict[Cell, dict[int, Sample]] = {}
        for sample in samples:
            if sample.flows:
                self._by_cell.setdefault(sample.cell, {})[sample.round] = sample

    def figures(self, cell: Cell) -> Figures | None:
        """The figures of one cell, if it was ever walked to the end."""
        found = list(self._by_cell.get(cell, {}).values())
        if not found:
            return None

        def middle(pick: Picked) -> float:
            return median(pick(sample) for sample in found)

        return Figures(
            middle(per_second),
            middle(lambda sample: percentile(sample.whole_ms, 0.5)),
            percentile([ms for sample in found for ms in sample.whole_ms], 0.99),
            middle(in_calls),
            percentile([ms for sample in found for ms in sample.calls_ms], 0.99),
            middle(server),
            middle(lambda sample: sample.worker_ms),
            middle(lambda sample: sample.database_ms),
            sum(len(sample.failures) for sample in found),
        )

    def ratio(self, above: Cell, below: Cell, pick: Picked) -> Ratio | None:
        """`above` to `below`, round by round."""
        ours, theirs = self._by_cell.get(above, {}), self._by_cell.get(below, {})
        found = [
            pick(ours[number]) / pick(theirs[number])
            for number in sorted(ours.keys() & theirs.keys())
            if pick(theirs[number]) > 0
        ]
        return Ratio(median(found), min(found), max(found)) if found else None

    def to_floor(self, engine: str, size: int, flow: str, users: int, pick: Picked) -> Ratio | None:
        """Ours to the floor."""
        above = Cell(engine, size, flow, users, OURS)
        return self.ratio(above, msgspec.structs.replace(above, server=FLOOR), pick)

    def to_api(self, engine: str, size: int, flow: str, users: int, way: str) -> Ratio | None:
        """The CPU that our server spends on a flow by its pages to what it spends by its API."""
        below = Cell(engine, size, flow, users, OURS)
        return self.ratio(msgspec.structs.replace(below, server=way), below, server)

    def growth(self, engine: str, sizes: Sequence[int], flow: str, pick: Picked) -> Ratio | None:
        """Ours at the greatest size to ours at the least."""
        above = Cell(engine, sizes[-1], flow, GROWTH_USERS, OURS)
        return self.ratio(above, msgspec.structs.replace(above, size=sizes[0]), pick)


GROWTH_USERS: Final = 16
"""Growth is judged where a server is busy: with one user, waking up is a part of every cost."""
