"""Notes what our flows do while they answer each call: which statements they put to the engine in
which way, and how often they seal, index, hash and draw.

The flows themselves are run, once, in this process, on a real database; so the floor cannot fall
behind them, and the counts of statements and round trips are the engine's own.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

import msgspec

from bench.town import session_rows, session_token
from rebind.domain.acts import Door
from rebind.domain.calendar import Calendar
from rebind.domain.evidence import Proof
from rebind.domain.limits import in_force
from rebind.domain.policy import Policy
from rebind.domain.refusals import Refused
from rebind.flows import account, change, enrol, seed, sign_in, verify
from rebind.flows.desk import Caller, Desk, Given, RequestView, tokens
from rebind.main.furnishing import JOURNEYS
from rebind.ports import Seal
from rebind.providers.clock.system import SystemClock
from rebind.providers.dice.system import SystemDice
from rebind.providers.hasher.argon2 import Argon2
from rebind.providers.leaks.common import Common
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.store import accounts
from rebind.store.engines import StoreEngine
from rebind.store.statements import Query, Rows, Statement, Value, Write

VERSION: Final = 7001
"""The binding version of the recorded account: unusual, so that it is recognised wherever it is
used again."""

_CLIENT, _AGENT = "10.9.8.7", "bench/1"
_PEOPLE = 300
"""Accounts in the database of the recording."""
_SOMEBODY = 5
_AWAY, _STRANGER = "+79031234567", "+79251234567"


class Op(msgspec.Struct, frozen=True):
    """One thing that was done. `what` is "engine.read", "seal.seal", "dice.id", "hash"…"""

    what: str
    args: tuple[Any, ...]
    result: Any


class Recorded(msgspec.Struct, frozen=True):
    """One call: what it was given, what it did, and what the engine counted."""

    name: str
    given: dict[str, Any]
    now: int
    ops: list[Op]
    statements: int
    round_trips: int


class _Noted:
    """Any tool of a flow: what is asked of it is done and noted."""

    def __init__(self, word: str, tool: Any, ops: list[Op], asked: Sequence[str]) -> None:
        for name in asked:
            setattr(self, name, _noting(f"{word}.{name}", getattr(tool, name), ops))


def _noting(word: str, method: Callable[..., Any], ops: list[Op]) -> Callable[..., Any]:
    def noted(*args: Any) -> Any:
        result = method(*args)
        ops.append(Op(word, args, result))
        return result

    return noted


class _NotedEngine:
    """The engine, with every call noted."""

    def __init__(self, engine: StoreEngine, ops: list[Op]) -> None:
        self._engine = engine
        self._ops = ops

    async def read(self, *queries: Query) -> list[Rows]:
        rows = await self._engine.read(*queries)
        self._ops.append(Op("engine.read", queries, rows))
        return rows

    async def write(self, writes: Sequence[Write]) -> None:
        await self._engine.write(writes)
        self._ops.append(Op("engine.write", tuple(writes), []))

    async def count(self, counted: Write, *queries: Query) -> list[Rows]:
        rows = await self._engine.count(counted, *queries)
        self._ops.append(Op("engine.count", (counted, *queries), rows))
        return rows


class _StillClock:
    """A moment that stands still during a call, so that it is recognised in what is written."""

    def __init__(self) -> None:
        self.at = SystemClock().now()

    def now(self) -> int:
        return self.at


class Recorder:
    """Runs each flow once."""

    def __init__(self, engine: StoreEngine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal
        self._ops: list[Op] = []
        self._clock = _StillClock()
        dice, ops = SystemDice(), self._ops
        limits = {
            limit.name: msgspec.structs.replace(limit, amount=10**9, gaps_s=())
            for limit in in_force({}).by_name.values()
        }
        self._plain = Desk(
            engine, self._clock, dice, seal, Argon2(), Common(),
            WebAuthn("http://localhost:8080", "Rebind"), None, Policy(change_gap_h=0), Calendar(),
            type(in_force({}))(limits), lambda: None,
        )  # fmt: skip
        crypto = ("seal", "unseal", "index", "indexes", "mac", "matches")
        self._desk = msgspec.structs.replace(
            self._plain,
            engine=cast(Any, _NotedEngine(engine, ops)),
            seal=cast(Any, _Noted("seal", seal, ops, crypto)),
            dice=cast(Any, _Noted("dice", dice, ops, ("id", "code", "secret", "fraction"))),
        )
        self.found: dict[str, Recorded] = {}

    async def run(self) -> dict[str, Recorded]:
        """Every call of every flow, by name."""
        await seed.fill(self._plain, _PEOPLE, lambda _more: None)
        await self._mark_somebody()
        plain_hash = tokens._hash
        vars(tokens)["_hash"] = _noting("hash", plain_hash, self._ops)
        try:
            await self._enrol()
            await self._sign_in()
            await self._look()
            await self._change()
        finally:
            vars(tokens)["_hash"] = plain_hash
        return self.found

    async def _mark_somebody(self) -> None:
        """Give the recorded account its unusual version, and a session."""
        i, now = _SOMEBODY, self._clock.at
        who: dict[str, Value] = {"id": seed.account_id(i), "v": VERSION}
        sealed = self._seal.seal(
            "bindings.number", accounts.place_of(seed.account_id(i), VERSION), seed.number(i)
        )
        change_sql = (
            ("UPDATE accounts SET number_version = :v WHERE id = :id", who),
            ("UPDATE numbers SET number_version = :v WHERE account_id = :id", who),
            (
                "UPDATE bindings SET version = :v, number_sealed = :s WHERE account_id = :id",
                {**who, "s": sealed},
            ),
        )
        await self._engine.write(
            [Write(Statement("bench.mark", sql), args) for sql, args in change_sql]
        )
        row = session_rows(self._seal, _PEOPLE)[i]
        await self._engine.write(
            [
                Write(
                    Statement("bench.session", row.pop("sql")),
                    {**row, "opened_at": now, "number_version": VERSION},
                )
            ]
        )

    async def _call(
        self, name: str, work: Callable[[Desk], Awaitable[Any]], given: Mapping[str, Any]
    ) -> Any:
        """Run one call: once to be noted."""
        self._clock.at = SystemClock().now()
        self._ops.clear()
        stats = self._engine.stats
        before = stats.statements, stats.round_trips
        outcome = await work(self._desk)
        if isinstance(outcome, Refused):
            raise RuntimeError(f"{name} was refused: {outcome.refusal.code}")
        self.found[name] = Recorded(
            name,
            dict(given),
            self._clock.at,
            list(self._ops),
            stats.statements - before[0],
            stats.round_trips - before[1],
        )
        return outcome

    def _caller(self, bearer: str | None, device: str | None) -> Caller:
        return Caller(Door.API, "en", _CLIENT, _CLIENT, _AGENT, bearer, device)

    def _codes(self) -> list[str]:
        return [op.result for op in self._ops if op.what == "dice.code"]

    async def _prove(
        self, name: str, request: RequestView, caller: Caller, codes: dict[Proof, str]
    ) -> Any:
        given = _given(caller, request_id=request.id) | {
            proof.value: code for proof, code in codes.items()
        }
        typed = [Given(proof, code) for proof, code in codes.items()]
        return await self._call(
            name,
            lambda desk: verify.prove(desk, JOURNEYS, caller, request.id, typed),
            given,
        )

    async def _enrol(self) -> None:
        caller = self._caller(None, None)
        begun = await self._call(
            "enrol.begin",
            lambda desk: enrol.begin(desk, caller, _STRANGER),
            _given(caller, number=_STRANGER),
        )
        codes = {Proof.CODE_NEW: self._codes()[0]}
        await self._prove("enrol.prove", begun, self._caller(begun.token, None), codes)

    async def _sign_in(self) -> None:
        number = seed.number(_SOMEBODY)
        device = tokens.device_key(self._seal, seed.device_id(_SOMEBODY))
        caller = self._caller(None, device)
        begun = await self._call(
            "sign_in.begin",
            lambda desk: sign_in.by_number(desk, caller, number),
            _given(caller, number=number),
        )
        codes = {Proof.CODE_CURRENT: self._codes()[0]}
        await self._prove("sign_in.prove", begun, self._caller(begun.token, device), codes)

    async def _look(self) -> None:
        caller = self._caller(session_token(_SOMEBODY), None)
        await self._call("account.show", lambda desk: account.show(desk, caller), _given(caller))

    async def _change(self) -> None:
        device = tokens.device_key(self._seal, seed.device_id(_SOMEBODY))
        caller = self._caller(session_token(_SOMEBODY), device)
        send = (Proof.CODE_CURRENT, Proof.CODE_NEW)
        begun = await self._call(
            "change.begin",
            lambda desk: change.begin(desk, caller, _AWAY, send),
            _given(caller, number=_AWAY),
        )
        await self._prove(
            "change.prove", begun, caller, dict(zip(send, self._codes(), strict=True))
        )


def _given(caller: Caller, **more: Any) -> dict[str, Any]:
    """What the floor is given in the same call, in the same form."""
    found: dict[str, Any] = {"client": caller.client, "agent": caller.agent, **more}
    if caller.bearer is not None:
        found["bearer"] = tokens._raw(caller.bearer[:3], caller.bearer, _raw_length(caller.bearer))
    if caller.device is not None:
        found["device"] = tokens._raw(tokens.DEVICE, caller.device, 33)
    return found


def _raw_length(token: str) -> int:
    return 16 if token.startswith(tokens.REQUEST) else 48
