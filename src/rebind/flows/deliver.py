"""deliver: the worker's flow. Claims what is due, renders it, hands it to a provider, settles it.

At least once: a message is marked as sent after the provider took it, so a crash in between sends
it again under the same id. In order per address and lane; codes never wait behind notices. A body
is wiped with the message's fate. What cannot be delivered in its time becomes a dead letter. A code
for nobody is opened and rendered like any other, so that the time it takes tells nothing.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import msgspec

from rebind.domain.mail_in import ReplyTo
from rebind.domain.units import HOUR, MINUTE, SECOND, Ms
from rebind.flows.desk.codes import NOBODY
from rebind.ports import Clock, Dice, Mail, Rendered, Seal, Sms, Undelivered, Words
from rebind.store import outbox
from rebind.store.engines.base import Rejected
from rebind.store.outbox import Claimed, Fate, Lane
from rebind.store.statements import Engine, Unavailable, Write

LEASE: Ms = 60 * SECOND
"""How long a claimed message is this worker's: longer than any provider's time-out."""

IN_FLIGHT_MAX = 32
"""Messages of one lane that are with a provider at the same time, per worker."""

SETTLED_MAX = 8
"""Messages settled in one batch: PostgreSQL keeps a plan for each size, so sizes are few."""

GATHER_S = 0.005
"""How long a finished message waits for others under way, to be settled together with them."""

FLOWING: Ms = 1 * SECOND
"""After a message this long the worker expects the next one, and looks more often."""

_BACKOFF_FIRST: Ms = 2 * SECOND
_BACKOFF_MAX = {Lane.CODE: MINUTE, Lane.NOTICE: HOUR}
"""For a code no later than makes sense to somebody who is waiting for it."""


class _Payload(msgspec.Struct):
    to: str
    locale: str
    params: dict[str, str]


_Task: TypeAlias = "asyncio.Task[Write]"
"""A message under way; its result says how it is to be settled."""

_decoder = msgspec.json.Decoder(_Payload)


class Courier(msgspec.Struct, frozen=True):
    """The tools of the worker. `service` and `domain` are what messages call this service, `site`
    is where its pages are.
    `poll_flowing_s` is for a worker in a process of its own, which no commit wakes."""

    engine: Engine
    clock: Clock
    dice: Dice
    seal: Seal
    words: Words
    sms: Sms
    mail: Mail
    service: str
    domain: str
    site: str
    replies: ReplyTo | None = None
    """Where people may answer letters of a case, where letters are taken."""
    poll_s: float = 0.05
    poll_flowing_s: float = 0.05

    async def once(self, lane: Lane, limit: int = IN_FLIGHT_MAX) -> int:
        """Send what is due in a lane and wait for it; how many messages were claimed."""
        parcels = await self._claim(lane, limit)
        await self._settle(await asyncio.gather(*(self._fate(parcel) for parcel in parcels)))
        return len(parcels)

    async def work(self, lane: Lane, wake: asyncio.Event, stop: asyncio.Event) -> None:
        """Send what is due in a lane until `stop`, then finish what was begun. One slow address
        holds up nobody else: each message is a task of its own, a bounded number at a time, and
        what has finished by a turn is settled in that turn together."""
        under_way: set[_Task] = set()
        flowing_until: Ms = 0
        while not stop.is_set():
            wake.clear()
            under_way = await self._settle_done(under_way)
            room = IN_FLIGHT_MAX - len(under_way)
            parcels = await self._claim(lane, room) if room else []
            for parcel in parcels:
                task = asyncio.create_task(self._fate(parcel))
                under_way.add(task)
                # It wants to be settled, and there may be one behind it to the same address.
                task.add_done_callback(lambda _done: wake.set())
            now = self.clock.now()
            if parcels:
                flowing_until = now + FLOWING
            with suppress(TimeoutError):
                pause_s = self.poll_flowing_s if now < flowing_until else self.poll_s
                await asyncio.wait_for(wake.wait(), pause_s)
        if under_way:
            await asyncio.wait(under_way)
        await self._settle_done(under_way)

    async def _claim(self, lane: Lane, limit: int) -> list[Claimed]:
        try:
            rows = await self.engine.take(outbox.claim(lane, self.clock.now(), LEASE, limit))
        except Unavailable:
            # The database is away: whatever is due stays due. The next round asks again.
            await asyncio.sleep(1)
            return []
        return outbox.claimed(rows)

    async def _settle_done(self, under_way: set[_Task]) -> set[_Task]:
        """Settle what has finished; what is still under way."""
        done = {task for task in under_way if task.done()}
        if done and done != under_way:
            await asyncio.wait(under_way, timeout=GATHER_S)
            done = {task for task in under_way if task.done()}
        await self._settle(task.result() for task in done)
        return under_way - done

    async def _settle(self, fates: Iterable[Write]) -> None:
        """Keep what became of messages. Where that cannot be kept, the lease ends and the message
        is sent again: at least once."""
        # In one order, so that two workers never wait for each other; alike batches share a plan.
        writes = sorted(fates, key=lambda write: (write.statement.name, str(write.args["id"])))
        for start in range(0, len(writes), SETTLED_MAX):
            batch = writes[start : start + SETTLED_MAX]
            try:
                await self.engine.write(batch)
            except Unavailable:
                continue
            except Rejected:
                # One of them holds what the database does not take: the others go by themselves.
                for write in batch:
                    with suppress(Rejected, Unavailable):
                        await self.engine.write([write])

    async def _fate(self, parcel: Claimed) -> Write:
        """Send one message; how it is to be settled or postponed."""
        if parcel.expires_at <= self.clock.now():
            return outbox.settle(parcel, Fate.EXPIRED, None, self.clock.now())
        try:
            to, rendered = self._rendered(parcel)
            if parcel.message == NOBODY:
                return outbox.settle(parcel, Fate.NOBODY, None, self.clock.now())
            await self._send(parcel, to, rendered)
        except Undelivered as failure:
            again_at = self._next_try(parcel)
            if failure.final or again_at >= parcel.expires_at:
                return outbox.settle(parcel, Fate.DEAD, failure.why, self.clock.now())
            return outbox.postpone(parcel, again_at, failure.why)
        except Exception as bug:
            return outbox.settle(parcel, Fate.DEAD, type(bug).__name__, self.clock.now())
        return outbox.settle(parcel, Fate.SENT, None, self.clock.now())

    def _rendered(self, parcel: Claimed) -> tuple[str, Rendered]:
        """To whom, and in which words."""
        plain = self.seal.unseal("outbox.payload", parcel.id, parcel.payload_sealed)
        payload = _decoder.decode(plain)
        token = payload.params.get("reply", "")
        reply_to = self.replies.address(token) if token and self.replies is not None else ""
        params = {
            **payload.params,
            "service": self.service,
            "domain": self.domain,
            "site": self.site,
            "reply": reply_to,
        }
        message = "code" if parcel.message == NOBODY else parcel.message
        rendered = self.words.message(message, parcel.channel, payload.locale, params)
        return payload.to, msgspec.structs.replace(rendered, reply_to=reply_to)

    async def _send(self, parcel: Claimed, to: str, rendered: Rendered) -> None:
        message_id = parcel.id.hex()
        if parcel.channel == "mail":
            await self.mail.send(message_id, to, rendered)
        else:
            await self.sms.send(message_id, to, rendered.text)

    def _next_try(self, parcel: Claimed) -> Ms:
        """Doubling pauses with jitter between half and the whole."""
        doubled = _BACKOFF_FIRST << min(parcel.attempts - 1, 20)
        pause = min(doubled, _BACKOFF_MAX[Lane(parcel.lane)])
        return self.clock.now() + pause // 2 + int(pause // 2 * self.dice.fraction())
