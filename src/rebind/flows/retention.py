"""retention: what is kept for how long, and goes by itself after that.

Nothing of what goes was still of use to anybody: requests from which nothing follows, messages that
were sent, counters that have run out, sessions that ended, lines of the audit trail after years.
Done by the worker, some rows at a time, so that nobody waits for it; several workers do it twice
at worst, which deletes nothing twice. Documents have their own end (`case_upkeep.py`), and so has
an account (`closing.py`).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from rebind.domain.units import DAY, Id, Ms
from rebind.flows.desk import casefiles
from rebind.flows.desk.desk import Desk
from rebind.store import cases as store_cases
from rebind.store import retention
from rebind.store.retention import Walk
from rebind.store.statements import Unavailable, Value, Write

LOOK_S = 300.0
BATCH = 200
STRETCH = 1_000
"""Rows of a walk that are looked at in one go."""

EVERY: Ms = DAY
"""How often each table is walked."""

_NAMES = (casefiles.contact, casefiles.claimed, casefiles.number)


class Retention(msgspec.Struct, frozen=True):
    """The tools, put together by the front hall."""

    desk: Desk
    report: Callable[[BaseException], None]

    async def work(self, stop: asyncio.Event) -> None:
        """Look every few minutes until `stop`."""
        while not stop.is_set():
            try:
                busy = True
                while busy and not stop.is_set():
                    busy = await self.once()
            except Unavailable:
                pass
            except Exception as bug:
                self.report(bug)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()

    async def once(self) -> bool:
        """One turn; whether there is more to do at once."""
        desk, now = self.desk, self.desk.clock.now()
        policy = desk.policy
        old, sent, cases = await desk.engine.read(
            retention.old_requests(now - policy.keep_requests_d * DAY, now, BATCH),
            retention.old_messages(now - policy.keep_messages_d * DAY, BATCH),
            retention.old_cases(now - policy.keep_cases_d * DAY, BATCH),
        )
        writes: list[Write] = [
            *await self._terms(retention.ids(cases)),
            *retention.forget_requests(retention.ids(old)),
            *retention.forget_messages(retention.ids(sent)),
            *retention.forget_cases(retention.ids(cases)),
        ]
        if writes:
            await desk.engine.write(writes)
        walked = [await self._walked(walk, days, now) for walk, days in self._walks()]
        return bool(writes) or any(walked)

    async def _terms(self, found: Sequence[Id]) -> list[Write]:
        """Of cases that go, what they were found by, made anew of what they still hold: the terms
        stand in the order of their keys, not of their cases. Those of a retired key are gone."""
        desk, writes = self.desk, list[Write]()
        for rows in await desk.engine.read(*(store_cases.by_id(each) for each in found)):
            row = store_cases.row(rows)
            if row is not None:
                names = (of(desk, row) for of in _NAMES)
                if terms := casefiles.terms(desk, [name for name in names if name]):
                    writes.append(retention.forget_terms(row.id, terms))
        return writes

    def _walks(self) -> Sequence[tuple[Walk, int]]:
        """Each table that is walked, and after how many days its rows are old."""
        policy = self.desk.policy
        return (
            (retention.ACTS, policy.keep_acts_d),
            (retention.SESSIONS, policy.keep_sessions_d),
            (retention.OPERATOR_SESSIONS, policy.keep_operator_sessions_d),
            (retention.LIMITS, 1),
            (retention.EMAILS, policy.keep_sessions_d),
        )

    async def _walked(self, walk: Walk, days: int, now: Ms) -> bool:
        """The next stretch of a table; whether there is more of it to walk now."""
        engine = self.desk.engine
        (found,) = await engine.read(retention.sweep_of(walk.table))
        sweep = retention.sweep(found)
        if sweep is not None and sweep.ended_at is not None and now - sweep.ended_at < EVERY:
            return False
        after = walk.begin
        if sweep is not None and sweep.ended_at is None:
            after = _key(sweep.position)
        (keys,) = await engine.read(retention.ahead(walk, after, STRETCH))
        writes: list[Write] = []
        last = tuple(keys[-1]) if keys else after
        if keys:
            writes.append(retention.forget_stretch(walk, after, last, now - days * DAY))
        ended = len(keys) < STRETCH
        writes.append(retention.keep(walk.table, _text(last), now, ended=ended))
        await engine.write(writes)
        return not ended


def _text(key: Sequence[Value]) -> bytes:
    """A key as it is remembered: bytes stand in a list of their own."""
    return msgspec.json.encode([[part.hex()] if isinstance(part, bytes) else part for part in key])


def _key(text: bytes) -> tuple[Value, ...]:
    """The key again."""
    return tuple(
        bytes.fromhex(part[0]) if isinstance(part, list) else part
        for part in msgspec.json.decode(text)
    )
