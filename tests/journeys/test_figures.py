"""The figures of the console: what they count, and that they read no more than they say."""

import asyncio
from datetime import timedelta

import pytest

from rebind.domain.cases import Reason, Verdict
from rebind.domain.operators import Operator, Role
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows import case_decisions, casework, figures
from rebind.flows.figures import Figures
from rebind.store import daily_counts
from rebind.store.daily_counts import Daily
from tests.desk import AT_DESK, confirmed, entered, hired, written
from tests.journeys.waits import answer_anew, c5
from tests.people import ANNA, ANNA_NEW, BORIS, CLARA, MONDAY, RUSSIA, THIEF, House, Someone, said

MORNING: Ms = MONDAY + 7 * DAY - 2 * HOUR
"""Monday 12 January 2026, 9:00 in Moscow: the first working day of that year begins."""


async def told(house: House, who: Operator) -> Figures:
    found = await figures.show(house.desk, who)
    assert isinstance(found, Figures), found
    return found


async def decided(house: House, who: Operator, case_id: Id) -> None:
    reason = Reason.NOT_ENOUGH
    proposed = await case_decisions.propose(
        house.desk, AT_DESK, who, case_id, Verdict.AGAINST, reason, fresh=True
    )
    assert proposed is None, proposed
    sonya = await hired(house, "sonya2", Role.SUPERVISOR)
    await house.write("UPDATE cases SET second = 'sonya2' WHERE id = :id", id=case_id)
    assert await confirmed(house, sonya, case_id, reason) is None


async def test_times_are_those_of_the_desk_and_shares_of_its_decisions(house: House) -> None:
    await house.bring_in(ANNA)
    olga = await hired(house, "olga", Role.OPERATOR)
    await hired(house, "sonya", Role.SUPERVISOR)
    empty = await told(house, olga)
    assert (empty.decided, empty.answer.median, empty.changes.days[-1][1]) == (0, None, 0)
    # Written in the holidays, answered three hours into the first working day.
    access = await entered(house, await written(house, Someone(house, ANNA_NEW)))
    house.clock.push(MORNING + 3 * HOUR - house.clock.now())
    seen = await told(house, olga)
    assert [(each.state, sum(each.counts)) for each in seen.ages] == [
        ("new", 1),
        ("open", 0),
        ("waiting", 0),
    ]
    assert seen.ages[0].counts == (0, 0, 0, 1, 0)
    answered = await casework.answer(
        house.desk, AT_DESK, olga, access.row.id, "We look at it.", asks=False
    )
    assert answered is None
    house.clock.push(DAY)
    await decided(house, olga, access.row.id)
    seen = await told(house, olga)
    assert (seen.decided, seen.decided_for, seen.decided_against) == (1, 0, 1)
    assert (seen.answer.median, seen.answer.ninetieth) == (3 * HOUR, 3 * HOUR)
    # The rest of the Monday, and three hours of the Tuesday.
    assert seen.decision.median == 12 * HOUR


def days(found: figures.Days) -> list[int]:
    return [count for _day, count in found.days]


async def test_changes_and_objections_stand_on_their_days(
    house: House, anna: Someone, boris: Someone
) -> None:
    """Each on the local day on which it was done, whenever it was begun; the oldest days go."""
    olga = await hired(house, "olga", Role.OPERATOR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    begun = await c5(house, boris, THIEF)
    assert said(await boris.stop_by(await house.link_to(BORIS, "stop"))) == "objected"
    seen = await told(house, olga)
    assert (days(seen.changes), days(seen.objections), days(seen.recoveries)) == ([1], [1], [0])
    first = seen.changes.since
    assert first == seen.changes.days[-1][0] == RUSSIA.local_day(house.clock.now())
    # Of what was stopped twice, and of a change that was given up, nothing is counted.
    assert said(await boris.stop_by(await house.link_to(BORIS, "stop"))) == "request_finished"
    assert said(await boris.look_at(begun)) == "objected"
    # Ten o'clock in the evening by UTC is the next day in Moscow.
    house.clock.push(DAY + 22 * HOUR - house.clock.now() % DAY)
    assert said(await anna.change(CLARA)) == "done"
    seen = await told(house, olga)
    assert days(seen.changes) == [1, 0, 1]
    assert seen.changes.days[-1][0] - first == timedelta(days=2)
    house.clock.push(12 * DAY)
    seen = await told(house, olga)
    assert (days(seen.changes), sum(days(seen.objections))) == ([0, 1, *[0] * 12], 0)


async def test_a_change_that_waited_counts_when_it_is_done(house: House, boris: Someone) -> None:
    begun = await c5(house, boris, THIEF)
    olga = await hired(house, "olga", Role.OPERATOR)
    await house.pass_time(14 * DAY)
    assert days((await told(house, olga)).changes) == [0]
    assert said(await answer_anew(house, boris, begun, THIEF)) == "done"
    assert days((await told(house, olga)).changes) == [1]


async def test_a_busy_day_is_counted_whole(house: House) -> None:
    """However many there were, and however they fell on the slots."""
    olga = await hired(house, "olga", Role.OPERATOR)
    today = RUSSIA.local_day(house.clock.now())
    for slot in range(daily_counts.SLOTS):
        await house.write(
            "INSERT INTO daily_counts VALUES (:day, 'recovery', :slot, 3000000000)",
            day=today.isoformat(),
            slot=slot,
        )
    adding = [daily_counts.add(today, Daily.RECOVERY, bytes([n] * 16)) for n in range(32)]
    await asyncio.gather(*(house.engine.write([each]) for each in adding))
    assert days((await told(house, olga)).recoveries) == [48_000_000_032]


async def test_a_page_reads_no_more_than_it_says() -> None:
    read = sum(figures.OPEN_MAX.values()) + figures.DECIDED_MAX
    assert read + figures.DAYS * len(Daily) * daily_counts.SLOTS <= figures.ROWS_MAX


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (-3, 0, 0),  # before the desk opens
        (0, 9, 9),  # a whole day
        (-48, 2, 2),  # a weekend, and two hours
        (8, 25, 2),  # the last hour, a night, and the first
        (9, 24, 0),  # a night
        (24 * 4 + 8, 24 * 7 + 1, 2),  # from Friday evening to Monday morning
    ],
)
def test_only_the_hours_of_the_desk_count(since: int, until: int, hours: int) -> None:
    found = RUSSIA.worked(MORNING + since * HOUR, MORNING + until * HOUR)
    assert found == hours * HOUR
