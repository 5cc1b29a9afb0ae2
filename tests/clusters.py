"""A private PostgreSQL cluster for a test run, started on first use and stopped at the end.

Each process of the run has one of its own, in a temporary folder, so that tests on several cores do
not meet. A test gets a database in which nothing is: one that an earlier test has used is emptied,
which takes a tenth of the time of a copy; one whose schema or settings a test has touched goes.
Where PostgreSQL is not installed tests are skipped, but never under CI: there a missing database is
a failure.
"""

import atexit
import contextlib
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rebind.store.upgrade import upgrade

USER = "rebind"
TEMPLATE = "migrated"
START_WAIT_S = 30.0
STOP_WAIT_S = 20.0

_PR_SET_PDEATHSIG = 1

_EMPTIED = """
DO $$
DECLARE of regclass;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR of IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP
        -- Nobody vacuums here: what has grown is cut off, which takes longer than deleting a few.
        IF pg_relation_size(of) > 65536 THEN EXECUTE format('TRUNCATE %s', of);
        ELSE EXECUTE format('DELETE FROM %s', of);
        END IF;
    END LOOP;
END $$;
"""
_SHAPE = """
SELECT (SELECT array_agg(version_num) FROM alembic_version),
    (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = (
        SELECT oid FROM pg_database WHERE datname = current_database())),
    (SELECT md5(string_agg(concat(relname, relkind, relnatts, relchecks), ' ' ORDER BY relname))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT md5(string_agg(concat(attrelid::regclass, attname, atttypid, attnotnull), ' '
        ORDER BY attrelid::regclass::text, attnum)) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace));
"""

# Speed before safety: what a test wrote need not survive a power cut. Deadlocks are found at once.
SETTINGS = {
    "autovacuum": "off",
    "deadlock_timeout": "50ms",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "64MB",
}


def programs() -> Path | None:
    """The folder with `postgres` and `initdb`, the newest version first."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(folders, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest is not None else None


class Cluster:
    """`start` before anything else; `stop` is called at exit as well. The benchmark brings settings
    of its own, since it measures what is durable."""

    def __init__(self, bin_folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self._bin = bin_folder
        self._settings = settings
        self._base = Path(tempfile.mkdtemp(prefix="rebind-pg-"))
        self._data = self._base / "data"
        self._server: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._numbers = itertools.count(1)
        self._shape = ""
        self._spare: list[str] = []
        # PostgreSQL refuses to run as root; its package brings a user for that.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self._base, who.pw_uid, who.pw_gid)
            self._as = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}

    def start(self) -> None:
        """Make the cluster, start it, and prepare the database that the others are copied from."""
        atexit.register(self.stop)
        self.run("initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8",
                 "--locale=C", "--no-sync")  # fmt: skip
        self._port = free_port()
        self._serve()
        self.create(TEMPLATE)
        upgrade(self.url(TEMPLATE))
        self._shape = self.sql(_SHAPE, TEMPLATE)

    def stop(self) -> None:
        """Stop the server and remove its folder. Safe to call twice."""
        self._halt()
        shutil.rmtree(self._base, ignore_errors=True)

    def restart(self) -> None:
        """Cut every connection off, as a crash of the server does. Call it from the main thread:
        the server ends with the thread that started it."""
        self._halt(signal.SIGQUIT)
        self._serve()

    @property
    def pid(self) -> int:
        """The process that all others of the server descend from."""
        assert self._server is not None, "the cluster is not running"
        return self._server.pid

    def url(self, database: str) -> str:
        """The address of a database of this cluster."""
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{database}"

    def create(self, database: str = "", template: str = "template0") -> str:
        """A new database; its name."""
        name = database or f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def lend(self) -> str:
        """The name of a migrated database in which nothing is."""
        return self._spare.pop() if self._spare else self.create(template=TEMPLATE)

    def take_back(self, database: str) -> None:
        """Empty a database that was lent, whoever is still connected, and keep it for the next one;
        remove it if it is not what it was."""
        if self.sql(_EMPTIED + _SHAPE, database) == self._shape:
            self._spare.append(database)
        else:
            self.drop(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run a sentence as superuser; what it printed."""
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text,
                        self.url(database))  # fmt: skip

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run one of PostgreSQL's programs; what it printed."""
        done = subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._base,
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
        printed: str = done.stdout
        return printed

    def _serve(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._base / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-k", self._base, "-p", str(self._port),
                 *settings],
                cwd=self._base, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # An interrupted run stops the cluster itself, after the tests have let go of it.
                start_new_session=True, preexec_fn=_die_with_parent, **self._as,  # noqa: PLW1509
            )  # fmt: skip
        end = time.monotonic() + START_WAIT_S
        while True:
            try:
                self.sql("SELECT 1")
                return
            except AssertionError:
                log_text = (self._base / "log").read_text(encoding="utf-8", errors="replace")
                assert self._server.poll() is None, log_text
                assert time.monotonic() < end, log_text
                time.sleep(0.05)

    def _halt(self, how: signal.Signals = signal.SIGINT) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(how)
        try:
            server.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(STOP_WAIT_S)


def _die_with_parent() -> None:
    """Runs in the child: a run that is killed without warning leaves no server behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))


def free_port() -> int:
    """A port of the loopback that nobody uses at the moment."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port


def started() -> Cluster:
    """A running cluster, or the reason why there is none."""
    bin_folder = programs()
    if bin_folder is None:
        missing = "PostgreSQL is not installed: half of the store is untested"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    cluster = Cluster(bin_folder)
    cluster.start()
    return cluster
