"""What a journey hands back when the rule said "now": its writes, its audit lines, its session; and
how it tells people what has become of a request."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from rebind.domain.acts import Line
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import Apply
from rebind.domain.units import HOUR, Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.views import SessionGiven
from rebind.store import outbox
from rebind.store.outbox import Parcel
from rebind.store.statements import Write


class Finished(msgspec.Struct, frozen=True):
    """Everything that a journey's end adds to the batch. Values: nothing has happened yet.
    `due_at`: when time looks at it again; `stands_until`: it can be undone till then."""

    writes: list[Write]
    lines: list[Line]
    session: SessionGiven | None = None
    due_at: Ms | None = None
    stands_until: Ms | None = None


def next_repeat(policy: Policy, done_at: Ms, now: Ms) -> Ms | None:
    """When the notices of something that was done at `done_at` are told again, after `now`."""
    moments = (done_at + hours * HOUR for hours in sorted(policy.repeat_after_h))
    return next((at for at in moments if at > now), None)


Finish = Callable[[Desk, Caller, Dossier, Apply, Ms], Finished]
"""How a journey ends a request that the rule applied."""


class News(StrEnum):
    """What people are told of a request that is not finished in one go."""

    BEGUN = "begun"  # the first proof from the account's side was accepted
    WAITING = "waiting"  # it will be done at a time, if nobody objects
    REMINDED = "reminded"  # the same again, shortly before that time
    READY = "ready"  # the wait is over, a fresh code is needed
    STOPPED = "stopped"  # somebody with standing objected
    ENDED = "ended"  # it will not happen: nothing came of it
    CANCELLED = "cancelled"  # it will not happen: whoever had it took it back
    ENDED_BESIDE = "ended_beside"  # the same of one, while another one on the account still waits
    AGAIN = "again"  # it was done hours ago, and everybody is told again


Tell = Callable[[Desk, Dossier, News, Ms | None, Ms], list[Parcel]]
"""The notices of one piece of news, to every address; with the time that it speaks of, and now."""


class Journey(msgspec.Struct, frozen=True):
    """What the flows that serve every journey need of one. `tell` is None where nobody is told of
    anything but the end."""

    finish: Finish
    tell: Tell | None = None


def spread(
    journey: Journey, desk: Desk, dossier: Dossier, news: News, at: Ms | None, now: Ms
) -> list[Write]:
    """The outbox rows of one piece of news; nothing where nobody is told of it."""
    parcels = journey.tell(desk, dossier, news, at, now) if journey.tell is not None else []
    return [outbox.put(parcels)] if parcels else []


Journeys = Mapping[Kind, Journey]
"""The journeys that are served, handed to `verify` and `upkeep` by the front hall."""
