"""What an administrator does from the command line: schema, policy, keys, accounts,
sessions, people at the desk."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from rebind import __version__
from rebind import settings as house_settings
from rebind.domain import papers
from rebind.domain import policy as policy_rules
from rebind.domain.cases import Fact
from rebind.domain.limits import LIMITS
from rebind.domain.operators import Role
from rebind.domain.policy import Policy
from rebind.domain.refusals import Refused
from rebind.domain.units import Ms
from rebind.entrypoints.cli.commands import Commands, Unusable, build
from rebind.entrypoints.cli.walk import walk
from rebind.flows import imports, operators, sessions
from rebind.flows import seed as seed_flow
from rebind.main import running
from rebind.main.furnishing import House, furnish, opened, schema_words
from rebind.main.rotation import Rotation
from rebind.providers.seal import ring_file
from rebind.providers.seal.ring import Use, describe
from rebind.store.upgrade import upgrade
from rebind.store.version import Standing, standing

_Line = tuple[str, str, str]


def commands() -> click.Group:
    """The whole command line."""
    return build(
        Commands(
            serve=running.serve,
            serve_one=running.serve_one,
            worker=running.worker,
            walk=lambda: walk(running.settings_of(demo=True).public_url),
            db_upgrade=_db_upgrade,
            db_check=_db_check,
            policy_show=_policy_show,
            limits_show=_limits_show,
            papers_show=_papers_show,
            policy_check=_policy_check,
            keys_list=_keys_list,
            keys_rotate=_keys_rotate,
            accounts_import=_accounts_import,
            sessions_end=_sessions_end,
            operators_add=_operators_add,
            operators_list=_operators_list,
            operators_disable=_operators_disable,
            operators_reset=_operators_reset,
            dev_seed=_dev_seed,
        ),
        __version__,
    )


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of work on the database, or the reasons why it could not be done."""
    return running.run(work)


def _db_upgrade() -> str:
    return running.told(lambda: upgrade(running.settings_of().database_url))


def _db_check() -> tuple[bool, str]:
    async def look() -> tuple[bool, str]:
        engine = await opened(running.settings_of(), lambda: 0.5)
        try:
            found = await standing(engine)
        finally:
            await engine.close()
        return found is Standing.CURRENT, schema_words(found)

    result: tuple[bool, str] = _finished(look())
    return result


def _policy_show() -> list[_Line]:
    policy = _rules().policy
    lines = []
    for field in msgspec.structs.fields(Policy):
        value = getattr(policy, field.name)
        meta = next(each for each in field.type.__metadata__ if isinstance(each, msgspec.Meta))
        lines.append((field.name, _in_words(value), meta.description or ""))
    return lines


def _in_words(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in sorted(value.items()))
    return str(value)


def _limits_show() -> list[_Line]:
    limits = _rules().limits
    lines = []
    for default in LIMITS:
        limit = limits[default]
        window = f" in {limit.window_s} s" if limit.window_s else " in a row"
        gaps = f", pauses {'/'.join(str(gap) for gap in limit.gaps_s)} s" if limit.gaps_s else ""
        lines.append((limit.name, f"{limit.amount}{window} per {limit.key}{gaps}", limit.protects))
    return lines


def _papers_show() -> list[_Line]:
    kinds = _rules().papers.kinds.values()
    return [
        (
            each.name,
            "switched off" if each.off else ", ".join(fact for fact in Fact if fact in each.shows),
            " / ".join(each.names.values()) or "built in",
        )
        for each in kinds
    ]


def _rules() -> house_settings.Rules:
    """What the policy file decides."""
    return running.told(lambda: house_settings.rules(running.settings_of().policy))


def _policy_check() -> list[str]:
    rules = _rules()
    return policy_rules.warnings(rules.policy) + papers.warnings(rules.papers)


def _keys_list() -> list[tuple[str, ...]]:
    settings = running.settings_of()
    path = settings.key_ring
    try:
        ring = running.told(lambda: ring_file.load(path, settings.database_folder))
    except FileNotFoundError:
        raise Unusable(
            [f"key ring {path}: there is none yet; it is made at the first start"]
        ) from None
    return [
        (line.use, str(line.version), line.state, _day(line.made_at), line.fingerprint)
        for line in describe(ring)
    ]


def _keys_rotate(use: str, settle_s: float, say: Callable[[str], None]) -> None:
    async def rotate() -> None:
        async with _furnished() as house:
            await Rotation(house, settle_s, say).run(Use(use))

    _finished(rotate())


def _day(at: Ms) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().date().isoformat()


@asynccontextmanager
async def _furnished() -> AsyncIterator[House]:
    """The house for an administrator's work: no provider is needed, nothing is sent."""
    settings = msgspec.structs.replace(running.settings_of(), sms="demo", mail="demo")
    async with furnish(settings, at_rest=True) as house:
        yield house


class _ImportLine(msgspec.Struct, forbid_unknown_fields=True):
    number: str
    locale: str = "en"
    since: datetime | None = None
    emails: tuple[str, ...] = ()


def _accounts_import(file: Path, advance: Callable[[int], None]) -> list[str]:
    decoder = msgspec.json.Decoder(_ImportLine)

    async def bring_in() -> list[str]:
        refused = []
        async with _furnished() as house:
            with file.open("rb") as lines:
                for number, text in enumerate(lines, 1):
                    why = await _bring_in_line(house, decoder, text) if text.strip() else None
                    if why is not None:
                        refused.append(f"{file}:{number}: {why}")
                    advance(len(text))
        return refused

    result: list[str] = _finished(bring_in())
    return result


async def _bring_in_line(
    house: House, decoder: "msgspec.json.Decoder[_ImportLine]", text: bytes
) -> str | None:
    try:
        line = decoder.decode(text)
    except msgspec.DecodeError as error:
        return str(error)
    now = house.desk.clock.now()
    if line.since is not None and line.since.tzinfo is None:
        return "since: has no time zone"
    since = int(line.since.timestamp() * 1000) if line.since is not None else now
    if not 0 <= since <= now:
        return "since: is not in the past"
    person = imports.Person(line.number, line.locale, since, line.emails)
    outcome = await imports.bring_in(house.desk, person)
    return outcome.refusal.code if isinstance(outcome, Refused) else None


def _sessions_end(account: str | None) -> int:
    """How many accounts had a session; None means every account."""
    account_id = None
    if account is not None:
        try:
            account_id = bytes.fromhex(account.replace("-", ""))
        except ValueError:
            account_id = b""
        if len(account_id) != 16:
            raise Unusable([f"{account} is no id of an account: it has 32 hexadecimal digits"])

    async def end() -> int:
        async with _furnished() as house:
            if account_id is None:
                return await sessions.end_of_everybody(house.desk)
            return int(await sessions.end_of_account(house.desk, account_id))

    result: int = _finished(end())
    return result


def _operators_add(login: str, name: str, role: str, locale: str) -> str:
    async def add() -> str:
        async with _furnished() as house:
            found = await operators.add(house.desk, login, name, Role(role), locale)
            return _link(house, found)

    result: str = _finished(add())
    return result


def _operators_reset(login: str) -> str:
    async def reset() -> str:
        async with _furnished() as house:
            return _link(house, await operators.reset(house.desk, login))

    result: str = _finished(reset())
    return result


def _link(house: House, found: operators.Invitation | Refused) -> str:
    """The invitation as it is handed over."""
    if isinstance(found, Refused):
        raise Unusable([_refusal(found)])
    return house.settings.public_url.rstrip("/") + found.path


def _refusal(refused: Refused) -> str:
    return f"{refused.refusal.title}. {refused.refusal.text}"


def _operators_disable(login: str) -> None:
    async def disable() -> None:
        async with _furnished() as house:
            refused = await operators.shut_out(house.desk, login)
            if refused is not None:
                raise Unusable([_refusal(refused)])

    _finished(disable())


def _operators_list() -> list[tuple[str, ...]]:
    async def listed() -> list[tuple[str, ...]]:
        lines: list[tuple[str, ...]] = []
        after: str | None = ""
        async with _furnished() as house:
            while after is not None:
                found = await operators.everybody(house.desk, after)
                now = house.desk.clock.now()
                lines += (_operator_line(each, now) for each in found.people)
                after = found.after
        return lines

    result: list[tuple[str, ...]] = _finished(listed())
    return result


def _operator_line(who: operators.OperatorView, now: Ms) -> tuple[str, ...]:
    if who.disabled_at is not None:
        state = f"disabled {_day(who.disabled_at)}"
    elif who.invited_until is not None:
        state = "invited" if who.invited_until > now else "invitation has run out"
    else:
        state = "active"
    by = who.created_by or "command line"
    return who.login, who.name, who.role, _day(who.created_at), by, state


def _dev_seed(wanted: int, advance: Callable[[int], None]) -> None:
    async def seed() -> None:
        async with _furnished() as house:
            await seed_flow.fill(house.desk, wanted, advance)

    _finished(seed())
