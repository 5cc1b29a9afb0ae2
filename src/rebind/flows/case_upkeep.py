"""case_upkeep: what time does to cases. What waits for a person in vain is closed, and so is what
was decided; a month after a case was closed its documents are destroyed, by forgetting their key.

Each step is one guarded batch, so that of several workers one does it. Refuses to decide anything:
a case that is closed by time has no outcome that it did not have before. Neighbours: `upkeep.py`
looks at requests, `casework.py` is what people do.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from rebind.domain.acts import Act, Door
from rebind.domain.cases import CaseMove, CaseState, Reason
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows.desk import casefiles, intake
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.intake import Intake
from rebind.flows.desk.notices import FALLBACK_LOCALE
from rebind.ports import Unkept
from rebind.store import case_drafts, case_threads, cases
from rebind.store.cases import CaseRow
from rebind.store.statements import Missed, Unavailable

LOOK_S = 60.0
"""How often time looks: cases are days."""

BATCH = 50
DRAFT_MS: Ms = DAY
"""What nobody has confirmed within a day is forgotten."""

SWEEP_MS: Ms = 12 * HOUR
"""How often the place of the documents is looked through for what a crash has left there."""


class CaseUpkeep(msgspec.Struct, frozen=True):
    """The tools of time for cases, put together by the front hall. `report` is told every exception
    that nobody expected."""

    desk: Desk
    tools: Intake
    report: Callable[[BaseException], None]

    async def work(self, stop: asyncio.Event) -> None:
        """Look every minute until `stop`."""
        swept_at: Ms | None = None
        while not stop.is_set():
            now = self.desk.clock.now()
            try:
                while await self.once():
                    pass
                if swept_at is None or now - swept_at >= SWEEP_MS:
                    await self.sweep()
                    swept_at = now
            except (Unavailable, Unkept):
                pass
            except Exception as bug:
                self.report(bug)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()

    async def once(self) -> int:
        """Do what is due now; how much was done."""
        now = self.desk.clock.now()
        done = 0
        for state in (CaseState.WAITING, CaseState.DECIDED):
            (found,) = await self.desk.engine.read(cases.due(state, now, BATCH))
            for row in cases.rows(found):
                done += await self._closed(row, now)
        before = now - self.desk.policy.documents_kept_d * DAY
        (found,) = await self.desk.engine.read(cases.to_destroy(before, BATCH))
        for case_id in cases.ids(found):
            done += await self._destroyed(case_id, before, now)
        for by_desk, kept in ((False, 0), (True, self.desk.policy.case_confirm_d * DAY)):
            # A day longer than its link, so that whoever began on the last day may end; and a day
            # further back than needed, for a worker that was away.
            before = now - kept - DRAFT_MS
            gone = case_drafts.forget_drafts(before, before - 2 * DRAFT_MS, by_desk=by_desk)
            await self.desk.engine.write(gone)
        return done

    async def sweep(self) -> int:
        """Remove documents that no case knows: of an upload that a crash broke off."""
        return await intake.sweep(self.tools, self._known)

    async def _known(self, names: Sequence[str]) -> set[str]:
        (found,) = await self.desk.engine.read(case_threads.known_blobs(names))
        return {row[0] for row in found}

    async def _closed(self, row: CaseRow, now: Ms) -> int:
        """The person has not answered, or everything is said."""
        then = casefiles.moved(self.desk, row, CaseMove.CLOSE, now)
        if then is None:
            return 0
        why = Reason.NO_ANSWER if row.state == CaseState.WAITING else row.outcome
        closed = line(_time(row), Act.CASE_CLOSED, row.id, row.request_id, why)
        with suppress(Missed):
            await self.desk.keep([cases.move(row, then)], [closed], now)
            return 1
        return 0

    async def _destroyed(self, case_id: Id, before: Ms, now: Ms) -> int:
        """Forget the key first: whatever becomes of the blobs, they open no more."""
        (found,) = await self.desk.engine.read(case_threads.documents_of(case_id))
        blobs = [each.blob for each in case_threads.documents(found) if each.blob is not None]
        gone = line(
            Caller(Door.TIME, FALLBACK_LOCALE), Act.DOCUMENTS_DESTROYED, case_id, None, None
        )
        writes = [cases.destroy(case_id, before), case_threads.destroyed(case_id, now)]
        try:
            await self.desk.keep(writes, [gone], now)
        except Missed:
            return 0
        for blob in blobs:
            await self.tools.blobs.delete(blob)
        return 1


def _time(row: CaseRow) -> Caller:
    return Caller(Door.TIME, row.locale)
