"""deliver: the worker's flow. Claims what is due, renders it, hands it to a provider, settles it.

At least once: a message is marked as sent after the provider took it, so a crash in between sends
it again under the same id. In order per address and lane; codes never wait behind notices. A body
is wiped with the message's fate. What cannot be delivered becomes a dead letter.
"""

import asyncio
from contextlib import suppress

import msgspec

from rebind.domain.units import DAY, MINUTE, SECOND, Ms
from rebind.flows.desk.codes import NOBODY
from rebind.ports import Clock, Dice, Mail, Seal, Sms, Undelivered, Words
from rebind.store import outbox
from rebind.store.outbox import Claimed, Fate, Lane
from rebind.store.statements import Engine, Unavailable, Write

LEASE: Ms = 60 * SECOND
"""How long a claimed message is this worker's: longer than any provider's time-out."""

IN_FLIGHT_MAX = 32
"""Messages of one lane that are with a provider at the same time, per worker."""

ATTEMPTS_MAX = 12
_BACKOFF_FIRST: Ms = 2 * SECOND
_BACKOFF_MAX: Ms = 1 * DAY // 4


class _Payload(msgspec.Struct):
    to: str
    locale: str
    params: dict[str, str]


_decoder = msgspec.json.Decoder(_Payload)


class Courier(msgspec.Struct, frozen=True):
    """The tools of the worker. `service` and `domain` are what messages call this service."""

    engine: Engine
    clock: Clock
    dice: Dice
    seal: Seal
    words: Words
    sms: Sms
    mail: Mail
    service: str
    domain: str
    poll_s: float = 0.05

    async def once(self, lane: Lane, limit: int = IN_FLIGHT_MAX) -> int:
        """Send what is due in a lane and wait for it; how many messages were claimed."""
        parcels = await self._claim(lane, limit)
        await asyncio.gather(*(self._deliver(parcel) for parcel in parcels))
        return len(parcels)

    async def work(self, lane: Lane, wake: asyncio.Event, stop: asyncio.Event) -> None:
        """Send what is due in a lane until `stop`, then finish what was begun. One slow address
        holds up nobody else: each message is a task of its own, a bounded number at a time."""
        under_way: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            wake.clear()
            room = IN_FLIGHT_MAX - len(under_way)
            parcels = await self._claim(lane, room) if room else []
            for parcel in parcels:
                task = asyncio.create_task(self._deliver(parcel))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                # A settled message may have one behind it to the same address.
                task.add_done_callback(lambda _done: wake.set())
            if not parcels:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), self.poll_s)
        if under_way:
            await asyncio.wait(under_way)

    async def _claim(self, lane: Lane, limit: int) -> list[Claimed]:
        try:
            rows = await self.engine.take(outbox.claim(lane, self.clock.now(), LEASE, limit))
        except Unavailable:
            # The database is away: whatever is due stays due. The next round asks again.
            await asyncio.sleep(1)
            return []
        return outbox.claimed(rows)

    async def _deliver(self, parcel: Claimed) -> None:
        """Send one message, and settle or postpone it. If that cannot be kept, the lease ends and
        the message is sent again: at least once."""
        settling = await self._fate(parcel)
        with suppress(Unavailable):
            await self.engine.write([settling])

    async def _fate(self, parcel: Claimed) -> Write:
        now = self.clock.now()
        if parcel.message == NOBODY:
            return outbox.settle(parcel, Fate.NOBODY, None, now)
        if parcel.expires_at <= now:
            return outbox.settle(parcel, Fate.EXPIRED, None, now)
        try:
            await self._send(parcel)
        except Undelivered as failure:
            if failure.final or parcel.attempts >= ATTEMPTS_MAX:
                return outbox.settle(parcel, Fate.DEAD, failure.why, self.clock.now())
            return outbox.postpone(parcel, self._next_try(parcel), failure.why)
        except Exception as bug:
            return outbox.settle(parcel, Fate.DEAD, type(bug).__name__, self.clock.now())
        return outbox.settle(parcel, Fate.SENT, None, self.clock.now())

    async def _send(self, parcel: Claimed) -> None:
        plain = self.seal.unseal("outbox.payload", parcel.id, parcel.payload_sealed)
        payload = _decoder.decode(plain)
        params = {**payload.params, "service": self.service, "domain": self.domain}
        rendered = self.words.message(parcel.message, parcel.channel, payload.locale, params)
        message_id = parcel.id.hex()
        if parcel.channel == "mail":
            await self.mail.send(message_id, payload.to, rendered)
        else:
            await self.sms.send(message_id, payload.to, rendered.text)

    def _next_try(self, parcel: Claimed) -> Ms:
        """Doubling pauses with jitter between half and the whole; for a code no later than makes
        sense to somebody who is waiting for it."""
        pause = min(_BACKOFF_FIRST << min(parcel.attempts - 1, 20), _BACKOFF_MAX)
        if parcel.lane == Lane.CODE:
            pause = min(pause, MINUTE)
        return self.clock.now() + pause // 2 + int(pause // 2 * self.dice.fraction())
