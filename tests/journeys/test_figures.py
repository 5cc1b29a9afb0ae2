"""The figures of the console: what they count, and that they read no more than they say."""

import pytest

from rebind.domain.cases import Reason, Verdict
from rebind.domain.operators import Operator, Role
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows import case_decisions, casework, figures
from rebind.flows.figures import Figures
from tests.desk import AT_DESK, confirmed, entered, hired, written
from tests.journeys.waits import c5
from tests.people import ANNA, ANNA_NEW, BORIS, MONDAY, RUSSIA, THIEF, House, Someone, said

MORNING: Ms = MONDAY + 7 * DAY - 2 * HOUR
"""Monday 12 January 2026, 9:00 in Moscow: the first working day of that year begins."""


async def told(house: House, who: Operator) -> Figures:
    found = await figures.show(house.desk, who)
    assert isinstance(found, Figures), found
    return found


async def decided(house: House, who: Operator, case_id: Id) -> None:
    reason = Reason.NOT_ENOUGH
    proposed = await case_decisions.propose(
        house.desk, AT_DESK, who, case_id, Verdict.AGAINST, reason
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


async def test_changes_and_objections_stand_on_their_days(
    house: House, anna: Someone, boris: Someone
) -> None:
    olga = await hired(house, "olga", Role.OPERATOR)
    assert said(await anna.change(ANNA_NEW)) == "done"
    await c5(house, boris, THIEF)
    assert said(await boris.stop_by(await house.link_to(BORIS, "stop"))) == "objected"
    seen = await told(house, olga)
    assert [count for _day, count in seen.changes.days] == [0] * 13 + [1]
    assert [count for _day, count in seen.objections.days] == [0] * 13 + [1]
    assert sum(count for _day, count in seen.recoveries.days) == 0
    assert seen.changes.days[-1][0] == RUSSIA.local_day(house.clock.now())


async def test_a_busy_service_shows_the_days_that_were_read_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "REQUESTS_MAX", 3)
    olga = await hired(house, "olga", Role.OPERATOR)
    anna = await house.bring_in(ANNA)
    for _visit in range(4):
        await anna.sign_in()
        house.clock.push(DAY)
    seen = await told(house, olga)
    assert len(seen.changes.days) == 3, "two days before today, and today"
    assert len(seen.objections.days) == figures.DAYS


async def test_a_page_reads_no_more_than_it_says() -> None:
    read = sum(figures.OPEN_MAX.values()) + figures.DECIDED_MAX
    assert read + figures.CONTESTED_MAX + figures.REQUESTS_MAX == figures.ROWS_MAX


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
