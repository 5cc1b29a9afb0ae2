"""upkeep: what time does by itself. A wait comes to its end, people are reminded, and told again,
or that what waited will not happen.

Looks at the requests that are due, one after the other; each step is one guarded batch, so that of
several workers one does it, and a crash does it neither twice nor never. Decides nothing that the
rule does not: at the end of a wait it adds what silence proves and asks the rule again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec

from rebind.domain import close, mailbox
from rebind.domain.acts import Act, Door, Line
from rebind.domain.evidence import Evidence, Proof
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind, Move, State, after
from rebind.domain.rows import Apply, Gives, Need, Refuse, Wait
from rebind.domain.units import DAY, HOUR, MINUTE, Id, Ms
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk import notices, waits
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journey, Journeys, News, next_repeat, spread
from rebind.store import outbox, requests, standing
from rebind.store.statements import Missed, Unavailable, Write

LOOK_S = 5.0
"""How often time looks: waits are days, so nobody minds the seconds."""

BATCH = 50
"""Requests looked at in one turn."""

POSTPONE: Ms = 10 * MINUTE
"""When a request that could not be dealt with is looked at again: it must not hold up the others.
"""

_Step = tuple[list[Write], list[Line]]


def _of_the_case(desk: Desk, dossier: Dossier) -> set[bytes]:
    """The keys of the contact of the case from which a recovery comes: that it was told says
    nothing of the account."""
    row = dossier.row
    if row.case_id is None or row.case_contact is None:
        return set()
    contact = desk.seal.unseal("cases.contact", row.case_id, row.case_contact)
    return set(desk.seal.indexes("email", mailbox.canonical(contact)))


class Upkeep(msgspec.Struct, frozen=True):
    """The tools of time, put together by the front hall. `report` is told every exception that
    nobody expected: one request must not hold up the others."""

    desk: Desk
    journeys: Journeys
    report: Callable[[BaseException], None]

    async def work(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop`."""
        while not stop.is_set():
            try:
                busy = await self.once() == BATCH
            except Unavailable:
                busy = False
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_S)

    async def once(self) -> int:
        """Do what is due now; how many requests were looked at."""
        (rows,) = await self.desk.engine.read(standing.due(self.desk.clock.now(), BATCH))
        found = standing.due_rows(rows)
        for request_id, version in found:
            await self._look(request_id, version)
        return len(found)

    async def _look(self, request_id: Id, version: int) -> None:
        """One request. A guard that misses means that somebody else was first, person or worker.
        Where the request has not moved all the same, it is looked at again later: whatever stands
        in its way must not stand in the way of others."""
        now = self.desk.clock.now()
        try:
            with suppress(Missed):
                await self._take(request_id, now)
                return
        except Unavailable:
            raise
        except Exception as bug:
            self.report(bug)
        with suppress(Missed):
            await self.desk.engine.write([standing.look_again(request_id, version, now + POSTPONE)])

    async def _take(self, request_id: Id, now: Ms) -> None:
        """Read one request, and keep what time does to it."""
        desk = self.desk
        dossier = dossiers.read(
            await desk.engine.read(*dossiers.queries(desk, request_id, None, now))
        )
        if isinstance(dossier, Refused):
            return
        due_at = dossier.row.due_at
        if due_at is None or due_at > now:
            # Between the list and this look somebody else has done it.
            return
        writes, lines = await self._step(dossier, now)
        if lines:
            await desk.keep(writes, lines, now)
        else:
            await desk.engine.write(writes)

    async def _step(self, dossier: Dossier, now: Ms) -> _Step:
        """What time does to this request now."""
        row, journey = dossier.row, self.journeys[dossier.kind]
        match dossier.state(now):
            case State.OPEN:
                return await self._taken_up(dossier, journey, now)
            case State.WAITING if self._dead(dossier):
                return await self._end(dossier, journey, Move.CANCEL, "session_ended", now)
            case State.WAITING if row.wait_until is not None and now < row.wait_until:
                return self._remind(dossier, journey, row.wait_until, now)
            case State.WAITING if dossier.kind is Kind.CLOSE:
                return await self._closed(dossier, journey, now)
            case State.WAITING:
                return await self._end_of_wait(dossier, journey, now)
            case State.DONE if row.ended_at is not None and not self._over(dossier, now):
                return self._again(dossier, journey, row.ended_at, now)
            case State.EXPIRED:
                return await self._ended(dossier, journey, "expired", now)
            case State.CANCELLED:
                return await self._ended(dossier, journey, "overtaken", now)
            case _:
                return [standing.rest(row.id, row.version)], []

    async def _taken_up(self, dossier: Dossier, journey: Journey, now: Ms) -> _Step:
        """What two people at the desk have agreed to: the rule says how long it waits, or no."""
        desk, row = self.desk, dossier.row
        if row.number_version != row.account_number_version or row.current_sealed is None:
            return await self._end(dossier, journey, Move.CANCEL, "account_changed", now)
        carrier = await waits.carrier(desk, dossier)
        decision = dossier.decide(desk, dossier.evidence, carrier, now)
        if not isinstance(decision, Wait):
            why = decision.refusal.code if isinstance(decision, Refuse) else "not_enough"
            return await self._end(dossier, journey, Move.REFUSE, why, now)
        begun = waits.begin(desk, self._caller(dossier), journey, dossier, decision, now)
        return begun.writes, begun.lines

    async def _closed(self, dossier: Dossier, journey: Journey, now: Ms) -> _Step:
        """The month of a closing is over: silence needs no proof where everybody had so long."""
        row = dossier.row
        if row.locked_at is not None:
            return await self._end(dossier, journey, Move.CANCEL, "account_locked", now)
        decision = Apply(close.ROW, Gives.THE_ACT)
        finished = journey.finish(self.desk, self._caller(dossier), dossier, decision, now)
        done = after(State.WAITING, Move.APPLY)
        ended = requests.end(row.id, row.version, done, decision.row, now)
        return [ended, *finished.writes], finished.lines

    def _over(self, dossier: Dossier, now: Ms) -> bool:
        """Whether what is finished cannot be taken back any more."""
        until = dossier.row.stands_until
        return until is not None and until <= now

    def _dead(self, dossier: Dossier) -> bool:
        """Whether the session in which it was begun was ended, or the account has another number
        by now: nobody can go on with it."""
        row = dossier.row
        moved = row.number_version != row.account_number_version
        return moved or row.session_ended_at is not None

    async def _end(
        self, dossier: Dossier, journey: Journey, move: Move, why: str, now: Ms
    ) -> _Step:
        """It ends without being done, and in the same batch everybody whom it concerns is told."""
        row = dossier.row
        ended = after(dossier.state(now), move)
        act = Act.REQUEST_CANCELLED if move is Move.CANCEL else Act.REQUEST_REFUSED
        said = self._line(dossier, act, why)
        told = await waits.told_of_end(self.desk, journey, dossier, now)
        return [requests.end(row.id, row.version, ended, row.policy_row, now), *told], [said]

    async def _ended(self, dossier: Dossier, journey: Journey, why: str, now: Ms) -> _Step:
        """It has run out, or was ended with something else, which left it due: that is told, once,
        for it rests from then on."""
        told = await waits.told_of_end(self.desk, journey, dossier, now)
        rests = standing.rest(dossier.row.id, dossier.row.version)
        return [rests, *told], [self._line(dossier, Act.REQUEST_CANCELLED, why)]

    def _remind(self, dossier: Dossier, journey: Journey, until: Ms, now: Ms) -> _Step:
        row = dossier.row
        writes = [standing.look_again(row.id, row.version, until)]
        return self._told(dossier, journey, News.REMINDED, until, writes, now)

    def _again(self, dossier: Dossier, journey: Journey, done_at: Ms, now: Ms) -> _Step:
        row = dossier.row
        next_at = next_repeat(self.desk.policy, done_at, now) or row.stands_until
        writes = [standing.look_again(row.id, row.version, next_at)]
        return self._told(dossier, journey, News.AGAIN, None, writes, now)

    def _told(
        self,
        dossier: Dossier,
        journey: Journey,
        news: News,
        at: Ms | None,
        writes: list[Write],
        now: Ms,
    ) -> _Step:
        told = spread(journey, self.desk, dossier, news, at, now)
        if not told:
            return writes, []
        return [*writes, *told], [self._line(dossier, Act.NOTICES_REPEATED, news)]

    async def _end_of_wait(self, dossier: Dossier, journey: Journey, now: Ms) -> _Step:
        """The window has passed. Silence counts only where people were told: every notice was tried
        and one of the account's own addresses was reached."""
        desk, row = self.desk, dossier.row
        (fates,) = await desk.engine.read(outbox.of_wait(row.id))
        in_dispute = {row.number_key, *desk.seal.indexes("number", dossier.number(desk))}
        own = notices.own_addresses(desk, dossier)
        in_dispute |= {each.address_key for each in own if each.role == notices.BRIEF}
        in_dispute |= _of_the_case(desk, dossier)
        remind_at = (row.wait_until or now) - desk.policy.remind_before_h * HOUR
        told = outbox.handed_over(fates, in_dispute, remind_at)
        if told is None:
            return [standing.look_again(row.id, row.version, now + HOUR)], []
        if not told:
            return await self._end(dossier, journey, Move.REFUSE, "nobody_told", now)
        silence = Evidence(Proof.SILENCE, now, now)
        evidence = (
            *(each for each in dossier.evidence if each.proof is not Proof.SILENCE),
            silence,
        )
        carrier = await waits.carrier(desk, dossier)
        decision = dossier.decide(desk, evidence, carrier, now)
        kept = requests.add_evidence(row.id, [silence])
        quiet = self._line(dossier, Act.PROOF_ACCEPTED, Proof.SILENCE)
        match decision:
            case Apply():
                caller = self._caller(dossier)
                finished = journey.finish(desk, caller, dossier, decision, now)
                done = requests.end(
                    row.id,
                    row.version,
                    after(State.WAITING, Move.APPLY),
                    decision.row,
                    now,
                    finished.due_at,
                    finished.stands_until,
                )
                return [kept, done, *finished.writes], [quiet, *finished.lines]
            case Need():
                until = now + desk.policy.ready_ttl_d * DAY
                writes = [kept, standing.ripen(row.id, row.version, until, now)]
                writes += spread(journey, desk, dossier, News.READY, until, now)
                return writes, [quiet, self._line(dossier, Act.REQUEST_READY, row.policy_row)]
            case Wait():
                caller = self._caller(dossier)
                again = waits.begin(desk, caller, journey, dossier, decision, now)
                return [kept, *again.writes], [quiet, *again.lines]
            case Refuse(refusal=refusal):
                return await self._end(dossier, journey, Move.REFUSE, refusal.code, now)

    def _caller(self, dossier: Dossier) -> Caller:
        return Caller(Door.TIME, dossier.row.account_locale or notices.FALLBACK_LOCALE)

    def _line(self, dossier: Dossier, act: Act, why: str | None) -> Line:
        return line(self._caller(dossier), act, dossier.account_id, dossier.id, why)
