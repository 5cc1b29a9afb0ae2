"""Whatever was confirmed is there, however the process ended."""

import os
import subprocess
import sys
from pathlib import Path

from rebind.store.engines import open_engine
from rebind.store.statements import Write
from tests.store.samples import DRAWER, EMPTY, boxes

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 200


async def test_a_killed_process_loses_nothing_confirmed(database_url: str) -> None:
    for _ in range(3):
        confirmed = killed_after(database_url, ENOUGH)
        engine = await open_engine(database_url, connections=2, fraction=lambda: 0.5)
        kept = await boxes(engine)
        assert len(confirmed) >= ENOUGH
        assert confirmed <= kept.keys()
        assert {-slot for slot in kept} == kept.keys(), "a batch was kept by half"
        await engine.write([Write(EMPTY, {"name": DRAWER}, expect=None)])
        await engine.close()


def killed_after(url: str, lines: int) -> set[int]:
    """Let a process write, kill it without warning; what it had confirmed until then."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.confirmed_writer", url],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        told += writer.stdout.readlines()
    # The last line may have been cut off in the middle.
    return {int(line) for line in told if line.endswith("\n")}
