"""The town: databases full of made-up accounts, and what its visitors need to walk in.

One private PostgreSQL with durable defaults and one SQLite file for each size, filled by
`rebind dev seed`; then a session for each *resident*, spread evenly over all accounts, so that
what is measured touches pages all over the database.
"""

import asyncio
import sqlite3
import time
from base64 import urlsafe_b64encode
from hashlib import blake2b
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import processes
from rebind.domain import assurance
from rebind.domain.evidence import Proof
from rebind.domain.limits import CEILINGS, LIMITS
from rebind.domain.units import DAY
from rebind.flows import seed
from rebind.flows.desk import tokens
from rebind.ports import Seal
from rebind.providers.seal import ring_file
from rebind.providers.seal.vault import AesSeal
from rebind.store import sessions
from rebind.store.engines.base import numbered
from rebind.store.engines.postgres import connect
from tests import clusters

RESIDENTS_MAX: Final = 10_000
"""Accounts with a session. More than a run changes at a million, so that none is met warm."""

ENGINES: Final = ("sqlite", "postgresql")

POSTGRES: Final = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "log_min_messages": "fatal",
}
"""Everything else as PostgreSQL comes: fsync, full_page_writes and synchronous_commit are on."""

_AGENT, _ADDRESS = "bench/1", "10.0.0.1"


class Database(msgspec.Struct, frozen=True):
    """One engine with so many accounts."""

    engine: str
    size: int
    url: str

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.size}"


class Town:
    """Everything on disk, in one folder that goes away at the end."""

    def __init__(self, folder: Path, engines: list[str]) -> None:
        self.folder = folder
        self.key_file = folder / "keys" / "ring.json"
        self.policy_file = folder / "policy.toml"
        self.policy_file.write_text(_policy(), encoding="utf-8")
        self.cluster: clusters.Cluster | None = None
        if "postgresql" in engines:
            programs = clusters.programs()
            if programs is None:
                raise SystemExit("PostgreSQL is not installed; --engines sqlite goes without")
            self.cluster = clusters.Cluster(programs, POSTGRES)
            self.cluster.start()
        self.key_file.parent.mkdir(mode=0o700)
        self._seal: AesSeal | None = None

    def database(self, engine: str, size: int, called: str = "town") -> Database:
        """A migrated database of that kind; empty."""
        if self.cluster is not None and engine == "postgresql":
            name = self.cluster.create(f"{called}_{size}", clusters.TEMPLATE)
            return Database(engine, size, self.cluster.url(name))
        folder = self.folder / f"{called}_{size}"
        folder.mkdir(mode=0o700)
        return Database(engine, size, f"sqlite:///{folder / 'rebind.db'}")

    def settings(self, database: Database, **more: str) -> dict[str, str]:
        """The environment of a production server on this database."""
        return {
            "REBIND_DATABASE_URL": database.url,
            "REBIND_SECRET_KEY_FILE": str(self.key_file),
            "REBIND_POLICY": str(self.policy_file),
            "REBIND_MAIL": "smtp://127.0.0.1:9",
            "REBIND_MAIL_FROM": "Bench <bench@localhost>",
            "REBIND_WORKER": "apart",
            "REBIND_TRUSTED_PROXIES": "127.0.0.1",
            "REBIND_LOG_LEVEL": "warning",
            **more,
        }

    @property
    def seal(self) -> Seal:
        """The service's own seal: whoever measures makes device keys with it."""
        if self._seal is None:
            ring = ring_file.load_or_make(self.key_file, None, time.time_ns() // 1_000_000)
            self._seal = AesSeal(ring)
        return self._seal

    def fill(self, database: Database) -> float:
        """Seed it and open the residents' sessions; seconds."""
        began = time.perf_counter()
        assert self.seal is not None
        processes.run(processes.rebind("dev", "seed", str(database.size)), self.settings(database))
        rows = session_rows(self.seal, database.size)
        if database.engine == "sqlite":
            _into_sqlite(database.url, rows)
        else:
            asyncio.run(_into_postgres(database.url, rows))
        return time.perf_counter() - began

    def close(self) -> None:
        """Stop PostgreSQL and remove its folder."""
        if self.cluster is not None:
            self.cluster.stop()


class People:
    """Who lives in one database, and what the benchmark remembers of them: the number that each
    has now. Accounts are visited in an order that jumps about, each as rarely as possible."""

    def __init__(self, size: int, seal: Seal) -> None:
        self._seal = seal
        step = max(1, size // RESIDENTS_MAX)
        residents = list(range(0, size, step))[:RESIDENTS_MAX]
        self._residents = cycle(_shuffled(residents))
        self._readers = cycle(_shuffled(residents)[::-1])
        self._everybody = _jumping(size)
        self._moved: set[int] = set()
        self._strangers = 0

    def resident(self) -> int:
        """The next account to change its number."""
        return next(self._residents)

    def reader(self) -> int:
        """The next account to look at itself."""
        return next(self._readers)

    def anybody(self) -> int:
        """The next account to sign in."""
        return next(self._everybody)

    def stranger(self) -> str:
        """A number that nobody has."""
        self._strangers += 1
        return f"+7925{self._strangers:07d}"

    def number(self, i: int) -> str:
        """The number that account `i` has now."""
        return _other(i) if i in self._moved else seed.number(i)

    def away(self, i: int) -> str:
        """The number that account `i` changes to next."""
        return seed.number(i) if i in self._moved else _other(i)

    def moved(self, i: int) -> None:
        """Account `i` changed its number."""
        self._moved ^= {i}

    def device(self, i: int) -> str:
        """The key of the device that enrolled account `i`."""
        return tokens.device_key(self._seal, seed.device_id(i))

    def form_of(self, visitor: str) -> str:
        """What the forms of that visitor's pages carry: for a form that was open before."""
        found = tokens.form(self._seal, visitor)
        assert found is not None, "no token of a visitor"
        return found


def session_token(i: int) -> str:
    """The session of resident `i`, as its app carries it."""
    return "rs_" + urlsafe_b64encode(_session_raw(i)).rstrip(b"=").decode()


def _other(i: int) -> str:
    return f"+7903{i:07d}"


def _session_raw(i: int) -> bytes:
    drawn = blake2b(f"bench session {i}".encode(), digest_size=32).digest()
    return seed.account_id(i) + drawn


def _shuffled(residents: list[int]) -> list[int]:
    return sorted(residents, key=lambda i: blake2b(i.to_bytes(4, "big"), digest_size=8).digest())


def _jumping(size: int) -> "cycle[int]":
    """Every account once, in an order in which neighbours lie far apart (bounded memory)."""
    count = min(size, 100_000)
    step = size // count
    return cycle(_shuffled([i * step + i % step for i in range(count)]))


def session_rows(seal: Seal, size: int) -> list[dict[str, Any]]:
    """A session for each resident: the arguments of one statement, and its text as `sql`."""
    now = time.time_ns() // 1_000_000
    rows = []
    step = max(1, size // RESIDENTS_MAX)
    for i in list(range(0, size, step))[:RESIDENTS_MAX]:
        raw = _session_raw(i)
        write = sessions.open_session(
            raw[:16], raw[16:32], blake2b(raw, digest_size=32).digest(), seed.device_id(i), 1,
            "full", now, now + 30 * DAY,
            seal.seal("sessions.address", raw[16:32], _ADDRESS),
            seal.seal("sessions.agent", raw[16:32], _AGENT),
            "I1", assurance.stored((Proof.CODE_CURRENT, Proof.KNOWN_DEVICE)),
        )  # fmt: skip
        rows.append({"sql": write.statement.sql, **write.args})
    return rows


def _into_sqlite(url: str, rows: list[dict[str, Any]]) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with connection:
        connection.executemany(rows[0]["sql"], rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _into_postgres(url: str, rows: list[dict[str, Any]]) -> None:
    connection = await connect(url)
    text = numbered(rows[0]["sql"])
    await connection.executemany(text.sql, [text.pick(row) for row in rows])
    # As a service that has lived for a while: statistics are there, nothing waits to be written.
    await connection.execute("VACUUM (ANALYZE)", timeout=600)
    await connection.execute("CHECKPOINT", timeout=600)
    await connection.close()


def _policy() -> str:
    """Limits are counted as ever, and never reached; changes may follow one another at once; and
    nobody is "seen" anew during a run, which would be a write now and then."""
    lines = ["[policy]", "change_gap_h = 0", "seen_every_s = 86400"]
    for limit in LIMITS:
        amount = CEILINGS.get(limit.name, 1_000_000_000)
        lines += [f"[limits.{limit.name}]", f"amount = {amount}", "gaps_s = []"]
    return "\n".join(lines) + "\n"
