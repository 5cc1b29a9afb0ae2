"""The commands of `rebind`. Each one parses, calls what the front hall handed in, and prints.

Nothing here opens a database or reads a setting; `rich` is loaded only where a table is drawn.
"""

from collections.abc import Callable
from pathlib import Path

import click
import msgspec


class Unusable(click.ClickException):
    """A command that cannot run, with every reason on a line of its own."""

    exit_code = 2

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n  " + "\n  ".join(reasons))


class Commands(msgspec.Struct, frozen=True):
    """What the command line can set in motion. The front hall fills this in."""

    serve: Callable[[bool], None]
    serve_one: Callable[[int, bool], None]
    worker: Callable[[], None]
    walk: Callable[[], None]
    db_upgrade: Callable[[], str]
    db_check: Callable[[], tuple[bool, str]]
    policy_show: Callable[[], list[tuple[str, str, str]]]
    limits_show: Callable[[], list[tuple[str, str, str]]]
    papers_show: Callable[[], list[tuple[str, str, str]]]
    policy_check: Callable[[], list[str]]
    keys_list: Callable[[], list[tuple[str, ...]]]
    keys_rotate: Callable[[str, float, Callable[[str], None]], None]
    accounts_import: Callable[[Path, Callable[[int], None]], list[str]]
    sessions_end: Callable[[str | None], int]
    operators_add: Callable[[str, str, str, str], str]
    operators_list: Callable[[], list[tuple[str, ...]]]
    operators_disable: Callable[[str], None]
    operators_reset: Callable[[str], str]
    dev_seed: Callable[[int, Callable[[int], None]], None]


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, show_lines=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def build(commands: Commands, version: str) -> click.Group:
    """The command line over these callables."""

    @click.group(context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(version, prog_name="rebind")
    def rebind() -> None:
        """Rebind: an account service whose heart is the phone number."""

    @rebind.command()
    @click.option("--listening-fd", type=int, hidden=True, default=None)
    @click.option("--as-demo", is_flag=True, hidden=True)
    def serve(listening_fd: int | None, as_demo: bool) -> None:
        """Serve the API. Refuses demo providers and contradictory settings, by name."""
        if listening_fd is None:
            commands.serve(False)
        else:
            commands.serve_one(listening_fd, as_demo)

    @rebind.command()
    def worker() -> None:
        """Send what waits in the outbox, in a process of its own."""
        commands.worker()

    @rebind.command()
    @click.option(
        "--walk", is_flag=True, help="Tell a number change step by step against the running demo."
    )
    def demo(walk: bool) -> None:
        """Serve the demo: three people, messages shown on a page instead of sent."""
        if walk:
            commands.walk()
        else:
            commands.serve(True)

    _database(rebind, commands)
    _policy(rebind, commands)
    _accounts(rebind, commands)
    return rebind


def _database(rebind: click.Group, commands: Commands) -> None:
    @rebind.group()
    def db() -> None:
        """The schema of the database."""

    @db.command("upgrade")
    def upgrade() -> None:
        """Bring the schema to this release; an SQLite file is copied first."""
        click.echo(commands.db_upgrade())

    @db.command("check")
    def check() -> None:
        """Say whether the schema fits this release; exit 1 where it does not."""
        fits, words = commands.db_check()
        click.echo(words)
        if not fits:
            raise SystemExit(1)


def _policy(rebind: click.Group, commands: Commands) -> None:
    @rebind.group()
    def policy() -> None:
        """The figures of the evidence rule and of the limits."""

    @policy.command("show")
    def show() -> None:
        """Every figure in force with its source, and every kind of document."""
        _table("Policy", ("figure", "value", "source"), list(commands.policy_show()))
        _table("Limits", ("limit", "value", "protects against"), list(commands.limits_show()))
        _table("Documents", ("kind", "shows", "name on pages"), list(commands.papers_show()))

    @policy.command("check")
    def check() -> None:
        """Refuse contradictions; say what is unwise."""
        for warning in commands.policy_check():
            click.echo(f"warning: {warning}")
        click.echo("The policy holds together.")

    @rebind.group()
    def keys() -> None:
        """The key ring."""

    @keys.command("list")
    def list_keys() -> None:
        """The versions in the key ring, never a secret."""
        _table("Keys", ("use", "version", "state", "made", "fingerprint"), commands.keys_list())

    @keys.command("rotate")
    @click.argument("use", type=click.Choice(["seal", "index", "mac"]))
    @click.option(
        "--settle",
        type=click.FloatRange(1.5, 600),
        default=5.0,
        show_default=True,
        help="Seconds in which every process takes up a step; they look each second.",
    )
    def rotate(use: str, settle: float) -> None:
        """Bring in a new key, put everything under it while the service runs, retire the old one.

        Interrupted, it goes on where it stopped. Back up the key ring afterwards, apart from the
        database: older backups of the database open only under the older ring."""
        commands.keys_rotate(use, settle, click.echo)


def _accounts(rebind: click.Group, commands: Commands) -> None:
    @rebind.group()
    def accounts() -> None:
        """Accounts in bulk."""

    @accounts.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def bring_in(file: Path) -> None:
        """Bring in accounts from FILE: a JSON object a line with number, and if you have them
        locale, since (RFC 3339) and emails. Lines that are refused are named, the others count."""
        with click.progressbar(length=file.stat().st_size, label="Importing") as bar:
            refused = commands.accounts_import(file, bar.update)
        for line in refused:
            click.echo(line, err=True)
        if refused:
            raise SystemExit(1)

    _sessions(rebind, commands)
    _operators(rebind, commands)

    @rebind.group()
    def dev() -> None:
        """For developing and measuring; never on a real service."""

    @dev.command("seed")
    @click.argument("accounts_wanted", type=click.IntRange(1, 10_000_000))
    def seed(accounts_wanted: int) -> None:
        """Fill an empty database with that many made-up accounts."""
        with click.progressbar(length=accounts_wanted, label="Seeding") as bar:
            commands.dev_seed(accounts_wanted, bar.update)


def _sessions(rebind: click.Group, commands: Commands) -> None:
    @rebind.group()
    def sessions() -> None:
        """Who is signed in."""

    @sessions.command("end")
    @click.option("--account", help="The id of one account, as 32 hexadecimal digits.")
    @click.option("--all", "everybody", is_flag=True, help="Every account there is.")
    def end(account: str | None, everybody: bool) -> None:
        """End every session of one account or of all, while the service runs; what they began and
        still waits ends too. People sign in again, with what their accounts ask for."""
        if (account is None) is not everybody:
            raise click.UsageError("say either --account or --all")
        ended = commands.sessions_end(account)
        click.echo(f"Sessions were ended of {ended} account{'' if ended == 1 else 's'}.")


def _operators(rebind: click.Group, commands: Commands) -> None:
    @rebind.group()
    def operators() -> None:
        """The people at the support desk."""

    @operators.command("add")
    @click.argument("login")
    @click.option("--name", required=True, help="The name by which colleagues know this person.")
    @click.option(
        "--role",
        type=click.Choice(["operator", "supervisor", "auditor", "administrator"]),
        required=True,
    )
    @click.option("--locale", type=click.Choice(["en", "ru"]), default="en", show_default=True)
    def add(login: str, name: str, role: str, locale: str) -> None:
        """Let LOGIN in to the console: prints the link by which this person sets up a way in. It
        counts once, for a day; whoever opens it first is in."""
        click.echo(commands.operators_add(login, name, role, locale))

    @operators.command("list")
    def everybody() -> None:
        """Who is at the desk."""
        columns = ("login", "name", "role", "let in", "by", "state")
        _table("Operators", columns, commands.operators_list())

    @operators.command("disable")
    @click.argument("login")
    def disable(login: str) -> None:
        """Let LOGIN in no more; all sessions end at once."""
        commands.operators_disable(login)
        click.echo(f"{login} is let in no more.")

    @operators.command("reset")
    @click.argument("login")
    def reset(login: str) -> None:
        """Invite LOGIN anew, who has lost every way in: prints another link. What let this person
        in before stops at once."""
        click.echo(commands.operators_reset(login))
